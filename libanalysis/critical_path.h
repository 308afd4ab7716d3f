/* SPDX-License-Identifier: MIT */
/* The critical path: the chain of work and waits that set how long something took, over processes,
 * threads and device queues.
 *
 * It is found from its end. From the moment when all was done one goes back in time along the
 * thread that was done last, to the last moment at which that thread had waited for another one:
 * for bytes, a child's end, a futex, a kernel... From there on the other thread is what counts, and
 * so on to the begin. That is the critical path of B. P. Miller et al., "IPS-2" (IEEE TPDS 1(2),
 * 1990), with waits found in what was recorded instead of in messages alone. What somebody waited
 * for while it had been there already is no wait. Time that a thread neither waits for another one
 * is its own: it computes, is in system calls, or waits for the world outside (a disk, a clock, a
 * peer that is not recorded). A cause that nothing was recorded of ends the path where its thread
 * begins.
 *
 * The rows of the recording are given twice: once with all edges (causal_edge.h), to find the path,
 * and once to say what happened on it. Memory: some 56 bytes for each wait and each kernel, 16 for
 * each poll, 200 a stream; no more than RN_CRITICAL_MAX_WAITS of either. Time: linear but for
 * sorting the waits. Not thread-safe; nothing is thread-safe here. */
#ifndef RN_CRITICAL_PATH_H
#define RN_CRITICAL_PATH_H

#include "causal_edge.h"
#include "critical_pattern.h"
#include "trace.h"

#define RN_CRITICAL_MAX_WAITS (1u << 26)
#define RN_CRITICAL_MAX_NAMES 4096u /* further ones are counted together as "(other)" */

struct rn_critical_path;

/* From where the path came to this link: not through an edge, and what began it is not known; the
 * begin of the recording. */
#define RN_CRITICAL_UNKNOWN 254u
#define RN_CRITICAL_BEGIN   255u

/* A stretch of the path on one stream: from the moment when what it waited for had happened, to the
 * moment when the next stream could go on (or the end). */
struct rn_critical_link {
    uint32_t stream;
    uint8_t entered;   /* enum rn_edge_mechanism, or RN_CRITICAL_... */
    uint8_t certainty; /* enum rn_edge_certainty, of that edge */
    uint64_t from, to; /* ticks */
    uint64_t working;  /* ticks of it in calls, kernels, transfers */
    const char *most;  /* name of what took most of it, NULL: computing, or idle */
};

/* Sums over the path. Ticks. */
struct rn_critical_work {
    uint8_t
        kind; /* enum rn_kind: SYSCALL, KERNEL, TRANSFER; NONE: computing; STREAM: a queue idle */
    const char *name; /* "" without one */
    uint64_t ticks;
    uint64_t count; /* events that lie on the path, wholly or in part */
};
struct rn_critical_thread {
    uint64_t stream, type;      /* enum rn_stream_type */
    uint64_t pid, tid, process; /* rn_process_info.serial; 0 none */
    const char *name, *program; /* never NULL */
    uint64_t ticks, links;
};

struct rn_critical_result {
    uint64_t begin, end; /* ticks: of what was recorded, and of what the path explains the end of */
    const struct rn_critical_link *links; /* in order of time; they touch */
    size_t link_count;
    const struct rn_critical_work *work; /* the most first */
    size_t work_count;
    const struct rn_critical_thread *threads; /* the most first */
    size_t thread_count;
    struct rn_critical_patterns patterns;
    bool waits_lost; /* there were more than can be kept */
};

struct rn_critical_path *rn_critical_path_new(void); /* NULL: no memory */
void rn_critical_path_free(struct rn_critical_path *path);

/* First reading: every row, and every edge as soon as the finder has it (in a merged recording, the
 * EDGE rows as edges). */
RN_MUST_CHECK enum rn_status rn_critical_path_event(struct rn_critical_path *path,
                                                    const struct rn_event *event,
                                                    struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_critical_path_edge(struct rn_critical_path *path,
                                                   const struct rn_causal_edge *edge,
                                                   struct rn_error *err);
/* Between the readings. */
RN_MUST_CHECK enum rn_status rn_critical_path_walk(struct rn_critical_path *path,
                                                   struct rn_error *err);
/* Second reading: every row, before rn_trace_feed gets it. */
RN_MUST_CHECK enum rn_status rn_critical_path_work(struct rn_critical_path *path,
                                                   struct rn_trace *trace,
                                                   const struct rn_event *event,
                                                   struct rn_error *err);
/* What was found; borrowed from the path. */
RN_MUST_CHECK enum rn_status rn_critical_path_result(struct rn_critical_path *path,
                                                     struct rn_critical_result *result,
                                                     struct rn_error *err);

#endif
