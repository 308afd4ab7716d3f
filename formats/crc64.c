/* SPDX-License-Identifier: MIT */
#include "crc64.h"

#include <string.h>

/* Reflected: bit 63 is the coefficient of x^0. */
#define POLYNOMIAL 0xc96c5795d7870f42ull
#define X_TO_THE_8 (1ull << (63 - 8))

#define SLICES 8

/* table[k][b]: byte b followed by k zero bytes. power[k]: x^(8 * 2^k). Filled once, before main. */
static uint64_t table[SLICES][256];
static uint64_t power[64];

static uint64_t multiply(uint64_t a, uint64_t b)
{
    uint64_t product = 0;

    for (; a; a <<= 1) {
        product ^= b & (0 - (a >> 63));
        b = (b >> 1) ^ (POLYNOMIAL & (0 - (b & 1)));
    }
    return product;
}

__attribute__((constructor)) static void fill_tables(void)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        uint64_t crc = byte;

        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (POLYNOMIAL & (0 - (crc & 1)));
        table[0][byte] = crc;
    }
    for (unsigned slice = 1; slice < SLICES; slice++)
        for (unsigned byte = 0; byte < 256; byte++) {
            uint64_t crc = table[slice - 1][byte];

            table[slice][byte] = (crc >> 8) ^ table[0][crc & 0xff];
        }
    power[0] = X_TO_THE_8;
    for (unsigned k = 1; k < 64; k++)
        power[k] = multiply(power[k - 1], power[k - 1]);
}

static uint64_t load_little_endian(const uint8_t *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

uint64_t rn_crc64(uint64_t crc, const void *data, size_t size)
{
    const uint8_t *bytes = data;

    crc = ~crc;
    for (; size >= 8; size -= 8, bytes += 8) {
        uint64_t word = crc ^ load_little_endian(bytes);

        crc = table[7][word & 0xff] ^ table[6][word >> 8 & 0xff] ^ table[5][word >> 16 & 0xff] ^
              table[4][word >> 24 & 0xff] ^ table[3][word >> 32 & 0xff] ^
              table[2][word >> 40 & 0xff] ^ table[1][word >> 48 & 0xff] ^ table[0][word >> 56];
    }
    for (; size; size--, bytes++)
        crc = (crc >> 8) ^ table[0][(crc ^ *bytes) & 0xff];
    return ~crc;
}

/* Initial value and final xor cancel: crc(a||b) = crc(a) * x^(8|b|) + crc(b). */
uint64_t rn_crc64_combine(uint64_t crc_a, uint64_t crc_b, uint64_t length_b)
{
    for (unsigned k = 0; length_b; k++, length_b >>= 1)
        if (length_b & 1)
            crc_a = multiply(crc_a, power[k]);
    return crc_a ^ crc_b;
}

/* x^0 is bit 63; multiplying by it changes nothing. */
uint64_t rn_crc64_power(uint64_t length)
{
    return rn_crc64_combine(1ull << 63, 0, length);
}

uint64_t rn_crc64_multiply(uint64_t a, uint64_t b)
{
    return multiply(a, b);
}

/* The register begins as all ones, zero bytes only shift it, and its complement is the CRC. */
uint64_t rn_crc64_zeros(uint64_t length)
{
    return ~rn_crc64_combine(~0ull, 0, length);
}
