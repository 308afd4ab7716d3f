/* SPDX-License-Identifier: MIT */
/* The lower envelope of the models of an operation: which one is least, from which size on. */
#include "fit_private.h"

#include "formats/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP   0.01 /* of the logarithm of sizes */
#define WORTH  0.02 /* what is gained less than that is no reason to change */
#define NOBODY UINT32_MAX

struct envelope {
    const struct rn_fit *fit;
    uint32_t series[RN_FIT_MAX_SERIES];
    unsigned count;
    double low; /* log of the least size */
    unsigned steps;
    double *log_ns;   /* steps x count; INFINITY: not measured there */
    uint32_t *winner; /* steps: index into series */
};

static double size_at(const struct envelope *envelope, unsigned step)
{
    return exp(envelope->low + step * STEP);
}

static double time_at(const struct envelope *envelope, unsigned step, uint32_t candidate)
{
    return envelope->log_ns[(size_t)step * envelope->count + candidate];
}

static bool is_candidate(const struct rn_fit_series *series, bool on_device)
{
    if (series->backend == RN_BACKEND_UNKNOWN)
        return false;
    if (series->backend != RN_BACKEND_GPU)
        return true;
    return on_device ? series->residency == RN_RESIDENCY_RESIDENT
                     : series->residency != RN_RESIDENCY_RESIDENT;
}

static double least_size(const struct rn_fit_series *series)
{
    return series->points[0].size;
}

static double greatest_size(const struct rn_fit_series *series)
{
    return series->points[series->point_count - 1].size;
}

static void refuse(struct rn_fit_placement *placement, enum rn_fit_reason reason, const char *why)
{
    placement->refused = reason;
    snprintf(placement->why, sizeof placement->why, "%s", why);
}

/* Who takes part. False: there is nothing to compare. */
static bool choose_candidates(const struct rn_fit *fit, const struct rn_fit_operation *operation,
                              struct rn_fit_placement *placement, struct envelope *envelope)
{
    const struct rn_fit_series *refused = NULL;

    for (uint32_t i = 0; i < operation->series_count; i++) {
        const struct rn_fit_series *series = &fit->series[operation->first_series + i];

        if (!is_candidate(series, placement->on_device))
            continue;
        /* It is not that it was not measured: somebody who was left out may be the fastest. */
        if (series->refused == RN_FIT_CENSORED) {
            refuse(placement, RN_FIT_CENSORED, series->why);
            return false;
        }
        if (series->refused == RN_FIT_FINE)
            envelope->series[envelope->count++] = operation->first_series + i;
        else
            refused = series;
    }
    if (envelope->count > 1)
        return true;
    if (refused)
        refuse(placement, refused->refused, refused->why);
    else
        refuse(placement, RN_FIT_ONE_BACKEND, "there is one backend alone: nothing to compare");
    return false;
}

static bool overlaps(const struct rn_fit_series *a, const struct rn_fit_series *b)
{
    return least_size(a) < greatest_size(b) && least_size(b) < greatest_size(a);
}

/* Whoever was measured where nobody else was cannot be compared. */
static bool leave_out_apart(struct envelope *envelope, struct rn_fit_placement *placement)
{
    const struct rn_fit *fit = envelope->fit;
    unsigned kept = 0;
    uint32_t keep[RN_FIT_MAX_SERIES];

    for (unsigned i = 0; i < envelope->count; i++) {
        bool met = false;

        for (unsigned j = 0; j < envelope->count; j++)
            met |= i != j &&
                   overlaps(&fit->series[envelope->series[i]], &fit->series[envelope->series[j]]);
        if (met)
            keep[kept++] = envelope->series[i];
    }
    memcpy(envelope->series, keep, kept * sizeof *keep);
    envelope->count = kept;
    if (kept < 2)
        refuse(placement, RN_FIT_NO_OVERLAP, "no size was measured on more than one backend");
    return kept >= 2;
}

static bool lay_out(struct envelope *envelope, struct rn_fit_placement *placement)
{
    placement->from = INFINITY;
    placement->to = 0;
    for (unsigned i = 0; i < envelope->count; i++) {
        const struct rn_fit_series *series = &envelope->fit->series[envelope->series[i]];

        placement->from = fmin(placement->from, least_size(series));
        placement->to = fmax(placement->to, greatest_size(series));
    }
    envelope->low = log(placement->from);
    envelope->steps = (unsigned)ceil((log(placement->to) - envelope->low) / STEP) + 1;
    envelope->log_ns = calloc((size_t)envelope->steps * envelope->count, sizeof(double));
    envelope->winner = calloc(envelope->steps, sizeof *envelope->winner);
    return envelope->log_ns && envelope->winner;
}

static void fill(struct envelope *envelope)
{
    for (unsigned s = 0; s < envelope->steps; s++) {
        double size = size_at(envelope, s), least = INFINITY;

        envelope->winner[s] = NOBODY;
        for (unsigned c = 0; c < envelope->count; c++) {
            const struct rn_fit_series *series = &envelope->fit->series[envelope->series[c]];
            bool measured =
                size > least_size(series) * (1 - STEP) && size < greatest_size(series) * (1 + STEP);
            double value = measured ? fit_predict_log(series, size) : INFINITY;

            envelope->log_ns[(size_t)s * envelope->count + c] = value;
            if (value < least) {
                least = value;
                envelope->winner[s] = c;
            }
        }
    }
}

