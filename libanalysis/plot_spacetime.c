/* SPDX-License-Identifier: MIT */
/* Which process led to what in which other one: a space-time diagram (L. Lamport) of a merged
 * recording. Edges between the same two threads that begin and end in the same bins of time are
 * one.
 */
#include "plot_spacetime.h"

#include "formats/crc64.h"

#include <stdio.h>
#include <stdlib.h>

static bool spacetime_begin(struct rn_plot *plot)
{
    struct spacetime *state = plot->state = calloc(1, sizeof *state);

    if (!state)
        return false;
    state->width_ns = 1;
    state->edges = calloc(SPACETIME_EDGES, sizeof *state->edges);
    return state->edges;
}

static void spacetime_free(struct rn_plot *plot)
{
    struct spacetime *state = plot->state;

    if (!state)
        return;
    for (size_t i = 0; i < state->row_count; i++)
        free(state->rows[i]);
    free(state->rows);
    free(state->edges);
    rn_id_map_free(&state->by_process);
    rn_id_map_free(&state->by_stream);
    free(state);
}

/* ---- rows ---- */

/* Its index; the number of sources where it is none of them. */
static uint32_t source_of(const struct rn_plot *plot, uint64_t stream)
{
    const struct rn_manifest *merged = plot->manifest;
    uint32_t i = 0;

    while (i < merged->source_count &&
           (stream < merged->sources[i].first_stream ||
            stream - merged->sources[i].first_stream >= merged->sources[i].streams))
        i++;
    return i;
}

/* Does the merged recording know several hosts? */
static bool several_hosts(const struct rn_manifest *merged)
{
    for (size_t i = 1; i < merged->source_count; i++) {
        const char *first = merged->sources[0].manifest->host;
        const char *host = merged->sources[i].manifest->host;

        if (first && host && strcmp(first, host) != 0)
            return true;
    }
    return false;
}

static void name_row(struct rn_plot *plot, struct spacetime_row *row, uint64_t stream)
{
    const struct rn_thread_info *thread = rn_trace_thread(plot->trace, stream);
    const struct rn_manifest *merged = plot->manifest;
    uint32_t source = source_of(plot, stream);
    const char *host = "", *name = thread->name;

    if (several_hosts(merged) && source < merged->source_count &&
        merged->sources[source].manifest->host)
        host = merged->sources[source].manifest->host;
    if (thread->process && strcmp(thread->process->name, "?") != 0)
        name = thread->process->name;
    if (thread->process)
        snprintf(row->name, sizeof row->name, "%.20s%s%.40s %llu", host, *host ? ":" : "", name,
                 (unsigned long long)thread->pid);
    else
        snprintf(row->name, sizeof row->name, "%.20s%s%.40s", host, *host ? ":" : "", name);
    row->pid = thread->pid;
    row->source = source;
}

static struct spacetime_row *row_new(struct rn_plot *plot, uint64_t key)
{
    struct spacetime *state = plot->state;
    struct spacetime_row **rows =
        reallocarray(state->rows, state->row_count + 1, sizeof(struct spacetime_row *));
    struct spacetime_row *row = rows ? calloc(1, sizeof *row) : NULL;

    if (rows)
        state->rows = rows;
    if (!row || !rn_id_map_set(&state->by_process, key, row)) {
        free(row);
        plot->no_memory = true;
        return NULL;
    }
    rows[state->row_count++] = row;
    row->first_ns = UINT64_MAX;
    row->order = state->row_count;
    return row;
}

static struct spacetime_row *row_of(struct rn_plot *plot, uint64_t stream)
{
    struct spacetime *state = plot->state;
    struct spacetime_row *row = rn_id_map_get(&state->by_stream, stream);
    const struct rn_thread_info *thread;
    uint64_t key;

    if (row)
        return row;
    thread = rn_trace_thread(plot->trace, stream);
    /* A queue, and what belongs to no process, is a row of its own. */
    key = thread->process && thread->type == RN_STREAM_THREAD ? thread->process->serial
                                                              : stream | UINT64_C(1) << 63;
    row = rn_id_map_get(&state->by_process, key);
    if (!row && state->row_count >= SPACETIME_TRACKED)
        key = UINT64_MAX; /* all others */
    if (!row)
        row = rn_id_map_get(&state->by_process, key);
    if (!row) {
        row = row_new(plot, key);
        if (row)
            name_row(plot, row, stream);
        if (row && key == UINT64_MAX)
            snprintf(row->name, sizeof row->name, "others");
    }
    if (row && !rn_id_map_set(&state->by_stream, stream, row))
        plot->no_memory = true;
    return row;
}

