/* SPDX-License-Identifier: MIT */
/* Events as a view over the columns of chunks. */
#include "reader_private.h"

#include <stdlib.h>

static enum rn_status damaged(struct rn_reader *reader, const struct reader_chunk *chunk,
                              struct rn_error *err, const char *what)
{
    rn_fail(err, RN_E_FORMAT, "%s", what);
    rn_fail_at(err, reader->name, chunk->offset);
    return RN_E_FORMAT;
}

static enum rn_status find_attachments(struct rn_reader *reader, struct reader_chunk *chunk,
                                       struct rn_error *err)
{
    const uint64_t *counts = rn_reader_chunk_column(reader, chunk, RN_COLUMN_ATTACHMENTS, err);
    uint32_t first = 0;

    if (!counts)
        return RN_E_FORMAT;
    if (!chunk->first_attachment)
        chunk->first_attachment = calloc(RN_CHUNK_MAX_ROWS + 1, sizeof *chunk->first_attachment);
    if (!chunk->first_attachment)
        return rn_fail(err, RN_E_NOMEM, "no memory for attachments");
    for (uint32_t i = 0; i < chunk->header.rows; i++) {
        if (counts[i] > RN_RECORD_MAX_ATTACHMENTS || counts[i] > chunk->header.list_items - first)
            return damaged(reader, chunk, err, "an event has more attachments than its chunk");
        chunk->first_attachment[i] = first;
        first += (uint32_t)counts[i];
    }
    chunk->first_attachment[chunk->header.rows] = first;
    chunk->attachments_known = true;
    return RN_OK;
}

static enum rn_status resolve(struct rn_reader *reader, const struct reader_chunk *chunk,
                              uint64_t tag, uint64_t ref, struct rn_attachment *attachment,
                              struct rn_error *err)
{
    bool known;

    *attachment = (struct rn_attachment){
        .type = (uint8_t)tag, .arg = (uint8_t)(tag >> 8), .flags = (uint16_t)(tag >> 16)};
    if (attachment->type == RN_ATT_CONTENT)
        known = rn_content_table_get(reader->contents, ref, &attachment->content);
    else
        known = rn_string_table_get(reader->strings, ref, &attachment->data, &attachment->size);
    return known ? RN_OK
                 : damaged(reader, chunk, err, "an attachment is not in the table of its segment");
}

static enum rn_status add_attachments(struct rn_reader *reader, struct reader_chunk *chunk,
                                      uint32_t row, struct rn_event *event, struct rn_error *err)
{
    enum rn_status status = chunk->attachments_known ? RN_OK : find_attachments(reader, chunk, err);
    const uint64_t *tags, *refs;
    uint32_t first;

    if (status != RN_OK)
        return status;
    first = chunk->first_attachment[row];
    event->attachment_count = chunk->first_attachment[row + 1] - first;
    event->attachments = reader->attachments;
    if (event->attachment_count == 0)
        return RN_OK;
    tags = rn_reader_chunk_column(reader, chunk, RN_COLUMN_ATT_TAG, err);
    refs = tags ? rn_reader_chunk_column(reader, chunk, RN_COLUMN_ATT_REF, err) : NULL;
    if (!refs)
        return RN_E_FORMAT;
    for (uint32_t i = 0; i < event->attachment_count && status == RN_OK; i++)
        status =
            resolve(reader, chunk, tags[first + i], refs[first + i], &reader->attachments[i], err);
    return status;
}

static enum rn_status find_columns(struct rn_reader *reader, struct reader_chunk *chunk,
                                   struct rn_error *err)
{
    unsigned end = RN_COLUMN_WORD + rn_schema_get(chunk->header.kind)->words;

    for (unsigned i = RN_COLUMN_STREAM; i < end; i++) {
        if (i >= RN_COLUMN_ATTACHMENTS && i < RN_COLUMN_WORD)
            continue;
        chunk->columns[i] = rn_reader_chunk_column(reader, chunk, i, err);
        if (!chunk->columns[i])
            return RN_E_FORMAT;
    }
    chunk->columns_known = true;
    return RN_OK;
}

enum rn_status rn_reader_chunk_event(struct rn_reader *reader, struct reader_chunk *chunk,
                                     uint32_t row, struct rn_event *event, struct rn_error *err)
{
    enum rn_status status = chunk->columns_known ? RN_OK : find_columns(reader, chunk, err);
    unsigned words = rn_schema_get(chunk->header.kind)->words;
    const uint64_t *const *columns = chunk->columns;

    if (status != RN_OK)
        return status;
    event->kind = chunk->header.kind;
    event->flags = (uint32_t)columns[RN_COLUMN_FLAGS][row];
    event->stream = (uint32_t)columns[RN_COLUMN_STREAM][row];
    event->ordinal = columns[RN_COLUMN_ORDINAL][row];
    event->start = columns[RN_COLUMN_START][row];
    event->duration = columns[RN_COLUMN_DURATION][row];
    for (unsigned i = 0; i < words; i++)
        event->u.words[i] = columns[RN_COLUMN_WORD + i][row];
    memset(event->u.words + words, 0, sizeof event->u - words * sizeof(uint64_t));
    return add_attachments(reader, chunk, row, event, err);
}

enum rn_status rn_batch_event(struct rn_batch *batch, uint32_t row, struct rn_event *event,
                              struct rn_error *err)
{
    if (row >= batch->rows)
        return rn_fail(err, RN_E_USAGE, "row %u of a batch of %u", row, batch->rows);
    return rn_reader_chunk_event(batch->reader, batch->chunk, row, event, err);
}

