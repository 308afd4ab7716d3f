/* SPDX-License-Identifier: MIT */
#include "formats/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct rn_error err;

static uint64_t intern(struct rn_string_table *table, const char *text)
{
    uint64_t number = UINT64_MAX;

    assert_int_equal(
        rn_string_table_intern(table, (const uint8_t *)text, (uint32_t)strlen(text), &number, &err),
        RN_OK);
    return number;
}

static void assert_entry(const struct rn_string_table *table, uint64_t number, const char *text)
{
    const uint8_t *data;
    uint32_t size;

    assert_true(rn_string_table_get(table, number, &data, &size));
    assert_int_equal(size, strlen(text));
    assert_memory_equal(data, text, size);
}

static void equal_strings_have_one_number(void **state)
{
    struct rn_string_table *table = rn_string_table_new();

    (void)state;
    assert_int_equal(intern(table, "a"), 0);
    assert_int_equal(intern(table, ""), 1);
    assert_int_equal(intern(table, "ab"), 2);
    assert_int_equal(intern(table, "a"), 0);
    assert_int_equal(intern(table, ""), 1);
    assert_int_equal(rn_string_table_count(table), 3);
    assert_entry(table, 0, "a");
    assert_entry(table, 1, "");
    assert_entry(table, 2, "ab");
    rn_string_table_free(table);
    rn_string_table_free(NULL);
}

static void many_strings(void **state)
{
    struct rn_string_table *table = rn_string_table_new();
    char text[20];

    (void)state;
    for (int round = 0; round < 2; round++)
        for (uint64_t i = 0; i < 20000; i++) {
            snprintf(text, sizeof text, "/path/%u", (unsigned)i);
            assert_int_equal(intern(table, text), i);
        }
    assert_int_equal(rn_string_table_count(table), 20000);
    assert_entry(table, 12345, "/path/12345");
    rn_string_table_free(table);
}

static void added_entries_are_found(void **state)
{
    struct rn_string_table *table = rn_string_table_new();

    (void)state;
    assert_int_equal(rn_string_table_add(table, (const uint8_t *)"x", 1, &err), RN_OK);
    assert_int_equal(rn_string_table_add(table, (const uint8_t *)"x", 1, &err), RN_OK);
    assert_int_equal(rn_string_table_add(table, NULL, 0, &err), RN_OK);
    assert_int_equal(rn_string_table_count(table), 3);
    assert_true(intern(table, "x") < 2);
    assert_int_equal(intern(table, "y"), 3);
    rn_string_table_free(table);
}

static void reset_forgets(void **state)
{
    struct rn_string_table *table = rn_string_table_new();
    const uint8_t *data;
    uint32_t size;

    (void)state;
    intern(table, "a");
    intern(table, "b");
    rn_string_table_reset(table);
    assert_int_equal(rn_string_table_count(table), 0);
    assert_int_equal(rn_string_table_bytes(table), 0);
    assert_false(rn_string_table_get(table, 0, &data, &size));
    assert_int_equal(intern(table, "b"), 0);
    assert_entry(table, 0, "b");
    rn_string_table_free(table);
}

static void no_such_number(void **state)
{
    struct rn_string_table *table = rn_string_table_new();
    const uint8_t *data;
    uint32_t size;

    (void)state;
    assert_false(rn_string_table_get(table, 0, &data, &size));
    intern(table, "a");
    assert_false(rn_string_table_get(table, 1, &data, &size));
    assert_false(rn_string_table_get(table, UINT64_MAX, &data, &size));
    rn_string_table_free(table);
}

static void memory_is_bounded(void **state)
{
    struct rn_string_table *table = rn_string_table_new();
    const uint32_t size = 1u << 20;
    uint8_t *data = calloc(1, size);
    enum rn_status status = RN_OK;
    unsigned added = 0;

    (void)state;
    for (; status == RN_OK && added < 100; added++)
        status = rn_string_table_add(table, data, size, &err);
    assert_int_equal(status, RN_E_LIMIT);
    assert_int_equal(added, 64);
    assert_true(rn_string_table_bytes(table) <= RN_TABLE_MAX_BYTES);
    assert_int_equal(rn_string_table_add(table, data, 10, &err), RN_OK);
    free(data);
    rn_string_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_strings_have_one_number),
        cmocka_unit_test(many_strings),
        cmocka_unit_test(added_entries_are_found),
        cmocka_unit_test(reset_forgets),
        cmocka_unit_test(no_such_number),
        cmocka_unit_test(memory_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
