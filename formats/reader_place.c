/* SPDX-License-Identifier: MIT */
/* Columns of a source of a merged recording, with streams and times as they are in the whole. */
#include "reader_join.h"
#include "reader_private.h"

#include <stdlib.h>

enum change { CHANGE_NONE, CHANGE_STREAM, CHANGE_PARENT, CHANGE_MOMENT, CHANGE_DURATION };

#define PLACE_STREAM (RN_COLUMN_WORD + offsetof(struct rn_object, place_stream) / 8)
#define STREAM_ID    (RN_COLUMN_WORD + offsetof(struct rn_stream, id) / 8)
#define PARENT       (RN_COLUMN_WORD + offsetof(struct rn_stream, parent) / 8)

static enum change change_of_time(uint8_t kind, unsigned column)
{
    const struct rn_schema *schema = rn_schema_get(kind);
    unsigned words = schema ? schema->words : 0;

    if (column == RN_COLUMN_START)
        return CHANGE_MOMENT;
    if (column == RN_COLUMN_DURATION)
        return CHANGE_DURATION;
    if (column < RN_COLUMN_WORD || column - RN_COLUMN_WORD >= words)
        return CHANGE_NONE;
    switch (schema->fields[column - RN_COLUMN_WORD].unit) {
    case RN_FIELD_MOMENT:
        return CHANGE_MOMENT;
    case RN_FIELD_DURATION:
        return CHANGE_DURATION;
    default:
        return CHANGE_NONE;
    }
}

static enum change change_of(const struct rn_manifest_source *place, uint8_t kind, unsigned column)
{
    if (column == RN_COLUMN_STREAM || (kind == RN_KIND_STREAM && column == STREAM_ID))
        return CHANGE_STREAM;
    if ((kind == RN_KIND_STREAM && column == PARENT) ||
        (kind == RN_KIND_PROCESS && column == RN_COLUMN_CHILD_STREAM) ||
        (kind == RN_KIND_OBJECT && column == PLACE_STREAM))
        return CHANGE_PARENT;
    return place->pieces ? change_of_time(kind, column) : CHANGE_NONE;
}

static uint64_t changed(const struct rn_manifest_source *place, enum change change, uint64_t value,
                        uint64_t start)
{
    switch (change) {
    case CHANGE_STREAM:
        return rn_manifest_source_stream(place, value);
    case CHANGE_PARENT: /* 0: none */
        return value ? rn_manifest_source_stream(place, value) : 0;
    case CHANGE_MOMENT: /* 0: not known */
        return value ? rn_clock_pieces_map(place, value) : 0;
    case CHANGE_DURATION:
        return rn_clock_pieces_span(place, start, value);
    default:
        return value;
    }
}

const uint64_t *rn_reader_chunk_placed(struct rn_reader *reader, struct reader_chunk *chunk,
                                       unsigned column, struct rn_error *err)
{
    const uint64_t *values = rn_reader_chunk_column(reader, chunk, column, err);
    const uint64_t *starts = values;
    enum change change;

    if (!values || !reader->place)
        return values;
    change = change_of(reader->place, chunk->header.kind, column);
    if (change == CHANGE_NONE)
        return values;
    if (chunk->placed >> column & 1)
        return chunk->places[column];
    if (change == CHANGE_DURATION)
        starts = rn_reader_chunk_column(reader, chunk, RN_COLUMN_START, err);
    if (!chunk->places[column])
        chunk->places[column] = malloc(RN_CHUNK_MAX_ROWS * sizeof **chunk->places);
    if (!starts || !chunk->places[column]) {
        if (starts)
            rn_fail(err, RN_E_NOMEM, "no memory for a column");
        return NULL;
    }
    for (uint32_t i = 0; i < chunk->header.rows; i++)
        chunk->places[column][i] = changed(reader->place, change, values[i], starts[i]);
    chunk->placed |= 1ull << column;
    return chunk->places[column];
}
