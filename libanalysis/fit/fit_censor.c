/* SPDX-License-Identifier: MIT */
/* Calls that were counted instead of recorded. Where short ones are not recorded, those that are
 * make a sample that is too slow. The counts say how many are missing, and their histogram and sum
 * about how long they took: that replaces the median, or takes the size out. */
#include "fit_private.h"

#include "formats/event.h"

#include <stdlib.h>
#include <string.h>

#define ENOUGH      10u /* recorded calls do without those that were counted because there were many */
#define WORST_ERROR 0.25 /* of an estimate, relative */
#define NEIGHBOUR   0.1  /* a neighbouring bucket with this share belongs to the same hump */

static unsigned bin_of(double size)
{
    return size >= 1 ? (unsigned)(floor(log2(size)) + 1) : 0;
}

/* Buckets `first` to `last` are those around the quantile. */
static void find_hump(const struct rn_fit_aggregate *sum, double quantile, unsigned *first,
                      unsigned *last)
{
    double rank = quantile * (double)sum->count, below = 0, least = NEIGHBOUR * (double)sum->count;
    unsigned at = 0;

    while (at + 1 < sum->buckets && below + (double)sum->bucket[at].count < rank)
        below += (double)sum->bucket[at++].count;
    *first = *last = at;
    if (at > 0 && (double)sum->bucket[at - 1].count > least)
        (*first)--;
    if (at + 1 < sum->buckets && (double)sum->bucket[at + 1].count > least)
        (*last)++;
}

/* The mean of the hump: the sum, less what lies in the other buckets. *error: relative. */
static double estimate(const struct rn_fit_aggregate *sum, double quantile, double *error)
{
    double rest = (double)sum->sum_ns, inside = 0, doubt = 0, mean, low, high;
    unsigned first, last;

    *error = INFINITY;
    if (!sum->buckets || !sum->count)
        return NAN;
    find_hump(sum, quantile, &first, &last);
    for (unsigned i = 0; i < sum->buckets; i++) {
        const struct rn_fit_bucket *bucket = &sum->bucket[i];
        double from = fmax(bucket->from_ns, (double)sum->min_ns);
        double to = fmin(bucket->to_ns, (double)sum->max_ns);

        if (i >= first && i <= last) {
            inside += (double)bucket->count;
            continue;
        }
        rest -= (double)bucket->count * (from + to) / 2;
        doubt += (double)bucket->count * fabs(to - from) / 4;
    }
    low = fmax(sum->bucket[first].from_ns, (double)sum->min_ns);
    high = fmin(sum->bucket[last].to_ns, (double)sum->max_ns);
    mean = fmin(fmax(rest / inside, low), fmax(high, low));
    *error = doubt / inside / mean + 0.02 + 0.2 * fabs(quantile - 0.5);
    return mean;
}

static int by_place(const void *a, const void *b)
{
    const struct fit_counted *x = a, *y = b;

    if (x->series != y->series)
        return x->series < y->series ? -1 : 1;
    if (x->aggregate.size_bin != y->aggregate.size_bin)
        return x->aggregate.size_bin < y->aggregate.size_bin ? -1 : 1;
    return x->run < y->run ? -1 : x->run > y->run;
}

static void add_buckets(struct rn_fit_aggregate *to, const struct rn_fit_aggregate *from)
{
    for (unsigned i = 0; i < from->buckets; i++) {
        unsigned at = 0;

        while (at < to->buckets && to->bucket[at].from_ns < from->bucket[i].from_ns)
            at++;
        if (at < to->buckets && to->bucket[at].from_ns == from->bucket[i].from_ns) {
            to->bucket[at].count += from->bucket[i].count;
            continue;
        }
        if (to->buckets == sizeof to->bucket / sizeof to->bucket[0])
            continue;
        memmove(&to->bucket[at + 1], &to->bucket[at], (to->buckets - at) * sizeof to->bucket[0]);
        to->bucket[at] = from->bucket[i];
        to->buckets++;
    }
}

