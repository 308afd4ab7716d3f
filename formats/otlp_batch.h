/* SPDX-License-Identifier: MIT */
/* Encoded spans put together to one request: resources with their spans, and where each span lies,
 * so that a request that a server refuses can be cut into smaller ones. */
#ifndef RN_OTLP_BATCH_H
#define RN_OTLP_BATCH_H

#include "otlp_encode.h"

/* One span in some buffer, and how many events of the recording it stands for. */
struct rn_otlp_ref {
    uint32_t offset, size;
    uint32_t events; /* that are in it: its own, and those that became events of the span */
    uint32_t folded; /* that it only counts */
};

struct rn_otlp_tally {
    uint64_t spans, events, folded;
};

struct rn_otlp_run {
    uint32_t first; /* span */
    uint32_t resource_offset, resource_size;
};

struct rn_otlp_batch {
    struct rn_buf body; /* a TracesData */
    struct rn_otlp_ref *refs;
    size_t count, capacity;
    struct rn_otlp_run *runs; /* spans of one resource */
    size_t run_count, run_capacity;
    struct rn_otlp_text scope; /* encoded; borrowed */
    struct rn_otlp_tally tally;
    uint64_t traces; /* that begin in it; kept by the caller */
    uint64_t digest; /* of the ids and sizes of the spans, in order */
};

void rn_otlp_batch_init(struct rn_otlp_batch *batch, struct rn_otlp_text scope);
void rn_otlp_batch_clear(struct rn_otlp_batch *batch); /* keeps the memory */
void rn_otlp_batch_free(struct rn_otlp_batch *batch);  /* accepts a cleared and a zeroed one */

/* Append spans that lie in `arena` and have one resource (encoded). RN_E_NOMEM; RN_E_LIMIT where
 * the batch would be over 1 GiB. */
RN_MUST_CHECK enum rn_status rn_otlp_batch_add(struct rn_otlp_batch *batch,
                                               struct rn_otlp_text resource, const uint8_t *arena,
                                               const struct rn_otlp_ref *refs, size_t count,
                                               struct rn_error *err);
/* How many of the next `count` spans fit into a batch of at most max_bytes and max_spans; at least
 * 1 where the batch is empty. */
size_t rn_otlp_batch_room(const struct rn_otlp_batch *batch, struct rn_otlp_text resource,
                          const struct rn_otlp_ref *refs, size_t count, size_t max_bytes,
                          size_t max_spans);
/* Make `part`, which is initialised or cleared, of `count` spans of `whole` from `first` on. */
RN_MUST_CHECK enum rn_status rn_otlp_batch_slice(const struct rn_otlp_batch *whole, size_t first,
                                                 size_t count, struct rn_otlp_batch *part,
                                                 struct rn_error *err);
struct rn_otlp_tally rn_otlp_batch_tally(const struct rn_otlp_batch *batch, size_t first,
                                         size_t count);

#endif
