/* SPDX-License-Identifier: MIT */
/* How sure a crossover is: runs are drawn again and again, and the models fitted anew, with the
 * forms that were chosen. Runs, not samples: what differs from run to run is most of what is not
 * known. */
#include "fit_private.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <stdlib.h>
#include <string.h>

#define REPLICATES 500u
#define STEP       0.02
#define FEW_RUNS   3u
#define DECIDED    4.0 /* the interval's ends are not further apart */
#define TAIL       0.05
#define NEAR       6u   /* points */
#define BY_CHANCE  1.77 /* chi squared of NEAR degrees of freedom over these, 90 % */

struct draw {
    struct rn_fit *fit;
    struct rn_fit_placement *placement;
    uint64_t random;
    double *times; /* how often each run was drawn */
    double *sizes; /* logs: crossover x replicates */
    unsigned replicates;
    struct rn_fit_model model[2 * RN_FIT_MAX_RANGES];
    uint32_t fitted[2 * RN_FIT_MAX_RANGES];
    unsigned fitted_count;
};

static double normal_value(uint64_t *random)
{
    double a = ((double)(fit_random(random) >> 11) + 0.5) / 9007199254740992.0;
    double b = (double)(fit_random(random) >> 11) / 9007199254740992.0;

    return sqrt(-2 * log(a)) * cos(2 * M_PI * b);
}

static void draw_runs(struct draw *draw)
{
    uint32_t runs = draw->fit->runs;

    for (uint32_t r = 0; r < runs; r++)
        draw->times[r] = draw->placement->by_samples ? 1 : 0;
    for (uint32_t r = 0; r < runs && !draw->placement->by_samples; r++)
        draw->times[fit_random_below(&draw->random, runs)]++;
}

/* How far the model is from the points around that size, beyond what their errors explain. A form
 * is never quite true: that is part of what is not known. */
static double misfit_near(const struct rn_fit_series *series, double size)
{
    double away[RN_FIT_MAX_SIZES] = {0}, squares = 0, errors = 0;
    size_t order[RN_FIT_MAX_SIZES];
    unsigned count = series->point_count < NEAR ? series->point_count : NEAR;

    for (unsigned p = 0; p < series->point_count; p++)
        away[p] = fabs(log(series->points[p].size / size));
    gsl_sort_index(order, away, 1, series->point_count);
    for (unsigned i = 0; i < count; i++) {
        const struct rn_fit_point *point = &series->points[order[i]];
        double residual = point->log_ns - fit_model_log(&series->model, point->size);

        squares += residual * residual;
        errors += point->error * point->error;
    }
    return squares > BY_CHANCE * errors ? sqrt((squares - errors) / count) : 0;
}

static const struct rn_fit_model *refit(struct draw *draw, uint32_t number)
{
    const struct rn_fit_series *series = &draw->fit->series[number];
    struct rn_fit_model *model;
    struct fit_points points;

    for (unsigned i = 0; i < draw->fitted_count; i++)
        if (draw->fitted[i] == number)
            return &draw->model[i];
    model = &draw->model[draw->fitted_count];
    draw->fitted[draw->fitted_count++] = number;
    fit_points_of_runs(series, draw->fit->runs, draw->times, &points);
    if (draw->placement->by_samples)
        for (unsigned i = 0; i < points.count; i++)
            points.y[i] += normal_value(&draw->random) / sqrt(points.w[i]);
    /* Too few points are left, or it does not converge: the draw says nothing new. */
    if (!isfinite(fit_form(series->model.form, &points, &series->model, model)))
        *model = series->model;
    return model;
}

/* The sizes at which both were measured, as logs. */
static void common(const struct draw *draw, const struct rn_fit_crossover *crossover, double *low,
                   double *high)
{
    const struct rn_fit_series *a = &draw->fit->series[crossover->below];
    const struct rn_fit_series *b = &draw->fit->series[crossover->above];

    *low = log(fmax(a->points[0].size, b->points[0].size));
    *high = log(fmin(a->points[a->point_count - 1].size, b->points[b->point_count - 1].size));
}

/* What is off in all draws alike is the series', not the draw's. */
static double difference(const struct draw *draw, const struct rn_fit_crossover *crossover,
                         const struct rn_fit_model *below, const struct rn_fit_model *above,
                         double log_size)
{
    double size = exp(log_size);

    return fit_model_log(below, size) + fit_off(&draw->fit->series[crossover->below], size) -
           fit_model_log(above, size) - fit_off(&draw->fit->series[crossover->above], size);
}

