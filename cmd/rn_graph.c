/* SPDX-License-Identifier: MIT */
/* rn-graph: what led to what, for the programs that draw graphs. */
#include "cli_graph.h"

#include <string.h>

static const char help[] =
    "Usage: rn-graph [OPTION...] FILE\n"
    "Write which event of a recording led to which, as a graph.\n"
    "\n"
    "      --format NAME        dot (default), graphml, or shiviz: a log with vector clocks\n"
    "      --all                also events that nothing led to and that led to nothing\n"
    "      --proven             without inferred edges\n"
    "  -o, --output FILE        write to FILE, which appears when it is whole\n"
    "\n";

static const char help_end[] = "\n"
                               "  -q, --quiet   no warnings      -h, --help      this text\n"
                               "  -v, --verbose more messages    -V, --version   version\n";

enum { OPT_ALL = CLI_OPT_OWN, OPT_FORMAT, OPT_PROVEN };

static const struct option options[] = {
    CLI_SELECT_LONG,
    CLI_COMMON_LONG,
    {"all", no_argument, NULL, OPT_ALL},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"output", required_argument, NULL, 'o'},
    {"proven", no_argument, NULL, OPT_PROVEN},
    {NULL, 0, NULL, 0},
};

static bool set_form(struct cli_graph_options *graph, const char *name)
{
    static const struct rn_graph_form *const forms[] = {&rn_graph_dot, &rn_graph_graphml};

    graph->form = NULL;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (strcmp(forms[i]->name, name) == 0)
            graph->form = forms[i];
    if (graph->form || strcmp(name, "shiviz") == 0)
        return true;
    cli_usage("--format '%s' is not dot, graphml or shiviz", name);
    return false;
}

/* False after a message. */
static bool set_option(struct cli_graph_options *graph, int letter)
{
    switch (letter) {
    case OPT_ALL:
        graph->all = true;
        return true;
    case OPT_PROVEN:
        graph->proven_only = true;
        return true;
    case OPT_FORMAT:
        return set_form(graph, optarg);
    case 'o':
        graph->output_path = optarg;
        return true;
    default:
        return false;
    }
}

/* -1: go on; else the exit status. */
static int parse(struct cli_graph_options *graph, int argc, char **argv)
{
    static const char letters[] = CLI_SELECT_SHORT CLI_COMMON_SHORT "o:";
    static char whole_help[8192];
    int letter, status = -1;
    bool done = false;

    snprintf(whole_help, sizeof(whole_help), "%s%s%s", help, cli_select_help, help_end);
    while (status < 0 && !done && (letter = cli_getopt(argc, argv, letters, options)) != -1) {
        if (cli_select(graph->filter, letter, optarg, &status) ||
            cli_common(letter, whole_help, &done, &status))
            continue;
        if (!set_option(graph, letter))
            status = RN_EXIT_TROUBLE;
    }
    if (status < 0 && optind == argc)
        status = cli_usage("no recording given");
    if (status < 0 && argc - optind > 1)
        status = cli_usage("one recording at a time; rn-merge makes one of several");
    return status;
}

int main(int argc, char **argv)
{
    struct cli_graph_options graph = {.filter = rn_filter_new(), .form = &rn_graph_dot};
    int status = RN_EXIT_TROUBLE;

    cli_start(argc, argv);
    if (!graph.filter)
        cli_fail("out of memory");
    else
        status = parse(&graph, argc, argv);
    if (status < 0)
        status = cli_graph(&graph, argv[optind]);
    rn_filter_free(graph.filter);
    return status;
}
