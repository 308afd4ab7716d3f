/* SPDX-License-Identifier: MIT */
/* Inside the filter: what filter_parse.c fills and filter_match.c looks up. */
#ifndef RN_FILTER_SET_H
#define RN_FILTER_SET_H

#include "filter.h"

enum rn_filter_status { RN_STATUS_SUCCESSFUL = 1, RN_STATUS_FAILED = 2, RN_STATUS_UNFINISHED = 4 };
#define RN_STATUS_ALL 7u

struct rn_id_list {
    uint64_t *ids;
    size_t count;
};

/* The selected events. */
struct rn_filter_set {
    uint64_t syscalls[RN_ABI_COUNT][RN_FILTER_MAX_NR / 64];
    bool syscalls_beyond; /* numbers over the bitmap, ABIs that this build does not know */
    uint64_t signals[2];  /* bit signo, for signo < 128 */
    uint64_t kinds;       /* all other kinds: bit kind */
    unsigned status;      /* of system calls: enum rn_filter_status */
    bool begun;           /* a term has worked on the set */
    bool status_given;
};

struct rn_filter {
    struct rn_filter_set set;
    struct rn_id_list pids, tids;
    bool has_time;
    uint64_t from_ns, to_ns, min_duration_ns;
};

/* All events that there can be, and none. */
void rn_filter_set_fill(struct rn_filter_set *set, bool selected);

#endif
