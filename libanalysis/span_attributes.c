/* SPDX-License-Identifier: MIT */
/* What an event says about itself, as attributes. Fields come from the schema of its kind, so that
 * a new field is an attribute without further work; a table says which of them are more than
 * numbers. rn-otlp(7) lists them. */
#include "span_private.h"
#include "value_name.h"

#include "formats/event_schema.h"
#include "formats/syscall_table.h"
#include "formats/xlat.h"

#include <stdlib.h>
#include <sys/wait.h>

#define KEY(text) RN_OTLP_TEXT(text)

/* Escaping makes four bytes of one at worst, before the limit is applied. */
#define TEXT_ROOM (4u * RN_OTLP_TEXT_LIMIT)

enum treatment { PLAIN, ALWAYS, HIDDEN, NAMED, KIND, POINT, DURATION };

static const struct span_rule {
    uint8_t kind; /* RN_KIND_NONE: all */
    const char *field;
    enum treatment treatment;
    enum rn_value_table table;
} rules[] = {
    {RN_KIND_PROCESS, "op", HIDDEN, 0}, /* is the name of the event */
    {RN_KIND_PROCESS, "abi", HIDDEN, 0},
    {RN_KIND_MODULE, "op", HIDDEN, 0},
    {RN_KIND_SIGNAL, "signo", ALWAYS, 0},
    {RN_KIND_DESCRIPTOR, "fd", ALWAYS, 0},
    {RN_KIND_NONE, "api", NAMED, RN_VALUE_API},
    {RN_KIND_NONE, "device", ALWAYS, 0},
    {RN_KIND_API, "result", ALWAYS, 0},
    {RN_KIND_NONE, "direction", NAMED, RN_VALUE_DIRECTION},
    {RN_KIND_NONE, "backend", NAMED, RN_VALUE_BACKEND},
    {RN_KIND_BLOCK, "provenance", NAMED, RN_VALUE_PROVENANCE},
    {RN_KIND_AGGREGATE, "residency", NAMED, RN_VALUE_RESIDENCY},
    {RN_KIND_AGGREGATE, "reason", NAMED, RN_VALUE_REASON},
    {RN_KIND_AGGREGATE, "of", KIND, 0},
    {RN_KIND_AGGREGATE, "sum", DURATION, 0},
    {RN_KIND_AGGREGATE, "min", DURATION, 0},
    {RN_KIND_AGGREGATE, "max", DURATION, 0},
    {RN_KIND_NONE, "queued", POINT, 0},
    {RN_KIND_NONE, "submitted", POINT, 0},
    {RN_KIND_NOTICE, "code", NAMED, RN_VALUE_NOTICE},
    {RN_KIND_LOSS, "kind", KIND, 0},
    {RN_KIND_LOSS, "reason", NAMED, RN_VALUE_LOSS},
};

static const struct span_rule *rule_of(uint8_t kind, const char *field)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if ((rules[i].kind == RN_KIND_NONE || rules[i].kind == kind) &&
            !strcmp(rules[i].field, field))
            return &rules[i];
    return NULL;
}

void rn_span_rules_init(struct rn_span_tree *tree)
{
    for (unsigned kind = 0; kind < RN_KIND_STREAM; kind++) {
        const struct rn_schema *schema = rn_schema_get((uint8_t)kind);

        for (unsigned i = 0; schema && i < schema->words && i < SPAN_FIELDS; i++)
            tree->rules[kind][i] = rule_of((uint8_t)kind, schema->fields[i].name);
    }
}

static const char *prefix_of(uint8_t kind)
{
    return kind == RN_KIND_KERNEL ? "gpu.kernel" : rn_kind_name(kind);
}

void rn_span_texts_begin(struct rn_span_tree *tree, const struct rn_event *event)
{
    rn_buf_clear(&tree->texts);
    rn_buf_reserve(&tree->texts, (event->attachment_count + 4) * (size_t)TEXT_ROOM);
}

static struct rn_otlp_text text_since(const struct rn_span_tree *tree, size_t before)
{
    return tree->texts.failed ? (struct rn_otlp_text){"", 0}
                              : (struct rn_otlp_text){(const char *)tree->texts.data + before,
                                                      tree->texts.size - before};
}

