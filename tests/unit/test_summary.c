/* SPDX-License-Identifier: MIT */
#include "summary_fixture.h"

#include <sched.h>
#include <signal.h>

static void fill_two_processes(struct recording *recording)
{
    uint32_t first, second, thread;

    recording_begin(recording);
    first = add_stream(recording, 10, 10, 0);
    add_exec(recording, first, "/bin/sh", 1);
    second = add_stream(recording, 20, 20, first);
    add_exec(recording, second, "/usr/bin/python3", 2);
    thread = add_stream(recording, 20, 21, second);
    add_call(recording, first, "read", 10, 100 * US, 5 * US);
    add_call(recording, first, "read", -11, 200 * US, 1 * US);
    add_call(recording, second, "openat", -2, 300 * US, 3 * US);
    add_call(recording, second, "read", 0, 400 * US, 9 * US);
    add_call(recording, thread, "futex", 0, 500 * US, 50 * US);
    add_call_flags(recording, thread, "futex", 0, 600 * US, 70 * US, RN_EVENT_UNFINISHED);
    add_call_flags(recording, thread, "read", 0, 700 * US, 1 * US, RN_EVENT_SNAPSHOT);
    add_call_flags(recording, first, "exit_group", 0, 900 * US, 1 * US, RN_EVENT_UNFINISHED);
    add_named(recording, RN_KIND_KERNEL, first, "vector_add", 150 * US);
    add_named(recording, RN_KIND_KERNEL, first, "vector_add", 250 * US);
    add_named(recording, RN_KIND_BLOCK, second, "dot", 90 * US);
    add(recording,
        &(struct rn_event){
            .kind = RN_KIND_SIGNAL, .stream = first, .start = 800 * US, .u.signal.signo = SIGCHLD});
}

static void test_by_syscall(void **state)
{
    struct recording recording;
    struct rn_summary *summary;
    const struct rn_summary_group *group;

    (void)state;
    fill_two_processes(&recording);
    summary = sum_up(&recording, &(struct rn_summary_options){.by = RN_BY_SYSCALL});
    group = must_find(summary, RN_KIND_SYSCALL, "read", 3);
    assert_int_equal(group->errors, 1);
    assert_int_equal(rn_histogram_sum(group->durations), 15 * US);
    assert_int_equal(rn_histogram_max(group->durations), 9 * US);
    group = must_find(summary, RN_KIND_SYSCALL, "futex", 2);
    assert_int_equal(group->errors, 0);
    assert_int_equal(group->unfinished, 1);
    assert_int_equal(must_find(summary, RN_KIND_SYSCALL, "exit_group", 1)->unfinished, 0);
    group = must_find(summary, RN_KIND_KERNEL, "vector_add", 2);
    assert_int_equal(rn_histogram_sum(group->durations), 400 * US);
    must_find(summary, RN_KIND_BLOCK, "dot", 1);
    assert_int_equal(rn_summary_totals(summary)->events[RN_KIND_SYSCALL], 7);
    assert_int_equal(rn_summary_totals(summary)->events[RN_KIND_SIGNAL], 1);
    assert_int_equal(rn_summary_totals(summary)->recordings, 1);
    assert_false(rn_summary_totals(summary)->incomplete);
    rn_summary_free(summary);
    recording_end(&recording);
}

static void test_by_process_thread_and_kind(void **state)
{
    struct recording recording;
    struct rn_summary *summary;
    const struct rn_summary_group *group;

    (void)state;
    fill_two_processes(&recording);
    summary = sum_up(&recording, &(struct rn_summary_options){.by = RN_BY_PROCESS});
    assert_int_equal(must_find(summary, RN_KIND_SYSCALL, "sh", 3)->pid, 10);
    group = must_find(summary, RN_KIND_SYSCALL, "python3", 4);
    assert_int_equal(group->pid, 20);
    assert_int_equal(group->errors, 1);
    assert_int_equal(group->unfinished, 1);
    must_find(summary, RN_KIND_KERNEL, "sh", 2);
    rn_summary_free(summary);

    summary = sum_up(&recording, &(struct rn_summary_options){.by = RN_BY_THREAD});
    assert_int_equal(must_find(summary, RN_KIND_SYSCALL, "python3", 2)->tid, 20);
    rn_summary_free(summary);

    summary = sum_up(&recording, &(struct rn_summary_options){.by = RN_BY_KIND});
    must_find(summary, RN_KIND_SYSCALL, "syscall", 7);
    must_find(summary, RN_KIND_SIGNAL, "signal", 1);
    must_find(summary, RN_KIND_PROCESS, "process", 2);
    must_find(summary, RN_KIND_KERNEL, "kernel", 2);
    rn_summary_free(summary);
    recording_end(&recording);
}

