/* SPDX-License-Identifier: MIT */
/* The longest events of a recording, each with its place, its name and a line that says what it
 * was.
 *
 * Memory: what is kept, at most RN_LONGEST_TEXT bytes of text each. Not thread-safe. */
#ifndef RN_LONGEST_H
#define RN_LONGEST_H

#include "plot.h"
#include "trace.h"

#define RN_LONGEST_TEXT 240u

struct rn_longest_event {
    uint64_t stream, ordinal;
    uint64_t since_ns, duration_ns; /* since the recording began */
    uint8_t kind;
    const struct rn_plot_series *category; /* as pictures have it */
    char *name, *text; /* as the program has them: escape them before they are shown */
};

struct rn_longest;

struct rn_longest *rn_longest_new(size_t count); /* NULL: no memory */
void rn_longest_free(struct rn_longest *longest);

/* Take an event, before rn_trace_feed has it. Those without a duration are not looked at. */
RN_MUST_CHECK enum rn_status rn_longest_add(struct rn_longest *longest, struct rn_trace *trace,
                                            const struct rn_event *event, struct rn_error *err);

/* All that are kept, longest first; borrowed. Afterwards none may be added. */
const struct rn_longest_event *rn_longest_events(struct rn_longest *longest, size_t *count);

#endif
