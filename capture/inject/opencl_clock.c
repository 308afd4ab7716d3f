/* SPDX-License-Identifier: MIT */
/* Clocks of devices. Where clGetDeviceAndHostTimer does not work, as with PoCL, what serves is that
 * a command's QUEUED time is taken, by OpenCL's specification, in the call that enqueues it. So
 * when a device's first queue is made, some markers are enqueued behind a user event, which wakes
 * nobody and so takes a microsecond or two: each is a reading. Where such markers have no times, as
 * with NVIDIA's driver, copies of a few bytes take their place, which wait for nothing: that driver
 * takes a command for enqueued when what it waits for has ended. If in all of them one clock of the
 * machine was right, that is the device's clock, as well as the shortest of these calls can tell;
 * later readings are then of that clock, with this as their error. Else each call of the program
 * that enqueues is a reading, of which the shortest in a tenth of a second is recorded. */
#include "opencl_layer.h"

#include <time.h>

#define TRIES          16u
#define READS          3u
#define MACHINE_CLOCKS 3u
#define COPIED         64u /* bytes */

static const struct {
    clockid_t clock;
    enum rn_clock_source source;
} machine_clocks[MACHINE_CLOCKS] = {{CLOCK_MONOTONIC_RAW, RN_CLOCK_MONOTONIC_RAW},
                                    {CLOCK_MONOTONIC, RN_CLOCK_MONOTONIC},
                                    {CLOCK_REALTIME, RN_CLOCK_REALTIME}};

struct sample {
    struct rn_producer_reading reading;
    uint64_t before[MACHINE_CLOCKS], after[MACHINE_CLOCKS];
};

static void begin_sample(struct sample *sample)
{
    for (unsigned i = 0; i < MACHINE_CLOCKS; i++)
        sample->before[i] = rn_producer_clock_ns(machine_clocks[i].clock);
    sample->reading = rn_producer_reading_begin();
}

static void end_sample(struct sample *sample)
{
    rn_producer_reading_end(&sample->reading);
    for (unsigned i = 0; i < MACHINE_CLOCKS; i++)
        sample->after[i] = rn_producer_clock_ns(machine_clocks[i].clock);
}

static bool read_timer(const struct rn_opencl_device *device, struct rn_producer_reading *reading)
{
    cl_ulong here, there = 0;
    cl_int result;

    *reading = rn_producer_reading_begin();
    result = rn_opencl_next->clGetDeviceAndHostTimer(device->id, &there, &here);
    rn_producer_reading_end(reading);
    reading->device = there;
    return result == CL_SUCCESS;
}

static uint32_t sample_timer(const struct rn_opencl_device *device, struct sample *samples)
{
    uint32_t count = 0;

    for (unsigned i = 0; i < TRIES; i++) {
        begin_sample(&samples[count]);
        if (!read_timer(device, &samples[count].reading))
            break;
        for (unsigned k = 0; k < MACHINE_CLOCKS; k++)
            samples[count].after[k] = rn_producer_clock_ns(machine_clocks[k].clock);
        count++;
    }
    return count;
}

/* The QUEUED time of a command that has ended. */
static bool end_command(cl_event event, uint64_t *time)
{
    cl_ulong queued = 0;
    bool known =
        rn_opencl_next->clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_QUEUED, sizeof(queued),
                                                &queued, NULL) == CL_SUCCESS;

    rn_opencl_next->clReleaseEvent(event);
    *time = queued;
    return known && queued != 0;
}

/* Enqueue a marker behind `gate`, or without one a copy, which need not wait. */
static cl_int enqueue(cl_command_queue queue, cl_event gate, cl_mem bytes, cl_event *event)
{
    if (gate)
        return rn_opencl_next->clEnqueueMarkerWithWaitList(queue, 1, &gate, event);
    return rn_opencl_next->clEnqueueCopyBuffer(queue, bytes, bytes, 0, COPIED, COPIED, 0, NULL,
                                               event);
}

/* With one of `gate`, a user event that is released here, and `bytes`. */
static uint32_t sample_commands(cl_command_queue queue, cl_event gate, cl_mem bytes,
                                struct sample *samples)
{
    cl_event events[TRIES];
    uint32_t made = 0, count = 0;

    while (made < TRIES) {
        cl_int result;

        begin_sample(&samples[made]);
        result = enqueue(queue, gate, bytes, &events[made]);
        end_sample(&samples[made]);
        if (result != CL_SUCCESS)
            break;
        made++;
    }
    if (gate)
        (void)rn_opencl_next->clSetUserEventStatus(gate, CL_COMPLETE);
    if (made > 0)
        (void)rn_opencl_next->clWaitForEvents(made, events);
    for (uint32_t i = 0; i < made; i++) {
        struct sample sample = samples[i];

        if (end_command(events[i], &sample.reading.device))
            samples[count++] = sample;
    }
    if (gate)
        rn_opencl_next->clReleaseEvent(gate);
    return count;
}

static uint32_t sample_markers(cl_context context, cl_command_queue queue, struct sample *samples)
{
    cl_event gate = rn_opencl_next->clCreateUserEvent(context, NULL);

    return gate ? sample_commands(queue, gate, NULL, samples) : 0;
}

