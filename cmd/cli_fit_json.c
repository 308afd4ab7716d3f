/* SPDX-License-Identifier: MIT */
/* The policy as JSON; its schema is in rn-policy(5). */
#include "cli_fit.h"

#include "formats/escape.h"
#include "libanalysis/backend/rn_backend.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void put_string(struct rn_buf *out, const char *name, const char *text)
{
    rn_buf_printf(out, "\"%s\":", name);
    rn_escape_json(out, (const uint8_t *)text, strlen(text));
}

static void put_number(struct rn_buf *out, const char *name, double value)
{
    if (isfinite(value))
        rn_buf_printf(out, "\"%s\":%.6g", name, value);
    else
        rn_buf_printf(out, "\"%s\":null", name);
}

static void put_backend(struct rn_buf *out, const struct rn_fit_series *series)
{
    put_string(out, "backend", cli_fit_use_name(series->backend));
    rn_buf_byte(out, ',');
    put_string(out, "isa", series->isa);
}

/* Those beyond what was measured, or the others. */
static void put_answers(struct rn_buf *out, const char *name, bool beyond,
                        const struct cli_fit_answer *answers, unsigned count)
{
    const char *separator = "";

    rn_buf_printf(out, "\"%s\":[", name);
    for (unsigned i = 0; i < count; i++) {
        const struct cli_fit_answer *answer = &answers[i];

        if ((answer->source == CLI_FIT_BEYOND) != beyond)
            continue;
        rn_buf_printf(out, "%s\n   {\"from\":%" PRIu64 ",", separator, answer->from);
        separator = ",";
        if (answer->to == UINT64_MAX)
            rn_buf_text(out, "\"to\":null,");
        else
            rn_buf_printf(out, "\"to\":%" PRIu64 ",", answer->to);
        put_string(out, "backend", cli_fit_use_name(answer->use));
        rn_buf_byte(out, ',');
        put_string(out, "isa", answer->isa);
        rn_buf_printf(out, ",\"source\":\"%s\"", cli_fit_source_name(answer->source));
        if (answer->source == CLI_FIT_FITTED)
            rn_buf_printf(out, ",\"compared\":%u", answer->range->compared);
        rn_buf_byte(out, '}');
    }
    rn_buf_byte(out, ']');
}

static void put_crossovers(struct rn_buf *out, const struct rn_fit *fit,
                           const struct rn_fit_placement *placement)
{
    rn_buf_text(out, ",\n  \"crossovers\":[");
    for (unsigned i = 0; i < placement->crossover_count; i++) {
        const struct rn_fit_crossover *crossover = &placement->crossovers[i];

        rn_buf_printf(out, "%s\n   {", i ? "," : "");
        put_number(out, "size", crossover->size);
        rn_buf_printf(
            out,
            ",\"low\":%.0f,\"high\":%.0f,\"open_low\":%s,\"open_high\":%s,"
            "\"decided\":%s,\"below\":{",
            ceil(crossover->low), floor(crossover->high), crossover->open_low ? "true" : "false",
            crossover->open_high ? "true" : "false", crossover->decided ? "true" : "false");
        put_backend(out, &fit->series[crossover->below]);
        rn_buf_text(out, "},\"above\":{");
        put_backend(out, &fit->series[crossover->above]);
        rn_buf_text(out, "}}");
    }
    rn_buf_byte(out, ']');
}

static void put_placement(struct rn_buf *out, const struct rn_fit *fit,
                          const struct rn_fit_operation *operation,
                          const struct rn_fit_placement *placement)
{
    struct cli_fit_answer answers[CLI_FIT_MAX_ANSWERS];
    bool fitted = placement->refused == RN_FIT_FINE && placement->range_count;
    unsigned count = cli_fit_answers(fit, operation, placement, answers);

    rn_buf_printf(out, "\n  {\"data\":\"%s\",\"source\":\"%s\",",
                  placement->on_device ? "device" : "host", fitted ? "fitted" : "built-in");
    if (fitted)
        rn_buf_printf(out, "\"from\":%" PRIu64 ",\"to\":%" PRIu64 ",\"refused\":null,",
                      cli_fit_first(placement), cli_fit_last(placement));
    else
        put_string(out, "refused", rn_fit_reason_name(placement->refused));
    if (!fitted) {
        rn_buf_byte(out, ',');
        put_string(out, "why", placement->why);
        rn_buf_byte(out, ',');
    }
    rn_buf_printf(out, "\"interval_by\":\"%s\",\n  ", placement->by_samples ? "samples" : "runs");
    put_answers(out, "ranges", false, answers, count);
    if (fitted) {
        rn_buf_text(out, ",\n  ");
        put_answers(out, "beyond", true, answers, count);
    }
    put_crossovers(out, fit, placement);
    rn_buf_byte(out, '}');
}

