/* SPDX-License-Identifier: MIT */
/* Parents that are known only when a part is complete: a call or block is recorded when it ends,
 * after what happened in it; a kernel's record arrives when the device has told. */
#include "span_private.h"

#include <stdlib.h>

static bool encloses(const struct span_entry *entry)
{
    return entry->kind == RN_KIND_API || entry->kind == RN_KIND_BLOCK ||
           entry->kind == RN_KIND_SPAN;
}

static void set_parent(struct span_part *part, const struct span_entry *entry, uint64_t parent)
{
    rn_otlp_id_store(part->arena.data + entry->ref.offset + RN_OTLP_PARENT_ID_OFFSET, parent);
}

/* By thread and start. Of what begins at once the longest comes first, and of what takes equally
 * long that which was recorded last, because a record is made at the end. */
static int compare(const void *a, const void *b)
{
    const struct span_entry *x = *(const struct span_entry *const *)a;
    const struct span_entry *y = *(const struct span_entry *const *)b;

    if (x->thread->stream != y->thread->stream)
        return x->thread->stream < y->thread->stream ? -1 : 1;
    if (x->start_ns != y->start_ns)
        return x->start_ns < y->start_ns ? -1 : 1;
    if (x->end_ns != y->end_ns)
        return x->end_ns > y->end_ns ? -1 : 1;
    if (encloses(x) != encloses(y))
        return encloses(x) ? -1 : 1;
    return x->ref.offset > y->ref.offset ? -1 : x->ref.offset < y->ref.offset;
}

/* What happened on threads that have calls or blocks to lie in. */
static size_t collect(struct span_part *part, struct span_entry **into)
{
    size_t count = 0;

    for (size_t i = 0; i < part->count; i++) {
        struct span_entry *entry = &part->entries[i];

        if (entry->kind != RN_KIND_NONE && entry->thread->encloses && !entry->correlation)
            into[count++] = entry;
        else if (encloses(entry))
            into[count++] = entry;
    }
    return count;
}

/* `open` are the enclosing spans that have not ended where the walk is, the innermost last. */
static void nest(struct span_part *part, struct span_entry **sorted, size_t count,
                 struct span_entry **open)
{
    size_t depth = 0;

    for (size_t i = 0; i < count; i++) {
        struct span_entry *entry = sorted[i];

        while (depth && (open[depth - 1]->thread != entry->thread ||
                         open[depth - 1]->end_ns < entry->end_ns ||
                         open[depth - 1]->end_ns < entry->start_ns))
            depth--;
        if (depth)
            set_parent(part, entry, open[depth - 1]->id);
        if (encloses(entry))
            open[depth++] = entry;
    }
}

static enum rn_status find_nesting(struct span_part *part, struct rn_error *err)
{
    struct span_entry **sorted, **open;
    bool any = false;
    size_t count;

    for (size_t i = 0; i < part->thread_count; i++)
        any |= part->threads[i]->encloses;
    if (!any)
        return RN_OK;
    sorted = calloc(part->count, sizeof(struct span_entry *));
    open = calloc(part->count, sizeof(struct span_entry *));
    if (sorted && open) {
        count = collect(part, sorted);
        qsort(sorted, count, sizeof *sorted, compare);
        nest(part, sorted, count, open);
    }
    free(sorted);
    free(open);
    return sorted && open ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory to nest spans");
}

static void remember(struct rn_span_tree *tree, const struct span_entry *entry)
{
    tree->recent[entry->correlation % SPAN_RECENT] =
        (struct span_recent){.key = entry->correlation, .id = entry->id, .part = tree->part.number};
}

/* What a device did belongs to the call that asked for it. */
static enum rn_status find_correlation(struct rn_span_tree *tree, struct rn_error *err)
{
    struct span_part *part = &tree->part;
    struct rn_id_map calls = RN_ID_MAP_INIT;
    enum rn_status status = RN_OK;

    for (size_t i = 0; i < part->count && status == RN_OK; i++) {
        struct span_entry *entry = &part->entries[i];

        if (entry->kind != RN_KIND_API || !entry->correlation)
            continue;
        remember(tree, entry);
        if (!rn_id_map_get(&calls, entry->correlation) &&
            !rn_id_map_set(&calls, entry->correlation, entry))
            status = rn_fail(err, RN_E_NOMEM, "no memory to correlate spans");
    }
    for (size_t i = 0; i < part->count && calls.count; i++) {
        const struct span_entry *entry = &part->entries[i], *call;

        if ((entry->kind != RN_KIND_KERNEL && entry->kind != RN_KIND_TRANSFER) ||
            !entry->correlation)
            continue;
        call = rn_id_map_get(&calls, entry->correlation);
        if (call)
            set_parent(part, entry, call->id);
    }
    rn_id_map_free(&calls);
    return status;
}

enum rn_status rn_span_find_parents(struct rn_span_tree *tree, struct rn_error *err)
{
    enum rn_status status = find_nesting(&tree->part, err);

    return status == RN_OK ? find_correlation(tree, err) : status;
}
