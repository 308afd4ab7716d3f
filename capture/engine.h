/* SPDX-License-Identifier: MIT */
/* A capture engine runs or attaches to programs and turns what they do into events. Engines differ
 * in how they see system calls, not in what they record. */
#ifndef RN_ENGINE_H
#define RN_ENGINE_H

#include "session.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum rn_stack_mode {
    RN_STACK_MODE_NONE = 0,
    RN_STACK_MODE_FRAME, /* return addresses, by the chain of frame pointers */
    RN_STACK_MODE_DUMP,  /* registers and raw bytes */
};

struct rn_engine_options {
    char *const *argv; /* program to run, found through PATH; NULL: attach */
    const pid_t *attach_pids;
    size_t attach_count;
    uint64_t content_head;  /* bytes of each transfer kept; UINT64_MAX: all (up to 1 MiB a call) */
    bool content_none;      /* not even fingerprints */
    enum rn_stack_mode stack; /* what of the stack is kept with each system call */
    uint32_t stack_bytes;     /* with DUMP: at most RN_STACK_DUMP_MAX */
    /* System calls to record, by ABI and number; the last bit holds for all greater numbers. Those
     * that build the process tree and the descriptor table are followed in any case. */
    uint64_t selected[RN_ABI_COUNT][1024 / 64];
    char *const *environment; /* of the program; NULL: the recorder's own */
    char *const *env_names; /* variables whose values are stored; NULL-terminated; may be NULL */
    bool stdout_to_stderr;  /* the archive goes to standard output */
    bool sigpipe_ignored;   /* what the program starts with; the recorder itself may differ */
    bool pin;               /* recorder and program on one CPU: less overhead, no parallelism */
};

struct rn_engine {
    const char *name; /* "ptrace" */
    /* Start the program (stopped before its first instruction) or attach. A program that cannot be
     * started: RN_E_SYSTEM with ENOENT, EACCES, ENOEXEC..., and nothing was recorded. */
    enum rn_status (*start)(struct rn_session *session, const struct rn_engine_options *options,
                            void **state, struct rn_error *err);
    /* Record until all traced processes have ended or were let go. *status is that of the launched
     * program as wait(2) gives it (0 where attached). */
    enum rn_status (*run)(void *state, int *status, struct rn_error *err);
    void (*free)(void *state);
};

extern const struct rn_engine rn_engine_ptrace;
extern const struct rn_engine rn_engine_inline;
/* No engine (it has a name only) but a wish: inline where it can record what the options ask for,
 * else ptrace. */
extern const struct rn_engine rn_engine_auto;

/* The engine that records where `wanted` was asked for; *reason says why it is not inline, NULL
 * where that was not to be decided. NULL with err filled where `wanted` cannot. */
const struct rn_engine *rn_engine_resolve(const struct rn_engine *wanted,
                                          const struct rn_engine_options *options,
                                          const char **reason, struct rn_error *err);

/* Ask the engine to end. RN_INTERRUPT_ONCE: let go what was attached to, or what the program that
 * was launched has left behind; a program that was launched and still runs ends by itself.
 * RN_INTERRUPT_KILL: end every process of a launched program. signo, if not 0, is passed on to the
 * launched program. Async-signal-safe. */
enum rn_interrupt { RN_INTERRUPT_ONCE = 1, RN_INTERRUPT_KILL = 2 };
void rn_engine_interrupt(enum rn_interrupt how, int signo);

#endif
