/* SPDX-License-Identifier: MIT */
/* Did one event come before another? Forwards from the one with the lesser stamp: from the streams
 * that it can have had an influence on, and from which stamp on, over edges in order of their
 * effects' stamps, which is an order in which causes come first. */
#include "formats/id_map.h"
#include "formats/reader.h"
#include "lamport.h"
#include "merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct order_event {
    uint32_t stream;
    uint64_t ordinal, stamp; /* stamp 0: not met yet */
};

struct order_edge {
    uint32_t from_stream, to_stream;
    uint64_t from, to; /* stamps */
};

/* ---- names ---- */

static bool take_number(const char **text, char end, uint64_t *value)
{
    const char *at = *text;

    *value = 0;
    if (*at < '0' || *at > '9')
        return false;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (*value > (UINT64_MAX - 9) / 10)
            return false;
        *value = *value * 10 + (uint64_t)(*at - '0');
    }
    if (*at != end)
        return false;
    *text = end ? at + 1 : at;
    return true;
}

static void uuid_text(const uint8_t uuid[16], char text[37])
{
    for (unsigned i = 0, at = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text[at++] = '-';
        snprintf(text + at, 3, "%02x", uuid[i]);
        at += 2;
    }
}

static const struct rn_manifest_source *source_named(const struct rn_manifest *manifest,
                                                     const char *name)
{
    char text[37];

    for (size_t i = 0; i < manifest->source_count; i++) {
        uuid_text(manifest->sources[i].manifest->uuid, text);
        if (strncmp(text, name, 36) == 0)
            return &manifest->sources[i];
    }
    return NULL;
}

static enum rn_status parse(const struct rn_manifest *manifest, const char *text,
                            struct order_event *event, struct rn_error *err)
{
    const struct rn_manifest_source *source = NULL;
    const char *rest = text;
    uint64_t stream;

    if (strnlen(text, 37) == 37 && text[8] == '-' && text[36] == ':') {
        source = source_named(manifest, text);
        if (!source)
            return rn_fail(err, RN_E_USAGE, "no recording %.36s is in it", text);
        rest = text + 37;
    }
    if (!take_number(&rest, ':', &stream) || !take_number(&rest, '\0', &event->ordinal))
        return rn_fail(err, RN_E_USAGE,
                       "'%.80s' is no event: write STREAM:ORDINAL or UUID:STREAM:ORDINAL", text);
    if (source && (stream >= RN_STREAM_QUEUES ? stream - RN_STREAM_QUEUES >= source->queues
                                              : stream >= source->streams - source->queues))
        return rn_fail(err, RN_E_USAGE, "no event %.80s is in it", text);
    if (source)
        stream = rn_manifest_source_stream(source, stream);
    if (stream > UINT32_MAX)
        return rn_fail(err, RN_E_USAGE, "no event %.80s is in it", text);
    event->stream = (uint32_t)stream;
    event->stamp = 0;
    return RN_OK;
}

/* ---- stamps of both ---- */

static enum rn_status find_stamps(struct rn_reader *reader, struct order_event *events,
                                  struct rn_error *err)
{
    struct rn_lamport *lamport = rn_lamport_new();
    struct rn_event event;
    uint64_t stamp;
    enum rn_status status = lamport ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory for stamps");

    while (status == RN_OK && !(events[0].stamp && events[1].stamp)) {
        status = rn_reader_next_event(reader, &event, err);
        if (status == RN_OK)
            status = rn_lamport_feed(lamport, &event, &stamp, err);
        for (unsigned i = 0; i < 2 && status == RN_OK && stamp; i++)
            if (event.stream == events[i].stream && event.ordinal == events[i].ordinal)
                events[i].stamp = stamp;
    }
    rn_lamport_free(lamport);
    return status == RN_EOF ? RN_OK : status;
}

/* ---- edges between ---- */

struct order_edges {
    struct order_edge *list;
    size_t count, room;
};

static bool add_edge(struct order_edges *edges, const struct rn_edge *edge)
{
    if (edges->count == edges->room) {
        size_t room = edges->room ? 2 * edges->room : 256;
        struct order_edge *list = realloc(edges->list, room * sizeof *list);

        if (!list)
            return false;
        edges->list = list;
        edges->room = room;
    }
    edges->list[edges->count++] = (struct order_edge){
        (uint32_t)edge->from_stream, (uint32_t)edge->to_stream, edge->from_lamport, edge->lamport};
    return true;
}

