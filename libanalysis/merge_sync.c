/* SPDX-License-Identifier: MIT */
/* Clocks of several hosts: messages between them are looked for with the clocks as they are, and
 * from these follows how each runs against the reference. */
#include "clock_shift.h"
#include "merge_private.h"

#include <math.h>
#include <stdlib.h>

/* Rates over a shorter stretch are mostly reading error. */
#define BASELINE_NS 10000000u

/* Points that say that the manifest's rate is further off were read while the clock was stepped. */
#define RATE_ERROR_MAX 1e-3

/* ---- ticks of a source as nanoseconds of its host ---- */

/* ns = base_ns + (ticks - base) * rate; the same for all sources of a host that count alike. */
struct host_clock {
    uint64_t base;
    double base_ns;
    double rate;
};

static double manifest_rate(const struct rn_manifest *manifest)
{
    double rate = ldexp(1.0, (int)manifest->tick_shift);

    return manifest->tick_unit == RN_TICK_TSC && manifest->tick_hz
               ? rate * 1e9 / (double)manifest->tick_hz
               : rate;
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return a < b ? -1 : a > b;
}

/* The median over the stretches between calibration points, so that a step of the clock that they
 * read spoils but one. */
static double median_rate(const struct merge_input *input, const struct rn_manifest *manifest)
{
    double *rates = calloc(input->point_count + 1, sizeof *rates);
    double rate = manifest_rate(manifest);
    size_t count = 0, from = 0;

    for (size_t i = 1; rates && i < input->point_count; i++) {
        const struct rn_clock_point *a = &input->points[from], *b = &input->points[i];
        double found = (double)(b->monotonic_ns - a->monotonic_ns) / (double)(b->ticks - a->ticks);

        if (b->monotonic_ns - a->monotonic_ns < BASELINE_NS)
            continue;
        from = i;
        if (fabs(found / rate - 1) < RATE_ERROR_MAX)
            rates[count++] = found;
    }
    if (count) {
        qsort(rates, count, sizeof *rates, by_value);
        rate = rates[count / 2];
    }
    free(rates);
    return rate;
}

static const struct rn_manifest_source *first_alike(const struct rn_merge *merge, size_t number)
{
    const struct rn_manifest_source *sources = merge->manifest.sources;
    size_t i = 0;

    while (sources[i].host != sources[number].host ||
           sources[i].manifest->tick_unit != sources[number].manifest->tick_unit ||
           sources[i].manifest->tick_shift != sources[number].manifest->tick_shift)
        i++;
    return &sources[i];
}

/* CLOCK_MONOTONIC is one for the whole host; what CLOCK_REALTIME was ahead of it when the first
 * recording began is added, so that clocks of hosts can be compared. */
static struct host_clock clock_of(const struct rn_merge *merge, size_t number)
{
    const struct rn_manifest_source *sources = merge->manifest.sources;
    const struct rn_manifest_source *alike = first_alike(merge, number);
    const struct rn_clock_point *start = &alike->manifest->start;
    const struct rn_clock_point *host = &sources[sources[number].host].manifest->start;

    return (struct host_clock){.base = start->ticks,
                               .base_ns = (double)start->monotonic_ns +
                                          ((double)host->realtime_ns - (double)host->monotonic_ns),
                               .rate =
                                   median_rate(&merge->inputs[alike - sources], alike->manifest)};
}

static enum rn_status set_pieces(struct rn_manifest_source *source,
                                 const struct rn_clock_piece *pieces, size_t count,
                                 struct rn_error *err)
{
    struct rn_clock_piece *copy = calloc(count, sizeof *copy);

    if (!copy)
        return rn_fail(err, RN_E_NOMEM, "no memory for the clocks of hosts");
    for (size_t i = 0; i < count; i++)
        copy[i] = pieces[i];
    free(source->pieces);
    source->pieces = copy;
    source->piece_count = count;
    return RN_OK;
}

/* With the clocks as they are. */
static enum rn_status set_own_clocks(struct rn_merge *merge, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (size_t i = 0; i < merge->count && status == RN_OK; i++) {
        struct host_clock clock = clock_of(merge, i);
        struct rn_clock_piece piece = {.raw = clock.base,
                                       .merged = (uint64_t)llround(clock.base_ns),
                                       .rate = clock.rate,
                                       .error_ns = UINT64_MAX};

        status = set_pieces(&merge->manifest.sources[i], &piece, 1, err);
    }
    return status;
}

