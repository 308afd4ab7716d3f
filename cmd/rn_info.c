/* SPDX-License-Identifier: MIT */
/* rn-info: what is in a recording, is it whole, and make an archive of one that was cut short. */
#include "cli_info.h"
#include "cli_locate.h"

#include "formats/archive.h"
#include "formats/escape.h"
#include "formats/writer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] =
    "Usage: rn-info [OPTION...] FILE...\n"
    "Say what is in recordings; FILE '-' is standard input.\n"
    "\n"
    "      --brief          from manifest and index alone, where the recording has an index\n"
    "      --debuginfod     for --embed-symbols, ask the servers that DEBUGINFOD_URLS names\n"
    "      --embed-symbols  put into recordings what is needed to resolve their stacks elsewhere\n"
    "      --env[=NAME]     print the files about the machine, or the one of that name\n"
    "      --json           one JSON object a recording\n"
    "  -o, --output FILE    write to FILE, which appears when it is whole\n"
    "      --seal           make an archive of each unsealed recording FILE.part\n"
    "      --verify         check every checksum and decode everything\n"
    "\n"
    "  -q, --quiet   no warnings      -h, --help      this text\n"
    "  -v, --verbose more messages    -V, --version   version\n";

enum { OPT_BRIEF = CLI_OPT_OWN, OPT_EMBED, OPT_ENV, OPT_JSON, OPT_SEAL, OPT_VERIFY };

static const struct option options[] = {
    CLI_COMMON_LONG,
    CLI_LOCATE_DEBUGINFOD_LONG,
    {"brief", no_argument, NULL, OPT_BRIEF},
    {"embed-symbols", no_argument, NULL, OPT_EMBED},
    {"env", optional_argument, NULL, OPT_ENV},
    {"json", no_argument, NULL, OPT_JSON},
    {"output", required_argument, NULL, 'o'},
    {"seal", no_argument, NULL, OPT_SEAL},
    {"verify", no_argument, NULL, OPT_VERIFY},
    {NULL, 0, NULL, 0},
};

struct command {
    int action; /* OPT_EMBED, OPT_ENV, OPT_SEAL, OPT_VERIFY; 0: describe */
    bool brief, json;
    const char *env_name, *output_path;
    struct cli_locate locate;
};

static bool describe(const struct command *command, const char *path, struct rn_buf *out)
{
    struct cli_info info;
    bool fine = cli_info_read(&info, path, command->brief);
    if (fine && command->json)
        cli_info_json(&info, out);
    else if (fine)
        cli_info_text(&info, out);
    fine = fine && info.damage == 0;
    cli_info_clear(&info);
    return fine;
}

/* The name of the part directory, which may be given by the name that the archive will have. */
static bool find_part(const char *path, struct rn_buf *part)
{
    struct stat st;
    rn_buf_text(part, path);
    rn_buf_append(part, RN_PART_SUFFIX, sizeof(RN_PART_SUFFIX));
    if (!part->failed && stat((const char *)part->data, &st) < 0)
        part->data[strlen(path)] = '\0';
    return !part->failed;
}

static bool seal(const char *path, struct rn_buf *out)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_buf part = RN_BUF_INIT;
    char *sealed = NULL;
    enum rn_status status = find_part(path, &part)
                                ? rn_part_seal((const char *)part.data, &sealed, &err)
                                : rn_fail(&err, RN_E_NOMEM, "out of memory");
    if (status != RN_OK) {
        cli_error(&err);
    } else if (!cli_quiet) {
        rn_buf_text(out, "sealed ");
        rn_escape_terminal(out, (const uint8_t *)sealed, strlen(sealed));
        rn_buf_byte(out, '\n');
    }
    free(sealed);
    rn_buf_free(&part);
    return status == RN_OK;
}

static bool act(const struct command *command, const char *path, struct rn_buf *out)
{
    switch (command->action) {
    case OPT_EMBED:
        return cli_info_embed(path, &command->locate.options, out);
    case OPT_ENV:
        return cli_info_environment(path, command->env_name, out);
    case OPT_SEAL:
        return seal(path, out);
    case OPT_VERIFY:
        return cli_info_verify(path, out);
    default:
        return describe(command, path, out);
    }
}

static int run(const struct command *command, char **paths)
{
    struct cli_output *output = cli_output_open(command->output_path);
    struct rn_buf buf = RN_BUF_INIT;
    bool fine = true, written = output != NULL;
    for (char **path = paths; *path && written; path++) {
        size_t before = buf.size;
        fine = act(command, *path, &buf) && fine;
        if (path[1] && !command->json && !command->action && buf.size > before)
            rn_buf_byte(&buf, '\n');
        if (path[1])
            written = cli_output_flush_some(output, &buf);
    }
    if (output && !fine && command->output_path && buf.size == 0)
        cli_output_abandon(output);
    else if (output)
        written = cli_output_close(output, &buf);
    rn_buf_free(&buf);
    return fine && written ? RN_EXIT_OK : RN_EXIT_TROUBLE;
}

/* -1 or, after a message, the exit status. */
static int set_action(struct command *command, int action)
{
    if (command->action && command->action != action)
        return cli_usage("--embed-symbols, --env, --seal and --verify exclude each other");
    command->action = action;
    return -1;
}

static int set_option(struct command *command, int letter)
{
    switch (letter) {
    case OPT_BRIEF:
        command->brief = true;
        return -1;
    case OPT_JSON:
        command->json = true;
        return -1;
    case 'o':
        command->output_path = optarg;
        return -1;
    case OPT_ENV:
        command->env_name = optarg;
        return set_action(command, OPT_ENV);
    case OPT_EMBED:
    case OPT_SEAL:
    case OPT_VERIFY:
        return set_action(command, letter);
    default:
        return RN_EXIT_TROUBLE;
    }
}

/* -1: go on; else the exit status. */
static int parse(struct command *command, int argc, char **argv)
{
    int letter, status = -1;
    bool done = false;
    while (status < 0 && !done &&
           (letter = cli_getopt(argc, argv, CLI_COMMON_SHORT "o:", options)) != -1)
        if (!cli_common(letter, help, &done, &status) &&
            !cli_locate_option(&command->locate, letter, optarg, &status))
            status = set_option(command, letter);
    if (status < 0 && command->json && command->action)
        status = cli_usage("--json describes a recording: not with --env, --seal or --verify");
    if (status < 0 && command->brief && command->action)
        status = cli_usage(
            "--brief describes a recording: not with --embed-symbols, --env, --seal or --verify");
    if (status < 0)
        status =
            cli_locate_check(&command->locate, command->action == OPT_EMBED, true, "--embed-symbols");
    if (status < 0 && optind == argc)
        status = cli_usage("no recording given ('-' is standard input)");
    return status;
}

int main(int argc, char **argv)
{
    struct command command = {.action = 0};
    cli_start(argc, argv);
    int status = parse(&command, argc, argv);
    if (status < 0)
        status = run(&command, argv + optind);
    cli_locate_free(&command.locate);
    return status;
}
