/* SPDX-License-Identifier: MIT */
/* Recordings whose critical path is known, and some that make no sense. One tick is one nanosecond.
 */
#include "libanalysis/critical_path.h"

#include "formats/syscall_table.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EVENTS_MAX 4096u
#define EDGES_MAX  4096u

static struct rn_error err = RN_ERROR_INIT;
static struct rn_event events[EVENTS_MAX];
static struct rn_attachment names[EVENTS_MAX];
static struct rn_causal_edge edges[EDGES_MAX];
static size_t event_count, edge_count;
static uint64_t ordinals[16];
static struct rn_critical_path *path;
static struct rn_trace *trace;
static struct rn_manifest manifest;
static struct rn_critical_result result;

static int begin(void **state)
{
    (void)state;
    event_count = edge_count = 0;
    memset(ordinals, 0, sizeof ordinals);
    memset(&result, 0, sizeof result);
    rn_manifest_init(&manifest);
    path = rn_critical_path_new();
    trace = rn_trace_new(&manifest);
    return path && trace ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    rn_critical_path_free(path);
    rn_trace_free(trace);
    rn_manifest_clear(&manifest);
    return 0;
}

static struct rn_event *add(uint8_t kind, uint32_t stream, uint64_t start, uint64_t stop)
{
    struct rn_event *event = &events[event_count++];

    assert_in_range(event_count, 1, EVENTS_MAX);
    *event = (struct rn_event){.kind = kind,
                               .stream = stream,
                               .ordinal = ordinals[stream & 15]++,
                               .start = start,
                               .duration = stop - start};
    return event;
}

static void stream(uint32_t id, uint64_t type, uint64_t pid)
{
    struct rn_event *event = add(RN_KIND_STREAM, 0, 0, 0);

    event->u.stream_info = (struct rn_stream){.id = id, .type = type, .pid = pid, .tid = pid};
}

static struct rn_event *call(uint32_t of, const char *name, uint64_t start, uint64_t stop,
                             uint64_t ret)
{
    struct rn_event *event = add(RN_KIND_SYSCALL, of, start, stop);

    event->u.syscall.nr = (uint64_t)rn_syscall_number(RN_ABI_X86_64, name, strlen(name));
    event->u.syscall.ret = ret;
    return event;
}

static struct rn_event *process(uint32_t of, enum rn_process_op op, uint64_t pid, uint64_t at)
{
    struct rn_event *event = add(RN_KIND_PROCESS, of, at, at);

    event->u.process.op = op;
    event->u.process.pid = pid;
    return event;
}

static struct rn_event *named(uint8_t kind, uint32_t of, const char *name, uint64_t start,
                              uint64_t stop)
{
    struct rn_event *event = add(kind, of, start, stop);
    struct rn_attachment *attachment = &names[event_count];

    *attachment = (struct rn_attachment){.type = RN_ATT_NAME,
                                         .arg = RN_ARG_NONE,
                                         .size = (uint32_t)strlen(name),
                                         .data = (const uint8_t *)name};
    event->attachments = attachment;
    event->attachment_count = 1;
    return event;
}

static struct rn_edge_end end_of(const struct rn_event *event)
{
    return (struct rn_edge_end){.stream = event->stream,
                                .ordinal = event->ordinal,
                                .start = event->start,
                                .end = event->start + event->duration};
}

static void edge(uint8_t mechanism, const struct rn_event *from, const struct rn_event *to)
{
    edges[edge_count++] = (struct rn_causal_edge){.from = end_of(from),
                                                  .to = end_of(to),
                                                  .mechanism = mechanism,
                                                  .certainty = RN_EDGE_PROVEN};
}

static void find(void)
{
    for (size_t i = 0; i < event_count; i++)
        assert_int_equal(rn_critical_path_event(path, &events[i], &err), RN_OK);
    for (size_t i = 0; i < edge_count; i++)
        assert_int_equal(rn_critical_path_edge(path, &edges[i], &err), RN_OK);
    assert_int_equal(rn_critical_path_walk(path, &err), RN_OK);
    for (size_t i = 0; i < event_count; i++) {
        assert_int_equal(rn_critical_path_work(path, trace, &events[i], &err), RN_OK);
        assert_int_equal(rn_trace_feed(trace, &events[i], &err), RN_OK);
    }
    assert_int_equal(rn_critical_path_result(path, &result, &err), RN_OK);
    /* Links touch, and the last one ends at the end. */
    for (size_t i = 1; i < result.link_count; i++)
        assert_true(result.links[i].from == result.links[i - 1].to);
    for (size_t i = 0; i < result.link_count; i++) {
        assert_true(result.links[i].from <= result.links[i].to);
        assert_true(result.links[i].working <= result.links[i].to - result.links[i].from);
    }
    if (result.link_count)
        assert_true(result.links[result.link_count - 1].to == result.end);
}

