/* SPDX-License-Identifier: MIT */
/* CRC-64/XZ: ECMA-182 polynomial, reflected, initial value and final xor all ones; the CRC that .xz
 * files carry, so liblzma's lzma_crc64() gives the same numbers. */
#ifndef RN_CRC64_H
#define RN_CRC64_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* CRC of the bytes so far (0 for none) and of `size` more. */
uint64_t rn_crc64(uint64_t crc, const void *data, size_t size);

/* CRC of a||b from crc(a), crc(b) and |b|, in O(log |b|). */
uint64_t rn_crc64_combine(uint64_t crc_a, uint64_t crc_b, uint64_t length_b);

/* The same in two steps, for whoever meets one length again and again:
 * crc(a||b) = rn_crc64_multiply(crc(a), rn_crc64_power(|b|)) ^ crc(b), so that also
 * crc(b) = crc(a||b) ^ rn_crc64_multiply(crc(a), rn_crc64_power(|b|)). */
uint64_t rn_crc64_power(uint64_t length);
uint64_t rn_crc64_multiply(uint64_t a, uint64_t b);

/* CRC of `length` zero bytes, in O(log length). */
uint64_t rn_crc64_zeros(uint64_t length);

#ifdef __cplusplus
}
#endif
#endif
