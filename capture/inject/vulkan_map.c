/* SPDX-License-Identifier: MIT */
/* Open addressing with linear probes; what is removed is closed up again (Knuth 6.4, algorithm R),
 * so that a program that makes and destroys for hours leaves no litter. */
#include "vulkan_map.h"

#include <stdlib.h>

#define SIZE_MIN 64u

static uint64_t home_of(const struct rn_vulkan_map *map, uint64_t key)
{
    return (key * 0x9e3779b97f4a7c15ull >> 32) & (map->size - 1);
}

/* The place of a key, or the unused one where it belongs. The map is never full. */
static struct rn_vulkan_map_entry *place_of(const struct rn_vulkan_map *map, uint64_t key)
{
    uint64_t at = home_of(map, key);

    while (map->entries[at].key != 0 && map->entries[at].key != key)
        at = (at + 1) & (map->size - 1);
    return &map->entries[at];
}

uint64_t rn_vulkan_map_get(const struct rn_vulkan_map *map, uint64_t key)
{
    return map->size && key ? place_of(map, key)->value : 0;
}

static bool grow(struct rn_vulkan_map *map)
{
    struct rn_vulkan_map larger = {.size = map->size ? 2 * map->size : SIZE_MIN, .used = map->used};

    larger.entries = calloc(larger.size, sizeof(*larger.entries));
    if (!larger.entries)
        return false;
    for (uint64_t i = 0; i < map->size; i++)
        if (map->entries[i].key)
            *place_of(&larger, map->entries[i].key) = map->entries[i];
    free(map->entries);
    *map = larger;
    return true;
}

bool rn_vulkan_map_put(struct rn_vulkan_map *map, uint64_t key, uint64_t value)
{
    struct rn_vulkan_map_entry *place;

    if (key == 0 || (4 * (map->used + 1) > 3 * map->size && !grow(map)))
        return false;
    place = place_of(map, key);
    map->used += place->key == 0;
    *place = (struct rn_vulkan_map_entry){key, value};
    return true;
}

/* Is `home` in the ring of places behind `hole`, up to `at`? Then the entry at `at` must stay. */
static bool is_between(uint64_t hole, uint64_t home, uint64_t at)
{
    return hole <= at ? hole < home && home <= at : hole < home || home <= at;
}

uint64_t rn_vulkan_map_remove(struct rn_vulkan_map *map, uint64_t key)
{
    struct rn_vulkan_map_entry *entries = map->entries, *place;
    uint64_t value, hole, at;

    if (!map->size || !key)
        return 0;
    place = place_of(map, key);
    if (!place->key)
        return 0;
    value = place->value;
    hole = at = (uint64_t)(place - entries);
    for (;;) {
        entries[hole] = (struct rn_vulkan_map_entry){0};
        do {
            at = (at + 1) & (map->size - 1);
        } while (entries[at].key && is_between(hole, home_of(map, entries[at].key), at));
        if (!entries[at].key)
            break;
        entries[hole] = entries[at];
        hole = at;
    }
    map->used--;
    return value;
}

void rn_vulkan_map_free(struct rn_vulkan_map *map)
{
    free(map->entries);
    *map = (struct rn_vulkan_map){0};
}
