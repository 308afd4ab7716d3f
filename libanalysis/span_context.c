/* SPDX-License-Identifier: MIT */
/* Which trace a recording as a whole is in, and under which span. What the user says counts most,
 * then what the recorder wrote into the manifest, then the environment that the first program was
 * started with. */
#include "span_private.h"

/* The variable's value; NULL where it is not in the list. */
static const char *variable(const struct rn_attachment *env, const char *name, size_t *size)
{
    size_t skip = strlen(name);

    for (size_t at = 0; at < env->size;) {
        const char *text = (const char *)env->data + at;
        size_t length = strnlen(text, env->size - at);

        if (length > skip && !memcmp(text, name, skip)) {
            *size = length - skip;
            return text + skip;
        }
        at += length + 1;
    }
    return NULL;
}

static void take_state(struct rn_span_tree *tree, const char *state, size_t size)
{
    tree->options.trace_state = NULL;
    if (!state || rn_trace_state_fault(state, size))
        return;
    rn_buf_clear(&tree->state);
    rn_buf_append(&tree->state, state, size);
    rn_buf_byte(&tree->state, 0);
    if (!tree->state.failed)
        tree->options.trace_state = (const char *)tree->state.data;
}

/* Whoever has handed a span to its program is the root of it: a parent that is not in its manifest,
 * but in the environment of whoever exports, would tear that from what was recorded below it. */
void rn_span_context_init(struct rn_span_tree *tree)
{
    const struct rn_manifest *manifest = tree->manifest;
    const char *parent = manifest->trace_parent, *given = manifest->trace_given;
    const char *state = manifest->trace_state;

    tree->has_given = given && rn_trace_parent_parse(given, strlen(given), &tree->given);
    if (tree->options.parent_is_final)
        return;
    if (tree->has_given) {
        tree->options.has_parent = false;
        tree->options.parent_is_final = true;
    }
    if (parent && rn_trace_parent_parse(parent, strlen(parent), &tree->options.parent)) {
        tree->options.has_parent = tree->options.parent_is_final = true;
        take_state(tree, state, state ? strlen(state) : 0);
    }
}

void rn_span_context_note(struct rn_span_tree *tree, const struct rn_event *event)
{
    const struct rn_attachment *env = rn_event_attachment(event, RN_ATT_ENV, RN_ARG_ANY);
    const char *parent, *state;
    size_t size = 0;

    if (!env || tree->options.parent_is_final)
        return;
    parent = variable(env, "TRACEPARENT=", &size);
    if (parent && rn_trace_parent_parse(parent, size, &tree->options.parent)) {
        tree->options.has_parent = true;
        state = variable(env, "TRACESTATE=", &size);
        take_state(tree, state, size);
    }
    tree->options.parent_is_final = true;
}

bool rn_span_context_trace(const struct rn_span_tree *tree, uint8_t trace_id[16])
{
    if (tree->options.has_parent)
        memcpy(trace_id, tree->options.parent.trace_id, 16);
    else if (tree->has_given && !tree->manifest->trace_parent)
        memcpy(trace_id, tree->given.trace_id, 16);
    else
        return false;
    return true;
}
