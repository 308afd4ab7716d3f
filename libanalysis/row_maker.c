/* SPDX-License-Identifier: MIT */
/* From an event to a row. */
#include "row_private.h"

#include "formats/escape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum rn_status rn_row_maker_new(const struct rn_manifest *manifest, struct rn_trace *trace,
                                const char *creator, struct rn_row_maker **out,
                                struct rn_error *err)
{
    struct rn_row_maker *maker = calloc(1, sizeof *maker);

    *out = maker;
    if (!maker)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    maker->manifest = manifest;
    maker->trace = trace;
    maker->creator = creator;
    rn_row_tables_make(maker);
    return RN_OK;
}

void rn_row_maker_free(struct rn_row_maker *maker)
{
    if (!maker)
        return;
    for (unsigned i = 0; i < RN_ROW_BUFS; i++)
        rn_buf_free(&maker->bufs[i]);
    rn_buf_free(&maker->seen[0]);
    rn_buf_free(&maker->seen[1]);
    free(maker);
}

const struct rn_row_table *const *rn_row_maker_tables(const struct rn_row_maker *maker,
                                                      size_t *count)
{
    *count = maker->table_count;
    return maker->tables;
}

/* The columns that need one are fewer than there are, in every table. */
struct rn_buf *rn_row_buf(struct rn_row_maker *maker)
{
    struct rn_buf *buf = &maker->bufs[maker->bufs_used];

    if (maker->bufs_used + 1 < RN_ROW_BUFS)
        maker->bufs_used++;
    rn_buf_clear(buf);
    return buf;
}

void rn_row_string(struct rn_row_value *value, const char *text)
{
    if (text)
        rn_row_text(value, text, strlen(text));
}

static void add_attached(struct rn_row_maker *maker, const struct rn_event *event,
                         const struct rn_row_source *source, struct rn_row_value *value)
{
    const struct rn_attachment *found = rn_event_attachment(event, source->item, RN_ARG_ANY);
    struct rn_buf *buf;

    if (!found)
        return;
    if (source->origin == RN_ROW_FROM_TEXT) {
        rn_row_text(value, found->data, found->size);
        return;
    }
    buf = rn_row_buf(maker);
    if (source->origin == RN_ROW_FROM_HEX) {
        rn_escape_hex(buf, found->data, found->size);
    } else {
        rn_buf_byte(buf, '[');
        for (size_t at = 0; at < found->size;) {
            const uint8_t *end = memchr(found->data + at, 0, found->size - at);
            size_t size = end ? (size_t)(end - found->data) - at : found->size - at;

            if (at)
                rn_buf_byte(buf, ',');
            rn_escape_json(buf, found->data + at, size);
            at += size + 1;
        }
        rn_buf_byte(buf, ']');
    }
    rn_row_text(value, buf->data, buf->size);
}

/* Of a process whose thread is not known (a module, a descriptor) the payload says it. */
static uint64_t pid_of(const struct rn_event *event, const struct rn_thread_info *thread)
{
    switch (event->kind) {
    case RN_KIND_PROCESS:
        return event->u.process.pid;
    case RN_KIND_MODULE:
        return event->u.module.pid;
    case RN_KIND_DESCRIPTOR:
        return event->u.descriptor.pid;
    default:
        return thread->pid;
    }
}

static void add_pid(const struct rn_event *event, const struct rn_thread_info *thread,
                    struct rn_row_value *value)
{
    uint64_t pid = pid_of(event, thread);

    if (pid)
        rn_row_integer(value, pid);
}

static void add_tid(const struct rn_event *event, const struct rn_thread_info *thread,
                    struct rn_row_value *value)
{
    if (event->kind == RN_KIND_PROCESS)
        rn_row_integer(value, event->u.process.tid);
    else if (thread->stream && thread->type != RN_STREAM_SOURCE)
        rn_row_integer(value, thread->tid);
}

static bool has_ordinal(const struct rn_event *event)
{
    return !(event->flags & (RN_EVENT_SNAPSHOT | RN_EVENT_UNFINISHED)) || event->ordinal;
}

static void add_word(struct rn_row_maker *maker, const struct rn_event *event,
                     const struct rn_row_source *source, struct rn_row_value *value)
{
    const struct rn_clock *clock = rn_trace_clock(maker->trace);
    uint64_t word = event->u.words[source->item];
    double real;

    switch (source->origin) {
    case RN_ROW_FROM_TICKS:
        rn_row_integer(value, rn_clock_duration(clock, word));
        break;
    case RN_ROW_FROM_MOMENT:
        if (word)
            rn_row_integer(value, rn_clock_since_start(clock, word));
        break;
    case RN_ROW_FROM_DOUBLE:
        memcpy(&real, &word, sizeof real);
        value->type = isnan(real) ? RN_ROW_NULL : RN_ROW_REAL;
        value->u.real = real;
        break;
    case RN_ROW_FROM_NAMED:
        rn_row_string(value, source->names(word));
        break;
    default:
        rn_row_integer(value, word);
    }
}

static void add_head(struct rn_row_maker *maker, const struct rn_event *event,
                     const struct rn_thread_info *thread, uint8_t origin,
                     struct rn_row_value *value)
{
    const struct rn_clock *clock = rn_trace_clock(maker->trace);

