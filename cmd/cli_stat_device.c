/* SPDX-License-Identifier: MIT */
/* rn-stat's tables of devices: by kernel and direction, or by queue and device. */
#include "cli_stat.h"

#include <stdlib.h>

static double ratio(double a, double b)
{
    return b > 0 ? a / b : 0;
}

static void fill_delay(struct cli_stat_row *row, const struct rn_device_group *group,
                       enum rn_device_delay delay, enum cli_stat_metric p50)
{
    row->value[p50] = (double)rn_histogram_quantile(group->delays[delay], 0.5);
    row->value[p50 + 1] = (double)rn_histogram_quantile(group->delays[delay], 0.99);
}

/* Runs that were counted have a time, but no place in it: at most they made it busy so much more.
 */
static void fill_times(struct cli_stat_row *row, const struct rn_device_group *group)
{
    double busy = (double)group->busy_ns, span = (double)group->span_ns;
    double most = busy + (double)group->counted_ns;

    row->value[STAT_SELF] = (double)group->self_ns;
    row->value[STAT_BUSY] = busy;
    row->value[STAT_SPAN] = span;
    row->value[STAT_IDLE] = most < span ? 100 * (span - most) / span : 0;
    row->value[STAT_CONCURRENCY] = ratio(row->value[STAT_TOTAL] - (double)group->counted_ns, busy);
    row->value[STAT_PEAK] = (double)group->peak;
    row->value[STAT_BYTES] = (double)group->bytes;
    row->value[STAT_RATE] = 1e9 * ratio((double)group->bytes, (double)group->transfer_ns);
    if (group->type == RN_DEVICE_TRANSFERS)
        row->value[STAT_EFFECTIVE] = 1e9 * ratio((double)group->bytes, most);
}

static void fill_row(struct cli_stat_row *row, const struct rn_device_group *group)
{
    row->device = group;
    row->name = group->common.name;
    row->kind = group->common.kind;
    cli_stat_fill_row(row, &group->common);
    fill_times(row, group);
    row->value[STAT_KERNELS] = (double)group->kernels;
    row->value[STAT_TRANSFERS] = (double)group->transfers;
    row->value[STAT_LAUNCHES] = (double)rn_histogram_count(group->delays[RN_DELAY_LAUNCH]);
    row->value[STAT_WAITED] = (double)rn_histogram_count(group->delays[RN_DELAY_WAKE]);
    fill_delay(row, group, RN_DELAY_LAUNCH, STAT_LAUNCH_P50);
    fill_delay(row, group, RN_DELAY_QUEUE, STAT_QUEUE_P50);
    fill_delay(row, group, RN_DELAY_SUBMIT, STAT_SUBMIT_P50);
    fill_delay(row, group, RN_DELAY_WAKE, STAT_WAKE_P50);
    row->value[STAT_FOUND] = (double)group->found;
    row->value[STAT_UNWAITED] = (double)group->unwaited;
    row->value[STAT_UNTIED] = (double)group->untied;
    row->value[STAT_EARLY] = (double)group->early;
    row->value[STAT_DISORDER] = (double)group->disorder;
    row->value[STAT_LATE] = (double)group->late;
}

static bool fill_section(struct cli_stat_section *section, const struct rn_device_stat *stat,
                         enum rn_device_type type, enum cli_stat_metric metric)
{
    const struct rn_device_group *total = rn_device_stat_total(stat, type);
    struct rn_device_group *const *groups = rn_device_stat_groups(stat, type, &section->count);

    section->type = type;
    section->total = (struct cli_stat_row){.name = "total"};
    section->rows = calloc(section->count ? section->count : 1, sizeof *section->rows);
    if (!section->rows)
        return false;
    for (size_t i = 0; i < section->count; i++) {
        section->rows[i].group = &groups[i]->common;
        fill_row(&section->rows[i], groups[i]);
    }
    if (total)
        fill_row(&section->total, total);
    cli_stat_fill_shares(section);
    cli_stat_sort(section, metric);
    return true;
}

bool cli_stat_table_make_devices(struct cli_stat_table *table, const struct rn_device_stat *stat,
                                 enum cli_stat_by by, const struct cli_stat_order *order)
{
    enum rn_device_type type = by == STAT_BY_KERNEL ? RN_DEVICE_KERNELS : RN_DEVICE_QUEUES;

