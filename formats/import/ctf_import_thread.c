/* SPDX-License-Identifier: MIT */
/* Threads, processes and CPUs of a CTF trace: who runs when, who made whom. */
#include "ctf_import_private.h"
#include "formats/syscall_table.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum rn_status no_memory(struct rn_error *err)
{
    return rn_fail(err, RN_E_NOMEM, "out of memory");
}

static void free_thread(struct ctf_thread *thread)
{
    rn_buf_free(&thread->call.bytes);
    free(thread->frames);
    free(thread);
}

void rn_ctf_free_threads(struct ctf_reading *r)
{
    for (size_t i = 0; i < r->threads.capacity; i++)
        if (r->threads.slots[i].value)
            free_thread(r->threads.slots[i].value);
    for (size_t i = 0; i < r->streams.capacity; i++)
        if (r->streams.slots[i].value)
            free_thread(r->streams.slots[i].value);
    for (size_t i = 0; i < r->processes.capacity; i++)
        free(r->processes.slots[i].value);
    for (size_t i = 0; i < CTF_CPUS_MAX; i++) {
        if (r->cpus[i])
            rn_buf_free(&r->cpus[i]->details);
        free(r->cpus[i]);
    }
    free(r->images);
    rn_id_map_free(&r->threads);
    rn_id_map_free(&r->streams);
    rn_id_map_free(&r->processes);
}

/* What the map holds under `key`, made of zeros where there is nothing. */
static void *get(struct rn_id_map *map, uint64_t key, size_t size)
{
    void *value = rn_id_map_get(map, key);
    if (value || !(value = calloc(1, size)) || rn_id_map_set(map, key, value))
        return value;
    free(value);
    return NULL;
}

struct ctf_process *rn_ctf_process(struct ctf_reading *r, uint64_t pid)
{
    struct ctf_process *process = get(&r->processes, pid, sizeof(*process));
    if (process)
        process->pid = pid;
    return process;
}

static void join(struct ctf_reading *r, struct ctf_thread *thread, uint64_t pid)
{
    struct ctf_process *process = rn_ctf_process(r, pid);
    thread->pid = pid;
    if (process && !thread->ended)
        process->threads++;
}

struct ctf_thread *rn_ctf_thread(struct ctf_reading *r, uint64_t pid, uint64_t tid)
{
    struct ctf_thread *thread = get(&r->threads, tid, sizeof(*thread));
    if (!thread)
        return NULL;
    thread->tid = tid;
    /* A number that was used before, of another process now: it was forked unseen. */
    if (thread->pid && pid && thread->pid != pid && !thread->call.open) {
        thread->stream = 0;
        thread->ended = false;
        thread->depth = 0;
        thread->pid = 0;
    }
    if (!thread->pid && pid)
        join(r, thread, pid);
    return thread;
}

enum rn_status rn_ctf_thread_stream(struct ctf_reading *r, struct ctf_thread *thread,
                                    struct rn_error *err)
{
    if (thread->stream)
        return RN_OK;
    enum rn_status status =
        rn_import_thread(r->import, thread->pid, thread->tid, *thread->name ? thread->name : NULL,
                         &thread->stream, err);
    struct ctf_process *process =
        thread->pid && thread->pid == thread->tid ? rn_ctf_process(r, thread->pid) : NULL;
    if (process)
        process->leader = thread->stream;
    return status;
}

static enum rn_status add_process(struct ctf_reading *r, uint32_t stream,
                                  const struct rn_process *payload, uint8_t type, const char *text,
                                  struct rn_error *err)
{
    struct rn_attachment attachment = {.type = type, .arg = RN_ARG_NONE};
    struct rn_event event = {.kind = RN_KIND_PROCESS, .stream = stream, .start = r->ns};
    event.u.process = *payload;
    if (text) {
        attachment.data = (const uint8_t *)text;
        attachment.size = (uint32_t)strlen(text);
        event.attachments = &attachment;
        event.attachment_count = 1;
    }
    return rn_ctf_add(r, &event, err);
}

enum rn_status rn_ctf_thread_rename(struct ctf_reading *r, struct ctf_thread *thread,
                                    const char *name, struct rn_error *err)
{
    if (!*name || !strcmp(thread->name, name))
        return RN_OK;
    bool first = !*thread->name;
    snprintf(thread->name, sizeof(thread->name), "%s", name);
    if (!thread->stream || first)
        return RN_OK;
    struct rn_process payload = {.op = RN_PROCESS_NAME, .pid = thread->pid, .tid = thread->tid};
    return add_process(r, thread->stream, &payload, RN_ATT_NAME, name, err);
}

