/* SPDX-License-Identifier: MIT */
#include "otlp_encode.h"

#include "escape.h"
#include "otlp_wire.h"

enum { TRACE_ID_SIZE = 16, ID_SIZE = 8 };
enum {
    SPAN_TRACE_ID = 1,
    SPAN_ID = 2,
    SPAN_TRACE_STATE = 3,
    SPAN_PARENT = 4,
    SPAN_NAME = 5,
    SPAN_KIND = 6,
    SPAN_START = 7,
    SPAN_END = 8,
    SPAN_ATTRIBUTES = 9,
    SPAN_EVENTS = 11,
    SPAN_LINKS = 13,
    SPAN_STATUS = 15,
};
enum { KIND_INTERNAL = 1 };
enum { VALUE_STRING = 1, VALUE_BOOL = 2, VALUE_INT = 3, VALUE_DOUBLE = 4, VALUE_ARRAY = 5 };

/* What a span takes besides its texts and attributes: ids, kind, times, status, lengths. */
#define SPAN_FIXED 128u

void rn_otlp_id_store(uint8_t *to, uint64_t id)
{
    for (unsigned i = 0; i < ID_SIZE; i++)
        to[i] = (uint8_t)(id >> (56 - 8 * i));
}

uint64_t rn_otlp_id_load(const uint8_t *from)
{
    uint64_t id = 0;

    for (unsigned i = 0; i < ID_SIZE; i++)
        id = id << 8 | from[i];
    return id;
}

static uint8_t *put_id(uint8_t *to, unsigned field, uint64_t id)
{
    to = rn_wire_put_head(to, field, ID_SIZE);
    rn_otlp_id_store(to, id);
    return to + ID_SIZE;
}

/* The array of the texts in `text`, each of which ends with a NUL: its size, or itself. */
static size_t strings_size(struct rn_otlp_text text)
{
    size_t size = 0;

    for (size_t at = 0; at < text.size;) {
        size_t length = strnlen(text.data + at, text.size - at);

        size += rn_wire_bytes_size(rn_wire_bytes_size(length));
        at += length + 1;
    }
    return size;
}

static uint8_t *put_strings(uint8_t *to, struct rn_otlp_text text)
{
    for (size_t at = 0; at < text.size;) {
        size_t length = strnlen(text.data + at, text.size - at);

        to = rn_wire_put_head(to, 1, rn_wire_bytes_size(length));
        to = rn_wire_put_bytes(to, VALUE_STRING, text.data + at, length);
        at += length + 1;
    }
    return to;
}

static size_t value_size(const struct rn_otlp_attribute *attribute)
{
    switch (attribute->type) {
    case RN_OTLP_STRING:
        return rn_wire_bytes_size(attribute->value.text.size);
    case RN_OTLP_INT:
        return 1 + rn_wire_varint_size((uint64_t)attribute->value.number);
    case RN_OTLP_DOUBLE:
        return 9;
    case RN_OTLP_BOOL:
        return 2;
    case RN_OTLP_STRINGS:
        return rn_wire_bytes_size(strings_size(attribute->value.text));
    }
    return 0;
}

static uint8_t *put_value(uint8_t *to, const struct rn_otlp_attribute *attribute)
{
    uint64_t bits;

    switch (attribute->type) {
    case RN_OTLP_STRING:
        return rn_wire_put_bytes(to, VALUE_STRING, attribute->value.text.data,
                                 attribute->value.text.size);
    case RN_OTLP_INT:
        *to++ = (uint8_t)RN_WIRE_TAG(VALUE_INT, RN_WIRE_VARINT);
        return rn_wire_put_varint(to, (uint64_t)attribute->value.number);
    case RN_OTLP_DOUBLE:
        memcpy(&bits, &attribute->value.real, sizeof bits);
        return rn_wire_put_fixed64(to, VALUE_DOUBLE, bits);
    case RN_OTLP_BOOL:
        *to++ = (uint8_t)RN_WIRE_TAG(VALUE_BOOL, RN_WIRE_VARINT);
        *to++ = attribute->value.flag;
        return to;
    case RN_OTLP_STRINGS:
        to = rn_wire_put_head(to, VALUE_ARRAY, strings_size(attribute->value.text));
        return put_strings(to, attribute->value.text);
    }
    return to;
}

/* A KeyValue with the tag of the field that it is put into. */
static uint8_t *put_attribute(uint8_t *to, unsigned field,
                              const struct rn_otlp_attribute *attribute)
{
    size_t value = value_size(attribute);

    to = rn_wire_put_head(to, field,
                          rn_wire_bytes_size(attribute->key.size) + rn_wire_bytes_size(value));
    to = rn_wire_put_bytes(to, 1, attribute->key.data, attribute->key.size);
    to = rn_wire_put_head(to, 2, value);
    return put_value(to, attribute);
}

/* At least what the attributes take: 30 bytes cover the three tags and lengths and a number. */
static size_t attributes_room(const struct rn_otlp_attributes *list)
{
    size_t room = 0;

    for (unsigned i = 0; list && i < list->count; i++) {
        const struct rn_otlp_attribute *item = &list->items[i];

        room += 30 + item->key.size;
        if (item->type == RN_OTLP_STRING)
            room += item->value.text.size;
        else if (item->type == RN_OTLP_STRINGS)
            room += strings_size(item->value.text);
    }
    return room;
}

static uint8_t *put_attributes(uint8_t *to, unsigned field, const struct rn_otlp_attributes *list)
{
    for (unsigned i = 0; list && i < list->count; i++)
        to = put_attribute(to, field, &list->items[i]);
    return to;
}

