/* SPDX-License-Identifier: MIT */
/* What the files of librn-fit share. Arrays of points: x sizes, y log times, w weights. */
#ifndef RN_FIT_PRIVATE_H
#define RN_FIT_PRIVATE_H

#include "fit.h"

#include <math.h>

struct fit_sample {
    uint32_t series, run;
    uint64_t elements, start_ns, ns;
};
struct fit_counted {
    uint32_t series, run;
    struct rn_fit_aggregate aggregate;
};

struct rn_fit_private {
    struct fit_sample *samples;
    size_t sample_count, sample_room;
    struct fit_counted *counted;
    size_t counted_count, counted_room;
    uint64_t *runs; /* what the caller calls them */
    uint32_t last_run, run_room, series_room;
};

struct fit_points {
    unsigned count;
    double x[RN_FIT_MAX_SIZES], y[RN_FIT_MAX_SIZES], w[RN_FIT_MAX_SIZES];
};

/* fit.c: the samples of a series, size and run, after they have been sorted. */
const struct fit_sample *fit_find(const struct rn_fit *fit, uint32_t series, uint64_t elements,
                                  uint32_t run, size_t *count);

/* fit_random.c: SplitMix64 (S. Vigna). */
uint64_t fit_random(uint64_t *state);
uint32_t fit_random_below(uint64_t *state, uint32_t limit);

/* fit_robust.c. The arrays are put into another order. */
double fit_median(double *values, size_t count);
/* Mean of the middle half (J. W. Tukey's midmean): as robust as is needed for times, and finer than a
 * median where they are multiples of a tick. NAN of none. */
double fit_midmean(double *values, size_t count);
double fit_mad(const double *values, size_t count, double centre); /* scaled: sigma of a normal */
/* Huber's location of values with weights (how often each was drawn). */
double fit_location(const double *values, const double *weights, unsigned count);

/* fit_cells.c: the samples of a series become points and cells. */
enum rn_status fit_make_points(struct rn_fit *fit, struct rn_fit_series *series,
                               const struct fit_sample *samples, size_t count,
                               struct rn_error *err);
/* Location of each point over runs that were drawn `times` each. */
void fit_points_of_runs(const struct rn_fit_series *series, uint32_t runs, const double *times,
                        struct fit_points *out);

/* fit_steady.c: how many samples at the begin of a run are warm-up; drift; two modes. `residuals`
 * are log times less the point's, in order of time. */
size_t fit_warm_up(const double *residuals, size_t count);
double fit_drift(const double *residuals, size_t count);
bool fit_two_modes(const double *residuals, size_t count, double *ratio, double *share);

/* fit_censor.c: what the aggregates of a series say of its points. */
void fit_apply_aggregates(struct rn_fit *fit);

/* fit_model.c, fit_pieces.c. `start` NULL: look for the best; else of that shape, near that one.
 * Returns the weighted sum of squares, INFINITY where the form cannot be fitted. */
double fit_form(enum rn_fit_form form, const struct fit_points *points,
                const struct rn_fit_model *start, struct rn_fit_model *out);
double fit_model_log(const struct rn_fit_model *model, double size);
double fit_pieces(const struct fit_points *points, unsigned pieces,
                  const struct rn_fit_model *start, struct rn_fit_model *out);
double fit_monotone(const struct fit_points *points, struct rn_fit_model *out);
double fit_pieces_log(const struct rn_fit_model *model, double size);
double fit_monotone_log(const struct rn_fit_model *model, double size);

/* fit_solve.c: least squares by Levenberg and Marquardt (GSL), at most 6 parameters, with numeric
 * derivatives. `residuals` fills count values. False where it does not converge. */
typedef void fit_residuals_fn(const double *p, double *residuals, void *context);
bool fit_least_squares(fit_residuals_fn *residuals, void *context, unsigned count,
                       unsigned parameters, double *p);
/* Least value between low and high near `middle`, where it is less than at both (Brent). */
double fit_least(double (*function)(double, void *), void *context, double low, double middle,
                 double high);

/* fit_choose.c: the model of a series. */
void fit_choose(struct rn_fit_series *series);

/* fit_correct.c: what the model does not follow; set `off` of the points. The log time that is to be
 * expected at a size, and what of that is not the model's. */
void fit_correct(struct rn_fit_series *series);
double fit_predict_log(const struct rn_fit_series *series, double size);
double fit_off(const struct rn_fit_series *series, double size);

/* fit_crossover.c */
enum rn_status fit_compare(struct rn_fit *fit, struct rn_fit_operation *operation,
                           struct rn_error *err);

/* fit_bootstrap.c: the intervals of the crossovers that were found. */
enum rn_status fit_bootstrap(struct rn_fit *fit, struct rn_fit_placement *placement,
                             struct rn_error *err);

void fit_refuse(struct rn_fit_series *series, enum rn_fit_reason reason, const char *format, ...)
    RN_PRINTF(3, 4);
static inline double fit_sample_log(const struct fit_sample *sample)
{
    return log(sample->ns ? (double)sample->ns : 0.5);
}

#endif
