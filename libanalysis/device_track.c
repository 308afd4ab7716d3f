/* SPDX-License-Identifier: MIT */
#include "device_track.h"

#include <stdlib.h>

static void sift_up(struct rn_device_running *heap, size_t at)
{
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        struct rn_device_running other = heap[parent];

        if (other.end <= heap[at].end)
            return;
        heap[parent] = heap[at];
        heap[at] = other;
        at = parent;
    }
}

static void sift_down(struct rn_device_running *heap, size_t count)
{
    size_t at = 0, child;

    while ((child = 2 * at + 1) < count) {
        struct rn_device_running other;

        if (child + 1 < count && heap[child + 1].end < heap[child].end)
            child++;
        if (heap[at].end <= heap[child].end)
            return;
        other = heap[child];
        heap[child] = heap[at];
        heap[at] = other;
        at = child;
    }
}

/* The same number runs from where the sweep stands to `time`. */
static void pass(struct rn_device_track *track, uint64_t time)
{
    uint64_t ticks = time - track->swept;

    if (track->running) {
        track->busy += ticks;
        track->share += (double)ticks / (double)track->running;
    } else if (track->beyond > track->swept) {
        track->busy += track->beyond < time ? track->beyond - track->swept : ticks;
    }
    track->swept = time;
}

static void sweep(struct rn_device_track *track, uint64_t time)
{
    while (track->running && track->heap[0].end <= time) {
        struct rn_device_running ended = track->heap[0];

        pass(track, ended.end);
        if (ended.self)
            *ended.self += track->share - ended.share;
        track->heap[0] = track->heap[--track->running];
        sift_down(track->heap, track->running);
    }
    if (time > track->swept)
        pass(track, time);
}

static bool make_room(struct rn_device_track *track)
{
    size_t capacity = track->capacity ? 2 * track->capacity : 4;
    struct rn_device_running *heap;

    if (track->running < track->capacity)
        return true;
    if (track->pool->taken + (capacity - track->capacity) > RN_DEVICE_RUNNING_MAX)
        return false;
    heap = reallocarray(track->heap, capacity, sizeof *heap);
    if (!heap)
        return false;
    track->pool->taken += capacity - track->capacity;
    track->heap = heap;
    track->capacity = capacity;
    return true;
}

static void start_running(struct rn_device_track *track, uint64_t end, double *self)
{
    if (!make_room(track)) {
        track->crowded = true;
        if (end > track->beyond)
            track->beyond = end;
        return;
    }
    track->heap[track->running] =
        (struct rn_device_running){.end = end, .share = track->share, .self = self};
    sift_up(track->heap, track->running++);
    if (track->running > track->peak)
        track->peak = track->running;
}

void rn_device_track_add(struct rn_device_track *track, uint64_t start, uint64_t end, double *self)
{
    if (end < start)
        end = start;
    if (!track->any) {
        track->first = track->swept = start;
        track->last = end;
        track->any = true;
    }
    if (start < track->first)
        track->first = start;
    if (end > track->last)
        track->last = end;
    if (start < track->swept)
        track->late++;
    else
        sweep(track, start);
    if (end > track->swept)
        start_running(track, end, self);
}

void rn_device_track_finish(struct rn_device_track *track)
{
    if (track->any)
        sweep(track, track->last);
}

void rn_device_track_clear(struct rn_device_track *track)
{
    struct rn_device_pool *pool = track->pool;

    if (pool)
        pool->taken -= track->capacity;
    free(track->heap);
    *track = (struct rn_device_track){.pool = pool};
}
