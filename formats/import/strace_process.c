/* SPDX-License-Identifier: MIT */
/* What a recording is told of processes: begin, fork, exec, exit, and what descriptors stand for.
 */
#include "strace_private.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>

enum rn_status strace_add_process(struct strace_reader *reader, const struct strace_thread *thread,
                                  enum rn_process_op op, uint64_t status, uint64_t when)
{
    struct rn_event event = {.kind = RN_KIND_PROCESS,
                             .stream = thread->stream,
                             .start = when,
                             .u.process = {.op = op,
                                           .pid = thread->process->pid,
                                           .tid = thread->tid,
                                           .parent_pid = thread->process->parent_pid,
                                           .status = status,
                                           .umask = thread->process->umask,
                                           .abi = thread->abi}};

    return rn_import_add(reader->import, &event, reader->err);
}

enum rn_status strace_add_fork(struct strace_reader *reader, const struct strace_thread *maker,
                               const struct strace_thread *child, uint64_t flags, uint64_t when)
{
    struct rn_event event = {.kind = RN_KIND_PROCESS,
                             .stream = maker->stream,
                             .start = when,
                             .u.process = {.op = RN_PROCESS_FORK,
                                           .pid = maker->process->pid,
                                           .tid = maker->tid,
                                           .parent_pid = maker->process->parent_pid,
                                           .child_stream = child->stream,
                                           .child_tid = child->tid,
                                           .clone_flags = flags,
                                           .abi = maker->abi}};

    return rn_import_add(reader->import, &event, reader->err);
}

/* CLONE_VM|SIGCHLD, 0x1200000 CLONE_.../17: the parts up to where the field ends. */
static uint64_t field_flags(const struct strace_reader *reader, const char *at, const char *end,
                            const char *name)
{
    uint64_t flags = 0, value;

    at = memmem(at, (size_t)(end - at), name, strlen(name));
    if (!at)
        return 0;
    for (at += strlen(name); at < end && !strchr(",})", *at);) {
        const char *word = strace_scan_word(at);
        size_t length = (size_t)(word - at);

        if (strace_scan_comment(&at, end))
            continue;
        if (strace_is_digit(*at) && strace_scan_number(&at, &value)) {
            flags |= value;
        } else if (length) {
            if (rn_xlat_names_find(reader->names, RN_XLAT_CLONE3_FLAGS, at, length, &value) ||
                rn_xlat_names_find(reader->names, RN_XLAT_SIGNAL, at, length, &value))
                flags |= value;
            at = word;
        } else {
            at++;
        }
    }
    return flags;
}

/* The flags, and the signal at the child's end, of clone and clone3. */
static uint64_t making_flags(const struct strace_reader *reader, const char *at, const char *end)
{
    return field_flags(reader, at, end, "flags=") | field_flags(reader, at, end, "exit_signal=");
}

bool strace_makes(const struct strace_reader *reader, const char *at, const char *end,
                  uint64_t *flags)
{
    size_t length;

    if (*at != 'c' && *at != 'f' && *at != 'v')
        return false;
    length = (size_t)(strace_scan_word(at) - at);
    if (length == 4 && memcmp(at, "fork", 4) == 0)
        *flags = SIGCHLD;
    else if (length == 5 && memcmp(at, "vfork", 5) == 0)
        *flags = CLONE_VFORK | CLONE_VM | SIGCHLD;
    else if ((length == 5 && memcmp(at, "clone", 5) == 0) ||
             (length == 6 && memcmp(at, "clone3", 6) == 0))
        *flags = making_flags(reader, at + length, end);
    else
        return false;
    return true;
}

/* It may be that another call is at work, which has shown that this one will never end: that of the
 * new thread that has the number now. */
enum rn_status strace_abandon(struct strace_reader *reader, struct strace_thread *thread)
{
    uint64_t start = thread->pending_start;
    uint64_t duration = reader->now > start ? reader->now - start : 0;
    struct rn_buf arena_at_work = reader->arena, text = RN_BUF_INIT;
    struct strace_call at_work;
    enum rn_status status;

