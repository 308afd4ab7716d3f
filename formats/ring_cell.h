/* SPDX-License-Identifier: MIT */
/* Events that are counted instead of recorded, while they are counted: cells in the file of rings,
 * so that they outlive the program and the recorder. Shared by code that runs inside the program,
 * by the recorder and by the reader of an unsealed recording; so it calls nothing.
 *
 * A cell has one writer, the thread of its slot. It becomes a record of RN_KIND_AGGREGATE: by its
 * thread when its second is over, or by whoever finds it when the thread is gone. */
#ifndef RN_RING_CELL_H
#define RN_RING_CELL_H

#include "event.h"
#include "record.h"
#include "ring_file.h"

#include <stdint.h>

#define RN_RING_CELLS        128u /* of a slot */
#define RN_RING_CELL_NAME    96u
#define RN_RING_CELL_BUCKETS 48u

/* Names of more bytes are cut, and flagged so. */
struct rn_ring_cell {
    uint64_t count;       /* written last, 0: unused */
    uint64_t moved;       /* not 0: its record is complete in the ring once head has reached this */
    uint64_t key;         /* the writer's own */
    uint64_t first, last; /* ticks: where the first event began, where the last ended */
    uint64_t sum, min, max; /* of durations, ticks */
    uint64_t elements, bytes, flops;
    uint8_t of, reason, backend, direction, residency, size_bin; /* as in struct rn_aggregate */
    uint8_t name_size, name_cut;
    uint32_t buckets[RN_RING_CELL_BUCKETS]; /* i: durations of 2^(i-1) to 2^i - 1 ticks */
    char name[RN_RING_CELL_NAME];
};

#define RN_RING_CELL_WORDS (sizeof(struct rn_aggregate) / sizeof(uint64_t))
/* No record of a cell is larger. */
#define RN_RING_CELL_RECORD                                                                        \
    (sizeof(struct rn_record) + sizeof(struct rn_aggregate) +                                      \
     2 * sizeof(struct rn_record_attachment) + RN_RING_CELL_NAME + 16 * RN_RING_CELL_BUCKETS)

/* Bytes of lead that the cells of a slot take: whole pages. */
#define RN_RING_CELL_LEAD ((RN_RING_CELLS * sizeof(struct rn_ring_cell) + 4095) / 4096 * 4096)

/* 2^(bin-1) to 2^bin - 1; 0 for 0. */
static inline uint8_t rn_ring_cell_bin(uint64_t value)
{
    return value ? (uint8_t)(64 - __builtin_clzll(value)) : 0;
}

/* Has events that are in no record yet. `head` is the slot's. */
static inline int rn_ring_cell_is_live(const struct rn_ring_cell *cell, uint64_t head)
{
    return cell->count != 0 && (cell->moved == 0 || cell->moved > head);
}

static inline uint64_t *rn_ring_cell_put_name(const struct rn_ring_cell *cell, uint64_t *at)
{
    struct rn_record_attachment *header = (struct rn_record_attachment *)at++;
    uint32_t size = cell->name_size < RN_RING_CELL_NAME ? cell->name_size : RN_RING_CELL_NAME;
    char *text = (char *)at;

    *header = (struct rn_record_attachment){.type = RN_ATT_NAME,
                                            .arg = RN_ARG_NONE,
                                            .flags = cell->name_cut ? RN_ATT_CUT : 0,
                                            .size = size};
    for (uint32_t i = 0; i < (size + 7) / 8; i++)
        at[i] = 0;
    for (uint32_t i = 0; i < size; i++)
        text[i] = cell->name[i];
    return at + (size + 7) / 8;
}

static inline uint64_t *rn_ring_cell_put_histogram(const struct rn_ring_cell *cell, uint64_t *at)
{
    struct rn_record_attachment *header = (struct rn_record_attachment *)at++;
    uint64_t *begin = at;

    for (uint32_t i = 0; i < RN_RING_CELL_BUCKETS; i++) {
        if (!cell->buckets[i])
            continue;
        *at++ = i;
        *at++ = cell->buckets[i];
    }
    *header = (struct rn_record_attachment){.type = RN_ATT_HISTOGRAM,
                                            .arg = RN_ARG_NONE,
                                            .size = (uint32_t)((uint8_t *)at - (uint8_t *)begin)};
    return at;
}

/* Make the record of a cell at `out`, which has room for RN_RING_CELL_RECORD bytes and is 8-byte
 * aligned. Returns its size. */
static inline uint32_t rn_ring_cell_record(const struct rn_ring_cell *cell, uint64_t *out)
{
    struct rn_record *record = (struct rn_record *)out;
    struct rn_aggregate *sum = (struct rn_aggregate *)(record + 1);
    uint64_t *at = (uint64_t *)(sum + 1);

    *record = (struct rn_record){.kind = RN_KIND_AGGREGATE,
                                 .fields = RN_RING_CELL_WORDS,
                                 .attachments = 2,
                                 .start = cell->first,
                                 .duration = cell->last - cell->first};
    *sum = (struct rn_aggregate){.of = cell->of,
                                 .reason = cell->reason,
                                 .backend = cell->backend,
                                 .direction = cell->direction,
                                 .residency = cell->residency,
                                 .size_bin = cell->size_bin,
                                 .count = cell->count,
                                 .sum = cell->sum,
                                 .min = cell->min,
                                 .max = cell->max,
                                 .elements = cell->elements,
                                 .bytes = cell->bytes,
                                 .flops = cell->flops};
    at = rn_ring_cell_put_name(cell, at);
    at = rn_ring_cell_put_histogram(cell, at);
    record->size = (uint32_t)((uint8_t *)at - (uint8_t *)out);
    return record->size;
}

#endif
