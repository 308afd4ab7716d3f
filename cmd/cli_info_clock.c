/* SPDX-License-Identifier: MIT */
/* The clocks of devices in a recording: how far from the machine's, and how well that is known. */
#include "cli_info.h"

#include "formats/escape.h"
#include "libanalysis/device_clock.h"

#include <math.h>
#include <string.h>

static const char *api_name(uint64_t api)
{
    static const char *const names[] = {[RN_API_CUDA] = "CUDA",
                                        [RN_API_OPENCL] = "OpenCL",
                                        [RN_API_VULKAN] = "Vulkan"};

    return api >= RN_API_CUDA && api <= RN_API_VULKAN ? names[api] : "device";
}

static const char *source_name(uint64_t source)
{
    static const char *const names[] = {[RN_CLOCK_MONOTONIC] = "CLOCK_MONOTONIC",
                                        [RN_CLOCK_MONOTONIC_RAW] = "CLOCK_MONOTONIC_RAW",
                                        [RN_CLOCK_REALTIME] = "CLOCK_REALTIME"};

    return source >= RN_CLOCK_MONOTONIC && source <= RN_CLOCK_REALTIME ? names[source] : NULL;
}

static void show_seconds(struct rn_buf *out, int64_t ns)
{
    double size = fabs((double)ns);

    if (size < 1e3)
        rn_buf_printf(out, "%+lld ns", (long long)ns);
    else if (size < 1e6)
        rn_buf_printf(out, "%+.3f us", (double)ns / 1e3);
    else if (size < 1e9)
        rn_buf_printf(out, "%+.3f ms", (double)ns / 1e6);
    else
        rn_buf_printf(out, "%+.6f s", (double)ns / 1e9);
}

/* "OpenCL device 1 (NAME): CLOCK_MONOTONIC_RAW; offset +1.204 s, drift -0.3 ppm, within 4.1 us" */
static void show_clock(const struct rn_device_clock_info *clock, struct rn_buf *out)
{
    const char *source = source_name(clock->source);

    rn_buf_printf(out, "%-12s%s device %llu", "Clock", api_name(clock->api),
                  (unsigned long long)clock->device);
    if (*clock->name) {
        rn_buf_text(out, " (");
        rn_escape_terminal(out, (const uint8_t *)clock->name, strlen(clock->name));
        rn_buf_byte(out, ')');
    }
    rn_buf_printf(out, ": %s; offset ", source ? source : "its own");
    show_seconds(out, clock->offset_ns);
    if (isnan(clock->drift_ppm))
        rn_buf_text(out, ", drift not known");
    else
        rn_buf_printf(out, ", drift %+.2f ppm", clock->drift_ppm);
    rn_buf_printf(out, ", within %.2f us, %llu readings", clock->bound_ns / 1e3,
                  (unsigned long long)clock->readings);
    if (clock->steps)
        rn_buf_printf(out, ", stepped %llu times", (unsigned long long)clock->steps);
    rn_buf_byte(out, '\n');
}

static void put_clock(const struct rn_device_clock_info *clock, struct rn_buf *out)
{
    const char *source = source_name(clock->source);

    rn_buf_printf(out, "{\"clock\":%llu,\"api\":%llu,\"device\":%llu,\"name\":",
                  (unsigned long long)clock->number, (unsigned long long)clock->api,
                  (unsigned long long)clock->device);
    rn_escape_json(out, (const uint8_t *)clock->name, strlen(clock->name));
    rn_buf_text(out, ",\"source\":");
    if (source)
        rn_buf_printf(out, "\"%s\"", source);
    else
        rn_buf_text(out, "null");
    rn_buf_printf(out, ",\"offset_ns\":\"%lld\",\"drift_ppm\":", (long long)clock->offset_ns);
    if (isnan(clock->drift_ppm))
        rn_buf_text(out, "null");
    else
        rn_buf_printf(out, "%.3f", clock->drift_ppm);
    rn_buf_printf(out, ",\"bound_ns\":%.0f,\"readings\":%llu,\"steps\":%llu}", clock->bound_ns,
                  (unsigned long long)clock->readings, (unsigned long long)clock->steps);
}

void cli_info_show_clocks(const struct cli_info *info, struct rn_buf *out)
{
    struct rn_device_clock_info clock;

    for (uint64_t i = 1; info->clocks && i <= RN_DEVICE_CLOCK_MAX; i++)
        if (rn_device_clocks_info(info->clocks, i, info->tick_ns, &clock))
            show_clock(&clock, out);
}

void cli_info_put_clocks(const struct cli_info *info, struct rn_buf *out)
{
    struct rn_device_clock_info clock;
    const char *comma = "";

    for (uint64_t i = 1; info->clocks && i <= RN_DEVICE_CLOCK_MAX; i++) {
        if (!rn_device_clocks_info(info->clocks, i, info->tick_ns, &clock))
            continue;
        rn_buf_text(out, comma);
        put_clock(&clock, out);
        comma = ",";
    }
}
