/* SPDX-License-Identifier: MIT */
/* What ring.c, which puts records in and takes them out, ring_harvest.c, and ring_area.c, which keeps the
 * file that they lie in, share. */
#ifndef RN_RING_PRIVATE_H
#define RN_RING_PRIVATE_H

#include "ring.h"

/* A room that was given back; rooms are used again by slots of the same shape, the last one first.
 */
struct room {
    uint64_t offset, size;
    uint32_t lead;
};

struct rn_ring_area {
    struct rn_ring_file *file; /* mapping of `limit` bytes */
    int fd;
    uint64_t size; /* of the file: beyond it nothing may be touched */
    uint64_t limit;
    uint64_t next_room; /* offset: nothing was taken from here on */
    struct room free_rooms[RN_RING_SLOTS];
    size_t free_count;
    /* What was given to each slot. The slots themselves lie in memory that traced programs can write. */
    struct room rooms[RN_RING_SLOTS];
    bool taken[RN_RING_SLOTS];
    uint32_t next_slot; /* where the search for a free slot begins */
    uint8_t *scratch;   /* a record that wraps around the end of its ring */
};

/* ring.c: bytes into a ring of `ring` bytes at `data`, over its end where they reach that. */
void rn_ring_write(uint8_t *data, uint64_t ring, uint64_t position, const void *bytes,
                   uint64_t size);

#endif
