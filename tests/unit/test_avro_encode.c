/* SPDX-License-Identifier: MIT */
#include "formats/export/avro_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static const struct rn_row_column columns[] = {
    {"number", RN_ROW_INTEGER, false, NULL},
    {"maybe", RN_ROW_INTEGER, true, "says \"so\""},
    {"real", RN_ROW_REAL, true, NULL},
    {"text", RN_ROW_TEXT, true, NULL},
};
static const struct rn_row_table table = {"things", "all of them", 0, 4, columns};

static void schemas(void **state)
{
    struct rn_buf out = RN_BUF_INIT;
    json_t *schema, *fields;

    (void)state;
    rn_avro_schema(&table, &out);
    schema = json_loadb((const char *)out.data, out.size, 0, NULL);
    assert_non_null(schema);
    assert_string_equal(json_string_value(json_object_get(schema, "name")), "things");
    fields = json_object_get(schema, "fields");
    assert_int_equal(json_array_size(fields), 5);
    assert_string_equal(json_string_value(json_object_get(json_array_get(fields, 0), "name")),
                        "recording");
    assert_string_equal(json_string_value(json_object_get(json_array_get(fields, 1), "type")),
                        "long");
    assert_true(json_is_null(json_object_get(json_array_get(fields, 2), "default")));
    assert_string_equal(json_string_value(json_object_get(json_array_get(fields, 2), "doc")),
                        "says \"so\"");
    json_decref(schema);
    rn_buf_free(&out);
}

static void assert_encoded(const struct rn_row_value *values, const char *bytes, size_t size)
{
    const struct rn_row row = {.table = &table, .values = values};
    struct rn_buf out = RN_BUF_INIT;

    rn_avro_encode(&row, "u", &out);
    assert_false(out.failed);
    assert_int_equal(out.size, size + 2);
    assert_memory_equal(out.data, "\x02u", 2);
    assert_memory_equal(out.data + 2, bytes, size);
    rn_buf_free(&out);
}
#define assert_bytes(values, bytes) assert_encoded(values, bytes, sizeof(bytes) - 1)

/* The examples of the specification: 0 is 00, -1 is 01, 1 is 02, -64 is 7f, 64 is 80 01. */
static void values(void **state)
{
    struct rn_row_value v[4] = {{.type = RN_ROW_INTEGER}};

    (void)state;
    assert_bytes(v, "\x00\x00\x00\x00");
    v[0].u.integer = -1;
    v[1] = (struct rn_row_value){.type = RN_ROW_INTEGER, .u.integer = 64};
    assert_bytes(v, "\x01\x02\x80\x01\x00\x00");
    v[0].u.integer = -64;
    v[1].u.integer = 1;
    v[2] = (struct rn_row_value){.type = RN_ROW_REAL, .u.real = 1.5};
    assert_bytes(v, "\x7f\x02\x02\x02\x00\x00\x00\x00\x00\x00\xf8\x3f\x00");
    v[0].u.integer = INT64_MIN;
    v[1].type = v[2].type = RN_ROW_NULL;
    v[3] = (struct rn_row_value){.type = RN_ROW_TEXT, .u.text = {(const uint8_t *)"\xc3\xa9", 2}};
    assert_bytes(v, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\x02\x04\xc3\xa9");
}

static void no_text_is_escaped(void **state)
{
    struct rn_row_value v[4] = {{.type = RN_ROW_INTEGER}};

    (void)state;
    v[3] = (struct rn_row_value){.type = RN_ROW_TEXT, .u.text = {(const uint8_t *)"a\xff", 2}};
    assert_bytes(v, "\x00\x00\x00\x02\x0a"
                    "a\\xff");
    v[3].u.text.size = 0;
    assert_bytes(v, "\x00\x00\x00\x02\x00");
}

static void uuids(void **state)
{
    static const uint8_t uuid[16] = {0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    char text[RN_AVRO_UUID_TEXT];

    (void)state;
    rn_avro_uuid(uuid, text);
    assert_string_equal(text, "deadbeef-0102-0304-0506-0708090a0b0c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schemas),
        cmocka_unit_test(values),
        cmocka_unit_test(no_text_is_escaped),
        cmocka_unit_test(uuids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
