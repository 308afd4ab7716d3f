/* SPDX-License-Identifier: MIT */
#include "formats/symbol_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct rn_symbol_frame frames[] = {
    {.function = "inner", .file = "a.c", .line = 7, .library = true},
    {.function = "out\"er\xff", .file = NULL, .line = 0}};
static const struct rn_symbol symbols[] = {
    {.state = RN_SYMBOL_FOUND,
     .frames = frames,
     .count = 2,
     .row = {.known = true,
             .cfa_register = RN_UNWIND_RSP,
             .cfa_offset = 48,
             .saved = 1u << RN_UNWIND_RIP | 1u << RN_UNWIND_R15,
             .lost = 1u << RN_UNWIND_R12,
             .offset = {[RN_UNWIND_RIP] = -8, [RN_UNWIND_R15] = -16}}},
    {.state = RN_SYMBOL_OTHER_FILE}};

static enum rn_status expect(void *context, const struct rn_symbol_place *place,
                             const struct rn_symbol *symbol, bool call_ends, struct rn_error *err)
{
    unsigned number = (*(unsigned *)context)++;
    const struct rn_symbol *wanted = &symbols[number];

    (void)err;
    assert_string_equal(place->path, number ? "/b" : "/a b");
    assert_int_equal(place->build_id_size, number ? 0 : 3);
    assert_int_equal(place->offset, number ? UINT32_MAX : 4096);
    assert_int_equal(call_ends, number == 1);
    assert_int_equal(symbol->state, wanted->state);
    assert_int_equal(symbol->count, wanted->count);
    assert_memory_equal(&symbol->row, &wanted->row, sizeof wanted->row);
    for (uint32_t i = 0; i < symbol->count; i++) {
        assert_string_equal(symbol->frames[i].function, frames[i].function);
        assert_int_equal(symbol->frames[i].line, frames[i].line);
        assert_int_equal(symbol->frames[i].library, frames[i].library);
        assert_int_equal(symbol->frames[i].file == NULL, frames[i].file == NULL);
    }
    return RN_OK;
}

static void test_round(void **state)
{
    static const uint8_t build_id[] = {1, 2, 255};
    const struct rn_symbol_place places[] = {{"/a b", build_id, 3, 4096},
                                             {"/b", NULL, 0, UINT32_MAX}};
    struct rn_symbol_table *table = rn_symbol_table_new();
    struct rn_error err = RN_ERROR_INIT;
    struct rn_buf out = RN_BUF_INIT;
    unsigned number = 0;

    (void)state;
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(rn_symbol_table_add(table, &places[i], &symbols[i], i == 1, &err), RN_OK);
    assert_int_equal(rn_symbol_table_write(table, &out, &err), RN_OK);
    assert_int_equal(rn_symbol_table_read(out.data, out.size, expect, &number, &err), RN_OK);
    assert_int_equal(number, 2);
    rn_buf_free(&out);
    rn_symbol_table_free(table);
}

static enum rn_status accept_all(void *context, const struct rn_symbol_place *place,
                                 const struct rn_symbol *symbol, bool call_ends,
                                 struct rn_error *err)
{
    (void)context;
    (void)place;
    (void)symbol;
    (void)call_ends;
    (void)err;
    return RN_OK;
}

#define FILE_WITH(address)                                                                         \
    "{\"format\":\"renacer-symbols\",\"version\":1,\"files\":[{\"path\":\"/a\",\"build_id\":\"\"," \
    "\"addresses\":[" address "]}]}"

