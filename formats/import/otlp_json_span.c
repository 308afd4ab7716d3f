/* SPDX-License-Identifier: MIT */
/* A span of OTLP in JSON. */
#include "otlp_json_private.h"

#include "formats/escape.h"

#include <stdlib.h>
#include <string.h>

bool rn_otlp_json_key(const struct rn_json_text *key, const char *camel, const char *snake)
{
    return rn_json_is(key, camel) || rn_json_is(key, snake);
}

static struct rn_otlp_text text_of(struct rn_json_text text)
{
    return (struct rn_otlp_text){text.data, text.size};
}

bool rn_otlp_json_null(struct rn_json *json)
{
    struct rn_json_text text;

    return rn_json_peek(json) == 'n' && rn_json_scalar(json, &text);
}

/* ---- values ---- */

static bool read_real(struct rn_json *json, double *real)
{
    struct rn_json_text text;
    char copy[64], *end;

    if (!rn_json_scalar(json, &text))
        return false;
    if (text.size == 0 || text.size >= sizeof copy)
        return rn_json_odd(json, "a number that makes no sense");
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    *real = strtod(copy, &end);
    /* A text may hold a NUL. */
    return end == copy + text.size || rn_json_odd(json, "a number that makes no sense");
}

/* protobuf's mapping lets an integer be written as 1.0 or 1e3, too. */
static bool read_integer(struct rn_json *json, int64_t *number)
{
    struct rn_json_text text;
    char copy[32], *end;
    double real;

    *number = 0;
    if (!rn_json_scalar(json, &text))
        return false;
    if (rn_json_signed(&text, number))
        return true;
    if (text.size == 0 || text.size >= sizeof copy)
        return rn_json_odd(json, "an integer that makes no sense");
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    real = strtod(copy, &end);
    if (end != copy + text.size || !(real > -9e15 && real < 9e15) || real != (double)(int64_t)real)
        return rn_json_odd(json, "an integer that makes no sense");
    *number = (int64_t)real;
    return true;
}

static bool read_value(struct rn_json *json, struct rn_otlp_value *value)
{
    struct rn_json_text key, text;

    if (rn_otlp_json_null(json))
        return true;
    for (bool more = rn_json_object(json); more && rn_json_member(json, &key);) {
        if (rn_otlp_json_key(&key, "stringValue", "string_value")) {
            if (!rn_json_string(json, &text))
                break;
            value->type = RN_OTLP_VALUE_TEXT;
            value->text = text_of(text);
        } else if (rn_otlp_json_key(&key, "intValue", "int_value")) {
            value->type = RN_OTLP_VALUE_INT;
            read_integer(json, &value->u.number);
        } else if (rn_otlp_json_key(&key, "doubleValue", "double_value")) {
            value->type = RN_OTLP_VALUE_REAL;
            read_real(json, &value->u.real);
        } else if (rn_otlp_json_key(&key, "boolValue", "bool_value")) {
            value->type = RN_OTLP_VALUE_FLAG;
            value->u.flag = rn_json_scalar(json, &text) && rn_json_is(&text, "true");
        } else if (rn_otlp_json_key(&key, "arrayValue", "array_value") ||
                   rn_otlp_json_key(&key, "kvlistValue", "kvlist_value") ||
                   rn_otlp_json_key(&key, "bytesValue", "bytes_value")) {
            value->type = RN_OTLP_VALUE_NESTED;
            /* Which of them it is stands in front of what it holds. */
            if (rn_json_skip(json, &text))
                value->text =
                    (struct rn_otlp_text){key.data, (size_t)(text.data + text.size - key.data)};
        } else {
            rn_json_skip(json, NULL);
        }
    }
    return !json->wrong;
}

