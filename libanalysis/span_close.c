/* SPDX-License-Identifier: MIT */
/* A part becomes a trace: its root, processes and threads get their spans, everything gets its
 * parent, and the spans are put in order of their processes. */
#include "span_private.h"

#include <stdlib.h>

#define KEY(text) RN_OTLP_TEXT(text)

/* A trace under way to its receiver. */
struct closing {
    bool split; /* the part is one of several */
    bool last;
    uint64_t root;
    struct span_process *root_process; /* that is the root itself; NULL: the root is a span apart */
    uint64_t root_parent;
    uint64_t first_ns, last_ns;
};

static struct rn_otlp_text text_of(const struct rn_buf *buf)
{
    return (struct rn_otlp_text){(const char *)buf->data, buf->size};
}

static enum rn_status add_span(struct rn_span_tree *tree, struct rn_otlp_span *span,
                               struct span_process *process, uint32_t events, struct rn_error *err)
{
    struct span_part *part = &tree->part;
    struct span_entry *entry = rn_span_part_entry(part);

    if (!entry)
        return rn_fail(err, RN_E_NOMEM, "no memory for the spans of a trace");
    span->trace_id = part->trace_id;
    entry->ref.offset = (uint32_t)part->arena.size;
    entry->ref.events = events;
    entry->id = span->id;
    entry->start_ns = span->start_ns;
    entry->end_ns = span->end_ns;
    entry->process = process;
    rn_otlp_span_encode(&part->arena, span);
    entry->ref.size = (uint32_t)(part->arena.size - entry->ref.offset);
    return RN_OK;
}

static enum rn_status add_thread(struct rn_span_tree *tree, const struct closing *closing,
                                 struct span_thread *thread, struct rn_error *err)
{
    struct rn_otlp_attributes list = {.count = 0};
    struct rn_otlp_span span = {
        .id = thread->id,
        .parent = thread->process->serial ? thread->process->id : closing->root,
        .start_ns = thread->first_ns,
        .end_ns = thread->last_ns,
        .name = text_of(&thread->name),
        .common = text_of(&thread->common),
        .attributes = &list,
        .events = text_of(&thread->events),
    };

    if (thread->type == RN_STREAM_THREAD)
        rn_otlp_add_text(&list, KEY("thread.name"), span.name);
    rn_otlp_add_text(&list, KEY("rn.kind"),
                     thread->type == RN_STREAM_THREAD  ? KEY("thread")
                     : thread->type == RN_STREAM_QUEUE ? KEY("queue")
                                                       : KEY("source"));
    rn_span_add_original_time(tree, &list, span.start_ns);
    return add_span(tree, &span, thread->process, thread->event_count, err);
}

/* The thread that made the process, else the root of the part. */
static uint64_t process_parent(const struct rn_span_tree *tree, const struct closing *closing,
                               const struct span_process *process)
{
    const struct span_thread *origin =
        process->origin ? rn_id_map_get(&tree->part.thread_map, process->origin) : NULL;

    if (process == closing->root_process)
        return closing->root_parent;
    if (origin && origin->process != process &&
        origin->process->first_stream < process->first_stream)
        return origin->id;
    return closing->root;
}

static void add_recording(struct rn_span_tree *tree, struct rn_otlp_attributes *list)
{
    rn_otlp_add_text(list, KEY("rn.recording.id"),
                     (struct rn_otlp_text){tree->recording, sizeof tree->recording - 1});
}

static struct rn_otlp_text trace_state(const struct rn_span_tree *tree, bool is_root)
{
    const char *state = is_root ? tree->options.trace_state : NULL;

    return (struct rn_otlp_text){state, state ? strlen(state) : 0};
}

static enum rn_status add_process(struct rn_span_tree *tree, const struct closing *closing,
                                  struct span_process *process, struct rn_error *err)
{
    struct span_root *root = &tree->part.root;
    bool is_root = process == closing->root_process;
    struct rn_otlp_attributes list = {.count = 0};
    struct rn_otlp_span span = {
        .id = process->id,
        .parent = process_parent(tree, closing, process),
        .start_ns = process->first_ns,
        .end_ns = process->last_ns,
        .name = text_of(&process->name),
        .trace_state = trace_state(tree, is_root),
        .attributes = &list,
    };

    if (!process->serial)
        return RN_OK;
    rn_otlp_add_text(&list, KEY("rn.kind"), KEY("process"));
    rn_otlp_add_int(&list, KEY("process.pid"), (int64_t)process->pid);
    if (is_root) {
        add_recording(tree, &list);
        rn_buf_append(&process->events, root->events.data, root->events.size);
        process->event_count += root->event_count;
        span.start_ns = closing->first_ns;
        span.end_ns = closing->last_ns;
    }
    span.events = text_of(&process->events);
    rn_span_add_original_time(tree, &list, span.start_ns);
    return add_span(tree, &span, process, process->event_count, err);
}

