/* SPDX-License-Identifier: MIT */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define INITIAL_CAPACITY 256u

void rn_buf_free(struct rn_buf *buf)
{
    free(buf->data);
    *buf = (struct rn_buf)RN_BUF_INIT;
}

void rn_buf_clear(struct rn_buf *buf)
{
    buf->size = 0;
    buf->failed = false;
}

static bool grow(struct rn_buf *buf, size_t size)
{
    size_t capacity = buf->capacity ? buf->capacity : INITIAL_CAPACITY;
    uint8_t *data;

    if (size > SIZE_MAX / 2 - buf->size)
        return false;
    while (capacity < buf->size + size)
        capacity *= 2;
    data = realloc(buf->data, capacity);
    if (!data)
        return false;
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

uint8_t *rn_buf_reserve(struct rn_buf *buf, size_t size)
{
    if (buf->failed)
        return NULL;
    if ((!buf->data || buf->capacity - buf->size < size) && !grow(buf, size)) {
        buf->failed = true;
        return NULL;
    }
    return buf->data + buf->size;
}

void rn_buf_append_slow(struct rn_buf *buf, const void *data, size_t size)
{
    uint8_t *to = rn_buf_reserve(buf, size);

    if (!to || size == 0)
        return;
    memcpy(to, data, size);
    buf->size += size;
}

static void append_little_endian(struct rn_buf *buf, uint64_t value, unsigned bytes)
{
    uint8_t out[8];

    for (unsigned i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> (8 * i));
    rn_buf_append(buf, out, bytes);
}

void rn_buf_u16(struct rn_buf *buf, uint16_t value)
{
    append_little_endian(buf, value, 2);
}

void rn_buf_u32(struct rn_buf *buf, uint32_t value)
{
    append_little_endian(buf, value, 4);
}

void rn_buf_u64(struct rn_buf *buf, uint64_t value)
{
    append_little_endian(buf, value, 8);
}

void rn_buf_varint(struct rn_buf *buf, uint64_t value)
{
    uint8_t out[10];
    unsigned used = 0;

    while (value >= 0x80) {
        out[used++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[used++] = (uint8_t)value;
    rn_buf_append(buf, out, used);
}

void rn_buf_printf(struct rn_buf *buf, const char *format, ...)
{
    va_list arguments;
    char *to;
    int length;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        buf->failed = true;
        return;
    }
    to = (char *)rn_buf_reserve(buf, (size_t)length + 1);
    if (!to)
        return;
    va_start(arguments, format);
    vsnprintf(to, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buf->size += (size_t)length;
}

void rn_buf_decimal(struct rn_buf *buf, uint64_t value)
{
    char out[20];
    unsigned at = sizeof out;

    do {
        out[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    rn_buf_append(buf, out + at, sizeof out - at);
}

void rn_buf_decimal_signed(struct rn_buf *buf, int64_t value)
{
    if (value >= 0) {
        rn_buf_decimal(buf, (uint64_t)value);
        return;
    }
    rn_buf_byte(buf, '-');
    rn_buf_decimal(buf, 0 - (uint64_t)value);
}

void rn_buf_hex(struct rn_buf *buf, uint64_t value)
{
    char out[18];
    unsigned at = sizeof out;

    do {
        out[--at] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value);
    out[--at] = 'x';
    out[--at] = '0';
    rn_buf_append(buf, out + at, sizeof out - at);
}
