/* SPDX-License-Identifier: MIT */
#include "libanalysis/rewrite.h"
#include "recording.h"

#define EVENTS  60000u
#define SEGMENT 20000u /* bytes */

static enum rn_status same(void *context, const struct rn_event *event, struct rn_event *out,
                           bool *keep, struct rn_error *error)
{
    (void)error;
    *out = *event;
    *keep = !RN_KIND_IS_EVENT(event->kind) || event->kind != *(uint8_t *)context;
    return RN_OK;
}

/* `left_out`: a kind of event; 0 none. */
static void rewrite(const char *to, uint8_t left_out)
{
    static const struct rn_writer_options options = {.copies = true, .manual_commit = true};
    struct rn_reader *reader = open_reader(path);
    struct rn_writer *writer = NULL;

    assert_ok(rn_writer_new(to, rn_reader_manifest(reader), &options, &writer, &err));
    assert_ok(rn_rewrite(reader, writer, same, &left_out, &err));
    assert_ok(rn_writer_seal(writer, &err));
    rn_writer_free(writer);
    rn_reader_free(reader);
}

static void record(void)
{
    const struct rn_writer_options options = {.segment_bytes = SEGMENT};
    struct rn_writer *writer = new_writer(path, &options);

    add_events(writer, 0, EVENTS);
    rn_writer_set_status(writer, 3 << 8);
    seal(writer);
}

/* Row by row, housekeeping too. */
static void expect_same_rows(const char *other)
{
    struct rn_reader *a = open_reader(path), *b = open_reader(other);
    struct rn_event left, right;
    enum rn_status status, other_status;

    do {
        status = rn_reader_next_event(a, &left, &err);
        other_status = rn_reader_next_event(b, &right, &err);
        assert_int_equal(status, other_status);
        if (status != RN_OK)
            break;
        expect_same(&right, &left);
        assert_true(left.ordinal == right.ordinal);
    } while (true);
    assert_int_equal(rn_reader_index(b)->status, 3 << 8);
    assert_true(rn_reader_sealed(b));
    rn_reader_free(a);
    rn_reader_free(b);
}

static size_t segments(const char *of)
{
    struct rn_reader *reader = open_reader(of);
    const struct rn_index *index = rn_reader_index(reader);
    size_t count = 0;

    for (size_t i = 0; i < index->member_count; i++)
        count += index->members[i].segment_start;
    rn_reader_free(reader);
    return count;
}

static void test_all_stays(void **state)
{
    char other[sizeof path + 8];

    (void)state;
    snprintf(other, sizeof other, "%s.again", path);
    record();
    rewrite(other, 0);
    assert_true(segments(path) > 2);
    assert_int_equal(segments(path), segments(other));
    expect_same_rows(other);
}

/* What is left out leaves a gap in the numbers. */
static void test_left_out(void **state)
{
    char other[sizeof path + 8];
    struct rn_reader *reader;
    struct rn_event event;

    (void)state;
    snprintf(other, sizeof other, "%s.less", path);
    record();
    rewrite(other, RN_KIND_SIGNAL);
    reader = open_reader(other);
    for (uint64_t i = 0; i < EVENTS; i++) {
        if (i % 97 == 5)
            continue;
        assert_ok(next_plain(reader, &event));
        expect_number(&event, i);
    }
    expect_end(reader);
    rn_reader_free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_stays, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_left_out, make_directory, remove_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
