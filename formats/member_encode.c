/* SPDX-License-Identifier: MIT */
#include "member_encode.h"

#include <stdlib.h>

/* Columns are written side by side, row after row: were they whole pages apart, they would fight
 * for the same few lines of the cache. */
#define COLUMN_STRIDE (RN_CHUNK_MAX_ROWS + 40u)

uint64_t *rn_member_rows(struct rn_member_encoder *encoder, unsigned column)
{
    if (!encoder->room)
        encoder->room = calloc(RN_COLUMN_LIMIT, COLUMN_STRIDE * sizeof *encoder->room);
    if (!encoder->room)
        return NULL;
    encoder->rows[column] = encoder->room + column * COLUMN_STRIDE;
    return encoder->rows[column];
}

static enum rn_status make_lists(struct rn_member_encoder *encoder, struct rn_error *err)
{
    if (!encoder->tags)
        encoder->tags = calloc(RN_CHUNK_MAX_LIST, sizeof *encoder->tags);
    if (!encoder->refs)
        encoder->refs = calloc(RN_CHUNK_MAX_LIST, sizeof *encoder->refs);
    if (encoder->tags && encoder->refs)
        return RN_OK;
    return rn_fail(err, RN_E_NOMEM, "no memory to encode a member");
}

enum rn_status rn_member_put(struct rn_member_encoder *encoder, struct rn_chunk_rows *rows,
                             struct rn_buf *out, struct rn_error *err)
{
    rows->group = encoder->group;
    rows->column[RN_COLUMN_ATT_TAG] = encoder->tags;
    rows->column[RN_COLUMN_ATT_REF] = encoder->refs;
    return rn_chunk_encode(encoder->columns, rows, out, err);
}

/* The chunk that every member begins with. Without sources it has one row of generation 0, which no
 * source has. */
static enum rn_status put_commit(struct rn_member_encoder *encoder,
                                 const struct rn_member_head *head, struct rn_buf *out,
                                 struct rn_error *err)
{
    static const struct rn_writer_source none;
    size_t count = head->info ? head->info->source_count : 0;
    const struct rn_writer_source *sources = count ? head->info->sources : &none;
    struct rn_chunk_rows rows = {.kind = RN_KIND_COMMIT};
    static const unsigned columns[] = {RN_COLUMN_START,    RN_COLUMN_FLAGS,    RN_COLUMN_WORD,
                                       RN_COLUMN_WORD + 1, RN_COLUMN_WORD + 2, RN_COLUMN_WORD + 3};

    rows.rows = count ? (uint32_t)count : 1;
    if (count > RN_CHUNK_MAX_ROWS)
        return rn_fail(err, RN_E_LIMIT, "a commit with %zu sources is over the limit", count);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        rows.column[columns[i]] = rn_member_rows(encoder, columns[i]);
        if (!rows.column[columns[i]])
            return rn_fail(err, RN_E_NOMEM, "no memory to encode a member");
    }
    for (uint32_t i = 0; i < rows.rows; i++) {
        encoder->rows[RN_COLUMN_START][i] = head->now;
        encoder->rows[RN_COLUMN_FLAGS][i] = i == 0 && head->segment_start ? RN_EVENT_SNAPSHOT : 0;
        encoder->rows[RN_COLUMN_WORD][i] = head->segment;
        encoder->rows[RN_COLUMN_WORD + 1][i] = sources[i].source;
        encoder->rows[RN_COLUMN_WORD + 2][i] = sources[i].position;
        encoder->rows[RN_COLUMN_WORD + 3][i] = sources[i].generation;
    }
    return rn_member_put(encoder, &rows, out, err);
}

static enum rn_status put_clock(struct rn_member_encoder *encoder,
                                const struct rn_member_head *head, struct rn_buf *out,
                                struct rn_error *err)
{
    const struct rn_clock_point *point = head->info ? &head->info->clock : NULL;
    struct rn_chunk_rows rows = {.kind = RN_KIND_CLOCK, .rows = 1};

    if (!point || point->ticks == 0)
        return RN_OK;
    rows.column[RN_COLUMN_START] = &point->ticks;
    rows.column[RN_COLUMN_WORD] = &point->ticks;
    rows.column[RN_COLUMN_WORD + 1] = &point->monotonic_ns;
    rows.column[RN_COLUMN_WORD + 2] = &point->realtime_ns;
    rows.column[RN_COLUMN_WORD + 3] = &point->error_ns;
    return rn_member_put(encoder, &rows, out, err);
}

static void state(struct rn_member_encoder *encoder, uint32_t id)
{
    struct rn_stream_entry *entry = rn_stream_map_find(encoder->streams, id);

    if (!entry || entry->stated || !entry->described)
        return;
    entry->stated = true;
    rn_buf_append(&encoder->stated, &id, sizeof id);
}

