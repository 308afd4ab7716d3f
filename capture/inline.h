/* SPDX-License-Identifier: MIT */
/* The inline engine: the ptrace engine, plus code in the traced program that records the hot system
 * calls by itself. rn-engines(7) tells how it works. These are the places where the two meet; all of
 * them do nothing for a process that has no injected code.
 *
 * An address space that has the injected code is an rn_inline_image. A thread in it that records by
 * itself has a ring and a thread area, at which its %gs points. Everything else goes through the
 * stops that the seccomp filter causes, as the ptrace engine handles them. */
#ifndef RN_INLINE_H
#define RN_INLINE_H

#include "ptrace_engine.h"

#include <sys/ptrace.h>
#include <sys/user.h>

struct rn_inline;

/* NULL where this machine can record inline what the options ask for; else why not. */
const char *rn_inline_obstacle(const struct rn_engine_options *options);

/* There must be no obstacle. NULL with err filled where there is no memory. */
struct rn_inline *rn_inline_new(const struct rn_ptrace *engine, struct rn_error *err);
void rn_inline_free(struct rn_inline *state);

/* A new program runs in `tracee`: its limit on address space is what it was told. To be called before
 * anybody looks at its limits. */
void rn_inline_limit_exec(struct rn_tracee *tracee);
/* A new program runs in `tracee`: it is at its PTRACE_EVENT_EXEC. Injects, unless it cannot be. The
 * tracee is stopped at its first instruction afterwards, or gone: then *status is what wait said,
 * to be handled, and false is returned. */
bool rn_inline_exec(struct rn_ptrace *engine, struct rn_tracee *tracee, int *status);

/* A process is gone: it used this image (NULL: none). */
void rn_inline_image_release(struct rn_inline_image *image);

/* A thread or process was made by `parent`; it has not run yet. And: it is at its first stop. */
void rn_inline_child(struct rn_ptrace *engine, const struct rn_tracee *parent,
                     struct rn_tracee *child, uint64_t clone_flags);
void rn_inline_first_stop(struct rn_tracee *child);
/* A call of role CLONE or CLONE3 begins: children must be traced. And: it has returned. */
void rn_inline_clone_begins(const struct rn_ptrace *engine, struct rn_tracee *tracee,
                            enum rn_call_role role);
void rn_inline_clone_ended(struct rn_tracee *tracee);
/* The injected code is in a call that makes a process or thread. */
bool rn_inline_makes_child(const struct rn_tracee *tracee);
/* What the injected code asked clone for; false where it has made no such call. */
bool rn_inline_clone_flags(const struct rn_tracee *parent, uint64_t *flags);
/* The execve that the injected code made has succeeded: its record is committed. To be called before
 * anything else is done about the new program. */
void rn_inline_exec_done(struct rn_ptrace *engine, struct rn_tracee *tracee);
/* The thread ends: what it had under way is recorded now. */
void rn_inline_exit_begins(struct rn_ptrace *engine, struct rn_tracee *tracee);

/* The injected code has mapped a file to run code from it, and recorded that: does it say so at this
 * stop? *call is then that call, as far as the program is to be believed. */
bool rn_inline_tells(const struct rn_tracee *tracee, const struct __ptrace_syscall_info *stop,
                     struct rn_syscall *call);
/* The program mapped `length` bytes of a file at `address`, executable; the tracee is at the end of
 * that system call, or tells of it. As rn_inline_exec, the tracee may be gone afterwards. */
bool rn_inline_mapped(struct rn_ptrace *engine, struct rn_tracee *tracee, uint64_t address,
                      uint64_t length, uint64_t file_offset, int fd, int *status);
/* The same where a range was unmapped or mapped over. */
bool rn_inline_unmapped(struct rn_tracee *tracee, uint64_t address, uint64_t length, int *status);

/* The program may have changed its signal mask; it has set the action of a signal. */
void rn_inline_note_mask(struct rn_tracee *tracee);
void rn_inline_note_action(struct rn_tracee *tracee);

/* rt_sigreturn begins, and the frame that it takes is at `stack`: false where the result must be
 * waited for, else *value is what it returns, and the mask it sets has been noted. */
bool rn_inline_sigreturn(struct rn_tracee *tracee, uint64_t stack, uint64_t *value);

/* A call that has to do with limits (RN_ROLE_LIMIT) begins and ends. */
void rn_inline_limit_begins(struct rn_tracee *tracee);
void rn_inline_limit_ends(struct rn_tracee *tracee, bool failed);

/* A signal is about to be delivered: if the thread is in the injected code, make it look as if it
 * were in its own, before or after the system call. False: the signal is of the injected code's own
 * making (a bad pointer of the program) and must not be delivered; then, where the tracee is gone,
 * *status is what wait said, to be handled, else 0. */
bool rn_inline_signal(struct rn_ptrace *engine, struct rn_tracee *tracee, int signo, int *status);

/* The thread has stopped: a record of it that waits is committed, unless the thread is just about
 * that. To be called before anything else is done about the stop. */
void rn_inline_settle(struct rn_ptrace *engine, const struct rn_tracee *tracee);

/* The thread is at work on a record in its ring: nothing else may be put there. */
bool rn_inline_writes(const struct rn_tracee *tracee);

/* The injected code may read the stacks that are known of the thread. */
void rn_inline_note_stacks(struct rn_tracee *tracee);

/* The address that a system call instruction would have had without patches. */
uint64_t rn_inline_site(const struct rn_tracee *tracee, uint64_t instruction_pointer);
/* Is this call made by the injected code? Then that records it. */
bool rn_inline_makes_call(const struct rn_tracee *tracee, uint64_t instruction_pointer);
/* A traced call begins: notice a thread whose %gs is its own by now. */
void rn_inline_check_gs(struct rn_ptrace *engine, struct rn_tracee *tracee);
/* A traced system call of a patched site has ended: do what the displaced compare would have. */
void rn_inline_returned(struct rn_tracee *tracee, uint64_t instruction_pointer, uint64_t ret);

/* From now on all calls of this address space go through the engine: the program uses %gs, or has a
 * filter of its own. */
void rn_inline_give_up(struct rn_ptrace *engine, struct rn_tracee *tracee, const char *why);
/* Put back the text of the program as its files have it, before its only thread is let go. */
void rn_inline_restore(const struct rn_tracee *tracee);

/* The process has a filter of its own now: its calls are asked for, not waited for. */
void rn_inline_own_filter(struct rn_ptrace *engine, struct rn_tracee *tracee);

#endif
