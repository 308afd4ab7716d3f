/* SPDX-License-Identifier: MIT */
/* One event as a CSV record. */
#include "render_private.h"

#include "formats/escape.h"
#include "formats/event_schema.h"
#include "formats/value_name.h"

#include <string.h>

void rn_render_csv_header(struct rn_buf *out)
{
    rn_buf_text(out, "kind,stream,ordinal,pid,tid,start_ns,since_start_ns,duration_ns,name,args,"
                     "ret,errno\n");
}

static void add_number(struct rn_buf *out, uint64_t value)
{
    rn_buf_byte(out, ',');
    rn_buf_decimal(out, value);
}

static void add_text_field(struct rn_buf *out, const char *text)
{
    rn_buf_byte(out, ',');
    rn_escape_csv(out, (const uint8_t *)text, strlen(text));
}

static void add_head(struct rn_trace *trace, const struct rn_event *event, const char *kind,
                     struct rn_buf *out)
{
    const struct rn_thread_info *thread = rn_trace_thread(trace, event->stream);
    const struct rn_clock *clock = rn_trace_clock(trace);

    rn_buf_text(out, kind);
    add_number(out, event->stream);
    add_number(out, event->ordinal);
    add_number(out, thread->pid);
    add_number(out, thread->tid);
    add_number(out, rn_clock_realtime(clock, event->start));
    add_number(out, rn_clock_since_start(clock, event->start));
    add_number(out, rn_clock_duration(clock, event->duration));
}

/* Make what was written behind `from` a field: quoted, where it needs to be. It is free of control
 * characters. */
static void quote_from(struct rn_buf *out, size_t from)
{
    size_t size = out->size - from, quotes = 2, to;

    for (size_t i = from; i < out->size; i++)
        quotes += out->data[i] == '"';
    if (size == 0 || (quotes == 2 && !memchr(out->data + from, ',', size)))
        return;
    if (!rn_buf_reserve(out, quotes))
        return;
    to = out->size + quotes;
    out->data[--to] = '"';
    for (size_t i = out->size; i > from; i--) {
        out->data[--to] = out->data[i - 1];
        if (out->data[i - 1] == '"')
            out->data[--to] = '"';
    }
    out->data[from] = '"';
    out->size += quotes;
}

static void add_syscall(struct rn_trace *trace, const struct rn_event *event, struct rn_buf *out)
{
    struct rn_sink sink = {.out = out, .string_limit = 32};
    struct rn_call_view view;
    const char *name;
    size_t from;

    rn_call_view_init(&view, trace, event);
    add_text_field(out, view.info ? view.info->name : "");
    rn_buf_byte(out, ',');
    from = out->size;
    rn_render_arguments(&sink, &view);
    quote_from(out, from);
    rn_buf_byte(out, ',');
    if (event->flags & RN_EVENT_UNFINISHED) {
        rn_buf_byte(out, ',');
        return;
    }
    if (!rn_syscall_failed(view.call)) {
        rn_buf_decimal_signed(out, (int64_t)view.call->ret);
        rn_buf_byte(out, ',');
        return;
    }
    name = rn_errno_name((int)-view.call->ret);
    rn_buf_text(out, "-1,");
    if (name)
        rn_buf_text(out, name);
    else
        rn_buf_decimal(out, -view.call->ret);
}

static void add_words(struct rn_sink *sink, struct rn_trace *trace, const struct rn_event *event,
                      const struct rn_schema *schema)
{
    for (unsigned i = 0; i < schema->words; i++) {
        const struct rn_field *field = &schema->fields[i];

        if (!event->u.words[i])
            continue;
        if (strcmp(field->name, "api") == 0 || strcmp(field->name, "direction") == 0) {
            rn_sink_name(sink, field->name);
            rn_sink_symbol(sink,
                           rn_value_name(field->name[0] == 'a' ? RN_VALUE_API : RN_VALUE_DIRECTION,
                                         event->u.words[i]));
        } else {
            rn_render_field(sink, trace, field, event->u.words[i]);
        }
    }
}

/* name: the first attachment that is a text; args: the words that are not 0. */
static void add_generic(struct rn_trace *trace, const struct rn_event *event,
                        const struct rn_schema *schema, struct rn_buf *out)
{
    static const uint8_t texts[] = {RN_ATT_EXE, RN_ATT_NAME, RN_ATT_PATH, RN_ATT_TEXT};
    struct rn_sink sink = {.out = out};
    const struct rn_attachment *text = NULL;
    size_t from;

    for (size_t i = 0; i < sizeof(texts) && !text; i++)
        text = rn_event_attachment(event, texts[i], RN_ARG_ANY);
    rn_buf_byte(out, ',');
    if (text)
        rn_escape_csv(out, text->data, text->size);
    rn_buf_byte(out, ',');
    from = out->size;
    add_words(&sink, trace, event, schema);
    quote_from(out, from);
    rn_buf_text(out, ",,");
}

void rn_render_csv(struct rn_trace *trace, const struct rn_event *event, struct rn_buf *out)
{
    const struct rn_schema *schema = rn_schema_get(event->kind);

    if (!schema)
        return;
    add_head(trace, event, schema->name, out);
    if (event->kind == RN_KIND_SYSCALL)
        add_syscall(trace, event, out);
    else
        add_generic(trace, event, schema, out);
    rn_buf_byte(out, '\n');
}
