/* SPDX-License-Identifier: MIT */
/* rn-record: run a program, or attach to one, and write what it does into an archive. */
#include "cli_debuginfod.h"
#include "cli_record.h"
#include "cli_record_libraries.h"
#include "cli_record_trace.h"

#include "libanalysis/filter.h"

#include <string.h>
#include <unistd.h>

enum {
    OPT_CONTENT = CLI_OPT_OWN,
    OPT_ENV,
    OPT_MAX_SIZE,
    OPT_LAST,
    OPT_PIN,
    OPT_STACK,
    OPT_SYMBOLS,
    OPT_DEBUGINFOD,
    OPT_ENGINE,
    OPT_FEATURES
};

static const struct option options[] = {
    CLI_COMMON_LONG,
    CLI_RECORD_COMPUTE_LONG,
    CLI_RECORD_DEVICE_LONG,
    CLI_RECORD_TRACE_LONG,
    {"output", required_argument, NULL, 'o'},
    {"pid", required_argument, NULL, 'p'},
    {"expr", required_argument, NULL, 'e'},
    {"content", required_argument, NULL, OPT_CONTENT},
    {"stack", required_argument, NULL, OPT_STACK},
    {"symbols", no_argument, NULL, OPT_SYMBOLS},
    {"debuginfod", no_argument, NULL, OPT_DEBUGINFOD},
    {"env", required_argument, NULL, OPT_ENV},
    {"max-size", required_argument, NULL, OPT_MAX_SIZE},
    {"last", required_argument, NULL, OPT_LAST},
    {"pin", no_argument, NULL, OPT_PIN},
    {"engine", required_argument, NULL, OPT_ENGINE},
    {"features", no_argument, NULL, OPT_FEATURES},
    {NULL, 0, NULL, 0},
};

static const struct rn_engine *const engines[] = {&rn_engine_auto, &rn_engine_inline,
                                                  &rn_engine_ptrace};
static const struct rn_engine *const default_engine = &rn_engine_auto;
#define ENGINE_COUNT (sizeof(engines) / sizeof(engines[0]))

enum { PIDS_MAX = 64, NAMES_MAX = 64, CONTENT_HEAD = 32 };

struct command {
    struct cli_recording recording;
    struct cli_record_libraries libraries;
    struct cli_record_trace trace;
    struct rn_filter *filter;
    struct rn_buf selection; /* -e expressions, as one */
    pid_t pids[PIDS_MAX];
    char *names[NAMES_MAX + 1];
    size_t name_count;
    bool features, symbols, debuginfod;
};

/* Each of these returns -1, or after a message the exit status. */

static int set_content(struct rn_engine_options *engine, const char *text)
{
    uint64_t bytes;

    engine->content_none = strcmp(text, "none") == 0;
    engine->content_head = UINT64_MAX;
    if (engine->content_none || strcmp(text, "all") == 0)
        return -1;
    if (!cli_parse_size(text, &bytes))
        return cli_usage("--content is 'none', a number of bytes or 'all', not '%s'", text);
    engine->content_head = bytes;
    return -1;
}

static int add_pid(struct command *command, const char *text)
{
    struct rn_engine_options *engine = &command->recording.engine;
    uint64_t pid;

    if (!cli_parse_number(text, &pid) || pid == 0 || pid > INT32_MAX)
        return cli_usage("-p '%s' is no process number", text);
    if (engine->attach_count == PIDS_MAX)
        return cli_usage("at most %d processes can be given with -p", PIDS_MAX);
    command->pids[engine->attach_count++] = (pid_t)pid;
    return -1;
}

static int add_name(struct command *command, char *name)
{
    if (name[0] == '\0' || strchr(name, '='))
        return cli_usage("--env takes the name of a variable, not '%s'", name);
    if (command->name_count == NAMES_MAX)
        return cli_usage("at most %d variables can be given with --env", NAMES_MAX);
    command->names[command->name_count++] = name;
    return -1;
}

static int add_expression(struct command *command, const char *expression)
{
    struct rn_error err = RN_ERROR_INIT;

    if (rn_filter_add(command->filter, expression, &err) != RN_OK) {
        cli_expression_error("-e", &err);
        return CLI_EXIT_RECORDER;
    }
    if (command->selection.size > 0)
        rn_buf_byte(&command->selection, ',');
    rn_buf_text(&command->selection, expression);
    return -1;
}

static int set_size(uint64_t *size, const char *option, const char *text)
{
    if (cli_parse_size(text, size) && *size > 0)
        return -1;
    return cli_usage("%s takes a size such as 64M, not '%s'", option, text);
}

static int set_engine(struct cli_recording *recording, const char *name)
{
    for (size_t i = 0; i < ENGINE_COUNT; i++)
        if (strcmp(engines[i]->name, name) == 0) {
            recording->how = engines[i];
            return -1;
        }
    return cli_usage("there is no engine '%s' in this build", name);
}

