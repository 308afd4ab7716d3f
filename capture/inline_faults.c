/* SPDX-License-Identifier: MIT */
/* A bad pointer of the program makes the injected code fault where the kernel would have said EFAULT.
 * The kernel forces such a signal on a thread that blocks or ignores it: it takes the action away and
 * unblocks the signal. Here both are put back; so the program's own action and mask must be known. */
#include "inline_private.h"

#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#define FAULT_INDEX(signo) ((signo) == SIGBUS ? 1 : 0)
#define SIGNAL_BIT(signo)  (UINT64_C(1) << ((signo) - 1))

static bool is_default(const struct rn_signal_action *action)
{
    return action->handler == (uint64_t)(uintptr_t)SIG_DFL;
}

static bool is_ignored(const struct rn_signal_action *action)
{
    return action->handler == (uint64_t)(uintptr_t)SIG_IGN;
}

/* What was ignored when the recorder was started is ignored in the first program. */
static void inherit_actions(struct rn_tracee_process *process)
{
    static const int signals[2] = {SIGSEGV, SIGBUS};
    struct sigaction action;

    for (int i = 0; i < 2; i++) {
        if (sigaction(signals[i], NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            process->fault_actions[i].handler = (uint64_t)(uintptr_t)SIG_IGN;
    }
    process->fault_actions_known = true;
}

void rn_inline_faults_exec(struct rn_tracee_process *process)
{
    if (!process->fault_actions_known)
        inherit_actions(process);
    for (int i = 0; i < 2; i++) {
        if (!is_ignored(&process->fault_actions[i]))
            memset(&process->fault_actions[i], 0, sizeof(process->fault_actions[i]));
    }
}

void rn_inline_note_mask(struct rn_tracee *tracee)
{
    uint64_t mask;

    if (tracee->inline_thread.area &&
        ptrace(PTRACE_GETSIGMASK, tracee->tid, sizeof(mask), &mask) == 0)
        tracee->inline_thread.area->blocked = mask;
}

void rn_inline_note_action(struct rn_tracee *tracee)
{
    const struct rn_call *call = &tracee->call;
    uint64_t signo = call->syscall.args[0];
    const uint8_t *given;
    uint32_t size;

    if (call->syscall.abi != RN_ABI_X86_64 || (signo != SIGSEGV && signo != SIGBUS))
        return;
    given = rn_call_buffer_find(&call->buffer, RN_ATT_STRUCT, 1, &size);
    if (given && size >= sizeof(struct rn_signal_action))
        memcpy(&tracee->process->fault_actions[FAULT_INDEX(signo)], given,
               sizeof(struct rn_signal_action));
}

void rn_inline_note_delivery(struct rn_tracee *tracee, int signo)
{
    struct rn_signal_action *action = &tracee->process->fault_actions[FAULT_INDEX(signo)];

    if ((signo == SIGSEGV || signo == SIGBUS) && action->flags & SA_RESETHAND)
        memset(action, 0, sizeof(*action));
}

/* Install the action again; it becomes known whether it was taken away. */
static bool put_back_action(struct rn_remote *remote, int signo,
                            const struct rn_signal_action *action, bool *was_taken)
{
    const struct rn_inline_thread *thread = &remote->tracee->inline_thread;
    uint8_t *here = (uint8_t *)thread->area + RN_AREA_SCRIPT;
    uint64_t address = thread->address + RN_AREA_SCRIPT + sizeof(struct rn_script_call);
    struct rn_signal_action old;
    struct rn_script_call call = {.nr = SYS_rt_sigaction,
                                  .args = {(uint64_t)signo, address, address + sizeof(old), 8},
                                  .replace = RN_SCRIPT_NONE};

    memcpy(here, &call, sizeof(call));
    memcpy(here + sizeof(call), action, sizeof(*action));
    memcpy(here + sizeof(call) + sizeof(*action), action, sizeof(*action));
    if (!rn_remote_script(remote, thread->address + RN_AREA_SCRIPT, 1))
        return false;
    memcpy(&old, here + sizeof(call) + sizeof(*action), sizeof(old));
    *was_taken = is_default(&old);
    return true;
}

void rn_inline_fault_undo(struct rn_tracee *tracee, int signo, struct user_regs_struct *regs,
                          int *status)
{
    const struct rn_signal_action *action = &tracee->process->fault_actions[FAULT_INDEX(signo)];
    bool blocked = tracee->inline_thread.area->blocked & SIGNAL_BIT(signo), was_taken = false;
    struct rn_remote remote;

    *status = 0;
    if ((is_default(action) && !blocked) || !rn_remote_begin(&remote, tracee)) {
        (void)ptrace(PTRACE_SETREGS, tracee->tid, NULL, regs);
        return;
    }
    if (!is_default(action) && !put_back_action(&remote, signo, action, &was_taken))
        *status = remote.ended_status;
    /* A handler is taken away from a thread that blocks the signal, and only from such a one: this
     * holds in a handler too, whose mask is not followed. */
    if (blocked || (was_taken && !is_ignored(action)))
        remote.signal_mask |= SIGNAL_BIT(signo);
    if (*status == 0)
        (void)rn_remote_end(&remote, regs);
}
