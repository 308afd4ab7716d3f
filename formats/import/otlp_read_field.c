/* SPDX-License-Identifier: MIT */
/* Attributes rn.KIND.FIELD as the fields and attachments of an event; which they are follows from
 * the schema of its kind. */
#include "otlp_own.h"

#include "formats/escape.h"
#include "formats/event_schema.h"
#include "formats/value_name.h"

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
    if (!otlp_begins(text, "0x") || text->size > 18)
        return 0;
    for (size_t i = 2; i < text->size; i++) {
        int digit = rn_hex_digit(text->data[i]);

        if (digit < 0)
            return 0;
        value = value << 4 | (uint64_t)digit;
    }
    return value;
}

/* The word of a field; -1 none. */
static int word_of(const struct rn_schema *schema, const char *name, size_t size)
{
    for (int i = 0; i < schema->words; i++)
        if (strlen(schema->fields[i].name) == size && !memcmp(schema->fields[i].name, name, size))
            return i;
    return -1;
}

static void take_histogram(struct otlp_own *own, const struct rn_otlp_text *text)
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
    otlp_own_attach(own, RN_ATT_HISTOGRAM, RN_ARG_NONE, own->histogram, size);
}

static void take_build_id(struct otlp_own *own, const struct rn_otlp_text *text)
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
    otlp_own_attach(own, RN_ATT_BUILD_ID, RN_ARG_NONE, own->build_id, size);
}

/* What is no field is an attachment. */
static bool take_attachment(struct otlp_own *own, const char *name, size_t size,
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
            /* One alone: what is attached must stay where it is. */
            if (own->strings.size == 0 &&
                own->read->form->put_strings(&value->text, &own->strings) && !own->strings.failed)
                otlp_own_attach(own, RN_ATT_ARGV, RN_ARG_NONE, own->strings.data,
                                own->strings.size);
        } else if (value->type != RN_OTLP_VALUE_TEXT) {
            return false;
        } else if (types[i].type == RN_ATT_HISTOGRAM) {
            take_histogram(own, &value->text);
        } else if (types[i].type == RN_ATT_BUILD_ID) {
            take_build_id(own, &value->text);
        } else {
            otlp_own_attach(own, types[i].type, RN_ARG_NONE, value->text.data, value->text.size);
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

void otlp_own_take_fields(struct otlp_own *own)
{
    const struct rn_schema *schema = rn_schema_get(own->event.kind);
    size_t length;
    char prefix[40];

    length = prefix_of(own->event.kind, prefix);
    for (size_t i = 0; i < own->facts->count; i++) {
        const struct rn_otlp_fact *fact = &own->facts->items[i];
        const char *name;
        int word;

        if (fact->key.size <= length || memcmp(fact->key.data, prefix, length) != 0)
            continue;
        name = fact->key.data + length;
        word = word_of(schema, name, fact->key.size - length);
        if (word >= 0 && fact->value.type == RN_OTLP_VALUE_INT)
            own->event.u.words[word] = (uint64_t)fact->value.u.number;
        else if (word >= 0 && fact->value.type == RN_OTLP_VALUE_REAL)
            memcpy(&own->event.u.words[word], &fact->value.u.real, sizeof(double));
        else if (word >= 0 && fact->value.type == RN_OTLP_VALUE_TEXT)
            own->event.u.words[word] =
                value_of_text(own->event.kind, schema->fields[word].name, &fact->value.text);
        else if (!is_derived(&fact->key) &&
                 !take_attachment(own, name, fact->key.size - length, &fact->value))
            own->read->own_unknown++;
    }
}
