/* SPDX-License-Identifier: MIT */
/* Messages between hosts whose clocks are known to the test: what comes out must hold the truth,
 * and be nearly as good as the messages allow. */
#include "libanalysis/clock_sync.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define RUNS     100u
#define MESSAGES 2000u
#define SECOND   1000000000.0
#define BEGIN    INT64_C(1760000000000000000)

static uint64_t random_state;

/* splitmix64 (S. Vigna). */
static double draw(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (double)((z ^ z >> 31) >> 11) / 9007199254740992.0;
}

/* A clock as the truth has it: what it shows at a time. */
struct true_clock {
    double offset, drift, step, step_at;
};

static double shown(const struct true_clock *clock, double time)
{
    return time + clock->offset + clock->drift * time + (time >= clock->step_at ? clock->step : 0);
}

static struct true_clock any_clock(bool steps)
{
    struct true_clock clock = {.offset = (draw() - 0.5) * 20 * SECOND,
                               .drift = (draw() - 0.5) * 400e-6,
                               .step_at = INFINITY};

    if (steps) {
        clock.step = (0.05 + draw()) * SECOND;
        clock.step_at = (25 + 10 * draw()) * SECOND;
    }
    return clock;
}

/* One way takes 40 to 400 us, most of the time little more than the least. */
static double delay(void)
{
    return 40e3 + 360e3 * pow(draw(), 4);
}

/* A minute of messages between hosts 0 and `hosts` - 1, each with the next one. */
static struct rn_clock_sync *exchange(const struct true_clock *clocks, uint32_t hosts)
{
    struct rn_clock_sync *sync = rn_clock_sync_new(hosts);
    struct rn_error err;

    for (unsigned i = 0; i < MESSAGES; i++) {
        double time = 60 * SECOND * i / MESSAGES;
        uint32_t a = i % hosts, b = (a + 1) % hosts;
        double sent = shown(&clocks[a], time), received = shown(&clocks[b], time + delay());
        double back = shown(&clocks[b], time + 1e6),
               there = shown(&clocks[a], time + 1e6 + delay());

        assert_int_equal(rn_clock_sync_message(sync, a, b, BEGIN + (int64_t)floor(sent),
                                               BEGIN + (int64_t)ceil(received), &err),
                         RN_OK);
        assert_int_equal(rn_clock_sync_message(sync, b, a, BEGIN + (int64_t)floor(back),
                                               BEGIN + (int64_t)ceil(there), &err),
                         RN_OK);
    }
    assert_int_equal(rn_clock_sync_solve(sync, &err), RN_OK);
    return sync;
}

static const struct rn_clock_line *line_at(const struct rn_clock_host *host, double own)
{
    size_t i = 0;

    while (i + 1 < host->line_count && (double)(host->lines[i + 1].from_ns - BEGIN) <= own)
        i++;
    return &host->lines[i];
}

static double corrected(const struct rn_clock_host *host, double own)
{
    const struct rn_clock_line *line = line_at(host, own);

    return own + (double)line->offset_ns + line->drift * (own - (double)(line->from_ns - BEGIN));
}

static uint32_t reference_of(const struct rn_clock_sync *sync, uint32_t hosts)
{
    const struct rn_clock_host *list = rn_clock_sync_hosts(sync);

    for (uint32_t i = 0; i < hosts; i++)
        if (list[i].parent == i)
            return i;
    return UINT32_MAX;
}

/* How far beyond the bound the truth lies, at worst, in ns. Times are since BEGIN. */
static double worst_excess(const struct rn_clock_sync *sync, const struct true_clock *clocks,
                           uint32_t hosts)
{
    uint32_t reference = reference_of(sync, hosts);
    double worst = -INFINITY;

    for (uint32_t i = 0; i < hosts; i++) {
        const struct rn_clock_host *host = &rn_clock_sync_hosts(sync)[i];

        for (unsigned j = 0; j <= 600; j++) {
            double time = j * 0.1 * SECOND, own = shown(&clocks[i], time);
            double truth = shown(&clocks[reference], time);
            double excess =
                fabs(corrected(host, own) - truth) - (double)line_at(host, own)->bound_ns;

            /* Beyond the first and the last message it is an extrapolation. */
            if (time > 0.1 * SECOND && time < 59.9 * SECOND)
                worst = fmax(worst, excess);
        }
    }
    return worst;
}

static void expect_truth_within_bound(uint32_t hosts, bool steps)
{
    unsigned fine = 0;

    for (unsigned run = 0; run < RUNS; run++) {
        struct true_clock clocks[4];
        struct rn_clock_sync *sync;

        random_state = run * 1000003u + hosts * 17u + steps;
        for (uint32_t i = 0; i < hosts; i++)
            clocks[i] = any_clock(steps && i == 1);
        sync = exchange(clocks, hosts);
        fine += worst_excess(sync, clocks, hosts) <= 2; /* rounding */
        rn_clock_sync_free(sync);
    }
    assert_in_range(fine, RUNS - 1, RUNS);
}

