/* SPDX-License-Identifier: MIT */
/* How long a recorded program ran, and how much CPU time it took: of a recording as a whole. */
#ifndef RN_RUN_TIMES_H
#define RN_RUN_TIMES_H

#include "formats/reader.h"

struct rn_run_times {
    uint64_t wall_ns;            /* from its first event to the end of its last process */
    uint64_t user_ns, system_ns; /* of all processes that ended, as the kernel counted it */
    bool cpu_known;              /* at least one ended */
};

/* Reads the recording to its end. What is damaged is skipped; the first failure is returned. */
RN_MUST_CHECK enum rn_status rn_run_times_read(struct rn_reader *reader, struct rn_run_times *times,
                                               struct rn_error *err);

#endif