static uint32_t sample_copies(cl_context context, cl_command_queue queue, struct sample *samples)
{
    cl_mem bytes =
        rn_opencl_next->clCreateBuffer(context, CL_MEM_READ_WRITE, 2 * COPIED, NULL, NULL);
    uint32_t count;

    if (!bytes)
        return 0;
    count = sample_commands(queue, NULL, bytes, samples);
    (void)rn_opencl_next->clReleaseMemObject(bytes);
    return count;
}

static uint64_t width_of(const struct rn_producer_reading *reading)
{
    return reading->after - reading->before;
}

/* Which clock of the machine was between its two readings every time; MACHINE_CLOCKS: none. */
static unsigned find_machine_clock(const struct sample *samples, uint32_t count)
{
    for (unsigned k = 0; k < MACHINE_CLOCKS; k++) {
        uint32_t right = 0;

        for (uint32_t i = 0; i < count; i++)
            right += samples[i].reading.device >= samples[i].before[k] &&
                     samples[i].reading.device <= samples[i].after[k];
        if (right == count)
            return k;
    }
    return MACHINE_CLOCKS;
}

/* That clock, read now, for the device's: a few times, as something may come between. */
static void read_machine_clock(const struct rn_opencl_device *device,
                               struct rn_producer_reading *reading)
{
    reading->before = 0;
    reading->after = UINT64_MAX;
    for (unsigned i = 0; i < READS; i++) {
        struct rn_producer_reading one = rn_producer_reading_begin();

        one.device = rn_producer_clock_ns(machine_clocks[device->machine_clock].clock);
        rn_producer_reading_end(&one);
        if (width_of(&one) < width_of(reading))
            *reading = one;
    }
    reading->before -= device->margin / 2;
    reading->after += device->margin / 2;
}

/* "OpenCL 3.0 ..." is 300: functions that an old driver does not have must not be called. */
static unsigned version_of(const struct rn_opencl_device *device)
{
    char text[128] = "";

    if (rn_opencl_next->clGetDeviceInfo(device->id, CL_DEVICE_VERSION, sizeof(text) - 1, text,
                                        NULL) != CL_SUCCESS ||
        text[7] < '1' || text[7] > '9' || text[8] != '.' || text[9] < '0' || text[9] > '9')
        return 100;
    return (unsigned)(text[7] - '0') * 100 + (unsigned)(text[9] - '0') * 10;
}

static void open_clock(struct rn_opencl_device *device, cl_context context, cl_command_queue queue)
{
    struct rn_producer_clock_about about = {
        .api = RN_API_OPENCL, .device = device->number, .ns_per_tick = 1, .name = device->name};
    unsigned version = version_of(device);
    struct sample samples[TRIES];
    struct rn_producer_reading best;
    uint32_t count = version >= 210 ? sample_timer(device, samples) : 0;

    device->timers = count == TRIES;
    if (!device->timers)
        count = version >= 120 ? sample_markers(context, queue, samples) : 0;
    if (count == 0)
        count = sample_copies(context, queue, samples);
    if (count == 0)
        return;
    best = samples[0].reading;
    for (uint32_t i = 1; i < count; i++)
        if (width_of(&samples[i].reading) < width_of(&best))
            best = samples[i].reading;
    device->machine_clock = find_machine_clock(samples, count);
    if (device->machine_clock < MACHINE_CLOCKS) {
        about.source = machine_clocks[device->machine_clock].source;
        device->margin = width_of(&best);
        read_machine_clock(device, &best);
    }
    (void)rn_producer_clock_open(&device->clock, &about, &best);
}

void rn_opencl_open_clock(struct rn_opencl_device *device, cl_context context,
                          cl_command_queue queue)
{
    static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

    pthread_mutex_lock(&opening);
    if (!device->tried)
        open_clock(device, context, queue);
    device->tried = true;
    pthread_mutex_unlock(&opening);
}

/* A reading now, if the device has a clock that can be read at any time. */
static bool read_now(const struct rn_opencl_device *device, struct rn_producer_reading *reading)
{
    if (device->machine_clock < MACHINE_CLOCKS) {
        read_machine_clock(device, reading);
        return true;
    }
    return device->timers && read_timer(device, reading);
}

void rn_opencl_note_time(struct rn_opencl_device *device, uint64_t queued, uint64_t before,
                         uint64_t after)
{
    struct rn_producer_reading reading = {.device = queued, .before = before, .after = after};
    bool due = rn_producer_clock_due(&device->clock), have;

    pthread_mutex_lock(&rn_opencl_lock);
    have = device->best.after != 0;
    if (!have || width_of(&reading) < width_of(&device->best))
        device->best = reading;
    reading = device->best;
    if (due)
        device->best.after = 0;
    pthread_mutex_unlock(&rn_opencl_lock);
    if (due) {
        (void)read_now(device, &reading);
        rn_producer_clock_read(&device->clock, &reading);
    }
}

void rn_opencl_note_last_time(struct rn_opencl_device *device)
{
    struct rn_producer_reading reading = device->best;

    if (device->clock.number != 0 && (read_now(device, &reading) || reading.after != 0))
        rn_producer_clock_read(&device->clock, &reading);
}