struct rn_otlp_text rn_span_text(struct rn_span_tree *tree, const uint8_t *data, size_t size,
                                 bool *cut)
{
    size_t before = tree->texts.size;

    rn_otlp_text_add(&tree->texts, data, size, RN_OTLP_TEXT_LIMIT, cut);
    return text_since(tree, before);
}

/* "rn.KIND.FIELD"; room for it is part of what rn_span_texts_begin reserves. */
static struct rn_otlp_text make_key(struct rn_span_tree *tree, uint8_t kind, const char *field,
                                    const char *suffix)
{
    size_t before = tree->texts.size;

    rn_buf_text(&tree->texts, "rn.");
    rn_buf_text(&tree->texts, prefix_of(kind));
    rn_buf_byte(&tree->texts, '.');
    rn_buf_text(&tree->texts, field);
    rn_buf_text(&tree->texts, suffix);
    return text_since(tree, before);
}

void rn_span_add_place(struct rn_otlp_attributes *list, const struct rn_event *event)
{
    rn_otlp_add_int(list, KEY("rn.ordinal"), (int64_t)event->ordinal);
}

void rn_span_add_flags(struct rn_otlp_attributes *list, const struct rn_event *event, bool cut)
{
    static const struct {
        uint32_t flag;
        struct rn_otlp_text key;
    } flags[] = {
        {RN_EVENT_UNFINISHED, {"rn.unfinished", 13}},
        {RN_EVENT_TRACED, {"rn.traced", 9}},
        {RN_EVENT_TRUNCATED, {"rn.truncated", 12}},
        {RN_EVENT_FAULT, {"rn.fault", 8}},
    };

    for (size_t i = 0; event->flags && i < sizeof flags / sizeof flags[0]; i++) {
        struct rn_otlp_attribute *item;

        if (!(event->flags & flags[i].flag))
            continue;
        item = rn_otlp_attribute_new(list, flags[i].key);
        item->type = RN_OTLP_BOOL;
        item->value.flag = true;
    }
    if (cut) {
        struct rn_otlp_attribute *item = rn_otlp_attribute_new(list, KEY("rn.cut"));

        item->type = RN_OTLP_BOOL;
        item->value.flag = true;
    }
}

void rn_span_add_original_time(struct rn_span_tree *tree, struct rn_otlp_attributes *list,
                               uint64_t start_ns)
{
    if (tree->options.shift_ns)
        rn_otlp_add_int(list, KEY("rn.original_start_ns"),
                        (int64_t)(start_ns - (uint64_t)tree->options.shift_ns));
}

static struct rn_otlp_text static_text(const char *text)
{
    return (struct rn_otlp_text){text, strlen(text)};
}

static void add_kind(struct rn_otlp_attributes *list, struct rn_otlp_text key, uint64_t kind)
{
    const char *name = kind < RN_KIND_LIMIT ? rn_kind_name((uint8_t)kind) : NULL;

    rn_otlp_add_text(list, key, static_text(name ? name : "unknown"));
}

static void add_hex(struct rn_span_tree *tree, struct rn_otlp_attributes *list,
                    struct rn_otlp_text key, uint64_t value)
{
    size_t before = tree->texts.size;

    rn_buf_hex(&tree->texts, value);
    rn_otlp_add_text(list, key, text_since(tree, before));
}

static void add_real(struct rn_otlp_attributes *list, struct rn_otlp_text key, uint64_t bits)
{
    struct rn_otlp_attribute *item = rn_otlp_attribute_new(list, key);

    item->type = RN_OTLP_DOUBLE;
    memcpy(&item->value.real, &bits, sizeof bits);
}

