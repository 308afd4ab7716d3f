/* SPDX-License-Identifier: MIT */
/* rn-stat: counts, times, percentiles and errors of recordings, in groups. */
#include "cli_locate.h"
#include "cli_stat.h"
#include "cli_stat_critical.h"

#include <stdlib.h>
#include <string.h>

enum {
    OPT_BY = CLI_OPT_OWN,
    OPT_CRITICAL,
    OPT_CSV,
    OPT_FAIL_IF,
    OPT_FOLDED,
    OPT_JSON,
    OPT_OUTLIERS,
    OPT_SORT
};

static const struct option options[] = {
    CLI_SELECT_LONG,
    CLI_COMMON_LONG,
    CLI_LOCATE_DEBUGINFOD_LONG,
    CLI_SOURCE_MAP_LONG,
    {"by", required_argument, NULL, OPT_BY},
    {"critical-path", no_argument, NULL, OPT_CRITICAL},
    {"csv", no_argument, NULL, OPT_CSV},
    {"fail-if", required_argument, NULL, OPT_FAIL_IF},
    {"folded", no_argument, NULL, OPT_FOLDED},
    {"json", no_argument, NULL, OPT_JSON},
    {"outliers", no_argument, NULL, OPT_OUTLIERS},
    {"output", required_argument, NULL, 'o'},
    {"sort", required_argument, NULL, OPT_SORT},
    {"top", required_argument, NULL, 'n'},
    {NULL, 0, NULL, 0},
};

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV, FORMAT_FOLDED };

struct job {
    struct rn_filter *filter;
    enum cli_stat_by by;
    struct cli_stat_order order;
    enum format format;
    struct cli_stat_limit *limits;
    size_t limit_count;
    const char *output_path;
    bool critical; /* --critical-path */
    struct cli_locate locate;
    bool grouped; /* an option that is about groups was given */
};

static bool set_by(struct job *job, const char *name)
{
    for (unsigned i = 0; i < STAT_BYS; i++) {
        if (strcmp(name, cli_stat_by_names[i]) == 0) {
            job->by = (enum cli_stat_by)i;
            return true;
        }
    }
    cli_usage(
        "--by '%s' is not syscall, process, thread, kind, function, line, module, stack, kernel "
        "or queue",
        name);
    return false;
}

static bool set_sort(struct job *job, const char *name)
{
    job->order.metric = cli_stat_metric(name, strlen(name));
    if (job->order.metric < STAT_METRICS || strcmp(name, "name") == 0)
        return true;
    cli_usage(
        "--sort '%s' is not name, total, calls, errors, mean, p50, p75, p90, p95, p99, max, "
        "min, stddev, unfinished, time, error-rate or, of devices, self, busy, bytes, rate... "
        "(see rn-stat(1))",
        name);
    return false;
}

static bool set_top(struct job *job, const char *text)
{
    uint64_t number;

    if (cli_parse_number(text, &number) && number > 0 && number <= SIZE_MAX) {
        job->order.top = (size_t)number;
        return true;
    }
    cli_usage("-n '%s' is not a number of groups", text);
    return false;
}

static bool add_limit(struct job *job, const char *text)
{
    struct cli_stat_limit *limits = reallocarray(job->limits, job->limit_count + 1, sizeof *limits);

    if (!limits) {
        cli_fail("out of memory");
        return false;
    }
    job->limits = limits;
    return cli_stat_limit_parse(text, &limits[job->limit_count++]);
}

static bool set_format(struct job *job, enum format format)
{
    if (job->format != FORMAT_TEXT && job->format != format) {
        cli_usage("--json, --csv and --folded exclude each other");
        return false;
    }
    job->format = format;
    return true;
}

/* False after a message. */
static bool set_option(struct job *job, int letter)
{
    job->grouped |= letter == OPT_BY || letter == OPT_SORT || letter == OPT_OUTLIERS ||
                    letter == OPT_FAIL_IF || letter == OPT_CSV || letter == OPT_FOLDED;
    switch (letter) {
    case OPT_BY:
        return set_by(job, optarg);
    case OPT_CRITICAL:
        job->critical = true;
        return true;
    case OPT_SORT:
        return set_sort(job, optarg);
    case 'n':
        return set_top(job, optarg);
    case OPT_OUTLIERS:
        job->order.outliers = true;
        return true;
    case OPT_FAIL_IF:
        return add_limit(job, optarg);
    case OPT_JSON:
        return set_format(job, FORMAT_JSON);
    case OPT_CSV:
        return set_format(job, FORMAT_CSV);
    case OPT_FOLDED:
        job->by = STAT_BY_STACK;
        return set_format(job, FORMAT_FOLDED);
    case 'o':
        job->output_path = optarg;
        return true;
    default:
        return false;
    }
}

