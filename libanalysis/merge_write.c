/* SPDX-License-Identifier: MIT */
/* All inputs are read side by side, by start. Their members are passed on as they are; each waits
 * until all edges to its events are known, so that these stand before it. */
#include "merge_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Edges that wait for others that come before them. */
#define HELD_MAX 131072u
/* Members that wait for edges. */
#define WAITING_BYTES_MAX (64u << 20)

struct writing;

/* One input while it is read. */
struct feed {
    struct writing *writing;
    size_t number;
    struct rn_reader *reader;
    struct merge_member *member; /* that is being read */
};

struct writing {
    struct rn_merge *merge;
    struct feed *feeds;
    struct rn_reader_join *join;
    struct rn_edge_finder *finder;
    struct merge_stamps *stamps;
    struct merge_held held;
    struct merge_rows rows;
    uint64_t now; /* greatest start of the events that were read */
    struct merge_output *output;
    struct merge_member *first, **end; /* members that wait */
    uint64_t next_member, written;     /* members with lesser numbers are written */
    size_t waiting_bytes;
};

/* ---- members ---- */

static enum rn_status no_memory(struct rn_error *err)
{
    return rn_fail(err, RN_E_NOMEM, "no memory to merge");
}

static enum rn_status on_events(void *context, uint32_t number, const uint8_t *data, size_t size,
                                struct rn_error *err)
{
    struct feed *feed = context;
    struct writing *writing = feed->writing;
    struct merge_member *member = calloc(1, sizeof *member);

    if (!member || !rn_buf_reserve(&member->bytes, size)) {
        free(member);
        return no_memory(err);
    }
    rn_buf_append(&member->bytes, data, size);
    snprintf(member->name, sizeof member->name,
             RN_MEMBER_SOURCES "%zu/" RN_MEMBER_EVENTS "%06u.rnc", feed->number, number);
    member->number = writing->next_member++;
    member->loaded_at = writing->now;
    if (feed->member)
        feed->member->whole = true;
    feed->member = member;
    *writing->end = member;
    writing->end = &member->next;
    writing->waiting_bytes += size;
    return RN_OK;
}

static void on_member(void *context, const char *name, const uint8_t *data, size_t size)
{
    struct feed *feed = context;
    char full[300];
    struct rn_error ignored = RN_ERROR_INIT;
    int length = snprintf(full, sizeof full, RN_MEMBER_SOURCES "%zu/%s", feed->number, name);

    /* Facts about the machine: the merge stands without them. */
    if (length > 0 && (size_t)length < sizeof full &&
        strncmp(name, RN_MEMBER_ENV, sizeof RN_MEMBER_ENV - 1) == 0 &&
        merge_output_file(feed->writing->output, full, data, size, &ignored) != RN_OK)
        return;
}

static void member_free(struct merge_member *member)
{
    rn_buf_free(&member->bytes);
    free(member);
}

static enum rn_status write_first(struct writing *writing, struct rn_error *err)
{
    struct merge_member *member = writing->first;
    uint64_t until = member->next ? member->next->loaded_at : UINT64_MAX;
    enum rn_status status = merge_output_edges(writing->output, &writing->rows, until, err);

    if (status == RN_OK)
        status = merge_output_member(writing->output, member, err);
    writing->first = member->next;
    if (!writing->first)
        writing->end = &writing->first;
    writing->waiting_bytes -= member->bytes.size;
    writing->written = member->number + 1;
    member_free(member);
    return status;
}

/* Before a member stand the edges to events that a reader hands out until it asks for the next
 * one. */
static bool can_write(const struct writing *writing, uint64_t frontier)
{
    const struct merge_member *member = writing->first;

    if (!member || frontier == UINT64_MAX)
        return member != NULL;
    return member->whole && member->next &&
           (member->last_end < frontier || writing->waiting_bytes > WAITING_BYTES_MAX);
}

