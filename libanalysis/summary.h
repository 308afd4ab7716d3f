/* SPDX-License-Identifier: MIT */
/* Recordings summed up in groups: per system call (and call of a device's API, kernel, direction of
 * transfers and compute block), per process, per thread or per kind of event. Memory grows with the
 * number of groups, which is limited, not with the length of the recordings.
 *
 * Snapshot events and calls that the recorder made itself are not counted. Not thread-safe. */
#ifndef RN_SUMMARY_H
#define RN_SUMMARY_H

#include "filter.h"
#include "formats/reader.h"
#include "statistics.h"

#ifdef __cplusplus
extern "C" {
#endif

struct rn_call_tree; /* call_tree.h */
struct rn_series;    /* duration_series.h */

enum rn_summary_by {
    RN_BY_SYSCALL,
    RN_BY_PROCESS,
    RN_BY_THREAD,
    RN_BY_KIND,
    RN_BY_FUNCTION,  /* system calls, by whose they are: see rn_call_stack_owner */
    RN_BY_LINE,      /* the same, with the line of the source */
    RN_BY_MODULE,    /* the same, by the file of code */
    RN_BY_STACK,     /* the same, by the whole stack, "main;read_all;read" */
    RN_BY_OPERATION, /* compute blocks, by operation, backend and instruction set */
};

/* What comes after this many groups goes into one group for each kind, named "(other)". */
#define RN_SUMMARY_MAX_GROUPS 4096u
#define RN_SUMMARY_MAX_WORST  16u

struct rn_summary_options {
    enum rn_summary_by by;
    const struct rn_filter *filter; /* NULL: everything; must outlive the summary */
    unsigned worst; /* longest events to keep of each group, at most RN_SUMMARY_MAX_WORST */
    /* RN_BY_FUNCTION, RN_BY_LINE, RN_BY_MODULE: each call counts for every function, line or file
     * of its stack, once; whose it is is in self_calls and self_ns. */
    bool inclusive;
    struct rn_call_tree *tree; /* RN_BY_STACK: fill that one instead; borrowed, or NULL */
    bool series; /* keep durations in order: 17 KiB a group; not of what was counted */
};

struct rn_summary_event {
    uint64_t recording; /* as it was read: 0, 1, 2... */
    uint64_t stream, ordinal, pid, tid;
    uint64_t start_ns; /* since the recording began */
    uint64_t duration_ns;
};

struct rn_summary_group {
    uint8_t kind; /* enum rn_kind: one group holds events of one kind */
    const char *name;
    uint64_t abi, nr;          /* RN_BY_SYSCALL */
    uint64_t recording;        /* RN_BY_PROCESS, RN_BY_THREAD: the number of the recording */
    uint64_t pid, tid, stream; /* the same; tid and stream with RN_BY_THREAD */
    uint64_t errors;           /* calls that failed */
    uint64_t unfinished;       /* the same, had not returned when their thread ended (not exit) */
    uint64_t counted;          /* of these, were in aggregates: quantiles are binned */
    struct rn_histogram *durations;                      /* ns; its count is the group's */
    struct rn_summary_event worst[RN_SUMMARY_MAX_WORST]; /* longest first, after reading */
    unsigned worst_count;
    /* RN_BY_OPERATION. Sums are saturating; the texts are NULL in "(other)". */
    char *operation, *isa; /* isa: "" where it is not known */
    uint64_t backend;      /* enum rn_backend */
    uint64_t elements, bytes, flops;
    uint64_t self_calls, self_ns; /* inclusive */
    uint64_t stamp;               /* private: the last call that was counted */
    struct rn_series *series;     /* times since the recording began; NULL: not asked for */
};

struct rn_summary_totals {
    uint64_t recordings;
    uint64_t events[RN_KIND_STREAM]; /* selected, by kind */
    /* Of the recordings, whatever is selected: */
    uint64_t lost;      /* events stated lost, where their number is known */
    bool lost_more;     /* and an unknown number of others */
    uint64_t in_flight; /* calls that had not returned at the end of a recording */
    uint64_t skipped;   /* rows of kinds that this version does not know */
    bool incomplete;    /* part could not be read or never was written */
    bool unsealed;
    bool overflowed; /* there is an "(other)" group */
};

struct rn_summary;

struct rn_summary *rn_summary_new(const struct rn_summary_options *options); /* NULL: no memory */
void rn_summary_free(struct rn_summary *summary);

/* Read a recording to its end and add it. On damage what can be read is still added, and the first
 * failure is returned. */
RN_MUST_CHECK enum rn_status rn_summary_read(struct rn_summary *summary, struct rn_reader *reader,
                                             struct rn_error *err);

/* What helps rn_summary_read_source to find names, as rn_locator_use takes it (locator.h): used in
 * every read. `summary` may be NULL. */
struct rn_locator_options;
void rn_summary_locate(struct rn_summary *summary, const struct rn_locator_options *options);

/* The same with RN_BY_FUNCTION, RN_BY_LINE, RN_BY_MODULE, RN_BY_STACK, which rn_summary_read does
 * not know. The longest events are not kept. */
RN_MUST_CHECK enum rn_status rn_summary_read_source(struct rn_summary *summary,
                                                    struct rn_reader *reader, struct rn_error *err);

/* Borrowed until the next read; in no particular order. */
struct rn_summary_group *const *rn_summary_groups(const struct rn_summary *summary, size_t *count);
/* With `inclusive`: each call once, which the groups have not; else NULL. */
const struct rn_summary_group *rn_summary_whole(const struct rn_summary *summary);
const struct rn_summary_totals *rn_summary_totals(const struct rn_summary *summary);

#ifdef __cplusplus
}
#endif
#endif
