/* SPDX-License-Identifier: MIT */
/* Short events of one name on one thread, counted as one span. */
#include "span_private.h"

#include "formats/fnv.h"

#include <stdlib.h>

#define KEY(text) RN_OTLP_TEXT(text)

static uint64_t hash(const struct span_thread *thread, uint8_t kind, struct rn_otlp_text name)
{
    return rn_span_id_mix(rn_fnv(thread->stream << 8 | kind, name.data, name.size));
}

static bool is_same(const struct span_fold *fold, const struct span_thread *thread, uint8_t kind,
                    struct rn_otlp_text name)
{
    return fold->thread == thread && fold->kind == kind && fold->name.size == name.size &&
           !memcmp(fold->name.data, name.data, name.size);
}

static struct span_fold *fold_new(struct span_part *part, uint64_t key, struct span_thread *thread,
                                  uint8_t kind, struct rn_otlp_text name)
{
    struct span_fold *fold = calloc(1, sizeof *fold);

    if (fold)
        rn_buf_append(&fold->name, name.data, name.size);
    if (!fold || fold->name.failed ||
        !rn_span_grow(&part->folds, &part->fold_capacity, part->fold_count + 1,
                      sizeof *part->folds) ||
        !rn_id_map_set(&part->fold_map, key, fold)) {
        free(fold);
        return NULL;
    }
    part->folds[part->fold_count++] = fold;
    fold->thread = thread;
    fold->kind = kind;
    fold->min_ns = fold->first_ns = UINT64_MAX;
    part->bytes += 512 + name.size;
    return fold;
}

/* Names whose hashes collide take the next number. */
static struct span_fold *fold_of(struct span_part *part, struct span_thread *thread, uint8_t kind,
                                 struct rn_otlp_text name)
{
    uint64_t key = hash(thread, kind, name);
    struct span_fold *fold = rn_id_map_get(&part->fold_map, key);

    while (fold && !is_same(fold, thread, kind, name))
        fold = rn_id_map_get(&part->fold_map, ++key);
    return fold ? fold : fold_new(part, key, thread, kind, name);
}

static uint64_t bytes_of(const struct rn_event *event)
{
    uint64_t bytes = 0;

    if (event->kind == RN_KIND_TRANSFER)
        return event->u.transfer.bytes;
    for (uint32_t i = 0; i < event->attachment_count; i++)
        if (event->attachments[i].type == RN_ATT_CONTENT)
            bytes += event->attachments[i].content.length;
    return bytes;
}

enum rn_status rn_span_fold_add(struct rn_span_tree *tree, struct span_thread *thread,
                                const struct rn_event *event, uint64_t start_ns,
                                uint64_t duration_ns, struct rn_error *err)
{
    struct rn_otlp_text name = event->kind == RN_KIND_SYSCALL ? rn_span_syscall_name(tree, event)
                                                              : rn_span_event_name(tree, event);
    struct span_fold *fold = fold_of(&tree->part, thread, event->kind, name);

    if (!fold)
        return rn_fail(err, RN_E_NOMEM, "no memory to count short events");
    fold->count++;
    fold->errors += event->kind == RN_KIND_SYSCALL && rn_syscall_failed(&event->u.syscall);
    fold->sum_ns += duration_ns;
    fold->bytes += bytes_of(event);
    if (duration_ns < fold->min_ns)
        fold->min_ns = duration_ns;
    if (duration_ns > fold->max_ns)
        fold->max_ns = duration_ns;
    if (start_ns < fold->first_ns)
        fold->first_ns = start_ns;
    if (start_ns + duration_ns > fold->last_ns)
        fold->last_ns = start_ns + duration_ns;
    return RN_OK;
}

static void add_counts(struct rn_otlp_attributes *list, const struct span_fold *fold)
{
    const char *kind = rn_kind_name(fold->kind);

    rn_otlp_add_text(list, KEY("rn.aggregate.of"), (struct rn_otlp_text){kind, strlen(kind)});
    rn_otlp_add_text(list, KEY("rn.aggregate.reason"), KEY("export-threshold"));
    rn_otlp_add_int(list, KEY("rn.aggregate.count"), (int64_t)fold->count);
    rn_otlp_add_int(list, KEY("rn.aggregate.sum_ns"), (int64_t)fold->sum_ns);
    rn_otlp_add_int(list, KEY("rn.aggregate.min_ns"), (int64_t)fold->min_ns);
    rn_otlp_add_int(list, KEY("rn.aggregate.max_ns"), (int64_t)fold->max_ns);
    if (fold->errors)
        rn_otlp_add_int(list, KEY("rn.aggregate.errors"), (int64_t)fold->errors);
    if (fold->bytes)
        rn_otlp_add_int(list, KEY("rn.aggregate.bytes"), (int64_t)fold->bytes);
}

static enum rn_status encode(struct rn_span_tree *tree, const struct span_fold *fold,
                             struct rn_error *err)
{
    struct span_part *part = &tree->part;
    struct rn_otlp_attributes list = {.count = 0};
    struct rn_otlp_text name = {(const char *)fold->name.data, fold->name.size};
    struct span_entry *entry = rn_span_part_entry(part);
    struct rn_otlp_span span = {
        .trace_id = part->trace_id,
        .id = rn_span_id_structure(&tree->ids, RN_SPAN_FOLD, hash(fold->thread, fold->kind, name),
                                   part->number),
        .parent = fold->thread->id,
        .start_ns = fold->first_ns,
        .end_ns = fold->last_ns,
        .name = name,
        .common = {(const char *)fold->thread->common.data, fold->thread->common.size},
        .attributes = &list,
    };

    if (!entry)
        return rn_fail(err, RN_E_NOMEM, "no memory for the spans of a trace");
    add_counts(&list, fold);
    rn_span_add_original_time(tree, &list, fold->first_ns);
    entry->ref.offset = (uint32_t)part->arena.size;
    entry->ref.folded = (uint32_t)fold->count;
    entry->id = span.id;
    entry->start_ns = span.start_ns;
    entry->end_ns = span.end_ns;
    entry->thread = fold->thread;
    entry->process = fold->thread->process;
    rn_otlp_span_encode(&part->arena, &span);
    entry->ref.size = (uint32_t)(part->arena.size - entry->ref.offset);
    return RN_OK;
}

enum rn_status rn_span_folds_encode(struct rn_span_tree *tree, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (size_t i = 0; i < tree->part.fold_count && status == RN_OK; i++)
        status = encode(tree, tree->part.folds[i], err);
    return status;
}
