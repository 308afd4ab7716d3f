/* SPDX-License-Identifier: MIT */
/* Events of a recording as what viewers of traces draw (formats/export/slice.h). What an event is
 * called and says is made when it is read, as descriptors and names are at that moment; then all is
 * put in order of time and given to a format.
 *
 *   system calls, API calls, compute blocks, spans   slices on their thread
 *   kernels, transfers                               slices on their queue, or lanes of it
 *   asynchronous spans, aggregates                   slices on lanes of their thread
 *   process events, signals, modules, decisions, notices, losses, instants   moments
 *   counters                                         tracks of their own
 *   edges, flows                                     two moments each, tied by an arrow; launches
 * are arrows from the API call to what it asked for
 *
 * Memory: RN_SLICE_BUDGET, what is over that goes to files in TMPDIR; besides some hundred bytes a
 * process, thread, queue and counter. Not thread-safe. */
#ifndef RN_SLICE_MAKER_H
#define RN_SLICE_MAKER_H

#include "formats/export/slice.h"
#include "trace.h"

#define RN_SLICE_BUDGET     (32u << 20)
#define RN_SLICE_TRACKS_MAX (1u << 20)

struct rn_slice_maker;

/* NULL: no memory. */
struct rn_slice_maker *rn_slice_maker_new(void);
void rn_slice_maker_free(struct rn_slice_maker *maker);

/* Take one event, before rn_trace_feed has it. */
RN_MUST_CHECK enum rn_status rn_slice_maker_add(struct rn_slice_maker *maker,
                                                struct rn_trace *trace,
                                                const struct rn_event *event, struct rn_error *err);
/* Any row, after rn_trace_feed: names may have changed. */
RN_MUST_CHECK enum rn_status rn_slice_maker_follow(struct rn_slice_maker *maker,
                                                   struct rn_trace *trace,
                                                   const struct rn_event *event,
                                                   struct rn_error *err);

/* What the maker leaves out: a constant text, and how many. */
typedef void rn_slice_note_fn(void *context, const char *what, uint64_t count);
void rn_slice_maker_notes(const struct rn_slice_maker *maker, rn_slice_note_fn *note,
                          void *context);

/* All that was added, in order, between begin and end of the writer's format, with writer->flush
 * after each. Once, after the last event. */
RN_MUST_CHECK enum rn_status rn_slice_maker_write(struct rn_slice_maker *maker,
                                                  struct rn_slice_writer *writer,
                                                  struct rn_error *err);

#endif
