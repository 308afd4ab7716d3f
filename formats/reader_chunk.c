/* SPDX-License-Identifier: MIT */
#include "reader_private.h"

#include <stdlib.h>

/* A column that a chunk does not have. */
static const uint64_t zeros[RN_CHUNK_MAX_ROWS];

struct reader_chunk *rn_reader_chunk_new(void)
{
    return calloc(1, sizeof(struct reader_chunk));
}

void rn_reader_chunk_free(struct reader_chunk *chunk)
{
    if (!chunk)
        return;
    for (unsigned i = 0; i < RN_COLUMN_LIMIT; i++)
        free(chunk->values[i]);
    for (unsigned i = 0; i < RN_COLUMN_LIMIT; i++)
        free(chunk->places[i]);
    free(chunk->first_attachment);
    free(chunk);
}

static bool is_list(unsigned column)
{
    return column == RN_COLUMN_ATT_TAG || column == RN_COLUMN_ATT_REF;
}

static bool is_bytes(unsigned column)
{
    return column == RN_COLUMN_BYTES || column == RN_COLUMN_CRC;
}

static bool is_key_of(unsigned key, unsigned column)
{
    return key == 0 || (!is_bytes(key) && (is_list(column) || !is_list(key)));
}

static enum rn_status check_view(const struct reader_chunk *chunk,
                                 const struct rn_column_view *view, struct rn_error *err)
{
    unsigned id = view->spec.id;
    uint32_t expected = is_list(id) ? chunk->header.list_items : chunk->header.rows;

    if (chunk->present >> id & 1)
        return rn_fail(err, RN_E_FORMAT, "chunk has column %u twice", id);
    if (!is_bytes(id) && view->count != expected)
        return rn_fail(err, RN_E_FORMAT, "column %u has %u values instead of %u", id, view->count,
                       expected);
    if (!is_key_of(view->spec.key_a, id) || !is_key_of(view->spec.key_b, id))
        return rn_fail(err, RN_E_FORMAT, "column %u has a key of another shape", id);
    return RN_OK;
}

static enum rn_status parse_columns(struct reader_chunk *chunk, const uint8_t *payload,
                                    struct rn_error *err)
{
    const uint8_t *cursor = payload, *data = payload + chunk->header.descriptor_size;
    const uint8_t *descriptors_end = data, *data_end = payload + chunk->header.payload_size;
    struct rn_column_view view;

    chunk->present = chunk->decoded = chunk->placed = 0;
    for (unsigned i = 0; i < chunk->header.columns; i++) {
        enum rn_status status =
            rn_column_parse(&cursor, descriptors_end, &data, data_end, &view, err);

        if (status == RN_OK)
            status = check_view(chunk, &view, err);
        if (status != RN_OK)
            return status;
        chunk->views[view.spec.id] = view;
        chunk->present |= 1ull << view.spec.id;
    }
    return RN_OK;
}

enum rn_status rn_reader_chunk_load(struct rn_reader *reader, struct reader_chunk *chunk, size_t at,
                                    struct rn_error *err)
{
    /* An empty member has no data at all. */
    const uint8_t *bytes = at ? reader->member.data + at : reader->member.data;
    enum rn_status status =
        rn_chunk_parse_header(bytes, reader->member.size - at, &chunk->header, err);

    if (status == RN_EOF)
        return RN_EOF;
    chunk->offset = reader->data_offset + at;
    chunk->attachments_known = chunk->columns_known = false;
    chunk->row = 0;
    if (status == RN_OK)
        status = rn_chunk_verify(bytes, &chunk->header, err);
    if (status == RN_OK)
        status = parse_columns(chunk, bytes + RN_CHUNK_HEADER_SIZE, err);
    if (status != RN_OK)
        rn_fail_at(err, reader->name, chunk->offset);
    return status;
}

static uint64_t *room_for(struct reader_chunk *chunk, unsigned column)
{
    uint64_t **values = &chunk->values[column];

    if (!is_list(column)) {
        if (!*values)
            *values = malloc(RN_CHUNK_MAX_ROWS * sizeof **values);
        return *values;
    }
    if (chunk->list_room < chunk->header.list_items) {
        for (unsigned i = RN_COLUMN_ATT_TAG; i <= RN_COLUMN_ATT_REF; i++) {
            free(chunk->values[i]);
            chunk->values[i] = NULL;
        }
        chunk->list_room = chunk->header.list_items;
    }
    if (!*values)
        *values = malloc((chunk->list_room + 1) * sizeof **values);
    return *values;
}

/* A key column has a smaller number than the columns it serves: this ends. *values is NULL where
 * the chunk does not have it, which is to say that it is all zero. */
static enum rn_status decode_key(struct rn_reader *reader, struct reader_chunk *chunk,
                                 unsigned column, const uint64_t **values, struct rn_error *err)
{
    *values = NULL;
    if (!(chunk->present >> column & 1))
        return RN_OK;
    *values = rn_reader_chunk_column(reader, chunk, column, err);
    return *values ? RN_OK : RN_E_FORMAT;
}

