/* SPDX-License-Identifier: MIT */
/* simd_avx512: a dot product with AVX-512, where the CPU has it, else in plain C; each as a block
 * that says which. Record it with: rn-record --simd -- simd_avx512 */
#include "capture/inject/rn_simd.h"

#include <immintrin.h>
#include <stdio.h>

#define COUNT 4096

__attribute__((target("avx512f"))) static float dot_avx512(const float *x, const float *y, size_t n)
{
    RN_SIMD_BLOCK_AS("dot", n, 8 * n, 2 * n, RN_SIMD_VECTOR, "avx512f");
    __m512 sum = _mm512_setzero_ps();
    float result;

    for (size_t i = 0; i + 16 <= n; i += 16)
        sum = _mm512_fmadd_ps(_mm512_loadu_ps(x + i), _mm512_loadu_ps(y + i), sum);
    result = _mm512_reduce_add_ps(sum);
    for (size_t i = n / 16 * 16; i < n; i++)
        result += x[i] * y[i];
    return result;
}

static float dot_plain(const float *x, const float *y, size_t n)
{
    RN_SIMD_BLOCK_AS("dot", n, 8 * n, 2 * n, RN_SIMD_SCALAR, NULL);
    float result = 0;

    for (size_t i = 0; i < n; i++)
        result += x[i] * y[i];
    return result;
}

int main(void)
{
    static float x[COUNT], y[COUNT];
    int has_avx512 = __builtin_cpu_supports("avx512f");
    float sum = 0;

    RN_SIMD_DECISION("optimization::dispatch", "dot", "cpuid", has_avx512 ? "avx512f" : "plain");
    for (int i = 0; i < COUNT; i++) {
        x[i] = 1;
        y[i] = (float)(i % 3);
    }
    for (int round = 0; round < 10; round++)
        sum += has_avx512 ? dot_avx512(x, y, COUNT) : dot_plain(x, y, COUNT);
    printf("%g\n", (double)sum);
    return 0;
}