/* Those to whose events no more edges can come. */
static enum rn_status write_members(struct writing *writing, uint64_t frontier,
                                    struct rn_error *err)
{
    enum rn_status status = RN_OK;

    while (status == RN_OK && can_write(writing, frontier))
        status = write_first(writing, err);
    return status;
}

/* ---- edges ---- */

static void count_edge(struct rn_merge_totals *totals, const struct rn_causal_edge *edge)
{
    bool proven = edge->certainty == RN_EDGE_PROVEN;

    totals->proven += proven;
    totals->inferred += !proven;
    totals->by_mechanism[edge->mechanism][proven]++;
    totals->violations += proven && edge->to.end < edge->from.start;
}

static enum rn_status write_edge(struct writing *writing, struct rn_causal_edge *edge,
                                 struct rn_error *err)
{
    bool in_time = edge->to.member >= writing->written;
    struct merge_edge_row row = {.start = edge->to.start};
    struct rn_merge_totals *totals = &writing->merge->totals;

    if (edge->certainty == RN_EDGE_PROVEN &&
        (!in_time ||
         !merge_stamps_edge(writing->stamps, edge, &row.edge.from_lamport, &row.edge.lamport))) {
        edge->certainty = RN_EDGE_INFERRED;
        row.edge.lamport = row.edge.from_lamport = 0;
        totals->demoted++;
    }
    if (edge->certainty == RN_EDGE_INFERRED && writing->merge->options.no_inferred)
        return RN_OK;
    count_edge(totals, edge);
    row.edge.from_stream = edge->from.stream;
    row.edge.from_ordinal = edge->from.ordinal;
    row.edge.to_stream = edge->to.stream;
    row.edge.to_ordinal = edge->to.ordinal;
    row.edge.mechanism = edge->mechanism;
    row.edge.certainty = edge->certainty;
    row.edge.from_start = edge->from.start;
    row.edge.from_end = edge->from.end;
    row.edge.to_end = edge->to.end;
    row.edge.bytes = edge->bytes;
    return merge_rows_push(&writing->rows, &row) ? RN_OK : no_memory(err);
}

/* Edges whose effects ended before `frontier`, in the order of these ends. */
static enum rn_status write_edges(struct writing *writing, uint64_t frontier, struct rn_error *err)
{
    struct rn_causal_edge edge;
    enum rn_status status = RN_OK;

    while (rn_edge_finder_next(writing->finder, &edge))
        if (!merge_held_push(&writing->held, &edge))
            return no_memory(err);
    while (status == RN_OK && writing->held.count &&
           (writing->held.heap[0].to.end < frontier || writing->held.count > HELD_MAX)) {
        merge_held_pop(&writing->held, &edge);
        status = write_edge(writing, &edge, err);
    }
    return status;
}

/* ---- events ---- */

static enum rn_status take_event(struct writing *writing, const struct rn_event *event,
                                 struct rn_error *err)
{
    struct feed *feed = &writing->feeds[event->source - 1];
    const struct rn_manifest_source *source = &writing->merge->manifest.sources[event->source - 1];
    uint64_t position = 0, end = event->start + event->duration;

    if (event->stream < source->first_stream ||
        event->stream - source->first_stream >= source->streams)
        return rn_fail(err, RN_E_FORMAT, "an event is of a stream that is not known");
    if (rn_event_has_stamp(event)) {
        position = merge_stamps_next(writing->stamps, event->stream);
        if (event->start > writing->now)
            writing->now = event->start;
        if (feed->member && end > feed->member->last_end)
            feed->member->last_end = end;
    }
    return rn_edge_finder_feed_at(writing->finder, event, position,
                                  feed->member ? feed->member->number : 0, err);
}

static enum rn_status run(struct writing *writing, struct rn_error *err)
{
    struct rn_event event;
    uint64_t frontier, before = 0;
    enum rn_status status;

