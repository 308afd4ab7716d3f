/* SPDX-License-Identifier: MIT */
#include "libanalysis/statistics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define SAMPLES 5000u

static struct rn_histogram *of(const uint64_t *values, size_t count)
{
    struct rn_histogram *histogram = rn_histogram_new();

    assert_non_null(histogram);
    for (size_t i = 0; i < count; i++)
        rn_histogram_add(histogram, values[i]);
    assert_false(rn_histogram_failed(histogram));
    return histogram;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Spread over many powers of two, reproducible. */
static void fill(uint64_t *values, size_t count, uint64_t state)
{
    for (size_t i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        values[i] = (state >> 16) >> (state >> 58) % 48;
    }
}

static void assert_within(uint64_t got, uint64_t wanted)
{
    uint64_t difference = got > wanted ? got - wanted : wanted - got;

    if (difference > wanted / 128)
        fail_msg("%llu is not within 1/128 of %llu", (unsigned long long)got,
                 (unsigned long long)wanted);
}

static void test_empty(void **state)
{
    struct rn_histogram *histogram = rn_histogram_new();

    (void)state;
    assert_int_equal(rn_histogram_quantile(histogram, 0.5), 0);
    assert_int_equal(rn_histogram_min(histogram), 0);
    assert_int_equal(rn_histogram_max(histogram), 0);
    assert_int_equal(rn_histogram_mad(histogram), 0);
    assert_true(rn_histogram_mean(histogram) == 0 && rn_histogram_stddev(histogram) == 0);
    rn_histogram_free(histogram);
    rn_histogram_free(NULL);
}

static void test_small_values_are_exact(void **state)
{
    static const uint64_t values[] = {2, 4, 4, 4, 5, 5, 7, 9};
    struct rn_histogram *histogram = of(values, 8);

    (void)state;
    assert_int_equal(rn_histogram_count(histogram), 8);
    assert_int_equal(rn_histogram_sum(histogram), 40);
    assert_true(rn_histogram_mean(histogram) == 5.0);
    assert_true(fabs(rn_histogram_stddev(histogram) - 2.0) < 1e-12);
    assert_int_equal(rn_histogram_quantile(histogram, 0), 2);
    assert_int_equal(rn_histogram_quantile(histogram, 0.5), 4);
    assert_int_equal(rn_histogram_quantile(histogram, 0.75), 5);
    assert_int_equal(rn_histogram_quantile(histogram, 0.76), 7);
    assert_int_equal(rn_histogram_quantile(histogram, 1), 9);
    assert_int_equal(rn_histogram_mad(histogram), 1); /* of 2 0 0 0 1 1 3 5, lower median */
    assert_int_equal(rn_histogram_above(histogram, 4), 4);
    assert_int_equal(rn_histogram_above(histogram, 9), 0);
    rn_histogram_free(histogram);
}

static void test_quantiles_against_sorting(void **state)
{
    static const double qs[] = {0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999};
    uint64_t values[SAMPLES];
    struct rn_histogram *histogram;

    (void)state;
    fill(values, SAMPLES, 7);
    histogram = of(values, SAMPLES);
    qsort(values, SAMPLES, sizeof values[0], compare);
    for (size_t i = 0; i < sizeof qs / sizeof qs[0]; i++) {
        size_t rank = (size_t)ceil(qs[i] * SAMPLES);

        assert_within(rn_histogram_quantile(histogram, qs[i]), values[rank - 1]);
    }
    assert_int_equal(rn_histogram_min(histogram), values[0]);
    assert_int_equal(rn_histogram_max(histogram), values[SAMPLES - 1]);
    rn_histogram_free(histogram);
}

static void test_every_power_of_two_keeps_its_precision(void **state)
{
    (void)state;
    for (unsigned shift = 0; shift < 64; shift++) {
        for (int nudge = -1; nudge <= 1; nudge++) {
            uint64_t value = (UINT64_C(1) << shift) + (uint64_t)(int64_t)nudge;
            struct rn_histogram *histogram = of((uint64_t[]){0, value, UINT64_MAX}, 3);

            assert_within(rn_histogram_quantile(histogram, 0.5), value);
            rn_histogram_free(histogram);
        }
    }
}

static void test_mad_against_sorting(void **state)
{
    uint64_t values[SAMPLES], deviations[SAMPLES], median;
    struct rn_histogram *histogram;

    (void)state;
    fill(values, SAMPLES, 99);
    for (size_t i = 0; i < SAMPLES; i++)
        values[i] = 1000000 + values[i] % 500000;
    histogram = of(values, SAMPLES);
    qsort(values, SAMPLES, sizeof values[0], compare);
    median = values[SAMPLES / 2 - 1];
    for (size_t i = 0; i < SAMPLES; i++)
        deviations[i] = values[i] > median ? values[i] - median : median - values[i];
    qsort(deviations, SAMPLES, sizeof deviations[0], compare);
    assert_true(llabs((long long)rn_histogram_mad(histogram) -
                      (long long)deviations[SAMPLES / 2 - 1]) <= 2 * 1500000 / 128);
    rn_histogram_free(histogram);
}

static void test_extremes_do_not_overflow(void **state)
{
    struct rn_histogram *histogram = of((uint64_t[]){UINT64_MAX, UINT64_MAX, 1}, 3);

    (void)state;
    assert_int_equal(rn_histogram_sum(histogram), UINT64_MAX);
    assert_int_equal(rn_histogram_max(histogram), UINT64_MAX);
    assert_true(rn_histogram_mean(histogram) > 1.2e19);
    assert_true(rn_histogram_stddev(histogram) >= 0);
    rn_histogram_free(histogram);
}

static void test_merge_is_adding_both(void **state)
{
    uint64_t values[SAMPLES];
    struct rn_histogram *whole, *a, *b;

    (void)state;
    fill(values, SAMPLES, 3);
    whole = of(values, SAMPLES);
    a = of(values, SAMPLES / 3);
    b = of(values + SAMPLES / 3, SAMPLES - SAMPLES / 3);
    rn_histogram_merge(a, b);
    assert_int_equal(rn_histogram_count(a), SAMPLES);
    assert_int_equal(rn_histogram_sum(a), rn_histogram_sum(whole));
    assert_int_equal(rn_histogram_min(a), rn_histogram_min(whole));
    for (double q = 0; q <= 1; q += 0.05)
        assert_int_equal(rn_histogram_quantile(a, q), rn_histogram_quantile(whole, q));
    assert_true(fabs(rn_histogram_stddev(a) - rn_histogram_stddev(whole)) <
                1e-9 * rn_histogram_stddev(whole));
    rn_histogram_free(whole);
    rn_histogram_free(a);
    rn_histogram_free(b);
}

static void test_outliers(void **state)
{
    uint64_t values[1001];
    struct rn_histogram *histogram;
    struct rn_outlier_model model;
    struct rn_outlier_score score;

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        values[i] = 90 + i % 21;
    values[1000] = 10000;
    histogram = of(values, 1001);
    model = rn_outlier_model(histogram);
    score = rn_outlier_score(&model, 10000);
    assert_true(score.z > 30 && score.z < 32);
    assert_true(score.robust > 1300 && score.robust < 1400); /* 0.6745 * 9900 / 5 */
    assert_true(rn_outlier_score(&model, 100).robust == 0);
    assert_true(rn_outlier_score(&model, 80).robust < -2);
    assert_int_equal(rn_histogram_above(histogram, rn_outlier_bound_z(&model, RN_OUTLIER_Z)), 1);
    assert_int_equal(
        rn_histogram_above(histogram, rn_outlier_bound_robust(&model, RN_OUTLIER_ROBUST)), 1);
    rn_histogram_free(histogram);
}

static void test_outliers_without_spread(void **state)
{
    struct rn_histogram *histogram = of((uint64_t[]){1280, 1280, 1280, 1280, 2560}, 5);
    struct rn_outlier_model model = rn_outlier_model(histogram);

    (void)state;
    assert_true(rn_outlier_score(&model, 2560).robust > 80);
    rn_histogram_free(histogram);
    histogram = of((uint64_t[]){7, 7, 7}, 3);
    model = rn_outlier_model(histogram);
    assert_true(rn_outlier_score(&model, 7).z == 0 && rn_outlier_score(&model, 7).robust == 0);
    assert_int_equal(rn_outlier_bound_z(&model, RN_OUTLIER_Z), UINT64_MAX);
    rn_histogram_free(histogram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_small_values_are_exact),
        cmocka_unit_test(test_quantiles_against_sorting),
        cmocka_unit_test(test_every_power_of_two_keeps_its_precision),
        cmocka_unit_test(test_mad_against_sorting),
        cmocka_unit_test(test_extremes_do_not_overflow),
        cmocka_unit_test(test_merge_is_adding_both),
        cmocka_unit_test(test_outliers),
        cmocka_unit_test(test_outliers_without_spread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
