/* SPDX-License-Identifier: MIT */
#include "cli_stat_options.h"

#include <stdlib.h>
#include <string.h>

enum {
    OPT_ATTRIBUTION = CLI_OPT_OWN,
    OPT_BY,
    OPT_CHANGES,
    OPT_COMPARE,
    OPT_CRITICAL,
    OPT_CSV,
    OPT_FAIL_IF,
    OPT_FOLDED,
    OPT_INCLUSIVE,
    OPT_JSON,
    OPT_OUTLIERS,
    OPT_SLOW,
    OPT_SORT,
    OPT_THRESHOLD,
    OPT_TREE
};

static const struct option options[] = {
    CLI_SELECT_LONG,
    CLI_COMMON_LONG,
    CLI_LOCATE_DEBUGINFOD_LONG,
    CLI_SOURCE_MAP_LONG,
    {"attribution", no_argument, NULL, OPT_ATTRIBUTION},
    {"by", required_argument, NULL, OPT_BY},
    {"changes", no_argument, NULL, OPT_CHANGES},
    {"compare", no_argument, NULL, OPT_COMPARE},
    {"critical-path", no_argument, NULL, OPT_CRITICAL},
    {"csv", no_argument, NULL, OPT_CSV},
    {"fail-if", required_argument, NULL, OPT_FAIL_IF},
    {"folded", no_argument, NULL, OPT_FOLDED},
    {"inclusive", no_argument, NULL, OPT_INCLUSIVE},
    {"json", no_argument, NULL, OPT_JSON},
    {"outliers", no_argument, NULL, OPT_OUTLIERS},
    {"output", required_argument, NULL, 'o'},
    {"slow", required_argument, NULL, OPT_SLOW},
    {"sort", required_argument, NULL, OPT_SORT},
    {"threshold", required_argument, NULL, OPT_THRESHOLD},
    {"tree", no_argument, NULL, OPT_TREE},
    {"top", required_argument, NULL, 'n'},
    {NULL, 0, NULL, 0},
};

static const struct {
    int letter;
    uint32_t given;
} given[] = {
    {OPT_BY, GIVEN_BY},
    {OPT_SORT, GIVEN_SORT},
    {OPT_OUTLIERS, GIVEN_OUTLIERS},
    {OPT_FAIL_IF, GIVEN_LIMIT},
    {OPT_CSV, GIVEN_CSV},
    {OPT_FOLDED, GIVEN_FOLDED},
    {OPT_CHANGES, GIVEN_CHANGES},
    {OPT_THRESHOLD, GIVEN_THRESHOLD},
    {OPT_INCLUSIVE, GIVEN_INCLUSIVE},
};

static bool set_by(struct cli_stat_job *job, const char *name)
{
    for (unsigned i = 0; i < STAT_BYS; i++) {
        if (strcmp(name, cli_stat_by_names[i]) == 0) {
            job->by = (enum cli_stat_by)i;
            return true;
        }
    }
    cli_usage("--by '%s' is not syscall, process, thread, kind, function, line, module, stack, "
              "operation, kernel or queue",
              name);
    return false;
}

static bool set_sort(struct cli_stat_job *job, const char *name)
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

static bool set_top(struct cli_stat_job *job, const char *text)
{
    uint64_t number;

    if (cli_parse_number(text, &number) && number > 0 && number <= SIZE_MAX) {
        job->order.top = (size_t)number;
        return true;
    }
    cli_usage("-n '%s' is not a number of groups", text);
    return false;
}

static bool set_threshold(struct cli_stat_job *job, const char *text)
{
    char *end;
    double percent = strtod(text, &end);

    if (end != text && (!*end || strcmp(end, "%") == 0) && percent > 0 && percent <= 1000) {
        job->threshold = percent / 100;
        return true;
    }
    cli_usage("--threshold '%s' is no number of per cent", text);
    return false;
}

static bool set_slow(struct cli_stat_job *job, const char *text)
{
    if (strcmp(text, "auto") == 0 || (cli_parse_duration(text, &job->slow_ns) && job->slow_ns > 0))
        return true;
    cli_usage("--slow '%s' is neither a time, such as 1ms, nor auto", text);
    return false;
}

static bool add_limit(struct cli_stat_job *job, const char *text)
{
    struct cli_stat_limit *limits = reallocarray(job->limits, job->limit_count + 1, sizeof *limits);

    if (!limits) {
        cli_fail("out of memory");
        return false;
    }
    job->limits = limits;
    return cli_stat_limit_parse(text, &limits[job->limit_count++]);
}

static bool set_format(struct cli_stat_job *job, enum cli_stat_format format)
{
    if (job->format != STAT_TEXT && job->format != format) {
        cli_usage("--json, --csv and --folded exclude each other");
        return false;
    }
    job->format = format;
    return true;
}

/* Once all options are known: it is always of stacks. */
static bool set_folded(struct cli_stat_job *job)
{
    if (job->given & GIVEN_BY && job->by != STAT_BY_STACK) {
        cli_usage("--folded is of --by stack, not of --by %s", cli_stat_by_names[job->by]);
        return false;
    }
    job->by = STAT_BY_STACK;
    return true;
}

/* False after a message. */
static bool set_option(struct cli_stat_job *job, int letter)
{
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
        job->given |= letter == given[i].letter ? given[i].given : 0;
    switch (letter) {
    case OPT_ATTRIBUTION:
        return cli_stat_set_mode(job, STAT_MODE_ATTRIBUTION);
    case OPT_BY:
        return set_by(job, optarg);
    case OPT_CRITICAL:
        return cli_stat_set_mode(job, STAT_MODE_CRITICAL);
    case OPT_CHANGES:
        job->order.changes = true;
        return true;
    case OPT_INCLUSIVE:
        job->order.inclusive = true;
        return true;
    case OPT_SLOW:
        return cli_stat_set_mode(job, STAT_MODE_SLOW) && set_slow(job, optarg);
    case OPT_TREE:
        return cli_stat_set_mode(job, STAT_MODE_TREE);
    case OPT_COMPARE:
        return cli_stat_set_mode(job, STAT_MODE_COMPARE);
    case OPT_THRESHOLD:
        return set_threshold(job, optarg);
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
        return set_format(job, STAT_JSON);
    case OPT_CSV:
        return set_format(job, STAT_CSV);
    case OPT_FOLDED:
        return set_format(job, STAT_FOLDED);
    case 'o':
        job->output_path = optarg;
        return true;
    default:
        return false;
    }
}

int cli_stat_parse(struct cli_stat_job *job, int argc, char **argv)
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
    if (status < 0 && optind == argc)
        status = cli_usage("no recording given ('-' is standard input)");
    if (status < 0 && job->format == STAT_FOLDED && !set_folded(job))
        status = RN_EXIT_TROUBLE;
    if (status < 0 && !cli_stat_agrees(job, argc - optind))
        status = RN_EXIT_TROUBLE;
    return status;
}
