/* SPDX-License-Identifier: MIT */
#include "fit_private.h"

#include "formats/event.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rn_fit *rn_fit_new(const struct rn_fit_options *options)
{
    struct rn_fit *fit = calloc(1, sizeof *fit);

    if (!fit)
        return NULL;
    if (options)
        fit->options = *options;
    fit->own = calloc(1, sizeof *fit->own);
    if (!fit->own) {
        free(fit);
        return NULL;
    }
    return fit;
}

void rn_fit_free(struct rn_fit *fit)
{
    if (!fit)
        return;
    for (uint32_t i = 0; i < fit->series_count; i++) {
        free(fit->series[i].operation);
        free(fit->series[i].isa);
        free(fit->series[i].cells);
    }
    free(fit->series);
    free(fit->operations);
    free(fit->own->samples);
    free(fit->own->counted);
    free(fit->own->runs);
    free(fit->own);
    free(fit);
}

/* Room for one more, growing by half. */
static bool make_room(void **array, size_t count, size_t *room, size_t size)
{
    size_t wanted = *room + *room / 2 + 64;
    void *grown;

    if (count < *room)
        return true;
    grown = reallocarray(*array, wanted, size);
    if (!grown)
        return false;
    *array = grown;
    *room = wanted;
    return true;
}

static bool is_series(const struct rn_fit_series *series, const char *operation, uint8_t backend,
                      const char *isa, uint8_t residency)
{
    return series->backend == backend && series->residency == residency &&
           strcmp(series->operation, operation) == 0 && strcmp(series->isa, isa) == 0;
}

enum rn_status rn_fit_series(struct rn_fit *fit, const char *operation, uint8_t backend,
                             const char *isa, uint8_t residency, uint32_t *series,
                             struct rn_error *err)
{
    size_t room = fit->own->series_room;
    struct rn_fit_series *made;

    isa = isa ? isa : "";
    for (uint32_t i = fit->series_count; i-- > 0;) {
        if (is_series(&fit->series[i], operation, backend, isa, residency)) {
            *series = i;
            return RN_OK;
        }
    }
    if (fit->series_count == RN_FIT_MAX_SERIES)
        return rn_fail(err, RN_E_LIMIT, "more than %u operations and backends", RN_FIT_MAX_SERIES);
    if (!make_room((void **)&fit->series, fit->series_count, &room, sizeof *fit->series))
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    fit->own->series_room = (uint32_t)room;
    made = &fit->series[fit->series_count];
    *made = (struct rn_fit_series){.operation = strdup(operation),
                                   .isa = strdup(isa),
                                   .backend = backend,
                                   .residency = residency};
    *series = fit->series_count++;
    if (!made->operation || !made->isa)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    return RN_OK;
}

/* The run's number here; samples of one run mostly come together. */
static enum rn_status find_run(struct rn_fit *fit, uint64_t run, uint32_t *number,
                               struct rn_error *err)
{
    struct rn_fit_private *own = fit->own;
    size_t room = own->run_room;

    if (own->last_run < fit->runs && own->runs[own->last_run] == run) {
        *number = own->last_run;
        return RN_OK;
    }
    for (*number = 0; *number < fit->runs && own->runs[*number] != run;)
        ++*number;
    own->last_run = *number;
    if (*number < fit->runs)
        return RN_OK;
    if (fit->runs == RN_FIT_MAX_RUNS)
        return rn_fail(err, RN_E_LIMIT, "more than %u runs", RN_FIT_MAX_RUNS);
    if (!make_room((void **)&own->runs, fit->runs, &room, sizeof *own->runs))
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    own->run_room = (uint32_t)room;
    own->runs[fit->runs++] = run;
    return RN_OK;
}

enum rn_status rn_fit_add(struct rn_fit *fit, uint32_t series, uint64_t run, uint64_t elements,
                          uint64_t start_ns, uint64_t ns, struct rn_error *err)
{
    struct rn_fit_private *own = fit->own;
    enum rn_status status;
    uint32_t number;

    if (!elements)
        return RN_OK;
    status = find_run(fit, run, &number, err);
    if (status != RN_OK)
        return status;
    if (!make_room((void **)&own->samples, own->sample_count, &own->sample_room,
                   sizeof *own->samples))
        return rn_fail(err, RN_E_NOMEM, "out of memory for %zu samples", own->sample_count);
    own->samples[own->sample_count++] = (struct fit_sample){
        .series = series, .run = number, .elements = elements, .start_ns = start_ns, .ns = ns};
    return RN_OK;
}

