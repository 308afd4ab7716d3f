/* SPDX-License-Identifier: MIT */
/* Each recording of both sides is summed up by itself; the numbers are compared. */
#include "cli_stat_compare.h"

#include "cli_source.h"
#include "cli_stat_rows.h"

#include "libanalysis/run_times.h"
#include "libanalysis/saturating.h"

#include <stdlib.h>

/* What belongs to one recording. */
struct run {
    const struct cli_stat_job *job;
    struct rn_comparison *comparison;
    unsigned side;
    size_t number;
    const char *path;
    bool *lacks_events;
};

static bool add_value(const struct run *run, const struct rn_comparison_value *value)
{
    struct rn_error err = RN_ERROR_INIT;

    if (rn_comparison_add(run->comparison, run->side, run->number, value, &err) == RN_OK)
        return true;
    cli_error(&err);
    return false;
}

static bool add_overall(const struct run *run, const char *name, uint64_t ns)
{
    return add_value(run, &(struct rn_comparison_value){.family = RN_COMPARISON_OVERALL,
                                                        .name = name,
                                                        .value = (double)ns,
                                                        .weight_ns = (double)ns,
                                                        .calls = 1});
}

/* Of the program as a whole. Damage is told by the other reading. */
static bool add_times(const struct run *run)
{
    struct rn_run_times times = {.wall_ns = 0};
    struct rn_error err = RN_ERROR_INIT;
    struct cli_source source;
    bool fine = cli_source_open(&source, run->path, run->job->filter);

    if (fine)
        (void)!rn_run_times_read(source.reader, &times, &err);
    cli_source_close(&source);
    return fine && add_overall(run, "wall time", times.wall_ns) &&
           (!times.cpu_known ||
            add_overall(run, "CPU time", rn_add_saturating(times.user_ns, times.system_ns)));
}

/* Numbers of families begin behind the overall one: kinds, and of devices types. */
static unsigned family_of(const struct cli_stat_section *section, const struct cli_stat_row *row)
{
    return 1 + (row->device ? RN_KIND_STREAM + (unsigned)section->type : row->kind);
}

static bool add_rows(const struct run *run, const struct cli_stat_section *section)
{
    enum cli_stat_metric metric = run->job->order.metric;
    bool fine = true, drawn = metric == STAT_TOTAL || metric == STAT_MEAN;

    for (size_t i = 0; i < section->count && fine; i++) {
        const struct cli_stat_row *row = &section->rows[i];

        fine = add_value(run, &(struct rn_comparison_value){
                                  .family = family_of(section, row),
                                  .name = row->name,
                                  .value = row->value[metric],
                                  .weight_ns = row->value[STAT_TOTAL],
                                  .calls = (uint64_t)row->value[STAT_CALLS],
                                  .series = drawn ? row->group->series : NULL,
                              });
    }
    return fine;
}

/* How long each group took. */
static bool add_groups(const struct run *run)
{
    struct cli_stat_order order = {.metric = STAT_TOTAL,
                                   .changes = rn_comparison_wants_series(run->comparison)};
    struct rn_error err = RN_ERROR_INIT;
    struct cli_stat_table table = {.section_count = 0};
    struct cli_stat_sums sums;
    bool fine = cli_stat_sums_make(&sums, run->job->by, run->job->filter, &order), whole = false;

    if (fine) {
        rn_summary_locate(sums.events, &run->job->locate.options);
        whole = cli_stat_sums_read(&sums, run->job->filter, run->path, &err);
    }
    order.changes = false;
    fine = fine && cli_stat_sums_table(&sums, &table, &order);
    if (!fine)
        cli_fail("out of memory");
    for (size_t i = 0; i < table.section_count && fine; i++)
        fine = add_rows(run, &table.sections[i]);
    if (table.totals)
        *run->lacks_events |= table.totals->lost || table.totals->lost_more ||
                              table.totals->incomplete || table.totals->overflowed;
    if (err.status != RN_OK)
        cli_error(&err);
    cli_stat_table_free(&table);
    cli_stat_sums_free(&sums);
    return fine && whole;
}

static bool read_sides(struct cli_comparison *shown, struct rn_comparison *comparison)
{
    struct run run = {
        .job = shown->job, .comparison = comparison, .lacks_events = &shown->lacks_events};

    for (run.side = 0; run.side < 2; run.side++) {
        for (run.number = 0; run.number < shown->sides[run.side].count; run.number++) {
            run.path = shown->sides[run.side].paths[run.number];
            if (!add_times(&run) || !add_groups(&run))
                return false;
        }
    }
    return true;
}

static void render_text(const void *comparison, struct rn_buf *out)
{
    cli_comparison_text(comparison, out);
}

static void render_json(const void *comparison, struct rn_buf *out)
{
    cli_comparison_json(comparison, out);
}

static void render_csv(const void *comparison, struct rn_buf *out)
{
    cli_comparison_csv(comparison, out);
}

static int print(struct cli_comparison *shown, struct rn_comparison *comparison)
{
    const struct cli_stat_job *job = shown->job;
    struct rn_error err = RN_ERROR_INIT;
    int status = RN_EXIT_OK;

    if (rn_comparison_result(comparison, &shown->rows, &shown->count, &err) != RN_OK) {
        cli_error(&err);
        return RN_EXIT_TROUBLE;
    }
    if (!cli_stat_print(job->output_path,
                        job->format == STAT_JSON  ? render_json
                        : job->format == STAT_CSV ? render_csv
                                                  : render_text,
                        shown))
        return RN_EXIT_TROUBLE;
    for (size_t i = 0; i < shown->count; i++) {
        if (shown->rows[i].certain)
            status = RN_EXIT_ANSWER;
    }
    return status;
}

/* Numbers that make sense as one a run, larger where it is worse. False after a message. */
static bool can_compare(const struct cli_stat_job *job)
{
    enum cli_stat_metric metric = job->order.metric;
    bool named = job->by == STAT_BY_PROCESS || job->by == STAT_BY_THREAD;
    bool adds = metric == STAT_TOTAL || metric == STAT_MEAN || metric == STAT_CALLS;

    if (job->by == STAT_BY_QUEUE || job->by == STAT_BY_STACK) {
        cli_usage("--compare is not of --by %s", cli_stat_by_names[job->by]);
        return false;
    }
    if (!adds && (metric < STAT_MIN || metric > STAT_MAX)) {
        cli_usage("--compare is of total, mean, calls, min, p50, p75, p90, p95, p99 or max");
        return false;
    }
    if (named && !adds) {
        cli_usage("--compare of processes and threads, which are told apart by name, is of total, "
                  "mean or calls");
        return false;
    }
    return true;
}

int cli_stat_compare(const struct cli_stat_job *job, char **paths)
{
    struct cli_comparison shown = {.job = job};
    struct rn_comparison *comparison = NULL;
    int status = RN_EXIT_TROUBLE;

    if (can_compare(job) && cli_stat_side_make(&shown.sides[0], paths[0]) &&
        cli_stat_side_make(&shown.sides[1], paths[1])) {
        comparison = rn_comparison_new(shown.sides[0].count, shown.sides[1].count, job->threshold,
                                       job->order.metric == STAT_MEAN);
        if (!comparison)
            cli_fail("out of memory");
        else if (read_sides(&shown, comparison))
            status = print(&shown, comparison);
    }
    rn_comparison_free(comparison);
    cli_stat_side_free(&shown.sides[0]);
    cli_stat_side_free(&shown.sides[1]);
    return status;
}
