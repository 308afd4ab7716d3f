/* SPDX-License-Identifier: MIT */
#include "device_fixture.h"

#define US 1000u

/* Two kernels that overlap, a pause, another one; the first two are waited for. */
static void add_scene(struct rn_writer *writer, uint32_t queue)
{
    struct rn_event queued = {.kind = RN_KIND_KERNEL,
                              .stream = queue,
                              .start = 2000,
                              .duration = 1000,
                              .u.kernel = {.api = RN_API_OPENCL,
                                           .queue = queue,
                                           .correlation = 1,
                                           .queued = 1000 + 1100,
                                           .submitted = 1000 + 1500}};

    add_api(writer, "clEnqueueNDRangeKernel", 1000, 1200, 1, queue);
    add_api(writer, "clEnqueueNDRangeKernel", 1300, 1500, 2, queue);
    add_api(writer, "clFinish", 1600, 4100, 0, queue);
    add_api(writer, "clEnqueueNDRangeKernel", 5000, 5100, 3, queue);
    add_named(writer, &queued, "a");
    add_kernel(writer, queue, "b", 2500, 4000, 2);
    add_kernel(writer, queue, "a", 6000, 7000, 3);
}

static void by_kernel(void **state)
{
    struct rn_writer *writer = new_device_recording();
    uint32_t queue = add_queue(writer, 100, 1, "queue 1");
    const struct rn_device_group *a, *b, *all;
    struct rn_device_stat *stat;

    (void)state;
    add_scene(writer, queue);
    seal(writer);
    stat = device_stat(RN_DEVICE_BY_KERNEL, NULL);
    a = group_named(stat, RN_DEVICE_KERNELS, "a");
    b = group_named(stat, RN_DEVICE_KERNELS, "b");
    all = rn_device_stat_total(stat, RN_DEVICE_KERNELS);
    assert_int_equal(a->kernels, 2);
    assert_int_equal(rn_histogram_sum(a->common.durations), 2000);
    assert_int_equal(a->busy_ns, 2000);
    assert_int_equal(a->self_ns, 500 + 250 + 1000);
    assert_int_equal(a->span_ns, 5000);
    assert_int_equal(a->peak, 1);
    assert_int_equal(b->self_ns, 250 + 1000);
    assert_int_equal(b->busy_ns, 1500);
    assert_int_equal(all->kernels, 3);
    assert_int_equal(all->busy_ns, 3000);
    assert_int_equal(all->self_ns, 3000);
    assert_int_equal(all->span_ns, 5000);
    assert_int_equal(all->peak, 2);
    assert_int_equal(all->late, 0);
    assert_int_equal(rn_histogram_count(all->delays[RN_DELAY_LAUNCH]), 3);
    assert_int_equal(rn_histogram_sum(a->delays[RN_DELAY_LAUNCH]), 1000 + 1000);
    assert_int_equal(rn_histogram_sum(b->delays[RN_DELAY_LAUNCH]), 1200);
    assert_int_equal(rn_histogram_count(all->delays[RN_DELAY_QUEUE]), 1);
    assert_int_equal(rn_histogram_sum(a->delays[RN_DELAY_QUEUE]), 400);
    assert_int_equal(rn_histogram_sum(a->delays[RN_DELAY_SUBMIT]), 500);
    assert_int_equal(rn_histogram_count(a->delays[RN_DELAY_WAKE]), 1);
    assert_int_equal(rn_histogram_sum(a->delays[RN_DELAY_WAKE]), 1100);
    assert_int_equal(rn_histogram_sum(b->delays[RN_DELAY_WAKE]), 100);
    assert_int_equal(a->unwaited, 1);
    assert_int_equal(all->untied + all->early + all->disorder + all->found, 0);
    rn_device_stat_free(stat);
}

