/* SPDX-License-Identifier: MIT */
/* Straight lines that meet, and isotonic regression. */
#include "fit_private.h"

#include <string.h>

struct bend {
    const struct fit_points *points;
    struct rn_fit_model *model;
    bool free_knots;
};

static unsigned piece_of(const double *x, unsigned knots, double at)
{
    unsigned k = 0;

    while (k + 2 < knots && at > x[k + 1])
        k++;
    return k;
}

/* Linear in size; beyond the ends the outer pieces go on, but not below nothing. */
double fit_pieces_log(const struct rn_fit_model *model, double size)
{
    unsigned k = piece_of(model->x, model->knots, size);
    double share = (size - model->x[k]) / (model->x[k + 1] - model->x[k]);
    double from = exp(model->y[k] - model->y[k + 1]);
    double here = from + share * (1 - from);

    return model->y[k + 1] + log(fmax(here, from * 1e-3 + 1e-300));
}

/* p: log times at the knots; then, where they are free, the logs of the inner knots. */
static void set_bend(struct rn_fit_model *model, const double *p, bool free_knots)
{
    memcpy(model->y, p, model->knots * sizeof *p);
    for (unsigned k = 1; free_knots && k + 1 < model->knots; k++)
        model->x[k] = exp(p[model->knots + k - 1]);
}

static void bend_residuals(const double *p, double *residuals, void *context)
{
    struct bend *bend = context;
    const struct fit_points *points = bend->points;

    set_bend(bend->model, p, bend->free_knots);
    for (unsigned i = 0; i < points->count; i++)
        residuals[i] =
            sqrt(points->w[i]) * (points->y[i] - fit_pieces_log(bend->model, points->x[i]));
}

static bool in_order(const struct rn_fit_model *model)
{
    for (unsigned k = 1; k < model->knots; k++)
        if (!(model->x[k] > model->x[k - 1] * 1.01))
            return false;
    return true;
}

/* From where the model is. Times that would fall as sizes grow are held. */
static double fit_bend(const struct fit_points *points, struct rn_fit_model *model, bool free_knots)
{
    struct bend bend = {points, model, free_knots};
    unsigned count = model->knots + (free_knots ? model->knots - 2 : 0);
    double p[6], residuals[RN_FIT_MAX_SIZES], value = 0;

    memcpy(p, model->y, model->knots * sizeof *p);
    for (unsigned k = 1; free_knots && k + 1 < model->knots; k++)
        p[model->knots + k - 1] = log(model->x[k]);
    if (!fit_least_squares(bend_residuals, &bend, points->count, count, p))
        return INFINITY;
    for (unsigned k = 1; k < model->knots; k++)
        p[k] = fmax(p[k], p[k - 1]);
    bend_residuals(p, residuals, &bend);
    for (unsigned i = 0; i < points->count; i++)
        value += residuals[i] * residuals[i];
    return in_order(model) ? value : INFINITY;
}

/* Bends are hardly ever at a size that was measured. */
static double fit_free(const struct fit_points *points, double value, struct rn_fit_model *model)
{
    struct rn_fit_model freed = *model;
    double better = isfinite(value) ? fit_bend(points, &freed, true) : INFINITY;

    if (!(better < value))
        return value;
    *model = freed;
    return better;
}

static void place_knot(const struct fit_points *points, struct rn_fit_model *model, unsigned at)
{
    model->x[model->knots] = points->x[at];
    model->y[model->knots++] = points->y[at];
}

static double try_knots(const struct fit_points *points, unsigned pieces, unsigned first,
                        unsigned second, double least, struct rn_fit_model *out)
{
    struct rn_fit_model model = {.form = out->form};
    double value;

    place_knot(points, &model, 0);
    place_knot(points, &model, first);
    if (pieces == 3)
        place_knot(points, &model, second);
    place_knot(points, &model, points->count - 1);
    value = fit_bend(points, &model, false);
    if (value < least) {
        *out = model;
        return value;
    }
    return least;
}

