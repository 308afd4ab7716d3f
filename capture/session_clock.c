/* SPDX-License-Identifier: MIT */
#include "session_clock.h"

#include "proc_snapshot.h"

#include <string.h>

#define POINT_TRIES      5
#define RATE_INTERVAL_NS 500000u
#define TICK_NS          10.0 /* a tick is shorter */
#define NANOSECOND_SHIFT 3u   /* of CLOCK_MONOTONIC: 8 ns */

uint64_t rn_clock_read_ns(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

struct rn_clock_point rn_session_clock_point(const struct rn_session_clock *clock)
{
    struct rn_clock_point best = {.error_ns = UINT64_MAX};

    for (int i = 0; i < POINT_TRIES; i++) {
        uint64_t before = rn_clock_read_ns(CLOCK_MONOTONIC);
        uint64_t ticks = rn_session_clock_now(clock);
        uint64_t realtime = rn_clock_read_ns(CLOCK_REALTIME);
        uint64_t after = rn_clock_read_ns(CLOCK_MONOTONIC);

        if (after - before >= best.error_ns)
            continue;
        best = (struct rn_clock_point){.ticks = ticks,
                                       .monotonic_ns = before + (after - before) / 2,
                                       .realtime_ns = realtime,
                                       .error_ns = after - before};
    }
    return best;
}

static bool find_tsc(void)
{
#if defined(__x86_64__)
    static const char source[] = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    char text[8192];

    if (rn_proc_read_path(source, text, sizeof(text)) == 0 || strncmp(text, "tsc\n", 4) != 0)
        return false;
    return rn_proc_read_path("/proc/cpuinfo", text, sizeof(text)) != 0 &&
           strstr(text, " constant_tsc") && strstr(text, " nonstop_tsc");
#else
    return false;
#endif
}

bool rn_session_clock_has_tsc(void)
{
    static bool asked, found;

    if (!asked)
        found = find_tsc();
    asked = true;
    return found;
}

static double measure_rate(const struct rn_session_clock *clock)
{
    struct rn_clock_point first = rn_session_clock_point(clock);
    struct rn_clock_point last;

    while (rn_clock_read_ns(CLOCK_MONOTONIC) - first.monotonic_ns < RATE_INTERVAL_NS)
        ;
    last = rn_session_clock_point(clock);
    return (double)(last.ticks - first.ticks) * 1e9 /
           (double)(last.monotonic_ns - first.monotonic_ns);
}

void rn_session_clock_init(struct rn_session_clock *clock, struct rn_manifest *manifest)
{
    *clock = (struct rn_session_clock){.unit = RN_TICK_NS, .shift = NANOSECOND_SHIFT};
    manifest->tick_hz = 0;
    if (rn_session_clock_has_tsc()) {
        double hz;

        *clock = (struct rn_session_clock){.unit = RN_TICK_TSC, .shift = 0};
        hz = measure_rate(clock);
        while ((double)(2ull << clock->shift) * 1e9 / hz < TICK_NS)
            clock->shift++;
        manifest->tick_hz = (uint64_t)hz;
    }
    manifest->tick_unit = clock->unit;
    manifest->tick_shift = clock->shift;
    manifest->start = rn_session_clock_point(clock);
}
