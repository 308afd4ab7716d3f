/* SPDX-License-Identifier: MIT */
/* What an event is called, and what it says, for slices. */
#include "render.h"
#include "slice_private.h"

#include "formats/syscall_table.h"
#include "formats/value_name.h"
#include "formats/xlat.h"

#include <stdio.h>

static const char *const keys[SLICE_KEYS - RN_SCHEMA_WORDS] = {
    "args",   "ret", "errno", "nr",     "abi", "raw",  "path", "text",
    "source", "isa", "input", "result", "exe", "argv", "cwd",
};

const char *rn_slice_key(uint8_t kind, uint8_t key)
{
    const struct rn_schema *schema = rn_schema_get(kind);

    if (key >= SLICE_KEYS)
        return "?";
    if (key >= RN_SCHEMA_WORDS)
        return keys[key - RN_SCHEMA_WORDS];
    return schema && key < schema->words ? schema->fields[key].name : "?";
}

static void add_number(struct rn_buf *out, uint8_t key, enum rn_slice_value type, uint64_t number)
{
    struct slice_arg_head head = {.key = key, .type = (uint8_t)type, .number = number};

    rn_buf_append(out, &head, sizeof head);
}

static void add_bytes(struct rn_buf *out, uint8_t key, enum rn_slice_value type, const void *bytes,
                      size_t size)
{
    struct slice_arg_head head = {
        .size = size < UINT32_MAX ? (uint32_t)size : 0, .key = key, .type = (uint8_t)type};

    rn_buf_append(out, &head, sizeof head);
    rn_buf_append(out, bytes, head.size);
}

static void add_text(struct rn_buf *out, uint8_t key, const char *text)
{
    add_bytes(out, key, RN_SLICE_TEXT, text, strlen(text));
}

/* Enumerations as words. */
static const struct {
    uint8_t kind; /* RN_KIND_NONE: of all */
    const char *field;
    enum rn_value_table table;
} named[] = {
    {RN_KIND_NONE, "api", RN_VALUE_API},
    {RN_KIND_NONE, "backend", RN_VALUE_BACKEND},
    {RN_KIND_NONE, "direction", RN_VALUE_DIRECTION},
    {RN_KIND_NONE, "provenance", RN_VALUE_PROVENANCE},
    {RN_KIND_NONE, "residency", RN_VALUE_RESIDENCY},
    {RN_KIND_AGGREGATE, "reason", RN_VALUE_REASON},
    {RN_KIND_NOTICE, "code", RN_VALUE_NOTICE},
    {RN_KIND_LOSS, "reason", RN_VALUE_LOSS},
};

static const char *word_of(const struct rn_event *event, const char *field, uint64_t value)
{
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        if ((named[i].kind == RN_KIND_NONE || named[i].kind == event->kind) &&
            strcmp(named[i].field, field) == 0)
            return rn_value_name(named[i].table, value);
    return NULL;
}

static void add_field(struct rn_buf *out, struct rn_trace *trace, const struct rn_event *event,
                      const struct rn_field *field, uint8_t key)
{
    const struct rn_clock *clock = rn_trace_clock(trace);
    uint64_t value = event->u.words[key];
    const char *word = word_of(event, field->name, value);

    if (word)
        add_text(out, key, word);
    else if (field->unit == RN_FIELD_DURATION)
        add_number(out, key, RN_SLICE_UNSIGNED, rn_clock_duration(clock, value));
    else if (field->unit == RN_FIELD_MOMENT)
        add_number(out, key, RN_SLICE_UNSIGNED, rn_clock_since_start(clock, value));
    else
        add_number(out, key,
                   field->is_hex      ? RN_SLICE_HEX
                   : field->is_signed ? RN_SLICE_SIGNED
                                      : RN_SLICE_UNSIGNED,
                   value);
}

static uint16_t add_fields(struct rn_buf *out, struct rn_trace *trace, const struct rn_event *event)
{
    const struct rn_schema *schema = rn_schema_get(event->kind);
    uint16_t count = 0;

    for (uint8_t i = 0; schema && i < schema->words; i++) {
        if (event->u.words[i] == 0)
            continue;
        add_field(out, trace, event, &schema->fields[i], i);
        count++;
    }
    return count;
}

