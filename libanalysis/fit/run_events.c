/* SPDX-License-Identifier: MIT */
/* Rows of a recording, as far as they are about compute operations. */
#include "run_private.h"

#include "formats/event.h"

#include <string.h>

static struct run_name name_of(const struct rn_event *event, uint8_t type, const char *otherwise)
{
    const struct rn_attachment *text = rn_event_attachment(event, type, RN_ARG_ANY);
    struct run_name name = {otherwise, strlen(otherwise)};

    if (text && text->data && text->size) {
        name.text = (const char *)text->data;
        name.size = strnlen(name.text, text->size < RN_RUN_MAX_NAME ? text->size : RN_RUN_MAX_NAME);
    }
    return name;
}

static uint64_t pid_of(struct run_work *work, const struct rn_event *event)
{
    return rn_trace_thread(work->trace, event->stream)->pid;
}

static enum rn_status take_block(struct run_work *work, const struct rn_event *event,
                                 struct rn_error *err)
{
    const struct rn_block *block = &event->u.block;
    struct run_name operation = name_of(event, RN_ATT_NAME, "?");
    struct run_name isa = name_of(event, RN_ATT_ISA, "");
    struct rn_run_sample sample = {.elements = block->elements,
                                   .bytes = block->bytes,
                                   .start_ns = event->start,
                                   .duration_ns = event->duration};
    enum rn_status status;

    if (block->backend > RN_BACKEND_GPU || event->flags & RN_EVENT_UNFINISHED)
        return RN_OK;
    status = run_series(work, &operation, &isa, (uint8_t)block->backend, RN_RESIDENCY_UNKNOWN,
                        &sample.series, err);
    return status == RN_OK ? run_add(work, &sample, pid_of(work, event), err) : status;
}

static uint64_t product(const uint64_t a[3], const uint64_t b[3])
{
    uint64_t result = 1;

    for (int i = 0; i < 3; i++)
        if (__builtin_mul_overflow(result, a[i] ? a[i] : 1, &result) ||
            __builtin_mul_overflow(result, b[i] ? b[i] : 1, &result))
            return 0;
    return result;
}

static enum rn_status take_kernel(struct run_work *work, const struct rn_event *event,
                                  struct rn_error *err)
{
    const struct rn_kernel *kernel = &event->u.kernel;
    struct run_name operation = name_of(event, RN_ATT_NAME, "?"), isa = {"", 0};
    struct run_kernel made = {.start = event->start,
                              .duration = event->duration,
                              .items = product(kernel->grid, kernel->group),
                              .pid = pid_of(work, event),
                              .device = kernel->device,
                              .queue = kernel->queue};
    enum rn_status status = run_series(work, &operation, &isa, RN_BACKEND_GPU,
                                       RN_RESIDENCY_RESIDENT, &made.series, err);

    if (status != RN_OK)
        return status;
    if (!run_make_room((void **)&work->kernels, work->kernel_count, &work->kernel_room,
                       sizeof *work->kernels))
        return rn_fail(err, RN_E_NOMEM, "out of memory for %zu kernels", work->kernel_count);
    work->kernels[work->kernel_count++] = made;
    return RN_OK;
}

static enum rn_status take_transfer(struct run_work *work, const struct rn_event *event,
                                    struct rn_error *err)
{
    const struct rn_transfer *transfer = &event->u.transfer;

    if (!run_make_room((void **)&work->transfers, work->transfer_count, &work->transfer_room,
                       sizeof *work->transfers))
        return rn_fail(err, RN_E_NOMEM, "out of memory for %zu transfers", work->transfer_count);
    work->transfers[work->transfer_count++] =
        (struct run_transfer){.start = event->start,
                              .duration = event->duration,
                              .bytes = transfer->bytes,
                              .pid = pid_of(work, event),
                              .device = transfer->device,
                              .queue = transfer->queue,
                              .direction = transfer->direction};
    return RN_OK;
}

