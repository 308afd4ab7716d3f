/* SPDX-License-Identifier: MIT */
/* Several readers as one: the events of all of them by start. Among the readers of a merged
 * recording, and for whoever merges.
 *
 * The order in which the readers are asked for their next member is part of the file format: see
 * MERGED RECORDINGS in rn-archive(5). Not thread-safe; what is handed out is borrowed until the
 * next call. */
#ifndef RN_READER_JOIN_H
#define RN_READER_JOIN_H

#include "reader.h"

struct rn_reader_join;

struct rn_reader_join *rn_reader_join_new(void); /* NULL: no memory */
void rn_reader_join_free(struct rn_reader_join *join);

/* The reader stays the caller's. `place` is borrowed: where its streams and ticks are in the whole.
 * `number` is what rn_event.source will be. */
RN_MUST_CHECK enum rn_status rn_reader_join_add(struct rn_reader_join *join,
                                                struct rn_reader *reader,
                                                const struct rn_manifest_source *place,
                                                uint32_t number, struct rn_error *err);
/* One more reader whose members only come up while the others load theirs: before each event it is
 * asked whether it has some (rn_reader_join_idle_fn). Its events are those of the whole. */
typedef bool rn_reader_join_idle_fn(void *context);
RN_MUST_CHECK enum rn_status rn_reader_join_add_whole(struct rn_reader_join *join,
                                                      struct rn_reader *reader,
                                                      rn_reader_join_idle_fn *is_idle,
                                                      void *context, struct rn_error *err);

/* As rn_reader_next_event: damage in one of them is told, and calling again goes on. */
RN_MUST_CHECK enum rn_status rn_reader_join_next(struct rn_reader_join *join,
                                                 struct rn_event *event, struct rn_error *err);
/* The reader whose row was handed out last, or whose damage was told; NULL before. */
struct rn_reader *rn_reader_join_last(const struct rn_reader_join *join);

/* Ticks of a source as those of the whole. */
uint64_t rn_clock_pieces_map(const struct rn_manifest_source *place, uint64_t raw);
/* A duration that begins at `raw`. */
uint64_t rn_clock_pieces_span(const struct rn_manifest_source *place, uint64_t raw,
                              uint64_t duration);
/* Streams and times of a row, as those of the whole. */
void rn_event_place_in_whole(struct rn_event *event, const struct rn_manifest_source *place);

#endif
