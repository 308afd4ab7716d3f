/* SPDX-License-Identifier: MIT */
/* Spans that rn-export-otlp made of events, see rn-otlp(7), become events again. What an attribute
 * is follows from its name, rn.KIND.FIELD, by the schema of that kind. */
#include "otlp_read_private.h"

#include "escape.h"
#include "event_schema.h"
#include "syscall_table.h"
#include "value_name.h"
#include "xlat.h"

#include <stdlib.h>
#include <string.h>

#define ATTACHMENTS   16u
#define STREAMS_MAX   (2u * RN_IMPORT_MAX_STREAMS)
#define THREAD_BIT    0x10000u /* CLONE_THREAD */
#define HISTOGRAM_MAX 65u

struct own {
    struct rn_otlp_read *read;
    const struct rn_otlp_facts *facts;
    struct rn_event event;
    struct rn_attachment attachments[ATTACHMENTS];
    uint8_t histogram[16 * HISTOGRAM_MAX];
    uint8_t build_id[64];
    struct rn_buf texts; /* argv, source */
};

static void attach(struct own *own, uint8_t type, uint8_t arg, const void *data, size_t size)
{
    struct rn_attachment attachment = otlp_attachment(type, data, size);

    attachment.arg = arg;
    if (own->event.attachment_count < ATTACHMENTS)
        own->attachments[own->event.attachment_count++] = attachment;
}

static bool begins(const struct rn_otlp_text *text, const char *word)
{
    size_t length = strlen(word);

    return text->size >= length && !memcmp(text->data, word, length);
}

/* ---- streams ---- */

static struct otlp_own_stream *slot_of(const struct rn_otlp_read *read, uint64_t number)
{
    size_t mask = read->own_capacity - 1;
    size_t at = (size_t)((number * 0x9e3779b97f4a7c15u ^ read->resource.recording) >> 20) & mask;

    while (read->own[at].used &&
           (read->own[at].number != number || read->own[at].recording != read->resource.recording))
        at = (at + 1) & mask;
    return &read->own[at];
}

static bool make_room(struct rn_otlp_read *read)
{
    size_t old = read->own_capacity, capacity = old ? 2 * old : 256;
    struct otlp_own_stream *before = read->own;
    uint64_t recording = read->resource.recording;

    if (2 * read->own_count < old)
        return true;
    read->own = calloc(capacity, sizeof *read->own);
    if (!read->own) {
        read->own = before;
        return false;
    }
    read->own_capacity = capacity;
    for (size_t i = 0; i < old; i++)
        if (before[i].used) {
            read->resource.recording = before[i].recording;
            *slot_of(read, before[i].number) = before[i];
        }
    read->resource.recording = recording;
    free(before);
    return true;
}

/* The stream that had this number in the recording. `maker` 0: it is not told who made it. */
static enum rn_status stream_of(struct rn_otlp_read *read, uint64_t number, uint64_t pid,
                                uint64_t tid, uint32_t maker, const char *name, uint32_t *stream,
                                struct rn_error *err)
{
    struct otlp_own_stream *slot;
    enum rn_status status;

    *stream = 0;
    if (number == 0)
        return RN_OK; /* the recorder's own */
    if (read->own_count > STREAMS_MAX || !make_room(read))
        return rn_fail(err, RN_E_LIMIT, "too many streams");
    slot = slot_of(read, number);
    if (slot->used && (!maker || slot->pid != pid || slot->tid != tid)) {
        *stream = slot->stream;
        return RN_OK;
    }
    if (maker) {
        status = rn_import_child(read->import, maker, pid, tid, name, stream, err);
    } else if (tid) {
        /* Another one may have had these numbers before. */
        rn_import_end_thread(read->import, pid ? pid : tid, tid);
        status = rn_import_thread(read->import, pid, tid, name, stream, err);
    } else {
        status =
            rn_import_track(read->import, 0, number, name ? name : "exported stream", stream, err);
    }
    read->own_count += !slot->used;
    *slot = (struct otlp_own_stream){.recording = read->resource.recording,
                                     .number = number,
                                     .pid = pid,
                                     .tid = tid,
                                     .stream = *stream,
                                     .used = true};
    return status;
}

