/* SPDX-License-Identifier: MIT */
#include "trace_model.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define COMM_MAX 15u /* what the kernel keeps of a thread's name */

void rn_trace_process_drop(struct rn_trace *trace, struct rn_trace_process *process)
{
    if (!process || --process->holders)
        return;
    rn_shared_name_drop(trace, process->exe);
    rn_shared_name_drop(trace, process->name);
    rn_shared_name_drop(trace, process->cwd);
    rn_fd_table_drop(trace, process->files);
    free(process);
}

void rn_trace_thread_free(struct rn_trace *trace, struct rn_trace_thread *thread)
{
    rn_trace_process_drop(trace, thread->process);
    rn_shared_name_drop(trace, thread->name);
    free(thread);
}

static void set_name(struct rn_trace *trace, struct rn_shared_name **slot,
                     const struct rn_attachment *attachment)
{
    if (!attachment || attachment->type == RN_ATT_CONTENT || !attachment->data)
        return;
    rn_shared_name_drop(trace, *slot);
    *slot = rn_shared_name_new(trace, (const char *)attachment->data, attachment->size);
}

static struct rn_trace_process *process_new(struct rn_trace *trace, uint64_t key, uint64_t pid,
                                            struct rn_error *err)
{
    struct rn_trace_process *process = calloc(1, sizeof *process);
    struct rn_trace_process *before = rn_id_map_get(&trace->pids, key);

    if (!process || !rn_id_map_set(&trace->pids, key, process)) {
        free(process);
        rn_fail(err, RN_E_NOMEM, "no memory for the processes of the trace");
        return NULL;
    }
    rn_trace_process_drop(trace, before);
    process->holders = 1;
    process->info.serial = ++trace->next_serial;
    process->info.pid = pid;
    return process;
}

static bool is_leader(const struct rn_stream *row)
{
    return row->type == RN_STREAM_THREAD && row->tid == row->pid;
}

/* A new stream is a thread of the process that has its pid; unless it is the leader of its threads
 * and the process had one: then the pid is being reused. A thread that calls execve becomes the
 * leader, though: it is told by its maker, which was of the same process. */
static bool is_reused(const struct rn_trace *trace, const struct rn_stream *row,
                      const struct rn_trace_process *process)
{
    const struct rn_trace_thread *parent = rn_trace_find_thread(trace, row->parent);

    if (!is_leader(row) || !process->had_leader)
        return false;
    return !process->info.threads || !parent || parent->process != process;
}

static struct rn_trace_process *process_of(struct rn_trace *trace, const struct rn_event *event,
                                           struct rn_error *err)
{
    const struct rn_stream *row = &event->u.stream_info;
    uint64_t key = rn_trace_pid_key(event, row->pid);
    struct rn_trace_process *process = rn_id_map_get(&trace->pids, key);

    if (!process || is_reused(trace, row, process))
        process = process_new(trace, key, row->pid, err);
    if (process && is_leader(row))
        process->had_leader = true;
    return process;
}

static enum rn_status thread_new(struct rn_trace *trace, const struct rn_event *event,
                                 struct rn_trace_thread **out, struct rn_error *err)
{
    const struct rn_stream *row = &event->u.stream_info;
    struct rn_trace_thread *thread;

    if (trace->streams.count >= RN_TRACE_MAX_STREAMS)
        return rn_fail(err, RN_E_LIMIT, "more than %u streams at once", RN_TRACE_MAX_STREAMS);
    thread = calloc(1, sizeof *thread);
    if (!thread || !rn_id_map_set(&trace->streams, row->id, thread)) {
        free(thread);
        return rn_fail(err, RN_E_NOMEM, "no memory for the streams of the trace");
    }
    if (row->pid) {
        thread->process = process_of(trace, event, err);
        if (!thread->process)
            return RN_E_NOMEM;
        thread->process->holders++;
        thread->process->info.threads += row->type == RN_STREAM_THREAD;
    }
    *out = thread;
    return RN_OK;
}

enum rn_status rn_trace_feed_stream(struct rn_trace *trace, const struct rn_event *event,
                                    struct rn_error *err)
{
    const struct rn_stream *row = &event->u.stream_info;
    struct rn_trace_thread *thread = rn_trace_find_thread(trace, row->id);
    enum rn_status status;

    if (!thread) {
        status = thread_new(trace, event, &thread, err);
        if (status != RN_OK)
            return status;
    }
    thread->info.stream = row->id;
    thread->info.type = row->type;
    thread->info.pid = row->pid;
    thread->info.tid = row->tid;
    thread->clock = row->clock;
    set_name(trace, &thread->name, rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY));
    return RN_OK;
}

static void rename_after(struct rn_trace *trace, struct rn_trace_thread *thread,
                         const struct rn_shared_name *exe)
{
    const char *slash = strrchr(exe->text, '/');
    const char *name = slash ? slash + 1 : exe->text;
    size_t length = strlen(name);

    rn_shared_name_drop(trace, thread->process->name);
    thread->process->name = rn_shared_name_new(trace, name, length);
    rn_shared_name_drop(trace, thread->name);
    thread->name = rn_shared_name_new(trace, name, length < COMM_MAX ? length : COMM_MAX);
}

/* Segments begin with what is known already. */
static bool is_known(const struct rn_trace_process *process, const struct rn_event *event,
                     const struct rn_attachment *exe)
{
    return event->u.process.op == RN_PROCESS_ATTACH && process->exe && exe && exe->data &&
           strlen(process->exe->text) == exe->size &&
           memcmp(process->exe->text, exe->data, exe->size) == 0;
}

