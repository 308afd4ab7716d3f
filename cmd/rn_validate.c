/* SPDX-License-Identifier: MIT */
/* rn-validate: record two commands and compare what they do. */
#include "cli_validate.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: rn-validate [OPTION...] 'COMMAND A' 'COMMAND B'\n"
    "Record both commands (each is run by sh -c) and compare them as rn-diff does.\n"
    "\n"
    "      --dir TEMPLATE   run each side in a fresh copy of this directory\n"
    "      --stdin FILE     standard input of both sides (default: empty)\n"
    "      --timeout TIME   end a side after that time: 500ms, 10s, 2m\n"
    "      --runs N         record each side N times: what varies by itself is no difference\n"
    "      --content=N      bytes of each transfer to keep (default 4K)\n"
    "      --engine=ENGINE  as with rn-record\n"
    "      --keep PREFIX    keep the recordings: PREFIX-a.rna, PREFIX-b.rna (-a.2.rna...)\n";

static const char help_end[] =
    "\n"
    "  -q, --quiet   no warnings      -h, --help      this text\n"
    "  -v, --verbose more messages    -V, --version   version\n"
    "\n"
    "Ends with 0 where they are equivalent, 1 where they differ, 2 where that cannot be told or\n"
    "there was trouble.\n";

enum {
    OPT_CONTENT = CLI_DIFF_OPT_OWN,
    OPT_DIR,
    OPT_ENGINE,
    OPT_KEEP,
    OPT_RUNS,
    OPT_STDIN,
    OPT_TIMEOUT
};

static const struct option options[] = {
    CLI_DIFF_LONG,
    CLI_COMMON_LONG,
    {"content", required_argument, NULL, OPT_CONTENT},
    {"dir", required_argument, NULL, OPT_DIR},
    {"engine", required_argument, NULL, OPT_ENGINE},
    {"keep", required_argument, NULL, OPT_KEEP},
    {"runs", required_argument, NULL, OPT_RUNS},
    {"stdin", required_argument, NULL, OPT_STDIN},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {NULL, 0, NULL, 0},
};

enum { RUNS_MAX = 100, PATH_ROOM = 4096 };
#define KEEP_BYTES    (1u << 20) /* of each object */
#define CONTENT_BYTES (4u << 10) /* more than that takes the slower engine */
#define NS_PER_MS     1000000ull
#define TIMEOUT_MAX_S 1000000ull

struct job {
    struct cli_diff_options diff;
    struct cli_validate_setup setup;
    const char *keep;
    uint64_t runs;
    char scratch[512];
    char **commands;
    char (*paths)[PATH_ROOM]; /* of the recordings: A's, then B's */
};

static int set_timeout(struct job *job, const char *text)
{
    uint64_t ns;

    if (!cli_parse_duration(text, &ns) || ns < NS_PER_MS || ns > TIMEOUT_MAX_S * 1000 * NS_PER_MS)
        return cli_usage("--timeout takes a time such as 500ms, 10s or 2m, from 1ms to %llus, not "
                         "'%s'",
                         TIMEOUT_MAX_S, text);
    job->setup.timeout_ms = (int)(ns / NS_PER_MS);
    return -1;
}

/* -1, or the exit status after a message. */
static int set_option(struct job *job, int letter)
{
    switch (letter) {
    case OPT_DIR:
        job->setup.directory = optarg;
        return -1;
    case OPT_STDIN:
        job->setup.input = optarg;
        return -1;
    case OPT_KEEP:
        job->keep = optarg;
        return -1;
    case OPT_ENGINE:
        job->setup.engine = optarg;
        if (!strcmp(optarg, "auto") || !strcmp(optarg, "ptrace") || !strcmp(optarg, "inline"))
            return -1;
        return cli_usage("there is no engine '%s' in this build", optarg);
    case OPT_CONTENT:
        if (cli_parse_size(optarg, &job->setup.content))
            return -1;
        return cli_usage("--content takes a number of bytes, not '%s'", optarg);
    case OPT_RUNS:
        if (cli_parse_number(optarg, &job->runs) && job->runs > 0 && job->runs <= RUNS_MAX)
            return -1;
        return cli_usage("--runs takes a number from 1 to %d, not '%s'", RUNS_MAX, optarg);
    case OPT_TIMEOUT:
        return set_timeout(job, optarg);
    default:
        return RN_EXIT_TROUBLE;
    }
}

static int parse(struct job *job, int argc, char **argv)
{
    static char whole_help[8192];
    int letter, status = -1;
    bool done = false;

    snprintf(whole_help, sizeof whole_help, "%s%s%s", help, cli_diff_help, help_end);
    while (status < 0 && !done &&
           (letter = cli_getopt(argc, argv, CLI_DIFF_SHORT CLI_COMMON_SHORT, options)) != -1) {
        if (!cli_common(letter, whole_help, &done, &status) &&
            !cli_diff_option(&job->diff, letter, optarg, &status))
            status = set_option(job, letter);
    }
    if (status >= 0)
        return status;
    if (argc - optind != 2)
        return cli_usage("two commands are compared, and %d were given (quote each)",
                         argc - optind);
    job->commands = argv + optind;
    return -1;
}

