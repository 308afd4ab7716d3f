/* SPDX-License-Identifier: MIT */
#include "chunk.h"

#include "crc64.h"

#include <inttypes.h>
#include <stdlib.h>

#define CHECKSUM_OFFSET (RN_CHUNK_HEADER_SIZE - 8u)

static uint64_t load(const uint8_t *bytes, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

static enum rn_status check_limits(const struct rn_chunk_header *header, struct rn_error *err)
{
    if (header->rows > RN_CHUNK_MAX_ROWS)
        return rn_fail(err, RN_E_LIMIT, "chunk of %u rows is over the limit", header->rows);
    if (header->list_items > RN_CHUNK_MAX_LIST)
        return rn_fail(err, RN_E_LIMIT, "chunk with %u attachments is over the limit",
                       header->list_items);
    if (header->payload_size > RN_CHUNK_MAX_PAYLOAD)
        return rn_fail(err, RN_E_LIMIT, "chunk of %u bytes is over the limit",
                       header->payload_size);
    return RN_OK;
}

enum rn_status rn_chunk_parse_header(const uint8_t *bytes, size_t available,
                                     struct rn_chunk_header *header, struct rn_error *err)
{
    enum rn_status status;

    if (available == 0)
        return RN_EOF;
    if (available < RN_CHUNK_HEADER_SIZE)
        return rn_fail(err, RN_E_FORMAT, "chunk header is cut");
    if (load(bytes, 4) != RN_CHUNK_MAGIC)
        return rn_fail(err, RN_E_FORMAT, "not a chunk");
    *header = (struct rn_chunk_header){
        .kind = bytes[4],
        .columns = bytes[5],
        .rows = (uint32_t)load(bytes + 8, 4),
        .list_items = (uint32_t)load(bytes + 12, 4),
        .group = (uint32_t)load(bytes + 16, 4),
        .descriptor_size = (uint32_t)load(bytes + 20, 4),
        .payload_size = (uint32_t)load(bytes + 24, 4),
        .first = load(bytes + 32, 8),
        .last = load(bytes + 40, 8),
        .checksum = load(bytes + CHECKSUM_OFFSET, 8),
    };
    status = check_limits(header, err);
    if (status != RN_OK)
        return status;
    if (header->payload_size > available - RN_CHUNK_HEADER_SIZE)
        return rn_fail(err, RN_E_FORMAT, "chunk is cut");
    if (load(bytes + 6, 2) || load(bytes + 28, 4) ||
        header->descriptor_size > header->payload_size || header->columns >= RN_COLUMN_LIMIT)
        return rn_fail(err, RN_E_FORMAT, "chunk header is damaged");
    return RN_OK;
}

static uint64_t checksum(const uint8_t *bytes, size_t payload_size)
{
    uint64_t crc = rn_crc64(0, bytes, CHECKSUM_OFFSET);

    return rn_crc64(crc, bytes + RN_CHUNK_HEADER_SIZE, payload_size);
}

enum rn_status rn_chunk_verify(const uint8_t *bytes, const struct rn_chunk_header *header,
                               struct rn_error *err)
{
    uint64_t found = checksum(bytes, header->payload_size);

    if (found == header->checksum)
        return RN_OK;
    return rn_fail(err, RN_E_FORMAT,
                   "chunk is damaged: checksum %016" PRIx64 " instead of %016" PRIx64, found,
                   header->checksum);
}

/* One chunk being encoded. */
struct encoding {
    struct rn_column_encoder *encoder;
    const struct rn_chunk_rows *rows;
    struct rn_buf descriptors, data;
    unsigned columns;
};

static bool all_zero(const uint64_t *values, size_t count)
{
    return !values || count == 0 ||
           (values[0] == 0 && memcmp(values, values + 1, (count - 1) * sizeof *values) == 0);
}

static bool is_list(unsigned column)
{
    return column == RN_COLUMN_ATT_TAG || column == RN_COLUMN_ATT_REF;
}

void rn_chunk_spread(const uint64_t *values, const uint64_t *items, uint32_t rows,
                     uint32_t list_items, uint64_t *spread)
{
    uint32_t at = 0;

    /* Most rows have one item or none, and no branch is needed to tell which. */
    for (uint32_t i = 0; i < rows && at < list_items; i++) {
        uint64_t more = items[i] > 1 ? items[i] - 1 : 0;

        spread[at] = values[i];
        at += items[i] != 0;
        for (; more && at < list_items; more--)
            spread[at++] = values[i];
    }
    memset(spread + at, 0, (list_items - at) * sizeof *spread);
}

/* A key column; *owned is to be freed. */
static enum rn_status find_key(const struct rn_chunk_rows *rows, unsigned column, unsigned key,
                               const uint64_t **values, uint64_t **owned, struct rn_error *err)
{
    const uint64_t *items = rows->column[RN_COLUMN_ATTACHMENTS];

    *values = key ? rows->column[key] : NULL;
    if (!*values || is_list(column) == is_list(key))
        return RN_OK;
    *owned = items ? malloc(rows->list_items * sizeof **owned) : NULL;
    *values = *owned;
    if (!items)
        return RN_OK;
    if (!*owned)
        return rn_fail(err, RN_E_NOMEM, "no memory to encode a column");
    rn_chunk_spread(rows->column[key], items, rows->rows, rows->list_items, *owned);
    return RN_OK;
}

/* Columns that are all zero are not stored. */
static enum rn_status encode_column(struct encoding *encoding, const struct rn_column_spec *spec,
                                    struct rn_error *err)
{
    const struct rn_chunk_rows *rows = encoding->rows;
    size_t count = is_list(spec->id) ? rows->list_items : rows->rows;
    uint64_t *owned[2] = {NULL, NULL};
    const uint64_t *keys[2];
    enum rn_status status;

    if (all_zero(rows->column[spec->id], count))
        return RN_OK;
    encoding->columns++;
    status = find_key(rows, spec->id, spec->key_a, &keys[0], &owned[0], err);
    if (status == RN_OK)
        status = find_key(rows, spec->id, spec->key_b, &keys[1], &owned[1], err);
    if (status == RN_OK)
        status = rn_column_encode(encoding->encoder, spec, rows->column[spec->id], count, keys[0],
                                  keys[1], &encoding->descriptors, &encoding->data, err);
    free(owned[0]);
    free(owned[1]);
    return status;
}

static enum rn_status encode_bytes(struct encoding *encoding, uint8_t id, const uint8_t *bytes,
                                   size_t size, struct rn_error *err)
{
    if (size == 0)
        return RN_OK;
    encoding->columns++;
    return rn_column_encode_bytes(encoding->encoder, id, bytes, size, &encoding->descriptors,
                                  &encoding->data, err);
}

/* The columns that every kind may have; those of the payload are in the schema. */
static const struct rn_column_spec common_columns[] = {
    {.id = RN_COLUMN_STREAM, .predictor = RN_PREDICT_NONE},
    {.id = RN_COLUMN_ORDINAL, .predictor = RN_PREDICT_KEYED, .key_a = RN_COLUMN_STREAM},
    {.id = RN_COLUMN_DURATION, .predictor = RN_PREDICT_NONE},
    {.id = RN_COLUMN_FLAGS, .predictor = RN_PREDICT_NONE},
    {.id = RN_COLUMN_ATTACHMENTS, .predictor = RN_PREDICT_KEYED, .key_a = RN_COLUMN_WORD},
    {.id = RN_COLUMN_ATT_TAG,
     .predictor = RN_PREDICT_ITEM,
     .key_a = RN_COLUMN_WORD,
     .key_b = RN_COLUMN_ATTACHMENTS},
    {.id = RN_COLUMN_ATT_REF,
     .predictor = RN_PREDICT_REFERENCE,
     .key_a = RN_COLUMN_ATT_TAG,
     .key_b = RN_COLUMN_STREAM},
    {.id = RN_COLUMN_LENGTH, .predictor = RN_PREDICT_NONE},
    {.id = RN_COLUMN_HEAD_LENGTH, .predictor = RN_PREDICT_NONE},
};

/* Few threads: the next call begins a little after the last one ended. Many: a little after some
 * other one began. */
static const struct rn_column_spec start_by_stream = {.id = RN_COLUMN_START,
                                                      .predictor = RN_PREDICT_END,
                                                      .key_a = RN_COLUMN_STREAM,
                                                      .key_b = RN_COLUMN_DURATION};
static const struct rn_column_spec start_by_row = {.id = RN_COLUMN_START,
                                                   .predictor = RN_PREDICT_PREVIOUS};

/* The first rows tell what the others are like. */
#define ESTIMATE_ROWS 2048u

static enum rn_status encode_start(struct encoding *encoding, struct rn_error *err)
{
    const struct rn_chunk_rows *rows = encoding->rows;
    const uint64_t *start = rows->column[RN_COLUMN_START];
    size_t some = rows->rows < ESTIMATE_ROWS ? rows->rows : ESTIMATE_ROWS;
    uint64_t by_stream, by_row;

    if (all_zero(start, rows->rows))
        return RN_OK;
    by_stream =
        rn_column_estimate(encoding->encoder, &start_by_stream, start, some,
                           rows->column[RN_COLUMN_STREAM], rows->column[RN_COLUMN_DURATION]);
    by_row = rn_column_estimate(encoding->encoder, &start_by_row, start, some, NULL, NULL);
    return encode_column(encoding, by_stream < by_row ? &start_by_stream : &start_by_row, err);
}

static enum rn_status encode_common(struct encoding *encoding, struct rn_error *err)
{
    for (size_t i = 0; i < sizeof common_columns / sizeof *common_columns; i++) {
        enum rn_status status = encode_column(encoding, &common_columns[i], err);

        if (status != RN_OK)
            return status;
    }
    return RN_OK;
}

/* Fields that are coded together: from `first` on, those with the same predictor and keys. */
static unsigned set_size(const struct rn_schema *schema, unsigned first)
{
    const struct rn_field *field = &schema->fields[first];
    unsigned size = 1;

    while (field->predictor == RN_PREDICT_CALL && first + size < schema->words &&
           field[size].predictor == field->predictor && field[size].key_a == field->key_a &&
           field[size].key_b == field->key_b)
        size++;
    return size;
}

static struct rn_column_spec field_spec(const struct rn_schema *schema, unsigned number)
{
    const struct rn_field *field = &schema->fields[number];

    return (struct rn_column_spec){.id = (uint8_t)(RN_COLUMN_WORD + number),
                                   .predictor = field->predictor,
                                   .key_a = field->key_a,
                                   .key_b = field->key_b};
}

static enum rn_status encode_calls(struct encoding *encoding, const struct rn_schema *schema,
                                   unsigned first, unsigned size, struct rn_error *err)
{
    const struct rn_chunk_rows *rows = encoding->rows;
    const struct rn_field *field = &schema->fields[first];
    struct rn_column_calls calls = {
        .rows = rows->rows,
        .streams = rows->column[RN_COLUMN_STREAM],
        .numbers = rows->column[RN_COLUMN_WORD],
        .keys_a = field->key_a ? rows->column[field->key_a] : NULL,
        .keys_b = field->key_b ? rows->column[field->key_b] : NULL,
        .like = rows->like,
    };
    struct rn_column_spec specs[RN_COLUMN_MAX_CALLS];
    const uint64_t *values[RN_COLUMN_MAX_CALLS];

    for (unsigned i = first; i < first + size; i++) {
        if (all_zero(rows->column[RN_COLUMN_WORD + i], rows->rows))
            continue;
        specs[calls.columns] = field_spec(schema, i);
        values[calls.columns++] = rows->column[RN_COLUMN_WORD + i];
    }
    if (calls.columns == 0)
        return RN_OK;
    encoding->columns += calls.columns;
    return rn_column_encode_calls(encoding->encoder, specs, values, &calls, &encoding->descriptors,
                                  &encoding->data, err);
}

static enum rn_status encode_words(struct encoding *encoding, struct rn_error *err)
{
    const struct rn_schema *schema = rn_schema_get(encoding->rows->kind);
    enum rn_status status = RN_OK;
    unsigned size;

    for (unsigned i = 0; schema && i < schema->words && status == RN_OK; i += size) {
        const struct rn_column_spec spec = field_spec(schema, i);

        size = set_size(schema, i);
        if (spec.predictor == RN_PREDICT_CALL)
            status = encode_calls(encoding, schema, i, size, err);
        else
            status = encode_column(encoding, &spec, err);
    }
    return status;
}

static enum rn_status encode_columns(struct encoding *encoding, struct rn_error *err)
{
    const struct rn_chunk_rows *rows = encoding->rows;
    enum rn_status status = encode_common(encoding, err);

    if (status == RN_OK)
        status = encode_start(encoding, err);
    if (status == RN_OK)
        status = encode_bytes(encoding, RN_COLUMN_BYTES, rows->bytes, rows->bytes_size, err);
    if (status == RN_OK)
        status = encode_bytes(encoding, RN_COLUMN_CRC, rows->crc_bytes, rows->crc_bytes_size, err);
    if (status == RN_OK)
        status = encode_words(encoding, err);
    return status;
}

static void find_time_range(const struct rn_chunk_rows *rows, uint64_t *first, uint64_t *last)
{
    const uint64_t *start = rows->column[RN_COLUMN_START];

    *first = *last = start && rows->rows ? start[0] : 0;
    for (uint32_t i = 1; start && i < rows->rows; i++) {
        *first = start[i] < *first ? start[i] : *first;
        *last = start[i] > *last ? start[i] : *last;
    }
}

static enum rn_status append_chunk(const struct encoding *encoding, struct rn_buf *out,
                                   struct rn_error *err)
{
    const struct rn_chunk_rows *rows = encoding->rows;
    size_t begin = out->size, payload_size = encoding->descriptors.size + encoding->data.size;
    uint64_t first, last;

    if (payload_size > RN_CHUNK_MAX_PAYLOAD)
        return rn_fail(err, RN_E_LIMIT, "chunk of %zu bytes is over the limit", payload_size);
    find_time_range(rows, &first, &last);
    rn_buf_reserve(out, RN_CHUNK_HEADER_SIZE + payload_size);
    rn_buf_u32(out, RN_CHUNK_MAGIC);
    rn_buf_byte(out, rows->kind);
    rn_buf_byte(out, (uint8_t)encoding->columns);
    rn_buf_u16(out, 0);
    rn_buf_u32(out, rows->rows);
    rn_buf_u32(out, rows->list_items);
    rn_buf_u32(out, rows->group);
    rn_buf_u32(out, (uint32_t)encoding->descriptors.size);
    rn_buf_u32(out, (uint32_t)payload_size);
    rn_buf_u32(out, 0);
    rn_buf_u64(out, first);
    rn_buf_u64(out, last);
    rn_buf_u64(out, 0);
    rn_buf_append(out, encoding->descriptors.data, encoding->descriptors.size);
    rn_buf_append(out, encoding->data.data, encoding->data.size);
    if (out->failed)
        return rn_fail(err, RN_E_NOMEM, "no memory for a chunk of %zu bytes", payload_size);
    out->size = begin + CHECKSUM_OFFSET;
    rn_buf_u64(out, checksum(out->data + begin, payload_size));
    out->size = begin + RN_CHUNK_HEADER_SIZE + payload_size;
    return RN_OK;
}

enum rn_status rn_chunk_encode(struct rn_column_encoder *encoder, const struct rn_chunk_rows *rows,
                               struct rn_buf *out, struct rn_error *err)
{
    struct encoding encoding = {.encoder = encoder, .rows = rows};
    enum rn_status status;

    if (rows->rows > RN_CHUNK_MAX_ROWS || rows->list_items > RN_CHUNK_MAX_LIST)
        return rn_fail(err, RN_E_LIMIT, "chunk of %u rows and %u attachments is over the limit",
                       rows->rows, rows->list_items);
    status = encode_columns(&encoding, err);
    if (status == RN_OK)
        status = append_chunk(&encoding, out, err);
    rn_buf_free(&encoding.descriptors);
    rn_buf_free(&encoding.data);
    return status;
}
