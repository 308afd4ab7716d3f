/* SPDX-License-Identifier: MIT */
/* rn-stat: counts, times, percentiles and errors of recordings, in groups. */
#include "cli_imported.h"
#include "cli_stat_attribution.h"
#include "cli_stat_compare.h"
#include "cli_stat_critical.h"
#include "cli_stat_options.h"
#include "cli_stat_slow.h"
#include "cli_stat_tree.h"

#include <stdlib.h>

static bool print_table(const struct cli_stat_job *job, const struct cli_stat_table *table)
{
    struct cli_output *output = cli_output_open(job->output_path);
    struct rn_buf buf = RN_BUF_INIT;
    bool written;

    if (!output)
        return false;
    if (job->format == STAT_JSON)
        cli_stat_json(table, &job->order, job->limits, job->limit_count, &buf);
    else if (job->format == STAT_CSV)
        cli_stat_csv(table, &job->order, &buf);
    else if (job->format == STAT_FOLDED)
        cli_stat_folded(table, &buf);
    else
        cli_stat_text(table, &job->order, &buf);
    written = cli_output_close(output, &buf);
    rn_buf_free(&buf);
    return written;
}

static int print_sums(const struct cli_stat_job *job, const struct cli_stat_sums *sums)
{
    struct cli_stat_table table;
    int status = RN_EXIT_TROUBLE;

    if (!cli_stat_sums_table(sums, &table, &job->order))
        cli_fail("out of memory");
    else if (table.totals->recordings && print_table(job, &table))
        status = cli_stat_limits_tell(job->limits, job->limit_count, &table);
    cli_stat_table_free(&table);
    return status;
}

static int sum_up(const struct cli_stat_job *job, char **paths)
{
    struct cli_stat_sums sums;
    struct rn_error first = RN_ERROR_INIT;
    int status = RN_EXIT_TROUBLE;
    bool whole = true;

    if (!cli_stat_sums_make(&sums, job->by, job->filter, &job->order)) {
        cli_fail("out of memory");
        return RN_EXIT_TROUBLE;
    }
    rn_summary_locate(sums.events, &job->locate.options);
    for (; *paths; paths++) {
        struct rn_error err = RN_ERROR_INIT;

        whole &= cli_stat_sums_read(&sums, job->filter, *paths, &err);
        if (first.status == RN_OK)
            first = err;
    }
    status = print_sums(job, &sums);
    if (first.status != RN_OK)
        cli_error(&first);
    cli_stat_sums_free(&sums);
    return whole ? status : RN_EXIT_TROUBLE;
}

static int run(const struct cli_stat_job *job, char **paths)
{
    const struct cli_critical_options critical = {
        .top = job->order.top, .json = job->format == STAT_JSON, .output_path = job->output_path};

    switch (job->mode) {
    case STAT_MODE_CRITICAL:
        return cli_stat_critical(&critical, *paths);
    case STAT_MODE_ATTRIBUTION:
        return cli_stat_attribution(job, *paths);
    case STAT_MODE_COMPARE:
        return cli_stat_compare(job, paths);
    case STAT_MODE_SLOW:
        return cli_stat_slow(job, paths);
    case STAT_MODE_TREE:
        return cli_stat_tree(job, paths);
    default:
        return sum_up(job, paths);
    }
}

int main(int argc, char **argv)
{
    struct cli_stat_job job = {
        .filter = rn_filter_new(), .order.metric = STAT_TOTAL, .threshold = 0.05};
    int status = RN_EXIT_TROUBLE;

    cli_start(argc, argv);
    if (!job.filter)
        cli_fail("out of memory");
    else
        status = cli_stat_parse(&job, argc, argv);
    if (status < 0) {
        status = run(&job, argv + optind);
        for (char **path = argv + optind; *path; path++)
            cli_imported_warn(*path);
    }
    free(job.limits);
    cli_locate_free(&job.locate);
    rn_filter_free(job.filter);
    return status;
}
