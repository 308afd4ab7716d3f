/* SPDX-License-Identifier: MIT */
/* A CTF trace as a recording: traces of LTTng (kernel and user space), of ctf_write.c, and of
 * anything else, whose events become moments. Field names are those of LTTng 2.13. */
#include "ctf_import.h"
#include "ctf_find.h"
#include "ctf_import_private.h"
#include "ctf_value.h"
#include "formats/escape.h"
#include "import_formats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool rn_ctf_number(const struct ctf_reading *r, uint8_t scope, const char *name, uint64_t *value)
{
    const struct rn_ctf_field *field = rn_ctf_field_named(r->message, scope, name);
    if (!field || field->type > RN_CTF_HEX)
        return false;
    *value = field->u.number;
    return true;
}

bool rn_ctf_name(const struct ctf_reading *r, uint8_t scope, const char *name,
                 char out[CTF_NAME_MAX])
{
    const struct rn_ctf_field *field = rn_ctf_field_named(r->message, scope, name);
    if (!field || field->type != RN_CTF_STRING)
        return false;
    size_t size = field->u.text.size < CTF_NAME_MAX ? field->u.text.size : CTF_NAME_MAX - 1;
    memcpy(out, field->u.text.data, size);
    out[size] = 0;
    return true;
}

static enum ctf_role role_by_name(const struct rn_ctf_class *class)
{
    static const struct {
        const char *name;
        enum ctf_role role;
    } roles[] = {
        {"sched_switch", CTF_ROLE_SWITCH},
        {"sched_process_fork", CTF_ROLE_FORK},
        {"sched_process_exec", CTF_ROLE_EXEC},
        {"sched_process_exit", CTF_ROLE_EXIT},
        {"lttng_statedump_process_state", CTF_ROLE_STATE},
        {"lttng_ust_cyg_profile:func_entry", CTF_ROLE_FUNCTION_BEGINS},
        {"lttng_ust_cyg_profile:func_exit", CTF_ROLE_FUNCTION_ENDS},
        {"lttng_ust_cyg_profile_fast:func_entry", CTF_ROLE_FUNCTION_BEGINS},
        {"lttng_ust_cyg_profile_fast:func_exit", CTF_ROLE_FUNCTION_ENDS},
        {"lttng_ust_statedump:bin_info", CTF_ROLE_MAPPED},
        {"lttng_ust_lib:load", CTF_ROLE_MAPPED},
    };
    /* perf puts the system in front. */
    const char *name = strncmp(class->name, "sched:", 6) ? class->name : class->name + 6;
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (!strcmp(name, roles[i].name))
            return roles[i].role;
    return CTF_ROLE_OTHER;
}

static enum ctf_role role_of(struct rn_ctf_class *class)
{
    if (!class->role)
        class->role = rn_ctf_own_role(class);
    if (!class->role)
        class->role = rn_ctf_call_role(class);
    if (!class->role)
        class->role = role_by_name(class);
    return (enum ctf_role) class->role;
}

enum rn_status rn_ctf_add(struct ctf_reading *r, const struct rn_event *event, struct rn_error *err)
{
    enum rn_status status = rn_import_add(r->import, event, err);
    if (status != RN_E_LIMIT)
        return status;
    rn_import_note(r->import, "events that are too large for a recording", 1);
    return RN_OK;
}