    while ((status = rn_reader_join_next(writing->join, &event, err)) == RN_OK) {
        status = take_event(writing, &event, err);
        frontier = rn_edge_finder_frontier(writing->finder);
        if (status == RN_OK && frontier != before) {
            status = write_edges(writing, frontier, err);
            if (status == RN_OK && writing->first && writing->first->whole)
                status = write_members(writing, frontier, err);
            before = frontier;
        }
        if (status != RN_OK)
            return status;
    }
    if (status != RN_EOF)
        return status;
    status = rn_edge_finder_finish(writing->finder, err);
    if (status == RN_OK)
        status = write_edges(writing, UINT64_MAX, err);
    return status == RN_OK ? write_members(writing, UINT64_MAX, err) : status;
}

/* ---- begin and end ---- */

static enum rn_status open_feed(struct writing *writing, size_t i, struct rn_error *err)
{
    struct rn_merge *merge = writing->merge;
    struct feed *feed = &writing->feeds[i];
    enum rn_status status = rn_reader_open(merge->inputs[i].path, &feed->reader, err);

    if (status != RN_OK)
        return status;
    if (i)
        rn_reader_share(feed->reader, writing->feeds[0].reader);
    feed->writing = writing;
    feed->number = i + 1;
    rn_reader_on_events(feed->reader, on_events, feed);
    rn_reader_on_member(feed->reader, on_member, feed);
    if (merge->inputs[i].distrusted)
        rn_edge_finder_distrust(writing->finder, (uint32_t)(i + 1));
    return rn_reader_join_add(writing->join, feed->reader, &merge->manifest.sources[i],
                              (uint32_t)(i + 1), err);
}

static enum rn_status begin(struct writing *writing, int fd, const char *name, struct rn_error *err)
{
    struct rn_merge *merge = writing->merge;
    const struct rn_manifest_source *last = &merge->manifest.sources[merge->count - 1];
    struct rn_edge_finder_options options = {.manifest = &merge->manifest};
    enum rn_status status;

    writing->end = &writing->first;
    writing->feeds = calloc(merge->count, sizeof *writing->feeds);
    writing->join = rn_reader_join_new();
    writing->stamps = merge_stamps_new((uint64_t)last->first_stream + last->streams);
    if (!writing->feeds || !writing->join || !writing->stamps)
        return no_memory(err);
    status = rn_edge_finder_new(&options, &writing->finder, err);
    for (size_t i = 0; i < merge->count && status == RN_OK; i++)
        status = open_feed(writing, i, err);
    return status == RN_OK ? merge_output_new(merge, fd, name, &writing->output, err) : status;
}

static void finish(struct writing *writing)
{
    while (writing->first) {
        struct merge_member *member = writing->first;

        writing->first = member->next;
        member_free(member);
    }
    rn_reader_join_free(writing->join);
    for (size_t i = writing->merge->count; writing->feeds && i-- > 0;)
        rn_reader_free(writing->feeds[i].reader);
    free(writing->feeds);
    free(writing->held.heap);
    free(writing->rows.heap);
    rn_edge_finder_free(writing->finder);
    merge_stamps_free(writing->stamps);
    merge_output_free(writing->output);
}

enum rn_status rn_merge_write(struct rn_merge *merge, int fd, const char *name,
                              struct rn_error *err)
{
    struct writing writing = {.merge = merge};
    enum rn_status status;

    if (merge->count == 0)
        return rn_fail(err, RN_E_USAGE, "there is nothing to merge");
    status = merge->synchronised ? RN_OK : rn_merge_synchronise(merge, err);
    if (status == RN_OK)
        status = begin(&writing, fd, name, err);
    if (status == RN_OK)
        status = run(&writing, err);
    if (status == RN_OK)
        status = merge_output_finish(writing.output, err);
    if (writing.finder) {
        merge->totals.forgotten = rn_edge_finder_forgotten(writing.finder);
        for (size_t i = 0; i < merge->count; i++)
            for (unsigned kind = 0; kind < RN_KIND_LIMIT; kind++)
                merge->totals.events += merge->inputs[i].counts[kind];
    }
    finish(&writing);
    return status;
}
