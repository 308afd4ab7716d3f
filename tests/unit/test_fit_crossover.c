/* SPDX-License-Identifier: MIT */
#include "formats/event.h"
#include "libanalysis/fit/fit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define RUNS    5u
#define REPEATS 8u

static uint64_t state;

static double uniform(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(state >> 11) + 0.5) / 9007199254740992.0;
}

static struct rn_fit *new_fit(void)
{
    struct rn_fit_options options = {.seed = 7, .replicates = 200};
    struct rn_fit *fit = rn_fit_new(&options);

    state = 42;
    assert_non_null(fit);
    return fit;
}

static uint32_t series_of(struct rn_fit *fit, uint8_t backend, const char *isa)
{
    uint32_t series;

    assert_int_equal(rn_fit_series(fit, "op", backend, isa, RN_RESIDENCY_UNKNOWN, &series, NULL),
                     RN_OK);
    return series;
}

static void add(struct rn_fit *fit, uint32_t series, uint64_t run, uint64_t size, uint64_t number,
                double ns)
{
    assert_int_equal(rn_fit_add(fit, series, run, size, number * 1000, (uint64_t)(ns + 0.5), NULL),
                     RN_OK);
}

typedef double time_fn(double size);

/* Powers of 2 from `from` to `to`, 3 % of noise; each run is a little faster or slower. */
static void fill(struct rn_fit *fit, uint32_t series, uint64_t from, uint64_t to, time_fn *time)
{
    for (unsigned run = 0; run < RUNS; run++) {
        double factor = 0.98 + 0.04 * uniform();

        for (uint64_t size = from; size <= to; size *= 2)
            for (unsigned i = 0; i < REPEATS; i++)
                add(fit, series, run, size, size + i,
                    factor * time((double)size) * (0.97 + 0.06 * uniform()));
    }
}

static double flat(double size)
{
    (void)size;
    return 5000;
}

static double line(double size)
{
    return 1000 + 3 * size;
}

static double cubic(double size)
{
    return 2000 + 0.5 * pow(size, 1.5);
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
