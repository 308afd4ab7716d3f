/* SPDX-License-Identifier: MIT */
/* Requests on their way, and what came of them. */
#include "cli_otlp_http_slot.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FRAME_HEAD 5u

static void slot_reset(struct http_slot *slot)
{
    rn_buf_clear(&slot->body);
    rn_buf_clear(&slot->message);
    rn_buf_clear(&slot->details);
    rn_buf_clear(&slot->retry_after);
    rn_buf_clear(&slot->content_type);
    slot->grpc_status = -1;
    slot->tries = 0;
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
    struct http_slot *slot = &http->slots[number];

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
            struct http_slot *slot = &http->slots[i];

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

static enum cli_http_failure failure_of(CURLcode code, const char *text)
{
    /* Whose certificate is not liked is told after the handshake, in TLS 1.3. */
    if ((code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR) && strstr(text, " alert "))
        return HTTP_TLS;
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
    case CURLE_ABORTED_BY_CALLBACK: /* libcurl was about to send it again */
        return HTTP_BROKEN;
    default:
        return HTTP_UNUSABLE;
    }
}

enum cli_http_failure cli_http_failure(const struct cli_http *http, unsigned slot)
{
    return failure_of(http->slots[slot].result, http->slots[slot].error);
}

const char *cli_http_failure_text(const struct cli_http *http, unsigned slot)
{
    const struct http_slot *of = &http->slots[slot];

    if (of->result == CURLE_ABORTED_BY_CALLBACK)
        return "the connection broke before there was an answer";
    return of->error[0] ? of->error : curl_easy_strerror(of->result);
}

uint64_t cli_http_sent_bytes(const struct cli_http *http, unsigned slot)
{
    curl_off_t sent = 0;

    curl_easy_getinfo(http->slots[slot].easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    return sent > 0 ? (uint64_t)sent : 0;
}

bool cli_http_was_sent(const struct cli_http *http, unsigned slot)
{
    return cli_http_sent_bytes(http, slot) > 0 || http->slots[slot].tries > 1;
}

static struct rn_otlp_text text_of(const struct rn_buf *buf)
{
    return (struct rn_otlp_text){(const char *)buf->data, buf->size};
}

void cli_http_answer(const struct cli_http *http, unsigned number, struct rn_otlp_answer *answer)
{
    const struct http_slot *slot = &http->slots[number];
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

static bool query_open(struct cli_http *http)
{
    const struct cli_otlp_options *options = http->options;
    bool opened = cli_http_add_header(&http->query_headers, "Accept: application/protobuf");

    for (size_t i = 0; i < options->header_count; i++)
        opened = opened && cli_http_add_header(&http->query_headers, options->headers[i]);
    http->query.easy = opened ? curl_easy_init() : NULL;
    return http->query.easy != NULL;
}

bool cli_http_get(struct cli_http *http, const char *url, struct rn_buf *body, long *status,
                  char *failure, size_t failure_size)
{
    struct http_slot *slot = &http->query;
    CURLcode result = CURLE_OUT_OF_MEMORY;

    slot_reset(slot);
    if (slot->easy || query_open(http)) {
        cli_http_slot_set_common(http, slot, url);
        curl_easy_setopt(slot->easy, CURLOPT_HTTPHEADER, http->query_headers);
        result = curl_easy_perform(slot->easy);
        curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, status);
    }
    if (result != CURLE_OK)
        snprintf(failure, failure_size, "%s",
                 slot->error[0] ? slot->error : curl_easy_strerror(result));
    rn_buf_clear(body);
    rn_buf_append(body, slot->body.data, slot->body.size);
    return result == CURLE_OK;
}