enum rn_status rn_ctf_add_span(struct ctf_reading *r, const struct ctf_span *span,
                               struct rn_error *err)
{
    struct rn_attachment attachments[4];
    unsigned count = 0;
    const char *const texts[] = {span->name, span->category, span->source};
    static const uint8_t types[] = {RN_ATT_NAME, RN_ATT_CATEGORY, RN_ATT_SOURCE};
    for (unsigned i = 0; i < 3; i++)
        if (texts[i] && *texts[i])
            attachments[count++] = (struct rn_attachment){.type = types[i],
                                                          .arg = RN_ARG_NONE,
                                                          .size = (uint32_t)strlen(texts[i]),
                                                          .data = (const uint8_t *)texts[i]};
    if (span->json && span->json->failed)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    if (span->json && span->json->size > 2)
        attachments[count++] = (struct rn_attachment){.type = RN_ATT_TEXT,
                                                      .arg = RN_ARG_NONE,
                                                      .size = (uint32_t)span->json->size,
                                                      .data = span->json->data};
    struct rn_event event = {.kind = RN_KIND_SPAN,
                             .stream = span->stream,
                             .flags = span->flags,
                             .start = span->start,
                             .duration = span->end - span->start,
                             .u.span = {.form = span->form, .id = span->id},
                             .attachment_count = count,
                             .attachments = attachments};
    return rn_ctf_add(r, &event, err);
}

/* What the stream tells already. */
static bool is_identity(const struct rn_ctf_field *field)
{
    static const char *const names[] = {"pid", "tid", "vpid", "vtid", "procname"};
    if (field->scope == RN_CTF_PAYLOAD)
        return !strcmp(field->name, "perf_tid") || !strcmp(field->name, "perf_pid");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!strcmp(field->name, names[i]))
            return true;
    return false;
}

/* What a sequence's length is called is of no interest. */
static bool is_length(const struct rn_ctf_message *message, size_t i)
{
    const char *name = message->fields[i].name;
    size_t length = strlen(name);
    if (i + 1 == message->field_count || length < 8 || strcmp(name + length - 7, "_length") != 0)
        return false;
    const struct rn_ctf_field *next = &message->fields[i + 1];
    size_t skip = *name == '_';
    return next->type > RN_CTF_REAL && strlen(next->name) == length - 7 - skip &&
           !strncmp(next->name, name + skip, length - 7 - skip);
}

void rn_ctf_details(struct ctf_reading *r)
{
    const struct rn_ctf_message *message = r->message;
    rn_buf_clear(&r->json);
    rn_buf_byte(&r->json, '{');
    for (size_t i = 0; i < message->field_count; i++) {
        const struct rn_ctf_field *field = &message->fields[i];
        bool context = field->scope == RN_CTF_CONTEXT;
        if (is_identity(field) || (!context && is_length(message, i)))
            continue;
        if (r->json.size > 1)
            rn_buf_byte(&r->json, ',');
        /* A name of the payload may be that of a context, too. */
        if (context && rn_ctf_field_named(message, RN_CTF_PAYLOAD, field->name)) {
            rn_buf_clear(&r->name);
            rn_buf_text(&r->name, "context.");
            rn_buf_text(&r->name, field->name);
            rn_escape_json(&r->json, r->name.data, r->name.size);
        } else {
            rn_escape_json(&r->json, (const uint8_t *)field->name, strlen(field->name));
        }
        rn_buf_byte(&r->json, ':');
        rn_ctf_json_field(&r->json, field);
    }
    rn_buf_byte(&r->json, '}');
}

static enum rn_status import_moment(struct ctf_reading *r, struct rn_error *err)
{
    const struct rn_ctf_class *class = r->message->class;
    struct ctf_span span = {.start = r->ns, .end = r->ns, .form = RN_SPAN_INSTANT};
    char file[CTF_NAME_MAX], source[CTF_NAME_MAX + 24];
    uint64_t line;
    enum rn_status status = rn_ctf_event_stream(r, &span.stream, err);
    if (status != RN_OK)
        return status;
    rn_ctf_details(r);
    span.name = class->name;
    span.category = *class->domain ? class->domain : "ctf";
    span.json = &r->json;
    if (!strncmp(class->name, "lttng_ust_tracelog:", 19) &&
        rn_ctf_name(r, RN_CTF_PAYLOAD, "file", file) &&
        rn_ctf_number(r, RN_CTF_PAYLOAD, "line", &line)) {
        snprintf(source, sizeof(source), "%s:%llu", file, (unsigned long long)line);
        span.source = source;
    }
    return rn_ctf_add_span(r, &span, err);
}

