/* SPDX-License-Identifier: MIT */
/* Checksums of the chunks in any bytes, made right: else hardly any change would get past them. */
#ifndef FUZZ_REPAIR_H
#define FUZZ_REPAIR_H

#include "formats/chunk.h"
#include "formats/crc64.h"

#include <string.h>

#define FUZZ_CHECKSUM_OFFSET 48u

static inline void fuzz_repair_chunk(uint8_t *chunk, size_t available)
{
    struct rn_chunk_header header;
    struct rn_error err = RN_ERROR_INIT;
    uint64_t checksum;

    if (rn_chunk_parse_header(chunk, available, &header, &err) != RN_OK ||
        header.payload_size > available - RN_CHUNK_HEADER_SIZE)
        return;
    checksum = rn_crc64(0, chunk, FUZZ_CHECKSUM_OFFSET);
    checksum = rn_crc64(checksum, chunk + RN_CHUNK_HEADER_SIZE, header.payload_size);
    memcpy(chunk + FUZZ_CHECKSUM_OFFSET, &checksum, sizeof checksum);
}

static inline void fuzz_repair(uint8_t *bytes, size_t size)
{
    static const uint8_t magic[] = {'R', 'N', 'C', 1};
    uint8_t *at = bytes;

    while ((at = memmem(at, (size_t)(bytes + size - at), magic, sizeof magic))) {
        fuzz_repair_chunk(at, (size_t)(bytes + size - at));
        at++;
    }
}

#endif
