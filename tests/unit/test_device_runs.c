/* SPDX-License-Identifier: MIT */
/* Runs, tied to the calls that asked for them and that waited. */
#include "device_fixture.h"

/* Members later than what they belong to: the call is read long after its kernel. */
static void late_calls(void **state)
{
    struct rn_writer *writer = new_device_recording();
    uint32_t queue = add_queue(writer, 100, 1, "queue 1");
    const struct rn_device_group *k;
    struct rn_device_stat *stat;

    (void)state;
    for (uint64_t i = 1; i <= 40000; i++)
        add_kernel(writer, queue, "k", 1000 * i, 1000 * i + 500, i);
    for (uint64_t i = 1; i <= 40000; i++)
        add_api(writer, "clEnqueueNDRangeKernel", 1000 * i - 100, 1000 * i - 50, i, queue);
    seal(writer);
    stat = device_stat(RN_DEVICE_BY_KERNEL, NULL);
    k = group_named(stat, RN_DEVICE_KERNELS, "k");
    assert_int_equal(k->untied, 0);
    assert_int_equal(rn_histogram_count(k->delays[RN_DELAY_LAUNCH]), 40000);
    assert_int_equal(rn_histogram_max(k->delays[RN_DELAY_LAUNCH]), 100);
    assert_int_equal(k->busy_ns, 40000 * 500);
    rn_device_stat_free(stat);
}

static void missing_partners(void **state)
{
    struct rn_writer *writer = new_device_recording();
    uint32_t queue = add_queue(writer, 100, 1, "queue 1");
    uint32_t foreign = add_queue(writer, 200, 1, "another process");
    const struct rn_device_group *k;
    struct rn_device_stat *stat;

    (void)state;
    add_api(writer, "clEnqueueNDRangeKernel", 1000, 1100, 5, queue);
    add_kernel(writer, queue, "k", 2000, 3000, 5);
    add_kernel(writer, queue, "k", 2000, 3000, 6);   /* no such call */
    add_kernel(writer, foreign, "k", 2000, 3000, 5); /* of another process */
    add_kernel(writer, queue, "k", 500, 3000, 5);    /* before it was asked for */
    add_kernel(writer, queue, "k", 2000, 3000, 0);   /* says nothing */
    seal(writer);
    stat = device_stat(RN_DEVICE_BY_KERNEL, NULL);
    k = group_named(stat, RN_DEVICE_KERNELS, "k");
    assert_int_equal(k->untied, 2);
    assert_int_equal(k->early, 1);
    assert_int_equal(rn_histogram_count(k->delays[RN_DELAY_LAUNCH]), 2);
    assert_int_equal(rn_histogram_min(k->delays[RN_DELAY_LAUNCH]), 0);
    assert_int_equal(k->unwaited, 5);
    rn_device_stat_free(stat);
}