static enum rn_status import_event(struct ctf_reading *r, struct rn_error *err)
{
    enum ctf_role role = role_of(r->message->class);
    enum rn_status status = RN_OK;
    if (role >= CTF_ROLE_OWN_STREAM)
        return rn_ctf_import_own(r, role, err);
    status = rn_ctf_find_thread(r, err);
    if (status != RN_OK)
        return status;
    /* A begin and its end cannot be told to belong together then. */
    if (!r->thread && role >= CTF_ROLE_FUNCTION_BEGINS && role <= CTF_ROLE_FUNCTION_ENDS) {
        rn_import_note(r->import,
                       "begins and ends of functions without a thread, kept as moments "
                       "(trace with the contexts vpid and vtid)",
                       1);
        return import_moment(r, err);
    }
    if (!r->thread && (role == CTF_ROLE_CALL_BEGINS || role == CTF_ROLE_CALL_ENDS)) {
        rn_import_note(r->import,
                       "begins and ends of system calls without a thread, kept as "
                       "moments",
                       1);
        return import_moment(r, err);
    }
    switch (role) {
    case CTF_ROLE_CALL_BEGINS:
    case CTF_ROLE_CALL_ENDS:
        return rn_ctf_import_call(r, role, err);
    case CTF_ROLE_SWITCH:
        return rn_ctf_import_switch(r, err);
    case CTF_ROLE_FORK:
    case CTF_ROLE_EXEC:
    case CTF_ROLE_EXIT:
    case CTF_ROLE_STATE:
        return rn_ctf_import_process(r, role, err);
    case CTF_ROLE_FUNCTION_BEGINS:
    case CTF_ROLE_FUNCTION_ENDS:
        return rn_ctf_import_function(r, role == CTF_ROLE_FUNCTION_BEGINS, err);
    case CTF_ROLE_MAPPED:
        rn_ctf_import_mapped(r);
        return import_moment(r, err);
    default:
        return import_moment(r, err);
    }
}

static enum rn_status tell_facts(struct ctf_reading *r, const struct rn_ctf_message *trace,
                                 struct rn_error *err)
{
    if (r->told) {
        if (trace->has_clock != r->has_clock)
            rn_import_note(r->import, "traces whose times are not those of the first", 1);
        return RN_OK;
    }
    r->told = true;
    r->has_clock = trace->has_clock;
    r->own = trace->tracer && !strcmp(trace->tracer, "renacer");
    struct rn_import_facts facts = {
        .clock = trace->realtime    ? RN_IMPORT_REALTIME
                 : trace->has_clock ? RN_IMPORT_RELATIVE
                                    : RN_IMPORT_ORDER,
        /* Of ours, what has no end of its own comes where it began. */
        .disorder = r->own,
        .host = trace->host,
    };
    return rn_import_facts(r->import, &facts, err);
}

/* The time of an event. False: it has none that can be used. */
static bool place(struct ctf_reading *r, const struct rn_ctf_message *message)
{
    /* Without a clock, times are made up: a microsecond apart. */
    r->ns = message->has_time ? (uint64_t)message->ns : r->latest + (r->has_clock ? 0 : 1000);
    if (message->has_time && message->ns < 0)
        return false;
    if (r->ns > r->latest)
        r->latest = r->ns;
    return true;
}

static enum rn_status add_loss(struct ctf_reading *r, uint64_t count, bool packets,
                               struct rn_error *err)
{
    const char *text =
        packets ? "packets that the tracer discarded" : "events that the tracer discarded";
    struct rn_attachment attachment = {.type = RN_ATT_TEXT,
                                       .arg = RN_ARG_NONE,
                                       .size = (uint32_t)strlen(text),
                                       .data = (const uint8_t *)text};
    struct rn_event event = {.kind = RN_KIND_LOSS,
                             .start = r->latest,
                             .u.loss.count = packets ? 0 : count,
                             .attachment_count = 1,
                             .attachments = &attachment};
    return rn_ctf_add(r, &event, err);
}