static void link_is(size_t number, uint32_t of, uint64_t from, uint64_t to, uint8_t entered)
{
    assert_in_range(number, 0, result.link_count - 1);
    assert_int_equal(result.links[number].stream, of);
    assert_int_equal(result.links[number].from, from);
    assert_int_equal(result.links[number].to, to);
    assert_int_equal(result.links[number].entered, entered);
}

static const struct rn_critical_work *work(const char *name)
{
    for (size_t i = 0; i < result.work_count; i++)
        if (strcmp(result.work[i].name, name) == 0)
            return &result.work[i];
    fail_msg("no '%s' on the path", name);
    return NULL;
}

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

static void transfers_over_half_of_kernels(void **state)
{
    (void)state;
    stream(1, RN_STREAM_THREAD, 10);
    stream(2, RN_STREAM_QUEUE, 10);
    process(1, RN_PROCESS_START, 10, 0);
    named(RN_KIND_KERNEL, 2, "a", 10, 20);
    named(RN_KIND_TRANSFER, 2, "h2d", 20, 26)->u.transfer.bytes = 4096;
    process(1, RN_PROCESS_EXIT, 10, 30);
    find();
    assert_true(result.patterns.transfers.found);
    assert_int_equal(result.patterns.transfers.bytes, 4096);
    assert_int_equal(result.patterns.transfers.transfer_ticks, 6);
    assert_int_equal(result.patterns.transfers.kernel_ticks, 10);
}

static void loop_of(unsigned calls, uint64_t between)
{
    struct rn_attachment *content = &names[0];

    *content = (struct rn_attachment){.type = RN_ATT_CONTENT, .arg = 1};
    stream(1, RN_STREAM_THREAD, 10);
    process(1, RN_PROCESS_START, 10, 0);
    for (unsigned i = 0; i < calls; i++) {
        struct rn_event *event = call(1, "read", 10 * i, 10 * i + 4, 1);

        event->attachments = content;
        event->attachment_count = 1;
        if (between && i % between == between - 1)
            call(1, "getpid", 10 * i + 5, 10 * i + 6, 10);
    }
    process(1, RN_PROCESS_EXIT, 10, 10 * calls);
}

static void a_tight_loop(void **state)
{
    (void)state;
    loop_of(500, 200);
    find();
    assert_true(result.patterns.loop.found);
    assert_string_equal(result.patterns.loop.call, "read");
    assert_int_equal(result.patterns.loop.runs, 3); /* 200, 200, 100 */
    assert_int_equal(result.patterns.loop.calls, 500);
    assert_int_equal(result.patterns.loop.bytes, 500);
    assert_int_equal(result.patterns.loop.in_calls, 2000);
    assert_int_equal(result.patterns.loop.ticks, 2 * 1994 + 994);
    assert_int_equal(result.patterns.loop.tid, 10);
}

static void no_tight_loop(void **state)
{
    (void)state;
    loop_of(500, 50);
    find();
    assert_false(result.patterns.loop.found);
}

/* O_SYNC in one file, fsync after each write in another, and writes that nobody makes durable. */
static void write_durably(unsigned times)
{
    stream(1, RN_STREAM_THREAD, 10);
    process(1, RN_PROCESS_START, 10, 0);
    call(1, "openat", 1, 2, 3)->u.syscall.args[2] = O_WRONLY | O_SYNC;
    call(1, "openat", 3, 4, 4)->u.syscall.args[2] = O_WRONLY;
    for (unsigned i = 0; i < times; i++) {
        uint64_t at = 100 * i + 10;

        call(1, "write", at, at + 5, 100)->u.syscall.args[0] = 3;
        call(1, "write", at + 10, at + 12, 200)->u.syscall.args[0] = 4;
        call(1, "fdatasync", at + 20, at + 28, 0)->u.syscall.args[0] = 4;
        call(1, "write", at + 40, at + 41, 10)->u.syscall.args[0] = 1;
    }
    call(1, "fsync", 100 * times + 10, 100 * times + 15, 0)->u.syscall.args[0] = 4;
    call(1, "write", 100 * times + 20, 100 * times + 25, 5000)->u.syscall.args[0] = 3;
    process(1, RN_PROCESS_EXIT, 10, 100 * times + 100);
}

static void small_synchronous_writes(void **state)
{
    (void)state;
    write_durably(10);
    find();
    assert_true(result.patterns.synchronous.found); /* 20, 15 % */
    assert_int_equal(result.patterns.synchronous.writes, 20);
    assert_int_equal(result.patterns.synchronous.bytes, 3000);
    assert_int_equal(result.patterns.synchronous.ticks, 150);
}

static void few_synchronous_writes(void **state)
{
    (void)state;
    write_durably(7);
    find();
    assert_int_equal(result.patterns.synchronous.writes, 14);
    assert_false(result.patterns.synchronous.found);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

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
        TEST(transfers_over_half_of_kernels),
        TEST(a_tight_loop),
        TEST(no_tight_loop),
        TEST(small_synchronous_writes),
        TEST(few_synchronous_writes),
        TEST(a_circle_ends),
        TEST(nonsense_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
