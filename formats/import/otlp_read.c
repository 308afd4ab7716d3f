/* SPDX-License-Identifier: MIT */
#include "otlp_read_private.h"

#include "formats/escape.h"
#include "formats/fnv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct rn_otlp_read *rn_otlp_read_new(struct rn_import *import, const struct rn_otlp_form *form)
{
    struct rn_otlp_read *read = calloc(1, sizeof *read);

    if (!read)
        return NULL;
    read->import = import;
    read->form = form;
    read->met = calloc(OTLP_RECENT, sizeof *read->met);
    read->wanted = calloc(OTLP_RECENT, sizeof *read->wanted);
    if (read->met && read->wanted)
        return read;
    rn_otlp_read_free(read);
    return NULL;
}

void rn_otlp_read_free(struct rn_otlp_read *read)
{
    if (!read)
        return;
    rn_buf_free(&read->resource.texts);
    rn_buf_free(&read->scope_name);
    rn_buf_free(&read->scope_version);
    rn_buf_free(&read->text);
    rn_buf_free(&read->strings);
    free(read->own);
    free(read->met);
    free(read->wanted);
    free(read);
}

enum rn_status otlp_wrong(struct rn_otlp_read *read, const char *what)
{
    read->wrong = what;
    return RN_OK;
}

bool rn_otlp_text_is(const struct rn_otlp_text *text, const char *word)
{
    size_t length = strlen(word);

    return text->size == length && !memcmp(text->data, word, length);
}

const struct rn_otlp_value *rn_otlp_fact(const struct rn_otlp_facts *facts, const char *key)
{
    size_t length = strlen(key);

    for (size_t i = 0; i < facts->count; i++)
        if (facts->items[i].key.size == length && !memcmp(facts->items[i].key.data, key, length))
            return &facts->items[i].value;
    return NULL;
}

/* Some senders write numbers as text. */
bool otlp_number(const struct rn_otlp_facts *facts, const char *key, uint64_t *number)
{
    const struct rn_otlp_value *value = rn_otlp_fact(facts, key);

    if (value && value->type == RN_OTLP_VALUE_INT) {
        *number = (uint64_t)value->u.number;
        return true;
    }
    if (!value || value->type != RN_OTLP_VALUE_TEXT || !value->text.size || value->text.size > 18)
        return false;
    *number = 0;
    for (size_t i = 0; i < value->text.size; i++) {
        if (value->text.data[i] < '0' || value->text.data[i] > '9')
            return false;
        *number = *number * 10 + (uint64_t)(value->text.data[i] - '0');
    }
    return true;
}

static const struct rn_otlp_value *text_fact(const struct rn_otlp_facts *facts, const char *key)
{
    const struct rn_otlp_value *value = rn_otlp_fact(facts, key);

    return value && value->type == RN_OTLP_VALUE_TEXT ? value : NULL;
}

/* ---- attributes as JSON ---- */

static void put_text(struct rn_buf *out, const struct rn_otlp_text *text)
{
    rn_escape_json(out, (const uint8_t *)text->data, text->size);
}

void otlp_put_value(struct rn_otlp_read *read, struct rn_buf *out,
                    const struct rn_otlp_value *value)
{
    size_t before = out->size;

    switch (value->type) {
    case RN_OTLP_VALUE_TEXT:
        put_text(out, &value->text);
        break;
    case RN_OTLP_VALUE_INT:
        rn_buf_decimal_signed(out, value->u.number);
        break;
    case RN_OTLP_VALUE_REAL:
        if (isnan(value->u.real))
            rn_buf_text(out, "\"NaN\"");
        else if (isinf(value->u.real))
            rn_buf_text(out, value->u.real < 0 ? "\"-Infinity\"" : "\"Infinity\"");
        else
            rn_buf_printf(out, "%.17g", value->u.real);
        break;
    case RN_OTLP_VALUE_FLAG:
        rn_buf_text(out, value->u.flag ? "true" : "false");
        break;
    case RN_OTLP_VALUE_NESTED:
        if (read->form->put_json(&value->text, out))
            break;
        out->size = before;
        otlp_wrong(read, "a nested attribute that makes no sense");
        rn_buf_text(out, "null");
        break;
    default:
        rn_buf_text(out, "null");
    }
}

