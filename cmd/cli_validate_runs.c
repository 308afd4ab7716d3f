/* SPDX-License-Identifier: MIT */
/* What several runs of each side tell: objects and words that vary by themselves, how often both
 * sides agree, and which is faster. */
#include "cli_validate.h"

#include <math.h>
#include <string.h>

static bool differs(const struct rn_finding *finding)
{
    return finding->kind == RN_FINDING_DIFFERENT || finding->kind == RN_FINDING_UNKNOWN;
}

/* What differs between two runs of one side. */
static bool learn_from(struct cli_diff *job, struct rn_diff_rules *rules,
                       const struct cli_diff_side *first, const struct cli_diff_side *other)
{
    struct rn_diff_options options = {.tolerance = job->tolerance};
    struct rn_error err = RN_ERROR_INIT;
    struct rn_diff *diff;
    bool fine = true;

    if (rn_diff_new(first->effects, other->effects, &options, &diff, &err) != RN_OK) {
        cli_error(&err);
        return false;
    }
    for (size_t i = 0; fine && i < diff->count; i++) {
        const struct rn_finding *finding = &diff->findings[i];

        if (differs(finding) && (finding->a || finding->b))
            fine = rn_diff_rules_learn(rules, finding->a, finding->b, &err) == RN_OK;
    }
    rn_diff_free(diff);
    if (!fine)
        cli_error(&err);
    return fine;
}

/* 95% interval of a share: E. B. Wilson, "Probable Inference" (1927). */
static void wilson(size_t hits, size_t trials, double *low, double *high)
{
    double z = 1.959964, n = (double)trials, p = (double)hits / n;
    double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
    double half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));

    *low = fmax(0, centre - half);
    *high = fmin(1, centre + half);
}

static bool count_pairs(struct cli_diff *job, const struct rn_diff_rules *rules,
                        const struct cli_diff_side *a, const struct cli_diff_side *b, size_t runs)
{
    struct rn_diff_options options = {.tolerance = job->tolerance, .rules = rules};
    struct cli_diff_runs *result = &job->runs;
    struct rn_error err = RN_ERROR_INIT;

    for (size_t i = 0; i < runs; i++) {
        struct rn_diff *diff;

        if (rn_diff_new(a[i].effects, b[i].effects, &options, &diff, &err) != RN_OK) {
            cli_error(&err);
            return false;
        }
        result->pairs++;
        result->agreeing += diff->verdict <= RN_VERDICT_MODULO;
        rn_diff_free(diff);
    }
    wilson(result->agreeing, result->pairs, &result->low, &result->high);
    return true;
}

/* 97.5% quantiles of Student's distribution; beyond the table the normal one is close. */
static double student(size_t degrees)
{
    static const double table[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365,
                                   2.306,  2.262, 2.228, 2.201, 2.179, 2.160, 2.145,
                                   2.131,  2.120, 2.110, 2.101, 2.093, 2.086};

    if (degrees == 0)
        return INFINITY;
    return degrees <= sizeof table / sizeof table[0] ? table[degrees - 1] : 2.0;
}

static void mean_of_logs(const struct cli_diff_side *sides, size_t runs, double *mean,
                         double *variance)
{
    double sum = 0, squares = 0;

    for (size_t i = 0; i < runs; i++) {
        double value = log(fmax(1, (double)rn_effects_summary(sides[i].effects)->wall_ns));

        sum += value;
        squares += value * value;
    }
    *mean = sum / (double)runs;
    *variance = fmax(0, (squares - sum * *mean) / (double)(runs - 1));
}

/* Ratio of geometric means. */
static void compare_speed(struct cli_diff_runs *result, const struct cli_diff_side *a,
                          const struct cli_diff_side *b, size_t runs)
{
    double mean_a, mean_b, variance_a, variance_b, half;

    mean_of_logs(a, runs, &mean_a, &variance_a);
    mean_of_logs(b, runs, &mean_b, &variance_b);
    half = student(2 * runs - 2) * sqrt((variance_a + variance_b) / (double)runs);
    result->speedup = exp(mean_a - mean_b);
    result->speedup_low = exp(mean_a - mean_b - half);
    result->speedup_high = exp(mean_a - mean_b + half);
}

bool cli_validate_learn(struct cli_diff *job, struct rn_diff_rules *rules, struct cli_diff_side *a,
                        struct cli_diff_side *b, size_t runs)
{
    job->runs.runs = runs;
    for (size_t i = 1; i < runs; i++) {
        if (!learn_from(job, rules, &a[0], &a[i]) || !learn_from(job, rules, &b[0], &b[i]))
            return false;
    }
    rn_diff_rules_learned(rules, job->runs.varies, sizeof job->runs.varies);
    compare_speed(&job->runs, a, b, runs);
    return count_pairs(job, rules, a, b, runs);
}
