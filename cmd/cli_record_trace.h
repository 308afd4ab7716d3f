/* SPDX-License-Identifier: MIT */
/* Options of rn-record about the trace that a recording belongs to (W3C Trace Context), and what of
 * it is handed to the program. */
#ifndef RN_CLI_RECORD_TRACE_H
#define RN_CLI_RECORD_TRACE_H

#include "cli_record.h"

#include "formats/manifest.h"
#include "formats/trace_context.h"

enum { CLI_OPT_TRACE_PARENT = 0x400, CLI_OPT_TRACE_STATE, CLI_OPT_PROPAGATE };

/* clang-format off */
#define CLI_RECORD_TRACE_LONG \
    {"propagate", no_argument, NULL, CLI_OPT_PROPAGATE}, \
    {"trace-parent", required_argument, NULL, CLI_OPT_TRACE_PARENT}, \
    {"trace-state", required_argument, NULL, CLI_OPT_TRACE_STATE}
/* clang-format on */
extern const char cli_record_trace_help[];

enum { CLI_TRACE_PARENT, CLI_TRACE_LAMPORT, CLI_TRACE_STATE, CLI_TRACE_VARIABLES };

struct cli_record_trace {
    const char *parent, *state; /* as given, else of the environment; NULL none */
    bool propagate;
    struct rn_trace_parent under; /* `parent` */
    uint64_t lamport;             /* as RN_LAMPORT says; 0 */
    char **environment;           /* of the program, with: */
    char *variables[CLI_TRACE_VARIABLES];
};

/* False: the letter is not one of these options. */
bool cli_record_trace_option(struct cli_record_trace *trace, int letter, const char *argument);
/* What the options and the recorder's environment mean for a recording; after all options that make
 * an environment. -1, or after a message the exit status. */
int cli_record_trace_prepare(struct cli_record_trace *trace, struct cli_recording *recording);
/* Write it into the manifest, which names the recording; what the program is handed is known from
 * then on. */
void cli_record_trace_manifest(struct cli_record_trace *trace, struct rn_manifest *manifest);
void cli_record_trace_free(struct cli_record_trace *trace);

#endif
