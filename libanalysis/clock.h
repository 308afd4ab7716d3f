/* SPDX-License-Identifier: MIT */
/* From ticks to nanoseconds. Points in time are interpolated between the two calibration points
 * around them (extrapolated beyond the last); before the second point is known, the rate in the
 * manifest is used. Durations use the rate over the longest stretch that is known, because the rate
 * between two close points is mostly their reading error. Feed CLOCK rows as they are met.
 *
 * Points that go backwards are ignored. Results that would be negative are 0. */
#ifndef RN_CLOCK_H
#define RN_CLOCK_H

#include "formats/manifest.h"

struct rn_clock {
    struct rn_clock_point first;            /* of the manifest */
    struct rn_clock_point previous, latest; /* the stretch in use */
    double segment_rate;                    /* ns per tick over that stretch */
    double ns_per_tick;                     /* over the longest stretch: for durations */
    double manifest_rate;
    int64_t realtime_minus_monotonic_ns; /* at `latest` */
};

void rn_clock_init(struct rn_clock *clock, const struct rn_manifest *manifest);
void rn_clock_add(struct rn_clock *clock, const struct rn_clock_point *point);

/* CLOCK_MONOTONIC, CLOCK_REALTIME, and time since the recording began, all in nanoseconds. */
uint64_t rn_clock_monotonic(const struct rn_clock *clock, uint64_t ticks);
uint64_t rn_clock_realtime(const struct rn_clock *clock, uint64_t ticks);
uint64_t rn_clock_since_start(const struct rn_clock *clock, uint64_t ticks);
/* A difference of two readings, in nanoseconds. */
uint64_t rn_clock_duration(const struct rn_clock *clock, uint64_t ticks);

/* The same as rn_clock_duration for loops over a batch: one multiplication and a shift. */
struct rn_clock_scale {
    uint64_t multiplier; /* ns per tick, times 2^RN_CLOCK_SHIFT */
};
#define RN_CLOCK_SHIFT 32
struct rn_clock_scale rn_clock_scale(const struct rn_clock *clock);

static inline uint64_t rn_clock_scale_ns(struct rn_clock_scale scale, uint64_t ticks)
{
    unsigned __int128 ns = ((unsigned __int128)ticks * scale.multiplier) >> RN_CLOCK_SHIFT;

    return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

#endif
