/* SPDX-License-Identifier: MIT */
/* A critical path is found in one reading of the recording, and what happened on it in a second. */
#include "cli_stat_critical.h"

#include "cli_stat_rows.h"

#include "libanalysis/edge_source.h"

const char *cli_critical_entered(const struct rn_critical_link *link)
{
    if (link->entered == RN_CRITICAL_BEGIN)
        return "begin";
    return link->entered == RN_CRITICAL_UNKNOWN ? "unknown" : rn_edge_mechanism_name(link->entered);
}

struct first_reading {
    struct rn_critical_path *path;
    struct rn_edge_source *edges;
};

static enum rn_status take_edges(const struct first_reading *reading, struct rn_error *err)
{
    enum rn_status status = RN_OK;
    struct rn_causal_edge edge;

    while (status == RN_OK && rn_edge_source_next(reading->edges, &edge))
        status = rn_critical_path_edge(reading->path, &edge, err);
    return status;
}

static enum rn_status first_row(void *context, struct cli_source *source,
                                const struct rn_event *event, struct rn_error *err)
{
    const struct first_reading *reading = context;
    enum rn_status status = rn_critical_path_event(reading->path, event, err);

    (void)source;
    if (status == RN_OK)
        status = rn_edge_source_feed(reading->edges, event, err);
    return status == RN_OK ? take_edges(reading, err) : status;
}

static enum rn_status second_row(void *context, struct cli_source *source,
                                 const struct rn_event *event, struct rn_error *err)
{
    return rn_critical_path_work(context, source->trace, event, err);
}

/* Damage is told in the first reading. */
static bool read_first(struct rn_critical_path *path, const char *name, const struct rn_filter *all,
                       bool *usable)
{
    struct first_reading reading = {.path = path};
    struct rn_error err = RN_ERROR_INIT;
    struct cli_source source;
    bool whole = false;

    *usable = false;
    if (cli_source_open(&source, name, all)) {
        enum rn_status status =
            rn_edge_source_new(rn_reader_manifest(source.reader), false, &reading.edges, &err);

        if (status == RN_OK)
            whole = cli_stat_read_rows(&source, first_row, &reading, usable);
        if (status == RN_OK && *usable)
            status = rn_edge_source_finish(reading.edges, &err);
        if (status == RN_OK && *usable)
            status = take_edges(&reading, &err);
        if (status == RN_OK && *usable)
            status = rn_critical_path_walk(path, &err);
        if (status != RN_OK) {
            cli_error(&err);
            *usable = false;
        }
        cli_source_warn(&source);
    }
    rn_edge_source_free(reading.edges);
    cli_source_close(&source);
    return whole;
}

static void render_text(const void *critical, struct rn_buf *out)
{
    cli_critical_text(critical, out);
}

static void render_json(const void *critical, struct rn_buf *out)
{
    cli_critical_json(critical, out);
}

static bool read_second(const struct cli_critical_options *options, struct rn_critical_path *path,
                        const char *name, const struct rn_filter *all)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_critical_result result;
    struct cli_source source;
    bool usable = false, printed = false;

    if (cli_source_open(&source, name, all)) {
        source.damage = 1; /* has been told */
        (void)cli_stat_read_rows(&source, second_row, path, &usable);
        if (usable && rn_critical_path_result(path, &result, &err) == RN_OK) {
            const struct cli_critical critical = {
                .result = &result,
                .clock = rn_trace_clock(source.trace),
                .name = rn_reader_name(source.reader),
                .top = options->top,
                .lacks_events = source.lacks_events || rn_reader_incomplete(source.reader),
            };

            printed = cli_stat_print(options->output_path,
                                     options->json ? render_json : render_text, &critical);
        }
        if (err.status != RN_OK)
            cli_error(&err);
    }
    cli_source_close(&source);
    return printed;
}

int cli_stat_critical(const struct cli_critical_options *options, const char *path)
{
    struct rn_critical_path *critical;
    struct rn_filter *all;
    bool whole = false, usable = false;

    if (!cli_stat_can_be_read_twice(path, "--critical-path"))
        return RN_EXIT_TROUBLE;
    critical = rn_critical_path_new();
    all = rn_filter_new();
    if (critical && all)
        whole = read_first(critical, path, all, &usable);
    else
        cli_fail("out of memory");
    if (usable)
        whole &= read_second(options, critical, path, all);
    rn_critical_path_free(critical);
    rn_filter_free(all);
    return whole && usable ? RN_EXIT_OK : RN_EXIT_TROUBLE;
}
