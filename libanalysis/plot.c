/* SPDX-License-Identifier: MIT */
#include "plot_private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct plot_method *const methods[RN_PLOT_TYPES] = {
    [RN_PLOT_TIMELINE] = &plot_timeline,
    [RN_PLOT_HISTOGRAM] = &plot_histogram,
    [RN_PLOT_CDF] = &plot_cdf,
    [RN_PLOT_HEATMAP] = &plot_heatmap,
    [RN_PLOT_THROUGHPUT] = &plot_throughput,
    [RN_PLOT_FLAME] = &plot_flame,
    [RN_PLOT_BANDWIDTH] = &plot_bandwidth,
    [RN_PLOT_MODELS] = &plot_models,
    [RN_PLOT_SPACETIME] = &plot_spacetime,
};

const char *rn_plot_type_name(enum rn_plot_type type)
{
    return type < RN_PLOT_TYPES ? methods[type]->name : NULL;
}

enum rn_plot_type rn_plot_type_from_name(const char *name)
{
    enum rn_plot_type type = 0;

    while (type < RN_PLOT_TYPES && strcmp(methods[type]->name, name) != 0)
        type++;
    return type;
}

struct rn_plot *rn_plot_new(const struct rn_plot_options *options)
{
    struct rn_plot *plot = calloc(1, sizeof *plot);

    if (!plot)
        return NULL;
    plot->method = methods[options->type];
    plot->filter = options->filter && !rn_filter_is_empty(options->filter) ? options->filter : NULL;
    plot->picture = (struct rn_plot_picture){
        .type = options->type, .title = plot->method->title, .source = "", .command = ""};
    if (plot->method->begin(plot))
        return plot;
    rn_plot_free(plot);
    return NULL;
}

/* Texts that live as long as the plot. */
struct text {
    struct text *next;
    char bytes[];
};

const char *plot_keep(struct rn_plot *plot, const char *text, size_t length)
{
    struct text *copy = malloc(sizeof *copy + length + 1);

    if (!copy) {
        plot->no_memory = true;
        return NULL;
    }
    memcpy(copy->bytes, text, length);
    copy->bytes[length] = '\0';
    copy->next = plot->texts;
    plot->texts = copy;
    return copy->bytes;
}

void rn_plot_free(struct rn_plot *plot)
{
    if (!plot)
        return;
    plot->method->free(plot);
    for (struct text *text = plot->texts, *next; text; text = next) {
        next = text->next;
        free(text);
    }
    for (unsigned i = 0; i < plot->picture.table_count; i++)
        free(plot->picture.tables[i].cells);
    rn_summary_free(plot->summary);
    rn_trace_free(plot->trace);
    free(plot->source);
    free(plot->command);
    free(plot);
}

const struct rn_plot_picture *rn_plot_picture(const struct rn_plot *plot)
{
    return &plot->picture;
}

void plot_note(struct rn_plot *plot, const char *format, ...)
{
    char *note = plot->picture.note;
    size_t length = strlen(note), room = sizeof plot->picture.note;
    va_list list;

    if (length && length + 2 < room)
        length += (size_t)snprintf(note + length, room - length, "; ");
    va_start(list, format);
    vsnprintf(note + length, room - length, format, list);
    va_end(list);
}

enum rn_status plot_nothing(const struct rn_plot *plot, const char *what, struct rn_error *err)
{
    (void)rn_fail(err, RN_E_USAGE, "there are no %s to draw%s", what,
                  plot->filter ? " in what is selected" : "");
    return rn_fail_in(err, plot->picture.source);
}

/* ---- facts for the caption ---- */

/* The last part of the path; of "run.rna.part/archive" the last but one. */
static bool name_source(struct rn_plot *plot, const char *name)
{
    static const char inside[] = ".part/archive";
    size_t length = strlen(name), begin, end = length;

    if (length > sizeof inside - 1 && strcmp(name + length - (sizeof inside - 1), inside) == 0)
        end = length - strlen("/archive");
    for (begin = end; begin > 0 && name[begin - 1] != '/'; begin--)
        ;
    free(plot->source);
    plot->source = strndup(name + begin, end - begin);
    if (plot->source)
        plot->picture.source = plot->source;
    return plot->source;
}

static bool name_command(struct rn_plot *plot, const struct rn_manifest *manifest)
{
    struct rn_buf line = RN_BUF_INIT;

    for (char **word = manifest->argv; word && *word; word++) {
        if (line.size)
            rn_buf_byte(&line, ' ');
        rn_buf_append(&line, *word, strnlen(*word, 512));
        if (line.size > 512)
            break;
    }
    if (!manifest->argv && manifest->attached_pid)
        rn_buf_printf(&line, "attached to %u", manifest->attached_pid);
    if (manifest->source_count)
        rn_buf_printf(&line, "merged from %zu recordings", manifest->source_count);
    rn_buf_byte(&line, '\0');
    free(plot->command);
    plot->command = line.failed ? NULL : (char *)line.data;
    if (plot->command)
        plot->picture.command = plot->command;
    else
        rn_buf_free(&line);
    return plot->command;
}

