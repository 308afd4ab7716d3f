/* SPDX-License-Identifier: MIT */
/* Inside the statistics of devices: what device_stat.c (reading), device_groups.c and device_runs.c
 * share. */
#ifndef RN_DEVICE_GROUPS_H
#define RN_DEVICE_GROUPS_H

#include "device_order.h"
#include "device_stat.h"
#include "device_tie.h"
#include "formats/id_map.h"
#include "trace.h"

struct device_list {
    struct rn_device_group **groups;
    size_t count;
    struct rn_device_group *total, *other;
};

#define DEVICE_STREAMS 256u /* kept near; a power of two */

/* What is asked for with every run of a stream. */
struct device_stream {
    uint64_t stream, process;
    uint64_t api, device;
    bool valid, selected;
    struct rn_device_group *queue, *on; /* NULL: to be looked up */
};

struct rn_device_stat {
    enum rn_device_by by;
    const struct rn_filter *filter; /* NULL: everything is selected */
    struct rn_summary_totals totals;
    struct device_list lists[RN_DEVICE_TYPES];
    struct rn_device_group *directions[RN_DIRECTION_FILL + 1]; /* the same; NULL until needed */
    struct rn_id_map by_key;
    size_t group_count;
    struct rn_device_pool pool;
    struct rn_device_order order;
    struct rn_device_tie *tie;
    struct rn_trace *trace; /* of the recording that is being read */
    uint64_t recording;
    struct device_stream streams[DEVICE_STREAMS];
    struct rn_id_map names; /* struct rn_device_group by number of the name in this segment */
    struct rn_id_map waits; /* is it the name of a call that waits? the same */
    bool no_memory;
};

/* device_rows.c: the rows of a batch. Calls are noted whatever is selected: runs are tied to them.
 */
RN_MUST_CHECK enum rn_status rn_device_add_runs(struct rn_device_stat *stat, struct rn_batch *batch,
                                                struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_device_note_calls(struct rn_device_stat *stat,
                                                  struct rn_batch *batch, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_device_add_aggregates(struct rn_device_stat *stat,
                                                      struct rn_batch *batch, struct rn_error *err);

/* device_groups.c. The group, made if it is new; NULL without memory (no_memory is then set). */
struct rn_device_group *rn_device_named(struct rn_device_stat *stat, enum rn_device_type type,
                                        const char *name, size_t length);
struct rn_device_group *rn_device_queue(struct rn_device_stat *stat, uint64_t stream);
/* Where the aggregates of a queue are put together until its device is known. */
struct rn_device_group *rn_device_counted(struct rn_device_stat *stat, uint64_t stream);
struct rn_device_group *rn_device_device(struct rn_device_stat *stat, uint64_t api,
                                         uint64_t device);
void rn_device_groups_free(struct rn_device_stat *stat);
/* A recording has been read: ticks become nanoseconds, and totals are made. */
void rn_device_groups_settle(struct rn_device_stat *stat);

/* device_runs.c: a run that is selected, with its duration and bytes; one whose turn it is in time;
 * and runs that were counted. */
void rn_device_count_run(struct rn_device_group *group, uint8_t kind, uint64_t duration_ns,
                         uint64_t bytes, bool unfinished);
void rn_device_place_run(void *stat, const struct rn_device_run *run);
void rn_device_count_aggregate(struct rn_device_group *group, const struct rn_event *event,
                               const struct rn_clock *clock);

#endif
