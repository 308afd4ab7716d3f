/* SPDX-License-Identifier: MIT */
#include "cli_stat_compare.h"

#include "formats/escape.h"

#include <inttypes.h>
#include <string.h>

enum { COLUMN = 9 };

const char *cli_comparison_verdict(const struct cli_comparison *comparison,
                                   const struct rn_comparison_row *row)
{
    static const char *const words[RN_VERDICTS][4] = {
        [RN_VERDICT_UNKNOWN] = {"unclear", "unclear", "unclear", "unclear"},
        [RN_VERDICT_SAME] = {"same", "same?", "same", "same?"},
        [RN_VERDICT_LESS] = {"faster", "faster?", "fewer", "fewer?"},
        [RN_VERDICT_MORE] = {"slower", "slower?", "more", "more?"},
        [RN_VERDICT_NEW] = {"new", "new", "new", "new"},
        [RN_VERDICT_GONE] = {"gone", "gone", "gone", "gone"},
        [RN_VERDICT_SMALL] = {"small", "small", "small", "small"},
    };
    bool calls =
        comparison->job->order.metric == STAT_CALLS && row->family != RN_COMPARISON_OVERALL;

    return words[row->verdict][2 * calls + row->within_runs];
}

const char *cli_comparison_family(const struct cli_comparison *comparison, unsigned family)
{
    enum cli_stat_by by = comparison->job->by;

    if (family == RN_COMPARISON_OVERALL)
        return "overall";
    if (family > RN_KIND_STREAM)
        return family - 1 - RN_KIND_STREAM == RN_DEVICE_KERNELS ? "kernel" : "transfer";
    if (by == STAT_BY_KIND)
        return "kind";
    if (family - 1 == RN_KIND_SYSCALL && by != STAT_BY_SYSCALL)
        return cli_stat_by_names[by];
    return rn_kind_name((uint8_t)(family - 1));
}

static void put_value(const struct cli_comparison *comparison, unsigned family, double value,
                      struct rn_buf *out)
{
    cli_stat_text_value(
        out, family == RN_COMPARISON_OVERALL ? STAT_TOTAL : comparison->job->order.metric, value,
        COLUMN);
    rn_buf_byte(out, ' ');
}

static void put_interval(const struct rn_comparison_row *row, struct rn_buf *out)
{
    if (row->ratio > 0)
        rn_buf_printf(out, "%7.3f ", row->ratio);
    else
        rn_buf_printf(out, "%7s ", "-");
    if (row->bounded && row->ratio > 0)
        rn_buf_printf(out, "%7.3f to %-7.3f ", row->low, row->high);
    else
        rn_buf_printf(out, "%18s ", "");
    if (row->verdict == RN_VERDICT_SMALL || row->within_runs)
        rn_buf_printf(out, "%7s ", "-");
    else
        rn_buf_printf(out, "%7.2g ", row->q);
}

static void text_row(const struct cli_comparison *comparison, const struct rn_comparison_row *row,
                     struct rn_buf *out)
{
    rn_buf_printf(out, "%-8s", cli_comparison_verdict(comparison, row));
    put_value(comparison, row->family, row->a, out);
    put_value(comparison, row->family, row->b, out);
    put_interval(row, out);
    if (row->family != RN_COMPARISON_OVERALL)
        rn_buf_printf(out, "%10.0f %10.0f ", row->calls_a, row->calls_b);
    rn_buf_byte(out, ' ');
    cli_stat_text_name(out, row->name);
    rn_buf_byte(out, '\n');
}

static void text_family(const struct cli_comparison *comparison, size_t from, size_t to,
                        struct rn_buf *out)
{
    unsigned family = comparison->rows[from].family;
    size_t top = comparison->job->order.top, shown = top && top < to - from ? top : to - from;

    rn_buf_printf(out, "\n%-8s%*s %*s %7s  %-17s %7s ", "verdict", COLUMN, "A", COLUMN, "B",
                  "ratio", "95 % interval", "q");
    if (family != RN_COMPARISON_OVERALL)
        rn_buf_printf(out, "%10s %10s ", "calls A", "calls B");
    rn_buf_printf(out, " %s\n", cli_comparison_family(comparison, family));
    for (size_t i = from; i < from + shown; i++)
        text_row(comparison, &comparison->rows[i], out);
    if (shown < to - from)
        rn_buf_printf(out, "%-8s (%zu more)\n", "...", to - from - shown);
}

static void text_head(const struct cli_comparison *comparison, struct rn_buf *out)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct cli_stat_side *shown = &comparison->sides[side];

        rn_buf_printf(out, "%s", side ? ", B: " : "A: ");
        cli_stat_text_name(out, shown->name);
        rn_buf_printf(out, " (%zu run%s)", shown->count, shown->count == 1 ? "" : "s");
    }
    rn_buf_printf(out, "; %s; same: within %g %%\n",
                  cli_stat_metrics[comparison->job->order.metric].name,
                  100 * comparison->job->threshold);
}

static void text_remarks(const struct cli_comparison *comparison, struct rn_buf *out)
{
    bool within = false;

    for (size_t i = 0; i < comparison->count; i++)
        within |= comparison->rows[i].within_runs;
    if (within)
        rn_buf_printf(out,
                      "\nWith fewer than %u runs on a side it is not known how much runs differ: "
                      "intervals are of what differs within them, and nothing is certain.\n",
                      RN_COMPARISON_RUNS);
    if (comparison->lacks_events)
        rn_buf_text(out, "\nNot all is here: some of the recordings lack events.\n");
}

void cli_comparison_text(const struct cli_comparison *comparison, struct rn_buf *out)
{
    text_head(comparison, out);
    for (size_t from = 0, to; from < comparison->count; from = to) {
        for (to = from + 1;
             to < comparison->count && comparison->rows[to].family == comparison->rows[from].family;
             to++)
            ;
        text_family(comparison, from, to, out);
    }
    text_remarks(comparison, out);
}
