/* SPDX-License-Identifier: MIT */
/* What writers of slices remember of each track: a table by number. Not thread-safe. */
#ifndef RN_SLICE_TRACK_H
#define RN_SLICE_TRACK_H

#include "slice.h"

struct rn_track_entry {
    uint64_t id; /* 0: a free place */
    enum rn_track_type type;
    uint64_t pid, tid; /* as the format writes them */
    char *name;        /* of a counter; owned, the next two lie in it */
    const char *base;  /* its name without id and series */
    const char *series;
    uint64_t number; /* its id */
    /* Ends of what has begun and not ended on it, outermost first: of formats that say so. */
    uint64_t *ends;
    uint32_t depth, capacity;
};
struct rn_track_table {
    struct rn_track_entry *slots; /* capacity is a power of two */
    size_t capacity, count;
};

/* NULL where it is not there. Valid until the next one is added. */
struct rn_track_entry *rn_track_find(const struct rn_track_table *table, uint64_t id);
/* Finds or adds (zero but for id); `id` is not 0. NULL: no memory. */
struct rn_track_entry *rn_track_get(struct rn_track_table *table, uint64_t id);
void rn_track_table_free(struct rn_track_table *table);

#endif
