/* SPDX-License-Identifier: MIT */
/* Which stream a name and numbers stand for. */
#include "recording.h"

#include "formats/import/import.h"

#define NAMES 60000u

static struct rn_import *new_import(void)
{
    const struct rn_import_options options = {
        .path = path, .creator = "test 1.0", .tool = "tool", .name = "input.txt"};
    struct rn_import *import;

    assert_ok(rn_import_new(&options, &import, &err));
    return import;
}

static uint32_t track(struct rn_import *import, uint64_t number, const char *name)
{
    uint32_t stream;

    assert_ok(rn_import_track(import, 7, number, name, &stream, &err));
    return stream;
}

/* What is kept of a name is what it is found by. */
static void long_names_are_cut_first(void **state)
{
    struct rn_import *import = new_import();
    char name[301], other[301];

    (void)state;
    memset(name, 'x', 300);
    name[300] = '\0';
    for (unsigned i = 0; i < 50; i++)
        assert_int_equal(track(import, 1, name), 1);
    memcpy(other, name, sizeof other);
    other[256] = 'y';
    assert_int_equal(track(import, 1, other), 1);
    other[255] = 'y';
    assert_int_equal(track(import, 1, other), 2);
    other[255] = '\0';
    assert_int_equal(track(import, 1, other), 3);
    assert_int_equal(track(import, 1, NULL), 4);
    assert_int_equal(track(import, 1, ""), 4);
    assert_int_equal(track(import, 2, name), 5);
    rn_import_free(import);
}

/* Of one process and number: a table of names, not a list (which takes minutes). */
static void many_names(void **state)
{
    struct rn_import *import = new_import();
    char name[32];

    (void)state;
    for (unsigned round = 0; round < 4; round++)
        for (unsigned i = 0; i < NAMES; i++) {
            snprintf(name, sizeof name, "track %u", i);
            assert_int_equal(track(import, 0, name), i + 1);
        }
    rn_import_free(import);
}

/* A thread's name is none of its key, also where it ends. */
static void threads_by_number(void **state)
{
    struct rn_import *import = new_import();
    uint32_t parent, first, second;

    (void)state;
    assert_ok(rn_import_thread(import, 5, 5, "one", &parent, &err));
    assert_ok(rn_import_thread(import, 5, 5, "two", &first, &err));
    assert_int_equal(parent, first);
    assert_ok(rn_import_child(import, parent, 6, 6, "child", &first, &err));
    assert_ok(rn_import_thread(import, 6, 6, NULL, &second, &err));
    assert_int_equal(first, second);
    rn_import_end_thread(import, 6, 6);
    assert_ok(rn_import_thread(import, 6, 6, "child", &second, &err));
    assert_int_not_equal(first, second);
    rn_import_free(import);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(long_names_are_cut_first), CASE(many_names),
                                       CASE(threads_by_number)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
