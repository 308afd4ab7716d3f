/* SPDX-License-Identifier: MIT */
/* The index of a recording that is split: a trace with one span for each part and a link to it. Of
 * more parts than a trace can hold, several pages. */
#include "span_private.h"

#include <stdio.h>
#include <stdlib.h>

#define KEY(text) RN_OTLP_TEXT(text)

/* An entry takes about 350 bytes. */
#define ENTRY_BYTES 512u

static uint64_t page_size(const struct rn_span_tree *tree)
{
    uint64_t spans = tree->options.max_spans - 2;
    uint64_t fit = tree->options.max_bytes / ENTRY_BYTES;

    return spans < fit ? spans : fit;
}

static void page_place(const struct rn_span_tree *tree, uint64_t page, uint8_t trace_id[16],
                       uint64_t *root)
{
    if (page > 0 || !rn_span_context_trace(tree, trace_id))
        rn_span_id_trace(&tree->ids, RN_SPAN_INDEX, page, trace_id);
    *root = page == 0 && tree->has_given ? tree->given.span_id
                                         : rn_span_id_structure(&tree->ids, RN_SPAN_INDEX, 0, page);
}

void rn_span_index_place(const struct rn_span_tree *tree, uint64_t part, uint8_t trace_id[16],
                         uint64_t *root)
{
    page_place(tree, part / page_size(tree), trace_id, root);
}

static enum rn_status add_span(struct span_index *index, struct rn_otlp_span *span,
                               struct rn_error *err)
{
    size_t before = index->arena.size;

    span->trace_id = index->trace_id;
    rn_otlp_span_encode(&index->arena, span);
    if (index->arena.failed ||
        !rn_span_grow(&index->refs, &index->capacity, index->count + 1, sizeof *index->refs))
        return rn_fail(err, RN_E_NOMEM, "no memory for the index of a recording");
    index->refs[index->count++] = (struct rn_otlp_ref){
        .offset = (uint32_t)before, .size = (uint32_t)(index->arena.size - before)};
    return RN_OK;
}

enum rn_status rn_span_index_add(struct rn_span_tree *tree, const struct span_summary *part,
                                 struct rn_error *err)
{
    struct span_index *index = &tree->index;
    struct rn_otlp_attributes list = {.count = 0}, link = {.count = 0};
    struct rn_buf links = RN_BUF_INIT;
    enum rn_status status = RN_OK;
    uint64_t root;
    char name[32];

    if (part->part / page_size(tree) > index->page)
        status = rn_span_index_close(tree, false, err);
    page_place(tree, index->page, index->trace_id, &root);
    snprintf(name, sizeof name, "part %llu", (unsigned long long)part->part + 1);
    rn_otlp_add_text(&list, KEY("rn.kind"), KEY("index entry"));
    rn_otlp_add_int(&list, KEY("rn.part.number"), (int64_t)part->part + 1);
    rn_otlp_add_int(&list, KEY("rn.part.spans"), (int64_t)part->spans);
    rn_otlp_add_text(&link, KEY("rn.link"), KEY("part"));
    rn_otlp_link_encode(&links, part->trace_id, part->root, &link);
    struct rn_otlp_span span = {
        .id = rn_span_id_structure(&tree->ids, RN_SPAN_INDEX_ENTRY, part->part, index->page),
        .parent = root,
        .start_ns = part->first_ns,
        .end_ns = part->last_ns,
        .name = {name, strlen(name)},
        .attributes = &list,
        .links = {(const char *)links.data, links.size},
    };
    if (index->count == 0 || part->first_ns < index->first_ns)
        index->first_ns = part->first_ns;
    if (part->last_ns > index->last_ns)
        index->last_ns = part->last_ns;
    if (status == RN_OK)
        status = add_span(index, &span, err);
    rn_buf_free(&links);
    return status;
}

static void link_page(const struct rn_span_tree *tree, uint64_t page, struct rn_otlp_text what,
                      struct rn_buf *links)
{
    struct rn_otlp_attributes list = {.count = 0};
    uint8_t trace_id[16];
    uint64_t root;

    page_place(tree, page, trace_id, &root);
    rn_otlp_add_text(&list, KEY("rn.link"), what);
    rn_otlp_link_encode(links, trace_id, root, &list);
}

static enum rn_status add_root(struct rn_span_tree *tree, bool last, struct rn_error *err)
{
    struct span_index *index = &tree->index;
    struct rn_otlp_attributes list = {.count = 0};
    struct rn_buf links = RN_BUF_INIT, name = RN_BUF_INIT;
    bool is_child = index->page == 0 && tree->options.has_parent;
    const char *state = is_child ? tree->options.trace_state : NULL;
    uint8_t trace_id[16];
    enum rn_status status;
    uint64_t id;

    page_place(tree, index->page, trace_id, &id);
    rn_buf_append(&name, tree->service.data, tree->service.size);
    rn_buf_text(&name, " index");
    rn_otlp_add_text(&list, KEY("rn.kind"), KEY("index"));
    rn_otlp_add_text(&list, KEY("rn.recording.id"),
                     (struct rn_otlp_text){tree->recording, sizeof tree->recording - 1});
    rn_otlp_add_int(&list, KEY("rn.index.page"), (int64_t)index->page + 1);
    rn_span_add_original_time(tree, &list, index->first_ns);
    if (index->page)
        link_page(tree, index->page - 1, KEY("previous"), &links);
    if (!last)
        link_page(tree, index->page + 1, KEY("next"), &links);
    struct rn_otlp_span span = {
        .id = id,
        .parent = is_child ? tree->options.parent.span_id : 0,
        .start_ns = index->first_ns,
        .end_ns = index->last_ns,
        .name = {(const char *)name.data, name.size},
        .trace_state = {state, state ? strlen(state) : 0},
        .attributes = &list,
        .links = {(const char *)links.data, links.size},
    };
    status = add_span(index, &span, err);
    rn_buf_free(&links);
    rn_buf_free(&name);
    return status;
}

enum rn_status rn_span_index_close(struct rn_span_tree *tree, bool last, struct rn_error *err)
{
    struct span_index *index = &tree->index;
    struct rn_span_group group = {
        .resource = {(const char *)tree->plain_resource.data, tree->plain_resource.size}};
    struct rn_span_trace trace = {
        .groups = &group, .group_count = 1, .first_ns = index->first_ns, .last_ns = index->last_ns};
    enum rn_status status;

    if (index->count == 0)
        return RN_OK;
    status = add_root(tree, last, err);
    if (status != RN_OK)
        return status;
    memcpy(trace.id, index->trace_id, 16);
    trace.arena = index->arena.data;
    trace.refs = index->refs;
    trace.count = group.count = index->count;
    status = tree->function(tree->context, &trace, err);
    rn_buf_clear(&index->arena);
    index->count = 0;
    index->last_ns = 0;
    index->page++;
    return status;
}
