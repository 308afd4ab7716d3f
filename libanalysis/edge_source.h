/* SPDX-License-Identifier: MIT */
/* The edges of a recording, wherever they come from: in a merged recording they are there as EDGE
 * rows, in any other they are found (causal_edge.h). Edges that only state a stamp are left out.
 * Memory: the finder's. Not thread-safe. */
#ifndef RN_EDGE_SOURCE_H
#define RN_EDGE_SOURCE_H

#include "causal_edge.h"

struct rn_edge_source;

/* `manifest` is borrowed. */
RN_MUST_CHECK enum rn_status rn_edge_source_new(const struct rn_manifest *manifest,
                                                bool proven_only, struct rn_edge_source **out,
                                                struct rn_error *err);
void rn_edge_source_free(struct rn_edge_source *source);

/* Feed every row of the reader, and after the last one say so; after each of these take all edges
 * that there are. Where they are found, edges come after both their events; in a merged recording
 * before the one or the other. */
RN_MUST_CHECK enum rn_status rn_edge_source_feed(struct rn_edge_source *source,
                                                 const struct rn_event *event,
                                                 struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_edge_source_finish(struct rn_edge_source *source,
                                                   struct rn_error *err);
bool rn_edge_source_next(struct rn_edge_source *source, struct rn_causal_edge *edge);

#endif
