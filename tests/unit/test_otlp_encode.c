/* SPDX-License-Identifier: MIT */
/* What is written by hand is what protobuf-c writes, byte by byte. */
#include "formats/otlp_batch.h"
#include "formats/otlp_encode.h"

#include "otlp.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t trace_id[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static Otlp__AnyValue value_of(const struct rn_otlp_attribute *attribute, Otlp__ArrayValue *array)
{
    Otlp__AnyValue value = OTLP__ANY_VALUE__INIT;

    switch (attribute->type) {
    case RN_OTLP_STRING:
        value.value_case = OTLP__ANY_VALUE__VALUE_STRING_VALUE;
        value.string_value = strndup(attribute->value.text.data, attribute->value.text.size);
        break;
    case RN_OTLP_INT:
        value.value_case = OTLP__ANY_VALUE__VALUE_INT_VALUE;
        value.int_value = attribute->value.number;
        break;
    case RN_OTLP_DOUBLE:
        value.value_case = OTLP__ANY_VALUE__VALUE_DOUBLE_VALUE;
        value.double_value = attribute->value.real;
        break;
    case RN_OTLP_BOOL:
        value.value_case = OTLP__ANY_VALUE__VALUE_BOOL_VALUE;
        value.bool_value = attribute->value.flag;
        break;
    case RN_OTLP_STRINGS:
        value.value_case = OTLP__ANY_VALUE__VALUE_ARRAY_VALUE;
        value.array_value = array;
        break;
    }
    return value;
}

/* The same attributes as messages of protobuf-c. `array` is the value of those that are lists. */
struct messages {
    Otlp__KeyValue pairs[RN_OTLP_MAX_ATTRIBUTES], *pointers[RN_OTLP_MAX_ATTRIBUTES];
    Otlp__AnyValue values[RN_OTLP_MAX_ATTRIBUTES];
};

static void make_messages(struct messages *messages, const struct rn_otlp_attributes *list,
                          Otlp__ArrayValue *array)
{
    for (unsigned i = 0; i < list->count; i++) {
        messages->pairs[i] = (Otlp__KeyValue)OTLP__KEY_VALUE__INIT;
        messages->values[i] = value_of(&list->items[i], array);
        messages->pairs[i].key = strndup(list->items[i].key.data, list->items[i].key.size);
        messages->pairs[i].value = &messages->values[i];
        messages->pointers[i] = &messages->pairs[i];
    }
}

static void free_messages(struct messages *messages, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        free(messages->pairs[i].key);
        if (messages->values[i].value_case == OTLP__ANY_VALUE__VALUE_STRING_VALUE)
            free(messages->values[i].string_value);
    }
}

static void expect_packed(const ProtobufCMessage *message, const struct rn_buf *got)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = malloc(size + 1);

    assert_non_null(packed);
    protobuf_c_message_pack(message, packed);
    assert_int_equal(got->size, size);
    assert_memory_equal(got->data, packed, size);
    free(packed);
}

static struct rn_otlp_attribute *add(struct rn_otlp_attributes *list, struct rn_otlp_text key,
                                     enum rn_otlp_type type)
{
    struct rn_otlp_attribute *item = rn_otlp_attribute_new(list, key);

    item->type = type;
    return item;
}

static char long_text[20000];

static void fill(struct rn_otlp_attributes *list)
{
    static const int64_t numbers[] = {0, 1, 127, 128, 16383, 16384, INT64_MAX, -1, INT64_MIN};
    static const size_t sizes[] = {0, 1, 117, 118, 119, 120, 127, 128, 16383, 16384, 19999};

    memset(long_text, 'x', sizeof long_text);
    list->count = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        rn_otlp_add_int(list, RN_OTLP_TEXT("number"), numbers[i]);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        rn_otlp_add_text(list, RN_OTLP_TEXT("text"), (struct rn_otlp_text){long_text, sizes[i]});
    add(list, RN_OTLP_TEXT("real"), RN_OTLP_DOUBLE)->value.real = -1.5e300;
    add(list, RN_OTLP_TEXT("yes"), RN_OTLP_BOOL)->value.flag = true;
    add(list, RN_OTLP_TEXT("no"), RN_OTLP_BOOL)->value.flag = false;
    add(list, RN_OTLP_TEXT("list"), RN_OTLP_STRINGS)->value.text = RN_OTLP_TEXT("a\0\0bcd\0");
}

