/* SPDX-License-Identifier: MIT */
#include "libanalysis/diff_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct rn_diff_rules *rules_of(const char *text)
{
    struct rn_diff_rules *rules = rn_diff_rules_new();
    struct rn_error err = RN_ERROR_INIT;

    assert_non_null(rules);
    if (rn_diff_rules_parse(rules, text, strlen(text), &err) != RN_OK)
        fail_msg("%s", err.what);
    return rules;
}

static struct rn_buf buf_of(const char *text)
{
    struct rn_buf buf = RN_BUF_INIT;

    rn_buf_text(&buf, text);
    return buf;
}

static bool equal(const struct rn_diff_rules *rules, const char *name, const char *a, const char *b,
                  bool *applies)
{
    struct rn_buf left = buf_of(a), right = buf_of(b);
    bool result = rn_diff_rules_equal(rules, name, &left, &right, applies);

    rn_buf_free(&left);
    rn_buf_free(&right);
    return result;
}

static void test_ignore_and_keep(void **state)
{
    struct rn_diff_rules *rules =
        rules_of("# a comment\n\nignore file *.log\n  ignore stream stderr\r\nkeep caches\n");

    (void)state;
    assert_true(rn_diff_rules_ignore(rules, RN_EFFECT_FILE, "a/b.log"));
    assert_true(rn_diff_rules_ignore(rules, RN_EFFECT_REMOVED, "b.log"));
    assert_false(rn_diff_rules_ignore(rules, RN_EFFECT_STREAM, "b.log"));
    assert_true(rn_diff_rules_ignore(rules, RN_EFFECT_STREAM, "stderr"));
    assert_true(rn_diff_rules_keep(rules, RN_RULE_CACHES));
    assert_false(rn_diff_rules_keep(rules, RN_RULE_MEMORY));
    assert_false(rn_diff_rules_keep(NULL, RN_RULE_MEMORY));
    rn_diff_rules_free(rules);
}

static void test_texts(void **state)
{
    struct rn_diff_rules *rules =
        rules_of("numeric stdout 0.01\nmask stdout [0-9]+:[0-9]+\nmask log id=[a-f0-9]*");
    bool applies;

    (void)state;
    assert_true(equal(rules, "stdout", "x 100.0 y\n", "x 100.5 y\n", &applies));
    assert_false(equal(rules, "stdout", "x 100.0 y\n", "x 102 y\n", &applies));
    assert_true(applies);
    assert_false(equal(rules, "stdout", "x 100.0 y\n", "x 100.0 z\n", &applies));
    assert_true(equal(rules, "stdout", "at 12:30 x 1.000\n", "at 9:05 x 1.001\n", &applies));
    assert_false(equal(rules, "stdout", "at 12:30", "at noon", &applies));
    assert_true(equal(rules, "log", "id=ab12 ok id=1\nid=3", "id=ff ok id=222\nid=", &applies));
    assert_false(equal(rules, "log", "id=ab12 ok", "id=ab12 no", &applies));
    assert_false(equal(rules, "other", "a", "a", &applies));
    assert_false(applies);
    assert_true(equal(rules, "stdout", "", "", &applies));
    assert_false(equal(rules, "stdout", "", "1", &applies));
    rn_diff_rules_free(rules);
}

/* What a mask leaves in place of its match is no part of a number. */
static void test_number_behind_a_mask(void **state)
{
    struct rn_diff_rules *rules = rules_of("mask stdout [0-9]+:\nnumeric stdout 0.01");
    bool applies;

    (void)state;
    assert_true(equal(rules, "stdout", "12:5.000", "9:5.001", &applies));
    assert_false(equal(rules, "stdout", "12:5.000", "9:6.000", &applies));
    rn_diff_rules_free(rules);
}

