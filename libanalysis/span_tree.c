/* SPDX-License-Identifier: MIT */
#include "device_tie.h"
#include "span_private.h"

#include <stdlib.h>

#define NO_NAME "renacer"

static void write_uuid(const uint8_t uuid[16], char out[37])
{
    static const char digits[] = "0123456789abcdef";
    unsigned at = 0;

    for (unsigned i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        out[at++] = digits[uuid[i] >> 4];
        out[at++] = digits[uuid[i] & 15];
    }
    out[at] = '\0';
}

/* The service is what was given, else the program that was recorded. */
static void name_service(struct rn_span_tree *tree)
{
    const char *name = tree->options.service;
    bool cut = false;

    if (!name && tree->manifest->argv && tree->manifest->argv[0]) {
        const char *slash = strrchr(tree->manifest->argv[0], '/');

        name = slash && slash[1] ? slash + 1 : tree->manifest->argv[0];
    }
    if (!name || !*name)
        name = NO_NAME;
    rn_otlp_text_add(&tree->service_name, (const uint8_t *)name, strlen(name), 256, &cut);
    tree->service =
        (struct rn_otlp_text){(const char *)tree->service_name.data, tree->service_name.size};
}

struct rn_span_tree *rn_span_tree_new(const struct rn_span_options *options,
                                      const struct rn_manifest *manifest,
                                      rn_span_trace_fn *function, void *context)
{
    struct rn_span_tree *tree = calloc(1, sizeof *tree);

    if (!tree)
        return NULL;
    tree->options = *options;
    tree->manifest = manifest;
    tree->function = function;
    tree->context = context;
    rn_span_ids_init(&tree->ids, manifest->uuid);
    write_uuid(manifest->uuid, tree->recording);
    rn_span_context_init(tree);
    rn_span_rules_init(tree);
    name_service(tree);
    rn_span_recording_resource(tree, &tree->plain_resource);
    rn_span_part_clear(&tree->part);
    rn_span_id_trace(&tree->ids, RN_SPAN_ROOT, 0, tree->part.trace_id);
    if (!tree->service_name.failed && !tree->plain_resource.failed)
        return tree;
    rn_span_tree_free(tree);
    return NULL;
}

void rn_span_tree_free(struct rn_span_tree *tree)
{
    if (!tree)
        return;
    rn_span_inflight_forget(tree);
    free(tree->inflight);
    rn_span_part_free(&tree->part);
    rn_span_known_free(tree);
    rn_buf_free(&tree->index.arena);
    free(tree->index.refs);
    rn_buf_free(&tree->service_name);
    rn_buf_free(&tree->state);
    rn_buf_free(&tree->plain_resource);
    rn_buf_free(&tree->scratch);
    rn_buf_free(&tree->texts);
    free(tree);
}

/* What an event becomes. */
enum becomes { A_SPAN, EVENT_OF_THREAD, EVENT_OF_PROCESS, EVENT_OF_ROOT };

static enum becomes process_becomes(uint64_t op)
{
    switch (op) {
    case RN_PROCESS_FORK:
    case RN_PROCESS_NAME:
    case RN_PROCESS_STOP:
    case RN_PROCESS_THREAD_EXIT:
        return EVENT_OF_THREAD;
    default:
        return EVENT_OF_PROCESS;
    }
}

static enum becomes becomes_of(const struct rn_event *event)
{
    switch (event->kind) {
    case RN_KIND_SIGNAL:
    case RN_KIND_COUNTER:
    case RN_KIND_FLOW:
        return EVENT_OF_THREAD;
    case RN_KIND_SPAN:
        return event->u.span.form == RN_SPAN_INSTANT ? EVENT_OF_THREAD : A_SPAN;
    case RN_KIND_PROCESS:
        return process_becomes(event->u.process.op);
    case RN_KIND_MODULE:
    case RN_KIND_DESCRIPTOR:
        return EVENT_OF_PROCESS;
    case RN_KIND_NOTICE:
    case RN_KIND_LOSS:
        return EVENT_OF_ROOT;
    default:
        return A_SPAN;
    }
}