/* The arguments as the kernel was given them: hexadecimal digits, those at the end that are 0 left
 * out. What "args" says is for people; this is for who reads the file again. */
static uint16_t add_raw(struct rn_buf *out, const struct rn_syscall *call)
{
    char text[6 * 17 + 1];
    int size = 0;
    unsigned count = 6;

    while (count && call->args[count - 1] == 0)
        count--;
    for (unsigned i = 0; i < count; i++)
        size += snprintf(text + size, sizeof text - (size_t)size, i ? " %llx" : "%llx",
                         (unsigned long long)call->args[i]);
    if (count)
        add_bytes(out, SLICE_KEY_RAW, RN_SLICE_TEXT, text, (size_t)size);
    return count != 0;
}

static uint16_t add_call(struct rn_buf *out, struct rn_trace *trace, const struct rn_event *event)
{
    const struct rn_syscall *call = &event->u.syscall;
    struct slice_arg_head head = {.key = SLICE_KEY_ARGS, .type = RN_SLICE_JSON};
    size_t begin = out->size, text;
    const char *name;
    uint16_t count;

    rn_buf_append(out, &head, sizeof head);
    text = out->size;
    rn_render_arguments_json(trace, event, out);
    head.size = (uint32_t)(out->size - text);
    if (!out->failed)
        memcpy(out->data + begin, &head, sizeof head);
    add_number(out, SLICE_KEY_NR, RN_SLICE_UNSIGNED, call->nr);
    add_text(out, SLICE_KEY_ABI, rn_abi_name(call->abi));
    count = (uint16_t)(3 + add_raw(out, call));
    if (event->flags & RN_EVENT_UNFINISHED)
        return count;
    if (!rn_syscall_failed(call)) {
        add_number(out, SLICE_KEY_RET, RN_SLICE_SIGNED, call->ret);
        return (uint16_t)(count + 1);
    }
    name = rn_errno_name((int)-call->ret);
    add_number(out, SLICE_KEY_RET, RN_SLICE_SIGNED, (uint64_t)-1);
    if (name)
        add_text(out, SLICE_KEY_ERRNO, name);
    else
        add_number(out, SLICE_KEY_ERRNO, RN_SLICE_UNSIGNED, -call->ret);
    return (uint16_t)(count + 2);
}

static const struct {
    uint8_t type, key;
} attached[] = {
    {RN_ATT_PATH, SLICE_KEY_PATH},     {RN_ATT_TEXT, SLICE_KEY_TEXT},
    {RN_ATT_SOURCE, SLICE_KEY_SOURCE}, {RN_ATT_ISA, SLICE_KEY_ISA},
    {RN_ATT_INPUT, SLICE_KEY_INPUT},   {RN_ATT_RESULT, SLICE_KEY_RESULT},
    {RN_ATT_EXE, SLICE_KEY_EXE},       {RN_ATT_CWD, SLICE_KEY_CWD},
};

static uint16_t add_attachments(struct rn_buf *out, const struct rn_event *event)
{
    uint16_t count = 0;

    for (size_t i = 0; i < sizeof attached / sizeof attached[0]; i++) {
        const struct rn_attachment *found =
            rn_event_attachment(event, attached[i].type, RN_ARG_ANY);
        bool json = event->kind == RN_KIND_SPAN && attached[i].type == RN_ATT_TEXT;

        if (!found)
            continue;
        add_bytes(out, json ? SLICE_KEY_ARGS : attached[i].key,
                  json ? RN_SLICE_JSON : RN_SLICE_TEXT, found->data, found->size);
        count++;
    }
    return count;
}

uint16_t rn_slice_args(struct rn_buf *out, struct rn_trace *trace, const struct rn_event *event)
{
    if (event->kind == RN_KIND_SYSCALL)
        return add_call(out, trace, event);
    return (uint16_t)(add_fields(out, trace, event) + add_attachments(out, event));
}
