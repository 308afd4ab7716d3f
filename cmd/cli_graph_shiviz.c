/* SPDX-License-Identifier: MIT */
/* A log for ShiViz must be in order, with clocks: so all of it is kept until it is known. */
#include "cli_graph.h"

#include "formats/export/shiviz_write.h"
#include "formats/id_map.h"
#include "libanalysis/vector_order.h"

#include <stdlib.h>
#include <string.h>

struct shiviz_sink {
    struct cli_graph_sink base;
    struct cli_output *output;
    struct rn_buf *buf;
    struct rn_vector_order *order;
    struct rn_id_map hosts; /* their names, by stream + 1 */
    struct rn_shiviz_tick *clock;
    size_t clock_capacity;
};

static enum rn_status no_memory(struct rn_error *err)
{
    return rn_fail(err, RN_E_NOMEM, "no memory for a log");
}

static struct rn_vector_place place_of(const struct rn_graph_place *place)
{
    return (struct rn_vector_place){place->stream, place->ordinal};
}

/* The name that the thread had last: of the program that it became. */
static enum rn_status name_host(struct shiviz_sink *sink, const struct rn_graph_node *node,
                                struct rn_error *err)
{
    struct rn_buf name = RN_BUF_INIT;
    char *old = rn_id_map_get(&sink->hosts, (uint64_t)node->place.stream + 1);

    rn_shiviz_host(&name, node->thread, node->place.stream);
    rn_buf_byte(&name, 0);
    if (name.failed || !rn_id_map_set(&sink->hosts, (uint64_t)node->place.stream + 1, name.data)) {
        rn_buf_free(&name);
        return no_memory(err);
    }
    free(old); /* the map has the new one */
    return RN_OK;
}

static enum rn_status node(struct cli_graph_sink *base, const struct rn_graph_node *node,
                           struct rn_error *err)
{
    struct shiviz_sink *sink = (struct shiviz_sink *)base;
    struct rn_vector_place place = place_of(&node->place);
    enum rn_status status = name_host(sink, node, err);

    return status == RN_OK ? rn_vector_order_event(sink->order, &place, node->start_ns, node->label,
                                                   node->label_size, err)
                           : status;
}

/* Inferred edges may contradict the order. */
static enum rn_status edge(struct cli_graph_sink *base, const struct rn_graph_edge *edge,
                           struct rn_error *err)
{
    struct shiviz_sink *sink = (struct shiviz_sink *)base;
    struct rn_vector_place from = place_of(&edge->from), to = place_of(&edge->to);

    if (!edge->proven || !edge->mechanism)
        return RN_OK;
    return rn_vector_order_edge(sink->order, &from, &to, err);
}

static enum rn_status put(struct shiviz_sink *sink, const struct rn_vector_event *event,
                          struct rn_error *err)
{
    if (event->ticks > sink->clock_capacity) {
        struct rn_shiviz_tick *clock = reallocarray(sink->clock, 2 * event->ticks, sizeof(*clock));

        if (!clock)
            return no_memory(err);
        sink->clock = clock;
        sink->clock_capacity = 2 * event->ticks;
    }
    for (size_t i = 0; i < event->ticks; i++) {
        uint64_t stream = event->clock[i].stream;

        sink->clock[i] =
            (struct rn_shiviz_tick){rn_id_map_get(&sink->hosts, stream + 1), event->clock[i].count};
    }
    rn_shiviz_event(sink->buf, rn_id_map_get(&sink->hosts, (uint64_t)event->place.stream + 1),
                    sink->clock, event->ticks, event->text, event->text_size);
    (void)cli_output_flush_some(sink->output, sink->buf);
    return sink->buf->failed ? no_memory(err) : RN_OK;
}

static enum rn_status end(struct cli_graph_sink *base, struct rn_error *err)
{
    struct shiviz_sink *sink = (struct shiviz_sink *)base;
    struct rn_vector_event event;
    enum rn_status status;

    while ((status = rn_vector_order_next(sink->order, &event, err)) == RN_OK) {
        status = put(sink, &event, err);
        if (status != RN_OK)
            return status;
    }
    return status == RN_EOF ? RN_OK : status;
}

static void shiviz_free(struct cli_graph_sink *base)
{
    struct shiviz_sink *sink = (struct shiviz_sink *)base;

    for (size_t i = 0; i < sink->hosts.capacity; i++)
        free(sink->hosts.slots[i].value);
    rn_id_map_free(&sink->hosts);
    rn_vector_order_free(sink->order);
    free(sink->clock);
    free(sink);
}

struct cli_graph_sink *cli_graph_shiviz(struct cli_output *output, struct rn_buf *buf)
{
    struct shiviz_sink *sink = calloc(1, sizeof(*sink));

    if (sink) {
        *sink = (struct shiviz_sink){
            .base = {node, edge, end, shiviz_free}, .output = output, .buf = buf};
        sink->order = rn_vector_order_new();
    }
    if (sink && sink->order)
        return &sink->base;
    cli_fail("out of memory");
    free(sink);
    return NULL;
}
