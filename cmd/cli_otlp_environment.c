/* SPDX-License-Identifier: MIT */
/* What the environment says (OpenTelemetry's "OTLP Exporter Configuration"): the form of a variable
 * that is for traces wins over the general one, and an option over both. */
#include "cli_otlp.h"

#include "formats/escape.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define GRPC_PATH     "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
#define HTTP_PATH     "v1/traces"
#define HTTP_ENDPOINT "http://localhost:4318"
#define GRPC_ENDPOINT "http://localhost:4317"

static const char *variable(const char *name, bool *is_of_traces)
{
    char full[64];
    const char *value;

    snprintf(full, sizeof full, "OTEL_EXPORTER_OTLP_TRACES_%s", name);
    value = getenv(full);
    *is_of_traces = value && *value;
    if (*is_of_traces)
        return value;
    snprintf(full, sizeof full, "OTEL_EXPORTER_OTLP_%s", name);
    value = getenv(full);
    return value && *value ? value : NULL;
}

/* %NN becomes a byte, in place. */
static void percent_decode(char *text)
{
    char *to = text;

    for (; *text; text++) {
        int high = *text == '%' ? rn_hex_digit(text[1]) : -1;
        int low = high >= 0 ? rn_hex_digit(text[2]) : -1;

        if (low >= 0 && (high || low)) {
            *to++ = (char)(high << 4 | low);
            text += 2;
        } else {
            *to++ = *text;
        }
    }
    *to = '\0';
}

/* "K=V,K=V", each with %NN: `add` for each of them. */
static bool add_list(struct cli_otlp_options *options, const char *text,
                     bool (*add)(struct cli_otlp_options *, const char *))
{
    char *copy = strdup(text), *rest = copy, *item;
    bool added = copy != NULL;

    while (added && (item = strsep(&rest, ","))) {
        item += strspn(item, " \t");
        if (!*item)
            continue;
        percent_decode(item);
        added = add(options, item);
    }
    free(copy);
    return added;
}

static bool has_header(const struct cli_otlp_options *options, const char *line)
{
    size_t length = strcspn(line, ":") + 1;

    for (size_t i = 0; i < options->header_count; i++)
        if (!strncasecmp(options->headers[i], line, length))
            return true;
    return false;
}

bool cli_otlp_add_header(struct cli_otlp_options *options, const char *text)
{
    const char *equals = strchr(text, '=');
    char *line;

    if (!equals || equals == text || strpbrk(text, "\r\n")) {
        cli_usage("header '%.*s' is not NAME=VALUE", (int)strcspn(text, "=\r\n"), text);
        return false;
    }
    if (options->header_count == CLI_OTLP_MAX_HEADERS) {
        cli_usage("more than %d headers", CLI_OTLP_MAX_HEADERS);
        return false;
    }
    line = malloc(strlen(text) + 2);
    if (!line) {
        cli_fail("out of memory");
        return false;
    }
    sprintf(line, "%.*s: %s", (int)(equals - text), text, equals + 1);
    if (has_header(options, line))
        free(line); /* an option came before the environment */
    else
        options->headers[options->header_count++] = line;
    return true;
}

bool cli_otlp_add_resource(struct cli_otlp_options *options, const char *text)
{
    const char *equals = strchr(text, '=');
    struct rn_buf key = RN_BUF_INIT, value = RN_BUF_INIT;
    struct rn_otlp_attribute *item;
    bool cut = false;

    if (!equals || equals == text) {
        cli_usage("resource attribute '%s' is not KEY=VALUE", text);
        return false;
    }
    rn_otlp_text_add(&key, (const uint8_t *)text, (size_t)(equals - text), 256, &cut);
    rn_otlp_text_add(&value, (const uint8_t *)equals + 1, strlen(equals + 1), RN_OTLP_TEXT_LIMIT,
                     &cut);
    for (unsigned i = 0; i < options->resource.count; i++) {
        item = &options->resource.items[i];
        if (item->key.size == key.size && !memcmp(item->key.data, key.data, key.size)) {
            rn_buf_free(&key); /* an option came before the environment */
            rn_buf_free(&value);
            return true;
        }
    }
    if (options->resource.count == RN_OTLP_MAX_ATTRIBUTES / 2) {
        rn_buf_free(&key);
        rn_buf_free(&value);
        cli_usage("more than %u resource attributes", RN_OTLP_MAX_ATTRIBUTES / 2);
        return false;
    }
    rn_otlp_add_text(&options->resource, (struct rn_otlp_text){(const char *)key.data, key.size},
                     (struct rn_otlp_text){(const char *)value.data, value.size});
    return true;
}

bool cli_otlp_set_parent(struct cli_otlp_options *options, const char *text)
{
    struct rn_span_options *spans = &options->spans;

    spans->parent_is_final = true;
    spans->has_parent = strcmp(text, "none") != 0;
    if (!spans->has_parent ||
        rn_trace_parent_parse(text, strlen(text), &spans->parent))
        return true;
    cli_usage("'%s' is no traceparent such as "
              "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
              text);
    return false;
}

