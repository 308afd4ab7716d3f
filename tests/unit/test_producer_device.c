/* SPDX-License-Identifier: MIT */
/* What libraries for devices record, linked into this program: queues, clocks and events come out
 * of the file of rings again. */
#include "producer_fixture.h"

#include "capture/inject/producer_device.h"

#include <pthread.h>

static struct rn_producer_clock clock_of_device;

static int open_for_devices(void **state)
{
    (void)state;
    return open_rings(rn_producer_open);
}

static void a_clock_is_opened_and_read(void **state)
{
    static const struct rn_producer_clock_about about = {
        .api = RN_API_OPENCL, .device = 3, .ns_per_tick = 2.5, .name = "the device"};
    struct rn_producer_reading reading = rn_producer_reading_begin();
    const struct rn_attachment *name;
    struct rn_event event;

    (void)state;
    reading.device = 4000;
    rn_producer_reading_end(&reading);
    assert_true(rn_producer_clock_open(&clock_of_device, &about, &reading));
    assert_int_equal(clock_of_device.number, 1);
    assert_true(take(slot, &event));
    assert_int_equal(event.kind, RN_KIND_DEVICE_CLOCK);
    assert_int_equal(event.u.device_clock.clock, 1);
    assert_int_equal(event.u.device_clock.device, 3);
    assert_int_equal(event.u.device_clock.device_ticks, 4000);
    assert_int_equal(event.u.device_clock.base_ticks, event.u.device_clock.ticks);
    assert_int_equal(event.u.device_clock.rate, 10737418240ull);
    assert_int_equal(event.u.device_clock.period, 10737418240ull);
    assert_in_range(event.u.device_clock.ticks, reading.before, reading.after);
    name = rn_event_attachment(&event, RN_ATT_NAME, RN_ARG_ANY);
    assert_non_null(name);
    assert_memory_equal(name->data, "the device", name->size);
    assert_int_equal(rn_producer_ticks(&clock_of_device, 4010), clock_of_device.base_ticks + 25);
    assert_int_equal(rn_producer_ticks(&clock_of_device, 3990), clock_of_device.base_ticks - 25);
    assert_int_equal(rn_producer_ticks(&clock_of_device, UINT64_MAX), UINT64_MAX);
    assert_false(rn_producer_clock_due(&clock_of_device));
    clock_of_device.next = 0;
    assert_true(rn_producer_clock_due(&clock_of_device));
    assert_false(rn_producer_clock_due(&clock_of_device));
}

static struct rn_producer_queue queue = {
    .name = "first queue", .number = 7, .clock = &clock_of_device};

static void a_queue_is_announced(void **state)
{
    const struct rn_ring_file *file = rn_ring_area_header(area);
    char name[RN_RING_QUEUE_NAME + 1];
    struct rn_stream stream;

    (void)state;
    assert_false(rn_ring_queue_read(file, 0, &stream, name));
    rn_producer_queue_begun(&queue, 3);
    rn_producer_queue_refused(&queue, 1);
    assert_int_equal(rn_producer_queue_stream(&queue), RN_STREAM_QUEUES);
    assert_true(rn_ring_queue_read(file, 0, &stream, name));
    assert_int_equal(stream.id, RN_STREAM_QUEUES);
    assert_int_equal(stream.type, RN_STREAM_QUEUE);
    assert_int_equal(stream.pid, getpid());
    assert_int_equal(stream.tid, 7);
    assert_int_equal(stream.clock, 1);
    assert_string_equal(name, "first queue");
    assert_int_equal(rn_ring_queues_missing(file), 2);
}

static void a_kernel_is_recorded(void **state)
{
    const struct rn_kernel kernel = {.api = RN_API_OPENCL, .queue = 7, .grid = {4, 1, 1}};
    const struct rn_attachment *name;
    static char long_name[RN_PRODUCER_NAME_MAX + 100];
    struct rn_event event;

    (void)state;
    memset(long_name, 'k', sizeof(long_name) - 1);
    assert_true(
        rn_producer_event(&(struct rn_producer_event){.kind = RN_KIND_KERNEL,
                                                      .flags = RN_EVENT_DEVICE_TIME,
                                                      .queue = &queue,
                                                      .start = 100,
                                                      .duration = 5,
                                                      .fields = &kernel,
                                                      .words = sizeof(kernel) / sizeof(uint64_t),
                                                      .name = long_name,
                                                      .text = "a text"}));
    assert_int_equal(rn_ring_queues_missing(rn_ring_area_header(area)), 1);
    assert_true(take(slot, &event));
    assert_int_equal(event.stream, RN_STREAM_QUEUES);
    assert_int_equal(event.flags, RN_EVENT_DEVICE_TIME);
    assert_int_equal(event.u.kernel.grid[0], 4);
    assert_int_equal(event.u.kernel.graph, 0);
    name = rn_event_attachment(&event, RN_ATT_NAME, RN_ARG_ANY);
    assert_int_equal(name->size, RN_PRODUCER_NAME_MAX);
    assert_int_equal(name->flags, RN_ATT_CUT);
    assert_memory_equal(rn_event_attachment(&event, RN_ATT_TEXT, RN_ARG_ANY)->data, "a text", 6);
}

