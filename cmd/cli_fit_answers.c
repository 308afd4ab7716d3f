/* SPDX-License-Identifier: MIT */
/* Answers for all sizes: fitted where the data say, as at the edge of that beyond it, by the
 * built-in rules where there is no fit. */
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

/* Bit of enum rn_backend_use: there are times of it. */
static unsigned seen_of(const struct rn_fit *fit, const struct rn_fit_operation *operation)
{
    unsigned seen = 0;

    for (uint32_t i = 0; i < operation->series_count; i++) {
        const struct rn_fit_series *series = &fit->series[operation->first_series + i];

        if (series->samples || series->aggregated)
            seen |= 1u << series->backend;
    }
    return seen & ~1u;
}

bool cli_fit_is_single(const struct rn_fit *fit, const struct rn_fit_operation *operation)
{
    return __builtin_popcount(seen_of(fit, operation)) == 1;
}

/* The next simpler one of what was seen, else the next one, as librn-backend does with variants
 * that a program has not. */
uint8_t cli_fit_rule(const struct rn_fit *fit, const struct rn_fit_operation *operation,
                     uint64_t size)
{
    unsigned use = (unsigned)rn_backend_rule(rn_backend_class_of(operation->name), size);
    unsigned seen = seen_of(fit, operation), simpler = seen & ((2u << use) - 1);

    if (simpler)
        use = 31 - (unsigned)__builtin_clz(simpler);
    else if (seen)
        use = (unsigned)__builtin_ctz(seen);
    return (uint8_t)use;
}

static unsigned add_rules(const struct rn_fit *fit, const struct rn_fit_operation *operation,
                          struct cli_fit_answer *out)
{
    /* Where any rule changes. */
    static const uint64_t ends[] = {999, 1000, 10000, UINT64_MAX};
    uint64_t from = 1;
    unsigned count = 0;

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        uint8_t use = cli_fit_rule(fit, operation, from);

        if (count && out[count - 1].use == use)
            out[count - 1].to = ends[i];
        else
            out[count++] =
                (struct cli_fit_answer){.from = from, .to = ends[i], .use = use, .isa = ""};
        from = ends[i] + 1;
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
                                               .source = CLI_FIT_FITTED,
                                               .range = range};
        from = to + 1;
    }
    return count;
}

unsigned cli_fit_answers(const struct rn_fit *fit, const struct rn_fit_operation *operation,
                         const struct rn_fit_placement *placement, struct cli_fit_answer *out)
{
    struct cli_fit_answer *last;
    unsigned below, count;

    if (placement->refused != RN_FIT_FINE || !placement->range_count)
        return add_rules(fit, operation, out);
    below = cli_fit_first(placement) > 1;
    count = below + add_fitted(fit, placement, out + below);
    if (count == below)
        return add_rules(fit, operation, out);
    if (below) {
        out[0] = out[1];
        out[0].from = 1;
        out[0].to = out[1].from - 1;
        out[0].source = CLI_FIT_BEYOND;
    }
    last = &out[count - 1];
    last[1] = *last;
    last[1].from = last->to + 1;
    last[1].to = UINT64_MAX;
    last[1].source = CLI_FIT_BEYOND;
    return count + 1;
}

const char *cli_fit_source_name(enum cli_fit_source source)
{
    static const char *const names[] = {"built-in", "beyond", "fitted"};

    return names[source];
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
