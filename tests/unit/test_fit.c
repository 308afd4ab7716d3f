/* SPDX-License-Identifier: MIT */
#include "fit_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static double logarithmic(double size)
{
    return 500 + 2 * size * log2(size);
}

static double bent(double size)
{
    return size < 65536 ? 1000 + size : 66536 + 8 * (size - 65536);
}

/* What no form follows. */
static double bumpy(double size)
{
    return line(size) * (size == 4096 ? 1.4 : 1);
}

static double flat_above_line(double size)
{
    (void)size;
    return 16000;
}

static void run(struct rn_fit *fit)
{
    assert_int_equal(rn_fit_run(fit, NULL), RN_OK);
}

static const struct rn_fit_placement *placement_of(const struct rn_fit *fit)
{
    assert_int_equal(fit->operation_count, 1);
    return &fit->operations[0].placements[0];
}

static void recovers(time_fn *time, enum rn_fit_form most)
{
    struct rn_fit *fit = new_fit();

    fill(fit, series_of(fit, RN_BACKEND_SCALAR, NULL), 64, 4 << 20, time);
    run(fit);
    assert_int_equal(fit->series[0].refused, RN_FIT_FINE);
    if (fit->series[0].model.form > most)
        fail_msg("the form is %s", rn_fit_form_name(fit->series[0].model.form));
    for (double size = 80; size < 4e6; size *= 1.7)
        if (fabs(log(rn_fit_time(&fit->series[0], size) / time(size))) > 0.04)
            fail_msg("%s: %g ns at %g; it is %g", rn_fit_form_name(fit->series[0].model.form),
                     rn_fit_time(&fit->series[0], size), size, time(size));
    rn_fit_free(fit);
}

static void forms_are_recovered(void **unused)
{
    (void)unused;
    recovers(flat, RN_FIT_CONSTANT);
    recovers(line, RN_FIT_LINEAR);
    recovers(cubic, RN_FIT_PIECES_3);
    recovers(logarithmic, RN_FIT_PIECES_3);
    recovers(bent, RN_FIT_MONOTONE);
}

static void one_crossover_is_found(void **unused)
{
    struct rn_fit *fit = new_fit();
    const struct rn_fit_placement *placement;

    (void)unused;
    fill(fit, series_of(fit, RN_BACKEND_SIMD, "avx2"), 64, 1 << 20, flat);
    fill(fit, series_of(fit, RN_BACKEND_SCALAR, NULL), 64, 1 << 20, line);
    run(fit);
    placement = placement_of(fit);
    assert_int_equal(placement->refused, RN_FIT_FINE);
    assert_int_equal(placement->range_count, 2);
    assert_int_equal(fit->series[placement->ranges[0].series].backend, RN_BACKEND_SCALAR);
    assert_int_equal(fit->series[placement->ranges[1].series].backend, RN_BACKEND_SIMD);
    assert_true(placement->crossovers[0].low <= 4000 / 3.0);
    assert_true(placement->crossovers[0].high >= 4000 / 3.0);
    assert_true(placement->crossovers[0].decided);
    assert_ptr_equal(rn_fit_range(placement, 100), &placement->ranges[0]);
    assert_ptr_equal(rn_fit_range(placement, 1e6), &placement->ranges[1]);
    assert_ptr_equal(rn_fit_band(placement, placement->crossovers[0].size),
                     &placement->crossovers[0]);
    rn_fit_free(fit);
}

static double about_line(double size)
{
    return line(size) * (size < 8192 ? 1.04 : 0.96);
}