static void test_reused_pid_is_a_group_of_its_own(void **state)
{
    struct recording recording;
    struct rn_summary *summary;
    uint32_t stream;

    (void)state;
    recording_begin(&recording);
    stream = add_stream(&recording, 10, 10, 0);
    add_exec(&recording, stream, "/bin/first", 1);
    add_call(&recording, stream, "read", 0, 10, 1);
    add(&recording, &(struct rn_event){.kind = RN_KIND_PROCESS,
                                       .stream = stream,
                                       .start = 20,
                                       .u.process.op = RN_PROCESS_EXIT});
    must(rn_writer_commit(recording.writer, NULL, &recording.err), &recording.err);
    stream = add_stream(&recording, 10, 10, 0);
    add_exec(&recording, stream, "/bin/second", 30);
    add_call(&recording, stream, "read", 0, 40, 1);
    add_call(&recording, stream, "read", 0, 50, 1);
    summary = sum_up(&recording, &(struct rn_summary_options){.by = RN_BY_PROCESS});
    must_find(summary, RN_KIND_SYSCALL, "first", 1);
    must_find(summary, RN_KIND_SYSCALL, "second", 2);
    rn_summary_free(summary);
    recording_end(&recording);
}

static uint64_t count_selected(struct recording *recording, struct rn_filter *filter)
{
    struct rn_summary *summary =
        sum_up(recording, &(struct rn_summary_options){.by = RN_BY_SYSCALL, .filter = filter});
    uint64_t count = 0;

    for (unsigned kind = 0; kind < RN_KIND_STREAM; kind++)
        count += rn_summary_totals(summary)->events[kind];
    rn_summary_free(summary);
    rn_filter_free(filter);
    return count;
}

static struct rn_filter *expression(const char *text)
{
    struct rn_filter *filter = rn_filter_new();
    struct rn_error err = RN_ERROR_INIT;

    must(rn_filter_add(filter, text, &err), &err);
    return filter;
}

static void test_selection(void **state)
{
    struct recording recording;
    struct rn_filter *filter;
    struct rn_error err = RN_ERROR_INIT;

    (void)state;
    fill_two_processes(&recording);
    assert_int_equal(count_selected(&recording, rn_filter_new()), 13);
    assert_int_equal(count_selected(&recording, expression("read")), 3);
    assert_int_equal(count_selected(&recording, expression("read,failed")), 1);
    assert_int_equal(count_selected(&recording, expression("status=unfinished")), 2);
    assert_int_equal(count_selected(&recording, expression("kind=signal,kernel")), 3);
    filter = rn_filter_new();
    must(rn_filter_add_pid(filter, 20, &err), &err);
    assert_int_equal(count_selected(&recording, filter), 6);
    filter = rn_filter_new();
    must(rn_filter_add_tid(filter, 21, &err), &err);
    assert_int_equal(count_selected(&recording, filter), 2);
    filter = expression("kind=syscall");
    rn_filter_set_time(filter, 200 * US, 500 * US);
    assert_int_equal(count_selected(&recording, filter), 3);
    filter = expression("kind=syscall");
    rn_filter_set_min_duration(filter, 9 * US);
    assert_int_equal(count_selected(&recording, filter), 4); /* unfinished: long enough */
    recording_end(&recording);
}

static void test_longest_are_kept_with_their_place(void **state)
{
    struct recording recording;
    struct rn_summary *summary;
    const struct rn_summary_group *group;
    uint32_t stream;

    (void)state;
    recording_begin(&recording);
    stream = add_stream(&recording, 10, 10, 0);
    for (uint64_t i = 0; i < 500; i++)
        add_call(&recording, stream, "read", 0, 1000 * i, 10 + i * 7919 % 500);
    summary = sum_up(&recording, &(struct rn_summary_options){.by = RN_BY_SYSCALL, .worst = 3});
    group = must_find(summary, RN_KIND_SYSCALL, "read", 500);
    assert_int_equal(group->worst_count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(group->worst[i].duration_ns, 509 - i);
        assert_int_equal(10 + group->worst[i].ordinal * 7919 % 500, 509 - i);
        assert_int_equal(group->worst[i].start_ns, 1000 * group->worst[i].ordinal);
        assert_int_equal(group->worst[i].stream, stream);
        assert_int_equal(group->worst[i].pid, 10);
    }
    rn_summary_free(summary);
    recording_end(&recording);
}

static void test_loss_is_stated_whatever_is_selected(void **state)
{
    struct recording recording;
    struct rn_summary *summary;
    struct rn_filter *filter = expression("read");

    (void)state;
    recording_begin(&recording);
    (void)add_stream(&recording, 10, 10, 0);
    must(rn_writer_add_loss(recording.writer, RN_KIND_SYSCALL, 7, RN_LOSS_RING_FULL, "x",
                            &recording.err),
         &recording.err);
    must(rn_writer_add_loss(recording.writer, RN_KIND_NONE, 0, RN_LOSS_KILLED, "x", &recording.err),
         &recording.err);
    summary =
        sum_up(&recording, &(struct rn_summary_options){.by = RN_BY_SYSCALL, .filter = filter});
    assert_int_equal(rn_summary_totals(summary)->lost, 7);
    assert_true(rn_summary_totals(summary)->lost_more);
    rn_summary_free(summary);
    rn_filter_free(filter);
    recording_end(&recording);
}