/* It has the number of what it waited for, which is not its own. */
static bool waits(const struct rn_event *event)
{
    const struct rn_attachment *name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);

    return name && name->data && rn_device_call_waits((const char *)name->data, name->size);
}

/* Kernels, transfers and the calls that asked for them have the same number in one process and
 * interface. 0: none. */
static uint64_t correlation_of(const struct span_thread *thread, const struct rn_event *event)
{
    uint64_t api, number;

    if (event->kind == RN_KIND_KERNEL) {
        api = event->u.kernel.api;
        number = event->u.kernel.correlation;
    } else if (event->kind == RN_KIND_TRANSFER) {
        api = event->u.transfer.api;
        number = event->u.transfer.correlation;
    } else if (event->kind == RN_KIND_API) {
        api = event->u.api.api;
        number = waits(event) ? 0 : event->u.api.correlation;
    } else {
        return 0;
    }
    if (!number)
        return 0;
    number = rn_span_id_mix(number + rn_span_id_mix(thread->process->serial * 8 + api));
    return number ? number : 1;
}

/* The call is in a part that was handed out already: what it asked for can only point to it. */
static void link_call(struct rn_span_tree *tree, const struct rn_event *event, uint64_t correlation,
                      struct rn_buf *links)
{
    const struct span_recent *recent = &tree->recent[correlation % SPAN_RECENT];
    struct rn_otlp_attributes list = {.count = 0};
    uint8_t trace_id[16];

    if (event->kind == RN_KIND_API || !correlation || recent->key != correlation)
        return;
    rn_otlp_add_text(&list, RN_OTLP_TEXT("rn.link"), RN_OTLP_TEXT("call"));
    rn_span_id_trace(&tree->ids, RN_SPAN_ROOT, recent->part, trace_id);
    rn_otlp_link_encode(links, trace_id, recent->id, &list);
}

static void describe(struct rn_span_tree *tree, struct rn_trace *trace,
                     const struct rn_event *event, struct rn_otlp_attributes *list,
                     struct rn_otlp_span *span)
{
    bool cut = false;

    if (event->kind != RN_KIND_INFLIGHT)
        rn_span_add_place(list, event);
    if (event->kind == RN_KIND_SYSCALL || event->kind == RN_KIND_INFLIGHT) {
        span->name = rn_span_syscall_name(tree, event);
        rn_span_add_syscall(tree, trace, list, event, span, &cut);
    } else {
        span->name = rn_span_event_name(tree, event);
        rn_span_add_event(tree, trace, list, event, &cut);
        if (event->kind == RN_KIND_API && event->u.api.result)
            span->status = RN_OTLP_ERROR;
    }
    rn_span_add_flags(list, event, cut);
    rn_span_add_original_time(tree, list, span->start_ns);
}

