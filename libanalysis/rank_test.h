/* SPDX-License-Identifier: MIT */
/* Two samples compared by rank, which no distribution has to be assumed for.
 *
 * The test is that of Wilcoxon, and of Mann and Whitney ("On a Test of Whether One of Two Random
 * Variables is Stochastically Larger than the Other", Ann. Math. Stat. 18, 1947); the estimate of
 * the difference, the median of all differences of pairs, and its interval belong to it (Hodges and
 * Lehmann, "Estimates of Location Based on Rank Tests", Ann. Math. Stat. 34, 1963; Hollander and
 * Wolfe, "Nonparametric Statistical Methods", chapter 4). Both are exact where there are no ties
 * and n m is at most RN_RANK_EXACT, else normal approximations, corrected for ties and continuity.
 *
 * What a test of n and m values needs is prepared once. Read-only from then on, but for scratch
 * memory: not thread-safe. */
#ifndef RN_RANK_TEST_H
#define RN_RANK_TEST_H

#include <stdbool.h>
#include <stddef.h>

#define RN_RANK_EXACT 2500u /* n m */
#define RN_RANK_MAX   256u  /* n, m */

struct rn_rank_test;
/* n, m: 1 to RN_RANK_MAX. NULL: no memory. */
struct rn_rank_test *rn_rank_test_new(size_t n, size_t m);
void rn_rank_test_free(struct rn_rank_test *test);

/* Two-sided: how likely is it that samples of the same distribution differ as much. */
double rn_rank_test_p(struct rn_rank_test *test, const double *a, const double *b);

struct rn_shift {
    double estimate; /* of b - a */
    bool bounded;    /* there is an interval: not where n and m are too small for one of 95 % */
    double low, high;
};
struct rn_shift rn_rank_test_shift(struct rn_rank_test *test, const double *a, const double *b);

/* Of many tests, by Benjamini and Hochberg ("Controlling the False Discovery Rate", J. R. Stat.
 * Soc. B 57, 1995): each p becomes the least rate of false discoveries at which it is one. False:
 * no memory. */
bool rn_adjust_many(double *p, size_t count);

#endif
