/* SPDX-License-Identifier: MIT */
/* Numbers of fields are those of opentelemetry-proto 1.x, see otlp.proto; AnyValue has besides
 * kvlist_value (6) and bytes_value (7). */
#include "otlp_proto_span.h"

#include "formats/escape.h"

enum { VALUE_STRING = 1, VALUE_BOOL, VALUE_INT, VALUE_DOUBLE, VALUE_ARRAY, VALUE_MAP, VALUE_BYTES };

static struct rn_otlp_text text_of(const struct rn_wire_field *field)
{
    return (struct rn_otlp_text){(const char *)field->data, field->size};
}

static bool is_bytes(const struct rn_wire_field *field, uint64_t number)
{
    return field->number == number && field->type == RN_WIRE_BYTES;
}

/* The last member of the union counts. */
static bool read_value(struct rn_wire message, struct rn_otlp_value *value)
{
    struct rn_wire_field field;

    while (rn_wire_next(&message, &field)) {
        if (is_bytes(&field, VALUE_STRING)) {
            *value = (struct rn_otlp_value){.type = RN_OTLP_VALUE_TEXT, .text = text_of(&field)};
        } else if (field.number == VALUE_BOOL && field.type == RN_WIRE_VARINT) {
            *value = (struct rn_otlp_value){.type = RN_OTLP_VALUE_FLAG, .u.flag = field.value != 0};
        } else if (field.number == VALUE_INT && field.type == RN_WIRE_VARINT) {
            *value =
                (struct rn_otlp_value){.type = RN_OTLP_VALUE_INT, .u.number = (int64_t)field.value};
        } else if (field.number == VALUE_DOUBLE && field.type == RN_WIRE_FIXED64) {
            *value = (struct rn_otlp_value){.type = RN_OTLP_VALUE_REAL};
            memcpy(&value->u.real, &field.value, sizeof value->u.real);
        } else if (is_bytes(&field, VALUE_ARRAY) || is_bytes(&field, VALUE_MAP) ||
                   is_bytes(&field, VALUE_BYTES)) {
            /* With its number in front: see put_json. */
            *value =
                (struct rn_otlp_value){.type = RN_OTLP_VALUE_NESTED,
                                       .text = {(const char *)field.begin,
                                                (size_t)(field.data + field.size - field.begin)}};
        }
    }
    return !message.wrong;
}

static bool read_pair(struct rn_wire message, struct rn_otlp_fact *fact)
{
    struct rn_wire_field field;

    while (rn_wire_next(&message, &field)) {
        if (is_bytes(&field, 1))
            fact->key = text_of(&field);
        else if (is_bytes(&field, 2) && !read_value(rn_wire_of(&field), &fact->value))
            return false;
    }
    return !message.wrong;
}

bool rn_otlp_proto_facts(struct rn_wire message, unsigned number, struct rn_otlp_pool *pool)
{
    struct rn_wire_field field;

    while (rn_wire_next(&message, &field)) {
        struct rn_otlp_fact *fact;

        if (!is_bytes(&field, number))
            continue;
        fact = rn_otlp_pool_fact(pool);
        if (!fact || !read_pair(rn_wire_of(&field), fact))
            return false;
    }
    return !message.wrong;
}

/* ---- nested values ---- */

static bool put_value(struct rn_wire message, struct rn_buf *out, unsigned depth);

static bool put_pair(struct rn_wire message, struct rn_buf *out, unsigned depth)
{
    struct rn_wire value = {NULL, NULL, false};
    struct rn_otlp_text key = {"", 0};
    struct rn_wire_field field;

    while (rn_wire_next(&message, &field)) {
        if (is_bytes(&field, 1))
            key = text_of(&field);
        else if (is_bytes(&field, 2))
            value = rn_wire_of(&field);
    }
    rn_escape_json(out, (const uint8_t *)key.data, key.size);
    rn_buf_byte(out, ':');
    return !message.wrong && put_value(value, out, depth);
}

