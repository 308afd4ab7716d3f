/* SPDX-License-Identifier: MIT */
#include "chrome_private.h"

#include <string.h>

/* Times between 2001 and 2100 as microseconds since 1970 are that; a machine that has been up for
 * 31 years is not thought of. */
#define EPOCH_FIRST ((int64_t)1000000000 * 1000000000)
#define EPOCH_LAST  ((int64_t)4102444800 * 1000000000)
#define CAT_MAX     4096u
#define SERIES_MAX  1024u

enum rn_status rn_chrome_problem(struct rn_chrome *chrome, const char *what, struct rn_error *err)
{
    return rn_import_problem(chrome->import, 0, chrome->offset, err, "%s", what);
}

static enum rn_status tell_facts(struct rn_chrome *chrome, int64_t first, struct rn_error *err)
{
    struct rn_import_facts facts = {.disorder = true, .host = chrome->host, .os = chrome->os};

    chrome->told = true;
    chrome->epoch = !chrome->has_base && first >= EPOCH_FIRST && first < EPOCH_LAST;
    facts.clock = chrome->epoch ? RN_IMPORT_REALTIME : RN_IMPORT_RELATIVE;
    return rn_import_facts(chrome->import, &facts, err);
}

/* "ts" as nanoseconds. *good: it makes sense. */
static enum rn_status time_of(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                              uint64_t *time, bool *good, struct rn_error *err)
{
    enum rn_status status = RN_OK;
    int64_t ns;

    *good = false;
    if (event->ts.type == RN_JSON_NONE)
        return rn_chrome_problem(chrome, "an event without ts", err);
    if (!rn_scan_decimal(&event->ts, 3, &ns))
        return rn_chrome_problem(chrome, "ts is no number, or no time", err);
    if (!chrome->told)
        status = tell_facts(chrome, ns, err);
    if (chrome->epoch && ns < 0)
        return rn_chrome_problem(chrome, "ts is before 1970", err);
    /* Half of what rn_scan_decimal lets through, so that sums are no trouble. */
    if (ns >= RN_CHROME_ZERO || ns <= -RN_CHROME_ZERO)
        return rn_chrome_problem(chrome, "ts is no time", err);
    *time = chrome->epoch ? (uint64_t)ns : (uint64_t)(ns + RN_CHROME_ZERO);
    *good = status == RN_OK;
    return status;
}

static enum rn_status take_texts(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                                 bool *good, struct rn_error *err)
{
    rn_chrome_text(chrome, &chrome->name, &event->name);
    rn_chrome_text(chrome, &chrome->cat, &event->cat);
    if (chrome->cat.size > CAT_MAX)
        chrome->cat.size = CAT_MAX;
    rn_buf_clear(&chrome->source);
    chrome->span = (struct rn_span){0};
    chrome->flags = 0;
    *good =
        rn_chrome_take_args(chrome, &event->args, chrome->own ? rn_chrome_own_member : NULL, NULL);
    return *good ? RN_OK : rn_chrome_problem(chrome, "args are no JSON object", err);
}

/* What viewers draw from slice to slice: bind_id with flow_out and flow_in. */
static enum rn_status add_bound_flow(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                                     const struct rn_event *slice, struct rn_error *err)
{
    struct rn_event flow = {.kind = RN_KIND_FLOW, .stream = slice->stream, .start = slice->start};

    if (event->bind_id.type == RN_JSON_NONE || (!event->flow_in && !event->flow_out))
        return RN_OK;
    flow.u.flow.id = rn_chrome_id(&event->bind_id);
    flow.u.flow.phase = event->flow_in && event->flow_out ? RN_FLOW_STEP
                        : event->flow_in                  ? RN_FLOW_END
                                                          : RN_FLOW_BEGIN;
    rn_buf_clear(&chrome->args);
    rn_buf_clear(&chrome->name);
    rn_buf_clear(&chrome->cat);
    rn_buf_clear(&chrome->source);
    rn_buf_text(&chrome->name, "bind_id");
    return rn_chrome_emit(chrome, &flow, err);
}

static enum rn_status duration_of(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                                  uint64_t *duration, uint32_t *flags, bool *good,
                                  struct rn_error *err)
{
    int64_t ns = 0;

    *good = true;
    if (event->dur.type == RN_JSON_NONE) {
        *flags |= RN_EVENT_UNFINISHED;
    } else if (!rn_scan_decimal(&event->dur, 3, &ns) || ns >= RN_CHROME_ZERO) {
        *good = false;
        return rn_chrome_problem(chrome, "dur is no number, or no time", err);
    } else if (ns < 0) {
        rn_import_note(chrome->import, "negative durations, now 0", 1);
        ns = 0;
    }
    *duration = (uint64_t)ns;
    return RN_OK;
}

bool rn_chrome_unfinished_said(const struct rn_chrome *chrome, const struct rn_chrome_event *event)
{
    struct rn_scan_value key, value;
    struct rn_scan_text text;

    if (!chrome->own || event->args.type != RN_JSON_OBJECT)
        return false;
    text = rn_scan_inside(&event->args);
    while (rn_scan_member(&text, &key, &value) == 1)
        if (rn_scan_is(&key, "unfinished"))
            return value.type == RN_JSON_TRUE;
    return false;
}