static void link_part(struct rn_span_tree *tree, uint64_t part, struct rn_otlp_text what,
                      struct rn_buf *links)
{
    struct rn_otlp_attributes list = {.count = 0};
    uint8_t trace[16];

    rn_otlp_add_text(&list, KEY("rn.link"), what);
    rn_span_id_trace(&tree->ids, RN_SPAN_ROOT, part, trace);
    rn_otlp_link_encode(links, trace, rn_span_id_structure(&tree->ids, RN_SPAN_ROOT, 0, part),
                        &list);
}

static void add_links(struct rn_span_tree *tree, bool last, struct rn_buf *links)
{
    struct rn_otlp_attributes list = {.count = 0};
    uint64_t number = tree->part.number, index_root;
    uint8_t trace[16];

    if (number)
        link_part(tree, number - 1, KEY("previous"), links);
    if (!last)
        link_part(tree, number + 1, KEY("next"), links);
    rn_otlp_add_text(&list, KEY("rn.link"), KEY("index"));
    rn_span_index_place(tree, number, trace, &index_root);
    rn_otlp_link_encode(links, trace, index_root, &list);
}

/* The root of a part among others, or of what is of no process. */
static enum rn_status add_root(struct rn_span_tree *tree, const struct closing *closing,
                               struct rn_error *err)
{
    struct span_root *root = &tree->part.root;
    struct rn_otlp_attributes list = {.count = 0};
    struct rn_buf links = RN_BUF_INIT, name = RN_BUF_INIT;
    struct rn_otlp_span span = {
        .id = closing->root,
        .parent = closing->root_parent,
        .start_ns = closing->first_ns,
        .end_ns = closing->last_ns,
        .trace_state = trace_state(tree, !closing->split),
        .attributes = &list,
        .events = text_of(&root->events),
    };
    enum rn_status status;

    rn_buf_append(&name, tree->service.data, tree->service.size);
    add_recording(tree, &list);
    rn_otlp_add_text(&list, KEY("rn.kind"), closing->split ? KEY("part") : KEY("recording"));
    if (closing->split) {
        rn_buf_printf(&name, " part %llu", (unsigned long long)tree->part.number + 1);
        rn_otlp_add_int(&list, KEY("rn.part.number"), (int64_t)tree->part.number + 1);
        add_links(tree, closing->last, &links);
    }
    rn_span_add_original_time(tree, &list, span.start_ns);
    span.name = text_of(&name);
    span.links = text_of(&links);
    status = add_span(tree, &span, NULL, root->event_count, err);
    rn_buf_free(&links);
    rn_buf_free(&name);
    return status;
}

/* The process with the lowest stream: the one that was started first. */
static struct span_process *first_process(const struct span_part *part)
{
    struct span_process *first = NULL;

    for (size_t i = 0; i < part->process_count; i++) {
        struct span_process *process = part->processes[i];

        if (process->serial && (!first || process->first_stream < first->first_stream))
            first = process;
    }
    return first;
}

static void find_extent(const struct span_part *part, struct closing *closing)
{
    closing->first_ns = part->root.first_ns;
    closing->last_ns = part->root.last_ns;
    for (size_t i = 0; i < part->process_count; i++) {
        if (part->processes[i]->first_ns < closing->first_ns)
            closing->first_ns = part->processes[i]->first_ns;
        if (part->processes[i]->last_ns > closing->last_ns)
            closing->last_ns = part->processes[i]->last_ns;
    }
}

/* The whole recording in one trace continues the trace that it was made in. */
static void adopt_parent_trace(struct rn_span_tree *tree, struct closing *closing)
{
    struct span_part *part = &tree->part;

    if (closing->split || !rn_span_context_trace(tree, part->trace_id))
        return;
    closing->root_parent = tree->options.has_parent ? tree->options.parent.span_id : 0;
    for (size_t i = 0; i < part->count; i++)
        memcpy(part->arena.data + part->entries[i].ref.offset + RN_OTLP_TRACE_ID_OFFSET,
               part->trace_id, 16);
}

static enum rn_status add_structure(struct rn_span_tree *tree, const struct closing *closing,
                                    struct rn_error *err)
{
    struct span_part *part = &tree->part;
    enum rn_status status = RN_OK;

