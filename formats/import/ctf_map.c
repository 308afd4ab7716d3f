/* SPDX-License-Identifier: MIT */
#include "ctf_map.h"

#include <stdlib.h>

static size_t map_hash(uint64_t key, size_t room)
{
    return (size_t)(key * 0x9E3779B97F4A7C15ull >> 20) & (room - 1);
}

static struct ctf_map_slot *map_find(struct ctf_map_slot *slots, size_t room, uint64_t key)
{
    size_t i = map_hash(key, room);
    while (slots[i].key && slots[i].key != key)
        i = (i + 1) & (room - 1);
    return &slots[i];
}

struct ctf_map_slot *rn_ctf_map_slot(struct ctf_map *map, uint64_t key)
{
    if (map->count * 2 >= map->room) {
        size_t room = map->room ? map->room * 2 : 256;
        struct ctf_map_slot *slots = calloc(room, sizeof(*slots));
        if (!slots)
            return NULL;
        for (size_t i = 0; i < map->room; i++)
            if (map->slots[i].key)
                *map_find(slots, room, map->slots[i].key) = map->slots[i];
        free(map->slots);
        map->slots = slots;
        map->room = room;
    }
    return map_find(map->slots, map->room, key);
}

void *rn_ctf_map_get(const struct ctf_map *map, uint64_t key)
{
    return map->room ? map_find(map->slots, map->room, key)->value : NULL;
}

void rn_ctf_map_set(struct ctf_map *map, struct ctf_map_slot *slot, uint64_t key, void *value)
{
    slot->key = key;
    slot->value = value;
    map->count++;
}

void rn_ctf_map_free(struct ctf_map *map)
{
    free(map->slots);
    *map = (struct ctf_map){NULL, 0, 0};
}
