/* SPDX-License-Identifier: MIT */
/* When something became slower or faster: rn-stat --changes. */
#include "cli_stat.h"

#include "formats/escape.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN = 9, USUAL_CHANGES = 20 };

/* Changes of one row behind those that the table has. */
static bool add_changes(struct cli_stat_table *table, const struct cli_stat_row *row)
{
    struct rn_change found[RN_CHANGE_MAX];
    size_t count = row->group->series ? rn_series_changes(row->group->series, found) : 0;
    struct cli_stat_change *changes;

    if (count == SIZE_MAX)
        return false;
    changes = reallocarray(table->changes, table->change_count + count + 1, sizeof *changes);
    if (!changes)
        return false;
    table->changes = changes;
    for (size_t i = 0; i < count; i++)
        changes[table->change_count++] = (struct cli_stat_change){row, found[i]};
    return true;
}

/* Rows are sorted when this is called, so that equal times are in their order. */
static int in_time(const void *a, const void *b)
{
    const struct cli_stat_change *x = a, *y = b;

    if (x->change.start_ns != y->change.start_ns)
        return x->change.start_ns < y->change.start_ns ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

bool cli_stat_find_changes(struct cli_stat_table *table)
{
    table->changes = calloc(1, sizeof *table->changes);
    if (!table->changes)
        return false;
    for (size_t s = 0; s < table->section_count; s++) {
        for (size_t i = 0; i < table->sections[s].count; i++) {
            if (!add_changes(table, &table->sections[s].rows[i]))
                return false;
        }
    }
    qsort(table->changes, table->change_count, sizeof *table->changes, in_time);
    return true;
}

static double ratio(const struct rn_change *change)
{
    return change->before_ns ? (double)change->after_ns / (double)change->before_ns : 0;
}

static void text_change(const struct cli_stat_change *shown, struct rn_buf *out)
{
    const struct rn_change *change = &shown->change;

    rn_buf_printf(out, "%6" PRIu64 ".%06" PRIu64 " ", change->start_ns / 1000000000,
                  change->start_ns % 1000000000 / 1000);
    cli_stat_text_value(out, STAT_TOTAL, (double)change->before_ns, COLUMN);
    rn_buf_byte(out, ' ');
    cli_stat_text_value(out, STAT_TOTAL, (double)change->after_ns, COLUMN);
    if (change->before_ns)
        rn_buf_printf(out, " %8.3f", ratio(change));
    else
        rn_buf_printf(out, " %8s", "-");
    rn_buf_printf(out, " %10" PRIu64 " %7" PRIu64 "  ", change->events, change->bin_events);
    cli_stat_text_name(out, shown->row->name);
    rn_buf_byte(out, '\n');
}

void cli_stat_text_changes(const struct cli_stat_table *table, size_t top, struct rn_buf *out)
{
    size_t most = top ? top : USUAL_CHANGES;
    size_t shown = table->change_count < most ? table->change_count : most;

    if (!table->changes)
        return;
    if (!shown) {
        rn_buf_text(out, "\nNo changes.\n");
        return;
    }
    rn_buf_printf(out, "\nChanges of the median:\n%13s %*s %*s %8s %10s %7s  name\n", "at, seconds",
                  COLUMN, "before", COLUMN, "after", "ratio", "after call", "+-");
    for (size_t i = 0; i < shown; i++)
        text_change(&table->changes[i], out);
    if (shown < table->change_count)
        rn_buf_printf(out, "%13s  (%zu more)\n", "...", table->change_count - shown);
}

void cli_stat_json_changes(const struct cli_stat_table *table, struct rn_buf *out)
{
    if (!table->changes)
        return;
    rn_buf_text(out, ",\n\"changes\":[");
    for (size_t i = 0; i < table->change_count; i++) {
        const struct cli_stat_row *row = table->changes[i].row;
        const struct rn_change *change = &table->changes[i].change;

        rn_buf_text(out, i ? ",\n{\"name\":" : "\n{\"name\":");
        rn_escape_json(out, (const uint8_t *)row->name, strlen(row->name));
        rn_buf_printf(out,
                      ",\"kind\":\"%s\",\"pid\":%" PRIu64 ",\"tid\":%" PRIu64
                      ",\"start_ns\":%" PRIu64 ",\"before_ns\":%" PRIu64 ",\"after_ns\":%" PRIu64
                      ",\"after_calls\":%" PRIu64 ",\"within_calls\":%" PRIu64 "}",
                      rn_kind_name(row->kind), row->group->pid, row->group->tid, change->start_ns,
                      change->before_ns, change->after_ns, change->events, change->bin_events);
    }
    rn_buf_byte(out, ']');
}
