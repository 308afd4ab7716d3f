/* SPDX-License-Identifier: MIT */
/* A recording as OpenTelemetry traces. Its events become spans below the spans of their threads and
 * processes; short ones can be counted together; a recording that is too big for one trace becomes
 * several parts, each a trace of its own, and an index of them. What names and attributes there are
 * is in rn-otlp(7).
 *
 * Memory: one part (max_bytes and max_spans), one page of the index, and what is known of processes
 * that are alive. Feed every row of a reader, in order. Not thread-safe. */
#ifndef RN_SPAN_TREE_H
#define RN_SPAN_TREE_H

#include "formats/otlp_batch.h"
#include "formats/symbol_table.h"
#include "formats/trace_context.h"
#include "trace.h"

/* Receivers drop what is beyond their own limits without a word; these stay below Tempo's. */
#define RN_SPAN_MAX_SPANS   10000u
#define RN_SPAN_MAX_BYTES   4000000u
#define RN_SPAN_LEAST_SPANS 16u
#define RN_SPAN_LEAST_BYTES 131072u

struct rn_span_options {
    const char *service; /* NULL: the name of the program; valid UTF-8, as all texts here */
    const struct rn_otlp_attributes *resource; /* of the user; NULL none */
    uint64_t fold_ns; /* system calls, kernels and transfers shorter than this are counted */
    uint64_t max_spans, max_bytes; /* of a trace */
    bool has_parent;               /* the root is a child of that span, in its trace */
    bool parent_is_final;          /* else the one that the program was recorded under wins */
    struct rn_trace_parent parent;
    const char *trace_state; /* NULL none */
    int64_t shift_ns;        /* added to all times; the original ones become attributes */
};

/* Spans of one resource. */
struct rn_span_group {
    struct rn_otlp_text resource; /* encoded */
    size_t first, count;          /* of refs */
};

/* One trace that is complete; borrowed until the function that gets it returns. */
struct rn_span_trace {
    uint8_t id[16];
    const uint8_t *arena;
    const struct rn_otlp_ref *refs;
    size_t count;
    const struct rn_span_group *groups;
    size_t group_count;
    uint64_t first_ns, last_ns; /* as exported */
};

/* Called for each trace; a failure is handed through and ends the work. */
typedef enum rn_status rn_span_trace_fn(void *context, const struct rn_span_trace *trace,
                                        struct rn_error *err);

struct rn_span_tree;

/* What the options point to must outlive the tree. NULL: no memory. */
struct rn_span_tree *rn_span_tree_new(const struct rn_span_options *options,
                                      const struct rn_manifest *manifest,
                                      rn_span_trace_fn *function, void *context);
void rn_span_tree_free(struct rn_span_tree *tree);

/* Where in the source the system call was made that is added next; NULL not known. Used until then.
 */
void rn_span_tree_place(struct rn_span_tree *tree, const struct rn_symbol_frame *place);
/* Take one row, before rn_trace_feed has it. `selected`: the event is to be exported; else only
 * what it says about processes is noted. Snapshots and housekeeping rows are never exported, except
 * for calls under way. */
RN_MUST_CHECK enum rn_status rn_span_tree_add(struct rn_span_tree *tree, struct rn_trace *trace,
                                              const struct rn_event *event, bool selected,
                                              struct rn_error *err);
/* The same row again, after rn_trace_feed. */
void rn_span_tree_follow(struct rn_span_tree *tree, struct rn_trace *trace,
                         const struct rn_event *event);
/* After the last row. Calls that are still under way are exported then: *unfinished is how many. */
RN_MUST_CHECK enum rn_status rn_span_tree_finish(struct rn_span_tree *tree, struct rn_trace *trace,
                                                 uint64_t *unfinished, struct rn_error *err);

/* What was added and has not been handed out in a trace: of work that is given up. */
struct rn_otlp_tally rn_span_tree_pending(const struct rn_span_tree *tree);
uint64_t rn_span_tree_parts(const struct rn_span_tree *tree);

#endif
