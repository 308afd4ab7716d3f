/* SPDX-License-Identifier: MIT */
#include "libanalysis/filter_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct rn_filter *filter_of(const char *expression)
{
    struct rn_filter *filter = rn_filter_new();
    struct rn_error err = RN_ERROR_INIT;

    assert_non_null(filter);
    if (rn_filter_add(filter, expression, &err) != RN_OK)
        fail_msg("%s: %s", expression, err.what);
    return filter;
}

static bool matches_call(const struct rn_filter *filter)
{
    struct rn_event event = {.kind = RN_KIND_SYSCALL};

    return rn_filter_match(filter, &event);
}

/* An event of a device with a name, a direction and an interface. */
static bool matches_run(const struct rn_filter *filter, uint8_t kind, const char *name,
                        uint64_t direction, uint64_t api)
{
    struct rn_attachment attachment = {.type = RN_ATT_NAME,
                                       .arg = RN_ARG_NONE,
                                       .size = (uint32_t)strlen(name),
                                       .data = (const uint8_t *)name};
    struct rn_event event = {.kind = kind, .attachment_count = 1, .attachments = &attachment};

    event.u.words[0] = api; /* of all three kinds */
    if (kind == RN_KIND_TRANSFER)
        event.u.transfer.direction = direction;
    return rn_filter_match(filter, &event);
}

static bool matches_kernel(const struct rn_filter *filter, const char *name)
{
    return matches_run(filter, RN_KIND_KERNEL, name, 0, RN_API_OPENCL);
}

static bool matches_transfer(const struct rn_filter *filter, uint64_t direction)
{
    return matches_run(filter, RN_KIND_TRANSFER, "copy", direction, RN_API_OPENCL);
}

static void test_devices(void **state)
{
    struct rn_filter *filter;

    (void)state;
    filter = filter_of("kernel=gemm*,!gemm_debug");
    assert_true(matches_kernel(filter, "gemm"));
    assert_true(matches_kernel(filter, "gemm_nt"));
    assert_false(matches_kernel(filter, "gemm_debug"));
    assert_false(matches_kernel(filter, "dot"));
    assert_false(matches_transfer(filter, RN_DIRECTION_PEER));
    assert_false(matches_call(filter));
    assert_true(rn_filter_kinds(filter) >> RN_KIND_KERNEL & 1);
    assert_false(rn_filter_kinds(filter) >> RN_KIND_TRANSFER & 1);
    rn_filter_free(filter);

    filter = filter_of("!kernel=*");
    assert_false(matches_kernel(filter, "gemm"));
    assert_true(matches_transfer(filter, RN_DIRECTION_PEER));
    assert_true(matches_call(filter));
    rn_filter_free(filter);

    filter = filter_of("direction=to-device,peer");
    assert_true(matches_transfer(filter, RN_DIRECTION_TO_DEVICE));
    assert_true(matches_transfer(filter, RN_DIRECTION_PEER));
    assert_false(matches_transfer(filter, RN_DIRECTION_FILL));
    assert_false(matches_kernel(filter, "gemm"));
    rn_filter_free(filter);

    filter = filter_of("direction=unknown,api=vulkan,call=vk?uit");
    assert_true(matches_transfer(filter, 4711));
    assert_false(matches_transfer(filter, RN_DIRECTION_PEER));
    assert_true(matches_run(filter, RN_KIND_KERNEL, "main", 0, RN_API_VULKAN));
    assert_true(matches_run(filter, RN_KIND_TRANSFER, "x", 1, RN_API_VULKAN));
    assert_true(matches_run(filter, RN_KIND_API, "vkQuit", 0, RN_API_OPENCL));
    assert_false(matches_run(filter, RN_KIND_API, "vkQuiet", 0, RN_API_OPENCL));
    rn_filter_free(filter);

    /* What is said of the whole kind makes void what was said before. */
    filter = filter_of("kernel=a,kind=kernel,transfer,direction=!peer,kernel=!b,api=!cuda");
    assert_true(matches_kernel(filter, "c"));
    assert_false(matches_kernel(filter, "b"));
    assert_false(matches_transfer(filter, RN_DIRECTION_PEER));
    assert_true(matches_transfer(filter, RN_DIRECTION_FILL));
    assert_false(matches_run(filter, RN_KIND_KERNEL, "c", 0, RN_API_CUDA));
    rn_filter_free(filter);

    filter = filter_of("kind=api,kernel=!x");
    assert_int_equal(rn_filter_kinds(filter), 1u << RN_KIND_API | 1u << RN_KIND_AGGREGATE);
    rn_filter_free(filter);

    filter = filter_of("kernel=none");
    assert_false(matches_kernel(filter, "c"));
    assert_true(matches_transfer(filter, RN_DIRECTION_FILL));
    rn_filter_free(filter);
    filter = filter_of("api=all");
    assert_true(matches_kernel(filter, "c"));
    assert_true(matches_transfer(filter, RN_DIRECTION_FILL));
    assert_false(matches_call(filter));
    rn_filter_free(filter);
}

