/* SPDX-License-Identifier: MIT */
/* From the end to the begin. Each wait and each origin is gone through once at most, and time never
 * grows: so the walk ends. */
#include "critical_private.h"

#include <stdlib.h>

struct walk {
    struct rn_critical_path *path;
    struct critical_stream *stream;
    uint64_t time;     /* where it is */
    uint64_t link_end; /* where the link that it is in ends */
};

static int compare_numbers(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_waits(const void *a, const void *b)
{
    const struct critical_wait *x = a, *y = b;
    int order = compare_numbers(x->stream, y->stream);

    if (!order)
        order = compare_numbers(x->end, y->end);
    if (!order)
        order = compare_numbers(x->point, y->point);
    return order ? order : compare_numbers(x->from, y->from);
}

static void sort_waits(struct rn_critical_path *path)
{
    if (path->wait_count)
        qsort(path->waits, path->wait_count, sizeof *path->waits, compare_waits);
    for (size_t i = 0; i < path->wait_count; i++) {
        struct critical_stream *stream = rn_critical_stream(path, path->waits[i].stream);

        if (!stream->wait_count++)
            stream->wait_first = i;
    }
}

/* Somebody who is woken by a signal had been in a call that it interrupted. */
static bool was_interrupted(const struct critical_stream *stream, struct critical_wait *wait)
{
    size_t low = 0, high = stream->poll_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (stream->polls[middle].end < wait->end)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == stream->poll_count || stream->polls[low].start > wait->cause_start)
        return false;
    wait->start = stream->polls[low].start;
    return true;
}

/* The last wait of the stream that was over at `time`, and is not used. */
static struct critical_wait *last_wait(const struct walk *walk)
{
    const struct critical_stream *stream = walk->stream;
    size_t low = 0, high = stream->wait_count;
    struct critical_wait *waits;

    if (high == 0)
        return NULL;
    waits = walk->path->waits + stream->wait_first;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (waits[middle].end <= walk->time)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low > 0; low--) {
        struct critical_wait *wait = &waits[low - 1];

        if (!wait->used && (wait->mechanism != RN_EDGE_SIGNAL || was_interrupted(stream, wait)))
            return wait;
        wait->used = true;
    }
    return NULL;
}

static bool add_link(struct walk *walk, uint64_t from, uint8_t entered, uint8_t certainty)
{
    struct rn_critical_path *path = walk->path;

    if (!rn_critical_grow(&path->links, &path->link_capacity, path->link_count + 1,
                          sizeof *path->links))
        return false;
    path->links[path->link_count++] = (struct rn_critical_link){
        .stream = walk->stream->id,
        .entered = entered,
        .certainty = certainty,
        .from = from,
        .to = walk->link_end,
    };
    return true;
}

/* What was before a kernel on its queue, where that ended after it had been asked for. */
static bool queue_was_busy(const struct walk *walk, const struct critical_wait *launch)
{
    const struct critical_wait *first = walk->path->waits + walk->stream->wait_first;

    return launch > first && launch[-1].end <= launch->start && launch[-1].end > launch->point;
}

/* Go back through it; false without memory. */
static bool go_through(struct walk *walk, struct critical_wait *wait)
{
    struct critical_stream *from = rn_critical_stream(walk->path, wait->from);
    uint64_t point = wait->point < walk->time ? wait->point : walk->time;

    wait->used = true;
    if (wait->mechanism == RN_EDGE_LAUNCH && queue_was_busy(walk, wait)) {
        walk->time = wait->start;
        return true;
    }
    if (!from)
        return true;
    if (from != walk->stream) {
        if (!add_link(walk, point, wait->mechanism, wait->certainty))
            return false;
        walk->stream = from;
        walk->link_end = point;
    }
    walk->time = point;
    return true;
}

static bool add_first_link(struct walk *walk)
{
    uint64_t first = walk->stream->first < walk->time ? walk->stream->first : walk->time;

    return add_link(walk, first,
                    first <= walk->path->begin ? RN_CRITICAL_BEGIN : RN_CRITICAL_UNKNOWN,
                    RN_EDGE_PROVEN);
}

static bool walk_back(struct walk *walk)
{
    for (;;) {
        struct critical_wait *wait = last_wait(walk);

        if (!wait && walk->stream->has_origin && !walk->stream->origin.used)
            wait = &walk->stream->origin;
        if (!wait)
            return add_first_link(walk);
        if (!go_through(walk, wait))
            return false;
    }
}

static void reverse(struct rn_critical_path *path)
{
    for (size_t i = 0, j = path->link_count; i + 1 < j; i++) {
        struct rn_critical_link link = path->links[i];

        path->links[i] = path->links[--j];
        path->links[j] = link;
    }
}

static int compare_links(const void *a, const void *b, void *context)
{
    const struct rn_critical_link *links = context;
    size_t i = *(const size_t *)a, j = *(const size_t *)b;
    int order = compare_numbers(links[i].stream, links[j].stream);

    return order ? order : compare_numbers(i, j);
}

/* The second reading finds the links of a stream by time. */
static bool index_links(struct rn_critical_path *path)
{
    path->by_stream = calloc(path->link_count, sizeof *path->by_stream);
    if (!path->by_stream)
        return false;
    for (size_t i = 0; i < path->link_count; i++)
        path->by_stream[i] = i;
    qsort_r(path->by_stream, path->link_count, sizeof *path->by_stream, compare_links, path->links);
    for (size_t i = 0; i < path->link_count; i++) {
        uint32_t id = path->links[path->by_stream[i]].stream;
        struct critical_stream *stream = rn_critical_stream(path, id);

        if (!stream->link_count++)
            stream->link_first = i;
    }
    return true;
}

enum rn_status rn_critical_path_walk(struct rn_critical_path *path, struct rn_error *err)
{
    bool by_process = path->first_ended && !path->merged;
    struct walk walk = {.path = path};

    if (!path->any)
        return RN_OK;
    if (by_process)
        path->last = path->first_end;
    walk.stream = rn_critical_stream(path, by_process ? path->first_end_stream : path->last_stream);
    walk.time = walk.link_end = path->last;
    sort_waits(path);
    if (!walk_back(&walk))
        return rn_fail(err, RN_E_NOMEM, "no memory for the links of a critical path");
    reverse(path);
    return index_links(path)
               ? RN_OK
               : rn_fail(err, RN_E_NOMEM, "no memory for the links of a critical path");
}