    if (!thread->has_pending)
        return RN_OK;
    at_work = reader->call;
    thread->has_pending = false;
    reader->pending_bytes -= thread->pending.size;
    strace_end_making(reader, thread);
    rn_buf_append(&text, thread->pending.data, thread->pending.size);
    rn_buf_text(&text, " <unfinished ...>) = ?");
    rn_buf_byte(&text, '\0');
    rn_buf_clear(&thread->pending);
    reader->arena = (struct rn_buf)RN_BUF_INIT;
    status = text.failed ? rn_fail(reader->err, RN_E_NOMEM, "no memory for a line")
                         : strace_call(reader, thread, (const char *)text.data,
                                       (const char *)text.data + text.size - 1, start, duration,
                                       thread->pending_site);
    rn_buf_free(&reader->arena);
    rn_buf_free(&text);
    reader->arena = arena_at_work;
    reader->call = at_work;
    return status;
}

enum rn_status strace_exited(struct strace_reader *reader, struct strace_thread *thread,
                             uint64_t status)
{
    bool last = thread->process->threads == 1;
    uint64_t pid = thread->process->pid;
    enum rn_status result = strace_abandon(reader, thread);

    if (result == RN_OK)
        result = strace_add_process(reader, thread, last ? RN_PROCESS_EXIT : RN_PROCESS_THREAD_EXIT,
                                    status, reader->now);
    if (result != RN_OK)
        return result;
    rn_import_end_thread(reader->import, pid, thread->tid);
    strace_remove_thread(reader, thread);
    return RN_OK;
}

/* A thread that is not the leader executes a program, and becomes the leader. Its call returns
 * under the leader's number. */
enum rn_status strace_superseded(struct strace_reader *reader, struct strace_thread *leader,
                                 uint64_t former)
{
    struct strace_thread *thread = strace_find_thread(reader, former);
    enum rn_status status = strace_abandon(reader, leader);
    struct rn_buf pending = leader->pending;

    if (status != RN_OK || !thread || thread == leader || thread->waiting ||
        thread->process != leader->process)
        return status;
    leader->pending = thread->pending;
    leader->has_pending = thread->has_pending;
    leader->pending_start = thread->pending_start;
    leader->pending_site = thread->pending_site;
    thread->pending = pending;
    thread->has_pending = false;
    strace_end_making(reader, thread);
    return strace_exited(reader, thread, 0);
}

/* ---- images ---- */

static const struct rn_attachment *find(const struct strace_call *c, uint8_t type)
{
    for (uint32_t i = 0; i < c->count; i++)
        if (c->items[i].type == type)
            return &c->items[i];
    return NULL;
}

/* Absolute, where the directory is known. */
static bool add_path(const struct strace_reader *reader, const struct rn_attachment *path,
                     struct rn_buf *out)
{
    if (path->size && path->data[0] != '/') {
        if (!reader->cwd.size)
            return false;
        rn_buf_append(out, reader->cwd.data, reader->cwd.size);
        rn_buf_byte(out, '/');
    }
    rn_buf_append(out, path->data, path->size);
    return !out->failed;
}

enum rn_status strace_image(struct strace_call *c, enum rn_process_op op)
{
    struct strace_reader *reader = c->reader;
    const struct rn_attachment *argv = find(c, RN_ATT_ARGV), *path = find(c, RN_ATT_PATH);
    struct strace_thread *thread = c->thread;
    uint64_t when = c->event.start + (op == RN_PROCESS_EXEC ? c->event.duration : 0);
    struct rn_attachment items[3];
    struct rn_buf exe = RN_BUF_INIT;
    uint32_t count = 0;
    struct rn_event event = {.kind = RN_KIND_PROCESS,
                             .stream = thread->stream,
                             .start = when,
                             .u.process = {.op = op,
                                           .pid = thread->process->pid,
                                           .tid = thread->tid,
                                           .parent_pid = thread->process->parent_pid,
                                           .umask = thread->process->umask,
                                           .abi = thread->abi},
                             .attachments = items};
    enum rn_status status;

    thread->told = true;
    if (argv) {
        items[count] = *argv;
        items[count++].arg = RN_ARG_NONE;
    }
    if (op == RN_PROCESS_EXEC && path && add_path(reader, path, &exe))
        items[count++] = (struct rn_attachment){
            .type = RN_ATT_EXE, .arg = RN_ARG_NONE, .size = (uint32_t)exe.size, .data = exe.data};
    if (op == RN_PROCESS_START && reader->cwd.size)
        items[count++] = (struct rn_attachment){.type = RN_ATT_CWD,
                                                .arg = RN_ARG_NONE,
                                                .size = (uint32_t)reader->cwd.size,
                                                .data = reader->cwd.data};
    event.attachment_count = count;
    status = rn_import_add(reader->import, &event, reader->err);
    rn_buf_free(&exe);
    return status;
}
