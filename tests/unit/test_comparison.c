/* SPDX-License-Identifier: MIT */
#include "libanalysis/comparison.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct rn_error err = RN_ERROR_INIT;
static struct rn_comparison *comparison;
static const struct rn_comparison_row *rows;
static size_t count;
static uint64_t state = 1;

static double random_unit(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(state >> 11) + 0.5) / 9007199254740992.0;
}

static void begin(size_t runs_a, size_t runs_b, bool rates)
{
    rn_comparison_free(comparison);
    comparison = rn_comparison_new(runs_a, runs_b, 0.05, rates);
    assert_non_null(comparison);
}

static int end(void **unused)
{
    (void)unused;
    rn_comparison_free(comparison);
    comparison = NULL;
    return 0;
}

static void add(unsigned side, size_t run, unsigned family, const char *name, double value,
                uint64_t calls)
{
    const struct rn_comparison_value added = {
        .family = family, .name = name, .value = value, .weight_ns = value, .calls = calls};

    assert_int_equal(rn_comparison_add(comparison, side, run, &added, &err), RN_OK);
}

static void finish(void)
{
    assert_int_equal(rn_comparison_result(comparison, &rows, &count, &err), RN_OK);
}

static const struct rn_comparison_row *row(const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    fail_msg("no row %s", name);
    return NULL;
}

/* Ten runs with 2 % of noise each. */
static void verdicts(void **unused)
{
    static const struct {
        const char *name;
        double a, b;
        enum rn_verdict verdict;
        bool certain;
    } groups[] = {
        {"much slower", 1e6, 1.2e6, RN_VERDICT_MORE, true},
        {"faster", 1e6, 0.8e6, RN_VERDICT_LESS, false},
        {"same", 1e6, 1.01e6, RN_VERDICT_SAME, false},
        {"new", 0, 1e6, RN_VERDICT_NEW, false},
        {"gone", 1e6, 0, RN_VERDICT_GONE, false},
        {"small", 100, 300, RN_VERDICT_SMALL, false},
    };

    (void)unused;
    begin(10, 10, false);
    assert_false(rn_comparison_wants_series(comparison));
    for (size_t run = 0; run < 10; run++) {
        for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
            double noise = 1 + 0.02 * random_unit();

            if (groups[i].a > 0)
                add(0, run, 1, groups[i].name, groups[i].a * noise, 3);
            if (groups[i].b > 0)
                add(1, run, 1, groups[i].name, groups[i].b * noise, 3);
        }
        add(0, run, 1, "noisy", 1e6 * (1 + 3 * random_unit()), 1);
        add(1, run, 1, "noisy", 1e6 * (1 + 3 * random_unit()), 1);
        /* Slower, but perhaps by less than 5 %. */
        add(0, run, 1, "a little", 1e6 * (1 + 0.02 * random_unit()), 1);
        add(1, run, 1, "a little", 1.05e6 * (1 + 0.02 * random_unit()), 1);
    }
    finish();
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        assert_int_equal(row(groups[i].name)->verdict, groups[i].verdict);
        assert_int_equal(row(groups[i].name)->certain, groups[i].certain);
    }
    assert_int_equal(row("noisy")->verdict, RN_VERDICT_UNKNOWN);
    assert_int_equal(row("a little")->verdict, RN_VERDICT_MORE);
    assert_false(row("a little")->certain);
    assert_in_range(1000 * row("much slower")->ratio, 1180, 1220);
    assert_true(row("much slower")->low < 1.2 && row("much slower")->high > 1.2);
    assert_true(row("much slower")->calls_a > 2.9 && row("much slower")->calls_a < 3.1);
    /* What makes the most difference is first, what was not tested last. */
    assert_true(rows[count - 1].verdict == RN_VERDICT_SMALL);
}

/* Of 30 groups in which nothing differs, in fewer than one of ten comparisons any is said to; an
 * error of 5 % for each of them would be one in most. */
