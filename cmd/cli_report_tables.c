/* SPDX-License-Identifier: MIT */
/* The tables of rn-stat, as HTML. */
#include "cli_report.h"
#include "cli_stat.h"

#define TOP 25u

static const struct {
    enum cli_stat_by by;
    const char *title;
} tables[] = {
    {STAT_BY_SYSCALL, "Calls, kernels, transfers and blocks, by name"},
    {STAT_BY_PROCESS, "Processes"},
    {STAT_BY_THREAD, "Threads"},
    {STAT_BY_FUNCTION, "Functions of the program that made system calls"},
    {STAT_BY_LINE, "Lines of the program that made system calls"},
    {STAT_BY_KERNEL, "Kernels and transfers of devices"},
    {STAT_BY_QUEUE, "Queues of devices"},
};

static const enum cli_stat_metric columns[] = {STAT_TOTAL, STAT_CALLS, STAT_ERRORS, STAT_MEAN,
                                               STAT_P50,   STAT_P99,   STAT_MAX};
#define COLUMNS (sizeof columns / sizeof columns[0])

static void put_row(const struct cli_stat_row *row, const char *name, struct rn_buf *out)
{
    rn_buf_text(out, "<tr><td>");
    cli_report_text(out, name);
    rn_buf_printf(out, "<td>%.2f", row->value[STAT_SHARE]);
    for (size_t i = 0; i < COLUMNS; i++) {
        rn_buf_text(out, "<td>");
        if (cli_stat_metrics[columns[i]].unit == STAT_NS)
            cli_report_duration(out, row->value[columns[i]]);
        else
            rn_buf_printf(out, "%.0f", row->value[columns[i]]);
    }
    rn_buf_text(out, "\n");
}

static void put_section(const struct cli_stat_section *section, const char *title,
                        struct rn_buf *out)
{
    const char *kind = section->kind ? rn_kind_name(section->kind) : NULL;
    size_t shown = section->count < TOP ? section->count : TOP;

    rn_buf_text(out, "<div class=scroll><table><caption>");
    cli_report_text(out, title);
    if (kind)
        rn_buf_printf(out, " &ndash; %s", kind);
    if (shown < section->count)
        rn_buf_printf(out, ", the first %zu of %zu", shown, section->count);
    rn_buf_text(out, "</caption>\n<thead><tr><th>name<th>% of time");
    for (size_t i = 0; i < COLUMNS; i++)
        rn_buf_printf(out, "<th>%s", cli_stat_metrics[columns[i]].name);
    rn_buf_text(out, "\n<tbody>\n");
    for (size_t i = 0; i < shown; i++)
        put_row(&section->rows[i], section->rows[i].name, out);
    if (section->count > 1)
        put_row(&section->total, "total", out);
    rn_buf_text(out, "</table></div>\n");
}

static bool has_rows(const struct cli_stat_table *table)
{
    for (size_t i = 0; i < table->section_count; i++)
        if (table->sections[i].count)
            return true;
    return false;
}

static bool add_table(const struct cli_report *report, enum cli_stat_by by, const char *title,
                      struct rn_buf *out)
{
    const struct cli_stat_order order = {.metric = STAT_TOTAL};
    struct rn_error err = RN_ERROR_INIT;
    struct cli_stat_sums sums;
    struct cli_stat_table table;
    bool made;

    if (!cli_stat_sums_make(&sums, by, report->filter, &order)) {
        cli_fail("out of memory");
        return false;
    }
    /* Damage is told once, by rn-info's part. */
    (void)cli_stat_sums_read(&sums, report->filter, report->path, &err);
    made = cli_stat_sums_table(&sums, &table, &order);
    if (!made)
        cli_fail("out of memory");
    for (size_t i = 0; made && has_rows(&table) && i < table.section_count; i++)
        if (table.sections[i].count)
            put_section(&table.sections[i], title, out);
    cli_stat_table_free(&table);
    cli_stat_sums_free(&sums);
    return made;
}

bool cli_report_tables(const struct cli_report *report, struct rn_buf *out)
{
    struct rn_reader *reader = NULL;
    struct rn_error err = RN_ERROR_INIT;
    bool done = rn_reader_open(report->path, &reader, &err) == RN_OK;
    bool stacks = done && rn_reader_manifest(reader)->stack;

    rn_reader_free(reader);
    if (!done)
        cli_error(&err);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0] && done; i++)
        if (stacks || !cli_stat_is_of_source(tables[i].by))
            done = add_table(report, tables[i].by, tables[i].title, out);
    return done;
}
