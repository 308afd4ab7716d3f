/* SPDX-License-Identifier: MIT */
#include "otlp_json.h"

#include "escape.h"

#include "otlp.pb-c.h"

#include <inttypes.h>
#include <math.h>

static void put_text(struct rn_buf *out, const char *text)
{
    rn_escape_json(out, (const uint8_t *)text, strlen(text));
}

/* `"name":`, with a comma where something stands before it. */
static void put_key(struct rn_buf *out, const char *name)
{
    if (out->size && out->data[out->size - 1] != '{')
        rn_buf_byte(out, ',');
    rn_buf_byte(out, '"');
    rn_buf_text(out, name);
    rn_buf_text(out, "\":");
}

static void put_id(struct rn_buf *out, const char *name, ProtobufCBinaryData id)
{
    if (!id.len)
        return;
    put_key(out, name);
    rn_buf_byte(out, '"');
    rn_escape_hex(out, id.data, id.len);
    rn_buf_byte(out, '"');
}

static void put_quoted_number(struct rn_buf *out, int64_t number)
{
    rn_buf_byte(out, '"');
    rn_buf_decimal_signed(out, number);
    rn_buf_byte(out, '"');
}

static void put_time(struct rn_buf *out, const char *name, uint64_t time)
{
    put_key(out, name);
    rn_buf_byte(out, '"');
    rn_buf_decimal(out, time);
    rn_buf_byte(out, '"');
}

/* JSON has no number for these; protobuf's mapping takes their names. */
static void put_double(struct rn_buf *out, double value)
{
    if (isnan(value))
        rn_buf_text(out, "\"NaN\"");
    else if (isinf(value))
        rn_buf_text(out, value < 0 ? "\"-Infinity\"" : "\"Infinity\"");
    else
        rn_buf_printf(out, "%.17g", value);
}

static void put_separator(struct rn_buf *out, size_t i)
{
    if (i)
        rn_buf_byte(out, ',');
}

static void put_array(struct rn_buf *out, const Otlp__ArrayValue *array)
{
    rn_buf_text(out, "{\"values\":[");
    for (size_t i = 0; i < array->n_values; i++) {
        const Otlp__ScalarValue *value = array->values[i];

        put_separator(out, i);
        rn_buf_byte(out, '{');
        if (value->value_case == OTLP__SCALAR_VALUE__VALUE_STRING_VALUE) {
            put_key(out, "stringValue");
            put_text(out, value->string_value);
        } else if (value->value_case == OTLP__SCALAR_VALUE__VALUE_INT_VALUE) {
            put_key(out, "intValue");
            put_quoted_number(out, value->int_value);
        }
        rn_buf_byte(out, '}');
    }
    rn_buf_text(out, "]}");
}

static void put_value(struct rn_buf *out, const Otlp__AnyValue *value)
{
    rn_buf_byte(out, '{');
    switch (value ? value->value_case : OTLP__ANY_VALUE__VALUE__NOT_SET) {
    case OTLP__ANY_VALUE__VALUE_STRING_VALUE:
        put_key(out, "stringValue");
        put_text(out, value->string_value);
        break;
    case OTLP__ANY_VALUE__VALUE_BOOL_VALUE:
        put_key(out, "boolValue");
        rn_buf_text(out, value->bool_value ? "true" : "false");
        break;
    case OTLP__ANY_VALUE__VALUE_INT_VALUE:
        put_key(out, "intValue");
        put_quoted_number(out, value->int_value);
        break;
    case OTLP__ANY_VALUE__VALUE_DOUBLE_VALUE:
        put_key(out, "doubleValue");
        put_double(out, value->double_value);
        break;
    case OTLP__ANY_VALUE__VALUE_ARRAY_VALUE:
        put_key(out, "arrayValue");
        put_array(out, value->array_value);
        break;
    default:
        break;
    }
    rn_buf_byte(out, '}');
}

static void put_attributes(struct rn_buf *out, Otlp__KeyValue *const *attributes, size_t count)
{
    if (!count)
        return;
    put_key(out, "attributes");
    rn_buf_byte(out, '[');
    for (size_t i = 0; i < count; i++) {
        put_separator(out, i);
        rn_buf_byte(out, '{');
        put_key(out, "key");
        put_text(out, attributes[i]->key);
        put_key(out, "value");
        put_value(out, attributes[i]->value);
        rn_buf_byte(out, '}');
    }
    rn_buf_byte(out, ']');
}

static void put_events(struct rn_buf *out, Otlp__Span__Event *const *events, size_t count)
{
    if (!count)
        return;
    put_key(out, "events");
    rn_buf_byte(out, '[');
    for (size_t i = 0; i < count; i++) {
        put_separator(out, i);
        rn_buf_byte(out, '{');
        put_time(out, "timeUnixNano", events[i]->time_unix_nano);
        put_key(out, "name");
        put_text(out, events[i]->name);
        put_attributes(out, events[i]->attributes, events[i]->n_attributes);
        rn_buf_byte(out, '}');
    }
    rn_buf_byte(out, ']');
}

