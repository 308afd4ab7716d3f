/* SPDX-License-Identifier: MIT */
/* Counts, times, percentiles and outliers per group. */
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
 * (the scheme of HdrHistogram, G. Tene). Grows in powers of two ranges as needed: at most 59 ranges
 * of 64 counters. Adding never fails after rn_histogram_new. */
struct rn_histogram;
struct rn_histogram *rn_histogram_new(void); /* NULL: no memory */
void rn_histogram_free(struct rn_histogram *histogram);
void rn_histogram_add(struct rn_histogram *histogram, uint64_t value);
void rn_histogram_merge(struct rn_histogram *into, const struct rn_histogram *from);
uint64_t rn_histogram_count(const struct rn_histogram *histogram);
uint64_t rn_histogram_sum(const struct rn_histogram *histogram); /* saturating */
uint64_t rn_histogram_min(const struct rn_histogram *histogram); /* exact; 0 where empty */
uint64_t rn_histogram_max(const struct rn_histogram *histogram); /* exact; 0 where empty */
double rn_histogram_mean(const struct rn_histogram *histogram);
double rn_histogram_stddev(const struct rn_histogram *histogram); /* of the population */
/* Nearest-rank quantile, q in [0,1]; the middle of its bucket, never outside [min, max]. */
uint64_t rn_histogram_quantile(const struct rn_histogram *histogram, double q);
/* Median absolute deviation from the median, from the buckets. */
uint64_t rn_histogram_mad(const struct rn_histogram *histogram);
/* How many values lie above a bound (by bucket). */
uint64_t rn_histogram_above(const struct rn_histogram *histogram, uint64_t bound);

#ifdef __cplusplus
}
#endif
#endif