/* The thread's own name need not be that of the image: what was executed may have been a link or a
 * script. Then the process is called so, too; the image's name is the better one where the kernel
 * cut it. */
static void name_after_link(struct rn_trace *trace, struct rn_trace_thread *thread,
                            const struct rn_event *event)
{
    const struct rn_attachment *given = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    struct rn_trace_process *process = thread->process;
    size_t length = given && given->data ? given->size : 0;

    if (length == 0)
        return;
    set_name(trace, &thread->name, given);
    if (event->u.process.op == RN_PROCESS_EXEC &&
        (!process->name || length < COMM_MAX ||
         strncmp(process->name->text, (const char *)given->data, length) != 0))
        set_name(trace, &process->name, given);
}

/* START, ATTACH, EXEC: a new image, or the first that is known. */
static void feed_image(struct rn_trace *trace, struct rn_trace_thread *thread,
                       const struct rn_event *event)
{
    struct rn_trace_process *process = thread->process;
    const struct rn_attachment *exe = rn_event_attachment(event, RN_ATT_EXE, RN_ARG_ANY);
    bool known = is_known(process, event, exe);

    process->info.parent_pid = event->u.process.parent_pid;
    set_name(trace, &process->cwd, rn_event_attachment(event, RN_ATT_CWD, RN_ARG_ANY));
    set_name(trace, &process->exe, exe);
    if (exe && process->exe && !known)
        rename_after(trace, thread, process->exe);
    if (event->u.process.op == RN_PROCESS_EXEC && !(event->flags & RN_EVENT_SNAPSHOT))
        rn_fd_table_exec(trace, &process->files);
    name_after_link(trace, thread, event);
}

static void inherit_name(struct rn_trace *trace, struct rn_shared_name **child,
                         struct rn_shared_name *parent)
{
    rn_shared_name_drop(trace, *child);
    *child = rn_shared_name_hold(parent);
}

static void feed_fork(struct rn_trace *trace, const struct rn_trace_thread *thread,
                      const struct rn_event *event)
{
    const struct rn_process *fork = &event->u.process;
    struct rn_trace_thread *child = rn_trace_find_thread(trace, fork->child_stream);
    struct rn_trace_process *from = thread->process, *to;

    if (!child || child == thread)
        return;
    inherit_name(trace, &child->name, thread->name);
    to = child->process;
    if (!from || !to || from == to)
        return;
    to->info.parent_pid = from->info.pid;
    inherit_name(trace, &to->exe, from->exe);
    inherit_name(trace, &to->name, from->name);
    inherit_name(trace, &to->cwd, from->cwd);
    rn_fd_table_drop(trace, to->files);
    to->files = rn_fd_table_inherit(trace, from->files, fork->clone_flags & CLONE_FILES);
}

static void end_thread(struct rn_trace_thread *thread)
{
    if (thread->ended)
        return;
    thread->ended = true;
    if (thread->process && thread->info.type == RN_STREAM_THREAD && thread->process->info.threads)
        thread->process->info.threads--;
}

static void feed_exit(struct rn_trace_thread *thread, const struct rn_process *exit)
{
    struct rn_process_info *info = &thread->process->info;

    end_thread(thread);
    info->ended = true;
    info->status = (int)exit->status;
    info->user_ns = exit->user_ns;
    info->system_ns = exit->system_ns;
    info->max_rss_bytes = exit->max_rss_bytes;
}

void rn_trace_feed_process(struct rn_trace *trace, const struct rn_event *event)
{
    struct rn_trace_thread *thread = rn_trace_find_thread(trace, event->stream);

    if (!thread || !thread->process)
        return;
    switch (event->u.process.op) {
    case RN_PROCESS_START:
    case RN_PROCESS_ATTACH:
    case RN_PROCESS_EXEC:
        feed_image(trace, thread, event);
        break;
    case RN_PROCESS_FORK:
        feed_fork(trace, thread, event);
        break;
    case RN_PROCESS_NAME:
        set_name(trace, &thread->name, rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY));
        break;
    case RN_PROCESS_EXIT:
        feed_exit(thread, &event->u.process);
        break;
    case RN_PROCESS_THREAD_EXIT:
    case RN_PROCESS_DETACH:
        end_thread(thread);
        break;
    default:
        break;
    }
}

static bool thread_is_over(const void *value)
{
    const struct rn_trace_thread *thread = value;

    return thread->ended || (thread->process && thread->process->info.ended);
}

static bool process_is_over(const void *value)
{
    return ((const struct rn_trace_process *)value)->holders == 1;
}

/* Takes out one entry after the other, because removing moves entries. Calls `drop` for each. */
static void sweep(struct rn_trace *trace, struct rn_id_map *map, bool (*is_over)(const void *),
                  void (*drop)(struct rn_trace *, void *))
{
    for (size_t i = 0; i < map->capacity;) {
        void *value = map->slots[i].value;

        if (!value || !is_over(value)) {
            i++;
            continue;
        }
        rn_id_map_remove(map, map->slots[i].id);
        drop(trace, value);
    }
}

static void drop_thread(struct rn_trace *trace, void *thread)
{
    rn_trace_thread_free(trace, thread);
}

static void drop_process(struct rn_trace *trace, void *process)
{
    rn_trace_process_drop(trace, process);
}

void rn_trace_forget_ended(struct rn_trace *trace)
{
    sweep(trace, &trace->streams, thread_is_over, drop_thread);
    sweep(trace, &trace->pids, process_is_over, drop_process);
}
