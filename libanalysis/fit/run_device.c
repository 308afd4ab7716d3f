/* SPDX-License-Identifier: MIT */
/* Was the data on the device already? And what a kernel costs together with its transfers. */
#include "run_private.h"

#include "formats/event.h"

#include <stdlib.h>
#include <string.h>

#define TRANSFER_BLOCK "transfer"

struct moment {
    uint64_t pid, start;
};

static int by_moment(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;

    if (x->pid != y->pid)
        return x->pid < y->pid ? -1 : 1;
    return x->start < y->start ? -1 : x->start > y->start;
}

static bool is_transfer_block(const struct rn_run *run, const struct rn_run_sample *sample)
{
    return strcmp(run->series[sample->series].operation, TRANSFER_BLOCK) == 0;
}

/* All transfers, by process and time. */
static struct moment *list_moments(const struct run_work *work, size_t *count)
{
    const struct rn_run *run = work->run;
    struct moment *moments = calloc(work->transfer_count + run->sample_count + 1, sizeof *moments);

    *count = 0;
    for (size_t i = 0; moments && i < work->transfer_count; i++)
        moments[(*count)++] =
            (struct moment){.pid = work->transfers[i].pid, .start = work->transfers[i].start};
    for (size_t i = 0; moments && i < run->sample_count; i++)
        if (is_transfer_block(run, &run->samples[i]))
            moments[(*count)++] =
                (struct moment){.pid = work->pids[i], .start = run->samples[i].start_ns};
    if (moments)
        qsort(moments, *count, sizeof *moments, by_moment);
    return moments;
}

