/* SPDX-License-Identifier: MIT */
/* Recordings whose critical path is known, and some that make no sense.
 */
#include "critical_fixture.h"

#include <signal.h>

static void nothing_has_no_path(void **state)
{
    (void)state;
    find();
    assert_int_equal(result.link_count, 0);
    assert_int_equal(result.work_count, 0);
}

static void one_thread_is_its_own_path(void **state)
{
    (void)state;
    stream(1, RN_STREAM_THREAD, 10);
    process(1, RN_PROCESS_START, 10, 1000);
    call(1, "read", 1020, 1050, 5);
    call(1, "read", 1060, 1065, 5);
    process(1, RN_PROCESS_EXIT, 10, 1100);
    find();
    assert_int_equal(result.link_count, 1);
    link_is(0, 1, 1000, 1100, RN_CRITICAL_BEGIN);
    assert_int_equal(work("read")->ticks, 35);
    assert_int_equal(work("read")->count, 2);
    assert_int_equal(work("")->ticks, 65); /* computing */
    assert_null(result.links[0].most);
    assert_int_equal(result.threads[0].pid, 10);
    assert_false(result.patterns.dominant.found); /* of one */
}

/* The path of make: the parent until it forks, the child until it ends, the parent again. */
static void a_child_that_is_waited_for(void **state)
{
    struct rn_event *forks, *first, *exit_event, *wait;

    (void)state;
    stream(1, RN_STREAM_THREAD, 10);
    stream(2, RN_STREAM_THREAD, 20);
    process(1, RN_PROCESS_START, 10, 0);
    forks = call(1, "fork", 10, 15, 20);
    first = call(2, "brk", 13, 14, 0);
    wait = call(1, "wait4", 30, 92, 20);
    exit_event = process(2, RN_PROCESS_EXIT, 20, 90);
    process(1, RN_PROCESS_EXIT, 10, 100);
    edge(RN_EDGE_FORK, forks, first);
    edge(RN_EDGE_EXIT, exit_event, wait);
    find();
    assert_int_equal(result.link_count, 3);
    link_is(0, 1, 0, 13, RN_CRITICAL_BEGIN);
    link_is(1, 2, 13, 90, RN_EDGE_FORK);
    link_is(2, 1, 90, 100, RN_EDGE_EXIT);
    assert_int_equal(work("wait4")->ticks, 2); /* until it went on */
    assert_int_equal(work("fork")->ticks, 3);
    assert_int_equal(result.threads[0].stream, 2);
    assert_true(result.patterns.dominant.found);
    assert_int_equal(result.patterns.dominant.pid, 20);
    assert_int_equal(result.patterns.dominant.ticks, 77);
}

/* What is there already is not waited for. */
static void late_and_early_writers(void **state)
{
    struct rn_event *early, *late, *first, *second;

    (void)state;
    stream(1, RN_STREAM_THREAD, 10);
    stream(2, RN_STREAM_THREAD, 20);
    process(1, RN_PROCESS_START, 10, 0);
    early = call(2, "write", 5, 8, 10);
    first = call(1, "read", 10, 12, 10);
    second = call(1, "read", 20, 60, 10);
    late = call(2, "write", 50, 55, 10);
    process(1, RN_PROCESS_EXIT, 10, 70);
    edge(RN_EDGE_PIPE, early, first);
    edge(RN_EDGE_PIPE, late, second);
    find();
    assert_int_equal(result.link_count, 2);
    link_is(0, 2, 5, 55, RN_CRITICAL_UNKNOWN); /* who made it is not known */
    link_is(1, 1, 55, 70, RN_EDGE_PIPE);
    assert_int_equal(result.begin, 0);
}

/* A writer that is held up by its reader does not set the time. */
static void a_full_pipe(void **state)
{
    struct rn_event *write, *reads[3];

    (void)state;
    stream(1, RN_STREAM_THREAD, 10);
    stream(2, RN_STREAM_THREAD, 20);
    process(1, RN_PROCESS_START, 10, 0);
    write = call(2, "write", 5, 80, 300);
    for (unsigned i = 0; i < 3; i++) {
        reads[i] = call(1, "read", 10 + 30 * i, 12 + 30 * i, 100);
        edge(RN_EDGE_PIPE, write, reads[i]);
    }
    process(1, RN_PROCESS_EXIT, 10, 100);
    find();
    assert_int_equal(result.link_count, 1);
    link_is(0, 1, 0, 100, RN_CRITICAL_BEGIN);
}

