/* SPDX-License-Identifier: MIT */
/* Recording a program, for the commands that do. */
#ifndef RN_CLI_RECORD_H
#define RN_CLI_RECORD_H

#include "capture/engine.h"
#include "capture/session.h"

/* The recorder's own failures, as env(1), timeout(1) and others have them. */
enum { CLI_EXIT_RECORDER = 125, CLI_EXIT_NOT_EXECUTABLE = 126, CLI_EXIT_NOT_FOUND = 127 };

struct cli_decisions;
struct cli_record_device;
struct cli_record_trace;

#define CLI_RINGS_VARIABLE "RN_RINGS="
#define CLI_RINGS_SIZE     4200u /* of struct cli_recording's rings_variable */

struct cli_recording {
    struct rn_session_options session;
    struct rn_engine_options engine;
    struct cli_decisions *decisions; /* may be NULL */
    const struct rn_engine *how; /* also rn_engine_auto */
    char *rings_variable; /* of engine.environment: gets the path of the rings; may be NULL */
    struct cli_record_device *devices; /* may be NULL */
    struct cli_record_trace *trace; /* may be NULL */
    bool files;            /* state the content of files that cannot be told otherwise */
    const char *selection; /* the -e expressions, for the manifest; NULL: all */
};

/* How this process was started, for the program to be started likewise. Before cli_start. */
struct cli_inherited {
    bool sigpipe_ignored;
    bool closed[3]; /* standard descriptors that were not open */
};
struct cli_inherited cli_record_inherited(void);
/* After cli_start: descriptors that it opened are not for the program. */
void cli_record_hide(const struct cli_inherited *inherited);

/* Record until the program has ended. True: *wait_status is the program's (0 where attached); a
 * message has told if the recording is not whole. False after a message: nothing ran, or nothing
 * could be recorded of what was attached to; *exit_status is the command's. */
bool cli_record(const struct cli_recording *recording, int *wait_status, int *exit_status);

/* cli_record_manifest.c: initialise the manifest and fill it, but for clock and start. */
void cli_record_manifest(const struct cli_recording *recording, struct rn_manifest *manifest);

/* cli_record_files.c: what is in the files that the program has left, where that cannot be told from
 * what was recorded: stated in DESCRIPTOR events with their content. Reads the recording that is
 * still being written for `output`; where it has more than CLI_RECORD_FILES_MAX system calls, or is only partly
 * there, nothing is done. */
enum { CLI_RECORD_FILES_MAX = 1 << 20 };
/* What looks, while that goes on, whether there is anything to do then; NULL: no memory. Given to
 * cli_record_files, which frees it. */
struct rn_effects_watch *cli_record_watch(struct rn_session *session);
void cli_record_files(struct rn_session *session, const char *output,
                      struct rn_effects_watch *watch);

/* cli_record_help.c: before and behind the help of the options of computing. */
extern const char cli_record_help[], cli_record_help_end[];

/* Take the argument of --stack: -1, or after a message the exit status. */
int cli_record_stack(struct rn_engine_options *engine, const char *text);

/* cli_record_symbols.c: put the symbols that its stacks need into a recording that is whole; a message
 * tells where that cannot be done. `debuginfod`: with what --debuginfod finds. */
void cli_record_symbols(const char *output, bool debuginfod);

/* End as the program did: never returns where it was ended by a signal. */
int cli_record_end_as(int wait_status);

#endif
