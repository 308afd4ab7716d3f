/* SPDX-License-Identifier: MIT */
/* Which options of rn-stat go together. */
#include "cli_stat_options.h"

static const struct {
    const char *name;
    uint32_t allowed;
    int operands; /* so many recordings; 0: any number */
    const char *others;
} modes[STAT_MODES] = {
    [STAT_MODE_TABLE] = {"the table", ~(uint32_t)GIVEN_THRESHOLD, 0, ""},
    [STAT_MODE_CRITICAL] = {"--critical-path", 0, 1, "-n, --json and -o"},
    [STAT_MODE_ATTRIBUTION] = {"--attribution", GIVEN_CSV, 1, "-n, --json, --csv and -o"},
    [STAT_MODE_SLOW] = {"--slow", GIVEN_CSV | GIVEN_SELECTION, 0,
                        "-n, --json, --csv, -o and a selection"},
    [STAT_MODE_TREE] = {"--tree", GIVEN_SELECTION, 0, "-n, --json, -o and a selection"},
    [STAT_MODE_COMPARE] = {"--compare",
                           GIVEN_BY | GIVEN_SORT | GIVEN_CSV | GIVEN_SELECTION | GIVEN_THRESHOLD, 2,
                           "--by, --sort, --threshold, -n, --json, --csv, -o and a selection"},
};

bool cli_stat_set_mode(struct cli_stat_job *job, enum cli_stat_mode mode)
{
    if (job->mode != STAT_MODE_TABLE && job->mode != mode) {
        cli_usage("%s and %s exclude each other", modes[job->mode].name, modes[mode].name);
        return false;
    }
    job->mode = mode;
    return true;
}

static bool is_told(const struct cli_stat_job *job, enum cli_stat_metric metric)
{
    bool told = cli_stat_is_of_devices(job->by) || metric < STAT_OF_DEVICES ||
                metric == STAT_METRICS || (metric == STAT_SELF && job->order.inclusive) ||
                (job->by == STAT_BY_OPERATION && cli_stat_is_of_operations(metric));

    if (!told)
        cli_usage(metric >= STAT_ELEMENTS
                      ? "'%s' is told of compute blocks alone: --by operation"
                      : "'%s' is told of devices alone: --by kernel or --by queue",
                  cli_stat_metrics[metric].name);
    return told;
}

/* Options that do not go together; false after a message. */
static bool agrees(const struct cli_stat_job *job)
{
    bool told = is_told(job, job->order.metric);

    for (size_t i = 0; i < job->limit_count && told; i++)
        told = is_told(job, job->limits[i].metric);
    if (told && job->order.outliers &&
        (cli_stat_is_of_devices(job->by) || cli_stat_is_of_source(job->by))) {
        cli_usage("--outliers are of --by syscall, process, thread, kind or operation");
        return false;
    }
    if (told && job->order.inclusive &&
        (!cli_stat_is_of_source(job->by) || job->by == STAT_BY_STACK)) {
        cli_usage("--inclusive is of --by function, line or module");
        return false;
    }
    if (told && job->order.changes && cli_stat_is_of_devices(job->by)) {
        cli_usage("--changes are not of --by kernel and queue");
        return false;
    }
    return told;
}

/* The same with what is no table; false after a message. */
static bool agrees_with_mode(const struct cli_stat_job *job, int operands)
{
    uint32_t selection = rn_filter_is_empty(job->filter) ? 0 : GIVEN_SELECTION;

    if ((job->given | selection) & ~modes[job->mode].allowed) {
        cli_usage(job->mode == STAT_MODE_TABLE ? "--threshold goes with --compare"
                  : modes[job->mode].allowed & GIVEN_SELECTION
                      ? "with %s go only %s"
                      : "%s is about all of a recording: of the other options only %s go with it",
                  modes[job->mode].name, modes[job->mode].others);
        return false;
    }
    if (modes[job->mode].operands == 2 && operands != 2) {
        cli_usage("%s takes two sides, each a recording, several with commas, or a directory",
                  modes[job->mode].name);
        return false;
    }
    if (modes[job->mode].operands == 1 && operands > 1) {
        cli_usage("%s takes one recording; rn-merge makes one of several", modes[job->mode].name);
        return false;
    }
    if (job->order.changes && operands > 1) {
        cli_usage("--changes takes one recording, for time goes on in one alone");
        return false;
    }
    return true;
}

bool cli_stat_agrees(const struct cli_stat_job *job, int operands)
{
    bool of_source = job->mode == STAT_MODE_TREE ||
                     ((job->mode == STAT_MODE_TABLE || job->mode == STAT_MODE_COMPARE) &&
                      cli_stat_is_of_source(job->by));

    return agrees(job) && agrees_with_mode(job, operands) &&
           cli_locate_check(&job->locate, of_source, of_source, "--tree and --by function, line...") <
               0;
}
