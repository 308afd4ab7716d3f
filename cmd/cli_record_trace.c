/* SPDX-License-Identifier: MIT */
#include "cli_record_trace.h"

#include "cli.h"

#include "libanalysis/span_id.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

const char cli_record_trace_help[] =
    "      --propagate       hand the program a TRACEPARENT that stands for this recording, and\n"
    "                        RN_LAMPORT: recordings that it leads to are then below this one\n"
    "      --trace-parent ID put the recording under this span (traceparent of W3C Trace\n"
    "                        Context); if not given, under that of the variable TRACEPARENT\n"
    "      --trace-state LIST  the tracestate that belongs to --trace-parent\n";

/* In the order of the variables. */
static const char *const names[CLI_TRACE_VARIABLES] = {
    "TRACEPARENT=", "RN_LAMPORT=", "TRACESTATE="};

bool cli_record_trace_option(struct cli_record_trace *trace, int letter, const char *argument)
{
    switch (letter) {
    case CLI_OPT_TRACE_PARENT:
        trace->parent = argument;
        return true;
    case CLI_OPT_TRACE_STATE:
        trace->state = argument;
        return true;
    case CLI_OPT_PROPAGATE:
        trace->propagate = true;
        return true;
    default:
        return false;
    }
}

static int check_options(struct cli_record_trace *trace)
{
    const char *fault =
        trace->state ? rn_trace_state_fault(trace->state, strlen(trace->state)) : NULL;

    if (trace->state && !trace->parent)
        return cli_usage("--trace-state belongs to --trace-parent, which is not given");
    if (!rn_trace_parent_parse(trace->parent, strlen(trace->parent), &trace->under))
        return cli_usage("'%s' is no traceparent such as "
                         "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                         trace->parent);
    if (fault)
        return cli_usage("--trace-state '%s': %s", trace->state, fault);
    return -1;
}

/* What cannot be used is worth a word only where it breaks a chain that was asked for. */
static void ignored(const struct cli_record_trace *trace, const char *name, const char *what)
{
    if (trace->propagate)
        cli_warn("%s is not used: %s", name, what);
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

static void take_environment(struct cli_record_trace *trace)
{
    const char *fault;

    trace->parent = variable("TRACEPARENT");
    if (!trace->parent)
        return;
    if (!rn_trace_parent_parse(trace->parent, strlen(trace->parent), &trace->under)) {
        ignored(trace, "TRACEPARENT", "it is no traceparent of W3C Trace Context");
        trace->parent = NULL;
        return;
    }
    trace->state = variable("TRACESTATE");
    fault = trace->state ? rn_trace_state_fault(trace->state, strlen(trace->state)) : NULL;
    if (fault) {
        ignored(trace, "TRACESTATE", fault);
        trace->state = NULL;
    }
}

static void take_lamport(struct cli_record_trace *trace)
{
    const char *text = variable("RN_LAMPORT");

    if (!text || (cli_parse_number(text, &trace->lamport) && trace->lamport < UINT64_MAX))
        return;
    ignored(trace, "RN_LAMPORT", "it is no number");
    trace->lamport = 0;
}

static bool is_ours(const char *variable)
{
    for (size_t i = 0; i < CLI_TRACE_VARIABLES; i++)
        if (strncmp(variable, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* Its values are known when the recording has a name. */
static bool make_environment(struct cli_record_trace *trace, struct cli_recording *recording)
{
    char *const *old = recording->engine.environment ? recording->engine.environment : environ;
    size_t count = 0, used = 0;

    while (old[count])
        count++;
    trace->environment = calloc(count + CLI_TRACE_VARIABLES + 1, sizeof(*trace->environment));
    trace->variables[CLI_TRACE_PARENT] = calloc(1, strlen(names[0]) + RN_TRACE_PARENT_SIZE);
    if (!trace->environment || !trace->variables[CLI_TRACE_PARENT] ||
        asprintf(&trace->variables[CLI_TRACE_LAMPORT], "RN_LAMPORT=%" PRIu64, trace->lamport + 1) <
            0)
        return false;
    if (trace->state &&
        asprintf(&trace->variables[CLI_TRACE_STATE], "TRACESTATE=%s", trace->state) < 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!is_ours(old[i]))
            trace->environment[used++] = old[i];
    memcpy(trace->environment + used, trace->variables, sizeof(trace->variables));
    recording->engine.environment = trace->environment;
    return true;
}

int cli_record_trace_prepare(struct cli_record_trace *trace, struct cli_recording *recording)
{
    bool starts = recording->engine.argv != NULL;
    int status = -1;

    recording->trace = trace;
    if (trace->propagate && !starts)
        return cli_usage("--propagate needs a program to start: it gets variables");
    if (trace->parent || trace->state)
        status = check_options(trace);
    else if (starts)
        take_environment(trace);
    if (starts)
        take_lamport(trace);
    if (status < 0 && trace->propagate && !make_environment(trace, recording)) {
        cli_fail("out of memory");
        return CLI_EXIT_RECORDER;
    }
    return status;
}

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

/* The span's id comes from the recording's UUID, so that it is known before there is a span. */
static void name_span(struct cli_record_trace *trace, struct rn_manifest *manifest)
{
    struct rn_trace_parent given = trace->under;
    struct rn_span_ids ids;
    char text[RN_TRACE_PARENT_SIZE];

    rn_span_ids_init(&ids, manifest->uuid);
    given.span_id = rn_span_id_structure(&ids, RN_SPAN_GIVEN, 0, 0);
    if (!trace->parent) {
        rn_span_id_trace(&ids, RN_SPAN_GIVEN, 0, given.trace_id);
        given.flags = RN_TRACE_FLAG_SAMPLED;
    }
    rn_trace_parent_format(&given, text);
    sprintf(trace->variables[CLI_TRACE_PARENT], "%s%s", names[CLI_TRACE_PARENT], text);
    manifest->trace_given = copy(text);
}

void cli_record_trace_manifest(struct cli_record_trace *trace, struct rn_manifest *manifest)
{
    if (!trace)
        return;
    manifest->trace_parent = copy(trace->parent);
    manifest->trace_state = copy(trace->state);
    manifest->lamport = trace->lamport;
    if (trace->propagate)
        name_span(trace, manifest);
}

void cli_record_trace_free(struct cli_record_trace *trace)
{
    for (size_t i = 0; i < CLI_TRACE_VARIABLES; i++)
        free(trace->variables[i]);
    free(trace->environment);
}
