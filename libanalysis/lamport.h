/* SPDX-License-Identifier: MIT */
/* Lamport stamps of a merged recording. A stamp is 1 or more; of two events of a stream the one
 * that began later has the greater stamp, and the effect of a proven edge has a greater one than
 * its cause. Ordering by (stamp, stream) is a total order that respects all of that. A stamp alone
 * does not tell whether one event came before another: rn_merge_before (merge.h) does.
 *
 * Within a stream stamps grow by 1 from event to event, in the order of the reader, except where an
 * edge makes one greater: EDGE rows carry it, and stand before the event. In a recording that is
 * not merged stamps count the events of the stream.
 *
 * Memory: 32 bytes a stream, and 24 for each edge whose event is still to come. Not thread-safe. */
#ifndef RN_LAMPORT_H
#define RN_LAMPORT_H

#include "formats/event.h"
#include "formats/status.h"

struct rn_lamport;

static inline bool rn_event_has_stamp(const struct rn_event *event)
{
    return RN_KIND_IS_EVENT(event->kind) && event->kind != RN_KIND_EDGE &&
           !(event->flags & RN_EVENT_SNAPSHOT);
}

struct rn_lamport *rn_lamport_new(void); /* NULL: no memory */
void rn_lamport_free(struct rn_lamport *lamport);
/* Feed every row in the order of rn_reader_next_event. *stamp is that of the event: 0 for what has
 * none, which are snapshots, housekeeping and edges. */
RN_MUST_CHECK enum rn_status rn_lamport_feed(struct rn_lamport *lamport,
                                             const struct rn_event *event, uint64_t *stamp,
                                             struct rn_error *err);

#endif
