/* SPDX-License-Identifier: MIT */
#include "summary_fixture.h"

static void add_block(struct recording *recording, uint32_t stream, const char *name,
                      const char *isa, uint64_t backend, uint64_t duration)
{
    struct rn_attachment attachments[] = {
        {.type = RN_ATT_NAME,
         .arg = RN_ARG_NONE,
         .size = (uint32_t)strlen(name),
         .data = (const uint8_t *)name},
        {.type = RN_ATT_ISA,
         .arg = RN_ARG_NONE,
         .size = isa ? (uint32_t)strlen(isa) : 0,
         .data = (const uint8_t *)isa},
    };

    add(recording,
        &(struct rn_event){
            .kind = RN_KIND_BLOCK,
            .stream = stream,
            .duration = duration,
            .attachment_count = isa ? 2 : 1,
            .attachments = attachments,
            .u.block = {.elements = 100, .bytes = 1200, .flops = 200, .backend = backend}});
}

/* Blocks by what they are and with what; those that were counted with them; nothing else. */
static void test_by_operation(void **state)
{
    const struct rn_summary_options options = {.by = RN_BY_OPERATION, .series = true};
    struct rn_attachment name = {
        .type = RN_ATT_NAME, .arg = RN_ARG_NONE, .size = 3, .data = (const uint8_t *)"dot"};
    const struct rn_summary_group *group;
    struct recording recording;
    struct rn_summary *summary;
    uint32_t stream;
    size_t count;

    (void)state;
    recording_begin(&recording);
    stream = add_stream(&recording, 10, 10, 0);
    add_call(&recording, stream, "read", 0, 0, 5);
    add_block(&recording, stream, "dot", "avx2", RN_BACKEND_SIMD, 1000);
    add_block(&recording, stream, "dot", "avx2", RN_BACKEND_SIMD, 3000);
    add_block(&recording, stream, "dot", "avx512", RN_BACKEND_SIMD, 500);
    add_block(&recording, stream, "dot", NULL, RN_BACKEND_SCALAR, 9000);
    add(&recording, &(struct rn_event){.kind = RN_KIND_AGGREGATE,
                                       .stream = stream,
                                       .attachment_count = 1,
                                       .attachments = &name,
                                       .u.aggregate = {.of = RN_KIND_BLOCK,
                                                       .backend = RN_BACKEND_SCALAR,
                                                       .count = 10,
                                                       .sum = 100,
                                                       .min = 10,
                                                       .max = 10,
                                                       .elements = UINT64_MAX,
                                                       .bytes = 7,
                                                       .flops = 8}});
    summary = sum_up(&recording, &options);
    (void)rn_summary_groups(summary, &count);
    assert_int_equal(count, 3);
    group = must_find(summary, RN_KIND_BLOCK, "dot (simd avx2)", 2);
    assert_int_equal(group->elements, 200);
    assert_int_equal(group->bytes, 2400);
    assert_int_equal(group->flops, 400);
    assert_string_equal(group->operation, "dot");
    assert_string_equal(group->isa, "avx2");
    assert_int_equal(group->backend, RN_BACKEND_SIMD);
    assert_int_equal(group->series->count, 2);
    must_find(summary, RN_KIND_BLOCK, "dot (simd avx512)", 1);
    group = must_find(summary, RN_KIND_BLOCK, "dot (scalar)", 11);
    assert_true(group->elements == UINT64_MAX);
    assert_int_equal(group->flops, 208);
    assert_int_equal(group->series->count, 1);
    rn_summary_free(summary);
    recording_end(&recording);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_operation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