static void put_key(struct rn_buf *out, const struct rn_otlp_text *key)
{
    if (out->size > 1)
        rn_buf_byte(out, ',');
    put_text(out, key);
    rn_buf_byte(out, ':');
}

static void put_facts(struct rn_otlp_read *read, const struct rn_otlp_facts *facts)
{
    for (size_t i = 0; i < facts->count; i++) {
        put_key(&read->text, &facts->items[i].key);
        otlp_put_value(read, &read->text, &facts->items[i].value);
    }
}

static void put_extra(struct rn_buf *out, const char *key, const struct rn_otlp_text *text)
{
    struct rn_otlp_text name = {key, strlen(key)};

    if (!text->size)
        return;
    put_key(out, &name);
    put_text(out, text);
}

/* ---- resources and streams ---- */

static void add_text(struct rn_buf *texts, const struct rn_otlp_value *value)
{
    if (value)
        rn_buf_append(texts, value->text.data, value->text.size);
    rn_buf_byte(texts, 0);
}

static enum rn_status begin(struct rn_otlp_read *read, const struct rn_otlp_facts *facts,
                            struct rn_error *err)
{
    static const char *const keys[] = {"host.name", "os.description", "process.working_directory"};
    const struct rn_otlp_value *command = rn_otlp_fact(facts, "process.command_args");
    struct rn_import_facts told = {.clock = RN_IMPORT_REALTIME, .disorder = true};
    const char **to[] = {&told.host, &told.os, &told.cwd};
    const char *argv[64];
    struct rn_buf texts = RN_BUF_INIT;
    size_t at[3], argc = 0, size;
    enum rn_status status;

    for (unsigned i = 0; i < 3; i++) {
        at[i] = texts.size;
        add_text(&texts, text_fact(facts, keys[i]));
    }
    size = texts.size;
    if (command && command->type == RN_OTLP_VALUE_NESTED)
        (void)read->form->put_strings(&command->text, &texts);
    if (texts.failed) {
        rn_buf_free(&texts);
        return rn_fail(err, RN_E_NOMEM, "no memory for a resource");
    }
    for (unsigned i = 0; i < 3; i++)
        *to[i] = texts.data[at[i]] ? (const char *)texts.data + at[i] : NULL;
    while (size < texts.size && argc < 63) {
        argv[argc++] = (const char *)texts.data + size;
        size += strlen((const char *)texts.data + size) + 1;
    }
    argv[argc] = NULL;
    told.argv = argc ? argv : NULL;
    if (told.os && strstr(told.os, "aarch64"))
        told.abi = read->abi = RN_ABI_AARCH64;
    status = rn_import_facts(read->import, &told, err);
    rn_buf_free(&texts);
    read->begun = true;
    return status;
}

/* What a resource says beside its names, once for each. */
static enum rn_status note_resource(struct rn_otlp_read *read, const struct rn_otlp_facts *facts,
                                    struct rn_error *err)
{
    if (facts->count == 0)
        return RN_OK;
    if (read->resource.recording) { /* what it says is in the events */
        read->recordings += read->resource.recording != read->last_recording;
        read->last_recording = read->resource.recording;
        return RN_OK;
    }
    rn_buf_clear(&read->text);
    rn_buf_byte(&read->text, '{');
    put_facts(read, facts);
    rn_buf_text(&read->text, "}");
    rn_buf_byte(&read->text, 0);
    read->wrong = NULL;
    if (read->text.failed)
        return rn_fail(err, RN_E_NOMEM, "no memory for a resource");
    if (read->text.size > 4096)
        return RN_OK;
    return rn_import_notice(read->import, RN_NOTICE_OTHER, (const char *)read->text.data, err);
}

enum rn_status rn_otlp_read_resource(struct rn_otlp_read *read, const struct rn_otlp_facts *facts,
                                     struct rn_error *err)
{
    const struct rn_otlp_value *recording = text_fact(facts, "rn.recording.id");
    struct otlp_resource *resource = &read->resource;
    enum rn_status status = RN_OK;