static void name_archive(struct job *job, size_t side, size_t run)
{
    char number[24] = "";
    char *path = job->paths[side * job->runs + run];

    if (run > 0)
        snprintf(number, sizeof number, ".%zu", run + 1);
    if (job->keep)
        snprintf(path, PATH_ROOM, "%s-%c%s.rna", job->keep, "ab"[side], number);
    else
        snprintf(path, PATH_ROOM, "%s/%c%s.rna", job->scratch, "ab"[side], number);
}

/* False after a message: nothing can be compared then. */
static bool record(struct job *job, size_t side, size_t run)
{
    static const char *const what[] = {[CLI_RUN_TIMED_OUT] = "timed out",
                                       [CLI_RUN_NOT_STARTED] = "cannot be started"};
    char absolute[PATH_ROOM];
    const char *path;
    enum cli_validate_outcome outcome;

    name_archive(job, side, run);
    path = job->paths[side * job->runs + run];
    /* The process that records may change its directory. */
    if (path[0] != '/') {
        char *here = realpath(".", NULL);

        snprintf(absolute, sizeof absolute, "%s/%s", here ? here : ".", path);
        free(here);
        path = absolute;
    }
    outcome = cli_validate_record(&job->setup, job->commands[side], path);
    if (outcome == CLI_RUN_FINE)
        return true;
    if (outcome != CLI_RUN_FAILED) /* of that a message has told */
        cli_fail("%c %s: %s", "AB"[side], what[outcome], job->commands[side]);
    return false;
}

static bool record_all(struct job *job)
{
    /* In turns, so that a machine that gets busy slows both down. */
    for (size_t run = 0; run < job->runs; run++) {
        for (size_t side = 0; side < 2; side++) {
            if (!record(job, side, run))
                return false;
        }
    }
    return true;
}

static void warn_of_leftovers(const struct rn_diff *diff)
{
    for (size_t i = 0; diff && i < diff->count; i++) {
        if (diff->findings[i].kind == RN_FINDING_INPUT) {
            cli_warn("both sides ran in this directory, and B may have found what A left: --dir "
                     "gives each a fresh copy");
            return;
        }
    }
}

static int compare_loaded(struct job *job, struct cli_diff_side *sides)
{
    struct cli_diff diff = {.name_a = job->commands[0],
                            .name_b = job->commands[1],
                            .mode = job->diff.mode,
                            .tolerance = job->diff.tolerance,
                            .a = sides[0],
                            .b = sides[job->runs]};
    struct rn_diff_rules *rules = cli_diff_read_rules(job->diff.rules);
    int status = RN_EXIT_TROUBLE;

    if (rules &&
        (job->runs < 2 || cli_validate_learn(&diff, rules, sides, sides + job->runs, job->runs)) &&
        cli_diff_compare(&diff, rules))
        status = cli_diff_run(&diff, &job->diff);
    if (!job->setup.directory)
        warn_of_leftovers(diff.diff);
    rn_diff_free(diff.diff);
    rn_diff_rules_free(rules);
    return status;
}

static int compare(struct job *job)
{
    size_t count = 2 * job->runs;
    struct cli_diff_side *sides = calloc(count, sizeof *sides);
    int status = RN_EXIT_TROUBLE;
    bool fine = sides != NULL;

    if (!fine)
        cli_fail("out of memory");
    for (size_t i = 0; fine && i < count; i++)
        fine = cli_diff_load(&sides[i], job->paths[i], job->diff.mode, KEEP_BYTES);
    if (fine)
        status = compare_loaded(job, sides);
    for (size_t i = 0; sides && i < count; i++)
        cli_diff_side_free(&sides[i]);
    free(sides);
    return status;
}

static int validate(struct job *job)
{
    int status = RN_EXIT_TROUBLE;

    if (!cli_validate_prepare(job->scratch, sizeof job->scratch))
        return status;
    job->setup.scratch = job->scratch;
    job->paths = calloc(2 * job->runs, sizeof *job->paths);
    if (!job->paths)
        cli_fail("out of memory");
    else if (record_all(job))
        status = compare(job);
    free(job->paths);
    cli_validate_clean(job->scratch);
    return status;
}

int main(int argc, char **argv)
{
    struct job job = {.diff = {.tolerance = 0.05, .context = 3, .colour = -1},
                      .setup = {.content = CONTENT_BYTES},
                      .runs = 1};
    int status;

    cli_start(argc, argv);
    status = parse(&job, argc, argv);
    return status >= 0 ? status : validate(&job);
}