static void test_devices(void **state)
{
    struct recording recording;
    struct rn_summary *summary;
    const struct rn_summary_group *group;
    uint32_t stream;

    (void)state;
    recording_begin(&recording);
    stream = add_stream(&recording, 10, 10, 0);
    add_named(&recording, RN_KIND_API, stream, "clFinish", 5 * US);
    add(&recording, &(struct rn_event){.kind = RN_KIND_API,
                                       .stream = stream,
                                       .duration = 7 * US,
                                       .u.api.result = (uint64_t)-54});
    add(&recording, &(struct rn_event){.kind = RN_KIND_TRANSFER,
                                       .stream = stream,
                                       .duration = US,
                                       .u.transfer = {.direction = RN_DIRECTION_PEER, .bytes = 5}});
    add(&recording, &(struct rn_event){.kind = RN_KIND_AGGREGATE,
                                       .stream = stream,
                                       .duration = 9 * US,
                                       .u.aggregate = {.of = RN_KIND_TRANSFER,
                                                       .direction = RN_DIRECTION_PEER,
                                                       .count = 20,
                                                       .sum = 4 * US,
                                                       .min = 100,
                                                       .max = 300}});
    summary = sum_up(&recording, &(struct rn_summary_options){.by = RN_BY_SYSCALL});
    group = must_find(summary, RN_KIND_API, "clFinish", 1);
    assert_int_equal(group->errors, 0);
    group = must_find(summary, RN_KIND_API, "?", 1);
    assert_int_equal(group->errors, 1);
    group = must_find(summary, RN_KIND_TRANSFER, "peer", 21);
    assert_int_equal(group->counted, 20);
    assert_int_equal(rn_histogram_sum(group->durations), 5 * US);
    assert_int_equal(rn_summary_totals(summary)->events[RN_KIND_TRANSFER], 21);
    rn_summary_free(summary);
    recording_end(&recording);
}

static void test_groups_are_limited(void **state)
{
    struct recording recording;
    struct rn_summary *summary;
    uint32_t stream;
    size_t count;

    (void)state;
    recording_begin(&recording);
    stream = add_stream(&recording, 10, 10, 0);
    for (unsigned i = 0; i < RN_SUMMARY_MAX_GROUPS + 10; i++) {
        char name[32];

        snprintf(name, sizeof name, "kernel_%u", i);
        add_named(&recording, RN_KIND_KERNEL, stream, name, 5);
    }
    summary = sum_up(&recording, &(struct rn_summary_options){.by = RN_BY_SYSCALL});
    (void)rn_summary_groups(summary, &count);
    assert_int_equal(count, RN_SUMMARY_MAX_GROUPS + 1);
    must_find(summary, RN_KIND_KERNEL, "(other)", 10);
    assert_true(rn_summary_totals(summary)->overflowed);
    rn_summary_free(summary);
    recording_end(&recording);
}

static void test_damage_keeps_what_can_be_read(void **state)
{
    struct recording recording;
    struct rn_summary *summary;
    struct rn_reader *reader;
    uint32_t stream;
    off_t cut;

    (void)state;
    recording_begin(&recording);
    stream = add_stream(&recording, 10, 10, 0);
    for (unsigned member = 0; member < 4; member++) {
        for (unsigned i = 0; i < 100; i++)
            add_call(&recording, stream, "read", (int64_t)i * 77 % 31, member * 1000 + i,
                     i * 13 % 7);
        must(rn_writer_commit(recording.writer, NULL, &recording.err), &recording.err);
    }
    rn_summary_free(sum_up(&recording, &(struct rn_summary_options){.by = RN_BY_SYSCALL}));
    must(rn_reader_open(recording.path, &reader, &recording.err), &recording.err);
    assert_int_equal(rn_reader_index(reader)->member_count, 4);
    cut = (off_t)rn_reader_index(reader)->members[2].offset + 600;
    rn_reader_free(reader);
    assert_int_equal(truncate(recording.path, cut), 0);

    summary = rn_summary_new(&(struct rn_summary_options){.by = RN_BY_SYSCALL});
    must(rn_reader_open(recording.path, &reader, &recording.err), &recording.err);
    assert_int_equal(rn_summary_read(summary, reader, &recording.err), RN_E_FORMAT);
    assert_true(recording.err.has_offset);
    assert_true(rn_summary_totals(summary)->incomplete);
    must_find(summary, RN_KIND_SYSCALL, "read", 200);
    rn_reader_free(reader);
    rn_summary_free(summary);
    recording_end(&recording);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_syscall),
        cmocka_unit_test(test_by_process_thread_and_kind),
        cmocka_unit_test(test_reused_pid_is_a_group_of_its_own),
        cmocka_unit_test(test_selection),
        cmocka_unit_test(test_longest_are_kept_with_their_place),
        cmocka_unit_test(test_loss_is_stated_whatever_is_selected),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_groups_are_limited),
        cmocka_unit_test(test_damage_keeps_what_can_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
