/* SPDX-License-Identifier: MIT */
#include "id_map.h"

#include <stdlib.h>

#define FIRST_CAPACITY 64u

void rn_id_map_free(struct rn_id_map *map)
{
    free(map->slots);
    *map = (struct rn_id_map)RN_ID_MAP_INIT;
}

static size_t home(const struct rn_id_map *map, uint64_t id)
{
    id ^= id >> 33;
    id *= 0xff51afd7ed558ccdu;
    id ^= id >> 33;
    id *= 0xc4ceb9fe1a85ec53u;
    id ^= id >> 33;
    return (size_t)id & (map->capacity - 1);
}

/* Where `id` is, or the free slot where it would be. */
static size_t find(const struct rn_id_map *map, uint64_t id)
{
    size_t i = home(map, id);

    while (map->slots[i].value && map->slots[i].id != id)
        i = (i + 1) & (map->capacity - 1);
    return i;
}

void *rn_id_map_get(const struct rn_id_map *map, uint64_t id)
{
    return map->capacity ? map->slots[find(map, id)].value : NULL;
}

static bool grow(struct rn_id_map *map)
{
    struct rn_id_map larger = {.capacity = map->capacity ? map->capacity * 2 : FIRST_CAPACITY};

    larger.slots = calloc(larger.capacity, sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->slots[i].value)
            larger.slots[find(&larger, map->slots[i].id)] = map->slots[i];
    }
    larger.count = map->count;
    free(map->slots);
    *map = larger;
    return true;
}

bool rn_id_map_set(struct rn_id_map *map, uint64_t id, void *value)
{
    struct rn_id_slot *slot;

    if (map->count >= map->capacity / 2 && !grow(map))
        return false;
    slot = &map->slots[find(map, id)];
    map->count += !slot->value;
    *slot = (struct rn_id_slot){id, value};
    return true;
}

void rn_id_map_remove(struct rn_id_map *map, uint64_t id)
{
    size_t mask = map->capacity - 1, hole, i;

    if (!rn_id_map_get(map, id))
        return;
    hole = find(map, id);
    map->slots[hole].value = NULL;
    map->count--;
    /* Entries behind it that could not be found across the hole move into it. */
    for (i = (hole + 1) & mask; map->slots[i].value; i = (i + 1) & mask) {
        if (((i - home(map, map->slots[i].id)) & mask) < ((i - hole) & mask))
            continue;
        map->slots[hole] = map->slots[i];
        map->slots[i].value = NULL;
        hole = i;
    }
}
