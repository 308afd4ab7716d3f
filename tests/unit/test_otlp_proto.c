/* SPDX-License-Identifier: MIT */
/* Spans as protobuf-c packs them, read by hand. */
#include "formats/import/otlp_proto_span.h"

#include "otlp.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *text(const char *literal)
{
    return (char *)(uintptr_t)literal;
}

static Otlp__AnyValue string_value(const char *literal)
{
    Otlp__AnyValue value = OTLP__ANY_VALUE__INIT;

    value.value_case = OTLP__ANY_VALUE__VALUE_STRING_VALUE;
    value.string_value = text(literal);
    return value;
}

static Otlp__KeyValue pair(const char *key, Otlp__AnyValue *value)
{
    Otlp__KeyValue made = OTLP__KEY_VALUE__INIT;

    made.key = text(key);
    made.value = value;
    return made;
}

static uint8_t trace_id[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static uint8_t span_id[8] = {0xa1, 2, 3, 4, 5, 6, 7, 8};

/* A span with one of everything, packed onto the heap. */
static uint8_t *pack_span(size_t *size)
{
    Otlp__Span span = OTLP__SPAN__INIT;
    Otlp__Span__Event event = OTLP__SPAN__EVENT__INIT, *events[] = {&event};
    Otlp__Span__Link link = OTLP__SPAN__LINK__INIT, *links[] = {&link};
    Otlp__Status status = OTLP__STATUS__INIT;
    Otlp__ScalarValue scalar = OTLP__SCALAR_VALUE__INIT, *scalars[] = {&scalar};
    Otlp__ArrayValue array = OTLP__ARRAY_VALUE__INIT;
    Otlp__AnyValue values[5] = {string_value("v\xc3\xa4"), OTLP__ANY_VALUE__INIT,
                                OTLP__ANY_VALUE__INIT, OTLP__ANY_VALUE__INIT,
                                OTLP__ANY_VALUE__INIT};
    Otlp__KeyValue pairs[5];
    Otlp__KeyValue *list[5], *event_list[1];
    uint8_t *data;

    scalar.value_case = OTLP__SCALAR_VALUE__VALUE_STRING_VALUE;
    scalar.string_value = text("one \"two\"");
    array.n_values = 1;
    array.values = scalars;
    values[1].value_case = OTLP__ANY_VALUE__VALUE_INT_VALUE;
    values[1].int_value = INT64_MIN;
    values[2].value_case = OTLP__ANY_VALUE__VALUE_DOUBLE_VALUE;
    values[2].double_value = -0.25;
    values[3].value_case = OTLP__ANY_VALUE__VALUE_BOOL_VALUE;
    values[3].bool_value = 1;
    values[4].value_case = OTLP__ANY_VALUE__VALUE_ARRAY_VALUE;
    values[4].array_value = &array;
    for (unsigned i = 0; i < 5; i++) {
        static const char *const keys[] = {"s", "i", "d", "b", "a"};

        pairs[i] = pair(keys[i], &values[i]);
        list[i] = &pairs[i];
    }
    event_list[0] = &pairs[1];
    event.name = text("ev");
    event.time_unix_nano = 1700000000000000005;
    event.n_attributes = 1;
    event.attributes = event_list;
    link.trace_id = span.trace_id = (ProtobufCBinaryData){16, trace_id};
    link.span_id = span.span_id = span.parent_span_id = (ProtobufCBinaryData){8, span_id};
    status.code = 2;
    status.message = text("bad");
    span.name = text("name");
    span.trace_state = text("k=v");
    span.kind = 3;
    span.start_time_unix_nano = 1700000000000000000;
    span.end_time_unix_nano = 1700000000000000009;
    span.n_attributes = 5;
    span.attributes = list;
    span.n_events = span.n_links = 1;
    span.events = events;
    span.links = links;
    span.status = &status;
    *size = otlp__span__get_packed_size(&span);
    data = malloc(*size);
    assert_non_null(data);
    otlp__span__pack(&span, data);
    return data;
}

static void test_all(void **state)
{
    struct rn_otlp_pool pool = {.facts = NULL};
    struct rn_otlp_read_span span;
    struct rn_buf out = RN_BUF_INIT;
    const struct rn_otlp_value *value;
    size_t size;
    uint8_t *data = pack_span(&size);

    (void)state;
    assert_null(rn_otlp_proto_span((struct rn_wire){data, data + size, false}, &pool, &span));
    assert_true(span.trace_high == 0x0102030405060708 && span.trace_low == 0x090a0b0c0d0e0f10);
    assert_true(span.id == 0xa102030405060708 && span.parent == span.id);
    assert_true(span.start_ns == 1700000000000000000 && span.end_ns == 1700000000000000009);
    assert_true(span.kind == 3 && span.status == 2);
    assert_true(rn_otlp_text_is(&span.name, "name") && rn_otlp_text_is(&span.message, "bad"));
    assert_true(rn_otlp_text_is(&span.trace_state, "k=v"));
    assert_int_equal(span.facts.count, 5);
    value = rn_otlp_fact(&span.facts, "s");
    assert_true(value->type == RN_OTLP_VALUE_TEXT && rn_otlp_text_is(&value->text, "v\xc3\xa4"));
    assert_true(rn_otlp_fact(&span.facts, "i")->u.number == INT64_MIN);
    assert_true(rn_otlp_fact(&span.facts, "d")->u.real == -0.25);
    assert_true(rn_otlp_fact(&span.facts, "b")->u.flag);
    value = rn_otlp_fact(&span.facts, "a");
    assert_int_equal(value->type, RN_OTLP_VALUE_NESTED);
    assert_true(rn_otlp_proto_form.put_json(&value->text, &out));
    assert_int_equal(out.size, 15);
    assert_memory_equal(out.data, "[\"one \\\"two\\\"\"]", 15);
    rn_buf_clear(&out);
    assert_true(rn_otlp_proto_form.put_strings(&value->text, &out));
    assert_string_equal((char *)out.data, "one \"two\"");
    assert_int_equal(span.moment_count, 1);
    assert_true(span.moments[0].ns == 1700000000000000005);
    assert_true(rn_otlp_fact(&span.moments[0].facts, "i")->u.number == INT64_MIN);
    assert_int_equal(span.link_count, 1);
    assert_true(span.links[0].id == span.id && span.links[0].trace_low == span.trace_low);
    rn_buf_free(&out);
    rn_otlp_pool_free(&pool);
    free(data);
}

/* Cut anywhere, or with any byte changed: refused or read, but nothing beyond its end. */
static void test_hostile(void **state)
{
    struct rn_otlp_pool pool = {.facts = NULL};
    struct rn_otlp_read_span span;
    size_t size, refused = 0;
    uint8_t *data = pack_span(&size);

    (void)state;
    for (size_t length = 0; length < size; length++) {
        uint8_t *copy = malloc(length + !length);

        assert_non_null(copy);
        memcpy(copy, data, length);
        refused +=
            rn_otlp_proto_span((struct rn_wire){copy, copy + length, false}, &pool, &span) != NULL;
        free(copy);
    }
    assert_true(refused > size / 2);
    for (size_t i = 0; i < size; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            data[i] ^= (uint8_t)(1u << bit);
            (void)!rn_otlp_proto_span((struct rn_wire){data, data + size, false}, &pool, &span);
            data[i] ^= (uint8_t)(1u << bit);
        }
    rn_otlp_pool_free(&pool);
    free(data);
}

/* Values within values, deeper than is read. */
static void test_nesting(void **state)
{
    uint8_t deep[3 * 100];
    struct rn_otlp_text nested;
    struct rn_buf out = RN_BUF_INIT;
    size_t size = 0;

    (void)state;
    /* Each an array (field 5) of one value (field 1): tags 0x2a and 0x0a. From the inside out. */
    for (unsigned i = 0; i < 40; i++) {
        uint8_t inner = (uint8_t)size;

        memmove(deep + 2, deep, size);
        deep[0] = i % 2 ? 0x2a : 0x0a;
        deep[1] = inner;
        size += 2;
    }
    nested = (struct rn_otlp_text){(const char *)deep, size};
    assert_false(rn_otlp_proto_form.put_json(&nested, &out));
    nested = (struct rn_otlp_text){(const char *)deep + 40, size - 40};
    rn_buf_clear(&out);
    assert_true(rn_otlp_proto_form.put_json(&nested, &out));
    rn_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_nesting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
