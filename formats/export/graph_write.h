/* SPDX-License-Identifier: MIT */
/* Events and what led to what, as a graph in a format of other tools. One interface, one file for
 * each format: graphml_write.c (through libxml2), dot_write.c.
 *
 * What is written is appended to a buffer that the caller may empty between any two calls: memory
 * does not grow with the graph. Nodes and edges may come in any order; an edge's ends need not have
 * come yet, but must come. Texts may hold any bytes: what the format cannot have is shown as \xNN.
 */
#ifndef RN_GRAPH_WRITE_H
#define RN_GRAPH_WRITE_H

#include "formats/buf.h"
#include "formats/status.h"

#include <stdbool.h>
#include <stdint.h>

struct rn_graph_place {
    uint32_t stream;
    uint64_t ordinal;
};

struct rn_graph_node {
    struct rn_graph_place place;
    const char *kind;  /* "syscall" */
    const char *label; /* `label_size` bytes */
    size_t label_size;
    const char *thread; /* its name */
    uint64_t pid, tid;
    uint64_t start_ns, duration_ns; /* start: since the recording began */
    uint64_t lamport;               /* stamp; 0 none */
};

struct rn_graph_edge {
    struct rn_graph_place from, to;
    const char *mechanism; /* "pipe"..., NULL: the next event of the same stream */
    bool proven;
    uint64_t bytes; /* that went along it, 0 none */
};

struct rn_graph_form {
    const char *name; /* "dot" */
    /* `out` must stay where it is until `free`. *state is to be freed also after a failure, and
     * accepted as NULL. */
    enum rn_status (*begin)(struct rn_buf *out, const char *title, void **state,
                            struct rn_error *err);
    enum rn_status (*node)(void *state, const struct rn_graph_node *node, struct rn_error *err);
    enum rn_status (*edge)(void *state, const struct rn_graph_edge *edge, struct rn_error *err);
    enum rn_status (*end)(void *state, struct rn_error *err);
    void (*free)(void *state);
};

/* GraphML, see http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd: nodes "sSTREAM.ORDINAL". */
extern const struct rn_graph_form rn_graph_graphml;
/* A digraph in the DOT language of Graphviz: a group for each stream. */
extern const struct rn_graph_form rn_graph_dot;

#endif
