/* SPDX-License-Identifier: MIT */
/* Happens-before: which event came about through which other one, as far as recordings show it.
 *
 * The finder is fed the rows of one recording, or of several whose times are on one time line, and
 * hands out edges. An edge says that its cause had begun before its effect ended; the two may
 * overlap, as a write and the read that waits for it do. Between events of one stream there are no
 * edges: they are in order of ordinal, which is the order in which they ended.
 *
 * Bytes of pipes and stream sockets are matched by their place in the stream, counted from its
 * making: an edge goes from each write to each read that returned some of its bytes. That is proven
 * where the making of the pipe or connection was seen, nothing was lost since, and the fingerprints
 * do not contradict; where the making was not seen (the recording began later, the ends were
 * inherited) only bytes whose fingerprints agree are matched, and that is inferred.
 *
 * Rows may come a little out of order, as rn_reader_next_event gives them: the finder looks at an
 * event when its source's COMMIT rows say that nothing that ended before it can follow. Memory grows
 * with what is alive at once (processes, descriptors, bytes written and not read) and is bounded by
 * `memory_bytes`: what does not fit is forgotten, which can lose edges (rn_edge_finder_forgotten)
 * and never makes one.
 *
 * Not thread-safe. Interval matching is after the Lamport happened-before relation (CACM 21(7),
 * 1978). */
#ifndef RN_CAUSAL_EDGE_H
#define RN_CAUSAL_EDGE_H

#include "formats/event.h"
#include "formats/manifest.h"
#include "formats/status.h"

struct rn_edge_finder;

/* An end of an edge. Streams as in the rows that were fed. */
struct rn_edge_end {
    uint32_t source; /* as rn_event.source */
    uint32_t stream;
    uint64_t ordinal;
    uint64_t start, end; /* ticks, as fed */
};

struct rn_causal_edge {
    struct rn_edge_end from, to;
    uint8_t mechanism; /* enum rn_edge_mechanism */
    uint8_t certainty; /* enum rn_edge_certainty */
    uint64_t bytes;
};

struct rn_edge_finder_options {
    const struct rn_manifest *manifest; /* of what is read; borrowed by the finder */
    size_t memory_bytes;                /* 0: 64 MiB */
    bool proven_only;                   /* inferred edges are not looked for */
};

RN_MUST_CHECK enum rn_status rn_edge_finder_new(const struct rn_edge_finder_options *options,
                                                struct rn_edge_finder **out, struct rn_error *err);
void rn_edge_finder_free(struct rn_edge_finder *finder);

/* Feed every row that the reader hands out, housekeeping included. */
RN_MUST_CHECK enum rn_status rn_edge_finder_feed(struct rn_edge_finder *finder,
                                                 const struct rn_event *event,
                                                 struct rn_error *err);
/* No more rows will come: of one source, of all. */
RN_MUST_CHECK enum rn_status rn_edge_finder_end_source(struct rn_edge_finder *finder,
                                                       uint32_t source, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_edge_finder_finish(struct rn_edge_finder *finder,
                                                   struct rn_error *err);
/* The next edge; false: none until more is fed. Edges come nearly in order of to.end. */
bool rn_edge_finder_next(struct rn_edge_finder *finder, struct rn_causal_edge *edge);

/* Every event that ended before these ticks has been looked at: no edge that is still to come ends
 * before. */
uint64_t rn_edge_finder_frontier(const struct rn_edge_finder *finder);
/* Times something had to be forgotten for want of memory: edges may be missing. */
uint64_t rn_edge_finder_forgotten(const struct rn_edge_finder *finder);

/* "fork", "pipe"...; "?" for a number that is none. */
const char *rn_edge_mechanism_name(uint64_t mechanism);

#endif
