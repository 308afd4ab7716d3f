/* SPDX-License-Identifier: MIT */
/* Commands from when they are enqueued until they have been seen to end. */
#include "opencl_layer.h"

#include <stdlib.h>

#define BUCKETS 4096u
#define FEW     4u /* looked at while something else is done */
#define NS      1000000000u

static struct rn_opencl_command *buckets[BUCKETS];
static struct rn_opencl_command *unused; /* a list */
static uint32_t recording;               /* threads that record one at this moment */

static struct rn_opencl_command **bucket_of(cl_event event)
{
    return &buckets[((uintptr_t)event * 0x9e3779b97f4a7c15ull >> 40) % BUCKETS];
}

/* The lock is held in these. */
static struct rn_opencl_command *find(cl_event event)
{
    struct rn_opencl_command *command = *bucket_of(event);

    while (command && command->event != event)
        command = command->same_hash;
    return command;
}

static struct rn_opencl_command *make(void)
{
    struct rn_opencl_command *command = unused;

    if (!command)
        return malloc(sizeof(*command));
    unused = command->next;
    return command;
}

static void append(struct rn_opencl_command *command)
{
    struct rn_opencl_queue *queue = command->queue;
    struct rn_opencl_command **bucket = bucket_of(command->event);

    command->previous = queue->last;
    command->next = NULL;
    if (queue->last)
        queue->last->next = command;
    else
        queue->first = command;
    queue->last = command;
    command->same_hash = *bucket;
    *bucket = command;
}

static void take_out(struct rn_opencl_command *command)
{
    struct rn_opencl_queue *queue = command->queue;
    struct rn_opencl_command **at = bucket_of(command->event);

    if (command->previous)
        command->previous->next = command->next;
    else
        queue->first = command->next;
    if (command->next)
        command->next->previous = command->previous;
    else
        queue->last = command->previous;
    while (*at != command)
        at = &(*at)->same_hash;
    *at = command->same_hash;
    command->next = unused;
    unused = command;
}

void rn_opencl_remember(const struct rn_opencl_command *about)
{
    struct rn_opencl_command *command;

    pthread_mutex_lock(&rn_opencl_lock);
    command = make();
    if (command) {
        *command = *about;
        command->taken = false;
        append(command);
    }
    pthread_mutex_unlock(&rn_opencl_lock);
    rn_producer_queue_begun(&about->queue->announced, 1);
    if (!command)
        rn_opencl_next->clReleaseEvent(about->event);
}

static bool get_time(cl_event event, cl_profiling_info name, cl_ulong *time)
{
    return rn_opencl_next->clGetEventProfilingInfo(event, name, sizeof(*time), time, NULL) ==
           CL_SUCCESS;
}

static void emit(struct rn_opencl_command *command, uint32_t flags, uint64_t start, uint64_t end,
                 const char *text)
{
    struct rn_producer_event event = {.kind = command->kind,
                                      .flags = flags,
                                      .queue = &command->queue->announced,
                                      .start = start,
                                      .duration = end > start ? end - start : 0,
                                      .fields = command->u.words,
                                      .words = command->kind == RN_KIND_KERNEL
                                                   ? sizeof(command->u.kernel) / 8
                                                   : sizeof(command->u.transfer) / 8,
                                      .name = command->name,
                                      .text = text};

    rn_producer_event(&event);
}

static void set_queued(struct rn_opencl_command *command, uint64_t queued, uint64_t submitted)
{
    if (command->kind == RN_KIND_KERNEL) {
        command->u.kernel.queued = queued;
        command->u.kernel.submitted = submitted;
    } else {
        command->u.transfer.queued = queued;
        command->u.transfer.submitted = submitted;
    }
}

/* Of one that has ended (status 0), failed (negative), or goes on while the program ends. */
static void record(struct rn_opencl_command *command, cl_int status)
{
    const struct rn_producer_clock *clock = &command->queue->device->clock;
    cl_ulong queued, submitted, start, end;

    __atomic_add_fetch(&recording, 1, __ATOMIC_ACQUIRE);
    if (status == CL_COMPLETE && clock->base_ticks != 0 &&
        get_time(command->event, CL_PROFILING_COMMAND_QUEUED, &queued) &&
        get_time(command->event, CL_PROFILING_COMMAND_SUBMIT, &submitted) &&
        get_time(command->event, CL_PROFILING_COMMAND_START, &start) &&
        get_time(command->event, CL_PROFILING_COMMAND_END, &end)) {
        rn_opencl_note_time(command->queue->device, queued, command->before, command->after);
        set_queued(command, rn_producer_ticks(clock, queued), rn_producer_ticks(clock, submitted));
        emit(command, RN_EVENT_DEVICE_TIME | RN_EVENT_DEVICE_QUEUED,
             rn_producer_ticks(clock, start), rn_producer_ticks(clock, end), NULL);
    } else if (status == CL_COMPLETE) {
        set_queued(command, command->before, 0);
        emit(command, 0, command->before, rn_producer_now(),
             "the device gave no times: from the call that enqueued it to when its end was seen");
    } else {
        set_queued(command, command->before, 0);
        emit(command, RN_EVENT_UNFINISHED, command->before, rn_producer_now(),
             status < 0 ? "ended with an error" : "had not ended when the program did");
    }
    __atomic_sub_fetch(&recording, 1, __ATOMIC_RELEASE);
}

