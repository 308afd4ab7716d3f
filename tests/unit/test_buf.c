/* SPDX-License-Identifier: MIT */
#include "formats/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_text(struct rn_buf *buf, const char *expected)
{
    rn_buf_byte(buf, 0);
    assert_false(buf->failed);
    assert_string_equal((const char *)buf->data, expected);
    rn_buf_free(buf);
}

static void numbers_are_little_endian(void **state)
{
    static const uint8_t expected[] = {2, 1, 6, 5, 4, 3, 14, 13, 12, 11, 10, 9, 8, 7};
    struct rn_buf buf = RN_BUF_INIT;

    (void)state;
    rn_buf_u16(&buf, 0x0102);
    rn_buf_u32(&buf, 0x03040506);
    rn_buf_u64(&buf, 0x0708090a0b0c0d0eull);
    assert_int_equal(buf.size, sizeof expected);
    assert_memory_equal(buf.data, expected, sizeof expected);
    rn_buf_free(&buf);
}

static void varints_are_leb128(void **state)
{
    static const uint8_t expected[] = {0,    0x7f, 0x80, 1,    0xff, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1};
    struct rn_buf buf = RN_BUF_INIT;

    (void)state;
    rn_buf_varint(&buf, 0);
    rn_buf_varint(&buf, 127);
    rn_buf_varint(&buf, 128);
    rn_buf_varint(&buf, UINT64_MAX);
    assert_int_equal(buf.size, sizeof expected);
    assert_memory_equal(buf.data, expected, sizeof expected);
    rn_buf_free(&buf);
}

static void numbers_as_text(void **state)
{
    struct rn_buf buf = RN_BUF_INIT;

    (void)state;
    rn_buf_decimal(&buf, 0);
    rn_buf_byte(&buf, ' ');
    rn_buf_decimal(&buf, UINT64_MAX);
    rn_buf_byte(&buf, ' ');
    rn_buf_decimal_signed(&buf, INT64_MIN);
    rn_buf_byte(&buf, ' ');
    rn_buf_decimal_signed(&buf, 42);
    rn_buf_byte(&buf, ' ');
    rn_buf_hex(&buf, 0);
    rn_buf_byte(&buf, ' ');
    rn_buf_hex(&buf, 0xfedcba9876543210ull);
    rn_buf_printf(&buf, " %s:%d", "x", -1);
    assert_text(&buf, "0 18446744073709551615 -9223372036854775808 42 0x0 0xfedcba9876543210 x:-1");
}

static void grows_over_many_appends(void **state)
{
    struct rn_buf buf = RN_BUF_INIT;

    (void)state;
    for (unsigned i = 0; i < 100000; i++)
        rn_buf_u32(&buf, i);
    assert_int_equal(buf.size, 400000);
    assert_int_equal(buf.data[4 * 77777] | buf.data[4 * 77777 + 1] << 8, 77777 & 0xffff);
    rn_buf_clear(&buf);
    assert_int_equal(buf.size, 0);
    assert_non_null(buf.data);
    rn_buf_free(&buf);
    assert_null(buf.data);
    rn_buf_free(&buf);
}

static void absurd_size_fails_and_stays_failed(void **state)
{
    struct rn_buf buf = RN_BUF_INIT;

    (void)state;
    rn_buf_text(&buf, "ab");
    assert_null(rn_buf_reserve(&buf, SIZE_MAX - 1));
    assert_true(buf.failed);
    rn_buf_text(&buf, "cd");
    assert_int_equal(buf.size, 2);
    assert_null(rn_buf_reserve(&buf, 1));
    rn_buf_clear(&buf);
    rn_buf_text(&buf, "ef");
    assert_text(&buf, "ef");
}

static void nothing_can_be_appended(void **state)
{
    struct rn_buf buf = RN_BUF_INIT;

    (void)state;
    rn_buf_append(&buf, NULL, 0);
    assert_int_equal(buf.size, 0);
    assert_non_null(rn_buf_reserve(&buf, 0));
    rn_buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_little_endian),
        cmocka_unit_test(varints_are_leb128),
        cmocka_unit_test(numbers_as_text),
        cmocka_unit_test(grows_over_many_appends),
        cmocka_unit_test(absurd_size_fails_and_stays_failed),
        cmocka_unit_test(nothing_can_be_appended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
