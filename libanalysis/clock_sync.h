/* SPDX-License-Identifier: MIT */
/* How the clocks of several hosts stand to each other, from messages between them. A message that
 * left at s on one clock and had arrived by r on another says that other(s) <= r: such points bound
 * the line that leads from one clock to the other from below and from above. What lies between the
 * hulls of both is all that the messages allow; the line in the middle is taken, and half of the
 * width is its error bound. Where no line fits (a clock was stepped) there are several, one after
 * the other. (Duda, Harrus, Haddad, Bernard: Estimating global time in distributed systems, ICDCS
 * 1987; Sirdey, Maurice: linear programming over the hulls, 4OR 6, 2008.)
 *
 * Over more than two hosts: a spanning tree of the pairs with the narrowest bounds, from the host
 * with the most messages on; the pairs that are not in it are a check (`loop_excess_ns`).
 *
 * Times are nanoseconds of the hosts' own CLOCK_REALTIME. Memory: the hulls (a few points each), not
 * the messages. Not thread-safe. */
#ifndef RN_CLOCK_SYNC_H
#define RN_CLOCK_SYNC_H

#include "formats/status.h"

#include <stddef.h>
#include <stdint.h>

struct rn_clock_sync;

/* reference = own + offset_ns + drift * (own - from_ns), for own times from from_ns on. */
struct rn_clock_line {
    int64_t from_ns;   /* own time at which the line begins to hold */
    int64_t offset_ns; /* to be added at from_ns */
    double drift;      /* per second of own time, without unit: 1e-6 is 1 ppm */
    uint64_t bound_ns; /* greatest error over the stretch; UINT64_MAX: nothing bounds it */
};

struct rn_clock_host {
    uint32_t host; /* number, as it was given to rn_clock_sync_message */
    uint32_t parent; /* in the spanning tree; itself: the reference, or a host without messages */
    const struct rn_clock_line *lines; /* ascending; at least one */
    size_t line_count;
    uint64_t messages;                           /* to and from it */
    uint64_t violations_before, violations_after; /* messages that arrive before they left */
    uint64_t loop_excess_ns; /* by how much pairs outside of the tree contradict it */
};

struct rn_clock_sync *rn_clock_sync_new(uint32_t hosts); /* NULL: no memory */
void rn_clock_sync_free(struct rn_clock_sync *sync);

/* A message left host `from` not before sent_ns of its clock, and was at host `to` by received_ns of
 * that one. For each pair in ascending order of arrival, more or less. */
RN_MUST_CHECK enum rn_status rn_clock_sync_message(struct rn_clock_sync *sync, uint32_t from,
                                                   uint32_t to, int64_t sent_ns,
                                                   int64_t received_ns, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_clock_sync_solve(struct rn_clock_sync *sync, struct rn_error *err);
/* After solve; `hosts` entries, borrowed. */
const struct rn_clock_host *rn_clock_sync_hosts(const struct rn_clock_sync *sync);

#endif
