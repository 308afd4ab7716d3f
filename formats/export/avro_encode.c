/* SPDX-License-Identifier: MIT */
/* Avro's schemas and binary encoding (Apache Avro 1.11 Specification, "Binary Encoding"). Rows are
 * encoded here, not through libavro's values, which cost ten times as much; the container around
 * them, its blocks and their compression are libavro's. */
#include "avro_private.h"

#include "formats/escape.h"

#include <string.h>

void rn_avro_uuid(const uint8_t uuid[16], char text[RN_AVRO_UUID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;

    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text[at++] = '-';
        text[at++] = digits[uuid[i] >> 4];
        text[at++] = digits[uuid[i] & 15];
    }
    text[at] = 0;
}

static void add_quoted(struct rn_buf *out, const char *text)
{
    rn_escape_json(out, (const uint8_t *)text, strlen(text));
}

static const char *type_name(uint8_t type)
{
    return type == RN_ROW_INTEGER ? "\"long\"" : type == RN_ROW_REAL ? "\"double\"" : "\"string\"";
}

static void add_field(struct rn_buf *out, const struct rn_row_column *column)
{
    rn_buf_text(out, ",{\"name\":");
    add_quoted(out, column->name);
    rn_buf_text(out, ",\"type\":");
    if (column->nullable)
        rn_buf_text(out, "[\"null\",");
    rn_buf_text(out, type_name(column->type));
    if (column->nullable)
        rn_buf_text(out, "],\"default\":null");
    if (column->text) {
        rn_buf_text(out, ",\"doc\":");
        add_quoted(out, column->text);
    }
    rn_buf_byte(out, '}');
}

void rn_avro_schema(const struct rn_row_table *table, struct rn_buf *out)
{
    rn_buf_text(out, "{\"type\":\"record\",\"namespace\":\"renacer\",\"name\":");
    add_quoted(out, table->name);
    rn_buf_text(out, ",\"doc\":");
    add_quoted(out, table->text);
    rn_buf_text(out, ",\"fields\":[{\"name\":\"recording\",\"type\":\"string\","
                     "\"doc\":\"UUID of the recording\"}");
    for (unsigned i = 0; i < table->column_count; i++)
        add_field(out, &table->columns[i]);
    rn_buf_text(out, "]}");
}

/* Zigzag, then a variable number of bytes. */
static void add_long(struct rn_buf *out, int64_t value)
{
    rn_buf_varint(out, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

static void add_string(struct rn_buf *out, const uint8_t *data, size_t size)
{
    struct rn_buf escaped = RN_BUF_INIT;

    if (size && !rn_text_valid(data, size)) {
        rn_escape_terminal(&escaped, data, size);
        out->failed |= escaped.failed;
        data = escaped.data;
        size = escaped.size;
    }
    add_long(out, (int64_t)size);
    rn_buf_append(out, data, size);
    rn_buf_free(&escaped);
}

static void add_double(struct rn_buf *out, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    rn_buf_u64(out, bits);
}

void rn_avro_encode(const struct rn_row *row, const char *uuid, struct rn_buf *out)
{
    add_string(out, (const uint8_t *)uuid, strlen(uuid));
    for (unsigned i = 0; i < row->table->column_count; i++) {
        const struct rn_row_value *value = &row->values[i];

        if (row->table->columns[i].nullable)
            rn_buf_byte(out, value->type == RN_ROW_NULL ? 0 : 2);
        if (value->type == RN_ROW_INTEGER)
            add_long(out, value->u.integer);
        else if (value->type == RN_ROW_REAL)
            add_double(out, value->u.real);
        else if (value->type == RN_ROW_TEXT)
            add_string(out, value->u.text.data, value->u.text.size);
    }
}
