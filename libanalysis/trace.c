/* SPDX-License-Identifier: MIT */
#include "trace_model.h"

#include <stdlib.h>
#include <string.h>

struct rn_trace *rn_trace_new(const struct rn_manifest *manifest)
{
    struct rn_trace *trace = calloc(1, sizeof *trace);

    if (!trace)
        return NULL;
    rn_clock_init(&trace->clock, manifest);
    rn_trace_effects_init(trace);
    trace->unknown.name = "?";
    return trace;
}

void rn_trace_free(struct rn_trace *trace)
{
    if (!trace)
        return;
    for (size_t i = 0; i < trace->streams.capacity; i++) {
        if (trace->streams.slots[i].value)
            rn_trace_thread_free(trace, trace->streams.slots[i].value);
    }
    for (size_t i = 0; i < trace->pids.capacity; i++) {
        if (trace->pids.slots[i].value)
            rn_trace_process_drop(trace, trace->pids.slots[i].value);
    }
    rn_device_clocks_free(trace->device_clocks);
    rn_id_map_free(&trace->streams);
    rn_id_map_free(&trace->pids);
    free(trace);
}

struct rn_shared_name *rn_shared_name_new(struct rn_trace *trace, const char *text, size_t length)
{
    struct rn_shared_name *name;

    length = strnlen(text, length);
    if (length > RN_TRACE_MAX_BYTES - sizeof *name - 1 ||
        trace->bytes > RN_TRACE_MAX_BYTES - sizeof *name - 1 - length)
        return NULL;
    name = malloc(sizeof *name + length + 1);
    if (!name)
        return NULL;
    name->holders = 1;
    name->length = (uint32_t)length;
    memcpy(name->text, text, length);
    name->text[length] = '\0';
    trace->bytes += sizeof *name + length + 1;
    return name;
}

struct rn_shared_name *rn_shared_name_hold(struct rn_shared_name *name)
{
    if (name)
        name->holders++;
    return name;
}

void rn_shared_name_drop(struct rn_trace *trace, struct rn_shared_name *name)
{
    if (!name || --name->holders)
        return;
    trace->bytes -= sizeof *name + name->length + 1;
    free(name);
}

struct rn_trace_thread *rn_trace_find_thread(const struct rn_trace *trace, uint64_t stream)
{
    return rn_id_map_get(&trace->streams, stream);
}

static enum rn_status feed_device_clock(struct rn_trace *trace, const struct rn_event *event,
                                        struct rn_error *err)
{
    if (!trace->device_clocks && !(trace->device_clocks = rn_device_clocks_new()))
        return rn_fail(err, RN_E_NOMEM, "no memory for the clocks of devices");
    return rn_device_clocks_add(trace->device_clocks, event, err);
}

const struct rn_device_clocks *rn_trace_device_clocks(const struct rn_trace *trace)
{
    return trace->device_clocks;
}

void rn_trace_place(const struct rn_trace *trace, struct rn_event *event)
{
    const struct rn_trace_thread *thread;

    if (!(event->flags & (RN_EVENT_DEVICE_TIME | RN_EVENT_DEVICE_QUEUED)) || !trace->device_clocks)
        return;
    thread = rn_trace_find_thread(trace, event->stream);
    if (thread)
        rn_device_clocks_place(trace->device_clocks, thread->clock, event);
}

enum rn_status rn_trace_feed(struct rn_trace *trace, const struct rn_event *event,
                             struct rn_error *err)
{
    switch (event->kind) {
    case RN_KIND_STREAM:
        return rn_trace_feed_stream(trace, event, err);
    case RN_KIND_CLOCK:
        rn_clock_add(&trace->clock, &event->u.clock);
        break;
    case RN_KIND_DEVICE_CLOCK:
        return feed_device_clock(trace, event, err);
    case RN_KIND_COMMIT:
        if (event->flags & RN_EVENT_SNAPSHOT)
            rn_trace_forget_ended(trace);
        break;
    case RN_KIND_PROCESS:
        rn_trace_feed_process(trace, event);
        break;
    case RN_KIND_DESCRIPTOR:
        rn_trace_feed_descriptor(trace, event);
        break;
    case RN_KIND_SYSCALL:
        rn_trace_feed_syscall(trace, event);
        break;
    default:
        break;
    }
    return RN_OK;
}

const struct rn_thread_info *rn_trace_thread(struct rn_trace *trace, uint64_t stream)
{
    struct rn_trace_thread *thread = rn_trace_find_thread(trace, stream);
    struct rn_trace_process *process;

    if (!thread)
        return &trace->unknown;
    process = thread->process;
    if (process) {
        process->info.exe = process->exe ? process->exe->text : NULL;
        process->info.name = process->name ? process->name->text : "?";
    }
    thread->info.process = process ? &process->info : NULL;
    if (thread->name)
        thread->info.name = thread->name->text;
    else
        thread->info.name = process ? process->info.name : "?";
    return &thread->info;
}

const char *rn_trace_descriptor(struct rn_trace *trace, uint64_t stream, int64_t fd)
{
    const struct rn_trace_thread *thread = rn_trace_find_thread(trace, stream);

    if (!thread || !thread->process || fd < 0)
        return NULL;
    return rn_fd_table_name(thread->process->files, (uint64_t)fd);
}

const char *rn_trace_directory(struct rn_trace *trace, uint64_t stream)
{
    const struct rn_trace_thread *thread = rn_trace_find_thread(trace, stream);

    if (!thread || !thread->process || !thread->process->cwd)
        return NULL;
    return thread->process->cwd->text;
}

const struct rn_clock *rn_trace_clock(const struct rn_trace *trace)
{
    return &trace->clock;
}
