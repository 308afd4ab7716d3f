/* SPDX-License-Identifier: MIT */
/* The second reading: what happened on the path. */
#include "critical_private.h"

#include <stdlib.h>

static enum rn_status no_memory(struct rn_error *err)
{
    return rn_fail(err, RN_E_NOMEM, "no memory for what is on a critical path");
}

static struct rn_critical_link *link_of(const struct rn_critical_path *path,
                                        const struct critical_stream *stream, size_t number)
{
    return &path->links[path->by_stream[stream->link_first + number]];
}

/* ---- names of threads ---- */

static bool replace_text(char **text, const char *value)
{
    char *copy = strdup(value ? value : "");

    if (!copy)
        return false;
    free(*text);
    *text = copy;
    return true;
}

/* A thread keeps the last name that it had: that of the program it ended as. */
static bool name_thread(struct critical_stream *stream, struct rn_trace *trace)
{
    const struct rn_thread_info *info = rn_trace_thread(trace, stream->id);

    stream->stale = false;
    stream->named = true;
    stream->thread.pid = info->pid;
    stream->thread.tid = info->tid;
    stream->thread.process = info->process ? info->process->serial : 0;
    return replace_text(&stream->name, info->name) &&
           replace_text(&stream->program, info->process ? info->process->name : "");
}

/* ---- work ---- */

static struct critical_name *name_of(struct rn_critical_path *path, const struct rn_event *event)
{
    const struct rn_attachment *name;

    if (event->kind == RN_KIND_SYSCALL)
        return rn_critical_call(path, &event->u.syscall);
    name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    return rn_critical_name(path, event->kind, name ? (const char *)name->data : "",
                            name ? name->size : 0);
}

/* The greatest of what took the link's time, or what nothing took. */
static void close_link(const struct rn_critical_path *path, struct critical_stream *stream)
{
    struct rn_critical_link *link = link_of(path, stream, stream->current);
    uint64_t rest = link->to - link->from - link->working, most = 0;

    for (unsigned i = 0; i < CRITICAL_TOP && stream->top[i].name; i++) {
        if (stream->top[i].ticks >= rest && stream->top[i].ticks > most) {
            most = stream->top[i].ticks;
            link->most = stream->top[i].name->text;
        }
    }
    memset(stream->top, 0, sizeof stream->top);
}

/* Where more names occur than are told apart, the least one gives way. */
static void add_top(struct critical_stream *stream, struct critical_name *name, uint64_t ticks)
{
    struct critical_top *place = &stream->top[0];

    for (unsigned i = 0; i < CRITICAL_TOP; i++) {
        struct critical_top *top = &stream->top[i];

        if (!top->name || top->name == name) {
            place = top;
            break;
        }
        if (top->ticks < place->ticks)
            place = top;
    }
    if (place->name != name)
        place->ticks = 0;
    place->name = name;
    place->ticks += ticks;
}

