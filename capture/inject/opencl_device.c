/* SPDX-License-Identifier: MIT */
/* Devices and their clocks. Where clGetDeviceAndHostTimer does not work, as with PoCL, what serves
 * is that a command's QUEUED time is taken, by OpenCL's specification, in the call that enqueues
 * it: so each call is a reading, and the shortest of a tenth of a second is recorded. */
#include "opencl_layer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TRIES 8u

static struct rn_opencl_device *devices[RN_OPENCL_DEVICES];
static uint64_t device_count;

static struct rn_opencl_device *find(cl_device_id id)
{
    for (uint64_t i = 0; i < device_count; i++)
        if (devices[i]->id == id)
            return devices[i];
    return NULL;
}

struct rn_opencl_device *rn_opencl_find_device(cl_device_id id)
{
    struct rn_opencl_device *device, *new = calloc(1, sizeof(*new));

    if (new && rn_opencl_next->clGetDeviceInfo(id, CL_DEVICE_NAME, sizeof(new->name) - 1, new->name,
                                               NULL) != CL_SUCCESS)
        new->name[0] = '\0';
    pthread_mutex_lock(&rn_opencl_lock);
    device = find(id);
    if (!device && new &&device_count < RN_OPENCL_DEVICES) {
        new->id = id;
        new->number = device_count + 1;
        device = devices[device_count++] = new;
        new = NULL;
    }
    pthread_mutex_unlock(&rn_opencl_lock);
    free(new);
    return device;
}

/* "OpenCL 3.0 ...": 300. Functions that an old driver does not have must not be called. */
static unsigned version_of(const struct rn_opencl_device *device)
{
    char text[128] = "";
    unsigned major;

    if (rn_opencl_next->clGetDeviceInfo(device->id, CL_DEVICE_VERSION, sizeof(text) - 1, text,
                                        NULL) != CL_SUCCESS ||
        strncmp(text, "OpenCL ", 7) != 0)
        return 100;
    major = (unsigned)strtoul(text + 7, NULL, 10);
    return major * 100 + (text[8] == '.' ? (unsigned)(text[9] - '0') * 10 : 0);
}

static bool read_timer(const struct rn_opencl_device *device, struct rn_producer_reading *reading)
{
    cl_ulong here, there;
    cl_int result;

    *reading = rn_producer_reading_begin();
    result = rn_opencl_next->clGetDeviceAndHostTimer(device->id, &there, &here);
    rn_producer_reading_end(reading);
    reading->device = there;
    return result == CL_SUCCESS;
}

static bool enqueue_marker(cl_command_queue queue, unsigned version, cl_event *event)
{
    if (version >= 120)
        return rn_opencl_next->clEnqueueMarkerWithWaitList(queue, 0, NULL, event) == CL_SUCCESS;
    return rn_opencl_next->clEnqueueMarker(queue, event) == CL_SUCCESS;
}

static bool read_marker(cl_command_queue queue, unsigned version,
                        struct rn_producer_reading *reading)
{
    cl_event event = NULL;
    cl_ulong queued = 0;
    bool done;

    *reading = rn_producer_reading_begin();
    done = enqueue_marker(queue, version, &event);
    rn_producer_reading_end(reading);
    if (!done)
        return false;
    done = rn_opencl_next->clWaitForEvents(1, &event) == CL_SUCCESS &&
           rn_opencl_next->clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_QUEUED,
                                                   sizeof(queued), &queued, NULL) == CL_SUCCESS;
    rn_opencl_next->clReleaseEvent(event);
    reading->device = queued;
    return done && queued != 0;
}

/* Which of the machine's clocks it is, if it was between two readings of one every time. */
static const struct {
    clockid_t clock;
    enum rn_clock_source source;
} machine_clocks[] = {{CLOCK_MONOTONIC_RAW, RN_CLOCK_MONOTONIC_RAW},
                      {CLOCK_MONOTONIC, RN_CLOCK_MONOTONIC},
                      {CLOCK_REALTIME, RN_CLOCK_REALTIME}};
#define MACHINE_CLOCKS 3u

static void open_clock(struct rn_opencl_device *device, cl_command_queue queue)
{
    unsigned version = version_of(device);
    struct rn_producer_reading best = {.after = UINT64_MAX};
    struct rn_producer_clock_about about = {
        .api = RN_API_OPENCL, .device = device->number, .ns_per_tick = 1, .name = device->name};
    bool may_be[MACHINE_CLOCKS] = {true, true, true};

    device->timers = version >= 210 && read_timer(device, &best);
    if (!device->timers)
        best = (struct rn_producer_reading){.after = UINT64_MAX};
    for (unsigned i = 0; i < TRIES; i++) {
        uint64_t before[MACHINE_CLOCKS];
        struct rn_producer_reading reading;

        for (unsigned k = 0; k < MACHINE_CLOCKS; k++)
            before[k] = rn_producer_clock_ns(machine_clocks[k].clock);
        if (!(device->timers ? read_timer(device, &reading)
                             : read_marker(queue, version, &reading)))
            continue;
        for (unsigned k = 0; k < MACHINE_CLOCKS; k++)
            may_be[k] &= reading.device >= before[k] &&
                         reading.device <= rn_producer_clock_ns(machine_clocks[k].clock);
        if (reading.after - reading.before < best.after - best.before)
            best = reading;
    }
    if (best.after == UINT64_MAX)
        return;
    for (unsigned k = MACHINE_CLOCKS; k > 0; k--)
        if (may_be[k - 1])
            about.source = machine_clocks[k - 1].source;
    rn_producer_clock_open(&device->clock, &about, &best);
}

void rn_opencl_open_clock(struct rn_opencl_device *device, cl_command_queue queue)
{
    static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

    pthread_mutex_lock(&opening);
    if (!device->tried)
        open_clock(device, queue);
    device->tried = true;
    pthread_mutex_unlock(&opening);
}

void rn_opencl_note_time(struct rn_opencl_device *device, uint64_t queued, uint64_t before,
                         uint64_t after)
{
    struct rn_producer_reading reading = {.device = queued, .before = before, .after = after};
    bool due;

    if (device->clock.number == 0)
        return;
    due = rn_producer_clock_due(&device->clock);
    if (device->timers) {
        if (due && read_timer(device, &reading))
            rn_producer_clock_read(&device->clock, &reading);
        return;
    }
    pthread_mutex_lock(&rn_opencl_lock);
    if (device->best.after == 0 || after - before < device->best.after - device->best.before)
        device->best = reading;
    reading = device->best;
    if (due)
        device->best.after = 0;
    pthread_mutex_unlock(&rn_opencl_lock);
    if (due)
        rn_producer_clock_read(&device->clock, &reading);
}

static void note_last(struct rn_opencl_device *device)
{
    struct rn_producer_reading reading = device->best;

    if (device->clock.number == 0 ||
        (device->timers ? !read_timer(device, &reading) : !reading.after))
        return;
    device->best.after = 0;
    rn_producer_clock_read(&device->clock, &reading);
}

void rn_opencl_note_last_times(void)
{
    for (uint64_t i = 0; i < device_count; i++)
        note_last(devices[i]);
}
