/* SPDX-License-Identifier: MIT */
/* The clock of a recording: invariant TSC where the machine has one, else CLOCK_MONOTONIC. */
#ifndef RN_SESSION_CLOCK_H
#define RN_SESSION_CLOCK_H

#include "formats/manifest.h"

#include <stdbool.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

struct rn_session_clock {
    enum rn_tick_unit unit;
    uint32_t shift;
};

/* The kernel itself trusts the TSC (clock source) and the CPU promises that it neither changes its
 * rate nor stops. Asked once for all. */
bool rn_session_clock_has_tsc(void);

/* Choose the clock, and fill the clock fields of the manifest. Takes half a millisecond: the rate
 * is measured. */
void rn_session_clock_init(struct rn_session_clock *clock, struct rn_manifest *manifest);

static inline uint64_t rn_session_clock_now(const struct rn_session_clock *clock)
{
    struct timespec now;

#if defined(__x86_64__)
    if (clock->unit == RN_TICK_TSC)
        return __rdtsc() >> clock->shift;
#endif
    clock_gettime(CLOCK_MONOTONIC, &now);
    return ((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec) >> clock->shift;
}

/* A clock of the kernel's, ns. */
uint64_t rn_clock_read_ns(clockid_t id);

/* The three clocks read as close together as a few tries allow. */
struct rn_clock_point rn_session_clock_point(const struct rn_session_clock *clock);

#endif
