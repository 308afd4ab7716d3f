/* SPDX-License-Identifier: MIT */
/* Times of devices become the recording's: drift, steps, late and bad readings. */
#include "libanalysis/device_clock.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* The recording ticks in 8 ns, the device in ns: 2^32 / 8 ticks each. */
#define RATE      (1ull << 29)
#define PERIOD    (1ull << 32)
#define BASE      1000000u
#define SECOND    125000000u /* ticks */
#define SECOND_NS 1000000000ull

static struct rn_error err;

static int begin(void **state)
{
    *state = rn_device_clocks_new();
    return *state ? 0 : -1;
}

static int end(void **state)
{
    rn_device_clocks_free(*state);
    return 0;
}

/* A reading at `ticks` since the begin, by a device whose clock shows `device` ns then. */
static void read_at(struct rn_device_clocks *clocks, uint64_t ticks, uint64_t device,
                    uint64_t error_ns)
{
    struct rn_event event = {.kind = RN_KIND_DEVICE_CLOCK,
                             .u.device_clock = {.clock = 1,
                                                .api = RN_API_OPENCL,
                                                .device_ticks = device,
                                                .ticks = BASE + ticks,
                                                .monotonic_ns = 8 * ticks + 77,
                                                .error_ns = error_ns,
                                                .base_device = 0,
                                                .base_ticks = BASE,
                                                .rate = RATE,
                                                .period = PERIOD}};

    assert_int_equal(rn_device_clocks_add(clocks, &event, &err), RN_OK);
}

/* A time of the device, ns, as ticks since the begin. */
static int64_t ticks_of(const struct rn_device_clocks *clocks, uint64_t device)
{
    return (int64_t)(rn_device_clocks_ticks(clocks, 1, BASE + device / 8) - BASE);
}

static struct rn_device_clock_info info_of(const struct rn_device_clocks *clocks)
{
    struct rn_device_clock_info info;

    assert_true(rn_device_clocks_info(clocks, 1, 8.0, &info));
    return info;
}

static void an_unknown_clock_changes_nothing(void **state)
{
    struct rn_device_clock_info info;

    assert_int_equal(rn_device_clocks_ticks(*state, 1, 5), 5);
    assert_int_equal(rn_device_clocks_ticks(*state, 0, 5), 5);
    assert_int_equal(rn_device_clocks_ticks(*state, UINT64_MAX, 5), 5);
    assert_false(rn_device_clocks_info(*state, 7, 8.0, &info));
}

static void drift_is_followed(void **state)
{
    struct rn_device_clocks *clocks = *state;

    /* 100 parts in a million too fast. */
    for (uint64_t i = 0; i <= 20; i++)
        read_at(clocks, i * SECOND / 10, i * 100010000, 400);
    assert_int_equal(ticks_of(clocks, 0), 0);
    assert_in_range(ticks_of(clocks, 1000100000), SECOND - 1, SECOND + 1);
    assert_in_range(ticks_of(clocks, 1050105000), SECOND / 100 * 105 - 1, SECOND / 100 * 105 + 1);
    /* Beyond the last one it goes on like that. */
    assert_in_range(ticks_of(clocks, 3000300000), 3ull * SECOND - 2, 3ull * SECOND + 2);
    assert_true(fabs(info_of(clocks).drift_ppm - 100) < 0.1);
    assert_int_equal(info_of(clocks).steps, 0);
    assert_int_equal(info_of(clocks).readings, 21);
    assert_true(info_of(clocks).bound_ns >= 400 && info_of(clocks).bound_ns < 450);
    assert_int_equal(info_of(clocks).offset_ns, 2000200000 - 2000000000 - 77);
}

static void a_step_is_found(void **state)
{
    struct rn_device_clocks *clocks = *state;

    for (uint64_t i = 0; i < 10; i++)
        read_at(clocks, i * SECOND, i * SECOND_NS, 100);
    for (uint64_t i = 10; i < 20; i++)
        read_at(clocks, i * SECOND, (i + 3600) * SECOND_NS, 100);
    assert_int_equal(info_of(clocks).steps, 1);
    assert_int_equal(ticks_of(clocks, 5 * SECOND_NS), 5ll * SECOND);
    assert_int_equal(ticks_of(clocks, 9 * SECOND_NS + SECOND_NS / 2), 9ll * SECOND + SECOND / 2);
    assert_int_equal(ticks_of(clocks, 3615 * SECOND_NS), 15ll * SECOND);
    assert_int_equal(ticks_of(clocks, 3609 * SECOND_NS + SECOND_NS / 2), 9ll * SECOND + SECOND / 2);
    assert_true(isnan(info_of(clocks).drift_ppm) || fabs(info_of(clocks).drift_ppm) < 0.1);
}