double fit_pieces(const struct fit_points *points, unsigned pieces,
                  const struct rn_fit_model *start, struct rn_fit_model *out)
{
    unsigned inner = points->count - 2, step = 1 + inner / (pieces == 2 ? 16 : 8);
    double least = INFINITY;

    if (start) {
        *out = *start;
        least = fit_bend(points, out, true);
        if (isfinite(least))
            return least;
        *out = *start;
        return fit_bend(points, out, false);
    }
    for (unsigned i = 1; i <= inner; i += step) {
        if (pieces == 2)
            least = try_knots(points, 2, i, 0, least, out);
        for (unsigned j = i + step; pieces == 3 && j <= inner; j += step)
            least = try_knots(points, 3, i, j, least, out);
    }
    return fit_free(points, least, out);
}

/* Steffen's slopes: never beyond what keeps the curve monotone between points. */
static void set_slopes(struct rn_fit_model *model)
{
    unsigned n = model->knots;
    double step[RN_FIT_MAX_SIZES], rise[RN_FIT_MAX_SIZES] = {0};

    for (unsigned i = 0; i + 1 < n; i++) {
        step[i] = model->x[i + 1] - model->x[i];
        rise[i] = (model->y[i + 1] - model->y[i]) / step[i];
    }
    model->d[0] = rise[0];
    model->d[n - 1] = rise[n - 2];
    for (unsigned i = 1; i + 1 < n; i++) {
        double p = (rise[i - 1] * step[i] + rise[i] * step[i - 1]) / (step[i - 1] + step[i]);
        double most = 2 * fmin(fabs(rise[i - 1]), fabs(rise[i]));

        model->d[i] = rise[i - 1] * rise[i] <= 0 ? 0 : copysign(fmin(fabs(p), most), p);
    }
}

/* Neighbours that fall are pooled: they get their common mean. */
static void pool(const struct fit_points *points, double *y)
{
    double mean[RN_FIT_MAX_SIZES], weight[RN_FIT_MAX_SIZES];
    unsigned size[RN_FIT_MAX_SIZES], blocks = 0, at = 0;

    for (unsigned i = 0; i < points->count; i++) {
        mean[blocks] = points->y[i];
        weight[blocks] = points->w[i];
        size[blocks++] = 1;
        while (blocks > 1 && mean[blocks - 1] < mean[blocks - 2]) {
            double total = weight[blocks - 1] + weight[blocks - 2];

            mean[blocks - 2] =
                (mean[blocks - 1] * weight[blocks - 1] + mean[blocks - 2] * weight[blocks - 2]) /
                total;
            weight[blocks - 2] = total;
            size[blocks - 2] += size[blocks - 1];
            blocks--;
        }
    }
    for (unsigned b = 0; b < blocks; b++)
        for (unsigned k = 0; k < size[b]; k++)
            y[at++] = mean[b];
}

double fit_monotone(const struct fit_points *points, struct rn_fit_model *out)
{
    double value = 0;

    out->knots = points->count;
    pool(points, out->y);
    for (unsigned i = 0; i < points->count; i++) {
        double away = points->y[i] - out->y[i];

        out->x[i] = log(points->x[i]);
        value += points->w[i] * away * away;
    }
    set_slopes(out);
    return value;
}

double fit_monotone_log(const struct rn_fit_model *model, double size)
{
    double at = log(size), step, rise, t;
    unsigned low = 0, high = model->knots - 1;

    if (at <= model->x[0])
        return model->y[0] + model->d[0] * (at - model->x[0]);
    if (at >= model->x[high])
        return model->y[high] + model->d[high] * (at - model->x[high]);
    while (high - low > 1) {
        unsigned middle = (low + high) / 2;

        if (model->x[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    step = model->x[low + 1] - model->x[low];
    rise = (model->y[low + 1] - model->y[low]) / step;
    t = at - model->x[low];
    return model->y[low] +
           t * (model->d[low] + t / step *
                                    ((3 * rise - 2 * model->d[low] - model->d[low + 1]) +
                                     t / step * (model->d[low] + model->d[low + 1] - 2 * rise)));
}