static void same_as_protobuf_c(void **state)
{
    Otlp__ScalarValue scalars[3], *scalar_pointers[3] = {&scalars[0], &scalars[1], &scalars[2]};
    static char *const words[] = {"a", "", "bcd"};
    Otlp__ArrayValue array = OTLP__ARRAY_VALUE__INIT;
    Otlp__Span message = OTLP__SPAN__INIT;
    Otlp__Span__Event event = OTLP__SPAN__EVENT__INIT, *events[] = {&event};
    Otlp__Span__Link link = OTLP__SPAN__LINK__INIT, *links[] = {&link};
    Otlp__Status status = OTLP__STATUS__INIT;
    uint8_t id[] = {0, 0, 0, 0, 0, 0, 0, 9}, parent[] = {0xff, 2, 3, 4, 5, 6, 7, 8};
    struct rn_otlp_attributes list;
    struct messages messages;
    struct rn_buf got = RN_BUF_INIT, event_bytes = RN_BUF_INIT, link_bytes = RN_BUF_INIT;
    struct rn_buf common = RN_BUF_INIT;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        scalars[i] = (Otlp__ScalarValue)OTLP__SCALAR_VALUE__INIT;
        scalars[i].value_case = OTLP__SCALAR_VALUE__VALUE_STRING_VALUE;
        scalars[i].string_value = words[i];
    }
    array.n_values = 3;
    array.values = scalar_pointers;
    fill(&list);
    make_messages(&messages, &list, &array);

    event.time_unix_nano = 77;
    event.name = "exec";
    event.n_attributes = list.count;
    event.attributes = messages.pointers;
    link.trace_id = (ProtobufCBinaryData){16, (uint8_t *)trace_id};
    link.span_id = (ProtobufCBinaryData){8, parent};
    link.n_attributes = list.count;
    link.attributes = messages.pointers;
    status.code = 2;
    status.message = "bad";
    message.trace_id = link.trace_id;
    message.span_id = (ProtobufCBinaryData){8, id};
    message.parent_span_id = (ProtobufCBinaryData){8, parent};
    message.trace_state = "a=b";
    message.name = "openat";
    message.kind = 1;
    message.start_time_unix_nano = 1767225600000000001u;
    message.end_time_unix_nano = 1767225600000000002u;
    message.n_attributes = list.count;
    message.attributes = messages.pointers;
    message.n_events = message.n_links = 1;
    message.events = events;
    message.links = links;
    message.status = &status;

    rn_otlp_event_encode(&event_bytes, 77, RN_OTLP_TEXT("exec"), &list);
    rn_otlp_link_encode(&link_bytes, trace_id, 0xff02030405060708u, &list);
    struct rn_otlp_span span = {
        .trace_id = trace_id,
        .id = 9,
        .parent = 0xff02030405060708u,
        .start_ns = 1767225600000000001u,
        .end_ns = 1767225600000000002u,
        .trace_state = RN_OTLP_TEXT("a=b"),
        .name = RN_OTLP_TEXT("openat"),
        .attributes = &list,
        .events = {(const char *)event_bytes.data, event_bytes.size},
        .links = {(const char *)link_bytes.data, link_bytes.size},
        .status = RN_OTLP_ERROR,
        .status_message = RN_OTLP_TEXT("bad"),
    };
    rn_otlp_span_encode(&got, &span);
    expect_packed(&message.base, &got);

    /* Attributes that were encoded before: the same bytes. */
    rn_otlp_attributes_encode(&common, &list);
    span.attributes = NULL;
    span.common = (struct rn_otlp_text){(const char *)common.data, common.size};
    rn_buf_clear(&got);
    rn_otlp_span_encode(&got, &span);
    expect_packed(&message.base, &got);
    free_messages(&messages, list.count);
    rn_buf_free(&got);
    rn_buf_free(&common);
    rn_buf_free(&event_bytes);
    rn_buf_free(&link_bytes);
}

