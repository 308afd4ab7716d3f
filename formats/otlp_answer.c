/* SPDX-License-Identifier: MIT */
#include "otlp_answer.h"

#include "escape.h"

#include "otlp.pb-c.h"

#include <ctype.h>
#include <stdio.h>
#include <time.h>

#define LONGEST_MS (24 * 3600 * INT64_C(1000))
#define FRAME_HEAD 5u

enum grpc {
    GRPC_OK = 0,
    GRPC_CANCELLED = 1,
    GRPC_INVALID_ARGUMENT = 3,
    GRPC_DEADLINE_EXCEEDED = 4,
    GRPC_PERMISSION_DENIED = 7,
    GRPC_RESOURCE_EXHAUSTED = 8,
    GRPC_ABORTED = 10,
    GRPC_OUT_OF_RANGE = 11,
    GRPC_UNIMPLEMENTED = 12,
    GRPC_INTERNAL = 13,
    GRPC_UNAVAILABLE = 14,
    GRPC_DATA_LOSS = 15,
    GRPC_UNAUTHENTICATED = 16,
};

static bool contains(struct rn_otlp_text text, const char *word)
{
    size_t length = strlen(word);

    for (size_t i = 0; i + length <= text.size; i++)
        if (strncasecmp(text.data + i, word, length) == 0)
            return true;
    return false;
}

static bool says_too_large(struct rn_otlp_text text)
{
    return contains(text, "too large") || contains(text, "larger than max");
}

static bool says_no_tenant(struct rn_otlp_text text)
{
    return contains(text, "no org id");
}

static void set_message(struct rn_otlp_ruling *ruling, struct rn_otlp_text text)
{
    struct rn_buf safe = RN_BUF_INIT;

    while (text.size && isspace((unsigned char)text.data[text.size - 1]))
        text.size--;
    rn_escape_terminal(&safe, (const uint8_t *)text.data, text.size < 300 ? text.size : 300);
    snprintf(ruling->message, sizeof ruling->message, "%.*s", safe.failed ? 0 : (int)safe.size,
             safe.data ? (const char *)safe.data : "");
    rn_buf_free(&safe);
}

