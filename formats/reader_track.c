/* SPDX-License-Identifier: MIT */
/* What is learnt from the chunks as they are handed out: the counts of an archive without an index,
 * and what recovery needs of an unsealed recording. */
#include "reader_private.h"

#include <stdlib.h>

static enum rn_status count_events(struct rn_reader *reader, struct reader_chunk *chunk,
                                   struct rn_error *err)
{
    const uint64_t *flags = rn_reader_chunk_column(reader, chunk, RN_COLUMN_FLAGS, err);
    uint8_t kind = chunk->header.kind;
    uint32_t snapshots = 0, events;

    if (!flags)
        return RN_E_FORMAT;
    for (uint32_t i = 0; i < chunk->header.rows; i++)
        snapshots += (flags[i] & RN_EVENT_SNAPSHOT) != 0;
    events = chunk->header.rows - snapshots;
    reader->seen.counts[kind] += events;
    reader->summary.events += events;
    if (events == 0)
        return RN_OK;
    if (chunk->header.first < reader->summary.first)
        reader->summary.first = chunk->header.first;
    if (chunk->header.last > reader->summary.last)
        reader->summary.last = chunk->header.last;
    return RN_OK;
}

static enum rn_status count_losses(struct rn_reader *reader, struct reader_chunk *chunk,
                                   struct rn_error *err)
{
    const uint64_t *count = rn_reader_chunk_column(reader, chunk, RN_COLUMN_WORD + 1, err);
    const uint64_t *reason =
        count ? rn_reader_chunk_column(reader, chunk, RN_COLUMN_WORD + 2, err) : NULL;

    if (!reason)
        return RN_E_FORMAT;
    for (uint32_t i = 0; i < chunk->header.rows; i++) {
        if (count[i] == 0 || reader->seen.lost >= UINT64_MAX - count[i])
            reader->seen.lost = UINT64_MAX;
        else
            reader->seen.lost += count[i];
        if (reason[i] != RN_LOSS_LAST)
            reader->recovery.stated_lost += count[i];
    }
    return RN_OK;
}

static enum rn_status note_clock(struct rn_reader *reader, struct reader_chunk *chunk,
                                 struct rn_error *err)
{
    struct rn_event event;
    enum rn_status status =
        rn_reader_chunk_event(reader, chunk, chunk->header.rows - 1, &event, err);

    if (status == RN_OK)
        reader->seen.end = event.u.clock;
    return status;
}

static void note_commit(struct reader_recovery *recovery, const struct rn_commit *commit)
{
    size_t at = 0;

    if (commit->generation == 0)
        return;
    while (at < recovery->committed_count && recovery->committed[at].source != commit->source)
        at++;
    if (at == RN_RING_SLOTS)
        return;
    recovery->committed_count += at == recovery->committed_count;
    recovery->committed[at] = *commit;
}

static enum rn_status note_stream(struct rn_reader *reader, const struct rn_event *event,
                                  struct rn_error *err)
{
    const struct rn_attachment *name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    struct rn_stream_entry *entry;
    enum rn_status status = rn_stream_map_get(&reader->recovery.streams,
                                              (uint32_t)event->u.stream_info.id, &entry, err);

    if (status != RN_OK)
        return status;
    entry->described = entry->known = true;
    entry->age = (uint32_t)reader->segments;
    entry->info = event->u.stream_info;
    free(entry->name);
    entry->name = name ? strndup((const char *)name->data, name->size) : NULL;
    return RN_OK;
}

/* A number that no recorder gives says nothing. */
static enum rn_status note_device_clock(struct rn_member_clocks *clocks,
                                        const struct rn_event *event, struct rn_error *err)
{
    uint64_t clock = event->u.device_clock.clock;

    if (clock == 0 || clock > RN_DEVICE_CLOCK_MAX)
        return RN_OK;
    return rn_member_clocks_note(clocks, event, err);
}

