/* SPDX-License-Identifier: MIT */
/* simd_avx2: y += a * x with AVX2 and FMA, where the CPU has them, else in plain C; each as a block
 * that says which. Record it with: rn-record --simd -- simd_avx2 */
#include "capture/inject/rn_simd.h"

#include <immintrin.h>
#include <stdio.h>

#define COUNT 4096

__attribute__((target("avx2,fma"))) static void saxpy_avx2(float a, const float *x, float *y,
                                                           size_t n)
{
    RN_SIMD_BLOCK_AS("saxpy", n, 12 * n, 2 * n, RN_SIMD_VECTOR, "avx2+fma");
    __m256 factor = _mm256_set1_ps(a);

    for (size_t i = 0; i + 8 <= n; i += 8)
        _mm256_storeu_ps(y + i,
                         _mm256_fmadd_ps(factor, _mm256_loadu_ps(x + i), _mm256_loadu_ps(y + i)));
    for (size_t i = n / 8 * 8; i < n; i++)
        y[i] += a * x[i];
}

static void saxpy_plain(float a, const float *x, float *y, size_t n)
{
    RN_SIMD_BLOCK_AS("saxpy", n, 12 * n, 2 * n, RN_SIMD_SCALAR, NULL);

    for (size_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

int main(void)
{
    static float x[COUNT], y[COUNT];
    int has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");

    RN_SIMD_DECISION("optimization::dispatch", "saxpy", "cpuid", has_avx2 ? "avx2+fma" : "plain");
    for (int i = 0; i < COUNT; i++)
        x[i] = (float)i;
    for (int round = 0; round < 10; round++) {
        if (has_avx2)
            saxpy_avx2(0.5f, x, y, COUNT);
        else
            saxpy_plain(0.5f, x, y, COUNT);
    }
    printf("%g\n", (double)y[COUNT - 1]);
    return 0;
}
