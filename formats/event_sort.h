/* SPDX-License-Identifier: MIT */
/* Events in order of a number each: what does not fit into memory goes to unlinked files in TMPDIR
 * (or /tmp), as sorted runs that are merged. Events of equal numbers stay in the order in which
 * they were added.
 *
 * Memory: `budget` bytes, and a longest record for each run (at most 256 of them, then they are
 * merged into one). Not thread-safe. */
#ifndef RN_EVENT_SORT_H
#define RN_EVENT_SORT_H

#include "event.h"
#include "status.h"

struct rn_event_sort;

/* `budget`: at least 4 MiB. NULL: no memory. */
struct rn_event_sort *rn_event_sort_new(size_t budget);
void rn_event_sort_free(struct rn_event_sort *sort); /* accepts NULL */

/* The event is copied. Before the first rn_event_sort_next. RN_E_LIMIT: larger than a record can be
 * (RN_RECORD_MAX). */
RN_MUST_CHECK enum rn_status rn_event_sort_add(struct rn_event_sort *sort, uint64_t key,
                                               const struct rn_event *event, struct rn_error *err);

/* The one with the smallest number; RN_EOF after the last. Borrowed until the next call. */
RN_MUST_CHECK enum rn_status rn_event_sort_next(struct rn_event_sort *sort, struct rn_event *event,
                                                struct rn_error *err);

#endif