/* The wait is in the poll, the bytes come with the read. */
static void a_poll_waits_for_its_read(void **state)
{
    struct rn_event *write, *read;

    (void)state;
    stream(1, RN_STREAM_THREAD, 10);
    stream(2, RN_STREAM_THREAD, 20);
    process(1, RN_PROCESS_START, 10, 0);
    call(1, "epoll_wait", 5, 6, 0); /* nothing */
    call(1, "epoll_wait", 10, 44, 1);
    write = call(2, "write", 40, 42, 10);
    read = call(1, "read", 50, 51, 10);
    process(1, RN_PROCESS_EXIT, 10, 60);
    edge(RN_EDGE_SOCKET, write, read);
    find();
    assert_int_equal(result.link_count, 2);
    link_is(1, 1, 42, 60, RN_EDGE_SOCKET);
    assert_int_equal(work("epoll_wait")->ticks, 2);
}

static void a_signal_ends_a_pause(void **state)
{
    struct rn_event *kills, *comes;

    (void)state;
    stream(1, RN_STREAM_THREAD, 10);
    stream(2, RN_STREAM_THREAD, 20);
    process(1, RN_PROCESS_START, 10, 0);
    call(1, "pause", 10, 34, (uint64_t)-EINTR);
    kills = call(2, "kill", 30, 31, 0);
    comes = add(RN_KIND_SIGNAL, 1, 32, 32);
    comes->u.signal.signo = SIGUSR1;
    process(1, RN_PROCESS_EXIT, 10, 40);
    edge(RN_EDGE_SIGNAL, kills, comes);
    find();
    assert_int_equal(result.link_count, 2);
    link_is(1, 1, 31, 40, RN_EDGE_SIGNAL);
}

/* The same at work: nobody had waited for it. */
static void a_signal_that_comes_at_work(void **state)
{
    struct rn_event *kills, *comes;

    (void)state;
    stream(1, RN_STREAM_THREAD, 10);
    stream(2, RN_STREAM_THREAD, 20);
    process(1, RN_PROCESS_START, 10, 0);
    kills = call(2, "kill", 30, 31, 0);
    comes = add(RN_KIND_SIGNAL, 1, 32, 32);
    process(1, RN_PROCESS_EXIT, 10, 40);
    edge(RN_EDGE_SIGNAL, kills, comes);
    find();
    assert_int_equal(result.link_count, 1);
}

/* Two kernels in a row on a queue: the path goes through both, and back to the call of the first.
 */
static void kernels_in_a_queue(void **state)
{
    struct rn_event *launches[2], *kernels[2], *sync;

    (void)state;
    stream(1, RN_STREAM_THREAD, 10);
    stream(2, RN_STREAM_QUEUE, 10);
    process(1, RN_PROCESS_START, 10, 0);
    launches[0] = named(RN_KIND_API, 1, "launch", 10, 12);
    launches[1] = named(RN_KIND_API, 1, "launch", 13, 14);
    sync = named(RN_KIND_API, 1, "synchronize", 15, 82);
    kernels[0] = named(RN_KIND_KERNEL, 2, "scale", 20, 50);
    kernels[1] = named(RN_KIND_KERNEL, 2, "sum", 50, 80);
    named(RN_KIND_TRANSFER, 2, "copy", 85, 89);
    process(1, RN_PROCESS_EXIT, 10, 90);
    for (unsigned i = 0; i < 2; i++)
        edge(RN_EDGE_LAUNCH, launches[i], kernels[i]);
    edge(RN_EDGE_COMPLETION, kernels[1], sync);
    find();
    assert_int_equal(result.link_count, 3);
    link_is(0, 1, 0, 12, RN_CRITICAL_BEGIN);
    link_is(1, 2, 12, 80, RN_EDGE_LAUNCH);
    link_is(2, 1, 80, 90, RN_EDGE_COMPLETION);
    assert_int_equal(work("scale")->ticks, 30);
    assert_int_equal(work("sum")->ticks, 30);
    assert_int_equal(result.links[1].working, 60);
    assert_int_equal(result.threads[0].type, RN_STREAM_QUEUE);
    assert_false(result.patterns.transfers.found);
}