bool rn_otlp_json_facts(struct rn_json *json, struct rn_otlp_pool *pool)
{
    struct rn_json_text key, text;

    if (rn_otlp_json_null(json))
        return true;
    for (bool more = rn_json_array(json); more && rn_json_element(json);) {
        struct rn_otlp_fact *fact = rn_otlp_pool_fact(pool);

        if (!fact)
            return rn_json_fail(json, "too many attributes");
        for (more = rn_json_object(json); more && rn_json_member(json, &key);) {
            if (rn_json_is(&key, "key") && rn_json_string(json, &text))
                fact->key = text_of(text);
            else if (rn_json_is(&key, "value"))
                read_value(json, &fact->value);
            else
                rn_json_skip(json, NULL);
        }
        more = true;
    }
    return !json->wrong;
}

/* ---- spans ---- */

/* `words` 64-bit numbers in hexadecimal digits; an empty text is none. */
static bool read_id(struct rn_json *json, uint64_t *high, uint64_t *low)
{
    struct rn_json_text text;
    uint64_t *to = high ? high : low;

    if (rn_otlp_json_null(json))
        return true;
    if (!rn_json_string(json, &text))
        return false;
    if (text.size != (high ? 32u : 16u) && text.size != 0)
        return rn_json_odd(json, "an id that is not of hexadecimal digits, as many as it has");
    for (size_t i = 0; i < text.size; i++) {
        int digit = rn_hex_digit(text.data[i]);

        if (digit < 0)
            return rn_json_odd(json, "an id that is not of hexadecimal digits");
        if (i == 16)
            to = low;
        *to = *to << 4 | (uint64_t)digit;
    }
    return true;
}

static bool read_unsigned(struct rn_json *json, uint64_t *number)
{
    struct rn_json_text text;

    return rn_json_scalar(json, &text) &&
           (rn_json_unsigned(&text, number) || rn_json_odd(json, "a number that makes no sense"));
}

bool rn_otlp_json_text(struct rn_json *json, struct rn_otlp_text *to)
{
    struct rn_json_text text;

    if (rn_otlp_json_null(json))
        return true;
    if (!rn_json_string(json, &text))
        return false;
    *to = text_of(text);
    return true;
}

/* A number, or a name whose end says which. */
static bool read_enum(struct rn_json *json, const char *const *names, uint64_t *number)
{
    struct rn_json_text text;

    if (!rn_json_scalar(json, &text))
        return false;
    if (rn_json_unsigned(&text, number))
        return true;
    for (*number = 0; names[*number]; ++*number)
        if (rn_json_is(&text, names[*number]))
            return true;
    *number = 0;
    return rn_json_odd(json, "a number or name of an enumeration that is not known");
}

static bool read_status(struct rn_json *json, struct rn_otlp_read_span *span)
{
    static const char *const names[] = {"STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR",
                                        NULL};
    struct rn_json_text key;

    if (rn_otlp_json_null(json))
        return true;
    for (bool more = rn_json_object(json); more && rn_json_member(json, &key);) {
        if (rn_json_is(&key, "code"))
            read_enum(json, names, &span->status);
        else if (rn_json_is(&key, "message"))
            rn_otlp_json_text(json, &span->message);
        else
            rn_json_skip(json, NULL);
    }
    return !json->wrong;
}

static bool read_moments(struct rn_json *json, struct rn_otlp_pool *pool)
{
    struct rn_json_text key;

    if (rn_otlp_json_null(json))
        return true;
    for (bool more = rn_json_array(json); more && rn_json_element(json);) {
        struct rn_otlp_moment *moment = rn_otlp_pool_moment(pool);
        size_t from = pool->fact_count;

        if (!moment)
            return rn_json_fail(json, "too many events of a span");
        for (more = rn_json_object(json); more && rn_json_member(json, &key);) {
            if (rn_otlp_json_key(&key, "timeUnixNano", "time_unix_nano"))
                read_unsigned(json, &moment->ns);
            else if (rn_json_is(&key, "name"))
                rn_otlp_json_text(json, &moment->name);
            else if (rn_json_is(&key, "attributes"))
                rn_otlp_json_facts(json, pool);
            else
                rn_json_skip(json, NULL);
        }
        rn_otlp_pool_moment_facts(pool, from);
        more = true;
    }
    return !json->wrong;
}

