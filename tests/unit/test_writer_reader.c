/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include "formats/crc64.h"
#include "formats/record.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

static void events_come_back(void **state)
{
    struct rn_writer *writer = new_writer(path, NULL);
    const struct rn_index *index;
    struct rn_reader *reader;

    (void)state;
    add_events(writer, 0, 40000);
    rn_writer_set_status(writer, 256);
    seal(writer);
    reader = open_reader(path);
    assert_true(rn_reader_sealed(reader));
    expect_numbers(reader, 0, 40000);
    expect_end(reader);
    assert_false(rn_reader_incomplete(reader));
    index = rn_reader_index(reader);
    assert_int_equal(index->member_count, 3);
    assert_int_equal(index->counts[RN_KIND_SYSCALL] + index->counts[RN_KIND_SIGNAL], 40000);
    assert_int_equal(index->members[0].events, 16384);
    assert_int_equal(index->status, 256);
    assert_int_equal(index->lost, 0);
    assert_string_equal(index->sealed_by, "test 1.0");
    rn_reader_free(reader);
}

/* Both ways of reading say the same. */
static void batches_agree_with_events(void **state)
{
    struct rn_writer *writer = new_writer(path, NULL);
    struct rn_reader *reader;
    struct rn_batch batch;
    uint64_t rows = 0, sum = 0, want = 0;
    enum rn_status status;

    (void)state;
    add_events(writer, 0, 20000);
    seal(writer);
    for (uint64_t i = 0; i < 20000; i++)
        want += i * (numbered_event(i).start + numbered_event(i).u.words[4]);
    reader = open_reader(path);
    while ((status = rn_reader_next(reader, &batch, &err)) == RN_OK) {
        const uint64_t *start = rn_batch_column(&batch, RN_COLUMN_START, &err);
        const uint64_t *word = rn_batch_column(&batch, RN_COLUMN_WORD + 4, &err);
        struct rn_event event;

        assert_non_null(start);
        assert_non_null(word);
        for (uint32_t i = 0; i < batch.rows && RN_KIND_IS_EVENT(batch.kind); i++) {
            uint64_t number = (start[i] - 5000) / 10;

            assert_ok(rn_batch_event(&batch, i, &event, &err));
            expect_number(&event, number);
            sum += number * (start[i] + word[i]);
            rows++;
        }
    }
    assert_int_equal(status, RN_EOF);
    assert_int_equal(rows, 20000);
    assert_true(sum == want);
    rn_reader_free(reader);
}

/* Sources are late: events of a commit come in any order, and leave in that of time. */
static void events_are_sorted(void **state)
{
    struct rn_writer *writer = new_writer(path, NULL);
    struct rn_reader *reader;
    struct rn_event event;

    (void)state;
    for (uint64_t i = 9000; i-- > 0;) {
        event = numbered_event(i);
        assert_ok(rn_writer_add(writer, &event, &err));
    }
    seal(writer);
    reader = open_reader(path);
    for (uint64_t i = 0; i < 9000; i++) {
        struct rn_event want = numbered_event(i);

        assert_ok(next_plain(reader, &event));
        want.ordinal = event.ordinal;
        expect_same(&event, &want);
        assert_int_equal(event.ordinal, 2999 - i / STREAMS);
    }
    expect_end(reader);
    rn_reader_free(reader);
}

static void snapshots_come_first_and_do_not_count(void **state)
{
    struct rn_writer *writer = new_writer(path, NULL);
    struct rn_event event = numbered_event(1), snapshot = {.kind = RN_KIND_DESCRIPTOR,
                                                           .flags = RN_EVENT_SNAPSHOT,
                                                           .stream = 2,
                                                           .start = 999999};
    struct rn_reader *reader;

    (void)state;
    assert_ok(rn_writer_add(writer, &event, &err));
    assert_ok(rn_writer_add(writer, &snapshot, &err));
    seal(writer);
    reader = open_reader(path);
    do
        assert_ok(rn_reader_next_event(reader, &event, &err));
    while (!RN_KIND_IS_EVENT(event.kind));
    assert_int_equal(event.kind, RN_KIND_DESCRIPTOR);
    assert_ok(next_plain(reader, &event));
    assert_int_equal(event.ordinal, 0);
    expect_end(reader);
    assert_int_equal(rn_reader_index(reader)->counts[RN_KIND_DESCRIPTOR], 0);
    assert_int_equal(rn_reader_index(reader)->members[0].events, 1);
    rn_reader_free(reader);
}

