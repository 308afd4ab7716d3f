/* SPDX-License-Identifier: MIT */
/* Threads by their numbers, and who made them. A thread's first line may come before the call that
 * made it returns: if one call at that moment could have made it, that one did; if several could,
 * its lines wait until one of them returns its number. */
#include "strace_private.h"

#include <sched.h>
#include <stdlib.h>

/* Not told: what libanalysis assumes of processes of which nothing is known, too. */
#define USUAL_UMASK 022u

struct strace_thread *strace_find_thread(const struct strace_reader *reader, uint64_t tid)
{
    return rn_id_map_get(&reader->by_tid, tid);
}

static struct strace_process *process_new(uint64_t pid, const struct strace_process *parent)
{
    struct strace_process *process = calloc(1, sizeof(*process));

    if (!process)
        return NULL;
    process->pid = pid;
    process->umask = parent ? parent->umask : USUAL_UMASK;
    if (parent) {
        process->parent_pid = parent->pid;
        rn_buf_append(&process->files, parent->files.data, parent->files.size);
    }
    return process;
}

static struct strace_thread *thread_new(struct strace_reader *reader, uint64_t tid)
{
    struct strace_thread *thread = calloc(1, sizeof(*thread));

    if (!thread || !rn_id_map_set(&reader->by_tid, tid, thread)) {
        free(thread);
        return NULL;
    }
    thread->tid = tid;
    thread->previous = reader->last_thread;
    *(thread->previous ? &thread->previous->next : &reader->first_thread) = thread;
    reader->last_thread = thread;
    return thread;
}

static bool join_process(struct strace_thread *thread, struct strace_process *process)
{
    thread->process = process;
    if (process)
        process->threads++;
    return process;
}

void strace_remove_thread(struct strace_reader *reader, struct strace_thread *thread)
{
    rn_id_map_remove(&reader->by_tid, thread->tid);
    *(thread->previous ? &thread->previous->next : &reader->first_thread) = thread->next;
    *(thread->next ? &thread->next->previous : &reader->last_thread) = thread->previous;
    strace_end_making(reader, thread);
    reader->pending_bytes -= thread->pending.size;
    reader->held_bytes -= thread->held.size;
    if (reader->last == thread)
        reader->last = NULL;
    if (thread->process && --thread->process->threads == 0) {
        rn_buf_free(&thread->process->files);
        free(thread->process);
    }
    rn_buf_free(&thread->pending);
    rn_buf_free(&thread->held);
    free(thread);
}

void strace_threads_free(struct strace_reader *reader)
{
    while (reader->first_thread)
        strace_remove_thread(reader, reader->first_thread);
    rn_id_map_free(&reader->by_tid);
}

static enum rn_status no_memory(struct strace_reader *reader)
{
    return rn_fail(reader->err, RN_E_NOMEM, "no memory for the threads of the trace");
}

/* Nobody made it that is known: it was running before. */
static enum rn_status attach(struct strace_reader *reader, struct strace_thread *thread)
{
    if (!join_process(thread, process_new(thread->tid, NULL)))
        return no_memory(reader);
    thread->waiting = false;
    return rn_import_thread(reader->import, thread->tid, thread->tid, NULL, &thread->stream,
                            reader->err);
}

static enum rn_status adopt(struct strace_reader *reader, struct strace_thread *maker,
                            struct strace_thread *child, uint64_t flags, uint64_t when)
{
    bool same = flags & CLONE_THREAD;
    struct strace_process *process =
        same ? maker->process : process_new(child->tid, maker->process);
    enum rn_status status;

    if (!join_process(child, process))
        return no_memory(reader);
    child->waiting = false;
    child->told = true;
    child->maker = maker;
    child->abi = maker->abi;
    status = rn_import_child(reader->import, maker->stream, process->pid, child->tid, NULL,
                             &child->stream, reader->err);
    if (child->held.size)
        rn_buf_u64(&reader->released, child->tid);
    if (reader->released.failed)
        return no_memory(reader);
    return status == RN_OK ? strace_add_fork(reader, maker, child, flags, when) : status;
}

enum rn_status strace_made(struct strace_reader *reader, struct strace_thread *maker, uint64_t tid,
                           uint64_t flags, uint64_t when, bool returned)
{
    struct strace_thread *child = strace_find_thread(reader, tid);
    enum rn_status status;

    if (child == maker)
        return RN_OK;
    /* It was met before the call returned, and may have ended meanwhile. */
    if (returned && maker->guessed == tid && !child) {
        maker->guessed = 0;
        return RN_OK;
    }
    maker->guessed = returned ? 0 : tid;
    if (child && !child->waiting && (child->maker != maker || child->confirmed || !returned)) {
        /* Its end was not told (-qq): the number is of another thread now. */
        status = strace_abandon(reader, child);
        if (status != RN_OK)
            return status;
        rn_import_end_thread(reader->import, child->process->pid, tid);
        strace_remove_thread(reader, child);
        child = NULL;
    }
    if (child && !child->waiting) {
        child->confirmed = true;
        return RN_OK;
    }
    if (!child && !(child = thread_new(reader, tid)))
        return no_memory(reader);
    child->confirmed = returned;
    return adopt(reader, maker, child, flags, when);
}

