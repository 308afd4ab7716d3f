/* SPDX-License-Identifier: MIT */
#include "vector_order.h"

#include <stdlib.h>
#include <string.h>

struct vector_node {
    struct rn_vector_place place;
    uint64_t start;
    char *text;
    size_t text_size;
    uint64_t number;        /* in its stream, of those that are here, from 1 */
    size_t first_edge;      /* of those that leave it, in order->edges */
    uint32_t edges, causes; /* that leave it; that have not come yet */
    struct rn_vector_tick *clock;
    size_t ticks;
};

struct vector_edge {
    struct rn_vector_place from, to;
    size_t from_node, to_node;
};

struct rn_vector_order {
    struct vector_node *nodes;
    size_t node_count, node_capacity;
    struct vector_edge *edges;
    size_t edge_count, edge_capacity;
    size_t *heap; /* nodes that may come now, the one with the least start first */
    size_t heap_count;
    size_t given; /* nodes that have come */
    size_t last;  /* the one that was handed out; node_count: none */
    bool sorted;
};

static enum rn_status no_memory(struct rn_error *err)
{
    return rn_fail(err, RN_E_NOMEM, "no memory to put events in order");
}

struct rn_vector_order *rn_vector_order_new(void)
{
    return calloc(1, sizeof(struct rn_vector_order));
}

void rn_vector_order_free(struct rn_vector_order *order)
{
    if (!order)
        return;
    for (size_t i = 0; i < order->node_count; i++) {
        free(order->nodes[i].text);
        free(order->nodes[i].clock);
    }
    free(order->nodes);
    free(order->edges);
    free(order->heap);
    free(order);
}

static bool grow(void *array, size_t *capacity, size_t needed, size_t item)
{
    void **place = array;
    size_t larger = *capacity ? 2 * *capacity : 256;
    void *grown;

    if (needed <= *capacity)
        return true;
    grown = reallocarray(*place, larger, item);
    if (!grown)
        return false;
    *place = grown;
    *capacity = larger;
    return true;
}

enum rn_status rn_vector_order_event(struct rn_vector_order *order,
                                     const struct rn_vector_place *place, uint64_t start,
                                     const char *text, size_t text_size, struct rn_error *err)
{
    struct vector_node *node;

    if (order->node_count >= RN_VECTOR_MAX_EVENTS)
        return rn_fail(err, RN_E_LIMIT, "more than %u events: select some of them",
                       RN_VECTOR_MAX_EVENTS);
    if (!grow(&order->nodes, &order->node_capacity, order->node_count + 1, sizeof *order->nodes))
        return no_memory(err);
    node = &order->nodes[order->node_count];
    *node = (struct vector_node){.place = *place, .start = start, .text_size = text_size};
    node->text = malloc(text_size + 1);
    if (!node->text)
        return no_memory(err);
    memcpy(node->text, text, text_size);
    order->node_count++;
    return RN_OK;
}

enum rn_status rn_vector_order_edge(struct rn_vector_order *order,
                                    const struct rn_vector_place *from,
                                    const struct rn_vector_place *to, struct rn_error *err)
{
    if (order->edge_count >= RN_VECTOR_MAX_EDGES)
        return rn_fail(err, RN_E_LIMIT, "more than %u edges: select some of the events",
                       RN_VECTOR_MAX_EDGES);
    if (!grow(&order->edges, &order->edge_capacity, order->edge_count + 1, sizeof *order->edges))
        return no_memory(err);
    order->edges[order->edge_count++] = (struct vector_edge){.from = *from, .to = *to};
    return RN_OK;
}

/* ---- before the first one comes ---- */

static int compare_places(const struct rn_vector_place *a, const struct rn_vector_place *b)
{
    if (a->stream != b->stream)
        return a->stream < b->stream ? -1 : 1;
    return a->ordinal < b->ordinal ? -1 : a->ordinal > b->ordinal;
}

static int compare_nodes(const void *a, const void *b)
{
    const struct vector_node *x = a, *y = b;

    return compare_places(&x->place, &y->place);
}

static int compare_edges(const void *a, const void *b)
{
    const struct vector_edge *x = a, *y = b;

    if (x->from_node != y->from_node)
        return x->from_node < y->from_node ? -1 : 1;
    return x->to_node < y->to_node ? -1 : x->to_node > y->to_node;
}

static bool find_node(const struct rn_vector_order *order, const struct rn_vector_place *place,
                      size_t *number)
{
    const struct vector_node key = {.place = *place};
    const struct vector_node *found =
        order->node_count
            ? bsearch(&key, order->nodes, order->node_count, sizeof key, compare_nodes)
            : NULL;

    if (found)
        *number = (size_t)(found - order->nodes);
    return found != NULL;
}

static bool follows(const struct rn_vector_order *order, size_t number)
{
    return number > 0 && order->nodes[number - 1].place.stream == order->nodes[number].place.stream;
}