    switch (origin) {
    case RN_ROW_FROM_STREAM:
        rn_row_integer(value, event->stream);
        break;
    case RN_ROW_FROM_ORDINAL:
        if (has_ordinal(event))
            rn_row_integer(value, event->ordinal);
        break;
    case RN_ROW_FROM_SOURCE:
        rn_row_integer(value, event->source);
        break;
    case RN_ROW_FROM_PID:
        add_pid(event, thread, value);
        break;
    case RN_ROW_FROM_TID:
        add_tid(event, thread, value);
        break;
    case RN_ROW_FROM_START:
        rn_row_integer(value, rn_clock_realtime(clock, event->start));
        break;
    case RN_ROW_FROM_SINCE:
        rn_row_integer(value, rn_clock_since_start(clock, event->start));
        break;
    case RN_ROW_FROM_DURATION:
        rn_row_integer(value, rn_clock_duration(clock, event->duration));
        break;
    case RN_ROW_FROM_FLAGS:
        rn_row_integer(value, event->flags);
        break;
    case RN_ROW_FROM_SERIAL:
        if (thread->process)
            rn_row_integer(value, thread->process->serial);
        break;
    default: /* RN_ROW_FROM_STREAM_NAME */
        if (thread->stream)
            rn_row_string(value, thread->name);
    }
}

static void fill(struct rn_row_maker *maker, const struct rn_row_layout *layout,
                 const struct rn_event *event)
{
    uint64_t stream = event->kind == RN_KIND_STREAM ? event->u.stream_info.id : event->stream;
    const struct rn_thread_info *thread = rn_trace_thread(maker->trace, stream);

    for (unsigned i = 0; i < layout->table.column_count; i++) {
        const struct rn_row_source *source = &layout->sources[i];
        struct rn_row_value *value = &maker->values[i];

        value->type = RN_ROW_NULL;
        if (source->origin < RN_ROW_FROM_WORD)
            add_head(maker, event, thread, source->origin, value);
        else if (source->origin < RN_ROW_FROM_TEXT)
            add_word(maker, event, source, value);
        else if (source->origin < RN_ROW_FROM_CALL_NAME)
            add_attached(maker, event, source, value);
    }
    if (event->kind == RN_KIND_SYSCALL)
        rn_row_call(maker, layout, event);
}

/* Is it the first time? */
static enum rn_status see_stream(struct rn_row_maker *maker, uint64_t stream, bool *first,
                                 struct rn_error *err)
{
    bool queue = stream >= RN_STREAM_QUEUES;
    struct rn_buf *seen = &maker->seen[queue];
    uint64_t number = queue ? stream - RN_STREAM_QUEUES : stream;
    uint64_t byte = number / 8;
    uint8_t bit = (uint8_t)(1u << number % 8);

    *first = false;
    if (number >= RN_TRACE_MAX_STREAMS * 8ull) /* the trace has refused it, or it is no number */
        return RN_OK;
    while (seen->size <= byte && !seen->failed)
        rn_buf_append(seen, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    if (seen->failed)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    *first = !(seen->data[byte] & bit);
    seen->data[byte] |= bit;
    return RN_OK;
}

/* What a segment restates counts in the first one only, which may be no begin of a recording. */
static bool restates(struct rn_row_maker *maker, const struct rn_event *event)
{
    if (event->kind == RN_KIND_COMMIT && event->flags & RN_EVENT_SNAPSHOT)
        maker->segments++;
    return event->kind != RN_KIND_STREAM && event->flags & RN_EVENT_SNAPSHOT && maker->segments > 1;
}

static void count(struct rn_row_maker *maker, const struct rn_event *event, uint64_t start_ns)
{
    uint64_t end_ns = start_ns + rn_clock_duration(rn_trace_clock(maker->trace), event->duration);

    if (event->kind == RN_KIND_STREAM)
        return;
    maker->events++;
    if (end_ns >= start_ns && end_ns > maker->end_ns && end_ns <= INT64_MAX)
        maker->end_ns = end_ns;
    if (event->kind != RN_KIND_LOSS)
        return;
    maker->lost_unknown |= event->u.loss.count == 0;
    if (__builtin_add_overflow(maker->lost, event->u.loss.count, &maker->lost))
        maker->lost_unknown = true;
}

enum rn_status rn_row_maker_event(struct rn_row_maker *maker, const struct rn_event *event,
                                  struct rn_row *row, struct rn_error *err)
{
    const struct rn_row_layout *layout =
        event->kind < RN_KIND_LIMIT ? maker->by_kind[event->kind] : NULL;
    bool first = true;
    enum rn_status status = RN_OK;

    if (restates(maker, event) || !layout)
        return RN_EOF;
    if (event->kind == RN_KIND_STREAM)
        status = see_stream(maker, event->u.stream_info.id, &first, err);
    if (status != RN_OK || !first)
        return status != RN_OK ? status : RN_EOF;
    maker->bufs_used = 0;
    fill(maker, layout, event);
    for (unsigned i = 0; i < RN_ROW_BUFS; i++)
        if (maker->bufs[i].failed)
            return rn_fail(err, RN_E_NOMEM, "out of memory");
    *row = (struct rn_row){
        .table = &layout->table,
        .values = maker->values,
        .start_ns = event->kind == RN_KIND_STREAM
                        ? maker->manifest->start.realtime_ns
                        : rn_clock_realtime(rn_trace_clock(maker->trace), event->start),
        .source = event->source,
    };
    count(maker, event, row->start_ns);
    return RN_OK;
}
