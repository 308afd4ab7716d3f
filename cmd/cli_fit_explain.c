/* SPDX-License-Identifier: MIT */
/* One size of one operation: what would be taken, and why; and everything as data to be plotted. */
#include "cli_fit.h"

#include "formats/escape.h"
#include "libanalysis/backend/rn_backend.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define PLOT_STEPS 200

static void put_name(struct rn_buf *out, const struct rn_fit_series *series)
{
    struct rn_buf name = RN_BUF_INIT;

    cli_fit_series_name(&name, series);
    rn_escape_terminal(out, name.data, name.size);
    rn_buf_free(&name);
}

/* What is known of one backend at that size. */
static void put_evidence(struct rn_buf *out, const struct rn_fit_series *series, double size)
{
    double ns = rn_fit_time(series, size);

    if (!series->samples && !series->aggregated)
        return;
    rn_buf_text(out, "  ");
    put_name(out, series);
    if (series->refused != RN_FIT_FINE)
        rn_buf_printf(out, ": refused: %s\n", series->why);
    else if (isnan(ns))
        rn_buf_printf(out, ": measured from %.0f to %.0f only\n", series->points[0].size,
                      series->points[series->point_count - 1].size);
    else
        rn_buf_printf(out,
                      ": %.4g ns (%s, off by %.1f %% at sizes left out; %" PRIu64
                      " samples, %u sizes)\n",
                      ns, rn_fit_form_name(series->model.form), 100 * expm1(series->cv_error),
                      series->samples + series->aggregated, series->point_count);
}

static void put_band(struct rn_buf *out, const struct rn_fit *fit,
                     const struct rn_fit_crossover *band)
{
    rn_buf_printf(out,
                  "  the size is within the interval of a crossover (%.0f, 90 %%: %.0f to %.0f):"
                  " keep what is in use, ",
                  band->size, band->low, band->high);
    put_name(out, &fit->series[band->below]);
    rn_buf_text(out, " or ");
    put_name(out, &fit->series[band->above]);
    rn_buf_byte(out, '\n');
}

/* The fastest at the edge. */
static void put_beyond(struct rn_buf *out, const struct rn_fit *fit,
                       const struct rn_fit_placement *placement, uint64_t size)
{
    bool below = (double)size < placement->from;
    const struct rn_fit_range *edge =
        below ? &placement->ranges[0] : &placement->ranges[placement->range_count - 1];

    put_name(out, &fit->series[edge->series]);
    rn_buf_printf(out,
                  ", the fastest at %.0f: measured from %.0f to %.0f only, and models answer no "
                  "more than 10 %% beyond\n",
                  below ? placement->from : placement->to, placement->from, placement->to);
}

static void put_rule(struct rn_buf *out, const struct rn_fit *fit,
                     const struct rn_fit_operation *operation,
                     const struct rn_fit_placement *placement, uint64_t size)
{
    rn_buf_text(out, cli_fit_use_name(cli_fit_rule(fit, operation, size)));
    if (cli_fit_is_single(fit, operation))
        rn_buf_printf(out, ", the only backend seen: %s\n", placement->why);
    else
        rn_buf_printf(out, ", by built-in rule for class %s: %s\n",
                      rn_backend_class_name(rn_backend_class_of(operation->name)), placement->why);
}

static bool put_choice(struct rn_buf *out, const struct rn_fit *fit,
                       const struct rn_fit_operation *operation,
                       const struct rn_fit_placement *placement, uint64_t size)
{
    const struct rn_fit_range *range = rn_fit_range(placement, (double)size);
    const struct rn_fit_crossover *band = rn_fit_band(placement, (double)size);
    rn_buf_printf(out, "data on the %s: ", placement->on_device ? "device" : "host");
    if (range) {
        put_name(out, &fit->series[range->series]);
        rn_buf_printf(out, ", fitted; fastest from %.0f to %.0f of %u backends\n", range->from,
                      range->to, range->compared);
        if (band)
            put_band(out, fit, band);
        return true;
    }
    if (placement->refused == RN_FIT_FINE && placement->range_count)
        put_beyond(out, fit, placement, size);
    else
        put_rule(out, fit, operation, placement, size);
    return false;
}

