/* SPDX-License-Identifier: MIT */
/* A recording event by event, for those parts of rn-stat that need the trace model whole. */
#ifndef RN_CLI_STAT_ROWS_H
#define RN_CLI_STAT_ROWS_H

#include "cli_source.h"

/* An event, before it is fed to the trace. */
typedef enum rn_status cli_stat_row_fn(void *context, struct cli_source *source,
                                       const struct rn_event *event, struct rn_error *err);

/* All that can be read; *usable: the end was reached. False: something was damaged, or `function`
 * failed, which has been told. */
bool cli_stat_read_rows(struct cli_source *source, cli_stat_row_fn *function, void *context,
                        bool *usable);

/* False after a message that names the option. */
bool cli_stat_can_be_read_twice(const char *path, const char *option);

/* Write the output of a mode; `context` is passed on. False after a message. */
typedef void cli_stat_render_fn(const void *context, struct rn_buf *out);
bool cli_stat_print(const char *output_path, cli_stat_render_fn *render, const void *context);

#endif
