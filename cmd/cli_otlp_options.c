/* SPDX-License-Identifier: MIT */
#include "cli_otlp.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: rn-export-otlp [OPTION...] FILE...\n"
    "Send recordings as traces to Tempo, Jaeger, or whatever takes OTLP; FILE '-' is standard\n"
    "input. Names of spans and attributes: rn-otlp(7).\n"
    "\n"
    "Where to:\n"
    "      --endpoint URL       the receiver (http://localhost:4318)\n"
    "      --protocol NAME      http/protobuf or grpc (http/protobuf)\n"
    "      --header NAME=VALUE  with each request (may be repeated)\n"
    "      --compression NAME   gzip or none (gzip)\n"
    "      --timeout TIME       wait so long for an answer (10s)\n"
    "      --certificate FILE   of the authority that the receiver's certificate is of\n"
    "      --client-certificate FILE\n"
    "      --client-key FILE    to show who this is\n"
    "      --insecure           no TLS where the endpoint has no http:// or https://\n"
    "  -o, --output FILE        into a file instead: FILE.jsonl, or FILE.pb\n"
    "      --format NAME        jsonl or pb, whatever the file is called\n"
    "      --dry-run            send nothing, show what would be sent\n"
    "How:\n"
    "      --in-flight N        requests at a time (4)\n"
    "      --batch-spans N      spans a request (8192)\n"
    "      --batch-bytes SIZE   bytes a request, before compression (3M)\n"
    "      --rate SIZE          bytes a second, before compression; 0 as fast as can be (12M)\n"
    "      --trace-rate N       traces a second; 0 as fast as can be (500)\n"
    "      --retry-time TIME    try again for so long (2m)\n"
    "      --checkpoint FILE    note what is done, and go on from there\n"
    "      --verify URL         read all traces back from Tempo's query API\n"
    "      --verify-time TIME   wait so long for them to appear (60s)\n"
    "What:\n"
    "      --threshold TIME     count system calls, kernels and transfers shorter than this\n"
    "      --trace-spans N      spans a trace; bigger recordings become several (10000)\n"
    "      --trace-bytes SIZE   bytes a trace (4000000)\n"
    "      --service NAME       service.name (the name of the program)\n"
    "      --resource KEY=VALUE further attribute of the resource (may be repeated)\n"
    "      --trace-parent ID    put the recording under this span (traceparent), or 'none'\n"
    "      --source-map FILE    places in generated source as those in the original\n"
    "      --rebase             move the recording in time, so that it ends now\n"
    "\n";

static const char help_end[] = "\n"
                               "      --json    the account as JSON\n"
                               "  -q, --quiet   no account       -h, --help      this text\n"
                               "  -v, --verbose each request     -V, --version   version\n";

enum {
    OPT_ENDPOINT = CLI_OPT_OWN,
    OPT_PROTOCOL,
    OPT_HEADER,
    OPT_COMPRESSION,
    OPT_TIMEOUT,
    OPT_CERTIFICATE,
    OPT_CLIENT_CERTIFICATE,
    OPT_CLIENT_KEY,
    OPT_INSECURE,
    OPT_FORMAT,
    OPT_DRY_RUN,
    OPT_IN_FLIGHT,
    OPT_BATCH_SPANS,
    OPT_BATCH_BYTES,
    OPT_RATE,
    OPT_TRACE_RATE,
    OPT_RETRY_TIME,
    OPT_CHECKPOINT,
    OPT_VERIFY,
    OPT_VERIFY_TIME,
    OPT_THRESHOLD,
    OPT_TRACE_SPANS,
    OPT_TRACE_BYTES,
    OPT_SERVICE,
    OPT_RESOURCE,
    OPT_TRACE_PARENT,
    OPT_REBASE,
    OPT_JSON,
};

