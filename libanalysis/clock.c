/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <math.h>

/* A rate (ns per tick) outside of this is no clock. */
#define RATE_MIN 1e-6
#define RATE_MAX 1e9

/* Rates over a shorter stretch are not better than the estimate in the manifest. */
#define BASELINE_NS 10000000u

static double manifest_rate(const struct rn_manifest *manifest)
{
    double rate = 1.0;

    if (manifest->tick_shift < 64)
        rate = ldexp(1.0, (int)manifest->tick_shift);
    if (manifest->tick_unit == RN_TICK_TSC && manifest->tick_hz)
        rate = rate * 1e9 / (double)manifest->tick_hz;
    return rate >= RATE_MIN && rate <= RATE_MAX ? rate : 1.0;
}

void rn_clock_init(struct rn_clock *clock, const struct rn_manifest *manifest)
{
    *clock = (struct rn_clock){
        .first = manifest->start,
        .previous = manifest->start,
        .latest = manifest->start,
        .manifest_rate = manifest_rate(manifest),
    };
    clock->segment_rate = clock->manifest_rate;
    clock->ns_per_tick = clock->manifest_rate;
    clock->realtime_minus_monotonic_ns =
        (int64_t)(manifest->start.realtime_ns - manifest->start.monotonic_ns);
}

/* 0 where the points give none. */
static double rate_between(const struct rn_clock_point *a, const struct rn_clock_point *b)
{
    double rate;

    if (b->ticks <= a->ticks || b->monotonic_ns <= a->monotonic_ns)
        return 0;
    rate = (double)(b->monotonic_ns - a->monotonic_ns) / (double)(b->ticks - a->ticks);
    return rate >= RATE_MIN && rate <= RATE_MAX ? rate : 0;
}

void rn_clock_add(struct rn_clock *clock, const struct rn_clock_point *point)
{
    double rate = rate_between(&clock->latest, point);

    if (rate == 0)
        return;
    clock->segment_rate = rate;
    clock->previous = clock->latest;
    clock->latest = *point;
    clock->realtime_minus_monotonic_ns = (int64_t)(point->realtime_ns - point->monotonic_ns);
    rate = rate_between(&clock->first, point);
    if (rate != 0 && point->monotonic_ns - clock->first.monotonic_ns >= BASELINE_NS)
        clock->ns_per_tick = rate;
}

/* Neither negative nor over the range of 64 bits. */
static uint64_t add_ns(uint64_t ns, double difference)
{
    if (difference < 0)
        return -difference >= (double)ns ? 0 : ns - (uint64_t)-difference;
    if (difference >= 9.2e18)
        return UINT64_MAX;
    return ns > UINT64_MAX - (uint64_t)difference ? UINT64_MAX : ns + (uint64_t)difference;
}

/* Ticks relative to a point: the difference is taken before it is made a double, so that the
 * result is exact to a nanosecond however long the machine has been up. */
static double ticks_from(const struct rn_clock_point *point, uint64_t ticks)
{
    return ticks >= point->ticks ? (double)(ticks - point->ticks) : -(double)(point->ticks - ticks);
}

uint64_t rn_clock_monotonic(const struct rn_clock *clock, uint64_t ticks)
{
    const struct rn_clock_point *anchor =
        ticks >= clock->latest.ticks ? &clock->latest : &clock->previous;
    double rate = ticks >= clock->previous.ticks && ticks <= clock->latest.ticks
                      ? clock->segment_rate
                      : clock->ns_per_tick;

    return add_ns(anchor->monotonic_ns, ticks_from(anchor, ticks) * rate);
}

uint64_t rn_clock_realtime(const struct rn_clock *clock, uint64_t ticks)
{
    return rn_clock_monotonic(clock, ticks) + (uint64_t)clock->realtime_minus_monotonic_ns;
}

uint64_t rn_clock_since_start(const struct rn_clock *clock, uint64_t ticks)
{
    uint64_t now = rn_clock_monotonic(clock, ticks);

    return now > clock->first.monotonic_ns ? now - clock->first.monotonic_ns : 0;
}

struct rn_clock_scale rn_clock_scale(const struct rn_clock *clock)
{
    double multiplier = ldexp(clock->ns_per_tick, RN_CLOCK_SHIFT);

    return (struct rn_clock_scale){.multiplier = (uint64_t)multiplier};
}

uint64_t rn_clock_duration(const struct rn_clock *clock, uint64_t ticks)
{
    return rn_clock_scale_ns(rn_clock_scale(clock), ticks);
}
