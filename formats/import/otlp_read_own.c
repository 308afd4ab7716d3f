/* SPDX-License-Identifier: MIT */
/* Spans that rn-export-otlp made of events, see rn-otlp(7), become events again. */
#include "otlp_own.h"

#include "formats/value_name.h"

#include <stdlib.h>

void otlp_own_attach(struct otlp_own *own, uint8_t type, uint8_t arg, const void *data, size_t size)
{
    struct rn_attachment attachment = rn_import_attachment(type, data, size);

    attachment.arg = arg;
    if (own->event.attachment_count < OTLP_OWN_ATTACHMENTS)
        own->attachments[own->event.attachment_count++] = attachment;
}

bool otlp_begins(const struct rn_otlp_text *text, const char *word)
{
    size_t length = strlen(word);

    return text->size >= length && !memcmp(text->data, word, length);
}

uint64_t otlp_own_number(const struct rn_otlp_facts *facts, const char *key)
{
    const struct rn_otlp_value *value = rn_otlp_fact(facts, key);

    return value && value->type == RN_OTLP_VALUE_INT ? (uint64_t)value->u.number : 0;
}

static void take_source(struct otlp_own *own)
{
    const struct rn_otlp_value *file = rn_otlp_fact(own->facts, "code.file.path");
    uint64_t line;

    if (!file || file->type != RN_OTLP_VALUE_TEXT)
        return;
    rn_buf_append(&own->source, file->text.data, file->text.size);
    if (otlp_number(own->facts, "code.line.number", &line)) {
        rn_buf_byte(&own->source, ':');
        rn_buf_decimal(&own->source, line);
    }
    if (!own->source.failed)
        otlp_own_attach(own, RN_ATT_SOURCE, RN_ARG_NONE, own->source.data, own->source.size);
}

static void take_flags(struct otlp_own *own)
{
    static const struct {
        const char *key;
        uint32_t flag;
    } flags[] = {{"rn.unfinished", RN_EVENT_UNFINISHED},
                 {"rn.traced", RN_EVENT_TRACED},
                 {"rn.truncated", RN_EVENT_TRUNCATED},
                 {"rn.fault", RN_EVENT_FAULT}};
    uint64_t original = otlp_own_number(own->facts, "rn.original_start_ns");

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        const struct rn_otlp_value *value = rn_otlp_fact(own->facts, flags[i].key);

        if (value && value->type == RN_OTLP_VALUE_FLAG && value->u.flag)
            own->event.flags |= flags[i].flag;
    }
    if (original)
        own->event.start = original;
}

static bool has_name(uint8_t kind)
{
    return kind == RN_KIND_KERNEL || kind == RN_KIND_BLOCK || kind == RN_KIND_API ||
           kind == RN_KIND_TRANSFER || kind == RN_KIND_DECISION || kind == RN_KIND_AGGREGATE ||
           kind == RN_KIND_SPAN || kind == RN_KIND_COUNTER || kind == RN_KIND_FLOW;
}

/* What the export makes spans of, but for edges, which name events by numbers that are not kept. */
static bool is_span(uint8_t kind)
{
    return has_name(kind) || kind == RN_KIND_SYSCALL;
}

/* By the attributes that a kind has; a system call may have none. */
static uint8_t kind_of(const struct otlp_own *own, const struct rn_otlp_text *name)
{
    uint64_t abi, nr;

    for (size_t i = 0; i < own->facts->count; i++) {
        const struct rn_otlp_text *key = &own->facts->items[i].key;
        const char *dot;
        uint8_t kind;

        if (otlp_begins(key, "rn.gpu.kernel."))
            return RN_KIND_KERNEL;
        if (!otlp_begins(key, "rn."))
            continue;
        dot = memchr(key->data + 3, '.', key->size - 3);
        kind = dot ? rn_kind_from_name(key->data + 3, (size_t)(dot - key->data - 3))
                   : (uint8_t)RN_KIND_NONE;
        if (kind != RN_KIND_NONE)
            return is_span(kind) ? kind : (uint8_t)RN_KIND_NONE;
    }
    return otlp_own_find_call(own, name, &abi, &nr) ? RN_KIND_SYSCALL : RN_KIND_NONE;
}

