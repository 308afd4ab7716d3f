/* SPDX-License-Identifier: MIT */
/* A space-time diagram while it is read (plot_spacetime.c), for what makes tables of it. */
#ifndef RN_PLOT_SPACETIME_H
#define RN_PLOT_SPACETIME_H

#include "plot_private.h"

#define SPACETIME_EDGES   (1u << 15) /* places of a hash table: half of them are used */
#define SPACETIME_ARROWS  400u       /* that are drawn */
#define SPACETIME_TRACKED 4096u      /* rows while reading */
#define SPACETIME_ROWS    40u        /* that are drawn */

struct spacetime_row {
    char name[80];
    uint64_t pid, events, first_ns, last_ns;
    uint64_t edges, order; /* order: of appearance */
    uint32_t source;       /* in a merged recording */
    unsigned number;       /* 0: not drawn */
};

/* `count` of them, of which this is the first; count 0: a free place. */
struct spacetime_edge {
    uint64_t key, from_ns, to_ns, count, bytes;
    uint32_t from_stream, to_stream;
    uint8_t mechanism;
    bool proven;
};

struct spacetime {
    struct spacetime_row **rows;
    size_t row_count;
    struct rn_id_map by_process, by_stream; /* of rows */
    struct spacetime_edge *edges;
    size_t edge_count;
    uint64_t width_ns, forgotten;
    bool any_edge;
};

/* Edges in bins of twice the width. False without memory. */
bool spacetime_widen(struct spacetime *state);
enum rn_status spacetime_finish(struct rn_plot *const *plots, unsigned count, struct rn_error *err);

#endif
