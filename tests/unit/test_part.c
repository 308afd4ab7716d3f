/* SPDX-License-Identifier: MIT */
/* Recordings whose recorder is gone: what is in the directory, in the rings and in flight. */
#include "recording.h"

#include "formats/ring_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#define RING_SIZE  (1u << 16)
#define DATA_START (256u << 10)

/* A ring file, made by hand: slot 3 has a ring, others may have calls in flight. */
static struct {
    struct rn_ring_file header;
    struct rn_ring_slot slots[RN_RING_SLOTS];
    uint8_t padding[DATA_START];
    uint8_t data[RING_SIZE];
} rings;

static char rings_path[160], archive_path[160];

static int set_up(void **state)
{
    if (make_directory(state) != 0)
        return -1;
    snprintf(rings_path, sizeof rings_path, "%s/rings", part);
    snprintf(archive_path, sizeof archive_path, "%s/archive", part);
    memset(&rings, 0, sizeof rings);
    rings.header = (struct rn_ring_file){.magic = RN_RING_MAGIC,
                                         .version = RN_RING_VERSION,
                                         .record_version = RN_RECORD_VERSION,
                                         .slots = RN_RING_SLOTS};
    memset(rings.header.uuid, 7, 16);
    rings.slots[3] = (struct rn_ring_slot){.data_offset = offsetof(typeof(rings), data),
                                           .size = RING_SIZE,
                                           .generation = 2,
                                           .taken = 1};
    return 0;
}

static void write_rings(void)
{
    FILE *file = fopen(rings_path, "w");

    assert_int_equal(fwrite(&rings, sizeof rings, 1, file), 1);
    fclose(file);
}

static void ring_bytes(const void *bytes, size_t size)
{
    struct rn_ring_slot *slot = &rings.slots[3];

    for (size_t i = 0; i < size; i++)
        rings.data[slot->head++ % RING_SIZE] = ((const uint8_t *)bytes)[i];
}

static void ring_attachment(const struct rn_attachment *attachment)
{
    static const uint8_t zeros[8];
    const struct rn_content *content = &attachment->content;
    struct rn_record_attachment raw = {
        .type = attachment->type, .arg = attachment->arg, .flags = attachment->flags};
    struct rn_record_content raw_content = {content->length, content->crc, content->blocks,
                                            content->head_len};

    raw.size = attachment->size;
    if (raw.type == RN_ATT_CONTENT)
        raw.size = (uint32_t)sizeof raw_content + 8 * content->blocks + content->head_len;
    ring_bytes(&raw, sizeof raw);
    if (raw.type == RN_ATT_CONTENT) {
        ring_bytes(&raw_content, sizeof raw_content);
        ring_bytes(content->prefix_crc, 8 * content->blocks);
        ring_bytes(content->head, content->head_len);
    } else {
        ring_bytes(attachment->data, attachment->size);
    }
    ring_bytes(zeros, -raw.size % 8);
}

static void ring_event(const struct rn_event *event)
{
    uint64_t begin = rings.slots[3].head;
    struct rn_record record = {.kind = event->kind,
                               .fields = 24,
                               .attachments = (uint8_t)event->attachment_count,
                               .stream = event->stream,
                               .flags = event->flags,
                               .start = event->start,
                               .duration = event->duration};

    ring_bytes(&record, sizeof record);
    ring_bytes(event->u.words, sizeof event->u.words);
    for (uint32_t i = 0; i < event->attachment_count; i++)
        ring_attachment(&event->attachments[i]);
    record.size = (uint32_t)(rings.slots[3].head - begin);
    for (size_t i = 0; i < sizeof record; i++)
        rings.data[(begin + i) % RING_SIZE] = ((const uint8_t *)&record)[i];
}

static void ring_numbers(uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        struct rn_event event = numbered_event(i);

        ring_event(&event);
    }
}

static void commit_with_position(struct rn_writer *writer, uint64_t position)
{
    const struct rn_writer_source source = {3, 2, position};
    struct rn_writer_commit_info info = {.sources = &source, .source_count = 1};

    assert_ok(rn_writer_commit(writer, &info, &err));
}

static void expect_loss(struct rn_reader *reader, uint64_t reason, uint64_t count)
{
    struct rn_event event;

    assert_ok(next_plain(reader, &event));
    assert_int_equal(event.kind, RN_KIND_LOSS);
    assert_int_equal(event.stream, 0);
    assert_int_equal(event.u.loss.reason, reason);
    assert_int_equal(event.u.loss.count, count);
    assert_non_null(rn_event_attachment(&event, RN_ATT_TEXT, RN_ARG_ANY));
}

