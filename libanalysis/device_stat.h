/* SPDX-License-Identifier: MIT */
/* Kernels and transfers of devices summed up: by kernel (and direction of transfers), or by queue
 * (and device). What ran side by side is told apart by the union of intervals; calls, runs and
 * waits are tied together (device_tie.h).
 *
 * Memory does not grow with the recording: some 28 MiB for what is held back and tied, and up to 24
 * MiB for what runs at once, beside the groups, which are limited as in summary.h. Time is linear,
 * but for the sorting of what is held back.
 *
 * Nothing is clipped or dropped: a run whose record comes later than RN_DEVICE_ORDER others, out of
 * order, counts everywhere but, for the part that others were counted in already, in busy_ns and
 * self_ns; `late` tells how many there were. Not thread-safe. */
#ifndef RN_DEVICE_STAT_H
#define RN_DEVICE_STAT_H

#include "device_track.h"
#include "summary.h"

#ifdef __cplusplus
extern "C" {
#endif

enum rn_device_by { RN_DEVICE_BY_KERNEL, RN_DEVICE_BY_QUEUE };

enum rn_device_type {
    RN_DEVICE_KERNELS,   /* groups by name; RN_DEVICE_BY_KERNEL */
    RN_DEVICE_TRANSFERS, /* by direction; the same */
    RN_DEVICE_QUEUES,    /* RN_DEVICE_BY_QUEUE */
    RN_DEVICE_DEVICES,   /* the same; of all processes of a recording together */
    RN_DEVICE_TYPES,
};

enum rn_device_delay {
    RN_DELAY_LAUNCH, /* from the begin of the call that asked to the begin of the run */
    RN_DELAY_QUEUE,  /* from queued to submitted, where both are known */
    RN_DELAY_SUBMIT, /* from submitted to the begin of the run, where it is known */
    RN_DELAY_WAKE,   /* from the end to the return of the call that waited for it */
    RN_DELAYS,
};

struct rn_device_group {
    /* kind: RN_KIND_KERNEL, RN_KIND_TRANSFER, RN_KIND_NONE of queues and devices; name; recording,
     * pid, tid (number of the queue) and stream of a queue, recording of a device; unfinished:
     * whose end is not known; counted; durations: of kernels and transfers, ns. The rest is 0. */
    struct rn_summary_group common;
    enum rn_device_type type;
    uint64_t api, device; /* of queues and devices, that of the first run */
    uint64_t kernels, transfers;
    uint64_t counted_ns;  /* the time of those in aggregates, which is in no interval */
    uint64_t bytes;       /* of transfers, saturating */
    uint64_t transfer_ns; /* the sum of their durations, saturating */
    /* Of recorded ones: union of intervals; their shares of the device's time; from begin of the
     * first to end of the last, in each recording. */
    uint64_t busy_ns, self_ns, span_ns;
    uint64_t peak; /* so many at once; at least, where `crowded` */
    bool crowded;
    uint64_t late;
    struct rn_histogram *delays[RN_DELAYS]; /* ns */
    uint64_t untied; /* have a correlation number, but the call is not known */
    uint64_t early;  /* began before the call that asked, by the clocks: their delay counts as 0 */
    uint64_t disorder; /* submitted before queued, or begun before submitted: no such delays */
    uint64_t found;    /* had ended when it was waited for */
    uint64_t unwaited; /* nobody is known to have waited for it */
    /* Of the recording that is being read. */
    struct rn_device_track track;
    double self;
    struct rn_device_group *on, *counted; /* of a queue: its device, and what was counted of it */
};

struct rn_device_stat;

/* `filter`: NULL everything; must outlive the result. NULL: no memory. */
struct rn_device_stat *rn_device_stat_new(enum rn_device_by by, const struct rn_filter *filter);
void rn_device_stat_free(struct rn_device_stat *stat);

/* Read a recording to its end and add it. On damage what can be read is still added, and the first
 * failure is returned. */
RN_MUST_CHECK enum rn_status rn_device_stat_read(struct rn_device_stat *stat,
                                                 struct rn_reader *reader, struct rn_error *err);

/* Groups of a type, in no particular order, and all of them together (NULL before there is any).
 * Borrowed until the next read. */
struct rn_device_group *const *rn_device_stat_groups(const struct rn_device_stat *stat,
                                                     enum rn_device_type type, size_t *count);
const struct rn_device_group *rn_device_stat_total(const struct rn_device_stat *stat,
                                                   enum rn_device_type type);
/* `events` of kernels, transfers and aggregates, selected; `in_flight` stays 0. */
const struct rn_summary_totals *rn_device_stat_totals(const struct rn_device_stat *stat);

#ifdef __cplusplus
}
#endif
#endif
