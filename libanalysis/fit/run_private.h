/* SPDX-License-Identifier: MIT */
/* A recording on its way to a run. */
#ifndef RN_RUN_PRIVATE_H
#define RN_RUN_PRIVATE_H

#include "run.h"

#include "libanalysis/trace.h"

#define RUN_SLOTS (4 * RN_RUN_MAX_SERIES)

struct run_name {
    const char *text;
    size_t size;
};

/* Times are ticks until all calibration points are known. */
struct run_kernel {
    uint64_t start, duration, items, pid;
    uint64_t device, queue;
    uint32_t series; /* of the kernel, resident */
};
struct run_transfer {
    uint64_t start, duration, bytes, pid;
    uint64_t device, queue;
    uint64_t direction; /* enum rn_direction */
};

struct run_work {
    struct rn_run *run;
    struct rn_trace *trace;
    struct rn_buf cpu, gpu;
    size_t series_room, sample_room, aggregate_room, kernel_room, transfer_room;
    uint64_t *pids; /* of each sample */
    uint32_t *slots;
    struct run_kernel *kernels;
    struct run_transfer *transfers;
    size_t kernel_count, transfer_count;
};

bool run_make_room(void **array, size_t count, size_t *room, size_t size);
enum rn_status run_series(struct run_work *work, const struct run_name *operation,
                          const struct run_name *isa, uint8_t backend, uint8_t residency,
                          uint32_t *number, struct rn_error *err);
enum rn_status run_add(struct run_work *work, const struct rn_run_sample *sample, uint64_t pid,
                       struct rn_error *err);

/* run_events.c */
enum rn_status run_take_batch(struct run_work *work, struct rn_batch *batch, struct rn_error *err);
/* run_device.c: what is cold, what is resident; kernels become samples; ticks become nanoseconds.
 */
enum rn_status run_finish(struct run_work *work, struct rn_error *err);

#endif
