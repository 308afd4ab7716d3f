/* SPDX-License-Identifier: MIT */
/* Patterns that are worth a word. */
#include "critical_private.h"

#include <fcntl.h>
#include <stdlib.h>

#define FILES_MAX (1u << 20) /* descriptors that are followed; further ones are not */
#define FD_BITS   20u        /* numbers of descriptors, in the key of one */
#define DSYNC_FLAG                                                                                 \
    010000u /* O_DSYNC; O_SYNC has it too. The same on all of Linux' architectures here */

/* ---- tight loops ---- */

void rn_critical_run_end(struct critical_stream *stream)
{
    struct critical_run *run = &stream->run;
    struct critical_name *name = run->name;

    if (name && run->calls >= RN_CRITICAL_LOOP_RUN) {
        name->loop.calls += run->calls;
        name->loop.bytes += run->bytes;
        name->loop.in_calls += run->in_calls;
        name->loop_ticks += run->last - run->first;
        name->loop_runs++;
        if (run->calls > name->longest) {
            name->longest = run->calls;
            name->pid = stream->thread.pid;
            name->tid = stream->thread.tid;
        }
    }
    *run = (struct critical_run){.name = NULL};
}

static bool is_tight(const struct rn_critical_path *path, const struct critical_name *name)
{
    const struct critical_run *loop = &name->loop;

    return loop->calls &&
           rn_clock_duration(&path->clock, loop->in_calls / loop->calls) <=
               RN_CRITICAL_LOOP_CALL_NS &&
           loop->bytes / loop->calls <= RN_CRITICAL_LOOP_BYTES &&
           loop->in_calls >= name->loop_ticks / RN_CRITICAL_LOOP_PART;
}

static void find_loop(struct rn_critical_path *path, const struct rn_critical_result *result)
{
    const struct critical_name *best = NULL;

    for (size_t i = 0; i < path->names.capacity; i++) {
        const struct critical_name *name = path->names.slots[i].value;

        if (name && is_tight(path, name) && (!best || name->loop_ticks > best->loop_ticks))
            best = name;
    }
    if (!best ||
        (double)best->loop_ticks < RN_CRITICAL_LOOP_SHARE * (double)(result->end - result->begin))
        return;
    path->patterns.loop.found = true;
    path->patterns.loop.pid = best->pid;
    path->patterns.loop.tid = best->tid;
    path->patterns.loop.call = best->text;
    path->patterns.loop.runs = best->loop_runs;
    path->patterns.loop.calls = best->loop.calls;
    path->patterns.loop.bytes = best->loop.bytes;
    path->patterns.loop.ticks = best->loop_ticks;
    path->patterns.loop.in_calls = best->loop.in_calls;
}

/* ---- one process ---- */

static void find_dominant(struct rn_critical_path *path, const struct rn_critical_result *result)
{
    const struct rn_critical_thread *most = NULL;
    uint64_t most_ticks = 0;
    bool several = false;

    for (size_t i = 0; i < result->thread_count; i++) {
        const struct rn_critical_thread *thread = &result->threads[i];
        uint64_t ticks = 0;

        several |= thread->process != result->threads[0].process;
        for (size_t k = 0; thread->process && k < result->thread_count; k++)
            if (result->threads[k].process == thread->process)
                ticks += result->threads[k].ticks;
        if (ticks > most_ticks) {
            most_ticks = ticks;
            most = thread;
        }
        /* Threads come with the most first: none behind this one is of a process that has more
         * than half, if it has not been seen. */
        if (i == 64)
            break;
    }
    if (!most || !several ||
        (double)most_ticks <= RN_CRITICAL_DOMINANT_SHARE * (double)(result->end - result->begin))
        return;
    path->patterns.dominant.found = true;
    path->patterns.dominant.pid = most->pid;
    path->patterns.dominant.program = most->program;
    path->patterns.dominant.ticks = most_ticks;
}