/* All of a run that are of one series and size bin become one. */
static void merge(struct rn_fit_private *own)
{
    size_t out = 0;

    if (own->counted_count)
        qsort(own->counted, own->counted_count, sizeof *own->counted, by_place);
    for (size_t i = 0; i < own->counted_count; i++) {
        struct rn_fit_aggregate *to = out ? &own->counted[out - 1].aggregate : NULL;
        const struct rn_fit_aggregate *from = &own->counted[i].aggregate;

        if (!to || by_place(&own->counted[out - 1], &own->counted[i]) != 0) {
            own->counted[out++] = own->counted[i];
            continue;
        }
        add_buckets(to, from);
        to->count += from->count;
        to->sum_ns += from->sum_ns;
        to->elements += from->elements;
        to->min_ns = to->min_ns < from->min_ns ? to->min_ns : from->min_ns;
        to->max_ns = to->max_ns > from->max_ns ? to->max_ns : from->max_ns;
        /* A threshold cuts: that is the worse of the two. */
        if (from->reason == RN_AGGREGATE_THRESHOLD)
            to->reason = from->reason;
    }
    own->counted_count = out;
}

/* The series that an aggregate, which has no instruction set, is about; NULL: there are several. */
static struct rn_fit_series *subject(struct rn_fit *fit, const struct rn_fit_operation *operation,
                                     const struct rn_fit_series *named)
{
    struct rn_fit_series *found = NULL;

    for (uint32_t i = 0; i < operation->series_count; i++) {
        struct rn_fit_series *series = &fit->series[operation->first_series + i];

        if (series->backend != named->backend || !series->samples)
            continue;
        if (found)
            return NULL;
        found = series;
    }
    return found ? found : &fit->series[named - fit->series];
}

static void drop_point(struct rn_fit_series *series, uint32_t runs, unsigned point)
{
    unsigned behind = series->point_count - point - 1;

    memmove(&series->points[point], &series->points[point + 1], behind * sizeof series->points[0]);
    memmove(&series->cells[(size_t)point * runs], &series->cells[(size_t)(point + 1) * runs],
            (size_t)behind * runs * sizeof *series->cells);
    series->point_count--;
}

/* What is known of this bin cannot be used. */
static void drop_bin(struct rn_fit_series *series, uint32_t runs, unsigned bin)
{
    for (unsigned p = series->point_count; p-- > 0;)
        if (bin_of(series->points[p].size) == bin)
            drop_point(series, runs, p);
    series->censored_bins |= UINT64_C(1) << (bin & 63);
}

static struct rn_fit_point *make_point(struct rn_fit_series *series, uint32_t runs, double size)
{
    unsigned at = 0;

    if (series->point_count == RN_FIT_MAX_SIZES)
        return NULL;
    while (at < series->point_count && series->points[at].size < size)
        at++;
    memmove(&series->points[at + 1], &series->points[at],
            (series->point_count - at) * sizeof series->points[0]);
    memmove(&series->cells[(size_t)(at + 1) * runs], &series->cells[(size_t)at * runs],
            (size_t)(series->point_count - at) * runs * sizeof *series->cells);
    series->points[at] = (struct rn_fit_point){.size = size, .aggregated = true};
    for (uint32_t r = 0; r < runs; r++)
        series->cells[(size_t)at * runs + r] = NAN;
    series->point_count++;
    return &series->points[at];
}

/* The point that the counted calls belong to. NULL: they are of other sizes than those recorded. */
static struct rn_fit_point *point_of(struct rn_fit_series *series, uint32_t runs,
                                     const struct rn_fit_aggregate *sum)
{
    double size = (double)sum->elements / (double)sum->count;
    bool others = false;

    for (unsigned p = 0; p < series->point_count; p++) {
        struct rn_fit_point *point = &series->points[p];

        if (fabs(point->size / size - 1) < 0.005)
            return point;
        others |= bin_of(point->size) == sum->size_bin;
    }
    return others ? NULL : make_point(series, runs, size);
}

