/* SPDX-License-Identifier: MIT */
/* Finds table entries by hash: open addressing, numbers in order of appending. Private to the
 * string and content tables. */
#ifndef RN_TABLE_INDEX_H
#define RN_TABLE_INDEX_H

#include <stdbool.h>
#include <stdint.h>

struct table_index_cell {
    uint32_t hash;
    uint32_t number; /* + 1; 0 is a free cell */
};

struct table_index {
    struct table_index_cell *cells;
    uint32_t size; /* a power of two, or 0 */
    uint32_t used;
};

typedef bool table_index_same_fn(const void *context, uint32_t number);

void table_index_free(struct table_index *index);
void table_index_clear(struct table_index *index); /* keeps the memory */
/* Enter number index->used under `hash`; false without memory. */
bool table_index_append(struct table_index *index, uint32_t hash);
bool table_index_find(const struct table_index *index, uint32_t hash, table_index_same_fn *same,
                      const void *context, uint64_t *number);

#endif
