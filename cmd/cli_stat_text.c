/* SPDX-License-Identifier: MIT */
#include "cli_stat.h"

#include "formats/escape.h"

#include <string.h>

#define COLUMN 9 /* characters of a duration column */

static void right_align(struct rn_buf *out, size_t begin, size_t width)
{
    size_t length = out->size - begin, missing = length < width ? width - length : 0;
    uint8_t *place = rn_buf_reserve(out, missing);

    if (!place || !missing)
        return;
    memmove(out->data + begin + missing, out->data + begin, length);
    memset(out->data + begin, ' ', missing);
    out->size += missing;
}

void cli_stat_text_value(struct rn_buf *out, enum cli_stat_metric metric, double value, int width)
{
    size_t begin = out->size;

    cli_stat_value(out, metric, value);
    right_align(out, begin, (size_t)width);
}

static void duration_column(struct rn_buf *out, double ns)
{
    cli_stat_text_value(out, STAT_TOTAL, ns, COLUMN);
}

void cli_stat_text_name(struct rn_buf *out, const char *name)
{
    rn_escape_terminal(out, (const uint8_t *)name, strlen(name));
}

static const enum cli_stat_metric columns[] = {STAT_MEAN, STAT_P50, STAT_P75, STAT_P90,
                                               STAT_P95,  STAT_P99, STAT_MAX};
#define COLUMNS (sizeof columns / sizeof columns[0])

static void text_row(const struct cli_stat_table *table, const struct cli_stat_row *row,
                     struct rn_buf *out)
{
    rn_buf_printf(out, "%6.2f ", row->value[STAT_SHARE]);
    duration_column(out, row->value[STAT_TOTAL]);
    if (table->inclusive) {
        rn_buf_byte(out, ' ');
        duration_column(out, row->value[STAT_SELF]);
    }
    rn_buf_printf(out, " %10.0f %8.0f", row->value[STAT_CALLS], row->value[STAT_ERRORS]);
    for (size_t i = 0; i < COLUMNS; i++) {
        rn_buf_byte(out, ' ');
        duration_column(out, row->value[columns[i]]);
    }
    if (table->outliers)
        rn_buf_printf(out, " %8.0f %8.0f", row->value[STAT_OUTLIERS_Z],
                      row->value[STAT_OUTLIERS_ROBUST]);
    if (table->by == STAT_BY_PROCESS || table->by == STAT_BY_THREAD)
        rn_buf_printf(out, " %8.0llu", row->group ? (unsigned long long)row->group->pid : 0);
    if (table->by == STAT_BY_THREAD)
        rn_buf_printf(out, " %8.0llu", row->group ? (unsigned long long)row->group->tid : 0);
    rn_buf_text(out, "  ");
    cli_stat_text_name(out, row->name);
    if (row->value[STAT_UNFINISHED] > 0)
        rn_buf_printf(out, " (%.0f unfinished)", row->value[STAT_UNFINISHED]);
    rn_buf_byte(out, '\n');
}

static const char *section_title(const struct cli_stat_table *table, uint8_t kind)
{
    static const char *const titles[RN_KIND_STREAM][2] = {
        [RN_KIND_KERNEL] = {"kernel", "kernels of"},
        [RN_KIND_BLOCK] = {"block", "blocks of"},
        [RN_KIND_API] = {"api call", "api calls of"},
        [RN_KIND_TRANSFER] = {"transfer", "transfers of"},
        [RN_KIND_SPAN] = {"span", "spans of"},
    };

    if (table->by == STAT_BY_KIND)
        return "kind";
    if (titles[kind][0])
        return titles[kind][table->by != STAT_BY_SYSCALL];
    if (table->by == STAT_BY_SYSCALL)
        return "syscall";
    return cli_stat_by_names[table->by];
}

static void text_header(const struct cli_stat_table *table, uint8_t kind, struct rn_buf *out)
{
    rn_buf_printf(out, "%6s %*s", "% time", COLUMN, "total");
    if (table->inclusive)
        rn_buf_printf(out, " %*s", COLUMN, "self");
    rn_buf_printf(out, " %10s %8s", "calls", "errors");
    for (size_t i = 0; i < COLUMNS; i++)
        rn_buf_printf(out, " %*s", COLUMN, cli_stat_metrics[columns[i]].name);
    if (table->outliers)
        rn_buf_printf(out, " %8s %8s", "z>3", "rob>3.5");
    if (table->by == STAT_BY_PROCESS || table->by == STAT_BY_THREAD)
        rn_buf_printf(out, " %8s", "pid");
    if (table->by == STAT_BY_THREAD)
        rn_buf_printf(out, " %8s", "tid");
    rn_buf_printf(out, "  %s\n", section_title(table, kind));
}

static void text_section(const struct cli_stat_table *table, const struct cli_stat_section *section,
                         size_t top, struct rn_buf *out)
{
    size_t shown = top && top < section->count ? top : section->count;

    text_header(table, section->kind, out);
    for (size_t i = 0; i < shown; i++)
        text_row(table, &section->rows[i], out);
    if (shown < section->count)
        rn_buf_printf(out, "%*s  (%zu more)\n", 6 + 1 + COLUMN + 1 + 10 + 1 + 8, "...",
                      section->count - shown);
    text_row(table, &section->total, out);
}

static void text_outlier(const struct cli_stat_table *table, const struct cli_stat_outlier *outlier,
                         struct rn_buf *out)
{
    const struct rn_summary_event *event = outlier->event;
    char id[64];

