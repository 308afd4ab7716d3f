/* SPDX-License-Identifier: MIT */
/* Series of times that are known, with noise that is the same each time. */
#ifndef TEST_FIT_FIXTURE_H
#define TEST_FIT_FIXTURE_H

#include "formats/event.h"
#include "libanalysis/fit/fit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RUNS    5u
#define REPEATS 8u

static uint64_t state;

static inline double uniform(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(state >> 11) + 0.5) / 9007199254740992.0;
}

static inline struct rn_fit *new_fit(void)
{
    struct rn_fit_options options = {.seed = 7, .replicates = 200};
    struct rn_fit *fit = rn_fit_new(&options);

    state = 42;
    assert_non_null(fit);
    return fit;
}

static inline uint32_t series_of(struct rn_fit *fit, uint8_t backend, const char *isa)
{
    uint32_t series;

    assert_int_equal(rn_fit_series(fit, "op", backend, isa, RN_RESIDENCY_UNKNOWN, &series, NULL),
                     RN_OK);
    return series;
}

static inline void add(struct rn_fit *fit, uint32_t series, uint64_t run, uint64_t size,
                       uint64_t number, double ns)
{
    assert_int_equal(rn_fit_add(fit, series, run, size, number * 1000, (uint64_t)(ns + 0.5), NULL),
                     RN_OK);
}

typedef double time_fn(double size);

/* Powers of 2 from `from` to `to`, 3 % of noise; each run is a little faster or slower. */
static inline void fill(struct rn_fit *fit, uint32_t series, uint64_t from, uint64_t to,
                        time_fn *time)
{
    for (unsigned run = 0; run < RUNS; run++) {
        double factor = 0.98 + 0.04 * uniform();

        for (uint64_t size = from; size <= to; size *= 2)
            for (unsigned i = 0; i < REPEATS; i++)
                add(fit, series, run, size, size + i,
                    factor * time((double)size) * (0.97 + 0.06 * uniform()));
    }
}

static inline double flat(double size)
{
    (void)size;
    return 5000;
}

static inline double line(double size)
{
    return 1000 + 3 * size;
}

static inline double cubic(double size)
{
    return 2000 + 0.5 * pow(size, 1.5);
}

#endif
