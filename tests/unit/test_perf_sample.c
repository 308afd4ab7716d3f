/* SPDX-License-Identifier: MIT */
#include "formats/import/perf_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* "comm|pid/tid|cpu|ns|period|event|text" */
static void expect(const char *line, const char *wanted)
{
    struct rn_perf_sample *sample = calloc(1, sizeof *sample);
    size_t size = strlen(line);
    char *copy = malloc(size + 1), text[400];
    const char *wrong;

    assert_non_null(sample);
    assert_non_null(copy);
    memcpy(copy, line, size);
    wrong = rn_perf_line_parse(copy, size, sample);
    if (wrong)
        snprintf(text, sizeof text, "%s", wrong);
    else
        snprintf(text, sizeof text, "%.*s|%llu/%lld|%lld|%llu|%llu|%.*s|%.*s",
                 (int)sample->comm.size, sample->comm.data, (unsigned long long)sample->pid,
                 (long long)sample->tid, (long long)sample->cpu, (unsigned long long)sample->ns,
                 (unsigned long long)sample->period, (int)sample->event.size, sample->event.data,
                 (int)sample->text.size, sample->text.data);
    assert_string_equal(text, wanted);
    free(copy);
    free(sample);
}

/* As perf 6.1 prints them. */
static void test_lines(void **state)
{
    (void)state;
    expect(
        "            perf  6375 [000] 26452.391146707:   raw_syscalls:sys_enter: NR 16 (b, 2400, "
        "0, 7f4717fd55e0, 1, 0)",
        "perf|0/6375|0|26452391146707|0|raw_syscalls:sys_enter|NR 16 (b, 2400, 0, 7f4717fd55e0, "
        "1, 0)");
    expect("ls 10289 26508.567537:     250000              cpu-clock: ",
           "ls|0/10289|-1|26508567537000|250000|cpu-clock|");
    expect("10369/10370 26509.994585: raw_syscalls:sys_enter: NR 12 (0, 0, 0, 0, 0, 0)",
           "|10369/10370|-1|26509994585000|0|raw_syscalls:sys_enter|NR 12 (0, 0, 0, 0, 0, 0)");
    expect("              ls 10369/10369 [013] 26509.994561:  raw_syscalls:sys_exit: NR 59 = 0",
           "ls|10369/10369|13|26509994561000|0|raw_syscalls:sys_exit|NR 59 = 0");
    expect("         swapper     0 [000]     0.000000: PERF_RECORD_FORK(5:6):(2:2)",
           "swapper|0/0|0|0|0|PERF_RECORD_FORK|(5:6):(2:2)");
    expect("     process_api     0 [000]     0.000000: PERF_RECORD_COMM exec: a b:1/1",
           "process_api|0/0|0|0|0|PERF_RECORD_COMM|exec: a b:1/1");
    expect(" :-1    -1 [001]     2.000001: cycles:ppp:  ffffffff81000000 f+0x1 (x)",
           ":-1|0/-1|1|2000001000|0|cycles:ppp|ffffffff81000000 f+0x1 (x)");
    expect("  x  7 [001] U  2026-11-25 20:31:04.391137 26452.391137: a:b: c",
           "x|0/7|1|26452391137000|0|a:b|c");
}

/* Names are the program's. */
static void test_names(void **state)
{
    (void)state;
    expect("   7 [0] 1.5: a:  6375 [000]     1.000000: a:b: t",
           "7 [0] 1.5: a:|0/6375|0|1000000000|0|a:b|t");
    expect("  1 3.123456: x:  6375 [000]     1.000000: a:b: t",
           "1 3.123456: x:|0/6375|0|1000000000|0|a:b|t");
    expect("1 3.123456: x: 6375 [000] 1.000000: a:b: t",
           "1 3.123456: x:|0/6375|0|1000000000|0|a:b|t");
    expect("  kworker/u8:1+ev  35 [001]     1.000000: a:b: prev_comm=q 5 [001] 3.000000: z:z: y",
           "kworker/u8:1+ev|0/35|1|1000000000|0|a:b|prev_comm=q 5 [001] 3.000000: z:z: y");
}

static void test_wrong(void **state)
{
    static const char *const lines[] = {
        "",
        ":",
        "hello world",
        "ls [000] 1.000000: a:b: t",
        "ls 7 [000] 1.00000: a:b: t",
        "ls 7 [000] 99999999999999999999.000000: a:b: t",
        "ls 99999999999 [000] 1.000000: a:b: t",
        "ls 7 [000] 1.000000",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        expect(lines[i], "neither an event with thread and time nor a line of a call chain");
    expect("ls 7 [000] 1.000000: what", "no name of an event follows the time");
    expect("ls 7 [000] 1.000000:", "no name of an event follows the time");
}

static void test_frames(void **state)
{
    static const char user[] = "\t           1fc47 brk+0x7 (/lib/ld linux.so)";
    static const char kernel[] = "\tffffffff821ed6ce do_syscall_64+0x22e ([kernel.kallsyms])";
    struct rn_perf_frame frame;

    (void)state;
    assert_true(rn_perf_frame_parse(user, sizeof user - 1, &frame));
    assert_int_equal(frame.address, 0x1fc47);
    assert_false(frame.kernel);
    assert_true(rn_perf_text_is(&frame.text, "brk+0x7 (/lib/ld linux.so)"));
    assert_true(rn_perf_text_is(&frame.file, "/lib/ld linux.so"));
    assert_true(rn_perf_frame_parse(kernel, sizeof kernel - 1, &frame));
    assert_true(frame.kernel);
    assert_int_equal(frame.file.size, 0);
    assert_true(rn_perf_frame_parse("\t0", 2, &frame));
    assert_false(rn_perf_frame_parse("\tmain.c:12", 10, &frame));
    assert_false(rn_perf_frame_parse("\t", 1, &frame));
    assert_false(rn_perf_frame_parse("1f f", 4, &frame));
    assert_false(rn_perf_frame_parse(" 11112222333344445 f", 20, &frame));
}

static void test_fields(void **state)
{
    static const char line[] =
        "x 7 [000] 1.000000: s:w: prev_comm=a next_pid=1 prev_pid=7 prev_state=S ==> "
        "next_comm=b c next_pid=42 next_prio=120";
    struct rn_perf_sample *sample = calloc(1, sizeof *sample);
    struct rn_perf_text value;
    uint64_t number = 0;

    (void)state;
    assert_non_null(sample);
    assert_null(rn_perf_line_parse(line, sizeof line - 1, sample));
    assert_true(rn_perf_field(sample, "next_pid", &value) && rn_perf_number(&value, &number));
    assert_int_equal(number, 42);
    assert_true(rn_perf_field_until(sample, "next_comm", " next_pid=", &value));
    assert_true(rn_perf_text_is(&value, "b c"));
    assert_true(rn_perf_field(sample, "prev_state", &value) && rn_perf_text_is(&value, "S"));
    assert_true(rn_perf_field(sample, "next_prio", &value) && rn_perf_text_is(&value, "120"));
    assert_false(rn_perf_field(sample, "state", &value));
    assert_true(rn_perf_number(&(struct rn_perf_text){"-2", 2}, &number) &&
                number == UINT64_MAX - 1);
    assert_true(rn_perf_number(&(struct rn_perf_text){"0xfF", 4}, &number) && number == 255);
    assert_false(rn_perf_number(&(struct rn_perf_text){"0x", 2}, &number));
    assert_false(rn_perf_number(&(struct rn_perf_text){"18446744073709551616", 20}, &number));
    free(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),  cmocka_unit_test(test_names),  cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_frames), cmocka_unit_test(test_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
