/* SPDX-License-Identifier: MIT */
#include "cli_stat.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_OUTLIERS 10u

const char *cli_stat_row_kind(const struct cli_stat_row *row)
{
    if (row->device && row->device->type == RN_DEVICE_QUEUES)
        return "queue";
    if (row->device && row->device->type == RN_DEVICE_DEVICES)
        return "device";
    return row->kind == RN_KIND_NONE ? NULL : rn_kind_name(row->kind);
}

static void fill_outliers(struct cli_stat_row *row, const struct rn_histogram *durations)
{
    if (rn_histogram_count(durations) < CLI_STAT_MIN_OUTLIER_GROUP)
        return;
    row->model = rn_outlier_model(durations);
    row->value[STAT_OUTLIERS_Z] =
        (double)rn_histogram_above(durations, rn_outlier_bound_z(&row->model, RN_OUTLIER_Z));
    row->value[STAT_OUTLIERS_ROBUST] = (double)rn_histogram_above(
        durations, rn_outlier_bound_robust(&row->model, RN_OUTLIER_ROBUST));
}

/* Rates are of the time that the blocks took together. */
static void fill_work(struct cli_stat_row *row, const struct rn_summary_group *group)
{
    double seconds = row->value[STAT_TOTAL] / 1e9;

    row->value[STAT_ELEMENTS] = (double)group->elements;
    row->value[STAT_BYTES] = (double)group->bytes;
    row->value[STAT_FLOPS] = (double)group->flops;
    if (seconds <= 0)
        return;
    row->value[STAT_ELEMENT_RATE] = (double)group->elements / seconds;
    row->value[STAT_RATE] = (double)group->bytes / seconds;
    row->value[STAT_FLOP_RATE] = (double)group->flops / seconds;
}

void cli_stat_fill_row(struct cli_stat_row *row, const struct rn_summary_group *group)
{
    static const struct {
        enum cli_stat_metric metric;
        double q;
    } quantiles[] = {
        {STAT_P50, 0.5}, {STAT_P75, 0.75}, {STAT_P90, 0.9}, {STAT_P95, 0.95}, {STAT_P99, 0.99}};
    const struct rn_histogram *durations = group->durations;
    uint64_t calls = rn_histogram_count(durations);

    row->value[STAT_CALLS] = (double)calls;
    row->value[STAT_ERRORS] = (double)group->errors;
    row->value[STAT_UNFINISHED] = (double)group->unfinished;
    row->value[STAT_COUNTED] = (double)group->counted;
    row->value[STAT_TOTAL] = (double)rn_histogram_sum(durations);
    row->value[STAT_MEAN] = rn_histogram_mean(durations);
    row->value[STAT_STDDEV] = rn_histogram_stddev(durations);
    row->value[STAT_MIN] = (double)rn_histogram_min(durations);
    row->value[STAT_MAX] = (double)rn_histogram_max(durations);
    for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++)
        row->value[quantiles[i].metric] = (double)rn_histogram_quantile(durations, quantiles[i].q);
    row->value[STAT_SELF] = (double)group->self_ns;
    fill_work(row, group);
    row->value[STAT_ERROR_RATE] = calls ? 100.0 * (double)group->errors / (double)calls : 0;
    fill_outliers(row, durations);
}

void cli_stat_fill_shares(struct cli_stat_section *section)
{
    double total = section->total.value[STAT_TOTAL];

    section->total.value[STAT_SHARE] = total > 0 ? 100 : 0;
    for (size_t i = 0; i < section->count; i++) {
        double *value = section->rows[i].value;

        value[STAT_SHARE] = total > 0 ? 100 * value[STAT_TOTAL] / total : 0;
    }
}

static bool fill_total(struct cli_stat_section *section)
{
    struct rn_summary_group all = {.durations = rn_histogram_new()};
    double z = 0, robust = 0;

    if (!all.durations)
        return false;
    for (size_t i = 0; i < section->count; i++) {
        const struct cli_stat_row *row = &section->rows[i];

        rn_histogram_merge(all.durations, row->group->durations);
        all.errors += row->group->errors;
        all.unfinished += row->group->unfinished;
        all.counted += row->group->counted;
        all.elements += row->group->elements;
        all.bytes += row->group->bytes;
        all.flops += row->group->flops;
        z += row->value[STAT_OUTLIERS_Z];
        robust += row->value[STAT_OUTLIERS_ROBUST];
    }
    section->total = (struct cli_stat_row){.name = "total", .kind = section->kind};
    cli_stat_fill_row(&section->total, &all);
    /* What is usual for one call is an outlier of another: only groups have outliers. */
    section->total.value[STAT_OUTLIERS_Z] = z;
    section->total.value[STAT_OUTLIERS_ROBUST] = robust;
    cli_stat_fill_shares(section);
    rn_histogram_free(all.durations);
    return true;
}

/* Ties in the order of name, pid and thread, so that equal recordings give equal output. */
static int compare_rows(const void *a, const void *b, void *context)
{
    const struct cli_stat_row *x = a, *y = b;
    enum cli_stat_metric metric = *(const enum cli_stat_metric *)context;
    int order;

    if (metric < STAT_METRICS && x->value[metric] > y->value[metric])
        return -1;
    if (metric < STAT_METRICS && x->value[metric] < y->value[metric])
        return 1;
    order = strcmp(x->name, y->name);
    if (order)
        return order;
    if (x->group->pid != y->group->pid)
        return x->group->pid < y->group->pid ? -1 : 1;
    return x->group->stream < y->group->stream ? -1 : x->group->stream > y->group->stream;
}