/* A second queue of the same device runs beside the first one. */
static void by_queue(void **state)
{
    struct rn_writer *writer = new_device_recording();
    uint32_t queue = add_queue(writer, 100, 1, "queue 1"), other = add_queue(writer, 100, 2, NULL);
    const struct rn_device_group *first, *second, *device;
    struct rn_device_stat *stat;
    size_t count;

    (void)state;
    add_scene(writer, queue);
    add_transfer(writer, other, RN_DIRECTION_TO_DEVICE, 6000, 3000, 5000, 0);
    seal(writer);
    stat = device_stat(RN_DEVICE_BY_QUEUE, NULL);
    rn_device_stat_groups(stat, RN_DEVICE_QUEUES, &count);
    assert_int_equal(count, 2);
    rn_device_stat_groups(stat, RN_DEVICE_DEVICES, &count);
    assert_int_equal(count, 1);
    first = rn_device_stat_groups(stat, RN_DEVICE_QUEUES, &count)[0];
    second = rn_device_stat_groups(stat, RN_DEVICE_QUEUES, &count)[1];
    device = group_named(stat, RN_DEVICE_DEVICES, "opencl device 0");
    if (first->common.stream != queue) {
        const struct rn_device_group *swap = first;

        first = second;
        second = swap;
    }
    assert_string_equal(first->common.name, "queue 1");
    assert_int_equal(first->common.pid, 100);
    assert_int_equal(first->common.tid, 1);
    assert_int_equal(first->kernels, 3);
    assert_int_equal(first->transfers, 0);
    assert_int_equal(first->busy_ns, 3000);
    assert_int_equal(first->span_ns, 5000);
    assert_int_equal(second->busy_ns, 2000);
    assert_int_equal(second->bytes, 6000);
    /* 3000 to 4000 is shared by both, and 2500 to 3000 by the two kernels. */
    assert_int_equal(first->self_ns, 1000 + 500 + 1000);
    assert_int_equal(second->self_ns, 500 + 1000);
    assert_int_equal(device->busy_ns, 4000);
    assert_int_equal(device->self_ns, 4000);
    assert_int_equal(device->span_ns, 5000);
    assert_int_equal(device->peak, 2);
    assert_int_equal(device->kernels + device->transfers, 4);
    rn_device_stat_free(stat);
}

static void transfers(void **state)
{
    struct rn_writer *writer = new_device_recording();
    uint32_t queue = add_queue(writer, 100, 1, "queue 1");
    const struct rn_device_group *there, *back;
    struct rn_device_stat *stat;

    (void)state;
    add_transfer(writer, queue, RN_DIRECTION_TO_DEVICE, 40000, 10 * US, 20 * US, 0);
    add_transfer(writer, queue, RN_DIRECTION_TO_DEVICE, 40000, 15 * US, 25 * US, 0);
    add_transfer(writer, queue, RN_DIRECTION_FROM_DEVICE, UINT64_MAX, 30 * US, 31 * US, 0);
    add_transfer(writer, queue, RN_DIRECTION_FROM_DEVICE, 5, 31 * US, 31 * US, 0);
    add_transfer(writer, queue, (enum rn_direction)77, 5, 31 * US, 32 * US, 0);
    seal(writer);
    stat = device_stat(RN_DEVICE_BY_KERNEL, NULL);
    there = group_named(stat, RN_DEVICE_TRANSFERS, "to-device");
    back = group_named(stat, RN_DEVICE_TRANSFERS, "from-device");
    assert_int_equal(there->bytes, 80000);
    assert_int_equal(there->transfer_ns, 20 * US);
    assert_int_equal(there->busy_ns, 15 * US);
    assert_int_equal(there->self_ns, 15 * US);
    assert_true(back->bytes == UINT64_MAX);
    assert_int_equal(back->busy_ns, US);
    assert_int_equal(group_named(stat, RN_DEVICE_TRANSFERS, "unknown")->transfers, 1);
    rn_device_stat_free(stat);
}

/* A kernel whose record comes after RN_DEVICE_ORDER later ones is counted, and told. */
static void too_late(void **state)
{
    struct rn_writer *writer = new_device_recording();
    uint32_t queue = add_queue(writer, 100, 1, "queue 1");
    const struct rn_device_group *k;
    struct rn_device_stat *stat;

    (void)state;
    for (uint64_t i = 1; i <= 80000; i++)
        add_kernel(writer, queue, "k", 1000 * i, 1000 * i + 500, 0);
    add_kernel(writer, queue, "k", 0, 100, 0);
    seal(writer);
    stat = device_stat(RN_DEVICE_BY_KERNEL, NULL);
    k = group_named(stat, RN_DEVICE_KERNELS, "k");
    assert_int_equal(k->kernels, 80001);
    assert_int_equal(k->late, 1);
    assert_int_equal(k->busy_ns, 80000 * 500);
    assert_int_equal(k->span_ns, 80000 * 1000 + 500);
    rn_device_stat_free(stat);
}

