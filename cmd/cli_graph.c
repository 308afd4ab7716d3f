/* SPDX-License-Identifier: MIT */
/* A recording is read up to three times: which events are selected; the edges between these, which
 * say what becomes a node; the nodes. So nothing but some bits an event has to be kept. */
#include "cli_graph.h"

#include "cli_source.h"

#include "libanalysis/edge_source.h"
#include "libanalysis/event_set.h"
#include "libanalysis/lamport.h"
#include "libanalysis/render.h"

#include <string.h>

struct graph {
    const struct cli_graph_options *options;
    const char *path;
    struct rn_filter *everything;
    struct cli_graph_sink *sink;
    bool selective;               /* `selected` says what there is; else all */
    struct rn_event_set selected; /* events that may be nodes */
    struct rn_event_set linked;   /* events at edges */
    struct rn_event_set nodes;    /* events that were written */
    struct rn_edge_source *edges;
    struct rn_lamport *lamport; /* NULL: the recording is not merged, and has no stamps */
    struct rn_render *render;
    struct rn_buf label;
    struct rn_graph_place last; /* while edges within streams are made; stream UINT32_MAX: none */
    bool damaged;
    uint64_t edges_put; /* from one stream to another */
};

typedef enum rn_status row_fn(struct graph *graph, struct cli_source *source,
                              const struct rn_event *event, struct rn_error *err);

/* False after a message. Damage is told once. */
static bool read_rows(struct graph *graph, const struct rn_filter *filter, row_fn *function)
{
    enum rn_status status = RN_OK;
    struct cli_source source;
    struct rn_event event;

    if (!cli_source_open(&source, graph->path, filter)) {
        cli_source_close(&source);
        return false;
    }
    source.damage = graph->damaged;
    while (status == RN_OK || status == RN_E_FORMAT) {
        struct rn_error err = RN_ERROR_INIT;

        status = cli_source_next(&source, &event);
        if (status == RN_OK && function(graph, &source, &event, &err) != RN_OK) {
            cli_error(&err);
            status = RN_E_NOMEM;
        }
        if (status == RN_OK)
            status = cli_source_feed(&source, &event);
    }
    graph->damaged |= source.damage > 0;
    cli_source_close(&source);
    return status == RN_EOF;
}

static bool is_candidate(const struct rn_event *event)
{
    return RN_KIND_IS_EVENT(event->kind) && event->kind != RN_KIND_EDGE &&
           !(event->flags & RN_EVENT_SNAPSHOT);
}

static enum rn_status select_row(struct graph *graph, struct cli_source *source,
                                 const struct rn_event *event, struct rn_error *err)
{
    if (!is_candidate(event) || !cli_source_selects(source, graph->options->filter, event))
        return RN_OK;
    return rn_event_set_add(&graph->selected, event->stream, event->ordinal, err);
}

/* ---- edges ---- */

static bool is_selected(const struct graph *graph, const struct rn_edge_end *end)
{
    return !graph->selective || rn_event_set_has(&graph->selected, end->stream, end->ordinal);
}

static enum rn_status put_edge(struct graph *graph, const struct rn_causal_edge *edge,
                               struct rn_error *err)
{
    const struct rn_graph_edge out = {
        .from = {edge->from.stream, edge->from.ordinal},
        .to = {edge->to.stream, edge->to.ordinal},
        .mechanism = rn_edge_mechanism_name(edge->mechanism),
        .proven = edge->certainty == RN_EDGE_PROVEN,
        .bytes = edge->bytes,
    };
    enum rn_status status;

    if (!is_selected(graph, &edge->from) || !is_selected(graph, &edge->to))
        return RN_OK;
    status = rn_event_set_add(&graph->linked, out.from.stream, out.from.ordinal, err);
    if (status == RN_OK)
        status = rn_event_set_add(&graph->linked, out.to.stream, out.to.ordinal, err);
    graph->edges_put++;
    return status == RN_OK ? graph->sink->edge(graph->sink, &out, err) : status;
}

static enum rn_status put_edges(struct graph *graph, struct rn_error *err)
{
    enum rn_status status = RN_OK;
    struct rn_causal_edge edge;

    while (status == RN_OK && rn_edge_source_next(graph->edges, &edge))
        status = put_edge(graph, &edge, err);
    return status;
}

static enum rn_status edge_row(struct graph *graph, struct cli_source *source,
                               const struct rn_event *event, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    if (!graph->edges)
        status = rn_edge_source_new(rn_reader_manifest(source->reader), graph->options->proven_only,
                                    &graph->edges, err);
    if (status == RN_OK)
        status = rn_edge_source_feed(graph->edges, event, err);
    return status == RN_OK ? put_edges(graph, err) : status;
}

static bool read_edges(struct graph *graph)
{
    struct rn_error err = RN_ERROR_INIT;

    if (!read_rows(graph, graph->everything, edge_row))
        return false;
    if (!graph->edges ||
        (rn_edge_source_finish(graph->edges, &err) == RN_OK && put_edges(graph, &err) == RN_OK))
        return true;
    cli_error(&err);
    return false;
}

/* ---- nodes ---- */

