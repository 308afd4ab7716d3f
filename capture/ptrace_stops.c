/* SPDX-License-Identifier: MIT */
#include "ptrace_engine.h"

#include "inline.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static void flush_group_stop(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    struct rn_event event = {.kind = RN_KIND_PROCESS,
                             .stream = (uint32_t)tracee->stream,
                             .start = tracee->signal.stop_time};

    event.u.process.op = RN_PROCESS_STOP;
    event.u.process.pid = (uint64_t)tracee->process->pid;
    event.u.process.tid = (uint64_t)tracee->tid;
    event.u.process.status = (uint64_t)tracee->signal.stop_signo;
    tracee->signal.stop_signo = 0;
    rn_ptrace_emit(engine, &event);
}

void rn_ptrace_flush_signal(struct rn_ptrace *engine, struct rn_tracee *tracee, int exit_status)
{
    struct rn_pending_signal *pending = &tracee->signal;
    struct rn_event event = {.kind = RN_KIND_SIGNAL,
                             .stream = (uint32_t)tracee->stream,
                             .start = pending->time,
                             .u.signal = pending->signal};

    if (pending->stop_signo)
        flush_group_stop(engine, tracee);
    if (!pending->valid)
        return;
    pending->valid = false;
    if (WIFSIGNALED(exit_status) && (uint64_t)WTERMSIG(exit_status) == pending->signal.signo)
        event.u.signal.fatal = 1;
    rn_ptrace_emit(engine, &event);
}

static bool has_sender(const siginfo_t *info)
{
    if (info->si_code <= 0)
        return info->si_code != SI_TIMER;
    return info->si_signo == SIGCHLD;
}

static bool has_address(const siginfo_t *info)
{
    return info->si_code > 0 &&
           (info->si_signo == SIGSEGV || info->si_signo == SIGBUS || info->si_signo == SIGILL ||
            info->si_signo == SIGFPE || info->si_signo == SIGTRAP);
}

static void note_child(const siginfo_t *info, struct rn_signal *signal)
{
    uint64_t tick_ns = 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK);

    signal->child_status = (uint64_t)(int64_t)info->si_status;
    signal->child_user_ns = (uint64_t)info->si_utime * tick_ns;
    signal->child_system_ns = (uint64_t)info->si_stime * tick_ns;
}

static void note_signal(struct rn_ptrace *engine, struct rn_tracee *tracee, int signo)
{
    siginfo_t info;
    struct rn_signal signal = {.signo = (uint64_t)signo};

    if (ptrace(PTRACE_GETSIGINFO, tracee->tid, NULL, &info) == 0) {
        signal.code = (uint64_t)(int64_t)info.si_code;
        if (has_sender(&info)) {
            signal.sender_pid = (uint64_t)info.si_pid;
            signal.sender_uid = info.si_uid;
        }
        if (has_address(&info))
            signal.address = (uint64_t)(uintptr_t)info.si_addr;
        if (info.si_signo == SIGCHLD && info.si_code > 0)
            note_child(&info, &signal);
    }
    tracee->signal.valid = true;
    tracee->signal.time = engine->now;
    tracee->signal.signal = signal;
}

void rn_ptrace_detach(struct rn_ptrace *engine, struct rn_tracee *tracee, int signo)
{
    struct rn_event event = {.kind = RN_KIND_PROCESS,
                             .stream = (uint32_t)tracee->stream,
                             .start = engine->now};

    if (ptrace(PTRACE_DETACH, tracee->tid, NULL, (long)signo) != 0)
        return; /* it was killed: its end will be reported */
    if (tracee->process) {
        rn_ptrace_flush_signal(engine, tracee, 0);
        rn_ptrace_end_call(engine, tracee, 0, RN_EVENT_UNFINISHED);
        event.u.process.op = RN_PROCESS_DETACH;
        event.u.process.pid = (uint64_t)tracee->process->pid;
        event.u.process.tid = (uint64_t)tracee->tid;
        rn_ptrace_emit(engine, &event);
        if (tracee->slot)
            rn_session_release_slot(engine->session, tracee->slot);
        rn_session_end_stream(engine->session, tracee->stream);
    }
    rn_tracee_remove(&engine->tracees, tracee);
}