static void batch_same_as_protobuf_c(void **state)
{
    Otlp__TracesData data = OTLP__TRACES_DATA__INIT;
    Otlp__ResourceSpans resource_spans = OTLP__RESOURCE_SPANS__INIT, *of_data[] = {&resource_spans};
    Otlp__Resource resource = OTLP__RESOURCE__INIT;
    Otlp__ScopeSpans scope_spans = OTLP__SCOPE_SPANS__INIT, *of_resource[] = {&scope_spans};
    Otlp__InstrumentationScope scope = OTLP__INSTRUMENTATION_SCOPE__INIT;
    Otlp__Span spans[3], *of_scope[3] = {&spans[0], &spans[1], &spans[2]};
    uint8_t ids[3][8] = {
        {0, 0, 0, 0, 0, 0, 0, 1}, {0, 0, 0, 0, 0, 0, 0, 2}, {0, 0, 0, 0, 0, 0, 0, 3}};
    struct rn_otlp_attributes list = {.count = 0};
    struct messages messages;
    struct rn_buf arena = RN_BUF_INIT, of_batch = RN_BUF_INIT, scope_bytes = RN_BUF_INIT;
    struct rn_otlp_batch batch;
    struct rn_otlp_ref refs[3];
    struct rn_error err = RN_ERROR_INIT;

    (void)state;
    rn_otlp_add_text(&list, RN_OTLP_TEXT("service.name"), RN_OTLP_TEXT("test"));
    make_messages(&messages, &list, NULL);
    for (unsigned i = 0; i < 3; i++) {
        struct rn_otlp_span span = {.trace_id = trace_id,
                                    .id = i + 1,
                                    .name = RN_OTLP_TEXT("n"),
                                    .start_ns = 5,
                                    .end_ns = 6};

        spans[i] = (Otlp__Span)OTLP__SPAN__INIT;
        spans[i].trace_id = (ProtobufCBinaryData){16, (uint8_t *)trace_id};
        spans[i].span_id = (ProtobufCBinaryData){8, ids[i]};
        spans[i].name = "n";
        spans[i].kind = 1;
        spans[i].start_time_unix_nano = 5;
        spans[i].end_time_unix_nano = 6;
        refs[i] = (struct rn_otlp_ref){.offset = (uint32_t)arena.size, .events = 1};
        rn_otlp_span_encode(&arena, &span);
        refs[i].size = (uint32_t)arena.size - refs[i].offset;
    }
    scope.name = "renacer";
    scope.version = "1";
    scope_spans.scope = &scope;
    scope_spans.n_spans = 3;
    scope_spans.spans = of_scope;
    resource.n_attributes = 1;
    resource.attributes = messages.pointers;
    resource_spans.resource = &resource;
    resource_spans.n_scope_spans = 1;
    resource_spans.scope_spans = of_resource;
    data.n_resource_spans = 1;
    data.resource_spans = of_data;

    rn_otlp_resource_encode(&of_batch, &list);
    rn_otlp_scope_encode(&scope_bytes, RN_OTLP_TEXT("renacer"), RN_OTLP_TEXT("1"));
    rn_otlp_batch_init(&batch,
                       (struct rn_otlp_text){(const char *)scope_bytes.data, scope_bytes.size});
    assert_int_equal(
        rn_otlp_batch_add(&batch, (struct rn_otlp_text){(const char *)of_batch.data, of_batch.size},
                          arena.data, refs, 3, &err),
        RN_OK);
    expect_packed(&data.base, &batch.body);
    free_messages(&messages, 1);
    rn_otlp_batch_free(&batch);
    rn_buf_free(&arena);
    rn_buf_free(&of_batch);
    rn_buf_free(&scope_bytes);
}

static void ids_are_where_they_are_said_to_be(void **state)
{
    struct rn_otlp_span span = {
        .trace_id = trace_id, .id = 0x1122334455667788u, .parent = 99, .name = RN_OTLP_TEXT("x")};
    struct rn_buf got = RN_BUF_INIT;

    (void)state;
    rn_otlp_span_encode(&got, &span);
    assert_memory_equal(got.data + RN_OTLP_TRACE_ID_OFFSET, trace_id, 16);
    assert_true(rn_otlp_id_load(got.data + RN_OTLP_SPAN_ID_OFFSET) == 0x1122334455667788u);
    assert_true(rn_otlp_id_load(got.data + RN_OTLP_PARENT_ID_OFFSET) == 99);
    rn_buf_free(&got);
}

static void expect_text(const char *bytes, size_t size, size_t limit, const char *want, bool cut)
{
    struct rn_buf got = RN_BUF_INIT;
    bool was_cut = false;

    rn_otlp_text_add(&got, (const uint8_t *)bytes, size, limit, &was_cut);
    assert_int_equal(got.size, strlen(want));
    if (got.size)
        assert_memory_equal(got.data, want, got.size);
    assert_int_equal(was_cut, cut);
    rn_buf_free(&got);
}

static void texts_are_made_safe(void **state)
{
    (void)state;
    expect_text("", 0, 8, "", false);
    expect_text("a\xff\nb", 4, 100, "a\\xff\\x0ab", false);
    expect_text("d\xc3\xa4ta", 5, 8, "d\xc3\xa4ta", false);
    expect_text("d\xc3\xa4ta", 5, 2, "d", true); /* no half of a character */
    expect_text("abcd", 4, 3, "abc", true);
    expect_text("\xff\xff", 2, 6, "\\xff\\x", true); /* longer when escaped */
}

static void too_many_attributes_are_left_out(void **state)
{
    struct rn_otlp_attributes list = {.count = 0};

    (void)state;
    for (unsigned i = 0; i < RN_OTLP_MAX_ATTRIBUTES + 5; i++)
        rn_otlp_add_int(&list, RN_OTLP_TEXT("k"), i);
    assert_int_equal(list.count, RN_OTLP_MAX_ATTRIBUTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_protobuf_c),
        cmocka_unit_test(batch_same_as_protobuf_c),
        cmocka_unit_test(ids_are_where_they_are_said_to_be),
        cmocka_unit_test(texts_are_made_safe),
        cmocka_unit_test(too_many_attributes_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
