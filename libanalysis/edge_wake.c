/* SPDX-License-Identifier: MIT */
/* Futexes and signals: a cause that is named by an address or a number, not by what it moved. */
#include "edge_model.h"

#include <signal.h>
#include <stdlib.h>

#define KEPT_MAX 32u /* causes of one address, or for one process */

static struct edge_wakes *wakes_get(struct rn_edge_finder *finder, struct rn_id_map *map,
                                    uint64_t key)
{
    struct edge_wakes *wakes = rn_id_map_get(map, key);

    if (wakes)
        return wakes;
    wakes = edge_take_memory(finder, sizeof *wakes) ? calloc(1, sizeof *wakes) : NULL;
    if (wakes && !rn_id_map_set(map, key, wakes)) {
        free(wakes);
        wakes = NULL;
        finder->failed = true;
    }
    return wakes;
}

static void unlink_wake(struct rn_edge_finder *finder, struct edge_wakes *wakes,
                        struct edge_wake **place)
{
    struct edge_wake *wake = *place;

    *place = wake->next;
    wakes->count--;
    finder->memory -= sizeof *wake;
    free(wake);
}

/* The oldest first. */
void edge_wake_add(struct rn_edge_finder *finder, struct rn_id_map *map, uint64_t key,
                   const struct rn_edge_end *who, uint64_t left, uint64_t extra)
{
    struct edge_wakes *wakes = wakes_get(finder, map, key);
    struct edge_wake *wake, **end;

    if (!wakes)
        return;
    if (wakes->count >= KEPT_MAX) {
        if (wakes->first->who.end > wakes->dropped_until)
            wakes->dropped_until = wakes->first->who.end;
        unlink_wake(finder, wakes, &wakes->first);
    }
    wake = edge_take_memory(finder, sizeof *wake) ? calloc(1, sizeof *wake) : NULL;
    if (!wake)
        return;
    wake->who = *who;
    wake->left = left;
    wake->extra = extra;
    for (end = &wakes->first; *end; end = &(*end)->next)
        ;
    *end = wake;
    wakes->count++;
}

/* A wait that was woken, by one of the wakes that may have done it: where that is but one, it did.
 */
static void end_wait(struct rn_edge_finder *finder, const struct edge_op *op)
{
    struct edge_wakes *wakes = rn_id_map_get(&finder->futexes, op->value);
    struct edge_wake **place, **found = NULL;
    unsigned candidates = 0;
    bool certain;

    for (place = wakes ? &wakes->first : NULL; place && *place; place = &(*place)->next) {
        const struct edge_wake *wake = *place;

        if (wake->who.end < op->who.start || wake->who.start > op->who.end ||
            wake->who.stream == op->who.stream)
            continue;
        candidates += wake->extra == EDGE_WAKE_MOVES ? 2 : 1;
        if (!found && wake->left)
            found = place;
    }
    if (!found)
        return;
    certain = candidates == 1 && op->extra == EDGE_WAKE_PRIVATE &&
              wakes->dropped_until < op->who.start && !edge_distrusts(finder, op->who.source);
    edge_emit(finder, &(*found)->who, &op->who, RN_EDGE_FUTEX, certain, 0);
    (*found)->left--;
}

/* A signal that is pending is not sent again: the first kill that has not been seen to arrive is
 * the one. */
static void deliver(struct rn_edge_finder *finder, const struct edge_op *op)
{
    struct edge_wakes *wakes = rn_id_map_get(&finder->kills, op->value);
    struct edge_wake **place = wakes ? &wakes->first : NULL;
    bool emitted = false;

    while (place && *place) {
        struct edge_wake *wake = *place;

        if (wake->extra != op->extra || wake->who.start > op->who.end) {
            place = &wake->next;
            continue;
        }
        if (!emitted)
            edge_emit(finder, &wake->who, &op->who, RN_EDGE_SIGNAL,
                      !wakes->dropped_until && !edge_distrusts(finder, op->who.source), 0);
        else if (op->count >= (uint64_t)SIGRTMIN) /* these queue */
            break;
        emitted = true;
        unlink_wake(finder, wakes, place);
    }
}

void edge_wake_op(struct rn_edge_finder *finder, const struct edge_op *op)
{
    if (op->what == OP_FUTEX_WAIT)
        end_wait(finder, op);
    else
        deliver(finder, op);
}

static void free_map(struct rn_edge_finder *finder, struct rn_id_map *map)
{
    for (size_t i = 0; i < map->capacity; i++) {
        struct edge_wakes *wakes = map->slots[i].value;

        while (wakes && wakes->first)
            unlink_wake(finder, wakes, &wakes->first);
        free(wakes);
    }
    rn_id_map_free(map);
}

void edge_wakes_free(struct rn_edge_finder *finder)
{
    free_map(finder, &finder->futexes);
    free_map(finder, &finder->kills);
}
