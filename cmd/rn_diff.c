/* SPDX-License-Identifier: MIT */
/* rn-diff: do two recordings show the same behaviour? */
#include "cli_diff.h"

#include <string.h>

static const char help[] = "Usage: rn-diff [OPTION...] A B\n"
                           "Compare two recordings by what can be seen of the programs from "
                           "outside: exit status, output,\n"
                           "files, messages. '-' is standard input.\n"
                           "\n";

static const char help_end[] =
    "      --source-map FILE\n"
    "                       places in generated source as those in the original, see\n"
    "                       rn-source-map(5) (may be repeated)\n"
    "\n"
    "  -q, --quiet   no warnings      -h, --help      this text\n"
    "  -v, --verbose more messages    -V, --version   version\n"
    "\n"
    "Ends with 0 where they are equivalent, 1 where they differ, 2 where that cannot be told or\n"
    "there was trouble.\n";

static const struct option options[] = {
    CLI_DIFF_LONG,
    CLI_COMMON_LONG,
    CLI_SOURCE_MAP_LONG,
    {NULL, 0, NULL, 0},
};

/* Bytes of each object that are kept where the recordings have them. */
enum { KEEP = 256 << 10 };

/* -1: go on; else the exit status. */
static int parse(struct cli_diff_options *chosen, int argc, char **argv)
{
    static char whole_help[8192];
    int letter, status = -1;
    bool done = false;

    snprintf(whole_help, sizeof whole_help, "%s%s%s", help, cli_diff_help, help_end);
    while (status < 0 && !done &&
           (letter = cli_getopt(argc, argv, CLI_DIFF_SHORT CLI_COMMON_SHORT, options)) != -1) {
        if (cli_common(letter, whole_help, &done, &status) ||
            cli_diff_option(chosen, letter, optarg, &status))
            continue;
        if (letter != CLI_OPT_SOURCE_MAP || !cli_source_map_add(&chosen->maps, optarg))
            status = RN_EXIT_TROUBLE;
    }
    if (status >= 0)
        return status;
    if (argc - optind != 2)
        return cli_usage("two recordings are compared, and %d were given", argc - optind);
    if (strcmp(argv[optind], "-") == 0 && strcmp(argv[optind + 1], "-") == 0)
        return cli_usage("only one of them can come from standard input");
    return -1;
}

static int compare(const struct cli_diff_options *chosen, char **paths)
{
    struct cli_diff job = {.name_a = paths[0],
                           .name_b = paths[1],
                           .mode = chosen->mode,
                           .tolerance = chosen->tolerance};
    struct rn_diff_rules *rules = cli_diff_read_rules(chosen->rules);
    int status = RN_EXIT_TROUBLE;

    if (rules && cli_diff_load(&job.a, paths[0], chosen->mode, KEEP) &&
        cli_diff_load(&job.b, paths[1], chosen->mode, KEEP) && cli_diff_compare(&job, rules))
        status = cli_diff_run(&job, chosen);
    cli_diff_free(&job);
    rn_diff_rules_free(rules);
    return status;
}

int main(int argc, char **argv)
{
    struct cli_diff_options chosen = {.tolerance = 0.05, .context = 3, .colour = -1};
    int status;

    cli_start(argc, argv);
    status = parse(&chosen, argc, argv);
    if (status < 0)
        status = compare(&chosen, argv + optind);
    rn_source_maps_free(chosen.maps);
    return status;
}