/* Bytes that are all kept need no stored CRC. */
static void whole_contents_are_fingerprinted_by_the_reader(void **state)
{
    static uint8_t bytes[10000];
    uint64_t prefix[2];
    struct rn_attachment attachment = {.type = RN_ATT_CONTENT, .arg = 1};
    struct rn_event event = numbered_event(2);
    struct rn_writer *writer = new_writer(path, NULL);
    struct rn_reader *reader;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * i >> 3);
    prefix[0] = rn_crc64(0, bytes, 4096);
    prefix[1] = rn_crc64(0, bytes, 8192);
    attachment.content = (struct rn_content){.length = sizeof bytes,
                                             .crc = rn_crc64(0, bytes, sizeof bytes),
                                             .prefix_crc = prefix,
                                             .blocks = 2,
                                             .head = bytes,
                                             .head_len = sizeof bytes};
    event.attachments = &attachment;
    event.attachment_count = 1;
    assert_ok(rn_writer_add(writer, &event, &err));
    seal(writer);
    reader = open_reader(path);
    assert_ok(next_plain(reader, &event));
    assert_int_equal(event.attachment_count, 1);
    assert_true(event.attachments->content.crc == attachment.content.crc);
    assert_memory_equal(event.attachments->content.prefix_crc, prefix, sizeof prefix);
    assert_memory_equal(event.attachments->content.head, bytes, sizeof bytes);
    rn_reader_free(reader);
}

static void nonsense_is_refused(void **state)
{
    struct rn_writer *writer = new_writer(path, NULL);
    struct rn_event event = numbered_event(0);
    struct rn_attachment attachment = {.type = RN_ATT_CONTENT, .content = {.length = 5000}};

    (void)state;
    event.stream = 9;
    assert_status(rn_writer_add(writer, &event, &err), RN_E_USAGE);
    event = numbered_event(0);
    event.kind = RN_KIND_STRINGS;
    assert_status(rn_writer_add(writer, &event, &err), RN_E_USAGE);
    event.kind = RN_KIND_SYSCALL;
    event.attachments = &attachment;
    event.attachment_count = 1;
    assert_status(rn_writer_add(writer, &event, &err), RN_E_USAGE);
    attachment = (struct rn_attachment){.type = RN_ATT_PATH, .size = RN_RECORD_MAX + 1};
    assert_status(rn_writer_add(writer, &event, &err), RN_E_LIMIT);
    event.attachment_count = 33;
    assert_status(rn_writer_add(writer, &event, &err), RN_E_LIMIT);
    assert_int_equal(rn_writer_pending(writer), 0);
    rn_writer_discard(writer);
    rn_writer_free(writer);
    assert_int_equal(access(part, F_OK), -1);
    assert_status(
        rn_writer_new(directory, &(struct rn_manifest){.version = 1}, NULL, &writer, &err),
        RN_E_USAGE);
}

/* All that is known of losses: the total of the counts in LOSS events, by reason. */
static uint64_t read_losses(uint64_t reason, uint64_t *events)
{
    struct rn_reader *reader = open_reader(path);
    struct rn_event event;
    uint64_t lost = 0;

    *events = 0;
    while (next_plain(reader, &event) == RN_OK) {
        if (event.kind != RN_KIND_LOSS) {
            ++*events;
            continue;
        }
        assert_int_equal(event.u.loss.reason, reason);
        assert_non_null(rn_event_attachment(&event, RN_ATT_TEXT, RN_ARG_ANY));
        lost += event.u.loss.count;
    }
    assert_int_equal(rn_reader_index(reader)->lost, lost);
    rn_reader_free(reader);
    return lost;
}