/* Aggregates are selected as what they count would be; their interface is not known. */
static void test_device_aggregates(void **state)
{
    struct rn_attachment name = {
        .type = RN_ATT_NAME, .arg = RN_ARG_NONE, .size = 4, .data = (const uint8_t *)"gemm"};
    struct rn_event event = {.kind = RN_KIND_AGGREGATE,
                             .u.aggregate = {.of = RN_KIND_KERNEL},
                             .attachment_count = 1,
                             .attachments = &name};
    static const struct {
        const char *expression;
        bool kernel, transfer;
    } cases[] = {
        {"kernel=g*", true, false},
        {"kernel=x*", false, false},
        {"direction=from-device", false, true},
        {"direction=fill", false, false},
        {"api=opencl", false, false},
        {"kind=kernel,transfer,api=!opencl", true, true},
        {"kind=aggregate", true, true},
        {"!kernel=gemm", true, true},
        {"!kind=aggregate", true, true},
        {"!kernel=gemm,kind=aggregate", true, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rn_filter *filter = filter_of(cases[i].expression);

        event.u.aggregate.of = RN_KIND_KERNEL;
        if (rn_filter_match(filter, &event) != cases[i].kernel)
            fail_msg("%s: kernels", cases[i].expression);
        event.u.aggregate.of = RN_KIND_TRANSFER;
        event.u.aggregate.direction = RN_DIRECTION_FROM_DEVICE;
        if (rn_filter_match(filter, &event) != cases[i].transfer)
            fail_msg("%s: transfers", cases[i].expression);
        rn_filter_free(filter);
    }
}

static void test_results_of_api_calls(void **state)
{
    struct rn_event event = {.kind = RN_KIND_API};
    struct rn_filter *filter = filter_of("kind=api,status=failed");

    (void)state;
    assert_false(rn_filter_match(filter, &event));
    event.u.api.result = (uint64_t)-54;
    assert_true(rn_filter_match(filter, &event));
    assert_true(rn_filter_kinds(filter) >> RN_KIND_API & 1);
    rn_filter_free(filter);
}

static void test_globs(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool match;
    } cases[] = {
        {"", "", true},         {"", "a", false},         {"*", "", true},
        {"*", "abc", true},     {"a*", "a", true},        {"a*c", "abbc", true},
        {"a*c", "abcb", false}, {"?", "", false},         {"?b", "ab", true},
        {"**b*", "aab", true},  {"*a?c*", "aaabc", true}, {"a[b]", "ab", false},
        {"a[b]", "a[b]", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (rn_filter_glob(cases[i].pattern, strlen(cases[i].pattern), cases[i].text,
                           strlen(cases[i].text)) != cases[i].match)
            fail_msg("%s, %s", cases[i].pattern, cases[i].text);
    }
}

static void test_too_many_rules_are_refused(void **state)
{
    struct rn_filter *filter = rn_filter_new();
    struct rn_error err = RN_ERROR_INIT;
    char text[200] = "kernel=";

    (void)state;
    for (unsigned i = 0; i < RN_FILTER_MAX_RULES; i++)
        assert_int_equal(rn_filter_add(filter, "kernel=a", &err), RN_OK);
    assert_int_equal(rn_filter_add(filter, "kernel=a", &err), RN_E_USAGE);
    assert_int_equal(rn_filter_add(filter, "kind=kernel,kernel=a", &err), RN_OK);
    memset(text + 7, 'a', RN_FILTER_MAX_PATTERN + 1);
    assert_int_equal(rn_filter_add(filter, text, &err), RN_E_USAGE);
    rn_filter_free(filter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_device_aggregates),
        cmocka_unit_test(test_results_of_api_calls),
        cmocka_unit_test(test_globs),
        cmocka_unit_test(test_too_many_rules_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
