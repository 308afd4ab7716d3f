/* SPDX-License-Identifier: MIT */
/* What writer and reader remember of each stream, by number. */
#ifndef RN_STREAM_MAP_H
#define RN_STREAM_MAP_H

#include "event.h"
#include "status.h"

#include <stddef.h>

struct rn_stream_entry {
    uint32_t id;
    uint32_t age;       /* owner's use: when it was last stated or ended */
    bool used;          /* the slot is taken */
    bool ended;         /* writer: it will not be used again */
    bool stated, known; /* writer: written in this segment; ever */
    bool described;     /* `info` is known */
    uint64_t next_ordinal;
    uint64_t last_call; /* start of its latest system call, ticks */
    struct rn_stream info;
    char *name; /* owned, may be NULL */
};

struct rn_stream_map {
    struct rn_stream_entry *slots; /* capacity is a power of two */
    size_t capacity, count;
};

/* A file that names more streams than this at a time is refused. */
#define RN_STREAM_MAP_MAX (1u << 20)

void rn_stream_map_free(struct rn_stream_map *map);
/* Where it is or would be; there must be slots. */
static inline struct rn_stream_entry *rn_stream_map_slot(const struct rn_stream_map *map,
                                                         uint32_t id)
{
    size_t at = (id * 2654435761u) & (map->capacity - 1);

    while (map->slots[at].used && map->slots[at].id != id)
        at = (at + 1) & (map->capacity - 1);
    return &map->slots[at];
}

/* NULL where it is not there. */
static inline struct rn_stream_entry *rn_stream_map_find(const struct rn_stream_map *map,
                                                         uint32_t id)
{
    struct rn_stream_entry *entry = map->count ? rn_stream_map_slot(map, id) : NULL;

    return entry && entry->used ? entry : NULL;
}

/* Finds or adds (zero but for id). Entries move when another one is added. */
RN_MUST_CHECK enum rn_status rn_stream_map_get(struct rn_stream_map *map, uint32_t id,
                                               struct rn_stream_entry **out, struct rn_error *err);
/* Remove all entries that `keep` does not want. */
RN_MUST_CHECK enum rn_status rn_stream_map_purge(struct rn_stream_map *map,
                                                 bool (*keep)(const struct rn_stream_entry *entry,
                                                              void *context),
                                                 void *context, struct rn_error *err);
/* The entries in order of id; malloc'ed, `map->count` of them. NULL: no memory, or none. */
struct rn_stream_entry **rn_stream_map_sorted(const struct rn_stream_map *map);

#endif