/* The column and those that are coded together with it. */
static enum rn_status decode_calls(struct rn_reader *reader, struct reader_chunk *chunk,
                                   const struct rn_column_spec *spec, struct rn_error *err)
{
    struct rn_column_calls calls = {.rows = chunk->header.rows};
    const struct rn_column_view *views[RN_COLUMN_MAX_CALLS];
    uint64_t *values[RN_COLUMN_MAX_CALLS], set = 0;
    enum rn_status status = decode_key(reader, chunk, RN_COLUMN_STREAM, &calls.streams, err);

    if (status == RN_OK)
        status = decode_key(reader, chunk, RN_COLUMN_WORD, &calls.numbers, err);
    if (status == RN_OK)
        status = decode_key(reader, chunk, spec->key_a, &calls.keys_a, err);
    if (status == RN_OK)
        status = decode_key(reader, chunk, spec->key_b, &calls.keys_b, err);
    for (unsigned i = RN_COLUMN_WORD + 1; i < RN_COLUMN_LIMIT && status == RN_OK; i++) {
        const struct rn_column_view *view = &chunk->views[i];

        if (!(chunk->present >> i & 1) || view->spec.predictor != RN_PREDICT_CALL ||
            view->spec.key_a != spec->key_a || view->spec.key_b != spec->key_b)
            continue;
        if (calls.columns == RN_COLUMN_MAX_CALLS)
            return rn_fail(err, RN_E_LIMIT, "too many columns are coded together");
        views[calls.columns] = view;
        values[calls.columns] = room_for(chunk, i);
        if (!values[calls.columns++])
            return rn_fail(err, RN_E_NOMEM, "no memory for a column");
        set |= 1ull << i;
    }
    if (status == RN_OK)
        status = rn_column_decode_calls(reader->decoder, views, &calls, values, err);
    if (status == RN_OK)
        chunk->decoded |= set;
    return status;
}

/* A list column that is keyed by a column of rows. */
static enum rn_status spread_key(struct rn_reader *reader, struct reader_chunk *chunk,
                                 const uint64_t **values, uint64_t **owned, struct rn_error *err)
{
    uint32_t list_items = chunk->header.list_items;
    const uint64_t *items = rn_reader_chunk_column(reader, chunk, RN_COLUMN_ATTACHMENTS, err);

    if (!items)
        return RN_E_FORMAT;
    *owned = malloc((list_items + 1) * sizeof **owned);
    if (!*owned)
        return rn_fail(err, RN_E_NOMEM, "no memory for a column");
    rn_chunk_spread(*values, items, chunk->header.rows, list_items, *owned);
    *values = *owned;
    return RN_OK;
}

static enum rn_status decode(struct rn_reader *reader, struct reader_chunk *chunk, unsigned column,
                             uint64_t *values, struct rn_error *err)
{
    const struct rn_column_view *view = &chunk->views[column];
    const uint8_t key_columns[2] = {view->spec.key_a, view->spec.key_b};
    const uint64_t *keys[2] = {NULL, NULL};
    uint64_t *owned[2] = {NULL, NULL};
    enum rn_status status = RN_OK;

    if (view->spec.predictor == RN_PREDICT_CALL)
        return decode_calls(reader, chunk, &view->spec, err);
    for (unsigned i = 0; i < 2 && status == RN_OK; i++) {
        status = decode_key(reader, chunk, key_columns[i], &keys[i], err);
        if (status == RN_OK && keys[i] && is_list(column) && !is_list(key_columns[i]))
            status = spread_key(reader, chunk, &keys[i], &owned[i], err);
    }
    if (status == RN_OK)
        status = rn_column_decode(reader->decoder, view, keys[0], keys[1], values, err);
    free(owned[0]);
    free(owned[1]);
    return status;
}

const uint64_t *rn_reader_chunk_column(struct rn_reader *reader, struct reader_chunk *chunk,
                                       unsigned column, struct rn_error *err)
{
    uint64_t *values;

    if (column == 0 || column >= RN_COLUMN_LIMIT || is_bytes(column)) {
        rn_fail(err, RN_E_USAGE, "column %u has no numbers", column);
        return NULL;
    }
    if (chunk->decoded >> column & 1)
        return chunk->values[column];
    if (!(chunk->present >> column & 1) && !is_list(column))
        return zeros;
    values = room_for(chunk, column);
    if (!values) {
        rn_fail(err, RN_E_NOMEM, "no memory for a column");
        return NULL;
    }
    if (!(chunk->present >> column & 1)) {
        memset(values, 0, chunk->header.list_items * sizeof *values);
    } else if (decode(reader, chunk, column, values, err) != RN_OK) {
        rn_fail_at(err, reader->name, chunk->offset);
        return NULL;
    }
    chunk->decoded |= 1ull << column;
    return values;
}

const uint64_t *rn_batch_column(struct rn_batch *batch, unsigned column, struct rn_error *err)
{
    return rn_reader_chunk_placed(batch->reader, batch->chunk, column, err);
}

enum rn_status rn_reader_chunk_bytes(struct rn_reader *reader, struct reader_chunk *chunk,
                                     unsigned column, struct rn_buf *out, struct rn_error *err)
{
    const struct rn_column_view *view = &chunk->views[column];
    enum rn_status status;

    rn_buf_clear(out);
    if (!(chunk->present >> column & 1))
        return RN_OK;
    if (!rn_buf_reserve(out, view->count))
        return rn_fail(err, RN_E_NOMEM, "no memory for a column of %u bytes", view->count);
    status = rn_column_decode_bytes(reader->decoder, view, out->data, err);
    if (status == RN_OK)
        out->size = view->count;
    else
        rn_fail_at(err, reader->name, chunk->offset);
    return status;
}