static void size_limit_is_kept_and_told(void **state)
{
    struct rn_writer_options options = {.max_size = 100000};
    struct rn_writer *writer = new_writer(path, &options);
    uint64_t events, lost;
    FILE *file;

    (void)state;
    add_events(writer, 0, 200000);
    assert_true(rn_writer_lost(writer) > 0);
    seal(writer);
    lost = read_losses(RN_LOSS_MAX_SIZE, &events);
    assert_true(events > 0 && lost > 0);
    assert_int_equal(events + lost, 200000);
    file = fopen(path, "r");
    fseek(file, 0, SEEK_END);
    assert_in_range(ftell(file), 25000, 100000);
    fclose(file);
}

/* A file that must not grow stands for a disk that is full. */
static void limit_file_size(rlim_t size)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = size;
    setrlimit(RLIMIT_FSIZE, &limit);
}

static void full_disk_is_survived(void **state)
{
    struct rn_writer *writer = new_writer(path, NULL);
    uint64_t events, lost;

    (void)state;
    add_events(writer, 0, 100);
    assert_ok(rn_writer_commit(writer, NULL, &err));
    limit_file_size(5000);
    add_events(writer, 100, 350);
    assert_status(rn_writer_commit(writer, NULL, &err), RN_E_SYSTEM);
    assert_int_equal(rn_writer_lost(writer), 250);
    limit_file_size(RLIM_INFINITY);
    add_events(writer, 350, 400);
    seal(writer);
    lost = read_losses(RN_LOSS_DISK_FULL, &events);
    assert_int_equal(lost, 250);
    assert_int_equal(events, 150);
}

static void seal_can_be_tried_again(void **state)
{
    struct rn_writer *writer = new_writer(path, NULL);
    uint64_t events;

    (void)state;
    add_events(writer, 0, 300);
    limit_file_size(1200);
    assert_status(rn_writer_seal(writer, &err), RN_E_SYSTEM);
    limit_file_size(RLIM_INFINITY);
    seal(writer);
    assert_int_equal(read_losses(RN_LOSS_DISK_FULL, &events), 0);
    assert_int_equal(events, 300);
    writer = new_writer(path, NULL);
    add_events(writer, 0, 9000);
    limit_file_size(8000);
    assert_status(rn_writer_seal(writer, &err), RN_E_SYSTEM);
    assert_ok(rn_writer_seal(writer, &err));
    rn_writer_free(writer);
    limit_file_size(RLIM_INFINITY);
    assert_int_equal(read_losses(RN_LOSS_DISK_FULL, &events), 9000);
    assert_int_equal(events, 0);
}

static void stated_losses_come_back(void **state)
{
    struct rn_writer *writer = new_writer(path, NULL);
    uint64_t events;

    (void)state;
    add_events(writer, 0, 10);
    assert_ok(rn_writer_add_loss(writer, RN_KIND_SYSCALL, 42, RN_LOSS_RING_FULL, NULL, &err));
    seal(writer);
    assert_int_equal(read_losses(RN_LOSS_RING_FULL, &events), 42);
    assert_int_equal(events, 10);
}

/* What is dropped and what is kept add up, and the newest is kept. */
static void flight_recorder_keeps_the_newest(void **state)
{
    struct rn_writer_options options = {.keep_last = 100000, .segment_bytes = 12000};
    struct rn_writer *writer = new_writer(path, &options);
    struct rn_event event, last = {.kind = 0};
    struct rn_reader *reader;
    uint64_t events, lost;
    FILE *file;

    (void)state;
    add_events(writer, 0, 300000);
    seal(writer);
    lost = read_losses(RN_LOSS_LAST, &events);
    assert_true(lost > 100000 && events > 1000);
    assert_int_equal(events + lost, 300000);
    file = fopen(path, "r");
    fseek(file, 0, SEEK_END);
    assert_in_range(ftell(file), 35000, 125000);
    fclose(file);
    reader = open_reader(path);
    while (next_plain(reader, &event) == RN_OK)
        if (event.kind != RN_KIND_LOSS)
            last = event;
    assert_true(last.start == numbered_event(299999).start);
    assert_int_equal(last.ordinal, 299999 / STREAMS);
    assert_ok(rn_reader_seek(reader, UINT64_MAX, &err));
    assert_ok(next_plain(reader, &event));
    assert_int_equal(rn_reader_index(reader)->counts[RN_KIND_SYSCALL] +
                         rn_reader_index(reader)->counts[RN_KIND_SIGNAL],
                     events);
    rn_reader_free(reader);
}

