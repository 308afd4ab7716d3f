/* SPDX-License-Identifier: MIT */
#include "ring.h"

#include "formats/ring_cell.h"

#include <string.h>

static void put(struct rn_ring_area *area, const struct rn_ring_slot *slot, const void *bytes,
                uint32_t size)
{
    uint8_t *data = rn_ring_data(area, slot);
    uint64_t at = slot->head & (slot->size - 1);
    uint64_t first = size < slot->size - at ? size : slot->size - at;

    memcpy(data + at, bytes, first);
    memcpy(data, (const uint8_t *)bytes + first, size - first);
}

/* As inject/producer_cells.c does it: what a sudden end leaves behind is told apart by `moved`. */
bool rn_ring_harvest(struct rn_ring_area *area, struct rn_ring_slot *slot)
{
    struct rn_ring_cell *cells = (void *)(rn_ring_data(area, slot) - slot->lead);
    uint64_t words[RN_RING_CELL_RECORD / 8];

    for (uint32_t i = 0; i < slot->cells && i < RN_RING_CELLS; i++) {
        if (rn_ring_cell_is_live(&cells[i], slot->head)) {
            uint32_t size = rn_ring_cell_record(&cells[i], words);

            if (size > slot->size - rn_ring_used(slot))
                return false;
            put(area, slot, words, size);
            cells[i].moved = slot->head + size;
            __atomic_store_n(&slot->head, cells[i].moved, __ATOMIC_RELEASE);
        }
        cells[i].count = 0;
        cells[i].moved = 0;
    }
    return true;
}
