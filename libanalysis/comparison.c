/* SPDX-License-Identifier: MIT */
#include "comparison_private.h"

#include "formats/crc64.h"
#include "formats/id_map.h"
#include "rank_test.h"
#include "saturating.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct rn_comparison {
    size_t runs[2];
    double threshold;
    bool rates;
    struct rn_rank_test *test;
    struct comparison_group **groups;
    size_t count, capacity;
    struct rn_id_map by_key; /* the same: see key_of */
    struct rn_comparison_row *rows;
    double *logs; /* of both sides' runs, of one group */
};

struct rn_comparison *rn_comparison_new(size_t runs_a, size_t runs_b, double threshold, bool rates)
{
    struct rn_comparison *comparison = calloc(1, sizeof *comparison);

    if (!comparison)
        return NULL;
    comparison->runs[0] = runs_a;
    comparison->runs[1] = runs_b;
    comparison->threshold = threshold;
    comparison->rates = rates;
    comparison->test = rn_rank_test_new(runs_a, runs_b);
    comparison->logs = calloc(runs_a + runs_b, sizeof *comparison->logs);
    if (comparison->test && comparison->logs)
        return comparison;
    rn_comparison_free(comparison);
    return NULL;
}

static void group_free(struct comparison_group *group, const size_t runs[2])
{
    for (unsigned side = 0; side < 2; side++) {
        for (size_t i = 0; group->runs[side] && i < runs[side]; i++)
            free(group->runs[side][i].blocks);
        free(group->runs[side]);
    }
    free(group->name);
    free(group);
}

void rn_comparison_free(struct rn_comparison *comparison)
{
    if (!comparison)
        return;
    for (size_t i = 0; i < comparison->count; i++)
        group_free(comparison->groups[i], comparison->runs);
    free(comparison->groups);
    free(comparison->rows);
    free(comparison->logs);
    rn_id_map_free(&comparison->by_key);
    rn_rank_test_free(comparison->test);
    free(comparison);
}

bool rn_comparison_wants_series(const struct rn_comparison *comparison)
{
    return comparison->runs[0] < RN_COMPARISON_RUNS || comparison->runs[1] < RN_COMPARISON_RUNS;
}

/* ---- what is compared ---- */

static struct comparison_group *group_new(const struct rn_comparison *comparison,
                                          const struct rn_comparison_value *value)
{
    struct comparison_group *group = calloc(1, sizeof *group);

    if (!group)
        return NULL;
    group->name = strdup(value->name);
    for (unsigned side = 0; side < 2; side++)
        group->runs[side] = calloc(comparison->runs[side], sizeof *group->runs[side]);
    if (!group->name || !group->runs[0] || !group->runs[1]) {
        group_free(group, comparison->runs);
        return NULL;
    }
    group->row.family = value->family;
    group->row.name = group->name;
    return group;
}

/* Different groups could have one key only by a collision of 64-bit checksums. */
static uint64_t key_of(const struct rn_comparison_value *value)
{
    return rn_crc64(value->family, value->name, strlen(value->name) + 1);
}

static struct comparison_group *group_of(struct rn_comparison *comparison,
                                         const struct rn_comparison_value *value)
{
    uint64_t key = key_of(value);
    struct comparison_group *group = rn_id_map_get(&comparison->by_key, key);

    if (group)
        return group;
    if (comparison->count == comparison->capacity) {
        size_t capacity = comparison->capacity ? 2 * comparison->capacity : 64;
        struct comparison_group **groups =
            reallocarray(comparison->groups, capacity, sizeof(*groups));

        if (!groups)
            return NULL;
        comparison->groups = groups;
        comparison->capacity = capacity;
    }
    group = group_new(comparison, value);
    if (!group)
        return NULL;
    comparison->groups[comparison->count++] = group;
    return rn_id_map_set(&comparison->by_key, key, group) ? group : NULL;
}

static bool keep_blocks(struct comparison_run *run, const struct rn_series *series)
{
    size_t count = series->count + (series->open.count > 0);
    struct comparison_block *blocks =
        reallocarray(run->blocks, run->block_count + count + 1, sizeof *blocks);

    if (!blocks)
        return false;
    run->blocks = blocks;
    for (size_t i = 0; i < count; i++) {
        const struct rn_series_bin *bin = i < series->count ? &series->bins[i] : &series->open;

        blocks[run->block_count++] = (struct comparison_block){bin->count, bin->sum_ns};
    }
    return true;
}

