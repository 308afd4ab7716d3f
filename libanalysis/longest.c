/* SPDX-License-Identifier: MIT */
#include "longest.h"

#include "render.h"

#include <stdlib.h>
#include <string.h>

struct rn_longest {
    struct rn_longest_event *events; /* a heap, the shortest first */
    size_t count, room;
    struct rn_buf text;
};

struct rn_longest *rn_longest_new(size_t count)
{
    struct rn_longest *longest = calloc(1, sizeof *longest);

    if (longest)
        longest->events = calloc(count, sizeof *longest->events);
    if (!longest || !longest->events) {
        free(longest);
        return NULL;
    }
    longest->room = count;
    return longest;
}

void rn_longest_free(struct rn_longest *longest)
{
    if (!longest)
        return;
    for (size_t i = 0; i < longest->count; i++) {
        free(longest->events[i].name);
        free(longest->events[i].text);
    }
    free(longest->events);
    rn_buf_free(&longest->text);
    free(longest);
}

static void sift_down(struct rn_longest *longest)
{
    struct rn_longest_event *events = longest->events;
    struct rn_longest_event moved = events[0];
    size_t at = 0, child;

    while ((child = 2 * at + 1) < longest->count) {
        if (child + 1 < longest->count && events[child + 1].duration_ns < events[child].duration_ns)
            child++;
        if (events[child].duration_ns >= moved.duration_ns)
            break;
        events[at] = events[child];
        at = child;
    }
    events[at] = moved;
}

static void sift_up(struct rn_longest *longest)
{
    struct rn_longest_event *events = longest->events;
    size_t at = longest->count - 1;
    struct rn_longest_event moved = events[at];

    for (; at && events[(at - 1) / 2].duration_ns > moved.duration_ns; at = (at - 1) / 2)
        events[at] = events[(at - 1) / 2];
    events[at] = moved;
}

static char *take_text(struct rn_buf *text)
{
    size_t size = text->size < RN_LONGEST_TEXT ? text->size : RN_LONGEST_TEXT;

    while (size && text->data[size - 1] == '\n')
        size--;
    return text->failed ? NULL : strndup(text->data ? (const char *)text->data : "", size);
}

/* A call as strace would print it; of others all that rn-cat says. */
static void describe(struct rn_longest *longest, struct rn_trace *trace,
                     const struct rn_event *event)
{
    static const struct rn_render_options options = {.descriptors = true, .string_limit = 32};
    struct rn_render *render;

    rn_buf_clear(&longest->text);
    if (event->kind == RN_KIND_SYSCALL) {
        rn_render_syscall(&options, trace, event, &longest->text);
        return;
    }
    render = rn_render_new(&options);
    if (render)
        rn_render_text(render, trace, event, &longest->text);
    else
        longest->text.failed = true;
    rn_render_free(render);
}

static bool is_drawn(const struct rn_event *event)
{
    switch (event->kind) {
    case RN_KIND_SYSCALL:
    case RN_KIND_KERNEL:
    case RN_KIND_BLOCK:
    case RN_KIND_API:
    case RN_KIND_TRANSFER:
    case RN_KIND_SPAN:
        return event->duration != 0 && !(event->flags & RN_EVENT_SNAPSHOT);
    default:
        return false;
    }
}

enum rn_status rn_longest_add(struct rn_longest *longest, struct rn_trace *trace,
                              const struct rn_event *event, struct rn_error *err)
{
    const struct rn_clock *clock = rn_trace_clock(trace);
    struct rn_longest_event entry = {.stream = event->stream,
                                     .ordinal = event->ordinal,
                                     .duration_ns = rn_clock_duration(clock, event->duration),
                                     .kind = event->kind};
    bool full = longest->count == longest->room;

    if (!is_drawn(event) || (full && entry.duration_ns <= longest->events[0].duration_ns))
        return RN_OK;
    entry.since_ns = rn_clock_since_start(clock, event->start);
    entry.category = rn_plot_category(event);
    describe(longest, trace, event);
    entry.text = take_text(&longest->text);
    rn_buf_clear(&longest->text);
    rn_render_title(event, &longest->text);
    entry.name = take_text(&longest->text);
    if (!entry.name || !entry.text) {
        free(entry.name);
        free(entry.text);
        return rn_fail(err, RN_E_NOMEM, "no memory for the longest events");
    }
    if (full) {
        free(longest->events[0].name);
        free(longest->events[0].text);
        longest->events[0] = entry;
        sift_down(longest);
    } else {
        longest->events[longest->count++] = entry;
        sift_up(longest);
    }
    return RN_OK;
}

static int longest_first(const void *left, const void *right)
{
    const struct rn_longest_event *a = left, *b = right;

    if (a->duration_ns != b->duration_ns)
        return a->duration_ns > b->duration_ns ? -1 : 1;
    return a->since_ns < b->since_ns ? -1 : a->since_ns > b->since_ns;
}

const struct rn_longest_event *rn_longest_events(struct rn_longest *longest, size_t *count)
{
    qsort(longest->events, longest->count, sizeof *longest->events, longest_first);
    *count = longest->count;
    return longest->events;
}
