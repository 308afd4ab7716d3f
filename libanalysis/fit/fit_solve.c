/* SPDX-License-Identifier: MIT */
#include "fit_private.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_min.h>
#include <gsl/gsl_multifit_nlinear.h>

#define MOST         6u
#define ROUNDS       30
#define BRENT_ROUNDS 20

struct problem {
    fit_residuals_fn *residuals;
    void *context;
};

static int evaluate(const gsl_vector *p, void *context, gsl_vector *out)
{
    struct problem *problem = context;
    double parameters[MOST], values[RN_FIT_MAX_SIZES];

    for (size_t i = 0; i < p->size; i++)
        parameters[i] = gsl_vector_get(p, i);
    problem->residuals(parameters, values, problem->context);
    /* Not into the vector: where derivatives are taken it is a column of a matrix. */
    for (size_t i = 0; i < out->size; i++) {
        if (!isfinite(values[i]))
            return GSL_EDOM;
        gsl_vector_set(out, i, values[i]);
    }
    return GSL_SUCCESS;
}

bool fit_least_squares(fit_residuals_fn *residuals, void *context, unsigned count,
                       unsigned parameters, double *p)
{
    struct problem problem = {residuals, context};
    gsl_multifit_nlinear_parameters settings = gsl_multifit_nlinear_default_parameters();
    gsl_multifit_nlinear_fdf function = {
        .f = evaluate, .n = count, .p = parameters, .params = &problem};
    gsl_vector_view start = gsl_vector_view_array(p, parameters);
    gsl_multifit_nlinear_workspace *work;
    int info, status;

    gsl_set_error_handler_off();
    work = gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &settings, count, parameters);
    if (!work)
        return false;
    status = gsl_multifit_nlinear_init(&start.vector, &function, work);
    if (status == GSL_SUCCESS)
        status = gsl_multifit_nlinear_driver(ROUNDS, 1e-7, 1e-7, 1e-9, NULL, NULL, &info, work);
    for (unsigned i = 0; i < parameters; i++)
        p[i] = gsl_vector_get(gsl_multifit_nlinear_position(work), i);
    gsl_multifit_nlinear_free(work);
    /* Whoever stops for lack of progress is at the bottom of a flat valley: that will do. */
    return status == GSL_SUCCESS || status == GSL_EMAXITER || status == GSL_ENOPROG;
}

double fit_least(double (*function)(double, void *), void *context, double low, double middle,
                 double high)
{
    gsl_function f = {.function = function, .params = context};
    gsl_min_fminimizer *work;
    double at = middle;

    gsl_set_error_handler_off();
    work = gsl_min_fminimizer_alloc(gsl_min_fminimizer_brent);
    if (!work)
        return middle;
    if (gsl_min_fminimizer_set(work, &f, middle, low, high) == GSL_SUCCESS) {
        for (int round = 0; round < BRENT_ROUNDS; round++) {
            if (gsl_min_fminimizer_iterate(work) != GSL_SUCCESS ||
                gsl_min_fminimizer_x_upper(work) - gsl_min_fminimizer_x_lower(work) < 1e-4)
                break;
        }
        at = gsl_min_fminimizer_x_minimum(work);
    }
    gsl_min_fminimizer_free(work);
    return at;
}