static int by_ns(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* The quantile of the calls of that run and size that were recorded, where `cut` calls that were
 * counted were all shorter; *count: how many were recorded. */
static double recorded(const struct rn_fit *fit, const struct rn_fit_series *series, uint32_t run,
                       double size, double cut, size_t *count)
{
    const struct fit_sample *samples =
        fit_find(fit, (uint32_t)(series - fit->series), (uint64_t)size, run, count);
    uint64_t *times = *count ? calloc(*count, sizeof *times) : NULL;
    double value = NAN;

    if (!times)
        return NAN;
    for (size_t i = 0; i < *count; i++)
        times[i] = samples[i].ns;
    qsort(times, *count, sizeof *times, by_ns);
    if ((double)*count > cut)
        value = (double)times[(size_t)(((double)*count + cut) / 2 - cut)];
    free(times);
    return value;
}

static void apply(struct rn_fit *fit, struct rn_fit_series *series, const struct fit_counted *entry)
{
    const struct rn_fit_aggregate *sum = &entry->aggregate;
    struct rn_fit_point *point = point_of(series, fit->runs, sum);
    double error = 0.02, ns, counted = (double)sum->count, *cell;
    size_t count;

    if (!point) {
        drop_bin(series, fit->runs, sum->size_bin);
        return;
    }
    series->aggregated += sum->count;
    ns = recorded(fit, series, entry->run, point->size, counted, &count);
    if (sum->reason != RN_AGGREGATE_THRESHOLD && count >= ENOUGH)
        return;
    if (isnan(ns))
        ns = estimate(sum, fmin((counted + (double)count) / 2 / counted, 1), &error);
    if (!(error < WORST_ERROR) || !(ns > 0)) {
        drop_bin(series, fit->runs, sum->size_bin);
        return;
    }
    cell = &series->cells[(size_t)(point - series->points) * fit->runs + entry->run];
    *cell = log(ns);
    point->samples += sum->count;
    point->aggregated = true;
    point->error = fmax(point->error, error);
}

static const struct rn_fit_operation *operation_of(const struct rn_fit *fit, uint32_t series)
{
    for (uint32_t i = 0; i < fit->operation_count; i++) {
        const struct rn_fit_operation *operation = &fit->operations[i];

        if (series - operation->first_series < operation->series_count)
            return operation;
    }
    return NULL;
}

/* Bins that were dropped for one run are of no use in the others either. */
static void drop_again(struct rn_fit *fit)
{
    for (uint32_t i = 0; i < fit->series_count; i++)
        for (unsigned bin = 1; bin < 64; bin++)
            if (fit->series[i].censored_bins >> bin & 1)
                drop_bin(&fit->series[i], fit->runs, bin);
}

void fit_apply_aggregates(struct rn_fit *fit)
{
    struct rn_fit_private *own = fit->own;

    merge(own);
    for (size_t i = 0; i < own->counted_count; i++) {
        const struct fit_counted *entry = &own->counted[i];
        const struct rn_fit_operation *operation = operation_of(fit, entry->series);
        const struct rn_fit_series *named = &fit->series[entry->series];
        struct rn_fit_series *series;

        if (!entry->aggregate.count || !entry->aggregate.elements)
            continue;
        series = subject(fit, operation, named);
        if (series) {
            apply(fit, series, entry);
            continue;
        }
        for (uint32_t k = 0; k < operation->series_count; k++) {
            struct rn_fit_series *each = &fit->series[operation->first_series + k];

            if (each->backend == named->backend &&
                entry->aggregate.reason == RN_AGGREGATE_THRESHOLD)
                drop_bin(each, fit->runs, entry->aggregate.size_bin);
        }
    }
    drop_again(fit);
}
