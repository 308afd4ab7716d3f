/* SPDX-License-Identifier: MIT */
/* Answers for all sizes: fitted where the data say, by the built-in rules elsewhere. */
#include "cli_fit.h"

#include "libanalysis/backend/rn_backend.h"

#include <math.h>
#include <string.h>

uint64_t cli_fit_first(const struct rn_fit_placement *placement)
{
    return (uint64_t)fmax(ceil(placement->from / RN_FIT_REACH), 1);
}

uint64_t cli_fit_last(const struct rn_fit_placement *placement)
{
    return (uint64_t)fmin(floor(placement->to * RN_FIT_REACH), 1e18);
}

bool cli_fit_is_known(const struct rn_fit *fit, const struct rn_fit_operation *operation)
{
    for (uint32_t i = 0; i < operation->series_count; i++) {
        const struct rn_fit_series *series = &fit->series[operation->first_series + i];

        if (series->samples || series->aggregated)
            return true;
    }
    return false;
}

/* The rule's answers for sizes `from` to `to`. */
static unsigned add_rules(const char *operation, uint64_t from, uint64_t to,
                          struct cli_fit_answer *out)
{
    /* Where any rule changes. */
    static const uint64_t ends[] = {999, 1000, 10000, UINT64_MAX};
    enum rn_backend_class class_of = rn_backend_class_of(operation);
    unsigned count = 0;

    for (size_t i = 0; i < sizeof ends / sizeof ends[0] && from <= to; i++) {
        uint64_t end = ends[i] < to ? ends[i] : to;
        uint8_t use = (uint8_t)rn_backend_rule(class_of, from);

        if (end < from)
            continue;
        if (count && out[count - 1].use == use)
            out[count - 1].to = end;
        else
            out[count++] = (struct cli_fit_answer){.from = from, .to = end, .use = use, .isa = ""};
        if (end == UINT64_MAX)
            break;
        from = end + 1;
    }
    return count;
}

static unsigned add_fitted(const struct rn_fit *fit, const struct rn_fit_placement *placement,
                           struct cli_fit_answer *out)
{
    uint64_t from = cli_fit_first(placement);
    unsigned count = 0;

    for (unsigned i = 0; i < placement->range_count; i++) {
        const struct rn_fit_range *range = &placement->ranges[i];
        const struct rn_fit_series *series = &fit->series[range->series];
        bool last = i + 1 == placement->range_count;
        uint64_t to = last ? cli_fit_last(placement) : (uint64_t)ceil(range->to) - 1;

        if (to < from)
            continue;
        out[count++] = (struct cli_fit_answer){.from = from,
                                               .to = to,
                                               .use = series->backend,
                                               .isa = series->isa,
                                               .fitted = true,
                                               .range = range};
        from = to + 1;
    }
    return count;
}

unsigned cli_fit_answers(const struct rn_fit *fit, const struct rn_fit_operation *operation,
                         const struct rn_fit_placement *placement, bool fitted_only,
                         struct cli_fit_answer *out)
{
    bool fitted = placement->refused == RN_FIT_FINE && placement->range_count;
    unsigned count = 0;

    if (!fitted)
        return fitted_only ? 0 : add_rules(operation->name, 1, UINT64_MAX, out);
    if (!fitted_only && cli_fit_first(placement) > 1)
        count = add_rules(operation->name, 1, cli_fit_first(placement) - 1, out);
    count += add_fitted(fit, placement, out + count);
    if (!fitted_only)
        count += add_rules(operation->name, cli_fit_last(placement) + 1, UINT64_MAX, out + count);
    return count;
}

const char *cli_fit_use_name(uint8_t use)
{
    static const char *const names[] = {"unknown", "scalar", "simd", "gpu"};

    return names[use < 4 ? use : 0];
}

const char *cli_fit_residency_name(uint8_t residency)
{
    static const char *const names[] = {"", "cold", "resident"};

    return names[residency < 3 ? residency : 0];
}

void cli_fit_series_name(struct rn_buf *out, const struct rn_fit_series *series)
{
    rn_buf_text(out, cli_fit_use_name(series->backend));
    if (*series->isa)
        rn_buf_printf(out, " %s", series->isa);
    if (series->residency)
        rn_buf_printf(out, ", %s", cli_fit_residency_name(series->residency));
}
