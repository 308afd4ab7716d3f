/* SPDX-License-Identifier: MIT */
/* Inside the comparison: comparison.c (runs and verdicts) and comparison_bootstrap.c. */
#ifndef RN_COMPARISON_PRIVATE_H
#define RN_COMPARISON_PRIVATE_H

#include "comparison.h"

struct comparison_block {
    uint64_t count, sum_ns;
};

struct comparison_run {
    double value, weight_ns;
    uint64_t calls;
    struct comparison_block *blocks; /* of its series; NULL: none */
    size_t block_count;
};

struct comparison_group {
    struct rn_comparison_row row;
    char *name;
    struct comparison_run *runs[2]; /* of each side */
};

/* Interval of the ratio from blocks of calls. False where they are too few. */
bool rn_comparison_bootstrap(const struct comparison_group *group, const size_t runs[2], bool rates,
                             double *low, double *high);

#endif
