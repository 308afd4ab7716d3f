/* SPDX-License-Identifier: MIT */
/* Inside the attribution of time: attribution.c (accounts of threads) and attribution_result.c
 * (processes, and what is handed out). */
#ifndef RN_ATTRIBUTION_PRIVATE_H
#define RN_ATTRIBUTION_PRIVATE_H

#include "attribution.h"
#include "device_tie.h"
#include "formats/id_map.h"

struct attribution_wait {
    uint64_t from, to; /* ticks */
};

struct attribution_account {
    uint64_t stream;
    struct attribution_process *process; /* borrowed; NULL: none is known */
    char *name;                          /* as it was last */
    uint64_t pid, tid;
    uint64_t begin, end; /* ticks */
    uint64_t cursor;     /* up to here calls were accounted for */
    uint64_t ticks[RN_CALL_CLASSES];
    uint64_t calls;
    bool seen; /* begin and end are set */
    bool ended;
    bool in_flight; /* at the last commit */
    enum rn_call_class in_flight_class;
    uint64_t in_flight_from;
    struct attribution_wait *waits; /* for devices; apart, and in order */
    size_t wait_count, wait_capacity, next_wait;
};

struct attribution_process {
    struct rn_attribution_process row;
    bool seen;
};

struct rn_attribution {
    struct rn_call_rules *rules;
    struct attribution_account **accounts;
    size_t account_count, account_capacity;
    struct rn_id_map by_stream;
    struct attribution_process **processes;
    size_t process_count, process_capacity;
    struct rn_id_map by_serial;
    size_t wait_count;
    uint64_t waits_lost, calls_lost;
    uint64_t last; /* ticks: the end of all */
    bool has_devices;
    struct rn_attribution_thread *rows; /* of the result */
    struct rn_attribution_process *process_rows;
};

/* attribution.c: what is still open ends with the recording. */
RN_MUST_CHECK enum rn_status rn_attribution_close(struct rn_attribution *attribution,
                                                  struct rn_trace *trace, struct rn_error *err);

/* attribution_result.c: note whose the thread is; that a process has ended (its event is not fed to
 * the trace yet). */
RN_MUST_CHECK enum rn_status rn_attribution_process_of(struct rn_attribution *attribution,
                                                       struct attribution_account *account,
                                                       struct rn_trace *trace,
                                                       struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_attribution_process_ended(struct rn_attribution *attribution,
                                                          struct rn_trace *trace,
                                                          const struct rn_event *event,
                                                          struct rn_error *err);
void rn_attribution_processes_free(struct rn_attribution *attribution);

#endif