static bool put_list(struct rn_wire message, struct rn_buf *out, bool is_map, unsigned depth)
{
    struct rn_wire_field field;
    bool first = true, good = depth < RN_OTLP_NESTING;

    rn_buf_byte(out, is_map ? '{' : '[');
    while (good && rn_wire_next(&message, &field)) {
        if (!is_bytes(&field, 1))
            continue;
        if (!first)
            rn_buf_byte(out, ',');
        first = false;
        good = is_map ? put_pair(rn_wire_of(&field), out, depth + 1)
                      : put_value(rn_wire_of(&field), out, depth + 1);
    }
    rn_buf_byte(out, is_map ? '}' : ']');
    return good && !message.wrong;
}

static void put_bytes(const struct rn_wire_field *field, struct rn_buf *out)
{
    rn_buf_byte(out, '"');
    rn_escape_hex(out, field->data, field->size);
    rn_buf_byte(out, '"');
}

static bool put_value(struct rn_wire message, struct rn_buf *out, unsigned depth)
{
    size_t before = out->size;
    struct rn_wire_field field;
    double real;

    while (rn_wire_next(&message, &field)) {
        out->size = before;
        if (is_bytes(&field, VALUE_STRING)) {
            rn_escape_json(out, field.data, field.size);
        } else if (is_bytes(&field, VALUE_ARRAY) || is_bytes(&field, VALUE_MAP)) {
            if (!put_list(rn_wire_of(&field), out, field.number == VALUE_MAP, depth))
                return false;
        } else if (is_bytes(&field, VALUE_BYTES)) {
            put_bytes(&field, out);
        } else if (field.number == VALUE_BOOL) {
            rn_buf_text(out, field.value ? "true" : "false");
        } else if (field.number == VALUE_DOUBLE && field.type == RN_WIRE_FIXED64) {
            memcpy(&real, &field.value, sizeof real);
            if (real - real == 0)
                rn_buf_printf(out, "%.17g", real);
            else
                rn_buf_text(out, "null"); /* no number */
        } else if (field.number == VALUE_INT) {
            rn_buf_decimal_signed(out, (int64_t)field.value);
        }
    }
    if (out->size == before)
        rn_buf_text(out, "null");
    return !message.wrong;
}

static bool put_json(const struct rn_otlp_text *nested, struct rn_buf *out)
{
    const uint8_t *from = (const uint8_t *)nested->data;

    return put_value((struct rn_wire){from, from + nested->size, false}, out, 0);
}

static bool put_strings(const struct rn_otlp_text *nested, struct rn_buf *out)
{
    const uint8_t *from = (const uint8_t *)nested->data;
    struct rn_wire message = {from, from + nested->size, false}, list, value;
    struct rn_wire_field field;

    if (!rn_wire_next(&message, &field) || !is_bytes(&field, VALUE_ARRAY))
        return false;
    list = rn_wire_of(&field);
    while (rn_wire_next(&list, &field)) {
        if (!is_bytes(&field, 1))
            continue;
        value = rn_wire_of(&field);
        while (rn_wire_next(&value, &field))
            if (is_bytes(&field, VALUE_STRING)) {
                rn_buf_append(out, field.data, strnlen((const char *)field.data, field.size));
                rn_buf_byte(out, 0);
            }
        if (value.wrong)
            return false;
    }
    return !list.wrong;
}

const struct rn_otlp_form rn_otlp_proto_form = {put_json, put_strings};

/* ---- spans ---- */

static bool read_id(const struct rn_wire_field *field, uint64_t *high, uint64_t *low)
{
    uint64_t *to = high ? high : low;

    if (field->size != (high ? 16u : 8u))
        return field->size == 0;
    for (size_t i = 0; i < field->size; i++) {
        if (i == 8)
            to = low;
        *to = *to << 8 | field->data[i];
    }
    return true;
}

static bool read_moment(struct rn_wire message, struct rn_otlp_pool *pool)
{
    struct rn_otlp_moment *moment = rn_otlp_pool_moment(pool);
    struct rn_wire again = message;
    size_t from = pool->fact_count;
    struct rn_wire_field field;

    if (!moment)
        return false;
    while (rn_wire_next(&message, &field)) {
        if (field.number == 1 && field.type == RN_WIRE_FIXED64)
            moment->ns = field.value;
        else if (is_bytes(&field, 2))
            moment->name = text_of(&field);
    }
    if (message.wrong || !rn_otlp_proto_facts(again, 3, pool))
        return false;
    rn_otlp_pool_moment_facts(pool, from);
    return true;
}

