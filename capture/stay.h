/* SPDX-License-Identifier: MIT */
/* On which CPU the tracing thread runs. It and the program take turns; where they are on two CPUs
 * each turn begins with waking up one that idles, which takes several times as long as what is done
 * then, and the kernel, which sees two threads, always chooses the idle one. So while stops come
 * quickly the tracing thread stays where it is, and new programs begin there (inline_remote.c);
 * unless it has to queue: then several threads of the program run at a time, and the kernel knows
 * better. Of no use under the ptrace engine, whose program evades to the idle CPU at each stop.
 *
 * Only the caller's own CPU affinity is changed, never the program's. One thread uses this. */
#ifndef RN_STAY_H
#define RN_STAY_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

struct rn_stay_queue {
    uint64_t ns, runs;
};

/* All zero: the thread is left alone. */
struct rn_stay {
    bool possible;      /* there is more than one CPU to run on, and the kernel tells of queues */
    cpu_set_t anywhere; /* as it was at first */
    int schedstat;      /* descriptor of the calling thread's */
    int cpu;            /* where it stays; -1: anywhere */
    unsigned stops;     /* since the last look */
    unsigned looks_off; /* looks to be left out */
    uint64_t look_ns;   /* CLOCK_MONOTONIC at the last look */
    struct rn_stay_queue queue; /* for how long the thread had been ready and not run, then */
};

void rn_stay_begin(struct rn_stay *stay);
/* A thread has stopped and is still. */
void rn_stay_stopped(struct rn_stay *stay);
/* The caller works while the program runs: anywhere. */
void rn_stay_leave(struct rn_stay *stay);
void rn_stay_end(struct rn_stay *stay);

#endif