static enum rn_status spacetime_add(struct rn_plot *plot, const struct plot_sample *sample,
                                    struct rn_error *err)
{
    struct spacetime_row *row = row_of(plot, sample->stream);

    if (!row)
        return rn_fail(err, RN_E_NOMEM, "no memory for a space-time diagram");
    row->events++;
    if (sample->start_ns < row->first_ns)
        row->first_ns = sample->start_ns;
    if (sample->end_ns > row->last_ns)
        row->last_ns = sample->end_ns;
    return RN_OK;
}

/* ---- edges ---- */

static uint64_t key_of(const struct spacetime_edge *edge, uint64_t width_ns)
{
    uint64_t words[5] = {edge->from_stream, edge->to_stream, edge->mechanism * 2u + edge->proven,
                         edge->from_ns / width_ns, edge->to_ns / width_ns};

    return rn_crc64(0, words, sizeof words);
}

/* Its place, or where it belongs. There is always a free one. */
static struct spacetime_edge *find(struct spacetime_edge *edges, uint64_t key)
{
    size_t i = key % SPACETIME_EDGES;

    while (edges[i].count && edges[i].key != key)
        i = (i + 1) % SPACETIME_EDGES;
    return &edges[i];
}

static void put(struct spacetime *state, const struct spacetime_edge *edge)
{
    uint64_t key = key_of(edge, state->width_ns);
    struct spacetime_edge *place = find(state->edges, key);

    if (place->count) {
        place->count += edge->count;
        place->bytes += edge->bytes;
        /* The first of them is what is drawn, in whichever order they are put together. */
        if (edge->from_ns < place->from_ns) {
            place->from_ns = edge->from_ns;
            place->to_ns = edge->to_ns;
        }
        return;
    }
    *place = *edge;
    place->key = key;
    state->edge_count++;
}

bool spacetime_widen(struct spacetime *state)
{
    struct spacetime_edge *old = state->edges;

    state->edges = calloc(SPACETIME_EDGES, sizeof *state->edges);
    if (!state->edges) {
        state->edges = old;
        return false;
    }
    state->edge_count = 0;
    state->width_ns *= 2;
    for (size_t i = 0; i < SPACETIME_EDGES; i++)
        if (old[i].count)
            put(state, &old[i]);
    free(old);
    return true;
}

static void note_edge(struct rn_plot *plot, const struct rn_event *event)
{
    struct spacetime *state = plot->state;
    const struct rn_clock *clock = rn_trace_clock(plot->trace);
    const struct rn_edge *edge = &event->u.edge;
    struct spacetime_edge seen = {
        .from_stream = (uint32_t)edge->from_stream,
        .to_stream = (uint32_t)edge->to_stream,
        .from_ns = rn_clock_since_start(clock, edge->from_start),
        .to_ns = rn_clock_since_start(clock, edge->to_end),
        .mechanism = (uint8_t)edge->mechanism,
        .proven = edge->certainty == RN_EDGE_PROVEN,
        .count = 1,
        .bytes = edge->bytes,
    };
    uint64_t from, to;

    if (edge->mechanism == RN_EDGE_STAMP || edge->mechanism >= RN_EDGE_MECHANISMS ||
        seen.from_stream == seen.to_stream)
        return;
    state->any_edge = true;
    if (plot->filter && rn_filter_time(plot->filter, &from, &to) &&
        (seen.from_ns < from || (seen.to_ns >= to && to != UINT64_MAX)))
        return;
    /* Widths that no number of bins needs: times may be far apart, and edges many. */
    while (state->edge_count >= SPACETIME_EDGES / 2 && state->width_ns < UINT64_C(1) << 62)
        if (!spacetime_widen(state)) {
            plot->no_memory = true;
            return;
        }
    if (state->edge_count < SPACETIME_EDGES / 2)
        put(state, &seen);
    else
        state->forgotten++;
}

static void spacetime_note(struct rn_plot *plot, const struct rn_event *event)
{
    struct spacetime *state = plot->state;
    struct spacetime_row *row;

    if (event->kind == RN_KIND_EDGE) {
        note_edge(plot, event);
        return;
    }
    row = rn_id_map_get(&state->by_stream, event->stream);
    if (row && event->kind == RN_KIND_PROCESS &&
        row != rn_id_map_get(&state->by_process, UINT64_MAX))
        name_row(plot, row, event->stream);
}

const struct plot_method plot_spacetime = {
    .name = "spacetime",
    .title = "Space-time diagram",
    .kinds = PLOT_WORK | 1ull << RN_KIND_PROCESS | 1ull << RN_KIND_SIGNAL,
    .begin = spacetime_begin,
    .add = spacetime_add,
    .note = spacetime_note,
    .finish = spacetime_finish,
    .free = spacetime_free,
};
