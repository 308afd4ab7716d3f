/* SPDX-License-Identifier: MIT */
/* CLONE_UNTRACED. A child that nobody traces would have the filter without the tracer that it asks,
 * so that all its calls failed, and it would write into its parent's ring. It is made without the
 * flag, and the program finds its arguments as it left them. */
#include "inline_private.h"

#include <sched.h>
#include <sys/ptrace.h>

/* Set or clear the flag in the argument that holds the flags of clone. */
static void change_register(const struct rn_tracee *tracee, bool set)
{
    struct user_regs_struct regs;
    unsigned long long *flags =
        tracee->inline_thread.untraced_abi == RN_ABI_I386 ? &regs.rbx : &regs.rdi;

    if (ptrace(PTRACE_GETREGS, tracee->tid, NULL, &regs) != 0)
        return;
    *flags = set ? *flags | CLONE_UNTRACED : *flags & ~(unsigned long long)CLONE_UNTRACED;
    (void)ptrace(PTRACE_SETREGS, tracee->tid, NULL, &regs);
}

/* The same in the first word of the structure that clone3 is given; its address or 0. */
static uint64_t clear_in_memory(const struct rn_tracee *tracee, uint64_t address)
{
    uint64_t flags;

    if (!rn_inline_read(tracee->tid, address, &flags, sizeof(flags)) ||
        !(flags & CLONE_UNTRACED))
        return 0;
    flags &= ~(uint64_t)CLONE_UNTRACED;
    return rn_inline_write(tracee->tid, address, &flags, sizeof(flags)) ? address : 0;
}

void rn_inline_clone_begins(const struct rn_ptrace *engine, struct rn_tracee *tracee,
                            enum rn_call_role role)
{
    const struct rn_syscall *call = &tracee->call.syscall;
    struct rn_inline_thread *thread = &tracee->inline_thread;

    if (!engine->inline_state)
        return;
    thread->untraced_abi = call->abi;
    if (role == RN_ROLE_CLONE && call->args[0] & CLONE_UNTRACED) {
        thread->untraced = true;
        thread->untraced_memory = 0;
        change_register(tracee, false);
    } else if (role == RN_ROLE_CLONE3) {
        thread->untraced_memory = clear_in_memory(tracee, call->args[0]);
        thread->untraced = thread->untraced_memory != 0;
    }
}

void rn_inline_clone_ended(struct rn_tracee *tracee)
{
    struct rn_inline_thread *thread = &tracee->inline_thread;
    uint64_t flags;

    if (!thread->untraced)
        return;
    thread->untraced = false;
    if (!thread->untraced_memory) {
        change_register(tracee, true);
    } else if (rn_inline_read(tracee->tid, thread->untraced_memory, &flags, sizeof(flags))) {
        flags |= CLONE_UNTRACED;
        (void)rn_inline_write(tracee->tid, thread->untraced_memory, &flags, sizeof(flags));
    }
}
