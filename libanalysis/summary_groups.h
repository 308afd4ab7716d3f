/* SPDX-License-Identifier: MIT */
/* Inside the summary: its state, shared by summary.c (reading) and summary_groups.c. */
#ifndef RN_SUMMARY_GROUPS_H
#define RN_SUMMARY_GROUPS_H

#include "duration_series.h"
#include "formats/id_map.h"
#include "summary.h"
#include "trace.h"

#define RN_SUMMARY_NUMBERS 1024u
#define RN_SUMMARY_CACHE   256u /* a power of two */

/* What is asked for with every event of a stream, kept near: by stream number modulo the size. */
struct rn_summary_stream {
    uint64_t stream;
    bool valid;
    bool selected;                  /* by pid and tid */
    struct rn_summary_group *group; /* RN_BY_PROCESS, RN_BY_THREAD: of its system calls; or NULL */
};

struct rn_summary {
    struct rn_summary_options options;
    struct rn_summary_totals totals;
    struct rn_summary_group **groups;
    size_t group_count;
    struct rn_summary_group *whole; /* inclusive: all calls, each once; NULL before the first */
    uint64_t stamp;                 /* the number of the call at hand */
    struct rn_id_map by_key;        /* the same, see group_key in summary_groups.c */
    struct rn_summary_group *other[RN_KIND_STREAM];
    struct rn_summary_group *by_number[RN_ABI_COUNT][RN_SUMMARY_NUMBERS];
    struct rn_summary_stream cache[RN_SUMMARY_CACHE];
    struct rn_trace *trace; /* of the recording that is being read */
    uint64_t recording;
    uint64_t in_flight;                      /* INFLIGHT rows of the member that is being read */
    uint64_t kinds;                          /* that are selected: bit kind */
    bool selective;                          /* each row has to be asked for */
    bool no_memory;                          /* a group could not be made */
    const struct rn_locator_options *locate; /* NULL: none */
};

/* The group, made if it is new; NULL without memory (no_memory is then set). */
struct rn_summary_group *rn_summary_syscall_group(struct rn_summary *summary, uint64_t abi,
                                                  uint64_t nr);
struct rn_summary_group *rn_summary_named_group(struct rn_summary *summary, uint8_t kind,
                                                const char *name, size_t length);
/* The group of a block, or of blocks that were counted: RN_BY_OPERATION. */
struct rn_summary_group *rn_summary_operation_group(struct rn_summary *summary,
                                                    const struct rn_event *event, uint64_t backend);
/* What one of them, or many, computed. */
void rn_summary_add_work(struct rn_summary_group *group, uint64_t elements, uint64_t bytes,
                         uint64_t flops);
/* The group of each call once, made if it is not there; NULL without memory. */
struct rn_summary_group *rn_summary_whole_group(struct rn_summary *summary);
/* Of the process or thread that the stream belongs to. */
struct rn_summary_group *rn_summary_stream_group(struct rn_summary *summary, uint8_t kind,
                                                 uint64_t stream);
/* summary.c: the rows of a batch of losses. */
RN_MUST_CHECK enum rn_status rn_summary_add_losses(struct rn_summary_totals *totals,
                                                   struct rn_batch *batch, struct rn_error *err);
/* An event into the group's series, where there is to be one. */
void rn_summary_add_series(struct rn_summary *summary, struct rn_summary_group *group,
                           uint64_t start, uint64_t duration_ns);
/* Before and after a recording is read; the second one returns `status`, or what failed since. */
RN_MUST_CHECK enum rn_status rn_summary_begin(struct rn_summary *summary,
                                              const struct rn_reader *reader, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_summary_end(struct rn_summary *summary, struct rn_reader *reader,
                                            enum rn_status status, struct rn_error *err);
/* summary_aggregate.c: the durations, ns, that an event of RN_KIND_AGGREGATE counts: `times[i]` of
 * about `value[i]`, the middle of a power of two; how many there are. */
#define RN_SUMMARY_BUCKETS 64u
size_t rn_summary_take_histogram(const struct rn_event *event, const struct rn_clock *clock,
                                 uint64_t value[RN_SUMMARY_BUCKETS],
                                 uint64_t times[RN_SUMMARY_BUCKETS]);
/* An event of RN_KIND_AGGREGATE; what it counts into a histogram of ns. */
void rn_summary_add_counted(struct rn_histogram *durations, const struct rn_event *event,
                            const struct rn_clock *clock);
void rn_summary_add_aggregate(struct rn_summary *summary, const struct rn_event *event);
/* A process or thread may have another name now. */
void rn_summary_rename(struct rn_summary *summary, uint64_t stream);

#endif
