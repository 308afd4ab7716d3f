/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include "formats/reader_join.h"
#include "libanalysis/trace.h"

#define RATE  (1ull << 32) /* a tick of the recording is one of the device */
#define TICKS 5000u

/* A device whose clock is `ahead` ticks before the recording's, and one kernel, at the device's
 * time that is TICKS of the recording. */
static void write_device(const char *to, uint64_t ahead)
{
    struct rn_writer *writer = new_writer(to, NULL);
    struct rn_stream queue = {.type = RN_STREAM_QUEUE, .pid = 100, .tid = 1, .clock = 1};
    struct rn_event event = {.kind = RN_KIND_DEVICE_CLOCK};
    uint64_t id;

    assert_ok(rn_writer_add_stream(writer, &queue, "queue", &id, &err));
    event.u.device_clock = (struct rn_device_clock){.clock = 1,
                                                    .device_ticks = 4000 + ahead,
                                                    .ticks = 4000,
                                                    .monotonic_ns = 4000,
                                                    .error_ns = 1,
                                                    .rate = RATE,
                                                    .period = RATE};
    assert_ok(rn_writer_add(writer, &event, &err));
    event = (struct rn_event){.kind = RN_KIND_KERNEL,
                              .flags = RN_EVENT_DEVICE_TIME,
                              .stream = (uint32_t)id,
                              .start = TICKS + ahead,
                              .duration = 10};
    assert_ok(rn_writer_add(writer, &event, &err));
    seal(writer);
}

/* Two recordings that call their devices' clocks by the same number, joined. `moved`: the second
 * one has another machine's clock. */
static void check_kernels(struct rn_clock_piece *moved)
{
    struct rn_manifest manifest = test_manifest();
    struct rn_manifest_source places[2] = {{.first_stream = 1, .streams = 10},
                                           {.first_stream = 11, .streams = 10}};
    struct rn_reader_join *join = rn_reader_join_new();
    struct rn_trace *trace = rn_trace_new(&manifest);
    struct rn_reader *readers[2];
    struct rn_event event;
    unsigned kernels = 0;
    char other[140];

    snprintf(other, sizeof other, "%s2", path);
    write_device(path, 300);
    write_device(other, 700);
    places[1].pieces = moved;
    places[1].piece_count = moved ? 1 : 0;
    assert_ok(rn_reader_open(path, &readers[0], &err));
    assert_ok(rn_reader_open(other, &readers[1], &err));
    for (uint32_t i = 0; i < 2; i++)
        assert_ok(rn_reader_join_add(join, readers[i], &places[i], i + 1, &err));
    while (rn_reader_join_next(join, &event, &err) == RN_OK) {
        rn_trace_place(trace, &event);
        if (event.kind == RN_KIND_KERNEL) {
            kernels++;
            /* Without readings it stays where the scale puts it. */
            assert_int_equal(event.start,
                             event.source == 2 && moved ? TICKS + 700 + 1000000 : TICKS);
        }
        assert_ok(rn_trace_feed(trace, &event, &err));
    }
    assert_int_equal(kernels, 2);
    rn_trace_free(trace);
    rn_reader_join_free(join);
    rn_reader_free(readers[0]);
    rn_reader_free(readers[1]);
    rn_manifest_clear(&manifest);
}

static void clocks_of_devices_are_kept_apart(void **state)
{
    (void)state;
    check_kernels(NULL);
}

static void clocks_of_other_machines_are_not_used(void **state)
{
    struct rn_clock_piece moved = {.raw = 0, .merged = 1000000, .rate = 1};

    (void)state;
    check_kernels(&moved);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(clocks_of_devices_are_kept_apart),
        CASE(clocks_of_other_machines_are_not_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
