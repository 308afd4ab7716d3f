/* SPDX-License-Identifier: MIT */
#include "lamport.h"

#include "formats/id_map.h"

#include <stdlib.h>

/* A stamp that an edge states for an event that is still to come. */
struct stated {
    struct stated *next;
    uint64_t ordinal, stamp;
};

struct lamport_stream {
    uint64_t last;
    struct stated *stated;
};

struct rn_lamport {
    struct rn_id_map streams; /* struct lamport_stream, by number + 1 */
};

struct rn_lamport *rn_lamport_new(void)
{
    return calloc(1, sizeof(struct rn_lamport));
}

void rn_lamport_free(struct rn_lamport *lamport)
{
    if (!lamport)
        return;
    for (size_t i = 0; i < lamport->streams.capacity; i++) {
        struct lamport_stream *stream = lamport->streams.slots[i].value;

        while (stream && stream->stated) {
            struct stated *stated = stream->stated;

            stream->stated = stated->next;
            free(stated);
        }
        free(stream);
    }
    rn_id_map_free(&lamport->streams);
    free(lamport);
}

static struct lamport_stream *stream_of(struct rn_lamport *lamport, uint64_t number,
                                        struct rn_error *err)
{
    struct lamport_stream *stream = rn_id_map_get(&lamport->streams, number + 1);

    if (stream)
        return stream;
    stream = calloc(1, sizeof *stream);
    if (stream && rn_id_map_set(&lamport->streams, number + 1, stream))
        return stream;
    free(stream);
    rn_fail(err, RN_E_NOMEM, "no memory for stamps");
    return NULL;
}

static enum rn_status note_edge(struct rn_lamport *lamport, const struct rn_edge *edge,
                                struct rn_error *err)
{
    struct lamport_stream *stream;
    struct stated *stated;

    if (edge->certainty != RN_EDGE_PROVEN)
        return RN_OK;
    stream = stream_of(lamport, edge->to_stream, err);
    if (!stream)
        return RN_E_NOMEM;
    for (stated = stream->stated; stated; stated = stated->next)
        if (stated->ordinal == edge->to_ordinal) {
            if (edge->lamport > stated->stamp)
                stated->stamp = edge->lamport;
            return RN_OK;
        }
    stated = malloc(sizeof *stated);
    if (!stated)
        return rn_fail(err, RN_E_NOMEM, "no memory for stamps");
    *stated = (struct stated){stream->stated, edge->to_ordinal, edge->lamport};
    stream->stated = stated;
    return RN_OK;
}

/* What was stated for it, or 0. */
static uint64_t take_stated(struct lamport_stream *stream, uint64_t ordinal)
{
    for (struct stated **place = &stream->stated; *place; place = &(*place)->next) {
        struct stated *stated = *place;
        uint64_t stamp = stated->stamp;

        if (stated->ordinal != ordinal)
            continue;
        *place = stated->next;
        free(stated);
        return stamp;
    }
    return 0;
}

enum rn_status rn_lamport_feed(struct rn_lamport *lamport, const struct rn_event *event,
                               uint64_t *stamp, struct rn_error *err)
{
    struct lamport_stream *stream;
    uint64_t stated;

    *stamp = 0;
    if (event->kind == RN_KIND_EDGE)
        return note_edge(lamport, &event->u.edge, err);
    if (!rn_event_has_stamp(event))
        return RN_OK;
    stream = stream_of(lamport, event->stream, err);
    if (!stream)
        return RN_E_NOMEM;
    stated = stream->stated ? take_stated(stream, event->ordinal) : 0;
    stream->last = stated > stream->last + 1 ? stated : stream->last + 1;
    *stamp = stream->last;
    return RN_OK;
}
