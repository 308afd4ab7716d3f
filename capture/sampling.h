/* SPDX-License-Identifier: MIT */
/* Short events that are counted instead of stored, on the recorder's side: system calls that move
 * data, kernels and transfers of devices. (Compute blocks are counted where they happen, see
 * inject/compute_blocks.c.) Calls that failed, and such as may pass descriptors, are always stored.
 */
#ifndef RN_SAMPLING_H
#define RN_SAMPLING_H

#include "formats/event.h"
#include "formats/status.h"

/* Shorter events are counted; 0: none. */
struct rn_sampling_limits {
    uint64_t io_ns, kernel_ns, transfer_ns, api_ns;
};

struct rn_sampling;
/* tick_rate: ticks a second; start: ticks, seconds are counted from there. NULL: no memory. */
struct rn_sampling *rn_sampling_new(const struct rn_sampling_limits *limits, uint64_t start,
                                    uint64_t tick_rate);
void rn_sampling_free(struct rn_sampling *sampling); /* accepts NULL */
void rn_sampling_set(struct rn_sampling *sampling, const struct rn_sampling_limits *limits);

/* Where aggregates go. */
typedef enum rn_status rn_sampling_fn(void *context, const struct rn_event *event,
                                      struct rn_error *err);
/* *taken: the event was counted and is not to be stored. What was counted before may be handed out,
 * to make room. */
RN_MUST_CHECK enum rn_status rn_sampling_take(struct rn_sampling *sampling,
                                              const struct rn_event *event, bool *taken,
                                              rn_sampling_fn *function, void *context,
                                              struct rn_error *err);
/* Hand out all that was counted. */
RN_MUST_CHECK enum rn_status rn_sampling_flush(struct rn_sampling *sampling,
                                               rn_sampling_fn *function, void *context,
                                               struct rn_error *err);

#endif