/* The first link of the stream that ends behind `time`. */
static size_t first_link(const struct rn_critical_path *path, const struct critical_stream *stream,
                         uint64_t time)
{
    size_t low = 0, high = stream->link_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (link_of(path, stream, middle)->to <= time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void add_to_link(struct rn_critical_path *path, struct critical_stream *stream,
                        size_t number, struct critical_name *name, uint64_t ticks)
{
    struct rn_critical_link *link = link_of(path, stream, number);

    if (number > stream->current) {
        close_link(path, stream);
        stream->current = number;
    }
    link->working += ticks;
    if (link->working > link->to - link->from)
        link->working = link->to - link->from; /* kernels may overlap */
    add_top(stream, name, ticks);
    name->work.ticks += ticks;
}

/* What never returned, exit_group(2) above all, went on until the thread was gone. */
static uint64_t end_of_work(const struct rn_event *event)
{
    bool forever = event->kind == RN_KIND_SYSCALL && event->flags & RN_EVENT_UNFINISHED;

    return forever ? UINT64_MAX : critical_end(event);
}

/* How often it is on the path. */
static unsigned spread(struct rn_critical_path *path, struct critical_stream *stream,
                       const struct rn_event *event, struct critical_name *name)
{
    uint64_t end = end_of_work(event);
    size_t number = first_link(path, stream, event->start);
    unsigned times = 0;

    for (; number < stream->link_count; number++) {
        const struct rn_critical_link *link = link_of(path, stream, number);
        uint64_t from = link->from > event->start ? link->from : event->start;
        uint64_t to = link->to < end ? link->to : end;

        if (from >= end || from >= to)
            break;
        add_to_link(path, stream, number, name, to - from);
        times++;
    }
    return times;
}

/* Calls of the path that follow each other on one thread. */
static void follow_run(struct rn_critical_path *path, struct critical_stream *stream,
                       const struct rn_event *event, struct critical_name *name)
{
    struct critical_run *run = &stream->run;
    uint64_t end = critical_end(event), ret = event->u.syscall.ret;

    (void)path;
    if (run->name != name) {
        rn_critical_run_end(stream);
        *run = (struct critical_run){.name = name, .first = event->start};
    }
    run->calls++;
    run->in_calls += event->duration;
    run->last = end;
    if (!rn_syscall_failed(&event->u.syscall) &&
        rn_event_attachment(event, RN_ATT_CONTENT, RN_ARG_ANY))
        run->bytes += ret;
}

static enum rn_status add_work(struct rn_critical_path *path, struct rn_trace *trace,
                               const struct rn_event *event, struct rn_error *err)
{
    struct critical_stream *stream = rn_critical_stream(path, event->stream);
    struct critical_name *name;
    unsigned times;

    if (!stream || !stream->link_count)
        return RN_OK;
    if ((!stream->named || stream->stale) && !name_thread(stream, trace))
        return no_memory(err);
    stream->stale |= event->kind == RN_KIND_PROCESS;
    if (event->kind != RN_KIND_SYSCALL && event->kind != RN_KIND_KERNEL &&
        event->kind != RN_KIND_TRANSFER)
        return RN_OK;
    name = name_of(path, event);
    if (!name)
        return no_memory(err);
    times = spread(path, stream, event, name);
    name->work.count += times > 0;
    if (event->kind == RN_KIND_SYSCALL && times)
        follow_run(path, stream, event, name);
    else if (event->kind == RN_KIND_SYSCALL)
        rn_critical_run_end(stream);
    return RN_OK;
}

enum rn_status rn_critical_path_work(struct rn_critical_path *path, struct rn_trace *trace,
                                     const struct rn_event *event, struct rn_error *err)
{
    enum rn_status status;

    path->clock = *rn_trace_clock(trace);
    if (!RN_KIND_IS_EVENT(event->kind) || event->kind == RN_KIND_EDGE)
        return RN_OK;
    status = rn_critical_pattern_note(path, trace, event, err);
    if (status != RN_OK || event->flags & RN_EVENT_SNAPSHOT)
        return status;
    return add_work(path, trace, event, err);
}

/* ---- sums ---- */

static int compare_work(const void *a, const void *b)
{
    const struct rn_critical_work *x = a, *y = b;

    if (x->ticks != y->ticks)
        return x->ticks > y->ticks ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int compare_threads(const void *a, const void *b)
{
    const struct rn_critical_thread *x = a, *y = b;

    if (x->ticks != y->ticks)
        return x->ticks > y->ticks ? -1 : 1;
    return x->stream < y->stream ? -1 : x->stream > y->stream;
}

static bool collect_work(struct rn_critical_path *path, struct rn_critical_result *result)
{
    struct rn_critical_work computing = {.kind = RN_KIND_NONE, .name = ""};
    struct rn_critical_work idle = {.kind = RN_KIND_STREAM, .name = ""};
    size_t count = 0;

    path->work = calloc(path->names.count + 3, sizeof *path->work);
    if (!path->work)
        return false;
    for (size_t i = 0; i < path->link_count; i++) {
        const struct rn_critical_link *link = &path->links[i];
        struct critical_stream *stream = rn_critical_stream(path, link->stream);

        (stream->type == RN_STREAM_QUEUE ? &idle : &computing)->ticks +=
            link->to - link->from - link->working;
    }
    for (size_t i = 0; i < path->names.capacity; i++) {
        const struct critical_name *name = path->names.slots[i].value;

        if (name && name->work.count)
            path->work[count++] = name->work;
    }
    if (path->other && path->other->work.count)
        path->work[count++] = path->other->work;
    if (computing.ticks)
        path->work[count++] = computing;
    if (idle.ticks)
        path->work[count++] = idle;
    qsort(path->work, count, sizeof *path->work, compare_work);
    result->work = path->work;
    result->work_count = count;
    return true;
}

static bool collect_threads(struct rn_critical_path *path, struct rn_critical_result *result)
{
    size_t count = 0;

    path->threads = calloc(path->streams.count + 1, sizeof *path->threads);
    if (!path->threads)
        return false;
    for (size_t i = 0; i < path->link_count; i++) {
        struct critical_stream *stream = rn_critical_stream(path, path->links[i].stream);

        stream->thread.ticks += path->links[i].to - path->links[i].from;
        stream->thread.links++;
    }
    for (size_t i = 0; i < path->streams.capacity; i++) {
        struct critical_stream *stream = path->streams.slots[i].value;

        if (!stream || !stream->thread.links)
            continue;
        stream->thread.stream = stream->id;
        stream->thread.type = stream->type;
        stream->thread.name = stream->name ? stream->name : "";
        stream->thread.program = stream->program ? stream->program : "";
        path->threads[count++] = stream->thread;
    }
    qsort(path->threads, count, sizeof *path->threads, compare_threads);
    result->threads = path->threads;
    result->thread_count = count;
    return true;
}

enum rn_status rn_critical_path_result(struct rn_critical_path *path,
                                       struct rn_critical_result *result, struct rn_error *err)
{
    *result = (struct rn_critical_result){.waits_lost = path->waits_lost};
    if (!path->link_count)
        return RN_OK;
    for (size_t i = 0; i < path->streams.capacity; i++) {
        struct critical_stream *stream = path->streams.slots[i].value;

        if (stream && stream->link_count) {
            close_link(path, stream);
            rn_critical_run_end(stream);
        }
    }
    result->begin = path->begin;
    result->end = path->last;
    result->links = path->links;
    result->link_count = path->link_count;
    if (!collect_work(path, result) || !collect_threads(path, result))
        return no_memory(err);
    rn_critical_patterns_find(path, result);
    result->patterns = path->patterns;
    return RN_OK;
}