/* Edges whose ends are here; from here on an edge is known by its nodes. */
static void resolve_edges(struct rn_vector_order *order)
{
    size_t kept = 0;

    for (size_t i = 0; i < order->edge_count; i++) {
        struct vector_edge edge = order->edges[i];

        if (find_node(order, &edge.from, &edge.from_node) &&
            find_node(order, &edge.to, &edge.to_node) && edge.from_node != edge.to_node)
            order->edges[kept++] = edge;
    }
    order->edge_count = kept;
    if (kept)
        qsort(order->edges, kept, sizeof *order->edges, compare_edges);
    for (size_t i = 0; i < kept; i++) {
        struct vector_node *from = &order->nodes[order->edges[i].from_node];

        if (!from->edges++)
            from->first_edge = i;
        order->nodes[order->edges[i].to_node].causes++;
    }
}

static bool comes_before(const struct rn_vector_order *order, size_t a, size_t b)
{
    if (order->nodes[a].start != order->nodes[b].start)
        return order->nodes[a].start < order->nodes[b].start;
    return a < b;
}

static void push(struct rn_vector_order *order, size_t node)
{
    size_t at = order->heap_count++;

    for (; at > 0 && comes_before(order, node, order->heap[(at - 1) / 2]); at = (at - 1) / 2)
        order->heap[at] = order->heap[(at - 1) / 2];
    order->heap[at] = node;
}

static size_t pop(struct rn_vector_order *order)
{
    size_t first = order->heap[0], last = order->heap[--order->heap_count], at = 0, child;

    while ((child = 2 * at + 1) < order->heap_count) {
        if (child + 1 < order->heap_count &&
            comes_before(order, order->heap[child + 1], order->heap[child]))
            child++;
        if (!comes_before(order, order->heap[child], last))
            break;
        order->heap[at] = order->heap[child];
        at = child;
    }
    order->heap[at] = last;
    return first;
}

static enum rn_status sort(struct rn_vector_order *order, struct rn_error *err)
{
    order->sorted = true;
    order->last = order->node_count;
    order->heap = calloc(order->node_count + 1, sizeof *order->heap);
    if (!order->heap)
        return no_memory(err);
    if (order->node_count)
        qsort(order->nodes, order->node_count, sizeof *order->nodes, compare_nodes);
    resolve_edges(order);
    for (size_t i = 0; i < order->node_count; i++) {
        struct vector_node *node = &order->nodes[i];

        node->number = 1;
        if (follows(order, i)) {
            node->number += order->nodes[i - 1].number;
            node->causes++;
        }
    }
    for (size_t i = 0; i < order->node_count; i++)
        if (order->nodes[i].causes == 0)
            push(order, i);
    return RN_OK;
}

/* ---- clocks ---- */

/* The greater of both, for each stream. */
static bool join(struct vector_node *to, const struct rn_vector_tick *clock, size_t ticks)
{
    struct rn_vector_tick *joined = calloc(to->ticks + ticks, sizeof *joined);
    size_t i = 0, k = 0, count = 0;

    if (!joined)
        return false;
    while (i < to->ticks || k < ticks) {
        if (k == ticks || (i < to->ticks && to->clock[i].stream < clock[k].stream)) {
            joined[count++] = to->clock[i++];
        } else if (i == to->ticks || clock[k].stream < to->clock[i].stream) {
            joined[count++] = clock[k++];
        } else {
            joined[count] = to->clock[i++];
            if (clock[k].count > joined[count].count)
                joined[count].count = clock[k].count;
            count++;
            k++;
        }
    }
    free(to->clock);
    to->clock = joined;
    to->ticks = count;
    return true;
}

static void release(struct vector_node *node)
{
    free(node->clock);
    node->clock = NULL;
}

/* `to` has one cause less to wait for. */
static bool tell(struct rn_vector_order *order, struct vector_node *node, size_t to)
{
    if (!join(&order->nodes[to], node->clock, node->ticks))
        return false;
    if (--order->nodes[to].causes == 0)
        push(order, to);
    return true;
}

static bool tell_all(struct rn_vector_order *order, size_t number)
{
    struct vector_node *node = &order->nodes[number];

    for (size_t i = 0; i < node->edges; i++)
        if (!tell(order, node, order->edges[node->first_edge + i].to_node))
            return false;
    return number + 1 == order->node_count || !follows(order, number + 1) ||
           tell(order, node, number + 1);
}

enum rn_status rn_vector_order_next(struct rn_vector_order *order, struct rn_vector_event *event,
                                    struct rn_error *err)
{
    struct vector_node *node;
    size_t number;

    if (!order->sorted && sort(order, err) != RN_OK)
        return RN_E_NOMEM;
    if (order->last < order->node_count)
        release(&order->nodes[order->last]);
    if (order->heap_count == 0)
        return order->given == order->node_count
                   ? RN_EOF
                   : rn_fail(err, RN_E_FORMAT,
                             "the edges contradict each other: %zu events would "
                             "have to come before themselves",
                             order->node_count - order->given);
    number = pop(order);
    node = &order->nodes[number];
    const struct rn_vector_tick own = {node->place.stream, node->number};
    if (!join(node, &own, 1) || !tell_all(order, number))
        return no_memory(err);
    order->given++;
    order->last = number;
    *event = (struct rn_vector_event){.place = node->place,
                                      .text = node->text,
                                      .text_size = node->text_size,
                                      .clock = node->clock,
                                      .ticks = node->ticks};
    return RN_OK;
}
