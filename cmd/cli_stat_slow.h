/* SPDX-License-Identifier: MIT */
/* rn-stat --slow: calls on files, sockets, pipes and terminals that took long. */
#ifndef RN_CLI_STAT_SLOW_H
#define RN_CLI_STAT_SLOW_H

#include "cli_stat_options.h"

#include "libanalysis/slow_io.h"

struct cli_slow {
    const struct rn_slow_result *result;
    const struct cli_stat_job *job;
    uint64_t recordings;
    bool lacks_events;
};

/* Of all recordings together; the exit status. */
int cli_stat_slow(const struct cli_stat_job *job, char **paths);

void cli_slow_text(const struct cli_slow *slow, struct rn_buf *out);
void cli_slow_json(const struct cli_slow *slow, struct rn_buf *out);
/* A line a call. */
void cli_slow_csv(const struct cli_slow *slow, struct rn_buf *out);

#endif
