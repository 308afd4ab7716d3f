/* SPDX-License-Identifier: MIT */
/* Recordings whose recorder is gone: what is in the directory, in the rings and in flight. */
#include "left_behind.h"

static void rings_are_read_behind_the_archive(void **state)
{
    struct rn_reader *reader;

    (void)state;
    leave_behind();
    reader = open_reader(part);
    assert_false(rn_reader_sealed(reader));
    expect_numbers(reader, 0, 75);
    expect_loss(reader, RN_LOSS_KILLED, 0);
    expect_end(reader);
    assert_true(rn_reader_incomplete(reader));
    assert_true(rn_reader_index(reader)->lost == UINT64_MAX);
    rn_reader_free(reader);
    reader = open_reader(archive_path);
    expect_numbers(reader, 0, 75);
    rn_reader_free(reader);
}

/* A ring is reused many times, and one that has wrapped is read across its end. */
static void wrapped_ring_is_read(void **state)
{
    struct rn_writer *writer = new_writer(path, NULL);
    struct rn_reader *reader;

    (void)state;
    rings.slots[3].head = rings.slots[3].tail = 7 * RING_SIZE - 1000;
    ring_numbers(0, 100);
    write_rings();
    rn_writer_free(writer);
    reader = open_reader(part);
    expect_numbers(reader, 0, 100);
    expect_loss(reader, RN_LOSS_KILLED, 0);
    expect_end(reader);
    rn_reader_free(reader);
}

/* Positions are those of the slot's present owner. */
static void other_generation_is_not_covered(void **state)
{
    struct rn_writer *writer = new_writer(path, NULL);
    struct rn_reader *reader;

    (void)state;
    add_events(writer, 0, 50);
    commit_with_position(writer, 1u << 30);
    rings.slots[3].generation = 3;
    ring_numbers(50, 60);
    write_rings();
    rn_writer_free(writer);
    reader = open_reader(part);
    expect_numbers(reader, 0, 60);
    rn_reader_free(reader);
}

static void set_inflight(unsigned slot, uint32_t stream, uint64_t start)
{
    rings.slots[slot].taken = 1;
    rings.slots[slot].inflight_state = RN_INFLIGHT_VALID;
    rings.slots[slot].inflight =
        (struct rn_record){.kind = RN_KIND_INFLIGHT, .stream = stream, .start = start};
    rings.slots[slot].inflight_call = (struct rn_syscall){.nr = 35, .args = {1, 2, 3}};
}

static void calls_in_flight_are_unfinished(void **state)
{
    struct rn_writer *writer = new_writer(path, NULL);
    struct rn_reader *reader;
    struct rn_event event;

    (void)state;
    ring_numbers(0, 30);
    set_inflight(10, 1, 5000 + 27 * 10); /* committed as number 27 */
    set_inflight(11, 2, 5000 + 26 * 10 + 75);
    set_inflight(12, 3, 100000);
    rings.slots[12].taken = 0;
    write_rings();
    rn_writer_free(writer);
    reader = open_reader(part);
    expect_numbers(reader, 0, 30);
    assert_ok(next_plain(reader, &event));
    assert_int_equal(event.kind, RN_KIND_SYSCALL);
    assert_int_equal(event.flags, RN_EVENT_UNFINISHED);
    assert_int_equal(event.stream, 2);
    assert_int_equal(event.u.syscall.nr, 35);
    expect_loss(reader, RN_LOSS_KILLED, 0);
    expect_end(reader);
    rn_reader_free(reader);
}

/* The recorder dies before it has written what a new stream is. */
static void new_streams_are_described_by_their_events(void **state)
{
    struct rn_writer *writer = new_writer(path, NULL);
    struct rn_event fork = {.kind = RN_KIND_PROCESS, .stream = 1, .start = 10};
    struct rn_event start = {.kind = RN_KIND_PROCESS, .stream = 9, .start = 20};
    struct rn_reader *reader;
    struct rn_event event;
    unsigned described = 0;

    (void)state;
    fork.u.process = (struct rn_process){.op = RN_PROCESS_FORK,
                                         .pid = 100,
                                         .tid = 100,
                                         .child_stream = 8,
                                         .child_tid = 108,
                                         .clone_flags = 0x10000};
    start.u.process = (struct rn_process){.op = RN_PROCESS_START, .pid = 109, .tid = 109};
    ring_event(&fork);
    ring_event(&start);
    event = numbered_event(0);
    event.stream = 8;
    ring_event(&event);
    write_rings();
    rn_writer_free(writer);
    reader = open_reader(part);
    while (rn_reader_next_event(reader, &event, &err) == RN_OK) {
        const struct rn_stream *stream = &event.u.stream_info;

        if (event.kind != RN_KIND_STREAM || stream->id < 8)
            continue;
        assert_int_equal(stream->tid, 100 + stream->id);
        assert_int_equal(stream->pid, stream->id == 8 ? 100 : 109);
        assert_int_equal(stream->parent, stream->id == 8);
        described++;
    }
    assert_int_equal(described, 2);
    rn_reader_free(reader);
}