/* What marks a stretch of a queue is on it. */
static enum rn_status span_stream(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                                  uint32_t *stream, struct rn_error *err)
{
    struct rn_chrome_thread *thread;
    enum rn_status status;

    if (rn_scan_is(&event->cat, "gpu_user_annotation"))
        return rn_chrome_queue_of(chrome, event, stream, err);
    status = rn_chrome_stream_of(chrome, event, &thread, err);
    if (status != RN_OK)
        return status;
    *stream = thread->stream;
    if (!chrome->caller && rn_scan_is(&event->cat, "cpu_op"))
        chrome->caller = thread->pid;
    return RN_OK;
}

static enum rn_status add_complete(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                                   uint64_t time, struct rn_error *err)
{
    struct rn_event span = {.kind = RN_KIND_SPAN, .start = time};
    bool good, taken = false;
    enum rn_status status = duration_of(chrome, event, &span.duration, &span.flags, &good, err);

    if (status == RN_OK && good)
        status = rn_chrome_device(chrome, event, time, span.duration, &taken, err);
    if (status == RN_OK && good && !taken)
        status = rn_chrome_own(chrome, event, time, span.duration, &taken, err);
    if (status != RN_OK || !good || taken)
        return status;
    status = span_stream(chrome, event, &span.stream, err);
    if (status == RN_OK)
        status = take_texts(chrome, event, &good, err);
    if (status != RN_OK || !good)
        return status;
    span.flags |= chrome->flags;
    span.u.span = chrome->span;
    status = rn_chrome_emit(chrome, &span, err);
    return status == RN_OK ? add_bound_flow(chrome, event, &span, err) : status;
}

static enum rn_status add_instant(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                                  uint64_t time, struct rn_error *err)
{
    struct rn_event span = {.kind = RN_KIND_SPAN, .start = time, .u.span.form = RN_SPAN_INSTANT};
    struct rn_chrome_thread *thread;
    bool good, taken;
    enum rn_status status = rn_chrome_own(chrome, event, time, 0, &taken, err);

    if (status != RN_OK || taken)
        return status;
    status = rn_chrome_stream_of(chrome, event, &thread, err);
    if (status == RN_OK)
        status = take_texts(chrome, event, &good, err);
    if (status != RN_OK || !good)
        return status;
    if (event->reach.type == RN_JSON_STRING && !rn_scan_is(&event->reach, "t"))
        rn_import_note(chrome->import, "instants of a process or of all, now of a thread", 1);
    span.stream = thread->stream;
    span.u.span = chrome->span;
    span.u.span.form = RN_SPAN_INSTANT;
    if (event->phase == 'n')
        span.u.span.id = rn_chrome_id(&event->id);
    return rn_chrome_emit(chrome, &span, err);
}

static enum rn_status add_flow(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                               uint64_t time, struct rn_error *err)
{
    struct rn_event flow = {.kind = RN_KIND_FLOW, .start = time};
    struct rn_chrome_thread *thread;
    enum rn_status status = rn_chrome_stream_of(chrome, event, &thread, err);
    bool good;

    /* These follow from the events that they tie. */
    if (chrome->own && rn_scan_is(&event->cat, "launch"))
        return status;
    if (status == RN_OK)
        status = take_texts(chrome, event, &good, err);
    if (status != RN_OK || !good)
        return status;
    flow.stream = thread->stream;
    flow.u.flow.id = rn_chrome_id(&event->id);
    flow.u.flow.phase = event->phase == 's'   ? RN_FLOW_BEGIN
                        : event->phase == 't' ? RN_FLOW_STEP
                                              : RN_FLOW_END;
    return rn_chrome_emit(chrome, &flow, err);
}

/* Each argument is a series of the counter; one that is alone and called "value" has no name. */
static enum rn_status add_counter(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                                  uint64_t time, struct rn_error *err)
{
    struct rn_scan_text text = rn_scan_inside(&event->args);
    struct rn_chrome_thread *thread;
    struct rn_scan_value key, value;
    enum rn_status status = rn_chrome_stream_of(chrome, event, &thread, err);

    if (status == RN_OK && event->args.type != RN_JSON_OBJECT)
        return rn_chrome_problem(chrome, "a counter without values", err);
    rn_chrome_text(chrome, &chrome->name, &event->name);
    rn_chrome_text(chrome, &chrome->cat, &event->cat);
    rn_buf_clear(&chrome->source);
    while (status == RN_OK && rn_scan_member(&text, &key, &value) == 1) {
        struct rn_event counter = {
            .kind = RN_KIND_COUNTER, .stream = thread->stream, .start = time};
        double number;

        if (!rn_scan_double(&value, &number)) {
            rn_import_note(chrome->import, "values of counters that are no numbers", 1);
            continue;
        }
        memcpy(&counter.u.counter.value, &number, sizeof number);
        counter.u.counter.id = rn_chrome_id(&event->id);
        rn_chrome_text(chrome, &chrome->args, &key);
        if (chrome->args.size > SERIES_MAX)
            chrome->args.size = SERIES_MAX;
        if (rn_scan_is(&key, "value"))
            rn_buf_clear(&chrome->args);
        status = rn_chrome_emit(chrome, &counter, err);
    }
    return status;
}

