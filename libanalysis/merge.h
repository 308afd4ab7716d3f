/* SPDX-License-Identifier: MIT */
/* Several recordings become one: the members of all of them, untouched (symbols become one table),
 * in the order in which a reader that merges needs them, with what connects them: edges, stamps,
 * and what must be added to each clock. See MERGED RECORDINGS in rn-archive(5).
 *
 * Inputs are read twice (three times where clocks differ), so they must be files; a pipe has to be
 * written to one before. Memory: what a reader of each of them needs; up to 200 MiB, of which
 * 64 MiB are for members that wait for edges, 64 MiB for what edges are found by (causal_edge.h),
 * 15 MiB for edges that wait; up to 64 KiB of stamps a stream; and their symbols. */
#ifndef RN_MERGE_H
#define RN_MERGE_H

#include "clock_sync.h"
#include "formats/event.h"
#include "formats/manifest.h"
#include "formats/status.h"

struct rn_merge;

struct rn_merge_options {
    bool keep_going;     /* leave out what cannot be merged, instead of failing */
    bool no_inferred;    /* leave out inferred edges */
    const char *creator; /* "rn-merge 0.1.0"; not NULL */
};

/* The options are copied. RN_E_USAGE: there is no creator. */
RN_MUST_CHECK enum rn_status rn_merge_new(const struct rn_merge_options *options,
                                          struct rn_merge **out, struct rn_error *err);
void rn_merge_free(struct rn_merge *merge);

/* Look at one input, and add it. Anything but RN_OK says in one line what is wrong with it (empty,
 * damaged, already merged, the same recording as another one); the merge can go on without it. */
RN_MUST_CHECK enum rn_status rn_merge_add(struct rn_merge *merge, const char *path,
                                          struct rn_error *err);
size_t rn_merge_count(const struct rn_merge *merge);

/* What was found about the clocks. Call before rn_merge_write. */
RN_MUST_CHECK enum rn_status rn_merge_synchronise(struct rn_merge *merge, struct rn_error *err);

/* Write the merged recording to a descriptor. */
RN_MUST_CHECK enum rn_status rn_merge_write(struct rn_merge *merge, int fd, const char *name,
                                            struct rn_error *err);

struct rn_merge_totals {
    uint64_t events;
    uint64_t proven, inferred;                    /* edges */
    uint64_t by_mechanism[RN_EDGE_MECHANISMS][2]; /* [mechanism][certainty] */
    uint64_t demoted;    /* proven ones that came too late to be in the order: made inferred */
    uint64_t forgotten;  /* as rn_edge_finder_forgotten */
    uint64_t violations; /* proven edges whose effect ended before its cause began, as corrected */
};
void rn_merge_totals(const struct rn_merge *merge, struct rn_merge_totals *totals);

/* One entry a host, in order of first source; borrowed. */
struct rn_merge_host {
    const char *name; /* NULL unknown */
    size_t sources;
    const struct rn_clock_host *clock; /* NULL where all sources share one clock */
};
const struct rn_merge_host *rn_merge_hosts(const struct rn_merge *merge, size_t *count);

/* ---- the order of two events of a merged recording ---- */

enum rn_order {
    RN_ORDER_BEFORE,     /* a came before b in every possible order */
    RN_ORDER_AFTER,      /* b before a */
    RN_ORDER_CONCURRENT, /* neither */
    RN_ORDER_SAME,
};
/* Events are named "UUID:STREAM:ORDINAL" (the recording's own number of the stream) or
 * "STREAM:ORDINAL" (that of the merged recording). Exact: follows the proven edges and the order
 * within streams, from the event with the lesser stamp on. `path` is a merged recording, and no
 * pipe. Reads it twice; memory: 32 bytes for each proven edge whose stamps lie between those of the
 * two. RN_E_USAGE where one of them is not in the recording. */
RN_MUST_CHECK enum rn_status rn_merge_order(const char *path, const char *a, const char *b,
                                            enum rn_order *order, struct rn_error *err);

#endif
