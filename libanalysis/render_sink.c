/* SPDX-License-Identifier: MIT */
#include "render_sink.h"

#include "formats/escape.h"

#include <math.h>
#include <string.h>

#define JSON_EXACT_LIMIT (UINT64_C(1) << 53)

static void begin_value(struct rn_sink *sink)
{
    if (sink->separate) {
        rn_buf_byte(sink->out, ',');
        if (!sink->json)
            rn_buf_byte(sink->out, ' ');
    }
    sink->separate = true;
}

static void quote(struct rn_sink *sink)
{
    if (sink->json)
        rn_buf_byte(sink->out, '"');
}

void rn_sink_open(struct rn_sink *sink, char bracket)
{
    begin_value(sink);
    rn_buf_byte(sink->out, (uint8_t)bracket);
    sink->separate = false;
}

void rn_sink_close(struct rn_sink *sink, char bracket)
{
    rn_buf_byte(sink->out, (uint8_t)bracket);
    sink->separate = true;
}

/* In one go: half of what JSON consists of are names. */
void rn_sink_name(struct rn_sink *sink, const char *name)
{
    size_t length = strlen(name);
    uint8_t *to = rn_buf_reserve(sink->out, length + 5), *start = to;

    if (!to)
        return;
    if (sink->separate) {
        *to++ = ',';
        if (!sink->json)
            *to++ = ' ';
    }
    if (sink->json)
        *to++ = '"';
    memcpy(to, name, length);
    to += length;
    if (sink->json)
        *to++ = '"';
    *to++ = sink->json ? ':' : '=';
    sink->out->size += (size_t)(to - start);
    sink->separate = false;
}

void rn_sink_signed(struct rn_sink *sink, int64_t value)
{
    bool quoted = value >= (int64_t)JSON_EXACT_LIMIT || value <= -(int64_t)JSON_EXACT_LIMIT;

    begin_value(sink);
    if (quoted)
        quote(sink);
    rn_buf_decimal_signed(sink->out, value);
    if (quoted)
        quote(sink);
}

void rn_sink_unsigned(struct rn_sink *sink, uint64_t value)
{
    begin_value(sink);
    if (value >= JSON_EXACT_LIMIT)
        quote(sink);
    rn_buf_decimal(sink->out, value);
    if (value >= JSON_EXACT_LIMIT)
        quote(sink);
}

void rn_sink_real(struct rn_sink *sink, uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof value);
    begin_value(sink);
    if (!isfinite(value))
        quote(sink);
    rn_buf_printf(sink->out, sink->json ? "%.17g" : "%.15g", value);
    if (!isfinite(value))
        quote(sink);
}

void rn_sink_hex(struct rn_sink *sink, uint64_t value)
{
    begin_value(sink);
    quote(sink);
    if (value)
        rn_buf_hex(sink->out, value);
    else
        rn_buf_byte(sink->out, '0');
    quote(sink);
}

void rn_sink_pointer(struct rn_sink *sink, uint64_t value)
{
    if (value)
        rn_sink_hex(sink, value);
    else
        rn_sink_null(sink);
}

void rn_sink_octal(struct rn_sink *sink, uint64_t value)
{
    char digits[24];
    size_t at = sizeof(digits);
    unsigned count = 0;

    for (; value || count < 2; value >>= 3, count++)
        digits[--at] = (char)('0' + (value & 7));
    digits[--at] = '0';
    begin_value(sink);
    quote(sink);
    rn_buf_append(sink->out, digits + at, sizeof(digits) - at);
    quote(sink);
}

void rn_sink_bool(struct rn_sink *sink, bool value)
{
    begin_value(sink);
    rn_buf_text(sink->out, value ? "true" : "false");
}

void rn_sink_null(struct rn_sink *sink)
{
    begin_value(sink);
    rn_buf_text(sink->out, sink->json ? "null" : "NULL");
}

void rn_sink_symbol(struct rn_sink *sink, const char *name)
{
    begin_value(sink);
    quote(sink);
    rn_buf_text(sink->out, name);
    quote(sink);
}

void rn_sink_flags(struct rn_sink *sink, unsigned xlat, uint64_t value)
{
    begin_value(sink);
    quote(sink);
    rn_xlat_flags(sink->out, xlat, value);
    quote(sink);
}

void rn_sink_enum(struct rn_sink *sink, unsigned xlat, uint64_t value)
{
    begin_value(sink);
    quote(sink);
    rn_xlat_enum(sink->out, xlat, value);
    quote(sink);
}

static void add_string(struct rn_sink *sink, const uint8_t *data, size_t size, size_t limit,
                       bool more)
{
    begin_value(sink);
    if (sink->json)
        rn_escape_json(sink->out, data, size);
    else
        rn_escape_c(sink->out, data, size, limit, more);
}

void rn_sink_string(struct rn_sink *sink, const uint8_t *data, size_t size, bool more)
{
    add_string(sink, data, size, sink->string_limit, more);
}

void rn_sink_path(struct rn_sink *sink, const uint8_t *data, size_t size, bool more)
{
    add_string(sink, data, size, SIZE_MAX, more);
}

void rn_sink_bytes(struct rn_sink *sink, const uint8_t *data, size_t size, bool more)
{
    if (!sink->json) {
        rn_sink_string(sink, data, size, more);
        return;
    }
    begin_value(sink);
    quote(sink);
    rn_escape_hex(sink->out, data, size);
    quote(sink);
}

void rn_sink_text(struct rn_sink *sink, const char *text)
{
    rn_sink_path(sink, (const uint8_t *)text, strlen(text), false);
}

void rn_sink_call(struct rn_sink *sink, const char *function)
{
    if (sink->json)
        return;
    begin_value(sink);
    rn_buf_text(sink->out, function);
    rn_buf_byte(sink->out, '(');
    sink->separate = false;
}

void rn_sink_call_end(struct rn_sink *sink)
{
    if (!sink->json)
        rn_buf_byte(sink->out, ')');
}

void rn_sink_prefix(struct rn_sink *sink, const char *text)
{
    begin_value(sink);
    rn_sink_raw(sink, text);
}

void rn_sink_raw(struct rn_sink *sink, const char *text)
{
    rn_buf_text(sink->out, text);
    sink->separate = false;
}

uint64_t rn_bytes_get(struct rn_bytes bytes, size_t offset, size_t width)
{
    uint64_t value = 0;

    if (offset > bytes.size || bytes.size - offset < width)
        return 0;
    for (size_t i = 0; i < width; i++)
        value |= (uint64_t)bytes.data[offset + i] << (8 * i);
    return value;
}

int64_t rn_bytes_signed(struct rn_bytes bytes, size_t offset, size_t width)
{
    uint64_t value = rn_bytes_get(bytes, offset, width);
    uint64_t sign = UINT64_C(1) << (8 * width - 1);

    return (int64_t)((value ^ sign) - sign);
}

struct rn_bytes rn_bytes_slice(struct rn_bytes bytes, size_t offset, size_t size)
{
    if (offset > bytes.size)
        offset = bytes.size;
    if (size > bytes.size - offset)
        size = bytes.size - offset;
    return (struct rn_bytes){bytes.data + offset, size};
}
