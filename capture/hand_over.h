/* SPDX-License-Identifier: MIT */
/* A recorder that is itself recorded. A process has one tracer, so the program that it starts must
 * be let go by the recorder above before it can be traced by this one. The program's process asks
 * for that itself, before its exec, with a request of ptrace(2) that the kernel does not know: at
 * that stop the recorder above lets it go, and no other tracer sees more than a call that fails. */
#ifndef RN_HAND_OVER_H
#define RN_HAND_OVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct rn_ptrace;
struct rn_tracee;

/* Is `pid` traced by a recorder that can be asked? */
bool rn_hand_over_possible(pid_t pid);
/* In the process to be let go: ask. Where that has happened under the inline engine, each call
 * fails with ENOSYS until somebody traces it. */
void rn_hand_over_ask(void);

/* In the recorder above: does the thread ask, in this call? Then let it go: it is no tracee any
 * more. */
bool rn_hand_over_is_asked(uint64_t nr, uint64_t request);
void rn_hand_over(struct rn_ptrace *engine, struct rn_tracee *tracee);

#endif