static const struct option long_options[] = {
    CLI_SELECT_LONG,
    CLI_COMMON_LONG,
    {"batch-bytes", required_argument, NULL, OPT_BATCH_BYTES},
    {"batch-spans", required_argument, NULL, OPT_BATCH_SPANS},
    {"certificate", required_argument, NULL, OPT_CERTIFICATE},
    {"checkpoint", required_argument, NULL, OPT_CHECKPOINT},
    {"client-certificate", required_argument, NULL, OPT_CLIENT_CERTIFICATE},
    {"client-key", required_argument, NULL, OPT_CLIENT_KEY},
    {"compression", required_argument, NULL, OPT_COMPRESSION},
    {"dry-run", no_argument, NULL, OPT_DRY_RUN},
    {"endpoint", required_argument, NULL, OPT_ENDPOINT},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"header", required_argument, NULL, OPT_HEADER},
    {"in-flight", required_argument, NULL, OPT_IN_FLIGHT},
    {"insecure", no_argument, NULL, OPT_INSECURE},
    {"json", no_argument, NULL, OPT_JSON},
    {"output", required_argument, NULL, 'o'},
    {"protocol", required_argument, NULL, OPT_PROTOCOL},
    {"rate", required_argument, NULL, OPT_RATE},
    {"rebase", no_argument, NULL, OPT_REBASE},
    {"resource", required_argument, NULL, OPT_RESOURCE},
    {"retry-time", required_argument, NULL, OPT_RETRY_TIME},
    CLI_SOURCE_MAP_LONG,
    {"service", required_argument, NULL, OPT_SERVICE},
    {"threshold", required_argument, NULL, OPT_THRESHOLD},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"trace-bytes", required_argument, NULL, OPT_TRACE_BYTES},
    {"trace-parent", required_argument, NULL, OPT_TRACE_PARENT},
    {"trace-rate", required_argument, NULL, OPT_TRACE_RATE},
    {"trace-spans", required_argument, NULL, OPT_TRACE_SPANS},
    {"verify", required_argument, NULL, OPT_VERIFY},
    {"verify-time", required_argument, NULL, OPT_VERIFY_TIME},
    {NULL, 0, NULL, 0},
};

bool cli_otlp_set_protocol(struct cli_otlp_options *options, const char *text)
{
    options->grpc = !strcmp(text, "grpc");
    if (options->grpc || !strcmp(text, "http/protobuf"))
        return true;
    cli_usage("protocol '%s' is not grpc or http/protobuf", text);
    return false;
}

bool cli_otlp_set_compression(struct cli_otlp_options *options, const char *text)
{
    options->gzip = !strcmp(text, "gzip");
    if (options->gzip || !strcmp(text, "none"))
        return true;
    cli_usage("compression '%s' is not gzip or none", text);
    return false;
}

static bool set_format(struct cli_otlp_options *options, const char *text)
{
    options->format = !strcmp(text, "pb")      ? OTLP_PROTOBUF
                      : !strcmp(text, "jsonl") ? OTLP_JSONL
                                               : OTLP_BY_NAME;
    if (options->format != OTLP_BY_NAME)
        return true;
    cli_usage("format '%s' is not jsonl or pb", text);
    return false;
}

enum value { FLAG, TEXT, NUMBER, SIZE, TIME_NS, TIME_MS, CALL };

static const struct setting {
    int letter;
    enum value value;
    size_t offset;
    uint64_t least, most;
    bool (*call)(struct cli_otlp_options *, const char *);
} settings[] = {
#define AT(field) offsetof(struct cli_otlp_options, field)
    {'o', TEXT, AT(output), 0, 0, NULL},
    {OPT_ENDPOINT, TEXT, AT(endpoint), 0, 0, NULL},
    {OPT_PROTOCOL, CALL, AT(protocol_given), 0, 0, cli_otlp_set_protocol},
    {OPT_HEADER, CALL, 0, 0, 0, cli_otlp_add_header},
    {OPT_COMPRESSION, CALL, AT(compression_given), 0, 0, cli_otlp_set_compression},
    {OPT_TIMEOUT, TIME_MS, AT(timeout_ms), 1, 3600000, NULL},
    {OPT_CERTIFICATE, TEXT, AT(certificate), 0, 0, NULL},
    {OPT_CLIENT_CERTIFICATE, TEXT, AT(client_certificate), 0, 0, NULL},
    {OPT_CLIENT_KEY, TEXT, AT(client_key), 0, 0, NULL},
    {OPT_INSECURE, FLAG, AT(insecure), 0, 0, NULL},
    {OPT_FORMAT, CALL, 0, 0, 0, set_format},
    {OPT_DRY_RUN, FLAG, AT(dry_run), 0, 0, NULL},
    {OPT_IN_FLIGHT, NUMBER, AT(in_flight), 1, 64, NULL},
    {OPT_BATCH_SPANS, NUMBER, AT(batch_spans), 1, 1000000, NULL},
    {OPT_BATCH_BYTES, SIZE, AT(batch_bytes), 1024, 256 << 20, NULL},
    {OPT_RATE, SIZE, AT(rate_bytes), 0, UINT64_MAX, NULL},
    {OPT_TRACE_RATE, NUMBER, AT(rate_traces), 0, UINT64_MAX, NULL},
    {OPT_RETRY_TIME, TIME_MS, AT(retry_ms), 0, 86400000, NULL},
    {OPT_CHECKPOINT, TEXT, AT(checkpoint), 0, 0, NULL},
    {OPT_VERIFY, TEXT, AT(verify), 0, 0, NULL},
    {OPT_VERIFY_TIME, TIME_MS, AT(verify_ms), 0, 86400000, NULL},
    {OPT_THRESHOLD, TIME_NS, AT(spans.fold_ns), 0, UINT64_MAX, NULL},
    {OPT_TRACE_SPANS, NUMBER, AT(spans.max_spans), RN_SPAN_LEAST_SPANS, 1000000, NULL},
    {OPT_TRACE_BYTES, SIZE, AT(spans.max_bytes), RN_SPAN_LEAST_BYTES, 256 << 20, NULL},
    {OPT_SERVICE, TEXT, AT(spans.service), 0, 0, NULL},
    {OPT_RESOURCE, CALL, 0, 0, 0, cli_otlp_add_resource},
    {CLI_OPT_SOURCE_MAP, CALL, 0, 0, 0, cli_otlp_add_source_map},
    {OPT_TRACE_PARENT, CALL, 0, 0, 0, cli_otlp_set_parent},
    {OPT_REBASE, FLAG, AT(rebase), 0, 0, NULL},
    {OPT_JSON, FLAG, AT(json), 0, 0, NULL},
#undef AT
};

