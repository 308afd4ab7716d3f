/* SPDX-License-Identifier: MIT */
/* What has to be remembered of a process from one part of the recording to the next. */
#include "span_private.h"

#include <stdlib.h>

#define ARGV_LIMIT 2048u

struct span_known *rn_span_known_of(struct rn_span_tree *tree, const struct rn_thread_info *thread)
{
    struct span_known *known;

    if (!thread->process)
        return NULL;
    known = rn_id_map_get(&tree->known, thread->process->serial);
    if (!known) {
        known = calloc(1, sizeof *known);
        if (!known || !rn_id_map_set(&tree->known, thread->process->serial, known)) {
            free(known);
            return NULL;
        }
        known->first_stream = thread->stream;
    }
    if (!known->origin) {
        known->origin = (uintptr_t)rn_id_map_get(&tree->origins, thread->stream);
        rn_id_map_remove(&tree->origins, thread->stream);
    }
    return known;
}

static void note_arguments(struct rn_span_tree *tree, const struct rn_thread_info *thread,
                           const struct rn_event *event)
{
    const struct rn_attachment *argv = rn_event_attachment(event, RN_ATT_ARGV, RN_ARG_ANY);
    struct span_known *known = argv ? rn_span_known_of(tree, thread) : NULL;
    bool cut = false;

    if (!known)
        return;
    rn_buf_clear(&known->argv);
    for (size_t at = 0; at < argv->size && known->argv.size < ARGV_LIMIT;) {
        size_t length = strnlen((const char *)argv->data + at, argv->size - at);

        rn_otlp_text_add(&known->argv, argv->data + at, length, ARGV_LIMIT, &cut);
        rn_buf_byte(&known->argv, 0);
        at += length + 1;
    }
}

/* Streams are numbered in the order of their appearance, so a maker has a lower number than what it
 * made: what says otherwise is damaged, and would make a process its own ancestor. */
void rn_span_known_note(struct rn_span_tree *tree, struct rn_trace *trace,
                        const struct rn_event *event)
{
    const struct rn_process *process = &event->u.process;

    if (event->kind != RN_KIND_PROCESS)
        return;
    switch (process->op) {
    case RN_PROCESS_START:
    case RN_PROCESS_ATTACH:
    case RN_PROCESS_EXEC:
        note_arguments(tree, rn_trace_thread(trace, event->stream), event);
        rn_span_context_note(tree, event);
        break;
    case RN_PROCESS_FORK:
        if (process->child_stream > event->stream && process->child_stream <= UINT32_MAX)
            (void)!rn_id_map_set(&tree->origins, process->child_stream,
                                 (void *)(uintptr_t)event->stream);
        break;
    default:
        break;
    }
}

static void known_free(struct span_known *known)
{
    if (known)
        rn_buf_free(&known->argv);
    free(known);
}

void rn_span_known_end(struct rn_span_tree *tree, struct rn_trace *trace,
                       const struct rn_event *event)
{
    const struct rn_thread_info *thread;

    if (event->kind != RN_KIND_PROCESS ||
        (event->u.process.op != RN_PROCESS_EXIT && event->u.process.op != RN_PROCESS_DETACH))
        return;
    thread = rn_trace_thread(trace, event->stream);
    if (!thread->process || (event->u.process.op == RN_PROCESS_DETACH && thread->process->threads))
        return;
    known_free(rn_id_map_get(&tree->known, thread->process->serial));
    rn_id_map_remove(&tree->known, thread->process->serial);
}

void rn_span_known_free(struct rn_span_tree *tree)
{
    for (size_t i = 0; i < tree->known.capacity; i++)
        known_free(tree->known.slots[i].value);
    rn_id_map_free(&tree->known);
    rn_id_map_free(&tree->origins);
}
