/* SPDX-License-Identifier: MIT */
#include "cli_otlp_http_slot.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_ANSWER (64u << 20) /* a trace that is read back */
#define MAX_HEADER 16384u
#define CONNECT_S  10L

bool cli_http_is_url(const char *text)
{
    CURLU *url = curl_url();
    const char *host = strstr(text, "://");
    char *scheme = NULL;
    /* libcurl takes http:///path for http://path. */
    bool is = url && host && host[3] != '/' &&
              curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              (!strcasecmp(scheme, "http") || !strcasecmp(scheme, "https"));

    curl_free(scheme);
    curl_url_cleanup(url);
    return is;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct http_slot *slot = context;

    if (slot->body.size + size * count > MAX_ANSWER)
        return 0;
    rn_buf_append(&slot->body, data, size * count);
    return slot->body.failed ? 0 : size * count;
}

static void keep_header(struct rn_buf *to, const char *name, const char *line, size_t size)
{
    size_t length = strlen(name);

    if (size < length || strncasecmp(line, name, length) != 0 || size > MAX_HEADER)
        return;
    for (line += length, size -= length; size && (*line == ' ' || *line == '\t'); line++, size--)
        ;
    while (size && (line[size - 1] == '\r' || line[size - 1] == '\n' || line[size - 1] == ' '))
        size--;
    rn_buf_clear(to);
    rn_buf_append(to, line, size);
}

/* Trailers come this way, too. */
static size_t on_header(char *data, size_t size, size_t count, void *context)
{
    struct http_slot *slot = context;
    struct rn_buf status = RN_BUF_INIT;

    size *= count;
    keep_header(&slot->retry_after, "retry-after:", data, size);
    keep_header(&slot->content_type, "content-type:", data, size);
    keep_header(&slot->message, "grpc-message:", data, size);
    keep_header(&slot->details, "grpc-status-details-bin:", data, size);
    keep_header(&status, "grpc-status:", data, size);
    if (status.size && status.size < 4) {
        rn_buf_byte(&status, 0);
        slot->grpc_status = status.failed ? -1 : atoi((const char *)status.data);
    }
    rn_buf_free(&status);
    return size;
}

bool cli_http_add_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (longer)
        *list = longer;
    return longer != NULL;
}

static bool make_headers(struct cli_http *http)
{
    const struct cli_otlp_options *options = http->options;
    bool made =
        cli_http_add_header(&http->headers, "Expect:") &&
        cli_http_add_header(&http->headers, options->grpc ? "Content-Type: application/grpc"
                                                          : "Content-Type: application/x-protobuf");

    if (options->grpc)
        made = made && cli_http_add_header(&http->headers, "TE: trailers");
    if (options->gzip)
        made =
            made && cli_http_add_header(&http->headers, options->grpc ? "grpc-encoding: gzip"
                                                                      : "Content-Encoding: gzip");
    for (size_t i = 0; i < options->header_count; i++)
        made = made && cli_http_add_header(&http->headers, options->headers[i]);
    return made;
}

/* Files of certificates, for both kinds of requests. */
static void set_security(const struct cli_otlp_options *options, CURL *easy)
{
    if (options->certificate)
        curl_easy_setopt(easy, CURLOPT_CAINFO, options->certificate);
    if (options->client_certificate)
        curl_easy_setopt(easy, CURLOPT_SSLCERT, options->client_certificate);
    if (options->client_key)
        curl_easy_setopt(easy, CURLOPT_SSLKEY, options->client_key);
}

