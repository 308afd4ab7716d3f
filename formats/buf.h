/* SPDX-License-Identifier: MIT */
/* A growable byte buffer. Appending never fails half way: on lack of memory the buffer is marked
 * and later appends do nothing, so that a sequence of appends needs one check at its end. */
#ifndef RN_BUF_H
#define RN_BUF_H

#include "status.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rn_buf {
    uint8_t *data;
    size_t size, capacity;
    bool failed; /* an append ran out of memory */
};

#define RN_BUF_INIT {.data = NULL}

void rn_buf_free(struct rn_buf *buf); /* accepts an empty one; leaves RN_BUF_INIT */
void rn_buf_clear(struct rn_buf *buf); /* keeps the memory, forgets a failure */

/* Make room for `size` more bytes and return where they go (NULL and failed without memory); the
 * caller then adds to buf->size what it wrote. */
uint8_t *rn_buf_reserve(struct rn_buf *buf, size_t size);

void rn_buf_append_slow(struct rn_buf *buf, const void *data, size_t size);

static inline void rn_buf_append(struct rn_buf *buf, const void *data, size_t size)
{
    if (buf->capacity - buf->size < size || buf->failed) {
        rn_buf_append_slow(buf, data, size);
        return;
    }
    if (size) {
        memcpy(buf->data + buf->size, data, size);
        buf->size += size;
    }
}

static inline void rn_buf_byte(struct rn_buf *buf, uint8_t byte)
{
    rn_buf_append(buf, &byte, 1);
}

static inline void rn_buf_text(struct rn_buf *buf, const char *text)
{
    rn_buf_append(buf, text, strlen(text));
}

/* Little-endian. */
void rn_buf_u16(struct rn_buf *buf, uint16_t value);
void rn_buf_u32(struct rn_buf *buf, uint32_t value);
void rn_buf_u64(struct rn_buf *buf, uint64_t value);
void rn_buf_varint(struct rn_buf *buf, uint64_t value); /* LEB128 */

void rn_buf_printf(struct rn_buf *buf, const char *format, ...) RN_PRINTF(2, 3);

/* Decimal and hexadecimal ("0x..."), without going through printf. */
void rn_buf_decimal(struct rn_buf *buf, uint64_t value);
void rn_buf_decimal_signed(struct rn_buf *buf, int64_t value);
void rn_buf_hex(struct rn_buf *buf, uint64_t value);

#ifdef __cplusplus
}
#endif
#endif