/* 50 events in the archive, 25 of them in the ring too, and 25 more there only. */
static void leave_behind(void)
{
    struct rn_writer *writer = new_writer(path, NULL);

    ring_numbers(25, 50);
    add_events(writer, 0, 50);
    commit_with_position(writer, rings.slots[3].head);
    ring_numbers(50, 75);
    write_rings();
    rn_writer_free(writer);
}

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

static void seal_part(void)
{
    char *sealed;

    assert_ok(rn_part_seal(part, &sealed, &err));
    assert_string_equal(sealed, path);
    free(sealed);
    assert_int_equal(access(part, F_OK), -1);
}

static void sealing_appends_what_the_rings_hold(void **state)
{
    const struct rn_index *index;
    struct rn_reader *reader;

    (void)state;
    leave_behind();
    seal_part();
    reader = open_reader(path);
    assert_true(rn_reader_sealed(reader));
    expect_numbers(reader, 0, 75);
    expect_loss(reader, RN_LOSS_KILLED, 0);
    expect_end(reader);
    index = rn_reader_index(reader);
    assert_int_equal(index->member_count, 2);
    assert_int_equal(index->members[1].events, 26);
    assert_true(index->members[1].segment_start);
    assert_true(index->lost == UINT64_MAX);
    assert_ok(rn_reader_seek(reader, UINT64_MAX, &err));
    expect_numbers(reader, 50, 75);
    rn_reader_free(reader);
}

static void sealing_cuts_a_half_member(void **state)
{
    struct rn_reader *reader;
    FILE *file;

    (void)state;
    leave_behind();
    file = fopen(archive_path, "a");
    fprintf(file, "events/000001.rnc");
    fclose(file);
    seal_part();
    reader = open_reader(path);
    expect_numbers(reader, 0, 75);
    expect_loss(reader, RN_LOSS_KILLED, 0);
    expect_end(reader);
    rn_reader_free(reader);
}

/* A flight recorder dies; or dies while it seals, when a segment has been appended already. */
static void segments_are_read_once(void **state)
{
    struct rn_writer_options options = {.keep_last = 10u << 20, .segment_bytes = 1};
    struct rn_writer *writer = new_writer(path, &options);
    char command[600];
    struct rn_reader *reader;

    (void)state;
    for (uint64_t i = 0; i < 12; i++) {
        add_events(writer, i * 10, i * 10 + 10);
        assert_ok(rn_writer_commit(writer, NULL, &err));
    }
    rn_writer_free(writer);
    for (unsigned round = 0; round < 2; round++) {
        reader = open_reader(part);
        expect_numbers(reader, 0, 120);
        expect_loss(reader, RN_LOSS_KILLED, 0);
        expect_end(reader);
        rn_reader_free(reader);
        snprintf(command, sizeof command, "cat '%s/seg.1' '%s/seg.2' >>'%s'", part, part,
                 archive_path);
        if (round == 0)
            assert_int_equal(system(command), 0);
    }
    seal_part();
    reader = open_reader(path);
    expect_numbers(reader, 0, 120);
    expect_loss(reader, RN_LOSS_KILLED, 0);
    expect_end(reader);
    assert_int_equal(rn_reader_index(reader)->member_count, 13);
    assert_ok(rn_reader_seek(reader, 5000 + 1050, &err));
    expect_numbers(reader, 100, 110);
    rn_reader_free(reader);
}

static void stale_directory_is_replaced_only_if_empty(void **state)
{
    struct rn_manifest manifest = test_manifest();
    struct rn_writer *writer = new_writer(path, NULL);

    (void)state;
    rn_writer_free(writer);
    writer = new_writer(path, NULL);
    ring_numbers(0, 1);
    write_rings();
    rn_writer_free(writer);
    assert_status(rn_writer_new(path, &manifest, NULL, &writer, &err), RN_E_USAGE);
    assert_non_null(strstr(err.what, "rn-info --seal"));
    assert_int_equal(access(rings_path, F_OK), 0);
    unlink(rings_path);
    writer = new_writer(path, NULL);
    add_events(writer, 0, 1);
    assert_ok(rn_writer_commit(writer, NULL, &err));
    rn_writer_free(writer);
    assert_status(rn_writer_new(path, &manifest, NULL, &writer, &err), RN_E_USAGE);
    rn_manifest_clear(&manifest);
}

static void missing_archive_is_explained(void **state)
{
    struct rn_reader *reader;

    (void)state;
    assert_status(rn_reader_open(path, &reader, &err), RN_E_SYSTEM);
    rn_writer_free(new_writer(path, NULL));
    assert_status(rn_reader_open(path, &reader, &err), RN_E_USAGE);
    assert_non_null(strstr(err.what, "rn-info --seal"));
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
        CASE(sealing_appends_what_the_rings_hold),
        CASE(sealing_cuts_a_half_member),
        CASE(segments_are_read_once),
        CASE(stale_directory_is_replaced_only_if_empty),
        CASE(missing_archive_is_explained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
