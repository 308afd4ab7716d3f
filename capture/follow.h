/* SPDX-License-Identifier: MIT */
/* On which CPU the tracing thread runs. It and the program take turns; where they are on two CPUs
 * each turn begins with waking up one that idles, which takes several times as long as what is done
 * then (a program under the ptrace engine: 49 us a stop instead of 8, in a virtual machine). The
 * kernel always chooses the idle one. So while stops come quickly the thread stays where the
 * program stops, unless it has to queue there: then several threads of the program run at a time,
 * and the kernel knows better.
 *
 * Only the caller's own CPU affinity is changed, never the program's. One thread uses this. */
#ifndef RN_FOLLOW_H
#define RN_FOLLOW_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct rn_follow_queue {
    uint64_t ns, runs;
};

/* All zero: the thread is left alone. */
struct rn_follow {
    bool possible;      /* there is more than one CPU to run on, and the kernel tells of queues */
    cpu_set_t anywhere; /* as it was at first */
    int schedstat;      /* descriptor of the calling thread's */
    int cpu;            /* where it stays; -1: anywhere */
    unsigned stops;     /* since the last look */
    unsigned looks_off; /* looks to be left out */
    uint64_t look_ns;   /* CLOCK_MONOTONIC at the last look */
    struct rn_follow_queue queue; /* for how long the thread had been ready and not run, then */
};

void rn_follow_begin(struct rn_follow *follow);
/* A thread has stopped and is still. */
void rn_follow_stopped(struct rn_follow *follow);
/* The caller works while the program runs: anywhere. */
void rn_follow_leave(struct rn_follow *follow);
void rn_follow_end(struct rn_follow *follow);

#endif
