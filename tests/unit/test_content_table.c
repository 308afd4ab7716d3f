/* SPDX-License-Identifier: MIT */
#include "formats/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct rn_error err;
static uint64_t prefix_crcs[3] = {11, 22, 33};

static struct rn_content make_content(uint64_t length, uint64_t crc, const char *head)
{
    return (struct rn_content){
        .length = length,
        .crc = crc,
        .prefix_crc = prefix_crcs,
        .blocks = (uint32_t)(length ? (length - 1) / RN_CONTENT_BLOCK : 0),
        .head_len = (uint32_t)strlen(head),
        .head = (const uint8_t *)head,
    };
}

static uint64_t intern(struct rn_content_table *table, struct rn_content content)
{
    uint64_t number = UINT64_MAX;

    assert_int_equal(rn_content_table_intern(table, &content, &number, &err), RN_OK);
    return number;
}

static void equal_contents_have_one_number(void **state)
{
    struct rn_content_table *table = rn_content_table_new();

    (void)state;
    assert_int_equal(intern(table, make_content(10, 5, "head")), 0);
    assert_int_equal(intern(table, make_content(10, 6, "head")), 1);
    assert_int_equal(intern(table, make_content(11, 5, "head")), 2);
    assert_int_equal(intern(table, make_content(10, 5, "hea")), 3);
    assert_int_equal(intern(table, make_content(10, 5, "heaD")), 4);
    assert_int_equal(intern(table, make_content(0, 0, "")), 5);
    assert_int_equal(intern(table, make_content(10, 5, "head")), 0);
    assert_int_equal(intern(table, make_content(0, 0, "")), 5);
    assert_int_equal(rn_content_table_count(table), 6);
    rn_content_table_free(table);
    rn_content_table_free(NULL);
}

static void block_crcs_come_back(void **state)
{
    struct rn_content_table *table = rn_content_table_new();
    struct rn_content content = make_content(10000, 5, "h"), back;
    uint64_t other[2] = {11, 23};

    (void)state;
    assert_int_equal(content.blocks, 2);
    intern(table, make_content(5, 5, "first"));
    assert_int_equal(intern(table, content), 1);
    content.prefix_crc = other;
    assert_int_equal(intern(table, content), 2);
    assert_true(rn_content_table_get(table, 1, &back));
    assert_int_equal(back.length, 10000);
    assert_int_equal(back.crc, 5);
    assert_int_equal(back.blocks, 2);
    assert_memory_equal(back.prefix_crc, prefix_crcs, 16);
    assert_int_equal(back.head_len, 1);
    assert_memory_equal(back.head, "h", 1);
    assert_true(rn_content_table_get(table, 2, &back));
    assert_memory_equal(back.prefix_crc, other, 16);
    rn_content_table_free(table);
}

static void contradictions_are_refused(void **state)
{
    struct rn_content_table *table = rn_content_table_new();
    struct rn_content content = make_content(4097, 5, "h");

    (void)state;
    assert_int_equal(content.blocks, 1);
    content.blocks = 2;
    assert_int_equal(rn_content_table_add(table, &content, &err), RN_E_FORMAT);
    content = make_content(3, 5, "head");
    assert_int_equal(rn_content_table_add(table, &content, &err), RN_E_FORMAT);
    content = make_content(UINT64_MAX, 5, "");
    assert_int_equal(rn_content_table_add(table, &content, &err), RN_E_FORMAT);
    assert_int_equal(rn_content_table_count(table), 0);
    rn_content_table_free(table);
}

static void memory_is_bounded(void **state)
{
    struct rn_content_table *table = rn_content_table_new();
    const uint32_t blocks = 1u << 17;
    struct rn_content content = {.length = (blocks + 1ull) * RN_CONTENT_BLOCK, .blocks = blocks};
    uint64_t *crcs = calloc(blocks, sizeof *crcs);
    enum rn_status status = RN_OK;
    unsigned added = 0;

    (void)state;
    content.prefix_crc = crcs;
    for (; status == RN_OK && added < 100; added++)
        status = rn_content_table_add(table, &content, &err);
    assert_int_equal(status, RN_E_LIMIT);
    assert_int_equal(added, 64);
    free(crcs);
    rn_content_table_free(table);
}

static void reset_forgets(void **state)
{
    struct rn_content_table *table = rn_content_table_new();
    struct rn_content back;

    (void)state;
    intern(table, make_content(10000, 5, "h"));
    rn_content_table_reset(table);
    assert_int_equal(rn_content_table_bytes(table), 0);
    assert_false(rn_content_table_get(table, 0, &back));
    assert_int_equal(intern(table, make_content(7, 1, "a")), 0);
    assert_int_equal(intern(table, make_content(10000, 5, "h")), 1);
    assert_true(rn_content_table_get(table, 1, &back));
    assert_memory_equal(back.prefix_crc, prefix_crcs, 16);
    rn_content_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_contents_have_one_number),
        cmocka_unit_test(block_crcs_come_back),
        cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(reset_forgets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
