/* SPDX-License-Identifier: MIT */
/* From the times of devices to the recording's ticks. Feed the DEVICE_CLOCK rows as they are met
 * (they stand before the events of their member), then place kernels and transfers. rn_trace does
 * both for whoever has one: rn_trace_place (trace.h).
 *
 * Each reading says how far the device's clock, on its scale (struct rn_device_clock), is from the
 * recording's. Between two readings that distance is interpolated; behind the last one, and before
 * the first, it changes as it did over a second or more, if readings are so far apart, else not.
 * A distance that changes by more than 1000 parts in a million of the time between two readings,
 * both errors and a microsecond, is a step of the device's clock: what is between the two belongs
 * to the nearer one. Readings far worse than the best are left out: they would hide what is known.
 *
 * Memory: at most 4096 readings a clock; half of them are forgotten when there are more. Not
 * thread-safe. */
#ifndef RN_DEVICE_CLOCK_H
#define RN_DEVICE_CLOCK_H

#include "formats/event.h"
#include "formats/status.h"

#include <stdbool.h>
#include <stddef.h>

struct rn_device_clocks;

struct rn_device_clocks *rn_device_clocks_new(void); /* NULL: no memory */
void rn_device_clocks_free(struct rn_device_clocks *clocks);

/* A row of RN_KIND_DEVICE_CLOCK; one of a number that is none is ignored. RN_E_NOMEM alone. */
RN_MUST_CHECK enum rn_status rn_device_clocks_add(struct rn_device_clocks *clocks,
                                                  const struct rn_event *event,
                                                  struct rn_error *err);

/* A time on the scale of clock `number` as ticks of the recording; as it is where there is no such
 * clock. */
uint64_t rn_device_clocks_ticks(const struct rn_device_clocks *clocks, uint64_t number,
                                uint64_t time);
/* Make ticks of the device times of an event (by its flags, which then are taken away) whose stream
 * has this clock. */
void rn_device_clocks_place(const struct rn_device_clocks *clocks, uint64_t number,
                            struct rn_event *event);

/* What is known of a clock. */
struct rn_device_clock_info {
    uint64_t number, api, device, source; /* as in struct rn_device_clock */
    const char *name;                     /* of the device, "" unknown; borrowed */
    uint64_t readings;                    /* all of them */
    uint64_t steps;                       /* of the device's clock */
    int64_t offset_ns;  /* device - CLOCK_MONOTONIC at the last reading, if the device counts ns */
    double ns_per_tick; /* of the device, by its scale and `tick_ns` */
    double drift_ppm; /* of the device against CLOCK_MONOTONIC, since its last step; NAN unknown */
    double bound_ns;  /* converted times are within this, but near a step */
};
/* tick_ns: ns a tick of the recording (ns_per_tick of struct rn_clock). False: there is no such
 * clock. */
bool rn_device_clocks_info(const struct rn_device_clocks *clocks, uint64_t number, double tick_ns,
                           struct rn_device_clock_info *info);

#endif
