/* SPDX-License-Identifier: MIT */
#include "libanalysis/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS 1000000ull

static struct rn_manifest tsc_manifest(void)
{
    /* 1 GHz shifted by 2: 4 ns a tick. */
    return (struct rn_manifest){
        .tick_unit = RN_TICK_TSC,
        .tick_shift = 2,
        .tick_hz = 1000000000,
        .start = {.ticks = 5000, .monotonic_ns = 1000 * MS, .realtime_ns = 9000 * MS},
    };
}

static void test_rate_of_the_manifest(void **state)
{
    struct rn_manifest manifest = tsc_manifest();
    struct rn_clock clock;

    (void)state;
    rn_clock_init(&clock, &manifest);
    assert_int_equal(rn_clock_monotonic(&clock, 5000), 1000 * MS);
    assert_int_equal(rn_clock_monotonic(&clock, 5250), 1000 * MS + 1000);
    assert_int_equal(rn_clock_monotonic(&clock, 4750), 1000 * MS - 1000);
    assert_int_equal(rn_clock_realtime(&clock, 5250), 9000 * MS + 1000);
    assert_int_equal(rn_clock_since_start(&clock, 5250), 1000);
    assert_int_equal(rn_clock_since_start(&clock, 4750), 0);
    assert_int_equal(rn_clock_duration(&clock, 10), 40);
}

static void test_nanosecond_ticks(void **state)
{
    struct rn_manifest manifest = {.tick_unit = RN_TICK_NS, .tick_shift = 3};
    struct rn_clock clock;

    (void)state;
    rn_clock_init(&clock, &manifest);
    assert_int_equal(rn_clock_monotonic(&clock, 100), 800);
    assert_int_equal(rn_clock_duration(&clock, 100), 800);
}

static void test_interpolation_between_points(void **state)
{
    struct rn_manifest manifest = tsc_manifest();
    struct rn_clock clock;

    (void)state;
    rn_clock_init(&clock, &manifest);
    /* The true rate is 5 ns a tick. */
    rn_clock_add(&clock, &(struct rn_clock_point){5000 + 20 * MS, 1100 * MS, 9150 * MS, 0});
    assert_int_equal(rn_clock_monotonic(&clock, 5000 + 10 * MS), 1050 * MS);
    assert_int_equal(rn_clock_monotonic(&clock, 5000 + 30 * MS), 1150 * MS);
    assert_int_equal(rn_clock_realtime(&clock, 5000 + 10 * MS), 9100 * MS);
    assert_int_equal(rn_clock_duration(&clock, 1000), 5000);
    /* Then 6 for a while: times before and in between stay where they were. */
    rn_clock_add(&clock, &(struct rn_clock_point){5000 + 40 * MS, 1220 * MS, 9270 * MS, 0});
    assert_int_equal(rn_clock_monotonic(&clock, 5000 + 20 * MS), 1100 * MS);
    assert_int_equal(rn_clock_monotonic(&clock, 5000 + 30 * MS), 1160 * MS);
    /* Longer ago: from the older point, at the mean rate. */
    assert_int_equal(rn_clock_monotonic(&clock, 5000 + 10 * MS), 1045 * MS);
    assert_int_equal(rn_clock_duration(&clock, 1000), 5500);
}

static void test_close_points_do_not_spoil_durations(void **state)
{
    struct rn_manifest manifest = tsc_manifest();
    struct rn_clock clock;

    (void)state;
    rn_clock_init(&clock, &manifest);
    rn_clock_add(&clock, &(struct rn_clock_point){5010, 1000 * MS + 200, 9000 * MS + 200, 100});
    assert_int_equal(rn_clock_monotonic(&clock, 5010), 1000 * MS + 200);
    assert_int_equal(rn_clock_duration(&clock, 1000), 4000);
}

static void test_nonsense_is_ignored(void **state)
{
    struct rn_manifest manifest = tsc_manifest();
    struct rn_clock clock;

    (void)state;
    rn_clock_init(&clock, &manifest);
    rn_clock_add(&clock, &(struct rn_clock_point){4000, 2000 * MS, 9000 * MS, 0});
    rn_clock_add(&clock, &(struct rn_clock_point){6000, 900 * MS, 9000 * MS, 0});
    rn_clock_add(&clock, &(struct rn_clock_point){5001, UINT64_MAX, 9000 * MS, 0});
    assert_int_equal(rn_clock_monotonic(&clock, 5250), 1000 * MS + 1000);
    assert_int_equal(rn_clock_monotonic(&clock, UINT64_MAX), UINT64_MAX);
    assert_int_equal(rn_clock_duration(&clock, UINT64_MAX), UINT64_MAX);

    manifest.tick_hz = 0;
    manifest.tick_shift = 4000000000u;
    rn_clock_init(&clock, &manifest);
    assert_int_equal(rn_clock_duration(&clock, 7), 7);
    manifest.tick_hz = 1;
    manifest.tick_shift = 63;
    rn_clock_init(&clock, &manifest);
    assert_int_equal(rn_clock_duration(&clock, 7), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate_of_the_manifest),
        cmocka_unit_test(test_nanosecond_ticks),
        cmocka_unit_test(test_interpolation_between_points),
        cmocka_unit_test(test_close_points_do_not_spoil_durations),
        cmocka_unit_test(test_nonsense_is_ignored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