static struct ctf_cpu *cpu_of(struct ctf_reading *r)
{
    uint32_t number = r->message->cpu;
    if (number >= CTF_CPUS_MAX)
        return NULL;
    if (!r->cpus[number])
        r->cpus[number] = calloc(1, sizeof(*r->cpus[number]));
    return r->cpus[number];
}

enum rn_status rn_ctf_find_thread(struct ctf_reading *r, struct rn_error *err)
{
    uint64_t tid, pid = 0;
    char name[CTF_NAME_MAX];
    enum rn_status status = RN_OK;
    r->thread = rn_ctf_own_thread(r);
    if (r->thread)
        return RN_OK;
    bool known = rn_ctf_number(r, RN_CTF_CONTEXT, "tid", &tid) ||
                 rn_ctf_number(r, RN_CTF_CONTEXT, "vtid", &tid);
    if (known && !rn_ctf_number(r, RN_CTF_CONTEXT, "pid", &pid))
        rn_ctf_number(r, RN_CTF_CONTEXT, "vpid", &pid);
    /* As "perf data convert --to-ctf" has it. */
    if (!known && rn_ctf_number(r, RN_CTF_PAYLOAD, "perf_tid", &tid)) {
        known = true;
        rn_ctf_number(r, RN_CTF_PAYLOAD, "perf_pid", &pid);
    }
    const struct ctf_cpu *cpu = cpu_of(r);
    if (!known && cpu && cpu->known) {
        known = true;
        tid = cpu->tid;
    }
    if (!known && rn_ctf_number(r, RN_CTF_CONTEXT, "vpid", &pid)) {
        known = true;
        tid = pid;
    }
    /* Thread 0 is no thread: it is what each CPU does while it is idle. */
    if (!known || tid == 0)
        return RN_OK;
    r->thread = rn_ctf_thread(r, pid, tid);
    if (!r->thread)
        return no_memory(err);
    if (rn_ctf_name(r, RN_CTF_CONTEXT, "procname", name))
        status = rn_ctf_thread_rename(r, r->thread, name, err);
    return status;
}

static enum rn_status cpu_stream(struct ctf_reading *r, struct ctf_cpu *cpu, uint32_t number,
                                 struct rn_error *err)
{
    char name[32];
    if (cpu->stream)
        return RN_OK;
    snprintf(name, sizeof(name), "CPU %u", number);
    return rn_import_track(r->import, 0, number, name, &cpu->stream, err);
}

enum rn_status rn_ctf_event_stream(struct ctf_reading *r, uint32_t *stream, struct rn_error *err)
{
    enum rn_status status;
    if (r->thread) {
        status = rn_ctf_thread_stream(r, r->thread, err);
        *stream = r->thread->stream;
        return status;
    }
    struct ctf_cpu *cpu = cpu_of(r);
    if (!cpu)
        return rn_import_track(r->import, 0, 0,
                               *r->message->class->domain ? r->message->class->domain : "trace",
                               stream, err);
    status = cpu_stream(r, cpu, r->message->cpu, err);
    *stream = cpu->stream;
    return status;
}

/* The run of a thread on a CPU, until now. */
static enum rn_status end_run(struct ctf_reading *r, struct ctf_cpu *cpu, uint32_t flags,
                              struct rn_error *err)
{
    struct ctf_span span = {.stream = cpu->stream,
                            .start = cpu->since,
                            .end = r->ns,
                            .form = RN_SPAN_NESTED,
                            .flags = flags,
                            .name = *cpu->name ? cpu->name : "?",
                            .category = "sched_switch",
                            .json = &cpu->details};
    return rn_ctf_add_span(r, &span, err);
}

/* What LTTng calls a tid is a pid with perf, which has no other. */
static bool number_of(const struct ctf_reading *r, const char *name, const char *perf_name,
                      uint64_t *value)
{
    return rn_ctf_number(r, RN_CTF_PAYLOAD, name, value) ||
           rn_ctf_number(r, RN_CTF_PAYLOAD, perf_name, value);
}

