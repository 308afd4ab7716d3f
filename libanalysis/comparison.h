/* SPDX-License-Identifier: MIT */
/* Is one side slower than the other one? Of several runs a side, and several groups: numbers in,
 * ratios with intervals and verdicts out. (Whether two programs do the same is diff.h's question.)
 *
 * Runs are what is compared, because from run to run more differs than within one: per group the
 * logarithms of one number a run, by rank (rank_test.h). Of many groups, those that differ by
 * chance are kept to 5 % of those that are said to differ (Benjamini and Hochberg), for each kind
 * apart. A group that took less than RN_COMPARISON_SMALL of the time of its kind on both sides is
 * not tested.
 *
 * With fewer than RN_COMPARISON_RUNS runs on a side there is no such interval. Then there is one of
 * what differed within the runs: a bootstrap of percentiles (Efron, "Bootstrap Methods: Another
 * Look at the Jackknife", Ann. Stat. 7, 1979) over blocks of neighbouring calls, so that calls that
 * depend on their neighbours do not count as if they did not (Carlstein, "The Use of Subseries
 * Values...", Ann. Stat. 14, 1986). It does not know how much runs differ, so nothing is certain of
 * it.
 *
 * The same numbers give the same result: the bootstrap's seed is made from the group's name.
 * Memory: 16 bytes a group and run, and 8 KiB a group and run for the bootstrap. Not thread-safe.
 */
#ifndef RN_COMPARISON_H
#define RN_COMPARISON_H

#include "duration_series.h"
#include "formats/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RN_COMPARISON_RUNS  4u
#define RN_COMPARISON_MAX   256u /* runs on a side */
#define RN_COMPARISON_SMALL 0.001
#define RN_COMPARISON_RATE  0.05

enum rn_verdict {
    RN_VERDICT_UNKNOWN, /* cannot tell */
    RN_VERDICT_SAME,    /* the interval is within the threshold, on both sides of 1 */
    RN_VERDICT_LESS,    /* b is less than a: faster */
    RN_VERDICT_MORE,    /* slower */
    RN_VERDICT_NEW,     /* was in none of a's runs */
    RN_VERDICT_GONE,    /* is in none of b's */
    RN_VERDICT_SMALL,   /* was not tested */
    RN_VERDICTS
};

/* Of one group in one run. */
struct rn_comparison_value {
    unsigned family; /* any number for a kind of group, below RN_COMPARISON_FAMILIES;
                      * RN_COMPARISON_OVERALL: of the run as a whole */
    const char *name;
    double value;     /* what is compared; 0 where there was nothing */
    double weight_ns; /* the group's time */
    uint64_t calls;
    const struct rn_series *series; /* NULL: no bootstrap. Not kept */
};
#define RN_COMPARISON_OVERALL  0u
#define RN_COMPARISON_FAMILIES 64u

struct rn_comparison_row {
    unsigned family;
    const char *name;
    double a, b;               /* medians over the runs */
    double weight_a, weight_b; /* ns, likewise */
    double calls_a, calls_b;   /* likewise */
    double ratio;              /* b / a: the median of all pairs of runs; 0 where one is 0 */
    bool bounded;              /* low and high are known */
    double low, high;          /* of the ratio, 95 % */
    double p, q;               /* q: p, adjusted for many groups; 1 where nothing was tested */
    bool within_runs;          /* the interval is one of what differs within runs */
    enum rn_verdict verdict;
    bool certain; /* RN_VERDICT_MORE, by more than the threshold, between runs */
};

struct rn_comparison;
/* Runs on each side: 1 to RN_COMPARISON_MAX. `threshold`: 0.05 is 5 %. `rates`: values are times
 * per call, so that the bootstrap compares means, not sums. NULL: no memory. */
struct rn_comparison *rn_comparison_new(size_t runs_a, size_t runs_b, double threshold, bool rates);
void rn_comparison_free(struct rn_comparison *comparison);
/* Are there so few runs that series are of use? */
bool rn_comparison_wants_series(const struct rn_comparison *comparison);

/* side: 0 a, 1 b. What is added twice for one group and run adds up. RN_E_NOMEM. */
RN_MUST_CHECK enum rn_status rn_comparison_add(struct rn_comparison *comparison, unsigned side,
                                               size_t run, const struct rn_comparison_value *value,
                                               struct rn_error *err);
/* Once, at the end: all families after each other, of each the greatest difference of times first.
 * The rows are borrowed as long as the comparison. RN_E_NOMEM. */
RN_MUST_CHECK enum rn_status rn_comparison_result(struct rn_comparison *comparison,
                                                  const struct rn_comparison_row **rows,
                                                  size_t *count, struct rn_error *err);

#endif
