/* SPDX-License-Identifier: MIT */
/* Folding by carry-less multiplication (V. Gopal et al., "Fast CRC Computation for Generic
 * Polynomials Using PCLMULQDQ Instruction", Intel, 2009), for a reflected 64-bit CRC. With bits
 * reflected the product of two 64-bit halves comes out multiplied by x once more, so the constants
 * are x^(n-1) mod P: n = 64 + distance for the low half, n = distance for the high one. */
#include "blob_crc64.h"

#include <emmintrin.h>
#include <wmmintrin.h>

#define LOAD(at) _mm_loadu_si128((const __m128i *)(const void *)(at))

static inline __m128i fold(__m128i value, __m128i constants, __m128i next)
{
    __m128i low = _mm_clmulepi64_si128(value, constants, 0x00);
    __m128i high = _mm_clmulepi64_si128(value, constants, 0x11);

    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

void rn_blob_crc64_fold(uint64_t state, const uint8_t *data, uint64_t size, uint8_t rest[16])
{
    const __m128i by_512 = _mm_set_epi64x(0x081f6054a7842df4, 0x6ae3efbb9dd441f3);
    const __m128i by_128 =
        _mm_set_epi64x((long long)0xdabe95afc7875f40ull, (long long)0xe05dd497ca393ae4ull);
    __m128i a = _mm_xor_si128(LOAD(data), _mm_set_epi64x(0, (long long)state));
    __m128i b = LOAD(data + 16), c = LOAD(data + 32), d = LOAD(data + 48);

    data += 64;
    size -= 64;
    for (; size >= 64; size -= 64, data += 64) {
        a = fold(a, by_512, LOAD(data));
        b = fold(b, by_512, LOAD(data + 16));
        c = fold(c, by_512, LOAD(data + 32));
        d = fold(d, by_512, LOAD(data + 48));
    }
    a = fold(fold(fold(a, by_128, b), by_128, c), by_128, d);
    for (; size >= 16; size -= 16, data += 16)
        a = fold(a, by_128, LOAD(data));
    _mm_storeu_si128((__m128i *)(void *)rest, a);
}
