/* SPDX-License-Identifier: MIT */
#include "duration_series.h"

#include "saturating.h"

#include <stdlib.h>

struct rn_series *rn_series_new(void)
{
    return calloc(1, sizeof(struct rn_series));
}

void rn_series_free(struct rn_series *series)
{
    free(series);
}

static uint64_t median_of(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t low = a < b ? a : b, high = a < b ? b : a;

    return c < low ? low : c > high ? high : c;
}

/* True once the open bin is full: *median is its median. */
static bool carry(struct rn_series *series, uint64_t value, uint64_t *median)
{
    for (unsigned level = 0; level < series->level; level++) {
        uint64_t *held = series->held[level];

        if (series->held_count[level] < 2) {
            held[series->held_count[level]++] = value;
            return false;
        }
        value = median_of(held[0], held[1], value);
        series->held_count[level] = 0;
    }
    *median = value;
    return true;
}

/* The open bin is empty then, and goes on as one of the next level. */
static void merge_bins(struct rn_series *series)
{
    struct rn_series_bin *bins = series->bins;

    for (size_t i = 0; i < RN_SERIES_BINS / 3; i++) {
        const struct rn_series_bin *from = &bins[3 * i];
        struct rn_series_bin merged = {
            .start_ns = from[0].start_ns,
            .count = from[0].count + from[1].count + from[2].count,
            .sum_ns = rn_add_saturating(rn_add_saturating(from[0].sum_ns, from[1].sum_ns),
                                        from[2].sum_ns),
            .median_ns = median_of(from[0].median_ns, from[1].median_ns, from[2].median_ns),
        };

        bins[i] = merged;
    }
    series->count = RN_SERIES_BINS / 3;
    if (series->level < RN_SERIES_LEVELS)
        series->level++;
}

void rn_series_add(struct rn_series *series, uint64_t start_ns, uint64_t duration_ns)
{
    struct rn_series_bin *open = &series->open;

    if (!open->count)
        open->start_ns = start_ns;
    open->count++;
    open->sum_ns = rn_add_saturating(open->sum_ns, duration_ns);
    if (!carry(series, duration_ns, &open->median_ns))
        return;
    series->bins[series->count++] = *open;
    *open = (struct rn_series_bin){.count = 0};
    if (series->count == RN_SERIES_BINS)
        merge_bins(series);
}
