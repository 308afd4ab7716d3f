/* SPDX-License-Identifier: MIT */
/* The first reading: who waited for whom. */
#include "critical_private.h"

#include "formats/syscall_table.h"

#include <errno.h>
#include <stdlib.h>

/* The kernel's own results of a call that is to be begun again, or that a signal ended. */
#define ERESTART_FIRST 512
#define ERESTART_LAST  516

static const struct {
    const char *name;
    enum critical_role role;
} roles[] = {
    {"poll", CRITICAL_POLL},        {"ppoll", CRITICAL_POLL},        {"select", CRITICAL_POLL},
    {"pselect6", CRITICAL_POLL},    {"_newselect", CRITICAL_POLL},   {"epoll_wait", CRITICAL_POLL},
    {"epoll_pwait", CRITICAL_POLL}, {"epoll_pwait2", CRITICAL_POLL}, {"open", CRITICAL_OPEN},
    {"openat", CRITICAL_OPENAT},    {"close", CRITICAL_CLOSE},       {"dup", CRITICAL_DUP},
    {"dup2", CRITICAL_DUP},         {"dup3", CRITICAL_DUP},          {"write", CRITICAL_WRITE},
    {"pwrite64", CRITICAL_WRITE},   {"writev", CRITICAL_WRITE},      {"pwritev", CRITICAL_WRITE},
    {"pwritev2", CRITICAL_WRITE},   {"fsync", CRITICAL_SYNC},        {"fdatasync", CRITICAL_SYNC},
};

static void find_roles(struct rn_critical_path *path)
{
    for (unsigned abi = 0; abi < RN_ABI_COUNT; abi++) {
        for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
            int nr = rn_syscall_number((enum rn_abi)abi, roles[i].name, strlen(roles[i].name));

            if (nr >= 0 && (unsigned)nr < CRITICAL_NUMBERS)
                path->roles[abi][nr] = (uint8_t)roles[i].role;
        }
    }
}

struct rn_critical_path *rn_critical_path_new(void)
{
    struct rn_critical_path *path = calloc(1, sizeof *path);

    if (path)
        find_roles(path);
    return path;
}

static void stream_free(struct critical_stream *stream)
{
    if (!stream)
        return;
    free(stream->polls);
    free(stream->name);
    free(stream->program);
    free(stream);
}

void rn_critical_path_free(struct rn_critical_path *path)
{
    if (!path)
        return;
    for (size_t i = 0; i < path->streams.capacity; i++)
        stream_free(path->streams.slots[i].value);
    for (size_t i = 0; i < path->files.capacity; i++)
        free(path->files.slots[i].value);
    rn_id_map_free(&path->streams);
    rn_id_map_free(&path->files);
    rn_critical_names_free(path);
    free(path->waits);
    free(path->links);
    free(path->by_stream);
    free(path->work);
    free(path->threads);
    free(path);
}

bool rn_critical_grow(void *array, size_t *capacity, size_t needed, size_t item)
{
    void **place = array;
    size_t larger = *capacity ? *capacity : 64;
    void *grown;

    if (needed <= *capacity)
        return true;
    while (larger < needed)
        larger *= 2;
    grown = reallocarray(*place, larger, item);
    if (!grown)
        return false;
    *place = grown;
    *capacity = larger;
    return true;
}

enum critical_role rn_critical_role(const struct rn_critical_path *path,
                                    const struct rn_syscall *call)
{
    return call->abi < RN_ABI_COUNT && call->nr < CRITICAL_NUMBERS
               ? (enum critical_role)path->roles[call->abi][call->nr]
               : CRITICAL_PLAIN;
}

struct critical_stream *rn_critical_stream(const struct rn_critical_path *path, uint64_t id)
{
    return rn_id_map_get(&path->streams, id + 1);
}

static struct critical_stream *make_stream(struct rn_critical_path *path, uint32_t id)
{
    struct critical_stream *stream = rn_critical_stream(path, id);

    if (stream || path->streams.count >= RN_TRACE_MAX_STREAMS)
        return stream;
    stream = calloc(1, sizeof *stream);
    if (!stream || !rn_id_map_set(&path->streams, (uint64_t)id + 1, stream)) {
        free(stream);
        return NULL;
    }
    stream->id = id;
    stream->type = RN_STREAM_RECORDER;
    stream->first = UINT64_MAX;
    return stream;
}

static enum rn_status no_memory(struct rn_error *err)
{
    return rn_fail(err, RN_E_NOMEM, "no memory for the waits of a critical path");
}

static bool is_interrupted(const struct rn_syscall *call)
{
    int64_t error = -(int64_t)call->ret;

    return error == EINTR || (error >= ERESTART_FIRST && error <= ERESTART_LAST);
}

/* Calls of a thread come one after the other: what says otherwise is damaged, and left out. */
static enum rn_status note_poll(struct rn_critical_path *path, struct critical_stream *stream,
                                const struct rn_event *event, struct rn_error *err)
{
    const struct rn_syscall *call = &event->u.syscall;
    uint64_t end = critical_end(event);
    bool found = rn_critical_role(path, call) == CRITICAL_POLL && (int64_t)call->ret > 0;

    if ((!found && !is_interrupted(call)) || event->flags & RN_EVENT_UNFINISHED ||
        (stream->poll_count && stream->polls[stream->poll_count - 1].end > event->start))
        return RN_OK;
    if (path->poll_count >= RN_CRITICAL_MAX_WAITS) {
        path->waits_lost = true;
        return RN_OK;
    }
    if (!rn_critical_grow(&stream->polls, &stream->poll_capacity, stream->poll_count + 1,
                          sizeof *stream->polls))
        return no_memory(err);
    stream->polls[stream->poll_count++] = (struct critical_poll){event->start, end};
    path->poll_count++;
    return RN_OK;
}