/* A segment stands alone: empty tables, and all streams that may still be used. */
static enum rn_status begin_segment(struct rn_member_encoder *encoder, struct rn_error *err)
{
    struct rn_stream_entry **sorted = rn_stream_map_sorted(encoder->streams);

    rn_string_table_reset(encoder->strings);
    rn_content_table_reset(encoder->contents);
    encoder->strings_written = encoder->contents_written = 0;
    if (!sorted)
        return rn_fail(err, RN_E_NOMEM, "no memory to begin a segment");
    for (size_t i = 0; i < encoder->streams->count; i++) {
        sorted[i]->stated = false;
        if (!sorted[i]->ended)
            state(encoder, sorted[i]->id);
    }
    free(sorted);
    return RN_OK;
}

/* Some pending events that are encoded together. */
struct group {
    const struct pending_key *order;
    uint32_t count;
    uint32_t kinds[RN_KIND_STREAM]; /* how many are of each kind */
    bool snapshots;
};

static struct pending_shape *shape_of(const struct rn_member_encoder *encoder,
                                      const struct pending_key *key)
{
    return rn_member_shape(encoder, key->shape);
}

static struct pending_attachment *attachments_of(struct rn_member_encoder *encoder,
                                                 const struct pending_shape *shape)
{
    if (shape->attachments == 0)
        return NULL;
    return (struct pending_attachment *)(void *)encoder->attachments.data + shape->first_attachment;
}

/* The stream that a fork names; 0: another event. */
static uint32_t child_of(const struct rn_member_encoder *encoder, const struct pending_shape *shape)
{
    return (uint32_t)rn_member_words(encoder, shape)[RN_COLUMN_CHILD_STREAM - RN_COLUMN_WORD];
}

static enum rn_status intern_shape(struct rn_member_encoder *encoder, struct pending_shape *shape,
                                   struct rn_error *err)
{
    struct pending_attachment *attachments = attachments_of(encoder, shape);
    enum rn_status status = RN_OK;

    state(encoder, shape->stream);
    /* A child may run long after its fork, in another group or member; but who reads of the fork
     * hands down to the child what its parent has. */
    if (shape->kind == RN_KIND_PROCESS)
        state(encoder, child_of(encoder, shape));
    for (unsigned i = 0; i < shape->attachments && status == RN_OK; i++)
        status = rn_member_intern(encoder, &attachments[i], err);
    shape->interned = encoder->run;
    return status;
}

/* Table numbers are given in the order in which the chunk will refer to them. */
static enum rn_status intern_kind(struct rn_member_encoder *encoder, const struct group *group,
                                  unsigned kind, struct rn_error *err)
{
    for (uint32_t i = 0; i < group->count; i++) {
        struct pending_shape *shape = shape_of(encoder, &group->order[i]);

        if (shape->kind == kind && shape->interned != encoder->run) {
            enum rn_status status = intern_shape(encoder, shape, err);

            if (status != RN_OK)
                return status;
        }
    }
    return RN_OK;
}

/* What rows have in their word columns is set where a shape comes for the first time, and copied to
 * the others column by column. */
struct filling {
    struct rn_chunk_rows rows;
    uint64_t used[RN_SCHEMA_WORDS]; /* bits that are set in any row */
    uint64_t flags;
    uint32_t shapes;
};

static void set_shape(struct rn_member_encoder *encoder, struct filling *filling,
                      struct pending_shape *shape, uint32_t row)
{
    const uint64_t *words = rn_member_words(encoder, shape);

    shape->chunk = encoder->chunk;
    shape->row = (uint16_t)row;
    filling->shapes++;
    filling->flags |= shape->flags;
    for (unsigned i = 0; i < shape->words; i++) {
        encoder->rows[RN_COLUMN_WORD + i][row] = words[i];
        filling->used[i] |= words[i];
    }
}

static void set_row(struct rn_member_encoder *encoder, struct filling *filling,
                    const struct pending_key *key, struct pending_shape *shape)
{
    const struct pending_event *event = rn_member_event(encoder, key->event);
    const struct pending_attachment *attachments = attachments_of(encoder, shape);
    uint32_t row = filling->rows.rows++;

    if (shape->chunk != encoder->chunk)
        set_shape(encoder, filling, shape, row);
    encoder->like[row] = shape->row;
    encoder->rows[RN_COLUMN_STREAM][row] = shape->stream;
    encoder->rows[RN_COLUMN_ORDINAL][row] = event->ordinal;
    encoder->rows[RN_COLUMN_START][row] = key->start;
    encoder->rows[RN_COLUMN_DURATION][row] = event->duration;
    encoder->rows[RN_COLUMN_FLAGS][row] = shape->flags;
    encoder->rows[RN_COLUMN_ATTACHMENTS][row] = shape->attachments;
    for (unsigned i = 0; i < shape->attachments; i++) {
        encoder->tags[filling->rows.list_items] = attachments[i].tag;
        encoder->refs[filling->rows.list_items++] = attachments[i].ref;
    }
}