static void test_two_hosts(void **state)
{
    (void)state;
    expect_truth_within_bound(2, false);
}

static void test_three_hosts(void **state)
{
    (void)state;
    expect_truth_within_bound(3, false);
}

static void test_step(void **state)
{
    (void)state;
    expect_truth_within_bound(2, true);
}

/* ---- the best that can be had, by a linear programme of its own: all pairs of points ---- */

struct point {
    double x, low, high;
};

/* Least and greatest value at `x` of the lines that pass all points: through two of them. */
static void best_range(const struct point *points, unsigned count, double x, double *low,
                       double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < count; j++)
            for (unsigned sides = 0; sides < 4; sides++) {
                double y_i = sides & 1 ? points[i].high : points[i].low;
                double y_j = sides & 2 ? points[j].high : points[j].low, slope, value;
                bool passes = true;

                if (points[i].x >= points[j].x || !isfinite(y_i) || !isfinite(y_j))
                    continue;
                slope = (y_j - y_i) / (points[j].x - points[i].x);
                for (unsigned k = 0; k < count && passes; k++) {
                    value = y_i + slope * (points[k].x - points[i].x);
                    passes = value >= points[k].low - 1e-3 && value <= points[k].high + 1e-3;
                }
                if (!passes)
                    continue;
                value = y_i + slope * (x - points[i].x);
                *low = fmin(*low, value);
                *high = fmax(*high, value);
            }
}

static void test_bound_is_near_the_best(void **state)
{
    struct rn_error err;

    (void)state;
    for (unsigned run = 0; run < 20; run++) {
        enum { COUNT = 40 };
        struct rn_clock_sync *sync = rn_clock_sync_new(2);
        const struct rn_clock_host *host;
        struct point points[COUNT];
        double drift, low, high, best = 0;

        random_state = run + 5;
        drift = (draw() - 0.5) * 400e-6;
        for (unsigned i = 0; i < COUNT; i++) {
            double x = floor(i * 1e8), difference = floor(5e6 + drift * x);
            bool forth = i % 2 == 0;
            double y = floor(difference + (forth ? delay() : -delay()));

            points[i] = (struct point){x, forth ? -INFINITY : y, forth ? y : INFINITY};
            if (forth)
                assert_int_equal(
                    rn_clock_sync_message(sync, 0, 1, (int64_t)x, (int64_t)(x + y), &err), RN_OK);
            else
                assert_int_equal(
                    rn_clock_sync_message(sync, 1, 0, (int64_t)(x + y), (int64_t)x, &err), RN_OK);
        }
        assert_int_equal(rn_clock_sync_solve(sync, &err), RN_OK);
        for (unsigned end = 0; end < 2; end++) {
            best_range(points, COUNT, points[end ? COUNT - 1 : 0].x, &low, &high);
            best = fmax(best, (high - low) / 2);
        }
        host = &rn_clock_sync_hosts(sync)[1];
        assert_int_equal(host->line_count, 1);
        assert_true((double)host->lines[0].bound_ns <= 1.5 * best + 10);
        assert_true((double)host->lines[0].bound_ns >= best - 10);
        rn_clock_sync_free(sync);
    }
}

static void test_no_messages(void **state)
{
    struct rn_clock_sync *sync = rn_clock_sync_new(2);
    struct rn_error err;

    (void)state;
    assert_int_equal(rn_clock_sync_solve(sync, &err), RN_OK);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(rn_clock_sync_hosts(sync)[i].parent, i);
        assert_int_equal(rn_clock_sync_hosts(sync)[i].lines[0].offset_ns, 0);
    }
    rn_clock_sync_free(sync);
}

static void test_one_way(void **state)
{
    struct rn_clock_sync *sync = rn_clock_sync_new(2);
    const struct rn_clock_host *host;
    struct rn_error err;

    (void)state;
    for (int i = 0; i < 10; i++)
        assert_int_equal(rn_clock_sync_message(sync, 0, 1, 1000 * i, 1000 * i - 500 + i, &err),
                         RN_OK);
    assert_int_equal(rn_clock_sync_solve(sync, &err), RN_OK);
    host = &rn_clock_sync_hosts(sync)[1];
    assert_true(host->lines[0].bound_ns == UINT64_MAX);
    assert_true(host->lines[0].offset_ns >= 500);
    assert_int_equal(host->violations_before, 10);
    assert_int_equal(host->violations_after, 0);
    rn_clock_sync_free(sync);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_hosts),   cmocka_unit_test(test_three_hosts),
        cmocka_unit_test(test_step),        cmocka_unit_test(test_bound_is_near_the_best),
        cmocka_unit_test(test_no_messages), cmocka_unit_test(test_one_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
