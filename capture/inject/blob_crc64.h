/* SPDX-License-Identifier: MIT */
/* CRC-64/XZ in the injected code: the same numbers as formats/crc64.h. */
#ifndef RN_BLOB_CRC64_H
#define RN_BLOB_CRC64_H

#include <stdint.h>

struct rn_thread_area;

/* CRC of the bytes so far (0 for none) and of `size` more. May leave vector registers of the program
 * in the area: the last such call of a record is followed by rn_blob_crc64_end. */
uint64_t rn_blob_crc64(struct rn_thread_area *area, uint64_t crc, const uint8_t *data,
                       uint64_t size);
void rn_blob_crc64_end(struct rn_thread_area *area);

/* The register state (not the finished CRC) after `size` more bytes, at least 8, by carry-less
 * multiplication. Uses xmm0-xmm7 in their legacy-SSE form, which leaves upper vector state alone: the
 * caller saves them. */
uint64_t rn_blob_crc64_fold(uint64_t state, const uint8_t *data, uint64_t size);

/* The same for `blocks` (1 or more) of 256 bytes, where the CPU has AVX-512F and VPCLMULQDQ. The state
 * is that of a CRC over the 64 bytes that go to `lanes`, begun at 0. Uses zmm16-zmm23. */
void rn_blob_crc64_wide(uint64_t state, const uint8_t *data, uint64_t blocks, uint8_t lanes[64]);
void rn_blob_wide_save(uint8_t to[512]);
void rn_blob_wide_restore(const uint8_t from[512]);

#endif
