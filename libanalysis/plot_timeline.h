/* SPDX-License-Identifier: MIT */
/* The timeline while it is read (plot_timeline.c), for what makes tables of it. */
#ifndef RN_PLOT_TIMELINE_H
#define RN_PLOT_TIMELINE_H

#include "plot_private.h"

#define TIMELINE_MARKS    2000u /* of a row, drawn one by one; what has more is binned */
#define TIMELINE_TRACKED  1024u /* rows that are kept apart while reading */
#define TIMELINE_ROWS     40u   /* that are drawn; the others are one */
#define TIMELINE_BINS     512u
#define TIMELINE_FORKS    512u
#define TIMELINE_NAMES    4096u
#define TIMELINE_LAUNCHES 200u /* arrows that can still be told apart */

struct timeline_mark {
    uint64_t start_ns, end_ns;
    uint64_t tie; /* kernels, transfers, API calls: who asked for what has the same; 0 none */
    const char *name;
    uint8_t category; /* enum plot_category */
    uint8_t level;    /* of threads: blocks and spans by depth, then API calls, then system calls */
    uint8_t lane;     /* given at the end */
};
enum { LEVEL_BLOCKS = 0, LEVEL_API = 6, LEVEL_CALLS = 7, LEVELS = 8, QUEUE_LANES = 5 };

struct timeline_row {
    uint64_t stream, process, type, pid, tid;
    char name[64];
    struct timeline_mark *marks; /* in no order */
    size_t count, capacity;
    struct plot_bins bins;         /* ns busy, by category; capacity 0: all have a mark */
    bool calls_binned, all_binned; /* what has no marks: system calls, kernels, transfers; all */
    uint64_t events, first_ns, last_ns;
    unsigned members; /* rows that went into it, of the row of all others */
    bool levels[LEVELS], shown;
    double y_low, y_high; /* place in the picture */
    unsigned lanes, number;
    uint8_t lane_of[LEVELS];
};

struct timeline_fork {
    uint64_t at_ns, stream, child;
};

struct timeline {
    struct timeline_row **rows;
    size_t count;
    struct rn_id_map by_stream; /* of rows */
    struct timeline_row *others;
    struct timeline_fork forks[TIMELINE_FORKS];
    size_t fork_count, forks_lost;
    struct rn_id_map names; /* texts by checksum */
    bool used[PLOT_CATEGORIES];
};

/* Give up the single marks of what there is most of, or of all; false without memory. */
bool timeline_row_bin_calls(const struct rn_plot *plot, struct timeline_row *row);
bool timeline_row_bin(const struct rn_plot *plot, struct timeline_row *row);
static inline unsigned timeline_level(enum plot_category category)
{
    return category == PLOT_BLOCKS || category == PLOT_SPANS ? LEVEL_BLOCKS
           : category == PLOT_API_CALLS                      ? LEVEL_API
                                                             : LEVEL_CALLS;
}
enum rn_status timeline_finish(struct rn_plot *const *plots, unsigned count, struct rn_error *err);

#endif