static void nothing_differs(void **unused)
{
    unsigned wrong = 0;

    (void)unused;
    for (unsigned i = 0; i < 200; i++) {
        bool any = false;

        begin(10, 10, false);
        for (size_t run = 0; run < 10; run++) {
            for (unsigned group = 0; group < 30; group++) {
                char name[16];

                snprintf(name, sizeof name, "g%u", group);
                add(0, run, 1, name, -1e6 * log(random_unit()), 1);
                add(1, run, 1, name, -1e6 * log(random_unit()), 1);
            }
        }
        finish();
        for (size_t k = 0; k < count; k++)
            any |= rows[k].verdict == RN_VERDICT_MORE || rows[k].verdict == RN_VERDICT_LESS;
        wrong += any;
    }
    print_message("%u of 200\n", wrong);
    assert_in_range(wrong, 0, 20);
}

/* Of one run a side it is known what differed within them, and that is not certain. */
static void one_run(void **unused)
{
    struct rn_series *series[2];
    double low, high;

    (void)unused;
    begin(1, 1, false);
    assert_true(rn_comparison_wants_series(comparison));
    for (unsigned side = 0; side < 2; side++) {
        struct rn_comparison_value value = {.family = 1, .name = "read", .calls = 5000};

        series[side] = rn_series_new();
        assert_non_null(series[side]);
        for (unsigned i = 0; i < 5000; i++) {
            uint64_t ns = (uint64_t)((side ? 1300 : 1000) * (0.5 + random_unit()));

            rn_series_add(series[side], i, ns);
            value.value += (double)ns;
        }
        value.weight_ns = value.value;
        value.series = series[side];
        assert_int_equal(rn_comparison_add(comparison, side, 0, &value, &err), RN_OK);
        add(side, 0, 1, "few", 1e6 + side, 1);
    }
    finish();
    assert_int_equal(row("read")->verdict, RN_VERDICT_MORE);
    assert_true(row("read")->within_runs && !row("read")->certain);
    low = row("read")->low;
    high = row("read")->high;
    assert_true(low > 1.27 && low < 1.3 && high > 1.3 && high < 1.33);
    /* 1.96 standard errors on both sides are 0.029 in all. */
    assert_true(high - low > 0.022 && high - low < 0.036);
    assert_int_equal(row("few")->verdict, RN_VERDICT_UNKNOWN);
    /* Again: the same. */
    begin(1, 1, true);
    for (unsigned side = 0; side < 2; side++) {
        struct rn_comparison_value value = {
            .family = 1, .name = "read", .weight_ns = 5e6, .calls = 5000, .series = series[side]};

        assert_int_equal(rn_comparison_add(comparison, side, 0, &value, &err), RN_OK);
        rn_series_free(series[side]);
    }
    finish();
    assert_true(fabs(row("read")->low - low) < 0.01 && fabs(row("read")->high - high) < 0.01);
    assert_true(fabs(row("read")->a - 1000) < 0.01);
}

/* What is the same in all runs, as numbers of calls are. */
static void no_noise(void **unused)
{
    (void)unused;
    begin(10, 10, false);
    for (size_t run = 0; run < 10; run++) {
        add(0, run, 1, "twice", 1, 1);
        add(0, run, 1, "twice", 1, 1); /* adds up */
        add(1, run, 1, "twice", 4, 4);
        add(0, run, 1, "equal", 7, 7);
        add(1, run, 1, "equal", 7, 7);
        if (run % 2)
            add(0, run, 1, "sometimes", 5, 5);
        add(1, run, 1, "sometimes", 5, 5);
    }
    finish();
    assert_int_equal(row("twice")->verdict, RN_VERDICT_MORE);
    assert_true(fabs(row("twice")->ratio - 2) < 1e-9);
    assert_int_equal(row("equal")->verdict, RN_VERDICT_SAME);
    assert_int_equal(row("sometimes")->verdict, RN_VERDICT_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(verdicts, end),
        cmocka_unit_test_teardown(nothing_differs, end),
        cmocka_unit_test_teardown(one_run, end),
        cmocka_unit_test_teardown(no_noise, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
