/* SPDX-License-Identifier: MIT */
/* The part of a recording that is becoming a trace. */
#include "span_private.h"

#include <stdlib.h>

#define KEY(text) RN_OTLP_TEXT(text)

/* Bytes that a span takes besides its texts and events: ids, times, lengths, common attributes. */
#define STRUCTURE_BYTES 256u
/* A single event with all its texts is below this. */
#define EVENT_BYTES 65536u

bool rn_span_grow(void *array, size_t *capacity, size_t needed, size_t item)
{
    void **items = array;
    size_t larger = *capacity ? *capacity : 32;
    void *moved;

    if (needed <= *capacity)
        return true;
    while (larger < needed)
        larger *= 2;
    moved = reallocarray(*items, larger, item);
    if (!moved)
        return false;
    *items = moved;
    *capacity = larger;
    return true;
}

struct span_entry *rn_span_part_entry(struct span_part *part)
{
    if (!rn_span_grow(&part->entries, &part->capacity, part->count + 1, sizeof *part->entries))
        return NULL;
    part->entries[part->count] = (struct span_entry){.kind = RN_KIND_NONE};
    return &part->entries[part->count++];
}

static void process_free(struct span_process *process)
{
    if (!process)
        return;
    rn_buf_free(&process->name);
    rn_buf_free(&process->resource);
    rn_buf_free(&process->events);
    free(process);
}

static void thread_free(struct span_thread *thread)
{
    if (!thread)
        return;
    rn_buf_free(&thread->name);
    rn_buf_free(&thread->common);
    rn_buf_free(&thread->events);
    free(thread);
}

static void add_name(struct rn_buf *out, const char *name)
{
    bool cut = false;

    rn_buf_clear(out);
    rn_otlp_text_add(out, (const uint8_t *)name, strlen(name), 256, &cut);
}

/* What was said of a process may be forgotten once it has ended, so it is kept with the part. */
static void describe_process(struct rn_span_tree *tree, struct rn_trace *trace,
                             const struct rn_thread_info *info, struct span_process *process)
{
    tree->part.bytes -= process->resource.size;
    rn_span_resource_encode(tree, trace, info, &process->resource);
    tree->part.bytes += process->resource.size;
    add_name(&process->name, info->process ? info->process->name : "no process");
    process->stale = false;
}

static struct span_process *process_new(struct rn_span_tree *tree, struct rn_trace *trace,
                                        const struct rn_thread_info *info)
{
    struct span_part *part = &tree->part;
    struct span_process *process = calloc(1, sizeof *process);
    uint64_t serial = info->process ? info->process->serial : 0;

    if (!process ||
        !rn_span_grow(&part->processes, &part->process_capacity, part->process_count + 1,
                      sizeof *part->processes) ||
        !rn_id_map_set(&part->process_map, serial, process)) {
        free(process);
        return NULL;
    }
    part->processes[part->process_count++] = process;
    process->serial = serial;
    process->first_ns = UINT64_MAX;
    process->first_stream = info->stream;
    if (info->process) {
        const struct span_known *known = rn_span_known_of(tree, info);

        process->pid = info->process->pid;
        if (known) {
            process->first_stream = known->first_stream;
            process->origin = known->origin;
        }
    }
    process->id =
        rn_span_id_structure(&tree->ids, RN_SPAN_PROCESS, process->first_stream, part->number);
    part->bytes += STRUCTURE_BYTES;
    describe_process(tree, trace, info, process);
    return process;
}

static void describe_thread(struct span_thread *thread, const struct rn_thread_info *info)
{
    struct rn_otlp_attributes list = {.count = 0};

    add_name(&thread->name, info->name);
    rn_buf_clear(&thread->common);
    rn_otlp_add_int(&list, KEY("rn.stream"), (int64_t)thread->stream);
    if (info->type == RN_STREAM_THREAD)
        rn_otlp_add_int(&list, KEY("thread.id"), (int64_t)info->tid);
    rn_otlp_attributes_encode(&thread->common, &list);
}

