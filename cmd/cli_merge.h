/* SPDX-License-Identifier: MIT */
/* Parts of rn-merge. */
#ifndef RN_CLI_MERGE_H
#define RN_CLI_MERGE_H

#include "cli.h"

#include "libanalysis/merge.h"

/* Standard input as a file, because inputs are read more than once. It is gone with its
 * descriptor. */
struct cli_merge_spool {
    char path[64]; /* /proc/self/fd/N, once there is one */
    int fd;
};
const char *cli_merge_spool(struct cli_merge_spool *spool); /* NULL after a message */
void cli_merge_unspool(struct cli_merge_spool *spool);

/* Every input is open while merging: as many descriptors as the system lets have. */
void cli_merge_open_many(void);

void cli_merge_report(const struct rn_merge *merge, struct rn_buf *out);
void cli_merge_report_json(const struct rn_merge *merge, struct rn_buf *out);

/* Print whether event `a` came before `b`; the exit status. */
int cli_merge_before(const char *path, const char *a, const char *b, bool json);

#endif