static uint64_t number_fact(const struct rn_otlp_facts *facts, const char *key)
{
    const struct rn_otlp_value *value = rn_otlp_fact(facts, key);

    return value && value->type == RN_OTLP_VALUE_INT ? (uint64_t)value->u.number : 0;
}

/* `outer`: of the span that a moment is in; NULL for a span. */
static enum rn_status find_stream(struct own *own, const struct rn_otlp_facts *outer,
                                  struct rn_error *err)
{
    struct rn_otlp_read *read = own->read;
    uint64_t number = number_fact(own->facts, "rn.stream"), pid = read->resource.pid;
    uint64_t tid = number_fact(own->facts, "thread.id");
    uint8_t kind = own->event.kind;

    if (outer && number_fact(outer, "rn.stream") == number)
        tid = number_fact(outer, "thread.id");
    if (kind == RN_KIND_PROCESS) {
        pid = own->event.u.process.pid;
        tid = own->event.u.process.tid;
    } else if (kind == RN_KIND_MODULE || kind == RN_KIND_DESCRIPTOR) {
        /* Its thread may not have been met; the first one has the number of the process. */
        pid =
            number_fact(own->facts, kind == RN_KIND_MODULE ? "rn.module.pid" : "rn.descriptor.pid");
        tid = tid ? tid : pid;
    } else if (kind == RN_KIND_KERNEL || kind == RN_KIND_TRANSFER) {
        const uint64_t *words = own->event.u.words; /* api, device, context, queue: of both */

        if (!tid)
            return rn_import_queue(read->import, pid, words[1] << 32 ^ words[2], words[3], NULL,
                                   &own->event.stream, err);
    }
    return stream_of(read, number, pid, tid, 0, NULL, &own->event.stream, err);
}

/* ---- fields ---- */

static const struct {
    uint8_t kind; /* RN_KIND_NONE: any */
    const char *field;
    enum rn_value_table table;
} named[] = {
    {RN_KIND_NONE, "api", RN_VALUE_API},
    {RN_KIND_NONE, "direction", RN_VALUE_DIRECTION},
    {RN_KIND_NONE, "backend", RN_VALUE_BACKEND},
    {RN_KIND_BLOCK, "provenance", RN_VALUE_PROVENANCE},
    {RN_KIND_AGGREGATE, "residency", RN_VALUE_RESIDENCY},
    {RN_KIND_AGGREGATE, "reason", RN_VALUE_REASON},
    {RN_KIND_NOTICE, "code", RN_VALUE_NOTICE},
    {RN_KIND_LOSS, "reason", RN_VALUE_LOSS},
};

/* A kind, the name of a value, or a number in hexadecimal digits. */
static uint64_t value_of_text(uint8_t kind, const char *field, const struct rn_otlp_text *text)
{
    uint64_t value = 0;

    if ((kind == RN_KIND_AGGREGATE && !strcmp(field, "of")) ||
        (kind == RN_KIND_LOSS && !strcmp(field, "kind")))
        return rn_kind_from_name(text->data, text->size);
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        if ((named[i].kind == RN_KIND_NONE || named[i].kind == kind) &&
            !strcmp(named[i].field, field))
            return rn_value_from_name(named[i].table, text->data, text->size, &value) ? value : 0;
    if (!begins(text, "0x") || text->size > 18)
        return 0;
    for (size_t i = 2; i < text->size; i++) {
        int digit = rn_hex_digit(text->data[i]);

        if (digit < 0)
            return 0;
        value = value << 4 | (uint64_t)digit;
    }
    return value;
}

static bool is_field(const struct rn_field *field, const char *name, size_t size)
{
    return strlen(field->name) == size && !memcmp(field->name, name, size);
}

