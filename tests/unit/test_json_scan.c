/* SPDX-License-Identifier: MIT */
#include "formats/json_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool scan(const char *data, struct rn_scan_value *value)
{
    struct rn_scan_text text = {.at = data, .end = data + strlen(data)};

    return rn_scan_value(&text, value);
}

/* What becomes of a value, "!" where it makes no sense. */
static const char *compact(const char *data, struct rn_scan_changes *changes)
{
    static char out[512];
    struct rn_scan_changes own = {0, 0, false};
    struct rn_buf buf = RN_BUF_INIT;
    struct rn_scan_value value;

    strcpy(out, "!");
    if (scan(data, &value) && rn_scan_compact(&buf, &value, 100, changes ? changes : &own)) {
        assert_true(buf.size < sizeof out);
        memcpy(out, buf.data, buf.size);
        out[buf.size] = '\0';
    }
    rn_buf_free(&buf);
    return out;
}

static void strict_json_comes_out(void **state)
{
    struct rn_scan_changes changes = {0, 0, false};

    (void)state;
    assert_string_equal(compact("{\"a\" : [ 1, 2.50 ,\n-3e+7 ], \"b\":{ } }", NULL),
                        "{\"a\":[1,2.50,-3e+7],\"b\":{}}");
    assert_string_equal(compact("{\"x\":NaN,\"y\":[-Infinity,inf],\"z\":01}", &changes),
                        "{\"x\":\"NaN\",\"y\":[\"-Infinity\",\"inf\"],\"z\":\"01\"}");
    assert_int_equal(changes.numbers, 4);
    assert_string_equal(compact("[\"a\tb\\q\\u00e9\\/\"]", NULL), "[\"a\\u0009b\\\\q\\u00e9\\/\"]");
    assert_string_equal(compact("[\"\xff\xc3\xa9\xe2\x82\"]", &changes),
                        "[\"\\\\xff\xc3\xa9\\\\xe2\\\\x82\"]");
    assert_int_equal(changes.bytes, 3);
    assert_string_equal(compact("[\"\\ud83d\\ude00 \\ud83d \\ude00\"]", &changes),
                        "[\"\\ud83d\\ude00 \\ufffd \\ufffd\"]");
    assert_int_equal(changes.bytes, 5);
}

static void what_is_no_json(void **state)
{
    static const char *const bad[] = {
        "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{1:2}", "[1 2]", "{,}",
        "[,1]",      "{\"a\":}",          "[tru]", "[1}",   "{\"a\":[}"};
    char deep[2 * RN_SCAN_DEPTH + 8];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_string_equal(compact(bad[i], NULL), "!");
    /* A comma behind the last item is taken. */
    assert_string_equal(compact("{\"a\":[1,],}", NULL), "{\"a\":[1]}");
    memset(deep, '[', RN_SCAN_DEPTH);
    memset(deep + RN_SCAN_DEPTH, ']', RN_SCAN_DEPTH);
    deep[2 * RN_SCAN_DEPTH] = '\0';
    assert_string_not_equal(compact(deep, NULL), "!");
    memset(deep, '[', RN_SCAN_DEPTH + 1);
    memset(deep + RN_SCAN_DEPTH + 1, ']', RN_SCAN_DEPTH + 1);
    deep[2 * RN_SCAN_DEPTH + 2] = '\0';
    assert_string_equal(compact(deep, NULL), "!");
}

static void a_text_that_ends_early(void **state)
{
    static const char whole[] = "{\"a\":[1,\"x\\\"y\",{\"b\":null}]}";

    (void)state;
    for (size_t size = 0; size < sizeof whole - 1; size++) {
        struct rn_scan_text text = {.at = whole, .end = whole + size};
        struct rn_scan_value value;

        assert_false(rn_scan_value(&text, &value));
        assert_null(text.why);
    }
}

