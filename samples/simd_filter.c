/* SPDX-License-Identifier: MIT */
/* simd_filter IN OUT: reads a file of bytes, smooths and scales them piece by piece, and writes the
 * result: file input and output, nested compute blocks, and decisions, for scripts/demo. */
#include "capture/inject/rn_simd.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PIECE 65536

static void smooth(const unsigned char *in, float *out, size_t n)
{
    RN_SIMD_BLOCK("smooth", n, 5 * n, 3 * n);

    for (size_t i = 0; i < n; i++)
        out[i] =
            ((float)in[i] + 2 * (float)in[i ? i - 1 : 0] + (float)in[i + 1 < n ? i + 1 : i]) / 4;
}

static float largest_of(const float *x, size_t n)
{
    RN_SIMD_BLOCK("largest", n, 4 * n, n);
    float largest = 0;

    for (size_t i = 0; i < n; i++)
        largest = x[i] > largest ? x[i] : largest;
    return largest;
}

static void scale(const float *x, unsigned char *out, float factor, size_t n)
{
    RN_SIMD_BLOCK("scale", n, 5 * n, n);

    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)(x[i] * factor);
}

static void filter(const unsigned char *in, unsigned char *out, size_t n)
{
    static float work[PIECE];
    float largest;
    RN_SIMD_BLOCK_AS("filter", n, 2 * n, 0, RN_SIMD_UNKNOWN, NULL);

    smooth(in, work, n);
    largest = largest_of(work, n);
    RN_SIMD_DECISION("optimization::scale", "filter", "largest value",
                     largest > 128 ? "keep" : "double");
    scale(work, out, largest > 128 ? 1 : 2, n);
}

int main(int argc, char **argv)
{
    static unsigned char in[PIECE], out[PIECE];
    int from = argc == 3 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
    int to = argc == 3 ? open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
    ssize_t got;

    if (from < 0 || to < 0) {
        fprintf(stderr, "usage: simd_filter IN OUT\n");
        return 2;
    }
    while ((got = read(from, in, PIECE)) > 0) {
        filter(in, out, (size_t)got);
        if (write(to, out, (size_t)got) != got)
            return 1;
    }
    close(from);
    return close(to) != 0;
}