    *table = (struct cli_stat_table){.by = by, .totals = rn_device_stat_totals(stat)};
    for (unsigned i = 0; i < 2; i++) {
        struct cli_stat_section *section = &table->sections[table->section_count++];

        if (!fill_section(section, stat, (enum rn_device_type)(type + i), order->metric))
            return false;
    }
    return true;
}

#define MAX_COLUMNS 16u /* the last one has no title */

/* Of queues, and of the devices that they are of. */
#define QUEUE_COLUMNS                                                                              \
    {                                                                                              \
        {"idle", STAT_IDLE, 7}, {"busy", STAT_BUSY, 9}, {"span", STAT_SPAN, 9},                    \
            {"total", STAT_TOTAL, 9}, {"kernels", STAT_KERNELS, 10},                               \
            {"transfers", STAT_TRANSFERS, 10}, {"bytes", STAT_BYTES, 9},                           \
            {"at once", STAT_CONCURRENCY, 7}, {"peak", STAT_PEAK, 5},                              \
            {"launch50", STAT_LAUNCH_P50, 9},                                                      \
        {                                                                                          \
            "launch99", STAT_LAUNCH_P99, 9                                                         \
        }                                                                                          \
    }

static const struct {
    const char *title;
    struct cli_stat_column columns[MAX_COLUMNS];
} tables[RN_DEVICE_TYPES] = {
    [RN_DEVICE_KERNELS] = {"kernel",
                           {{"% time", STAT_SHARE, 7},
                            {"total", STAT_TOTAL, 9},
                            {"self", STAT_SELF, 9},
                            {"calls", STAT_CALLS, 10},
                            {"mean", STAT_MEAN, 9},
                            {"p50", STAT_P50, 9},
                            {"p90", STAT_P90, 9},
                            {"p99", STAT_P99, 9},
                            {"max", STAT_MAX, 9},
                            {"launch50", STAT_LAUNCH_P50, 9},
                            {"launch99", STAT_LAUNCH_P99, 9},
                            {"wake50", STAT_WAKE_P50, 9}}},
    [RN_DEVICE_TRANSFERS] = {"transfer",
                             {{"% time", STAT_SHARE, 7},
                              {"total", STAT_TOTAL, 9},
                              {"busy", STAT_BUSY, 9},
                              {"calls", STAT_CALLS, 10},
                              {"bytes", STAT_BYTES, 9},
                              {"rate", STAT_RATE, 11},
                              {"effective", STAT_EFFECTIVE, 11},
                              {"p50", STAT_P50, 9},
                              {"p99", STAT_P99, 9},
                              {"max", STAT_MAX, 9},
                              {"launch50", STAT_LAUNCH_P50, 9},
                              {"launch99", STAT_LAUNCH_P99, 9}}},
    [RN_DEVICE_QUEUES] = {"queue", QUEUE_COLUMNS},
    [RN_DEVICE_DEVICES] = {"device", QUEUE_COLUMNS},
};

/* What makes some of the numbers less than they look. */
static void text_remarks(const struct cli_stat_table *table, struct rn_buf *out)
{
    static const struct {
        enum cli_stat_metric metric;
        const char *text;
    } remarks[] = {
        {STAT_UNTIED,
         "have a correlation number whose call is not known: they have no launch delay"},
        {STAT_EARLY, "began before the call that asked for them, by the clocks: launch delay 0"},
        {STAT_DISORDER, "were queued, submitted and begun in no order: they have no such delays"},
        {STAT_LATE, "were told of too late to be placed: busy times and shares may lack them"},
    };

    for (size_t i = 0; i < sizeof remarks / sizeof remarks[0]; i++) {
        double count = cli_stat_of_all(table, remarks[i].metric);

        if (count > 0)
            rn_buf_printf(out, "\n%.0f of them %s.\n", count, remarks[i].text);
    }
}

void cli_stat_text_devices(const struct cli_stat_table *table, const struct cli_stat_order *order,
                           struct rn_buf *out)
{
    bool any = false;

    for (size_t i = 0; i < table->section_count; i++) {
        if (!table->sections[i].count)
            continue;
        if (any)
            rn_buf_byte(out, '\n');
        any = true;
        cli_stat_text_columns(&table->sections[i], tables[table->sections[i].type].columns,
                              tables[table->sections[i].type].title,
                              table->sections[i].type == RN_DEVICE_QUEUES, order->top, out);
    }
    if (!any)
        rn_buf_text(out, "No kernels and transfers.\n");
    text_remarks(table, out);
}
