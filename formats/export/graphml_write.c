/* SPDX-License-Identifier: MIT */
#include "formats/escape.h"
#include "graph_write.h"

#include <inttypes.h>
#include <libxml/xmlwriter.h>
#include <stdio.h>
#include <stdlib.h>

#define XSD                                                                                        \
    "http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd"

struct graphml {
    struct rn_buf *out;
    xmlTextWriterPtr writer;
    struct rn_buf text; /* as XML can have it */
    bool failed;        /* the writer could not */
};

/* Attributes of nodes and edges; the id is that of the <key>. */
static const struct key {
    const char *id, *domain, *name, *type;
} keys[] = {
    {"label", "node", "label", "string"},
    {"kind", "node", "kind", "string"},
    {"thread", "node", "thread", "string"},
    {"stream", "node", "stream", "long"},
    {"ordinal", "node", "ordinal", "long"},
    {"pid", "node", "pid", "long"},
    {"tid", "node", "tid", "long"},
    {"start", "node", "start_ns", "long"},
    {"duration", "node", "duration_ns", "long"},
    {"lamport", "node", "lamport", "long"},
    {"mechanism", "edge", "mechanism", "string"},
    {"proven", "edge", "proven", "boolean"},
    {"bytes", "edge", "bytes", "long"},
};

static int append(void *context, const char *data, int size)
{
    struct rn_buf *out = context;

    rn_buf_append(out, data, (size_t)size);
    return out->failed ? -1 : size;
}

static int close_nothing(void *context)
{
    (void)context;
    return 0;
}

static void check(struct graphml *graph, int result)
{
    graph->failed |= result < 0;
}

static void attribute(struct graphml *graph, const char *name, const char *value)
{
    check(graph, xmlTextWriterWriteAttribute(graph->writer, BAD_CAST name, BAD_CAST value));
}

static void begin_element(struct graphml *graph, const char *name)
{
    check(graph, xmlTextWriterStartElement(graph->writer, BAD_CAST name));
}

static void end_element(struct graphml *graph)
{
    check(graph, xmlTextWriterEndElement(graph->writer));
}

static const char *printable(struct graphml *graph, const char *text, size_t size)
{
    struct rn_buf *buf = &graph->text;

    rn_buf_clear(buf);
    rn_escape_terminal(buf, (const uint8_t *)text, size);
    rn_buf_byte(buf, 0);
    graph->failed |= buf->failed;
    return buf->failed ? "" : (const char *)buf->data;
}

static void put_text(struct graphml *graph, const char *key, const char *text, size_t size)
{
    begin_element(graph, "data");
    attribute(graph, "key", key);
    check(graph, xmlTextWriterWriteString(graph->writer, BAD_CAST printable(graph, text, size)));
    end_element(graph);
}

static void put_number(struct graphml *graph, const char *key, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, number);
    put_text(graph, key, text, strlen(text));
}

static enum rn_status result(struct graphml *graph, struct rn_error *err)
{
    return graph->failed || graph->out->failed
               ? rn_fail(err, RN_E_NOMEM, "no memory to write a graph")
               : RN_OK;
}

static void put_keys(struct graphml *graph)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        begin_element(graph, "key");
        attribute(graph, "id", keys[i].id);
        attribute(graph, "for", keys[i].domain);
        attribute(graph, "attr.name", keys[i].name);
        attribute(graph, "attr.type", keys[i].type);
        end_element(graph);
    }
}

static enum rn_status begin(struct rn_buf *out, const char *title, void **state,
                            struct rn_error *err)
{
    struct graphml *graph = calloc(1, sizeof *graph);
    xmlOutputBufferPtr buffer;

    *state = graph;
    if (!graph)
        return rn_fail(err, RN_E_NOMEM, "no memory to write a graph");
    graph->out = out;
    buffer = xmlOutputBufferCreateIO(append, close_nothing, out, NULL);
    graph->writer = buffer ? xmlNewTextWriter(buffer) : NULL; /* the buffer is the writer's now */
    if (!graph->writer) {
        if (buffer)
            xmlOutputBufferClose(buffer);
        return rn_fail(err, RN_E_NOMEM, "no memory to write a graph");
    }
    check(graph, xmlTextWriterSetIndent(graph->writer, 1));
    check(graph, xmlTextWriterStartDocument(graph->writer, "1.0", "UTF-8", NULL));
    begin_element(graph, "graphml");
    attribute(graph, "xmlns", "http://graphml.graphdrawing.org/xmlns");
    attribute(graph, "xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
    attribute(graph, "xsi:schemaLocation", XSD);
    begin_element(graph, "desc");
    check(graph,
          xmlTextWriterWriteString(graph->writer, BAD_CAST printable(graph, title, strlen(title))));
    end_element(graph);
    put_keys(graph);
    begin_element(graph, "graph");
    attribute(graph, "id", "order");
    attribute(graph, "edgedefault", "directed");
    return result(graph, err);
}

static void put_place(struct graphml *graph, const char *name, const struct rn_graph_place *place)
{
    char text[48];

    snprintf(text, sizeof text, "s%" PRIu32 ".%" PRIu64, place->stream, place->ordinal);
    attribute(graph, name, text);
}

static enum rn_status put_node(void *state, const struct rn_graph_node *node, struct rn_error *err)
{
    struct graphml *graph = state;

    begin_element(graph, "node");
    put_place(graph, "id", &node->place);
    put_text(graph, "label", node->label, node->label_size);
    put_text(graph, "kind", node->kind, strlen(node->kind));
    put_text(graph, "thread", node->thread, strlen(node->thread));
    put_number(graph, "stream", node->place.stream);
    put_number(graph, "ordinal", node->place.ordinal);
    put_number(graph, "pid", node->pid);
    put_number(graph, "tid", node->tid);
    put_number(graph, "start", node->start_ns);
    put_number(graph, "duration", node->duration_ns);
    if (node->lamport)
        put_number(graph, "lamport", node->lamport);
    end_element(graph);
    return result(graph, err);
}

static enum rn_status put_edge(void *state, const struct rn_graph_edge *edge, struct rn_error *err)
{
    struct graphml *graph = state;
    const char *mechanism = edge->mechanism ? edge->mechanism : "next";

    begin_element(graph, "edge");
    put_place(graph, "source", &edge->from);
    put_place(graph, "target", &edge->to);
    put_text(graph, "mechanism", mechanism, strlen(mechanism));
    put_text(graph, "proven", edge->proven ? "true" : "false", edge->proven ? 4 : 5);
    if (edge->bytes)
        put_number(graph, "bytes", edge->bytes);
    end_element(graph);
    return result(graph, err);
}

static enum rn_status end(void *state, struct rn_error *err)
{
    struct graphml *graph = state;

    check(graph, xmlTextWriterEndDocument(graph->writer));
    check(graph, xmlTextWriterFlush(graph->writer));
    return result(graph, err);
}

static void graphml_free(void *state)
{
    struct graphml *graph = state;

    if (!graph)
        return;
    if (graph->writer)
        xmlFreeTextWriter(graph->writer);
    rn_buf_free(&graph->text);
    free(graph);
}

const struct rn_graph_form rn_graph_graphml = {
    .name = "graphml",
    .begin = begin,
    .node = put_node,
    .edge = put_edge,
    .end = end,
    .free = graphml_free,
};
