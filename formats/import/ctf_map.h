/* SPDX-License-Identifier: MIT */
/* From numbers other than 0 (a pid and 1, a pointer) to pointers. Entries are not taken out. All
 * zero at first. */
#ifndef RN_CTF_MAP_H
#define RN_CTF_MAP_H

#include <stddef.h>
#include <stdint.h>

struct ctf_map {
    struct ctf_map_slot {
        uint64_t key; /* 0: free */
        void *value;
    } * slots;
    size_t count, room; /* room: 0 or a power of two */
};

void rn_ctf_map_free(struct ctf_map *map);                     /* the table alone */
void *rn_ctf_map_get(const struct ctf_map *map, uint64_t key); /* NULL: not there */
/* The slot of a key, which is empty (key 0) where it is new. NULL: no memory. */
struct ctf_map_slot *rn_ctf_map_slot(struct ctf_map *map, uint64_t key);
/* Fill an empty one, before the next slot is asked for. */
void rn_ctf_map_set(struct ctf_map *map, struct ctf_map_slot *slot, uint64_t key, void *value);

#endif
