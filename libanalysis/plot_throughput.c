/* SPDX-License-Identifier: MIT */
/* Events and bytes a second, over time. */
#include "plot_private.h"

#include <math.h>
#include <stdlib.h>

#define BINS 512u
enum { BYTES_READ = PLOT_CATEGORIES, BYTES_WRITTEN, BYTES_TO_DEVICE, BYTES_FROM_DEVICE, LANES };

/* Other colours than those of the kinds of work. */
static const struct rn_plot_series byte_series[] = {{"bytes read by calls", 0x000000},
                                                    {"bytes written by calls", 0xAA3377},
                                                    {"bytes to devices", 0x117733},
                                                    {"bytes from devices", 0x66CCEE}};
static const struct rn_plot_column event_columns[] = {{"from_ns", false},
                                                      {"to_ns", false},
                                                      {"low_per_s", false},
                                                      {"high_per_s", false},
                                                      {"series", false}};

struct throughput {
    struct plot_bins bins;
    bool used[LANES];
};

static bool throughput_begin(struct rn_plot *plot)
{
    struct throughput *state = plot->state = calloc(1, sizeof *state);

    return state && plot_bins_new(plot, &state->bins, BINS, LANES);
}

static void throughput_free(struct rn_plot *plot)
{
    struct throughput *state = plot->state;

    if (state)
        plot_bins_free(&state->bins);
    free(state);
}

static void add_bytes(struct throughput *state, unsigned lane, uint64_t start_ns, uint64_t end_ns,
                      uint64_t bytes)
{
    if (!bytes)
        return;
    state->used[lane] = true;
    plot_bins_add(&state->bins, lane, start_ns, end_ns, (double)bytes);
}

static void add_transferred(struct throughput *state, const struct plot_sample *sample,
                            uint64_t direction, uint64_t bytes)
{
    if (direction == RN_DIRECTION_TO_DEVICE)
        add_bytes(state, BYTES_TO_DEVICE, sample->start_ns, sample->end_ns, bytes);
    else if (direction == RN_DIRECTION_FROM_DEVICE)
        add_bytes(state, BYTES_FROM_DEVICE, sample->start_ns, sample->end_ns, bytes);
}

/* Counted events are spread over the time in which they were. */
static void add_counted(struct throughput *state, enum plot_category category,
                        const struct plot_sample *sample)
{
    const struct rn_aggregate *counted = &sample->event->u.aggregate;

    plot_bins_add(&state->bins, category, sample->start_ns, sample->end_ns, (double)counted->count);
    if (counted->of == RN_KIND_TRANSFER)
        add_transferred(state, sample, counted->direction, counted->bytes);
}

static enum rn_status throughput_add(struct rn_plot *plot, const struct plot_sample *sample,
                                     struct rn_error *err)
{
    struct throughput *state = plot->state;
    enum plot_category category = plot_category_of(plot, sample);

    (void)err;
    state->used[category] = true;
    if (sample->kind == RN_KIND_AGGREGATE) {
        add_counted(state, category, sample);
        return RN_OK;
    }
    plot_bins_add(&state->bins, category, sample->start_ns, sample->start_ns, 1);
    if (sample->kind == RN_KIND_TRANSFER) {
        add_transferred(state, sample, sample->event->u.transfer.direction,
                        sample->event->u.transfer.bytes);
    } else if (sample->kind == RN_KIND_SYSCALL && (int64_t)sample->ret > 0) {
        unsigned moves = plot_call_of(plot, sample->abi, sample->nr)->moves;

        /* They are there when the call returns: it may have waited for them for long. */
        if (moves)
            add_bytes(state, moves == 1 ? BYTES_READ : BYTES_WRITTEN, sample->end_ns,
                      sample->end_ns, sample->ret);
    }
    return RN_OK;
}

static void put_events(struct rn_plot *plot, struct rn_plot_table *table, uint64_t bin,
                       const uint8_t *series)
{
    struct throughput *state = plot->state;
    double seconds = plot_bins_seconds(&state->bins, bin), base = 0;

    for (unsigned lane = 0; lane < PLOT_CATEGORIES; lane++) {
        double rate = plot_bins_get(&state->bins, lane, bin) / seconds;
        union rn_plot_cell *cell = rate > 0 ? plot_table_row(table) : NULL;

        if (!(rate > 0))
            continue;
        if (!cell) {
            plot->no_memory = true;
            return;
        }
        cell[0].number = (double)plot_bins_begin(&state->bins, bin);
        cell[1].number = (double)plot_bins_end(&state->bins, bin);
        cell[2].number = base;
        cell[3].number = base += rate;
        cell[4].number = series[lane];
    }
    plot->picture.y.max = fmax(plot->picture.y.max, base);
}

static void make_tables(struct rn_plot *plot, const bool *used)
{
    struct throughput *state = plot->state;
    struct rn_plot_picture *picture = &plot->picture;
    struct rn_plot_table *events = plot_table_add(picture, "events", PLOT_COLUMNS(event_columns));
    struct rn_plot_table *bytes = plot_rates_add(picture, "bytes");
    uint64_t bins;
    uint8_t series[LANES] = {0};

    bins = plot_bins_finish(&state->bins, plot_end_ns(plot),
                            plot_bin_count(picture->events, BINS / 2));
    picture->y = (struct rn_plot_axis){.label = "events", .unit = RN_PLOT_UNIT_PER_SECOND};
    for (unsigned lane = 0; lane < LANES; lane++) {
        const struct rn_plot_series *as =
            lane < PLOT_CATEGORIES ? &plot_categories[lane] : &byte_series[lane - PLOT_CATEGORIES];

        if (!used[lane])
            continue;
        series[lane] = (uint8_t)plot_series_add(picture, as->name, as->color);
        if (lane >= PLOT_CATEGORIES) {
            picture->y2.label = "bytes";
            picture->y2.unit = RN_PLOT_UNIT_BYTES_PER_SECOND;
            picture->y2.max =
                plot_rates_put(plot, bytes, &state->bins, lane, series[lane], picture->y2.max);
        }
    }
    for (uint64_t bin = 0; bin < bins; bin++)
        put_events(plot, events, bin, series);
}

static enum rn_status throughput_finish(struct rn_plot *const *plots, unsigned count,
                                        struct rn_error *err)
{
    struct rn_plot_axis x = {.label = NULL}, y = {.label = NULL}, y2 = {.label = NULL}, own;
    bool used[LANES] = {false};

    for (unsigned i = 0; i < count; i++) {
        struct throughput *state = plots[i]->state;

        if (!plots[i]->any)
            return plot_nothing(plots[i], "events", err);
        plot_time_axis(plots[i], &own);
        plot_axis_join(&x, &own);
        for (unsigned lane = 0; lane < LANES; lane++)
            used[lane] |= state->used[lane];
    }
    for (unsigned i = 0; i < count; i++) {
        plots[i]->picture.x = x;
        make_tables(plots[i], used);
        plot_axis_join(&y, &plots[i]->picture.y);
        plot_axis_join(&y2, &plots[i]->picture.y2);
    }
    for (unsigned i = 0; i < count; i++) {
        plots[i]->picture.y = y;
        plots[i]->picture.y2 = y2;
    }
    return RN_OK;
}

const struct plot_method plot_throughput = {
    .name = "throughput",
    .title = "Throughput",
    .kinds = PLOT_WORK | 1ull << RN_KIND_AGGREGATE,
    .begin = throughput_begin,
    .add = throughput_add,
    .finish = throughput_finish,
    .free = throughput_free,
};
