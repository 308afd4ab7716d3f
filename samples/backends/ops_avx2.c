/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stddef.h>

#define OPS_WIDTH   8
#define OPS_ISA     "avx2"
#define OPS_VARIANT ops_avx2

typedef float vector __attribute__((vector_size(4 * OPS_WIDTH), aligned(4), may_alias));

static inline __m256i part(size_t count)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline vector load_part(const float *from, size_t count)
{
    return _mm256_maskload_ps(from, part(count));
}

static inline void store_part(float *to, vector value, size_t count)
{
    _mm256_maskstore_ps(to, part(count), value);
}

#include "ops_vector.h"
