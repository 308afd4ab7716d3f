/* SPDX-License-Identifier: MIT */
#include "cli_otlp_http.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define MAX_ANSWER (64u << 20) /* a trace that is read back */
#define MAX_HEADER 16384u
#define FRAME_HEAD 5u
#define CONNECT_S  10L

struct slot {
    CURL *easy;
    struct rn_buf request; /* gRPC: with its head */
    struct rn_buf body, message, details, retry_after, content_type;
    int grpc_status;
    CURLcode result;
    char error[CURL_ERROR_SIZE];
};

struct cli_http {
    const struct cli_otlp_options *options;
    CURLM *multi;
    struct curl_slist *headers;
    struct slot *slots;
    unsigned count;
};

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct slot *slot = context;

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
    struct slot *slot = context;
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

static bool add_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (longer)
        *list = longer;
    return longer != NULL;
}

static bool make_headers(struct cli_http *http)
{
    const struct cli_otlp_options *options = http->options;
    bool made = add_header(&http->headers, "Expect:") &&
                add_header(&http->headers, options->grpc ? "Content-Type: application/grpc"
                                                         : "Content-Type: application/x-protobuf");

    if (options->grpc)
        made = made && add_header(&http->headers, "TE: trailers");
    if (options->gzip)
        made = made && add_header(&http->headers,
                                  options->grpc ? "grpc-encoding: gzip" : "Content-Encoding: gzip");
    for (size_t i = 0; i < options->header_count; i++)
        made = made && add_header(&http->headers, options->headers[i]);
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

static void set_common(struct cli_http *http, struct slot *slot, const char *url)
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

static bool slot_open(struct cli_http *http, struct slot *slot)
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
    set_common(http, slot, http->options->url);
    curl_easy_setopt(slot->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(slot->easy, CURLOPT_HTTPHEADER, http->headers);
    curl_easy_setopt(slot->easy, CURLOPT_HTTP_VERSION, version);
    curl_easy_setopt(slot->easy, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(slot->easy, CURLOPT_UPLOAD_BUFFERSIZE, 1L << 20);
    return true;
}

struct cli_http *cli_http_new(const struct cli_otlp_options *options)
{
    struct cli_http *http = calloc(1, sizeof *http);
    bool opened = http && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;

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

static void slot_close(struct cli_http *http, struct slot *slot)
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
        slot_close(http, &http->slots[i]);
    free(http->slots);
    curl_slist_free_all(http->headers);
    if (http->multi)
        curl_multi_cleanup(http->multi);
    free(http);
    curl_global_cleanup();
}

static void slot_reset(struct slot *slot)
{
    rn_buf_clear(&slot->body);
    rn_buf_clear(&slot->message);
    rn_buf_clear(&slot->details);
    rn_buf_clear(&slot->retry_after);
    rn_buf_clear(&slot->content_type);
    slot->grpc_status = -1;
    slot->error[0] = '\0';
}

static void put_frame(const struct cli_otlp_options *options, struct rn_buf *out,
                      const uint8_t *body, size_t size)
{
    uint8_t head[FRAME_HEAD] = {options->gzip, (uint8_t)(size >> 24), (uint8_t)(size >> 16),
                                (uint8_t)(size >> 8), (uint8_t)size};

    rn_buf_clear(out);
    rn_buf_append(out, head, sizeof head);
    rn_buf_append(out, body, size);
}

bool cli_http_post(struct cli_http *http, unsigned number, const uint8_t *body, size_t size)
{
    struct slot *slot = &http->slots[number];

    slot_reset(slot);
    if (http->options->grpc) {
        put_frame(http->options, &slot->request, body, size);
        body = slot->request.data;
        size = slot->request.size;
    }
    if (slot->request.failed) {
        cli_fail("out of memory");
        return false;
    }
    curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    if (curl_multi_add_handle(http->multi, slot->easy) == CURLM_OK)
        return true;
    cli_fail("a request cannot be made");
    return false;
}

static int finished(struct cli_http *http)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(http->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        for (unsigned i = 0; i < http->count; i++) {
            struct slot *slot = &http->slots[i];

            if (slot->easy != message->easy_handle)
                continue;
            slot->result = message->data.result;
            curl_multi_remove_handle(http->multi, slot->easy);
            return (int)i;
        }
    }
    return -1;
}

int cli_http_wait(struct cli_http *http, uint64_t milliseconds)
{
    uint64_t end = cli_otlp_now() + milliseconds * 1000000;
    int running;

    for (;;) {
        uint64_t now;
        int slot;

        curl_multi_perform(http->multi, &running);
        slot = finished(http);
        now = cli_otlp_now();
        if (slot >= 0 || now >= end)
            return slot;
        curl_multi_poll(http->multi, NULL, 0, (int)((end - now) / 1000000 + 1), NULL);
    }
}

static enum cli_http_failure failure_of(CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return HTTP_ANSWERED;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return HTTP_NO_NAME;
    case CURLE_COULDNT_CONNECT:
        return HTTP_REFUSED;
    case CURLE_OPERATION_TIMEDOUT:
        return HTTP_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CLIENTCERT:
        return HTTP_TLS;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
        return HTTP_PROTOCOL;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2_STREAM:
        return HTTP_BROKEN;
    default:
        return HTTP_UNUSABLE;
    }
}

