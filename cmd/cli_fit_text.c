/* SPDX-License-Identifier: MIT */
/* The policy for people, and as CSV. */
#include "cli_fit.h"

#include "formats/escape.h"
#include "libanalysis/backend/rn_backend.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void put_safe(struct rn_buf *out, const char *text)
{
    rn_escape_terminal(out, (const uint8_t *)text, strlen(text));
}

/* "1.50us" */
static void put_time(struct rn_buf *out, double ns)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    unsigned unit = 0;

    while (unit < 3 && ns >= 999.5) {
        ns /= 1000;
        unit++;
    }
    rn_buf_printf(out, "%.3g%s", ns, units[unit]);
}

static void put_answer(struct rn_buf *out, const struct rn_fit *fit,
                       const struct cli_fit_answer *answer, bool single)
{
    struct rn_buf name = RN_BUF_INIT;

    if (answer->range)
        cli_fit_series_name(&name, &fit->series[answer->range->series]);
    else
        rn_buf_text(&name, cli_fit_use_name(answer->use));
    rn_buf_byte(&name, 0);
    rn_buf_printf(out, "  %12" PRIu64 "  ", answer->from);
    if (answer->to == UINT64_MAX)
        rn_buf_printf(out, "%12s  ", "...");
    else
        rn_buf_printf(out, "%12" PRIu64 "  ", answer->to);
    if (!name.failed)
        put_safe(out, (const char *)name.data);
    rn_buf_free(&name);
    if (answer->source == CLI_FIT_FITTED) {
        const struct rn_fit_series *series = &fit->series[answer->range->series];
        double last = series->points[series->point_count - 1].size;

        rn_buf_text(out, " (");
        put_time(out, rn_fit_time(series, fmax((double)answer->from, series->points[0].size)));
        rn_buf_text(out, " to ");
        put_time(out, rn_fit_time(series, fmin((double)answer->to, last)));
        rn_buf_text(out, ")");
    } else if (answer->source == CLI_FIT_BEYOND) {
        rn_buf_text(out, " (beyond what was measured)");
    } else {
        rn_buf_text(out, single ? " (the only backend seen)" : " (built-in rule)");
    }
    rn_buf_byte(out, '\n');
}

static void put_crossover(struct rn_buf *out, const struct rn_fit *fit,
                          const struct rn_fit_crossover *crossover)
{
    struct rn_buf below = RN_BUF_INIT, above = RN_BUF_INIT;

    cli_fit_series_name(&below, &fit->series[crossover->below]);
    cli_fit_series_name(&above, &fit->series[crossover->above]);
    rn_buf_text(out, "    ");
    rn_escape_terminal(out, below.data, below.size);
    rn_buf_text(out, " gives way to ");
    rn_escape_terminal(out, above.data, above.size);
    rn_buf_printf(out, " at %.0f (90 %%: %s%.0f to %s%.0f)%s\n", crossover->size,
                  crossover->open_low ? "under " : "", crossover->low,
                  crossover->open_high ? "over " : "", crossover->high,
                  crossover->decided ? ""
                                     : ": the data cannot tell; in between, keep what is in use");
    rn_buf_free(&below);
    rn_buf_free(&above);
}

static void put_placement(struct rn_buf *out, const struct rn_fit *fit,
                          const struct rn_fit_operation *operation,
                          const struct rn_fit_placement *placement)
{
    struct cli_fit_answer answers[CLI_FIT_MAX_ANSWERS];
    bool refused = placement->refused != RN_FIT_FINE;
    unsigned count = cli_fit_answers(fit, operation, placement, answers);

    if (operation->placement_count > 1)
        rn_buf_printf(out, "  data %s:\n", placement->on_device ? "on the device" : "on the host");
    if (refused) {
        rn_buf_printf(out, "  not fitted (%s): ", rn_fit_reason_name(placement->refused));
        put_safe(out, placement->why);
        rn_buf_byte(out, '\n');
    }
    for (unsigned i = 0; i < count; i++)
        put_answer(out, fit, &answers[i], cli_fit_is_single(fit, operation));
    for (unsigned i = 0; i < placement->crossover_count; i++)
        put_crossover(out, fit, &placement->crossovers[i]);
    if (placement->by_samples && placement->crossover_count)
        rn_buf_text(out, "    fewer than 3 runs: how runs differ is not in these intervals\n");
}

