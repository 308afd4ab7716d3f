/* SPDX-License-Identifier: MIT */
#include "edge_source.h"

#include <stdlib.h>

struct rn_edge_source {
    struct rn_edge_finder *finder; /* NULL: the recording is merged */
    bool proven_only, has_edge;
    struct rn_causal_edge edge;
};

enum rn_status rn_edge_source_new(const struct rn_manifest *manifest, bool proven_only,
                                  struct rn_edge_source **out, struct rn_error *err)
{
    const struct rn_edge_finder_options options = {.manifest = manifest};
    struct rn_edge_source *source = calloc(1, sizeof *source);
    enum rn_status status = RN_OK;

    *out = NULL;
    if (!source)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    source->proven_only = proven_only;
    if (!manifest->sources)
        status = rn_edge_finder_new(&options, &source->finder, err);
    if (status != RN_OK) {
        free(source);
        return status;
    }
    *out = source;
    return RN_OK;
}

void rn_edge_source_free(struct rn_edge_source *source)
{
    if (!source)
        return;
    rn_edge_finder_free(source->finder);
    free(source);
}

/* What does not fit into the numbers that streams have is damaged. */
static bool take_row(struct rn_edge_source *source, const struct rn_event *event)
{
    const struct rn_edge *row = &event->u.edge;

    if (row->mechanism == RN_EDGE_STAMP || row->mechanism >= RN_EDGE_MECHANISMS ||
        row->from_stream > UINT32_MAX || row->to_stream > UINT32_MAX)
        return false;
    source->edge = (struct rn_causal_edge){
        .from = {.stream = (uint32_t)row->from_stream,
                 .ordinal = row->from_ordinal,
                 .start = row->from_start,
                 .end = row->from_end > row->from_start ? row->from_end : row->from_start},
        .to = {.stream = (uint32_t)row->to_stream,
               .ordinal = row->to_ordinal,
               .start = event->start,
               .end = row->to_end > event->start ? row->to_end : event->start},
        .mechanism = (uint8_t)row->mechanism,
        .certainty = row->certainty == RN_EDGE_PROVEN,
        .bytes = row->bytes,
    };
    return true;
}

enum rn_status rn_edge_source_feed(struct rn_edge_source *source, const struct rn_event *event,
                                   struct rn_error *err)
{
    if (source->finder)
        return rn_edge_finder_feed(source->finder, event, err);
    if (event->kind == RN_KIND_EDGE)
        source->has_edge = take_row(source, event);
    return RN_OK;
}

enum rn_status rn_edge_source_finish(struct rn_edge_source *source, struct rn_error *err)
{
    return source->finder ? rn_edge_finder_finish(source->finder, err) : RN_OK;
}

static bool next(struct rn_edge_source *source, struct rn_causal_edge *edge)
{
    if (source->finder)
        return rn_edge_finder_next(source->finder, edge);
    if (!source->has_edge)
        return false;
    source->has_edge = false;
    *edge = source->edge;
    return true;
}

bool rn_edge_source_next(struct rn_edge_source *source, struct rn_causal_edge *edge)
{
    while (next(source, edge))
        if (!source->proven_only || edge->certainty == RN_EDGE_PROVEN)
            return true;
    return false;
}
