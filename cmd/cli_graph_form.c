/* SPDX-License-Identifier: MIT */
#include "cli_graph.h"

#include <stdlib.h>

struct form_sink {
    struct cli_graph_sink base;
    const struct rn_graph_form *form;
    struct cli_output *output;
    struct rn_buf *buf;
    void *state;
};

/* What cannot be written is told when the output is closed. */
static enum rn_status flush(const struct form_sink *sink, enum rn_status status)
{
    if (status == RN_OK)
        (void)cli_output_flush_some(sink->output, sink->buf);
    return status;
}

static enum rn_status node(struct cli_graph_sink *base, const struct rn_graph_node *node,
                           struct rn_error *err)
{
    struct form_sink *sink = (struct form_sink *)base;

    return flush(sink, sink->form->node(sink->state, node, err));
}

static enum rn_status edge(struct cli_graph_sink *base, const struct rn_graph_edge *edge,
                           struct rn_error *err)
{
    struct form_sink *sink = (struct form_sink *)base;

    return flush(sink, sink->form->edge(sink->state, edge, err));
}

static enum rn_status end(struct cli_graph_sink *base, struct rn_error *err)
{
    struct form_sink *sink = (struct form_sink *)base;

    return sink->form->end(sink->state, err);
}

static void form_free(struct cli_graph_sink *base)
{
    struct form_sink *sink = (struct form_sink *)base;

    sink->form->free(sink->state);
    free(sink);
}

struct cli_graph_sink *cli_graph_form(const struct rn_graph_form *form, const char *title,
                                      struct cli_output *output, struct rn_buf *buf)
{
    struct form_sink *sink = calloc(1, sizeof(*sink));
    struct rn_error err = RN_ERROR_INIT;

    if (!sink) {
        cli_fail("out of memory");
        return NULL;
    }
    *sink = (struct form_sink){
        .base = {node, edge, end, form_free}, .form = form, .output = output, .buf = buf};
    if (form->begin(buf, title, &sink->state, &err) == RN_OK)
        return &sink->base;
    cli_error(&err);
    form_free(&sink->base);
    return NULL;
}