    duration_column(out, (double)event->duration_ns);
    snprintf(id, sizeof id, "%llu:%llu", (unsigned long long)event->stream,
             (unsigned long long)event->ordinal);
    rn_buf_printf(out, " %9.1f %10.1f  %-4s %14s", outlier->score.z, outlier->score.robust,
                  outlier->score.z <= RN_OUTLIER_Z             ? "r"
                  : outlier->score.robust <= RN_OUTLIER_ROBUST ? "z"
                                                               : "zr",
                  id);
    if (table->totals->recordings > 1)
        rn_buf_printf(out, " %9llu", (unsigned long long)event->recording + 1);
    rn_buf_printf(out, " %8llu %8llu %6llu.%06llu  ", (unsigned long long)event->pid,
                  (unsigned long long)event->tid,
                  (unsigned long long)(event->start_ns / 1000000000),
                  (unsigned long long)(event->start_ns % 1000000000 / 1000));
    cli_stat_text_name(out, outlier->row->name);
    rn_buf_byte(out, '\n');
}

static void text_outliers(const struct cli_stat_table *table, struct rn_buf *out)
{
    if (!table->outliers)
        return;
    if (!table->outlier_count) {
        rn_buf_text(out, "\nNo outliers.\n");
        return;
    }
    rn_buf_printf(out,
                  "\nOutliers (z: over %.1f standard deviations; r: robust score over %.1f):\n"
                  "%*s %9s %10s  %-4s %14s",
                  RN_OUTLIER_Z, RN_OUTLIER_ROBUST, COLUMN, "duration", "z", "robust", "mark",
                  "stream:ordinal");
    if (table->totals->recordings > 1)
        rn_buf_printf(out, " %9s", "recording");
    rn_buf_printf(out, " %8s %8s %13s  %s\n", "pid", "tid", "at, seconds", "name");
    for (size_t i = 0; i < table->outlier_count; i++)
        text_outlier(table, &table->outliers[i], out);
}

/* Devices are made of the same as queues. */
double cli_stat_of_all(const struct cli_stat_table *table, enum cli_stat_metric metric)
{
    size_t count = table->by == STAT_BY_QUEUE ? 1 : table->section_count;
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += table->sections[i].total.value[metric];
    return sum;
}

static void text_binned(const struct cli_stat_table *table, struct rn_buf *out)
{
    double counted = cli_stat_of_all(table, STAT_COUNTED);

    if (counted > 0)
        rn_buf_printf(
            out,
            "\nOf %.0f events %.0f were counted instead of recorded: percentiles of their "
            "groups are good to a factor of 1.5.\n",
            cli_stat_of_all(table, STAT_CALLS), counted);
}

static void remark(struct rn_buf *out, bool *any, const char *text)
{
    rn_buf_printf(out, "%s%s", *any ? "; " : "\nNot all is here: ", text);
    *any = true;
}

/* The last line: whatever makes the numbers less than the whole. */
static void text_remarks(const struct rn_summary_totals *totals, struct rn_buf *out)
{
    char text[128];
    bool any = false;

    if (totals->lost) {
        snprintf(text, sizeof text, "%llu events were lost%s", (unsigned long long)totals->lost,
                 totals->lost_more ? ", and others that were not counted" : "");
        remark(out, &any, text);
    } else if (totals->lost_more) {
        remark(out, &any, "an unknown number of events was lost");
    }
    if (totals->incomplete)
        remark(out, &any, "the recording is incomplete (rn-info says more)");
    else if (totals->unsealed)
        remark(out, &any, "the recording is not sealed");
    if (totals->in_flight) {
        snprintf(text, sizeof text, "%llu system calls had not returned at the end",
                 (unsigned long long)totals->in_flight);
        remark(out, &any, text);
    }
    if (totals->skipped) {
        snprintf(text, sizeof text, "%llu events of unknown kinds were skipped",
                 (unsigned long long)totals->skipped);
        remark(out, &any, text);
    }
    if (totals->overflowed) {
        snprintf(text, sizeof text, "groups after the first %u are in (other)",
                 RN_SUMMARY_MAX_GROUPS);
        remark(out, &any, text);
    }
    if (any)
        rn_buf_byte(out, '\n');
}

void cli_stat_text(const struct cli_stat_table *table, const struct cli_stat_order *order,
                   struct rn_buf *out)
{
    /* An empty table of system calls is worth showing only where there is nothing else. */
    size_t first = table->section_count > 1 && !table->sections[0].count;

    if (cli_stat_is_of_devices(table->by)) {
        cli_stat_text_devices(table, order, out);
        first = table->section_count;
    }
    if (table->by == STAT_BY_OPERATION) {
        cli_stat_text_operations(table, order, out);
        first = table->section_count;
    }
    for (size_t i = first; i < table->section_count; i++) {
        if (i > first)
            rn_buf_byte(out, '\n');
        text_section(table, &table->sections[i], order->top, out);
    }
    for (size_t i = first; i < table->section_count; i++)
        if (table->sections[i].kind == RN_KIND_SPAN && table->sections[i].count)
            rn_buf_text(out, "\nSpans may lie in each other: a time is counted in each of them.\n");
    text_outliers(table, out);
    cli_stat_text_changes(table, order->top, out);
    text_binned(table, out);
    text_remarks(table->totals, out);
}
