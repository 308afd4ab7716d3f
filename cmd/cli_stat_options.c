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
    OPT_JSON,
    OPT_OUTLIERS,
    OPT_SORT,
    OPT_THRESHOLD
};

static const struct option options[] = {
    CLI_SELECT_LONG,
    CLI_COMMON_LONG,
    {"attribution", no_argument, NULL, OPT_ATTRIBUTION},
    {"by", required_argument, NULL, OPT_BY},
    {"changes", no_argument, NULL, OPT_CHANGES},
    {"compare", no_argument, NULL, OPT_COMPARE},
    {"critical-path", no_argument, NULL, OPT_CRITICAL},
    {"csv", no_argument, NULL, OPT_CSV},
    {"fail-if", required_argument, NULL, OPT_FAIL_IF},
    {"folded", no_argument, NULL, OPT_FOLDED},
    {"json", no_argument, NULL, OPT_JSON},
    {"outliers", no_argument, NULL, OPT_OUTLIERS},
    {"output", required_argument, NULL, 'o'},
    {"sort", required_argument, NULL, OPT_SORT},
    {"threshold", required_argument, NULL, OPT_THRESHOLD},
    {"top", required_argument, NULL, 'n'},
    {NULL, 0, NULL, 0},
};

/* Options that do not go with everything: bits of cli_stat_job.given. */
enum {
    GIVEN_BY = 1u << 0,
    GIVEN_SORT = 1u << 1,
    GIVEN_OUTLIERS = 1u << 2,
    GIVEN_LIMIT = 1u << 3,
    GIVEN_CSV = 1u << 4,
    GIVEN_FOLDED = 1u << 5,
    GIVEN_SELECTION = 1u << 6,
    GIVEN_CHANGES = 1u << 7,
    GIVEN_THRESHOLD = 1u << 8,
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
};

static const struct {
    const char *name;
    uint32_t allowed;
    int operands; /* so many recordings; 0: any number */
    const char *others;
} modes[STAT_MODES] = {
    [STAT_MODE_TABLE] = {"the table", ~(uint32_t)GIVEN_THRESHOLD, 0, ""},
    [STAT_MODE_CRITICAL] = {"--critical-path", 0, 1, "-n, --json and -o"},
    [STAT_MODE_ATTRIBUTION] = {"--attribution", GIVEN_CSV, 1, "-n, --json, --csv and -o"},
    [STAT_MODE_COMPARE] = {"--compare",
                           GIVEN_BY | GIVEN_SORT | GIVEN_CSV | GIVEN_SELECTION | GIVEN_THRESHOLD, 2,
                           "--by, --sort, --threshold, -n, --json, --csv, -o and a selection"},
};

static bool set_mode(struct cli_stat_job *job, enum cli_stat_mode mode)
{
    if (job->mode != STAT_MODE_TABLE && job->mode != mode) {
        cli_usage("%s and %s exclude each other", modes[job->mode].name, modes[mode].name);
        return false;
    }
    job->mode = mode;
    return true;
}

static bool set_by(struct cli_stat_job *job, const char *name)
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

/* False after a message. */
static bool set_option(struct cli_stat_job *job, int letter)
{
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
        job->given |= letter == given[i].letter ? given[i].given : 0;
    switch (letter) {
    case OPT_ATTRIBUTION:
        return set_mode(job, STAT_MODE_ATTRIBUTION);
    case OPT_BY:
        return set_by(job, optarg);
    case OPT_CRITICAL:
        return set_mode(job, STAT_MODE_CRITICAL);
    case OPT_CHANGES:
        job->order.changes = true;
        return true;
    case OPT_COMPARE:
        return set_mode(job, STAT_MODE_COMPARE);
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
        job->by = STAT_BY_STACK;
        return set_format(job, STAT_FOLDED);
    case 'o':
        job->output_path = optarg;
        return true;
    default:
        return false;
    }
}

static bool is_told(const struct cli_stat_job *job, enum cli_stat_metric metric)
{
    bool told =
        cli_stat_is_of_devices(job->by) || metric < STAT_OF_DEVICES || metric == STAT_METRICS;

    if (!told)
        cli_usage("'%s' is told of devices alone: --by kernel or --by queue",
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
        cli_usage("--outliers are of --by syscall, process, thread or kind");
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
            cli_common(letter, whole_help, &done, &status))
            continue;
        if (!set_option(job, letter))
            status = RN_EXIT_TROUBLE;
    }
    if (status < 0 && !agrees(job))
        status = RN_EXIT_TROUBLE;
    if (status < 0 && optind == argc)
        status = cli_usage("no recording given ('-' is standard input)");
    if (status < 0 && !agrees_with_mode(job, argc - optind))
        status = RN_EXIT_TROUBLE;
    return status;
}