static void put_links(struct rn_buf *out, Otlp__Span__Link *const *links, size_t count)
{
    if (!count)
        return;
    put_key(out, "links");
    rn_buf_byte(out, '[');
    for (size_t i = 0; i < count; i++) {
        put_separator(out, i);
        rn_buf_byte(out, '{');
        put_id(out, "traceId", links[i]->trace_id);
        put_id(out, "spanId", links[i]->span_id);
        put_attributes(out, links[i]->attributes, links[i]->n_attributes);
        rn_buf_byte(out, '}');
    }
    rn_buf_byte(out, ']');
}

static void put_status(struct rn_buf *out, const Otlp__Status *status)
{
    if (!status)
        return;
    put_key(out, "status");
    rn_buf_byte(out, '{');
    if (status->message[0]) {
        put_key(out, "message");
        put_text(out, status->message);
    }
    put_key(out, "code");
    rn_buf_decimal_signed(out, status->code);
    rn_buf_byte(out, '}');
}

static void put_span(struct rn_buf *out, const Otlp__Span *span)
{
    rn_buf_byte(out, '{');
    put_id(out, "traceId", span->trace_id);
    put_id(out, "spanId", span->span_id);
    if (span->trace_state[0]) {
        put_key(out, "traceState");
        put_text(out, span->trace_state);
    }
    put_id(out, "parentSpanId", span->parent_span_id);
    put_key(out, "name");
    put_text(out, span->name);
    put_key(out, "kind");
    rn_buf_decimal_signed(out, span->kind);
    put_time(out, "startTimeUnixNano", span->start_time_unix_nano);
    put_time(out, "endTimeUnixNano", span->end_time_unix_nano);
    put_attributes(out, span->attributes, span->n_attributes);
    put_events(out, span->events, span->n_events);
    put_links(out, span->links, span->n_links);
    put_status(out, span->status);
    rn_buf_byte(out, '}');
}

static void put_scope_spans(struct rn_buf *out, const Otlp__ScopeSpans *spans)
{
    rn_buf_byte(out, '{');
    if (spans->scope) {
        put_key(out, "scope");
        rn_buf_byte(out, '{');
        put_key(out, "name");
        put_text(out, spans->scope->name);
        put_key(out, "version");
        put_text(out, spans->scope->version);
        rn_buf_byte(out, '}');
    }
    put_key(out, "spans");
    rn_buf_byte(out, '[');
    for (size_t i = 0; i < spans->n_spans; i++) {
        put_separator(out, i);
        put_span(out, spans->spans[i]);
    }
    rn_buf_text(out, "]}");
}

static void put_resource_spans(struct rn_buf *out, const Otlp__ResourceSpans *spans)
{
    rn_buf_byte(out, '{');
    if (spans->resource) {
        put_key(out, "resource");
        rn_buf_byte(out, '{');
        put_attributes(out, spans->resource->attributes, spans->resource->n_attributes);
        rn_buf_byte(out, '}');
    }
    put_key(out, "scopeSpans");
    rn_buf_byte(out, '[');
    for (size_t i = 0; i < spans->n_scope_spans; i++) {
        put_separator(out, i);
        put_scope_spans(out, spans->scope_spans[i]);
    }
    rn_buf_text(out, "]}");
}

enum rn_status rn_otlp_json_line(const uint8_t *data, size_t size, struct rn_buf *out,
                                 struct rn_error *err)
{
    Otlp__TracesData *traces = otlp__traces_data__unpack(NULL, size, data);

    if (!traces)
        return rn_fail(err, RN_E_FORMAT, "%zu bytes are no OTLP traces", size);
    rn_buf_text(out, "{\"resourceSpans\":[");
    for (size_t i = 0; i < traces->n_resource_spans; i++) {
        put_separator(out, i);
        put_resource_spans(out, traces->resource_spans[i]);
    }
    rn_buf_text(out, "]}\n");
    otlp__traces_data__free_unpacked(traces, NULL);
    return out->failed ? rn_fail(err, RN_E_NOMEM, "no memory for a line of JSON") : RN_OK;
}

enum rn_status rn_otlp_span_describe(const uint8_t *data, size_t size, struct rn_buf *out,
                                     struct rn_error *err)
{
    Otlp__Span *span = otlp__span__unpack(NULL, size, data);

    if (!span)
        return rn_fail(err, RN_E_FORMAT, "%zu bytes are no OTLP span", size);
    rn_escape_hex(out, span->span_id.data, span->span_id.len);
    rn_buf_text(out, " '");
    rn_buf_text(out, span->name);
    rn_buf_byte(out, '\'');
    for (size_t i = 0; i < span->n_attributes; i++) {
        const Otlp__KeyValue *attribute = span->attributes[i];

        if (attribute->value && attribute->value->value_case == OTLP__ANY_VALUE__VALUE_INT_VALUE &&
            (!strcmp(attribute->key, "rn.stream") || !strcmp(attribute->key, "rn.ordinal")))
            rn_buf_printf(out, ", %s %" PRId64, attribute->key + 3, attribute->value->int_value);
    }
    otlp__span__free_unpacked(span, NULL);
    return RN_OK;
}
