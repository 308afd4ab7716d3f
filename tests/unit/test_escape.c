/* SPDX-License-Identifier: MIT */
#include "formats/escape.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef void escape_fn(struct rn_buf *out, const uint8_t *data, size_t size);

static void check(escape_fn *escape, const char *in, size_t size, const char *expected)
{
    struct rn_buf out = RN_BUF_INIT;

    escape(&out, (const uint8_t *)in, size);
    rn_buf_byte(&out, 0);
    assert_string_equal((const char *)out.data, expected);
    rn_buf_free(&out);
}

#define CHECK(escape, in, expected) check(escape, in, sizeof(in) - 1, expected)

static void c_all(struct rn_buf *out, const uint8_t *data, size_t size)
{
    rn_escape_c(out, data, size, SIZE_MAX, false);
}

static void c_four(struct rn_buf *out, const uint8_t *data, size_t size)
{
    rn_escape_c(out, data, size, 4, false);
}

static void c_more(struct rn_buf *out, const uint8_t *data, size_t size)
{
    rn_escape_c(out, data, size, 4, true);
}

static void c_strings(void **state)
{
    (void)state;
    CHECK(c_all, "", "\"\"");
    CHECK(c_all, "a\"b\\c", "\"a\\\"b\\\\c\"");
    CHECK(c_all, "\t\n\v\f\r", "\"\\t\\n\\v\\f\\r\"");
    CHECK(c_all, "\x7f\xff\x1b[", "\"\\177\\377\\33[\"");
}

static void c_octal_is_short_unless_a_digit_follows(void **state)
{
    (void)state;
    CHECK(c_all,
          "\0a\0"
          "7\0"
          "8",
          "\"\\0a\\0007\\08\"");
    CHECK(c_four, "abc\0001", "\"abc\\0\"...");
}

static void c_limit(void **state)
{
    (void)state;
    CHECK(c_four, "abcd", "\"abcd\"");
    CHECK(c_four, "abcde", "\"abcd\"...");
    CHECK(c_more, "abc", "\"abc\"...");
}

static void json_strings(void **state)
{
    (void)state;
    CHECK(rn_escape_json, "plain", "\"plain\"");
    CHECK(rn_escape_json, "a\"\\\n\t\x01\v\x7f", "\"a\\\"\\\\\\n\\t\\u0001\\u000b\\u007f\"");
    CHECK(rn_escape_json, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
          "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
    CHECK(rn_escape_json, "\xc2\x9bx", "\"\\u009bx\"");
}

static void json_of_what_is_no_text(void **state)
{
    (void)state;
    CHECK(rn_escape_json, "\xff\x80z", "[255,128,122]");
    CHECK(rn_escape_json, "valid \"first\" \xe9",
          "[118,97,108,105,100,32,34,102,105,114,115,116,34,32,"
          "233]");
    CHECK(rn_escape_json, "a\0b", "[97,0,98]");
    CHECK(rn_escape_json, "\xc0\xaf", "[192,175]");         /* overlong */
    CHECK(rn_escape_json, "\xe0\x80\xaf", "[224,128,175]"); /* overlong */
    CHECK(rn_escape_json, "\xed\xa0\x80", "[237,160,128]"); /* surrogate */
    CHECK(rn_escape_json, "\xf4\x90\x80\x80", "[244,144,128,128]");
    CHECK(rn_escape_json, "\xe2\x82", "[226,130]"); /* cut */
    CHECK(rn_escape_json, "\xf5\x80\x80\x80", "[245,128,128,128]");
}

static void hexadecimal(void **state)
{
    (void)state;
    CHECK(rn_escape_hex, "", "");
    CHECK(rn_escape_hex, "\0\x7f\xe9z", "007fe97a");
}

static void csv_fields(void **state)
{
    (void)state;
    CHECK(rn_escape_csv, "", "");
    CHECK(rn_escape_csv, "plain text", "plain text");
    CHECK(rn_escape_csv, "a,b", "\"a,b\"");
    CHECK(rn_escape_csv, "say \"x\"", "\"say \"\"x\"\"\"");
    CHECK(rn_escape_csv, " x", "\" x\"");
    CHECK(rn_escape_csv,
          "a\nb\\c\xff\x1b"
          "3",
          "a\\nb\\\\c\\377\\0333");
    CHECK(rn_escape_csv, "\xc3\xa9", "\xc3\xa9");
}

static void terminal_text(void **state)
{
    (void)state;
    CHECK(rn_escape_terminal, "a\x1b[31m\n", "a\\x1b[31m\\x0a");
    CHECK(rn_escape_terminal, "\xc3\xa9\xc3\x7f", "\xc3\xa9\\xc3\\x7f");
    CHECK(rn_escape_terminal,
          "\xc2\x9b"
          "1",
          "\\xc2\\x9b"
          "1");
}

/* U+FFFE and U+FFFF are valid UTF-8, and no characters of XML; their neighbours are, and so are
 * those of the other planes. */
static void no_characters(void **state)
{
    (void)state;
    CHECK(rn_escape_terminal, "<\xef\xbf\xbe\xef\xbf\xbf>", "<\\xef\\xbf\\xbe\\xef\\xbf\\xbf>");
    CHECK(rn_escape_terminal, "\xef\xbf\xbd\xee\xbf\xbf\xf0\x9f\xbf\xbe",
          "\xef\xbf\xbd\xee\xbf\xbf\xf0\x9f\xbf\xbe");
    CHECK(rn_escape_terminal, "\xef\xbf", "\\xef\\xbf");
    CHECK(rn_escape_html, "<\xef\xbf\xbe", "&lt;\\xef\\xbf\\xbe");
    CHECK(rn_escape_csv, "\xef\xbf\xbf", "\\357\\277\\277");
    CHECK(rn_escape_json, "\xef\xbf\xbe", "\"\xef\xbf\xbe\"");
}

static void digits(void **state)
{
    (void)state;
    assert_int_equal(rn_hex_digit('0'), 0);
    assert_int_equal(rn_hex_digit('9'), 9);
    assert_int_equal(rn_hex_digit('a'), 10);
    assert_int_equal(rn_hex_digit('F'), 15);
    assert_int_equal(rn_hex_digit('g'), -1);
    assert_int_equal(rn_hex_digit('\0'), -1);
    assert_int_equal(rn_hex_digit('\x11'), -1);
}

/* Every byte at every place of a text that is longer than what is looked at in one go. */
static void text_or_not(void **state)
{
    uint8_t text[20] = {0};

    (void)state;
    assert_true(rn_text_valid(text, 0));
    for (size_t at = 0; at < sizeof text; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            memset(text, 'a', sizeof text);
            text[at] = (uint8_t)byte;
            assert_int_equal(rn_text_valid(text, sizeof text), byte && byte < 0x80);
        }
        memset(text, 1, sizeof text);
        memcpy(text + (at < 17 ? at : 16), "\xf0\x9f\x98\x80", 4);
        assert_true(rn_text_valid(text, sizeof text));
        assert_false(rn_text_valid(text, (at < 17 ? at : 16) + 3));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(c_strings),
        cmocka_unit_test(c_octal_is_short_unless_a_digit_follows),
        cmocka_unit_test(c_limit),
        cmocka_unit_test(json_strings),
        cmocka_unit_test(json_of_what_is_no_text),
        cmocka_unit_test(hexadecimal),
        cmocka_unit_test(digits),
        cmocka_unit_test(csv_fields),
        cmocka_unit_test(terminal_text),
        cmocka_unit_test(text_or_not),
        cmocka_unit_test(no_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