void cli_stat_sort(struct cli_stat_section *section, enum cli_stat_metric metric)
{
    qsort_r(section->rows, section->count, sizeof *section->rows, compare_rows, &metric);
}

/* Where calls are in several groups, their sum is no total. */
static void fill_whole(struct cli_stat_section *section, const struct rn_summary_group *whole)
{
    section->total = (struct cli_stat_row){.name = "total", .kind = section->kind};
    cli_stat_fill_row(&section->total, whole);
    cli_stat_fill_shares(section);
}

static bool fill_section(struct cli_stat_section *section, uint8_t kind,
                         struct rn_summary_group *const *groups, size_t count,
                         enum cli_stat_metric metric)
{
    section->kind = kind;
    section->rows = calloc(count ? count : 1, sizeof *section->rows);
    if (!section->rows)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct rn_summary_group *group = groups[i];
        struct cli_stat_row *row = &section->rows[section->count];

        if (kind != RN_KIND_NONE && group->kind != kind)
            continue;
        section->count++;
        row->group = group;
        row->kind = group->kind;
        row->name = group->name;
        cli_stat_fill_row(row, group);
    }
    if (!fill_total(section))
        return false;
    cli_stat_sort(section, metric);
    return true;
}

static bool is_outlier(const struct rn_outlier_score *score)
{
    return score->z > RN_OUTLIER_Z || score->robust > RN_OUTLIER_ROBUST;
}

static int compare_outliers(const void *a, const void *b)
{
    const struct cli_stat_outlier *x = a, *y = b;

    if (x->score.robust != y->score.robust)
        return x->score.robust > y->score.robust ? -1 : 1;
    if (x->event->stream != y->event->stream)
        return x->event->stream < y->event->stream ? -1 : 1;
    return x->event->ordinal < y->event->ordinal ? -1 : x->event->ordinal > y->event->ordinal;
}

static void add_outliers(struct cli_stat_table *table, const struct cli_stat_row *row)
{
    const struct rn_summary_group *group = row->group;

    if (rn_histogram_count(group->durations) < CLI_STAT_MIN_OUTLIER_GROUP)
        return;
    for (unsigned i = 0; i < group->worst_count; i++) {
        struct cli_stat_outlier outlier = {
            .event = &group->worst[i],
            .row = row,
            .score = rn_outlier_score(&row->model, group->worst[i].duration_ns),
        };

        if (is_outlier(&outlier.score))
            table->outliers[table->outlier_count++] = outlier;
    }
}

static bool find_outliers(struct cli_stat_table *table, size_t group_count, size_t top)
{
    size_t limit = top ? top : DEFAULT_OUTLIERS;

    table->outliers = calloc(group_count * RN_SUMMARY_MAX_WORST + 1, sizeof *table->outliers);
    if (!table->outliers)
        return false;
    for (size_t s = 0; s < table->section_count; s++) {
        for (size_t i = 0; i < table->sections[s].count; i++)
            add_outliers(table, &table->sections[s].rows[i]);
    }
    qsort(table->outliers, table->outlier_count, sizeof *table->outliers, compare_outliers);
    if (table->outlier_count > limit)
        table->outlier_count = limit;
    return true;
}

static bool any_of_kind(struct rn_summary_group *const *groups, size_t count, uint8_t kind)
{
    for (size_t i = 0; i < count; i++) {
        if (groups[i]->kind == kind)
            return true;
    }
    return false;
}

/* What is first - system calls, mostly - has a section even where there are none: it says so. */
bool cli_stat_table_make(struct cli_stat_table *table, const struct rn_summary *summary,
                         enum cli_stat_by by, const struct cli_stat_order *order)
{
    size_t count;
    struct rn_summary_group *const *groups = rn_summary_groups(summary, &count);
    uint8_t first = by == STAT_BY_KIND        ? 0
                    : by == STAT_BY_OPERATION ? RN_KIND_BLOCK
                                              : RN_KIND_SYSCALL;
    uint8_t last = by == STAT_BY_KIND        ? 0
                   : by == STAT_BY_OPERATION ? RN_KIND_BLOCK
                                             : RN_KIND_STREAM - 1;

    *table = (struct cli_stat_table){.by = by, .totals = rn_summary_totals(summary)};
    for (uint8_t kind = first; kind <= last; kind++) {
        if (kind > first && !any_of_kind(groups, count, kind))
            continue;
        if (!fill_section(&table->sections[table->section_count++], kind, groups, count,
                          order->metric))
            return false;
    }
    table->inclusive = order->inclusive;
    if (rn_summary_whole(summary)) {
        fill_whole(&table->sections[0], rn_summary_whole(summary));
        cli_stat_sort(&table->sections[0], order->metric);
    }
    if (order->outliers && !find_outliers(table, count, order->top))
        return false;
    return !order->changes || cli_stat_find_changes(table);
}

void cli_stat_table_free(struct cli_stat_table *table)
{
    for (size_t i = 0; i < table->section_count; i++)
        free(table->sections[i].rows);
    free(table->outliers);
    free(table->changes);
}
