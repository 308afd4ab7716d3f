/* SPDX-License-Identifier: MIT */
#include "statistics.h"

/* The MAD of a normal distribution is this many standard deviations. */
#define MAD_OF_NORMAL      0.6745
#define BUCKETS_PER_MEDIAN 128.0

struct rn_outlier_model rn_outlier_model(const struct rn_histogram *histogram)
{
    struct rn_outlier_model model = {
        .mean = rn_histogram_mean(histogram),
        .stddev = rn_histogram_stddev(histogram),
        .median = (double)rn_histogram_quantile(histogram, 0.5),
        .scale = (double)rn_histogram_mad(histogram) / MAD_OF_NORMAL,
    };

    if (model.scale == 0)
        model.scale = (model.median > BUCKETS_PER_MEDIAN ? model.median / BUCKETS_PER_MEDIAN : 1) /
                      MAD_OF_NORMAL;
    return model;
}

struct rn_outlier_score rn_outlier_score(const struct rn_outlier_model *model, uint64_t value)
{
    return (struct rn_outlier_score){
        .z = model->stddev > 0 ? ((double)value - model->mean) / model->stddev : 0,
        .robust = ((double)value - model->median) / model->scale,
    };
}

static uint64_t bound(double value)
{
    return value < 1.8e19 ? (uint64_t)value : UINT64_MAX;
}

uint64_t rn_outlier_bound_z(const struct rn_outlier_model *model, double threshold)
{
    if (model->stddev <= 0)
        return UINT64_MAX;
    return bound(model->mean + threshold * model->stddev);
}

uint64_t rn_outlier_bound_robust(const struct rn_outlier_model *model, double threshold)
{
    return bound(model->median + threshold * model->scale);
}
