/* SPDX-License-Identifier: MIT */
/* From chunk to chunk, and from member to member. */
#include "reader_join.h"
#include "reader_private.h"

/* The rest of the member cannot be used, nor can later ones that need its tables. */
static enum rn_status give_up_member(struct rn_reader *reader, enum rn_status status)
{
    if (status == RN_E_NOMEM)
        return status;
    reader->skipped_bytes += reader->member.size - reader->at;
    reader->at = reader->member.size;
    reader->need_segment = true;
    reader->incomplete = reader->failed = true;
    return status;
}

static bool is_table(uint8_t kind)
{
    return kind == RN_KIND_STRINGS || kind == RN_KIND_CONTENTS;
}

enum rn_status rn_reader_member_chunk(struct rn_reader *reader, struct reader_chunk *chunk,
                                      struct rn_error *err)
{
    while (reader->at < reader->member.size) {
        enum rn_status status = rn_reader_chunk_load(reader, chunk, reader->at, err);
        uint8_t kind = chunk->header.kind;

        if (status == RN_OK && is_table(kind))
            status = rn_reader_add_table(reader, chunk, err);
        else if (status == RN_OK && rn_schema_get(kind))
            status = rn_reader_track(reader, chunk, err);
        else if (status == RN_OK)
            reader->skipped_rows += chunk->header.rows;
        if (status != RN_OK)
            return give_up_member(reader, status);
        reader->at += RN_CHUNK_HEADER_SIZE + chunk->header.payload_size;
        if (!is_table(kind) && rn_schema_get(kind) && chunk->header.rows)
            return RN_OK;
    }
    return RN_EOF;
}

/* A member says at once whether it begins a segment. */
static enum rn_status begin_member(struct rn_reader *reader, struct reader_chunk *chunk,
                                   bool *wanted, struct rn_error *err)
{
    enum rn_status status = rn_reader_chunk_load(reader, chunk, 0, err);
    const uint64_t *flags = NULL;

    if (status == RN_EOF ||
        (status == RN_OK && (chunk->header.kind != RN_KIND_COMMIT || chunk->header.rows == 0))) {
        rn_fail(err, RN_E_FORMAT, "the member does not begin with a commit");
        status = RN_E_FORMAT;
        rn_fail_at(err, reader->name, reader->data_offset);
    }
    if (status == RN_OK) {
        flags = rn_reader_chunk_column(reader, chunk, RN_COLUMN_FLAGS, err);
        status = flags ? RN_OK : RN_E_FORMAT;
    }
    if (status != RN_OK)
        return give_up_member(reader, status);
    reader->segment_start = flags[0] & RN_EVENT_SNAPSHOT;
    *wanted = reader->segment_start || !reader->need_segment;
    if (!reader->segment_start)
        return RN_OK;
    reader->need_segment = false;
    reader->segments++;
    rn_string_table_reset(reader->strings);
    rn_content_table_reset(reader->contents);
    return RN_OK;
}

static enum rn_status next_member(struct rn_reader *reader, struct reader_chunk *chunk,
                                  struct rn_error *err)
{
    enum rn_status status = rn_reader_load_member(reader, err);
    bool wanted = false;

    reader->at = 0;
    /* Whatever else was read into the buffer, or read in part, is no member. */
    if (status != RN_OK) {
        rn_buf_clear(&reader->member);
        return status;
    }
    status = begin_member(reader, chunk, &wanted, err);
    if (status != RN_OK)
        return status;
    reader->in_member = true;
    reader->summary = (struct rn_index_member){.offset = reader->member_offset,
                                               .size = reader->member.size,
                                               .number = reader->number,
                                               .first = UINT64_MAX,
                                               .segment_start = reader->segment_start};
    if (!wanted) {
        reader->skipped_bytes += reader->member.size;
        reader->in_member = false;
        reader->at = reader->member.size;
        return RN_OK;
    }
    if (reader->on_events) {
        status = reader->on_events(reader->on_events_context, reader->number, reader->member.data,
                                   reader->member.size, err);
        if (status != RN_OK)
            return status;
    }
    if (reader->store && reader->stage != STAGE_ARCHIVE)
        return reader->store(reader->store_context, reader->number, &reader->member,
                             &reader->summary.offset, err);
    return RN_OK;
}

enum rn_status rn_reader_leave_member(struct rn_reader *reader, struct rn_error *err)
{
    if (!reader->in_member)
        return RN_OK;
    reader->in_member = false;
    return rn_reader_end_member(reader, err);
}

static enum rn_status make_chunk(struct rn_reader *reader, struct rn_error *err)
{
    if (!reader->group[0] && !(reader->group[0] = rn_reader_chunk_new()))
        return rn_fail(err, RN_E_NOMEM, "no memory for a chunk");
    return RN_OK;
}

enum rn_status rn_reader_begin_chunks(struct rn_reader *reader, struct rn_error *err)
{
    enum rn_status status = make_chunk(reader, err);

    return status == RN_OK ? next_member(reader, reader->group[0], err) : status;
}

enum rn_status rn_reader_next_chunk(struct rn_reader *reader, struct reader_chunk *chunk,
                                    struct rn_error *err)
{
    for (;;) {
        enum rn_status status = rn_reader_member_chunk(reader, chunk, err);

        if (status != RN_EOF)
            return status;
        status = rn_reader_leave_member(reader, err);
        if (status != RN_OK)
            return status;
        status = next_member(reader, chunk, err);
        if (status != RN_OK)
            return status;
    }
}

enum rn_status rn_reader_next(struct rn_reader *reader, struct rn_batch *batch,
                              struct rn_error *err)
{
    enum rn_status status = make_chunk(reader, err);
    struct reader_chunk *chunk = reader->group[0];

    if (status == RN_OK && reader->merged)
        status = rn_reader_merged_next(reader, &chunk, &reader, err);
    else if (status == RN_OK)
        status = rn_reader_next_chunk(reader, chunk, err);
    if (status != RN_OK)
        return status;
    *batch = (struct rn_batch){.kind = chunk->header.kind,
                               .rows = chunk->header.rows,
                               .group = chunk->header.group,
                               .first = rn_clock_pieces_map(reader->place, chunk->header.first),
                               .last = rn_clock_pieces_map(reader->place, chunk->header.last),
                               .reader = reader,
                               .chunk = chunk};
    return RN_OK;
}
