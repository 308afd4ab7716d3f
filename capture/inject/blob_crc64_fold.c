/* SPDX-License-Identifier: MIT */
/* Folding by carry-less multiplication (V. Gopal et al., "Fast CRC Computation for Generic
 * Polynomials Using PCLMULQDQ Instruction", Intel, 2009), for a reflected 64-bit CRC. With bits
 * reflected the product of two 64-bit halves comes out multiplied by x once more, so the constants
 * are x^(n-1) mod P: n = 64 + distance for the low half, n = distance for the high one. */
#include "blob_crc64.h"

#include <emmintrin.h>
#include <wmmintrin.h>

typedef uint64_t __attribute__((may_alias, aligned(1))) unaligned_u64;

#define LOAD(at) _mm_loadu_si128((const __m128i *)(const void *)(at))

static inline __m128i fold(__m128i value, __m128i constants, __m128i next)
{
    __m128i low = _mm_clmulepi64_si128(value, constants, 0x00);
    __m128i high = _mm_clmulepi64_si128(value, constants, 0x11);

    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/* Eight bytes of zeros more, by Barrett: the quotient by floor(x^128 / P), then its product with P. */
static inline uint64_t reduce(uint64_t value)
{
    const __m128i by =
        _mm_set_epi64x((long long)0x92d8af2baf0e1e85ull, (long long)0x9c3e466c172963d5ull);
    __m128i quotient = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)value), by, 0x00);
    __m128i product = _mm_clmulepi64_si128(quotient, by, 0x10);

    product = _mm_xor_si128(product, _mm_slli_si128(quotient, 8));
    return (uint64_t)_mm_cvtsi128_si64(_mm_srli_si128(product, 8));
}

static inline uint64_t load_word(const uint8_t *at)
{
    return *(const unaligned_u64 *)(const void *)at;
}

/* Of the last `size` bytes, less than 8, with more before them. */
static inline uint64_t reduce_rest(uint64_t state, const uint8_t *end, uint64_t size)
{
    uint64_t bits = 8 * size, word = load_word(end - 8) >> (64 - bits) << (64 - bits);

    return state >> bits ^ reduce(word ^ state << (64 - bits));
}

static inline __m128i fold_four(__m128i a, const uint8_t **data, uint64_t *size)
{
    const __m128i by_512 = _mm_set_epi64x(0x081f6054a7842df4, 0x6ae3efbb9dd441f3);
    const __m128i by_128 =
        _mm_set_epi64x((long long)0xdabe95afc7875f40ull, (long long)0xe05dd497ca393ae4ull);
    __m128i b = LOAD(*data + 16), c = LOAD(*data + 32), d = LOAD(*data + 48);
    const uint8_t *at = *data + 64;
    uint64_t left = *size - 64;

    for (; left >= 64; left -= 64, at += 64) {
        a = fold(a, by_512, LOAD(at));
        b = fold(b, by_512, LOAD(at + 16));
        c = fold(c, by_512, LOAD(at + 32));
        d = fold(d, by_512, LOAD(at + 48));
    }
    *data = at;
    *size = left;
    return fold(fold(fold(a, by_128, b), by_128, c), by_128, d);
}

static inline uint64_t fold_blocks(uint64_t state, const uint8_t **data, uint64_t *size)
{
    const __m128i by_128 =
        _mm_set_epi64x((long long)0xdabe95afc7875f40ull, (long long)0xe05dd497ca393ae4ull);
    __m128i a = _mm_xor_si128(LOAD(*data), _mm_cvtsi64_si128((long long)state));

    if (*size >= 64) {
        a = fold_four(a, data, size);
    } else {
        *data += 16;
        *size -= 16;
    }
    for (; *size >= 16; *size -= 16, *data += 16)
        a = fold(a, by_128, LOAD(*data));
    state = reduce((uint64_t)_mm_cvtsi128_si64(a));
    return reduce(state ^ (uint64_t)_mm_cvtsi128_si64(_mm_srli_si128(a, 8)));
}

uint64_t rn_blob_crc64_fold(uint64_t state, const uint8_t *data, uint64_t size)
{
    if (size >= 16)
        state = fold_blocks(state, &data, &size);
    if (size >= 8) {
        state = reduce(state ^ load_word(data));
        data += 8;
        size -= 8;
    }
    return size ? reduce_rest(state, data + size, size) : state;
}
