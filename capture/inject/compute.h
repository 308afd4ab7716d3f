/* SPDX-License-Identifier: MIT */
/* What the files of librn-compute.so share: the library behind rn_simd.h. It records the blocks and
 * decisions of the program, and counts what is too short, too frequent or too much for the ring. */
#ifndef RN_COMPUTE_H
#define RN_COMPUTE_H

#include "producer.h"

#define RN_SIMD_RECORDER
#include "rn_simd.h"

#define RN_COMPUTE_EXPORT __attribute__((visibility("default")))

/* An operation (or category::name of decisions): what is counted together. Never freed. */
struct rn_compute_operation {
    const char *name;
    uint16_t name_size;
    uint16_t number; /* from 1 */
    uint32_t hot;    /* 1: it is called too often to be recorded call by call */
    /* What all threads read is not in the same cache line as what all of them write. */
    uint64_t padding[8];
    /* Calls in the last slices of time: slice n is in place n % RN_COMPUTE_SLICES, as n << 32 |
     * calls, so that both change at once. */
#define RN_COMPUTE_SLICES 16u
    uint64_t slices[RN_COMPUTE_SLICES];
};

/* A site as the recorder sees it: the record of an event there, but for what is new each time. */
struct rn_compute_site {
    struct rn_compute_operation *operation;
    uint8_t backend;
    uint32_t size; /* of the record, in bytes */
    uint64_t record[];
};

/* compute_sites.c. NULL: no room for one more; such events are counted under "(other)". Several
 * threads may come at once; all get equal ones. */
const struct rn_compute_site *rn_compute_block_site(struct rn_simd_site *site);
const struct rn_compute_site *rn_compute_choice_site(struct rn_simd_choice *choice);

/* compute_rate.c: one more call; true: this operation is to be counted, not recorded. */
bool rn_compute_is_hot(struct rn_producer *self, struct rn_compute_operation *operation,
                       uint64_t now);

/* compute_blocks.c */
RN_COMPUTE_EXPORT void rn_compute_begin(struct rn_simd_block *block);
RN_COMPUTE_EXPORT void rn_compute_end(struct rn_simd_block *block);
/* compute_decide.c */
void rn_compute_decide(struct rn_simd_choice *choice, const char *input, const char *result);

/* Of a thread: a signal handler that interrupts the library leaves what it records for later. */
#define RN_COMPUTE_LATE 64u
struct rn_compute_thread {
    uint32_t busy;
    uint32_t late_count;
    uint64_t depth;
    const void *frame;   /* of the busy one */
    uint64_t busy_since; /* ticks */
    struct rn_compute_late {
        const struct rn_compute_site *site;
        uint64_t start, duration, elements, bytes, flops, depth;
    } late[RN_COMPUTE_LATE];
};
extern __thread struct rn_compute_thread rn_compute_thread;

/* Between the two this thread is busy; the second does what handlers have left meanwhile. */
void rn_compute_enter(struct rn_compute_thread *thread, const void *frame, uint64_t now);
void rn_compute_leave(struct rn_producer *self, struct rn_compute_thread *thread);

/* A record of a single event may use the ring: else it is counted. Waits where everything is to be
 * recorded. */
void *rn_compute_reserve(struct rn_producer *self, uint32_t size);

/* No libc: neither here nor, by the flags that this is built with, behind our back. */
static inline void rn_compute_copy(void *to, const void *from, uint64_t size)
{
    uint8_t *out = to;
    const uint8_t *in = from;

    for (; size >= 8; size -= 8, out += 8, in += 8)
        __builtin_memcpy(out, in, 8);
    for (; size > 0; size--)
        *out++ = *in++;
}

#endif
