/* SPDX-License-Identifier: MIT */
/* Several recordings become one: the members of all of them, untouched, in the order in which a
 * reader that merges needs them, with what connects them: edges, stamps, and what must be added to
 * each clock. See MERGED RECORDINGS in rn-archive(5).
 *
 * Inputs are read twice (three times where clocks differ), so they must be files; a pipe has to be
 * written to one before. Memory: what a reader of all of them needs, and 64 MiB. */
#ifndef RN_MERGE_H
#define RN_MERGE_H

#include "clock_sync.h"
#include "formats/event.h"
#include "formats/manifest.h"
#include "formats/status.h"

struct rn_merge;

struct rn_merge_options {
    bool keep_going;  /* leave out what cannot be merged, instead of failing */
    bool no_inferred; /* leave out inferred edges */
    const char *creator;
};

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
    uint64_t proven, inferred; /* edges */
    uint64_t by_mechanism[RN_EDGE_MECHANISMS][2]; /* [mechanism][certainty] */
    uint64_t demoted;   /* proven ones that came too late to be in the order: made inferred */
    uint64_t forgotten; /* as rn_edge_finder_forgotten */
    uint64_t violations; /* proven edges whose effect ended before its cause began, as corrected */
};
void rn_merge_totals(const struct rn_merge *merge, struct rn_merge_totals *totals);

/* For --report: one entry a host, in order of first source; borrowed. */
const struct rn_clock_host *rn_merge_hosts(const struct rn_merge *merge, size_t *count);

/* ---- the order of two events of a merged recording ---- */

struct rn_event_place {
    uint32_t stream; /* of the merged recording */
    uint64_t ordinal;
};
enum rn_order {
    RN_ORDER_BEFORE,     /* a came before b in every possible order */
    RN_ORDER_AFTER,      /* b before a */
    RN_ORDER_CONCURRENT, /* neither */
    RN_ORDER_SAME,
};
/* Exact: follows the proven edges and the order within streams, forwards from the one with the
 * lesser stamp. `path` is a merged recording. Memory: 40 bytes for each proven edge whose stamp lies
 * between those of the two. RN_E_USAGE where one of them is not in the recording. */
RN_MUST_CHECK enum rn_status rn_merge_order(const char *path, const struct rn_event_place *a,
                                            const struct rn_event_place *b, enum rn_order *order,
                                            struct rn_error *err);
/* "UUID:STREAM:ORDINAL" (the recording's own number of the stream) or "STREAM:ORDINAL" (that of the
 * merged recording). */
RN_MUST_CHECK enum rn_status rn_event_place_parse(const struct rn_manifest *manifest,
                                                  const char *text, struct rn_event_place *place,
                                                  struct rn_error *err);

#endif
