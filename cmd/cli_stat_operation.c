/* SPDX-License-Identifier: MIT */
/* rn-stat --by operation: what a program computed, and how fast. */
#include "cli_stat.h"

static const struct cli_stat_column columns[] = {
    {"% time", STAT_SHARE, 7},
    {"total", STAT_TOTAL, 9},
    {"calls", STAT_CALLS, 10},
    {"mean", STAT_MEAN, 9},
    {"p50", STAT_P50, 9},
    {"p99", STAT_P99, 9},
    {"max", STAT_MAX, 9},
    {"bytes", STAT_BYTES, 9},
    {"elements/s", STAT_ELEMENT_RATE, 11},
    {"bytes/s", STAT_RATE, 11},
    {"flop/s", STAT_FLOP_RATE, 11},
    {NULL, STAT_METRICS, 0},
};

void cli_stat_text_operations(const struct cli_stat_table *table,
                              const struct cli_stat_order *order, struct rn_buf *out)
{
    for (size_t i = 0; i < table->section_count; i++) {
        if (table->sections[i].count) {
            cli_stat_text_columns(&table->sections[i], columns, "operation", false, order->top,
                                  out);
            return;
        }
    }
    rn_buf_text(out, "No compute blocks.\n");
}
