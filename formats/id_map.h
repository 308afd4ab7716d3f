/* SPDX-License-Identifier: MIT */
/* From 64-bit numbers (streams, pids) to pointers: an open hash table. Owns nothing. */
#ifndef RN_ID_MAP_H
#define RN_ID_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rn_id_map {
    struct rn_id_slot {
        uint64_t id;
        void *value; /* NULL: the slot is free */
    } * slots;
    size_t capacity, count; /* capacity: 0 or a power of two */
};

#define RN_ID_MAP_INIT                                                                             \
    {                                                                                              \
        .slots = NULL                                                                              \
    }

void rn_id_map_free(struct rn_id_map *map);
void *rn_id_map_get(const struct rn_id_map *map, uint64_t id);       /* NULL: not there */
bool rn_id_map_set(struct rn_id_map *map, uint64_t id, void *value); /* false: no memory */
void rn_id_map_remove(struct rn_id_map *map, uint64_t id);

#endif
