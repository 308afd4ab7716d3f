/* SPDX-License-Identifier: MIT */
#include "render_fixture.h"

static void expect_line(struct maker *maker, const char *expected)
{
    expect_text(&(struct rn_render_options){.string_limit = 32}, maker, expected);
}

static struct maker event_of(uint8_t kind, const char *name)
{
    struct maker maker = {.event = {.kind = kind, .stream = 1, .start = 2000, .duration = 1500}};

    attach(&maker, RN_ATT_NAME, RN_ARG_NONE, name, (uint32_t)strlen(name));
    return maker;
}

static void devices(void **state)
{
    struct maker m = event_of(RN_KIND_KERNEL, "saxpy");

    (void)state;
    m.event.u.kernel = (struct rn_kernel){.grid = {4, 1, 1}, .group = {256, 1, 1}, .queue = 2};
    expect_line(&m, "*** kernel saxpy<<<4, 256>>> other device=0 queue=2 <0.000001500> ***\n");
    m.event.u.kernel = (struct rn_kernel){.api = RN_API_CUDA,
                                          .grid = {4, 2, 1},
                                          .group = {8, 8, 2},
                                          .shared_bytes = 4096,
                                          .correlation = 9,
                                          .graph = 3,
                                          .queued = 1500,
                                          .submitted = 1700};
    expect_line(&m, "*** kernel saxpy<<<(4, 2), (8, 8, 2), 4096>>> cuda device=0 queue=0 "
                    "correlation=9 graph=3 in-queue=<0.000000200> to-start=<0.000000300> "
                    "<0.000001500> ***\n");
    /* Out of order: not shown. */
    m.event.u.kernel.submitted = 2100;
    m.event.u.kernel.queued = 2200;
    m.event.flags = RN_EVENT_UNFINISHED;
    expect_line(&m, "*** kernel saxpy<<<(4, 2), (8, 8, 2), 4096>>> cuda device=0 queue=0 "
                    "correlation=9 graph=3 <0.000001500> (end not known) ***\n");
    m = event_of(RN_KIND_TRANSFER, "cudaMemcpyAsync");
    m.event.u.transfer =
        (struct rn_transfer){.direction = RN_DIRECTION_TO_DEVICE, .bytes = 6000, .correlation = 9};
    expect_line(&m, "*** transfer cudaMemcpyAsync to-device bytes=6000 other device=0 queue=0 "
                    "correlation=9 4GB/s <0.000001500> ***\n");
    m.event.u.transfer.direction = 99;
    m.event.duration = 0;
    expect_line(&m, "*** transfer cudaMemcpyAsync unknown bytes=6000 other device=0 queue=0 "
                    "correlation=9 <0.000000000> ***\n");
    m = event_of(RN_KIND_API, "clEnqueueNDRangeKernel");
    m.event.u.api = (struct rn_api_call){.api = RN_API_OPENCL, .result = (uint64_t)-54};
    attach(&m, RN_ATT_TEXT, RN_ARG_NONE, "saxpy\x1b", 6);
    expect_line(&m, "clEnqueueNDRangeKernel(saxpy\\x1b)       = -54\n");
    m.event.u.api.result = 0;
    m.event.u.api.correlation = 7;
    expect_text(&(struct rn_render_options){.durations = true}, &m,
                "clEnqueueNDRangeKernel(saxpy\\x1b)       = 0 (correlation 7) <0.000001>\n");
}

/* On a queue: the process is that of the queue's program. */
static void queues(void **state)
{
    struct maker m = event_of(RN_KIND_TRANSFER, "copy");
    struct rn_event stream = {
        .kind = RN_KIND_STREAM,
        .stream = 2,
        .u.stream_info = {.id = 2, .type = RN_STREAM_QUEUE, .pid = 42, .tid = 1}};
    json_t *json;

    (void)state;
    assert_int_equal(rn_trace_feed(trace, &stream, NULL), RN_OK);
    m.event.stream = 2;
    m.event.u.transfer = (struct rn_transfer){
        .api = RN_API_OPENCL, .direction = RN_DIRECTION_FROM_DEVICE, .bytes = 3000};
    expect_text(&(struct rn_render_options){.pid = true}, &m,
                "42    *** transfer copy from-device bytes=3000 opencl device=0 queue=0 2GB/s "
                "<0.000001500> ***\n");
    json = as_json(&m);
    assert_int_equal(json_integer_value(json_object_get(json, "pid")), 42);
    assert_null(json_object_get(json, "tid"));
    assert_string_equal(json_string_value(json_object_get(json, "api")), "opencl");
    assert_string_equal(json_string_value(json_object_get(json, "direction")), "from-device");
    assert_int_equal(json_integer_value(json_object_get(json, "bytes_per_second")), 2000000000);
    json_decref(json);
    m.event.duration = 1;
    m.event.u.transfer.bytes = UINT64_MAX;
    json = as_json(&m);
    assert_string_equal(json_string_value(json_object_get(json, "bytes_per_second")),
                        "18446744073709551615");
    json_decref(json);
}

static void compute(void **state)
{
    struct maker m = event_of(RN_KIND_BLOCK, "dot");

    (void)state;
    m.event.u.block = (struct rn_block){.elements = 16,
                                        .bytes = 128,
                                        .flops = 32,
                                        .backend = RN_BACKEND_SIMD,
                                        .provenance = RN_PROVENANCE_DECLARED};
    attach(&m, RN_ATT_ISA, RN_ARG_NONE, "avx2", 4);
    expect_line(&m, "*** block dot backend=simd isa=avx2 (declared) elements=16 bytes=128 "
                    "flops=32 <0.000001500> ***\n");
    m = event_of(RN_KIND_DECISION, "f\x1b");
    m.event.u.decision.id = 0xabc;
    attach(&m, RN_ATT_CATEGORY, RN_ARG_NONE, "codegen", 7);
    attach(&m, RN_ATT_SOURCE, RN_ARG_NONE, "a.py:3", 6);
    attach(&m, RN_ATT_RESULT, RN_ARG_NONE, "i32", 3);
    expect_line(&m, "*** decision codegen::f\\x1b at a.py:3 input=? result=i32 "
                    "id=0x0000000000000abc ***\n");
    m = event_of(RN_KIND_AGGREGATE, "dot");
    m.event.u.aggregate = (struct rn_aggregate){.of = RN_KIND_BLOCK,
                                                .reason = RN_AGGREGATE_HOT,
                                                .count = 3,
                                                .sum = 30,
                                                .min = 5,
                                                .max = 20};
    expect_line(&m, "*** aggregate 3 block events of dot (called too often) sum=<0.000000030> "
                    "min=<0.000000005> max=<0.000000020> ***\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(devices, setup, teardown),
        cmocka_unit_test_setup_teardown(queues, setup, teardown),
        cmocka_unit_test_setup_teardown(compute, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
