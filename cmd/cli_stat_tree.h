/* SPDX-License-Identifier: MIT */
/* rn-stat --tree: system calls by the stacks that they were made from. */
#ifndef RN_CLI_STAT_TREE_H
#define RN_CLI_STAT_TREE_H

#include "cli_stat_options.h"

#include "libanalysis/call_tree.h"

/* Less than this share of all time is folded into "(others)". */
#define CLI_STAT_TREE_SHARE 0.005

/* Of all recordings together; the exit status. */
int cli_stat_tree(const struct cli_stat_job *job, char **paths);

struct cli_stat_tree {
    const struct rn_call_tree *tree;
    const struct rn_summary_totals *totals;
    size_t top; /* functions called from each; 0: all */
};
void cli_stat_tree_text(const struct cli_stat_tree *tree, struct rn_buf *out);
void cli_stat_tree_json(const struct cli_stat_tree *tree, struct rn_buf *out);

#endif
