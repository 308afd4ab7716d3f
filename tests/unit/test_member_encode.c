/* SPDX-License-Identifier: MIT */
/* Streams are stated before whatever names them. */
#include "recording.h"

static void streams_come_before_their_events(void **state)
{
    struct rn_writer_options options = {.segment_bytes = 1};
    struct rn_writer *writer = new_writer(path, &options);
    struct rn_reader *reader;
    struct rn_event event;
    unsigned stated = 0, restated = 0, names = 0;

    (void)state;
    add_events(writer, 0, 30);
    assert_ok(rn_writer_commit(writer, NULL, &err));
    rn_writer_end_stream(writer, 1);
    add_events(writer, 30, 31);
    assert_ok(rn_writer_commit(writer, NULL, &err));
    add_events(writer, 31, 32);
    seal(writer);
    reader = open_reader(path);
    while (rn_reader_next_event(reader, &event, &err) == RN_OK) {
        if (event.kind != RN_KIND_STREAM) {
            assert_true(!RN_KIND_IS_EVENT(event.kind) || stated == STREAMS);
            continue;
        }
        assert_int_equal(event.u.stream_info.tid, 99 + event.u.stream_info.id);
        names += rn_event_attachment(&event, RN_ATT_NAME, RN_ARG_ANY) != NULL;
        if (event.flags & RN_EVENT_SNAPSHOT)
            restated++;
        else
            stated++;
    }
    assert_int_equal(stated, STREAMS);
    /* All but the ended one in two segments; that one where it still had an event. */
    assert_int_equal(restated, 5);
    assert_int_equal(names, 2);
    rn_reader_free(reader);
}

/* A child that runs first when its fork is in an earlier member; and none of both begins a segment,
 * which states all streams. */
static void children_come_before_their_forks(void **state)
{
    struct rn_writer_options options = {.zstd_level = 1};
    struct rn_writer *writer = new_writer(path, &options);
    struct rn_stream stream = {.type = RN_STREAM_THREAD, .pid = 200, .tid = 200};
    struct rn_event event = {.kind = RN_KIND_PROCESS, .stream = 1, .start = 5000};
    struct rn_reader *reader;
    bool stated = false, forked = false;
    uint64_t child;

    (void)state;
    add_events(writer, 0, 3);
    assert_ok(rn_writer_commit(writer, NULL, &err));
    assert_ok(rn_writer_add_stream(writer, &stream, NULL, &child, &err));
    event.u.process.op = RN_PROCESS_FORK;
    event.u.process.child_stream = child;
    assert_ok(rn_writer_add(writer, &event, &err));
    assert_ok(rn_writer_commit(writer, NULL, &err));
    event = numbered_event(100);
    event.stream = (uint32_t)child;
    assert_ok(rn_writer_add(writer, &event, &err));
    seal(writer);
    reader = open_reader(path);
    while (rn_reader_next_event(reader, &event, &err) == RN_OK) {
        if (event.kind == RN_KIND_STREAM && event.u.stream_info.id == child)
            stated = true;
        if (event.kind == RN_KIND_PROCESS) {
            assert_true(stated);
            forked = true;
        }
    }
    assert_true(forked);
    rn_reader_free(reader);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(streams_come_before_their_events),
        CASE(children_come_before_their_forks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