static void aggregates(void **state)
{
    struct rn_writer *writer = new_device_recording();
    uint32_t queue = add_queue(writer, 100, 1, "queue 1");
    uint64_t histogram[] = {10, 100};
    struct rn_attachment attachments[] = {
        {.type = RN_ATT_NAME, .arg = RN_ARG_NONE, .size = 1, .data = (const uint8_t *)"k"},
        {.type = RN_ATT_HISTOGRAM,
         .arg = RN_ARG_NONE,
         .size = sizeof histogram,
         .data = (const uint8_t *)histogram}};
    struct rn_event event = {
        .kind = RN_KIND_AGGREGATE,
        .stream = queue,
        .start = 5000,
        .duration = 1000000,
        .u.aggregate = {.of = RN_KIND_KERNEL, .count = 100, .sum = 70000, .min = 600, .max = 900},
        .attachment_count = 2,
        .attachments = attachments};
    const struct rn_device_group *k;
    struct rn_device_stat *stat;

    (void)state;
    add_kernel(writer, queue, "k", 2000, 3000, 0);
    assert_ok(rn_writer_add(writer, &event, &err));
    event.u.aggregate.of = RN_KIND_TRANSFER;
    event.u.aggregate.direction = RN_DIRECTION_FROM_DEVICE;
    event.u.aggregate.bytes = 4096;
    assert_ok(rn_writer_add(writer, &event, &err));
    seal(writer);
    stat = device_stat(RN_DEVICE_BY_KERNEL, NULL);
    k = group_named(stat, RN_DEVICE_KERNELS, "k");
    assert_int_equal(k->kernels, 101);
    assert_int_equal(k->common.counted, 100);
    assert_int_equal(k->counted_ns, 70000);
    assert_int_equal(k->busy_ns, 1000);
    assert_int_equal(rn_histogram_sum(k->common.durations), 71000);
    assert_int_equal(rn_histogram_max(k->common.durations), 1000);
    k = group_named(stat, RN_DEVICE_TRANSFERS, "from-device");
    assert_int_equal(k->bytes, 4096);
    assert_int_equal(k->transfer_ns, 70000);
    rn_device_stat_free(stat);
    stat = device_stat(RN_DEVICE_BY_QUEUE, NULL);
    k = group_named(stat, RN_DEVICE_QUEUES, "queue 1");
    assert_int_equal(k->kernels, 101);
    assert_int_equal(k->transfers, 100);
    assert_int_equal(k->common.counted, 200);
    k = group_named(stat, RN_DEVICE_DEVICES, "opencl device 0");
    assert_int_equal(k->kernels, 101);
    assert_int_equal(k->common.counted, 200);
    assert_int_equal(rn_histogram_count(k->common.durations), 201);
    rn_device_stat_free(stat);
}

/* Texts have other numbers in each segment. */
static void segments(void **state)
{
    struct rn_writer_options options = {.zstd_level = 1, .segment_bytes = 1};
    static const char *const names[] = {"a", "b", "c"};
    struct rn_writer *writer = new_writer(path, &options);
    uint32_t queue = add_queue(writer, 100, 1, "queue 1");
    struct rn_device_stat *stat;

    (void)state;
    for (uint64_t i = 0; i < 9; i++) {
        add_kernel(writer, queue, names[(i + i / 3) % 3], 1000 * i, 1000 * i + 100 * (i % 3 + 1),
                   0);
        if (i % 3 == 2)
            assert_ok(rn_writer_commit(writer, NULL, &err));
    }
    seal(writer);
    stat = device_stat(RN_DEVICE_BY_KERNEL, NULL);
    for (size_t i = 0; i < 3; i++) {
        const struct rn_device_group *group = group_named(stat, RN_DEVICE_KERNELS, names[i]);

        assert_int_equal(group->kernels, 3);
        assert_int_equal(rn_histogram_sum(group->common.durations), 600);
    }
    rn_device_stat_free(stat);
}

static void groups_are_limited(void **state)
{
    struct rn_writer *writer = new_device_recording();
    uint32_t queue = add_queue(writer, 100, 1, "queue 1");
    struct rn_device_stat *stat;
    size_t count;

    (void)state;
    for (uint64_t i = 0; i < RN_SUMMARY_MAX_GROUPS + 10; i++) {
        char name[32];

        snprintf(name, sizeof name, "kernel_%llu", (unsigned long long)i);
        add_kernel(writer, queue, name, 10 * i, 10 * i + 5, 0);
    }
    seal(writer);
    stat = device_stat(RN_DEVICE_BY_KERNEL, NULL);
    /* The device has a group, too. */
    rn_device_stat_groups(stat, RN_DEVICE_KERNELS, &count);
    assert_int_equal(count, RN_SUMMARY_MAX_GROUPS);
    assert_int_equal(group_named(stat, RN_DEVICE_KERNELS, "(other)")->kernels, 11);
    assert_true(rn_device_stat_totals(stat)->overflowed);
    assert_int_equal(rn_device_stat_total(stat, RN_DEVICE_KERNELS)->busy_ns,
                     5 * (RN_SUMMARY_MAX_GROUPS + 10));
    rn_device_stat_free(stat);
}

