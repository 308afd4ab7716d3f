/* SPDX-License-Identifier: MIT */
/* A merged recording: one reader for each source, and one for the edges, that share a file. */
#include "reader_join.h"
#include "reader_private.h"

#include <stdio.h>
#include <stdlib.h>

/* Members that were met before their source asked for them. A file that was written by the rules
 * makes next to none of them wait. */
#define WAITING_MAX (256u << 20)

struct waiting {
    struct waiting *next;
    struct rn_buf data;
    uint32_t number;
    uint64_t member_offset, data_offset;
};

/* A reader that is a part of another one. */
struct reader_part {
    struct rn_reader *whole;
    struct waiting *first, **end;
};

struct reader_merged {
    struct rn_reader **parts; /* 0: the edges; K: source K */
    size_t count;             /* with the edges */
    size_t waiting_bytes;
    struct rn_reader_join *join;
    bool joined;
    struct rn_reader *batch_part; /* whose member batches come from */
};

static struct rn_reader *part_new(struct rn_reader *whole, struct rn_error *err)
{
    struct rn_reader *reader = rn_reader_part_reader(whole, err);

    if (!reader)
        return NULL;
    reader->part_of = calloc(1, sizeof *reader->part_of);
    if (!reader->part_of) {
        rn_reader_free(reader);
        rn_fail(err, RN_E_NOMEM, "no memory for a reader");
        return NULL;
    }
    reader->part_of->whole = whole;
    reader->has_index_offset = whole->has_index_offset; /* then nothing need be counted */
    reader->part_of->end = &reader->part_of->first;
    return reader;
}

static bool has_none_waiting(void *context)
{
    return !((const struct rn_reader *)context)->part_of->first &&
           rn_reader_may_wait((const struct rn_reader *)context);
}

static enum rn_status join_parts(struct rn_reader *whole, struct rn_error *err)
{
    struct reader_merged *merged = whole->merged;
    enum rn_status status;

    merged->join = rn_reader_join_new();
    if (!merged->join)
        return rn_fail(err, RN_E_NOMEM, "no memory for a reader");
    status = rn_reader_join_add_whole(merged->join, merged->parts[0], has_none_waiting,
                                      merged->parts[0], err);
    for (size_t i = 1; i < merged->count && status == RN_OK; i++)
        status = rn_reader_join_add(merged->join, merged->parts[i], &whole->manifest.sources[i - 1],
                                    (uint32_t)i, err);
    return status;
}

enum rn_status rn_reader_merged_open(struct rn_reader *whole, struct rn_error *err)
{
    size_t count = whole->manifest.source_count + 1;
    struct reader_merged *merged = calloc(1, sizeof *merged);

    whole->merged = merged;
    if (!merged || !(merged->parts = calloc(count, sizeof *merged->parts)))
        return rn_fail(err, RN_E_NOMEM, "no memory for a reader");
    while (merged->count < count) {
        struct rn_reader *part = part_new(whole, err);

        if (!part)
            return RN_E_NOMEM;
        if (merged->count)
            part->place = &whole->manifest.sources[merged->count - 1];
        merged->parts[merged->count++] = part;
    }
    return join_parts(whole, err);
}

static struct waiting *take_waiting(struct reader_part *part)
{
    struct waiting *waiting = part->first;

    if (!waiting)
        return NULL;
    part->first = waiting->next;
    if (!part->first)
        part->end = &part->first;
    return waiting;
}

static void waiting_free(struct waiting *waiting)
{
    rn_buf_free(&waiting->data);
    free(waiting);
}

void rn_reader_merged_free(struct rn_reader *reader)
{
    struct reader_merged *merged = reader->merged;
    struct waiting *waiting;

    while (reader->part_of && (waiting = take_waiting(reader->part_of)))
        waiting_free(waiting);
    free(reader->part_of);
    if (!merged)
        return;
    rn_reader_join_free(merged->join);
    for (size_t i = 0; i < merged->count; i++)
        rn_reader_free(merged->parts[i]);
    free(merged->parts);
    free(merged);
}

/* The source of "sources/K/events/N.rnc" and N; 0 for "events/N.rnc"; -1: no such member. */
static long source_of(const char *name, uint32_t *number)
{
    char *end;
    unsigned long source;

    if (rn_archive_event_number(name, number))
        return 0;
    if (strncmp(name, RN_MEMBER_SOURCES, sizeof RN_MEMBER_SOURCES - 1) != 0)
        return -1;
    name += sizeof RN_MEMBER_SOURCES - 1;
    if (*name < '1' || *name > '9')
        return -1;
    source = strtoul(name, &end, 10);
    if (*end != '/' || source > RN_MANIFEST_MAX_SOURCES ||
        !rn_archive_event_number(end + 1, number))
        return -1;
    return (long)source;
}

/* What is lost need not be of one source alone. */
static void need_segments(struct rn_reader *whole)
{
    whole->failed = whole->incomplete = true;
    for (size_t i = 0; i < whole->merged->count; i++)
        whole->merged->parts[i]->need_segment = true;
}