enum rn_status rn_fit_add_aggregate(struct rn_fit *fit, uint32_t series, uint64_t run,
                                    const struct rn_fit_aggregate *aggregate, struct rn_error *err)
{
    struct rn_fit_private *own = fit->own;
    enum rn_status status;
    uint32_t number;

    status = find_run(fit, run, &number, err);
    if (status != RN_OK)
        return status;
    if (!make_room((void **)&own->counted, own->counted_count, &own->counted_room,
                   sizeof *own->counted))
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    own->counted[own->counted_count++] =
        (struct fit_counted){.series = series, .run = number, .aggregate = *aggregate};
    return RN_OK;
}

static int by_series(const void *a, const void *b, void *context)
{
    const struct rn_fit *fit = context;
    const struct rn_fit_series *x = &fit->series[*(const uint32_t *)a];
    const struct rn_fit_series *y = &fit->series[*(const uint32_t *)b];
    int order = strcmp(x->operation, y->operation);

    if (order == 0)
        order = x->backend - y->backend;
    if (order == 0)
        order = strcmp(x->isa, y->isa);
    return order ? order : x->residency - y->residency;
}

static int by_sample(const void *a, const void *b)
{
    const struct fit_sample *x = a, *y = b;

    if (x->series != y->series)
        return x->series < y->series ? -1 : 1;
    if (x->elements != y->elements)
        return x->elements < y->elements ? -1 : 1;
    if (x->run != y->run)
        return x->run < y->run ? -1 : 1;
    if (x->start_ns != y->start_ns)
        return x->start_ns < y->start_ns ? -1 : 1;
    return x->ns < y->ns ? -1 : x->ns > y->ns;
}

/* From a history they come in order. */
static void sort_samples(struct rn_fit_private *own)
{
    for (size_t i = 1; i < own->sample_count; i++) {
        if (by_sample(&own->samples[i - 1], &own->samples[i]) > 0) {
            qsort(own->samples, own->sample_count, sizeof *own->samples, by_sample);
            return;
        }
    }
}

static enum rn_status sort_series(struct rn_fit *fit, struct rn_error *err)
{
    struct rn_fit_series *sorted = calloc(fit->series_count + 1, sizeof *sorted);
    uint32_t *order = calloc(2 * (size_t)fit->series_count + 1, sizeof *order);
    uint32_t *place = order + fit->series_count;

    if (!sorted || !order) {
        free(sorted);
        free(order);
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    }
    for (uint32_t i = 0; i < fit->series_count; i++)
        order[i] = i;
    qsort_r(order, fit->series_count, sizeof *order, by_series, fit);
    for (uint32_t i = 0; i < fit->series_count; i++) {
        sorted[i] = fit->series[order[i]];
        place[order[i]] = i;
    }
    for (size_t i = 0; i < fit->own->sample_count; i++)
        fit->own->samples[i].series = place[fit->own->samples[i].series];
    for (size_t i = 0; i < fit->own->counted_count; i++)
        fit->own->counted[i].series = place[fit->own->counted[i].series];
    free(fit->series);
    free(order);
    fit->series = sorted;
    return RN_OK;
}

static enum rn_status group_series(struct rn_fit *fit, struct rn_error *err)
{
    fit->operations = calloc(fit->series_count + 1, sizeof *fit->operations);
    if (!fit->operations)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    for (uint32_t i = 0; i < fit->series_count; i++) {
        struct rn_fit_operation *last = &fit->operations[fit->operation_count - 1];

        if (i > 0 && strcmp(last->name, fit->series[i].operation) == 0) {
            last->series_count++;
            continue;
        }
        fit->operations[fit->operation_count++] = (struct rn_fit_operation){
            .name = fit->series[i].operation, .first_series = i, .series_count = 1};
    }
    return RN_OK;
}

