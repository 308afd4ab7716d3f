/* SPDX-License-Identifier: MIT */
#include "ptrace_engine.h"

#include "inline.h"

#include "proc_snapshot.h"
#include "producer_obstacle.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

static pid_t event_message(const struct rn_tracee *tracee)
{
    unsigned long message = 0;

    if (ptrace(PTRACE_GETEVENTMSG, tracee->tid, NULL, &message) != 0)
        return 0;
    return (pid_t)message;
}

bool rn_ptrace_adopt(struct rn_ptrace *engine, struct rn_tracee *child,
                     struct rn_tracee_process *process, uint64_t parent_stream)
{
    enum rn_status status;

    if (!process) {
        rn_ptrace_fail(engine, rn_fail(&engine->err, RN_E_NOMEM, "no memory for a process"));
        return false;
    }
    rn_tracee_join(&engine->tracees, child, process);
    status = rn_session_add_stream(engine->session, (uint64_t)process->pid, (uint64_t)child->tid,
                                   parent_stream, &child->stream, &engine->err);
    if (status != RN_OK) {
        rn_ptrace_fail(engine, status);
        return false;
    }
    if (child->tid == process->pid)
        process->stream = child->stream;
    child->slot = rn_session_take_slot(engine->session, child->stream);
    return true;
}

static uint64_t clone3_flags(const struct rn_call *call)
{
    uint64_t words[5]; /* of struct clone_args: flags first, exit_signal fifth */
    uint32_t size;
    const uint8_t *args = rn_call_buffer_find(&call->buffer, RN_ATT_STRUCT, 0, &size);

    if (!args || size < sizeof(words))
        return 0;
    memcpy(words, args, sizeof(words));
    return words[0] | words[4];
}

static uint64_t clone_flags(const struct rn_ptrace *engine, const struct rn_tracee *parent,
                            unsigned event)
{
    const struct rn_call *call = &parent->call;
    uint64_t flags;

    if (!call->active && rn_inline_clone_flags(parent, &flags))
        return flags;
    if (call->active) {
        switch (rn_capture_role(engine->capture, &call->syscall)) {
        case RN_ROLE_CLONE:
            return call->syscall.args[0];
        case RN_ROLE_CLONE3:
            return clone3_flags(call);
        default:
            break;
        }
    }
    if (event == PTRACE_EVENT_VFORK)
        return CLONE_VFORK | CLONE_VM | SIGCHLD;
    return event == PTRACE_EVENT_FORK ? SIGCHLD : 0;
}

static void emit_fork(struct rn_ptrace *engine, const struct rn_tracee *parent,
                      const struct rn_tracee *child, uint64_t flags)
{
    struct rn_event event = {
        .kind = RN_KIND_PROCESS, .stream = (uint32_t)parent->stream, .start = engine->now};

    event.u.process.op = RN_PROCESS_FORK;
    event.u.process.pid = (uint64_t)parent->process->pid;
    event.u.process.tid = (uint64_t)parent->tid;
    event.u.process.child_stream = child->stream;
    event.u.process.child_tid = (uint64_t)child->tid;
    event.u.process.clone_flags = flags;
    rn_ptrace_emit(engine, &event);
}

/* A process of its own begins with what its parent has mapped. */
static struct rn_tracee_process *child_process(const struct rn_tracee *parent, pid_t tid,
                                               uint64_t flags)
{
    struct rn_tracee_process *process;

    if (flags & CLONE_THREAD)
        return parent->process;
    process = rn_tracee_process_new(tid);
    if (process) {
        process->attached = parent->process->attached;
        process->own_filter = parent->process->own_filter;
        process->limit_raised = parent->process->limit_raised;
        process->fault_actions_known = parent->process->fault_actions_known;
        memcpy(process->fault_actions, parent->process->fault_actions,
               sizeof(process->fault_actions));
        /* Without memory for it only UNMAP events are missing. */
        (void)rn_code_copy(process, parent->process);
    }
    return process;
}

static void welcome(struct rn_ptrace *engine, struct rn_tracee *parent, struct rn_tracee *child,
                    uint64_t flags)
{
    int held = child->held_status;

    if (!rn_ptrace_adopt(engine, child, child_process(parent, child->tid, flags), parent->stream))
        return;
    emit_fork(engine, parent, child, flags);
    rn_inline_child(engine, parent, child, flags);
    child->held_status = 0;
    if (held)
        rn_ptrace_handle(engine, child->tid, held);
}

void rn_ptrace_new_child(struct rn_ptrace *engine, struct rn_tracee *parent, unsigned event)
{
    pid_t tid = event_message(parent);
    struct rn_tracee *child = tid > 0 ? rn_tracee_find(&engine->tracees, tid) : NULL;
    uint64_t flags;

    if (tid <= 0 || (child && child->process))
        return;
    if (!child)
        child = rn_tracee_add(&engine->tracees, tid);
    if (!child) {
        rn_ptrace_fail(engine, rn_fail(&engine->err, RN_E_NOMEM, "no memory for a thread"));
        return;
    }
    flags = clone_flags(engine, parent, event);
    welcome(engine, parent, child, flags);
    rn_ptrace_forked(engine, parent, tid, flags);
}

