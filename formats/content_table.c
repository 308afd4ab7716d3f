/* SPDX-License-Identifier: MIT */
#define XXH_INLINE_ALL
#include "table.h"

#include "table_index.h"

#include <inttypes.h>
#include <stdlib.h>
#include <xxhash.h>

struct entry {
    uint64_t length, crc;
    uint32_t blocks, head_len;
    uint32_t first_block; /* in prefix_crcs */
    uint32_t head_offset; /* in heads */
};

struct rn_content_table {
    struct rn_buf heads;
    struct rn_buf prefix_crcs; /* uint64_t */
    struct rn_buf entries;     /* struct entry */
    struct table_index index;
};

struct rn_content_table *rn_content_table_new(void)
{
    return calloc(1, sizeof(struct rn_content_table));
}

void rn_content_table_free(struct rn_content_table *table)
{
    if (!table)
        return;
    rn_buf_free(&table->heads);
    rn_buf_free(&table->prefix_crcs);
    rn_buf_free(&table->entries);
    table_index_free(&table->index);
    free(table);
}

void rn_content_table_reset(struct rn_content_table *table)
{
    rn_buf_clear(&table->heads);
    rn_buf_clear(&table->prefix_crcs);
    rn_buf_clear(&table->entries);
    table_index_clear(&table->index);
}

uint64_t rn_content_table_count(const struct rn_content_table *table)
{
    return table->entries.size / sizeof(struct entry);
}

uint64_t rn_content_table_bytes(const struct rn_content_table *table)
{
    return table->heads.size + table->prefix_crcs.size + table->entries.size;
}

bool rn_content_table_get(const struct rn_content_table *table, uint64_t number,
                          struct rn_content *content)
{
    const struct entry *entry;

    if (number >= rn_content_table_count(table))
        return false;
    entry = (const struct entry *)(const void *)table->entries.data + number;
    *content = (struct rn_content){
        .length = entry->length,
        .crc = entry->crc,
        .prefix_crc = (const uint64_t *)(const void *)table->prefix_crcs.data + entry->first_block,
        .blocks = entry->blocks,
        .head_len = entry->head_len,
        .head = table->heads.data + entry->head_offset,
    };
    return true;
}

/* The archive stores neither the count of blocks nor whether there is a head beyond the length. */
static enum rn_status check_shape(const struct rn_content *content, struct rn_error *err)
{
    uint64_t blocks = content->length ? (content->length - 1) / RN_CONTENT_BLOCK : 0;

    if (content->blocks != blocks)
        return rn_fail(err, RN_E_FORMAT, "content of %" PRIu64 " bytes with %u block CRCs",
                       content->length, content->blocks);
    if (content->head_len > content->length)
        return rn_fail(err, RN_E_FORMAT, "content of %" PRIu64 " bytes with a head of %u",
                       content->length, content->head_len);
    return RN_OK;
}

enum rn_status rn_content_table_add(struct rn_content_table *table,
                                    const struct rn_content *content, struct rn_error *err)
{
    size_t crc_bytes = (size_t)content->blocks * sizeof(uint64_t);
    struct entry entry = {
        .length = content->length,
        .crc = content->crc,
        .blocks = content->blocks,
        .head_len = content->head_len,
        .first_block = (uint32_t)(table->prefix_crcs.size / sizeof(uint64_t)),
        .head_offset = (uint32_t)table->heads.size,
    };
    enum rn_status status = check_shape(content, err);

    if (status != RN_OK)
        return status;
    if (crc_bytes + content->head_len + sizeof entry >
        RN_TABLE_MAX_BYTES - rn_content_table_bytes(table))
        return rn_fail(err, RN_E_LIMIT, "content table is over the limit of %u bytes",
                       RN_TABLE_MAX_BYTES);
    if (!rn_buf_reserve(&table->heads, content->head_len) ||
        !rn_buf_reserve(&table->prefix_crcs, crc_bytes) ||
        !rn_buf_reserve(&table->entries, sizeof entry))
        return rn_fail(err, RN_E_NOMEM, "no memory for the content table");
    rn_buf_append(&table->heads, content->head, content->head_len);
    rn_buf_append(&table->prefix_crcs, content->prefix_crc, crc_bytes);
    rn_buf_append(&table->entries, &entry, sizeof entry);
    return RN_OK;
}

struct key {
    const struct rn_content_table *table;
    const struct rn_content *content;
};

static bool same_bytes(const void *a, const void *b, size_t size)
{
    return size == 0 || memcmp(a, b, size) == 0;
}

static bool same(const void *context, uint32_t number)
{
    const struct key *key = context;
    const struct rn_content *wanted = key->content;
    struct rn_content known;

    return rn_content_table_get(key->table, number, &known) && known.length == wanted->length &&
           known.crc == wanted->crc && known.blocks == wanted->blocks &&
           known.head_len == wanted->head_len &&
           same_bytes(known.head, wanted->head, known.head_len) &&
           same_bytes(known.prefix_crc, wanted->prefix_crc, known.blocks * sizeof(uint64_t));
}

static uint32_t hash_of(const struct rn_content *content)
{
    const uint64_t identity[2] = {content->length, content->crc};

    return (uint32_t)XXH3_64bits(identity, sizeof identity);
}

/* Entries that were added without a look at the index. */
static bool index_rest(struct rn_content_table *table)
{
    struct rn_content content;

    while (rn_content_table_get(table, table->index.used, &content))
        if (!table_index_append(&table->index, hash_of(&content)))
            return false;
    return true;
}

enum rn_status rn_content_table_intern(struct rn_content_table *table,
                                       const struct rn_content *content, uint64_t *number,
                                       struct rn_error *err)
{
    const struct key key = {table, content};
    enum rn_status status;

    if (!index_rest(table))
        return rn_fail(err, RN_E_NOMEM, "no memory for the index of the content table");
    if (table_index_find(&table->index, hash_of(content), same, &key, number))
        return RN_OK;
    *number = rn_content_table_count(table);
    status = rn_content_table_add(table, content, err);
    if (status != RN_OK)
        return status;
    if (!index_rest(table))
        return rn_fail(err, RN_E_NOMEM, "no memory for the index of the content table");
    return RN_OK;
}