enum cli_http_failure cli_http_failure(const struct cli_http *http, unsigned slot)
{
    return failure_of(http->slots[slot].result);
}

const char *cli_http_failure_text(const struct cli_http *http, unsigned slot)
{
    const struct slot *of = &http->slots[slot];

    return of->error[0] ? of->error : curl_easy_strerror(of->result);
}

bool cli_http_was_sent(const struct cli_http *http, unsigned slot)
{
    curl_off_t sent = 0;

    curl_easy_getinfo(http->slots[slot].easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    return sent > 0;
}

static struct rn_otlp_text text_of(const struct rn_buf *buf)
{
    return (struct rn_otlp_text){(const char *)buf->data, buf->size};
}

void cli_http_answer(const struct cli_http *http, unsigned number, struct rn_otlp_answer *answer)
{
    const struct slot *slot = &http->slots[number];
    long status = 0;

    curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
    *answer = (struct rn_otlp_answer){
        .grpc = http->options->grpc,
        .http_status = status,
        .grpc_status = slot->grpc_status,
        .grpc_message = text_of(&slot->message),
        .grpc_details = text_of(&slot->details),
        .retry_after = text_of(&slot->retry_after),
        .content_type = text_of(&slot->content_type),
        .body = text_of(&slot->body),
        .now = time(NULL),
    };
}

bool cli_http_get(struct cli_http *http, const char *url, struct rn_buf *body, long *status,
                  char *failure, size_t failure_size)
{
    struct slot slot = {.easy = curl_easy_init()};
    struct curl_slist *headers = NULL;
    CURLcode result = CURLE_OUT_OF_MEMORY;

    if (slot.easy && add_header(&headers, "Accept: application/protobuf")) {
        for (size_t i = 0; i < http->options->header_count; i++)
            add_header(&headers, http->options->headers[i]);
        set_common(http, &slot, url);
        curl_easy_setopt(slot.easy, CURLOPT_HTTPHEADER, headers);
        result = curl_easy_perform(slot.easy);
        curl_easy_getinfo(slot.easy, CURLINFO_RESPONSE_CODE, status);
    }
    if (result != CURLE_OK)
        snprintf(failure, failure_size, "%s",
                 slot.error[0] ? slot.error : curl_easy_strerror(result));
    rn_buf_clear(body);
    rn_buf_append(body, slot.body.data, slot.body.size);
    curl_slist_free_all(headers);
    slot_close(http, &slot);
    return result == CURLE_OK;
}