    if (!closing->root_process)
        status = add_root(tree, closing, err);
    for (size_t i = 0; i < part->process_count && status == RN_OK; i++)
        status = add_process(tree, closing, part->processes[i], err);
    for (size_t i = 0; i < part->thread_count && status == RN_OK; i++)
        status = add_thread(tree, closing, part->threads[i], err);
    return status;
}

/* Where the spans of each process go: one after the other, in the order of the processes; what is
 * of none comes first. */
static size_t make_groups(struct rn_span_tree *tree, struct rn_span_group *groups)
{
    const struct span_part *part = &tree->part;
    size_t plain = 0, at = 0;

    for (size_t i = 0; i < part->count; i++) {
        if (part->entries[i].process)
            part->entries[i].process->spans++;
        else
            plain++;
    }
    groups[0] = (struct rn_span_group){.resource = text_of(&tree->plain_resource), .count = plain};
    at = plain;
    for (size_t i = 0; i < part->process_count; i++) {
        struct span_process *process = part->processes[i];

        process->group = i + 1;
        groups[i + 1] = (struct rn_span_group){
            .resource = text_of(&process->resource), .first = at, .count = process->spans};
        at += process->spans;
    }
    return part->process_count + 1;
}

static void put_in_order(struct rn_span_tree *tree, struct rn_otlp_ref *refs,
                         struct rn_span_group *groups, struct rn_span_trace *trace)
{
    const struct span_part *part = &tree->part;

    trace->count = part->count;
    trace->group_count = make_groups(tree, groups);
    for (size_t i = 0; i < trace->group_count; i++)
        groups[i].count = 0;
    for (size_t i = 0; i < part->count; i++) {
        const struct span_entry *entry = &part->entries[i];
        struct rn_span_group *group = &groups[entry->process ? entry->process->group : 0];

        refs[group->first + group->count++] = entry->ref;
    }
}

static void note_in_index(struct rn_span_tree *tree, const struct closing *closing,
                          enum rn_status *status, struct rn_error *err)
{
    const struct span_part *part = &tree->part;
    struct span_summary summary = {
        .trace_id = part->trace_id,
        .part = part->number,
        .root = closing->root,
        .spans = part->count,
        .first_ns = closing->first_ns,
        .last_ns = closing->last_ns,
    };

    if (closing->split && *status == RN_OK)
        *status = rn_span_index_add(tree, &summary, err);
}

/* Whoever gets a trace answers for it, also where that fails: the part is empty afterwards. */
static enum rn_status hand_out(struct rn_span_tree *tree, const struct closing *closing,
                               struct rn_error *err)
{
    struct span_part *part = &tree->part;
    struct rn_otlp_ref *refs = calloc(part->count + 1, sizeof *refs);
    struct rn_span_group *groups = calloc(part->process_count + 1, sizeof *groups);
    struct rn_span_trace trace = {.arena = part->arena.data,
                                  .refs = refs,
                                  .groups = groups,
                                  .first_ns = closing->first_ns,
                                  .last_ns = closing->last_ns};
    enum rn_status status = RN_OK;

    memcpy(trace.id, part->trace_id, 16);
    if (!refs || !groups || part->arena.failed) {
        status = rn_fail(err, RN_E_NOMEM, "no memory for the spans of a trace");
    } else {
        put_in_order(tree, refs, groups, &trace);
        status = tree->function(tree->context, &trace, err);
        tree->parts++;
        note_in_index(tree, closing, &status, err);
        rn_span_part_clear(part);
        part->number++;
        rn_span_id_trace(&tree->ids, RN_SPAN_ROOT, part->number, part->trace_id);
    }
    free(refs);
    free(groups);
    return status;
}

static uint64_t root_id(const struct rn_span_tree *tree, const struct closing *closing)
{
    if (closing->root_process)
        return closing->root_process->id;
    if (!closing->split && tree->has_given)
        return tree->given.span_id;
    return rn_span_id_structure(&tree->ids, RN_SPAN_ROOT, 0, tree->part.number);
}

enum rn_status rn_span_part_close(struct rn_span_tree *tree, bool last, struct rn_error *err)
{
    struct span_part *part = &tree->part;
    struct closing closing = {.last = last, .split = !last || part->number > 0};
    enum rn_status status = rn_span_folds_encode(tree, err);

    if (status == RN_OK)
        status = rn_span_find_parents(tree, err);
    find_extent(part, &closing);
    if (!closing.split && !tree->has_given)
        closing.root_process = first_process(part);
    closing.root = root_id(tree, &closing);
    adopt_parent_trace(tree, &closing);
    if (status == RN_OK)
        status = add_structure(tree, &closing, err);
    return status == RN_OK ? hand_out(tree, &closing, err) : status;
}