/* A parent that was killed before it could tell of its child: the child must not wait for ever. */
static void welcome_orphans(struct rn_ptrace *engine, struct rn_tracee *parent)
{
    for (size_t i = 0; i < RN_TRACEE_BUCKETS && engine->tracees.orphans > 0; i++) {
        struct rn_tracee *next;

        for (struct rn_tracee *orphan = engine->tracees.buckets[i]; orphan; orphan = next) {
            struct rn_proc_status status;

            next = orphan->next;
            if (orphan->process || !rn_proc_status(orphan->tid, &status))
                continue;
            if (status.tgid == parent->process->pid)
                welcome(engine, parent, orphan, CLONE_THREAD | CLONE_VM | CLONE_SIGHAND);
            else if (status.ppid == parent->process->pid ||
                     !rn_tracee_process_find(&engine->tracees, status.ppid))
                welcome(engine, parent, orphan, SIGCHLD);
        }
    }
}

static void emit_thread_exit(struct rn_ptrace *engine, const struct rn_tracee *tracee, int status)
{
    struct rn_event event = {
        .kind = RN_KIND_PROCESS, .stream = (uint32_t)tracee->stream, .start = engine->now};

    event.u.process.op = RN_PROCESS_THREAD_EXIT;
    event.u.process.pid = (uint64_t)tracee->process->pid;
    event.u.process.tid = (uint64_t)tracee->tid;
    event.u.process.status = (uint64_t)(unsigned)status;
    rn_ptrace_emit(engine, &event);
}

static void forget(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    if (tracee->slot)
        rn_session_release_slot(engine->session, tracee->slot);
    if (tracee->process)
        rn_session_end_stream(engine->session, tracee->stream);
    rn_tracee_remove(&engine->tracees, tracee);
}

/* A thread that is not the leader has executed a program: all others are gone, and it goes on under
 * the leader's number. What it did so far, the execve included, stays in its own stream. */
static void supersede_leader(struct rn_ptrace *engine, struct rn_tracee *leader, pid_t former)
{
    struct rn_tracee *thread = rn_tracee_find(&engine->tracees, former);

    rn_ptrace_end_call(engine, leader, 0, RN_EVENT_UNFINISHED);
    if (leader->exiting) {
        leader->exiting = false;
        leader->process->exiting--;
    }
    if (!thread || !thread->process)
        return;
    rn_ptrace_flush_signal(engine, thread, 0);
    rn_inline_exec_done(engine, thread);
    rn_ptrace_end_call(engine, thread, 0, 0);
    emit_thread_exit(engine, thread, 0);
    forget(engine, thread);
}

#define OBSTACLES_MAX 16u

/* A process storm of such programs is not told of program by program. */
static void note_obstacle(struct rn_ptrace *engine, const struct rn_tracee *tracee)
{
    const char *why;

    if (!rn_session_expects_producers(engine->session) || engine->obstacles == OBSTACLES_MAX ||
        engine->status != RN_OK)
        return;
    why = rn_producer_obstacle(tracee->process->pid);
    if (!why)
        return;
    engine->obstacles++;
    rn_ptrace_fail(engine, rn_session_notice(engine->session, RN_NOTICE_BLIND_SPOT,
                                             (uint64_t)tracee->process->pid, &engine->err,
                                             "process %d %s: its compute blocks cannot be recorded",
                                             (int)tracee->process->pid, why));
}

void rn_ptrace_exec_read(void *context)
{
    struct rn_ptrace *engine = context;

    rn_descriptor_list_read(engine->exec_pid, true, &engine->descriptors);
}

static void begin_read(struct rn_ptrace *engine)
{
    if (!engine->side_thread)
        return;
    rn_side_thread_keep_away(engine->side_thread);
    rn_side_thread_begin(engine->side_thread);
}

static void end_read(struct rn_ptrace *engine)
{
    if (engine->side_thread)
        rn_side_thread_wait(engine->side_thread);
    else
        rn_ptrace_exec_read(engine);
}

void rn_ptrace_exec_look(struct rn_ptrace *engine)
{
    if (engine->exec_told != RN_EXEC_NOTHING)
        return;
    /* While the descriptors are read: to be woken when that is done would take as long as this. */
    rn_process_facts_read(engine->exec_pid, engine->env_names, &engine->facts);
    end_read(engine);
    engine->exec_told = RN_EXEC_LOOKED;
}

void rn_ptrace_exec_tell(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    if (engine->exec_told == RN_EXEC_TOLD)
        return;
    rn_ptrace_exec_look(engine);
    engine->exec_told = RN_EXEC_TOLD;
    rn_ptrace_emit_facts(engine, tracee, RN_PROCESS_EXEC);
    rn_ptrace_emit_modules(engine, tracee);
    rn_ptrace_emit_descriptors(engine, tracee, &engine->descriptors);
    note_obstacle(engine, tracee);
}