/* Sizes at which nobody was measured, between some that were: whoever is the least at the nearer
 * end. */
static void bridge_gaps(struct envelope *envelope)
{
    for (unsigned from = 0, to; from < envelope->steps; from = to) {
        to = from + 1;
        if (envelope->winner[from] != NOBODY)
            continue;
        while (to < envelope->steps && envelope->winner[to] == NOBODY)
            to++;
        for (unsigned s = from; s < to && from > 0 && to < envelope->steps; s++)
            envelope->winner[s] = envelope->winner[s < (from + to) / 2 ? from - 1 : to];
    }
}

static unsigned segment_end(const struct envelope *envelope, unsigned from)
{
    unsigned to = from;

    while (to < envelope->steps && envelope->winner[to] == envelope->winner[from])
        to++;
    return to;
}

/* How much slower it would be, at most, to take `other` from `from` to `to`. */
static double loss_with(const struct envelope *envelope, unsigned from, unsigned to, uint32_t other)
{
    double loss = 0;

    if (other == NOBODY || envelope->winner[from] == NOBODY)
        return INFINITY;
    for (unsigned s = from; s < to; s++)
        loss = fmax(loss, time_at(envelope, s, other) - time_at(envelope, s, envelope->winner[s]));
    return loss;
}

/* The segment that is worth least gives way to a neighbour. False: all are worth it. */
static bool absorb_one(struct envelope *envelope)
{
    unsigned from_least = 0, to_least = 0;
    uint32_t taker = NOBODY;
    double least = WORTH;

    for (unsigned from = 0, to; from < envelope->steps; from = to) {
        uint32_t neighbours[2];

        to = segment_end(envelope, from);
        neighbours[0] = from > 0 ? envelope->winner[from - 1] : NOBODY;
        neighbours[1] = to < envelope->steps ? envelope->winner[to] : NOBODY;
        for (int i = 0; i < 2; i++) {
            double loss = loss_with(envelope, from, to, neighbours[i]);

            if (loss < least) {
                least = loss;
                from_least = from;
                to_least = to;
                taker = neighbours[i];
            }
        }
    }
    for (unsigned s = from_least; s < to_least; s++)
        envelope->winner[s] = taker;
    return taker != NOBODY;
}

/* Between the two steps, where the lines through them meet. */
static double meeting(const struct envelope *envelope, unsigned step, uint32_t below,
                      uint32_t above)
{
    double before = time_at(envelope, step - 1, below) - time_at(envelope, step - 1, above);
    double after = time_at(envelope, step, below) - time_at(envelope, step, above);
    double share = before < 0 && after > 0 ? before / (before - after) : 1;

    return exp(envelope->low + (step - 1 + (isfinite(share) ? share : 1)) * STEP);
}

static uint32_t measured_at(const struct envelope *envelope, double size)
{
    uint32_t count = 0;

    for (unsigned c = 0; c < envelope->count; c++) {
        const struct rn_fit_series *series = &envelope->fit->series[envelope->series[c]];

        count += size >= least_size(series) && size <= greatest_size(series);
    }
    return count;
}

static void add_range(const struct envelope *envelope, struct rn_fit_placement *placement,
                      unsigned from, unsigned to)
{
    struct rn_fit_range *range = &placement->ranges[placement->range_count++];
    double size = size_at(envelope, (from + to - 1) / 2);

    *range = (struct rn_fit_range){.from = from ? size_at(envelope, from) : placement->from,
                                   .to = placement->to,
                                   .series = envelope->series[envelope->winner[from]],
                                   .compared = measured_at(envelope, size)};
}

static void cut(const struct envelope *envelope, struct rn_fit_placement *placement)
{
    for (unsigned from = 0, to; from < envelope->steps; from = to) {
        struct rn_fit_crossover *crossover;

        to = segment_end(envelope, from);
        if (envelope->winner[from] == NOBODY || placement->range_count == RN_FIT_MAX_RANGES)
            continue;
        add_range(envelope, placement, from, to);
        if (placement->range_count < 2)
            continue;
        crossover = &placement->crossovers[placement->crossover_count++];
        *crossover = (struct rn_fit_crossover){
            .below = placement->ranges[placement->range_count - 2].series,
            .above = placement->ranges[placement->range_count - 1].series};
        crossover->size =
            meeting(envelope, from, envelope->winner[from - 1], envelope->winner[from]);
        crossover->low = crossover->high = crossover->size;
        placement->ranges[placement->range_count - 1].from = crossover->size;
        placement->ranges[placement->range_count - 2].to = crossover->size;
    }
}

/* Does what was left out for want of data lie where this is decided? */
static bool is_censored(const struct rn_fit_series *series, double size)
{
    int bin = (int)floor(log2(size)) + 1;

    for (int near = bin - 1; near <= bin + 1; near++)
        if (near > 0 && near < 64 && series->censored_bins >> near & 1)
            return true;
    return false;
}

