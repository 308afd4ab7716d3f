/* SPDX-License-Identifier: MIT */
/* How long an operation takes on each backend as a function of its size, from which size on one
 * backend is faster than another, and how sure that is; or why it cannot be said.
 *
 * Samples go in (rn_fit_add, or rn_history_fill from a history), rn_fit_run computes, and the
 * results are read from the struct. Sizes are numbers of elements, times are nanoseconds,
 * logarithms natural.
 *
 * Sources of the methods: power laws with a logarithm ("performance model normal form") A. Calotoiu
 * et al., SC 2013; isotonic regression by pooling adjacent violators, Ayer et al. 1955; monotone
 * cubic interpolation M. Steffen 1990; the one-standard-error rule L. Breiman et al. 1984;
 * bootstrap of clusters with the expanded percentile interval T. Hesterberg 2015; location by
 * Huber's M-estimate.
 *
 * Deterministic: the same samples in the same order and the same seed give the same results. Not
 * thread-safe. Memory: 32 bytes a sample and some kilobytes a series. */
#ifndef RN_FIT_H
#define RN_FIT_H

#include "formats/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RN_FIT_MIN_SAMPLES 10u
#define RN_FIT_MIN_SIZES   5u
#define RN_FIT_REACH       1.10 /* a model answers up to this factor outside what was measured */
#define RN_FIT_MAX_SIZES   64u  /* of a series; more are pooled, neighbours together */
#define RN_FIT_MAX_RUNS    4096u
#define RN_FIT_MAX_SERIES  4096u
#define RN_FIT_MAX_RANGES  16u

/* In the order of complexity. Sizes n, times T, parameters a, b, c >= 0. */
enum rn_fit_form {
    RN_FIT_CONSTANT,
    RN_FIT_LINEAR,   /* a + b n */
    RN_FIT_NORMAL,   /* a + b n^i log2(n)^j, i and j from a small set */
    RN_FIT_POWER,    /* a + b n^c */
    RN_FIT_PIECES_2, /* two straight lines that meet */
    RN_FIT_PIECES_3,
    RN_FIT_MONOTONE, /* isotonic regression, interpolated */
    RN_FIT_FORMS
};

enum rn_fit_reason {
    RN_FIT_FINE,
    RN_FIT_FEW_SAMPLES,
    RN_FIT_FEW_SIZES,
    RN_FIT_TWO_MODES, /* the times are of two kinds */
    RN_FIT_CENSORED,  /* a threshold of recording cut the sample, and its aggregates do not help */
    RN_FIT_ONE_BACKEND, /* nothing to compare with */
    RN_FIT_NO_OVERLAP,  /* no size at which this and another backend were measured */
    RN_FIT_REASONS
};

/* All that is known at one size. */
struct rn_fit_point {
    double size;
    double log_ns; /* logarithm of the typical time: Huber's location of the midmeans of the runs */
    double error;  /* standard error of log_ns */
    double off;    /* how far the model is off, as far as that is sure: predictions have it added */
    uint64_t samples;
    uint32_t runs;
    bool aggregated; /* from counts, not from single times */
};

struct rn_fit_model {
    enum rn_fit_form form;
    double p[4];    /* log b, log (a / b), i or c, j; CONSTANT: log a */
    unsigned knots; /* PIECES: x sizes, y log times; MONOTONE: x log sizes, y log times, d slopes */
    double x[RN_FIT_MAX_SIZES], y[RN_FIT_MAX_SIZES], d[RN_FIT_MAX_SIZES];
};

struct rn_fit_series {
    char *operation, *isa; /* isa may be empty, never NULL */
    uint8_t backend;       /* enum rn_backend */
    uint8_t residency;     /* enum rn_residency; of GPUs */
    struct rn_fit_point points[RN_FIT_MAX_SIZES];
    unsigned point_count;
    uint64_t samples, warm_up, aggregated;
    uint64_t censored_bins; /* bit b: of 2^(b-1) to 2^b - 1 elements, nothing can be said */
    double drift; /* relative change of times from the begin to the end of runs; 0: none is seen */
    enum rn_fit_reason refused;
    char why[160]; /* one clause; empty where not refused */
    struct rn_fit_model model;
    double cv_error;                  /* of the model: root mean square of log errors */
    double cv_of_forms[RN_FIT_FORMS]; /* of all; NAN where a form was not tried */
    double *cells;                    /* private: log midmeans, point x run; NAN: none */
};

