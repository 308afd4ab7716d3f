/* SPDX-License-Identifier: MIT */
/* choose_backend POLICY [TIMES]: sum up vectors of many sizes, in scalar code or with what the
 * compiler makes of wider loops, as a policy of rn-backend-fit and what is measured meanwhile say;
 * prints what was chosen. TIMES: how often to do the same size at the end (default 100).
 *
 *     cc choose_backend.c -lrn-backend -o choose_backend
 */
#include <inttypes.h>
#include <rn_backend.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MOST 65536u

static const struct rn_backend_variant variants[] = {{RN_BACKEND_USE_SCALAR, NULL},
                                                     {RN_BACKEND_USE_SIMD, "avx2"}};
static const char *const names[] = {"scalar", "simd"};

static float sum_scalar(const float *x, size_t n)
{
    float total = 0;

    for (size_t i = 0; i < n; i++)
        total += x[i];
    return total;
}

static float sum_wide(const float *x, size_t n)
{
    float part[8] = {0}, total = 0;
    size_t i = 0;

    for (; i + 8 <= n; i += 8)
        for (int k = 0; k < 8; k++)
            part[k] += x[i + (size_t)k];
    for (int k = 0; k < 8; k++)
        total += part[k];
    return total + sum_scalar(x + i, n - i);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static float run(struct rn_backend_operation *sum, const float *x, size_t n)
{
    unsigned variant = rn_backend_select(sum, n);
    uint64_t began = now_ns();
    float result = variant == 0 ? sum_scalar(x, n) : sum_wide(x, n);

    rn_backend_record(sum, n, variant, now_ns() - began);
    return result;
}

int main(int argc, char **argv)
{
    static float x[MOST];
    struct rn_backend_policy *policy;
    struct rn_backend_operation *sum;
    unsigned long times = argc > 2 ? strtoul(argv[2], NULL, 10) : 100;
    char message[256];
    float total = 0;

    if (rn_backend_open(argc > 1 ? argv[1] : NULL, RN_BACKEND_EXPLORE, &policy, message,
                        sizeof message) != 0)
        fprintf(stderr, "choose_backend: %s: %s\n", argv[1], message);
    sum = policy ? rn_backend_operation(policy, "saxpy", variants, 2) : NULL;
    if (!sum)
        return 1;
    for (size_t n = 16; n <= MOST; n *= 2) {
        enum rn_backend_source source;
        unsigned variant = rn_backend_explain(sum, n, RN_BACKEND_ON_HOST, &source);

        total += run(sum, x, n);
        printf("%zu %s (%s)\n", n, names[variant], rn_backend_source_name(source));
    }
    for (unsigned long i = 0; i < times; i++)
        total += run(sum, x, 100);
    rn_backend_free(policy);
    return total > 0;
}