int cli_fit_explain(const struct cli_fit *job, const char *name, uint64_t size, struct rn_buf *out)
{
    const struct rn_fit_operation *operation = rn_fit_operation(job->fit, name);
    bool known = false;

    if (!operation || !cli_fit_is_known(job->fit, operation)) {
        cli_fail("--explain '%s': %s no such operation", name,
                 job->history ? "the history has" : "the recordings have");
        return RN_EXIT_ANSWER;
    }
    rn_escape_terminal(out, (const uint8_t *)name, strlen(name));
    rn_buf_printf(out, " of %" PRIu64 " elements, %u runs\n", size, job->fit->runs);
    for (unsigned i = 0; i < operation->placement_count; i++)
        known |= put_choice(out, job->fit, operation, &operation->placements[i], size);
    for (uint32_t i = 0; i < operation->series_count; i++)
        put_evidence(out, &job->fit->series[operation->first_series + i], (double)size);
    return known ? RN_EXIT_OK : RN_EXIT_ANSWER;
}

static void plot_title(struct rn_buf *out, const char *what, const struct rn_fit_series *series)
{
    rn_buf_printf(out, "# %s: ", what);
    rn_escape_terminal(out, (const uint8_t *)series->operation, strlen(series->operation));
    rn_buf_text(out, ": ");
    put_name(out, series);
    rn_buf_byte(out, '\n');
}

/* Points with their errors, then the curve with its band; blocks as gnuplot's `index` counts them.
 */
static void plot_series(struct rn_buf *out, const struct rn_fit_series *series)
{
    double low, step;

    if (series->refused != RN_FIT_FINE)
        return;
    plot_title(out, "points (size ns low high)", series);
    for (unsigned i = 0; i < series->point_count; i++) {
        const struct rn_fit_point *point = &series->points[i];

        rn_buf_printf(out, "%.6g %.6g %.6g %.6g\n", point->size, exp(point->log_ns),
                      exp(point->log_ns - 1.645 * point->error),
                      exp(point->log_ns + 1.645 * point->error));
    }
    rn_buf_text(out, "\n\n");
    plot_title(out, "curve (size ns low high)", series);
    low = log(series->points[0].size);
    step = (log(series->points[series->point_count - 1].size) - low) / PLOT_STEPS;
    for (int i = 0; i <= PLOT_STEPS; i++) {
        double size = exp(low + i * step), ns = rn_fit_time(series, size);

        rn_buf_printf(out, "%.6g %.6g %.6g %.6g\n", size, ns, ns * exp(-1.645 * series->cv_error),
                      ns * exp(1.645 * series->cv_error));
    }
    rn_buf_text(out, "\n\n");
}

static void plot_crossovers(struct rn_buf *out, const struct rn_fit_operation *operation,
                            const struct rn_fit *fit)
{
    for (unsigned p = 0; p < operation->placement_count; p++) {
        const struct rn_fit_placement *placement = &operation->placements[p];

        for (unsigned i = 0; i < placement->crossover_count; i++) {
            const struct rn_fit_crossover *at = &placement->crossovers[i];

            plot_title(out, "crossover (size low high ns), to", &fit->series[at->above]);
            rn_buf_printf(out, "%.6g %.6g %.6g %.6g\n\n\n", at->size, at->low, at->high,
                          rn_fit_time(&fit->series[at->above], at->size));
        }
    }
}

void cli_fit_plot_data(const struct cli_fit *job, struct rn_buf *out)
{
    for (uint32_t i = 0; i < job->fit->operation_count; i++) {
        const struct rn_fit_operation *operation = &job->fit->operations[i];

        for (uint32_t s = 0; s < operation->series_count; s++)
            plot_series(out, &job->fit->series[operation->first_series + s]);
        plot_crossovers(out, operation, job->fit);
    }
}