void cli_http_slot_set_common(struct cli_http *http, struct http_slot *slot, const char *url)
{
    curl_easy_setopt(slot->easy, CURLOPT_URL, url);
    curl_easy_setopt(slot->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(slot->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(slot->easy, CURLOPT_WRITEDATA, slot);
    curl_easy_setopt(slot->easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(slot->easy, CURLOPT_HEADERDATA, slot);
    curl_easy_setopt(slot->easy, CURLOPT_ERRORBUFFER, slot->error);
    curl_easy_setopt(slot->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(slot->easy, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
    curl_easy_setopt(slot->easy, CURLOPT_TIMEOUT_MS, (long)http->options->timeout_ms);
    curl_easy_setopt(slot->easy, CURLOPT_USERAGENT, "rn-export-otlp/" RN_VERSION);
    set_security(http->options, slot->easy);
}

/* libcurl sends a request once more by itself where a connection that was used before breaks
 * without an answer. The receiver may have taken it, so that is for the caller to know and to
 * decide. */
static int before_request(void *context, char *address, char *local, int port, int local_port)
{
    struct http_slot *slot = context;

    (void)address;
    (void)local;
    (void)port;
    (void)local_port;
    return slot->tries++ ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* 7.88 makes no second request over a plain HTTP/2 connection (curl issue 10634, right in 8.0). */
static bool needs_fresh_connections(const struct cli_otlp_options *options, bool tls)
{
    unsigned version = curl_version_info(CURLVERSION_NOW)->version_num;

    return options->grpc && !tls && version >= 0x075800 && version < 0x080000;
}

static bool slot_open(struct cli_http *http, struct http_slot *slot)
{
    bool tls = strncasecmp(http->options->url, "https:", 6) == 0;
    long version = CURL_HTTP_VERSION_1_1;

    slot->easy = curl_easy_init();
    if (!slot->easy)
        return false;
    if (tls)
        version = CURL_HTTP_VERSION_2TLS;
    else if (http->options->grpc)
        version = CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
    cli_http_slot_set_common(http, slot, http->options->url);
    curl_easy_setopt(slot->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(slot->easy, CURLOPT_HTTPHEADER, http->headers);
    curl_easy_setopt(slot->easy, CURLOPT_HTTP_VERSION, version);
    /* With a length libcurl takes the answer for complete before its trailers have come. */
    curl_easy_setopt(slot->easy, CURLOPT_IGNORE_CONTENT_LENGTH, (long)http->options->grpc);
    curl_easy_setopt(slot->easy, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(slot->easy, CURLOPT_PREREQDATA, slot);
    if (needs_fresh_connections(http->options, tls)) {
        curl_easy_setopt(slot->easy, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(slot->easy, CURLOPT_FORBID_REUSE, 1L);
    } else {
        curl_easy_setopt(slot->easy, CURLOPT_PIPEWAIT, 1L);
    }
    curl_easy_setopt(slot->easy, CURLOPT_UPLOAD_BUFFERSIZE, 1L << 20);
    return true;
}

struct cli_http *cli_http_new(const struct cli_otlp_options *options)
{
    struct cli_http *http = calloc(1, sizeof *http);
    bool opened = http && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;

    /* OpenSSL writes to connections that may be closed; that is an error like others here. */
    signal(SIGPIPE, SIG_IGN);

    if (opened) {
        http->options = options;
        http->count = (unsigned)options->in_flight;
        http->multi = curl_multi_init();
        http->slots = calloc(http->count, sizeof *http->slots);
        opened = http->multi && http->slots && make_headers(http);
        for (unsigned i = 0; i < http->count && opened; i++)
            opened = slot_open(http, &http->slots[i]);
    }
    if (opened)
        return http;
    cli_fail("out of memory");
    cli_http_free(http);
    return NULL;
}

void cli_http_slot_close(struct cli_http *http, struct http_slot *slot)
{
    if (slot->easy) {
        curl_multi_remove_handle(http->multi, slot->easy);
        curl_easy_cleanup(slot->easy);
    }
    rn_buf_free(&slot->request);
    rn_buf_free(&slot->body);
    rn_buf_free(&slot->message);
    rn_buf_free(&slot->details);
    rn_buf_free(&slot->retry_after);
    rn_buf_free(&slot->content_type);
}

void cli_http_free(struct cli_http *http)
{
    if (!http)
        return;
    for (unsigned i = 0; i < http->count && http->slots; i++)
        cli_http_slot_close(http, &http->slots[i]);
    free(http->slots);
    cli_http_slot_close(http, &http->query);
    curl_slist_free_all(http->query_headers);
    curl_slist_free_all(http->headers);
    if (http->multi)
        curl_multi_cleanup(http->multi);
    free(http);
    curl_global_cleanup();
}