bool rn_ptrace_exec(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    pid_t former = event_message(tracee);
    int status = 0;
    bool alive;

    if (former > 0 && former != tracee->tid) {
        supersede_leader(engine, tracee, former);
    } else {
        rn_inline_exec_done(engine, tracee);
        rn_ptrace_end_call(engine, tracee, 0, 0);
    }
    rn_session_executed(engine->session, tracee->stream);
    tracee->process->code_count = 0;
    tracee->memory.through_file = false;
    memset(&tracee->stacks, 0, sizeof(tracee->stacks));
    engine->exec_seen = true;
    engine->exec_told = RN_EXEC_NOTHING;
    rn_inline_limit_exec(tracee);
    engine->exec_pid = tracee->process->pid;
    begin_read(engine);
    rn_ptrace_read_modules(engine, tracee);
    alive = !engine->inline_state || rn_inline_exec(engine, tracee, &status);
    rn_ptrace_exec_tell(engine, tracee);
    if (alive)
        return true;
    rn_ptrace_handle(engine, tracee->tid, status);
    return false;
}

static void note_resources(struct rn_tracee_process *process, pid_t tid)
{
    struct rn_proc_status status;

    rn_proc_cpu_time(process->pid, &process->user_ns, &process->system_ns);
    if (rn_proc_status(tid, &status))
        process->max_rss_bytes = status.max_rss_bytes;
}

/* It ends inside a call that may have made a child of which it could not tell any more. Of a thread
 * that was attached to in the middle of a call nobody knows which call that is. */
static bool may_leave_orphans(const struct rn_ptrace *engine, const struct rn_tracee *tracee)
{
    if (engine->tracees.orphans == 0)
        return false;
    if (!tracee->call.active)
        return tracee->process->attached || rn_inline_makes_child(tracee);
    switch (rn_capture_role(engine->capture, &tracee->call.syscall)) {
    case RN_ROLE_FORK:
    case RN_ROLE_VFORK:
    case RN_ROLE_CLONE:
    case RN_ROLE_CLONE3:
        return true;
    default:
        return false;
    }
}

/* Others may have named the thread, which nobody saw. */
static void note_name(struct rn_ptrace *engine, const struct rn_tracee *tracee)
{
    char name[64], leader[64];

    if (rn_proc_read(tracee->tid, "comm", name, sizeof(name)) > 0 &&
        rn_proc_read(tracee->process->pid, "comm", leader, sizeof(leader)) > 0 &&
        strcmp(name, leader) != 0)
        rn_ptrace_thread_name(engine, tracee);
}

/* Last words of a thread, whether or not its PTRACE_EVENT_EXIT was seen. */
static void begin_exit(struct rn_ptrace *engine, struct rn_tracee *tracee, int status)
{
    struct rn_tracee_process *process = tracee->process;
    bool leaves_orphans = may_leave_orphans(engine, tracee);

    tracee->exiting = true;
    process->exiting++;
    rn_inline_exit_begins(engine, tracee);
    rn_ptrace_flush_signal(engine, tracee, status);
    rn_ptrace_end_call(engine, tracee, 0, RN_EVENT_UNFINISHED);
    if (process->exiting == process->threads)
        note_resources(process, tracee->tid);
    /* The leader's end is told with the process's. */
    if (tracee->tid != process->pid) {
        note_name(engine, tracee);
        emit_thread_exit(engine, tracee, status);
    }
    if (leaves_orphans)
        welcome_orphans(engine, tracee);
}

void rn_ptrace_exit_begins(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    if (!tracee->exiting)
        begin_exit(engine, tracee, (int)event_message(tracee));
}

static void emit_exit(struct rn_ptrace *engine, const struct rn_tracee *leader, int status)
{
    const struct rn_tracee_process *process = leader->process;
    struct rn_event event = {
        .kind = RN_KIND_PROCESS, .stream = (uint32_t)leader->stream, .start = engine->now};

    event.u.process.op = RN_PROCESS_EXIT;
    event.u.process.pid = (uint64_t)process->pid;
    event.u.process.tid = (uint64_t)leader->tid;
    event.u.process.status = (uint64_t)(unsigned)status;
    event.u.process.user_ns = process->user_ns;
    event.u.process.system_ns = process->system_ns;
    event.u.process.max_rss_bytes = process->max_rss_bytes;
    rn_ptrace_emit(engine, &event);
}

void rn_ptrace_ended(struct rn_ptrace *engine, struct rn_tracee *tracee, int status)
{
    if (tracee->tid == engine->launched) {
        engine->launched_ended = true;
        engine->launched_status = status;
    }
    if (tracee->process) {
        if (!tracee->exiting)
            begin_exit(engine, tracee, status);
        if (tracee->tid == tracee->process->pid)
            emit_exit(engine, tracee, status);
    }
    forget(engine, tracee);
}