/* Between two sizes, where the line through their differences is 0; NAN where `above` does not
 * become faster between them. */
static double crossing(double low, double before, double high, double after)
{
    return before <= 0 && after > 0 ? low + (high - low) * before / (before - after) : NAN;
}

/* Where `above` becomes faster, nearest to where it was: up and down from there; infinite where
 * that is nowhere. */
static double nearest_crossing(struct draw *draw, const struct rn_fit_crossover *crossover)
{
    const struct rn_fit_model *below = refit(draw, crossover->below);
    const struct rn_fit_model *above = refit(draw, crossover->above);
    double low, high, start, up, down, at_up, at_down, found = NAN;
    double off = normal_value(&draw->random) *
                 hypot(misfit_near(&draw->fit->series[crossover->below], crossover->size),
                       misfit_near(&draw->fit->series[crossover->above], crossover->size));

    common(draw, crossover, &low, &high);
    at_up = at_down = fmin(fmax(log(crossover->size), low), high);
    start = up = down = difference(draw, crossover, below, above, at_up) + off;
    while (isnan(found) && (at_up < high || at_down > low)) {
        double last = up, next = fmin(at_up + STEP, high);

        up = difference(draw, crossover, below, above, next) + off;
        found = crossing(at_up, last, next, up);
        at_up = next;
        if (!isnan(found))
            break;
        last = down;
        next = fmax(at_down - STEP, low);
        down = difference(draw, crossover, below, above, next) + off;
        found = crossing(next, down, at_down, last);
        at_down = next;
    }
    if (!isnan(found))
        return found;
    return start > 0 ? -INFINITY : INFINITY;
}

/* Few runs spread less when they are drawn again than they do in truth: the quantile is taken
 * further out (Hesterberg's expanded percentile interval). */
static double tail_of(const struct draw *draw)
{
    double runs = draw->fit->runs;

    if (draw->placement->by_samples)
        return TAIL;
    return gsl_cdf_ugaussian_P(sqrt(runs / (runs - 1)) * gsl_cdf_tdist_Pinv(TAIL, runs - 1));
}

static void set_interval(const struct draw *draw, struct rn_fit_crossover *crossover, double *sizes)
{
    double tail = tail_of(draw), low, high, least, greatest;
    unsigned last = draw->replicates - 1, rank = (unsigned)(tail * draw->replicates);

    gsl_sort(sizes, 1, draw->replicates);
    common(draw, crossover, &least, &greatest);
    low = sizes[rank];
    high = sizes[last - rank];
    crossover->open_low = low < least;
    crossover->open_high = high > greatest;
    crossover->low = fmin(exp(fmax(low, least)), crossover->size);
    crossover->high = fmax(exp(fmin(high, greatest)), crossover->size);
    crossover->decided = !crossover->open_low && !crossover->open_high &&
                         crossover->high <= DECIDED * crossover->low;
}

enum rn_status fit_bootstrap(struct rn_fit *fit, struct rn_fit_placement *placement,
                             struct rn_error *err)
{
    unsigned replicates = fit->options.replicates ? fit->options.replicates : REPLICATES;
    struct draw *draw = calloc(1, sizeof *draw);
    enum rn_status status = RN_OK;

    placement->by_samples = fit->runs < FEW_RUNS;
    if (draw) {
        *draw = (struct draw){.fit = fit, .placement = placement, .replicates = replicates};
        draw->random = fit->options.seed;
        draw->times = calloc(fit->runs + 1, sizeof *draw->times);
        draw->sizes = calloc((size_t)replicates * RN_FIT_MAX_RANGES, sizeof *draw->sizes);
    }
    if (!draw || !draw->times || !draw->sizes) {
        status = rn_fail(err, RN_E_NOMEM, "out of memory");
        goto out;
    }
    for (unsigned r = 0; r < replicates && placement->crossover_count; r++) {
        draw_runs(draw);
        draw->fitted_count = 0;
        for (unsigned i = 0; i < placement->crossover_count; i++)
            draw->sizes[(size_t)i * replicates + r] =
                nearest_crossing(draw, &placement->crossovers[i]);
    }
    for (unsigned i = 0; i < placement->crossover_count; i++)
        set_interval(draw, &placement->crossovers[i], draw->sizes + (size_t)i * replicates);
out:
    if (draw) {
        free(draw->times);
        free(draw->sizes);
    }
    free(draw);
    return status;
}
