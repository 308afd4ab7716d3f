/* SPDX-License-Identifier: MIT */
/* What the recording costs the program, estimated while it runs and at its end, and what is done to
 * keep it below a limit.
 *
 * The basis: how many events of each way of recording there were, times what one costs (the clock,
 * which is read twice for each, is measured when the recording begins; the rest of the cost is that
 * of the machine that scripts/bench-compute was last looked at on); and the CPU time of the
 * recorder, which is what calls that are traced wait for. It is a share of the program's CPU time.
 */
#ifndef RN_OVERHEAD_H
#define RN_OVERHEAD_H

#include "formats/event.h"
#include "formats/status.h"

struct rn_session;

struct rn_overhead {
    double clock_ns;                         /* reading the clock once */
    double limit;                            /* share of CPU time; 0: none */
    uint64_t blocks, counted, calls, traced; /* blocks and decisions; system calls */
    uint64_t ended_cpu_ns;                   /* of processes that have ended */
    /* At the last look of the steering. */
    double last_cost_ns, last_cpu_ns;
    uint64_t last_look;            /* ticks */
    double threshold_ns, asked_ns; /* for blocks: now, and as asked for */
};

void rn_overhead_begin(struct rn_overhead *overhead, const struct rn_session *session, double limit,
                       uint64_t threshold_ns);
/* An event is about to be stored or counted. */
void rn_overhead_note(struct rn_overhead *overhead, const struct rn_event *event, bool all_traced);
static inline void rn_overhead_note_call(struct rn_overhead *overhead, uint32_t flags, bool all_traced)
{
    if (all_traced || flags & RN_EVENT_TRACED)
        overhead->traced++;
    else
        overhead->calls++;
}
/* A few times a second: set thresholds by what was seen since the last time. */
RN_MUST_CHECK enum rn_status rn_overhead_steer(struct rn_session *session, struct rn_error *err);
/* The program has ended: a notice for rn-info. */
RN_MUST_CHECK enum rn_status rn_overhead_tell(struct rn_session *session, struct rn_error *err);

#endif
