/* SPDX-License-Identifier: MIT */
/* Which form: leave one size out, and take the simplest form whose error is not clearly worse than
 * the best one's. */
#include "fit_private.h"

#define IMMATERIAL 0.005 /* that much more error, relative, is no reason for a form less simple */

static void leave_out(const struct fit_points *points, unsigned out, struct fit_points *rest)
{
    rest->count = 0;
    for (unsigned i = 0; i < points->count; i++) {
        if (i == out)
            continue;
        rest->x[rest->count] = points->x[i];
        rest->y[rest->count] = points->y[i];
        rest->w[rest->count++] = points->w[i];
    }
}

/* Squared log errors at each size, by a model that did not see it. False: the form does not fit. */
static bool cross_validate(enum rn_fit_form form, const struct fit_points *points, double *errors)
{
    /* Where to bend is searched for once; from there on the bends move by themselves. */
    bool bends = form == RN_FIT_PIECES_2 || form == RN_FIT_PIECES_3;
    struct rn_fit_model whole = {.form = form};

    if (bends && !isfinite(fit_form(form, points, NULL, &whole)))
        return false;
    for (unsigned i = 0; i < points->count; i++) {
        struct fit_points rest;
        struct rn_fit_model model = {.form = form};
        double away;

        leave_out(points, i, &rest);
        if (!isfinite(fit_form(form, &rest, bends ? &whole : NULL, &model)))
            return false;
        away = fit_model_log(&model, points->x[i]) - points->y[i];
        errors[i] = away * away;
        if (!isfinite(errors[i]))
            return false;
    }
    return true;
}

static double mean_of(const double *values, unsigned count)
{
    double sum = 0;

    for (unsigned i = 0; i < count; i++)
        sum += values[i];
    return sum / count;
}

/* Is form a's error over that of b by more than one standard error of the difference? */
static bool clearly_worse(const double *a, const double *b, unsigned count)
{
    double mean = 0, squares = 0;

    for (unsigned i = 0; i < count; i++)
        mean += (a[i] - b[i]) / count;
    for (unsigned i = 0; i < count; i++)
        squares += (a[i] - b[i] - mean) * (a[i] - b[i] - mean);
    return mean > sqrt(squares / (count - 1) / count);
}

void fit_choose(struct rn_fit_series *series)
{
    double errors[RN_FIT_FORMS][RN_FIT_MAX_SIZES];
    struct fit_points points = {.count = 0};
    int best = -1;

    for (unsigned i = 0; i < series->point_count; i++) {
        const struct rn_fit_point *point = &series->points[i];

        points.x[i] = point->size;
        points.y[i] = point->log_ns;
        points.w[i] = 1 / (point->error * point->error + 0.02 * 0.02);
    }
    points.count = series->point_count;
    for (int form = 0; form < RN_FIT_FORMS; form++) {
        series->cv_of_forms[form] = NAN;
        if (!cross_validate((enum rn_fit_form)form, &points, errors[form]))
            continue;
        series->cv_of_forms[form] = sqrt(mean_of(errors[form], points.count));
        if (best < 0 || series->cv_of_forms[form] < series->cv_of_forms[best])
            best = form;
    }
    for (int form = 0; form < best; form++) {
        if (isnan(series->cv_of_forms[form]))
            continue;
        if (series->cv_of_forms[form] > series->cv_of_forms[best] + IMMATERIAL &&
            clearly_worse(errors[form], errors[best], points.count))
            continue;
        best = form;
    }
    series->cv_error = series->cv_of_forms[best];
    fit_form((enum rn_fit_form)best, &points, NULL, &series->model);
}
