/* SPDX-License-Identifier: MIT */
/* rn-backend-fit: from recorded compute blocks to a policy: which backend, from which size on. */
#include "cli_fit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: rn-backend-fit [OPTION...] [FILE...]\n"
    "Fit how long operations take on each backend, find from which size on which one is fastest,\n"
    "and write a policy. FILE '-' is standard input.\n"
    "\n"
    "      --history DB         keep what is measured in DB; FILEs are added to it\n"
    "      --machine ID         fit that machine (a prefix of its fingerprint will do)\n"
    "      --machines           list the machines of the history\n"
    "      --operation NAME     fit that operation alone\n"
    "      --explain OP SIZE    say what to take for SIZE elements, and why\n"
    "      --json               the policy for librn-backend, rn-policy(5)\n"
    "      --header             the policy as a C header\n"
    "      --csv                the policy as comma-separated values\n"
    "      --plot-data          points, curves and crossovers for gnuplot\n"
    "      --seed N             of the bootstrap (default 1)\n"
    "  -o, --output FILE        write to FILE, which appears when it is whole\n"
    "  -q, --quiet   no warnings      -h, --help      this text\n"
    "  -v, --verbose more messages    -V, --version   version\n";

enum {
    OPT_CSV = CLI_OPT_OWN,
    OPT_EXPLAIN,
    OPT_HEADER,
    OPT_HISTORY,
    OPT_JSON,
    OPT_MACHINE,
    OPT_MACHINES,
    OPT_OPERATION,
    OPT_PLOT_DATA,
    OPT_SEED
};

static const struct option options[] = {
    CLI_COMMON_LONG,
    {"csv", no_argument, NULL, OPT_CSV},
    {"explain", required_argument, NULL, OPT_EXPLAIN},
    {"header", no_argument, NULL, OPT_HEADER},
    {"history", required_argument, NULL, OPT_HISTORY},
    {"json", no_argument, NULL, OPT_JSON},
    {"machine", required_argument, NULL, OPT_MACHINE},
    {"machines", no_argument, NULL, OPT_MACHINES},
    {"operation", required_argument, NULL, OPT_OPERATION},
    {"output", required_argument, NULL, 'o'},
    {"plot-data", no_argument, NULL, OPT_PLOT_DATA},
    {"seed", required_argument, NULL, OPT_SEED},
    {NULL, 0, NULL, 0},
};

struct job {
    const char *history, *machine, *operation, *output, *explain;
    uint64_t explain_size, seed;
    int format; /* one of the options; 0: the table */
};

static bool set_format(struct job *job, int format)
{
    if (job->format && job->format != format) {
        cli_usage(
            "--json, --header, --csv, --plot-data, --explain and --machines exclude each other");
        return false;
    }
    job->format = format;
    return true;
}

static bool set_explain(struct job *job, int argc, char **argv)
{
    job->explain = optarg;
    if (optind >= argc || !cli_parse_number(argv[optind], &job->explain_size) ||
        job->explain_size == 0) {
        cli_usage("--explain wants an operation and a number of elements");
        return false;
    }
    optind++;
    return set_format(job, OPT_EXPLAIN);
}

static bool set_seed(struct job *job)
{
    if (cli_parse_number(optarg, &job->seed))
        return true;
    cli_usage("--seed '%s' is not a number", optarg);
    return false;
}

/* False after a message. */
static bool set_option(struct job *job, int letter, int argc, char **argv)
{
    switch (letter) {
    case OPT_HISTORY:
        job->history = optarg;
        return true;
    case OPT_MACHINE:
        job->machine = optarg;
        return true;
    case OPT_OPERATION:
        job->operation = optarg;
        return true;
    case OPT_SEED:
        return set_seed(job);
    case OPT_EXPLAIN:
        return set_explain(job, argc, argv);
    case 'o':
        job->output = optarg;
        return true;
    case '?':
        return false;
    default:
        return set_format(job, letter);
    }
}

/* -1: go on; else the exit status. */
static int parse(struct job *job, int argc, char **argv)
{
    int letter, status = -1;
    bool done = false;

    while (status < 0 && !done &&
           (letter = cli_getopt(argc, argv, CLI_COMMON_SHORT "o:", options)) != -1) {
        if (cli_common(letter, help, &done, &status))
            continue;
        if (!set_option(job, letter, argc, argv))
            status = RN_EXIT_TROUBLE;
    }
    if (status < 0 && optind == argc && !job->history)
        status = cli_usage("no recording and no --history given");
    return status;
}

