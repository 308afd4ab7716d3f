/* SPDX-License-Identifier: MIT */
#include "plot_private.h"

#include <stdlib.h>

bool plot_bins_init(struct plot_bins *bins, unsigned capacity, unsigned lanes)
{
    *bins = (struct plot_bins){
        .capacity = capacity, .lanes = lanes, .width_ns = 1, .limit_ns = UINT64_MAX};
    bins->amount = calloc((size_t)capacity * lanes, sizeof *bins->amount);
    bins->change = calloc((size_t)capacity * lanes, sizeof *bins->change);
    if (bins->amount && bins->change)
        return true;
    plot_bins_free(bins);
    return false;
}

void plot_bins_free(struct plot_bins *bins)
{
    free(bins->amount);
    free(bins->change);
    *bins = (struct plot_bins){.capacity = 0};
}

void plot_bins_settle(struct plot_bins *bins)
{
    for (unsigned lane = 0; lane < bins->lanes; lane++) {
        double *amount = bins->amount + (size_t)lane * bins->capacity;
        double *change = bins->change + (size_t)lane * bins->capacity;
        double running = 0;

        for (unsigned i = 0; i < bins->capacity; i++) {
            running += change[i];
            amount[i] += running;
            /* What is left of sums and differences that should be 0. */
            if (amount[i] < 1e-6)
                amount[i] = 0;
            change[i] = 0;
        }
    }
}

static void halve(struct plot_bins *bins)
{
    unsigned half = bins->capacity / 2;

    for (unsigned lane = 0; lane < bins->lanes; lane++) {
        double *amount = bins->amount + (size_t)lane * bins->capacity;

        for (unsigned i = 0; i < half; i++)
            amount[i] = amount[2 * i] + amount[2 * i + 1];
        for (unsigned i = half; i < bins->capacity; i++)
            amount[i] = 0;
    }
    bins->width_ns *= 2;
}

void plot_bins_widen(struct plot_bins *bins, uint64_t width_ns)
{
    if (bins->width_ns >= width_ns)
        return;
    plot_bins_settle(bins);
    while (bins->width_ns < width_ns)
        halve(bins);
}

/* The least width, a power of two, with which that time is in one of `count` bins. */
static uint64_t width_for(uint64_t end_ns, unsigned count)
{
    uint64_t width = 1;

    while (end_ns / width >= count)
        width *= 2;
    return width;
}

/* To the time that there are bins for, from its origin. */
static bool clip(const struct plot_bins *bins, uint64_t *start_ns, uint64_t *end_ns, double *amount)
{
    uint64_t start = *start_ns, end = *end_ns > start ? *end_ns : start;
    uint64_t from = start > bins->origin_ns ? start : bins->origin_ns;
    uint64_t to = end < bins->limit_ns ? end : bins->limit_ns;

    if (from > to)
        return false;
    if (end > start)
        *amount *= (double)(to - from) / (double)(end - start);
    *start_ns = from - bins->origin_ns;
    *end_ns = to - bins->origin_ns;
    return true;
}

void plot_bins_add(struct plot_bins *bins, unsigned lane, uint64_t start_ns, uint64_t end_ns,
                   double amount)
{
    double *at, *change;
    uint64_t first, last;
    double each;

    if (!clip(bins, &start_ns, &end_ns, &amount))
        return;
    if (end_ns / bins->width_ns >= bins->capacity)
        plot_bins_widen(bins, width_for(end_ns, bins->capacity));
    at = bins->amount + (size_t)lane * bins->capacity;
    change = bins->change + (size_t)lane * bins->capacity;
    first = start_ns / bins->width_ns;
    last = end_ns / bins->width_ns;
    if (first == last) {
        at[first] += amount;
        return;
    }
    each = amount / (double)(end_ns - start_ns);
    at[first] += each * (double)((first + 1) * bins->width_ns - start_ns);
    at[last] += each * (double)(end_ns - last * bins->width_ns);
    if (last > first + 1) {
        change[first + 1] += each * (double)bins->width_ns;
        change[last] -= each * (double)bins->width_ns;
    }
}

void plot_bins_merge(struct plot_bins *into, struct plot_bins *from)
{
    plot_bins_widen(into, from->width_ns);
    plot_bins_widen(from, into->width_ns);
    plot_bins_settle(into);
    plot_bins_settle(from);
    for (unsigned lane = 0; lane < into->lanes; lane++)
        for (unsigned i = 0; i < into->capacity && i < from->capacity; i++)
            into->amount[(size_t)lane * into->capacity + i] += plot_bins_get(from, lane, i);
}

uint64_t plot_bins_finish(struct plot_bins *bins, uint64_t end_ns, unsigned count)
{
    uint64_t length = end_ns > bins->origin_ns ? end_ns - bins->origin_ns : 0, rest;

    plot_bins_settle(bins);
    plot_bins_widen(bins, width_for(length, count));
    bins->end_ns = bins->origin_ns + length;
    bins->used = length / bins->width_ns + 1;
    if (bins->used > bins->capacity)
        bins->used = bins->capacity;
    rest = length % bins->width_ns;
    if (bins->used < 2 || rest >= bins->width_ns / 2)
        return bins->used;
    bins->used--;
    for (unsigned lane = 0; lane < bins->lanes; lane++) {
        double *amount = bins->amount + (size_t)lane * bins->capacity;

        amount[bins->used - 1] += amount[bins->used];
        amount[bins->used] = 0;
    }
    return bins->used;
}

uint64_t plot_bins_end(const struct plot_bins *bins, uint64_t bin)
{
    return bin + 1 < bins->used                        ? plot_bins_begin(bins, bin + 1)
           : bins->end_ns > plot_bins_begin(bins, bin) ? bins->end_ns
                                                       : plot_bins_begin(bins, bin) + 1;
}
