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
    expect_line(&m, "*** kernel saxpy grid=[4, 1, 1] group=[256, 1, 1] device=0 queue=2 "
                    "<0.000001500> ***\n");
    m = event_of(RN_KIND_TRANSFER, "cudaMemcpyAsync");
    m.event.u.transfer =
        (struct rn_transfer){.direction = RN_DIRECTION_TO_DEVICE, .bytes = 6000, .correlation = 9};
    expect_line(&m, "*** transfer cudaMemcpyAsync to-device bytes=6000 device=0 queue=0 "
                    "correlation=9 4GB/s <0.000001500> ***\n");
    m.event.u.transfer.direction = 99;
    m.event.duration = 0;
    expect_line(&m, "*** transfer cudaMemcpyAsync unknown bytes=6000 device=0 queue=0 "
                    "correlation=9 <0.000000000> ***\n");
    m = event_of(RN_KIND_API, "clEnqueueNDRangeKernel");
    m.event.u.api = (struct rn_api_call){.api = RN_API_OPENCL, .result = (uint64_t)-54};
    expect_line(&m, "*** api clEnqueueNDRangeKernel() = -54 api=opencl <0.000001500> ***\n");
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
        cmocka_unit_test_setup_teardown(compute, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
