/* SPDX-License-Identifier: MIT */
#include "ring_private.h"

#include "formats/ring_cell.h"

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
            rn_ring_write(rn_ring_data(area, slot), ring, head, words, size);
            cells[i].moved = head + size;
            __atomic_store_n(&slot->head, head + size, __ATOMIC_RELEASE);
        }
        cells[i].count = 0;
        cells[i].moved = 0;
    }
    return true;
}