static struct span_thread *thread_new(struct rn_span_tree *tree, struct rn_trace *trace,
                                      uint64_t stream)
{
    struct rn_thread_info info = *rn_trace_thread(trace, stream);
    struct span_part *part = &tree->part;
    struct span_thread *thread = calloc(1, sizeof *thread);

    info.stream = stream;
    if (!thread ||
        !rn_span_grow(&part->threads, &part->thread_capacity, part->thread_count + 1,
                      sizeof *part->threads) ||
        !rn_id_map_set(&part->thread_map, stream, thread)) {
        free(thread);
        return NULL;
    }
    part->threads[part->thread_count++] = thread;
    thread->stream = stream;
    thread->type = info.type;
    thread->first_ns = UINT64_MAX;
    thread->id = rn_span_id_structure(&tree->ids, RN_SPAN_THREAD, stream, part->number);
    thread->process = rn_id_map_get(&part->process_map, info.process ? info.process->serial : 0);
    if (!thread->process)
        thread->process = process_new(tree, trace, &info);
    describe_thread(thread, &info);
    part->bytes += STRUCTURE_BYTES + thread->name.size;
    return thread->process ? thread : NULL;
}

struct span_thread *rn_span_part_thread(struct rn_span_tree *tree, struct rn_trace *trace,
                                        uint64_t stream)
{
    struct span_part *part = &tree->part;
    struct span_thread *thread = part->latest;

    if (!thread || thread->stream != stream)
        thread = rn_id_map_get(&part->thread_map, stream);
    if (!thread)
        thread = thread_new(tree, trace, stream);
    if (thread && thread->process->stale) {
        struct rn_thread_info info = *rn_trace_thread(trace, stream);

        describe_process(tree, trace, &info, thread->process);
        describe_thread(thread, &info);
    }
    part->latest = thread;
    return thread;
}

void rn_span_extend(struct span_thread *thread, uint64_t start_ns, uint64_t end_ns)
{
    struct span_process *process = thread->process;

    if (start_ns < thread->first_ns)
        thread->first_ns = start_ns;
    if (end_ns > thread->last_ns)
        thread->last_ns = end_ns;
    if (start_ns < process->first_ns)
        process->first_ns = start_ns;
    if (end_ns > process->last_ns)
        process->last_ns = end_ns;
}

bool rn_span_part_is_empty(const struct span_part *part)
{
    return !part->count && !part->thread_count && !part->fold_count && !part->root.event_count;
}

/* Room for the root, and for what one more event may add. */
bool rn_span_part_is_full(const struct rn_span_tree *tree)
{
    const struct span_part *part = &tree->part;
    uint64_t spans = part->count + part->thread_count + part->process_count + part->fold_count;
    uint64_t heads = 5 * spans + STRUCTURE_BYTES;

    return spans + 4 > tree->options.max_spans ||
           part->arena.size + part->bytes + heads + EVENT_BYTES > tree->options.max_bytes;
}

static void fold_free(struct span_fold *fold)
{
    if (fold)
        rn_buf_free(&fold->name);
    free(fold);
}

void rn_span_part_clear(struct span_part *part)
{
    for (size_t i = 0; i < part->thread_count; i++)
        thread_free(part->threads[i]);
    for (size_t i = 0; i < part->process_count; i++)
        process_free(part->processes[i]);
    for (size_t i = 0; i < part->fold_count; i++)
        fold_free(part->folds[i]);
    rn_id_map_free(&part->thread_map);
    rn_id_map_free(&part->process_map);
    rn_id_map_free(&part->fold_map);
    rn_buf_clear(&part->arena);
    rn_buf_clear(&part->root.events);
    part->root.event_count = 0;
    part->root.first_ns = UINT64_MAX;
    part->root.last_ns = 0;
    part->count = part->thread_count = part->process_count = part->fold_count = 0;
    part->bytes = 0;
    part->latest = NULL;
}

void rn_span_part_free(struct span_part *part)
{
    rn_span_part_clear(part);
    rn_buf_free(&part->arena);
    rn_buf_free(&part->root.events);
    free(part->entries);
    free(part->threads);
    free(part->processes);
    free(part->folds);
}
