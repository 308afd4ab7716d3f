/* SPDX-License-Identifier: MIT */
/* Lamport stamps while merging. Of each stream it is known how many events there were, and at which
 * of them an edge raised the stamps: a stamp is that of the last raise, plus what has been counted
 * since. */
#include "merge_private.h"

#include <stdlib.h>
#include <string.h>

/* Raises that are remembered of one stream. */
#define RAISES_MAX 4096u

struct raise {
    uint64_t position, stamp;
};

struct stamp_stream {
    uint64_t next;
    uint64_t stated;    /* 1 + greatest position whose stamp was stated */
    uint64_t promised;  /* 1 + greatest position that is the cause of a stated one */
    uint64_t forgotten; /* below this position stamps are not known any more */
    struct raise *raises;
    uint32_t count, room;
};

struct merge_stamps {
    uint64_t count;
    struct stamp_stream streams[];
};

struct merge_stamps *merge_stamps_new(uint64_t streams)
{
    struct merge_stamps *stamps;

    if (streams > UINT32_MAX)
        return NULL;
    stamps = calloc(1, sizeof *stamps + streams * sizeof *stamps->streams);
    if (stamps)
        stamps->count = streams;
    return stamps;
}

void merge_stamps_free(struct merge_stamps *stamps)
{
    for (uint64_t i = 0; stamps && i < stamps->count; i++)
        free(stamps->streams[i].raises);
    free(stamps);
}

uint64_t merge_stamps_next(struct merge_stamps *stamps, uint32_t stream)
{
    return stream < stamps->count ? stamps->streams[stream].next++ : 0;
}

/* Number of raises at or before the position. */
static uint32_t raises_until(const struct stamp_stream *stream, uint64_t position)
{
    uint32_t low = 0, high = stream->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (stream->raises[middle].position <= position)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint64_t stamp_at(const struct stamp_stream *stream, uint64_t position)
{
    uint32_t number = raises_until(stream, position);

    if (number == 0)
        return position + 1;
    return stream->raises[number - 1].stamp + (position - stream->raises[number - 1].position);
}

static bool make_room(struct stamp_stream *stream)
{
    struct raise *raises;
    uint32_t half = stream->count / 2, room = stream->room ? 2 * stream->room : 4;

    if (stream->count < stream->room)
        return true;
    if (stream->count >= RAISES_MAX) {
        stream->forgotten = stream->raises[half].position;
        memmove(stream->raises, stream->raises + half,
                (stream->count - half) * sizeof *stream->raises);
        stream->count -= half;
        return true;
    }
    raises = realloc(stream->raises, room * sizeof *raises);
    if (!raises)
        return false;
    stream->raises = raises;
    stream->room = room;
    return true;
}

/* Only ever at the end: see the conditions in merge_stamps_edge. */
static bool raise_to(struct stamp_stream *stream, uint64_t position, uint64_t stamp)
{
    struct raise *last = stream->count ? &stream->raises[stream->count - 1] : NULL;

    if (last && last->position == position) {
        last->stamp = stamp;
        return true;
    }
    if (!make_room(stream))
        return false;
    stream->raises[stream->count++] = (struct raise){position, stamp};
    return true;
}

bool merge_stamps_edge(struct merge_stamps *stamps, const struct rn_causal_edge *edge,
                       uint64_t *from, uint64_t *to)
{
    struct stamp_stream *cause, *effect;

    if (edge->from.stream >= stamps->count || edge->to.stream >= stamps->count)
        return false;
    cause = &stamps->streams[edge->from.stream];
    effect = &stamps->streams[edge->to.stream];
    if (edge->from.position < cause->forgotten || edge->to.position < effect->forgotten)
        return false;
    *from = stamp_at(cause, edge->from.position);
    *to = stamp_at(effect, edge->to.position);
    if (*to <= *from) {
        if (edge->to.position < effect->promised || edge->to.position + 1 < effect->stated ||
            *from == UINT64_MAX || !raise_to(effect, edge->to.position, *from + 1))
            return false;
        *to = *from + 1;
    }
    if (cause->promised <= edge->from.position)
        cause->promised = edge->from.position + 1;
    if (effect->stated <= edge->to.position)
        effect->stated = edge->to.position + 1;
    return true;
}

/* ---- edges that wait ---- */

static bool is_earlier(const struct rn_causal_edge *a, const struct rn_causal_edge *b)
{
    return a->to.end < b->to.end;
}

bool merge_held_push(struct merge_held *held, const struct rn_causal_edge *edge)
{
    size_t at = held->count;

    if (held->count == held->room) {
        size_t room = held->room ? 2 * held->room : 256;
        struct rn_causal_edge *heap = realloc(held->heap, room * sizeof *heap);

        if (!heap)
            return false;
        held->heap = heap;
        held->room = room;
    }
    held->count++;
    for (; at && is_earlier(edge, &held->heap[(at - 1) / 2]); at = (at - 1) / 2)
        held->heap[at] = held->heap[(at - 1) / 2];
    held->heap[at] = *edge;
    return true;
}

void merge_held_pop(struct merge_held *held, struct rn_causal_edge *edge)
{
    struct rn_causal_edge moved = held->heap[--held->count];
    size_t at = 0, child;

    *edge = held->heap[0];
    while ((child = 2 * at + 1) < held->count) {
        if (child + 1 < held->count && is_earlier(&held->heap[child + 1], &held->heap[child]))
            child++;
        if (!is_earlier(&held->heap[child], &moved))
            break;
        held->heap[at] = held->heap[child];
        at = child;
    }
    if (held->count)
        held->heap[at] = moved;
}

/* ---- rows that wait for their place ---- */

bool merge_rows_push(struct merge_rows *rows, const struct merge_edge_row *row)
{
    size_t at = rows->count;

    if (rows->count == rows->room) {
        size_t room = rows->room ? 2 * rows->room : 256;
        struct merge_edge_row *heap = realloc(rows->heap, room * sizeof *heap);

        if (!heap)
            return false;
        rows->heap = heap;
        rows->room = room;
    }
    rows->count++;
    for (; at && row->start < rows->heap[(at - 1) / 2].start; at = (at - 1) / 2)
        rows->heap[at] = rows->heap[(at - 1) / 2];
    rows->heap[at] = *row;
    return true;
}

void merge_rows_pop(struct merge_rows *rows, struct merge_edge_row *row)
{
    struct merge_edge_row moved = rows->heap[--rows->count];
    size_t at = 0, child;

    *row = rows->heap[0];
    while ((child = 2 * at + 1) < rows->count) {
        if (child + 1 < rows->count && rows->heap[child + 1].start < rows->heap[child].start)
            child++;
        if (rows->heap[child].start >= moved.start)
            break;
        rows->heap[at] = rows->heap[child];
        at = child;
    }
    if (rows->count)
        rows->heap[at] = moved;
}
