/* SPDX-License-Identifier: MIT */
/* rn-stat --critical-path. */
#ifndef RN_CLI_STAT_CRITICAL_H
#define RN_CLI_STAT_CRITICAL_H

#include "cli.h"

#include "libanalysis/critical_path.h"

struct cli_critical_options {
    size_t top; /* links shown, and other lines; 0: as many as is usual */
    bool json;
    const char *output_path;
};

/* What was found in one recording, to be shown. */
struct cli_critical {
    const struct rn_critical_result *result;
    const struct rn_clock *clock;
    const char *name; /* of the recording */
    size_t top;
    bool lacks_events; /* some are missing */
};

/* Find and print it: the exit status. */
int cli_stat_critical(const struct cli_critical_options *options, const char *path);

/* How a link was entered: "begin", "pipe"... */
const char *cli_critical_entered(const struct rn_critical_link *link);

/* Per cent of the path; a duration with its unit. Of ticks. */
double cli_critical_share(const struct cli_critical *critical, uint64_t ticks);
void cli_critical_duration(const struct cli_critical *critical, uint64_t ticks, struct rn_buf *out);
/* cli_stat_critical_pattern.c */
void cli_critical_patterns_text(const struct cli_critical *critical, struct rn_buf *out);

void cli_critical_text(const struct cli_critical *critical, struct rn_buf *out);
void cli_critical_json(const struct cli_critical *critical, struct rn_buf *out);

#endif