/* ---- messages ---- */

struct messages {
    struct rn_merge *merge;
    struct rn_reader **readers;
    struct rn_reader_join *join;
    struct rn_edge_finder *finder;
    struct rn_clock_shifts *shifts; /* by host */
};

static enum rn_status open_all(struct messages *messages, struct rn_error *err)
{
    struct rn_merge *merge = messages->merge;
    struct rn_edge_finder_options options = {.manifest = &merge->manifest};
    enum rn_status status = rn_edge_finder_new(&options, &messages->finder, err);

    messages->readers = calloc(merge->count, sizeof *messages->readers);
    messages->join = rn_reader_join_new();
    if (!messages->readers || !messages->join)
        return rn_fail(err, RN_E_NOMEM, "no memory to merge");
    for (size_t i = 0; i < merge->count && status == RN_OK; i++) {
        status = rn_reader_open(merge->inputs[i].path, &messages->readers[i], err);
        if (status == RN_OK && merge->inputs[i].distrusted)
            rn_edge_finder_distrust(messages->finder, (uint32_t)(i + 1));
        if (status == RN_OK)
            status = rn_reader_join_add(messages->join, messages->readers[i],
                                        &merge->manifest.sources[i], (uint32_t)(i + 1), err);
    }
    return status;
}

static void close_all(struct messages *messages)
{
    rn_reader_join_free(messages->join);
    for (size_t i = 0; messages->readers && i < messages->merge->count; i++)
        rn_reader_free(messages->readers[i]);
    free(messages->readers);
    rn_edge_finder_free(messages->finder);
}

/* What to do with a message between hosts. */
typedef enum rn_status message_fn(struct messages *messages, uint32_t from, uint32_t to,
                                  const struct rn_causal_edge *edge, struct rn_error *err);

static enum rn_status bound_clocks(struct messages *messages, uint32_t from, uint32_t to,
                                   const struct rn_causal_edge *edge, struct rn_error *err)
{
    return rn_clock_sync_message(messages->merge->sync, from, to, (int64_t)edge->from.start,
                                 (int64_t)edge->to.end, err);
}

static enum rn_status put_forward(struct messages *messages, uint32_t from, uint32_t to,
                                  const struct rn_causal_edge *edge, struct rn_error *err)
{
    if (rn_clock_shifts_message(&messages->shifts[from], &messages->shifts[to], edge->from.start,
                                edge->to.end))
        return RN_OK;
    return rn_fail(err, RN_E_NOMEM, "no memory for the clocks of hosts");
}

static enum rn_status take_messages(struct messages *messages, message_fn *take,
                                    struct rn_error *err)
{
    const uint32_t *hosts = messages->merge->host_numbers;
    struct rn_causal_edge edge;
    enum rn_status status = RN_OK;

    while (status == RN_OK && rn_edge_finder_next(messages->finder, &edge)) {
        uint32_t from = hosts[edge.from.source - 1], to = hosts[edge.to.source - 1];

        if (from != to && edge.certainty == RN_EDGE_PROVEN)
            status = take(messages, from, to, &edge, err);
    }
    return status;
}

static enum rn_status find_messages(struct messages *messages, message_fn *take,
                                    struct rn_error *err)
{
    struct rn_event event;
    enum rn_status status = open_all(messages, err);

    while (status == RN_OK &&
           (status = rn_reader_join_next(messages->join, &event, err)) == RN_OK) {
        status = rn_edge_finder_feed(messages->finder, &event, err);
        if (status == RN_OK)
            status = take_messages(messages, take, err);
    }
    if (status == RN_EOF)
        status = rn_edge_finder_finish(messages->finder, err);
    if (status == RN_OK)
        status = take_messages(messages, take, err);
    close_all(messages);
    return status;
}

/* ---- as they run against the reference ---- */

