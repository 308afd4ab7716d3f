/* SPDX-License-Identifier: MIT */
/* The producing side of the recorder's rings, for libraries that are loaded into a program: its
 * compute blocks, BLAS, and the libraries of devices' APIs. Each such library links a copy of it; a
 * thread has one ring for each of them.
 *
 * How a thread comes to its ring: the recorder starts the program with RN_RINGS in its environment,
 * a path to its file of rings. The first call maps that (an open, an mmap, a close; a page that a
 * fork empties, and getpid). Each thread that records something takes a ring that the recorder has
 * put out
 * (`offers`), with one gettid and no help. The recorder finds the thread by number and reads what
 * is committed from then on; nothing needs to be told when the thread or the program ends, however
 * that is: what is committed is in a file.
 *
 * Fork: the child finds its page empty and takes rings of its own. Exec: the new program begins
 * anew. vfork: the child writes as its parent, which waits.
 *
 * No libc is called, nothing is allocated, no lock is held, and errno stays as it was. A ring has
 * one writer: whoever may be interrupted by a signal handler that records too must take care
 * (compute_blocks.c does). */
#ifndef RN_PRODUCER_H
#define RN_PRODUCER_H

#include "formats/record.h"
#include "formats/ring_cell.h"
#include "formats/ring_file.h"

#include <stdbool.h>
#include <stdint.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#define RN_PRODUCER_VARIABLE "RN_RINGS"

/* The ring of one thread. */
struct rn_producer {
    uint32_t epoch;            /* of the process that took it; other: not taken yet */
    uint32_t patience;         /* calls until it is tried again to take a ring */
    struct rn_ring_slot *slot; /* NULL: none was free */
    uint8_t *data;
    uint64_t tail; /* as last seen */
    uint64_t at;   /* where the record in work begins */
    struct rn_ring_cell *cells;
    uint64_t second_begin, second_end; /* that the cells are of, ticks */
    uint32_t cells_used;
    uint8_t used[RN_RING_CELLS];
};

struct rn_producer_process {
    struct rn_ring_file *file; /* NULL: no recorder */
    uint64_t mapped;           /* bytes */
    const uint32_t *epoch;     /* in a page that a fork fills with zeros */
    uint32_t tick_shift;
    bool tick_is_tsc;
    uint32_t pid;
};
extern struct rn_producer_process rn_producer_process;
extern __thread struct rn_producer rn_producer_thread;

/* Find the recorder; once. False: nothing is recorded. */
bool rn_producer_open(void);

/* For rn_producer_self. */
struct rn_producer *rn_producer_take(struct rn_producer *self);

/* The calling thread's ring; NULL where it has none: then `lost` was counted for one event. After
 * rn_producer_open. */
static inline struct rn_producer *rn_producer_self(void)
{
    struct rn_producer *self = &rn_producer_thread;

    if (__builtin_expect(self->epoch == *rn_producer_process.epoch && self->slot != 0, 1))
        return self;
    return rn_producer_take(self);
}

uint64_t rn_producer_clock_ns(int clock); /* as clock_gettime(2) has it, in ns */
uint64_t rn_producer_monotonic(void);     /* ns */
/* Of this process: another number than that of the process that forked it. */
uint32_t rn_producer_epoch(void);

/* Ticks of the recording. */
static inline uint64_t rn_producer_now(void)
{
#if defined(__x86_64__)
    if (__builtin_expect(rn_producer_process.tick_is_tsc, 1))
        return __rdtsc() >> rn_producer_process.tick_shift;
#endif
    return rn_producer_monotonic() >> rn_producer_process.tick_shift;
}

static inline const struct rn_ring_producers *rn_producer_settings(void)
{
    return &rn_producer_process.file->producers;
}

/* Room for a record of `size` bytes (a multiple of 8, at most an eighth of the ring) in one piece;
 * NULL while there is not so much, with `spare` bytes left over. Write the record there, whose
 * stream is 0, and commit it: before that it does not exist. */
void *rn_producer_reserve(struct rn_producer *self, uint32_t size, uint32_t spare);
void rn_producer_commit(struct rn_producer *self, uint32_t size);
/* Wait a moment for the recorder to empty the ring. False: it does not, for half a minute now. */
bool rn_producer_wait(struct rn_producer *self, uint32_t *attempts);
/* Events that could be put nowhere. */
void rn_producer_lose(struct rn_producer *self, uint64_t count);
/* What is kept free of records of single events, so that sums of them find room. */
#define RN_PRODUCER_SPARE(self) ((uint32_t)((self)->slot->size / 8))

/* An event for a cell. */
struct rn_producer_sample {
    uint64_t key; /* events of the same key have the same fields from here on to name_size */
    uint8_t of, reason, backend, direction, residency, size_bin; /* as in struct rn_aggregate */
    uint16_t name_size;
    const char *name;
    uint64_t start, duration; /* ticks */
    uint64_t elements, bytes, flops;
};
/* A signal handler has left one of these calls for good, by siglongjmp: before any other call. */
void rn_producer_resume(struct rn_producer *self);
/* Count an event. Cells of a second that is over become records first. */
void rn_producer_count(struct rn_producer *self, const struct rn_producer_sample *sample);

#endif
