/* SPDX-License-Identifier: MIT */
/* From samples to what the models see: a midmean of each size and run, a location of each size. */
#include "fit_private.h"

#include <stdlib.h>
#include <string.h>

struct timed {
    uint32_t point, run;
    uint64_t start;
    double log_ns, residual;
    bool warm;
};

struct work {
    struct timed *samples;  /* by point, run, time */
    struct timed **in_time; /* by run, time */
    double *scratch;
    size_t count;
};

static int by_point(const void *a, const void *b)
{
    const struct timed *x = a, *y = b;

    if (x->point != y->point)
        return x->point < y->point ? -1 : 1;
    if (x->run != y->run)
        return x->run < y->run ? -1 : 1;
    return x->start < y->start ? -1 : x->start > y->start;
}

static int by_time(const void *a, const void *b)
{
    const struct timed *x = *(struct timed *const *)a, *y = *(struct timed *const *)b;

    if (x->run != y->run)
        return x->run < y->run ? -1 : 1;
    return x->start < y->start ? -1 : x->start > y->start;
}

static unsigned distinct_sizes(const struct fit_sample *samples, size_t count)
{
    unsigned sizes = 0;

    for (size_t i = 0; i < count && sizes <= RN_FIT_MAX_SIZES; i++)
        sizes += i == 0 || samples[i].elements != samples[i - 1].elements;
    return sizes;
}

/* Where there are too many sizes, those that are close together make one point, which lies at their
 * mean. */
static void place(struct rn_fit_series *series, const struct fit_sample *samples, struct work *work)
{
    bool pooled = distinct_sizes(samples, work->count) > RN_FIT_MAX_SIZES;
    double low = log((double)samples[0].elements);
    double width = (log((double)samples[work->count - 1].elements) - low) / RN_FIT_MAX_SIZES;
    double bin = -1;

    series->point_count = 0;
    for (size_t i = 0; i < work->count; i++) {
        double size = (double)samples[i].elements;
        double here = pooled ? fmin(floor((log(size) - low) / width), RN_FIT_MAX_SIZES - 1) : size;
        struct rn_fit_point *point;

        if (here != bin)
            series->points[series->point_count++] = (struct rn_fit_point){0};
        bin = here;
        point = &series->points[series->point_count - 1];
        point->size += (log(size) - point->size) / (double)++point->samples;
        work->samples[i] = (struct timed){.point = series->point_count - 1,
                                          .run = samples[i].run,
                                          .start = samples[i].start_ns,
                                          .log_ns = fit_sample_log(&samples[i])};
    }
    for (unsigned p = 0; p < series->point_count; p++)
        series->points[p].size = exp(series->points[p].size);
    for (size_t i = 0; !pooled && i < work->count; i++)
        series->points[work->samples[i].point].size = (double)samples[i].elements;
    if (pooled)
        qsort(work->samples, work->count, sizeof *work->samples, by_point);
}

/* The samples from `from` on that have the same point, and the same run where that matters. */
static size_t group_end(const struct work *work, size_t from, bool same_run)
{
    size_t to = from;

    while (to < work->count && work->samples[to].point == work->samples[from].point &&
           (!same_run || work->samples[to].run == work->samples[from].run))
        to++;
    return to;
}

/* Logs of the times that are no warm-up, into the scratch; how many. */
static size_t gather_times(const struct work *work, size_t from, size_t to)
{
    size_t count = 0;

    for (size_t i = from; i < to; i++)
        if (!work->samples[i].warm)
            work->scratch[count++] = work->samples[i].log_ns;
    return count;
}

static double median_of(const struct work *work, size_t from, size_t to)
{
    return fit_median(work->scratch, gather_times(work, from, to));
}

static void set_residuals(struct work *work)
{
    for (size_t from = 0, to; from < work->count; from = to) {
        double centre;

        to = group_end(work, from, false);
        centre = median_of(work, from, to);
        for (size_t i = from; i < to; i++)
            work->samples[i].residual = work->samples[i].log_ns - centre;
    }
}

static void look_at_runs(struct rn_fit_series *series, struct work *work)
{
    double drifts[RN_FIT_MAX_RUNS];
    size_t runs = 0;

    for (size_t from = 0, to; from < work->count; from = to) {
        size_t warm;

        for (to = from; to < work->count && work->in_time[to]->run == work->in_time[from]->run;
             to++)
            work->scratch[to - from] = work->in_time[to]->residual;
        warm = fit_warm_up(work->scratch, to - from);
        for (size_t i = from; i < from + warm; i++)
            work->in_time[i]->warm = true;
        series->warm_up += warm;
        drifts[runs++] = fit_drift(work->scratch + warm, to - from - warm);
    }
    series->drift = fit_median(drifts, runs);
}