/* ---- small synchronous writes ---- */

static uint64_t file_key(const struct rn_thread_info *thread, uint64_t fd)
{
    return ((thread->process->serial << FD_BITS) | fd) + 1;
}

static struct critical_file *find_file(const struct rn_critical_path *path,
                                       const struct rn_thread_info *thread, uint64_t fd)
{
    return thread->process && fd >> FD_BITS == 0 ? rn_id_map_get(&path->files, file_key(thread, fd))
                                                 : NULL;
}

static void close_file(struct rn_critical_path *path, const struct rn_thread_info *thread,
                       uint64_t fd)
{
    struct critical_file *file = find_file(path, thread, fd);

    if (!file)
        return;
    rn_id_map_remove(&path->files, file_key(thread, fd));
    free(file);
}

static struct critical_file *open_file(struct rn_critical_path *path,
                                       const struct rn_thread_info *thread, uint64_t fd)
{
    struct critical_file *file = find_file(path, thread, fd);

    if (file || !thread->process || fd >> FD_BITS || path->files.count >= FILES_MAX)
        return file;
    file = calloc(1, sizeof *file);
    if (file && !rn_id_map_set(&path->files, file_key(thread, fd), file)) {
        free(file);
        return NULL;
    }
    return file;
}

static void note_flags(struct rn_critical_path *path, const struct rn_thread_info *thread,
                       uint64_t fd, uint64_t flags)
{
    struct critical_file *file;

    close_file(path, thread, fd);
    file = flags & DSYNC_FLAG ? open_file(path, thread, fd) : NULL;
    if (file)
        file->synchronous = true;
}

static enum rn_status count_write(struct rn_critical_path *path, struct rn_trace *trace,
                                  const struct rn_event *event, uint64_t bytes, uint64_t ticks,
                                  struct rn_error *err)
{
    const char *text = rn_trace_descriptor(trace, event->stream, (int64_t)event->u.syscall.args[0]);
    struct critical_name *name;

    path->patterns.synchronous.writes++;
    path->patterns.synchronous.bytes += bytes;
    path->patterns.synchronous.ticks += ticks;
    if (!text)
        return RN_OK;
    name = rn_critical_name(path, RN_KIND_DESCRIPTOR, text, strlen(text));
    if (!name)
        return rn_fail(err, RN_E_NOMEM, "no memory for the names of files");
    name->sync_writes++;
    return RN_OK;
}

static enum rn_status note_write(struct rn_critical_path *path, struct rn_trace *trace,
                                 const struct rn_thread_info *thread, const struct rn_event *event,
                                 struct rn_error *err)
{
    uint64_t fd = event->u.syscall.args[0], bytes = event->u.syscall.ret;
    struct critical_file *file = open_file(path, thread, fd);

    if (!file)
        return RN_OK;
    if (file->synchronous)
        return bytes && bytes < RN_CRITICAL_SYNC_BYTES
                   ? count_write(path, trace, event, bytes, event->duration, err)
                   : RN_OK;
    file->bytes += bytes;
    file->ticks += event->duration;
    return RN_OK;
}

static enum rn_status note_sync(struct rn_critical_path *path, struct rn_trace *trace,
                                const struct rn_thread_info *thread, const struct rn_event *event,
                                struct rn_error *err)
{
    struct critical_file *file = find_file(path, thread, event->u.syscall.args[0]);
    uint64_t bytes, ticks;

    if (!file)
        return RN_OK;
    bytes = file->bytes;
    ticks = file->ticks + event->duration;
    file->bytes = file->ticks = 0;
    return bytes && bytes < RN_CRITICAL_SYNC_BYTES
               ? count_write(path, trace, event, bytes, ticks, err)
               : RN_OK;
}

