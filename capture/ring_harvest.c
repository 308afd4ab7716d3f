/* SPDX-License-Identifier: MIT */
#include "ring.h"

#include "formats/ring_cell.h"

#include <string.h>

static void put(struct rn_ring_area *area, const struct rn_ring_slot *slot, const void *bytes,
                uint64_t head, uint32_t size)
{
    uint8_t *data = rn_ring_data(area, slot);
    uint64_t ring = rn_ring_size(area, slot), at = head & (ring - 1);
    uint64_t first = size < ring - at ? size : ring - at;

    memcpy(data + at, bytes, first);
    memcpy(data, (const uint8_t *)bytes + first, size - first);
}

/* As inject/producer_cells.c does it: what a sudden end leaves behind is told apart by `moved`. */
bool rn_ring_harvest(struct rn_ring_area *area, struct rn_ring_slot *slot)
{
    struct rn_ring_cell *cells = rn_ring_lead(area, slot);
    uint64_t words[RN_RING_CELL_RECORD / 8], ring = rn_ring_size(area, slot);

    for (uint32_t i = 0; i < slot->cells && i < RN_RING_CELLS; i++) {
        const struct rn_ring_cell cell = cells[i]; /* the program may change it meanwhile */
        uint64_t head = __atomic_load_n(&slot->head, __ATOMIC_ACQUIRE);
        uint64_t used = head - __atomic_load_n(&slot->tail, __ATOMIC_ACQUIRE);

        if (rn_ring_cell_is_live(&cell, head)) {
            uint32_t size = rn_ring_cell_record(&cell, words);

            if (used > ring || size > ring - used)
                return false;
            put(area, slot, words, head, size);
            cells[i].moved = head + size;
            __atomic_store_n(&slot->head, head + size, __ATOMIC_RELEASE);
        }
        cells[i].count = 0;
        cells[i].moved = 0;
    }
    return true;
}