static enum rn_status add_span(struct rn_span_tree *tree, struct rn_trace *trace,
                               struct span_thread *thread, const struct rn_event *event,
                               uint64_t start_ns, uint64_t end_ns, struct rn_error *err)
{
    struct span_part *part = &tree->part;
    struct span_entry *entry = rn_span_part_entry(part);
    struct rn_buf links = RN_BUF_INIT;
    struct rn_otlp_attributes list;
    struct rn_otlp_span span = {
        .trace_id = part->trace_id,
        .id = event->kind == RN_KIND_INFLIGHT
                  ? rn_span_id_structure(&tree->ids, RN_SPAN_INFLIGHT, event->stream, 0)
                  : rn_span_id_event(&tree->ids, event->stream, event->ordinal),
        .parent = thread->id,
        .start_ns = start_ns,
        .end_ns = end_ns,
        .common = {(const char *)thread->common.data, thread->common.size},
        .attributes = &list,
    };

    if (!entry)
        return rn_fail(err, RN_E_NOMEM, "no memory for the spans of a trace");
    list.count = 0;
    entry->kind = event->kind;
    entry->id = span.id;
    entry->thread = thread;
    entry->process = thread->process;
    entry->start_ns = start_ns;
    entry->end_ns = end_ns;
    entry->correlation = correlation_of(thread, event);
    describe(tree, trace, event, &list, &span);
    if (entry->correlation)
        link_call(tree, event, entry->correlation, &links);
    span.links = (struct rn_otlp_text){(const char *)links.data, links.size};
    entry->ref = (struct rn_otlp_ref){.offset = (uint32_t)part->arena.size, .events = 1};
    rn_otlp_span_encode(&part->arena, &span);
    entry->ref.size = (uint32_t)(part->arena.size - entry->ref.offset);
    rn_buf_free(&links);
    thread->encloses |= event->kind == RN_KIND_API || event->kind == RN_KIND_BLOCK ||
                        event->kind == RN_KIND_SPAN;
    return part->arena.failed ? rn_fail(err, RN_E_NOMEM, "no memory for the spans of a trace")
                              : RN_OK;
}

static enum rn_status add_point(struct rn_span_tree *tree, struct rn_trace *trace,
                                const struct rn_event *event, uint64_t time_ns, struct rn_buf *out,
                                uint32_t *count, struct rn_error *err)
{
    struct rn_otlp_attributes list;
    size_t before = out->size;
    bool cut = false;

    list.count = 0;
    rn_otlp_add_int(&list, RN_OTLP_TEXT("rn.stream"), event->stream);
    rn_span_add_place(&list, event);
    rn_span_add_event(tree, trace, &list, event, &cut);
    rn_span_add_flags(&list, event, cut);
    rn_otlp_event_encode(out, time_ns, rn_span_event_name(tree, event), &list);
    tree->part.bytes += out->size - before;
    (*count)++;
    return out->failed ? rn_fail(err, RN_E_NOMEM, "no memory for the events of a span") : RN_OK;
}

static enum rn_status add_to_root(struct rn_span_tree *tree, struct rn_trace *trace,
                                  const struct rn_event *event, uint64_t time_ns,
                                  struct rn_error *err)
{
    struct span_root *root = &tree->part.root;

    if (time_ns < root->first_ns)
        root->first_ns = time_ns;
    if (time_ns > root->last_ns)
        root->last_ns = time_ns;
    return add_point(tree, trace, event, time_ns, &root->events, &root->event_count, err);
}

static bool is_short(const struct rn_span_tree *tree, const struct rn_event *event,
                     uint64_t duration_ns)
{
    return duration_ns < tree->options.fold_ns && !(event->flags & RN_EVENT_UNFINISHED) &&
           (event->kind == RN_KIND_SYSCALL || event->kind == RN_KIND_KERNEL ||
            event->kind == RN_KIND_TRANSFER);
}

static enum rn_status add_event(struct rn_span_tree *tree, struct rn_trace *trace,
                                const struct rn_event *event, struct rn_error *err)
{
    const struct rn_clock *clock = rn_trace_clock(trace);
    uint64_t start = rn_clock_realtime(clock, event->start) + (uint64_t)tree->options.shift_ns;
    uint64_t duration = rn_clock_duration(clock, event->duration);
    uint64_t end = start > UINT64_MAX - duration ? UINT64_MAX : start + duration;
    enum becomes becomes = becomes_of(event);
    struct span_thread *thread;

    rn_span_texts_begin(tree, event);
    /* The recorder itself states what is in files at the end. */
    if (becomes == EVENT_OF_ROOT ||
        (becomes == EVENT_OF_PROCESS && !rn_trace_thread(trace, event->stream)->process))
        return add_to_root(tree, trace, event, start, err);
    thread = rn_span_part_thread(tree, trace, event->stream);
    if (!thread)
        return rn_fail(err, RN_E_NOMEM, "no memory for the threads of a trace");
    rn_span_extend(thread, start, end);
    if (becomes == EVENT_OF_THREAD)
        return add_point(tree, trace, event, start, &thread->events, &thread->event_count, err);
    if (becomes == EVENT_OF_PROCESS)
        return add_point(tree, trace, event, start, &thread->process->events,
                         &thread->process->event_count, err);
    if (is_short(tree, event, duration))
        return rn_span_fold_add(tree, thread, event, start, duration, err);
    return add_span(tree, trace, thread, event, start, end, err);
}

