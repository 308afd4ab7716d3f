/* SPDX-License-Identifier: MIT */
/* rn-graph: what its files share. */
#ifndef RN_CLI_GRAPH_H
#define RN_CLI_GRAPH_H

#include "cli.h"

#include "formats/export/graph_write.h"
#include "libanalysis/filter.h"
#include "libanalysis/render.h"

struct cli_graph_options {
    struct rn_filter *filter;
    const struct rn_graph_form *form; /* NULL: a log for ShiViz */
    bool all;                         /* also events that no edge leads to or from */
    bool proven_only;                 /* without inferred edges */
    const char *output_path;
};

/* Write the graph of a recording: the exit status. */
int cli_graph(const struct cli_graph_options *options, const char *path);

/* Where nodes and edges go. They come in any order; edges whose `mechanism` is NULL come last, and
 * lead from each node of a stream to the next one. */
struct cli_graph_sink {
    enum rn_status (*node)(struct cli_graph_sink *sink, const struct rn_graph_node *node,
                           struct rn_error *err);
    enum rn_status (*edge)(struct cli_graph_sink *sink, const struct rn_graph_edge *edge,
                           struct rn_error *err);
    /* All are there. */
    enum rn_status (*end)(struct cli_graph_sink *sink, struct rn_error *err);
    void (*free)(struct cli_graph_sink *sink);
};

/* cli_graph_label.c: what stands at a node; replaces what is in the buffer. */
struct rn_render *cli_graph_render(void);
void cli_graph_label(struct rn_render *render, struct rn_trace *trace, const struct rn_event *event,
                     struct rn_buf *label);

/* cli_graph_form.c, cli_graph_shiviz.c: into a buffer that is written to `output` now and then.
 * NULL after a message. */
struct cli_graph_sink *cli_graph_form(const struct rn_graph_form *form, const char *title,
                                      struct cli_output *output, struct rn_buf *buf);
struct cli_graph_sink *cli_graph_shiviz(struct cli_output *output, struct rn_buf *buf);

#endif