/* grpc-message: %NN of what is not printable ASCII. */
static void percent_decode(struct rn_otlp_text text, struct rn_buf *out)
{
    for (size_t i = 0; i < text.size; i++) {
        bool escape = text.data[i] == '%' && i + 2 < text.size;
        int high = escape ? rn_hex_digit(text.data[i + 1]) : -1;
        int low = escape ? rn_hex_digit(text.data[i + 2]) : -1;

        if (high >= 0 && low >= 0) {
            rn_buf_byte(out, (uint8_t)(high << 4 | low));
            i += 2;
        } else {
            rn_buf_byte(out, (uint8_t)text.data[i]);
        }
    }
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static void base64_decode(struct rn_otlp_text text, struct rn_buf *out)
{
    uint32_t bits = 0;
    unsigned count = 0;

    for (size_t i = 0; i < text.size; i++) {
        int digit = base64_digit(text.data[i]);

        if (digit < 0)
            continue;
        bits = bits << 6 | (uint32_t)digit;
        count += 6;
        if (count >= 8) {
            count -= 8;
            rn_buf_byte(out, (uint8_t)(bits >> count));
        }
    }
}

int64_t rn_otlp_retry_after(struct rn_otlp_text value, int64_t now)
{
    char text[64];
    struct tm tm = {0};
    int64_t seconds = 0;
    size_t digits = 0;
    const char *end;

    while (value.size && isspace((unsigned char)value.data[0])) {
        value.data++;
        value.size--;
    }
    for (; digits < value.size && isdigit((unsigned char)value.data[digits]); digits++)
        if (seconds < LONGEST_MS)
            seconds = 10 * seconds + (value.data[digits] - '0');
    if (digits == 0) {
        if (value.size >= sizeof text || !value.size)
            return -1;
        snprintf(text, sizeof text, "%.*s", (int)value.size, value.data);
        end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        if (!end)
            return -1;
        seconds = timegm(&tm) - now;
    }
    if (seconds < 0)
        return 0;
    return seconds > LONGEST_MS / 1000 ? LONGEST_MS : seconds * 1000;
}

/* The delay in a google.rpc.RetryInfo among the details; -1 none. */
static int64_t retry_info(const uint8_t *data, size_t size)
{
    Otlp__RpcStatus *status = otlp__rpc_status__unpack(NULL, size, data);
    int64_t after = -1;

    for (size_t i = 0; status && i < status->n_details; i++) {
        const Otlp__Any *detail = status->details[i];
        Otlp__RetryInfo *info;

        if (!strstr(detail->type_url, "google.rpc.RetryInfo"))
            continue;
        info = otlp__retry_info__unpack(NULL, detail->value.len, detail->value.data);
        if (info && info->retry_delay && info->retry_delay->seconds >= 0 &&
            info->retry_delay->nanos >= 0 && info->retry_delay->seconds < LONGEST_MS / 1000)
            after = info->retry_delay->seconds * 1000 + info->retry_delay->nanos / 1000000;
        else if (info)
            after = 0;
        otlp__retry_info__free_unpacked(info, NULL);
    }
    otlp__rpc_status__free_unpacked(status, NULL);
    return after;
}

/* What was taken may say that some was not. */
static void judge_taken(struct rn_otlp_text body, struct rn_otlp_ruling *ruling)
{
    Otlp__ExportTraceServiceResponse *response =
        otlp__export_trace_service_response__unpack(NULL, body.size, (const uint8_t *)body.data);
    const Otlp__ExportTracePartialSuccess *partial = response ? response->partial_success : NULL;

    ruling->verdict = RN_OTLP_TAKEN;
    if (partial && partial->rejected_spans > 0) {
        ruling->verdict = RN_OTLP_PARTLY;
        ruling->rejected = (uint64_t)partial->rejected_spans;
    }
    if (partial && partial->error_message[0])
        set_message(ruling,
                    (struct rn_otlp_text){partial->error_message, strlen(partial->error_message)});
    otlp__export_trace_service_response__free_unpacked(response, NULL);
}

static bool is_type(const struct rn_otlp_answer *answer, const char *type)
{
    return contains(answer->content_type, type);
}

/* The body of an error is a google.rpc.Status where it says so, else text. */
static void read_error(const struct rn_otlp_answer *answer, struct rn_otlp_ruling *ruling,
                       struct rn_buf *text)
{
    Otlp__RpcStatus *status = NULL;

    if (is_type(answer, "x-protobuf")) {
        status =
            otlp__rpc_status__unpack(NULL, answer->body.size, (const uint8_t *)answer->body.data);
        ruling->after_ms = retry_info((const uint8_t *)answer->body.data, answer->body.size);
    }
    if (status)
        rn_buf_text(text, status->message);
    else
        rn_buf_append(text, answer->body.data, answer->body.size);
    otlp__rpc_status__free_unpacked(status, NULL);
}

static enum rn_otlp_verdict http_verdict(long status, struct rn_otlp_text text)
{
    switch (status) {
    case 413:
        return RN_OTLP_SPLIT;
    case 400:
        return says_too_large(text) ? RN_OTLP_SPLIT : RN_OTLP_BISECT;
    case 429:
        return says_too_large(text) ? RN_OTLP_SPLIT : RN_OTLP_RETRY;
    case 503:
        return says_no_tenant(text) ? RN_OTLP_STOP : RN_OTLP_RETRY;
    case 502:
    case 504:
        return RN_OTLP_RETRY;
    default:
        return RN_OTLP_STOP;
    }
}

static const char *http_advice(long status, struct rn_otlp_text text)
{
    if (says_no_tenant(text))
        return "the server wants a tenant: add --header 'X-Scope-OrgID=NAME'";
    switch (status) {
    case 401:
        return "the server wants to know who you are (401): give --header 'Authorization=...'";
    case 403:
        return "the server does not let you (403): check the credentials in --header";
    case 404:
        return "there is no OTLP receiver at this path (404): the path usually is /v1/traces";
    case 405:
    case 415:
        return "this is no OTLP/HTTP receiver: check the endpoint's port and path";
    default:
        return NULL;
    }
}

static void judge_http(const struct rn_otlp_answer *answer, struct rn_otlp_ruling *ruling)
{
    struct rn_buf error = RN_BUF_INIT;
    struct rn_otlp_text text;
    const char *advice;

    if (answer->http_status / 100 == 2) {
        judge_taken(is_type(answer, "json") ? (struct rn_otlp_text){"", 0} : answer->body, ruling);
        if (!is_type(answer, "html"))
            return;
        ruling->verdict = RN_OTLP_STOP;
        set_message(ruling, RN_OTLP_TEXT("a web page answers there, not an OTLP receiver: check "
                                         "the endpoint"));
        return;
    }
    read_error(answer, ruling, &error);
    text = (struct rn_otlp_text){(const char *)error.data, error.size};
    ruling->verdict = http_verdict(answer->http_status, text);
    if (ruling->after_ms < 0)
        ruling->after_ms = rn_otlp_retry_after(answer->retry_after, answer->now);
    set_message(ruling, text);
    advice = ruling->verdict == RN_OTLP_STOP ? http_advice(answer->http_status, text) : NULL;
    if (advice)
        snprintf(ruling->message, sizeof ruling->message, "%s", advice);
    else if (!ruling->message[0])
        snprintf(ruling->message, sizeof ruling->message, "HTTP status %ld", answer->http_status);
    rn_buf_free(&error);
}

static enum rn_otlp_verdict grpc_verdict(const struct rn_otlp_answer *answer,
                                         struct rn_otlp_text text, int64_t after_ms)
{
    switch (answer->grpc_status) {
    case GRPC_INVALID_ARGUMENT:
    case GRPC_INTERNAL:
        return says_too_large(text) ? RN_OTLP_SPLIT : RN_OTLP_BISECT;
    case GRPC_RESOURCE_EXHAUSTED:
        if (says_too_large(text))
            return RN_OTLP_SPLIT;
        return after_ms >= 0 || contains(text, "RATE_LIMITED") ? RN_OTLP_RETRY : RN_OTLP_STOP;
    case GRPC_UNAVAILABLE:
        return says_no_tenant(text) ? RN_OTLP_STOP : RN_OTLP_RETRY;
    case GRPC_CANCELLED:
    case GRPC_DEADLINE_EXCEEDED:
    case GRPC_ABORTED:
    case GRPC_OUT_OF_RANGE:
    case GRPC_DATA_LOSS:
        return RN_OTLP_RETRY;
    default:
        return RN_OTLP_STOP;
    }
}

static const char *grpc_advice(int status, struct rn_otlp_text text)
{
    if (says_no_tenant(text))
        return "the server wants a tenant: add --header 'X-Scope-OrgID=NAME'";
    switch (status) {
    case GRPC_UNAUTHENTICATED:
        return "the server wants to know who you are: give --header 'Authorization=...'";
    case GRPC_PERMISSION_DENIED:
        return "the server does not let you: check the credentials in --header";
    case GRPC_UNIMPLEMENTED:
        return "the server takes no OTLP traces there: check the endpoint";
    default:
        return NULL;
    }
}

static void judge_grpc(const struct rn_otlp_answer *answer, struct rn_otlp_ruling *ruling)
{
    struct rn_buf message = RN_BUF_INIT, details = RN_BUF_INIT;
    struct rn_otlp_text text;
    const char *advice;

    if (answer->grpc_status == GRPC_OK) {
        bool framed = answer->body.size >= FRAME_HEAD && answer->body.data[0] == 0;

        judge_taken(framed ? (struct rn_otlp_text){answer->body.data + FRAME_HEAD,
                                                   answer->body.size - FRAME_HEAD}
                           : (struct rn_otlp_text){"", 0},
                    ruling);
        return;
    }
    percent_decode(answer->grpc_message, &message);
    base64_decode(answer->grpc_details, &details);
    if (details.size)
        ruling->after_ms = retry_info(details.data, details.size);
    text = (struct rn_otlp_text){(const char *)message.data, message.size};
    ruling->verdict = grpc_verdict(answer, text, ruling->after_ms);
    set_message(ruling, text);
    advice = ruling->verdict == RN_OTLP_STOP ? grpc_advice(answer->grpc_status, text) : NULL;
    if (advice)
        snprintf(ruling->message, sizeof ruling->message, "%s", advice);
    else if (!ruling->message[0])
        snprintf(ruling->message, sizeof ruling->message, "gRPC status %d", answer->grpc_status);
    rn_buf_free(&message);
    rn_buf_free(&details);
}

void rn_otlp_judge(const struct rn_otlp_answer *answer, struct rn_otlp_ruling *ruling)
{
    *ruling = (struct rn_otlp_ruling){.verdict = RN_OTLP_STOP, .after_ms = -1};
    if (!answer->grpc || (answer->http_status != 200 && answer->grpc_status < 0)) {
        judge_http(answer, ruling);
        return;
    }
    if (answer->grpc_status >= 0) {
        judge_grpc(answer, ruling);
        return;
    }
    set_message(ruling, RN_OTLP_TEXT("the server does not speak gRPC there: check the endpoint, or "
                                     "use --protocol http/protobuf"));
}