static void look_at_modes(struct rn_fit_series *series, struct work *work)
{
    double ratio = 0, share = 0;
    size_t count = 0;

    for (size_t i = 0; i < work->count; i++)
        if (!work->samples[i].warm)
            work->scratch[count++] = work->samples[i].residual;
    if (fit_two_modes(work->scratch, count, &ratio, &share))
        fit_refuse(
            series, RN_FIT_TWO_MODES,
            "its times are of two kinds, a factor of %.2f apart; %.0f %% are of the rarer one",
            ratio, 100 * share);
}

static double spread_within(const struct work *work, size_t from, size_t to)
{
    size_t count = 0;

    for (size_t i = from; i < to; i++)
        if (!work->samples[i].warm)
            work->scratch[count++] = work->samples[i].residual;
    /* Standard error of a median of what is nearly normal in its middle. */
    return count ? 1.2533 * fit_mad(work->scratch, count, fit_median(work->scratch, count)) /
                       sqrt((double)count)
                 : NAN;
}

/* The log of times that are a few ticks of the clock each: of their mean, not the mean of logs. */
static double midmean_of(const struct work *work, size_t from, size_t to)
{
    size_t count = gather_times(work, from, to);

    for (size_t i = 0; i < count; i++)
        work->scratch[i] = exp(work->scratch[i]);
    return log(fit_midmean(work->scratch, count));
}

static void set_cells(struct rn_fit_series *series, const struct work *work, uint32_t runs)
{
    for (size_t i = 0; i < (size_t)RN_FIT_MAX_SIZES * runs; i++)
        series->cells[i] = NAN;
    for (size_t from = 0, to; from < work->count; from = to) {
        const struct timed *first = &work->samples[from];

        to = group_end(work, from, true);
        series->cells[(size_t)first->point * runs + first->run] = midmean_of(work, from, to);
    }
    for (size_t from = 0, to; from < work->count; from = to) {
        to = group_end(work, from, false);
        series->points[work->samples[from].point].error = spread_within(work, from, to);
    }
}

static void work_free(struct work *work)
{
    free(work->samples);
    free(work->in_time);
    free(work->scratch);
}

enum rn_status fit_make_points(struct rn_fit *fit, struct rn_fit_series *series,
                               const struct fit_sample *samples, size_t count, struct rn_error *err)
{
    struct work work = {.count = count};

    series->cells = calloc((size_t)RN_FIT_MAX_SIZES * fit->runs + 1, sizeof *series->cells);
    work.samples = calloc(count + 1, sizeof *work.samples);
    work.in_time = calloc(count + 1, sizeof *work.in_time);
    work.scratch = calloc(count + 1, sizeof *work.scratch);
    if (!series->cells || !work.samples || !work.in_time || !work.scratch) {
        work_free(&work);
        return rn_fail(err, RN_E_NOMEM, "out of memory for %zu samples", count);
    }
    series->samples = count;
    if (count) {
        place(series, samples, &work);
        set_residuals(&work);
        for (size_t i = 0; i < count; i++)
            work.in_time[i] = &work.samples[i];
        qsort(work.in_time, count, sizeof *work.in_time, by_time);
        look_at_runs(series, &work);
        look_at_modes(series, &work);
    }
    set_cells(series, &work, fit->runs);
    work_free(&work);
    return RN_OK;
}

void fit_points_of_runs(const struct rn_fit_series *series, uint32_t runs, const double *times,
                        struct fit_points *out)
{
    out->count = 0;
    for (unsigned p = 0; p < series->point_count; p++) {
        double values[RN_FIT_MAX_RUNS], weights[RN_FIT_MAX_RUNS], error = series->points[p].error;
        unsigned count = 0;

        for (uint32_t r = 0; r < runs; r++) {
            double value = series->cells[(size_t)p * runs + r];

            if (isnan(value) || times[r] == 0)
                continue;
            values[count] = value;
            weights[count++] = times[r];
        }
        if (!count)
            continue;
        out->x[out->count] = series->points[p].size;
        out->y[out->count] = fit_location(values, weights, count);
        /* No point is so exact that the others do not matter: forms are never quite true. */
        out->w[out->count++] = 1 / (error * error + 0.02 * 0.02);
    }
}
