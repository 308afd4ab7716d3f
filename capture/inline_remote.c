/* SPDX-License-Identifier: MIT */
#include "inline_private.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define IS_SECCOMP_STOP(status) ((unsigned)(status) >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8))
#define IS_CALL_STOP(status)    (WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80))

/* To wake a thread on another CPU takes longer than all that it does here. Where it may run is put
 * back before the program goes on. That is sure to be as it was only where it was everywhere: other
 * threads stay where they are. */
static void keep_near(struct rn_remote *remote)
{
    static long online;
    int cpu = sched_getcpu();
    cpu_set_t set;

    if (online == 0)
        online = sysconf(_SC_NPROCESSORS_ONLN);
    if (cpu < 0 || cpu >= CPU_SETSIZE || online < 2 ||
        sched_getaffinity(remote->tracee->tid, sizeof(set), &set) != 0 || CPU_COUNT(&set) < online)
        return;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    remote->near = sched_setaffinity(remote->tracee->tid, sizeof(set), &set) == 0;
}

static void let_float(struct rn_remote *remote)
{
    cpu_set_t everywhere;

    memset(&everywhere, 0xff, sizeof(everywhere));
    if (remote->near)
        (void)sched_setaffinity(remote->tracee->tid, sizeof(everywhere), &everywhere);
    remote->near = false;
}

bool rn_remote_begin(struct rn_remote *remote, struct rn_tracee *tracee)
{
    uint64_t all = UINT64_MAX;

    *remote = (struct rn_remote){.tracee = tracee};
    if (ptrace(PTRACE_GETREGS, tracee->tid, NULL, &remote->saved) != 0 ||
        ptrace(PTRACE_GETSIGMASK, tracee->tid, sizeof(uint64_t), &remote->signal_mask) != 0 ||
        ptrace(PTRACE_SETSIGMASK, tracee->tid, sizeof(uint64_t), &all) != 0)
        return false;
    keep_near(remote);
    return true;
}

void rn_remote_meanwhile(struct rn_remote *remote, rn_remote_fn *function, void *context)
{
    remote->meanwhile = function;
    remote->context = context;
}

/* The code itself has caused it: to go on would cause it again. */
static bool is_fault(pid_t tid, int signo)
{
    siginfo_t info;

    return (signo == SIGSEGV || signo == SIGBUS || signo == SIGILL || signo == SIGTRAP ||
            signo == SIGFPE || signo == SIGSYS) &&
           ptrace(PTRACE_GETSIGINFO, tid, NULL, &info) == 0 && info.si_code > 0;
}

/* Wait for the next stop that is ours. SIGSTOP cannot be held off, and a group stop may be under
 * way: the signal is sent again when the thread is back in its own code. */
static bool wait_stop(struct rn_remote *remote, int *status)
{
    rn_remote_fn *meanwhile = remote->meanwhile;

    remote->meanwhile = NULL;
    if (meanwhile)
        meanwhile(remote->context);
    for (;;) {
        pid_t tid = waitpid(remote->tracee->tid, status, __WALL);

        if (tid < 0 && errno == EINTR)
            continue;
        if (tid < 0)
            return false;
        if (!WIFSTOPPED(*status) || (unsigned)*status >> 16 == PTRACE_EVENT_EXIT) {
            remote->ended_status = *status;
            return false;
        }
        if (IS_SECCOMP_STOP(*status) || IS_CALL_STOP(*status))
            return true;
        if ((unsigned)*status >> 16 == 0 && is_fault(tid, WSTOPSIG(*status)))
            return false;
        if ((unsigned)*status >> 16 == 0)
            remote->pending_signal = WSTOPSIG(*status);
        if (ptrace(PTRACE_CONT, remote->tracee->tid, NULL, NULL) != 0)
            return false;
    }
}

bool rn_remote_until_call(struct rn_remote *remote, struct user_regs_struct *regs)
{
    pid_t tid = remote->tracee->tid;
    int status;

    return ptrace(PTRACE_SETREGS, tid, NULL, regs) == 0 &&
           ptrace(PTRACE_CONT, tid, NULL, NULL) == 0 && wait_stop(remote, &status) &&
           IS_SECCOMP_STOP(status) && ptrace(PTRACE_GETREGS, tid, NULL, regs) == 0;
}

bool rn_remote_call(struct rn_remote *remote, struct user_regs_struct *regs, uint64_t nr,
                    const uint64_t args[6], uint64_t *result)
{
    pid_t tid = remote->tracee->tid;
    int status;

    regs->orig_rax = nr;
    regs->rdi = args[0];
    regs->rsi = args[1];
    regs->rdx = args[2];
    regs->r10 = args[3];
    regs->r8 = args[4];
    regs->r9 = args[5];
    if (ptrace(PTRACE_SETREGS, tid, NULL, regs) != 0 ||
        ptrace(PTRACE_SYSCALL, tid, NULL, NULL) != 0 || !wait_stop(remote, &status) ||
        !IS_CALL_STOP(status) || ptrace(PTRACE_GETREGS, tid, NULL, regs) != 0)
        return false;
    *result = regs->rax;
    return true;
}

bool rn_remote_script(struct rn_remote *remote, uint64_t address, size_t count)
{
    struct user_regs_struct regs = remote->saved;

    regs.rip = rn_blob_symbols.bootstrap;
    regs.rbx = address;
    regs.rbp = address + count * RN_SCRIPT_SIZE;
    regs.orig_rax = UINT64_MAX; /* nothing to be restarted */
    if (rn_remote_until_call(remote, &regs) && regs.orig_rax == RN_SCRIPT_DONE &&
        regs.rip == rn_blob_symbols.script_end)
        return true;
    let_float(remote);
    return false;
}

bool rn_remote_end(struct rn_remote *remote, struct user_regs_struct *regs)
{
    pid_t tid = remote->tracee->tid;

    let_float(remote);
    /* A stop at a system call: -1 makes the kernel skip it. */
    regs->orig_rax = UINT64_MAX;
    if (ptrace(PTRACE_SETREGS, tid, NULL, regs) != 0 ||
        ptrace(PTRACE_SETSIGMASK, tid, sizeof(uint64_t), &remote->signal_mask) != 0)
        return false;
    if (remote->pending_signal)
        (void)syscall(SYS_tgkill, remote->tracee->process->pid, tid, remote->pending_signal);
    return true;
}