/* Into this part, or into the next one. */
static enum rn_status place_event(struct rn_span_tree *tree, struct rn_trace *trace,
                                  const struct rn_event *event, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    if (rn_span_part_is_full(tree) && !rn_span_part_is_empty(&tree->part))
        status = rn_span_part_close(tree, false, err);
    return status == RN_OK ? add_event(tree, trace, event, err) : status;
}

enum rn_status rn_span_tree_add(struct rn_span_tree *tree, struct rn_trace *trace,
                                const struct rn_event *event, bool selected, struct rn_error *err)
{
    if (event->kind == RN_KIND_INFLIGHT)
        return selected ? rn_span_inflight_keep(tree, event, err) : RN_OK;
    rn_span_inflight_forget(tree);
    rn_span_known_note(tree, trace, event);
    if (!selected || !RN_KIND_IS_EVENT(event->kind) || event->flags & RN_EVENT_SNAPSHOT)
        return RN_OK;
    return place_event(tree, trace, event, err);
}

/* A new image has another name, path and arguments. */
static void mark_stale(struct rn_span_tree *tree, struct rn_trace *trace,
                       const struct rn_event *event)
{
    const struct rn_process_info *info = rn_trace_thread(trace, event->stream)->process;
    struct span_process *process =
        info ? rn_id_map_get(&tree->part.process_map, info->serial) : NULL;

    if (!process)
        return;
    process->stale = true;
    rn_span_part_thread(tree, trace, event->stream);
}

void rn_span_tree_follow(struct rn_span_tree *tree, struct rn_trace *trace,
                         const struct rn_event *event)
{
    if (event->kind != RN_KIND_PROCESS)
        return;
    if (event->u.process.op == RN_PROCESS_START || event->u.process.op == RN_PROCESS_ATTACH ||
        event->u.process.op == RN_PROCESS_EXEC)
        mark_stale(tree, trace, event);
    rn_span_known_end(tree, trace, event);
}

enum rn_status rn_span_tree_finish(struct rn_span_tree *tree, struct rn_trace *trace,
                                   uint64_t *unfinished, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    *unfinished = 0;
    while (*unfinished < tree->inflight_count && status == RN_OK) {
        status = place_event(tree, trace, &tree->inflight[*unfinished].event, err);
        *unfinished += status == RN_OK;
    }
    if (status == RN_OK && !rn_span_part_is_empty(&tree->part))
        status = rn_span_part_close(tree, true, err);
    return status == RN_OK ? rn_span_index_close(tree, true, err) : status;
}

struct rn_otlp_tally rn_span_tree_pending(const struct rn_span_tree *tree)
{
    const struct span_part *part = &tree->part;
    struct rn_otlp_tally tally = {.events = part->root.event_count};

    for (size_t i = 0; i < part->count; i++)
        tally.events += part->entries[i].ref.events;
    for (size_t i = 0; i < part->thread_count; i++)
        tally.events += part->threads[i]->event_count;
    for (size_t i = 0; i < part->process_count; i++)
        tally.events += part->processes[i]->event_count;
    for (size_t i = 0; i < part->fold_count; i++)
        tally.folded += part->folds[i]->count;
    return tally;
}

uint64_t rn_span_tree_parts(const struct rn_span_tree *tree)
{
    return tree->parts;
}