static void check_holes(const struct rn_fit *fit, struct rn_fit_placement *placement)
{
    for (unsigned i = 0; i < placement->crossover_count; i++) {
        const struct rn_fit_crossover *crossover = &placement->crossovers[i];

        if (!is_censored(&fit->series[crossover->below], crossover->size) &&
            !is_censored(&fit->series[crossover->above], crossover->size))
            continue;
        placement->refused = RN_FIT_CENSORED;
        snprintf(placement->why, sizeof placement->why,
                 "a threshold cut the recording near the crossover at %.0f", crossover->size);
    }
    if (placement->refused != RN_FIT_FINE)
        placement->range_count = placement->crossover_count = 0;
}

/* What is gained, at most, by changing to this range's backend and back. */
static double gain_of(const struct envelope *envelope, const struct rn_fit_range *range,
                      uint32_t other)
{
    const struct rn_fit_series *mine = &envelope->fit->series[range->series];
    const struct rn_fit_series *others = &envelope->fit->series[other];
    double gain = 0, low = fmax(range->from, least_size(others));

    for (double size = low; size < fmin(range->to, greatest_size(others)); size *= 1 + STEP)
        gain = fmax(gain, fit_predict_log(others, size) - fit_predict_log(mine, size));
    return gain;
}

/* Before and behind it is the same backend, and the intervals of where it begins and of where it
 * ends overlap: the data cannot tell that there is such a range. */
static bool is_doubtful(const struct rn_fit_placement *placement, unsigned number)
{
    return placement->ranges[number - 1].series == placement->ranges[number + 1].series &&
           placement->crossovers[number - 1].high >= placement->crossovers[number].low;
}

/* How far the times of both are off, together: a gain within that is none that was measured. */
static double off_together(const struct rn_fit *fit, uint32_t a, uint32_t b)
{
    return hypot(fit->series[a].cv_error, fit->series[b].cv_error);
}

static void drop_range(const struct envelope *envelope, struct rn_fit_placement *placement,
                       unsigned number)
{
    struct rn_fit_range *range = &placement->ranges[number - 1];
    struct rn_fit_crossover *crossover = &placement->crossovers[number - 1];

    range->to = range[2].to;
    range->compared = measured_at(envelope, sqrt(range->from * range->to));
    placement->range_count -= 2;
    placement->crossover_count -= 2;
    memmove(range + 1, range + 3, (placement->range_count - number) * sizeof *range);
    memmove(crossover, crossover + 2,
            (placement->crossover_count - (number - 1)) * sizeof *crossover);
}

/* The doubtful range that gains least, within what times are off; 0: there is none. */
static unsigned find_doubtful(const struct envelope *envelope,
                              const struct rn_fit_placement *placement)
{
    double least = INFINITY;
    unsigned found = 0;

    for (unsigned i = 1; i + 1 < placement->range_count; i++) {
        const struct rn_fit_range *range = &placement->ranges[i];
        uint32_t other = range[-1].series;
        double gain = gain_of(envelope, range, other);

        if (!is_doubtful(placement, i) || gain >= least ||
            gain > off_together(envelope->fit, range->series, other))
            continue;
        least = gain;
        found = i;
    }
    return found;
}

static enum rn_status compare_at(struct rn_fit *fit, const struct rn_fit_operation *operation,
                                 struct rn_fit_placement *placement, struct rn_error *err)
{
    struct envelope *envelope = calloc(1, sizeof *envelope);
    enum rn_status status = RN_OK;

    if (!envelope)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    envelope->fit = fit;
    if (choose_candidates(fit, operation, placement, envelope) &&
        leave_out_apart(envelope, placement)) {
        if (!lay_out(envelope, placement)) {
            status = rn_fail(err, RN_E_NOMEM, "out of memory");
        } else {
            fill(envelope);
            bridge_gaps(envelope);
            while (absorb_one(envelope))
                ;
            cut(envelope, placement);
            check_holes(fit, placement);
            status = fit_bootstrap(fit, placement, err);
            for (unsigned i; status == RN_OK && (i = find_doubtful(envelope, placement)) > 0;)
                drop_range(envelope, placement, i);
        }
    }
    free(envelope->log_ns);
    free(envelope->winner);
    free(envelope);
    return status;
}

/* Data on the device is a question of its own only where something was measured there. */
enum rn_status fit_compare(struct rn_fit *fit, struct rn_fit_operation *operation,
                           struct rn_error *err)
{
    bool resident = false;
    enum rn_status status;

    for (uint32_t i = 0; i < operation->series_count; i++)
        resident |= fit->series[operation->first_series + i].backend == RN_BACKEND_GPU &&
                    fit->series[operation->first_series + i].residency == RN_RESIDENCY_RESIDENT;
    operation->placement_count = resident ? 2 : 1;
    operation->placements[1].on_device = true;
    status = compare_at(fit, operation, &operation->placements[0], err);
    if (status == RN_OK && resident)
        status = compare_at(fit, operation, &operation->placements[1], err);
    return status;
}
