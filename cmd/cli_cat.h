/* SPDX-License-Identifier: MIT */
/* Parts of rn-cat: its help, stacks (-k). */
#ifndef RN_CLI_CAT_H
#define RN_CLI_CAT_H

#include "cli_locate.h"
#include "cli_source.h"

#include "libanalysis/locator.h"

/* --help, around that of the selection. */
extern const char cli_cat_help[], cli_cat_help_end[];

/* Before anything is read of the source. NULL after a message. */
struct rn_locator *cli_cat_stack_open(struct cli_source *source,
                                      const struct rn_locator_options *options);
/* At the end: a line where the recording's own symbols are damaged. Accepts NULL, and frees. False
 * after a message. */
bool cli_cat_stack_close(struct rn_locator *locator);
/* After a message, what rn_locator_feed returns. */
enum rn_status cli_cat_stack_feed(struct rn_locator *locator, const struct rn_event *event);
/* Where the call was made: lines behind its own, or with `json` a member of its object, which is
 * the last thing in `out`. Nothing without a locator, and for other events. */
void cli_cat_stack(struct rn_locator *locator, const struct rn_event *event, bool json,
                   struct rn_buf *out);

#endif