static enum rn_status add(struct otlp_own *own, const struct rn_otlp_text *name,
                          const struct rn_otlp_facts *outer, struct rn_error *err)
{
    struct rn_event *event = &own->event;
    const struct rn_otlp_value *thread = rn_otlp_fact(own->facts, "thread.name");
    enum rn_status status;

    if (has_name(event->kind) && !rn_otlp_text_is(name, rn_kind_name(event->kind)))
        otlp_own_attach(own, RN_ATT_NAME, RN_ARG_NONE, name->data, name->size);
    if (event->kind == RN_KIND_PROCESS && thread && thread->type == RN_OTLP_VALUE_TEXT)
        otlp_own_attach(own, RN_ATT_NAME, RN_ARG_NONE, thread->text.data, thread->text.size);
    if (event->kind == RN_KIND_SYSCALL)
        otlp_own_take_call(own);
    else
        otlp_own_take_fields(own);
    own->read->own_errors += otlp_own_number(own->facts, "rn.aggregate.errors");
    take_source(own);
    take_flags(own);
    status = otlp_own_find_stream(own, outer, err);
    if (status == RN_OK && event->kind == RN_KIND_PROCESS && event->u.process.op == RN_PROCESS_FORK)
        status = otlp_own_take_child(own, err);
    event->attachments = own->attachments;
    if (status == RN_OK && (own->strings.failed || own->source.failed))
        status = rn_fail(err, RN_E_NOMEM, "no memory for an event");
    return status == RN_OK ? rn_import_add(own->read->import, event, err) : status;
}

static void clear(struct otlp_own *own)
{
    rn_buf_free(&own->strings);
    rn_buf_free(&own->source);
}

static uint8_t moment_kind(const struct rn_otlp_text *name, uint64_t *op)
{
    uint8_t kind;

    *op = 0;
    if (rn_value_from_name(RN_VALUE_PROCESS_OP, name->data, name->size, op) && *op)
        return RN_KIND_PROCESS;
    if (rn_value_from_name(RN_VALUE_MODULE_OP, name->data, name->size, op) && *op)
        return RN_KIND_MODULE;
    kind = rn_kind_from_name(name->data, name->size);
    return kind == RN_KIND_SIGNAL || kind == RN_KIND_DESCRIPTOR || kind == RN_KIND_NOTICE ||
                   kind == RN_KIND_LOSS
               ? kind
               : (uint8_t)RN_KIND_NONE;
}

static enum rn_status add_moment(struct rn_otlp_read *read, const struct rn_otlp_read_span *span,
                                 const struct rn_otlp_moment *moment, struct otlp_own *own,
                                 struct rn_error *err)
{
    uint64_t op;
    uint8_t kind = moment_kind(&moment->name, &op);
    enum rn_status status;

    if (kind == RN_KIND_NONE) {
        read->own_unknown++;
        return RN_OK;
    }
    *own = (struct otlp_own){
        .read = read, .facts = &moment->facts, .event = {.kind = kind, .start = moment->ns}};
    if (kind == RN_KIND_PROCESS || kind == RN_KIND_MODULE)
        own->event.u.words[0] = op;
    status = add(own, &moment->name, &span->facts, err);
    clear(own);
    return status;
}

enum rn_status otlp_add_own(struct rn_otlp_read *read, const struct rn_otlp_read_span *span,
                            bool *known, struct rn_error *err)
{
    const struct rn_otlp_value *kind = rn_otlp_fact(&span->facts, "rn.kind");
    struct otlp_own *own = malloc(sizeof *own);
    enum rn_status status = RN_OK;
    struct rn_syscall call;

    if (!own)
        return rn_fail(err, RN_E_NOMEM, "no memory for an event");
    *own = (struct otlp_own){
        .read = read,
        .facts = &span->facts,
        .event = {.start = span->start_ns, .duration = span->end_ns - span->start_ns}};
    *known = true;
    if (kind) {
        read->structure++;
        read->own_names +=
            kind->type == RN_OTLP_VALUE_TEXT &&
            (rn_otlp_text_is(&kind->text, "queue") || rn_otlp_text_is(&kind->text, "source"));
    } else {
        own->event.kind = kind_of(own, &span->name);
        *known = own->event.kind != RN_KIND_NONE &&
                 (own->event.kind != RN_KIND_SYSCALL ||
                  otlp_own_find_call(own, &span->name, &call.abi, &call.nr));
        if (own->event.kind == RN_KIND_SYSCALL && *known) {
            own->event.u.syscall.abi = call.abi;
            own->event.u.syscall.nr = call.nr;
        }
        if (*known) {
            read->own_ids++;
            status = add(own, &span->name, NULL, err);
        }
    }
    clear(own);
    for (size_t i = 0; i < span->moment_count && status == RN_OK && *known; i++)
        status = add_moment(read, span, &span->moments[i], own, err);
    free(own);
    return status;
}
