/* SPDX-License-Identifier: MIT */
/* Transfers to and from devices: bytes a second over time, and by how large they are. */
#include "plot_private.h"

#include "formats/value_name.h"

#include <math.h>
#include <stdlib.h>

#define BINS       512u
#define DIRECTIONS (RN_DIRECTION_FILL + 1u)
#define SIZES      65u /* 0: no bytes; else bit i - 1 is the highest one */

static const struct rn_plot_column size_columns[] = {
    {"from_bytes", false},      {"to_bytes", false},        {"p50_bytes_per_s", false},
    {"p10_bytes_per_s", false}, {"p90_bytes_per_s", false}, {"transfers", false},
    {"series", false},          {"mean_bytes", false}};

struct bandwidth {
    struct plot_bins bins;
    struct rn_histogram *rates[DIRECTIONS][SIZES]; /* bytes a second */
    double bytes[DIRECTIONS][SIZES];               /* of those transfers together */
    bool used[DIRECTIONS];
};

static bool bandwidth_begin(struct rn_plot *plot)
{
    struct bandwidth *state = plot->state = calloc(1, sizeof *state);

    return state && plot_bins_new(plot, &state->bins, BINS, DIRECTIONS);
}

static void bandwidth_free(struct rn_plot *plot)
{
    struct bandwidth *state = plot->state;

    if (!state)
        return;
    for (unsigned i = 0; i < DIRECTIONS; i++)
        for (unsigned k = 0; k < SIZES; k++)
            rn_histogram_free(state->rates[i][k]);
    plot_bins_free(&state->bins);
    free(state);
}

static unsigned direction_of(uint64_t direction)
{
    return direction < DIRECTIONS ? (unsigned)direction : RN_DIRECTION_UNKNOWN;
}

/* Of counted transfers it is not known how long those of one size took. */
static void add_counted(struct rn_plot *plot, const struct plot_sample *sample)
{
    struct bandwidth *state = plot->state;
    const struct rn_aggregate *counted = &sample->event->u.aggregate;
    unsigned direction = direction_of(counted->direction);

    if (counted->of != RN_KIND_TRANSFER) {
        plot->picture.events -= counted->count;
        return;
    }
    state->used[direction] = true;
    plot_bins_add(&state->bins, direction, sample->start_ns, sample->end_ns,
                  (double)counted->bytes);
}

static enum rn_status add_transfer(struct bandwidth *state, const struct plot_sample *sample,
                                   struct rn_error *err)
{
    const struct rn_transfer *transfer = &sample->event->u.transfer;
    uint64_t bytes = transfer->bytes, duration = sample->end_ns - sample->start_ns;
    unsigned direction = direction_of(transfer->direction);
    unsigned size = bytes ? 64u - (unsigned)__builtin_clzll(bytes) : 0;
    struct rn_histogram **rates = &state->rates[direction][size];
    double rate;

    state->used[direction] = true;
    plot_bins_add(&state->bins, direction, sample->start_ns, sample->end_ns, (double)bytes);
    if (!duration || !bytes)
        return RN_OK;
    if (!*rates)
        *rates = rn_histogram_new();
    if (!*rates)
        return rn_fail(err, RN_E_NOMEM, "no memory for a histogram");
    state->bytes[direction][size] += (double)bytes;
    rate = (double)bytes * 1e9 / (double)duration;
    rn_histogram_add(*rates, rate < 0x1p60 ? (uint64_t)rate : UINT64_C(1) << 60);
    return RN_OK;
}

static enum rn_status bandwidth_add(struct rn_plot *plot, const struct plot_sample *sample,
                                    struct rn_error *err)
{
    if (sample->kind == RN_KIND_TRANSFER)
        return add_transfer(plot->state, sample, err);
    add_counted(plot, sample);
    return RN_OK;
}