static void members_over_the_limit_are_left_out(void **state)
{
    struct rn_scan_changes changes = {0, 0, false};
    char data[400];
    int size = snprintf(data, sizeof data, "{\"a\":1,\"long\":\"%0200d\",\"b\":2}", 0);

    (void)state;
    assert_true(size > 200);
    assert_string_equal(compact(data, &changes), "{\"a\":1,\"b\":2}");
    assert_true(changes.cut);
}

static void times_are_exact(void **state)
{
    static const struct {
        const char *text;
        bool good;
        int64_t ns;
    } cases[] = {
        {"0", true, 0},
        {"5264384763519.354", true, 5264384763519354},
        {"1795638736940236.123", true, 1795638736940236123},
        {"\"12.5\"", true, 12500},
        {"-0.001", true, -1},
        {"0.0004999999999999999999999999", true, 0},
        {"0.0005", true, 1},
        {"-0.0005", true, -1},
        {"0.00049", true, 0},
        {"1e3", true, 1000000},
        {"1.5e-3", true, 2},
        {"12345678901234567890e-10", true, 1234567890123},
        {"0.000000000000000000000000000000000000001", true, 0},
        {"1e-999999999999", true, 0},
        {"4611686018427387.903", true, 4611686018427387903},
        {"4611686018427387.904", false, 0},
        {"1e30", false, 0},
        {"NaN", false, 0},
        {"-", false, 0},
        {"\"\"", false, 0},
        {"\".\"", false, 0},
        {"\"1e\"", false, 0},
        {"\"12 \"", false, 0},
        {"true", false, 0},
        {"[1]", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rn_scan_value value = {.type = RN_JSON_NONE};
        char text[64];
        int64_t ns = 0;

        snprintf(text, sizeof text, "%s ", cases[i].text);
        if (!scan(text, &value))
            value.type = RN_JSON_NONE;
        if (rn_scan_decimal(&value, 3, &ns) != cases[i].good || ns != cases[i].ns)
            fail_msg("%s is %lld", cases[i].text, (long long)ns);
    }
}

static void whole_numbers(void **state)
{
    struct rn_scan_value value;
    uint64_t number = 0;

    (void)state;
    assert_true(scan("18446744073709551615 ", &value) && rn_scan_u64(&value, &number));
    assert_true(number == UINT64_MAX);
    assert_true(scan("18446744073709551616 ", &value) && !rn_scan_u64(&value, &number));
    assert_true(scan("\"0xFFfe\"", &value) && rn_scan_u64(&value, &number));
    assert_int_equal(number, 0xfffe);
    assert_true(scan("\"0x12345678901234567\"", &value) && !rn_scan_u64(&value, &number));
    assert_true(scan("7.0 ", &value) && rn_scan_u64(&value, &number));
    assert_int_equal(number, 7);
    assert_true(scan("7.5 ", &value) && !rn_scan_u64(&value, &number));
    assert_true(scan("-1 ", &value) && !rn_scan_u64(&value, &number));
}

static void texts_are_what_they_say(void **state)
{
    static const char data[] = "\"a\\n\\u0041\\ud83d\\ude00\\ud83dx\\u00\\/\\\"\"";
    struct rn_buf out = RN_BUF_INIT;
    struct rn_scan_value value;

    (void)state;
    assert_true(scan(data, &value));
    assert_true(value.escaped);
    assert_int_equal(rn_scan_unescape(&out, &value), 1);
    rn_buf_byte(&out, 0);
    assert_string_equal((char *)out.data, "a\nA\xf0\x9f\x98\x80\xef\xbf\xbdx\\u00/\"");
    rn_buf_free(&out);
    assert_int_equal(rn_scan_quote(&out, "a\"\\\x01\xff\xc3\xa9", 7), 1);
    rn_buf_byte(&out, 0);
    assert_string_equal((char *)out.data, "\"a\\\"\\\\\\u0001\\\\xff\xc3\xa9\"");
    rn_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strict_json_comes_out),
        cmocka_unit_test(what_is_no_json),
        cmocka_unit_test(a_text_that_ends_early),
        cmocka_unit_test(members_over_the_limit_are_left_out),
        cmocka_unit_test(times_are_exact),
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(texts_are_what_they_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