/* The word of a field; -1 none. Times have "_ns" behind the name that the schema has. */
static int word_of(const struct rn_schema *schema, const char *name, size_t size)
{
    for (int i = 0; i < schema->words; i++)
        if (is_field(&schema->fields[i], name, size) ||
            (size > 3 && !memcmp(name + size - 3, "_ns", 3) &&
             is_field(&schema->fields[i], name, size - 3)))
            return i;
    return -1;
}

static void take_histogram(struct own *own, const struct rn_otlp_text *text)
{
    const char *at = text->data, *end = at + text->size;
    size_t size = 0;

    while (at < end && size + 16 <= sizeof own->histogram) {
        uint64_t pair[2] = {0, 0};
        unsigned which = 0;

        for (; at < end && *at != ' '; at++) {
            if (*at == ':' && which == 0)
                which = 1;
            else if (*at >= '0' && *at <= '9' && pair[which] < UINT64_MAX / 16)
                pair[which] = 10 * pair[which] + (uint64_t)(*at - '0');
            else
                return;
        }
        at += at < end;
        memcpy(own->histogram + size, pair, 16);
        size += 16;
    }
    attach(own, RN_ATT_HISTOGRAM, RN_ARG_NONE, own->histogram, size);
}

static void take_build_id(struct own *own, const struct rn_otlp_text *text)
{
    size_t size = text->size / 2;

    if (size > sizeof own->build_id)
        return;
    for (size_t i = 0; i < size; i++) {
        int high = rn_hex_digit(text->data[2 * i]), low = rn_hex_digit(text->data[2 * i + 1]);

        if (high < 0 || low < 0)
            return;
        own->build_id[i] = (uint8_t)(high << 4 | low);
    }
    attach(own, RN_ATT_BUILD_ID, RN_ARG_NONE, own->build_id, size);
}

/* What is no field is an attachment. */
static bool take_attachment(struct own *own, const char *name, size_t size,
                            const struct rn_otlp_value *value)
{
    static const struct {
        const char *name;
        uint8_t type;
    } types[] = {
        {"path", RN_ATT_PATH},         {"string", RN_ATT_STRING}, {"exe", RN_ATT_EXE},
        {"cwd", RN_ATT_CWD},           {"root", RN_ATT_ROOT},     {"text", RN_ATT_TEXT},
        {"isa", RN_ATT_ISA},           {"input", RN_ATT_INPUT},   {"result", RN_ATT_RESULT},
        {"category", RN_ATT_CATEGORY}, {"argv", RN_ATT_ARGV},     {"histogram", RN_ATT_HISTOGRAM},
        {"build_id", RN_ATT_BUILD_ID}};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strlen(types[i].name) != size || memcmp(types[i].name, name, size) != 0)
            continue;
        if (types[i].type == RN_ATT_ARGV && value->type == RN_OTLP_VALUE_NESTED) {
            size_t before = own->texts.size;

            if (own->read->form->put_strings(&value->text, &own->texts) && !own->texts.failed)
                attach(own, RN_ATT_ARGV, RN_ARG_NONE, own->texts.data + before,
                       own->texts.size - before);
        } else if (value->type != RN_OTLP_VALUE_TEXT) {
            return false;
        } else if (types[i].type == RN_ATT_HISTOGRAM) {
            take_histogram(own, &value->text);
        } else if (types[i].type == RN_ATT_BUILD_ID) {
            take_build_id(own, &value->text);
        } else {
            attach(own, types[i].type, RN_ARG_NONE, value->text.data, value->text.size);
        }
        return true;
    }
    return false;
}

/* "rn.KIND." of a kind's attributes. */
static size_t prefix_of(uint8_t kind, char prefix[40])
{
    const char *name = kind == RN_KIND_KERNEL ? "gpu.kernel" : rn_kind_name(kind);
    size_t length = strlen(name);

    memcpy(prefix, "rn.", 3);
    memcpy(prefix + 3, name, length);
    prefix[3 + length] = '.';
    return length + 4;
}

/* The export adds what others cannot work out. */
static bool is_derived(const struct rn_otlp_text *key)
{
    return rn_otlp_text_is(key, "rn.signal.name") ||
           rn_otlp_text_is(key, "rn.transfer.bytes_per_second");
}