static void put_sizes(struct rn_plot *plot, struct rn_plot_table *table, unsigned direction,
                      unsigned series)
{
    struct bandwidth *state = plot->state;
    struct rn_plot_picture *picture = &plot->picture;

    for (unsigned size = 1; size < SIZES; size++) {
        const struct rn_histogram *rates = state->rates[direction][size];
        union rn_plot_cell *cell = rates ? plot_table_row(table) : NULL;

        if (!rates)
            continue;
        if (!cell) {
            plot->no_memory = true;
            return;
        }
        cell[0].number = ldexp(1, (int)size - 1);
        cell[1].number = ldexp(1, (int)size);
        cell[2].number = fmax(1, (double)rn_histogram_quantile(rates, 0.5));
        cell[3].number = fmax(1, (double)rn_histogram_quantile(rates, 0.1));
        cell[4].number = fmax(1, (double)rn_histogram_quantile(rates, 0.9));
        cell[5].number = (double)rn_histogram_count(rates);
        cell[6].number = series;
        cell[7].number = state->bytes[direction][size] / cell[5].number;
        picture->x2.min = fmin(picture->x2.min, cell[7].number);
        picture->x2.max = fmax(picture->x2.max, cell[7].number);
        picture->y2.min = fmin(picture->y2.min, cell[3].number);
        picture->y2.max = fmax(picture->y2.max, cell[4].number);
    }
}

static void make_tables(struct rn_plot *plot, const bool *directions)
{
    struct bandwidth *state = plot->state;
    struct rn_plot_picture *picture = &plot->picture;
    struct rn_plot_table *times = plot_rates_add(picture, "time");
    struct rn_plot_table *sizes = plot_table_add(picture, "sizes", PLOT_COLUMNS(size_columns));

    plot_bins_finish(&state->bins, plot_end_ns(plot), plot_bin_count(picture->events, BINS / 2));
    picture->y =
        (struct rn_plot_axis){.label = "bytes moved", .unit = RN_PLOT_UNIT_BYTES_PER_SECOND};
    picture->x2 = (struct rn_plot_axis){
        .label = "bytes of a transfer", .unit = RN_PLOT_UNIT_BYTES, .min = INFINITY, .log = true};
    picture->y2 = (struct rn_plot_axis){
        .label = "bandwidth", .unit = RN_PLOT_UNIT_BYTES_PER_SECOND, .min = INFINITY, .log = true};
    for (unsigned direction = 0; direction < DIRECTIONS; direction++) {
        unsigned series;

        if (!directions[direction])
            continue;
        series = plot_series_add(picture, rn_value_name(RN_VALUE_DIRECTION, direction),
                                 plot_palette[(direction + PLOT_PALETTE - 1) % PLOT_PALETTE]);
        picture->y.max =
            plot_rates_put(plot, times, &state->bins, direction, series, picture->y.max);
        put_sizes(plot, sizes, direction, series);
    }
    /* Room around the points. */
    picture->x2.min /= 2;
    picture->x2.max *= 2;
    picture->y2.min /= 2;
    picture->y2.max *= 2;
    if (!sizes->rows)
        picture->x2.label = picture->y2.label = NULL;
}

static enum rn_status bandwidth_finish(struct rn_plot *const *plots, unsigned count,
                                       struct rn_error *err)
{
    struct rn_plot_axis x = {.label = NULL}, y = x, x2 = x, y2 = x, own;
    bool directions[DIRECTIONS] = {false};

    for (unsigned i = 0; i < count; i++) {
        struct bandwidth *state = plots[i]->state;

        if (!plots[i]->picture.events)
            return plot_nothing(plots[i], "transfers of devices", err);
        plot_time_axis(plots[i], &own);
        plot_axis_join(&x, &own);
        for (unsigned k = 0; k < DIRECTIONS; k++)
            directions[k] |= state->used[k];
    }
    for (unsigned i = 0; i < count; i++) {
        plots[i]->picture.x = x;
        make_tables(plots[i], directions);
        plot_axis_join(&y, &plots[i]->picture.y);
        plot_axis_join(&x2, &plots[i]->picture.x2);
        plot_axis_join(&y2, &plots[i]->picture.y2);
    }
    for (unsigned i = 0; i < count; i++) {
        plots[i]->picture.y = y;
        plots[i]->picture.x2 = x2;
        plots[i]->picture.y2 = y2;
    }
    return RN_OK;
}

const struct plot_method plot_bandwidth = {
    .name = "bandwidth",
    .title = "Bandwidth of transfers",
    .kinds = 1ull << RN_KIND_TRANSFER | 1ull << RN_KIND_AGGREGATE,
    .begin = bandwidth_begin,
    .add = bandwidth_add,
    .finish = bandwidth_finish,
    .free = bandwidth_free,
};