static void put_series(struct rn_buf *out, const struct rn_fit_series *series)
{
    struct rn_buf name = RN_BUF_INIT;

    if (!series->samples && !series->aggregated)
        return;
    cli_fit_series_name(&name, series);
    rn_buf_text(out, "    ");
    rn_escape_terminal(out, name.data, name.size);
    rn_buf_free(&name);
    rn_buf_printf(out, ": %" PRIu64 " samples", series->samples);
    if (series->aggregated)
        rn_buf_printf(out, " and %" PRIu64 " counted", series->aggregated);
    rn_buf_printf(out, " at %u sizes", series->point_count);
    if (series->refused == RN_FIT_FINE)
        rn_buf_printf(out, "; %s, off by %.1f %% at sizes left out",
                      rn_fit_form_name(series->model.form), 100 * expm1(series->cv_error));
    else
        rn_buf_printf(out, "; refused: %s", series->why);
    if (series->warm_up)
        rn_buf_printf(out, "; %" PRIu64 " warm-up", series->warm_up);
    if (series->drift != 0)
        rn_buf_printf(out, "; drifts by %+.0f %% in a run", 100 * series->drift);
    rn_buf_byte(out, '\n');
}

void cli_fit_table(const struct cli_fit *job, struct rn_buf *out)
{
    const struct rn_fit *fit = job->fit;

    rn_buf_printf(out, "Machine %016" PRIx64 ": ", job->machine->fingerprint);
    put_safe(out, *job->machine->cpu ? job->machine->cpu : "unknown CPU");
    if (*job->machine->gpu) {
        rn_buf_text(out, "; ");
        put_safe(out, job->machine->gpu);
    }
    rn_buf_printf(out, "; %u run%s", fit->runs, fit->runs == 1 ? "" : "s");
    if (job->machine->cpu_fingerprint != job->here.cpu_fingerprint)
        rn_buf_text(out, " (not this machine: its policy is of no use here)");
    rn_buf_byte(out, '\n');
    for (uint32_t i = 0; i < fit->operation_count; i++) {
        const struct rn_fit_operation *operation = &fit->operations[i];

        if (!cli_fit_is_known(fit, operation))
            continue;
        rn_buf_byte(out, '\n');
        put_safe(out, operation->name);
        rn_buf_byte(out, '\n');
        for (unsigned p = 0; p < operation->placement_count; p++)
            put_placement(out, fit, operation, &operation->placements[p]);
        for (uint32_t s = 0; s < operation->series_count; s++)
            put_series(out, &fit->series[operation->first_series + s]);
    }
}

static void csv_field(struct rn_buf *out, const char *text)
{
    rn_escape_csv(out, (const uint8_t *)text, strlen(text));
    rn_buf_byte(out, ',');
}

static void csv_row(struct rn_buf *out, const struct rn_fit *fit,
                    const struct rn_fit_operation *operation,
                    const struct rn_fit_placement *placement, const struct cli_fit_answer *answer)
{
    const struct rn_fit_crossover *at = NULL;

    for (unsigned i = 0; answer->source == CLI_FIT_FITTED && i < placement->crossover_count; i++)
        if (placement->crossovers[i].above == answer->range->series &&
            fabs(placement->crossovers[i].size - answer->range->from) < 1)
            at = &placement->crossovers[i];
    csv_field(out, operation->name);
    csv_field(out, placement->on_device ? "device" : "host");
    rn_buf_printf(out, "%" PRIu64 ",", answer->from);
    if (answer->to != UINT64_MAX)
        rn_buf_printf(out, "%" PRIu64, answer->to);
    rn_buf_byte(out, ',');
    csv_field(out, cli_fit_use_name(answer->use));
    csv_field(out, answer->isa);
    csv_field(out, cli_fit_source_name(answer->source));
    if (at)
        rn_buf_printf(out, "%.0f,%.0f,%s,", at->low, at->high, at->decided ? "true" : "false");
    else
        rn_buf_text(out, ",,,");
    if (answer->source == CLI_FIT_FITTED)
        csv_field(out, rn_fit_form_name(fit->series[answer->range->series].model.form));
    else
        rn_buf_byte(out, ',');
    csv_field(out, rn_fit_reason_name(placement->refused));
    out->size--;
    rn_buf_text(out, "\r\n");
}

void cli_fit_csv(const struct cli_fit *job, struct rn_buf *out)
{
    const struct rn_fit *fit = job->fit;

    rn_buf_text(out, "operation,data,from,to,backend,isa,source,low,high,decided,form,refused\r\n");
    for (uint32_t i = 0; i < fit->operation_count; i++) {
        const struct rn_fit_operation *operation = &fit->operations[i];

        for (unsigned p = 0; cli_fit_is_known(fit, operation) && p < operation->placement_count;
             p++) {
            struct cli_fit_answer answers[CLI_FIT_MAX_ANSWERS];
            unsigned count = cli_fit_answers(fit, operation, &operation->placements[p], answers);

            for (unsigned k = 0; k < count && !out->failed; k++)
                csv_row(out, fit, operation, &operation->placements[p], &answers[k]);
        }
    }
}