static void put_model(struct rn_buf *out, const struct rn_fit_series *series)
{
    const struct rn_fit_model *model = &series->model;
    bool pieces = model->form == RN_FIT_PIECES_2 || model->form == RN_FIT_PIECES_3 ||
                  model->form == RN_FIT_MONOTONE;

    rn_buf_printf(out, ",\"form\":\"%s\",", rn_fit_form_name(model->form));
    put_number(out, "cv_error", series->cv_error);
    if (!pieces && model->form == RN_FIT_CONSTANT) {
        rn_buf_byte(out, ',');
        put_number(out, "a_ns", exp(model->p[0]));
    } else if (!pieces) {
        rn_buf_byte(out, ',');
        put_number(out, "a_ns", exp(model->p[0] + model->p[1]));
        rn_buf_byte(out, ',');
        put_number(out, "b_ns", exp(model->p[0]));
        rn_buf_byte(out, ',');
        put_number(out, "power", model->form == RN_FIT_LINEAR ? 1 : model->p[2]);
        rn_buf_byte(out, ',');
        put_number(out, "log_power", model->form == RN_FIT_NORMAL ? model->p[3] : 0);
    }
    for (unsigned i = 0; pieces && i < model->knots; i++)
        rn_buf_printf(out, "%s[%.6g,%.6g]", i ? "," : ",\"knots\":[",
                      model->form == RN_FIT_MONOTONE ? exp(model->x[i]) : model->x[i],
                      exp(model->y[i]));
    if (pieces)
        rn_buf_byte(out, ']');
}

static void put_series(struct rn_buf *out, const struct rn_fit_series *series)
{
    rn_buf_text(out, "\n  {");
    put_backend(out, series);
    rn_buf_byte(out, ',');
    put_string(out, "residency", cli_fit_residency_name(series->residency));
    rn_buf_printf(out,
                  ",\"samples\":%" PRIu64 ",\"counted\":%" PRIu64 ",\"warm_up\":%" PRIu64
                  ",\"sizes\":%u,",
                  series->samples, series->aggregated, series->warm_up, series->point_count);
    put_number(out, "drift", series->drift);
    rn_buf_byte(out, ',');
    if (series->refused == RN_FIT_FINE) {
        rn_buf_text(out, "\"refused\":null");
        put_model(out, series);
    } else {
        put_string(out, "refused", rn_fit_reason_name(series->refused));
        rn_buf_byte(out, ',');
        put_string(out, "why", series->why);
    }
    rn_buf_byte(out, '}');
}

static void put_operation(struct rn_buf *out, const struct rn_fit *fit,
                          const struct rn_fit_operation *operation)
{
    const char *separator = "";

    rn_buf_text(out, "\n {");
    put_string(out, "name", operation->name);
    rn_buf_byte(out, ',');
    put_string(out, "class", rn_backend_class_name(rn_backend_class_of(operation->name)));
    rn_buf_text(out, ",\"placements\":[");
    for (unsigned i = 0; i < operation->placement_count; i++) {
        rn_buf_text(out, i ? "," : "");
        put_placement(out, fit, operation, &operation->placements[i]);
    }
    rn_buf_text(out, "],\n \"series\":[");
    for (uint32_t i = 0; i < operation->series_count; i++) {
        const struct rn_fit_series *series = &fit->series[operation->first_series + i];

        if (!series->samples && !series->aggregated)
            continue;
        rn_buf_text(out, separator);
        put_series(out, series);
        separator = ",";
    }
    rn_buf_text(out, "]}");
}

static void put_rules(struct rn_buf *out)
{
    static const enum rn_backend_class classes[] = {RN_BACKEND_IRREGULAR, RN_BACKEND_VECTOR,
                                                    RN_BACKEND_REDUCTION, RN_BACKEND_MATRIX,
                                                    RN_BACKEND_CONVOLUTION};
    static const uint64_t sizes[] = {1, 1000, 1001, 10001};

    rn_buf_text(out, ",\n\"rules\":[");
    for (size_t c = 0; c < sizeof classes / sizeof classes[0]; c++) {
        uint8_t last = 0;

        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            uint8_t use = (uint8_t)rn_backend_rule(classes[c], sizes[s]);

            if (use == last)
                continue;
            rn_buf_printf(out,
                          "%s\n {\"class\":\"%s\",\"from\":%" PRIu64
                          ",\"backend\":\"%s\",\"source\":\"built-in\"}",
                          c || s ? "," : "", rn_backend_class_name(classes[c]), sizes[s],
                          cli_fit_use_name(use));
            last = use;
        }
    }
    rn_buf_text(out, "]}\n");
}

void cli_fit_json(const struct cli_fit *job, struct rn_buf *out)
{
    const struct rn_fit *fit = job->fit;
    const char *separator = "";

    rn_buf_printf(out,
                  "{\"schema\":\"rn-policy/1\",\"creator\":\"rn-backend-fit " RN_VERSION "\",\n"
                  "\"machine\":{\"fingerprint\":\"%016" PRIx64 "\","
                  "\"cpu_fingerprint\":\"%016" PRIx64 "\",",
                  job->machine->fingerprint, job->machine->cpu_fingerprint);
    put_string(out, "cpu", job->machine->cpu);
    rn_buf_byte(out, ',');
    put_string(out, "gpu", job->machine->gpu);
    rn_buf_printf(out, "},\n\"runs\":%u,\n\"operations\":[", fit->runs);
    for (uint32_t i = 0; i < fit->operation_count; i++) {
        if (!cli_fit_is_known(fit, &fit->operations[i]))
            continue;
        rn_buf_text(out, separator);
        put_operation(out, fit, &fit->operations[i]);
        separator = ",";
    }
    rn_buf_byte(out, ']');
    put_rules(out);
}