static bool parent_from_environment(struct cli_otlp_options *options)
{
    struct rn_span_options *spans = &options->spans;
    const char *parent = getenv("TRACEPARENT"), *state = getenv("TRACESTATE");

    if (!spans->parent_is_final && parent && *parent) {
        spans->has_parent =
            rn_trace_parent_parse(parent, strlen(parent), &spans->parent);
        if (!spans->has_parent)
            cli_warn("TRACEPARENT is no traceparent, and not used");
    }
    if (spans->has_parent && state && *state && !rn_trace_state_fault(state, strlen(state)))
        spans->trace_state = state;
    return true;
}

static bool has_path(const char *url)
{
    const char *host = strstr(url, "://");
    const char *slash = strchr(host ? host + 3 : url, '/');

    return slash && slash[1];
}

/* Without "user:password@". */
static char *make_shown(const char *url)
{
    char *shown = strdup(url), *host = shown ? strstr(shown, "://") : NULL;
    char *at = host ? strchr(host, '@') : NULL, *slash = host ? strchr(host + 3, '/') : NULL;

    if (at && (!slash || at < slash))
        memmove(host + 3, at + 1, strlen(at + 1) + 1);
    return shown;
}

static bool make_url(struct cli_otlp_options *options, const char *endpoint, bool as_it_is)
{
    const char *scheme = strstr(endpoint, "://") ? "" : options->insecure ? "http://" : "https://";
    size_t length = strlen(endpoint), host;
    const char *path = "", *separator = "";

    if (options->grpc) {
        const char *begin = strstr(endpoint, "://");

        host = (size_t)((begin ? begin + 3 : endpoint) - endpoint);
        length = host + strcspn(endpoint + host, "/");
        path = GRPC_PATH;
    } else if (!as_it_is) {
        separator = length && endpoint[length - 1] == '/' ? "" : "/";
        path = HTTP_PATH;
    }
    options->url = malloc(strlen(scheme) + length + strlen(separator) + strlen(path) + 1);
    if (options->url) {
        sprintf(options->url, "%s%.*s%s%s", scheme, (int)length, endpoint, separator, path);
        options->shown = make_shown(options->url);
    }
    if (!options->shown) {
        cli_fail("out of memory");
        return false;
    }
    return cli_otlp_check_url(options->url, endpoint);
}

static bool find_endpoint(struct cli_otlp_options *options)
{
    bool of_traces = false;
    const char *insecure = variable("INSECURE", &of_traces), *endpoint = options->endpoint;
    bool wants_none = options->insecure;

    if (insecure && !strcasecmp(insecure, "true"))
        options->insecure = true;
    if (!endpoint)
        endpoint = variable("ENDPOINT", &of_traces);
    if (endpoint && wants_none && !strncasecmp(endpoint, "https://", 8)) {
        cli_usage("--insecure is to do without TLS, and the endpoint asks for it: https://");
        return false;
    }
    if (options->endpoint)
        return make_url(options, endpoint, has_path(endpoint));
    if (endpoint)
        return make_url(options, endpoint, of_traces);
    return make_url(options, options->grpc ? GRPC_ENDPOINT : HTTP_ENDPOINT, false);
}

static bool number_of(const char *text, uint64_t *number)
{
    if (cli_parse_number(text, number) && *number)
        return true;
    cli_usage("OTEL_EXPORTER_OTLP_TIMEOUT '%s' is no number of milliseconds", text);
    return false;
}

/* False after a message: it is needed, and cannot be read. */
static bool find_file(const char *name, const char **path, bool needed)
{
    char full[64];
    bool of_traces;

    *path = variable(name, &of_traces);
    snprintf(full, sizeof full, "OTEL_EXPORTER_OTLP_%s%s", of_traces ? "TRACES_" : "", name);
    return !*path || !needed || cli_otlp_can_read(full, *path);
}

/* Texts that no option has given. */
static bool find_texts(struct cli_otlp_options *options)
{
    const struct {
        const char *name;
        const char **into;
    } texts[] = {
        {"CERTIFICATE", &options->certificate},
        {"CLIENT_KEY", &options->client_key},
        {"CLIENT_CERTIFICATE", &options->client_certificate},
    };
    const char *service = getenv("OTEL_SERVICE_NAME"),
               *resource = getenv("OTEL_RESOURCE_ATTRIBUTES");
    bool sends = !options->output && !options->dry_run;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!*texts[i].into && !find_file(texts[i].name, texts[i].into, sends))
            return false;
    if (sends && options->client_key && !options->client_certificate) {
        cli_usage("--client-key belongs to --client-certificate, which is not given");
        return false;
    }
    if (!options->spans.service && service && *service)
        options->spans.service = service;
    return !resource || add_list(options, resource, cli_otlp_add_resource);
}

bool cli_otlp_environment(struct cli_otlp_options *options)
{
    bool of_traces;
    const char *protocol = variable("PROTOCOL", &of_traces);
    const char *compression = variable("COMPRESSION", &of_traces);
    const char *headers = variable("HEADERS", &of_traces);
    const char *timeout = variable("TIMEOUT", &of_traces);

    return (options->protocol_given || !protocol || cli_otlp_set_protocol(options, protocol)) &&
           (options->compression_given || !compression ||
            cli_otlp_set_compression(options, compression)) &&
           (!headers || add_list(options, headers, cli_otlp_add_header)) &&
           (options->timeout_ms || !timeout || number_of(timeout, &options->timeout_ms)) &&
           find_texts(options) && parent_from_environment(options) && find_endpoint(options);
}