/* Which call waited: the queue's own or any, the first to return, none that was over. */
static void waits(void **state)
{
    struct rn_writer *writer = new_device_recording();
    uint32_t one = add_queue(writer, 100, 1, "1"), two = add_queue(writer, 100, 2, "2");
    const struct rn_device_group *k;
    struct rn_device_stat *stat;

    (void)state;
    add_api(writer, "clEnqueueNDRangeKernel", 1000, 1100, 1, one);
    add_api(writer, "clFinish", 1200, 2500, 0, one);                 /* returned before */
    add_api(writer, "clFinish", 1200, 3100, 0, two);                 /* of another queue */
    add_api(writer, "cudaStreamSynchronize_ptsz", 1200, 3200, 0, 0); /* of any */
    add_api(writer, "clFlush", 1200, 3050, 0, one);                  /* does not wait */
    add_api(writer, "clFinish", 1200, 4000, 0, one);                 /* returned later */
    add_kernel(writer, one, "waited", 2000, 3000, 1);
    add_api(writer, "clEnqueueReadBuffer", 5000, 6100, 2, one);
    add_kernel(writer, one, "by its own call", 5500, 6000, 2);
    add_api(writer, "clEnqueueNDRangeKernel", 7000, 7100, 3, one);
    add_kernel(writer, one, "over already", 7200, 7300, 3);
    add_api(writer, "clWaitForEvents", 8000, 8001, 0, 0);
    add_api(writer, "clEnqueueNDRangeKernel", 9000, 9001, 4, one);
    add_api(writer, "clEnqueueReadBuffer", 9010, 9350, 5, one);
    add_kernel(writer, one, "before a copy", 9050, 9100, 4);
    add_transfer(writer, one, RN_DIRECTION_FROM_DEVICE, 8, 9200, 9300, 5);
    seal(writer);
    stat = device_stat(RN_DEVICE_BY_KERNEL, NULL);
    k = group_named(stat, RN_DEVICE_KERNELS, "waited");
    assert_int_equal(rn_histogram_sum(k->delays[RN_DELAY_WAKE]), 200);
    k = group_named(stat, RN_DEVICE_KERNELS, "by its own call");
    assert_int_equal(rn_histogram_sum(k->delays[RN_DELAY_WAKE]), 100);
    k = group_named(stat, RN_DEVICE_KERNELS, "before a copy");
    assert_int_equal(rn_histogram_sum(k->delays[RN_DELAY_WAKE]), 250);
    k = group_named(stat, RN_DEVICE_KERNELS, "over already");
    assert_int_equal(rn_histogram_count(k->delays[RN_DELAY_WAKE]), 0);
    assert_int_equal(k->found, 1);
    rn_device_stat_free(stat);
}

/* Times by a clock of the device, which is 1000 ticks behind. */
static void device_times(void **state)
{
    struct rn_writer *writer = new_device_recording();
    struct rn_stream stream = {.type = RN_STREAM_QUEUE, .pid = 100, .tid = 1, .clock = 1};
    struct rn_event reading = {.kind = RN_KIND_DEVICE_CLOCK,
                               .u.device_clock = {.clock = 1,
                                                  .device_ticks = 2000,
                                                  .ticks = 3000,
                                                  .monotonic_ns = 3000,
                                                  .error_ns = 1,
                                                  .rate = 1ull << 32}};
    struct rn_event event = {
        .kind = RN_KIND_KERNEL,
        .flags = RN_EVENT_DEVICE_TIME | RN_EVENT_DEVICE_QUEUED,
        .start = 2000,
        .duration = 500,
        .u.kernel = {.api = RN_API_OPENCL, .correlation = 1, .queued = 2600, .submitted = 2900}};
    const struct rn_device_group *k;
    struct rn_device_stat *stat;
    uint64_t id;

    (void)state;
    assert_ok(rn_writer_add_stream(writer, &stream, "queue", &id, &err));
    event.stream = (uint32_t)id;
    assert_ok(rn_writer_add(writer, &reading, &err));
    add_api(writer, "clEnqueueNDRangeKernel", 2500, 2700, 1, 1);
    add_api(writer, "clFinish", 2800, 3600, 0, 0);
    add_named(writer, &event, "k"); /* begins at 3000 since the begin, as the recording counts */
    seal(writer);
    stat = device_stat(RN_DEVICE_BY_KERNEL, NULL);
    k = group_named(stat, RN_DEVICE_KERNELS, "k");
    assert_int_equal(k->early + k->disorder, 0);
    assert_int_equal(rn_histogram_sum(k->delays[RN_DELAY_LAUNCH]), 500);
    assert_int_equal(rn_histogram_sum(k->delays[RN_DELAY_QUEUE]), 300);
    assert_int_equal(rn_histogram_sum(k->delays[RN_DELAY_SUBMIT]), 100);
    assert_int_equal(k->busy_ns, 500);
    rn_device_stat_free(stat);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, make_directory, remove_directory)
    const struct CMUnitTest tests[] = {TEST(late_calls), TEST(missing_partners), TEST(waits),
                                       TEST(device_times)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
