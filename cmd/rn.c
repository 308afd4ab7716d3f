/* SPDX-License-Identifier: MIT */
/* rn: run a command of the suite by its verb, as git does. */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct verb {
    const char *name, *summary;
};

static const struct verb verbs[] = {
    {"record", "run or attach to a program and write a recording"},
    {"info", "what is in a recording; verify it, seal it"},
    {"cat", "print events: text like strace, JSON lines, CSV"},
    {"stat", "counts, times, percentiles, errors, outliers"},
    {"diff", "do two recordings show the same behaviour?"},
    {"validate", "record two commands and compare them"},
    {"merge", "one causally ordered recording from several"},
    {"graph", "what led to what, as DOT, GraphML or for ShiViz"},
    {"plot", "pictures: timelines, histograms, flame graphs, a report"},
    {"convert", "from and to files of other tools"},
    {"scrub", "take secrets out of a recording"},
    {"backend-fit", "which backend is fastest, from which size on"},
    {"export-otlp", "send recordings to Tempo, Jaeger and their like"},
};

enum { VERB_COUNT = sizeof(verbs) / sizeof(verbs[0]) };

static int print_verbs(void)
{
    char text[2048];
    size_t used = (size_t)snprintf(text, sizeof(text),
                                   "Usage: rn VERB [ARGUMENT...]\n"
                                   "Record what programs do, and answer questions from the "
                                   "recording.\n\nVerbs:\n");
    for (size_t i = 0; i < VERB_COUNT; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "  %-12s %s\n", verbs[i].name,
                                 verbs[i].summary);
    snprintf(text + used, sizeof(text) - used,
             "  help         this text; 'rn help VERB' is 'rn VERB --help'\n\n"
             "'rn VERB' runs rn-VERB, from beside rn or from PATH. rn --version prints the "
             "version.\n");
    return cli_help(text);
}

/* Returns only where the command could not be run. */
static int execute(const char *verb, char **argv)
{
    char command[64];
    if (strchr(verb, '/') || strlen(verb) > sizeof(command) - sizeof("rn-"))
        return cli_usage("'%s' is not a verb", verb);
    snprintf(command, sizeof(command), "rn-%s", verb);
    argv[0] = command;
    cli_execute(command, argv);
    if (errno == ENOENT)
        return cli_usage("'%s' is not a verb", verb);
    cli_fail("%s: cannot run: %s", command, strerror(errno));
    return RN_EXIT_TROUBLE;
}

int main(int argc, char **argv)
{
    cli_start(argc, argv);
    if (argc < 2)
        return cli_usage("no verb given");
    const char *word = argv[1];
    if (!strcmp(word, "--version") || !strcmp(word, "-V"))
        return cli_version();
    bool help = !strcmp(word, "help") || !strcmp(word, "--help") || !strcmp(word, "-h");
    if (help && argc == 2)
        return print_verbs();
    if (help) {
        char option[] = "--help";
        char *arguments[] = {argv[0], option, NULL};
        return execute(argv[2], arguments);
    }
    if (word[0] == '-')
        return cli_usage("unknown option '%s'", word);
    return execute(word, argv + 1);
}