static int write_out(const struct job *job, struct rn_buf *text, int status)
{
    struct cli_output *output = cli_output_open(job->output);

    if (!output || !cli_output_close(output, text))
        status = RN_EXIT_TROUBLE;
    return status;
}

static int print_fit(const struct job *job, const struct cli_fit *fit)
{
    struct rn_buf text = RN_BUF_INIT;
    int status = RN_EXIT_OK;

    switch (job->format) {
    case OPT_EXPLAIN:
        status = cli_fit_explain(fit, job->explain, job->explain_size, &text);
        break;
    case OPT_JSON:
        cli_fit_json(fit, &text);
        break;
    case OPT_HEADER:
        cli_fit_c_header(fit, &text);
        break;
    case OPT_CSV:
        cli_fit_csv(fit, &text);
        break;
    case OPT_PLOT_DATA:
        cli_fit_plot_data(fit, &text);
        break;
    default:
        cli_fit_table(fit, &text);
    }
    if (text.size || text.failed)
        status = write_out(job, &text, status);
    rn_buf_free(&text);
    return status;
}

static bool is_anything_known(const struct rn_fit *fit)
{
    for (uint32_t i = 0; i < fit->operation_count; i++)
        if (cli_fit_is_known(fit, &fit->operations[i]))
            return true;
    return false;
}

static int fit_machine(const struct job *job, struct rn_history *history,
                       const struct rn_history_machine *machine)
{
    struct rn_fit_options fit_options = {.seed = job->seed};
    struct cli_fit fit = {
        .machine = machine, .history = job->history, .fit = rn_fit_new(&fit_options)};
    const char *operation = job->explain ? job->explain : job->operation;
    struct rn_error err = RN_ERROR_INIT;
    int status = RN_EXIT_TROUBLE;

    if (!fit.fit || !rn_machine_here(&fit.here)) {
        cli_fail("out of memory");
    } else if (rn_history_fill(history, machine->id, operation, fit.fit, &err) != RN_OK ||
               rn_fit_run(fit.fit, &err) != RN_OK) {
        cli_error(&err);
    } else if (!job->explain && !is_anything_known(fit.fit)) {
        cli_fail("there are no compute blocks%s%s: record with rn-record --simd",
                 operation ? " of operation " : "", operation ? operation : "");
        status = RN_EXIT_ANSWER;
    } else {
        status = print_fit(job, &fit);
    }
    rn_machine_free(&fit.here);
    rn_fit_free(fit.fit);
    return status;
}

static int work_with(const struct job *job, struct rn_history *history)
{
    struct rn_history_machine *machines = NULL;
    const struct rn_history_machine *machine;
    struct rn_error err = RN_ERROR_INIT;
    int status = RN_EXIT_TROUBLE;
    size_t count = 0;

    if (rn_history_machines(history, &machines, &count, &err) != RN_OK) {
        cli_error(&err);
    } else if (job->format == OPT_MACHINES) {
        struct rn_buf text = RN_BUF_INIT;

        cli_fit_list_machines(machines, count, &text);
        status = write_out(job, &text, RN_EXIT_OK);
        rn_buf_free(&text);
    } else {
        machine = cli_fit_machine(machines, count, job->machine, job->history, &status);
        if (machine)
            status = fit_machine(job, history, machine);
    }
    rn_history_machines_free(machines, count);
    return status;
}

/* What is made is made of something: a file that cannot be read leaves no history behind. */
static bool open_history(const struct job *job, bool adds, struct rn_history **history)
{
    struct rn_error err = RN_ERROR_INIT;

    if (adds && (!job->history || access(job->history, F_OK) != 0))
        return true;
    if (rn_history_open(job->history, adds, history, &err) == RN_OK)
        return true;
    cli_error(&err);
    return false;
}

int main(int argc, char **argv)
{
    struct job job = {.seed = 1};
    struct rn_history *history = NULL;
    bool whole;
    int status;

    cli_start(argc, argv);
    status = parse(&job, argc, argv);
    if (status >= 0)
        return status;
    if (!open_history(&job, optind < argc, &history))
        return RN_EXIT_TROUBLE;
    whole = cli_fit_add(&history, job.history, argv + optind);
    if (history)
        status = work_with(&job, history);
    rn_history_free(history);
    return whole ? status : RN_EXIT_TROUBLE;
}