enum rn_status rn_ctf_import_switch(struct ctf_reading *r, struct rn_error *err)
{
    struct ctf_cpu *cpu = cpu_of(r);
    uint64_t tid = 0;
    if (!cpu || !number_of(r, "next_tid", "next_pid", &tid)) {
        rn_import_note(r->import, "switches of threads without a CPU or a thread", 1);
        return RN_OK;
    }
    enum rn_status status = cpu_stream(r, cpu, r->message->cpu, err);
    if (status == RN_OK && cpu->known)
        status = end_run(r, cpu, 0, err);
    cpu->known = true;
    cpu->tid = tid;
    cpu->since = r->ns;
    if (!rn_ctf_name(r, RN_CTF_PAYLOAD, "next_comm", cpu->name))
        *cpu->name = 0;
    rn_ctf_details(r);
    rn_buf_clear(&cpu->details);
    rn_buf_append(&cpu->details, r->json.data, r->json.size);
    struct ctf_thread *thread = tid ? rn_ctf_thread(r, 0, tid) : NULL;
    if (tid && !thread)
        return no_memory(err);
    return thread && status == RN_OK ? rn_ctf_thread_rename(r, thread, cpu->name, err) : status;
}

/* A thread is told to be another one from here on, with the numbers of one that has ended. */
static void reuse(struct ctf_thread *thread)
{
    thread->stream = 0;
    thread->ended = false;
    thread->pid = 0;
    thread->depth = 0;
    thread->call.open = false;
    *thread->name = 0;
}

/* Where the event does not say it: by the call that is being made. clone3 has its flags in memory;
 * the C library makes threads with it. */
static bool makes_thread(const struct ctf_thread *thread)
{
    const struct rn_syscall *call = &thread->call.call;
    if (!thread->call.open || call->abi != RN_ABI_X86_64)
        return false;
    return (call->nr == (uint64_t)rn_syscall_number(RN_ABI_X86_64, "clone", 5) &&
            call->args[0] & CLONE_THREAD) ||
           call->nr == (uint64_t)rn_syscall_number(RN_ABI_X86_64, "clone3", 6);
}

static enum rn_status import_fork(struct ctf_reading *r, struct rn_error *err)
{
    uint64_t parent_pid = 0, parent_tid, child_pid = 0, child_tid;
    if (!number_of(r, "child_tid", "child_pid", &child_tid) ||
        !number_of(r, "parent_tid", "parent_pid", &parent_tid)) {
        rn_import_note(r->import, "forks that do not say of whom", 1);
        return RN_OK;
    }
    if (rn_ctf_field_named(r->message, RN_CTF_PAYLOAD, "child_tid")) {
        rn_ctf_number(r, RN_CTF_PAYLOAD, "child_pid", &child_pid);
        rn_ctf_number(r, RN_CTF_PAYLOAD, "parent_pid", &parent_pid);
    } else {
        struct ctf_thread *maker = rn_ctf_thread(r, 0, parent_tid);
        child_pid = maker && makes_thread(maker) ? maker->pid : child_tid;
    }
    struct ctf_thread *parent = rn_ctf_thread(r, parent_pid, parent_tid);
    struct ctf_thread *child = rn_ctf_thread(r, 0, child_tid);
    if (!parent || !child)
        return no_memory(err);
    enum rn_status status = rn_ctf_thread_stream(r, parent, err);
    reuse(child);
    child->born = true;
    if (!rn_ctf_name(r, RN_CTF_PAYLOAD, "child_comm", child->name))
        *child->name = 0;
    if (child_pid)
        join(r, child, child_pid);
    if (status == RN_OK)
        status = rn_import_child(r->import, parent->stream, child_pid, child_tid,
                                 *child->name ? child->name : NULL, &child->stream, err);
    struct ctf_process *process = child_pid == child_tid ? rn_ctf_process(r, child_pid) : NULL;
    if (process) {
        process->leader = child->stream;
        process->leader_ended = false;
        process->threads = 1;
        process->status = 0;
    }
    /* The kernel does not tell how it was made, but a thread shares all that threads must. */
    struct rn_process payload = {.op = RN_PROCESS_FORK,
                                 .pid = parent->pid,
                                 .tid = parent_tid,
                                 .child_stream = child->stream,
                                 .child_tid = child_tid,
                                 .clone_flags = child_pid && child_pid == parent->pid
                                                    ? CLONE_VM | CLONE_FS | CLONE_FILES |
                                                          CLONE_SIGHAND | CLONE_THREAD
                                                    : SIGCHLD};
    return status == RN_OK ? add_process(r, parent->stream, &payload, 0, NULL, err) : status;
}