static void test_bad_lines(void **state)
{
    static const char *const lines[] = {
        "ignore",    "ignore file",     "ignore everything *", "keep",         "keep nothing",
        "numeric x", "numeric x 2",     "numeric x -1",        "numeric x y",  "mask x",
        "mask x [",  "ignore file a b", "forget it",           "numeric x nan"};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct rn_diff_rules *rules = rn_diff_rules_new();
        struct rn_error err = RN_ERROR_INIT;

        if (rn_diff_rules_add(rules, lines[i], &err) != RN_E_USAGE)
            fail_msg("'%s' was taken", lines[i]);
        assert_true(err.what[0]);
        rn_diff_rules_free(rules);
    }
}

/* What would take memory out of all proportion. */
static void test_too_many_repetitions(void **state)
{
    static const struct {
        const char *line;
        enum rn_status status;
    } cases[] = {{"mask x (a*){500}", RN_OK},
                 {"mask x a+b+c+", RN_OK},
                 {"mask x a\\+\\+\\+\\+\\+\\+\\+\\+\\+\\+\\+", RN_OK},
                 {"mask x (a*){600}", RN_E_LIMIT},
                 {"mask x ((a*){30}){30}", RN_E_LIMIT},
                 {"mask x a*++++++++++", RN_E_LIMIT}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rn_diff_rules *rules = rn_diff_rules_new();
        struct rn_error err = RN_ERROR_INIT;

        if (rn_diff_rules_add(rules, cases[i].line, &err) != cases[i].status)
            fail_msg("'%s': %s", cases[i].line, err.what);
        rn_diff_rules_free(rules);
    }
}

static struct rn_effect effect_of(const char *name, const char *text, struct rn_image *image)
{
    rn_image_init(image, 100);
    image->bytes = buf_of(text);
    image->length = strlen(text);
    return (struct rn_effect){.kind = RN_EFFECT_STREAM, .name = name, .image = image};
}

static void test_learning(void **state)
{
    struct rn_diff_rules *rules = rn_diff_rules_new();
    struct rn_error err = RN_ERROR_INIT;
    struct rn_image images[4];
    struct rn_effect first = effect_of("stdout", "took 12 ms, 3 files\n", &images[0]);
    struct rn_effect second = effect_of("stdout", "took 940 ms, 3 files\n", &images[1]);
    struct rn_effect shorter = effect_of("stderr", "a b\n", &images[2]);
    struct rn_effect longer = effect_of("stderr", "a b c\n", &images[3]);
    char text[100];
    bool applies;

    (void)state;
    assert_int_equal(rn_diff_rules_learn(rules, &first, &second, &err), RN_OK);
    assert_true(equal(rules, "stdout", "took 1 ms, 3 files\n", "took 77 ms, 3 files\n", &applies));
    assert_false(equal(rules, "stdout", "took 1 ms, 3 files\n", "took 1 ms, 4 files\n", &applies));
    assert_false(equal(rules, "stdout", "took 1 ms, 3 files\n", "took 1 ms\n", &applies));
    assert_false(rn_diff_rules_varies(rules, RN_EFFECT_STREAM, "stdout"));
    assert_int_equal(rn_diff_rules_learn(rules, &shorter, &longer, &err), RN_OK);
    assert_true(rn_diff_rules_varies(rules, RN_EFFECT_STREAM, "stderr"));
    assert_int_equal(rn_diff_rules_learn(rules, NULL, &longer, &err), RN_OK);
    rn_diff_rules_learned(rules, text, sizeof text);
    assert_string_equal(text, "words of stdout, stderr");
    for (int i = 0; i < 4; i++)
        rn_image_free(&images[i]);
    rn_diff_rules_free(rules);
}

static void test_rule_names(void **state)
{
    (void)state;
    for (unsigned i = 1; i < RN_RULE_COUNT; i++) {
        const struct rn_rule_info *info = rn_rule_info((enum rn_rule)i);

        assert_non_null(info->name);
        assert_int_equal(rn_rule_find(info->name, strlen(info->name)), i);
    }
    assert_int_equal(rn_rule_find("memo", 4), RN_RULE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ignore_and_keep),      cmocka_unit_test(test_texts),
        cmocka_unit_test(test_number_behind_a_mask), cmocka_unit_test(test_bad_lines),
        cmocka_unit_test(test_too_many_repetitions), cmocka_unit_test(test_learning),
        cmocka_unit_test(test_rule_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
