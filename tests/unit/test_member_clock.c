/* SPDX-License-Identifier: MIT */
/* Readings of devices' clocks and queues through writer and reader: restated by segments, and found
 * in the rings of a recorder that is gone. */
#include "left_behind.h"

static void add_reading(struct rn_writer *writer, uint64_t clock, uint64_t ticks, const char *name)
{
    const struct rn_attachment attachment = {.type = RN_ATT_NAME,
                                             .arg = RN_ARG_NONE,
                                             .size = (uint32_t)strlen(name),
                                             .data = (const uint8_t *)name};
    const struct rn_event event = {
        .kind = RN_KIND_DEVICE_CLOCK,
        .u.device_clock = {.clock = clock, .ticks = ticks, .device_ticks = 2 * ticks, .period = 9},
        .attachment_count = 1,
        .attachments = &attachment};

    assert_ok(rn_writer_add(writer, &event, &err));
}

static void add_kernel(struct rn_writer *writer, uint32_t stream, uint64_t start)
{
    const struct rn_event event = {
        .kind = RN_KIND_KERNEL, .flags = RN_EVENT_DEVICE_TIME, .stream = stream, .start = start};

    assert_ok(rn_writer_add(writer, &event, &err));
}

/* "3s@20:name " for each reading: clock, whether restated, ticks, name; "K" for each kernel. */
static void read_all(const char *from, char *text, size_t size)
{
    struct rn_reader *reader;
    struct rn_event event;

    *text = '\0';
    assert_ok(rn_reader_open(from, &reader, &err));
    while (rn_reader_next_event(reader, &event, &err) == RN_OK) {
        const struct rn_attachment *name = rn_event_attachment(&event, RN_ATT_NAME, RN_ARG_ANY);
        size_t used = strlen(text);

        if (event.kind == RN_KIND_KERNEL)
            snprintf(text + used, size - used, "K%x ", event.stream);
        if (event.kind == RN_KIND_STREAM && event.u.stream_info.type == RN_STREAM_QUEUE)
            snprintf(text + used, size - used, "Q%llx:%llu ",
                     (unsigned long long)event.u.stream_info.id,
                     (unsigned long long)event.u.stream_info.clock);
        if (event.kind == RN_KIND_LOSS)
            snprintf(text + used, size - used, "L%llu ", (unsigned long long)event.u.loss.count);
        if (event.kind != RN_KIND_DEVICE_CLOCK)
            continue;
        assert_int_equal(event.u.device_clock.device_ticks, 2 * event.u.device_clock.ticks);
        assert_int_equal(event.u.device_clock.period, 9);
        snprintf(text + used, size - used, "%llu%s@%llu:%.*s ",
                 (unsigned long long)event.u.device_clock.clock,
                 event.flags & RN_EVENT_SNAPSHOT ? "s" : "",
                 (unsigned long long)event.u.device_clock.ticks, name ? (int)name->size : 1,
                 name ? (const char *)name->data : "-");
    }
    rn_reader_free(reader);
}

static void segments_restate_clocks(void **state)
{
    const struct rn_writer_options options = {.manual_commit = true, .segment_bytes = 1};
    struct rn_writer *writer = new_writer(path, &options);
    const struct rn_stream stream = {
        .id = RN_STREAM_QUEUES + 5, .type = RN_STREAM_QUEUE, .clock = 3};
    struct rn_stream twice = stream;
    char text[512];

    (void)state;
    assert_ok(rn_writer_add_numbered(writer, &stream, "queue", &err));
    assert_status(rn_writer_add_numbered(writer, &twice, NULL, &err), RN_E_USAGE);
    add_kernel(writer, RN_STREAM_QUEUES + 5, 15);
    add_reading(writer, 3, 10, "gpu");
    add_reading(writer, 3, 20, "gpu");
    assert_ok(rn_writer_commit(writer, NULL, &err));
    add_reading(writer, 1, 30, "");
    add_kernel(writer, RN_STREAM_QUEUES + 5, 25);
    assert_ok(rn_writer_commit(writer, NULL, &err));
    assert_ok(rn_writer_seal(writer, &err));
    rn_writer_free(writer);
    read_all(path, text, sizeof text);
    assert_string_equal(text, "3@10:gpu 3@20:gpu Q80000005:3 K80000005 "
                              "3s@20:gpu 1@30:- Q80000005:3 K80000005 ");
}

static void a_number_is_checked(void **state)
{
    struct rn_writer *writer = new_writer(path, NULL);
    struct rn_event event = {.kind = RN_KIND_DEVICE_CLOCK};

    (void)state;
    assert_status(rn_writer_add(writer, &event, &err), RN_E_USAGE);
    event.u.device_clock.clock = RN_DEVICE_CLOCK_MAX + 1;
    assert_status(rn_writer_add(writer, &event, &err), RN_E_USAGE);
    assert_ok(rn_writer_seal(writer, &err));
    rn_writer_free(writer);
}

/* A record of a library; fields are those of its kind. */
static void ring_fields(uint8_t kind, uint32_t stream, const void *fields, size_t words)
{
    struct rn_record record = {.size = (uint32_t)(sizeof record + 8 * words),
                               .kind = kind,
                               .fields = (uint8_t)words,
                               .stream = stream,
                               .start = 50};

    ring_bytes(&record, sizeof record);
    ring_bytes(fields, 8 * words);
}

static void rings_of_a_dead_recorder_have_them(void **state)
{
    const struct rn_device_clock reading = {
        .clock = 3, .ticks = 40, .device_ticks = 80, .period = 9};
    const struct rn_device_clock nonsense = {.clock = 5000};
    const struct rn_kernel kernel = {.api = RN_API_OPENCL};
    struct rn_writer *writer = new_writer(path, &(struct rn_writer_options){.manual_commit = true});
    char text[512], *sealed;

    (void)state;
    add_reading(writer, 3, 10, "gpu");
    add_reading(writer, 2, 11, "old");
    add_kernel(writer, 2, 12);
    assert_ok(rn_writer_commit(writer, NULL, &err));
    rn_writer_free(writer);
    rings.slots[3].stream = 1;
    rings.header.queues[7] = (struct rn_ring_queue){
        .ready = 1, .pid = 100, .clock = 3, .begun = 6, .recorded = 2, .name_size = 4000};
    ring_fields(RN_KIND_KERNEL, RN_STREAM_QUEUES + 7, &kernel, 1);
    ring_fields(RN_KIND_KERNEL, RN_STREAM_QUEUES + 8, &kernel, 1);
    ring_fields(RN_KIND_KERNEL, UINT32_MAX, &kernel, 1);
    ring_fields(RN_KIND_DEVICE_CLOCK, 0, &nonsense, 1);
    ring_fields(RN_KIND_DEVICE_CLOCK, 0, &reading, sizeof reading / 8);
    write_rings();
    assert_ok(rn_part_seal(part, &sealed, &err));
    free(sealed);
    read_all(path, text, sizeof text);
    assert_string_equal(text, "3@10:gpu 2@11:old K2 2s@11:old 3s@10:gpu 3@40:- Q80000007:3 "
                              "K80000007 K1 K1 L4 L0 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(segments_restate_clocks, set_up, remove_directory),
        cmocka_unit_test_setup_teardown(a_number_is_checked, set_up, remove_directory),
        cmocka_unit_test_setup_teardown(rings_of_a_dead_recorder_have_them, set_up,
                                        remove_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
