/* SPDX-License-Identifier: MIT */
/* The rings and the injected code take address space in the program, which a limit of its own
 * (RLIMIT_AS) does not know of. The limit that the kernel is told is larger by that much, and the
 * program is shown the one that it set. */
#include "inline_private.h"

#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rings, injected code, stubs. */
#define TAKEN      (256ull << 20)
#define RED_ZONE   128u
#define NOT_LIMITS UINT8_MAX

/* Where in the arguments things are: getrlimit and setrlimit have two, prlimit64 four. */
struct limit_call {
    bool concerned;
    uint8_t new_limit, old_limit; /* NOT_LIMITS: it has none */
};

static struct limit_call examine(const struct rn_tracee *tracee)
{
    const struct rn_syscall *call = &tracee->call.syscall;
    struct limit_call result = {false, NOT_LIMITS, NOT_LIMITS};

    if (!tracee->process->image || call->abi != RN_ABI_X86_64)
        return result;
    switch (call->nr) {
    case SYS_setrlimit:
        return (struct limit_call){call->args[0] == RLIMIT_AS, 1, NOT_LIMITS};
    case SYS_getrlimit:
        return (struct limit_call){call->args[0] == RLIMIT_AS, NOT_LIMITS, 1};
    case SYS_prlimit64:
        return (struct limit_call){
            (uint32_t)call->args[1] == RLIMIT_AS &&
                (call->args[0] == 0 || (pid_t)call->args[0] == tracee->process->pid),
            2, 3};
    default:
        return result;
    }
}

static rlim_t raised(rlim_t value)
{
    return value >= RLIM_INFINITY - TAKEN ? value : value + TAKEN;
}

static rlim_t lowered(rlim_t value)
{
    return value == RLIM_INFINITY || value < TAKEN ? value : value - TAKEN;
}

static void set_argument(struct user_regs_struct *regs, uint8_t arg, uint64_t value)
{
    if (arg == 1)
        regs->rsi = value;
    else
        regs->rdx = value;
}

/* The struct may be in memory that the program cannot write: the kernel gets a copy. */
static bool pass(const struct rn_tracee *tracee, uint8_t arg, const struct rlimit *limit)
{
    struct user_regs_struct regs;
    uint64_t copy;

    if (ptrace(PTRACE_GETREGS, tracee->tid, NULL, &regs) != 0)
        return false;
    copy = (regs.rsp - RED_ZONE - sizeof(*limit)) & ~15ull;
    set_argument(&regs, arg, copy);
    return rn_inline_write(tracee->tid, copy, limit, sizeof(*limit)) &&
           ptrace(PTRACE_SETREGS, tracee->tid, NULL, &regs) == 0;
}

void rn_inline_limit_begins(struct rn_tracee *tracee)
{
    struct limit_call call = examine(tracee);
    struct rlimit limit;

    if (!call.concerned || call.new_limit == NOT_LIMITS ||
        !rn_inline_read(tracee->tid, tracee->call.syscall.args[call.new_limit], &limit,
                        sizeof(limit)))
        return;
    limit.rlim_cur = raised(limit.rlim_cur);
    limit.rlim_max = raised(limit.rlim_max);
    tracee->limit_passed = pass(tracee, call.new_limit, &limit);
}

void rn_inline_limit_ends(struct rn_tracee *tracee, bool failed)
{
    struct limit_call call = examine(tracee);
    struct user_regs_struct regs;
    struct rlimit limit;

    if (!call.concerned)
        return;
    if (!failed && call.old_limit != NOT_LIMITS && tracee->process->limit_raised &&
        rn_inline_read(tracee->tid, tracee->call.syscall.args[call.old_limit], &limit,
                       sizeof(limit))) {
        limit.rlim_cur = lowered(limit.rlim_cur);
        limit.rlim_max = lowered(limit.rlim_max);
        (void)rn_inline_write(tracee->tid, tracee->call.syscall.args[call.old_limit], &limit,
                              sizeof(limit));
    }
    if (!tracee->limit_passed)
        return;
    tracee->limit_passed = false;
    tracee->process->limit_raised |= !failed;
    if (ptrace(PTRACE_GETREGS, tracee->tid, NULL, &regs) != 0)
        return;
    set_argument(&regs, call.new_limit, tracee->call.syscall.args[call.new_limit]);
    (void)ptrace(PTRACE_SETREGS, tracee->tid, NULL, &regs);
}

/* A program that begins with a limit has nothing injected: it gets the limit as it was set. */
void rn_inline_limit_exec(struct rn_tracee *tracee)
{
    struct rlimit limit;

    if (!tracee->process->limit_raised || prlimit(tracee->tid, RLIMIT_AS, NULL, &limit) != 0 ||
        limit.rlim_cur == RLIM_INFINITY)
        return;
    limit.rlim_cur = lowered(limit.rlim_cur);
    limit.rlim_max = lowered(limit.rlim_max);
    (void)prlimit(tracee->tid, RLIMIT_AS, &limit, NULL);
    tracee->process->limit_raised = false;
}
