/* SPDX-License-Identifier: MIT */
#include "fit_private.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <stdlib.h>

#define HUBER_K     1.345 /* 95 % efficient where all is normal */
#define SCALE_FLOOR 0.003
#define ROUNDS      6

double fit_median(double *values, size_t count)
{
    return count ? gsl_stats_median(values, 1, count) : NAN;
}

double fit_midmean(double *values, size_t count)
{
    if (!count)
        return NAN;
    gsl_sort(values, 1, count);
    return gsl_stats_trmean_from_sorted_data(0.25, values, 1, count);
}

double fit_mad(const double *values, size_t count, double centre)
{
    double *away = count ? malloc(count * sizeof *away) : NULL, mad;

    if (!away)
        return NAN;
    for (size_t i = 0; i < count; i++)
        away[i] = fabs(values[i] - centre);
    mad = 1.4826 * fit_median(away, count);
    free(away);
    return mad;
}

/* With weights a value may stand there several times; few values: sorting is cheap. */
static double weighted_median(const double *values, const double *weights, unsigned count)
{
    size_t order[RN_FIT_MAX_RUNS];
    double half = 0, sum = 0;

    for (unsigned i = 0; i < count; i++)
        half += weights[i] / 2;
    gsl_sort_index(order, values, 1, count);
    for (unsigned i = 0; i < count; i++) {
        sum += weights[order[i]];
        if (sum > half)
            return values[order[i]];
        if (sum == half && i + 1 < count)
            return (values[order[i]] + values[order[i + 1]]) / 2;
    }
    return values[order[count - 1]];
}

double fit_location(const double *values, const double *weights, unsigned count)
{
    double away[RN_FIT_MAX_RUNS], centre, scale;

    if (count == 0)
        return NAN;
    centre = weighted_median(values, weights, count);
    for (unsigned i = 0; i < count; i++)
        away[i] = fabs(values[i] - centre);
    scale = fmax(1.4826 * weighted_median(away, weights, count), SCALE_FLOOR);
    for (int round = 0; round < ROUNDS; round++) {
        double sum = 0, total = 0;

        for (unsigned i = 0; i < count; i++) {
            double z = fabs(values[i] - centre) / scale;
            double weight = weights[i] * (z > HUBER_K ? HUBER_K / z : 1);

            sum += weight * values[i];
            total += weight;
        }
        centre = sum / total;
    }
    return centre;
}
