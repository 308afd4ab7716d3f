/* SPDX-License-Identifier: MIT */
/* Tables that have columns of their own: of devices and of compute operations. */
#include "cli_stat.h"

/* A delay that nothing has is no delay of 0, and what a block does not tell is not 0 bytes. */
static bool is_known(const struct cli_stat_row *row, enum cli_stat_metric metric)
{
    if (metric == STAT_LAUNCH_P50 || metric == STAT_LAUNCH_P99)
        return row->value[STAT_LAUNCHES] > 0;
    if (!row->device && cli_stat_is_of_operations(metric))
        return row->value[metric] > 0;
    return metric != STAT_WAKE_P50 || row->value[STAT_WAITED] > 0;
}

static void text_row(const struct cli_stat_row *row, const struct cli_stat_column *columns,
                     bool with_pid, struct rn_buf *out)
{
    for (size_t i = 0; columns[i].title; i++) {
        if (i)
            rn_buf_byte(out, ' ');
        if (is_known(row, columns[i].metric))
            cli_stat_text_value(out, columns[i].metric, row->value[columns[i].metric],
                                columns[i].width);
        else
            rn_buf_printf(out, "%*s", columns[i].width, "-");
    }
    if (with_pid)
        rn_buf_printf(out, " %8.0llu", row->group ? (unsigned long long)row->group->pid : 0);
    rn_buf_text(out, "  ");
    cli_stat_text_name(out, row->name);
    if (row->value[STAT_UNFINISHED] > 0)
        rn_buf_printf(out, " (%.0f unfinished)", row->value[STAT_UNFINISHED]);
    rn_buf_byte(out, '\n');
}

void cli_stat_text_columns(const struct cli_stat_section *section,
                           const struct cli_stat_column *columns, const char *title, bool with_pid,
                           size_t top, struct rn_buf *out)
{
    size_t shown = top && top < section->count ? top : section->count;

    for (size_t i = 0; columns[i].title; i++)
        rn_buf_printf(out, "%s%*s", i ? " " : "", columns[i].width, columns[i].title);
    if (with_pid)
        rn_buf_printf(out, " %8s", "pid");
    rn_buf_printf(out, "  %s\n", title);
    for (size_t i = 0; i < shown; i++)
        text_row(&section->rows[i], columns, with_pid, out);
    if (shown < section->count)
        rn_buf_printf(out, "%35s  (%zu more)\n", "...", section->count - shown);
    text_row(&section->total, columns, with_pid, out);
}
