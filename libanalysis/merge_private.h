/* SPDX-License-Identifier: MIT */
/* Inside the merge: what merge*.c share. */
#ifndef RN_MERGE_PRIVATE_H
#define RN_MERGE_PRIVATE_H

#include "causal_edge.h"
#include "formats/archive.h"
#include "formats/member_encode.h"
#include "formats/reader.h"
#include "formats/reader_join.h"
#include "lamport.h"
#include "merge.h"

/* One input. */
struct merge_input {
    char *path;
    uint64_t counts[RN_KIND_LIMIT];
    uint64_t lost;
    uint64_t streams;              /* numbers below this are used */
    uint64_t queues;               /* and as many from RN_STREAM_QUEUES on */
    bool distrusted;               /* events are missing */
    struct rn_clock_point *points; /* calibration: of the manifest, CLOCK rows, the index */
    size_t point_count, point_room;
    uint64_t last;         /* greatest start, ticks */
    struct rn_buf symbols; /* the member, until it is in merge_symbols; empty: there is none */
};

struct rn_merge {
    struct rn_merge_options options;
    struct rn_manifest manifest; /* of the result; its sources are the inputs */
    struct merge_input *inputs;
    size_t count;
    bool synchronised;
    bool one_clock;
    struct rn_clock_sync *sync;
    struct rn_merge_host *hosts;
    size_t host_count;
    uint32_t *host_numbers;        /* of each input: in `hosts`, and in `sync` */
    struct merge_symbols *symbols; /* NULL: no input carries any */
    struct rn_merge_totals totals;
};

/* ---- symbols ---- */

struct merge_symbols *merge_symbols_new(void);          /* NULL: no memory */
void merge_symbols_free(struct merge_symbols *symbols); /* accepts NULL */
/* For rn_reader_on_member: what is in the member is kept in the context, a struct rn_buf. */
void merge_symbols_keep(void *context, const char *name, const uint8_t *data, size_t size);
/* Does it make sense? RN_E_FORMAT, RN_E_VERSION. */
RN_MUST_CHECK enum rn_status merge_symbols_check(const struct rn_buf *member,
                                                 const struct rn_manifest_source *source,
                                                 struct rn_error *err);
/* What was checked. */
RN_MUST_CHECK enum rn_status merge_symbols_add(struct merge_symbols *symbols,
                                               const struct rn_buf *member,
                                               const struct rn_manifest_source *source,
                                               struct rn_error *err);
/* Once. */
RN_MUST_CHECK enum rn_status merge_symbols_write(struct merge_symbols *symbols, struct rn_buf *out,
                                                 struct rn_error *err);

/* ---- stamps ---- */

struct merge_stamps;

struct merge_stamps *merge_stamps_new(uint64_t streams);
void merge_stamps_free(struct merge_stamps *stamps);
/* One more event of the stream: its position there, from 0. */
uint64_t merge_stamps_next(struct merge_stamps *stamps, uint32_t stream);
/* Stamps of both ends, the effect's made greater than the cause's where it must be. False where the
 * edge comes too late for that: stamps that depend on the effect's are given out already. */
bool merge_stamps_edge(struct merge_stamps *stamps, const struct rn_causal_edge *edge,
                       uint64_t *from, uint64_t *to);

/* ---- edges by the end of their effect ---- */

struct merge_held {
    struct rn_causal_edge *heap;
    size_t count, room;
};
RN_MUST_CHECK bool merge_held_push(struct merge_held *held, const struct rn_causal_edge *edge);
void merge_held_pop(struct merge_held *held, struct rn_causal_edge *edge);

/* ---- output ---- */

/* A member of a source that waits until all edges to its events are known. */
struct merge_member {
    struct merge_member *next;
    uint64_t number; /* of all, in order */
    char name[48];
    struct rn_buf bytes;
    uint64_t last_end;  /* of its events */
    bool whole;         /* all its events were read */
    uint64_t loaded_at; /* greatest start of the events that were read before it */
};

/* An edge as it will be written: start, and the row. */
struct merge_edge_row {
    uint64_t start;
    struct rn_edge edge;
};

/* By start. */
struct merge_rows {
    struct merge_edge_row *heap;
    size_t count, room;
};
RN_MUST_CHECK bool merge_rows_push(struct merge_rows *rows, const struct merge_edge_row *row);
void merge_rows_pop(struct merge_rows *rows, struct merge_edge_row *row);

struct merge_output;
RN_MUST_CHECK enum rn_status merge_output_new(struct rn_merge *merge, int fd, const char *name,
                                              struct merge_output **out, struct rn_error *err);
void merge_output_free(struct merge_output *output);
RN_MUST_CHECK enum rn_status merge_output_file(struct merge_output *output, const char *member,
                                               const void *data, size_t size, struct rn_error *err);
/* Those that start at `until` or before. */
RN_MUST_CHECK enum rn_status merge_output_edges(struct merge_output *output,
                                                struct merge_rows *rows, uint64_t until,
                                                struct rn_error *err);
RN_MUST_CHECK enum rn_status merge_output_member(struct merge_output *output,
                                                 const struct merge_member *member,
                                                 struct rn_error *err);
RN_MUST_CHECK enum rn_status merge_output_finish(struct merge_output *output, struct rn_error *err);

/* merge_sync.c: hosts with clocks of their own. */
RN_MUST_CHECK enum rn_status merge_clocks(struct rn_merge *merge, struct rn_error *err);

#endif