static void a_step_back_is_found(void **state)
{
    struct rn_device_clocks *clocks = *state;

    for (uint64_t i = 0; i < 10; i++)
        read_at(clocks, i * SECOND, (i + 50) * SECOND_NS, 100);
    for (uint64_t i = 10; i < 20; i++)
        read_at(clocks, i * SECOND, i * SECOND_NS, 100);
    assert_int_equal(info_of(clocks).steps, 1);
    assert_int_equal(ticks_of(clocks, 15 * SECOND_NS), 15ll * SECOND);
    assert_true(info_of(clocks).bound_ns < 200);
}

static void late_and_bad_readings(void **state)
{
    struct rn_device_clocks *clocks = *state;

    read_at(clocks, 0, 0, 5000000);
    read_at(clocks, SECOND, SECOND_NS, 200);
    read_at(clocks, 3 * SECOND, 3 * SECOND_NS, 200);
    /* Came behind that, and drift makes its place matter. */
    read_at(clocks, 2 * SECOND, 2 * SECOND_NS + 80000, 200);
    /* Says nothing. */
    read_at(clocks, 4 * SECOND, 4 * SECOND_NS - 1000000, 2000000);
    assert_int_equal(ticks_of(clocks, 2 * SECOND_NS + 80000), 2ll * SECOND);
    assert_int_equal(ticks_of(clocks, SECOND_NS + SECOND_NS / 2 + 40000),
                     (int64_t)SECOND + SECOND / 2);
    assert_int_equal(info_of(clocks).readings, 5);
    assert_true(info_of(clocks).bound_ns > 80000 && info_of(clocks).bound_ns < 81000);
}

static void many_readings_are_thinned_out(void **state)
{
    struct rn_device_clocks *clocks = *state;

    for (uint64_t i = 0; i < 30000; i++)
        read_at(clocks, i * SECOND, i * SECOND_NS + i * i, 100);
    assert_int_equal(info_of(clocks).readings, 30000);
    assert_int_equal(info_of(clocks).steps, 0);
    for (uint64_t i = 977; i < 30000; i += 977)
        assert_in_range(ticks_of(clocks, i * SECOND_NS + i * i), i * SECOND - 200,
                        i * SECOND + 200);
}

static void an_event_is_placed(void **state)
{
    struct rn_device_clocks *clocks = *state;
    struct rn_event event = {.kind = RN_KIND_KERNEL,
                             .flags = RN_EVENT_DEVICE_TIME | RN_EVENT_UNFINISHED,
                             .start = BASE + SECOND,
                             .duration = SECOND,
                             .u.kernel = {.queued = BASE + SECOND / 2}};

    for (uint64_t i = 0; i <= 4; i++)
        read_at(clocks, i * SECOND, i * 1000100000ull, 100);
    rn_device_clocks_place(clocks, 1, &event);
    assert_in_range(event.start, BASE + SECOND - 12501, BASE + SECOND - 12497);
    assert_in_range(event.start + event.duration, BASE + 2 * SECOND - 25001,
                    BASE + 2 * SECOND - 24993);
    assert_int_equal(event.u.kernel.queued, BASE + SECOND / 2);
    assert_int_equal(event.flags, RN_EVENT_UNFINISHED);
    event.flags = RN_EVENT_DEVICE_QUEUED;
    rn_device_clocks_place(clocks, 1, &event);
    assert_true(event.u.kernel.queued < BASE + SECOND / 2);
    assert_int_equal(event.u.kernel.submitted, 0);
}

/* Whatever a damaged archive says. */
static void nonsense_does_no_harm(void **state)
{
    static const uint64_t values[] = {0, 1, BASE, 1ull << 62, 1ull << 63, UINT64_MAX};
    struct rn_event event = {.kind = RN_KIND_DEVICE_CLOCK};
    uint64_t seed = 1;

    for (unsigned i = 0; i < 20000; i++) {
        uint64_t *words = event.u.words;

        for (unsigned field = 0; field < 14; field++) {
            seed = seed * 6364136223846793005ull + 1442695040888963407ull;
            words[field] = values[(seed >> 33) % 6] + (seed >> 60);
        }
        event.u.device_clock.clock = seed >> 62;
        assert_int_equal(rn_device_clocks_add(*state, &event, &err), RN_OK);
        (void)rn_device_clocks_ticks(*state, 1, values[i % 6]);
    }
    (void)info_of(*state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_unknown_clock_changes_nothing, begin, end),
        cmocka_unit_test_setup_teardown(drift_is_followed, begin, end),
        cmocka_unit_test_setup_teardown(a_step_is_found, begin, end),
        cmocka_unit_test_setup_teardown(a_step_back_is_found, begin, end),
        cmocka_unit_test_setup_teardown(late_and_bad_readings, begin, end),
        cmocka_unit_test_setup_teardown(many_readings_are_thinned_out, begin, end),
        cmocka_unit_test_setup_teardown(an_event_is_placed, begin, end),
        cmocka_unit_test_setup_teardown(nonsense_does_no_harm, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
