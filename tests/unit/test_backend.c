/* SPDX-License-Identifier: MIT */
#include "libanalysis/backend/backend_json.h"
#include "libanalysis/backend/rn_backend.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct rn_backend_variant variants[] = {{RN_BACKEND_USE_SCALAR, NULL},
                                                     {RN_BACKEND_USE_SIMD, "avx2"},
                                                     {RN_BACKEND_USE_SIMD, "avx512"},
                                                     {RN_BACKEND_USE_GPU, "opencl"}};

static const char policy_text[] =
    "{\"schema\":\"rn-policy/1\",\"machine\":{\"cpu_fingerprint\":\"0000000000000001\"},"
    "\"operations\":[{\"name\":\"saxpy\",\"placements\":[{\"data\":\"host\",\"source\":\"fitted\","
    "\"from\":16,\"to\":100000,\"ranges\":["
    "{\"from\":16,\"to\":99,\"backend\":\"scalar\",\"isa\":\"\"},"
    "{\"from\":100,\"to\":9999,\"backend\":\"simd\",\"isa\":\"avx512\"},"
    "{\"from\":10000,\"to\":100000,\"backend\":\"gpu\",\"isa\":\"cuda\"}],"
    "\"crossovers\":[{\"low\":90,\"high\":110},{\"low\":5000,\"high\":20000}]},"
    "{\"data\":\"device\",\"source\":\"fitted\",\"from\":1,\"to\":1000,\"ranges\":["
    "{\"from\":1,\"to\":1000,\"backend\":\"gpu\",\"isa\":\"\"}],\"crossovers\":[]}]},"
    "{\"name\":\"dot\",\"placements\":[{\"data\":\"host\",\"source\":\"built-in\",\"ranges\":[]}]}]"
    "}";

static struct rn_backend_policy *policy_of(const char *text, unsigned flags)
{
    struct rn_backend_policy *policy;
    char message[200] = "";

    if (rn_backend_parse(text, strlen(text), flags | RN_BACKEND_ANY_MACHINE, &policy, message,
                         sizeof message) != 0)
        fail_msg("%s", message);
    return policy;
}

static struct rn_backend_operation *operation_of(struct rn_backend_policy *policy, const char *name)
{
    struct rn_backend_operation *operation = rn_backend_operation(policy, name, variants, 4);

    assert_non_null(operation);
    return operation;
}

static enum rn_backend_source source_of(const struct rn_backend_operation *operation, uint64_t size)
{
    enum rn_backend_source source;

    rn_backend_explain(operation, size, RN_BACKEND_ON_HOST, &source);
    return source;
}

static void policy_answers(void **unused)
{
    struct rn_backend_policy *policy = policy_of(policy_text, 0);
    struct rn_backend_operation *saxpy = operation_of(policy, "saxpy");

    (void)unused;
    assert_int_equal(rn_backend_select(saxpy, 16), 0);
    assert_int_equal(source_of(saxpy, 16), RN_BACKEND_BY_POLICY);
    assert_int_equal(rn_backend_select(saxpy, 2000), 2);
    assert_int_equal(rn_backend_select(saxpy, 50000), 3);
    assert_int_equal(rn_backend_select(saxpy, 100000), 3);
    assert_int_equal(rn_backend_select_at(saxpy, 16, RN_BACKEND_ON_DEVICE), 3);
    /* Outside, the rules: a vector operation. */
    assert_int_equal(source_of(saxpy, 100001), RN_BACKEND_BY_RULE);
    assert_int_equal(rn_backend_select(saxpy, 100001), 1);
    assert_int_equal(rn_backend_select(saxpy, 15), 0);
    assert_int_equal(source_of(operation_of(policy, "dot"), 2000), RN_BACKEND_BY_RULE);
    rn_backend_free(policy);
}

static void a_band_keeps_the_habit(void **unused)
{
    struct rn_backend_policy *policy = policy_of(policy_text, 0);
    struct rn_backend_operation *saxpy = operation_of(policy, "saxpy");

    (void)unused;
    assert_int_equal(rn_backend_select(saxpy, 95), 0);
    assert_int_equal(rn_backend_select(saxpy, 2000), 2);
    assert_int_equal(source_of(saxpy, 95), RN_BACKEND_BY_HABIT);
    assert_int_equal(rn_backend_select(saxpy, 95), 2);
    assert_int_equal(rn_backend_select(saxpy, 15000), 2);
    assert_int_equal(rn_backend_select(saxpy, 50000), 3);
    assert_int_equal(rn_backend_select(saxpy, 7000), 3);
    /* The GPU is not one of the two here. */
    assert_int_equal(rn_backend_select(saxpy, 95), 0);
    rn_backend_free(policy);
}

