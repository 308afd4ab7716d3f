/* SPDX-License-Identifier: MIT */
#include "libanalysis/source_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void add(struct rn_source_maps *maps, const char *source, const char *generated,
                const char *rest, enum rn_status wanted)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_source_map *map;
    char text[2048];

    snprintf(text, sizeof text,
             "{\"version\":1,\"source_language\":\"python\",\"source_file\":\"%s\","
             "\"generated_file\":\"%s\",%s}",
             source, generated, rest);
    assert_int_equal(rn_source_map_parse((const uint8_t *)text, strlen(text), &map, &err), RN_OK);
    assert_int_equal(rn_source_maps_add(maps, map, &err), wanted);
}

#define LINE(generated, function, original)                                                        \
    "{\"generated_line\":" #generated ",\"generated_function\":\"" function                        \
    "\",\"original_line\":" #original ",\"original_function\":\"py_" function "\"}"

static const char mappings[] = "\"mappings\":[" LINE(10, "f", 1) "," LINE(14, "f", 3) "," LINE(
    14, "f", 4) "," LINE(12, "g", 20) "," LINE(30, "g", 21) "],\"function_map\":{\"h\":\"py_h\"}";

/* "app.py:3 py_f"; "-": no map is about it. */
static void expect(const struct rn_source_maps *maps, const char *file, uint32_t line,
                   const char *function, const char *wanted)
{
    struct rn_source_place place;
    char text[256] = "-";

    if (rn_source_maps_find(maps, file, line, function, &place))
        snprintf(text, sizeof text, "%s:%u %s", place.file ? place.file : "?", place.line,
                 place.function ? place.function : "?");
    assert_string_equal(text, wanted);
}

static void test_lines(void **state)
{
    struct rn_source_maps *maps = rn_source_maps_new();

    (void)state;
    add(maps, "app.py", "app.rs", mappings, RN_OK);
    expect(maps, "app.rs", 9, "f", "-");
    expect(maps, "app.rs", 10, "f", "app.py:1 py_f");
    expect(maps, "app.rs", 13, "f", "app.py:1 py_f"); /* 12 is of g */
    expect(maps, "app.rs", 14, "f", "app.py:3 py_f"); /* the first of that line */
    expect(maps, "app.rs", 900, "f", "app.py:3 py_f");
    expect(maps, "app.rs", 29, "g", "app.py:20 py_g");
    expect(maps, "app.rs", 30, "g", "app.py:21 py_g");
    /* A function of the map of names alone, and one of nowhere. */
    expect(maps, "app.rs", 50, "h", "app.py:0 py_h");
    expect(maps, "app.rs", 50, "other", "-");
    /* Nothing is known of the function. */
    expect(maps, "app.rs", 13, NULL, "app.py:20 py_g");
    expect(maps, "app.rs", 9, NULL, "-");
    expect(maps, "app.rs", 0, NULL, "-");
    rn_source_maps_free(maps);
}

static void test_names_of_functions(void **state)
{
    static const char *const same[] = {"app::f",
                                       "app::f::{{closure}}",
                                       "app::f::{closure#0}",
                                       "app::f::<u32>",
                                       "f<int>",
                                       "<app::T as b::U>::f",
                                       "app::f::{{closure}}::{{closure}}"};
    static const char *const other[] = {"ff", "f::g2", "app::f2", "f::inner", "", "::", "<f>"};
    struct rn_source_maps *maps = rn_source_maps_new();

    (void)state;
    add(maps, "app.py", "app.rs", mappings, RN_OK);
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        expect(maps, "app.rs", 10, same[i], "app.py:1 py_f");
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        expect(maps, "app.rs", 10, other[i], "-");
    expect(maps, "app.rs", 1, "app::h", "app.py:0 py_h");
    rn_source_maps_free(maps);
}

static void test_files(void **state)
{
    struct rn_source_maps *maps = rn_source_maps_new();

    (void)state;
    add(maps, "a.py", "src/a/mod.rs", mappings, RN_OK);
    add(maps, "b.py", "./src//b/mod.rs", mappings, RN_OK);
    add(maps, "c.py", "/build/c.rs", mappings, RN_OK);
    add(maps, "again.py", "src/a/mod.rs", mappings, RN_E_USAGE);
    expect(maps, "/home/x/src/a/mod.rs", 10, "f", "a.py:1 py_f");
    expect(maps, "src/./b/mod.rs", 10, "f", "b.py:1 py_f");
    expect(maps, "b/mod.rs", 10, "f", "b.py:1 py_f");
    expect(maps, "mod.rs", 10, "f", "-"); /* which? */
    expect(maps, "/x/xsrc/a/mod.rs", 10, "f", "-");
    expect(maps, "/home/build/c.rs", 10, "f", "c.py:1 py_f");
    expect(maps, "c.rs", 10, "f", "c.py:1 py_f");
    expect(maps, "xc.rs", 10, "f", "-");
    expect(maps, "c.rsx", 10, "f", "-");
    expect(maps, "c.r", 10, "f", "-");
    expect(maps, "", 10, "f", "-");
    expect(maps, "/", 10, "f", "-");
    /* Names alone, where that says which. */
    expect(maps, NULL, 0, "h", "-");
    rn_source_maps_free(maps);
    maps = rn_source_maps_new();
    add(maps, "a.py", "a.rs", mappings, RN_OK);
    expect(maps, NULL, 0, "h", "?:0 py_h");
    expect(maps, NULL, 0, "f", "-");
    expect(maps, NULL, 0, NULL, "-");
    rn_source_maps_free(maps);
}

static void expect_event(struct rn_source_maps *maps, const char *source, const char *original)
{
    const struct rn_attachment attachments[] = {
        {.type = RN_ATT_NAME, .size = 1, .data = (const uint8_t *)"n"},
        {.type = RN_ATT_SOURCE,
         .size = (uint32_t)strlen(source),
         .data = (const uint8_t *)source,
         .flags = RN_ATT_CUT}};
    const struct rn_event event = {
        .kind = RN_KIND_DECISION, .attachments = attachments, .attachment_count = 2};
    const struct rn_attachment *found;
    struct rn_event out;

    assert_int_equal(rn_source_maps_event(maps, &event, &out), original != NULL);
    if (!original)
        return;
    found = rn_event_attachment(&out, RN_ATT_SOURCE, RN_ARG_ANY);
    assert_int_equal(found->size, strlen(original));
    assert_memory_equal(found->data, original, found->size);
    found = rn_event_attachment(&out, RN_ATT_GENERATED, RN_ARG_ANY);
    assert_int_equal(found->size, strlen(source));
    assert_memory_equal(found->data, source, found->size);
    assert_int_equal(rn_event_attachment(&out, RN_ATT_NAME, RN_ARG_ANY)->size, 1);
}

static void test_events(void **state)
{
    struct rn_source_maps *maps = rn_source_maps_new();
    const struct rn_event none = {.kind = RN_KIND_DECISION};
    struct rn_event out;

    (void)state;
    add(maps, "app.py", "app.rs", mappings, RN_OK);
    expect_event(maps, "src/app.rs:11", "app.py:1");
    expect_event(maps, "src/app.rs:9", NULL);
    expect_event(maps, "app.rs", NULL);
    expect_event(maps, "app.rs:", NULL);
    expect_event(maps, "app.rs:1x", NULL);
    expect_event(maps, "app.rs:99999999999", NULL);
    expect_event(maps, ":12", NULL);
    expect_event(maps, "other.rs:12", NULL);
    assert_false(rn_source_maps_event(maps, &none, &out));
    rn_source_maps_free(maps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_names_of_functions),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
