/* SPDX-License-Identifier: MIT */
/* Options and course that rn-diff and rn-validate share. */
#include "cli_diff.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char cli_diff_help[] =
    "      --mode=MODE      'effects' (default): what can be seen from outside; 'sequence': the\n"
    "                       list of input and output calls\n"
    "      --rules FILE     the user's own rules, see rn-diff(1)\n"
    "      --tolerance X    share that counts as equal in performance, score and sequence\n"
    "                       (default 0.05); never in content\n"
    "  -U, --unified N      N calls of context around the first difference (default 3)\n"
    "      --stat           only a line for each object\n"
    "      --json           one JSON document\n"
    "      --junit FILE     also JUnit XML, one test case an object\n"
    "      --color=WHEN     'auto' (default), 'always', 'never'\n"
    "  -o, --output FILE    write to FILE, which appears when it is whole\n";

enum { CONTEXT_MAX = 1000 };

static bool set_mode(struct cli_diff_options *options, const char *name)
{
    if (strcmp(name, "effects") == 0)
        options->mode = CLI_DIFF_EFFECTS;
    else if (strcmp(name, "sequence") == 0)
        options->mode = CLI_DIFF_SEQUENCE;
    else
        return false;
    return true;
}

static bool set_colour(struct cli_diff_options *options, const char *when)
{
    static const char *const names[] = {"never", "always", "auto"};

    for (int i = 0; i < 3; i++) {
        if (strcmp(names[i], when) == 0) {
            options->colour = i == 2 ? -1 : i;
            return true;
        }
    }
    return false;
}

static bool set_tolerance(struct cli_diff_options *options, const char *text)
{
    char *end;

    options->tolerance = strtod(text, &end);
    return *text && !*end && options->tolerance >= 0 && options->tolerance <= 1;
}

bool cli_diff_option(struct cli_diff_options *options, int letter, const char *argument,
                     int *status)
{
    switch (letter) {
    case CLI_DIFF_OPT_MODE:
        if (!set_mode(options, argument))
            *status = cli_usage("--mode is 'effects' or 'sequence', not '%s'", argument);
        return true;
    case CLI_DIFF_OPT_COLOUR:
        if (!set_colour(options, argument))
            *status = cli_usage("--color is 'auto', 'always' or 'never', not '%s'", argument);
        return true;
    case CLI_DIFF_OPT_TOLERANCE:
        if (!set_tolerance(options, argument))
            *status = cli_usage("--tolerance is a number from 0 to 1, not '%s'", argument);
        return true;
    case 'U':
        if (!cli_parse_number(argument, &options->context) || options->context > CONTEXT_MAX)
            *status = cli_usage("-U takes a number up to %d, not '%s'", CONTEXT_MAX, argument);
        return true;
    case CLI_DIFF_OPT_JSON:
    case CLI_DIFF_OPT_STAT:
        *(letter == CLI_DIFF_OPT_JSON ? &options->json : &options->stat) = true;
        if (options->json && options->stat)
            *status = cli_usage("--json and --stat exclude each other");
        return true;
    case CLI_DIFF_OPT_JUNIT:
        options->junit = argument;
        return true;
    case CLI_DIFF_OPT_RULES:
        options->rules = argument;
        return true;
    case 'o':
        options->output = argument;
        return true;
    default:
        return false;
    }
}

static bool wants_colour(const struct cli_diff_options *options)
{
    const char *no = getenv("NO_COLOR");

    if (options->colour >= 0)
        return options->colour;
    return !options->output && !(no && *no) && isatty(STDOUT_FILENO);
}

static bool print_report(struct cli_diff *job, const struct cli_diff_options *options)
{
    struct cli_output *output = cli_output_open(options->output);
    struct rn_buf text = RN_BUF_INIT;
    bool written;

    if (!output)
        return false;
    if (options->json)
        cli_diff_json(job, &text);
    else
        cli_diff_text(job, &text);
    written = cli_output_close(output, &text);
    rn_buf_free(&text);
    return written;
}

int cli_diff_run(struct cli_diff *job, const struct cli_diff_options *options)
{
    job->mode = options->mode;
    job->tolerance = options->tolerance;
    job->context = (unsigned)options->context;
    job->stat = options->stat;
    job->maps = options->maps;
    job->colour = wants_colour(options);
    if (!print_report(job, options) || (options->junit && !cli_diff_junit(job, options->junit)))
        return RN_EXIT_TROUBLE;
    return cli_diff_status(job);
}
