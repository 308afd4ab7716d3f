/* SPDX-License-Identifier: MIT */
/* rn-stat --compare: is B slower than A? */
#ifndef RN_CLI_STAT_COMPARE_H
#define RN_CLI_STAT_COMPARE_H

#include "cli_stat_options.h"

#include "libanalysis/comparison.h"

/* The recordings of one side. */
struct cli_stat_side {
    const char *name; /* as given */
    char **paths;     /* owned */
    size_t count;
};

struct cli_comparison {
    const struct cli_stat_job *job;
    struct cli_stat_side sides[2];
    const struct rn_comparison_row *rows;
    size_t count;
    bool lacks_events; /* some recording is not whole */
};

/* A recording, several parted by commas, or a directory of recordings NAME.rna. False after a
 * message; free it in any case. */
bool cli_stat_side_make(struct cli_stat_side *side, const char *text);
void cli_stat_side_free(struct cli_stat_side *side);

/* Of two operands: print it; the exit status. */
int cli_stat_compare(const struct cli_stat_job *job, char **paths);

/* "slower", "faster", "same"...; with a question mark where only what differs within runs is known.
 */
const char *cli_comparison_verdict(const struct cli_comparison *comparison,
                                   const struct rn_comparison_row *row);
/* "overall", "syscall", "kernel"... */
const char *cli_comparison_family(const struct cli_comparison *comparison, unsigned family);
void cli_comparison_text(const struct cli_comparison *comparison, struct rn_buf *out);
void cli_comparison_json(const struct cli_comparison *comparison, struct rn_buf *out);
void cli_comparison_csv(const struct cli_comparison *comparison, struct rn_buf *out);

#endif
