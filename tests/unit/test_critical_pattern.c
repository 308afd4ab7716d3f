/* SPDX-License-Identifier: MIT */
/* What stands out in recordings that were made for it. */
#include "critical_fixture.h"

#include <fcntl.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(transfers_over_half_of_kernels), TEST(a_tight_loop),           TEST(no_tight_loop),
        TEST(small_synchronous_writes),       TEST(few_synchronous_writes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