static enum rn_status read_edges(struct rn_reader *reader, uint64_t from, uint64_t to,
                                 struct order_edges *edges, struct rn_error *err)
{
    struct rn_batch batch;
    struct rn_event event;
    enum rn_status status;

    while ((status = rn_reader_next(reader, &batch, err)) == RN_OK) {
        for (uint32_t i = 0; batch.kind == RN_KIND_EDGE && i < batch.rows; i++) {
            const struct rn_edge *edge = &event.u.edge;

            status = rn_batch_event(&batch, i, &event, err);
            if (status != RN_OK)
                return status;
            if (edge->certainty != RN_EDGE_PROVEN || edge->from_lamport < from ||
                edge->lamport > to)
                continue;
            if (!add_edge(edges, edge))
                return rn_fail(err, RN_E_NOMEM, "no memory for the edges between the two events");
        }
    }
    return status == RN_EOF ? RN_OK : status;
}

static int by_effect(const void *left, const void *right)
{
    const struct order_edge *a = left, *b = right;

    return a->to < b->to ? -1 : a->to > b->to;
}

/* The least stamp in each stream that the first event leads to. */
static enum rn_status reaches(struct order_edges *edges, const struct order_event *first,
                              const struct order_event *second, bool *reached, struct rn_error *err)
{
    struct rn_id_map least = RN_ID_MAP_INIT; /* uint64_t, as a pointer */
    bool fine = rn_id_map_set(&least, first->stream, (void *)(uintptr_t)first->stamp);

    if (edges->count)
        qsort(edges->list, edges->count, sizeof *edges->list, by_effect);
    for (size_t i = 0; i < edges->count && fine; i++) {
        const struct order_edge *edge = &edges->list[i];
        uint64_t from = (uintptr_t)rn_id_map_get(&least, edge->from_stream);
        uint64_t to = (uintptr_t)rn_id_map_get(&least, edge->to_stream);

        if (from && edge->from >= from && (!to || edge->to < to))
            fine = rn_id_map_set(&least, edge->to_stream, (void *)(uintptr_t)edge->to);
    }
    {
        uint64_t from = (uintptr_t)rn_id_map_get(&least, second->stream);

        *reached = from && second->stamp >= from;
    }
    rn_id_map_free(&least);
    return fine ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory for the order of two events");
}

static enum rn_status reopen(const char *path, struct rn_reader **reader, struct rn_error *err)
{
    rn_reader_free(*reader);
    return rn_reader_open(path, reader, err);
}

static enum rn_status decide(const char *path, struct rn_reader **reader,
                             const struct order_event *events, enum rn_order *order,
                             struct rn_error *err)
{
    unsigned first = events[0].stamp <= events[1].stamp ? 0 : 1;
    struct order_edges edges = {NULL, 0, 0};
    bool reached = false;
    enum rn_status status = reopen(path, reader, err);

    if (status == RN_OK)
        status = read_edges(*reader, events[first].stamp, events[1 - first].stamp, &edges, err);
    if (status == RN_OK)
        status = reaches(&edges, &events[first], &events[1 - first], &reached, err);
    free(edges.list);
    *order = !reached ? RN_ORDER_CONCURRENT : first == 0 ? RN_ORDER_BEFORE : RN_ORDER_AFTER;
    return status;
}

enum rn_status rn_merge_order(const char *path, const char *a, const char *b, enum rn_order *order,
                              struct rn_error *err)
{
    const char *names[2] = {a, b};
    struct order_event events[2];
    struct rn_reader *reader = NULL;
    enum rn_status status = rn_reader_open(path, &reader, err);

    if (status == RN_OK && !rn_reader_manifest(reader)->sources) {
        status = rn_fail(err, RN_E_USAGE, "is not a merged recording: merge it first");
        rn_fail_in(err, path);
    }
    for (unsigned i = 0; i < 2 && status == RN_OK; i++)
        status = parse(rn_reader_manifest(reader), names[i], &events[i], err);
    if (status == RN_OK)
        status = find_stamps(reader, events, err);
    for (unsigned i = 0; i < 2 && status == RN_OK; i++)
        if (events[i].stamp == 0) {
            status = rn_fail(err, RN_E_USAGE, "no event %.80s is in it", names[i]);
            rn_fail_in(err, path);
        }
    if (status == RN_OK && events[0].stream == events[1].stream &&
        events[0].ordinal == events[1].ordinal)
        *order = RN_ORDER_SAME;
    else if (status == RN_OK)
        status = decide(path, &reader, events, order, err);
    rn_reader_free(reader);
    return status;
}