/* The queue had been idle: the second launch is what counts. */
static void a_late_launch(void **state)
{
    struct rn_event *launches[2], *kernels[2], *sync;

    (void)state;
    stream(1, RN_STREAM_THREAD, 10);
    stream(2, RN_STREAM_QUEUE, 10);
    process(1, RN_PROCESS_START, 10, 0);
    launches[0] = named(RN_KIND_API, 1, "launch", 10, 12);
    kernels[0] = named(RN_KIND_KERNEL, 2, "a", 20, 30);
    launches[1] = named(RN_KIND_API, 1, "launch", 40, 41);
    kernels[1] = named(RN_KIND_KERNEL, 2, "b", 45, 60);
    sync = named(RN_KIND_API, 1, "synchronize", 42, 61);
    process(1, RN_PROCESS_EXIT, 10, 70);
    for (unsigned i = 0; i < 2; i++)
        edge(RN_EDGE_LAUNCH, launches[i], kernels[i]);
    edge(RN_EDGE_COMPLETION, kernels[1], sync);
    find();
    assert_int_equal(result.link_count, 3);
    link_is(0, 1, 0, 41, RN_CRITICAL_BEGIN);
    link_is(1, 2, 41, 60, RN_EDGE_LAUNCH);
}

/* Two threads that each waited for the other at the same time: damaged, but it ends. */
static void a_circle_ends(void **state)
{
    struct rn_event *a, *b;

    (void)state;
    stream(1, RN_STREAM_THREAD, 10);
    stream(2, RN_STREAM_THREAD, 20);
    process(1, RN_PROCESS_START, 10, 0);
    a = call(1, "futex", 10, 50, 0);
    b = call(2, "futex", 10, 50, 0);
    edge(RN_EDGE_COMPLETION, a, b);
    edge(RN_EDGE_COMPLETION, b, a);
    edge(RN_EDGE_FORK, a, b);
    edge(RN_EDGE_FORK, b, a);
    process(1, RN_PROCESS_EXIT, 10, 60);
    find();
    assert_in_range(result.link_count, 1, 5);
}

/* Whatever a file says. */
static void nonsense_ends(void **state)
{
    unsigned seed = 1;

    for (unsigned round = 0; round < 200; round++) {
        end(state);
        assert_int_equal(begin(state), 0);
        for (unsigned i = 0; i < 40; i++) {
            uint64_t start = (uint64_t)(rand_r(&seed) % 100);
            struct rn_event *event =
                add((uint8_t)(1 + rand_r(&seed) % 13), (uint32_t)(rand_r(&seed) % 5), start,
                    start + (uint64_t)(rand_r(&seed) % 50));

            for (unsigned k = 0; k < 10; k++)
                event->u.words[k] = (uint64_t)(rand_r(&seed) % 300);
            if (rand_r(&seed) % 50 == 0)
                event->duration = UINT64_MAX;
        }
        for (unsigned i = 0; i < 60; i++)
            edge((uint8_t)(rand_r(&seed) % RN_EDGE_MECHANISMS), &events[rand_r(&seed) % 40],
                 &events[rand_r(&seed) % 40]);
        find();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_has_no_path),
        TEST(one_thread_is_its_own_path),
        TEST(a_child_that_is_waited_for),
        TEST(late_and_early_writers),
        TEST(a_full_pipe),
        TEST(a_poll_waits_for_its_read),
        TEST(a_signal_ends_a_pause),
        TEST(a_signal_that_comes_at_work),
        TEST(kernels_in_a_queue),
        TEST(a_late_launch),
        TEST(a_circle_ends),
        TEST(nonsense_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