enum rn_status rn_comparison_add(struct rn_comparison *comparison, unsigned side, size_t run,
                                 const struct rn_comparison_value *value, struct rn_error *err)
{
    struct comparison_group *group = group_of(comparison, value);
    struct comparison_run *to;

    if (!group)
        return rn_fail(err, RN_E_NOMEM, "no memory for groups to compare");
    to = &group->runs[side][run];
    to->value += value->value;
    to->weight_ns += value->weight_ns;
    to->calls = rn_add_saturating(to->calls, value->calls);
    if (value->series && rn_comparison_wants_series(comparison) && !keep_blocks(to, value->series))
        return rn_fail(err, RN_E_NOMEM, "no memory for blocks of calls");
    return RN_OK;
}

/* ---- verdicts ---- */

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

enum number { NUMBER_VALUE, NUMBER_WEIGHT, NUMBER_CALLS };

static double median_of(const struct rn_comparison *comparison,
                        const struct comparison_group *group, unsigned side, enum number number)
{
    size_t count = comparison->runs[side];
    double *values = comparison->logs;

    for (size_t i = 0; i < count; i++) {
        const struct comparison_run *run = &group->runs[side][i];

        values[i] = number == NUMBER_VALUE    ? run->value
                    : number == NUMBER_WEIGHT ? run->weight_ns
                                              : (double)run->calls;
    }
    qsort(values, count, sizeof *values, by_number);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static void take_rates(const struct rn_comparison *comparison, struct comparison_group *group)
{
    for (unsigned side = 0; side < 2; side++) {
        for (size_t i = 0; i < comparison->runs[side]; i++) {
            struct comparison_run *run = &group->runs[side][i];

            run->value = run->calls ? run->weight_ns / (double)run->calls : 0;
        }
    }
}

static void take_medians(const struct rn_comparison *comparison, struct comparison_group *group)
{
    struct rn_comparison_row *row = &group->row;

    row->a = median_of(comparison, group, 0, NUMBER_VALUE);
    row->b = median_of(comparison, group, 1, NUMBER_VALUE);
    row->weight_a = median_of(comparison, group, 0, NUMBER_WEIGHT);
    row->weight_b = median_of(comparison, group, 1, NUMBER_WEIGHT);
    row->calls_a = median_of(comparison, group, 0, NUMBER_CALLS);
    row->calls_b = median_of(comparison, group, 1, NUMBER_CALLS);
    row->p = row->q = 1;
}

static size_t runs_without(const struct rn_comparison *comparison,
                           const struct comparison_group *group, unsigned side)
{
    size_t count = 0;

    for (size_t i = 0; i < comparison->runs[side]; i++)
        count += !(group->runs[side][i].value > 0);
    return count;
}

static double share(double weight, double all)
{
    return all > 0 ? weight / all : 0;
}

/* Times of all groups of each family: [0] of a, [1] of b. */
static void weigh(const struct rn_comparison *comparison, double all[RN_COMPARISON_FAMILIES][2])
{
    memset(all, 0, RN_COMPARISON_FAMILIES * sizeof *all);
    for (size_t i = 0; i < comparison->count; i++) {
        const struct rn_comparison_row *row = &comparison->groups[i]->row;

        all[row->family][0] += row->weight_a;
        all[row->family][1] += row->weight_b;
    }
}

/* Ratio, interval and p of one group; true where there is something to test. */
static bool measure(struct rn_comparison *comparison, struct comparison_group *group,
                    const double all[2])
{
    struct rn_comparison_row *row = &group->row;
    size_t without_a = runs_without(comparison, group, 0);
    size_t without_b = runs_without(comparison, group, 1);
    double *a = comparison->logs, *b = a + comparison->runs[0];
    struct rn_shift shift;

    row->verdict = RN_VERDICT_UNKNOWN;
    if (row->family != RN_COMPARISON_OVERALL &&
        share(row->weight_a, all[0]) < RN_COMPARISON_SMALL &&
        share(row->weight_b, all[1]) < RN_COMPARISON_SMALL) {
        row->verdict = RN_VERDICT_SMALL;
        return false;
    }
    if (without_a == comparison->runs[0] || without_b == comparison->runs[1]) {
        row->verdict = without_b < comparison->runs[1]   ? RN_VERDICT_NEW
                       : without_a < comparison->runs[0] ? RN_VERDICT_GONE
                                                         : RN_VERDICT_SMALL;
        return false;
    }
    if (without_a || without_b)
        return false;
    for (unsigned side = 0; side < 2; side++) {
        for (size_t i = 0; i < comparison->runs[side]; i++)
            (side ? b : a)[i] = log(group->runs[side][i].value);
    }
    shift = rn_rank_test_shift(comparison->test, a, b);
    row->ratio = exp(shift.estimate);
    if (rn_comparison_wants_series(comparison)) {
        row->within_runs = true;
        row->bounded = rn_comparison_bootstrap(group, comparison->runs, comparison->rates,
                                               &row->low, &row->high);
        return false;
    }
    row->bounded = shift.bounded;
    row->low = exp(shift.low);
    row->high = exp(shift.high);
    row->p = rn_rank_test_p(comparison->test, a, b);
    return true;
}

static void judge(const struct rn_comparison *comparison, struct rn_comparison_row *row)
{
    double most = 1 + comparison->threshold;
    bool real = row->within_runs || row->q <= RN_COMPARISON_RATE;

    if (row->verdict != RN_VERDICT_UNKNOWN || !row->bounded)
        return;
    if (row->low >= 1 / most && row->high <= most)
        row->verdict = RN_VERDICT_SAME;
    else if (real && row->high < 1)
        row->verdict = RN_VERDICT_LESS;
    else if (real && row->low > 1)
        row->verdict = RN_VERDICT_MORE;
    row->certain = row->verdict == RN_VERDICT_MORE && row->low > most && !row->within_runs;
}

/* What is of the run as a whole, or all groups, adjusted together. */
static enum rn_status judge_all(struct rn_comparison *comparison, bool overall,
                                struct rn_error *err)
{
    struct comparison_group **tested = calloc(comparison->count + 1, sizeof(*tested));
    double *p = calloc(comparison->count + 1, sizeof *p), all[RN_COMPARISON_FAMILIES][2];
    size_t count = 0;
    bool enough = tested && p;

    weigh(comparison, all);
    for (size_t i = 0; i < comparison->count && enough; i++) {
        struct comparison_group *group = comparison->groups[i];
        unsigned family = group->row.family;

        if ((family == RN_COMPARISON_OVERALL) != overall ||
            !measure(comparison, group, all[family]))
            continue;
        p[count] = group->row.p;
        tested[count++] = group;
    }
    enough = enough && rn_adjust_many(p, count);
    for (size_t i = 0; i < count && enough; i++)
        tested[i]->row.q = p[i];
    for (size_t i = 0; i < comparison->count && enough; i++) {
        if ((comparison->groups[i]->row.family == RN_COMPARISON_OVERALL) == overall)
            judge(comparison, &comparison->groups[i]->row);
    }
    free(tested);
    free(p);
    return enough ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory for a comparison");
}

static int greatest_difference(const void *a, const void *b)
{
    const struct rn_comparison_row *x = a, *y = b;
    double first = fabs(x->weight_b - x->weight_a), second = fabs(y->weight_b - y->weight_a);

    if (x->family != y->family)
        return x->family < y->family ? -1 : 1;
    if ((x->verdict == RN_VERDICT_SMALL) != (y->verdict == RN_VERDICT_SMALL))
        return x->verdict == RN_VERDICT_SMALL ? 1 : -1;
    if (first < second || first > second)
        return first > second ? -1 : 1;
    return strcmp(x->name, y->name);
}

enum rn_status rn_comparison_result(struct rn_comparison *comparison,
                                    const struct rn_comparison_row **rows, size_t *count,
                                    struct rn_error *err)
{
    enum rn_status status;

    for (size_t i = 0; i < comparison->count; i++) {
        if (comparison->rates)
            take_rates(comparison, comparison->groups[i]);
        take_medians(comparison, comparison->groups[i]);
    }
    status = judge_all(comparison, true, err);
    if (status == RN_OK)
        status = judge_all(comparison, false, err);
    if (status != RN_OK)
        return status;
    comparison->rows = calloc(comparison->count + 1, sizeof *comparison->rows);
    if (!comparison->rows)
        return rn_fail(err, RN_E_NOMEM, "no memory for a comparison");
    for (size_t i = 0; i < comparison->count; i++)
        comparison->rows[i] = comparison->groups[i]->row;
    qsort(comparison->rows, comparison->count, sizeof *comparison->rows, greatest_difference);
    *rows = comparison->rows;
    *count = comparison->count;
    return RN_OK;
}
