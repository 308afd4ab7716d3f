/* SPDX-License-Identifier: MIT */
/* What ran side by side: how long at least one of some intervals lasted (their union), how many at
 * once, and what share of that time each one has. Fed in order of start; a sweep that holds only
 * what is running.
 *
 * An interval that begins before the sweep has come to is late: what lies before is not counted
 * again, and it is told that there was one. */
#ifndef RN_DEVICE_TRACK_H
#define RN_DEVICE_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All tracks together remember at most this many running intervals. Beyond it the union stays
 * exact; `peak` is a lower bound, and those that are not remembered get no share. */
#define RN_DEVICE_RUNNING_MAX (1u << 20)
struct rn_device_pool {
    size_t taken;
};

struct rn_device_running {
    uint64_t end;
    double share; /* of the track when it began */
    double *self;
};

/* Begins as zeros, but for `pool`. Times are ticks. */
struct rn_device_track {
    struct rn_device_pool *pool;    /* borrowed */
    struct rn_device_running *heap; /* the one that ends first on top */
    size_t running, capacity;
    uint64_t swept;       /* up to here */
    uint64_t beyond;      /* some that are not in the heap run until here */
    uint64_t busy;        /* during which at least one ran */
    double share;         /* what one that ran from the beginning would have of `busy` */
    uint64_t first, last; /* begin of the first, end of the last */
    size_t peak;          /* so many at once */
    uint64_t late;        /* began before what was swept already */
    bool any, crowded;    /* crowded: some are not in the heap */
};

/* `self`, where it is not NULL, is increased, when the interval has ended, by its share: time in
 * which n run counts 1/n for each. An `end` before `start` counts as `start`. */
void rn_device_track_add(struct rn_device_track *track, uint64_t start, uint64_t end, double *self);
/* Sweep to the end of all of them. */
void rn_device_track_finish(struct rn_device_track *track);
/* Gives its memory back and begins anew with the same pool. */
void rn_device_track_clear(struct rn_device_track *track);

#endif
