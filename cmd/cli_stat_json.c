/* SPDX-License-Identifier: MIT */
/* The table for other programs: JSON (schema in rn-stat(1)) and CSV. */
#include "cli_stat.h"

#include "formats/escape.h"
#include "formats/syscall_table.h"
#include "formats/value_name.h"

#include <string.h>

/* Whole numbers where the value is one: counts and nanoseconds. */
static void put_value(struct rn_buf *out, unsigned metric, double value)
{
    enum cli_stat_unit unit = cli_stat_metrics[metric].unit;
    bool whole =
        unit != STAT_PERCENT && unit != STAT_RATIO && metric != STAT_MEAN && metric != STAT_STDDEV;

    rn_buf_printf(out, whole ? "%.0f" : "%.3f", value);
}

static void put_string(struct rn_buf *out, const char *text)
{
    rn_escape_json(out, (const uint8_t *)text, strlen(text));
}

/* Where a queue or a device is. */
static void json_place(const struct rn_device_group *group, struct rn_buf *out)
{
    const struct rn_summary_group *common = &group->common;

    if (group->type == RN_DEVICE_QUEUES)
        rn_buf_printf(out, ",\"recording\":%llu,\"pid\":%llu,\"stream\":%llu,\"queue\":\"%llu\"",
                      (unsigned long long)common->recording, (unsigned long long)common->pid,
                      (unsigned long long)common->stream, (unsigned long long)common->tid);
    if (group->type == RN_DEVICE_DEVICES)
        rn_buf_printf(out, ",\"recording\":%llu", (unsigned long long)common->recording);
    if (group->type == RN_DEVICE_QUEUES || group->type == RN_DEVICE_DEVICES)
        rn_buf_printf(out, ",\"api\":\"%s\",\"device\":\"%llu\"",
                      rn_value_name(RN_VALUE_API, group->api), (unsigned long long)group->device);
}

static void json_identity(const struct cli_stat_table *table, const struct cli_stat_row *row,
                          struct rn_buf *out)
{
    const struct rn_summary_group *group = row->group;

    if (cli_stat_row_kind(row))
        rn_buf_printf(out, ",\"kind\":\"%s\"", cli_stat_row_kind(row));
    if (!group)
        return;
    if (row->device) {
        json_place(row->device, out);
        return;
    }
    if (table->by == STAT_BY_OPERATION && group->isa) {
        rn_buf_text(out, ",\"operation\":");
        put_string(out, group->operation);
        rn_buf_printf(
            out, ",\"backend\":\"%s\",\"isa\":", rn_value_name(RN_VALUE_BACKEND, group->backend));
        put_string(out, group->isa);
    }
    if (table->by == STAT_BY_SYSCALL && row->kind == RN_KIND_SYSCALL)
        rn_buf_printf(out, ",\"abi\":\"%s\",\"nr\":%llu", rn_abi_name(group->abi),
                      (unsigned long long)group->nr);
    if (table->by == STAT_BY_PROCESS || table->by == STAT_BY_THREAD)
        rn_buf_printf(out, ",\"recording\":%llu,\"pid\":%llu", (unsigned long long)group->recording,
                      (unsigned long long)group->pid);
    if (table->by == STAT_BY_THREAD)
        rn_buf_printf(out, ",\"tid\":%llu,\"stream\":%llu", (unsigned long long)group->tid,
                      (unsigned long long)group->stream);
}

static void json_row(const struct cli_stat_table *table, const struct cli_stat_row *row,
                     struct rn_buf *out)
{
    rn_buf_text(out, "{\"name\":");
    put_string(out, row->name);
    json_identity(table, row, out);
    for (unsigned i = 0; i < STAT_METRICS; i++) {
        if (!cli_stat_has(table, i))
            continue;
        rn_buf_printf(out, ",\"%s\":", cli_stat_metrics[i].field);
        put_value(out, i, row->value[i]);
    }
    rn_buf_byte(out, '}');
}

static void json_groups(const struct cli_stat_table *table, size_t top, struct rn_buf *out)
{
    const char *separator = "";

    rn_buf_text(out, ",\n\"groups\":[");
    for (size_t s = 0; s < table->section_count; s++) {
        const struct cli_stat_section *section = &table->sections[s];

        for (size_t i = 0; i < section->count && (!top || i < top); i++) {
            rn_buf_printf(out, "%s\n", separator);
            json_row(table, &section->rows[i], out);
            separator = ",";
        }
    }
    rn_buf_text(out, "],\n\"totals\":[");
    for (size_t s = 0; s < table->section_count; s++) {
        rn_buf_text(out, s ? ",\n" : "\n");
        json_row(table, &table->sections[s].total, out);
    }
    rn_buf_byte(out, ']');
}

