/* SPDX-License-Identifier: MIT */
/* Backends whose times are known, with the noise that real ones have: each run is a little faster
 * or slower as a whole, and one call in ten takes longer, by a Pareto tail that has no variance. */
#ifndef RN_TEST_SYNTHETIC_H
#define RN_TEST_SYNTHETIC_H

#include "libanalysis/fit/fit.h"

struct synthetic_curve {
    double start_ns, rate_ns, power; /* T = start + rate n^power */
    double fast_until, slow_rate_ns; /* 0, or: beyond that size, so much more for each element */
};

struct synthetic_case {
    uint64_t random;
    unsigned runs, repeats, size_step; /* sizes are powers of 2, every size_step-th one */
    double run_spread, call_spread, tail_share, tail_index;
    struct synthetic_curve curve[3]; /* scalar, SIMD, GPU; rate 0: not there */
    uint64_t threshold_ns;           /* calls below are counted, not recorded */
};

/* A case of that seed; the same one on every machine. */
void synthetic_case(struct synthetic_case *out, uint64_t seed);
double synthetic_time(const struct synthetic_curve *curve, double size);
/* The size from which on b is faster than a, between 16 and 16 M; NAN where there is none. */
double synthetic_crossover(const struct synthetic_curve *a, const struct synthetic_curve *b);
/* False: no memory. */
bool synthetic_fill(struct synthetic_case *test, struct rn_fit *fit);

#endif
