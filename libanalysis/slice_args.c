/* SPDX-License-Identifier: MIT */
/* What an event is called, and what it says, for slices. */
#include "render.h"
#include "slice_private.h"
#include "value_name.h"

#include "formats/syscall_table.h"
#include "formats/xlat.h"

static const char *const keys[SLICE_KEYS - RN_SCHEMA_WORDS] = {
    "args",   "ret", "errno", "nr",     "abi", "path", "text",
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

static uint16_t add_call(struct rn_buf *out, struct rn_trace *trace, const struct rn_event *event)
{
    const struct rn_syscall *call = &event->u.syscall;
    struct slice_arg_head head = {.key = SLICE_KEY_ARGS, .type = RN_SLICE_JSON};
    size_t begin = out->size, text;
    const char *name;

    rn_buf_append(out, &head, sizeof head);
    text = out->size;
    rn_render_arguments_json(trace, event, out);
    head.size = (uint32_t)(out->size - text);
    if (!out->failed)
        memcpy(out->data + begin, &head, sizeof head);
    add_number(out, SLICE_KEY_NR, RN_SLICE_UNSIGNED, call->nr);
    add_text(out, SLICE_KEY_ABI, rn_abi_name(call->abi));
    if (event->flags & RN_EVENT_UNFINISHED)
        return 3;
    if (!rn_syscall_failed(call)) {
        add_number(out, SLICE_KEY_RET, RN_SLICE_SIGNED, call->ret);
        return 4;
    }
    name = rn_errno_name((int)-call->ret);
    add_number(out, SLICE_KEY_RET, RN_SLICE_SIGNED, (uint64_t)-1);
    if (name)
        add_text(out, SLICE_KEY_ERRNO, name);
    else
        add_number(out, SLICE_KEY_ERRNO, RN_SLICE_UNSIGNED, -call->ret);
    return 5;
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

static const char *fixed_name(const struct rn_event *event)
{
    const struct rn_syscall_info *info;

    switch (event->kind) {
    case RN_KIND_SYSCALL:
        info = rn_syscall_info(event->u.syscall.abi, event->u.syscall.nr);
        return info ? info->name : NULL;
    case RN_KIND_PROCESS:
        return rn_value_name(RN_VALUE_PROCESS_OP, event->u.process.op);
    case RN_KIND_SIGNAL:
        return event->u.signal.signo <= 64 ? rn_signal_name((unsigned)event->u.signal.signo) : NULL;
    case RN_KIND_MODULE:
        return rn_value_name(RN_VALUE_MODULE_OP, event->u.module.op);
    case RN_KIND_TRANSFER:
        return rn_value_name(RN_VALUE_DIRECTION, event->u.transfer.direction);
    default:
        return NULL;
    }
}

void rn_slice_name(struct rn_buf *out, const struct rn_event *event)
{
    const struct rn_attachment *given = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    const char *fixed = fixed_name(event);

    if (given && given->size && (event->kind == RN_KIND_TRANSFER || !fixed))
        rn_buf_append(out, given->data, given->size);
    else if (fixed)
        rn_buf_text(out, fixed);
    else if (event->kind == RN_KIND_SYSCALL)
        rn_buf_printf(out, "syscall_%llu", (unsigned long long)event->u.syscall.nr);
    else
        rn_buf_text(out, rn_kind_name(event->kind));
}
