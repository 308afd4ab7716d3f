/* SPDX-License-Identifier: MIT */
#include "formats/escape.h"
#include "graph_write.h"

#include <inttypes.h>
#include <stdlib.h>

struct dot {
    struct rn_buf *out;
    struct rn_buf text; /* made printable, before it is quoted */
};

/* In a quoted string, quotes and backslashes are the only bytes that mean something. */
static void add_text(struct dot *dot, const char *text, size_t size)
{
    rn_buf_clear(&dot->text);
    rn_escape_terminal(&dot->text, (const uint8_t *)text, size);
    for (size_t i = 0; i < dot->text.size; i++) {
        if (dot->text.data[i] == '"' || dot->text.data[i] == '\\')
            rn_buf_byte(dot->out, '\\');
        rn_buf_byte(dot->out, dot->text.data[i]);
    }
}

static void quote(struct dot *dot, const char *text)
{
    rn_buf_byte(dot->out, '"');
    add_text(dot, text, strlen(text));
    rn_buf_byte(dot->out, '"');
}

static enum rn_status result(const struct dot *dot, struct rn_error *err)
{
    return dot->out->failed || dot->text.failed
               ? rn_fail(err, RN_E_NOMEM, "no memory to write a graph")
               : RN_OK;
}

static enum rn_status begin(struct rn_buf *out, const char *title, void **state,
                            struct rn_error *err)
{
    struct dot *dot = calloc(1, sizeof *dot);

    *state = dot;
    if (!dot)
        return rn_fail(err, RN_E_NOMEM, "no memory to write a graph");
    dot->out = out;
    rn_buf_text(out, "digraph ");
    quote(dot, title);
    rn_buf_text(out, " {\n  rankdir=TB;\n  node [shape=box, fontname=\"monospace\"];\n");
    return result(dot, err);
}

/* A group is drawn as a line from top to bottom; clusters of threads, with edges between them all,
 * are more than dot can lay out. */
static enum rn_status put_node(void *state, const struct rn_graph_node *node, struct rn_error *err)
{
    struct dot *dot = state;
    struct rn_buf *out = dot->out;

    rn_buf_printf(out, "  s%" PRIu32 "_%" PRIu64 " [label=\"", node->place.stream,
                  node->place.ordinal);
    add_text(dot, node->thread, strlen(node->thread));
    rn_buf_text(out, "\\n");
    add_text(dot, node->label, node->label_size);
    rn_buf_printf(out, "\", group=s%" PRIu32 ", kind=", node->place.stream);
    quote(dot, node->kind);
    rn_buf_printf(out,
                  ", pid=%" PRIu64 ", tid=%" PRIu64 ", start_ns=%" PRIu64 ", duration_ns=%" PRIu64,
                  node->pid, node->tid, node->start_ns, node->duration_ns);
    if (node->lamport)
        rn_buf_printf(out, ", lamport=%" PRIu64, node->lamport);
    rn_buf_text(out, "];\n");
    return result(dot, err);
}

static enum rn_status put_edge(void *state, const struct rn_graph_edge *edge, struct rn_error *err)
{
    struct dot *dot = state;
    struct rn_buf *out = dot->out;

    rn_buf_printf(out, "  s%" PRIu32 "_%" PRIu64 " -> s%" PRIu32 "_%" PRIu64, edge->from.stream,
                  edge->from.ordinal, edge->to.stream, edge->to.ordinal);
    if (edge->mechanism) {
        rn_buf_text(out, " [color=blue, label=");
        quote(dot, edge->mechanism);
        if (edge->bytes)
            rn_buf_printf(out, ", bytes=%" PRIu64, edge->bytes);
        if (!edge->proven)
            rn_buf_text(out, ", style=dashed");
        rn_buf_byte(out, ']');
    }
    rn_buf_text(out, ";\n");
    return result(dot, err);
}

static enum rn_status end(void *state, struct rn_error *err)
{
    struct dot *dot = state;

    rn_buf_text(dot->out, "}\n");
    return result(dot, err);
}

static void dot_free(void *state)
{
    struct dot *dot = state;

    if (dot)
        rn_buf_free(&dot->text);
    free(dot);
}

const struct rn_graph_form rn_graph_dot = {
    .name = "dot",
    .begin = begin,
    .node = put_node,
    .edge = put_edge,
    .end = end,
    .free = dot_free,
};
