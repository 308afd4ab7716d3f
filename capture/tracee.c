/* SPDX-License-Identifier: MIT */
#include "tracee.h"

#include "inline.h"

#include <stdlib.h>
#include <string.h>

static struct rn_tracee **bucket_of(const struct rn_tracees *tracees, pid_t tid)
{
    return (struct rn_tracee **)&tracees->buckets[(unsigned)tid % RN_TRACEE_BUCKETS];
}

struct rn_tracee *rn_tracee_find(const struct rn_tracees *tracees, pid_t tid)
{
    struct rn_tracee *tracee = *bucket_of(tracees, tid);

    while (tracee && tracee->tid != tid)
        tracee = tracee->next;
    return tracee;
}

static void link_in(struct rn_tracees *tracees, struct rn_tracee *tracee)
{
    struct rn_tracee **bucket = bucket_of(tracees, tracee->tid);

    tracee->next = *bucket;
    *bucket = tracee;
    tracees->count++;
}

static void link_out(struct rn_tracees *tracees, struct rn_tracee *tracee)
{
    struct rn_tracee **link = bucket_of(tracees, tracee->tid);

    while (*link != tracee)
        link = &(*link)->next;
    *link = tracee->next;
    tracees->count--;
}

struct rn_tracee *rn_tracee_add(struct rn_tracees *tracees, pid_t tid)
{
    struct rn_tracee *tracee = calloc(1, sizeof(*tracee));

    if (!tracee)
        return NULL;
    tracee->tid = tid;
    tracee->memory.tid = tid;
    link_in(tracees, tracee);
    tracees->orphans++;
    return tracee;
}

static void leave(struct rn_tracee *tracee)
{
    struct rn_tracee_process *process = tracee->process;

    process->exiting -= tracee->exiting;
    if (--process->threads > 0)
        return;
    rn_inline_image_release(process->image);
    free(process->code);
    free(process);
}

void rn_tracee_remove(struct rn_tracees *tracees, struct rn_tracee *tracee)
{
    link_out(tracees, tracee);
    if (tracee->process)
        leave(tracee);
    else
        tracees->orphans--;
    rn_call_buffer_free(&tracee->call.buffer);
    free(tracee);
}

struct rn_tracee_process *rn_tracee_process_find(const struct rn_tracees *tracees, pid_t pid)
{
    struct rn_tracee *leader = rn_tracee_find(tracees, pid);

    if (leader && leader->process)
        return leader->process;
    for (size_t i = 0; i < RN_TRACEE_BUCKETS; i++) {
        for (struct rn_tracee *tracee = tracees->buckets[i]; tracee; tracee = tracee->next) {
            if (tracee->process && tracee->process->pid == pid)
                return tracee->process;
        }
    }
    return NULL;
}

struct rn_tracee_process *rn_tracee_process_new(pid_t pid)
{
    struct rn_tracee_process *process = calloc(1, sizeof(*process));

    if (process)
        process->pid = pid;
    return process;
}

void rn_tracee_join(struct rn_tracees *tracees, struct rn_tracee *tracee,
                    struct rn_tracee_process *process)
{
    tracees->orphans--;
    tracee->process = process;
    process->threads++;
}

bool rn_code_add(struct rn_tracee_process *process, uint64_t address, uint64_t length)
{
    if (process->code_count == RN_CODE_RANGES)
        return true;
    if (process->code_count == process->code_capacity) {
        size_t capacity = process->code_capacity ? process->code_capacity * 2 : 16;
        struct rn_code_range *code = realloc(process->code, capacity * sizeof(*code));

        if (!code)
            return false;
        process->code = code;
        process->code_capacity = capacity;
    }
    process->code[process->code_count++] = (struct rn_code_range){address, length};
    return true;
}

bool rn_code_take(struct rn_tracee_process *process, uint64_t address, uint64_t length,
                  struct rn_code_range *taken)
{
    for (size_t i = 0; i < process->code_count; i++) {
        struct rn_code_range *range = &process->code[i];

        if (range->address - address >= length && address - range->address >= range->length)
            continue;
        *taken = *range;
        *range = process->code[--process->code_count];
        return true;
    }
    return false;
}

bool rn_code_copy(struct rn_tracee_process *to, const struct rn_tracee_process *from)
{
    for (size_t i = 0; i < from->code_count; i++) {
        if (!rn_code_add(to, from->code[i].address, from->code[i].length))
            return false;
    }
    return true;
}

void rn_tracee_each(const struct rn_tracees *tracees, rn_tracee_fn *function, void *context)
{
    for (size_t i = 0; i < RN_TRACEE_BUCKETS; i++) {
        for (struct rn_tracee *tracee = tracees->buckets[i]; tracee; tracee = tracee->next)
            function(context, tracee);
    }
}