    rn_buf_clear(&resource->texts);
    add_text(&resource->texts, text_fact(facts, "service.name"));
    resource->recording =
        recording ? rn_fnv(RN_FNV_BEGIN, recording->text.data, recording->text.size) | 1 : 0;
    resource->pid = 0;
    (void)otlp_number(facts, "process.pid", &resource->pid);
    if (resource->texts.failed)
        return rn_fail(err, RN_E_NOMEM, "no memory for a resource");
    resource->service =
        resource->texts.data[0] ? (const char *)resource->texts.data : "unknown service";
    read->track = 0;
    read->own_scope = false;
    rn_buf_clear(&read->scope_name);
    rn_buf_clear(&read->scope_version);
    if (!read->begun)
        status = begin(read, facts, err);
    return status == RN_OK ? note_resource(read, facts, err) : status;
}

void rn_otlp_read_scope(struct rn_otlp_read *read, const struct rn_otlp_text *name,
                        const struct rn_otlp_text *version)
{
    rn_buf_clear(&read->scope_name);
    rn_buf_clear(&read->scope_version);
    rn_buf_append(&read->scope_name, name->data, name->size);
    rn_buf_append(&read->scope_version, version->data, version->size);
    read->own_scope = rn_otlp_text_is(name, OTLP_OWN);
}

/* A thread only where both numbers are there: thread.id alone may be any number. */
static enum rn_status stream_of(struct rn_otlp_read *read, const struct rn_otlp_read_span *span,
                                uint32_t *stream, struct rn_error *err)
{
    uint64_t pid = read->resource.pid, tid;
    const struct rn_otlp_value *name;
    char thread[64] = "";
    enum rn_status status = RN_OK;

    (void)otlp_number(&span->facts, "process.pid", &pid);
    if (pid && pid <= INT32_MAX && otlp_number(&span->facts, "thread.id", &tid) && tid &&
        tid <= INT32_MAX) {
        name = text_fact(&span->facts, "thread.name");
        if (name)
            memcpy(thread, name->text.data,
                   name->text.size < sizeof thread ? name->text.size : sizeof thread - 1);
        return rn_import_thread(read->import, pid, tid, *thread ? thread : NULL, stream, err);
    }
    if (!read->track)
        status = rn_import_track(read->import, pid <= INT32_MAX ? pid : 0, 0,
                                 read->resource.service, &read->track, err);
    *stream = read->track;
    return status;
}

/* ---- spans ---- */

static size_t add_source(struct rn_otlp_read *read, const struct rn_otlp_read_span *span,
                         struct rn_attachment *attachments)
{
    const struct rn_otlp_value *file = text_fact(&span->facts, "code.file.path");
    uint64_t line;

    if (!file)
        file = text_fact(&span->facts, "code.filepath");
    if (!file)
        return 0;
    rn_buf_clear(&read->strings);
    rn_buf_append(&read->strings, file->text.data, file->text.size);
    if (otlp_number(&span->facts, "code.line.number", &line) ||
        otlp_number(&span->facts, "code.lineno", &line)) {
        rn_buf_byte(&read->strings, ':');
        rn_buf_decimal(&read->strings, line);
    }
    if (read->strings.failed)
        return 0;
    attachments[0] = rn_import_attachment(RN_ATT_SOURCE, read->strings.data, read->strings.size);
    return 1;
}

static enum rn_status add_event(struct rn_otlp_read *read, struct rn_event *event,
                                const struct rn_otlp_text *name,
                                const struct rn_otlp_read_span *whole, struct rn_error *err)
{
    struct rn_attachment attachments[4];
    size_t count = 0;

    attachments[count++] = rn_import_attachment(RN_ATT_NAME, name->data, name->size);
    if (read->scope_name.size)
        attachments[count++] =
            rn_import_attachment(RN_ATT_CATEGORY, read->scope_name.data, read->scope_name.size);
    rn_buf_byte(&read->text, '}');
    if (read->text.failed)
        return rn_fail(err, RN_E_NOMEM, "no memory for attributes");
    /* Half an object would be none. */
    if (read->text.size > UINT16_MAX)
        read->dropped++;
    else if (read->text.size > 2)
        attachments[count++] = rn_import_attachment(RN_ATT_TEXT, read->text.data, read->text.size);
    if (whole)
        count += add_source(read, whole, &attachments[count]);
    event->attachment_count = (uint32_t)count;
    event->attachments = attachments;
    return rn_import_add(read->import, event, err);
}