/* The same again after another one: sums, and spans of each. */
static void several_recordings(void **state)
{
    struct rn_writer *writer = new_device_recording();
    uint32_t queue = add_queue(writer, 100, 1, "queue 1");
    struct rn_device_stat *stat;
    struct rn_reader *reader;
    size_t count;

    (void)state;
    add_scene(writer, queue);
    seal(writer);
    stat = device_stat(RN_DEVICE_BY_QUEUE, NULL);
    reader = open_reader(path);
    assert_ok(rn_device_stat_read(stat, reader, &err));
    rn_reader_free(reader);
    rn_device_stat_groups(stat, RN_DEVICE_QUEUES, &count);
    assert_int_equal(count, 2);
    assert_int_equal(rn_device_stat_total(stat, RN_DEVICE_QUEUES)->kernels, 6);
    assert_int_equal(rn_device_stat_total(stat, RN_DEVICE_QUEUES)->busy_ns, 6000);
    assert_int_equal(rn_device_stat_total(stat, RN_DEVICE_QUEUES)->span_ns, 10000);
    assert_int_equal(rn_device_stat_total(stat, RN_DEVICE_DEVICES)->self_ns, 6000);
    rn_device_stat_free(stat);
}

/* Numbers that no device would give. */
static void hostile(void **state)
{
    struct rn_writer *writer = new_device_recording();
    uint32_t queue = add_queue(writer, 100, 1, "queue 1");
    const uint64_t odd[] = {0, 1, 999, UINT64_MAX / 2, UINT64_MAX - 1, UINT64_MAX};
    const struct rn_device_group *total;
    struct rn_device_stat *stat;
    size_t n = sizeof odd / sizeof odd[0];

    (void)state;
    for (size_t i = 0; i < n * n * n; i++) {
        struct rn_event event = {.kind = i % 2 ? RN_KIND_KERNEL : RN_KIND_TRANSFER,
                                 .stream = i % 3 ? queue : THREAD,
                                 .start = odd[i % n],
                                 .duration = odd[i / n % n]};

        for (size_t word = 0; word < 17 - 5 * !(i % 2); word++)
            event.u.words[word] = odd[(i * 7 + word * word) % n];
        assert_ok(rn_writer_add(writer, &event, &err));
        event.kind = RN_KIND_API;
        event.stream = THREAD;
        for (size_t word = 0; word < 24; word++)
            event.u.words[word] = word < 7 ? odd[(i * 7 + word) % n] : 0;
        add_named(writer, &event, "clFinish");
    }
    seal(writer);
    for (unsigned by = RN_DEVICE_BY_KERNEL; by <= RN_DEVICE_BY_QUEUE; by++) {
        stat = device_stat((enum rn_device_by)by, NULL);
        total = rn_device_stat_total(stat, RN_DEVICE_DEVICES);
        assert_non_null(total);
        assert_true(total->busy_ns <= total->span_ns);
        rn_device_stat_free(stat);
    }
}

static void selection(void **state)
{
    struct rn_writer *writer = new_device_recording();
    uint32_t queue = add_queue(writer, 100, 1, "queue 1");
    struct rn_filter *filter = rn_filter_new();
    struct rn_device_stat *stat;
    size_t count;

    (void)state;
    add_scene(writer, queue);
    seal(writer);
    assert_non_null(filter);
    rn_filter_set_min_duration(filter, 1200);
    stat = device_stat(RN_DEVICE_BY_KERNEL, filter);
    rn_device_stat_groups(stat, RN_DEVICE_KERNELS, &count);
    assert_int_equal(count, 1);
    /* The call that asked is shorter than what is selected, and known all the same. */
    assert_int_equal(
        rn_histogram_sum(group_named(stat, RN_DEVICE_KERNELS, "b")->delays[RN_DELAY_LAUNCH]), 1200);
    rn_device_stat_free(stat);
    rn_filter_free(filter);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, make_directory, remove_directory)
    const struct CMUnitTest tests[] = {
        TEST(by_kernel),          TEST(by_queue),  TEST(transfers), TEST(too_late),
        TEST(aggregates),         TEST(hostile),   TEST(segments),  TEST(groups_are_limited),
        TEST(several_recordings), TEST(selection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
