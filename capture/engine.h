/* SPDX-License-Identifier: MIT */
/* A capture engine runs or attaches to programs and turns what they do into events. Engines differ
 * in how they see system calls, not in what they record. */
#ifndef RN_ENGINE_H
#define RN_ENGINE_H

#include "session.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct rn_engine_options {
    char *const *argv; /* program to run, found through PATH; NULL: attach */
    const pid_t *attach_pids;
    size_t attach_count;
    uint64_t content_head;  /* bytes of each transfer kept; UINT64_MAX: all (up to 1 MiB a call) */
    bool content_none;      /* not even fingerprints */
    /* System calls to record, by ABI and number; those that build the process tree and the
     * descriptor table are followed in any case. */
    uint64_t selected[RN_ABI_COUNT][1024 / 64];
    char *const *env_names; /* variables whose values are stored; NULL-terminated; may be NULL */
    bool stdout_to_stderr;  /* the archive goes to standard output */
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

/* Ask the engine to end: 1: detach where attached, else wait for the program; 2: end the program's
 * process group. Async-signal-safe. */
void rn_engine_interrupt(int how);

#endif
