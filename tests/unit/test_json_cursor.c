/* SPDX-License-Identifier: MIT */
#include "formats/import/json_cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A copy on the heap, so that a sanitizer sees what reads beyond its end. */
static void begin(struct rn_json *json, const char *text)
{
    size_t size = strlen(text);
    char *copy = malloc(size + !size);

    assert_non_null(copy);
    memcpy(copy, text, size);
    rn_json_begin(json, copy, size);
}

static void end(struct rn_json *json)
{
    free(json->begin);
}

static void test_walk(void **state)
{
    struct rn_json_text key, text;
    struct rn_json json;

    (void)state;
    begin(&json, " { \"a\" : [ 1, \"x\\n\\u00e4\\ud83d\\ude00\\ud83d\", {}, [] , null ] , \"b\":"
                 "{\"c\":[{\"d\":\"}\\\"]\"}]} , \"e\" : -1.5e3 } ");
    assert_true(rn_json_object(&json));
    assert_true(rn_json_member(&json, &key) && rn_json_is(&key, "a"));
    assert_true(rn_json_array(&json));
    assert_true(rn_json_element(&json) && rn_json_scalar(&json, &text) && rn_json_is(&text, "1"));
    assert_true(rn_json_element(&json) && rn_json_string(&json, &text));
    assert_true(rn_json_is(&text, "x\n\xc3\xa4\xf0\x9f\x98\x80\xef\xbf\xbd"));
    assert_true(rn_json_element(&json) && rn_json_object(&json) && !rn_json_member(&json, &key));
    assert_true(rn_json_element(&json) && rn_json_array(&json) && !rn_json_element(&json));
    assert_true(rn_json_element(&json) && rn_json_scalar(&json, &text));
    assert_true(rn_json_is(&text, "null"));
    assert_false(rn_json_element(&json));
    assert_true(rn_json_member(&json, &key) && rn_json_is(&key, "b"));
    assert_true(rn_json_skip(&json, &text));
    assert_true(rn_json_is(&text, "{\"c\":[{\"d\":\"}\\\"]\"}]}"));
    assert_true(rn_json_member(&json, &key) && rn_json_is(&key, "e"));
    assert_true(rn_json_scalar(&json, &text) && rn_json_is(&text, "-1.5e3"));
    assert_false(rn_json_member(&json, &key));
    assert_null(json.wrong);
    assert_int_equal(json.depth, 0);
    assert_int_equal(rn_json_peek(&json), 0);
    end(&json);
}

/* All values of anything. */
static void read_value(struct rn_json *json)
{
    struct rn_json_text text;

    if (rn_json_peek(json) == '{') {
        for (bool more = rn_json_object(json); more && rn_json_member(json, &text);)
            read_value(json);
    } else if (rn_json_peek(json) == '[') {
        for (bool more = rn_json_array(json); more && rn_json_element(json);)
            read_value(json);
    } else {
        rn_json_scalar(json, &text);
    }
}

static void test_wrong(void **state)
{
    static const char *const texts[] = {
        "",          "{",          "[1",    "{\"a\"}", "{\"a\":}",       "[1 2]",
        "[1,]",      "{\"a\":1,}", "\"abc", "\"\\q\"", "\"\\u12\"",      "\"a\nb\"",
        "nul",       "[tru]",      "{a:1}", "[\"\\",   "{\"a\":1 \"b\"", ",",
        "{\"a\" 1}", "{\"a\":1]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct rn_json json;

        begin(&json, texts[i]);
        read_value(&json);
        if (!json.wrong)
            fail_msg("%s is not refused", texts[i]);
        assert_true(json.at <= json.end);
        end(&json);
    }
}

static void test_depth(void **state)
{
    char deep[4 * RN_JSON_DEPTH];
    struct rn_json json;

    (void)state;
    memset(deep, '[', sizeof deep);
    deep[sizeof deep - 1] = '\0';
    begin(&json, deep);
    read_value(&json);
    assert_string_equal(json.wrong, "nested too deep");
    end(&json);
    begin(&json, deep);
    assert_false(rn_json_skip(&json, NULL));
    assert_string_equal(json.wrong, "nested too deep");
    end(&json);
}

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        bool is_unsigned, is_signed;
    } cases[] = {{"0", true, true},
                 {"18446744073709551615", true, false},
                 {"18446744073709551616", false, false},
                 {"9223372036854775807", true, true},
                 {"-9223372036854775808", false, true},
                 {"-9223372036854775809", false, false},
                 {"", false, false},
                 {"-", false, false},
                 {"1.5", false, false},
                 {"1e3", false, false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rn_json_text text = {(char *)(uintptr_t)cases[i].text, strlen(cases[i].text)};
        uint64_t u;
        int64_t s;

        assert_int_equal(rn_json_unsigned(&text, &u), cases[i].is_unsigned);
        assert_int_equal(rn_json_signed(&text, &s), cases[i].is_signed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
