/* SPDX-License-Identifier: MIT */
/* rn-stat --attribution: where the time of each thread went. */
#ifndef RN_CLI_STAT_ATTRIBUTION_H
#define RN_CLI_STAT_ATTRIBUTION_H

#include "cli_stat_options.h"

#include "libanalysis/attribution.h"

/* What was found in one recording, to be shown. */
struct cli_attribution {
    const struct rn_attribution_result *result;
    const struct rn_clock *clock;
    const char *name; /* of the recording */
    size_t top;       /* rows of each table; 0: as many as is usual */
    bool lacks_events;
    bool devices_known; /* devices_busy_ns is: time in which at least one kernel or transfer ran */
    uint64_t devices_busy_ns;
};

/* Find and print it: the exit status. */
int cli_stat_attribution(const struct cli_stat_job *job, const char *path);

/* "computing", or the name of a class of calls. */
const char *cli_attribution_part(unsigned part);
void cli_attribution_text(const struct cli_attribution *attribution, struct rn_buf *out);
void cli_attribution_json(const struct cli_attribution *attribution, struct rn_buf *out);
/* A line a thread. */
void cli_attribution_csv(const struct cli_attribution *attribution, struct rn_buf *out);

#endif
