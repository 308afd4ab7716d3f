/* SPDX-License-Identifier: MIT */
/* The options of rn-stat, and which of them go together. */
#ifndef RN_CLI_STAT_OPTIONS_H
#define RN_CLI_STAT_OPTIONS_H

#include "cli_stat.h"

enum cli_stat_mode { STAT_MODE_TABLE, STAT_MODE_CRITICAL, STAT_MODE_ATTRIBUTION, STAT_MODE_COMPARE, STAT_MODES };
enum cli_stat_format { STAT_TEXT, STAT_JSON, STAT_CSV, STAT_FOLDED };

struct cli_stat_job {
    struct rn_filter *filter;
    enum cli_stat_mode mode;
    enum cli_stat_by by;
    struct cli_stat_order order;
    enum cli_stat_format format;
    struct cli_stat_limit *limits; /* owned */
    size_t limit_count;
    const char *output_path;
    double threshold; /* of --compare: 0.05 is 5 % */
    uint32_t given;   /* which options: private to cli_stat_options.c */
};

/* -1: go on with the operands from optind; else the exit status, after a message. `job` has a
 * filter, and is else 0 but for order.metric and threshold. */
int cli_stat_parse(struct cli_stat_job *job, int argc, char **argv);

#endif