static enum rn_status make_wait(struct rn_reader *whole, size_t source, uint32_t number,
                                const struct rn_archive_member *member, struct rn_error *err)
{
    struct reader_part *part = whole->merged->parts[source]->part_of;
    struct waiting *waiting = calloc(1, sizeof *waiting);
    enum rn_status status;

    if (!waiting)
        return rn_fail(err, RN_E_NOMEM, "no memory for a member");
    status = rn_archive_reader_data(whole->archive, RN_MEMBER_MAX, &waiting->data, err);
    if (status == RN_OK && waiting->data.size > WAITING_MAX - whole->merged->waiting_bytes) {
        rn_fail(err, RN_E_LIMIT,
                "members of the sources are so far from their order that %u MiB had to wait",
                WAITING_MAX >> 20);
        rn_fail_at(err, whole->name, member->offset);
        status = RN_E_LIMIT;
    }
    if (status != RN_OK) {
        waiting_free(waiting);
        return status;
    }
    whole->merged->waiting_bytes += waiting->data.size;
    waiting->number = number;
    waiting->member_offset = member->offset;
    waiting->data_offset = member->data_offset;
    *part->end = waiting;
    part->end = &waiting->next;
    return RN_OK;
}

/* The next member events/ of any source is put where that one waits for it. */
static enum rn_status read_on(struct rn_reader *whole, size_t *source, struct rn_error *err)
{
    struct rn_archive_member member;
    enum rn_status status;
    uint32_t number;

    if (whole->stage == STAGE_END)
        return RN_EOF;
    while ((status = rn_archive_reader_next(whole->archive, &member, err)) == RN_OK) {
        long found = source_of(member.name, &number);

        if (found < 0 || (size_t)found >= whole->merged->count)
            status = rn_reader_take_other(whole, whole->archive, &member, err);
        else
            status = make_wait(whole, (size_t)found, number, &member, err);
        if (status != RN_OK)
            break;
        whole->archive_end = member.end;
        if (found >= 0 && (size_t)found < whole->merged->count) {
            *source = (size_t)found;
            return RN_OK;
        }
    }
    if (status != RN_EOF) {
        need_segments(whole);
        return status;
    }
    whole->stage = STAGE_END;
    return rn_reader_check_end(whole, err);
}

enum rn_status rn_reader_merged_load(struct rn_reader *part, struct rn_error *err)
{
    struct rn_reader *whole = part->part_of->whole;
    struct waiting *waiting = take_waiting(part->part_of);
    enum rn_status status;
    size_t source;

    while (!waiting) {
        status = read_on(whole, &source, err);
        if (status != RN_OK)
            return status;
        waiting = take_waiting(part->part_of);
    }
    whole->merged->waiting_bytes -= waiting->data.size;
    rn_buf_free(&part->member);
    part->member = waiting->data;
    part->number = waiting->number;
    part->any_number = true;
    part->member_offset = waiting->member_offset;
    part->data_offset = waiting->data_offset;
    free(waiting);
    return RN_OK;
}

/* What was read of all sources, for a recording without an index. */
static void sum_up(struct rn_reader *whole)
{
    struct rn_index *seen = &whole->seen;

    memset(seen->counts, 0, sizeof seen->counts);
    seen->lost = 0;
    for (size_t i = 0; i < whole->merged->count; i++) {
        const struct rn_reader *part = whole->merged->parts[i];

        for (unsigned kind = 0; kind < RN_KIND_LIMIT; kind++)
            seen->counts[kind] += part->seen.counts[kind];
        seen->lost =
            part->seen.lost > UINT64_MAX - seen->lost ? UINT64_MAX : seen->lost + part->seen.lost;
        whole->incomplete |= part->incomplete;
    }
}

enum rn_status rn_reader_merged_next_event(struct rn_reader *whole, struct rn_event *event,
                                           struct rn_error *err)
{
    enum rn_status status = rn_reader_join_next(whole->merged->join, event, err);

    if (status == RN_EOF)
        sum_up(whole);
    return status;
}

/* Readings of clocks that are not those of the whole say nothing there; those of devices each source
 * numbers by itself, which is put right where rows are handed out as events. */
static bool is_of_whole(const struct rn_reader *part, uint8_t kind)
{
    if (!part->place)
        return true;
    return kind != RN_KIND_DEVICE_CLOCK && (kind != RN_KIND_CLOCK || !part->place->pieces);
}

/* In the order of the file. */
enum rn_status rn_reader_merged_next(struct rn_reader *whole, struct reader_chunk **chunk,
                                     struct rn_reader **from, struct rn_error *err)
{
    struct reader_merged *merged = whole->merged;
    enum rn_status status;
    size_t source;

    for (;;) {
        if (!merged->batch_part) {
            status = read_on(whole, &source, err);
            if (status == RN_EOF)
                sum_up(whole);
            if (status != RN_OK)
                return status;
            merged->batch_part = merged->parts[source];
            status = rn_reader_begin_chunks(merged->batch_part, err);
            if (status != RN_OK)
                return status;
        }
        *from = merged->batch_part;
        status = rn_reader_member_chunk(*from, (*from)->group[0], err);
        if (status == RN_EOF)
            status = rn_reader_leave_member(*from, err);
        else if (status == RN_OK) {
            *chunk = (*from)->group[0];
            if (is_of_whole(*from, (*chunk)->header.kind))
                return RN_OK;
            continue;
        }
        merged->batch_part = NULL;
        if (status != RN_OK)
            return status;
    }
}

bool rn_reader_merged_may_wait(const struct rn_reader *whole)
{
    const struct rn_reader *last = rn_reader_join_last(whole->merged->join);

    return !last || rn_reader_may_wait(last);
}

uint64_t rn_reader_merged_skipped(const struct rn_reader *whole, bool bytes)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < whole->merged->count; i++)
        sum +=
            bytes ? whole->merged->parts[i]->skipped_bytes : whole->merged->parts[i]->skipped_rows;
    return sum;
}
