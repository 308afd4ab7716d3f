/* SPDX-License-Identifier: MIT */
/* rn-scrub: take secrets out of a recording. */
#include "cli_scrub.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: rn-scrub [--key FILE] [--policy FILE] -o OUT FILE\n"
    "       rn-scrub --check [--json] [--policy FILE] FILE...\n"
    "Write a recording again without names, arguments, addresses and contents that would tell\n"
    "secrets; the same text becomes the same token under the same key.\n"
    "\n"
    "      --check         say what the recordings reveal, and write nothing\n"
    "      --json          with --check: one JSON object a recording\n"
    "      --key FILE      key of 16 to 4096 bytes (default: a new one, which is thrown away)\n"
    "  -o, --output OUT    the archive to write; it appears when it is whole\n"
    "      --policy FILE   rules behind the default ones, see rn-scrub(1)\n"
    "      --print-policy  print the default rules\n"
    "\n"
    "  -q, --quiet   no warnings      -h, --help      this text\n"
    "  -v, --verbose more messages    -V, --version   version\n"
    "\n"
    "Ends with 0 where it was written (with --check: nothing is revealed), 1 where --check found\n"
    "something, 2 where there was trouble.\n";

enum { OPT_CHECK = CLI_OPT_OWN, OPT_JSON, OPT_KEY, OPT_POLICY, OPT_PRINT };

static const struct option options[] = {
    CLI_COMMON_LONG,
    {"check", no_argument, NULL, OPT_CHECK},
    {"json", no_argument, NULL, OPT_JSON},
    {"key", required_argument, NULL, OPT_KEY},
    {"output", required_argument, NULL, 'o'},
    {"policy", required_argument, NULL, OPT_POLICY},
    {"print-policy", no_argument, NULL, OPT_PRINT},
    {NULL, 0, NULL, 0},
};

static void set_option(struct cli_scrub_options *scrub, int letter)
{
    switch (letter) {
    case OPT_CHECK:
        scrub->check = true;
        break;
    case OPT_JSON:
        scrub->json = true;
        break;
    case OPT_KEY:
        scrub->key_path = optarg;
        break;
    case OPT_POLICY:
        scrub->policy_path = optarg;
        break;
    case OPT_PRINT:
        scrub->print = true;
        break;
    default:
        scrub->output_path = optarg;
        break;
    }
}

static int print_policy(void)
{
    struct cli_output *output = cli_output_open(NULL);
    struct rn_buf text = RN_BUF_INIT;
    bool fine;

    rn_buf_text(&text, rn_scrub_default_policy);
    fine = output && cli_output_close(output, &text);
    rn_buf_free(&text);
    return fine ? RN_EXIT_OK : RN_EXIT_TROUBLE;
}

static int act(struct cli_scrub_options *scrub, char **paths)
{
    int status = RN_EXIT_TROUBLE;

    if (cli_scrub_load(scrub))
        status = scrub->check ? cli_scrub_check(scrub, paths) : cli_scrub_write(scrub, *paths);
    cli_scrub_clear(scrub);
    return status;
}

int main(int argc, char **argv)
{
    struct cli_scrub_options scrub = {0};
    int letter, status;
    bool done = false;

    cli_start(argc, argv);
    while ((letter = cli_getopt(argc, argv, "o:" CLI_COMMON_SHORT, options)) != -1) {
        if (letter == '?')
            return RN_EXIT_TROUBLE;
        if (cli_common(letter, help, &done, &status)) {
            if (done)
                return status;
        } else {
            set_option(&scrub, letter);
        }
    }
    if (scrub.print)
        return optind < argc || scrub.check || scrub.key_path || scrub.output_path ||
                       scrub.policy_path
                   ? cli_usage("--print-policy goes alone: it reads and writes no recording")
                   : print_policy();
    if (optind == argc)
        return cli_usage("no recording was named");
    if (scrub.json && !scrub.check)
        return cli_usage("--json is for --check");
    if (scrub.check && scrub.output_path)
        return cli_usage("--check writes nothing: leave out -o");
    if (!scrub.check && !scrub.output_path)
        return cli_usage("name the archive to write with -o");
    if (!scrub.check && optind + 1 < argc)
        return cli_usage("one recording at a time; '%s' is a second one", argv[optind + 1]);
    if (!scrub.check && cli_same_file(scrub.output_path, argv[optind]))
        return cli_usage("'%s' is the recording itself: name another file", scrub.output_path);
    return act(&scrub, argv + optind);
}