static void take_fields(struct own *own)
{
    const struct rn_schema *schema = rn_schema_get(own->event.kind);
    size_t length;
    char prefix[40];

    length = prefix_of(own->event.kind, prefix);
    for (size_t i = 0; i < own->facts->count; i++) {
        const struct rn_otlp_fact *fact = &own->facts->items[i];
        const char *name = fact->key.data + length;
        int word;

        if (fact->key.size <= length || memcmp(fact->key.data, prefix, length) != 0)
            continue;
        word = word_of(schema, name, fact->key.size - length);
        if (word >= 0 && fact->value.type == RN_OTLP_VALUE_INT)
            own->event.u.words[word] = (uint64_t)fact->value.u.number;
        else if (word >= 0 && fact->value.type == RN_OTLP_VALUE_TEXT)
            own->event.u.words[word] =
                value_of_text(own->event.kind, schema->fields[word].name, &fact->value.text);
        else if (!is_derived(&fact->key) &&
                 !take_attachment(own, name, fact->key.size - length, &fact->value))
            own->read->own_unknown++;
    }
}

static void take_source(struct own *own)
{
    const struct rn_otlp_value *file = rn_otlp_fact(own->facts, "code.file.path");
    size_t before = own->texts.size;
    uint64_t line;

    if (!file || file->type != RN_OTLP_VALUE_TEXT)
        return;
    rn_buf_append(&own->texts, file->text.data, file->text.size);
    if (otlp_number(own->facts, "code.line.number", &line)) {
        rn_buf_byte(&own->texts, ':');
        rn_buf_decimal(&own->texts, line);
    }
    if (!own->texts.failed)
        attach(own, RN_ATT_SOURCE, RN_ARG_NONE, own->texts.data + before, own->texts.size - before);
}

static void take_flags(struct own *own)
{
    static const struct {
        const char *key;
        uint32_t flag;
    } flags[] = {{"rn.unfinished", RN_EVENT_UNFINISHED},
                 {"rn.traced", RN_EVENT_TRACED},
                 {"rn.truncated", RN_EVENT_TRUNCATED},
                 {"rn.fault", RN_EVENT_FAULT}};
    uint64_t original = number_fact(own->facts, "rn.original_start_ns");

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        const struct rn_otlp_value *value = rn_otlp_fact(own->facts, flags[i].key);

        if (value && value->type == RN_OTLP_VALUE_FLAG && value->u.flag)
            own->event.flags |= flags[i].flag;
    }
    if (original)
        own->event.start = original;
}

/* ---- system calls ---- */

/* One argument of a list as rn-cat prints it: to the next comma that is in no string and in no
 * brackets. */
static size_t argument_length(const char *at, const char *end)
{
    bool in_string = false;
    unsigned depth = 0;
    const char *begin = at;

    for (; at < end; at++) {
        if (in_string && *at == '\\')
            at++;
        else if (*at == '"')
            in_string = !in_string;
        else if (!in_string && (*at == '[' || *at == '{' || *at == '('))
            depth++;
        else if (!in_string && (*at == ']' || *at == '}' || *at == ')'))
            depth -= depth > 0;
        else if (!in_string && depth == 0 && *at == ',')
            break;
    }
    return (size_t)((at < end ? at : end) - begin);
}

static bool plain_number(const char *text, size_t size, uint64_t *number)
{
    char copy[24], *behind;

    *number = 0;
    if (size == 4 && !memcmp(text, "NULL", 4))
        return true;
    if (size == 0 || size >= sizeof copy || (text[0] != '-' && (text[0] < '0' || text[0] > '9')))
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    *number = copy[0] == '-' ? (uint64_t)strtoll(copy, &behind, 0) : strtoull(copy, &behind, 0);
    return *behind == '\0';
}

