/* SPDX-License-Identifier: MIT */
/* The tables of a space-time diagram. */
#include "plot_spacetime.h"

#include "causal_edge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const struct rn_plot_column row_columns[] = {{"row", false},     {"name", true},
                                                    {"pid", false},     {"events", false},
                                                    {"from_ns", false}, {"to_ns", false}};
static const struct rn_plot_column edge_columns[] = {
    {"from_ns", false}, {"from_row", false}, {"to_ns", false},
    {"to_row", false},  {"series", false},   {"proven", false},
    {"edges", false},   {"bytes", false},    {"mechanism", true}};

/* Mechanisms that are alike have one colour. */
static const struct rn_plot_series groups[] = {
    {"fork and exit", 0x777777}, {"pipes", 0x0072B2},          {"sockets", 0xD55E00},
    {"signals", 0xE69F00},       {"locks, futexes", 0x009E73}, {"files", 0x56B4E9},
    {"devices", 0xCC79A7},       {"trace context", 0x000000}};
#define GROUPS (sizeof groups / sizeof groups[0])

static const uint8_t group_of[RN_EDGE_MECHANISMS] = {
    [RN_EDGE_FORK] = 0,    [RN_EDGE_EXIT] = 0,       [RN_EDGE_PIPE] = 1,     [RN_EDGE_SOCKET] = 2,
    [RN_EDGE_CONNECT] = 2, [RN_EDGE_RIGHTS] = 2,     [RN_EDGE_DATAGRAM] = 2, [RN_EDGE_SIGNAL] = 3,
    [RN_EDGE_EVENTFD] = 4, [RN_EDGE_FUTEX] = 4,      [RN_EDGE_LOCK] = 4,     [RN_EDGE_FILE] = 5,
    [RN_EDGE_LAUNCH] = 6,  [RN_EDGE_COMPLETION] = 6, [RN_EDGE_CONTEXT] = 7,
};

/* Between different rows, both of which were selected. */
static bool is_between(const struct spacetime *state, const struct spacetime_edge *edge,
                       struct spacetime_row **from, struct spacetime_row **to)
{
    if (!edge->count)
        return false;
    *from = rn_id_map_get(&state->by_stream, edge->from_stream);
    *to = rn_id_map_get(&state->by_stream, edge->to_stream);
    return *from && *to && *from != *to;
}

/* And both have been chosen. */
static bool is_drawn(const struct spacetime *state, const struct spacetime_edge *edge,
                     struct spacetime_row **from, struct spacetime_row **to)
{
    return is_between(state, edge, from, to) && (*from)->number && (*to)->number;
}

static size_t count_drawn(struct spacetime *state)
{
    struct spacetime_row *from, *to;
    size_t drawn = 0;

    for (size_t i = 0; i < SPACETIME_EDGES; i++)
        drawn += is_drawn(state, &state->edges[i], &from, &to);
    return drawn;
}