static bool read_link(struct rn_wire message, struct rn_otlp_pool *pool)
{
    struct rn_otlp_link *link = rn_otlp_pool_link(pool);
    struct rn_wire_field field;
    bool good = link;

    while (good && rn_wire_next(&message, &field)) {
        if (is_bytes(&field, 1))
            good = read_id(&field, &link->trace_high, &link->trace_low);
        else if (is_bytes(&field, 2))
            good = read_id(&field, NULL, &link->id);
        else
            link->has_facts |= is_bytes(&field, 4);
    }
    return good && !message.wrong;
}

static bool read_status(struct rn_wire message, struct rn_otlp_read_span *span)
{
    struct rn_wire_field field;

    while (rn_wire_next(&message, &field)) {
        if (is_bytes(&field, 2))
            span->message = text_of(&field);
        else if (field.number == 3 && field.type == RN_WIRE_VARINT)
            span->status = field.value;
    }
    return !message.wrong;
}

enum {
    ID = 1,
    SPAN_ID,
    STATE,
    PARENT,
    NAME,
    KIND,
    START,
    END,
    ATTRIBUTES,
    DROPPED_ATTRIBUTES,
    EVENTS,
    DROPPED_EVENTS,
    LINKS,
    DROPPED_LINKS,
    STATUS
};

static const char *take_bytes(const struct rn_wire_field *field, struct rn_otlp_pool *pool,
                              struct rn_otlp_read_span *span)
{
    bool good = true;

    switch (field->number) {
    case ID:
        good = read_id(field, &span->trace_high, &span->trace_low);
        break;
    case SPAN_ID:
        good = read_id(field, NULL, &span->id);
        break;
    case PARENT:
        good = read_id(field, NULL, &span->parent);
        break;
    case STATE:
        span->trace_state = text_of(field);
        return NULL;
    case NAME:
        span->name = text_of(field);
        return NULL;
    case EVENTS:
        return read_moment(rn_wire_of(field), pool) ? NULL : "an event that makes no sense";
    case LINKS:
        return read_link(rn_wire_of(field), pool) ? NULL : "a link that makes no sense";
    case STATUS:
        return read_status(rn_wire_of(field), span) ? NULL : "a status that makes no sense";
    default:
        return NULL;
    }
    return good ? NULL : "an id of a wrong length";
}

static void take_number(const struct rn_wire_field *field, struct rn_otlp_read_span *span)
{
    if (field->number == START && field->type == RN_WIRE_FIXED64)
        span->start_ns = field->value;
    else if (field->number == END && field->type == RN_WIRE_FIXED64)
        span->end_ns = field->value;
    else if (field->number == KIND)
        span->kind = field->value <= UINT32_MAX ? field->value : 0;
    else if (field->number == DROPPED_ATTRIBUTES || field->number == DROPPED_EVENTS ||
             field->number == DROPPED_LINKS)
        span->dropped += field->value <= UINT32_MAX ? field->value : 0;
}

const char *rn_otlp_proto_span(struct rn_wire message, struct rn_otlp_pool *pool,
                               struct rn_otlp_read_span *span)
{
    struct rn_wire again = message;
    struct rn_otlp_range own = {0, 0};
    struct rn_wire_field field;
    const char *wrong = NULL;

    *span = (struct rn_otlp_read_span){.name = {"", 0}};
    rn_otlp_pool_clear(pool);
    /* The attributes of a span need not stand together: they are read first. */
    if (!rn_otlp_proto_facts(again, ATTRIBUTES, pool))
        wrong = "attributes that make no sense";
    own.count = pool->fact_count;
    while (!wrong && rn_wire_next(&message, &field)) {
        if (field.type == RN_WIRE_BYTES)
            wrong = take_bytes(&field, pool, span);
        else
            take_number(&field, span);
    }
    rn_otlp_pool_resolve(pool, own, span);
    return wrong || !message.wrong ? wrong : "a span that makes no sense";
}
