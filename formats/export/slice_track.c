/* SPDX-License-Identifier: MIT */
#include "slice_track.h"

#include <stdlib.h>

static struct rn_track_entry *slot_of(const struct rn_track_table *table, uint64_t id)
{
    size_t at = (size_t)((id * 0x9e3779b97f4a7c15u) >> 32) & (table->capacity - 1);

    while (table->slots[at].id && table->slots[at].id != id)
        at = (at + 1) & (table->capacity - 1);
    return &table->slots[at];
}

struct rn_track_entry *rn_track_find(const struct rn_track_table *table, uint64_t id)
{
    struct rn_track_entry *entry = table->count && id ? slot_of(table, id) : NULL;

    return entry && entry->id ? entry : NULL;
}

static bool grow(struct rn_track_table *table)
{
    struct rn_track_table larger = {.capacity = table->capacity ? 2 * table->capacity : 64,
                                    .count = table->count};

    larger.slots = calloc(larger.capacity, sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < table->capacity; i++)
        if (table->slots[i].id)
            *slot_of(&larger, table->slots[i].id) = table->slots[i];
    free(table->slots);
    *table = larger;
    return true;
}

struct rn_track_entry *rn_track_get(struct rn_track_table *table, uint64_t id)
{
    struct rn_track_entry *entry = rn_track_find(table, id);

    if (entry)
        return entry;
    if (2 * table->count >= table->capacity && !grow(table))
        return NULL;
    entry = slot_of(table, id);
    entry->id = id;
    table->count++;
    return entry;
}

void rn_track_table_free(struct rn_track_table *table)
{
    for (size_t i = 0; i < table->capacity; i++) {
        free(table->slots[i].name);
        free(table->slots[i].ends);
    }
    free(table->slots);
    *table = (struct rn_track_table){.slots = NULL};
}
