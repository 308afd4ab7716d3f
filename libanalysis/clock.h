/* SPDX-License-Identifier: MIT */
/* From ticks to nanoseconds. Piecewise linear between calibration points; before the second point
 * is known, the rate in the manifest is used. Feed CLOCK rows as they are met. */
#ifndef RN_CLOCK_H
#define RN_CLOCK_H

#include "formats/manifest.h"

struct rn_clock {
    struct rn_clock_point previous, latest; /* the segment in use */
    double ns_per_tick;                     /* over that segment */
    double manifest_rate;
    int64_t realtime_minus_monotonic_ns; /* at `latest` */
};

void rn_clock_init(struct rn_clock *clock, const struct rn_manifest *manifest);
void rn_clock_add(struct rn_clock *clock, const struct rn_clock_point *point);

/* CLOCK_MONOTONIC, CLOCK_REALTIME, and time since the recording began, all in nanoseconds. */
uint64_t rn_clock_monotonic(const struct rn_clock *clock, uint64_t ticks);
uint64_t rn_clock_realtime(const struct rn_clock *clock, uint64_t ticks);
uint64_t rn_clock_duration(const struct rn_clock *clock, uint64_t ticks);

#endif
