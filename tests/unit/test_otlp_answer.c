/* SPDX-License-Identifier: MIT */
#include "formats/otlp_answer.h"

#include "otlp.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW 1767225600 /* Thu, 01 Jan 2026 00:00:00 GMT */

static struct rn_otlp_text text(const char *bytes)
{
    return (struct rn_otlp_text){bytes, strlen(bytes)};
}

static struct rn_otlp_ruling http(long status, const char *body, const char *retry_after)
{
    struct rn_otlp_answer answer = {.http_status = status,
                                    .grpc_status = -1,
                                    .body = text(body),
                                    .retry_after = text(retry_after),
                                    .now = NOW};
    struct rn_otlp_ruling ruling;

    rn_otlp_judge(&answer, &ruling);
    return ruling;
}

static struct rn_otlp_ruling grpc(int status, const char *message, const char *details)
{
    struct rn_otlp_answer answer = {.grpc = true,
                                    .http_status = 200,
                                    .grpc_status = status,
                                    .grpc_message = text(message),
                                    .grpc_details = text(details),
                                    .now = NOW};
    struct rn_otlp_ruling ruling;

    rn_otlp_judge(&answer, &ruling);
    return ruling;
}

static void http_statuses(void **state)
{
    static const struct {
        long status;
        const char *body;
        enum rn_otlp_verdict verdict;
    } cases[] = {
        {200, "", RN_OTLP_TAKEN},
        {202, "", RN_OTLP_TAKEN},
        {302, "", RN_OTLP_STOP},
        {400, "bad span id", RN_OTLP_BISECT},
        {400, "request body TOO LARGE", RN_OTLP_SPLIT},
        {401, "", RN_OTLP_STOP},
        {403, "", RN_OTLP_STOP},
        {404, "", RN_OTLP_STOP},
        {413, "", RN_OTLP_SPLIT},
        {415, "", RN_OTLP_STOP},
        {429, "rate limited", RN_OTLP_RETRY},
        {429, "grpc: received message larger than max (9 vs. 4)", RN_OTLP_SPLIT},
        {500, "", RN_OTLP_STOP},
        {502, "", RN_OTLP_RETRY},
        {503, "busy", RN_OTLP_RETRY},
        {503, "no org id", RN_OTLP_STOP},
        {504, "", RN_OTLP_RETRY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(http(cases[i].status, cases[i].body, "").verdict, cases[i].verdict);
    assert_non_null(strstr(http(401, "", "").message, "--header"));
    assert_non_null(strstr(http(503, "no org id", "").message, "X-Scope-OrgID"));
    assert_string_equal(http(429, "", "").message, "HTTP status 429");
    assert_string_equal(http(400, "a\x1b[2Jb\n", "").message, "a\\x1b[2Jb");
}

static void retry_after(void **state)
{
    static const struct {
        const char *value;
        int64_t after_ms;
    } cases[] = {
        {"0", 0},
        {"7", 7000},
        {" 12 ", 12000},
        {"99999999999999999999999", 24 * 3600 * 1000},
        {"Thu, 01 Jan 2026 00:00:30 GMT", 30000},
        {"Wed, 31 Dec 2025 00:00:00 GMT", 0},
        {"soon", -1},
        {"", -1},
        {"-5", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(rn_otlp_retry_after(text(cases[i].value), NOW), cases[i].after_ms);
        assert_int_equal(http(429, "", cases[i].value).after_ms, cases[i].after_ms);
    }
}

static void grpc_statuses(void **state)
{
    static const enum rn_otlp_verdict verdicts[] = {
        RN_OTLP_TAKEN, RN_OTLP_RETRY,  RN_OTLP_STOP,  RN_OTLP_BISECT, RN_OTLP_RETRY, RN_OTLP_STOP,
        RN_OTLP_STOP,  RN_OTLP_STOP,   RN_OTLP_STOP,  RN_OTLP_STOP,   RN_OTLP_RETRY, RN_OTLP_RETRY,
        RN_OTLP_STOP,  RN_OTLP_BISECT, RN_OTLP_RETRY, RN_OTLP_RETRY,  RN_OTLP_STOP};

    (void)state;
    for (int i = 0; i < (int)(sizeof verdicts / sizeof verdicts[0]); i++)
        assert_int_equal(grpc(i, "", "").verdict, verdicts[i]);
    assert_int_equal(grpc(8, "grpc: received message larger than max", "").verdict, RN_OTLP_SPLIT);
    assert_int_equal(grpc(8, "RATE_LIMITED: ingestion", "").verdict, RN_OTLP_RETRY);
    assert_int_equal(grpc(14, "no%20org id", "").verdict, RN_OTLP_STOP);
    assert_string_equal(grpc(14, "a%20b%zz%4", "").message, "a b%zz%4");
    assert_string_equal(grpc(14, "", "").message, "gRPC status 14");
}

/* google.rpc.Status{code: 8, details: [RetryInfo{1.5 s}]}, as base64 and as bytes. */
static void retry_info(void **state)
{
    static const char details[] =
        "CAgaNAooCidncGUuZ29vZ2xlYXBpcy5jb20vZ29vZ2xlLnJwYy5SZXRyeUluZm8=";
    Otlp__RpcStatus status = OTLP__RPC_STATUS__INIT;
    Otlp__Any any = OTLP__ANY__INIT, *anys[] = {&any};
    Otlp__RetryInfo info = OTLP__RETRY_INFO__INIT;
    Otlp__Duration delay = OTLP__DURATION__INIT;
    uint8_t packed_info[64], packed[256];
    struct rn_otlp_answer answer = {.http_status = 503, .grpc_status = -1};
    struct rn_otlp_ruling ruling;

    (void)state;
    delay.seconds = 1;
    delay.nanos = 500000000;
    info.retry_delay = &delay;
    any.type_url = "type.googleapis.com/google.rpc.RetryInfo";
    any.value = (ProtobufCBinaryData){otlp__retry_info__pack(&info, packed_info), packed_info};
    status.message = "slow down";
    status.n_details = 1;
    status.details = anys;
    answer.content_type = text("application/x-protobuf");
    answer.body = (struct rn_otlp_text){(char *)packed, otlp__rpc_status__pack(&status, packed)};
    rn_otlp_judge(&answer, &ruling);
    assert_int_equal(ruling.verdict, RN_OTLP_RETRY);
    assert_int_equal(ruling.after_ms, 1500);
    assert_string_equal(ruling.message, "slow down");
    /* Details that are no RetryInfo at all. */
    assert_int_equal(grpc(8, "", details).verdict, RN_OTLP_STOP);
    assert_int_equal(grpc(8, "", "!!!!").verdict, RN_OTLP_STOP);
}

static void partial_success(void **state)
{
    Otlp__ExportTraceServiceResponse response = OTLP__EXPORT_TRACE_SERVICE_RESPONSE__INIT;
    Otlp__ExportTracePartialSuccess partial = OTLP__EXPORT_TRACE_PARTIAL_SUCCESS__INIT;
    struct rn_otlp_answer answer = {.http_status = 200, .grpc_status = -1};
    struct rn_otlp_ruling ruling;
    uint8_t packed[64] = {0};
    size_t size;

    (void)state;
    partial.rejected_spans = 3;
    partial.error_message = "too old";
    response.partial_success = &partial;
    size = otlp__export_trace_service_response__pack(&response, packed + 5);
    answer.body = (struct rn_otlp_text){(char *)packed + 5, size};
    rn_otlp_judge(&answer, &ruling);
    assert_int_equal(ruling.verdict, RN_OTLP_PARTLY);
    assert_int_equal(ruling.rejected, 3);
    assert_string_equal(ruling.message, "too old");
    /* gRPC has five bytes before the message. */
    answer.grpc = true;
    answer.grpc_status = 0;
    answer.body = (struct rn_otlp_text){(char *)packed, size + 5};
    rn_otlp_judge(&answer, &ruling);
    assert_int_equal(ruling.verdict, RN_OTLP_PARTLY);
    answer.body.size = 4;
    rn_otlp_judge(&answer, &ruling);
    assert_int_equal(ruling.verdict, RN_OTLP_TAKEN);
}

static void other_servers(void **state)
{
    struct rn_otlp_answer answer = {.http_status = 200, .grpc_status = -1, .body = text("<html>")};
    struct rn_otlp_ruling ruling;

    (void)state;
    answer.content_type = text("text/html; charset=utf-8");
    rn_otlp_judge(&answer, &ruling);
    assert_int_equal(ruling.verdict, RN_OTLP_STOP);
    answer.grpc = true; /* and no grpc-status */
    rn_otlp_judge(&answer, &ruling);
    assert_int_equal(ruling.verdict, RN_OTLP_STOP);
    answer.http_status = 503;
    rn_otlp_judge(&answer, &ruling);
    assert_int_equal(ruling.verdict, RN_OTLP_RETRY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_statuses),   cmocka_unit_test(retry_after),
        cmocka_unit_test(grpc_statuses),   cmocka_unit_test(retry_info),
        cmocka_unit_test(partial_success), cmocka_unit_test(other_servers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
