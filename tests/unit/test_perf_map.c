/* SPDX-License-Identifier: MIT */
#include "formats/perf_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct rn_perf_map *parse(const char *text)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_perf_map *map;

    assert_int_equal(rn_perf_map_parse(text, strlen(text), &map, &err), RN_OK);
    return map;
}

static const char *name_at(const struct rn_perf_map *map, uint64_t address)
{
    const struct rn_perf_entry *entry = rn_perf_map_find(map, address);

    return entry ? entry->name : "-";
}

static void test_lines(void **state)
{
    struct rn_perf_map *map = parse("1000 20 LazyCompile:~f /a b.js:3\r\n"
                                    "0x2000 0x10 hex\n"
                                    "7f0000000000 1 high\n"
                                    "3000 5 cut off");

    (void)state;
    assert_string_equal(name_at(map, 0xfff), "-");
    assert_string_equal(name_at(map, 0x1000), "LazyCompile:~f /a b.js:3");
    assert_string_equal(name_at(map, 0x101f), "LazyCompile:~f /a b.js:3");
    assert_string_equal(name_at(map, 0x1020), "-");
    assert_string_equal(name_at(map, 0x200f), "hex");
    assert_string_equal(name_at(map, 0x7f0000000000), "high");
    assert_string_equal(name_at(map, 0x3000), "-");
    assert_int_equal(rn_perf_map_skipped(map), 1);
    rn_perf_map_free(map);
}

static void test_last_line_counts(void **state)
{
    struct rn_perf_map *map = parse("1000 100 whole\n"
                                    "1010 10 inside\n"
                                    "10f0 20 over the end\n"
                                    "1018 4 later\n"
                                    "1000 8 again\n");

    (void)state;
    assert_string_equal(name_at(map, 0x1000), "again");
    assert_string_equal(name_at(map, 0x1008), "whole");
    assert_string_equal(name_at(map, 0x1010), "inside");
    assert_string_equal(name_at(map, 0x1018), "later");
    assert_string_equal(name_at(map, 0x101c), "inside");
    assert_string_equal(name_at(map, 0x1020), "whole");
    assert_string_equal(name_at(map, 0x10f0), "over the end");
    assert_string_equal(name_at(map, 0x110f), "over the end");
    assert_string_equal(name_at(map, 0x1110), "-");
    rn_perf_map_free(map);
}

/* Against the plain way: from the last line to the first. */
static void test_as_a_search_from_the_end(void **state)
{
    enum { LINES = 400, SPAN = 2000 };
    static char text[LINES * 32];
    uint64_t begin[LINES], size[LINES], random = 7;
    struct rn_perf_map *map;
    size_t at = 0;

    (void)state;
    for (unsigned i = 0; i < LINES; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        begin[i] = 1 + (random >> 33) % SPAN;
        size[i] = 1 + (random >> 20) % 60;
        at += (size_t)snprintf(text + at, sizeof text - at, "%llx %llx n%u\n",
                               (unsigned long long)begin[i], (unsigned long long)size[i], i);
    }
    map = parse(text);
    for (uint64_t address = 0; address < SPAN + 80; address++) {
        const struct rn_perf_entry *entry = rn_perf_map_find(map, address);
        unsigned wanted = LINES;

        for (unsigned i = LINES; i-- > 0 && wanted == LINES;)
            if (address >= begin[i] && address - begin[i] < size[i])
                wanted = i;
        assert_int_equal(entry == NULL, wanted == LINES);
        if (entry)
            assert_int_equal(atoi(entry->name + 1), wanted);
    }
    rn_perf_map_free(map);
}

static void test_nonsense_is_left_out(void **state)
{
    static const char *const lines[] = {"",
                                        "1000",
                                        "1000 10",
                                        "1000 10 ",
                                        "x 10 name",
                                        "1000 y name",
                                        "1000 0 name",
                                        "-1 10 name",
                                        "10000000000000000 1 name",
                                        "ffffffffffffffff 2 wraps",
                                        "1000  ",
                                        " 1000 10 name"};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[80];
        struct rn_perf_map *map;

        snprintf(text, sizeof text, "%s\n2000 1 good\n", lines[i]);
        map = parse(text);
        assert_int_equal(rn_perf_map_skipped(map), 1);
        assert_string_equal(name_at(map, 0x1000), "-");
        assert_string_equal(name_at(map, 0x2000), "good");
        rn_perf_map_free(map);
    }
}

static void test_long_names_are_cut(void **state)
{
    size_t size = RN_PERF_MAP_NAME_MAX + 100;
    char *text = malloc(size + 8);
    struct rn_perf_map *map;

    (void)state;
    memcpy(text, "1000 1 ", 7);
    memset(text + 7, 'n', size - 8);
    memcpy(text + size - 1, "\n", 2);
    map = parse(text);
    assert_int_equal(strlen(name_at(map, 0x1000)), RN_PERF_MAP_NAME_MAX);
    rn_perf_map_free(map);
    free(text);
}

static void test_names_of_files(void **state)
{
    static const struct {
        const char *path;
        bool is;
    } cases[] = {{"/tmp/perf-1.map", true},
                 {"perf-4194304.map", true},
                 {"/tmp/perf-.map", false},
                 {"/tmp/perf-1x.map", false},
                 {"/tmp/perf-1.map.old", false},
                 {"/tmp/xperf-1.map", false},
                 {"/tmp/perf-12345678901.map", 0},
                 {"", false},
                 {"perf-1.map/", false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(rn_perf_map_is_name(cases[i].path, strlen(cases[i].path)), cases[i].is);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_last_line_counts),
        cmocka_unit_test(test_as_a_search_from_the_end),
        cmocka_unit_test(test_nonsense_is_left_out),
        cmocka_unit_test(test_long_names_are_cut),
        cmocka_unit_test(test_names_of_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
