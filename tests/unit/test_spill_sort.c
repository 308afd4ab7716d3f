/* SPDX-License-Identifier: MIT */
#include "formats/spill_sort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct rn_error err;

/* Pieces of a number each, of different sizes, in an order that is none. */
static void add(struct rn_spill_sort *sort, uint64_t number, uint64_t major, uint64_t minor)
{
    struct rn_buf *buf = rn_spill_sort_begin(sort, &err);

    assert_non_null(buf);
    rn_buf_u64(buf, number);
    for (uint64_t i = 0; i < number % 13; i++)
        rn_buf_byte(buf, (uint8_t)number);
    assert_int_equal(rn_spill_sort_add(sort, major, minor, &err), RN_OK);
}

static uint64_t next(struct rn_spill_sort *sort)
{
    const uint8_t *bytes;
    uint64_t number;
    size_t size;

    assert_int_equal(rn_spill_sort_next(sort, &bytes, &size, &err), RN_OK);
    assert_int_equal((uintptr_t)bytes % 8, 0);
    memcpy(&number, bytes, sizeof number);
    assert_int_equal(size, 8 + number % 13);
    for (size_t i = 8; i < size; i++)
        assert_int_equal(bytes[i], (uint8_t)number);
    return number;
}

static void expect_end(struct rn_spill_sort *sort)
{
    const uint8_t *bytes;
    size_t size;

    assert_int_equal(rn_spill_sort_next(sort, &bytes, &size, &err), RN_EOF);
    assert_int_equal(rn_spill_sort_next(sort, &bytes, &size, &err), RN_EOF);
    rn_spill_sort_free(sort);
}

/* A multiplication by an odd number is one to one: each number below 2^16 comes up once. */
static void all_come_back_in_order(size_t budget)
{
    struct rn_spill_sort *sort = rn_spill_sort_new(budget);

    for (uint64_t i = 0; i < 65536; i++) {
        uint64_t number = i * 40503 % 65536;

        add(sort, number, number / 7, number % 7);
    }
    for (uint64_t i = 0; i < 65536; i++)
        assert_int_equal(next(sort), i);
    expect_end(sort);
}

static void in_memory(void **state)
{
    (void)state;
    all_come_back_in_order(64 << 20);
}

static void in_some_files(void **state)
{
    (void)state;
    all_come_back_in_order(1 << 20);
}

/* More runs than are kept: they are merged on the way. */
static void in_many_files(void **state)
{
    (void)state;
    all_come_back_in_order(8 << 10);
}

static void equal_ones_stay_in_order(void **state)
{
    struct rn_spill_sort *sort = rn_spill_sort_new(8 << 10);

    (void)state;
    for (uint64_t i = 0; i < 30000; i++)
        add(sort, i, i % 3, 0);
    for (uint64_t major = 0; major < 3; major++)
        for (uint64_t i = major; i < 30000; i += 3)
            assert_int_equal(next(sort), i);
    expect_end(sort);
}

static void none(void **state)
{
    (void)state;
    expect_end(rn_spill_sort_new(1 << 20));
}

static void no_place_for_files(void **state)
{
    struct rn_spill_sort *sort = rn_spill_sort_new(1 << 10);
    struct rn_buf *buf;

    (void)state;
    setenv("TMPDIR", "/nowhere/at/all", 1);
    while ((buf = rn_spill_sort_begin(sort, &err))) {
        rn_buf_u64(buf, 1);
        assert_int_equal(rn_spill_sort_add(sort, 1, 1, &err), RN_OK);
    }
    assert_int_equal(err.status, RN_E_SYSTEM);
    assert_string_equal(err.file, "/nowhere/at/all");
    unsetenv("TMPDIR");
    rn_spill_sort_free(sort);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_memory),     cmocka_unit_test(in_some_files),
        cmocka_unit_test(in_many_files), cmocka_unit_test(equal_ones_stay_in_order),
        cmocka_unit_test(none),          cmocka_unit_test(no_place_for_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