static cl_int status_of(const struct rn_opencl_command *command)
{
    cl_int status = CL_QUEUED;

    if (rn_opencl_next->clGetEventInfo(command->event, CL_EVENT_COMMAND_EXECUTION_STATUS,
                                       sizeof(status), &status, NULL) != CL_SUCCESS)
        return CL_QUEUED;
    return status;
}

/* Of a command that the caller has taken: true if it has ended, and is gone now. */
static bool collect(struct rn_opencl_command *command)
{
    cl_int status = status_of(command);
    cl_event event = command->event;

    if (status <= CL_COMPLETE)
        record(command, status);
    pthread_mutex_lock(&rn_opencl_lock);
    command->taken = false;
    if (status <= CL_COMPLETE)
        take_out(command);
    pthread_mutex_unlock(&rn_opencl_lock);
    if (status <= CL_COMPLETE)
        rn_opencl_next->clReleaseEvent(event);
    return status <= CL_COMPLETE;
}

/* The oldest that nobody has taken, behind `skip` others. */
static struct rn_opencl_command *take(struct rn_opencl_queue *queue, uint32_t skip)
{
    struct rn_opencl_command *command;

    pthread_mutex_lock(&rn_opencl_lock);
    command = queue->first;
    while (command && (command->taken || skip > 0)) {
        skip -= skip > 0 && !command->taken;
        command = command->next;
    }
    if (command)
        command->taken = true;
    pthread_mutex_unlock(&rn_opencl_lock);
    return command;
}

/* Each call that enqueues looks at the oldest few: to gather more of them first, and so to hold more
 * events, was slower with NVIDIA's driver (20 us a call instead of 16, 4 without the layer). */
void rn_opencl_collect(struct rn_opencl_queue *queue, bool all)
{
    struct rn_opencl_command *command;
    uint32_t going_on = 0;

    for (uint32_t i = 0; (all || i < FEW) && (command = take(queue, going_on)); i++) {
        if (collect(command))
            continue;
        if (queue->ordered || ++going_on == FEW)
            return;
    }
}

void rn_opencl_collect_event(cl_event event)
{
    struct rn_opencl_command *command;
    struct rn_opencl_queue *queue = NULL;

    pthread_mutex_lock(&rn_opencl_lock);
    command = find(event);
    if (command && !command->taken)
        command->taken = true;
    else
        command = NULL;
    pthread_mutex_unlock(&rn_opencl_lock);
    if (!command)
        return;
    queue = command->queue;
    if (collect(command))
        rn_opencl_collect(queue, queue->ordered);
}

uint64_t rn_opencl_correlation(cl_event event)
{
    const struct rn_opencl_command *command;
    uint64_t correlation = 0;

    pthread_mutex_lock(&rn_opencl_lock);
    command = find(event);
    if (command)
        correlation = command->kind == RN_KIND_KERNEL ? command->u.kernel.correlation
                                                      : command->u.transfer.correlation;
    pthread_mutex_unlock(&rn_opencl_lock);
    return correlation;
}

bool rn_opencl_holds(cl_event event)
{
    bool holds;

    pthread_mutex_lock(&rn_opencl_lock);
    holds = find(event) != NULL;
    pthread_mutex_unlock(&rn_opencl_lock);
    return holds;
}

/* Events are not released any more: what made them may be gone. */
static void collect_rest(struct rn_opencl_queue *queue, void *context)
{
    struct rn_opencl_command *command;

    (void)context;
    while ((command = take(queue, 0)))
        record(command, status_of(command));
}

static void wait_for_others(void)
{
    const struct timespec moment = {.tv_nsec = 100000};

    for (unsigned i = 0; i < 10000 && __atomic_load_n(&recording, __ATOMIC_ACQUIRE); i++)
        (void)nanosleep(&moment, NULL);
}

void rn_opencl_collect_last(void)
{
    rn_opencl_each_queue(collect_rest, NULL);
    rn_opencl_note_last_times();
    wait_for_others();
}

static void forget_commands(struct rn_opencl_queue *queue, void *context)
{
    (void)context;
    queue->first = queue->last = NULL;
}

void rn_opencl_forget_commands(void)
{
    for (unsigned i = 0; i < BUCKETS; i++)
        buckets[i] = NULL;
    recording = 0;
    rn_opencl_each_queue(forget_commands, NULL);
}
