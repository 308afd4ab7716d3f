/* SPDX-License-Identifier: MIT */
/* A recording as rows of typed tables, for databases: one table for each kind of event, with the
 * fields that the kind has, and the tables `recording` and `stream`. What the tables are is in
 * rn-sqlite(5).
 *
 * Memory: a bit for each stream that there was. Not thread-safe. */
#ifndef RN_ROW_MAKER_H
#define RN_ROW_MAKER_H

#include "trace.h"

#include "formats/export/rows.h"

struct rn_row_maker;

/* Both are borrowed until the maker is freed. `creator`: "rn-convert 0.1.0". */
RN_MUST_CHECK enum rn_status rn_row_maker_new(const struct rn_manifest *manifest,
                                              struct rn_trace *trace, const char *creator,
                                              struct rn_row_maker **out, struct rn_error *err);
void rn_row_maker_free(struct rn_row_maker *maker); /* accepts NULL */
/* Borrowed; the same for all recordings. */
const struct rn_row_table *const *rn_row_maker_tables(const struct rn_row_maker *maker,
                                                      size_t *count);

/* The row of an event, its times in ticks of the recording (rn_trace_place), before it is fed to
 * the trace; of a row of RN_KIND_STREAM: after that. RN_EOF: it has none, as what a segment
 * restates and housekeeping have not. RN_E_NOMEM. */
RN_MUST_CHECK enum rn_status rn_row_maker_event(struct rn_row_maker *maker,
                                                const struct rn_event *event, struct rn_row *row,
                                                struct rn_error *err);

/* After all events: row `index` of the table `recording`, from 0: of the recording itself, then of
 * each one that was merged into it. RN_EOF: there are no more. */
RN_MUST_CHECK enum rn_status rn_row_maker_recording(struct rn_row_maker *maker, size_t index,
                                                    bool complete, struct rn_row *row,
                                                    struct rn_error *err);

#endif