static void rules_answer(void **unused)
{
    struct rn_backend_policy *policy;
    struct rn_backend_operation *made;

    (void)unused;
    assert_int_equal(rn_backend_open(NULL, 0, &policy, NULL, 0), 0);
    made = operation_of(policy, "dgemm");
    assert_int_equal(rn_backend_select(made, 999), 0);
    assert_int_equal(rn_backend_select(made, 10000), 1);
    assert_int_equal(rn_backend_select(made, 10001), 3);
    made = operation_of(policy, "conv3x3");
    assert_int_equal(rn_backend_select(made, 1000), 1);
    assert_int_equal(rn_backend_select(made, 1001), 3);
    made = operation_of(policy, "parse_tree");
    assert_int_equal(rn_backend_select(made, 1000000), 0);
    /* A program that has no GPU, and no SIMD. */
    made = rn_backend_operation(policy, "dgemm", variants, 2);
    assert_int_equal(rn_backend_select(made, 1000000), 1);
    made = rn_backend_operation(policy, "dgemm", variants, 1);
    assert_int_equal(rn_backend_select(made, 1000000), 0);
    assert_null(rn_backend_operation(policy, "dgemm", variants, 0));
    rn_backend_free(policy);
}

static void it_explores_then_measures(void **unused)
{
    struct rn_backend_policy *policy = NULL;
    struct rn_backend_operation *made;
    static const uint64_t ns[] = {500, 90, 300, 400};
    unsigned tried[4] = {0};

    (void)unused;
    assert_int_equal(rn_backend_open(NULL, RN_BACKEND_EXPLORE, &policy, NULL, 0), 0);
    made = operation_of(policy, "parse_tree");
    for (unsigned i = 0; i < RN_BACKEND_FIRST_CALLS; i++) {
        assert_int_equal(source_of(made, 5000), RN_BACKEND_BY_RULE);
        assert_int_equal(rn_backend_select(made, 5000), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        unsigned variant = rn_backend_select(made, 5000);

        tried[variant]++;
        rn_backend_record(made, 5000, variant, ns[variant]);
    }
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(tried[i], 1);
    assert_int_equal(source_of(made, 5000), RN_BACKEND_BY_MEASURE);
    assert_int_equal(rn_backend_select(made, 5000), 1);
    /* One bad time is no reason to change, many are. */
    rn_backend_record(made, 5000, 1, 1000000);
    assert_int_equal(rn_backend_select(made, 5000), 1);
    for (unsigned i = 0; i < 200; i++)
        rn_backend_record(made, 5000, 1, 1000);
    assert_int_equal(rn_backend_select(made, 5000), 2);
    /* Other sizes know nothing of it. */
    assert_int_equal(source_of(made, 50000), RN_BACKEND_BY_RULE);
    rn_backend_free(policy);
}

/* One that is never recorded is not tried for ever. */
static void exploring_ends(void **unused)
{
    struct rn_backend_policy *policy = NULL;
    struct rn_backend_operation *made;

    (void)unused;
    assert_int_equal(rn_backend_open(NULL, RN_BACKEND_EXPLORE, &policy, NULL, 0), 0);
    made = operation_of(policy, "parse_tree");
    for (unsigned i = 0; i < 30; i++)
        rn_backend_select(made, 5000);
    assert_int_equal(source_of(made, 5000), RN_BACKEND_BY_RULE);
    rn_backend_free(policy);
}

/* A loop that does nothing else makes far more than 10,000 calls a second. */
static void hot_paths_are_seen(void **unused)
{
    struct rn_backend_policy *policy;
    struct rn_backend_operation *hot, *cold;

    (void)unused;
    assert_int_equal(rn_backend_open(NULL, 0, &policy, NULL, 0), 0);
    hot = operation_of(policy, "saxpy");
    cold = operation_of(policy, "dot");
    rn_backend_select(cold, 100);
    for (unsigned i = 0; i < 9000; i++)
        rn_backend_select(hot, 100);
    assert_int_equal(rn_backend_is_hot(hot), 0);
    for (unsigned long i = 0; i < 100000000 && !rn_backend_is_hot(hot); i++)
        rn_backend_select(hot, 100);
    assert_int_equal(rn_backend_is_hot(hot), 1);
    assert_int_equal(rn_backend_is_hot(cold), 0);
    rn_backend_free(policy);
}

static void *select_and_record(void *context)
{
    struct rn_backend_operation *made = context;

    for (unsigned i = 0; i < 20000; i++)
        rn_backend_record(made, i % 5000, rn_backend_select(made, i % 5000), 100 + i % 7);
    return NULL;
}

static void threads_may_share(void **unused)
{
    struct rn_backend_policy *policy;
    struct rn_backend_operation *made;
    pthread_t threads[4];

    (void)unused;
    assert_int_equal(rn_backend_open(NULL, RN_BACKEND_EXPLORE, &policy, NULL, 0), 0);
    made = operation_of(policy, "saxpy");
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, select_and_record, made), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(source_of(made, 4500), RN_BACKEND_BY_MEASURE);
    rn_backend_free(policy);
}