static void copy_likes(uint64_t *restrict column, const uint16_t *restrict like, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        column[i] = column[like[i]];
}

static void finish_columns(struct rn_member_encoder *encoder, struct filling *filling)
{
    struct rn_chunk_rows *rows = &filling->rows;
    unsigned words = rn_schema_get(rows->kind)->words;

    /* Where few rows are like others, keeping account of them costs more than it saves. */
    if (filling->shapes > rows->rows / 2)
        rows->like = NULL;
    if (filling->flags == 0)
        rows->column[RN_COLUMN_FLAGS] = NULL;
    for (unsigned i = 0; i < words; i++) {
        if (filling->used[i] == 0)
            rows->column[RN_COLUMN_WORD + i] = NULL;
        else if (filling->shapes < rows->rows)
            copy_likes(encoder->rows[RN_COLUMN_WORD + i], encoder->like, rows->rows);
    }
}

static enum rn_status make_columns(struct rn_member_encoder *encoder, struct rn_chunk_rows *rows,
                                   struct rn_error *err)
{
    unsigned words = rn_schema_get(rows->kind)->words;

    for (unsigned i = RN_COLUMN_STREAM; i < RN_COLUMN_WORD + words; i++) {
        if (i > RN_COLUMN_ATTACHMENTS && i < RN_COLUMN_WORD)
            continue;
        rows->column[i] = rn_member_rows(encoder, i);
        if (!rows->column[i])
            return rn_fail(err, RN_E_NOMEM, "no memory to encode a member");
    }
    return RN_OK;
}

static enum rn_status put_kind(struct rn_member_encoder *encoder, const struct group *group,
                               unsigned kind, struct rn_buf *out, struct rn_error *err)
{
    struct filling filling = {.rows = {.kind = (uint8_t)kind, .like = encoder->like}};
    enum rn_status status = make_columns(encoder, &filling.rows, err);

    if (status != RN_OK)
        return status;
    encoder->chunk++;
    for (uint32_t i = 0; i < group->count; i++) {
        struct pending_shape *shape = shape_of(encoder, &group->order[i]);

        if (shape->kind == kind)
            set_row(encoder, &filling, &group->order[i], shape);
    }
    finish_columns(encoder, &filling);
    return rn_member_put(encoder, &filling.rows, out, err);
}

static enum rn_status put_group(struct rn_member_encoder *encoder, const struct group *group,
                                struct rn_buf *out, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    encoder->group++;
    for (unsigned kind = 0; kind < RN_KIND_STREAM && status == RN_OK; kind++)
        if (group->kinds[kind])
            status = intern_kind(encoder, group, kind, err);
    if (status == RN_OK)
        status = rn_member_put_tables(encoder, out, err);
    if (status == RN_OK)
        status = rn_member_put_streams(encoder, out, err);
    for (unsigned kind = 0; kind < RN_KIND_STREAM && status == RN_OK; kind++)
        if (group->kinds[kind])
            status = put_kind(encoder, group, kind, out, err);
    return status;
}

/* The next events that form a group: snapshots and others never share one. */
static struct group cut_group(struct rn_member_encoder *encoder, const struct pending_key *order,
                              uint32_t count)
{
    struct group group = {.order = order,
                          .snapshots = shape_of(encoder, order)->flags & RN_EVENT_SNAPSHOT};
    uint32_t list_items = 0;

    while (group.count < count && group.count < RN_CHUNK_MAX_ROWS) {
        const struct pending_shape *shape = shape_of(encoder, &order[group.count]);

        if ((bool)(shape->flags & RN_EVENT_SNAPSHOT) != group.snapshots ||
            shape->attachments > RN_CHUNK_MAX_LIST - list_items)
            break;
        list_items += shape->attachments;
        group.kinds[shape->kind]++;
        group.count++;
    }
    return group;
}

static uint64_t total_lost(const struct rn_member_encoder *encoder, const struct group *group)
{
    uint64_t lost = 0;

    for (uint32_t i = 0; i < group->count; i++) {
        const struct pending_shape *shape = shape_of(encoder, &group->order[i]);

        if (shape->kind == RN_KIND_LOSS)
            lost +=
                rn_member_words(encoder, shape)[offsetof(struct rn_loss, count) / sizeof(uint64_t)];
    }
    return lost;
}

