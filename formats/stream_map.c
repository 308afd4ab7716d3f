/* SPDX-License-Identifier: MIT */
#include "stream_map.h"

#include <stdlib.h>

void rn_stream_map_free(struct rn_stream_map *map)
{
    for (size_t i = 0; i < map->capacity; i++)
        free(map->slots[i].name);
    free(map->slots);
    *map = (struct rn_stream_map){.slots = NULL};
}

static bool keep_all(const struct rn_stream_entry *entry, void *context)
{
    (void)entry;
    (void)context;
    return true;
}

static enum rn_status rebuild(struct rn_stream_map *map, size_t capacity,
                              bool (*keep)(const struct rn_stream_entry *, void *), void *context,
                              struct rn_error *err)
{
    struct rn_stream_map new = {.slots = calloc(capacity, sizeof *new.slots), .capacity = capacity};

    if (!new.slots)
        return rn_fail(err, RN_E_NOMEM, "no memory for %zu streams", capacity);
    for (size_t i = 0; i < map->capacity; i++) {
        struct rn_stream_entry *entry = &map->slots[i];

        if (!entry->used)
            continue;
        if (!keep(entry, context)) {
            free(entry->name);
            continue;
        }
        *rn_stream_map_slot(&new, entry->id) = *entry;
        new.count++;
    }
    free(map->slots);
    *map = new;
    return RN_OK;
}

enum rn_status rn_stream_map_get(struct rn_stream_map *map, uint32_t id,
                                 struct rn_stream_entry **out, struct rn_error *err)
{
    struct rn_stream_entry *entry = rn_stream_map_find(map, id);
    enum rn_status status = RN_OK;

    *out = entry;
    if (entry)
        return RN_OK;
    if (map->count >= RN_STREAM_MAP_MAX)
        return rn_fail(err, RN_E_LIMIT, "more than %u streams", RN_STREAM_MAP_MAX);
    if (map->count >= map->capacity / 2)
        status = rebuild(map, map->capacity ? 2 * map->capacity : 64, keep_all, NULL, err);
    if (status != RN_OK)
        return status;
    entry = rn_stream_map_slot(map, id);
    entry->id = id;
    entry->used = true;
    map->count++;
    *out = entry;
    return RN_OK;
}

enum rn_status rn_stream_map_purge(struct rn_stream_map *map,
                                   bool (*keep)(const struct rn_stream_entry *, void *),
                                   void *context, struct rn_error *err)
{
    return map->count ? rebuild(map, map->capacity, keep, context, err) : RN_OK;
}

static int by_id(const void *a, const void *b)
{
    uint32_t id_a = (*(struct rn_stream_entry *const *)a)->id;
    uint32_t id_b = (*(struct rn_stream_entry *const *)b)->id;

    return (id_a > id_b) - (id_a < id_b);
}

struct rn_stream_entry **rn_stream_map_sorted(const struct rn_stream_map *map)
{
    struct rn_stream_entry **sorted = calloc(map->count ? map->count : 1, sizeof(void *));
    size_t count = 0;

    for (size_t i = 0; sorted && i < map->capacity; i++)
        if (map->slots[i].used)
            sorted[count++] = &map->slots[i];
    if (sorted)
        qsort(sorted, count, sizeof *sorted, by_id);
    return sorted;
}