static int by_edges(const void *a, const void *b)
{
    const struct spacetime_row *x = *(struct spacetime_row *const *)a,
                               *y = *(struct spacetime_row *const *)b;

    if (x->edges != y->edges)
        return x->edges > y->edges ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int by_begin(const void *a, const void *b)
{
    const struct spacetime_row *x = *(struct spacetime_row *const *)a,
                               *y = *(struct spacetime_row *const *)b;

    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    if (x->first_ns != y->first_ns)
        return x->first_ns < y->first_ns ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Those with the most edges; of each recording that was merged, in the order in which they began.
 */
static void choose_rows(struct rn_plot *plot)
{
    struct spacetime *state = plot->state;
    struct spacetime_row *from, *to;
    size_t shown = 0, left_out = 0;

    for (size_t i = 0; i < SPACETIME_EDGES; i++) {
        const struct spacetime_edge *edge = &state->edges[i];

        if (!is_between(state, edge, &from, &to))
            continue;
        from->edges += edge->count;
        to->edges += edge->count;
    }
    qsort(state->rows, state->row_count, sizeof(struct spacetime_row *), by_edges);
    while (shown < state->row_count && shown < SPACETIME_ROWS && state->rows[shown]->edges)
        shown++;
    for (size_t i = shown; i < state->row_count; i++)
        left_out += state->rows[i]->edges != 0;
    qsort(state->rows, shown, sizeof(struct spacetime_row *), by_begin);
    for (size_t i = 0; i < shown; i++) {
        state->rows[i]->number = (unsigned)i + 1;
        plot_label(plot, state->rows[i]->name);
    }
    plot->picture.rows = (unsigned)shown;
    if (left_out)
        plot_note(plot, "%zu processes of few edges left out", left_out);
}

static void put_rows(struct rn_plot *plot)
{
    struct spacetime *state = plot->state;
    struct rn_plot_table *table = plot_table_add(&plot->picture, "rows", PLOT_COLUMNS(row_columns));

    for (unsigned i = 0; i < plot->picture.rows; i++) {
        const struct spacetime_row *row = state->rows[i];
        union rn_plot_cell *cell = plot_table_row(table);

        if (!cell) {
            plot->no_memory = true;
            return;
        }
        cell[0].number = row->number;
        cell[1].text = row->name;
        cell[2].number = (double)row->pid;
        cell[3].number = (double)row->events;
        cell[4].number = row->first_ns == UINT64_MAX ? 0 : (double)row->first_ns;
        cell[5].number = (double)row->last_ns;
    }
}

static int by_time(const void *a, const void *b)
{
    const struct spacetime_edge *x = a, *y = b;

    if (x->from_ns != y->from_ns)
        return x->from_ns < y->from_ns ? -1 : 1;
    if (x->to_ns != y->to_ns)
        return x->to_ns < y->to_ns ? -1 : 1;
    return x->key < y->key ? -1 : x->key > y->key;
}

static void put_edges(struct rn_plot *plot, const uint8_t *series)
{
    struct spacetime *state = plot->state;
    struct rn_plot_table *table =
        plot_table_add(&plot->picture, "edges", PLOT_COLUMNS(edge_columns));
    struct spacetime_row *from, *to;

    /* The hash table is of no use any more. */
    qsort(state->edges, SPACETIME_EDGES, sizeof *state->edges, by_time);
    for (size_t i = 0; i < SPACETIME_EDGES; i++) {
        const struct spacetime_edge *edge = &state->edges[i];
        union rn_plot_cell *cell;

        if (!is_drawn(state, edge, &from, &to))
            continue;
        cell = plot_table_row(table);
        if (!cell) {
            plot->no_memory = true;
            return;
        }
        cell[0].number = (double)edge->from_ns;
        cell[1].number = from->number;
        cell[2].number = (double)edge->to_ns;
        cell[3].number = to->number;
        cell[4].number = series[group_of[edge->mechanism]];
        cell[5].number = edge->proven;
        cell[6].number = (double)edge->count;
        cell[7].number = (double)edge->bytes;
        cell[8].text = rn_edge_mechanism_name(edge->mechanism);
    }
}

static enum rn_status prepare(struct rn_plot *plot, bool used[GROUPS], struct rn_error *err)
{
    struct spacetime *state = plot->state;
    struct spacetime_row *from, *to;
    size_t before = state->edge_count;

    if (!state->any_edge) {
        (void)rn_fail(err, RN_E_USAGE,
                      "has no edges between processes: a space-time diagram is of what "
                      "rn-merge writes, of processes that had to do with each other");
        return rn_fail_in(err, plot->picture.source);
    }
    if (state->row_count)
        choose_rows(plot);
    while (count_drawn(state) > SPACETIME_ARROWS && state->width_ns < UINT64_C(1) << 62)
        if (!spacetime_widen(state))
            return rn_fail(err, RN_E_NOMEM, "no memory for a space-time diagram");
    if (!count_drawn(state))
        return plot_nothing(plot, "edges between different processes", err);
    if (state->edge_count < before || state->forgotten)
        plot_note(plot, "edges of about the same time are one arrow");
    for (size_t i = 0; i < SPACETIME_EDGES; i++)
        if (is_drawn(state, &state->edges[i], &from, &to))
            used[group_of[state->edges[i].mechanism]] = true;
    return RN_OK;
}

/* From the first to the last event of what is drawn, with a little room: other recordings that were
 * merged may have begun long before. */
static void time_axis(const struct rn_plot *plot, struct rn_plot_axis *axis)
{
    const struct spacetime *state = plot->state;
    double first = INFINITY, last = 0, room;

    plot_time_axis(plot, axis);
    for (unsigned i = 0; i < plot->picture.rows; i++) {
        if (state->rows[i]->first_ns == UINT64_MAX)
            continue;
        first = fmin(first, (double)state->rows[i]->first_ns);
        last = fmax(last, (double)state->rows[i]->last_ns);
    }
    room = (last - first) / 50;
    axis->min = fmax(axis->min, first - room);
    axis->max = fmax(axis->min + 1, fmin(axis->max, last) + room);
}

enum rn_status spacetime_finish(struct rn_plot *const *plots, unsigned count, struct rn_error *err)
{
    struct rn_plot_axis x = {.label = NULL}, y = {.label = "", .min = 0.4}, own;
    bool used[GROUPS] = {false};

    for (unsigned i = 0; i < count; i++) {
        enum rn_status status = prepare(plots[i], used, err);

        if (status != RN_OK)
            return status;
        time_axis(plots[i], &own);
        plot_axis_join(&x, &own);
        if (plots[i]->picture.rows + 0.6 > y.max)
            y.max = plots[i]->picture.rows + 0.6;
    }
    for (unsigned i = 0; i < count; i++) {
        uint8_t series[GROUPS] = {0};

        for (unsigned k = 0; k < GROUPS; k++)
            if (used[k])
                series[k] =
                    (uint8_t)plot_series_add(&plots[i]->picture, groups[k].name, groups[k].color);
        plots[i]->picture.x = x;
        plots[i]->picture.y = y;
        put_rows(plots[i]);
        put_edges(plots[i], series);
    }
    return RN_OK;
}