static enum rn_status import_exec(struct ctf_reading *r, struct rn_error *err)
{
    const struct rn_ctf_field *file = rn_ctf_field_named(r->message, RN_CTF_PAYLOAD, "filename");
    uint64_t tid;
    if (!r->thread && number_of(r, "tid", "pid", &tid))
        r->thread = rn_ctf_thread(r, 0, tid);
    if (!r->thread) {
        rn_import_note(r->import, "programs executed by unknown threads", 1);
        return RN_OK;
    }
    char path[4096] = "";
    if (file && file->type == RN_CTF_STRING)
        snprintf(path, sizeof(path), "%.*s", (int)file->u.text.size, file->u.text.data);
    struct rn_process payload = {.op = RN_PROCESS_EXEC,
                                 .pid = r->thread->pid ? r->thread->pid : r->thread->tid,
                                 .tid = r->thread->tid};
    enum rn_status status = rn_ctf_thread_stream(r, r->thread, err);
    return status == RN_OK
               ? add_process(r, r->thread->stream, &payload, RN_ATT_EXE, *path ? path : NULL, err)
               : status;
}

/* A thread ends; a process does with the last of them, on the stream of its leader. */
static enum rn_status import_exit(struct ctf_reading *r, struct rn_error *err)
{
    uint64_t tid;
    struct ctf_thread *thread = r->thread;
    if (number_of(r, "tid", "pid", &tid) && (!thread || thread->tid != tid))
        thread = rn_ctf_thread(r, 0, tid);
    if (!thread || thread->ended) {
        rn_import_note(r->import, "ends of unknown threads", 1);
        return RN_OK;
    }
    enum rn_status status = rn_ctf_thread_stream(r, thread, err);
    if (status == RN_OK)
        status = rn_ctf_call_unfinished(r, thread, err);
    if (status == RN_OK)
        status = rn_ctf_functions_unfinished(r, thread, err);
    struct ctf_process *process = rn_ctf_process(r, thread->pid ? thread->pid : thread->tid);
    if (!process)
        return no_memory(err);
    thread->ended = true;
    bool leader = process->pid == thread->tid;
    process->leader_ended |= leader;
    if (process->threads)
        process->threads--;
    struct rn_process payload = {.op = RN_PROCESS_THREAD_EXIT,
                                 .pid = process->pid,
                                 .tid = thread->tid,
                                 .status = process->status};
    if (status == RN_OK && !leader)
        status = add_process(r, thread->stream, &payload, 0, NULL, err);
    if (status != RN_OK || process->threads || !process->leader_ended)
        return status;
    payload.op = RN_PROCESS_EXIT;
    payload.tid = process->pid;
    return add_process(r, leader ? thread->stream : process->leader, &payload, 0, NULL, err);
}

/* At the begin of a kernel trace, once for each thread. */
static enum rn_status import_state(struct ctf_reading *r, struct rn_error *err)
{
    uint64_t pid = 0, tid;
    char name[CTF_NAME_MAX];
    if (!rn_ctf_number(r, RN_CTF_PAYLOAD, "tid", &tid) || !tid)
        return RN_OK;
    rn_ctf_number(r, RN_CTF_PAYLOAD, "pid", &pid);
    struct ctf_thread *thread = rn_ctf_thread(r, pid, tid);
    if (!thread)
        return no_memory(err);
    if (rn_ctf_name(r, RN_CTF_PAYLOAD, "name", name))
        return rn_ctf_thread_rename(r, thread, name, err);
    return RN_OK;
}

enum rn_status rn_ctf_import_process(struct ctf_reading *r, enum ctf_role role,
                                     struct rn_error *err)
{
    switch (role) {
    case CTF_ROLE_FORK:
        return import_fork(r, err);
    case CTF_ROLE_EXEC:
        return import_exec(r, err);
    case CTF_ROLE_EXIT:
        return import_exit(r, err);
    default:
        rn_import_note(r->import, "states of threads at the begin, of which names are kept", 1);
        return import_state(r, err);
    }
}

enum rn_status rn_ctf_import_open(struct ctf_reading *r, struct rn_error *err)
{
    enum rn_status status = RN_OK;
    const struct rn_id_map *const maps[] = {&r->threads, &r->streams};
    r->ns = r->latest;
    for (size_t m = 0; m < 2; m++)
        for (size_t i = 0; i < maps[m]->capacity && status == RN_OK; i++) {
            struct ctf_thread *thread = maps[m]->slots[i].value;
            if (!thread)
                continue;
            status = rn_ctf_call_unfinished(r, thread, err);
            if (status == RN_OK)
                status = rn_ctf_functions_unfinished(r, thread, err);
        }
    for (size_t i = 0; i < CTF_CPUS_MAX && status == RN_OK; i++)
        if (r->cpus[i] && r->cpus[i]->known)
            status = end_run(r, r->cpus[i], RN_EVENT_UNFINISHED, err);
    return status;
}
