/* SPDX-License-Identifier: MIT */
/* Distributions of durations: percentiles, spread, and how far out a value lies. Histograms are in
 * histogram.c, outliers in outlier.c. */
#ifndef RN_STATISTICS_H
#define RN_STATISTICS_H

#include "formats/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A log-linear histogram of 64-bit durations: exact below 128, else within 1/128 of the value
 * (the scheme of HdrHistogram, G. Tene). Memory is taken one power of two at a time: at most 59
 * ranges of 64 counters, mostly fewer than 20. */
struct rn_histogram;
struct rn_histogram *rn_histogram_new(void); /* NULL: no memory */
void rn_histogram_free(struct rn_histogram *histogram);
/* Where there is no memory for a range, the value is counted in count, sum, min and max, but not in
 * the quantiles, and rn_histogram_failed is true from then on. */
void rn_histogram_add(struct rn_histogram *histogram, uint64_t value);
/* What is known of `count` values together: their sum and extremes; `value[i]` stands for
 * `times[i]` of them, in ascending order. Values are moved to between min and max. Quantiles are as
 * good as these are; the standard deviation is an estimate. */
void rn_histogram_add_many(struct rn_histogram *histogram, uint64_t count, uint64_t sum,
                           uint64_t min, uint64_t max, const uint64_t *value, const uint64_t *times,
                           size_t size);
void rn_histogram_merge(struct rn_histogram *into, const struct rn_histogram *from);
bool rn_histogram_failed(const struct rn_histogram *histogram);

uint64_t rn_histogram_count(const struct rn_histogram *histogram);
uint64_t rn_histogram_sum(const struct rn_histogram *histogram);  /* saturating */
uint64_t rn_histogram_min(const struct rn_histogram *histogram);  /* exact; 0 where empty */
uint64_t rn_histogram_max(const struct rn_histogram *histogram);  /* exact; 0 where empty */
double rn_histogram_mean(const struct rn_histogram *histogram);   /* exact; 0 where empty */
double rn_histogram_stddev(const struct rn_histogram *histogram); /* of the population */
/* Nearest-rank quantile, q in [0,1]; the middle of its bucket, never outside [min, max]; the first
 * and the last rank are exact. */
uint64_t rn_histogram_quantile(const struct rn_histogram *histogram, double q);
/* Median absolute deviation from the median, from the buckets. */
uint64_t rn_histogram_mad(const struct rn_histogram *histogram);
/* How many values lie above a bound (by bucket: values in the bound's own bucket do not). */
uint64_t rn_histogram_above(const struct rn_histogram *histogram, uint64_t bound);

/* How far out a value lies. `z` is in standard deviations from the mean; `robust` is the modified
 * z-score of Iglewicz and Hoaglin, 0.6745 (x - median) / MAD, which a few large values cannot hide
 * from. Where the MAD is 0 (more than half of the values are alike) one histogram bucket, 1/128 of
 * the median, stands in for it; where the standard deviation is 0, z is 0. */
#define RN_OUTLIER_Z      3.0
#define RN_OUTLIER_ROBUST 3.5
struct rn_outlier_model {
    double mean, stddev;
    double median, scale; /* scale: MAD / 0.6745 */
};
struct rn_outlier_score {
    double z, robust;
};
struct rn_outlier_model rn_outlier_model(const struct rn_histogram *histogram);
struct rn_outlier_score rn_outlier_score(const struct rn_outlier_model *model, uint64_t value);
/* The values from which on a score is over its threshold; UINT64_MAX where none is. */
uint64_t rn_outlier_bound_z(const struct rn_outlier_model *model, double threshold);
uint64_t rn_outlier_bound_robust(const struct rn_outlier_model *model, double threshold);

#ifdef __cplusplus
}
#endif
#endif
