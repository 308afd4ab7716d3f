/* SPDX-License-Identifier: MIT */
/* Slow input and output: calls on files, sockets, pipes and terminals (call_class.h) that took
 * longer than a limit, and what they were about.
 *
 * Without a limit each group - calls of one name, on one kind of thing - has its own: RN_SLOW_TIMES
 * its median, but RN_SLOW_LEAST_NS at least, and that where there are fewer than RN_SLOW_USUAL
 * calls. Memory: of each group the RN_SLOW_KEPT longest calls with their names, of at most
 * RN_SLOW_GROUPS groups. Not thread-safe. */
#ifndef RN_SLOW_IO_H
#define RN_SLOW_IO_H

#include "call_class.h"
#include "statistics.h"

#define RN_SLOW_TIMES    10.0
#define RN_SLOW_LEAST_NS 1000000u
#define RN_SLOW_USUAL    8u /* of fewer calls it is not known what is usual */
#define RN_SLOW_KEPT     64u
#define RN_SLOW_GROUPS   1024u

struct rn_slow_call {
    uint64_t recording; /* as it was read: 0, 1, 2... */
    uint64_t stream, ordinal, pid, tid;
    uint64_t start_ns; /* since the recording began */
    uint64_t duration_ns;
    bool unfinished; /* it had not returned */
    char *what;      /* path, or what the descriptor stands for; NULL: not known */
    const struct rn_slow_group *group;
};

struct rn_slow_group {
    enum rn_call_class class;
    char *name;                     /* of the call, owned */
    struct rn_histogram *durations; /* of all calls of the group */
    uint64_t limit_ns;
    uint64_t slow, slow_ns; /* that took at least so long; their time is only known of those that
                             * are kept where `estimated` */
    bool estimated;         /* slow is by buckets of the histogram, within 1 % of the limit */
    struct rn_slow_call kept[RN_SLOW_KEPT]; /* a heap, the shortest first */
    size_t kept_count;
};

struct rn_slow_io;
/* limit_ns: 0 for limits by group. NULL: no memory. */
struct rn_slow_io *rn_slow_io_new(uint64_t limit_ns);
void rn_slow_io_free(struct rn_slow_io *slow);

/* A system call that is selected, before it is fed to the trace. RN_E_NOMEM. */
RN_MUST_CHECK enum rn_status rn_slow_io_call(struct rn_slow_io *slow, struct rn_trace *trace,
                                             uint64_t recording, const struct rn_event *event,
                                             struct rn_error *err);

struct rn_slow_result {
    const struct rn_slow_group **groups; /* most slow time first, then by all their time */
    size_t group_count;
    const struct rn_slow_call **calls; /* longest first; all that are slow and were kept */
    size_t call_count;
    bool overflowed; /* there were more groups */
};
/* Once, at the end. Borrowed as long as `slow`. RN_E_NOMEM. */
RN_MUST_CHECK enum rn_status rn_slow_io_result(struct rn_slow_io *slow,
                                               struct rn_slow_result *result, struct rn_error *err);

#endif
