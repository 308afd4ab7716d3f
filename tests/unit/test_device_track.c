/* SPDX-License-Identifier: MIT */
#include "libanalysis/device_track.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void overlapping(void **state)
{
    struct rn_device_pool pool = {0};
    struct rn_device_track track = {.pool = &pool};
    double a = 0, b = 0, c = 0;

    (void)state;
    rn_device_track_add(&track, 10, 20, &a);
    rn_device_track_add(&track, 15, 30, &b);
    rn_device_track_add(&track, 16, 18, &c);
    rn_device_track_add(&track, 40, 40, &c); /* takes no time */
    rn_device_track_add(&track, 50, 45, &c); /* ends before it begins */
    rn_device_track_finish(&track);
    assert_int_equal(track.busy, 20);
    assert_int_equal(track.peak, 3);
    assert_int_equal(track.first, 10);
    assert_int_equal(track.last, 50);
    assert_true(a > 5 + 0.5 + 2.0 / 3 + 0.99 && a < 5 + 0.5 + 2.0 / 3 + 1.01);
    assert_true(a + b + c > 19.99 && a + b + c < 20.01);
    rn_device_track_clear(&track);
    assert_int_equal(pool.taken, 0);
}

/* Against the plain way: which of the ticks are covered, and by how many. */
static void as_counted(void **state)
{
    enum { TICKS = 2000, INTERVALS = 300 };
    static unsigned covered[TICKS];
    struct rn_device_pool pool = {0};
    struct rn_device_track track = {.pool = &pool};
    uint64_t random = 1, start = 0, busy = 0, peak = 0;
    double self = 0;

    (void)state;
    for (unsigned i = 0; i < INTERVALS; i++) {
        uint64_t end;

        random = random * 6364136223846793005u + 1442695040888963407u;
        start += random >> 60;
        if (start >= TICKS)
            break;
        end = start + (random >> 40 & 31);
        end = end > TICKS ? TICKS : end;
        for (uint64_t tick = start; tick < end; tick++)
            covered[tick]++;
        rn_device_track_add(&track, start, end, &self);
    }
    rn_device_track_finish(&track);
    for (unsigned tick = 0; tick < TICKS; tick++) {
        busy += covered[tick] != 0;
        peak = covered[tick] > peak ? covered[tick] : peak;
    }
    assert_int_equal(track.busy, busy);
    assert_int_equal(track.peak, peak);
    assert_true(self > (double)busy - 0.01 && self < (double)busy + 0.01);
    rn_device_track_clear(&track);
}

static void late(void **state)
{
    struct rn_device_pool pool = {0};
    struct rn_device_track track = {.pool = &pool};
    double self = 0;

    (void)state;
    rn_device_track_add(&track, 10, 20, &self);
    rn_device_track_add(&track, 40, 50, &self);
    rn_device_track_add(&track, 5, 15, &self);  /* all of it is behind */
    rn_device_track_add(&track, 30, 60, &self); /* from 40 on it counts */
    rn_device_track_finish(&track);
    assert_int_equal(track.late, 2);
    assert_int_equal(track.busy, 10 + 20);
    assert_int_equal(track.first, 5);
    assert_int_equal(track.last, 60);
    rn_device_track_clear(&track);
}

/* More than is remembered: the union stays exact. */
static void crowded(void **state)
{
    struct rn_device_pool pool = {.taken = RN_DEVICE_RUNNING_MAX - 4};
    struct rn_device_track track = {.pool = &pool};
    double self = 0;

    (void)state;
    for (uint64_t i = 0; i < 100; i++)
        rn_device_track_add(&track, i, 1000 + i, &self);
    rn_device_track_add(&track, 5000, 5001, &self);
    rn_device_track_finish(&track);
    assert_true(track.crowded);
    assert_int_equal(track.peak, 4);
    assert_int_equal(track.busy, 1099 + 1);
    rn_device_track_clear(&track);
    assert_int_equal(pool.taken, RN_DEVICE_RUNNING_MAX - 4);
}

static void extremes(void **state)
{
    struct rn_device_pool pool = {0};
    struct rn_device_track track = {.pool = &pool};
    double self = 0;

    (void)state;
    rn_device_track_finish(&track);
    rn_device_track_add(&track, 0, UINT64_MAX, &self);
    rn_device_track_add(&track, UINT64_MAX, UINT64_MAX, &self);
    rn_device_track_add(&track, UINT64_MAX, 0, &self);
    rn_device_track_finish(&track);
    assert_true(track.busy == UINT64_MAX);
    rn_device_track_clear(&track);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlapping), cmocka_unit_test(as_counted), cmocka_unit_test(late),
        cmocka_unit_test(crowded),     cmocka_unit_test(extremes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