static bool has_moment(const struct moment *moments, size_t count, uint64_t pid,
                       const struct rn_run_sample *block)
{
    struct moment wanted = {.pid = pid, .start = block->start_ns};
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (by_moment(&moments[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && moments[low].pid == pid &&
           moments[low].start - block->start_ns <= block->duration_ns;
}

/* Where no transfer was seen in the whole recording, nothing is known. */
static enum rn_status mark_blocks(struct run_work *work, struct rn_error *err)
{
    struct rn_run *run = work->run;
    enum rn_status status = RN_OK;
    size_t count;
    struct moment *moments = list_moments(work, &count);

    if (!moments)
        return rn_fail(err, RN_E_NOMEM, "out of memory for %zu transfers", work->transfer_count);
    for (size_t i = 0; i < run->sample_count && count && status == RN_OK; i++) {
        struct rn_run_sample *sample = &run->samples[i];
        const struct rn_run_series *series = &run->series[sample->series];
        struct run_name operation = {series->operation, strlen(series->operation)};
        struct run_name isa = {series->isa, strlen(series->isa)};
        bool cold;

        if (series->backend != RN_BACKEND_GPU || is_transfer_block(run, sample))
            continue;
        cold = has_moment(moments, count, work->pids[i], sample);
        status = run_series(work, &operation, &isa, RN_BACKEND_GPU,
                            cold ? RN_RESIDENCY_COLD : RN_RESIDENCY_RESIDENT, &sample->series, err);
    }
    free(moments);
    return status;
}

static int by_kernel(const void *a, const void *b)
{
    const struct run_kernel *x = a, *y = b;

    if (x->pid != y->pid)
        return x->pid < y->pid ? -1 : 1;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    if (x->queue != y->queue)
        return x->queue < y->queue ? -1 : 1;
    return x->start < y->start ? -1 : x->start > y->start;
}

static int by_transfer(const void *a, const void *b)
{
    const struct run_transfer *x = a, *y = b;

    if (x->pid != y->pid)
        return x->pid < y->pid ? -1 : 1;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    if (x->queue != y->queue)
        return x->queue < y->queue ? -1 : 1;
    return x->start < y->start ? -1 : x->start > y->start;
}

/* -1: before the kernel, or on a queue that comes before its one; 1: behind. */
static int compare(const struct run_transfer *transfer, const struct run_kernel *kernel)
{
    struct run_kernel place = {.pid = transfer->pid,
                               .device = transfer->device,
                               .queue = transfer->queue,
                               .start = transfer->start};

    return by_kernel(&place, kernel);
}

static bool same_queue(const struct run_transfer *transfer, const struct run_kernel *kernel)
{
    return transfer->pid == kernel->pid && transfer->device == kernel->device &&
           transfer->queue == kernel->queue;
}

static enum rn_status add_kernel(struct run_work *work, const struct run_kernel *kernel,
                                 uint64_t moved_ticks, struct rn_error *err)
{
    const char *name = work->run->series[kernel->series].operation;
    struct run_name operation = {name, strlen(name)}, isa = {"", 0};
    struct rn_run_sample sample = {.series = kernel->series,
                                   .elements = kernel->items,
                                   .start_ns = kernel->start,
                                   .duration_ns = kernel->duration};
    enum rn_status status = run_add(work, &sample, kernel->pid, err);

    if (status != RN_OK || !moved_ticks)
        return status;
    status =
        run_series(work, &operation, &isa, RN_BACKEND_GPU, RN_RESIDENCY_COLD, &sample.series, err);
    sample.duration_ns += moved_ticks;
    return status == RN_OK ? run_add(work, &sample, kernel->pid, err) : status;
}

/* To the device before a kernel, from the device behind it: these are its transfers. */
static enum rn_status add_kernels(struct run_work *work, struct rn_error *err)
{
    enum rn_status status = RN_OK;
    size_t at = 0;

    if (work->kernel_count)
        qsort(work->kernels, work->kernel_count, sizeof *work->kernels, by_kernel);
    if (work->transfer_count)
        qsort(work->transfers, work->transfer_count, sizeof *work->transfers, by_transfer);
    for (size_t k = 0; k < work->kernel_count && status == RN_OK; k++) {
        const struct run_kernel *kernel = &work->kernels[k];
        const struct run_kernel *next = k + 1 < work->kernel_count ? kernel + 1 : NULL;
        uint64_t moved = 0;

        for (; at < work->transfer_count && compare(&work->transfers[at], kernel) < 0; at++)
            if (same_queue(&work->transfers[at], kernel) &&
                work->transfers[at].direction == RN_DIRECTION_TO_DEVICE)
                moved += work->transfers[at].duration;
        for (; at < work->transfer_count && same_queue(&work->transfers[at], kernel) &&
               work->transfers[at].direction == RN_DIRECTION_FROM_DEVICE &&
               (!next || compare(&work->transfers[at], next) < 0);
             at++)
            moved += work->transfers[at].duration;
        status = add_kernel(work, kernel, moved, err);
    }
    return status;
}

static void to_nanoseconds(struct run_work *work)
{
    const struct rn_clock *clock = rn_trace_clock(work->trace);
    struct rn_clock_scale scale = rn_clock_scale(clock);
    struct rn_run *run = work->run;

    for (size_t i = 0; i < run->sample_count; i++) {
        run->samples[i].start_ns = rn_clock_since_start(clock, run->samples[i].start_ns);
        run->samples[i].duration_ns = rn_clock_scale_ns(scale, run->samples[i].duration_ns);
    }
    for (size_t i = 0; i < run->aggregate_count; i++) {
        struct rn_fit_aggregate *sum = &run->aggregates[i].sum;

        run->aggregates[i].start_ns = rn_clock_since_start(clock, run->aggregates[i].start_ns);
        sum->sum_ns = rn_clock_scale_ns(scale, sum->sum_ns);
        sum->min_ns = rn_clock_scale_ns(scale, sum->min_ns);
        sum->max_ns = rn_clock_scale_ns(scale, sum->max_ns);
        for (unsigned k = 0; k < sum->buckets; k++) {
            sum->bucket[k].from_ns *= clock->ns_per_tick;
            sum->bucket[k].to_ns *= clock->ns_per_tick;
        }
    }
}

enum rn_status run_finish(struct run_work *work, struct rn_error *err)
{
    enum rn_status status = mark_blocks(work, err);

    if (status == RN_OK)
        status = add_kernels(work, err);
    to_nanoseconds(work);
    return status;
}
