/* SPDX-License-Identifier: MIT */
/* The options of rn-stat, and which of them go together. */
#ifndef RN_CLI_STAT_OPTIONS_H
#define RN_CLI_STAT_OPTIONS_H

#include "cli_locate.h"
#include "cli_stat.h"

enum cli_stat_mode {
    STAT_MODE_TABLE,
    STAT_MODE_CRITICAL,
    STAT_MODE_ATTRIBUTION,
    STAT_MODE_COMPARE,
    STAT_MODE_SLOW,
    STAT_MODE_TREE,
    STAT_MODES
};
enum cli_stat_format { STAT_TEXT, STAT_JSON, STAT_CSV, STAT_FOLDED };

/* Options that do not go with everything: bits of cli_stat_job.given. */
enum {
    GIVEN_BY = 1u << 0,
    GIVEN_SORT = 1u << 1,
    GIVEN_OUTLIERS = 1u << 2,
    GIVEN_LIMIT = 1u << 3,
    GIVEN_CSV = 1u << 4,
    GIVEN_FOLDED = 1u << 5,
    GIVEN_SELECTION = 1u << 6,
    GIVEN_CHANGES = 1u << 7,
    GIVEN_THRESHOLD = 1u << 8,
    GIVEN_INCLUSIVE = 1u << 9,
};

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
    uint64_t slow_ns; /* of --slow; 0: auto */
    uint32_t given;   /* GIVEN_... */
    struct cli_locate locate;
};

/* -1: go on with the operands from optind; else the exit status, after a message. `job` has a
 * filter, and is else 0 but for order.metric and threshold. */
int cli_stat_parse(struct cli_stat_job *job, int argc, char **argv);

/* cli_stat_agree.c: what is asked for; false after a message where it is two things. */
bool cli_stat_set_mode(struct cli_stat_job *job, enum cli_stat_mode mode);
/* Do the options go together, and with so many operands? False after a message. */
bool cli_stat_agrees(const struct cli_stat_job *job, int operands);

#endif
