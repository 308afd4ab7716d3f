/* SPDX-License-Identifier: MIT */
/* Which rows of a timeline are drawn, in which order, and what lies beside what in each. */
#include "plot_timeline_rows.h"
#include "plot_timeline.h"

#include <stdio.h>
#include <stdlib.h>

/* A process's threads, then its queues; processes in the order in which they came about. */
static int by_place(const void *a, const void *b)
{
    const struct timeline_row *x = *(struct timeline_row *const *)a,
                              *y = *(struct timeline_row *const *)b;

    if (x->process != y->process)
        return x->process < y->process ? -1 : 1;
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    return x->stream < y->stream ? -1 : x->stream > y->stream;
}

static int by_events(const void *a, const void *b)
{
    const struct timeline_row *x = *(struct timeline_row *const *)a,
                              *y = *(struct timeline_row *const *)b;

    if (x->events != y->events)
        return x->events > y->events ? -1 : 1;
    return by_place(a, b);
}

static bool merge_row(const struct rn_plot *plot, struct timeline *timeline,
                      struct timeline_row *row)
{
    struct timeline_row *others = timeline->others;

    if (!timeline_row_bin(plot, row))
        return false;
    plot_bins_merge(&others->bins, &row->bins);
    plot_bins_free(&row->bins);
    for (unsigned level = 0; level < LEVELS; level++)
        others->levels[level] |= row->levels[level];
    others->members++;
    others->events += row->events;
    if (row->first_ns < others->first_ns)
        others->first_ns = row->first_ns;
    if (row->last_ns > others->last_ns)
        others->last_ns = row->last_ns;
    return true;
}

/* Rows with the most events are drawn, the others as one. False without memory. */
static bool choose_rows(const struct rn_plot *plot, struct timeline *timeline)
{
    size_t shown = timeline->count;

    if (shown + (timeline->others != NULL) > TIMELINE_ROWS)
        shown = TIMELINE_ROWS - 1;
    if (shown < timeline->count && !timeline->others) {
        timeline->others = calloc(1, sizeof *timeline->others);
        if (!timeline->others)
            return false;
        timeline->others->first_ns = UINT64_MAX;
        if (!timeline_row_bin(plot, timeline->others))
            return false;
    }
    qsort(timeline->rows, timeline->count, sizeof(struct timeline_row *), by_events);
    for (size_t i = 0; i < timeline->count; i++) {
        timeline->rows[i]->shown = i < shown;
        if (i >= shown && !merge_row(plot, timeline, timeline->rows[i]))
            return false;
    }
    qsort(timeline->rows, timeline->count, sizeof(struct timeline_row *), by_place);
    if (timeline->others) {
        timeline->others->shown = true;
        snprintf(timeline->others->name, sizeof timeline->others->name, "%u others",
                 timeline->others->members);
    }
    return true;
}

static int by_start(const void *a, const void *b)
{
    const struct timeline_mark *x = a, *y = b;

    if (x->start_ns != y->start_ns)
        return x->start_ns < y->start_ns ? -1 : 1;
    if (x->end_ns != y->end_ns)
        return x->end_ns > y->end_ns ? -1 : 1;
    return x->category < y->category ? -1 : x->category > y->category;
}

/* What overlaps goes into the first lane that is free; where there is none, on top of the last. */
static void lanes_of_queue(struct timeline_row *row)
{
    uint64_t free_at[QUEUE_LANES] = {0};

    row->lanes = 1;
    for (size_t i = 0; i < row->count; i++) {
        unsigned lane = 0;

        while (lane < QUEUE_LANES - 1 && free_at[lane] > row->marks[i].start_ns)
            lane++;
        row->marks[i].lane = (uint8_t)lane;
        if (row->marks[i].end_ns > free_at[lane])
            free_at[lane] = row->marks[i].end_ns;
        if (lane + 1 > row->lanes)
            row->lanes = lane + 1;
    }
}

/* Spans lie in each other, as marks in order of their begins show. */
static void nest_spans(struct timeline_row *row)
{
    uint64_t open[LEVEL_API];
    unsigned depth = 0;

    for (size_t i = 0; i < row->count; i++) {
        struct timeline_mark *mark = &row->marks[i];

        if (mark->category != PLOT_SPANS)
            continue;
        while (depth && open[depth - 1] <= mark->start_ns)
            depth--;
        if (depth < LEVEL_API)
            open[depth++] = mark->end_ns;
        mark->level = (uint8_t)(depth - 1);
        row->levels[mark->level] = true;
    }
}

static void lanes_of_thread(struct timeline_row *row)
{
    nest_spans(row);
    row->lanes = 0;
    for (unsigned level = 0; level < LEVELS; level++) {
        row->lane_of[level] = (uint8_t)row->lanes;
        row->lanes += row->levels[level];
    }
    for (size_t i = 0; i < row->count; i++)
        row->marks[i].lane = row->lane_of[row->marks[i].level];
    if (!row->lanes)
        row->lanes = 1;
}

static double place_row(struct timeline_row *row, double y)
{
    if (row->count)
        qsort(row->marks, row->count, sizeof *row->marks, by_start);
    if (row->type == RN_STREAM_QUEUE && !row->calls_binned)
        lanes_of_queue(row);
    else
        lanes_of_thread(row);
    row->y_low = y;
    row->y_high = y + 0.4 + 0.6 * row->lanes;
    return row->y_high;
}

bool timeline_place_rows(struct rn_plot *plot, struct timeline *timeline)
{
    double y = 0;
    unsigned number = 0;

    if (!choose_rows(plot, timeline))
        return false;
    for (size_t i = 0; i <= timeline->count; i++) {
        struct timeline_row *row = i < timeline->count ? timeline->rows[i] : timeline->others;

        if (!row || !row->shown)
            continue;
        row->number = ++number;
        y = place_row(row, y);
        plot_label(plot, row->name);
    }
    plot->picture.rows = number;
    plot->picture.y = (struct rn_plot_axis){.label = "", .min = 0, .max = y > 0 ? y : 1};
    return true;
}
