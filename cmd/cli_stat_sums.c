/* SPDX-License-Identifier: MIT */
#include "cli_source.h"
#include "cli_stat.h"

bool cli_stat_sums_make(struct cli_stat_sums *sums, enum cli_stat_by by,
                        const struct rn_filter *filter, const struct cli_stat_order *order)
{
    struct rn_summary_options options = {
        .by = (enum rn_summary_by)by,
        .filter = filter,
        .worst = order->outliers ? RN_SUMMARY_MAX_WORST : 0,
        .series = order->changes,
        .inclusive = order->inclusive,
    };

    *sums = (struct cli_stat_sums){.by = by};
    if (by == STAT_BY_KERNEL || by == STAT_BY_QUEUE)
        sums->devices = rn_device_stat_new(
            by == STAT_BY_KERNEL ? RN_DEVICE_BY_KERNEL : RN_DEVICE_BY_QUEUE, filter);
    else
        sums->events = rn_summary_new(&options);
    return sums->devices || sums->events;
}

bool cli_stat_sums_make_tree(struct cli_stat_sums *sums, const struct rn_filter *filter,
                             struct rn_call_tree *tree)
{
    struct rn_summary_options options = {.by = RN_BY_STACK, .filter = filter, .tree = tree};

    *sums = (struct cli_stat_sums){.by = STAT_BY_STACK, .events = rn_summary_new(&options)};
    return sums->events;
}

void cli_stat_sums_free(struct cli_stat_sums *sums)
{
    rn_summary_free(sums->events);
    rn_device_stat_free(sums->devices);
}

bool cli_stat_sums_read(struct cli_stat_sums *sums, const struct rn_filter *filter,
                        const char *path, struct rn_error *err)
{
    struct cli_source source;
    enum rn_status status = RN_E_SYSTEM;

    if (!cli_source_open(&source, path, cli_stat_is_of_source(sums->by) ? NULL : filter))
        ;
    else if (cli_stat_is_of_source(sums->by))
        status = rn_summary_read_source(sums->events, source.reader, err);
    else
        status = sums->devices ? rn_device_stat_read(sums->devices, source.reader, err)
                               : rn_summary_read(sums->events, source.reader, err);
    cli_source_close(&source);
    return status == RN_OK;
}

bool cli_stat_sums_table(const struct cli_stat_sums *sums, struct cli_stat_table *table,
                         const struct cli_stat_order *order)
{
    return sums->devices ? cli_stat_table_make_devices(table, sums->devices, sums->by, order)
                         : cli_stat_table_make(table, sums->events, sums->by, order);
}