static enum rn_status add_metadata(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                                   struct rn_error *err)
{
    if (rn_scan_is(&event->name, "thread_name"))
        return rn_chrome_name_thread(chrome, event, err);
    if (rn_scan_is(&event->name, "process_name"))
        return rn_chrome_name_process(chrome, event, err);
    if (!chrome->own)
        rn_import_note(chrome->import, "metadata but names: labels, orders and the like", 1);
    return RN_OK;
}

/* A begin or an end, on a thread or under an id. */
static enum rn_status add_half(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                               uint64_t time, struct rn_error *err)
{
    struct rn_chrome_thread *thread;
    enum rn_status status = rn_chrome_stream_of(chrome, event, &thread, err);
    bool good;

    if (status == RN_OK)
        status = take_texts(chrome, event, &good, err);
    if (status != RN_OK || !good)
        return status;
    switch (event->phase) {
    case 'B':
        return rn_chrome_begin(chrome, thread, time, err);
    case 'E':
        return rn_chrome_close(chrome, thread, time, err);
    default:
        return rn_chrome_async(chrome, event, thread, time,
                               event->phase == 'e' || event->phase == 'F', err);
    }
}

static const struct phase {
    char letter;
    enum rn_status (*add)(struct rn_chrome *, const struct rn_chrome_event *, uint64_t,
                          struct rn_error *);
    const char *note; /* where it is left out */
} phases[] = {
    {'X', add_complete, NULL},
    {'B', add_half, NULL},
    {'E', add_half, NULL},
    {'b', add_half, NULL},
    {'e', add_half, NULL},
    {'S', add_half, NULL},
    {'F', add_half, NULL},
    {'i', add_instant, NULL},
    {'I', add_instant, NULL},
    {'R', add_instant, NULL},
    {'n', add_instant, NULL},
    {'T', add_instant, NULL},
    {'p', add_instant, NULL},
    {'s', add_flow, NULL},
    {'t', add_flow, NULL},
    {'f', add_flow, NULL},
    {'C', add_counter, NULL},
    {'P', NULL, "samples of a profile (phase P)"},
    {'N', NULL, "objects (phases N, O, D)"},
    {'O', NULL, "objects (phases N, O, D)"},
    {'D', NULL, "objects (phases N, O, D)"},
    {'v', NULL, "dumps of memory (phases v, V)"},
    {'V', NULL, "dumps of memory (phases v, V)"},
    {'c', NULL, "readings of clocks (phase c)"},
    {'(', NULL, "contexts (phases ( and ))"},
    {')', NULL, "contexts (phases ( and ))"},
};

static const struct phase *phase_of(char letter)
{
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++)
        if (phases[i].letter == letter)
            return &phases[i];
    return NULL;
}

/* What is left of an event that is taken. */
static void note_losses(struct rn_chrome *chrome, const struct rn_chrome_event *event)
{
    if (event->twice)
        rn_import_note(chrome->import, "keys that an event has twice: the last one counts",
                       event->twice);
    if (event->thread_clock)
        rn_import_note(chrome->import, "times of the thread's own clock (tts, tdur)", 1);
    if (event->stack)
        rn_import_note(chrome->import, "stacks of calls (sf, stack)", 1);
}

enum rn_status rn_chrome_add(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                             struct rn_error *err)
{
    const struct phase *phase = phase_of(event->phase);
    enum rn_status status;
    uint64_t time;
    bool good;

    if (event->phase == 'M')
        return add_metadata(chrome, event, err);
    /* {} is how some end their lists, TensorFlow's profiler for one. */
    if (event->empty)
        return RN_OK;
    if (event->phase == '\0')
        return rn_chrome_problem(chrome, "an event without ph, or ph is no letter", err);
    if (!phase || !phase->add) {
        rn_import_note(chrome->import, phase ? phase->note : "events of phases that are not known",
                       1);
        return RN_OK;
    }
    if (event->twice || event->thread_clock || event->stack)
        note_losses(chrome, event);
    status = time_of(chrome, event, &time, &good, err);
    return status == RN_OK && good ? phase->add(chrome, event, time, err) : status;
}

enum rn_status rn_chrome_end(struct rn_chrome *chrome, struct rn_error *err)
{
    enum rn_status status = rn_chrome_unfinished(chrome, err);

    if (status == RN_OK)
        status = rn_chrome_state_names(chrome, err);
    /* Without a base the times are kept as they are: the file's zero is taken for that of 1970. */
    if (status == RN_OK && chrome->told && !chrome->epoch &&
        (chrome->has_base || chrome->first >= (uint64_t)RN_CHROME_ZERO))
        status = rn_import_realtime(chrome->import, chrome->realtime_of_zero - RN_CHROME_ZERO, err);
    return status;
}
