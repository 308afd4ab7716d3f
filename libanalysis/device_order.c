/* SPDX-License-Identifier: MIT */
#include "device_order.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 256u

/* Chunks are sorted by themselves, so there are few ascending stretches: natural merge sort. */
struct key {
    uint64_t start;
    uint32_t index;
};

static size_t stretch_end(const struct key *keys, size_t at, size_t count)
{
    for (at++; at < count && keys[at - 1].start <= keys[at].start; at++)
        ;
    return at;
}

static void merge(const struct key *from, size_t middle, size_t end, struct key *to)
{
    size_t a = 0, b = middle;

    while (a < middle && b < end)
        *to++ = from[b].start < from[a].start ? from[b++] : from[a++];
    memcpy(to, from + a, (middle - a) * sizeof *to);
    memcpy(to + (middle - a), from + b, (end - b) * sizeof *to);
}

/* Two neighbouring stretches become one, all along. Returns how many there are then. */
static size_t merge_stretches(const struct key *from, size_t count, struct key *to)
{
    size_t stretches = 0;

    for (size_t begin = 0; begin < count; stretches++) {
        size_t middle = stretch_end(from, begin, count);
        size_t end = middle < count ? stretch_end(from, middle, count) : count;

        merge(from + begin, middle - begin, end - begin, to + begin);
        begin = end;
    }
    return stretches;
}

/* The sorted keys, in `keys` or in `room`. */
static struct key *sort_keys(struct key *keys, struct key *room, size_t count)
{
    size_t stretches = count;

    while (stretches > 1) {
        struct key *other = keys;

        stretches = merge_stretches(keys, count, room);
        keys = room;
        room = other;
    }
    return keys;
}

static bool sort(struct rn_device_order *order)
{
    struct key *keys, *sorted;
    struct rn_device_run *runs = order->spare;

    if (order->sorted)
        return true;
    keys = malloc(2 * order->count * sizeof *keys);
    if (!keys)
        return false;
    for (size_t i = 0; i < order->count; i++)
        keys[i] = (struct key){order->runs[i].start, (uint32_t)i};
    sorted = sort_keys(keys, keys + order->count, order->count);
    for (size_t i = 0; i < order->count; i++)
        runs[i] = order->runs[sorted[i].index];
    free(keys);
    order->spare = order->runs;
    order->runs = runs;
    order->sorted = true;
    return true;
}

static bool hand_out(struct rn_device_order *order, size_t count, rn_device_run_fn *function,
                     void *context)
{
    if (!sort(order))
        return false;
    for (size_t i = 0; i < count; i++)
        function(context, &order->runs[i]);
    order->count -= count;
    memmove(order->runs, order->runs + count, order->count * sizeof *order->runs);
    return true;
}

static bool resize(struct rn_device_run **runs, size_t capacity)
{
    struct rn_device_run *larger = reallocarray(*runs, capacity, sizeof *larger);

    if (larger)
        *runs = larger;
    return larger;
}

static bool make_room(struct rn_device_order *order, rn_device_run_fn *function, void *context)
{
    size_t capacity = order->capacity ? 2 * order->capacity : CAPACITY_MIN;

    if (order->count < order->capacity)
        return true;
    if (capacity > RN_DEVICE_ORDER)
        return hand_out(order, order->count / 2, function, context);
    if (!resize(&order->runs, capacity) || !resize(&order->spare, capacity))
        return false;
    order->capacity = capacity;
    return true;
}

bool rn_device_order_add(struct rn_device_order *order, const struct rn_device_run *run,
                         rn_device_run_fn *function, void *context)
{
    if (!make_room(order, function, context))
        return false;
    order->sorted =
        !order->count || (order->sorted && order->runs[order->count - 1].start <= run->start);
    order->runs[order->count++] = *run;
    return true;
}

bool rn_device_order_finish(struct rn_device_order *order, rn_device_run_fn *function,
                            void *context)
{
    return !order->count || hand_out(order, order->count, function, context);
}

void rn_device_order_free(struct rn_device_order *order)
{
    free(order->runs);
    free(order->spare);
    *order = (struct rn_device_order){.runs = NULL};
}