static enum rn_status note_housekeeping(struct rn_reader *reader, struct reader_chunk *chunk,
                                        struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (uint32_t i = 0; i < chunk->header.rows && status == RN_OK; i++) {
        struct rn_event event;

        status = rn_reader_chunk_event(reader, chunk, i, &event, err);
        if (status != RN_OK)
            break;
        if (chunk->header.kind == RN_KIND_COMMIT)
            note_commit(&reader->recovery, &event.u.commit);
        else if (chunk->header.kind == RN_KIND_DEVICE_CLOCK)
            status = note_device_clock(&reader->recovery.clocks, &event, err);
        else
            status = note_stream(reader, &event, err);
    }
    return status;
}

static enum rn_status note_events(struct rn_reader *reader, struct reader_chunk *chunk,
                                  struct rn_error *err)
{
    static const unsigned columns[] = {RN_COLUMN_STREAM, RN_COLUMN_ORDINAL, RN_COLUMN_START,
                                       RN_COLUMN_DURATION, RN_COLUMN_FLAGS};
    struct reader_recovery *recovery = &reader->recovery;
    const uint64_t *values[5];
    struct rn_stream_entry *entry;

    for (unsigned i = 0; i < 5; i++)
        if (!(values[i] = rn_reader_chunk_column(reader, chunk, columns[i], err)))
            return RN_E_FORMAT;
    for (uint32_t i = 0; i < chunk->header.rows; i++) {
        enum rn_status status =
            rn_stream_map_get(&recovery->streams, (uint32_t)values[0][i], &entry, err);

        if (status != RN_OK)
            return status;
        entry->age = (uint32_t)reader->segments;
        if (!(values[4][i] & RN_EVENT_SNAPSHOT) && values[1][i] >= entry->next_ordinal)
            entry->next_ordinal = values[1][i] + 1;
        if (chunk->header.kind == RN_KIND_SYSCALL && values[2][i] > entry->last_call)
            entry->last_call = values[2][i];
        if (values[2][i] + values[3][i] > recovery->latest)
            recovery->latest = values[2][i] + values[3][i];
    }
    return RN_OK;
}

/* A stream that still exists is named at the begin of each segment. */
static bool is_recent(const struct rn_stream_entry *entry, void *context)
{
    const struct rn_reader *reader = context;

    return (uint32_t)reader->segments - entry->age < 2;
}

/* Only an unsealed recording is continued from what it holds. */
static enum rn_status note_for_recovery(struct rn_reader *reader, struct reader_chunk *chunk,
                                        struct rn_error *err)
{
    uint8_t kind = chunk->header.kind;

    if (!reader->part || reader->stage == STAGE_RINGS)
        return RN_OK;
    if (kind == RN_KIND_COMMIT && reader->segment_start) {
        enum rn_status status =
            rn_stream_map_purge(&reader->recovery.streams, is_recent, reader, err);

        if (status != RN_OK)
            return status;
    }
    if (RN_KIND_IS_EVENT(kind))
        return note_events(reader, chunk, err);
    if (kind == RN_KIND_COMMIT || kind == RN_KIND_STREAM || kind == RN_KIND_DEVICE_CLOCK)
        return note_housekeeping(reader, chunk, err);
    return RN_OK;
}

enum rn_status rn_reader_track(struct rn_reader *reader, struct reader_chunk *chunk,
                               struct rn_error *err)
{
    uint8_t kind = chunk->header.kind;
    enum rn_status status = RN_OK;

    if (reader->has_index_offset || chunk->header.rows == 0)
        return RN_OK;
    if (RN_KIND_IS_EVENT(kind))
        status = count_events(reader, chunk, err);
    else if (kind == RN_KIND_CLOCK)
        status = note_clock(reader, chunk, err);
    if (status == RN_OK && kind == RN_KIND_LOSS)
        status = count_losses(reader, chunk, err);
    return status == RN_OK ? note_for_recovery(reader, chunk, err) : status;
}

enum rn_status rn_reader_end_member(struct rn_reader *reader, struct rn_error *err)
{
    if (reader->has_index_offset)
        return RN_OK;
    if (reader->summary.events == 0)
        reader->summary.first = reader->summary.last = reader->recovery.latest;
    return rn_index_add(&reader->seen, &reader->summary, err);
}
