/* SPDX-License-Identifier: MIT */
/* Recordings that one led to another: the one handed its program a span, and the other one was made
 * below that (W3C Trace Context, see rn-record(1)). The span was known from the first event on of
 * whoever handed it on, so that came before the first event of the other one. */
#include "edge_model.h"

#include "formats/trace_context.h"

#include <stdlib.h>
#include <string.h>

struct edge_context {
    size_t above; /* source that handed the span on; the number of sources: none */
    bool begun;
    struct rn_edge_end first; /* its first event */
};

static bool parse(const char *text, struct rn_trace_parent *parent)
{
    return text && rn_trace_parent_parse(text, strlen(text), parent);
}

/* By span first: a source + 1. */
static bool note_given(struct rn_id_map *given, const struct rn_manifest *manifest)
{
    for (size_t i = 0; i < manifest->source_count; i++) {
        struct rn_trace_parent span;

        if (parse(manifest->sources[i].manifest->trace_given, &span) &&
            !rn_id_map_set(given, span.span_id, (void *)(uintptr_t)(i + 1)))
            return false;
    }
    return true;
}

static size_t find_above(const struct rn_id_map *given, const struct rn_manifest *manifest,
                         size_t source)
{
    struct rn_trace_parent parent, span;
    size_t above;

    if (!parse(manifest->sources[source].manifest->trace_parent, &parent))
        return manifest->source_count;
    above = (uintptr_t)rn_id_map_get(given, parent.span_id);
    if (above == 0 || above - 1 == source ||
        !parse(manifest->sources[above - 1].manifest->trace_given, &span) ||
        memcmp(span.trace_id, parent.trace_id, sizeof span.trace_id) != 0)
        return manifest->source_count;
    return above - 1;
}

bool edge_context_init(struct rn_edge_finder *finder)
{
    const struct rn_manifest *manifest = finder->manifest;
    struct rn_id_map given = RN_ID_MAP_INIT;
    bool noted;

    if (manifest->source_count == 0)
        return true;
    finder->contexts = calloc(manifest->source_count, sizeof *finder->contexts);
    noted = finder->contexts && note_given(&given, manifest);
    for (size_t i = 0; noted && i < manifest->source_count; i++)
        finder->contexts[i].above = find_above(&given, manifest, i);
    rn_id_map_free(&given);
    return noted;
}

/* Rows of different hosts need not come in order: whichever of the two comes later makes the edge.
 */
void edge_context_begin(struct rn_edge_finder *finder, const struct rn_edge_end *who)
{
    size_t count = finder->manifest->source_count;
    struct edge_context *context;

    if (who->source == 0 || who->source > count || finder->contexts[who->source - 1].begun)
        return;
    context = &finder->contexts[who->source - 1];
    context->begun = true;
    context->first = *who;
    if (context->above < count && finder->contexts[context->above].begun)
        edge_emit(finder, &finder->contexts[context->above].first, who, RN_EDGE_CONTEXT, true, 0);
    for (size_t i = 0; i < count; i++)
        if (finder->contexts[i].begun && finder->contexts[i].above == who->source - 1)
            edge_emit(finder, who, &finder->contexts[i].first, RN_EDGE_CONTEXT, true, 0);
}

void edge_context_free(struct rn_edge_finder *finder)
{
    free(finder->contexts);
}
