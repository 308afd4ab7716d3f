/* SPDX-License-Identifier: MIT */
#include "ctf_read_private.h"

#include <stdlib.h>

static size_t map_hash(const void *key, size_t room)
{
    uint64_t bits = (uint64_t)(uintptr_t)key;
    return (size_t)((bits >> 4) * 0x9E3779B97F4A7C15ull >> 20) & (room - 1);
}

static struct ctf_map_slot *map_find(struct ctf_map_slot *slots, size_t room, const void *key)
{
    size_t i = map_hash(key, room);
    while (slots[i].key && slots[i].key != key)
        i = (i + 1) & (room - 1);
    return &slots[i];
}

struct ctf_map_slot *ctf_map_slot(struct ctf_map *map, const void *key)
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

void ctf_map_set(struct ctf_map *map, struct ctf_map_slot *slot, const void *key, void *value)
{
    slot->key = key;
    slot->value = value;
    map->count++;
}