enum rn_status rn_batch_text(struct rn_batch *batch, uint32_t row, uint8_t type, uint64_t *number,
                             struct rn_error *err)
{
    struct reader_chunk *chunk = batch->chunk;
    enum rn_status status = RN_OK;
    const uint64_t *tags;

    *number = UINT64_MAX;
    if (row >= batch->rows)
        return rn_fail(err, RN_E_USAGE, "row %u of a batch of %u", row, batch->rows);
    if (!chunk->attachments_known)
        status = find_attachments(batch->reader, chunk, err);
    if (status != RN_OK)
        return status;
    tags = rn_reader_chunk_column(batch->reader, chunk, RN_COLUMN_ATT_TAG, err);
    for (uint32_t i = chunk->first_attachment[row]; tags && i < chunk->first_attachment[row + 1];
         i++) {
        const uint64_t *refs;

        if ((uint8_t)tags[i] != type)
            continue;
        refs = rn_reader_chunk_column(batch->reader, chunk, RN_COLUMN_ATT_REF, err);
        if (refs)
            *number = refs[i];
        return refs ? RN_OK : RN_E_FORMAT;
    }
    return tags ? RN_OK : RN_E_FORMAT;
}

static enum rn_status join_group(struct rn_reader *reader, struct rn_error *err)
{
    struct reader_chunk *spare = reader->group[reader->group_count];
    enum rn_status status = find_columns(reader, reader->ahead, err);

    reader->has_ahead = false;
    if (status != RN_OK)
        return status;
    reader->group[reader->group_count++] = reader->ahead;
    reader->ahead = spare;
    return RN_OK;
}

static bool same_group(const struct rn_reader *reader)
{
    const struct rn_chunk_header *first = &reader->group[0]->header;
    const struct rn_chunk_header *next = &reader->ahead->header;

    /* Housekeeping has no place in time. */
    return RN_KIND_IS_EVENT(first->kind) && RN_KIND_IS_EVENT(next->kind) &&
           first->group == next->group;
}

static enum rn_status make_ahead(struct rn_reader *reader, struct rn_error *err)
{
    if (!reader->ahead && !(reader->ahead = rn_reader_chunk_new()))
        return rn_fail(err, RN_E_NOMEM, "no memory for a chunk");
    return RN_OK;
}

/* The other chunks of the group, all of them in this member: its bytes must not go. */
static enum rn_status complete_group(struct rn_reader *reader, struct rn_error *err)
{
    enum rn_status status;

    while (reader->group_count < READER_GROUP_MAX) {
        status = make_ahead(reader, err);
        if (status == RN_OK)
            status = rn_reader_member_chunk(reader, reader->ahead, err);
        if (status != RN_OK)
            return status == RN_EOF ? RN_OK : status;
        reader->has_ahead = true;
        if (!same_group(reader))
            return RN_OK;
        status = join_group(reader, err);
        if (status != RN_OK)
            return status;
    }
    return RN_OK;
}

static enum rn_status next_group(struct rn_reader *reader, struct rn_error *err)
{
    enum rn_status status = reader->deferred;

    if (status != RN_OK) {
        reader->deferred = RN_OK;
        if (err)
            *err = reader->deferred_error;
        return status;
    }
    status = make_ahead(reader, err);
    if (status == RN_OK && !reader->has_ahead)
        status = rn_reader_next_chunk(reader, reader->ahead, err);
    if (status == RN_OK)
        status = join_group(reader, err);
    /* Damage behind a chunk is told when that has been handed out. */
    if (status == RN_OK && RN_KIND_IS_EVENT(reader->group[0]->header.kind))
        reader->deferred = complete_group(reader, &reader->deferred_error);
    return status;
}

/* Whether the next row of `a` comes before that of `b`: by start, in one stream by ordinal. */
static bool is_before(const struct reader_chunk *a, const struct reader_chunk *b)
{
    uint64_t start_a = a->columns[RN_COLUMN_START][a->row];
    uint64_t start_b = b->columns[RN_COLUMN_START][b->row];

    if (start_a != start_b)
        return start_a < start_b;
    return a->columns[RN_COLUMN_STREAM][a->row] == b->columns[RN_COLUMN_STREAM][b->row] &&
           a->columns[RN_COLUMN_ORDINAL][a->row] < b->columns[RN_COLUMN_ORDINAL][b->row];
}

/* Spent chunks stay behind the others, so that their buffers are used again. */
static void leave_group(struct rn_reader *reader, unsigned number)
{
    struct reader_chunk *chunk = reader->group[number];

    memmove(&reader->group[number], &reader->group[number + 1],
            (reader->group_count - number - 1) * sizeof(struct reader_chunk *));
    reader->group[--reader->group_count] = chunk;
}

enum rn_status rn_reader_next_event(struct rn_reader *reader, struct rn_event *event,
                                    struct rn_error *err)
{
    enum rn_status status = reader->group_count ? RN_OK : next_group(reader, err);
    struct reader_chunk *chunk;
    unsigned best = 0;

    if (status != RN_OK)
        return status;
    for (unsigned i = 1; i < reader->group_count; i++)
        if (is_before(reader->group[i], reader->group[best]))
            best = i;
    chunk = reader->group[best];
    status = rn_reader_chunk_event(reader, chunk, chunk->row++, event, err);
    if (status != RN_OK || chunk->row == chunk->header.rows)
        leave_group(reader, best);
    return status;
}

bool rn_reader_may_wait(const struct rn_reader *reader)
{
    return !reader->group_count && !reader->has_ahead && reader->deferred == RN_OK &&
           reader->at >= reader->member.size;
}
