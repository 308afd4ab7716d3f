/* SPDX-License-Identifier: MIT */
/* What a form does not follow: a step where a vector is full, a cache that ends. At the sizes that
 * were measured the points know better, as far as they are sure; between them what the form is off
 * goes over from one to the other. This is regression kriging with the simplest of covariances:
 * trend by the form, residuals shrunk by how reliable they are and interpolated (G. Matheron,
 * "Principles of geostatistics", 1963; N. Cressie, "Statistics for Spatial Data", 1993, 3.4). */
#include "fit_private.h"

/* How far a form is off, beyond what the errors of the points explain: variance of log times. */
static double misfit_of(const struct rn_fit_series *series)
{
    double squares = 0, errors = 0;

    for (unsigned p = 0; p < series->point_count; p++) {
        squares += series->points[p].off * series->points[p].off;
        errors += series->points[p].error * series->points[p].error;
    }
    return fmax(squares - errors, 0) / series->point_count;
}

void fit_correct(struct rn_fit_series *series)
{
    double misfit;

    for (unsigned p = 0; p < series->point_count; p++) {
        struct rn_fit_point *point = &series->points[p];

        point->off = point->log_ns - fit_model_log(&series->model, point->size);
    }
    misfit = misfit_of(series);
    for (unsigned p = 0; p < series->point_count; p++) {
        struct rn_fit_point *point = &series->points[p];
        double error = point->error * point->error;

        point->off *= misfit > 0 ? misfit / (misfit + error) : 0;
    }
}

double fit_off(const struct rn_fit_series *series, double size)
{
    const struct rn_fit_point *points = series->points;
    unsigned last = series->point_count - 1, next = 1;
    double share;

    if (size <= points[0].size)
        return points[0].off;
    if (size >= points[last].size)
        return points[last].off;
    while (points[next].size < size)
        next++;
    share = log(size / points[next - 1].size) / log(points[next].size / points[next - 1].size);
    return points[next - 1].off + share * (points[next].off - points[next - 1].off);
}

double fit_predict_log(const struct rn_fit_series *series, double size)
{
    return fit_model_log(&series->model, size) + fit_off(series, size);
}
