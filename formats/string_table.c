/* SPDX-License-Identifier: MIT */
#define XXH_INLINE_ALL
#include "table.h"

#include "table_index.h"

#include <stdlib.h>
#include <xxhash.h>

struct entry {
    uint32_t offset, size;
};

struct rn_string_table {
    struct rn_buf bytes;
    struct rn_buf entries; /* struct entry */
    struct table_index index;
};

struct rn_string_table *rn_string_table_new(void)
{
    return calloc(1, sizeof(struct rn_string_table));
}

void rn_string_table_free(struct rn_string_table *table)
{
    if (!table)
        return;
    rn_buf_free(&table->bytes);
    rn_buf_free(&table->entries);
    table_index_free(&table->index);
    free(table);
}

void rn_string_table_reset(struct rn_string_table *table)
{
    rn_buf_clear(&table->bytes);
    rn_buf_clear(&table->entries);
    table_index_clear(&table->index);
}

uint64_t rn_string_table_count(const struct rn_string_table *table)
{
    return table->entries.size / sizeof(struct entry);
}

uint64_t rn_string_table_bytes(const struct rn_string_table *table)
{
    return table->bytes.size + table->entries.size;
}

static const struct entry *entry_at(const struct rn_string_table *table, uint64_t number)
{
    return (const struct entry *)(const void *)table->entries.data + number;
}

bool rn_string_table_get(const struct rn_string_table *table, uint64_t number, const uint8_t **data,
                         uint32_t *size)
{
    if (number >= rn_string_table_count(table))
        return false;
    *data = table->bytes.data + entry_at(table, number)->offset;
    *size = entry_at(table, number)->size;
    return true;
}

enum rn_status rn_string_table_add(struct rn_string_table *table, const uint8_t *data,
                                   uint32_t size, struct rn_error *err)
{
    struct entry entry = {.offset = (uint32_t)table->bytes.size, .size = size};

    if (size + sizeof entry > RN_TABLE_MAX_BYTES - rn_string_table_bytes(table))
        return rn_fail(err, RN_E_LIMIT, "string table is over the limit of %u bytes",
                       RN_TABLE_MAX_BYTES);
    if (!rn_buf_reserve(&table->bytes, size) || !rn_buf_reserve(&table->entries, sizeof entry))
        return rn_fail(err, RN_E_NOMEM, "no memory for the string table");
    rn_buf_append(&table->bytes, data, size);
    rn_buf_append(&table->entries, &entry, sizeof entry);
    return RN_OK;
}

struct key {
    const struct rn_string_table *table;
    const uint8_t *data;
    uint32_t size;
};

static bool same(const void *context, uint32_t number)
{
    const struct key *key = context;
    const struct entry *entry = entry_at(key->table, number);

    return entry->size == key->size &&
           (key->size == 0 ||
            memcmp(key->table->bytes.data + entry->offset, key->data, key->size) == 0);
}

static uint32_t hash_of(const uint8_t *data, uint32_t size)
{
    return (uint32_t)XXH3_64bits(data, size);
}

/* Entries that were added without a look at the index. */
static bool index_rest(struct rn_string_table *table)
{
    for (uint64_t i = table->index.used; i < rn_string_table_count(table); i++) {
        const struct entry *entry = entry_at(table, i);

        if (!table_index_append(&table->index,
                                hash_of(table->bytes.data + entry->offset, entry->size)))
            return false;
    }
    return true;
}

enum rn_status rn_string_table_intern(struct rn_string_table *table, const uint8_t *data,
                                      uint32_t size, uint64_t *number, struct rn_error *err)
{
    const struct key key = {table, data, size};
    enum rn_status status;

    if (!index_rest(table))
        return rn_fail(err, RN_E_NOMEM, "no memory for the index of the string table");
    if (table_index_find(&table->index, hash_of(data, size), same, &key, number))
        return RN_OK;
    *number = rn_string_table_count(table);
    status = rn_string_table_add(table, data, size, err);
    if (status != RN_OK)
        return status;
    if (!index_rest(table))
        return rn_fail(err, RN_E_NOMEM, "no memory for the index of the string table");
    return RN_OK;
}