static void take_arguments(struct own *own, const struct rn_otlp_text *text)
{
    const char *at = text->data, *end = at + text->size;

    for (uint8_t i = 0; i < 6 && at < end; i++) {
        size_t length = argument_length(at, end);

        if (!plain_number(at, length, &own->event.u.syscall.args[i]))
            attach(own, RN_ATT_PRINTED, i, at, length);
        at += length + 1;
        at += at < end && *at == ' ';
    }
}

static void take_path(struct own *own, const struct rn_otlp_text *path)
{
    const struct rn_syscall_info *info = rn_syscall_info_for(&own->event.u.syscall);

    for (uint8_t i = 0; info && i < info->arg_count; i++)
        if (info->args[i].type == RN_TYPE_PATH) {
            attach(own, RN_ATT_PATH, i, path->data, path->size);
            return;
        }
}

static void take_result(struct own *own)
{
    const struct rn_otlp_value *ret = rn_otlp_fact(own->facts, "rn.syscall.ret");
    const struct rn_otlp_value *error = rn_otlp_fact(own->facts, "error.type");
    uint64_t number = number_fact(own->facts, "rn.syscall.errno");

    if (ret && ret->type == RN_OTLP_VALUE_INT)
        own->event.u.syscall.ret = (uint64_t)ret->u.number;
    else if (number)
        own->event.u.syscall.ret = 0 - number;
    else if (error && error->type == RN_OTLP_VALUE_TEXT)
        own->event.u.syscall.ret =
            0 - (uint64_t)rn_errno_from_name(error->text.data, error->text.size);
}

static bool find_call(const struct own *own, const struct rn_otlp_text *name, uint64_t *abi,
                      uint64_t *nr)
{
    const struct rn_otlp_value *told = rn_otlp_fact(own->facts, "rn.syscall.abi");
    int number;

    *abi = own->read->abi;
    for (uint64_t i = 0; told && told->type == RN_OTLP_VALUE_TEXT && i < RN_ABI_COUNT; i++)
        if (rn_otlp_text_is(&told->text, rn_abi_name(i)))
            *abi = i;
    number = rn_syscall_number((enum rn_abi) * abi, name->data, name->size);
    *nr = (uint64_t)number;
    if (number >= 0)
        return true;
    return begins(name, "syscall_") && plain_number(name->data + 8, name->size - 8, nr);
}

static void take_call(struct own *own)
{
    const struct rn_otlp_value *args = rn_otlp_fact(own->facts, "rn.syscall.args");
    const struct rn_otlp_value *path = rn_otlp_fact(own->facts, "rn.syscall.path");

    take_result(own);
    if (args && args->type == RN_OTLP_VALUE_TEXT)
        take_arguments(own, &args->text);
    if (path && path->type == RN_OTLP_VALUE_TEXT)
        take_path(own, &path->text);
    own->read->own_paths += rn_otlp_fact(own->facts, "rn.syscall.fd.path") != NULL;
}

/* ---- events ---- */

/* By the attributes that a kind has; a system call may have none. */
static uint8_t kind_of(const struct own *own, const struct rn_otlp_text *name)
{
    uint64_t abi, nr;

    for (size_t i = 0; i < own->facts->count; i++) {
        const struct rn_otlp_text *key = &own->facts->items[i].key;
        const char *dot;
        uint8_t kind;

        if (begins(key, "rn.gpu.kernel."))
            return RN_KIND_KERNEL;
        if (!begins(key, "rn."))
            continue;
        dot = memchr(key->data + 3, '.', key->size - 3);
        kind = dot ? rn_kind_from_name(key->data + 3, (size_t)(dot - key->data - 3))
                   : (uint8_t)RN_KIND_NONE;
        if (kind != RN_KIND_NONE && RN_KIND_IS_EVENT(kind))
            return kind;
    }
    return find_call(own, name, &abi, &nr) ? RN_KIND_SYSCALL : RN_KIND_NONE;
}

static bool has_name(uint8_t kind)
{
    return kind == RN_KIND_KERNEL || kind == RN_KIND_BLOCK || kind == RN_KIND_API ||
           kind == RN_KIND_TRANSFER || kind == RN_KIND_DECISION || kind == RN_KIND_AGGREGATE ||
           kind == RN_KIND_SPAN || kind == RN_KIND_COUNTER || kind == RN_KIND_FLOW;
}