static const char *option_name(int letter)
{
    for (const struct option *option = long_options; option->name; option++)
        if (option->val == letter)
            return option->name;
    return "?";
}

static bool parse_number(const struct setting *setting, const char *text, uint64_t *value)
{
    static const char *const what[] = {
        [NUMBER] = "number",
        [SIZE] = "size such as 64K, 3M",
        [TIME_NS] = "time such as 10us, 1.5ms, 2s",
        [TIME_MS] = "time such as 500ms, 10s, 2m",
    };
    bool parsed = setting->value == NUMBER ? cli_parse_number(text, value)
                  : setting->value == SIZE ? cli_parse_size(text, value)
                                           : cli_parse_duration(text, value);

    if (parsed && setting->value == TIME_MS)
        *value /= 1000000;
    if (parsed && *value >= setting->least && *value <= setting->most)
        return true;
    if (!parsed)
        cli_usage("--%s '%s' is not a %s", option_name(setting->letter), text,
                  what[setting->value]);
    else
        cli_usage("--%s '%s' is not from %llu to %llu", option_name(setting->letter), text,
                  (unsigned long long)setting->least, (unsigned long long)setting->most);
    return false;
}

/* False after a message. */
static bool set_option(struct cli_otlp_options *options, int letter, const char *argument)
{
    const struct setting *setting = settings;
    void *field;

    while (setting < settings + sizeof settings / sizeof settings[0] && setting->letter != letter)
        setting++;
    if (setting == settings + sizeof settings / sizeof settings[0])
        return false;
    field = (char *)options + setting->offset;
    switch (setting->value) {
    case FLAG:
        *(bool *)field = true;
        return true;
    case TEXT:
        *(const char **)field = argument;
        return true;
    case CALL:
        if (setting->offset)
            *(bool *)field = true;
        return setting->call(options, argument);
    default:
        return parse_number(setting, argument, field);
    }
}

int cli_otlp_parse(struct cli_otlp_options *options, int argc, char **argv)
{
    static const char letters[] = CLI_SELECT_SHORT CLI_COMMON_SHORT "o:";
    static char whole_help[8192];
    int letter, status = -1;
    bool done = false;

    snprintf(whole_help, sizeof whole_help, "%s%s%s", help, cli_select_help, help_end);
    while (status < 0 && !done && (letter = cli_getopt(argc, argv, letters, long_options)) != -1) {
        if (cli_select(options->filter, letter, optarg, &status) ||
            cli_common(letter, whole_help, &done, &status))
            continue;
        if (!set_option(options, letter, optarg))
            status = RN_EXIT_TROUBLE;
    }
    if (status >= 0)
        return status;
    if (optind == argc)
        return cli_usage("no recording given ('-' is standard input)");
    return cli_otlp_check(options);
}

void cli_otlp_options_free(struct cli_otlp_options *options)
{
    for (unsigned i = 0; i < options->resource.count; i++) {
        free((char *)options->resource.items[i].key.data);
        free((char *)options->resource.items[i].value.text.data);
    }
    for (size_t i = 0; i < options->header_count; i++)
        free(options->headers[i]);
    free(options->url);
    free(options->shown);
    rn_filter_free(options->filter);
    rn_source_maps_free(options->maps);
}
