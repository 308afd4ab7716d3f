/* SPDX-License-Identifier: MIT */
/* A recorder's side of its rings, for tests that link what is loaded into programs. */
#ifndef RN_PRODUCER_FIXTURE_H
#define RN_PRODUCER_FIXTURE_H

#include "capture/ring.h"

#include "formats/manifest.h"
#include "formats/ring_cell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define RING_BYTES 65536u

static struct rn_ring_area *area;
static struct rn_ring_slot *slot; /* the ring of the thread that is the first to ask */
static struct rn_error err;

static inline struct rn_ring_slot *offer(void)
{
    struct rn_ring_slot *made = rn_ring_take(area, RING_BYTES, RN_RING_CELL_LEAD);

    assert_non_null(made);
    made->taken = RN_RING_OFFERED;
    made->cells = RN_RING_CELLS;
    rn_ring_area_header(area)->producers.offers[0] = (uint32_t)rn_ring_slot_number(area, made) + 1;
    return made;
}

/* Rings are found once in the life of a process, by `find`: all tests of a program share these. */
static inline int open_rings(bool (*find)(void))
{
    static const uint8_t uuid[16] = {7};
    char path[] = "/tmp/test_producer_XXXXXX";
    struct rn_ring_producers *told;
    bool in_memory, found;

    close(mkstemp(path));
    unlink(path);
    if (rn_ring_area_new(path, uuid, 8u << 20, 8u << 20, &area, &in_memory, &err) != RN_OK)
        return -1;
    told = &rn_ring_area_header(area)->producers;
    told->limit = 8u << 20;
    told->tick_unit = RN_TICK_NS;
    told->tick_rate = 1000000000;
    slot = offer();
    setenv("RN_RINGS", path, 1);
    found = find();
    unlink(path);
    return found ? 0 : -1;
}

static inline int close_rings(void **state)
{
    (void)state;
    rn_ring_area_free(area);
    return 0;
}

/* The next event, consumed. */
static inline bool take(struct rn_ring_slot *from, struct rn_event *event)
{
    static struct rn_attachment attachments[RN_RECORD_MAX_ATTACHMENTS];
    uint64_t position = from->tail;
    const uint8_t *bytes;
    size_t size, used;

    if (rn_ring_next(area, from, rn_ring_head(from), &position, &bytes, &size, &err) != RN_OK)
        return false;
    assert_int_equal(rn_record_decode(bytes, size, event, attachments, &used, &err), RN_OK);
    rn_ring_consume(from, position);
    return true;
}

#endif