static enum rn_status add_span(struct rn_otlp_read *read, const struct rn_otlp_read_span *span,
                               uint32_t stream, struct rn_error *err)
{
    struct rn_event event = {.kind = RN_KIND_SPAN,
                             .stream = stream,
                             .start = span->start_ns,
                             .duration = span->end_ns - span->start_ns,
                             .u.span = {.form = RN_SPAN_ASYNC,
                                        .id = span->id,
                                        .parent = span->parent,
                                        .trace_high = span->trace_high,
                                        .trace_low = span->trace_low,
                                        .role = span->kind,
                                        .status = span->status}};

    rn_buf_clear(&read->text);
    rn_buf_byte(&read->text, '{');
    put_facts(read, &span->facts);
    /* As the specification names what others than OTLP have no field for. */
    put_extra(&read->text, "otel.status_description", &span->message);
    put_extra(&read->text, "w3c.tracestate", &span->trace_state);
    return add_event(read, &event, &span->name, span, err);
}

static enum rn_status add_moment(struct rn_otlp_read *read, const struct rn_otlp_read_span *span,
                                 const struct rn_otlp_moment *moment, uint32_t stream,
                                 struct rn_error *err)
{
    struct rn_event event = {.kind = RN_KIND_SPAN,
                             .stream = stream,
                             .start = moment->ns,
                             .u.span = {.form = RN_SPAN_INSTANT,
                                        .parent = span->id,
                                        .trace_high = span->trace_high,
                                        .trace_low = span->trace_low}};

    rn_buf_clear(&read->text);
    rn_buf_byte(&read->text, '{');
    put_facts(read, &moment->facts);
    return add_event(read, &event, &moment->name, NULL, err);
}

static enum rn_status add_foreign(struct rn_otlp_read *read, const struct rn_otlp_read_span *span,
                                  struct rn_error *err)
{
    uint32_t stream;
    enum rn_status status = stream_of(read, span, &stream, err);

    read->versions += read->scope_version.size > 0;
    if (status == RN_OK)
        status = add_span(read, span, stream, err);
    for (size_t i = 0; i < span->moment_count && status == RN_OK; i++)
        status = add_moment(read, span, &span->moments[i], stream, err);
    return status == RN_OK ? otlp_add_links(read, span, stream, err) : status;
}

enum rn_status rn_otlp_read_add(struct rn_otlp_read *read, const struct rn_otlp_read_span *span,
                                const char **wrong, struct rn_error *err)
{
    enum rn_status status = RN_OK;
    bool known = false;

    *wrong = NULL;
    read->wrong = NULL;
    if (span->start_ns == 0 || span->end_ns > INT64_MAX)
        *wrong = "a span without times that make sense";
    else if (span->end_ns < span->start_ns)
        *wrong = "a span that ends before it begins";
    if (*wrong)
        return RN_OK;
    read->dropped += span->dropped;
    if (read->own_scope)
        status = otlp_add_own(read, span, &known, err);
    if (status == RN_OK && !known)
        status = add_foreign(read, span, err);
    *wrong = read->wrong;
    return status;
}

static uint64_t count_waiting(const struct rn_otlp_read *read)
{
    uint64_t count = 0;

    for (size_t i = 0; i < OTLP_RECENT; i++)
        count += read->wanted[i].id != 0;
    return count;
}

void rn_otlp_read_finish(struct rn_otlp_read *read)
{
    const struct {
        const char *what;
        uint64_t count;
    } notes[] = {
        {"links to spans that are not in the input, or far away in it",
         read->far_links + count_waiting(read)},
        {"links whose attributes are left out", read->link_facts},
        {"attributes, events and links that are too long or that the sender dropped",
         read->dropped},
        {"spans whose scope has a version", read->versions},
        {"spans that hold an exported recording together", read->structure},
        {"ids of spans that are events of a recording again", read->own_ids},
        {"UUIDs of exported recordings", read->recordings},
        {"paths of descriptors of exported system calls", read->own_paths},
        {"names of queues and other streams of exported recordings", read->own_names},
        {"numbers of errors among counted system calls", read->own_errors},
        {"attributes of exported events that are not known here", read->own_unknown},
    };

    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
        if (notes[i].count)
            rn_import_note(read->import, notes[i].what, notes[i].count);
}