/* Runs that differ by more than the backends do. */
/* By the form alone the line is faster at 4096; the points there know better. */
static void what_a_form_misses_is_added(void **unused)
{
    struct rn_fit *fit = new_fit();
    const struct rn_fit_placement *placement;

    (void)unused;
    fill(fit, series_of(fit, RN_BACKEND_SIMD, NULL), 64, 1 << 20, flat_above_line);
    fill(fit, series_of(fit, RN_BACKEND_SCALAR, NULL), 64, 1 << 20, bumpy);
    run(fit);
    placement = placement_of(fit);
    assert_int_equal(fit->series[0].backend, RN_BACKEND_SCALAR);
    for (double size = 64; size <= 1 << 20; size *= 2)
        if (fabs(log(rn_fit_time(&fit->series[0], size) / bumpy(size))) > 0.05)
            fail_msg("%g ns at %g; it is %g", rn_fit_time(&fit->series[0], size), size,
                     bumpy(size));
    assert_int_equal(fit->series[rn_fit_range(placement, 4096)->series].backend, RN_BACKEND_SIMD);
    assert_int_equal(fit->series[rn_fit_range(placement, 2048)->series].backend, RN_BACKEND_SCALAR);
    rn_fit_free(fit);
}

static void noise_is_not_added(void **unused)
{
    struct rn_fit *fit = new_fit();

    (void)unused;
    fill(fit, series_of(fit, RN_BACKEND_SCALAR, NULL), 64, 1 << 20, line);
    run(fit);
    for (unsigned i = 0; i < fit->series[0].point_count; i++)
        assert_true(fabs(fit->series[0].points[i].off) < 0.01);
    rn_fit_free(fit);
}

static void what_cannot_be_told_is_not_decided(void **unused)
{
    struct rn_fit *fit = new_fit();
    uint32_t scalar = series_of(fit, RN_BACKEND_SCALAR, NULL);
    uint32_t simd = series_of(fit, RN_BACKEND_SIMD, NULL);

    (void)unused;
    for (unsigned r = 0; r < RUNS; r++) {
        double factor = 0.6 + 0.2 * r;

        for (uint64_t size = 64; size <= UINT64_C(1) << 20; size *= 2) {
            for (unsigned i = 0; i < REPEATS; i++) {
                double noise = 0.99 + 0.02 * uniform();

                add(fit, scalar, r, size, size + i, line((double)size) * noise);
                add(fit, simd, r, size, size + i, factor * about_line((double)size) * noise);
            }
        }
    }
    run(fit);
    for (unsigned i = 0; i < placement_of(fit)->crossover_count; i++)
        assert_false(placement_of(fit)->crossovers[i].decided);
    rn_fit_free(fit);
}

static void models_do_not_reach_far(void **unused)
{
    struct rn_fit *fit = new_fit();
    const struct rn_fit_placement *placement;

    (void)unused;
    fill(fit, series_of(fit, RN_BACKEND_SIMD, NULL), 64, 65536, flat);
    fill(fit, series_of(fit, RN_BACKEND_SCALAR, NULL), 64, 65536, line);
    run(fit);
    placement = placement_of(fit);
    assert_true(!isnan(rn_fit_time(&fit->series[0], 65536 * 1.09)));
    assert_true(isnan(rn_fit_time(&fit->series[0], 65536 * 1.11)));
    assert_true(isnan(rn_fit_time(&fit->series[0], 64 / 1.11)));
    assert_non_null(rn_fit_range(placement, 65536 * 1.09));
    assert_null(rn_fit_range(placement, 65536 * 1.11));
    rn_fit_free(fit);
}

static void too_little_is_refused(void **unused)
{
    struct rn_fit *fit = new_fit();
    uint32_t series = series_of(fit, RN_BACKEND_SCALAR, NULL);

    (void)unused;
    for (unsigned i = 0; i < 9; i++)
        add(fit, series, 1, UINT64_C(16) << i, i, 100);
    run(fit);
    assert_int_equal(fit->series[0].refused, RN_FIT_FEW_SAMPLES);
    rn_fit_free(fit);

    fit = new_fit();
    fill(fit, series_of(fit, RN_BACKEND_SCALAR, NULL), 64, 512, line);
    run(fit);
    assert_int_equal(fit->series[0].refused, RN_FIT_FEW_SIZES);
    assert_int_equal(placement_of(fit)->refused, RN_FIT_FEW_SIZES);
    assert_true(isnan(rn_fit_time(&fit->series[0], 100)));
    rn_fit_free(fit);
}

