/* SPDX-License-Identifier: MIT */
/* rn-merge: one causally ordered recording from several. */
#include "cli_merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: rn-merge [OPTION...] -o OUT FILE...\n"
    "       rn-merge --before EVENT EVENT MERGED\n"
    "Make one causally ordered recording from several; FILE '-' is standard input.\n"
    "\n"
    "      --before EVENT   did EVENT come before the one that is named next? Prints yes,\n"
    "                       no or concurrent; EVENT is STREAM:ORDINAL of the merged\n"
    "                       recording, or UUID:STREAM:ORDINAL\n"
    "      --json           what is printed, as one JSON object\n"
    "      --keep-going     leave out what cannot be merged, and merge the rest\n"
    "      --no-inferred    leave out edges that are likely, but not proven\n"
    "  -o, --output OUT     write the merged recording to OUT, '-' is standard output\n"
    "      --report         print what was found: hosts and their clocks, edges\n"
    "\n"
    "  -q, --quiet   no warnings      -h, --help      this text\n"
    "  -v, --verbose more messages    -V, --version   version\n";

enum { OPT_BEFORE = CLI_OPT_OWN, OPT_JSON, OPT_KEEP_GOING, OPT_NO_INFERRED, OPT_REPORT };

static const struct option options[] = {
    CLI_COMMON_LONG,
    {"before", required_argument, NULL, OPT_BEFORE},
    {"json", no_argument, NULL, OPT_JSON},
    {"keep-going", no_argument, NULL, OPT_KEEP_GOING},
    {"no-inferred", no_argument, NULL, OPT_NO_INFERRED},
    {"output", required_argument, NULL, 'o'},
    {"report", no_argument, NULL, OPT_REPORT},
    {NULL, 0, NULL, 0},
};

struct command {
    struct rn_merge_options merge;
    const char *before, *output_path;
    bool json, report;
};

/* ---- merging ---- */

/* False: it cannot be merged, and that ends the command. */
static bool add_input(const struct command *command, struct rn_merge *merge, const char *path,
                      struct cli_merge_spool *spool, bool *left_out)
{
    struct rn_error err = RN_ERROR_INIT;
    const char *name = path;

    if (strcmp(path, "-") == 0 && !(name = cli_merge_spool(spool)))
        return false;
    if (rn_merge_add(merge, name, &err) == RN_OK)
        return true;
    if (name != path)
        rn_fail_in(&err, "standard input");
    cli_error(&err);
    *left_out = true;
    return command->merge.keep_going;
}

static bool write_merged(const struct command *command, struct rn_merge *merge)
{
    struct cli_output *output = cli_output_open_archive(command->output_path);
    struct rn_error err = RN_ERROR_INIT;

    if (!output)
        return false;
    if (rn_merge_write(merge, cli_output_descriptor(output),
                       strcmp(command->output_path, "-") ? command->output_path : "standard output",
                       &err) == RN_OK)
        return cli_output_close(output, NULL);
    cli_error(&err);
    cli_output_abandon(output);
    return false;
}

static bool print_report(const struct command *command, const struct rn_merge *merge)
{
    struct rn_buf text = RN_BUF_INIT;
    bool to_error = strcmp(command->output_path, "-") == 0;
    bool fine;

    if (command->json)
        cli_merge_report_json(merge, &text);
    else
        cli_merge_report(merge, &text);
    fine = !text.failed && fwrite(text.data, 1, text.size, to_error ? stderr : stdout) == text.size;
    fine = fine && fflush(to_error ? stderr : stdout) == 0;
    if (!fine)
        cli_fail("cannot write the report: %s", strerror(errno));
    rn_buf_free(&text);
    return fine;
}

static int merge_files(const struct command *command, char **paths)
{
    struct cli_merge_spool spool = {.path = ""};
    struct rn_error err = RN_ERROR_INIT;
    struct rn_merge *merge = NULL;
    bool left_out = false, fine = true;

    if (rn_merge_new(&command->merge, &merge, &err) != RN_OK) {
        cli_error(&err);
        return RN_EXIT_TROUBLE;
    }
    for (; *paths && fine; paths++)
        fine = add_input(command, merge, *paths, &spool, &left_out);
    if (fine && rn_merge_count(merge) == 0) {
        cli_fail("nothing is left to merge");
        fine = false;
    }
    fine = fine && write_merged(command, merge);
    if (fine && command->report)
        fine = print_report(command, merge);
    rn_merge_free(merge);
    cli_merge_unspool(&spool);
    return fine && !left_out ? RN_EXIT_OK : RN_EXIT_TROUBLE;
}

/* ---- options ---- */

static bool set_option(struct command *command, int letter)
{
    switch (letter) {
    case OPT_BEFORE:
        command->before = optarg;
        return true;
    case OPT_JSON:
        command->json = true;
        return true;
    case OPT_KEEP_GOING:
        command->merge.keep_going = true;
        return true;
    case OPT_NO_INFERRED:
        command->merge.no_inferred = true;
        return true;
    case OPT_REPORT:
        command->report = true;
        return true;
    case 'o':
        command->output_path = optarg;
        return true;
    default:
        return false;
    }
}

static int check_and_run(const struct command *command, int argc, char **argv)
{
    if (command->before) {
        if (argc != 2)
            return cli_usage("--before needs the other event and a merged recording");
        if (command->output_path || command->report || command->merge.keep_going ||
            command->merge.no_inferred)
            return cli_usage("--before merges nothing: only --json goes with it");
        return cli_merge_before(argv[1], command->before, argv[0], command->json);
    }
    if (argc == 0)
        return cli_usage("no recordings are given");
    if (command->json && !command->report)
        return cli_usage("--json is for --report and --before");
    if (!command->output_path)
        return cli_usage("-o OUT is missing");
    if (strcmp(command->output_path, "-") == 0 && isatty(STDOUT_FILENO))
        return cli_usage("a recording is no text: standard output is a terminal");
    for (int i = 0; i < argc; i++)
        if (cli_same_file(command->output_path, argv[i]))
            return cli_usage("'%s' is one of the recordings: name another output", argv[i]);
    return merge_files(command, argv);
}

int main(int argc, char **argv)
{
    struct command command = {.merge = {.creator = "rn-merge " RN_VERSION}};
    bool done = false;
    int letter, status = RN_EXIT_OK;

    cli_start(argc, argv);
    cli_merge_open_many();
    while ((letter = cli_getopt(argc, argv, "o:" CLI_COMMON_SHORT, options)) != -1) {
        if (letter == '?')
            return RN_EXIT_TROUBLE;
        if (!set_option(&command, letter) && !cli_common(letter, help, &done, &status))
            return RN_EXIT_TROUBLE;
        if (done)
            return status;
    }
    return check_and_run(&command, argc - optind, argv + optind);
}
