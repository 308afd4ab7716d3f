/* SPDX-License-Identifier: MIT */
/* Writes of many sizes and alignments: around what the fingerprints do in one way or another (heads
 * alone, by table, folded, folded wide, blocks). */
#include <stdint.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#define BYTES 70000u

static uint8_t bytes[BYTES + 64];

int main(void)
{
    static const size_t sizes[] = {0,    1,    8,    31,   32,   33,   48,    63,    64,    65,
                                   79,   80,   96,   127,  128,  255,  256,   257,   1000,  1023,
                                   1024, 1025, 1279, 1280, 1281, 4095, 4096,  4097,  4112,  5000,
                                   8191, 8192, 8193, 9215, 9216, 9999, 16384, 20480, 65536, 69999};
    uint64_t state = 1;

    for (size_t i = 0; i < sizeof(bytes); i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (uint8_t)(state >> 56);
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (size_t offset = 0; offset < 64; offset += 13)
            if (write(1, bytes + offset, sizes[i]) != (ssize_t)sizes[i])
                return 2;
        struct iovec parts[3] = {{bytes, sizes[i] / 3}, {bytes + 7, 5}, {bytes + 3, sizes[i] / 2}};

        if (writev(1, parts, 3) < 0)
            return 2;
    }
    return 0;
}