static void test_nonsense(void **state)
{
    static const struct {
        const char *text;
        enum rn_status status;
    } cases[] = {
        {FILE_WITH("[\"1\",0,false,null,[[\"f\",null,1,false]]]"), RN_OK},
        {FILE_WITH("[\"1\",0,false,null,[]]"), RN_E_FORMAT}, /* found, and nothing there */
        {FILE_WITH("[\"1\",5,false,null,[[\"f\",null,1,false]]]"), RN_E_FORMAT},
        {FILE_WITH("[\"1\",99,false,null,[]]"), RN_E_FORMAT},
        {FILE_WITH("[\"1\",0,false,[9,0,0,0,false],[[\"f\",null,1,false]]]"), RN_E_FORMAT},
        {FILE_WITH("[\"1\",0,false,[1,8,255,0,false],[[\"f\",null,1,false]]]"), RN_E_FORMAT},
        {FILE_WITH("[\"1\",0,false,null,[[null,null,1,false]]]"), RN_E_FORMAT},
        {FILE_WITH("[\"1\",0,false,null,[[\"f\",null,-1,false]]]"), RN_E_FORMAT},
        {FILE_WITH("[-1,0,false,null,[[\"f\",null,1,false]]]"), RN_E_FORMAT},
        {FILE_WITH("17"), RN_E_FORMAT},
        {"{\"format\":\"renacer-symbols\",\"version\":2,\"files\":[]}", RN_E_VERSION},
        {"{\"format\":\"renacer-symbols\",\"version\":1}", RN_E_FORMAT},
        {"{\"format\":\"renacer-symbols\",\"version\":1,\"files\":[{\"path\":\"/\",\"build_id\":"
         "\"abc\",\"addresses\":[]}]}",
         RN_E_FORMAT},
        {"[]", RN_E_FORMAT},
        {"", RN_E_FORMAT}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rn_error err = RN_ERROR_INIT;
        enum rn_status status = rn_symbol_table_read((const uint8_t *)cases[i].text,
                                                     strlen(cases[i].text), accept_all, NULL, &err);

        if (status != cases[i].status)
            fail_msg("%s: %d, %s", cases[i].text, status, err.what);
    }
}

static enum rn_status expect_name(void *context, uint64_t stream, uint64_t address,
                                  const char *name, struct rn_error *err)
{
    unsigned number = (*(unsigned *)context)++;

    (void)err;
    assert_int_equal(stream, number < 2 ? 7 : UINT32_MAX);
    assert_int_equal(address, number == 0 ? UINT64_C(0x7fa018007642) : number);
    assert_string_equal(name, number == 2 ? "odd\xff" : "LazyCompile:~f /app.js:3");
    return RN_OK;
}

static void test_names_of_made_code(void **state)
{
    static const char name[] = "LazyCompile:~f /app.js:3";
    struct rn_symbol_table *table = rn_symbol_table_new();
    struct rn_error err = RN_ERROR_INIT;
    struct rn_buf out = RN_BUF_INIT;
    unsigned number = 0;

    (void)state;
    assert_int_equal(rn_symbol_table_add_name(table, 7, UINT64_C(0x7fa018007642), name, &err),
                     RN_OK);
    assert_int_equal(rn_symbol_table_add_name(table, 7, 1, name, &err), RN_OK);
    assert_int_equal(rn_symbol_table_add_name(table, UINT32_MAX, 2, "odd\xff", &err), RN_OK);
    assert_int_equal(rn_symbol_table_write(table, &out, &err), RN_OK);
    assert_int_equal(rn_symbol_names_read(out.data, out.size, expect_name, &number, &err), RN_OK);
    assert_int_equal(number, 3);
    /* A reader of files alone does not mind. */
    number = 0;
    assert_int_equal(rn_symbol_table_read(out.data, out.size, expect, &number, &err), RN_OK);
    assert_int_equal(number, 0);
    rn_buf_free(&out);
    rn_symbol_table_free(table);
}

static void test_names_that_make_no_sense(void **state)
{
    static const char *const maps[] = {"[{}]",
                                       "[{\"stream\":\"1\"}]",
                                       "[{\"stream\":\"x\",\"addresses\":[]}]",
                                       "[{\"stream\":\"1\",\"addresses\":[[]]}]",
                                       "[{\"stream\":\"1\",\"addresses\":[[\"5\",null]]}]",
                                       "[{\"stream\":\"1\",\"addresses\":[[\"\",\"name\"]]}]"};

    (void)state;
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        struct rn_error err = RN_ERROR_INIT;
        char text[256];
        unsigned number = 0;

        snprintf(text, sizeof text,
                 "{\"format\":\"renacer-symbols\",\"version\":1,\"files\":[],\"perf_maps\":%s}",
                 maps[i]);
        assert_int_equal(
            rn_symbol_names_read((const uint8_t *)text, strlen(text), expect_name, &number, &err),
            RN_E_FORMAT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_made_code),
        cmocka_unit_test(test_names_that_make_no_sense),
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_nonsense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
