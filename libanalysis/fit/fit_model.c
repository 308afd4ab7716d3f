/* SPDX-License-Identifier: MIT */
/* Forms of few parameters. All are T = b (r + g(n)) with r = a / b: in log time, b is a mean once r
 * is given, so that a search for r alone does it. */
#include "fit_private.h"

#include <string.h>

#define LOG_ZERO (-700.0) /* logarithm of what is nothing */
#define STEPS    12

struct ratio {
    const struct fit_points *points;
    double g[RN_FIT_MAX_SIZES];
    double log_b; /* out */
};

/* Weighted sum of squares for the best b. */
static double misfit(double log_r, void *context)
{
    struct ratio *ratio = context;
    const struct fit_points *points = ratio->points;
    double sum = 0, squares = 0, total = 0, r = exp(log_r);

    for (unsigned i = 0; i < points->count; i++) {
        double away = points->y[i] - log(r + ratio->g[i]);

        sum += points->w[i] * away;
        squares += points->w[i] * away * away;
        total += points->w[i];
    }
    ratio->log_b = sum / total;
    return squares - sum * sum / total;
}

static double fit_ratio(struct ratio *ratio, double *log_r)
{
    const struct fit_points *points = ratio->points;
    double low = log(ratio->g[0] + 1e-300), high = log(ratio->g[points->count - 1] + 1e-300);
    double least = INFINITY, step, at = LOG_ZERO, found;

    low = fmax(low, high - 60) - 3;
    high += 2;
    step = (high - low) / STEPS;
    for (int i = -1; i <= STEPS; i++) {
        double here = i < 0 ? LOG_ZERO : low + i * step, value = misfit(here, ratio);

        if (value < least) {
            least = value;
            at = here;
        }
    }
    if (at > low && at < high) {
        found = fit_least(misfit, ratio, at - step, at, at + step);
        if (misfit(found, ratio) <= least)
            at = found;
    }
    *log_r = at;
    return misfit(at, ratio);
}

static double shape_at(double i, double j, double x)
{
    return pow(x, i) * (j == 0 ? 1 : pow(log2(fmax(x, 1)), j));
}

static double fit_shape(const struct fit_points *points, double i, double j,
                        struct rn_fit_model *out)
{
    struct ratio ratio = {.points = points};
    double value;

    for (unsigned k = 0; k < points->count; k++)
        ratio.g[k] = shape_at(i, j, points->x[k]);
    value = fit_ratio(&ratio, &out->p[1]);
    out->p[0] = ratio.log_b;
    out->p[2] = i;
    out->p[3] = j;
    return value;
}

static double fit_constant(const struct fit_points *points, struct rn_fit_model *out)
{
    double sum = 0, squares = 0, total = 0;

    for (unsigned i = 0; i < points->count; i++) {
        sum += points->w[i] * points->y[i];
        squares += points->w[i] * points->y[i] * points->y[i];
        total += points->w[i];
    }
    out->p[0] = sum / total;
    return squares - sum * sum / total;
}

static double fit_normal(const struct fit_points *points, const struct rn_fit_model *start,
                         struct rn_fit_model *out)
{
    static const double powers[] = {0, 0.25, 1 / 3.0, 0.5, 2 / 3.0, 0.75, 1, 1.25, 1.5, 2, 2.5, 3};
    double least = INFINITY;

    if (start)
        return fit_shape(points, start->p[2], start->p[3], out);
    for (unsigned i = 0; i < sizeof powers / sizeof powers[0]; i++) {
        for (int j = powers[i] == 0; j <= 2; j++) {
            struct rn_fit_model model = {.form = RN_FIT_NORMAL};
            double value = fit_shape(points, powers[i], j, &model);

            if (value < least) {
                least = value;
                memcpy(out->p, model.p, sizeof model.p);
            }
        }
    }
    return least;
}

/* p: log b, log r, log c. */
static void power_residuals(const double *p, double *residuals, void *context)
{
    const struct fit_points *points = context;
    double r = exp(p[1]), c = exp(p[2]);

    for (unsigned i = 0; i < points->count; i++)
        residuals[i] = sqrt(points->w[i]) *
                       (points->y[i] - p[0] - log(r + exp(c * log(points->x[i])) + 1e-300));
}

static double power_start(const struct fit_points *points, double p[3])
{
    double least = INFINITY;

    for (double c = 0.2; c < 3.3; c *= 1.25) {
        struct rn_fit_model model = {.form = RN_FIT_POWER};
        double value = fit_shape(points, c, 0, &model);

        if (value < least) {
            least = value;
            p[0] = model.p[0];
            p[1] = fmax(model.p[1], -40);
            p[2] = log(c);
        }
    }
    return least;
}

static double fit_power(const struct fit_points *points, const struct rn_fit_model *start,
                        struct rn_fit_model *out)
{
    double p[3], residuals[RN_FIT_MAX_SIZES], value = 0;

    if (start) {
        p[0] = start->p[0];
        p[1] = start->p[1];
        p[2] = log(start->p[2]);
    } else {
        power_start(points, p);
    }
    if (!fit_least_squares(power_residuals, (void *)(uintptr_t)points, points->count, 3, p))
        return INFINITY;
    if (!(p[2] > log(0.01) && p[2] < log(6)))
        return INFINITY;
    power_residuals(p, residuals, (void *)(uintptr_t)points);
    for (unsigned i = 0; i < points->count; i++)
        value += residuals[i] * residuals[i];
    out->p[0] = p[0];
    out->p[1] = p[1];
    out->p[2] = exp(p[2]);
    return value;
}

double fit_form(enum rn_fit_form form, const struct fit_points *points,
                const struct rn_fit_model *start, struct rn_fit_model *out)
{
    /* Forms of more parameters than points beyond two are not fitted. */
    static const unsigned needs[RN_FIT_FORMS] = {2, 3, 4, 5, 6, 8, 4};

    out->form = form;
    if (points->count < needs[form])
        return INFINITY;
    switch (form) {
    case RN_FIT_CONSTANT:
        return fit_constant(points, out);
    case RN_FIT_LINEAR:
        return fit_shape(points, 1, 0, out);
    case RN_FIT_NORMAL:
        return fit_normal(points, start, out);
    case RN_FIT_POWER:
        return fit_power(points, start, out);
    case RN_FIT_PIECES_2:
    case RN_FIT_PIECES_3:
        return fit_pieces(points, form == RN_FIT_PIECES_2 ? 2 : 3, start, out);
    default:
        return fit_monotone(points, out);
    }
}

double fit_model_log(const struct rn_fit_model *model, double size)
{
    switch (model->form) {
    case RN_FIT_CONSTANT:
        return model->p[0];
    case RN_FIT_PIECES_2:
    case RN_FIT_PIECES_3:
        return fit_pieces_log(model, size);
    case RN_FIT_MONOTONE:
        return fit_monotone_log(model, size);
    case RN_FIT_POWER:
        return model->p[0] + log(exp(model->p[1]) + pow(size, model->p[2]));
    default:
        return model->p[0] +
               log(exp(model->p[1]) + shape_at(model->p[2], model->p[3], size) + 1e-300);
    }
}