static bool is_told(const struct job *job, enum cli_stat_metric metric)
{
    bool told =
        cli_stat_is_of_devices(job->by) || metric < STAT_OF_DEVICES || metric == STAT_METRICS;

    if (!told)
        cli_usage("'%s' is told of devices alone: --by kernel or --by queue",
                  cli_stat_metrics[metric].name);
    return told;
}

/* Options that do not go together; false after a message. */
static bool agrees(const struct job *job)
{
    bool told = is_told(job, job->order.metric), of_source = cli_stat_is_of_source(job->by);

    for (size_t i = 0; i < job->limit_count && told; i++)
        told = is_told(job, job->limits[i].metric);
    if (told && job->order.outliers && (cli_stat_is_of_devices(job->by) || of_source)) {
        cli_usage("--outliers are of --by syscall, process, thread or kind");
        return false;
    }
    return told &&
           cli_locate_check(&job->locate, of_source, of_source, "--by function, line...") < 0;
}

/* -1, or the exit status after a message. */
static int check_critical(const struct job *job, int operands)
{
    if (job->grouped || !rn_filter_is_empty(job->filter))
        return cli_usage("--critical-path is about all of a recording: of the other options only "
                         "-n, --json and -o go with it");
    if (operands > 1)
        return cli_usage("--critical-path takes one recording; rn-merge makes one of several");
    return -1;
}

/* -1: go on; else the exit status. */
static int parse(struct job *job, int argc, char **argv)
{
    static const char letters[] = CLI_SELECT_SHORT CLI_COMMON_SHORT "n:o:";
    static char whole_help[8192];
    int letter, status = -1;
    bool done = false;

    snprintf(whole_help, sizeof whole_help, "%s%s%s", cli_stat_help, cli_select_help,
             cli_stat_help_end);
    while (status < 0 && !done && (letter = cli_getopt(argc, argv, letters, options)) != -1) {
        if (cli_select(job->filter, letter, optarg, &status) ||
            cli_common(letter, whole_help, &done, &status) ||
            cli_locate_option(&job->locate, letter, optarg, &status))
            continue;
        if (!set_option(job, letter))
            status = RN_EXIT_TROUBLE;
    }
    if (status < 0 && !agrees(job))
        status = RN_EXIT_TROUBLE;
    if (status < 0 && optind == argc)
        status = cli_usage("no recording given ('-' is standard input)");
    if (status < 0 && job->critical)
        status = check_critical(job, argc - optind);
    return status;
}

static bool print_table(const struct job *job, const struct cli_stat_table *table)
{
    struct cli_output *output = cli_output_open(job->output_path);
    struct rn_buf buf = RN_BUF_INIT;
    bool written;

    if (!output)
        return false;
    if (job->format == FORMAT_JSON)
        cli_stat_json(table, &job->order, job->limits, job->limit_count, &buf);
    else if (job->format == FORMAT_CSV)
        cli_stat_csv(table, &job->order, &buf);
    else if (job->format == FORMAT_FOLDED)
        cli_stat_folded(table, &buf);
    else
        cli_stat_text(table, &job->order, &buf);
    written = cli_output_close(output, &buf);
    rn_buf_free(&buf);
    return written;
}

static int print_sums(const struct job *job, const struct cli_stat_sums *sums)
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

static int sum_up(const struct job *job, char **paths)
{
    struct cli_stat_sums sums;
    struct rn_error first = RN_ERROR_INIT;
    int status = RN_EXIT_TROUBLE;
    bool whole = true;

    if (!cli_stat_sums_make(&sums, job->by, job->filter, job->order.outliers)) {
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

static int run(const struct job *job, char **paths)
{
    const struct cli_critical_options critical = {
        .top = job->order.top, .json = job->format == FORMAT_JSON, .output_path = job->output_path};

    return job->critical ? cli_stat_critical(&critical, *paths) : sum_up(job, paths);
}

int main(int argc, char **argv)
{
    struct job job = {.filter = rn_filter_new(), .order.metric = STAT_TOTAL};
    int status = RN_EXIT_TROUBLE;

    cli_start(argc, argv);
    if (!job.filter)
        cli_fail("out of memory");
    else
        status = parse(&job, argc, argv);
    if (status < 0)
        status = run(&job, argv + optind);
    free(job.limits);
    cli_locate_free(&job.locate);
    rn_filter_free(job.filter);
    return status;
}