static void json_outliers(const struct cli_stat_table *table, struct rn_buf *out)
{
    if (!table->outliers)
        return;
    rn_buf_text(out, ",\n\"outliers\":[");
    for (size_t i = 0; i < table->outlier_count; i++) {
        const struct cli_stat_outlier *outlier = &table->outliers[i];
        const struct rn_summary_event *event = outlier->event;

        rn_buf_text(out, i ? ",\n{\"name\":" : "\n{\"name\":");
        put_string(out, outlier->row->name);
        rn_buf_printf(out,
                      ",\"kind\":\"%s\",\"recording\":%llu,\"stream\":%llu,\"ordinal\":\"%llu\","
                      "\"pid\":%llu,\"tid\":%llu,\"start_ns\":%llu,\"duration_ns\":%llu,"
                      "\"z\":%.3f,\"robust\":%.3f}",
                      rn_kind_name(outlier->row->kind), (unsigned long long)event->recording,
                      (unsigned long long)event->stream, (unsigned long long)event->ordinal,
                      (unsigned long long)event->pid, (unsigned long long)event->tid,
                      (unsigned long long)event->start_ns, (unsigned long long)event->duration_ns,
                      outlier->score.z, outlier->score.robust);
    }
    rn_buf_byte(out, ']');
}

static void json_violations(const struct cli_stat_table *table, const struct cli_stat_limit *limits,
                            size_t count, struct rn_buf *out)
{
    const char *separator = "";

    if (!count)
        return;
    rn_buf_text(out, ",\n\"violations\":[");
    for (size_t i = 0; i < count; i++) {
        const struct cli_stat_row *row;
        size_t number = 0, length;
        const char *name;

        while ((row = cli_stat_limit_violation(&limits[i], table, &number))) {
            rn_buf_printf(out, "%s\n{\"limit\":", separator);
            put_string(out, limits[i].text);
            rn_buf_text(out, ",\"group\":");
            cli_stat_limit_subject(&limits[i], row, &name, &length);
            rn_escape_json(out, (const uint8_t *)name, length);
            rn_buf_text(out, ",\"value\":");
            put_value(out, limits[i].metric, row->value[limits[i].metric]);
            rn_buf_byte(out, '}');
            separator = ",";
        }
    }
    rn_buf_byte(out, ']');
}

static void json_bool(struct rn_buf *out, const char *name, bool value)
{
    rn_buf_printf(out, ",\"%s\":%s", name, value ? "true" : "false");
}

static void json_completeness(const struct rn_summary_totals *totals, struct rn_buf *out)
{
    rn_buf_printf(out, ",\n\"lost\":\"%llu\"", (unsigned long long)totals->lost);
    json_bool(out, "lost_more", totals->lost_more);
    json_bool(out, "incomplete", totals->incomplete);
    json_bool(out, "sealed", !totals->unsealed);
    rn_buf_printf(out, ",\"in_flight\":%llu,\"skipped\":%llu",
                  (unsigned long long)totals->in_flight, (unsigned long long)totals->skipped);
    json_bool(out, "overflowed", totals->overflowed);
}

void cli_stat_json(const struct cli_stat_table *table, const struct cli_stat_order *order,
                   const struct cli_stat_limit *limits, size_t limit_count, struct rn_buf *out)
{
    rn_buf_printf(out, "{\"schema\":\"rn-stat/1\",\"by\":\"%s\",\"recordings\":%llu",
                  cli_stat_by_names[table->by], (unsigned long long)table->totals->recordings);
    if (table->inclusive)
        json_bool(out, "inclusive", true);
    json_completeness(table->totals, out);
    json_groups(table, order->top, out);
    json_outliers(table, out);
    cli_stat_json_changes(table, out);
    json_violations(table, limits, limit_count, out);
    rn_buf_text(out, "}\n");
}

/* The same columns in all tables, but for those of devices, operations, and with callees. */
static bool csv_has(const struct cli_stat_table *table, unsigned metric)
{
    if (table->by == STAT_BY_OPERATION)
        return cli_stat_has(table, metric);
    if (cli_stat_is_of_devices(table->by))
        return metric < STAT_ELEMENTS;
    return metric < STAT_OF_DEVICES + (table->inclusive ? 1u : 0u);
}

static void csv_row(const struct cli_stat_table *table, const struct cli_stat_row *row,
                    struct rn_buf *out)
{
    const struct rn_summary_group *group = row->group;

    rn_escape_csv(out, (const uint8_t *)row->name, strlen(row->name));
    rn_buf_printf(out, ",%s,", cli_stat_row_kind(row));
    if (table->by == STAT_BY_PROCESS || table->by == STAT_BY_THREAD || group->stream)
        rn_buf_decimal(out, group->pid);
    rn_buf_byte(out, ',');
    if (table->by == STAT_BY_THREAD || group->stream)
        rn_buf_decimal(out, group->tid);
    for (unsigned i = 0; i < STAT_METRICS; i++) {
        if (!csv_has(table, i))
            continue;
        rn_buf_byte(out, ',');
        if (cli_stat_has(table, i))
            put_value(out, i, row->value[i]);
    }
    rn_buf_text(out, "\r\n");
}

void cli_stat_csv(const struct cli_stat_table *table, const struct cli_stat_order *order,
                  struct rn_buf *out)
{
    size_t top = order->top;

    rn_buf_text(out, "name,kind,pid,tid");
    for (unsigned i = 0; i < STAT_METRICS; i++) {
        if (csv_has(table, i))
            rn_buf_printf(out, ",%s", cli_stat_metrics[i].field);
    }
    rn_buf_text(out, "\r\n");
    for (size_t s = 0; s < table->section_count; s++) {
        const struct cli_stat_section *section = &table->sections[s];

        for (size_t i = 0; i < section->count && (!top || i < top); i++)
            csv_row(table, &section->rows[i], out);
    }
}