static void summarise(const struct rn_member_encoder *encoder, const struct group *group,
                      struct rn_member_summary *summary)
{
    if (group->snapshots)
        return;
    for (unsigned kind = 0; kind < RN_KIND_STREAM; kind++)
        summary->counts[kind] += group->kinds[kind];
    if (group->kinds[RN_KIND_LOSS])
        summary->lost += total_lost(encoder, group);
    if (summary->events == 0)
        summary->first = group->order[0].start;
    summary->events += group->count;
    summary->last = group->order[group->count - 1].start;
}

static enum rn_status put_groups(struct rn_member_encoder *encoder, struct rn_buf *out,
                                 struct rn_member_summary *summary, struct rn_error *err)
{
    const struct pending_key *order = (const struct pending_key *)(const void *)encoder->order.data;
    uint32_t count = (uint32_t)rn_member_pending(encoder);
    enum rn_status status = RN_OK;

    *summary = (struct rn_member_summary){.first = UINT64_MAX};
    for (uint32_t at = 0; at < count && status == RN_OK;) {
        struct group group = cut_group(encoder, order + at, count - at);

        summarise(encoder, &group, summary);
        status = put_group(encoder, &group, out, err);
        at += group.count;
    }
    return status;
}

static void set_inflight_row(struct rn_member_encoder *encoder, const struct rn_event *event,
                             uint32_t row)
{
    encoder->rows[RN_COLUMN_STREAM][row] = event->stream;
    encoder->rows[RN_COLUMN_ORDINAL][row] = 0;
    encoder->rows[RN_COLUMN_START][row] = event->start;
    encoder->rows[RN_COLUMN_DURATION][row] = event->duration;
    encoder->rows[RN_COLUMN_FLAGS][row] = event->flags;
    encoder->rows[RN_COLUMN_ATTACHMENTS][row] = 0;
    for (unsigned i = 0; i < rn_schema_get(RN_KIND_INFLIGHT)->words; i++)
        encoder->rows[RN_COLUMN_WORD + i][row] = event->u.words[i];
}

static enum rn_status put_inflight(struct rn_member_encoder *encoder, const struct rn_event *events,
                                   size_t count, struct rn_buf *out, struct rn_error *err)
{
    struct rn_chunk_rows rows = {.kind = RN_KIND_INFLIGHT};
    enum rn_status status = make_columns(encoder, &rows, err);

    if (status != RN_OK)
        return status;
    encoder->group++;
    for (size_t i = 0; i < count; i++)
        state(encoder, events[i].stream);
    status = rn_member_put_streams(encoder, out, err);
    for (size_t at = 0; at < count && status == RN_OK; at += rows.rows) {
        size_t some = count - at < RN_CHUNK_MAX_ROWS ? count - at : RN_CHUNK_MAX_ROWS;

        rows.rows = (uint32_t)some;
        for (uint32_t i = 0; i < rows.rows; i++)
            set_inflight_row(encoder, &events[at + i], i);
        status = rn_member_put(encoder, &rows, out, err);
    }
    return status;
}

enum rn_status rn_member_encode(struct rn_member_encoder *encoder,
                                const struct rn_member_head *head, struct rn_buf *out,
                                struct rn_member_summary *summary, struct rn_error *err)
{
    const struct rn_writer_commit_info *info = head->info;
    enum rn_status status = make_lists(encoder, err);

    rn_buf_clear(out);
    rn_buf_clear(&encoder->stated);
    encoder->group = 0;
    encoder->run++;
    if (status == RN_OK)
        status = rn_member_sort(encoder, err);
    if (status == RN_OK && head->segment_start)
        status = begin_segment(encoder, err);
    if (status == RN_OK)
        status = put_commit(encoder, head, out, err);
    if (status == RN_OK)
        status = put_clock(encoder, head, out, err);
    if (status == RN_OK)
        status = rn_member_put_clocks(encoder, head->segment_start, out, err);
    if (status == RN_OK)
        status = rn_member_put_streams(encoder, out, err);
    if (status == RN_OK)
        status = put_groups(encoder, out, summary, err);
    if (status == RN_OK && info && info->inflight_count)
        status = put_inflight(encoder, info->inflight, info->inflight_count, out, err);
    return status;
}

const char *rn_loss_text(uint64_t reason)
{
    static const char *const texts[] = {
        [RN_LOSS_OTHER] = "events were lost",
        [RN_LOSS_RING_FULL] = "events were lost because a ring was full",
        [RN_LOSS_DISK_FULL] = "events were lost because the disk was full",
        [RN_LOSS_MAX_SIZE] = "events were left out because the size limit was reached",
        [RN_LOSS_LAST] = "older events were dropped because only the newest were to be kept",
        [RN_LOSS_KILLED] = "the recording ended by force: events that were not committed are lost",
        [RN_LOSS_DAMAGED] = "part of the recording cannot be read",
    };

    return reason < sizeof texts / sizeof *texts ? texts[reason] : texts[RN_LOSS_OTHER];
}