static void add_field(struct rn_span_tree *tree, struct rn_trace *trace,
                      struct rn_otlp_attributes *list, const struct rn_event *event,
                      const struct rn_field *field, const struct span_rule *rule)
{
    uint64_t value = event->u.words[field - rn_schema_get(event->kind)->fields];
    enum treatment treatment = rule ? rule->treatment : PLAIN;
    const struct rn_clock *clock = rn_trace_clock(trace);
    bool is_time = treatment == POINT || treatment == DURATION;
    struct rn_otlp_text key;

    if (treatment == HIDDEN || (!value && treatment != ALWAYS && treatment != DURATION &&
                                !(treatment == NAMED && event->kind != RN_KIND_AGGREGATE)))
        return;
    key = make_key(tree, event->kind, field->name, is_time ? "_ns" : "");
    if (treatment == NAMED)
        rn_otlp_add_text(list, key, static_text(rn_value_name(rule->table, value)));
    else if (treatment == KIND)
        add_kind(list, key, value);
    else if (treatment == POINT)
        rn_otlp_add_int(list, key, (int64_t)rn_clock_realtime(clock, value));
    else if (treatment == DURATION)
        rn_otlp_add_int(list, key, (int64_t)rn_clock_duration(clock, value));
    else if (field->unit == RN_FIELD_REAL)
        add_real(list, key, value);
    else if (field->is_hex)
        add_hex(tree, list, key, value);
    else
        rn_otlp_add_int(list, key, (int64_t)value);
}

/* "FILE:LINE" */
static void add_source(struct rn_span_tree *tree, struct rn_otlp_attributes *list,
                       const struct rn_attachment *source, bool *cut)
{
    struct rn_otlp_text text = rn_span_text(tree, source->data, source->size, cut);
    const char *colon = memrchr(text.data, ':', text.size);
    int64_t line = 0;
    size_t digits = colon ? text.size - (size_t)(colon + 1 - text.data) : 0;

    for (size_t i = 0; i < digits; i++) {
        if (colon[1 + i] < '0' || colon[1 + i] > '9' || digits > 9)
            digits = 0;
        else
            line = 10 * line + (colon[1 + i] - '0');
    }
    if (digits) {
        rn_otlp_add_int(list, KEY("code.line.number"), line);
        text.size = (size_t)(colon - text.data);
    }
    rn_otlp_add_text(list, KEY("code.file.path"), text);
}

static void add_strings(struct rn_span_tree *tree, struct rn_otlp_attributes *list,
                        struct rn_otlp_text key, const struct rn_attachment *strings, bool *cut)
{
    struct rn_otlp_attribute *item = rn_otlp_attribute_new(list, key);
    size_t before = tree->texts.size;

    for (size_t at = 0; at < strings->size && tree->texts.size - before < RN_OTLP_TEXT_LIMIT;) {
        size_t length = strnlen((const char *)strings->data + at, strings->size - at);

        rn_otlp_text_add(&tree->texts, strings->data + at, length,
                         RN_OTLP_TEXT_LIMIT - (tree->texts.size - before), cut);
        rn_buf_byte(&tree->texts, 0);
        at += length + 1;
    }
    item->type = RN_OTLP_STRINGS;
    item->value.text = text_since(tree, before);
}

static void add_build_id(struct rn_span_tree *tree, struct rn_otlp_attributes *list,
                         const struct rn_attachment *id)
{
    size_t before = tree->texts.size;

    for (uint32_t i = 0; i < id->size && i < 64; i++)
        rn_buf_printf(&tree->texts, "%02x", id->data[i]);
    rn_otlp_add_text(list, KEY("rn.module.build_id"), text_since(tree, before));
}

/* "BITS:COUNT ...": so many durations had that many bits. */
static void add_histogram(struct rn_span_tree *tree, struct rn_otlp_attributes *list,
                          const struct rn_attachment *histogram)
{
    size_t before = tree->texts.size;

    for (uint32_t i = 0; i + 16 <= histogram->size && i < 16 * 65; i += 16) {
        uint64_t pair[2];

        memcpy(pair, histogram->data + i, sizeof pair);
        rn_buf_printf(&tree->texts, "%s%llu:%llu", i ? " " : "", (unsigned long long)pair[0],
                      (unsigned long long)pair[1]);
    }
    rn_otlp_add_text(list, KEY("rn.aggregate.histogram"), text_since(tree, before));
}