static enum rn_status node_row(struct graph *graph, struct cli_source *source,
                               const struct rn_event *event, struct rn_error *err)
{
    const struct rn_event_set *wanted = graph->options->all ? &graph->selected : &graph->linked;
    bool every = graph->options->all && !graph->selective;
    const struct rn_clock *clock = rn_trace_clock(source->trace);
    const struct rn_thread_info *thread;
    struct rn_graph_node node;
    enum rn_status status = RN_OK;
    uint64_t stamp = 0;

    if (graph->lamport)
        status = rn_lamport_feed(graph->lamport, event, &stamp, err);
    if (status != RN_OK)
        return status;
    if (!is_candidate(event) ||
        (!every && !rn_event_set_has(wanted, event->stream, event->ordinal)) ||
        rn_event_set_has(&graph->nodes, event->stream, event->ordinal))
        return RN_OK;
    cli_graph_label(graph->render, source->trace, event, &graph->label);
    thread = rn_trace_thread(source->trace, event->stream);
    node = (struct rn_graph_node){
        .place = {event->stream, event->ordinal},
        .kind = rn_kind_name(event->kind) ? rn_kind_name(event->kind) : "event",
        .label = (const char *)graph->label.data,
        .label_size = graph->label.size,
        .thread = thread->name,
        .pid = thread->pid,
        .tid = thread->tid,
        .start_ns = rn_clock_since_start(clock, event->start),
        .duration_ns = rn_clock_duration(clock, event->duration),
        .lamport = stamp,
    };
    if (graph->label.failed)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    status = rn_event_set_add(&graph->nodes, event->stream, event->ordinal, err);
    return status == RN_OK ? graph->sink->node(graph->sink, &node, err) : status;
}

/* Each node and the next one of its stream. */
static enum rn_status next_edge(void *context, uint32_t stream, uint64_t ordinal,
                                struct rn_error *err)
{
    struct graph *graph = context;
    const struct rn_graph_edge edge = {
        .from = graph->last, .to = {stream, ordinal}, .proven = true};
    bool follows = graph->last.stream == stream;

    graph->last = edge.to;
    return follows ? graph->sink->edge(graph->sink, &edge, err) : RN_OK;
}

static bool finish(struct graph *graph)
{
    struct rn_error err = RN_ERROR_INIT;

    graph->last.stream = UINT32_MAX;
    if (rn_event_set_each(&graph->nodes, next_edge, graph, &err) == RN_OK &&
        graph->sink->end(graph->sink, &err) == RN_OK)
        return true;
    cli_error(&err);
    return false;
}

/* In a merged recording the events that edges speak of need not be there; and it has stamps. */
static bool prepare(struct graph *graph)
{
    struct cli_source source;
    bool opened = cli_source_open(&source, graph->path, graph->everything);
    bool merged = opened && rn_reader_manifest(source.reader)->sources != NULL;

    cli_source_close(&source);
    graph->selective = merged || !rn_filter_is_empty(graph->options->filter);
    if (merged)
        graph->lamport = rn_lamport_new();
    if (merged && !graph->lamport) {
        cli_fail("out of memory");
        return false;
    }
    return opened;
}

static bool write_graph(struct graph *graph)
{
    if (!prepare(graph))
        return false;
    if (graph->selective && !read_rows(graph, graph->options->filter, select_row))
        return false;
    return read_edges(graph) && read_rows(graph, graph->everything, node_row) && finish(graph);
}

static bool open_and_write(struct graph *graph)
{
    struct cli_output *output = cli_output_open(graph->options->output_path);
    struct rn_buf buf = RN_BUF_INIT;
    bool written = false;

    if (!output)
        return false;
    graph->sink = graph->options->form
                      ? cli_graph_form(graph->options->form, graph->path, output, &buf)
                      : cli_graph_shiviz(output, &buf);
    if (graph->sink)
        written = write_graph(graph);
    if (graph->sink)
        graph->sink->free(graph->sink);
    if (written)
        written = cli_output_close(output, &buf);
    else
        cli_output_abandon(output);
    rn_buf_free(&buf);
    return written;
}

int cli_graph(const struct cli_graph_options *options, const char *path)
{
    struct graph graph = {.options = options, .path = path};
    bool written = false;

    if (!cli_can_be_read_again(path))
        return cli_usage("the recording is read several times: put it into a file first");
    graph.everything = rn_filter_new();
    graph.render = cli_graph_render();
    if (graph.everything && graph.render)
        written = open_and_write(&graph);
    else
        cli_fail("out of memory");
    if (written && graph.edges_put == 0)
        cli_warn("%s: nothing of what is selected led to anything in another thread: there are no "
                 "arrows",
                 path);
    rn_event_set_free(&graph.selected);
    rn_event_set_free(&graph.linked);
    rn_event_set_free(&graph.nodes);
    rn_edge_source_free(graph.edges);
    rn_lamport_free(graph.lamport);
    rn_render_free(graph.render);
    rn_filter_free(graph.everything);
    rn_buf_free(&graph.label);
    return written && !graph.damaged ? RN_EXIT_OK : RN_EXIT_TROUBLE;
}
