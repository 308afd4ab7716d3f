/* SPDX-License-Identifier: MIT */
/* Events in an order in which none comes before its cause, with vector clocks (F. Mattern, "Virtual
 * Time and Global States of Distributed Systems", 1989; C. Fidge, 1988): an event's clock has, for
 * each stream, how many of its events came before or are this one. Event a came before event b
 * exactly where b's clock has at least a's number for a's stream.
 *
 * Everything is kept in memory: for graphs that somebody will look at. Not thread-safe. */
#ifndef RN_VECTOR_ORDER_H
#define RN_VECTOR_ORDER_H

#include "formats/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RN_VECTOR_MAX_EVENTS (1u << 20)
#define RN_VECTOR_MAX_EDGES  (1u << 22)

struct rn_vector_order;

struct rn_vector_place {
    uint32_t stream;
    uint64_t ordinal;
};

struct rn_vector_tick {
    uint32_t stream;
    uint64_t count; /* not 0 */
};

struct rn_vector_event {
    struct rn_vector_place place;
    const char *text;
    size_t text_size;
    const struct rn_vector_tick *clock; /* by stream, ascending */
    size_t ticks;
};

struct rn_vector_order *rn_vector_order_new(void); /* NULL: no memory */
void rn_vector_order_free(struct rn_vector_order *order);

/* First all events (the text is copied) and edges, in any order. `start` decides between events of
 * which either may come first. RN_E_LIMIT: too many. */
RN_MUST_CHECK enum rn_status rn_vector_order_event(struct rn_vector_order *order,
                                                   const struct rn_vector_place *place,
                                                   uint64_t start, const char *text,
                                                   size_t text_size, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_vector_order_edge(struct rn_vector_order *order,
                                                  const struct rn_vector_place *from,
                                                  const struct rn_vector_place *to,
                                                  struct rn_error *err);
/* Then the events in order; borrowed until the next call. Edges of which an end is no event are
 * left out. RN_EOF after the last; RN_E_FORMAT where the edges contradict each other or the order
 * of a stream. */
RN_MUST_CHECK enum rn_status rn_vector_order_next(struct rn_vector_order *order,
                                                  struct rn_vector_event *event,
                                                  struct rn_error *err);

#endif