static void *call_back(void *context)
{
    const struct rn_transfer transfer = {.api = RN_API_OPENCL, .bytes = 64};

    (void)context;
    assert_true(rn_producer_event(
        &(struct rn_producer_event){.kind = RN_KIND_TRANSFER,
                                    .queue = &queue,
                                    .fields = &transfer,
                                    .words = sizeof(transfer) / sizeof(uint64_t)}));
    assert_true(rn_producer_event(&(struct rn_producer_event){.kind = RN_KIND_API}));
    return NULL;
}

/* A completion on a thread of the driver: its own ring, the same queue. */
static void another_thread_records(void **state)
{
    struct rn_ring_slot *other = offer();
    struct rn_event event;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, call_back, NULL), 0);
    pthread_join(thread, NULL);
    assert_false(take(slot, &event));
    assert_true(take(other, &event));
    assert_int_equal(event.stream, RN_STREAM_QUEUES);
    assert_int_equal(event.u.transfer.bytes, 64);
    assert_true(take(other, &event));
    assert_int_equal(event.stream, 0);
    assert_int_equal(rn_ring_queues_missing(rn_ring_area_header(area)), 0);
}

static void a_fork_announces_its_own(void **state)
{
    char name[RN_RING_QUEUE_NAME + 1];
    struct rn_stream stream;
    int status;
    pid_t pid;

    (void)state;
    /* qemu-user says yes to MADV_WIPEONFORK, and does nothing. */
    if (getenv("EMULATOR"))
        skip();
    pid = fork();
    if (pid == 0)
        _exit(rn_producer_queue_stream(&queue) == RN_STREAM_QUEUES + 1 ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_true(rn_ring_queue_read(rn_ring_area_header(area), 1, &stream, name));
    assert_int_equal(stream.pid, pid);
    assert_int_equal(rn_producer_queue_stream(&queue), RN_STREAM_QUEUES);
}

/* What a thread called, told by another one. */
static void a_stream_stands_for_a_thread(void **state)
{
    static struct rn_producer_queue of_thread = {.name = "unused", .number = 1, .thread = 4321};
    const struct rn_ring_file *file = rn_ring_area_header(area);
    uint32_t number = rn_producer_queue_stream(&of_thread) - RN_STREAM_QUEUES, pid, tid;
    char name[RN_RING_QUEUE_NAME + 1];
    struct rn_stream stream;

    (void)state;
    assert_false(rn_ring_queue_read(file, number, &stream, name));
    assert_true(rn_ring_queue_thread(file, number, &pid, &tid));
    assert_int_equal(pid, getpid());
    assert_int_equal(tid, 4321);
    assert_false(rn_ring_queue_thread(file, 0, &pid, &tid));
    assert_false(rn_ring_queue_thread(file, RN_RING_QUEUES, &pid, &tid));
}

static void a_process_is_unsure(void **state)
{
    const struct rn_ring_file *file = rn_ring_area_header(area);

    (void)state;
    rn_producer_queue_unsure(&queue, true);
    assert_int_equal(rn_ring_queues_unsure(file), 1);
    rn_producer_queue_unsure(&queue, false);
    assert_int_equal(rn_ring_queues_unsure(file), 0);
}

static void too_many_queues_share_one(void **state)
{
    static struct rn_producer_queue queues[RN_RING_QUEUES + 5];
    const uint32_t last = RN_STREAM_QUEUES + RN_RING_QUEUES - 1;
    char name[RN_RING_QUEUE_NAME + 1];
    struct rn_stream stream;

    (void)state;
    for (uint32_t i = 0; i < RN_RING_QUEUES + 5; i++)
        assert_true(rn_producer_queue_stream(&queues[i]) <= last);
    assert_int_equal(rn_producer_queue_stream(&queues[RN_RING_QUEUES]), last);
    assert_true(rn_ring_queue_read(rn_ring_area_header(area), RN_RING_QUEUES - 1, &stream, name));
    assert_string_equal(name, "further queues");
    assert_false(rn_ring_queue_read(rn_ring_area_header(area), RN_RING_QUEUES, &stream, name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_is_opened_and_read),
        cmocka_unit_test(a_queue_is_announced),
        cmocka_unit_test(a_kernel_is_recorded),
        cmocka_unit_test(another_thread_records),
        cmocka_unit_test(a_fork_announces_its_own),
        cmocka_unit_test(a_stream_stands_for_a_thread),
        cmocka_unit_test(a_process_is_unsure),
        cmocka_unit_test(too_many_queues_share_one),
    };

    return cmocka_run_group_tests(tests, open_for_devices, close_rings);
}
