/* SPDX-License-Identifier: MIT */
/* Lamport stamps of a merged recording. A stamp is 1 or more; of two events of a stream the one that
 * ended later has the greater stamp, and the effect of a proven edge has a greater one than its
 * cause. Ordering by (stamp, stream) is a total order that respects all of that. A stamp alone does
 * not tell whether one event came before another: rn_merge_before (merge.h) does.
 *
 * Within a stream stamps grow with the ordinal by 1, except where an edge makes one greater: EDGE
 * rows carry it. So the stamp of every event follows from its ordinal and the EDGE rows before it.
 * Feed every EDGE row; a merged recording holds them before the events that they are for. In a
 * recording that is not merged a stamp is 1 + ordinal.
 *
 * Memory: 32 bytes a stream, and some more for streams whose events lie within one another. Not
 * thread-safe. */
#ifndef RN_LAMPORT_H
#define RN_LAMPORT_H

#include "formats/event.h"
#include "formats/status.h"

struct rn_lamport;

struct rn_lamport *rn_lamport_new(void); /* NULL: no memory */
void rn_lamport_free(struct rn_lamport *lamport);
/* Take note of an EDGE row; all else is ignored. */
RN_MUST_CHECK enum rn_status rn_lamport_feed(struct rn_lamport *lamport,
                                             const struct rn_event *event, struct rn_error *err);
/* Of an event that was just read. 0 for what has none: snapshots, housekeeping, edges. */
uint64_t rn_lamport_stamp(const struct rn_lamport *lamport, const struct rn_event *event);

#endif