static size_t attributes_size(const struct rn_otlp_attributes *list)
{
    size_t size = 0;

    for (unsigned i = 0; list && i < list->count; i++)
        size += rn_wire_bytes_size(rn_wire_bytes_size(list->items[i].key.size) +
                                   rn_wire_bytes_size(value_size(&list->items[i])));
    return size;
}

static uint8_t *put_status(uint8_t *to, const struct rn_otlp_span *span)
{
    size_t message = span->status_message.size;

    if (span->status == RN_OTLP_UNSET)
        return to;
    to = rn_wire_put_head(to, SPAN_STATUS, (message ? rn_wire_bytes_size(message) : 0) + 2);
    if (message)
        to = rn_wire_put_bytes(to, 2, span->status_message.data, message);
    *to++ = (uint8_t)RN_WIRE_TAG(3, RN_WIRE_VARINT);
    *to++ = (uint8_t)span->status;
    return to;
}

void rn_otlp_span_encode(struct rn_buf *out, const struct rn_otlp_span *span)
{
    uint8_t *start =
        rn_buf_reserve(out, SPAN_FIXED + span->trace_state.size + span->name.size +
                                span->common.size + attributes_room(span->attributes) +
                                span->events.size + span->links.size + span->status_message.size);
    uint8_t *to = start;

    if (!to)
        return;
    to = rn_wire_put_bytes(to, SPAN_TRACE_ID, span->trace_id, TRACE_ID_SIZE);
    to = put_id(to, SPAN_ID, span->id);
    if (span->trace_state.size)
        to =
            rn_wire_put_bytes(to, SPAN_TRACE_STATE, span->trace_state.data, span->trace_state.size);
    if (span->parent)
        to = put_id(to, SPAN_PARENT, span->parent);
    to = rn_wire_put_bytes(to, SPAN_NAME, span->name.data, span->name.size);
    *to++ = (uint8_t)RN_WIRE_TAG(SPAN_KIND, RN_WIRE_VARINT);
    *to++ = KIND_INTERNAL;
    to = rn_wire_put_fixed64(to, SPAN_START, span->start_ns);
    to = rn_wire_put_fixed64(to, SPAN_END, span->end_ns);
    to = rn_wire_put_raw(to, span->common.data, span->common.size);
    to = put_attributes(to, SPAN_ATTRIBUTES, span->attributes);
    to = rn_wire_put_raw(to, span->events.data, span->events.size);
    to = rn_wire_put_raw(to, span->links.data, span->links.size);
    to = put_status(to, span);
    out->size += (size_t)(to - start);
}

static void encode_list(struct rn_buf *out, unsigned field, const struct rn_otlp_attributes *list)
{
    uint8_t *to = rn_buf_reserve(out, attributes_room(list));

    if (to)
        out->size += (size_t)(put_attributes(to, field, list) - to);
}

void rn_otlp_attributes_encode(struct rn_buf *out, const struct rn_otlp_attributes *list)
{
    encode_list(out, SPAN_ATTRIBUTES, list);
}

void rn_otlp_resource_encode(struct rn_buf *out, const struct rn_otlp_attributes *list)
{
    encode_list(out, 1, list);
}

void rn_otlp_event_encode(struct rn_buf *out, uint64_t time_ns, struct rn_otlp_text name,
                          const struct rn_otlp_attributes *list)
{
    size_t size = 9 + rn_wire_bytes_size(name.size) + attributes_size(list);
    uint8_t *start = rn_buf_reserve(out, size + 16), *to = start;

    if (!to)
        return;
    to = rn_wire_put_head(to, SPAN_EVENTS, size);
    to = rn_wire_put_fixed64(to, 1, time_ns);
    to = rn_wire_put_bytes(to, 2, name.data, name.size);
    to = put_attributes(to, 3, list);
    out->size += (size_t)(to - start);
}

void rn_otlp_link_encode(struct rn_buf *out, const uint8_t trace_id[16], uint64_t span_id,
                         const struct rn_otlp_attributes *list)
{
    size_t size = 2 + TRACE_ID_SIZE + 2 + ID_SIZE + attributes_size(list);
    uint8_t *start = rn_buf_reserve(out, size + 16), *to = start;

    if (!to)
        return;
    to = rn_wire_put_head(to, SPAN_LINKS, size);
    to = rn_wire_put_bytes(to, 1, trace_id, TRACE_ID_SIZE);
    to = put_id(to, 2, span_id);
    to = put_attributes(to, 4, list);
    out->size += (size_t)(to - start);
}

void rn_otlp_scope_encode(struct rn_buf *out, struct rn_otlp_text name, struct rn_otlp_text version)
{
    uint8_t *start = rn_buf_reserve(out, name.size + version.size + 32), *to = start;

    if (!to)
        return;
    to = rn_wire_put_bytes(to, 1, name.data, name.size);
    to = rn_wire_put_bytes(to, 2, version.data, version.size);
    out->size += (size_t)(to - start);
}

/* The greatest size up to `limit` at which no UTF-8 character of the text is cut. */
static size_t whole_characters(const uint8_t *data, size_t limit)
{
    size_t size = limit;

    while (size && limit - size < 3 && (data[size] & 0xc0) == 0x80)
        size--;
    return size;
}

void rn_otlp_text_add(struct rn_buf *out, const uint8_t *data, size_t size, size_t limit, bool *cut)
{
    size_t before = out->size;

    if (size > limit) {
        size = whole_characters(data, limit);
        *cut = true;
    }
    rn_escape_terminal(out, data, size);
    if (out->size - before > limit) {
        out->size = before + whole_characters(out->data + before, limit);
        *cut = true;
    }
}