/* What is lost before the first event is told at its time: there is no other yet. */
static enum rn_status import_loss(struct ctf_reading *r, const struct rn_ctf_message *message,
                                  struct rn_error *err)
{
    if (r->latest)
        return add_loss(r, message->count, message->packets, err);
    r->lost_packets |= message->packets;
    r->lost_unknown |= !message->packets && !message->count;
    r->lost += message->packets ? 0 : message->count;
    return RN_OK;
}

static enum rn_status flush_losses(struct ctf_reading *r, struct rn_error *err)
{
    enum rn_status status = RN_OK;
    if (r->lost_packets)
        status = add_loss(r, 0, true, err);
    if (r->lost_unknown && status == RN_OK)
        status = add_loss(r, 0, false, err);
    if (r->lost && status == RN_OK)
        status = add_loss(r, r->lost, false, err);
    r->lost_packets = r->lost_unknown = false;
    r->lost = 0;
    return status;
}

static enum rn_status import_message(struct ctf_reading *r, const struct rn_ctf_message *message,
                                     struct rn_error *err)
{
    switch (message->type) {
    case RN_CTF_TRACE:
        return tell_facts(r, message, err);
    case RN_CTF_LOST:
        return r->own ? RN_OK /* they are events, too */ : import_loss(r, message, err);
    case RN_CTF_PROBLEM:
        return rn_import_problem(r->import, 0, message->offset, err, "%s", message->text);
    case RN_CTF_EVENT:
        break;
    }
    r->message = message;
    if (!place(r, message))
        return rn_import_problem(r->import, 0, RN_CTF_NO_OFFSET, err,
                                 "an event of '%s' is before 1970", message->class->name);
    enum rn_status status = flush_losses(r, err);
    return status == RN_OK ? import_event(r, err) : status;
}

static enum rn_status import_all(struct ctf_reading *r, struct rn_ctf_source *source,
                                 struct rn_error *err)
{
    struct rn_ctf_message message;
    enum rn_status status;
    while ((status = rn_ctf_source_next(source, &message, err)) == RN_OK)
        if ((status = import_message(r, &message, err)) != RN_OK)
            return status;
    if (status == RN_E_FORMAT || status == RN_E_LIMIT) {
        struct rn_error cause = *err;
        status = rn_import_problem(r->import, 0, cause.has_offset ? cause.offset : RN_CTF_NO_OFFSET,
                                   err, "%s", cause.what);
    }
    return status == RN_EOF || status == RN_OK ? rn_ctf_import_open(r, err) : status;
}

enum rn_status rn_ctf_import_source(struct rn_ctf_source *source, struct rn_import *import,
                                    struct rn_error *err)
{
    struct ctf_reading *r = calloc(1, sizeof(*r));
    if (!r)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    r->import = import;
    enum rn_status status = import_all(r, source, err);
    rn_ctf_free_threads(r);
    rn_buf_free(&r->json);
    rn_buf_free(&r->name);
    rn_buf_free(&r->crcs);
    free(r);
    return status;
}

static enum rn_status read_path(const char *path, struct rn_import *import, struct rn_error *err)
{
    struct rn_ctf_source *source;
    rn_import_making(import, true);
    enum rn_status status = rn_ctf_source_open(path, rn_import_keeps_going(import), &source, err);
    if (status == RN_OK && rn_ctf_source_scratch(source))
        rn_import_made(import, rn_ctf_source_scratch(source), true);
    rn_import_making(import, false);
    if (status != RN_OK)
        return status;
    status = rn_ctf_import_source(source, import, err);
    rn_ctf_source_free(source);
    return status;
}

static bool first_only(void *context, const char *path)
{
    (void)context;
    (void)path;
    return false;
}

static int recognise_path(const char *path)
{
    return rn_ctf_find(path, first_only, NULL) ? 95 : 0;
}

const struct rn_import_format rn_ctf_import = {
    .name = "ctf",
    .text = "Common Trace Format 1.8, a directory: of LTTng, perf",
    .recognise_path = recognise_path,
    .read_path = read_path,
};