/* Where one backend hands over to the next as sizes grow. */
struct rn_fit_crossover {
    uint32_t below, above;    /* series */
    double size, low, high;   /* estimate; 5 % and 95 % */
    bool open_low, open_high; /* the interval ends at the end of what was measured, not before */
    bool decided; /* false: the data cannot tell within a factor of 4: a band, not a point */
};

struct rn_fit_range {
    double from, to;
    uint32_t series;
    uint32_t compared; /* how many series were measured here */
};

/* The answers for an operation: data in host memory (the GPU has to fetch it), or on the device. */
struct rn_fit_placement {
    bool on_device;
    enum rn_fit_reason refused;
    char why[160];
    double from, to; /* measured */
    struct rn_fit_range ranges[RN_FIT_MAX_RANGES];
    unsigned range_count;
    struct rn_fit_crossover crossovers[RN_FIT_MAX_RANGES];
    unsigned crossover_count;
    bool by_samples; /* fewer than 3 runs: intervals know nothing of what differs from run to run */
};

struct rn_fit_operation {
    const char *name;
    uint32_t first_series, series_count; /* in rn_fit.series, neighbours */
    struct rn_fit_placement placements[2];
    unsigned placement_count;
};

struct rn_fit_options {
    uint64_t seed;
    unsigned replicates; /* of the bootstrap; 0: 500 */
};

struct rn_fit_private;
struct rn_fit {
    struct rn_fit_options options;
    struct rn_fit_series *series; /* after rn_fit_run: sorted by operation, backend, isa */
    uint32_t series_count;
    struct rn_fit_operation *operations;
    uint32_t operation_count;
    uint32_t runs;
    struct rn_fit_private *own;
};

/* What is known of calls that were counted instead of recorded. */
struct rn_fit_aggregate {
    uint64_t reason; /* enum rn_aggregate_reason */
    unsigned size_bin;
    uint64_t count, sum_ns, min_ns, max_ns, elements; /* elements: sum */
    unsigned buckets;
    struct rn_fit_bucket {
        double from_ns, to_ns;
        uint64_t count;
    } bucket[48]; /* ascending */
};

struct rn_fit *rn_fit_new(const struct rn_fit_options *options); /* NULL: no memory */
void rn_fit_free(struct rn_fit *fit);

/* The series of that name; the same one each time. isa NULL: none. */
RN_MUST_CHECK enum rn_status rn_fit_series(struct rn_fit *fit, const char *operation,
                                           uint8_t backend, const char *isa, uint8_t residency,
                                           uint32_t *series, struct rn_error *err);
/* One time. `run`: any number that names the run. Samples of 0 elements are ignored. */
RN_MUST_CHECK enum rn_status rn_fit_add(struct rn_fit *fit, uint32_t series, uint64_t run,
                                        uint64_t elements, uint64_t start_ns, uint64_t ns,
                                        struct rn_error *err);
/* isa of the series is empty where it is not known: then it counts for the only series of that
 * operation and backend, or against all of them. */
RN_MUST_CHECK enum rn_status rn_fit_add_aggregate(struct rn_fit *fit, uint32_t series, uint64_t run,
                                                  const struct rn_fit_aggregate *aggregate,
                                                  struct rn_error *err);
/* Once, after the last sample. */
RN_MUST_CHECK enum rn_status rn_fit_run(struct rn_fit *fit, struct rn_error *err);

const struct rn_fit_operation *rn_fit_operation(const struct rn_fit *fit, const char *name);
/* Nanoseconds; NAN where `size` is more than RN_FIT_REACH outside of what was measured, or the
 * series is refused. */
double rn_fit_time(const struct rn_fit_series *series, double size);
/* The range that answers for `size`; NULL where none does. */
const struct rn_fit_range *rn_fit_range(const struct rn_fit_placement *placement, double size);
/* The crossover whose interval `size` lies in; NULL. */
const struct rn_fit_crossover *rn_fit_band(const struct rn_fit_placement *placement, double size);

const char *rn_fit_form_name(enum rn_fit_form form);       /* "power" */
const char *rn_fit_reason_name(enum rn_fit_reason reason); /* "few-samples" */

#endif
