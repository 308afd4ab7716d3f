/* SPDX-License-Identifier: MIT */
#include "libanalysis/change_point.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The figures in rn-stat(1) are those of 1000, which takes a minute with sanitizers. */
#define SERIES 200u

static uint64_t state = 1;
static struct rn_series *series;
static struct rn_change changes[RN_CHANGE_MAX];

/* splitmix64 (G. Steele, D. Lea, C. Flood 2014). */
static double random_unit(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

static double random_normal(void)
{
    return sqrt(-2 * log(random_unit())) * cos(2 * 3.14159265358979 * random_unit());
}

enum noise { LOG_NORMAL, PARETO, CORRELATED, TWO_MODES, NOISES };
static double previous;

/* Median 1. */
static double random_duration(enum noise noise)
{
    switch (noise) {
    case LOG_NORMAL:
        return exp(random_normal());
    case PARETO: /* no variance */
        return pow(random_unit(), -1 / 1.5) / pow(0.5, -1 / 1.5);
    case CORRELATED: /* each depends on the one before */
        previous = 0.5 * previous + sqrt(0.75) * random_normal();
        return exp(previous);
    default: /* a cache that mostly hits */
        return (random_unit() < 0.3 ? 10 : 1) * exp(0.2 * random_normal());
    }
}

/* A series whose durations are `ratio` times as long after `change`: how many changes are found. */
static size_t changes_of(enum noise noise, unsigned length, unsigned change, double ratio)
{
    memset(series, 0, sizeof *series);
    previous = random_normal();
    for (unsigned i = 0; i < length; i++)
        rn_series_add(series, i,
                      (uint64_t)(1000 * random_duration(noise) * (i < change ? 1 : ratio)));
    return rn_series_changes(series, changes);
}

static unsigned rate_of(enum noise noise, unsigned length, double ratio)
{
    unsigned found = 0;

    for (unsigned i = 0; i < SERIES; i++)
        found += changes_of(noise, length, length / 2, ratio) > 0;
    return found;
}

/* Of series in which nothing changes, fewer than one in 50 may say so. */
static void nothing_changes(void **unused)
{
    static const unsigned lengths[] = {64, 512, 10000};

    (void)unused;
    for (unsigned noise = 0; noise < NOISES; noise++) {
        for (unsigned i = 0; i < 3; i++) {
            unsigned found = rate_of((enum noise)noise, lengths[i], 1);

            print_message("noise %u, %u events: %u of %u\n", noise, lengths[i], found, SERIES);
            assert_in_range(found, 0, SERIES / 50);
        }
    }
}

static void half_as_long_again(void **unused)
{
    (void)unused;
    for (unsigned noise = 0; noise < NOISES; noise++) {
        unsigned few = rate_of((enum noise)noise, 512, 1.5);
        unsigned more = rate_of((enum noise)noise, 10000, 1.5);

        print_message("noise %u: %u of %u in 512 events, %u in 10000\n", noise, few, SERIES, more);
        assert_in_range(more, SERIES * 99 / 100, SERIES);
    }
}

static void place_and_size(void **unused)
{
    (void)unused;
    assert_int_equal(changes_of(LOG_NORMAL, 9000, 6000, 3), 1);
    assert_in_range(changes[0].start_ns, 5700, 6300);
    assert_in_range(changes[0].events, 5700, 6300);
    assert_in_range(changes[0].before_ns, 900, 1100);
    assert_in_range(changes[0].after_ns, 2700, 3300);
    assert_in_range(changes[0].bin_events, 9, 100);
}

/* Steps there and back, in one series. */
static void several(void **unused)
{
    (void)unused;
    memset(series, 0, sizeof *series);
    for (unsigned i = 0; i < 30000; i++)
        rn_series_add(series, i,
                      (uint64_t)(1000 * exp(0.3 * random_normal()) * (i / 10000 == 1 ? 2 : 1)));
    assert_int_equal(rn_series_changes(series, changes), 2);
    assert_true(changes[0].after_ns > changes[0].before_ns);
    assert_true(changes[1].after_ns < changes[1].before_ns);
    /* Many. */
    memset(series, 0, sizeof *series);
    for (unsigned i = 0; i < 513 * 27 - 1; i++)
        rn_series_add(series, i, i / 1000 % 2 ? 1000 : 5000);
    assert_in_range(rn_series_changes(series, changes), 10, RN_CHANGE_MAX);
}

static void odd_series(void **unused)
{
    (void)unused;
    memset(series, 0, sizeof *series);
    assert_int_equal(rn_series_changes(series, changes), 0);
    for (unsigned i = 0; i < 100000; i++)
        rn_series_add(series, i, 0);
    assert_int_equal(rn_series_changes(series, changes), 0);
    assert_true(series->count < RN_SERIES_BINS);
    for (unsigned i = 0; i < 100000; i++)
        rn_series_add(series, UINT64_MAX, UINT64_MAX);
    assert_int_equal(rn_series_changes(series, changes), 1);
    assert_true(changes[0].after_ns == UINT64_MAX);
}

/* The bins have every event once. */
static void bins(void **unused)
{
    uint64_t count = 0, sum = 0;

    (void)unused;
    memset(series, 0, sizeof *series);
    for (unsigned i = 0; i < 12345; i++)
        rn_series_add(series, i, i % 10);
    for (size_t i = 0; i < series->count; i++) {
        count += series->bins[i].count;
        sum += series->bins[i].sum_ns;
        assert_int_equal(series->bins[i].count, 27);
        assert_int_equal(series->bins[i].start_ns, 27 * i);
    }
    assert_int_equal(count + series->open.count, 12345);
    assert_int_equal(sum + series->open.sum_ns, 1234 * 45 + 0 + 1 + 2 + 3 + 4);
}

static int make(void **unused)
{
    (void)unused;
    series = rn_series_new();
    return series ? 0 : -1;
}

static int end(void **unused)
{
    (void)unused;
    rn_series_free(series);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_changes), cmocka_unit_test(half_as_long_again),
        cmocka_unit_test(place_and_size),  cmocka_unit_test(several),
        cmocka_unit_test(odd_series),      cmocka_unit_test(bins),
    };

    return cmocka_run_group_tests(tests, make, end);
}