static void tell_losses(struct rn_plot *plot)
{
    const struct rn_summary_totals *totals =
        plot->summary ? rn_summary_totals(plot->summary) : &plot->totals;
    char *out = plot->picture.loss;
    size_t room = sizeof plot->picture.loss;
    int length = 0;

    out[0] = '\0';
    if (totals->lost)
        length = snprintf(out, room, "%s%" PRIu64 " events lost",
                          totals->lost_more ? "more than " : "", totals->lost);
    else if (totals->lost_more)
        length = snprintf(out, room, "an unknown number of events lost");
    if (totals->incomplete || totals->unsealed)
        snprintf(out + length, room - (size_t)length, "%srecording %s", length ? ", " : "",
                 totals->incomplete ? "incomplete" : "not sealed");
}

static enum rn_status read_summary(struct rn_plot *plot, struct rn_reader *reader,
                                   struct rn_error *err)
{
    enum rn_status status = plot->method->by == RN_BY_STACK
                                ? rn_summary_read_source(plot->summary, reader, err)
                                : rn_summary_read(plot->summary, reader, err);
    const struct rn_summary_totals *totals = rn_summary_totals(plot->summary);

    for (unsigned kind = 0; kind < RN_KIND_STREAM; kind++)
        plot->picture.events += totals->events[kind];
    return status;
}

static bool prepare(struct rn_plot *plot, struct rn_reader *reader)
{
    plot->manifest = rn_reader_manifest(reader);
    if (!name_source(plot, rn_reader_name(reader)) || !name_command(plot, plot->manifest))
        return false;
    if (plot->method->kinds) {
        plot->trace = rn_trace_new(plot->manifest);
        return plot->trace;
    }
    plot->summary = rn_summary_new(
        &(struct rn_summary_options){.by = plot->method->by, .filter = plot->filter});
    return plot->summary;
}

enum rn_status rn_plot_read(struct rn_plot *plot, struct rn_reader *reader, struct rn_error *err)
{
    enum rn_status status;

    if (plot->picture.type == RN_PLOT_MODELS)
        return rn_fail(err, RN_E_USAGE,
                       "models are drawn from what 'rn-backend-fit --plot-data' writes");
    if (!prepare(plot, reader))
        return rn_fail(err, RN_E_NOMEM, "no memory for a picture");
    status = plot->summary ? read_summary(plot, reader, err) : plot_read_samples(plot, reader, err);
    if (status == RN_OK && plot->no_memory)
        status = rn_fail(err, RN_E_NOMEM, "no memory for a picture");
    tell_losses(plot);
    plot->stacks = plot->manifest->stack != NULL;
    plot->manifest = NULL; /* the reader's */
    return status;
}

bool plot_bins_new(const struct rn_plot *plot, struct plot_bins *bins, unsigned capacity,
                   unsigned lanes)
{
    uint64_t from, to;

    if (!plot_bins_init(bins, capacity, lanes))
        return false;
    if (plot->filter && rn_filter_time(plot->filter, &from, &to)) {
        bins->origin_ns = from;
        bins->limit_ns = to;
    }
    return true;
}

uint64_t plot_end_ns(const struct rn_plot *plot)
{
    uint64_t from, to;

    if (plot->filter && rn_filter_time(plot->filter, &from, &to) && to < plot->end_ns)
        return to;
    return plot->end_ns;
}

void plot_time_axis(const struct rn_plot *plot, struct rn_plot_axis *axis)
{
    uint64_t from = 0, to, end = plot_end_ns(plot), first = plot->first_ns;

    if (!plot->filter || !rn_filter_time(plot->filter, &from, &to))
        from = end > first && first > end / 5 ? first - (end - first) / 50 : 0;
    *axis = (struct rn_plot_axis){.label = "time since the recording began",
                                  .unit = RN_PLOT_UNIT_NS,
                                  .min = (double)from,
                                  .max = (double)(end > from ? end : from + 1)};
    /* Room for what happens at the very end. */
    axis->max += (axis->max - axis->min) / 100;
}

enum rn_status rn_plot_finish(struct rn_plot *const *plots, unsigned count, struct rn_error *err)
{
    enum rn_status status = plots[0]->method->finish(plots, count, err);

    for (unsigned i = 0; i < count && status == RN_OK; i++)
        if (plots[i]->no_memory)
            status = rn_fail(err, RN_E_NOMEM, "no memory for a picture");
    return status;
}