static void note_dup(struct rn_critical_path *path, const struct rn_thread_info *thread,
                     const struct rn_syscall *call)
{
    const struct critical_file *file = find_file(path, thread, call->args[0]);

    if (call->ret != call->args[0])
        note_flags(path, thread, call->ret, file && file->synchronous ? DSYNC_FLAG : 0);
}

static enum rn_status note_call(struct rn_critical_path *path, struct rn_trace *trace,
                                const struct rn_event *event, struct rn_error *err)
{
    const struct rn_syscall *call = &event->u.syscall;
    enum critical_role role = rn_critical_role(path, call);
    const struct rn_thread_info *thread;

    if (role <= CRITICAL_POLL || event->flags & RN_EVENT_UNFINISHED || rn_syscall_failed(call))
        return RN_OK;
    thread = rn_trace_thread(trace, event->stream);
    switch (role) {
    case CRITICAL_OPEN:
        note_flags(path, thread, call->ret, call->args[1]);
        break;
    case CRITICAL_OPENAT:
        note_flags(path, thread, call->ret, call->args[2]);
        break;
    case CRITICAL_CLOSE:
        close_file(path, thread, call->args[0]);
        break;
    case CRITICAL_DUP:
        note_dup(path, thread, call);
        break;
    case CRITICAL_WRITE:
        return note_write(path, trace, thread, event, err);
    case CRITICAL_SYNC:
        return note_sync(path, trace, thread, event, err);
    default:
        break;
    }
    return RN_OK;
}

enum rn_status rn_critical_pattern_note(struct rn_critical_path *path, struct rn_trace *trace,
                                        const struct rn_event *event, struct rn_error *err)
{
    const struct rn_descriptor *descriptor = &event->u.descriptor;

    if (event->kind == RN_KIND_DESCRIPTOR && descriptor->fd >> FD_BITS == 0) {
        const struct rn_thread_info *thread = rn_trace_thread(trace, event->stream);

        if (!(event->flags & RN_EVENT_SNAPSHOT) || !find_file(path, thread, descriptor->fd))
            note_flags(path, thread, descriptor->fd, descriptor->flags);
    }
    if (event->flags & RN_EVENT_SNAPSHOT)
        return RN_OK;
    if (event->kind == RN_KIND_TRANSFER) {
        path->patterns.transfers.transfers++;
        path->patterns.transfers.bytes += event->u.transfer.bytes;
        path->patterns.transfers.transfer_ticks += event->duration;
    } else if (event->kind == RN_KIND_KERNEL) {
        path->patterns.transfers.kernels++;
        path->patterns.transfers.kernel_ticks += event->duration;
    }
    return event->kind == RN_KIND_SYSCALL ? note_call(path, trace, event, err) : RN_OK;
}

static void find_synchronous(struct rn_critical_path *path, const struct rn_critical_result *result)
{
    uint64_t writes = path->patterns.synchronous.writes;
    double share = (double)path->patterns.synchronous.ticks, most = RN_CRITICAL_SYNC_SHARE;

    most *= (double)(result->end - result->begin);
    path->patterns.synchronous.found =
        writes >= RN_CRITICAL_SYNC_MANY || (writes >= RN_CRITICAL_SYNC_FEW && share >= most);
    for (size_t i = 0; i < path->names.capacity; i++) {
        const struct critical_name *name = path->names.slots[i].value;

        if (name && name->sync_writes > path->patterns.synchronous.path_writes) {
            path->patterns.synchronous.path = name->text;
            path->patterns.synchronous.path_writes = name->sync_writes;
        }
    }
}

void rn_critical_patterns_find(struct rn_critical_path *path,
                               const struct rn_critical_result *result)
{
    uint64_t kernels = path->patterns.transfers.kernel_ticks;

    find_dominant(path, result);
    find_loop(path, result);
    path->patterns.transfers.found = kernels && (double)path->patterns.transfers.transfer_ticks >
                                                    RN_CRITICAL_TRANSFER_SHARE * (double)kernels;
    find_synchronous(path, result);
}