enum rn_status strace_thread_of(struct strace_reader *reader, uint64_t tid,
                                struct strace_thread **out)
{
    struct strace_thread *thread = strace_find_thread(reader, tid);
    struct strace_thread *maker = reader->making;
    enum rn_status status = RN_OK;

    *out = thread;
    if (thread)
        return RN_OK;
    if (maker && !maker->next_making) {
        uint64_t flags = maker->making_flags;

        status = strace_made(reader, maker, tid, flags, reader->now - 1, false);
        /* The others that come up now have another maker. */
        strace_end_making(reader, maker);
        *out = strace_find_thread(reader, tid);
        return status;
    }
    if (!(thread = thread_new(reader, tid)))
        return no_memory(reader);
    *out = thread;
    if (maker) {
        thread->waiting = true;
        return RN_OK;
    }
    return attach(reader, thread);
}

void strace_begin_making(struct strace_reader *reader, struct strace_thread *thread, uint64_t flags)
{
    thread->making = true;
    thread->guessed = 0;
    thread->making_flags = flags;
    thread->previous_making = NULL;
    thread->next_making = reader->making;
    if (reader->making)
        reader->making->previous_making = thread;
    reader->making = thread;
}

void strace_end_making(struct strace_reader *reader, struct strace_thread *thread)
{
    if (!thread->making)
        return;
    if (thread->previous_making)
        thread->previous_making->next_making = thread->next_making;
    else
        reader->making = thread->next_making;
    if (thread->next_making)
        thread->next_making->previous_making = thread->previous_making;
    thread->making = false;
}

enum rn_status strace_hold(struct strace_reader *reader, struct strace_thread *thread,
                           const char *at, const char *end, uint64_t when, uint64_t site)
{
    struct strace_held head = {when, site, (uint64_t)(end - at)};

    rn_buf_append(&thread->held, &head, sizeof(head));
    rn_buf_append(&thread->held, at, (size_t)(end - at));
    rn_buf_byte(&thread->held, '\0');
    if (thread->held.failed)
        return no_memory(reader);
    reader->held_bytes += sizeof(head) + (size_t)(end - at) + 1;
    return reader->held_bytes > STRACE_HELD_MAX ? strace_release_all(reader) : RN_OK;
}

/* The lines that were held back of one thread. */
static enum rn_status release_one(struct strace_reader *reader, uint64_t tid)
{
    struct strace_thread *thread = strace_find_thread(reader, tid);
    enum rn_status status = RN_OK;
    struct rn_buf held;
    size_t at = 0;

    if (!thread || thread->waiting)
        return RN_OK;
    held = thread->held;
    thread->held = (struct rn_buf)RN_BUF_INIT;
    reader->held_bytes -= held.size;
    while (status == RN_OK && at < held.size) {
        struct strace_held head;
        const char *text;

        memcpy(&head, held.data + at, sizeof(head));
        at += sizeof(head);
        text = (const char *)held.data + at;
        at += head.size + 1;
        /* It may have ended in between. */
        thread = strace_find_thread(reader, tid);
        if (thread)
            status = strace_body(reader, thread, text, text + head.size, head.when, head.site);
    }
    rn_buf_free(&held);
    return status;
}

enum rn_status strace_release(struct strace_reader *reader)
{
    enum rn_status status = RN_OK;
    uint64_t now = reader->now, tid;

    if (reader->releasing || !reader->released.size)
        return RN_OK;
    reader->releasing = true;
    /* What they did may release others. */
    for (size_t at = 0; at < reader->released.size && status == RN_OK; at += sizeof(tid)) {
        memcpy(&tid, reader->released.data + at, sizeof(tid));
        status = release_one(reader, tid);
    }
    rn_buf_clear(&reader->released);
    reader->releasing = false;
    reader->now = now;
    return status;
}

enum rn_status strace_release_all(struct strace_reader *reader)
{
    enum rn_status status = RN_OK;

    for (struct strace_thread *thread = reader->first_thread; thread && status == RN_OK;
         thread = thread->next) {
        if (!thread->waiting)
            continue;
        rn_import_note(reader->import, "threads of which it is not told who made them", 1);
        status = attach(reader, thread);
        rn_buf_u64(&reader->released, thread->tid);
        if (status == RN_OK && reader->released.failed)
            status = no_memory(reader);
    }
    return status == RN_OK ? strace_release(reader) : status;
}

enum rn_status strace_finish_threads(struct strace_reader *reader)
{
    enum rn_status status = strace_release_all(reader);

    for (struct strace_thread *thread = reader->first_thread; thread && status == RN_OK;
         thread = thread->next)
        status = strace_abandon(reader, thread);
    return status;
}
