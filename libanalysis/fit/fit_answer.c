/* SPDX-License-Identifier: MIT */
/* Questions to what was fitted. */
#include "fit_private.h"

#include <string.h>

const struct rn_fit_operation *rn_fit_operation(const struct rn_fit *fit, const char *name)
{
    for (uint32_t i = 0; i < fit->operation_count; i++)
        if (strcmp(fit->operations[i].name, name) == 0)
            return &fit->operations[i];
    return NULL;
}

double rn_fit_time(const struct rn_fit_series *series, double size)
{
    if (series->refused != RN_FIT_FINE || size < series->points[0].size / RN_FIT_REACH ||
        size > series->points[series->point_count - 1].size * RN_FIT_REACH)
        return NAN;
    return exp(fit_predict_log(series, size));
}

const struct rn_fit_range *rn_fit_range(const struct rn_fit_placement *placement, double size)
{
    if (placement->refused != RN_FIT_FINE || size < placement->from / RN_FIT_REACH ||
        size > placement->to * RN_FIT_REACH)
        return NULL;
    for (unsigned i = 0; i < placement->range_count; i++)
        if (size < placement->ranges[i].to || i + 1 == placement->range_count)
            return &placement->ranges[i];
    return NULL;
}

const struct rn_fit_crossover *rn_fit_band(const struct rn_fit_placement *placement, double size)
{
    for (unsigned i = 0; i < placement->crossover_count; i++)
        if (size >= placement->crossovers[i].low && size <= placement->crossovers[i].high)
            return &placement->crossovers[i];
    return NULL;
}

const char *rn_fit_form_name(enum rn_fit_form form)
{
    static const char *const names[RN_FIT_FORMS] = {
        "constant", "linear", "normal-form", "power", "two-pieces", "three-pieces", "monotone"};

    return (unsigned)form < RN_FIT_FORMS ? names[form] : "?";
}

const char *rn_fit_reason_name(enum rn_fit_reason reason)
{
    static const char *const names[RN_FIT_REASONS] = {
        "fine", "few-samples", "few-sizes", "two-modes", "censored", "one-backend", "no-overlap"};

    return (unsigned)reason < RN_FIT_REASONS ? names[reason] : "?";
}