static void one_backend_is_refused(void **unused)
{
    struct rn_fit *fit = new_fit();

    (void)unused;
    fill(fit, series_of(fit, RN_BACKEND_SCALAR, NULL), 64, 65536, line);
    run(fit);
    assert_int_equal(fit->series[0].refused, RN_FIT_FINE);
    assert_int_equal(placement_of(fit)->refused, RN_FIT_ONE_BACKEND);
    assert_null(rn_fit_range(placement_of(fit), 1000));
    rn_fit_free(fit);
}

static void no_overlap_is_refused(void **unused)
{
    struct rn_fit *fit = new_fit();

    (void)unused;
    fill(fit, series_of(fit, RN_BACKEND_SCALAR, NULL), 64, 1 << 11, line);
    fill(fit, series_of(fit, RN_BACKEND_SIMD, NULL), 4096, 1 << 20, flat);
    run(fit);
    assert_int_equal(placement_of(fit)->refused, RN_FIT_NO_OVERLAP);
    rn_fit_free(fit);
}

static double sometimes_slow(double size)
{
    return line(size) * (uniform() < 0.4 ? 1.6 : 1);
}

static double seldom_slow(double size)
{
    return line(size) * (uniform() < 0.1 ? 1 / uniform() : 1);
}

static void two_modes_are_refused(void **unused)
{
    struct rn_fit *fit = new_fit();

    (void)unused;
    fill(fit, series_of(fit, RN_BACKEND_SCALAR, NULL), 64, 1 << 20, sometimes_slow);
    fill(fit, series_of(fit, RN_BACKEND_SIMD, NULL), 64, 1 << 20, seldom_slow);
    run(fit);
    assert_int_equal(fit->series[0].refused, RN_FIT_TWO_MODES);
    assert_int_equal(fit->series[1].refused, RN_FIT_FINE);
    rn_fit_free(fit);
}

static void warm_up_and_drift_are_seen(void **unused)
{
    struct rn_fit *fit = new_fit();
    uint32_t warm = series_of(fit, RN_BACKEND_SCALAR, NULL);
    uint32_t drifts = series_of(fit, RN_BACKEND_SIMD, NULL);

    (void)unused;
    for (unsigned r = 0; r < RUNS; r++) {
        for (unsigned i = 0; i < 200; i++) {
            uint64_t size = UINT64_C(64) << (i * 7 + r) % 10;
            double ns = line((double)size) * (0.97 + 0.06 * uniform());

            add(fit, warm, r, size, i, i < 4 ? 10 * ns : ns);
            add(fit, drifts, r, size, i, ns * (1 + 0.3 * i / 200));
        }
    }
    run(fit);
    assert_int_equal(fit->series[0].warm_up, 4 * RUNS);
    assert_true(fit->series[0].drift == 0);
    assert_true(fit->series[1].drift > 0.1 && fit->series[1].drift < 0.4);
    rn_fit_free(fit);
}

/* What is shorter than `threshold` is counted. */
static void fill_cut(struct rn_fit *fit, uint32_t series, uint32_t counted, double threshold,
                     time_fn *time)
{
    for (unsigned r = 0; r < RUNS; r++) {
        for (uint64_t size = 64; size <= UINT64_C(1) << 20; size *= 2) {
            struct rn_fit_aggregate sum = {.reason = RN_AGGREGATE_THRESHOLD, .buckets = 0};

            for (unsigned i = 0; i < 20; i++) {
                double ns = round(time((double)size) * (0.95 + 0.1 * uniform()));
                int bucket = (int)floor(log2(ns)) + 1;

                if (ns >= threshold) {
                    add(fit, series, r, size, size + i, ns);
                    continue;
                }
                sum.size_bin = (unsigned)(floor(log2((double)size)) + 1);
                sum.min_ns = sum.count && sum.min_ns < (uint64_t)ns ? sum.min_ns : (uint64_t)ns;
                sum.max_ns = sum.max_ns > (uint64_t)ns ? sum.max_ns : (uint64_t)ns;
                sum.count++;
                sum.sum_ns += (uint64_t)ns;
                sum.elements += size;
                sum.buckets = 48;
                for (int k = 0; k < 48; k++) {
                    sum.bucket[k].from_ns = k ? ldexp(1, k - 1) : 0;
                    sum.bucket[k].to_ns = ldexp(1, k);
                }
                sum.bucket[bucket].count++;
            }
            if (sum.count)
                assert_int_equal(rn_fit_add_aggregate(fit, counted, r, &sum, NULL), RN_OK);
        }
    }
}