static void on_member(void *context, const char *name, const uint8_t *data, size_t size)
{
    assert_string_equal(name, "env/uname");
    assert_memory_equal(data, "Linux", size);
    ++*(unsigned *)context;
}

static void archive_can_be_read_from_a_pipe(void **state)
{
    struct rn_writer *writer = new_writer(path, NULL);
    struct rn_reader *reader;
    unsigned members = 0;
    int saved = dup(STDIN_FILENO);
    FILE *pipe;
    char command[160];

    (void)state;
    assert_ok(rn_writer_add_file(writer, "env/uname", "Linux", 5, &err));
    add_events(writer, 0, 20000);
    seal(writer);
    snprintf(command, sizeof command, "cat %s", path);
    pipe = popen(command, "r");
    dup2(fileno(pipe), STDIN_FILENO);
    reader = open_reader("-");
    rn_reader_on_member(reader, on_member, &members);
    assert_null(rn_reader_index(reader));
    assert_ok(rn_reader_seek(reader, 100000, &err));
    expect_numbers(reader, 0, 20000);
    expect_end(reader);
    assert_true(rn_reader_sealed(reader));
    assert_int_equal(rn_reader_index(reader)->member_count, 2);
    assert_int_equal(members, 1);
    rn_reader_free(reader);
    pclose(pipe);
    dup2(saved, STDIN_FILENO);
    close(saved);
}

static void housekeeping_is_handed_out(void **state)
{
    const struct rn_writer_source sources[2] = {{3, 4, 500}, {7, 1, 0}};
    struct rn_event inflight = {.kind = RN_KIND_INFLIGHT, .stream = 2, .start = 77};
    struct rn_writer_commit_info info = {.sources = sources,
                                         .source_count = 2,
                                         .inflight = &inflight,
                                         .inflight_count = 1,
                                         .clock = {90000, 90001, 90002, 5}};
    struct rn_writer *writer = new_writer(path, NULL);
    struct rn_reader *reader;
    struct rn_event event;

    (void)state;
    inflight.u.syscall.nr = 35;
    add_events(writer, 0, 10);
    assert_ok(rn_writer_commit(writer, &info, &err));
    seal(writer);
    reader = open_reader(path);
    assert_ok(rn_reader_next_event(reader, &event, &err));
    assert_int_equal(event.kind, RN_KIND_COMMIT);
    assert_int_equal(event.flags, RN_EVENT_SNAPSHOT);
    assert_int_equal(event.start, 90000);
    assert_int_equal(event.u.commit.segment, 1);
    assert_int_equal(event.u.commit.source, 3);
    assert_int_equal(event.u.commit.generation, 4);
    assert_int_equal(event.u.commit.position, 500);
    assert_ok(rn_reader_next_event(reader, &event, &err));
    assert_int_equal(event.u.commit.source, 7);
    assert_int_equal(event.flags, 0);
    assert_ok(rn_reader_next_event(reader, &event, &err));
    assert_int_equal(event.kind, RN_KIND_CLOCK);
    assert_int_equal(event.u.clock.realtime_ns, 90002);
    expect_numbers(reader, 0, 10);
    assert_ok(rn_reader_next_event(reader, &event, &err));
    assert_int_equal(event.kind, RN_KIND_INFLIGHT);
    assert_int_equal(event.u.syscall.nr, 35);
    assert_status(rn_reader_next_event(reader, &event, &err), RN_EOF);
    assert_int_equal(rn_reader_index(reader)->end.ticks, 90000);
    rn_reader_free(reader);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(events_come_back),
        CASE(batches_agree_with_events),
        CASE(events_are_sorted),
        CASE(snapshots_come_first_and_do_not_count),
        CASE(whole_contents_are_fingerprinted_by_the_reader),
        CASE(nonsense_is_refused),
        CASE(size_limit_is_kept_and_told),
        CASE(full_disk_is_survived),
        CASE(seal_can_be_tried_again),
        CASE(stated_losses_come_back),
        CASE(flight_recorder_keeps_the_newest),
        CASE(archive_can_be_read_from_a_pipe),
        CASE(housekeeping_is_handed_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
