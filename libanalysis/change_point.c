/* SPDX-License-Identifier: MIT */
#include "change_point.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(RN_SERIES_BINS / RN_CHANGE_MIN <= RN_CHANGE_MAX, "all changes have room");

struct division {
    const struct rn_series *series;
    size_t count;  /* bins */
    double *sum;   /* of centred ranks, of the first i bins; count + 1 of them */
    double *best;  /* least cost of the first i bins */
    size_t *last;  /* where the last segment of these begins */
    size_t *place; /* begins of segments but the first, ascending */
    size_t place_count;
    double variance; /* of ranks */
    double penalty;
};

struct ranked {
    uint64_t value;
    size_t place;
};

static int by_value(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    return x->value < y->value ? -1 : x->value > y->value;
}

/* Equal values have the mean of their ranks; centred, so that the mean of all is 0. */
static bool rank_bins(const struct rn_series *series, size_t count, double *rank)
{
    struct ranked *order = calloc(count, sizeof *order);

    if (!order)
        return false;
    for (size_t i = 0; i < count; i++)
        order[i] = (struct ranked){series->bins[i].median_ns, i};
    qsort(order, count, sizeof *order, by_value);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && order[end].value == order[i].value; end++)
            ;
        for (size_t k = i; k < end; k++)
            rank[order[k].place] = (double)(i + end - 1) / 2 - (double)(count - 1) / 2;
    }
    free(order);
    return true;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* Sum of the squares of differences at that distance, without the largest quarter: that is where
 * changes are. `squares` is scratch memory. */
static double differences(const double *rank, size_t count, size_t distance, double *squares)
{
    size_t total = count - 2;
    double sum = 0;

    for (size_t i = 0; i < total; i++)
        squares[i] = (rank[i + distance] - rank[i]) * (rank[i + distance] - rank[i]);
    qsort(squares, total, sizeof *squares, by_size);
    for (size_t i = 0; i < total - total / 4; i++)
        sum += squares[i];
    return sum;
}

/* Of neighbours: where each bin depends on the one before it, differences at distance 2 are (1 + r)
 * times as large in square as those at distance 1. */
static double correlation(const double *rank, size_t count, double *scratch)
{
    double near = differences(rank, count, 1, scratch), r;

    if (near <= 0)
        return 0;
    r = differences(rank, count, 2, scratch) / near - 1;
    return r < 0 ? 0 : r > 0.95 ? 0.95 : r;
}

static bool prepare(struct division *division)
{
    size_t count = division->count;
    double *rank = calloc(count, sizeof *rank), r;

    division->sum = calloc(count + 1, sizeof *division->sum);
    division->best = calloc(count + 1, sizeof *division->best);
    division->last = calloc(count + 1, sizeof *division->last);
    division->place = calloc(count + 1, sizeof *division->place);
    if (!rank || !division->sum || !division->best || !division->last || !division->place ||
        !rank_bins(division->series, count, rank)) {
        free(rank);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        division->sum[i + 1] = division->sum[i] + rank[i];
        division->variance += rank[i] * rank[i] / (double)count;
    }
    r = correlation(rank, count, division->best);
    memset(division->best, 0, count * sizeof *division->best);
    division->penalty = RN_CHANGE_PENALTY * log((double)count) * (1 + r) / (1 - r);
    free(rank);
    return true;
}

static double cost(const struct division *division, size_t from, size_t to)
{
    double sum = division->sum[to] - division->sum[from];

    return -sum * sum / ((double)(to - from) * division->variance);
}

static void divide(struct division *division)
{
    size_t count = division->count;

    for (size_t to = RN_CHANGE_MIN; to <= count; to++) {
        division->best[to] = cost(division, 0, to);
        for (size_t from = RN_CHANGE_MIN; from + RN_CHANGE_MIN <= to; from++) {
            double whole = division->best[from] + cost(division, from, to) + division->penalty;

            if (whole < division->best[to]) {
                division->best[to] = whole;
                division->last[to] = from;
            }
        }
    }
    for (size_t at = division->last[count]; at > 0; at = division->last[at])
        division->place_count++;
    for (size_t at = division->last[count], i = division->place_count; at > 0;
         at = division->last[at])
        division->place[--i] = at;
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static uint64_t segment_median(const struct division *division, size_t from, size_t to)
{
    uint64_t values[RN_SERIES_BINS];

    for (size_t i = from; i < to; i++)
        values[i - from] = division->series->bins[i].median_ns;
    qsort(values, to - from, sizeof *values, compare_numbers);
    return values[(to - from) / 2];
}

static double ratio_at(const struct division *division, size_t i)
{
    size_t from = i ? division->place[i - 1] : 0, at = division->place[i];
    size_t to = i + 1 < division->place_count ? division->place[i + 1] : division->count;
    double before = (double)segment_median(division, from, at);
    double after = (double)segment_median(division, at, to);

    if (before < 1)
        before = 1;
    if (after < 1)
        after = 1;
    return before > after ? before / after : after / before;
}

/* Drop the least change again and again, while it is too small. */
static void drop_small(struct division *division)
{
    while (division->place_count) {
        size_t least = 0;
        double least_ratio = ratio_at(division, 0);

        for (size_t i = 1; i < division->place_count; i++) {
            double ratio = ratio_at(division, i);

            if (ratio < least_ratio) {
                least = i;
                least_ratio = ratio;
            }
        }
        if (least_ratio >= RN_CHANGE_RATIO)
            return;
        division->place_count--;
        memmove(division->place + least, division->place + least + 1,
                (division->place_count - least) * sizeof *division->place);
    }
}

static void tell(const struct division *division, struct rn_change *changes)
{
    for (size_t i = 0; i < division->place_count; i++) {
        size_t from = i ? division->place[i - 1] : 0, at = division->place[i];
        size_t to = i + 1 < division->place_count ? division->place[i + 1] : division->count;
        const struct rn_series_bin *bin = &division->series->bins[at];

        changes[i] = (struct rn_change){
            .start_ns = bin->start_ns,
            .events = bin->count * at,
            .before_ns = segment_median(division, from, at),
            .after_ns = segment_median(division, at, to),
            .bin_events = bin->count,
        };
    }
}

size_t rn_series_changes(const struct rn_series *series, struct rn_change changes[RN_CHANGE_MAX])
{
    struct division division = {.series = series, .count = series->count};
    size_t found = 0;

    if (series->count < RN_CHANGE_BINS)
        return 0;
    if (!prepare(&division)) {
        found = SIZE_MAX;
    } else if (division.variance > 0) {
        divide(&division);
        drop_small(&division);
        tell(&division, changes);
        found = division.place_count;
    }
    free(division.sum);
    free(division.best);
    free(division.last);
    free(division.place);
    return found;
}