static void losses_in_the_header_are_told(void **state)
{
    struct rn_writer *writer = new_writer(path, NULL);
    struct rn_reader *reader;
    struct rn_event event;

    (void)state;
    add_events(writer, 0, 3);
    assert_ok(rn_writer_add_loss(writer, 0, 30, RN_LOSS_DISK_FULL, NULL, &err));
    commit_with_position(writer, 0);
    rings.header.lost_events = 100;
    rings.header.lost_reason = RN_LOSS_DISK_FULL;
    rings.header.inflight_unknown = 5;
    rings.slots[20].lost = 7;
    write_rings();
    rn_writer_free(writer);
    reader = open_reader(part);
    expect_numbers(reader, 0, 3);
    expect_loss(reader, RN_LOSS_DISK_FULL, 30);
    expect_loss(reader, RN_LOSS_DISK_FULL, 70);
    expect_loss(reader, RN_LOSS_RING_FULL, 7);
    assert_ok(next_plain(reader, &event));
    assert_int_equal(event.kind, RN_KIND_NOTICE);
    assert_int_equal(event.u.notice.value, 5);
    expect_loss(reader, RN_LOSS_KILLED, 0);
    expect_end(reader);
    rn_reader_free(reader);
}

static void damaged_rings_take_nothing_away(void **state)
{
    struct rn_reader *reader;
    struct rn_event event;

    (void)state;
    leave_behind();
    rings.data[rings.slots[3].head % RING_SIZE - 300] ^= 0xff;
    for (unsigned round = 0; round < 6; round++) {
        unsigned losses = 0;

        if (round == 1)
            rings.slots[3].size = 12345;
        if (round == 2)
            rings.slots[3].head = UINT64_MAX;
        if (round == 3)
            rings.header.slots = RN_RING_SLOTS + 1;
        if (round == 4)
            rings.header.magic = 0;
        write_rings();
        if (round == 5)
            assert_int_equal(truncate(rings_path, 100), 0);
        reader = open_reader(part);
        expect_numbers(reader, 0, 50);
        while (next_plain(reader, &event) == RN_OK)
            losses += event.kind == RN_KIND_LOSS;
        assert_in_range(losses, round ? 2 : 1, 2);
        rn_reader_free(reader);
    }
}

/* A member that was appended in part is in the ring still. */
static void cut_member_is_no_error(void **state)
{
    struct rn_writer *writer = new_writer(path, NULL);
    struct rn_reader *reader;
    struct stat st;

    (void)state;
    add_events(writer, 0, 50);
    commit_with_position(writer, 0);
    ring_numbers(50, 75);
    add_events(writer, 50, 75);
    assert_int_equal(stat(archive_path, &st), 0);
    commit_with_position(writer, rings.slots[3].head);
    write_rings();
    rn_writer_free(writer);
    for (unsigned i = 0; i < 5; i++) {
        static const int more[] = {1000, 512, 511, 1, 0};

        assert_int_equal(truncate(archive_path, st.st_size + more[i]), 0);
        reader = open_reader(part);
        expect_numbers(reader, 0, 75);
        expect_loss(reader, RN_LOSS_KILLED, 0);
        expect_end(reader);
        rn_reader_free(reader);
    }
}

static void running_recording_can_be_read(void **state)
{
    struct rn_writer *writer = new_writer(path, NULL), *second;
    struct rn_manifest manifest = test_manifest();
    struct rn_reader *reader;
    char *sealed;

    (void)state;
    add_events(writer, 0, 50);
    commit_with_position(writer, 0);
    ring_numbers(50, 60);
    write_rings();
    reader = open_reader(part);
    expect_numbers(reader, 0, 60);
    expect_end(reader);
    assert_false(rn_reader_sealed(reader));
    assert_false(rn_reader_incomplete(reader));
    rn_reader_free(reader);
    assert_status(rn_part_seal(part, &sealed, &err), RN_E_USAGE);
    assert_status(rn_writer_new(path, &manifest, NULL, &second, &err), RN_E_USAGE);
    rn_manifest_clear(&manifest);
    rn_writer_free(writer);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(rings_are_read_behind_the_archive),
        CASE(wrapped_ring_is_read),
        CASE(other_generation_is_not_covered),
        CASE(calls_in_flight_are_unfinished),
        CASE(new_streams_are_described_by_their_events),
        CASE(losses_in_the_header_are_told),
        CASE(damaged_rings_take_nothing_away),
        CASE(cut_member_is_no_error),
        CASE(running_recording_can_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