static void add_attachment(struct rn_span_tree *tree, struct rn_otlp_attributes *list,
                           const struct rn_event *event, const struct rn_attachment *attachment,
                           bool *cut)
{
    static const char *const keys[RN_ATT_COUNT] = {
        [RN_ATT_PATH] = "path",     [RN_ATT_STRING] = "string",     [RN_ATT_EXE] = "exe",
        [RN_ATT_CWD] = "cwd",       [RN_ATT_ROOT] = "root",         [RN_ATT_TEXT] = "text",
        [RN_ATT_ISA] = "isa",       [RN_ATT_CATEGORY] = "category", [RN_ATT_INPUT] = "input",
        [RN_ATT_RESULT] = "result",
    };
    const char *key = attachment->type < RN_ATT_COUNT ? keys[attachment->type] : NULL;

    *cut |= attachment->flags & RN_ATT_CUT;
    if (attachment->type == RN_ATT_SOURCE)
        add_source(tree, list, attachment, cut);
    else if (attachment->type == RN_ATT_ARGV)
        add_strings(tree, list, make_key(tree, event->kind, "argv", ""), attachment, cut);
    else if (attachment->type == RN_ATT_BUILD_ID)
        add_build_id(tree, list, attachment);
    else if (attachment->type == RN_ATT_HISTOGRAM)
        add_histogram(tree, list, attachment);
    else if (attachment->type == RN_ATT_NAME && event->kind == RN_KIND_PROCESS)
        rn_otlp_add_text(list, KEY("thread.name"),
                         rn_span_text(tree, attachment->data, attachment->size, cut));
    else if (key) {
        struct rn_otlp_text name = make_key(tree, event->kind, key, "");

        rn_otlp_add_text(list, name, rn_span_text(tree, attachment->data, attachment->size, cut));
    }
}

static struct rn_otlp_text number_text(struct rn_span_tree *tree, uint64_t number)
{
    size_t before = tree->texts.size;

    rn_buf_decimal_signed(&tree->texts, (int64_t)number);
    return text_since(tree, before);
}

/* What the fields mean together. */
static void add_derived(struct rn_span_tree *tree, struct rn_trace *trace,
                        struct rn_otlp_attributes *list, const struct rn_event *event)
{
    const struct rn_process *process = &event->u.process;
    uint64_t ns = rn_clock_duration(rn_trace_clock(trace), event->duration);
    struct rn_otlp_attribute *item;

    if (event->kind == RN_KIND_PROCESS && process->op == RN_PROCESS_EXIT &&
        WIFEXITED((int)process->status))
        rn_otlp_add_int(list, KEY("process.exit.code"), WEXITSTATUS((int)process->status));
    if (event->kind == RN_KIND_SIGNAL && event->u.signal.signo <= 64)
        rn_otlp_add_text(list, KEY("rn.signal.name"),
                         static_text(rn_signal_name((unsigned)event->u.signal.signo)));
    if (event->kind == RN_KIND_API && event->u.api.result)
        rn_otlp_add_text(list, KEY("error.type"), number_text(tree, event->u.api.result));
    if (event->kind == RN_KIND_TRANSFER && ns) {
        item = rn_otlp_attribute_new(list, KEY("rn.transfer.bytes_per_second"));
        item->type = RN_OTLP_DOUBLE;
        item->value.real = (double)event->u.transfer.bytes / (double)ns * 1e9;
    }
}

void rn_span_add_event(struct rn_span_tree *tree, struct rn_trace *trace,
                       struct rn_otlp_attributes *list, const struct rn_event *event, bool *cut)
{
    const struct rn_schema *schema = rn_schema_get(event->kind);

    for (unsigned i = 0; schema && i < schema->words; i++)
        add_field(tree, trace, list, event, &schema->fields[i], tree->rules[event->kind][i]);
    for (uint32_t i = 0; i < event->attachment_count; i++) {
        const struct rn_attachment *attachment = &event->attachments[i];

        /* A key is there once. */
        if (rn_event_attachment(event, attachment->type, RN_ARG_ANY) == attachment)
            add_attachment(tree, list, event, attachment, cut);
    }
    add_derived(tree, trace, list, event);
}

struct rn_otlp_text rn_span_event_name(struct rn_span_tree *tree, const struct rn_event *event)
{
    const struct rn_attachment *name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    const char *fixed = rn_kind_name(event->kind);
    bool cut = false;

    if (event->kind == RN_KIND_PROCESS)
        fixed = rn_value_name(RN_VALUE_PROCESS_OP, event->u.process.op);
    else if (event->kind == RN_KIND_MODULE)
        fixed = rn_value_name(RN_VALUE_MODULE_OP, event->u.module.op);
    else if (name && name->size)
        return rn_span_text(tree, name->data, name->size, &cut);
    return static_text(fixed ? fixed : "event");
}