/* Pairs of a bucket and how many; bucket i is of 2^(i-1) to 2^i - 1 ticks. */
static void take_histogram(const struct rn_event *event, struct rn_fit_aggregate *sum)
{
    const struct rn_attachment *pairs = rn_event_attachment(event, RN_ATT_HISTOGRAM, RN_ARG_ANY);

    for (size_t at = 0; pairs && at + 16 <= pairs->size &&
                        sum->buckets < sizeof sum->bucket / sizeof sum->bucket[0];
         at += 16) {
        uint64_t pair[2];

        memcpy(pair, pairs->data + at, sizeof pair);
        if (pair[0] >= 64 || pair[1] > sum->count ||
            (sum->buckets &&
             (double)(UINT64_C(1) << pair[0]) <= sum->bucket[sum->buckets - 1].to_ns))
            continue;
        sum->bucket[sum->buckets++] =
            (struct rn_fit_bucket){.from_ns = pair[0] ? (double)(UINT64_C(1) << (pair[0] - 1)) : 0,
                                   .to_ns = (double)(UINT64_C(1) << pair[0]),
                                   .count = pair[1]};
    }
}

/* Of blocks: which instruction set is not counted apart. Kernels are resident, as single ones are.
 */
static enum rn_status take_aggregate(struct run_work *work, const struct rn_event *event,
                                     struct rn_error *err)
{
    const struct rn_aggregate *counted = &event->u.aggregate;
    struct run_name operation = name_of(event, RN_ATT_NAME, "?"), isa = {"", 0};
    struct rn_run *run = work->run;
    struct rn_run_aggregate *made;
    uint64_t residency = counted->of == RN_KIND_KERNEL ? RN_RESIDENCY_RESIDENT : counted->residency;
    uint64_t backend = counted->of == RN_KIND_KERNEL ? RN_BACKEND_GPU : counted->backend;
    enum rn_status status;

    if ((counted->of != RN_KIND_BLOCK && counted->of != RN_KIND_KERNEL) ||
        backend > RN_BACKEND_GPU || residency > RN_RESIDENCY_RESIDENT || counted->size_bin > 64)
        return RN_OK;
    if (!run_make_room((void **)&run->aggregates, run->aggregate_count, &work->aggregate_room,
                       sizeof *run->aggregates))
        return rn_fail(err, RN_E_NOMEM, "out of memory for %zu aggregates", run->aggregate_count);
    made = &run->aggregates[run->aggregate_count];
    *made = (struct rn_run_aggregate){.start_ns = event->start,
                                      .sum = {.reason = counted->reason,
                                              .size_bin = (unsigned)counted->size_bin,
                                              .count = counted->count,
                                              .sum_ns = counted->sum,
                                              .min_ns = counted->min,
                                              .max_ns = counted->max,
                                              .elements = counted->elements}};
    take_histogram(event, &made->sum);
    status = run_series(work, &operation, &isa, (uint8_t)backend, (uint8_t)residency, &made->series,
                        err);
    run->aggregate_count += status == RN_OK;
    return status;
}

static enum rn_status take_loss(struct run_work *work, const struct rn_event *event,
                                struct rn_error *err)
{
    (void)err;
    if (event->u.loss.count == 0)
        work->run->incomplete = true;
    work->run->lost += event->u.loss.count;
    return RN_OK;
}

static enum rn_status feed(struct run_work *work, const struct rn_event *event,
                           struct rn_error *err)
{
    return rn_trace_feed(work->trace, event, err);
}

typedef enum rn_status take_fn(struct run_work *work, const struct rn_event *event,
                               struct rn_error *err);

static take_fn *taker_of(uint8_t kind)
{
    switch (kind) {
    case RN_KIND_BLOCK:
        return take_block;
    case RN_KIND_KERNEL:
        return take_kernel;
    case RN_KIND_TRANSFER:
        return take_transfer;
    case RN_KIND_AGGREGATE:
        return take_aggregate;
    case RN_KIND_LOSS:
        return take_loss;
    case RN_KIND_STREAM:
    case RN_KIND_CLOCK:
    case RN_KIND_COMMIT:
    case RN_KIND_PROCESS:
        return feed;
    default:
        return NULL;
    }
}

enum rn_status run_take_batch(struct run_work *work, struct rn_batch *batch, struct rn_error *err)
{
    take_fn *take = taker_of(batch->kind);

    for (uint32_t row = 0; take && row < batch->rows; row++) {
        struct rn_event event;
        enum rn_status status = rn_batch_event(batch, row, &event, err);

        if (status == RN_OK && (take == feed || !(event.flags & RN_EVENT_SNAPSHOT)))
            status = take(work, &event, err);
        if (status != RN_OK)
            return status;
    }
    return RN_OK;
}