/* A fork names its child by the number that it had. */
static enum rn_status take_child(struct own *own, struct rn_error *err)
{
    struct rn_process *process = &own->event.u.process;
    bool is_thread = process->clone_flags & THREAD_BIT;
    uint32_t child;
    enum rn_status status =
        stream_of(own->read, process->child_stream, is_thread ? process->pid : process->child_tid,
                  process->child_tid, own->event.stream, NULL, &child, err);

    process->child_stream = child;
    return status;
}

static enum rn_status add(struct own *own, const struct rn_otlp_text *name,
                          const struct rn_otlp_facts *outer, struct rn_error *err)
{
    struct rn_event *event = &own->event;
    const struct rn_otlp_value *thread = rn_otlp_fact(own->facts, "thread.name");
    enum rn_status status;

    if (has_name(event->kind) && !rn_otlp_text_is(name, rn_kind_name(event->kind)))
        attach(own, RN_ATT_NAME, RN_ARG_NONE, name->data, name->size);
    if (event->kind == RN_KIND_PROCESS && thread && thread->type == RN_OTLP_VALUE_TEXT)
        attach(own, RN_ATT_NAME, RN_ARG_NONE, thread->text.data, thread->text.size);
    if (event->kind == RN_KIND_SYSCALL)
        take_call(own);
    else
        take_fields(own);
    own->read->own_errors += number_fact(own->facts, "rn.aggregate.errors");
    take_source(own);
    take_flags(own);
    status = find_stream(own, outer, err);
    if (status == RN_OK && event->kind == RN_KIND_PROCESS && event->u.process.op == RN_PROCESS_FORK)
        status = take_child(own, err);
    event->attachments = own->attachments;
    if (status == RN_OK && own->texts.failed)
        status = rn_fail(err, RN_E_NOMEM, "no memory for an event");
    return status == RN_OK ? rn_import_add(own->read->import, event, err) : status;
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
                                 const struct rn_otlp_moment *moment, struct own *own,
                                 struct rn_error *err)
{
    uint64_t op;
    uint8_t kind = moment_kind(&moment->name, &op);
    enum rn_status status;

    if (kind == RN_KIND_NONE) {
        read->own_unknown++;
        return RN_OK;
    }
    *own = (struct own){
        .read = read, .facts = &moment->facts, .event = {.kind = kind, .start = moment->ns}};
    if (kind == RN_KIND_PROCESS || kind == RN_KIND_MODULE)
        own->event.u.words[0] = op;
    status = add(own, &moment->name, &span->facts, err);
    rn_buf_free(&own->texts);
    return status;
}

enum rn_status otlp_add_own(struct rn_otlp_read *read, const struct rn_otlp_read_span *span,
                            struct rn_error *err)
{
    struct own *own = malloc(sizeof *own);
    enum rn_status status = RN_OK;

    if (!own)
        return rn_fail(err, RN_E_NOMEM, "no memory for an event");
    *own =
        (struct own){.read = read,
                     .facts = &span->facts,
                     .event = {.start = span->start_ns, .duration = span->end_ns - span->start_ns}};
    if (rn_otlp_fact(&span->facts, "rn.kind")) {
        read->structure++;
    } else {
        own->event.kind = kind_of(own, &span->name);
        read->own_ids++;
        if (own->event.kind == RN_KIND_NONE)
            otlp_wrong(read, "a span of an unknown kind of event");
        else if (own->event.kind != RN_KIND_SYSCALL ||
                 find_call(own, &span->name, &own->event.u.syscall.abi, &own->event.u.syscall.nr))
            status = add(own, &span->name, NULL, err);
        else
            otlp_wrong(read, "a system call of an unknown name");
    }
    rn_buf_free(&own->texts);
    for (size_t i = 0; i < span->moment_count && status == RN_OK; i++)
        status = add_moment(read, span, &span->moments[i], own, err);
    free(own);
    return status;
}
