/* SPDX-License-Identifier: MIT */
#include "libanalysis/device_tie.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct rn_device_tie *tie;

static int setup(void **state)
{
    (void)state;
    tie = rn_device_tie_new();
    return tie ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    rn_device_tie_free(tie);
    return 0;
}

static void note(uint64_t owner, uint64_t correlation, uint64_t start, uint64_t end)
{
    rn_device_tie_note(tie,
                       &(struct rn_device_call){
                           .owner = owner, .correlation = correlation, .start = start, .end = end},
                       false);
}

/* Where the call began that asked for what ended at `end`; UINT64_MAX: none. */
static uint64_t asked(uint64_t owner, uint64_t correlation, uint64_t end)
{
    struct rn_device_call call;

    return rn_device_tie_asked(tie, owner, correlation, end, &call) ? call.start : UINT64_MAX;
}

static void by_number(void **state)
{
    (void)state;
    assert_true(asked(8, 1, 100) == UINT64_MAX);
    note(8, 1, 10, 20);
    note(9, 1, 30, 40);
    assert_int_equal(asked(8, 1, 100), 10);
    assert_int_equal(asked(9, 1, 100), 30);
    assert_true(asked(8, 2, 100) == UINT64_MAX);
    assert_true(asked(8, 0, 100) == UINT64_MAX);
    assert_true(asked(9, 1, 29) == UINT64_MAX);
}

/* A number that is used again, and calls within a call. */
static void again(void **state)
{
    (void)state;
    note(8, 1, 10, 20);
    note(8, 1, 1000, 1020);
    assert_int_equal(asked(8, 1, 500), 10);
    assert_int_equal(asked(8, 1, 2000), 1000);
    note(8, 1, 1001, 1019);
    assert_int_equal(asked(8, 1, 2000), 1000);
    note(8, 1, 990, 1030);
    assert_int_equal(asked(8, 1, 2000), 990);
}

/* The latest RN_DEVICE_CALLS are known, the ones before are forgotten, and nothing else. */
static void bounded(void **state)
{
    (void)state;
    /* Two processes, each with numbers of its own. */
    for (uint64_t i = 2; i <= 3 * RN_DEVICE_CALLS + 1; i++)
        note(8 + i % 2, i / 2, i, i + 1);
    for (uint64_t i = 2 * RN_DEVICE_CALLS + 2; i <= 3 * RN_DEVICE_CALLS + 1; i++)
        assert_int_equal(asked(8 + i % 2, i / 2, UINT64_MAX), i);
    assert_true(asked(8, 1, UINT64_MAX) == UINT64_MAX);
}

static void wait(uint64_t queue, uint64_t start, uint64_t end)
{
    rn_device_tie_note(
        tie, &(struct rn_device_call){.owner = 8, .queue = queue, .start = start, .end = end},
        true);
}

static uint64_t waited(uint64_t queue, uint64_t start, uint64_t end)
{
    struct rn_device_call call, run = {.owner = 8, .queue = queue, .start = start, .end = end};

    return rn_device_tie_waited(tie, &run, &call) ? call.end : 0;
}

static void first_return(void **state)
{
    (void)state;
    assert_int_equal(waited(1, 0, 0), 0);
    wait(1, 50, 300);
    wait(0, 50, 200);
    wait(2, 50, 150);
    wait(1, 10, 160);
    assert_int_equal(waited(1, 20, 100), 200);
    assert_int_equal(waited(1, 0, 100), 160);
    assert_int_equal(waited(2, 20, 100), 150);
    assert_int_equal(waited(1, 20, 200), 200);
    assert_int_equal(waited(1, 20, 201), 300);
    assert_int_equal(waited(1, 20, 301), 0);
}

/* A call that waits has the number of the last one that it waits for; that tells the queue, too. */
static void waits_with_a_number(void **state)
{
    struct rn_device_call call, run = {.owner = 8, .correlation = 5, .queue = 3, .end = 100};

    (void)state;
    rn_device_tie_note(
        tie,
        &(struct rn_device_call){.owner = 8, .correlation = 6, .queue = 3, .start = 10, .end = 11},
        false);
    rn_device_tie_note(
        tie, &(struct rn_device_call){.owner = 8, .correlation = 6, .start = 50, .end = 200}, true);
    assert_int_equal(asked(8, 6, 300), 10);
    assert_true(rn_device_tie_waited(tie, &run, &call));
    run.correlation = 7;
    assert_false(rn_device_tie_waited(tie, &run, &call));
    run.correlation = 5;
    run.queue = 4;
    assert_false(rn_device_tie_waited(tie, &run, &call));
}

static void many_waits(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 3 * RN_DEVICE_WAITS; i++)
        wait(0, i * 10, i * 10 + 5);
    assert_int_equal(waited(1, 30 * RN_DEVICE_WAITS, 30 * RN_DEVICE_WAITS),
                     30 * RN_DEVICE_WAITS + 5);
    assert_true(waited(1, 0, 0) > 10 * RN_DEVICE_WAITS);
}

static void names(void **state)
{
    static const char *const yes[] = {"clFinish", "cuStreamSynchronize_ptsz", "vkWaitForFences",
                                      "cudaDeviceSynchronize_v3020"};
    static const char *const no[] = {"", "_", "clFinis", "clFinished", "clFlush", "?"};

    (void)state;
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        assert_true(rn_device_call_waits(yes[i], strlen(yes[i])));
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        assert_false(rn_device_call_waits(no[i], strlen(no[i])));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(by_number),           TEST(again),      TEST(bounded), TEST(first_return),
        TEST(waits_with_a_number), TEST(many_waits), TEST(names)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
