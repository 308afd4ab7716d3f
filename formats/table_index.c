/* SPDX-License-Identifier: MIT */
#include "table_index.h"

#include <stdlib.h>
#include <string.h>

#define INITIAL_SIZE 256u

void table_index_free(struct table_index *index)
{
    free(index->cells);
    *index = (struct table_index){.cells = NULL};
}

void table_index_clear(struct table_index *index)
{
    if (index->used)
        memset(index->cells, 0, index->size * sizeof *index->cells);
    index->used = 0;
}

static void enter(struct table_index_cell *cells, uint32_t size, struct table_index_cell cell)
{
    uint32_t at = cell.hash & (size - 1);

    while (cells[at].number)
        at = (at + 1) & (size - 1);
    cells[at] = cell;
}

static bool grow(struct table_index *index)
{
    uint32_t size = index->size ? index->size * 2 : INITIAL_SIZE;
    struct table_index_cell *cells = calloc(size, sizeof *cells);

    if (!cells)
        return false;
    for (uint32_t i = 0; i < index->size; i++)
        if (index->cells[i].number)
            enter(cells, size, index->cells[i]);
    free(index->cells);
    index->cells = cells;
    index->size = size;
    return true;
}

bool table_index_append(struct table_index *index, uint32_t hash)
{
    if (index->used >= index->size / 2 && !grow(index))
        return false;
    index->used++;
    enter(index->cells, index->size, (struct table_index_cell){hash, index->used});
    return true;
}

bool table_index_find(const struct table_index *index, uint32_t hash, table_index_same_fn *same,
                      const void *context, uint64_t *number)
{
    uint32_t at = hash & (index->size - 1);

    if (index->size == 0)
        return false;
    for (; index->cells[at].number; at = (at + 1) & (index->size - 1))
        if (index->cells[at].hash == hash && same(context, index->cells[at].number - 1)) {
            *number = index->cells[at].number - 1;
            return true;
        }
    return false;
}
