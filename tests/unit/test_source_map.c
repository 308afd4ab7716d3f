/* SPDX-License-Identifier: MIT */
#include "formats/source_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                                                                                       \
    "{\"version\":1,\"source_language\":\"python\",\"source_file\":\"app.py\","                    \
    "\"generated_file\":\"app.rs\""

static enum rn_status parse(const char *text, struct rn_source_map **map, struct rn_error *err)
{
    *err = (struct rn_error)RN_ERROR_INIT;
    return rn_source_map_parse((const uint8_t *)text, strlen(text), map, err);
}

static void test_all_fields(void **state)
{
    struct rn_source_map *map;
    struct rn_error err;

    (void)state;
    assert_int_equal(
        parse(HEAD ",\"mappings\":["
                   "{\"generated_line\":20,\"generated_function\":\"b\",\"original_line\":7,"
                   "\"original_function\":\"b_original\",\"context\":\"for-loop\"},"
                   "{\"generated_line\":12,\"generated_function\":\"c\",\"original_line\":5},"
                   "{\"generated_line\":12,\"generated_function\":\"c\",\"original_line\":6}],"
                   "\"function_map\":{\"z\":\"last\",\"a\":\"first\"},\"other\":[1]}",
              &map, &err),
        RN_OK);
    assert_string_equal(map->language, "python");
    assert_string_equal(map->source_file, "app.py");
    assert_string_equal(map->generated_file, "app.rs");
    assert_int_equal(map->mapping_count, 3);
    assert_int_equal(map->mappings[0].original_line, 5);
    assert_int_equal(map->mappings[1].original_line, 6);
    assert_int_equal(map->mappings[2].generated_line, 20);
    assert_string_equal(map->mappings[2].original_function, "b_original");
    assert_string_equal(map->mappings[2].context, "for-loop");
    assert_string_equal(map->mappings[0].context, "");
    assert_string_equal(map->by_function[0].generated_function, "b");
    assert_int_equal(map->name_count, 2);
    assert_string_equal(map->names[0].generated, "a");
    assert_string_equal(map->names[1].original, "last");
    rn_source_map_free(map);
}

/* The names of fields that transpilers write. */
static void test_other_names(void **state)
{
    static const char *const lines[] = {
        "{\"rust_line\":3,\"rust_function\":\"f\",\"python_line\":4,\"python_function\":\"g\","
        "\"python_context\":\"x = 1\"}",
        "{\"rust_line\":3,\"rust_function\":\"f\",\"source_line\":4,\"source_function\":\"g\","
        "\"source_context\":\"x = 1\"}"};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct rn_source_map *map;
        struct rn_error err;
        char text[400];

        snprintf(text, sizeof text, HEAD ",\"mappings\":[%s]}", lines[i]);
        assert_int_equal(parse(text, &map, &err), RN_OK);
        assert_int_equal(map->mappings[0].generated_line, 3);
        assert_int_equal(map->mappings[0].original_line, 4);
        assert_string_equal(map->mappings[0].generated_function, "f");
        assert_string_equal(map->mappings[0].original_function, "g");
        assert_string_equal(map->mappings[0].context, "x = 1");
        assert_int_equal(map->name_count, 0);
        rn_source_map_free(map);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *text;
        enum rn_status status;
        const char *told;
    } cases[] = {
        {"", RN_E_FORMAT, "line"},
        {"{\"version\":1,\n \"source_language\"", RN_E_FORMAT, "line 2"},
        {"[]", RN_E_FORMAT, "no number \"version\""},
        {"{\"version\":\"1\"}", RN_E_FORMAT, "no number \"version\""},
        {"{\"version\":2}", RN_E_VERSION, "version 2; this program knows version 1"},
        {"{\"version\":1}", RN_E_FORMAT, "\"source_language\""},
        {"{\"version\":1,\"source_language\":\"c\",\"source_file\":\"\"}", RN_E_FORMAT,
         "\"source_file\""},
        {"{\"version\":1,\"source_language\":\"c\",\"source_file\":\"a\",\"generated_file\":3}",
         RN_E_FORMAT, "\"generated_file\""},
        {HEAD "}", RN_E_FORMAT, "\"mappings\""},
        {HEAD ",\"mappings\":{}}", RN_E_FORMAT, "\"mappings\""},
        {HEAD ",\"mappings\":[3]}", RN_E_FORMAT, "mapping 1"},
        {HEAD ",\"mappings\":[{\"generated_line\":1,\"original_line\":1},{\"generated_line\":1}]}",
         RN_E_FORMAT, "mapping 2: \"original_line\""},
        {HEAD ",\"mappings\":[{\"generated_line\":0,\"original_line\":1}]}", RN_E_FORMAT,
         "mapping 1: \"generated_line\""},
        {HEAD ",\"mappings\":[{\"generated_line\":1.5,\"original_line\":1}]}", RN_E_FORMAT,
         "mapping 1: \"generated_line\""},
        {HEAD ",\"mappings\":[{\"generated_line\":1,\"original_line\":3000000000}]}", RN_E_FORMAT,
         "mapping 1: \"original_line\""},
        {HEAD ",\"mappings\":[{\"generated_line\":1,\"original_line\":1,\"context\":1}]}",
         RN_E_FORMAT, "mapping 1: \"context\""},
        {HEAD ",\"mappings\":[],\"function_map\":[]}", RN_E_FORMAT, "\"function_map\""},
        {HEAD ",\"mappings\":[],\"function_map\":{\"a\":1}}", RN_E_FORMAT, "entry 1"},
        {HEAD ",\"mappings\":[],\"function_map\":{\"a\":\"b\",\"a\":\"c\"}}", RN_E_FORMAT, "line"},
        {HEAD ",\"mappings\":[],\"function_map\":{\"a\":\"\\u0000\"}}", RN_E_FORMAT, "line"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rn_source_map *map;
        struct rn_error err;

        assert_int_equal(parse(cases[i].text, &map, &err), cases[i].status);
        assert_null(map);
        if (!strstr(err.what, cases[i].told))
            fail_msg("%s: %s", cases[i].text, err.what);
    }
}

static void test_place_of_a_damage(void **state)
{
    struct rn_source_map *map;
    struct rn_error err;

    (void)state;
    assert_int_equal(parse("{\"version\":1,,}", &map, &err), RN_E_FORMAT);
    assert_true(err.has_offset);
    assert_in_range(err.offset, 12, 14);
}

static void test_long_texts(void **state)
{
    size_t size = RN_SOURCE_MAP_TEXT_MAX + 1;
    char *text = malloc(size + 200);
    struct rn_source_map *map;
    struct rn_error err;

    (void)state;
    for (unsigned over = 0; over < 2; over++) {
        int at = sprintf(text, "{\"version\":1,\"source_language\":\"c\",\"generated_file\":\"g\","
                               "\"mappings\":[],\"source_file\":\"");

        memset(text + at, 'f', size - 1 + over);
        strcpy(text + at + size - 1 + over, "\"}");
        assert_int_equal(parse(text, &map, &err), over ? RN_E_FORMAT : RN_OK);
        rn_source_map_free(map);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_fields), cmocka_unit_test(test_other_names),
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_place_of_a_damage),
        cmocka_unit_test(test_long_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
