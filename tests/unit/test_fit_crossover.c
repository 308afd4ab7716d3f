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

static void run(struct rn_fit *fit)
{
    assert_int_equal(rn_fit_run(fit, NULL), RN_OK);
}

static const struct rn_fit_placement *placement_of(const struct rn_fit *fit)
{
    assert_int_equal(fit->operation_count, 1);
    return &fit->operations[0].placements[0];
}

/* Two backends at small sizes, two others at great ones, and none between: there is an answer for
 * both, and nothing gives way to anything between them. */
static void a_gap_is_no_crossover(void **unused)
{
    struct rn_fit *fit = new_fit();
    const struct rn_fit_placement *placement;

    (void)unused;
    fill(fit, series_of(fit, RN_BACKEND_SCALAR, NULL), 16, 1024, line);
    fill(fit, series_of(fit, RN_BACKEND_SIMD, "sse2"), 16, 1024, flat);
    fill(fit, series_of(fit, RN_BACKEND_SIMD, "avx2"), 1 << 16, 4 << 20, cubic);
    fill(fit, series_of(fit, RN_BACKEND_GPU, NULL), 1 << 16, 4 << 20, line);
    run(fit);
    placement = placement_of(fit);
    assert_int_equal(placement->refused, RN_FIT_FINE);
    assert_int_equal(placement->range_count, 2);
    assert_int_equal(placement->crossover_count, 1);
    assert_false(placement->crossovers[0].decided);
    assert_true(placement->crossovers[0].size > 1024 && placement->crossovers[0].size < 1 << 16);
    rn_fit_free(fit);
}

/* As a line, and at each size a little off by itself. */
static double rough_line(double size)
{
    return line(size) * (1 + 0.04 * sin(1e3 * log(size)));
}

static double wavy_line(double size)
{
    return line(size) * (1 + 0.4 * sin(1.5 * log(size)));
}

/* Back and forth is told where it was measured, and not where noise is as large. */
static void nothing_goes_back_and_forth_by_chance(void **unused)
{
    struct rn_fit *fit = new_fit();

    (void)unused;
    fill(fit, series_of(fit, RN_BACKEND_SCALAR, NULL), 64, 4 << 20, line);
    fill(fit, series_of(fit, RN_BACKEND_SIMD, NULL), 64, 4 << 20, rough_line);
    run(fit);
    assert_true(placement_of(fit)->range_count <= 3);
    assert_int_equal(placement_of(fit)->crossover_count, placement_of(fit)->range_count - 1);
    rn_fit_free(fit);
    fit = new_fit();
    fill(fit, series_of(fit, RN_BACKEND_SCALAR, NULL), 64, 4 << 20, line);
    fill(fit, series_of(fit, RN_BACKEND_SIMD, NULL), 64, 4 << 20, wavy_line);
    run(fit);
    assert_true(placement_of(fit)->range_count >= 5);
    rn_fit_free(fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gap_is_no_crossover),
        cmocka_unit_test(nothing_goes_back_and_forth_by_chance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