static void a_threshold_is_corrected(void **unused)
{
    struct rn_fit *fit = new_fit();

    (void)unused;
    fill_cut(fit, series_of(fit, RN_BACKEND_SCALAR, "sse2"),
             series_of(fit, RN_BACKEND_SCALAR, NULL), 60000, line);
    run(fit);
    assert_int_equal(fit->series[1].refused, RN_FIT_FINE);
    assert_int_equal(fit->series[1].point_count, 15);
    for (unsigned i = 0; i < fit->series[1].point_count; i++) {
        const struct rn_fit_point *point = &fit->series[1].points[i];

        if (fabs(point->log_ns - log(line(point->size))) > 0.03)
            fail_msg("%g ns at %g; it is %g", exp(point->log_ns), point->size, line(point->size));
    }
    rn_fit_free(fit);
}

/* Of which of two instruction sets the counts are cannot be known. */
static void what_a_threshold_hides_is_refused(void **unused)
{
    struct rn_fit *fit = new_fit();
    uint32_t counted = series_of(fit, RN_BACKEND_SIMD, NULL);

    (void)unused;
    fill_cut(fit, series_of(fit, RN_BACKEND_SIMD, "avx2"), counted, 1e6, line);
    fill_cut(fit, series_of(fit, RN_BACKEND_SIMD, "avx512"), counted, 1e6, cubic);
    fill(fit, series_of(fit, RN_BACKEND_SCALAR, NULL), 64, 1 << 20, flat);
    run(fit);
    assert_int_equal(placement_of(fit)->refused, RN_FIT_CENSORED);
    rn_fit_free(fit);
}

static void the_same_is_the_same(void **unused)
{
    double low[2], high[2];

    (void)unused;
    for (int i = 0; i < 2; i++) {
        struct rn_fit *fit = new_fit();

        fill(fit, series_of(fit, RN_BACKEND_SIMD, NULL), 64, 1 << 20, flat);
        fill(fit, series_of(fit, RN_BACKEND_SCALAR, NULL), 64, 1 << 20, line);
        run(fit);
        low[i] = placement_of(fit)->crossovers[0].low;
        high[i] = placement_of(fit)->crossovers[0].high;
        rn_fit_free(fit);
    }
    assert_true(low[0] == low[1] && high[0] == high[1]);
}

static void many_sizes_are_pooled(void **unused)
{
    struct rn_fit *fit = new_fit();
    uint32_t series = series_of(fit, RN_BACKEND_SCALAR, NULL);

    (void)unused;
    for (unsigned r = 0; r < RUNS; r++)
        for (unsigned i = 0; i < 1000; i++) {
            double size = floor(64 * exp(9 * uniform()));

            add(fit, series, r, (uint64_t)size, i, line(size) * (0.97 + 0.06 * uniform()));
        }
    run(fit);
    assert_true(fit->series[0].point_count <= RN_FIT_MAX_SIZES);
    assert_int_equal(fit->series[0].refused, RN_FIT_FINE);
    assert_true(fabs(log(rn_fit_time(&fit->series[0], 10000) / line(10000))) < 0.05);
    rn_fit_free(fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_recovered),
        cmocka_unit_test(one_crossover_is_found),
        cmocka_unit_test(what_a_form_misses_is_added),
        cmocka_unit_test(noise_is_not_added),
        cmocka_unit_test(what_cannot_be_told_is_not_decided),
        cmocka_unit_test(models_do_not_reach_far),
        cmocka_unit_test(too_little_is_refused),
        cmocka_unit_test(one_backend_is_refused),
        cmocka_unit_test(no_overlap_is_refused),
        cmocka_unit_test(two_modes_are_refused),
        cmocka_unit_test(warm_up_and_drift_are_seen),
        cmocka_unit_test(a_threshold_is_corrected),
        cmocka_unit_test(what_a_threshold_hides_is_refused),
        cmocka_unit_test(the_same_is_the_same),
        cmocka_unit_test(many_sizes_are_pooled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
