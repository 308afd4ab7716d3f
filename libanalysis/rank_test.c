/* SPDX-License-Identifier: MIT */
#include "rank_test.h"

#include <math.h>
#include <stdlib.h>

#define TAIL   0.025 /* of an interval of 95 % */
#define NORMAL 1.959963984540054

struct rn_rank_test {
    size_t n, m;
    double *below;  /* exact: probability that U is u or less; NULL: n m is too large */
    size_t edge;    /* the interval is from the edge-th least to the edge-th greatest difference; 0:
                       none */
    double *values; /* scratch: n m differences, or all values and their ranks */
    struct ranked {
        double value;
        bool of_a;
    } * order; /* n + m */
};

/* In how many ways do `n` of n + m ranks have each sum? By adding one rank after the other. */
static double *distribution(size_t n, size_t m)
{
    size_t pairs = n * m, width = pairs + 1;
    double *ways = calloc((n + 1) * width, sizeof *ways), *below, all = 0;

    if (!ways)
        return NULL;
    ways[0] = 1;
    /* The item at place i, as the k-th that is chosen, has i - k of the others below it. */
    for (size_t i = 0; i < n + m; i++) {
        for (size_t k = i + 1 < n ? i + 1 : n; k > 0; k--) {
            size_t others = i - (k - 1);

            if (others > m)
                continue;
            for (size_t u = pairs + 1; u-- > others;)
                ways[k * width + u] += ways[(k - 1) * width + u - others];
        }
    }
    below = calloc(width, sizeof *below);
    for (size_t u = 0; below && u < width; u++)
        all += ways[n * width + u];
    for (size_t u = 0; below && u < width; u++)
        below[u] = ways[n * width + u] / all + (u ? below[u - 1] : 0);
    free(ways);
    return below;
}

static size_t edge_of(const struct rn_rank_test *test)
{
    double pairs = (double)test->n * (double)test->m;
    double edge;
    size_t k = 0;

    if (test->below) {
        while (test->below[k] <= TAIL)
            k++;
        return k;
    }
    edge = pairs / 2 - NORMAL * sqrt(pairs * (double)(test->n + test->m + 1) / 12);
    return edge >= 1 ? (size_t)edge : 0;
}

struct rn_rank_test *rn_rank_test_new(size_t n, size_t m)
{
    struct rn_rank_test *test = calloc(1, sizeof *test);
    bool exact = n * m <= RN_RANK_EXACT;

    if (!test)
        return NULL;
    test->n = n;
    test->m = m;
    test->values = calloc(n * m, sizeof *test->values);
    test->order = calloc(n + m, sizeof *test->order);
    test->below = exact ? distribution(n, m) : NULL;
    if (!test->values || !test->order || (exact && !test->below)) {
        rn_rank_test_free(test);
        return NULL;
    }
    test->edge = edge_of(test);
    return test;
}

void rn_rank_test_free(struct rn_rank_test *test)
{
    if (!test)
        return;
    free(test->below);
    free(test->values);
    free(test->order);
    free(test);
}

static int by_value(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    return x->value < y->value ? -1 : x->value > y->value;
}

/* U of a: how often one of b is below one of a, ties half. *ties: sum of t^3 - t. */
static double statistic(struct rn_rank_test *test, const double *a, const double *b, double *ties)
{
    size_t all = test->n + test->m;
    double rank_sum = 0;

    for (size_t i = 0; i < all; i++)
        test->order[i] =
            i < test->n ? (struct ranked){a[i], true} : (struct ranked){b[i - test->n], false};
    qsort(test->order, all, sizeof *test->order, by_value);
    *ties = 0;
    for (size_t i = 0, end; i < all; i = end) {
        double count;

        for (end = i + 1; end < all && !(test->order[i].value < test->order[end].value); end++)
            ;
        count = (double)(end - i);
        *ties += count * count * count - count;
        for (size_t k = i; k < end; k++)
            rank_sum += test->order[k].of_a ? (double)(i + end + 1) / 2 : 0;
    }
    return rank_sum - (double)test->n * (double)(test->n + 1) / 2;
}

double rn_rank_test_p(struct rn_rank_test *test, const double *a, const double *b)
{
    double n = (double)test->n, m = (double)test->m, ties, variance, away, p;
    double u = statistic(test, a, b, &ties);

    if (test->below && ties <= 0) {
        double least = u < n * m - u ? u : n * m - u;

        p = 2 * test->below[(size_t)least];
        return p < 1 ? p : 1;
    }
    variance = n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
    away = fabs(u - n * m / 2) - 0.5;
    if (variance <= 0 || away <= 0)
        return 1;
    return erfc(away / sqrt(2 * variance));
}

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

struct rn_shift rn_rank_test_shift(struct rn_rank_test *test, const double *a, const double *b)
{
    size_t pairs = test->n * test->m, half = pairs / 2;
    double *values = test->values;
    struct rn_shift shift = {.bounded = test->edge > 0};

    for (size_t i = 0; i < test->n; i++) {
        for (size_t k = 0; k < test->m; k++)
            values[i * test->m + k] = b[k] - a[i];
    }
    qsort(values, pairs, sizeof *values, by_number);
    shift.estimate = pairs % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
    if (shift.bounded) {
        shift.low = values[test->edge - 1];
        shift.high = values[pairs - test->edge];
    }
    return shift;
}

struct numbered {
    double p;
    size_t place;
};

static int by_p(const void *a, const void *b)
{
    const struct numbered *x = a, *y = b;

    return x->p < y->p ? -1 : x->p > y->p;
}

bool rn_adjust_many(double *p, size_t count)
{
    struct numbered *order = calloc(count ? count : 1, sizeof *order);
    double least = 1;

    if (!order)
        return false;
    for (size_t i = 0; i < count; i++)
        order[i] = (struct numbered){p[i], i};
    qsort(order, count, sizeof *order, by_p);
    for (size_t i = count; i-- > 0;) {
        double q = order[i].p * (double)count / (double)(i + 1);

        if (q < least)
            least = q;
        p[order[i].place] = least;
    }
    free(order);
    return true;
}
