/* SPDX-License-Identifier: MIT */
/* The clock of a device's timestamps, by VK_EXT_calibrated_timestamps. */
#include "vulkan_layer.h"

#define DOMAINS_MAX 16u
#define TRIES       3u

static bool read_once(struct rn_vulkan_device *device, struct rn_producer_reading *reading)
{
    const VkCalibratedTimestampInfoEXT info = {.sType =
                                                   VK_STRUCTURE_TYPE_CALIBRATED_TIMESTAMP_INFO_EXT,
                                               .timeDomain = VK_TIME_DOMAIN_DEVICE_EXT};
    uint64_t deviation;
    VkResult result;

    *reading = rn_producer_reading_begin();
    result = device->below.GetCalibratedTimestampsEXT(device->handle, 1, &info, &reading->device,
                                                      &deviation);
    rn_producer_reading_end(reading);
    return result == VK_SUCCESS;
}

/* The one of a few that was read fastest. */
static bool read_well(struct rn_vulkan_device *device, struct rn_producer_reading *best)
{
    bool any = false;

    for (uint32_t i = 0; i < TRIES; i++) {
        struct rn_producer_reading reading;

        if (!read_once(device, &reading))
            break;
        if (!any || reading.after - reading.before < best->after - best->before)
            *best = reading;
        any = true;
    }
    return any;
}

static bool has_domain(const struct rn_vulkan_device *device, VkPhysicalDevice physical)
{
    VkTimeDomainEXT domains[DOMAINS_MAX];
    uint32_t count = DOMAINS_MAX;

    if (!device->below.GetCalibratedTimestampsEXT ||
        !device->instance->below.GetPhysicalDeviceCalibrateableTimeDomainsEXT ||
        device->instance->below.GetPhysicalDeviceCalibrateableTimeDomainsEXT(physical, &count,
                                                                             domains) < VK_SUCCESS)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (domains[i] == VK_TIME_DOMAIN_DEVICE_EXT)
            return true;
    return false;
}

void rn_vulkan_clock_open(struct rn_vulkan_device *device, VkPhysicalDevice physical)
{
    struct rn_producer_clock_about about = {.api = RN_API_VULKAN,
                                            .source = RN_CLOCK_DEVICE,
                                            .device = device->number,
                                            .ns_per_tick = device->period_ns,
                                            .name = device->name ? device->name->text : NULL};
    struct rn_producer_reading reading;

    if (!(device->period_ns > 0) || !has_domain(device, physical) || !read_well(device, &reading))
        return;
    device->calibrates = true;
    device->last_reading = reading;
    (void)rn_producer_clock_open(&device->clock, &about, &reading);
}

/* Counters of fewer bits than 64 wrap around, after a minute at the earliest: of all times that
 * look alike, the one that is nearest to another time. */
static uint64_t nearest(uint64_t time, uint64_t to, uint64_t valid)
{
    uint64_t ahead = (time - to) & valid;

    return ahead <= valid / 2 ? to + ahead : to - ((valid - ahead) + 1);
}

/* What the device's clock shows about now: the last reading, and what has passed since. */
static uint64_t expected(const struct rn_vulkan_device *device)
{
    const struct rn_producer_reading *last = &device->last_reading;
    uint64_t ticks = rn_producer_now() - last->after;

    return last->device + (uint64_t)(((unsigned __int128)ticks << 32) / device->clock.rate);
}

uint64_t rn_vulkan_clock_extend(const struct rn_vulkan_device *device, uint64_t time,
                                uint64_t valid)
{
    return valid == UINT64_MAX ? time : nearest(time, expected(device), valid);
}

void rn_vulkan_clock_read(struct rn_vulkan_device *device)
{
    struct rn_producer_reading reading;

    if (!device->calibrates || device->lost || !read_well(device, &reading))
        return;
    reading.device = rn_vulkan_clock_extend(device, reading.device, device->valid_least);
    device->last_reading = reading;
    rn_producer_clock_read(&device->clock, &reading);
}

void rn_vulkan_clock_look(struct rn_vulkan_device *device)
{
    if (device->calibrates && rn_producer_clock_due(&device->clock))
        rn_vulkan_clock_read(device);
}