/* The run time is that of the process that was there first. Of a merged recording it is that of
 * all. */
static void note_process(struct rn_critical_path *path, const struct rn_event *event)
{
    const struct rn_process *process = &event->u.process;

    if ((process->op == RN_PROCESS_START || process->op == RN_PROCESS_ATTACH) && !path->has_first) {
        path->has_first = true;
        path->first_pid = process->pid;
    } else if (process->op == RN_PROCESS_EXIT && path->has_first && !path->first_ended &&
               process->pid == path->first_pid) {
        path->first_ended = true;
        path->first_end = event->start;
        path->first_end_stream = event->stream;
    }
}

static void note_time(struct rn_critical_path *path, struct critical_stream *stream,
                      const struct rn_event *event)
{
    uint64_t end = critical_end(event);

    if (event->start < stream->first)
        stream->first = event->start;
    if (end > stream->last)
        stream->last = end;
    if (!path->any || event->start < path->begin)
        path->begin = event->start;
    if (!path->any || end > path->last) {
        path->last = end;
        path->last_stream = event->stream;
    }
    path->any = true;
}

static bool counts(const struct rn_event *event)
{
    return RN_KIND_IS_EVENT(event->kind) && !(event->flags & RN_EVENT_SNAPSHOT) &&
           event->kind != RN_KIND_EDGE;
}

enum rn_status rn_critical_path_event(struct rn_critical_path *path, const struct rn_event *event,
                                      struct rn_error *err)
{
    bool is_stream = event->kind == RN_KIND_STREAM;
    struct critical_stream *stream;

    if (!is_stream && !counts(event))
        return RN_OK;
    stream = make_stream(path, is_stream ? (uint32_t)event->u.stream_info.id : event->stream);
    if (!stream)
        return no_memory(err);
    if (is_stream) {
        stream->type = (uint8_t)event->u.stream_info.type;
        return RN_OK;
    }
    if (stream->type != RN_STREAM_THREAD && stream->type != RN_STREAM_QUEUE)
        return RN_OK; /* a recorder says something, or a file of decisions */
    path->merged |= event->source != 0;
    note_time(path, stream, event);
    if (event->kind == RN_KIND_PROCESS)
        note_process(path, event);
    return event->kind == RN_KIND_SYSCALL ? note_poll(path, stream, event, err) : RN_OK;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The last poll that had ended before `time`; NULL: none. */
static const struct critical_poll *poll_before(const struct critical_stream *stream, uint64_t time)
{
    size_t low = 0, high = stream->poll_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (stream->polls[middle].end <= time)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? &stream->polls[low - 1] : NULL;
}

/* Nobody waits for what is there already. A cause counts from its begin, but an end or a kernel
 * from its end. Whoever reads what a poll had told of has waited in the poll. */
static bool find_wait(const struct critical_stream *stream, const struct rn_causal_edge *edge,
                      struct critical_wait *wait)
{
    const struct rn_edge_end *from = &edge->from, *to = &edge->to;
    const struct critical_poll *poll;
    bool at_end = edge->mechanism == RN_EDGE_EXIT || edge->mechanism == RN_EDGE_COMPLETION;

    wait->start = to->start;
    wait->end = to->end;
    wait->point = least(from->end, to->end);
    if (edge->mechanism == RN_EDGE_SIGNAL)
        return true; /* what it interrupted is not known yet */
    if (edge->mechanism == RN_EDGE_LAUNCH) {
        wait->point = least(from->end, to->start);
        return true;
    }
    if ((at_end ? from->end : from->start) > to->start)
        return true;
    poll = poll_before(stream, to->start);
    if (!poll || poll->start >= from->start || from->start >= poll->end)
        return false;
    wait->start = poll->start;
    wait->end = poll->end;
    wait->point = least(from->end, poll->end);
    return true;
}

static void note_origin(struct critical_stream *stream, const struct critical_wait *wait,
                        const struct rn_causal_edge *edge)
{
    if (stream->has_origin)
        return;
    stream->has_origin = true;
    stream->origin = *wait;
    stream->origin.point = least(edge->from.end, edge->to.start);
    if (stream->origin.point < edge->from.start)
        stream->origin.point = edge->from.start;
}

enum rn_status rn_critical_path_edge(struct rn_critical_path *path,
                                     const struct rn_causal_edge *edge, struct rn_error *err)
{
    struct critical_stream *stream;
    struct critical_wait wait = {.cause_start = edge->from.start,
                                 .stream = edge->to.stream,
                                 .from = edge->from.stream,
                                 .mechanism = edge->mechanism,
                                 .certainty = edge->certainty};

    if (edge->mechanism == RN_EDGE_STAMP || edge->from.start > edge->to.end)
        return RN_OK;
    stream = make_stream(path, edge->to.stream);
    if (!stream)
        return no_memory(err);
    if (edge->mechanism == RN_EDGE_FORK || edge->mechanism == RN_EDGE_CONTEXT) {
        note_origin(stream, &wait, edge);
        return RN_OK;
    }
    if (!find_wait(stream, edge, &wait))
        return RN_OK;
    if (path->wait_count >= RN_CRITICAL_MAX_WAITS) {
        path->waits_lost = true;
        return RN_OK;
    }
    if (!rn_critical_grow(&path->waits, &path->wait_capacity, path->wait_count + 1,
                          sizeof *path->waits))
        return no_memory(err);
    path->waits[path->wait_count++] = wait;
    return RN_OK;
}