static int set_option(struct command *command, int letter)
{
    struct cli_recording *recording = &command->recording;
    int status;

    if (cli_record_libraries_option(&command->libraries, letter, optarg, &status))
        return status;
    if (cli_record_trace_option(&command->trace, letter, optarg))
        return -1;
    switch (letter) {
    case 'o':
        recording->session.output = optarg;
        return -1;
    case 'p':
        return add_pid(command, optarg);
    case 'e':
        return add_expression(command, optarg);
    case OPT_CONTENT:
        return set_content(&recording->engine, optarg);
    case OPT_STACK:
        return cli_record_stack(&recording->engine, optarg);
    case OPT_SYMBOLS:
        command->symbols = true;
        return -1;
    case OPT_DEBUGINFOD:
        command->debuginfod = true;
        return cli_debuginfod_wanted() ? -1 : CLI_EXIT_RECORDER;
    case OPT_ENV:
        return add_name(command, optarg);
    case OPT_MAX_SIZE:
        return set_size(&recording->session.writer.max_size, "--max-size", optarg);
    case OPT_LAST:
        return set_size(&recording->session.writer.keep_last, "--last", optarg);
    case OPT_PIN:
        recording->engine.pin = true;
        return -1;
    case OPT_ENGINE:
        return set_engine(recording, optarg);
    case OPT_FEATURES:
        command->features = true;
        return -1;
    default:
        return CLI_EXIT_RECORDER;
    }
}

/* What the options ask for, as the engine needs it; operands are the command. */
static int complete(struct command *command, char **operands)
{
    struct cli_recording *recording = &command->recording;
    struct rn_engine_options *engine = &recording->engine;
    bool calls = rn_filter_kinds(command->filter) >> RN_KIND_SYSCALL & 1;
    int status;

    if (operands[0] && engine->attach_count > 0)
        return cli_usage("give either a command or -p PID, not both");
    if (engine->attach_count > 0 || engine->content_none || recording->session.writer.keep_last)
        recording->files = false;
    if (!operands[0] && engine->attach_count == 0)
        return cli_usage("no command to record");
    if (strcmp(recording->session.output, "-") == 0) {
        if (isatty(STDOUT_FILENO))
            return cli_usage("an archive is not for a terminal: use -o FILE, or a pipe");
        engine->stdout_to_stderr = true;
        if (command->symbols)
            return cli_usage("--symbols needs a file: use -o FILE");
    }
    if (command->debuginfod && !command->symbols)
        return cli_usage("--debuginfod is about symbols: it goes with --symbols");
    engine->argv = operands[0] ? operands : NULL;
    engine->attach_pids = command->pids;
    engine->env_names = command->names;
    for (unsigned abi = 0; calls && abi < RN_ABI_COUNT; abi++)
        rn_filter_syscalls(command->filter, (enum rn_abi)abi, engine->selected[abi]);
    if (cli_record_depends_on_result(command->filter, engine->selected[RN_ABI_X86_64]))
        return cli_usage("which calls fail is known after them: select by result when reading");
    if (command->selection.size > 0) {
        rn_buf_byte(&command->selection, '\0');
        recording->selection = (const char *)command->selection.data;
    }
    if (command->selection.failed) {
        cli_fail("out of memory");
        return CLI_EXIT_RECORDER;
    }
    status = cli_record_libraries_prepare(&command->libraries, recording);
    return status < 0 ? cli_record_trace_prepare(&command->trace, recording) : status;
}

static int parse(struct command *command, int argc, char **argv)
{
    static char whole_help[8192];
    int letter, status = -1;
    bool done = false;

    snprintf(whole_help, sizeof(whole_help), "%s%s%s%s%s", cli_record_help, cli_record_compute_help,
             cli_record_device_help, cli_record_trace_help, cli_record_help_end);
    while (status < 0 && !done &&
           (letter = cli_getopt(argc, argv, "+" CLI_COMMON_SHORT "o:p:e:", options)) != -1) {
        if (!cli_common(letter, whole_help, &done, &status))
            status = set_option(command, letter);
    }
    if (status < 0 && !command->features)
        status = complete(command, argv + optind);
    return status == RN_EXIT_OK ? RN_EXIT_OK : status < 0 ? -1 : CLI_EXIT_RECORDER;
}

static int print_features(void)
{
    char text[256] = "engines:";
    size_t used = strlen(text);

    for (size_t i = 0; i < ENGINE_COUNT; i++)
        if (engines[i]->start)
            used += (size_t)snprintf(text + used, sizeof(text) - used, " %s", engines[i]->name);
    used += (size_t)snprintf(text + used, sizeof(text) - used, "\n");
    cli_record_compute_features(text + used, sizeof(text) - used);
    used = strlen(text);
    snprintf(text + used, sizeof(text) - used, "archive version: %d\n", RN_ARCHIVE_VERSION);
    return cli_help(text);
}

static int run(struct command *command)
{
    int wait_status, exit_status;

    if (command->features)
        return print_features();
    if (!cli_record(&command->recording, &wait_status, &exit_status))
        return exit_status;
    if (command->symbols)
        cli_record_symbols(command->recording.session.output, command->debuginfod);
    return command->recording.engine.argv ? cli_record_end_as(wait_status) : RN_EXIT_OK;
}

int main(int argc, char **argv)
{
    struct cli_inherited inherited = cli_record_inherited();
    struct command command = {
        .libraries = {.rings = CLI_RINGS_VARIABLE},
        .recording = {
            .session = {.output = "run.rna"},
            .files = true,
            .engine = {.content_head = CONTENT_HEAD, .sigpipe_ignored = inherited.sigpipe_ignored},
            .how = default_engine}};
    int status;

    cli_start(argc, argv);
    cli_record_hide(&inherited);
    command.filter = rn_filter_new();
    if (!command.filter) {
        cli_fail("out of memory");
        return CLI_EXIT_RECORDER;
    }
    status = parse(&command, argc, argv);
    if (status < 0)
        status = run(&command);
    cli_record_trace_free(&command.trace);
    cli_record_libraries_free(&command.libraries);
    rn_filter_free(command.filter);
    rn_buf_free(&command.selection);
    return status;
}