static void other_machines_are_refused(void **unused)
{
    struct rn_backend_policy *policy;
    char message[200] = "";

    (void)unused;
    assert_int_equal(
        rn_backend_parse(policy_text, strlen(policy_text), 0, &policy, message, sizeof message),
        EXDEV);
    assert_non_null(strstr(message, "another CPU"));
    assert_int_equal(source_of(operation_of(policy, "saxpy"), 2000), RN_BACKEND_BY_RULE);
    rn_backend_free(policy);
}

static void nonsense_is_refused(void **unused)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"schema\":1}",
        "{\"schema\":\"rn-policy/1\"",
        "{\"schema\":\"\\u12\"}",
        "{\"schema\":\"rn-policy/1\"} x",
        "nul",
        "{\"a\":1e}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\" 1}",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"};
    struct rn_backend_policy *policy;
    char message[200];

    (void)unused;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        message[0] = 0;
        if (rn_backend_parse(texts[i], strlen(texts[i]), RN_BACKEND_ANY_MACHINE, &policy, message,
                             sizeof message) != EPROTO)
            fail_msg("'%s' is taken", texts[i]);
        assert_true(message[0]);
        assert_non_null(policy);
        rn_backend_free(policy);
    }
    assert_int_equal(rn_backend_open("/nonexistent/policy", 0, &policy, message, sizeof message),
                     ENOENT);
    assert_non_null(policy);
    rn_backend_free(policy);
}

static void json_is_read(void **unused)
{
    static const char text[] =
        " {\"a\" : [1, -2.5e1, true, null], \"b\":\"x\\n\\u00e4\\ud83d\\ude00\\\"\" } ";
    struct backend_json json;
    const struct backend_json_value *at;

    (void)unused;
    assert_true(backend_json_parse(&json, text, strlen(text)));
    at = backend_json_first(&json, backend_json_member(&json, json.values, "a"));
    assert_int_equal(backend_json_whole(at), 1);
    at = backend_json_next(&json, at);
    assert_true(at->number == -25);
    assert_int_equal(backend_json_whole(at), 0);
    assert_int_equal(backend_json_next(&json, at)->type, JSON_TRUE);
    assert_string_equal(backend_json_string(backend_json_member(&json, json.values, "b")),
                        "x\n\xc3\xa4\xf0\x9f\x98\x80\"");
    assert_null(backend_json_member(&json, json.values, "c"));
    backend_json_free(&json);
}

static void fingerprints_know_the_cpu(void **unused)
{
    static const char first[] =
        "processor\t: 0\nmodel name\t: A\ncpu MHz\t\t: 1.0\nflags\t: x y\n\n";
    static const char later[] =
        "processor\t: 0\nmodel name\t: A\ncpu MHz\t\t: 2.0\nflags\t: x y\n\n";
    static const char other[] =
        "processor\t: 0\nmodel name\t: A\ncpu MHz\t\t: 1.0\nflags\t: x z\n\n";

    (void)unused;
    assert_int_equal(rn_backend_cpu_fingerprint(first, strlen(first)),
                     rn_backend_cpu_fingerprint(later, strlen(later)));
    assert_int_not_equal(rn_backend_cpu_fingerprint(first, strlen(first)),
                         rn_backend_cpu_fingerprint(other, strlen(other)));
    assert_int_equal(rn_backend_cpu_fingerprint("", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policy_answers),
        cmocka_unit_test(a_band_keeps_the_habit),
        cmocka_unit_test(rules_answer),
        cmocka_unit_test(it_explores_then_measures),
        cmocka_unit_test(exploring_ends),
        cmocka_unit_test(hot_paths_are_seen),
        cmocka_unit_test(threads_may_share),
        cmocka_unit_test(other_machines_are_refused),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(json_is_read),
        cmocka_unit_test(fingerprints_know_the_cpu),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