const struct fit_sample *fit_find(const struct rn_fit *fit, uint32_t series, uint64_t elements,
                                  uint32_t run, size_t *count)
{
    const struct fit_sample *samples = fit->own->samples;
    struct fit_sample wanted = {.series = series, .run = run, .elements = elements};
    size_t low = 0, high = fit->own->sample_count, end;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (by_sample(&samples[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < fit->own->sample_count && samples[end].series == series &&
                    samples[end].elements == elements && samples[end].run == run;)
        end++;
    *count = end - low;
    return samples + low;
}

void fit_refuse(struct rn_fit_series *series, enum rn_fit_reason reason, const char *format, ...)
{
    va_list arguments;

    if (series->refused != RN_FIT_FINE)
        return;
    series->refused = reason;
    va_start(arguments, format);
    vsnprintf(series->why, sizeof series->why, format, arguments);
    va_end(arguments);
}

static enum rn_status make_points(struct rn_fit *fit, struct rn_error *err)
{
    const struct fit_sample *samples = fit->own->samples;
    size_t from = 0, to;

    for (uint32_t i = 0; i < fit->series_count; i++) {
        enum rn_status status;

        for (to = from; to < fit->own->sample_count && samples[to].series == i;)
            to++;
        status = fit_make_points(fit, &fit->series[i], samples + from, to - from, err);
        if (status != RN_OK)
            return status;
        from = to;
    }
    return RN_OK;
}

/* Locations over all runs, and their errors: from run to run where there are enough of them. */
static void set_points(const struct rn_fit *fit, struct rn_fit_series *series)
{
    for (unsigned p = 0; p < series->point_count; p++) {
        struct rn_fit_point *point = &series->points[p];
        double values[RN_FIT_MAX_RUNS], ones[RN_FIT_MAX_RUNS];

        point->runs = 0;
        for (uint32_t r = 0; r < fit->runs; r++) {
            double value = series->cells[(size_t)p * fit->runs + r];

            if (isnan(value))
                continue;
            values[point->runs] = value;
            ones[point->runs++] = 1;
        }
        point->log_ns = fit_location(values, ones, point->runs);
        if (point->runs >= 3)
            point->error = fmax(point->aggregated ? point->error / sqrt(point->runs) : 0,
                                fit_mad(values, point->runs, point->log_ns) / sqrt(point->runs));
        if (isnan(point->error))
            point->error = 0.1;
    }
}

static void check(struct rn_fit_series *series)
{
    uint64_t known = series->samples + series->aggregated;

    if (series->point_count < RN_FIT_MIN_SIZES && series->censored_bins)
        fit_refuse(series, RN_FIT_CENSORED,
                   "a threshold cut the recording: %u sizes are left, %u are needed",
                   series->point_count, RN_FIT_MIN_SIZES);
    if (known < RN_FIT_MIN_SAMPLES)
        fit_refuse(series, RN_FIT_FEW_SAMPLES, "%llu samples; at least %u are needed",
                   (unsigned long long)known, RN_FIT_MIN_SAMPLES);
    if (series->point_count < RN_FIT_MIN_SIZES)
        fit_refuse(series, RN_FIT_FEW_SIZES, "%u sizes; at least %u are needed",
                   series->point_count, RN_FIT_MIN_SIZES);
}

enum rn_status rn_fit_run(struct rn_fit *fit, struct rn_error *err)
{
    enum rn_status status = sort_series(fit, err);

    if (status != RN_OK)
        return status;
    sort_samples(fit->own);
    status = group_series(fit, err);
    if (status == RN_OK)
        status = make_points(fit, err);
    if (status != RN_OK)
        return status;
    fit_apply_aggregates(fit);
    for (uint32_t i = 0; i < fit->series_count; i++) {
        set_points(fit, &fit->series[i]);
        check(&fit->series[i]);
        if (fit->series[i].refused != RN_FIT_FINE)
            continue;
        fit_choose(&fit->series[i]);
        fit_correct(&fit->series[i]);
    }
    for (uint32_t i = 0; i < fit->operation_count && status == RN_OK; i++)
        status = fit_compare(fit, &fit->operations[i], err);
    return status;
}
