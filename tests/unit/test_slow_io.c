/* SPDX-License-Identifier: MIT */
#include "libanalysis/slow_io.h"

#include "formats/syscall_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MS 1000000u

static struct rn_error err = RN_ERROR_INIT;
static struct rn_slow_io *slow;
static struct rn_trace *trace;
static struct rn_slow_result result;
static uint64_t ordinal;

static void feed(const struct rn_event *event)
{
    assert_int_equal(rn_trace_feed(trace, event, &err), RN_OK);
}

static void descriptor(uint64_t fd, const char *what)
{
    struct rn_attachment attachment = {.type = RN_ATT_PATH,
                                       .arg = RN_ARG_NONE,
                                       .size = (uint32_t)strlen(what),
                                       .data = (const uint8_t *)what};
    struct rn_event event = {
        .kind = RN_KIND_DESCRIPTOR, .stream = 1, .attachment_count = 1, .attachments = &attachment};

    event.u.descriptor.pid = 10;
    event.u.descriptor.fd = fd;
    feed(&event);
}

static void begin(uint64_t limit_ns)
{
    struct rn_manifest manifest;
    struct rn_event stream = {.kind = RN_KIND_STREAM};
    struct rn_event start = {.kind = RN_KIND_PROCESS, .stream = 1};

    rn_manifest_init(&manifest);
    slow = rn_slow_io_new(limit_ns);
    trace = rn_trace_new(&manifest);
    rn_manifest_clear(&manifest);
    assert_true(slow && trace);
    stream.u.stream_info =
        (struct rn_stream){.id = 1, .type = RN_STREAM_THREAD, .pid = 10, .tid = 10};
    feed(&stream);
    start.u.process.op = RN_PROCESS_START;
    start.u.process.pid = start.u.process.tid = 10;
    feed(&start);
    descriptor(3, "/data/file");
    descriptor(4, "socket:[7]->192.0.2.1:80");
    descriptor(5, "anon_inode:[eventfd]");
    ordinal = 0;
}

static int end(void **state)
{
    (void)state;
    rn_slow_io_free(slow);
    rn_trace_free(trace);
    return 0;
}

static void call(const char *name, uint64_t fd, uint64_t duration_ns, const char *path)
{
    struct rn_attachment attachment = {.type = RN_ATT_PATH,
                                       .arg = 1,
                                       .size = path ? (uint32_t)strlen(path) : 0,
                                       .data = (const uint8_t *)path};
    struct rn_event event = {.kind = RN_KIND_SYSCALL,
                             .stream = 1,
                             .ordinal = ordinal,
                             .start = 1000 * ordinal,
                             .duration = duration_ns,
                             .attachment_count = path != NULL,
                             .attachments = &attachment};

    event.u.syscall.nr = (uint64_t)rn_syscall_number(RN_ABI_X86_64, name, strlen(name));
    event.u.syscall.args[0] = fd;
    ordinal++;
    assert_int_equal(rn_slow_io_call(slow, trace, 0, &event, &err), RN_OK);
}

static void finish(void)
{
    assert_int_equal(rn_slow_io_result(slow, &result, &err), RN_OK);
}

static void limit(void **state)
{
    (void)state;
    begin(2 * MS);
    call("read", 3, 2 * MS - 1, NULL);
    call("read", 3, 2 * MS, NULL);
    call("read", 4, 5 * MS, NULL);
    call("read", 5, 100 * MS, NULL);      /* waits for a thread */
    call("nanosleep", 0, 100 * MS, NULL); /* is no I/O */
    call("openat", 0, 3 * MS, "/a/b");
    finish();
    assert_int_equal(result.group_count, 3);
    assert_int_equal(result.call_count, 3);
    assert_int_equal(result.calls[0]->duration_ns, 5 * MS);
    assert_string_equal(result.calls[0]->what, "socket:[7]->192.0.2.1:80");
    assert_int_equal(result.calls[0]->group->class, RN_CALL_SOCKET);
    assert_string_equal(result.calls[1]->what, "/a/b");
    assert_string_equal(result.calls[2]->what, "/data/file");
    assert_int_equal(result.calls[2]->ordinal, 1);
    assert_int_equal(result.calls[2]->pid, 10);
    /* The group with the most slow time is first. */
    assert_int_equal(result.groups[0]->class, RN_CALL_SOCKET);
    assert_int_equal(result.groups[2]->slow, 1);
    assert_int_equal(rn_histogram_count(result.groups[2]->durations), 2);
}

/* What is usual for reads of the socket is slow for those of the file. */
static void by_itself(void **state)
{
    (void)state;
    begin(0);
    for (unsigned i = 0; i < 100; i++) {
        call("read", 3, 20000, NULL);
        call("read", 4, 3 * MS, NULL);
    }
    call("read", 3, 4 * MS, NULL);
    call("read", 4, 29 * MS, NULL);
    call("read", 4, 35 * MS, NULL);
    call("fsync", 3, 5 * MS, NULL); /* one alone: a millisecond is slow */
    finish();
    assert_int_equal(result.call_count, 3);
    assert_int_equal(result.calls[0]->duration_ns, 35 * MS);
    assert_int_equal(result.calls[1]->duration_ns, 5 * MS);
    assert_int_equal(result.calls[2]->duration_ns, 4 * MS);
    for (size_t i = 0; i < result.group_count; i++) {
        assert_int_equal(result.groups[i]->slow, 1);
        assert_int_equal(result.groups[i]->slow_ns, rn_histogram_max(result.groups[i]->durations));
    }
}

/* The longest are kept, whatever their order. */
static void many(void **state)
{
    (void)state;
    begin(MS);
    for (uint64_t i = 0; i < 10000; i++)
        call("read", 3, MS + i * 7919 % 10000, NULL);
    finish();
    assert_int_equal(result.groups[0]->slow, 10000);
    assert_int_equal(result.call_count, RN_SLOW_KEPT);
    for (size_t i = 0; i < result.call_count; i++)
        assert_int_equal(result.calls[i]->duration_ns, MS + 9999 - i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(limit, end),
        cmocka_unit_test_teardown(by_itself, end),
        cmocka_unit_test_teardown(many, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
