/* SPDX-License-Identifier: MIT */
/* libFuzzer target: the bytes as what a receiver or a trace store answers: a body with headers, a
 * gRPC status with its details, a trace that is read back, and an encoded batch that becomes JSON.
 */
#include "formats/otlp_answer.h"
#include "formats/otlp_json.h"
#include "formats/otlp_readback.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"", "application/x-protobuf", "text/html", "text/plain"};
    static const long statuses[] = {0, 200, 400, 413, 429, 503};
    struct rn_otlp_text all = {(const char *)data + 3, size - 3};
    struct rn_otlp_answer answer = {
        .grpc = data[0] & 1,
        .http_status = statuses[data[1] % 6],
        .grpc_status = data[0] & 2 ? data[2] % 18 : -1,
        .grpc_message = all,
        .grpc_details = all,
        .retry_after = all,
        .body = all,
        .now = 1767225600,
    };
    const char *type = types[data[0] >> 2 & 3];
    struct rn_otlp_ruling ruling;

    answer.content_type = (struct rn_otlp_text){type, strlen(type)};
    rn_otlp_judge(&answer, &ruling);
    if (ruling.verdict > RN_OTLP_STOP || ruling.after_ms < -1 ||
        !memchr(ruling.message, 0, sizeof ruling.message))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_buf out = RN_BUF_INIT;
    struct rn_otlp_set set;
    uint64_t repeated;

    if (size < 3)
        return 0;
    judge(data, size);
    if (rn_otlp_readback(data, size, &set, &repeated, &err) != RN_OK && !err.what[0])
        abort();
    if (rn_otlp_json_line(data, size, &out, &err) != RN_OK && !err.what[0])
        abort();
    (void)!rn_otlp_span_describe(data, size, &out, &err);
    rn_buf_free(&out);
    return 0;
}
