/* SPDX-License-Identifier: MIT */
/* A chunk: a bounded batch of rows of one kind, in columns, with a checksum. A member
 * events/NNNNNN.rnc of an archive is a sequence of chunks. Layout: rn-archive(5). */
#ifndef RN_CHUNK_H
#define RN_CHUNK_H

#include "buf.h"
#include "column.h"
#include "event.h"
#include "event_schema.h"

#include <stdbool.h>
#include <stdint.h>

/* Limits that a reader enforces before it takes memory. */
#define RN_CHUNK_MAX_ROWS    16384u
#define RN_CHUNK_MAX_LIST    RN_COLUMN_MAX_VALUES
#define RN_CHUNK_MAX_PAYLOAD (16u << 20)         /* stored bytes */
#define RN_CHUNK_MAX_BYTES   RN_COLUMN_MAX_BYTES /* of a byte column, unpacked */
#define RN_CHUNK_HEADER_SIZE 56u
#define RN_CHUNK_MAGIC       0x01434e52u /* "RNC\1", little-endian */

struct rn_chunk_header {
    uint8_t kind;
    uint8_t columns;
    uint32_t rows;
    uint32_t list_items; /* total of RN_COLUMN_ATTACHMENTS */
    uint32_t group;      /* chunks of one group are neighbours and cover one stretch of time */
    uint32_t descriptor_size, payload_size; /* the payload is the descriptors and then the data */
    uint64_t first, last;                   /* least and greatest start, ticks */
    uint64_t checksum; /* CRC-64/XZ over the header before this field, then the payload */
};

/* Parse the header at `bytes`, of which `available` can be read. Checks magic and limits, not the
 * checksum. RN_EOF where available is 0. */
RN_MUST_CHECK enum rn_status rn_chunk_parse_header(const uint8_t *bytes, size_t available,
                                                   struct rn_chunk_header *header,
                                                   struct rn_error *err);
RN_MUST_CHECK enum rn_status
rn_chunk_verify(const uint8_t *bytes, const struct rn_chunk_header *header, struct rn_error *err);

/* Rows to be encoded: columns of equal length, by column number; NULL is all zero. */
struct rn_chunk_rows {
    uint8_t kind;
    uint32_t rows, list_items, group;
    const uint64_t *column[RN_COLUMN_LIMIT];
    /* NULL, or for each row the first one that is the same but for ordinal, start and duration: it
     * saves time, and changes nothing. */
    const uint16_t *like;
    /* Byte columns of table chunks. */
    const uint8_t *bytes, *crc_bytes;
    size_t bytes_size, crc_bytes_size;
};
/* Append header and payload to out. */
RN_MUST_CHECK enum rn_status rn_chunk_encode(struct rn_column_encoder *encoder,
                                             const struct rn_chunk_rows *rows, struct rn_buf *out,
                                             struct rn_error *err);

/* A list column that is keyed by a column of rows: the value of each item's row. items[i]: how many
 * row i has. */
void rn_chunk_spread(const uint64_t *values, const uint64_t *items, uint32_t rows,
                     uint32_t list_items, uint64_t *spread);

#endif