/* With the inline engine's filter a call stops the thread by itself; only its end must be asked for.
 * Not so where the program's own filter may answer first. */
static bool filter_stops(const struct rn_ptrace *engine, const struct rn_tracee *tracee)
{
    return engine->inline_state && !tracee->call.active && !tracee->process->own_filter;
}

/* A failure means that the tracee was killed meanwhile: wait() tells. */
static void resume(struct rn_ptrace *engine, struct rn_tracee *tracee, int signo)
{
    if (engine->letting_go)
        rn_ptrace_detach(engine, tracee, signo);
    else if (filter_stops(engine, tracee))
        (void)ptrace(PTRACE_CONT, tracee->tid, NULL, (long)signo);
    else
        (void)ptrace(PTRACE_SYSCALL, tracee->tid, NULL, (long)signo);
}

/* Stopped by SIGSTOP, SIGTSTP, SIGTTIN or SIGTTOU as a whole group: it stays so until SIGCONT. */
static void group_stop(struct rn_ptrace *engine, struct rn_tracee *tracee, int signo)
{
    tracee->signal.stop_signo = signo;
    tracee->signal.stop_time = engine->now;
    if (!rn_inline_writes(tracee))
        flush_group_stop(engine, tracee);
    if (engine->letting_go)
        rn_ptrace_detach(engine, tracee, 0);
    else
        (void)ptrace(PTRACE_LISTEN, tracee->tid, NULL, NULL);
}

static void event_stop(struct rn_ptrace *engine, struct rn_tracee *tracee, unsigned event,
                       int signo)
{
    switch (event) {
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
        rn_ptrace_new_child(engine, tracee, event);
        break;
    case PTRACE_EVENT_EXEC:
        if (!rn_ptrace_exec(engine, tracee))
            return;
        break;
    case PTRACE_EVENT_SECCOMP:
        if (!rn_ptrace_syscall_stop(engine, tracee))
            return;
        break;
    case PTRACE_EVENT_EXIT:
        rn_ptrace_exit_begins(engine, tracee);
        break;
    case PTRACE_EVENT_STOP:
        if (signo != SIGTRAP) {
            group_stop(engine, tracee, signo);
            return;
        }
        break;
    default:
        break;
    }
    resume(engine, tracee, 0);
}

/* The first stop of a new thread can come before its parent's: it is held until that has told what
 * it is. */
static void hold(struct rn_ptrace *engine, pid_t tid, int status)
{
    struct rn_tracee *orphan = rn_tracee_find(&engine->tracees, tid);

    if (engine->letting_go) {
        (void)ptrace(PTRACE_DETACH, tid, NULL, NULL);
        return;
    }
    if (!orphan)
        orphan = rn_tracee_add(&engine->tracees, tid);
    if (orphan)
        orphan->held_status = status;
    else
        rn_ptrace_fail(engine, rn_fail(&engine->err, RN_E_NOMEM, "no memory for a thread"));
}

void rn_ptrace_handle(struct rn_ptrace *engine, pid_t tid, int status)
{
    struct rn_tracee *tracee = rn_tracee_find(&engine->tracees, tid);
    unsigned event = (unsigned)status >> 16;
    int signo = WSTOPSIG(status);

    if (!WIFSTOPPED(status)) {
        if (tracee)
            rn_ptrace_ended(engine, tracee, status);
        return;
    }
    if (!tracee || !tracee->process) {
        hold(engine, tid, status);
        return;
    }
    rn_inline_settle(engine, tracee);
    if (tracee->inline_thread.fresh)
        rn_inline_first_stop(tracee);
    if (event != PTRACE_EVENT_EXIT && !rn_inline_writes(tracee))
        rn_ptrace_flush_signal(engine, tracee, 0);
    if (event != 0) {
        event_stop(engine, tracee, event, signo);
    } else if (signo == (SIGTRAP | 0x80)) {
        if (rn_ptrace_syscall_stop(engine, tracee))
            resume(engine, tracee, 0);
    } else if (!rn_inline_signal(engine, tracee, signo, &status)) {
        if (status != 0)
            rn_ptrace_handle(engine, tid, status);
        else
            resume(engine, tracee, 0);
    } else {
        rn_ptrace_flush_signal(engine, tracee, 0);
        note_signal(engine, tracee, signo);
        resume(engine, tracee, signo);
    }
}