static enum rn_status set_corrected(struct rn_merge *merge, size_t number, struct rn_error *err)
{
    const struct rn_clock_host *host =
        &rn_clock_sync_hosts(merge->sync)[merge->host_numbers[number]];
    struct host_clock clock = clock_of(merge, number);
    struct rn_clock_piece *pieces = calloc(host->line_count, sizeof *pieces);
    size_t count = 0;
    enum rn_status status;

    if (!pieces)
        return rn_fail(err, RN_E_NOMEM, "no memory for the clocks of hosts");
    for (size_t i = 0; i < host->line_count; i++) {
        const struct rn_clock_line *line = &host->lines[i];
        double from = i ? (double)line->from_ns : clock.base_ns;
        double raw = (double)clock.base + (from - clock.base_ns) / clock.rate;
        double merged =
            from + (double)line->offset_ns + line->drift * (from - (double)line->from_ns);
        struct rn_clock_piece piece = {.rate = clock.rate * (1 + line->drift),
                                       .error_ns = line->bound_ns};

        piece.raw = i ? (raw > 0 ? (uint64_t)llround(raw) : 0) : clock.base;
        piece.merged = merged > 0 ? (uint64_t)llround(merged) : 0;
        if (count && piece.raw <= pieces[count - 1].raw)
            count--; /* it began before the first recording of the host did */
        if (count && piece.merged < pieces[count - 1].merged)
            piece.merged = pieces[count - 1].merged; /* time does not run backwards */
        pieces[count++] = piece;
    }
    status = set_pieces(&merge->manifest.sources[number], pieces, count, err);
    free(pieces);
    return status;
}

/* The merged recording counts nanoseconds, from where its first source begins. */
static void set_whole(struct rn_merge *merge)
{
    uint64_t first = UINT64_MAX;

    for (size_t i = 0; i < merge->count; i++) {
        const struct rn_manifest_source *source = &merge->manifest.sources[i];
        uint64_t start = rn_clock_pieces_map(source, source->manifest->start.ticks);

        if (start < first)
            first = start;
    }
    merge->manifest.tick_unit = RN_TICK_NS;
    merge->manifest.tick_shift = 0;
    merge->manifest.tick_hz = 0;
    merge->manifest.start = (struct rn_clock_point){first, first, first, 0};
}

static bool is_contradicted(const struct rn_merge *merge)
{
    for (size_t i = 0; i < merge->host_count; i++)
        if (rn_clock_sync_hosts(merge->sync)[i].violations_after)
            return true;
    return false;
}

/* What no line could set right. */
static enum rn_status correct_logically(struct rn_merge *merge, struct rn_error *err)
{
    struct messages messages = {.merge = merge};
    enum rn_status status;

    messages.shifts = calloc(merge->host_count, sizeof *messages.shifts);
    if (!messages.shifts)
        return rn_fail(err, RN_E_NOMEM, "no memory for the clocks of hosts");
    status = find_messages(&messages, put_forward, err);
    for (size_t i = 0; i < merge->count && status == RN_OK; i++)
        status = rn_clock_shifts_apply(&messages.shifts[merge->host_numbers[i]],
                                       &merge->manifest.sources[i], err);
    for (size_t i = 0; i < merge->host_count; i++)
        rn_clock_shifts_clear(&messages.shifts[i]);
    free(messages.shifts);
    return status;
}

enum rn_status merge_clocks(struct rn_merge *merge, struct rn_error *err)
{
    struct messages messages = {.merge = merge};
    enum rn_status status = set_own_clocks(merge, err);

    merge->sync = rn_clock_sync_new((uint32_t)merge->host_count);
    if (!merge->sync)
        return rn_fail(err, RN_E_NOMEM, "no memory for the clocks of hosts");
    if (status == RN_OK && merge->host_count > 1)
        status = find_messages(&messages, bound_clocks, err);
    if (status == RN_OK)
        status = rn_clock_sync_solve(merge->sync, err);
    for (size_t i = 0; i < merge->count && status == RN_OK; i++)
        status = set_corrected(merge, i, err);
    if (status == RN_OK && is_contradicted(merge))
        status = correct_logically(merge, err);
    for (size_t i = 0; i < merge->host_count && status == RN_OK; i++)
        merge->hosts[i].clock = &rn_clock_sync_hosts(merge->sync)[i];
    if (status == RN_OK)
        set_whole(merge);
    return status;
}
