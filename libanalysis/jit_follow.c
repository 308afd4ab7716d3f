/* SPDX-License-Identifier: MIT */
/* Which perf map is whose: by what the recording shows of processes and what they open. */
#include "jit_names_private.h"

#include "formats/syscall_table.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- processes ---- */

static uint64_t serial_of(struct rn_jit_names *names, uint64_t stream, uint64_t *pid)
{
    const struct rn_thread_info *thread = rn_trace_thread(names->trace, stream);

    *pid = thread->pid;
    return thread->process ? thread->process->serial : 0;
}

struct jit_process *jit_process_of(struct rn_jit_names *names, uint64_t stream)
{
    uint64_t pid, serial = serial_of(names, stream, &pid);
    struct jit_process *process = serial ? rn_id_map_get(&names->processes, serial) : NULL;

    if (process || !serial)
        return process;
    process = calloc(1, sizeof *process);
    if (process && !rn_id_map_set(&names->processes, serial, process)) {
        free(process);
        process = NULL;
    }
    if (process) {
        process->stream = stream;
        process->pid = pid;
    }
    return process;
}

static void feed_image(struct rn_jit_names *names, struct jit_process *process,
                       const struct rn_event *event)
{
    process->uid = event->u.process.uid;
    process->euid = event->u.process.euid;
    if (event->flags & RN_EVENT_SNAPSHOT || event->u.process.op == RN_PROCESS_ATTACH)
        return;
    process->begun = true;
    process->since_ns = rn_clock_realtime(rn_trace_clock(names->trace), event->start);
    process->code = NULL;
}

/* The child has a copy of the code, and its own way from there on. */
static void feed_fork(struct rn_jit_names *names, const struct jit_process *parent,
                      const struct rn_event *event)
{
    struct jit_process *child = jit_process_of(names, event->u.process.child_stream);

    if (!child || child == parent || child->begun || child->code)
        return;
    child->uid = parent->uid;
    child->euid = parent->euid;
    /* What is a guess is one about a process of its own. */
    child->code = parent->code && parent->code->wanted.identified ? parent->code : NULL;
    child->begun = true;
    child->since_ns = rn_clock_realtime(rn_trace_clock(names->trace), event->start);
}

static bool feed_process(struct rn_jit_names *names, const struct rn_event *event)
{
    struct jit_process *process = jit_process_of(names, event->stream);
    uint64_t pid, serial = serial_of(names, event->stream, &pid);

    if (!process)
        return serial == 0;
    switch (event->u.process.op) {
    case RN_PROCESS_START:
    case RN_PROCESS_ATTACH:
    case RN_PROCESS_EXEC:
        feed_image(names, process, event);
        return true;
    case RN_PROCESS_FORK:
        feed_fork(names, process, event);
        return true;
    case RN_PROCESS_EXIT:
        rn_id_map_remove(&names->processes, serial);
        free(process);
        return true;
    default:
        return true;
    }
}

/* ---- which file ---- */

static bool opened(struct rn_jit_names *names, const struct rn_event *event, const char *path,
                   size_t size, const struct rn_fd_identity *identity, bool began)
{
    struct jit_process *process = jit_process_of(names, event->stream);
    struct jit_code *code;

    if (!process)
        return true;
    code = process->code;
    if (code && code->wanted.identified && code->wanted.device == identity->device &&
        code->wanted.inode == identity->inode && !began)
        return true;
    code = jit_code_new(names, process->stream, path, size);
    if (!code)
        return false;
    code->wanted.identified = true;
    code->wanted.device = identity->device;
    code->wanted.inode = identity->inode;
    code->wanted.pid = process->pid;
    code->wanted.uid = process->uid;
    code->wanted.euid = process->euid;
    if (began)
        code->wanted.since_ns = rn_clock_realtime(rn_trace_clock(names->trace), event->start);
    process->code = code;
    return true;
}

static bool opens_to_write(const struct rn_event *event)
{
    const struct rn_syscall *call = &event->u.syscall;
    const struct rn_syscall_info *info = rn_syscall_info_for(call);

    if (!info || rn_syscall_failed(call))
        return false;
    if (strcmp(info->name, "open") == 0)
        return (call->args[1] & O_ACCMODE) != O_RDONLY;
    if (strcmp(info->name, "openat") == 0)
        return (call->args[2] & O_ACCMODE) != O_RDONLY;
    return strcmp(info->name, "openat2") == 0 || strcmp(info->name, "creat") == 0;
}

static const struct rn_attachment *map_name(const struct rn_event *event)
{
    const struct rn_attachment *path = rn_event_attachment(event, RN_ATT_PATH, RN_ARG_ANY);

    if (path && path->data && path->size > 1 && path->size < PATH_MAX && path->data[0] == '/' &&
        !memchr(path->data, 0, path->size) &&
        rn_perf_map_is_name((const char *)path->data, path->size))
        return path;
    return NULL;
}

static bool feed_call(struct rn_jit_names *names, const struct rn_event *event)
{
    const struct rn_attachment *identity = rn_event_attachment(event, RN_ATT_FD, RN_ARG_ANY);
    const struct rn_attachment *path = identity ? map_name(event) : NULL;
    struct rn_fd_identity file;

    if (!path || !identity->data || identity->size < sizeof file || !opens_to_write(event))
        return true;
    memcpy(&file, identity->data, sizeof file);
    return opened(names, event, (const char *)path->data, path->size, &file, true);
}

/* Open when the recorder came to the process. A descriptor may be inherited: the name must be the
 * process's own. */
static bool feed_descriptor(struct rn_jit_names *names, const struct rn_event *event)
{
    const struct rn_descriptor *row = &event->u.descriptor;
    const struct rn_attachment *path = map_name(event);
    struct rn_fd_identity file = {.device = row->device, .inode = row->inode};
    char own[40];
    int length;

    if (!path || (row->flags & O_ACCMODE) == O_RDONLY)
        return true;
    length = snprintf(own, sizeof own, "/perf-%llu.map", (unsigned long long)row->pid);
    if (path->size < (size_t)length ||
        memcmp(path->data + path->size - length, own, (size_t)length) != 0)
        return true;
    return opened(names, event, (const char *)path->data, path->size, &file, false);
}

enum rn_status rn_jit_names_feed(struct rn_jit_names *names, const struct rn_event *event,
                                 struct rn_error *err)
{
    bool fine = true;

    if (event->kind == RN_KIND_SYSCALL)
        fine = feed_call(names, event);
    else if (event->kind == RN_KIND_PROCESS)
        fine = feed_process(names, event);
    else if (event->kind == RN_KIND_DESCRIPTOR)
        fine = feed_descriptor(names, event);
    else if (event->kind == RN_KIND_STREAM && event->u.stream_info.type == RN_STREAM_THREAD)
        fine = jit_process_of(names, event->u.stream_info.id) || !event->u.stream_info.pid;
    return fine ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory for the code of a process");
}
