/* SPDX-License-Identifier: MIT */
/* Names to numbers. Open addressing with linear probing, at most half full. */
#include "gen_tables.h"
#include "name_hash.h"

#include <stdlib.h>
#include <string.h>

struct slot {
    const char *name; /* NULL: free */
    uint32_t length;
    uint32_t xlat;
    uint64_t value;
};

struct rn_xlat_names {
    size_t mask;
    struct slot slots[];
};

static uint64_t hash_of(unsigned xlat, const char *name, size_t length)
{
    return rn_name_hash(name, length) + xlat * UINT64_C(0x9e3779b97f4a7c15);
}

static void insert(struct rn_xlat_names *names, unsigned xlat, const struct rn_xlat_entry *entry)
{
    size_t length = strlen(entry->name);
    size_t at = hash_of(xlat, entry->name, length) >> 20 & names->mask;

    while (names->slots[at].name)
        at = (at + 1) & names->mask;
    names->slots[at] = (struct slot){entry->name, (uint32_t)length, xlat, entry->value};
}

struct rn_xlat_names *rn_xlat_names_new(void)
{
    struct rn_xlat_names *names;
    size_t count = 0, size = 64;

    for (unsigned xlat = 0; xlat < RN_XLAT_COUNT; xlat++)
        count += rn_xlat_tables[xlat].count;
    while (size < 2 * count)
        size *= 2;
    names = calloc(1, sizeof(*names) + size * sizeof(names->slots[0]));
    if (!names)
        return NULL;
    names->mask = size - 1;
    for (unsigned xlat = 0; xlat < RN_XLAT_COUNT; xlat++) {
        const struct rn_xlat_table *table = &rn_xlat_tables[xlat];

        for (uint32_t i = 0; i < table->count; i++)
            if (table->entries[i].name)
                insert(names, xlat, &table->entries[i]);
    }
    return names;
}

void rn_xlat_names_free(struct rn_xlat_names *names)
{
    free(names);
}

bool rn_xlat_names_find(const struct rn_xlat_names *names, unsigned xlat, const char *name,
                        size_t length, uint64_t *value)
{
    size_t at = hash_of(xlat, name, length) >> 20 & names->mask;

    for (; names->slots[at].name; at = (at + 1) & names->mask) {
        const struct slot *slot = &names->slots[at];

        if (slot->xlat == xlat && slot->length == length && memcmp(slot->name, name, length) == 0) {
            *value = slot->value;
            return true;
        }
    }
    return false;
}
