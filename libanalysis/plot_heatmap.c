/* SPDX-License-Identifier: MIT */
/* How many events took how long, over time. */
#include "plot_private.h"

#include "summary_groups.h"

#include <math.h>
#include <stdlib.h>

#define COLUMNS 512u /* of time, while reading; half of that is drawn */

static const struct rn_plot_column cell_columns[] = {
    {"from_ns", false}, {"to_ns", false}, {"low_ns", false}, {"high_ns", false}, {"events", false}};

static bool heatmap_begin(struct rn_plot *plot)
{
    plot->state = calloc(1, sizeof(struct plot_bins));
    return plot->state && plot_bins_new(plot, plot->state, COLUMNS, PLOT_DURATIONS);
}

static void heatmap_free(struct rn_plot *plot)
{
    if (plot->state)
        plot_bins_free(plot->state);
    free(plot->state);
}

/* Counted events are spread over the time in which they were. */
static void add_counted(struct rn_plot *plot, const struct plot_sample *sample)
{
    uint64_t value[RN_SUMMARY_BUCKETS], times[RN_SUMMARY_BUCKETS];
    size_t count =
        rn_summary_take_histogram(sample->event, rn_trace_clock(plot->trace), value, times);

    for (size_t i = 0; i < count; i++)
        if (plot_duration_bin(value[i]) > 0)
            plot_bins_add(plot->state, plot_duration_bin(value[i]), sample->start_ns,
                          sample->end_ns, (double)times[i]);
}

static enum rn_status heatmap_add(struct rn_plot *plot, const struct plot_sample *sample,
                                  struct rn_error *err)
{
    unsigned bin = plot_duration_bin(sample->end_ns - sample->start_ns);

    (void)err;
    if (sample->kind == RN_KIND_AGGREGATE) {
        add_counted(plot, sample);
        return RN_OK;
    }
    /* What took no time, as an exit, has no place on a logarithmic scale. */
    if (bin > 0)
        plot_bins_add(plot->state, bin, sample->start_ns, sample->start_ns, 1);
    return RN_OK;
}

static void put_cell(struct rn_plot *plot, struct rn_plot_table *table, uint64_t column,
                     unsigned duration, double events)
{
    const struct plot_bins *bins = plot->state;
    union rn_plot_cell *cell = plot_table_row(table);

    if (!cell) {
        plot->no_memory = true;
        return;
    }
    cell[0].number = (double)plot_bins_begin(bins, column);
    cell[1].number = (double)plot_bins_end(bins, column);
    cell[2].number = plot_duration_low(duration);
    cell[3].number = plot_duration_low(duration + 1);
    cell[4].number = events;
}

static void make_table(struct rn_plot *plot)
{
    struct rn_plot_picture *picture = &plot->picture;
    struct rn_plot_table *table = plot_table_add(picture, "cells", PLOT_COLUMNS(cell_columns));
    struct plot_bins *bins = plot->state;
    uint64_t used;

    used = plot_bins_finish(bins, plot_end_ns(plot), plot_bin_count(picture->events, COLUMNS / 2));
    picture->y = (struct rn_plot_axis){
        .label = "duration", .unit = RN_PLOT_UNIT_NS, .min = INFINITY, .log = true};
    picture->color = (struct rn_plot_axis){.label = "events", .min = 1, .max = 2, .log = true};
    for (uint64_t column = 0; column < used; column++) {
        for (unsigned duration = 0; duration < PLOT_DURATIONS; duration++) {
            double events = plot_bins_get(bins, duration, column);

            /* Less than one half: a share of what was counted, or nothing. */
            if (events < 0.5)
                continue;
            put_cell(plot, table, column, duration, events);
            picture->y.min = fmin(picture->y.min, plot_duration_low(duration));
            picture->y.max = fmax(picture->y.max, plot_duration_low(duration + 1));
            picture->color.max = fmax(picture->color.max, events);
        }
    }
}

static enum rn_status heatmap_finish(struct rn_plot *const *plots, unsigned count,
                                     struct rn_error *err)
{
    struct rn_plot_axis x = {.label = NULL}, y = {.label = NULL}, color = {.label = NULL}, own;

    for (unsigned i = 0; i < count; i++) {
        if (!plots[i]->any)
            return plot_nothing(plots[i], "events", err);
        plot_time_axis(plots[i], &own);
        plot_axis_join(&x, &own);
    }
    for (unsigned i = 0; i < count; i++) {
        plots[i]->picture.x = x;
        make_table(plots[i]);
        plot_axis_join(&y, &plots[i]->picture.y);
        plot_axis_join(&color, &plots[i]->picture.color);
    }
    if (!isfinite(y.min))
        return plot_nothing(plots[0], "events that took time", err);
    for (unsigned i = 0; i < count; i++) {
        plots[i]->picture.y = y;
        plots[i]->picture.color = color;
    }
    return RN_OK;
}

const struct plot_method plot_heatmap = {
    .name = "heatmap",
    .title = "Durations over time",
    .kinds = PLOT_WORK | 1ull << RN_KIND_AGGREGATE,
    .begin = heatmap_begin,
    .add = heatmap_add,
    .finish = heatmap_finish,
    .free = heatmap_free,
};
