/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include "formats/import/strace_private.h"

static uint8_t room[256];

static struct strace_arena fresh(void)
{
    return (struct strace_arena){room, room + sizeof room};
}

static void numbers(void **state)
{
    static const struct {
        const char *text;
        bool fine;
        uint64_t value;
        size_t length;
    } cases[] = {
        {"12,", true, 12, 2},
        {"-1)", true, UINT64_MAX, 2},
        {"0", true, 0, 1},
        {"0644,", true, 0644, 4},
        {"0x1f ", true, 0x1f, 4},
        {"NULL)", true, 0, 4},
        {"NULLS", false, 0, 0},
        {"18446744073709551615", true, UINT64_MAX, 20},
        {"18446744073709551616", false, 0, 0},
        {"99999999999999999999999999", false, 0, 0},
        {"0x10000000000000000", false, 0, 0},
        {"089", false, 0, 0},
        {"12ab", false, 0, 0},
        {"0x", false, 0, 0},
        {"-", false, 0, 0},
        {"", false, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *at = cases[i].text;
        uint64_t value = 77;

        assert_int_equal(strace_scan_number(&at, &value), cases[i].fine);
        assert_int_equal(at - cases[i].text, cases[i].length);
        if (cases[i].fine)
            assert_int_equal(value, cases[i].value);
    }
}

static void strings(void **state)
{
    static const struct {
        const char *text, *bytes;
        size_t size;
        bool fine, cut;
    } cases[] = {
        {"\"plain\", 3", "plain", 5, true, false},
        {"\"\"", "", 0, true, false},
        {"\"a\\n\\t\\\"\\\\\"...)", "a\n\t\"\\", 5, true, true},
        {"\"\\0\\377\\0012\\x41\\x4\"", "\0\377\0012A\4", 6, true, false},
        {"\"open", "", 0, false, false},
        {"\"open\\\"", "", 0, false, false},
        {"\"\\", "", 0, false, false},
        {"plain", "", 0, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct strace_arena arena = fresh();
        struct strace_string string;
        const char *at = cases[i].text;

        assert_int_equal(strace_scan_string(&at, at + strlen(at), &arena, &string), cases[i].fine);
        if (!cases[i].fine) {
            assert_ptr_equal(at, cases[i].text);
            continue;
        }
        assert_int_equal(string.size, cases[i].size);
        assert_memory_equal(string.data, cases[i].bytes, cases[i].size);
        assert_int_equal(string.cut, cases[i].cut);
    }
}

/* A string that does not fit is none; nothing is written beyond. */
static void small_arena(void **state)
{
    struct strace_arena arena = {room, room + 3};
    struct strace_string string;
    const char *at = "\"\\1\\2\\3\\4\"";

    (void)state;
    assert_false(strace_scan_string(&at, at + strlen(at), &arena, &string));
    assert_null(strace_arena_take(&arena, 4));
    assert_non_null(strace_arena_take(&arena, 3));
}

static void skipping(void **state)
{
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {
        {"12, 13", 2},
        {"{a=[1, 2], b=\"x)\"}, 4", 18},
        {"f(1, 2)) = 0", 7},
        {"3</tmp/a,b(c>, 4", 13},
        {"3<TCP:[1.2.3.4:5->6.7.8.9:10]>, 4", 30},
        {"3<UNIX:[1->2,\"/a>\"]>, 4", 20},
        {"4</dev/pts/0<char 136:0>>) = 1", 25},
        {"1<<3, 4", 4},
        {"0x1 /* a, b) */, 2", 15},
        {"<... resuming interrupted read ...>) = 0", 35},
        {"\"never ends, 2) = 0", 19},
        {"}", 0},
        {"", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = cases[i].text;

        assert_int_equal(strace_scan_skip(text, text + strlen(text)) - text, cases[i].length);
    }
}

static void leaders(void **state)
{
    static const struct {
        const char *text, *rest;
        uint64_t tid;
        enum strace_time time;
        uint64_t ns, site;
    } cases[] = {
        {"read(0) = 1", "read(0) = 1", 0, STRACE_TIME_NONE, 0, 0},
        {"12    read(0)", "read(0)", 12, STRACE_TIME_NONE, 0, 0},
        {"[pid   12] read(0)", "read(0)", 12, STRACE_TIME_NONE, 0, 0},
        {"12<a b> read(0)", "read(0)", 12, STRACE_TIME_NONE, 0, 0},
        {"[pid 12<bash>] 01:02:03 read", "read", 12, STRACE_TIME_OF_DAY, 3723000000000, 0},
        {"01:02:03.5 read", "read", 0, STRACE_TIME_OF_DAY, 3723500000000, 0},
        {"12    1700000000.000001 read", "read", 12, STRACE_TIME_EPOCH, 1700000000000001000, 0},
        {"1700000000 read", "read", 0, STRACE_TIME_EPOCH, 1700000000000000000, 0},
        {"     0.000012 read", "read", 0, STRACE_TIME_RELATIVE, 12000, 0},
        {"12         0.000012345 read", "read", 12, STRACE_TIME_RELATIVE, 12345, 0},
        {"01:02:03 (+     0.1) read", "read", 0, STRACE_TIME_OF_DAY, 3723000000000, 0},
        {"12 [  59] [00007fc6a07c3dd4] read", "read", 12, STRACE_TIME_NONE, 0, 0x7fc6a07c3dd4},
        {"[????????????????] +++ exited", "+++ exited", 0, STRACE_TIME_NONE, 0, 0},
        {"[ Process PID=1 runs", "[ Process PID=1 runs", 0, STRACE_TIME_NONE, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct strace_leader leader;
        const char *at = cases[i].text;

        assert_true(strace_leader(&at, at + strlen(at), &leader));
        assert_string_equal(at, cases[i].rest);
        assert_int_equal(leader.has_tid, cases[i].tid != 0);
        assert_int_equal(leader.tid, cases[i].tid);
        assert_int_equal(leader.time, cases[i].time);
        assert_int_equal(leader.ns, cases[i].ns);
        assert_int_equal(leader.site, cases[i].site);
    }
}

static void recognising(void **state)
{
    static const char good[] = "execve(\"/bin/ls\", [\"ls\"], 0x7ffd /* 12 vars */) = 0\n"
                               "brk(NULL)         = 0x55d0\n+++ exited with 0 +++\n";
    static const char program[] = "if (x == 1) {\n    printf(\"hello %d\", x);\n}\nreturn f(2);\n";
    static const char json[] = "[{\"name\": \"read(3) = 1\", \"ph\": \"X\"}]\n";

    (void)state;
    assert_true(strace_recognise((const uint8_t *)good, sizeof good - 1) > 50);
    assert_int_equal(strace_recognise((const uint8_t *)program, sizeof program - 1), 0);
    assert_int_equal(strace_recognise((const uint8_t *)json, sizeof json - 1), 0);
    assert_int_equal(strace_recognise((const uint8_t *)"", 0), 0);
}

static void names(void **state)
{
    struct rn_xlat_names *all = rn_xlat_names_new();
    uint64_t value = 0;

    (void)state;
    assert_non_null(all);
    assert_true(rn_xlat_names_find(all, RN_XLAT_OPEN, "O_CLOEXEC", 9, &value));
    assert_int_equal(value, 02000000);
    assert_true(rn_xlat_names_find(all, RN_XLAT_ERRNO, "ENOENT", 6, &value));
    assert_int_equal(value, 2);
    assert_false(rn_xlat_names_find(all, RN_XLAT_ERRNO, "ENOEN", 5, &value));
    assert_false(rn_xlat_names_find(all, RN_XLAT_MMAP_PROT, "O_CLOEXEC", 9, &value));
    rn_xlat_names_free(all);
    rn_xlat_names_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),  cmocka_unit_test(strings), cmocka_unit_test(small_arena),
        cmocka_unit_test(skipping), cmocka_unit_test(leaders), cmocka_unit_test(recognising),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
