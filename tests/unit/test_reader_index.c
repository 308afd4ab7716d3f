/* SPDX-License-Identifier: MIT */
/* Going to a time in a recording. */
#include "recording.h"

static void every_segment_stands_alone(void **state)
{
    struct rn_writer_options options = {.segment_bytes = 1};
    struct rn_writer *writer = new_writer(path, &options);
    struct rn_reader *reader;

    (void)state;
    for (uint64_t i = 0; i < 10; i++) {
        assert_true(rn_writer_segment_due(writer));
        add_events(writer, i * 100, i * 100 + 100);
        assert_ok(rn_writer_commit(writer, NULL, &err));
    }
    seal(writer);
    reader = open_reader(path);
    for (uint64_t i = 10; i-- > 0;) {
        assert_ok(rn_reader_seek(reader, 5000 + i * 1000 + 500, &err));
        expect_numbers(reader, i * 100, i * 100 + 100);
    }
    assert_ok(rn_reader_seek(reader, 0, &err));
    expect_numbers(reader, 0, 1000);
    expect_end(reader);
    rn_reader_free(reader);
}

/* It is in the segment of its end, which then seems to begin with it. */
static void seeking_is_not_misled_by_a_long_call(void **state)
{
    struct rn_writer_options options = {.segment_bytes = 1};
    struct rn_writer *writer = new_writer(path, &options);
    struct rn_event event = numbered_event(0);
    struct rn_reader *reader;

    (void)state;
    for (uint64_t i = 0; i < 3; i++) {
        add_events(writer, 1 + i * 100, i * 100 + 101);
        if (i == 2)
            assert_ok(rn_writer_add(writer, &event, &err));
        assert_ok(rn_writer_commit(writer, NULL, &err));
    }
    seal(writer);
    reader = open_reader(path);
    assert_ok(rn_reader_seek(reader, numbered_event(150).start, &err));
    do
        assert_ok(rn_reader_next_event(reader, &event, &err));
    while (!RN_KIND_IS_EVENT(event.kind));
    assert_int_equal(event.start, numbered_event(101).start);
    rn_reader_free(reader);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_segment_stands_alone),
        CASE(seeking_is_not_misled_by_a_long_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
