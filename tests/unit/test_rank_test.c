/* SPDX-License-Identifier: MIT */
#include "libanalysis/rank_test.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static uint64_t state = 1;

/* splitmix64 (G. Steele, D. Lea, C. Flood 2014). */
static double random_unit(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

/* Values of tables: Hollander and Wolfe, table A.6; scipy.stats.mannwhitneyu(method="exact"). */
static void known_values(void **unused)
{
    const double a[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
    const double b[] = {1.15, 0.88, 0.90, 0.74, 1.21};
    struct rn_rank_test *test = rn_rank_test_new(10, 5);
    struct rn_shift shift;

    (void)unused;
    assert_non_null(test);
    /* Hollander and Wolfe, example 4.1: W = 30, one-sided .1272; example 4.3: estimate -.305; 4.4:
     * at 96 % from -.76 to .15. */
    assert_true(fabs(rn_rank_test_p(test, a, b) - 2 * 0.1272) < 1e-4);
    shift = rn_rank_test_shift(test, a, b);
    assert_true(fabs(shift.estimate + 0.305) < 1e-9);
    assert_true(shift.bounded);
    assert_true(fabs(shift.low + 0.76) < 1e-9 && fabs(shift.high - 0.15) < 1e-9);
    rn_rank_test_free(test);
}

static void extremes(void **unused)
{
    const double a[] = {1, 2, 3, 4}, b[] = {5, 6, 7, 8}, same[] = {5, 5, 5, 5};
    struct rn_rank_test *test = rn_rank_test_new(4, 4), *small = rn_rank_test_new(3, 4);

    (void)unused;
    assert_true(fabs(rn_rank_test_p(test, a, b) - 2.0 / 70) < 1e-12);
    assert_true(fabs(rn_rank_test_p(test, b, a) - 2.0 / 70) < 1e-12);
    assert_true(rn_rank_test_p(test, same, same) >= 1);
    assert_true(rn_rank_test_shift(test, a, b).bounded);
    assert_true(rn_rank_test_p(test, a, same) < 0.05); /* by approximation */
    assert_false(rn_rank_test_shift(small, a, b).bounded);
    rn_rank_test_free(test);
    rn_rank_test_free(small);
}

/* How often does a test at 5 % find what is not there, and an interval miss what is? */
static void error_rates(void **unused)
{
    struct rn_rank_test *test = rn_rank_test_new(10, 10), *large = rn_rank_test_new(60, 60);
    unsigned found = 0, missed = 0, found_large = 0;

    (void)unused;
    for (unsigned i = 0; i < 2000; i++) {
        double a[60], b[60];
        struct rn_shift shift;

        for (unsigned k = 0; k < 60; k++) {
            a[k] = -log(random_unit());
            b[k] = -log(random_unit());
        }
        found += rn_rank_test_p(test, a, b) <= 0.05;
        found_large += rn_rank_test_p(large, a, b) <= 0.05;
        for (unsigned k = 0; k < 10; k++)
            b[k] += 3;
        shift = rn_rank_test_shift(test, a, b);
        missed += shift.low > 3 || shift.high < 3;
    }
    assert_in_range(found, 40, 125);
    assert_in_range(found_large, 60, 140);
    assert_in_range(missed, 40, 125);
    rn_rank_test_free(test);
    rn_rank_test_free(large);
}

static void many(void **unused)
{
    /* Benjamini and Hochberg's own example, section 3.2: four of 15 at 5 %. */
    double p[] = {.0201, .0001, .0004, .0019, .0095, .0278, .0298, .0344,
                  .0459, .3240, .4262, .5719, .6528, .7590, 1.000};
    unsigned found = 0;

    (void)unused;
    assert_true(rn_adjust_many(p, 15));
    for (unsigned i = 0; i < 15; i++)
        found += p[i] <= 0.05;
    assert_int_equal(found, 4);
    assert_true(fabs(p[1] - .0015) < 1e-9);
    assert_true(p[14] >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(extremes),
        cmocka_unit_test(error_rates),
        cmocka_unit_test(many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