static bool read_links(struct rn_json *json, struct rn_otlp_pool *pool)
{
    struct rn_json_text key, text;

    if (rn_otlp_json_null(json))
        return true;
    for (bool more = rn_json_array(json); more && rn_json_element(json);) {
        struct rn_otlp_link *link = rn_otlp_pool_link(pool);

        if (!link)
            return rn_json_fail(json, "too many links of a span");
        for (more = rn_json_object(json); more && rn_json_member(json, &key);) {
            if (rn_otlp_json_key(&key, "traceId", "trace_id"))
                read_id(json, &link->trace_high, &link->trace_low);
            else if (rn_otlp_json_key(&key, "spanId", "span_id"))
                read_id(json, NULL, &link->id);
            else if (rn_json_skip(json, &text))
                link->has_facts |= rn_json_is(&key, "attributes") && text.size > 2;
        }
        more = true;
    }
    return !json->wrong;
}

static bool read_member(struct rn_json *json, struct rn_otlp_pool *pool,
                        const struct rn_json_text *key, struct rn_otlp_range *own,
                        struct rn_otlp_read_span *span)
{
    static const char *const kinds[] = {"SPAN_KIND_UNSPECIFIED",
                                        "SPAN_KIND_INTERNAL",
                                        "SPAN_KIND_SERVER",
                                        "SPAN_KIND_CLIENT",
                                        "SPAN_KIND_PRODUCER",
                                        "SPAN_KIND_CONSUMER",
                                        NULL};
    uint64_t dropped = 0;

    if (rn_otlp_json_key(key, "traceId", "trace_id"))
        return read_id(json, &span->trace_high, &span->trace_low);
    if (rn_otlp_json_key(key, "spanId", "span_id"))
        return read_id(json, NULL, &span->id);
    if (rn_otlp_json_key(key, "parentSpanId", "parent_span_id"))
        return read_id(json, NULL, &span->parent);
    if (rn_otlp_json_key(key, "startTimeUnixNano", "start_time_unix_nano"))
        return read_unsigned(json, &span->start_ns);
    if (rn_otlp_json_key(key, "endTimeUnixNano", "end_time_unix_nano"))
        return read_unsigned(json, &span->end_ns);
    if (rn_otlp_json_key(key, "traceState", "trace_state"))
        return rn_otlp_json_text(json, &span->trace_state);
    if (rn_json_is(key, "name"))
        return rn_otlp_json_text(json, &span->name);
    if (rn_json_is(key, "kind"))
        return read_enum(json, kinds, &span->kind);
    if (rn_json_is(key, "status"))
        return read_status(json, span);
    if (rn_json_is(key, "events"))
        return read_moments(json, pool);
    if (rn_json_is(key, "links"))
        return read_links(json, pool);
    if (rn_json_is(key, "attributes")) {
        own->from = pool->fact_count;
        rn_otlp_json_facts(json, pool);
        own->count = pool->fact_count - own->from;
        return !json->wrong;
    }
    if (key->size > 7 && !memcmp(key->data, "dropped", 7)) {
        read_unsigned(json, &dropped);
        span->dropped += dropped <= UINT32_MAX ? dropped : 0;
        return !json->wrong;
    }
    return rn_json_skip(json, NULL);
}

bool rn_otlp_json_span(struct rn_json *json, struct rn_otlp_pool *pool,
                       struct rn_otlp_read_span *span)
{
    struct rn_otlp_range own = {0, 0};
    struct rn_json_text key;

    *span = (struct rn_otlp_read_span){.id = 0};
    json->odd = NULL;
    rn_otlp_pool_clear(pool);
    for (bool more = rn_json_object(json); more && rn_json_member(json, &key);)
        read_member(json, pool, &key, &own, span);
    rn_otlp_pool_resolve(pool, own, span);
    return !json->wrong;
}
