/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stddef.h>

#define OPS_WIDTH   16
#define OPS_ISA     "avx512"
#define OPS_VARIANT ops_avx512

typedef float vector __attribute__((vector_size(4 * OPS_WIDTH), aligned(4), may_alias));

static inline __mmask16 part(size_t count)
{
    return (__mmask16)((1u << count) - 1);
}

static inline vector load_part(const float *from, size_t count)
{
    return _mm512_maskz_loadu_ps(part(count), from);
}

static inline void store_part(float *to, vector value, size_t count)
{
    _mm512_mask_storeu_ps(to, part(count), value);
}

#include "ops_vector.h"
