/* SPDX-License-Identifier: MIT */
/* What a slice says, as debug annotations: JSON becomes dictionaries and arrays. */
#include "formats/json_scan.h"
#include "perfetto_encode.h"

#include <string.h>

#define DEPTH_MAX 32u /* of dictionaries in each other; what is deeper is text */

enum {
    ANNOTATION_NAME_IID = 1,
    ANNOTATION_BOOL = 2,
    ANNOTATION_UINT = 3,
    ANNOTATION_INT = 4,
    ANNOTATION_DOUBLE = 5,
    ANNOTATION_STRING = 6,
    ANNOTATION_POINTER = 7,
    ANNOTATION_DICT = 11,
    ANNOTATION_ARRAY = 12,
};

static void put_string(struct rn_perfetto_interner *interner, struct rn_buf *out, const char *data,
                       size_t size)
{
    interner->bad_bytes += rn_proto_text(out, ANNOTATION_STRING, data, size);
}

static void put_name(struct rn_perfetto_interner *interner, struct rn_buf *out, const char *name,
                     size_t size)
{
    rn_proto_varint(out, ANNOTATION_NAME_IID,
                    rn_perfetto_intern(interner, RN_PERFETTO_KEYS, name, size));
}

static void put_scanned_string(struct rn_perfetto_interner *interner, struct rn_buf *out,
                               const struct rn_scan_value *value)
{
    if (!value->escaped) {
        put_string(interner, out, value->data, value->size);
        return;
    }
    rn_buf_clear(&interner->text);
    rn_scan_unescape(&interner->text, value);
    put_string(interner, out, (const char *)interner->text.data, interner->text.size);
}

static void put_number(struct rn_perfetto_interner *interner, struct rn_buf *out,
                       const struct rn_scan_value *value)
{
    bool whole = !memchr(value->data, '.', value->size) && !memchr(value->data, 'e', value->size) &&
                 !memchr(value->data, 'E', value->size);
    uint64_t number;
    int64_t integer;
    double real;

    if (whole && rn_scan_decimal(value, 0, &integer))
        rn_proto_varint(out, ANNOTATION_INT, (uint64_t)integer);
    else if (whole && rn_scan_u64(value, &number))
        rn_proto_varint(out, ANNOTATION_UINT, number);
    else if (rn_scan_double(value, &real))
        rn_proto_double(out, ANNOTATION_DOUBLE, real);
    else
        put_string(interner, out, value->data, value->size);
}

static void put_json(struct rn_perfetto_interner *interner, struct rn_buf *out,
                     const struct rn_scan_value *value, unsigned depth);

/* Members as annotations, each as field `field`. */
static void put_members(struct rn_perfetto_interner *interner, struct rn_buf *out, unsigned field,
                        const struct rn_scan_value *object, unsigned depth)
{
    struct rn_scan_text text = rn_scan_inside(object);
    struct rn_scan_value key, value;

    while (rn_scan_member(&text, &key, &value) == 1) {
        size_t opened = rn_proto_open(out, field);

        if (key.escaped) {
            rn_buf_clear(&interner->text);
            rn_scan_unescape(&interner->text, &key);
            put_name(interner, out, (const char *)interner->text.data, interner->text.size);
        } else {
            put_name(interner, out, key.data, key.size);
        }
        put_json(interner, out, &value, depth);
        rn_proto_close(out, opened);
    }
}

static void put_json(struct rn_perfetto_interner *interner, struct rn_buf *out,
                     const struct rn_scan_value *value, unsigned depth)
{
    struct rn_scan_text text = rn_scan_inside(value);
    struct rn_scan_value item;

    switch (value->type) {
    case RN_JSON_STRING:
        put_scanned_string(interner, out, value);
        return;
    case RN_JSON_NUMBER:
        put_number(interner, out, value);
        return;
    case RN_JSON_TRUE:
    case RN_JSON_FALSE:
        rn_proto_varint(out, ANNOTATION_BOOL, value->type == RN_JSON_TRUE);
        return;
    case RN_JSON_OBJECT:
    case RN_JSON_ARRAY:
        break;
    default:
        put_string(interner, out, value->data, value->size);
        return;
    }
    if (depth == DEPTH_MAX) {
        put_string(interner, out, value->data, value->size);
    } else if (value->type == RN_JSON_OBJECT) {
        put_members(interner, out, ANNOTATION_DICT, value, depth + 1);
    } else {
        while (rn_scan_element(&text, &item) == 1) {
            size_t opened = rn_proto_open(out, ANNOTATION_ARRAY);

            put_json(interner, out, &item, depth + 1);
            rn_proto_close(out, opened);
        }
    }
}

/* An argument that is JSON from begin to end. */
static bool scan_whole(const struct rn_slice_arg *arg, struct rn_scan_value *value)
{
    struct rn_scan_text text = {.at = arg->u.text.data, .end = arg->u.text.data + arg->u.text.size};

    if (arg->u.text.size == 0 || !rn_scan_value(&text, value))
        return false;
    rn_scan_space(&text);
    return text.at == text.end;
}

static void put_arg(struct rn_perfetto_interner *interner, struct rn_buf *out,
                    const struct rn_slice_arg *arg)
{
    struct rn_scan_value value;

    put_name(interner, out, arg->key, strlen(arg->key));
    switch (arg->type) {
    case RN_SLICE_JSON:
        if (scan_whole(arg, &value)) {
            put_json(interner, out, &value, 0);
            return;
        }
        /* fall through */
    case RN_SLICE_TEXT:
        put_string(interner, out, arg->u.text.data, arg->u.text.size);
        return;
    case RN_SLICE_UNSIGNED:
        rn_proto_varint(out, ANNOTATION_UINT, arg->u.number);
        return;
    case RN_SLICE_SIGNED:
        rn_proto_varint(out, ANNOTATION_INT, arg->u.number);
        return;
    case RN_SLICE_HEX:
        rn_proto_varint(out, ANNOTATION_POINTER, arg->u.number);
        return;
    }
}

/* What another tool said of a span, or of a kernel beside its fields: its members are annotations
 * themselves. */
static bool is_inline(const struct rn_slice *slice, const struct rn_slice_arg *arg)
{
    bool text = arg->type == RN_SLICE_JSON || arg->type == RN_SLICE_TEXT;

    if (!text || arg->u.text.size == 0 || *arg->u.text.data != '{')
        return false;
    return slice->kind == RN_KIND_SPAN ? strcmp(arg->key, "args") == 0
                                       : strcmp(arg->key, "text") == 0;
}

void rn_perfetto_args(struct rn_perfetto_interner *interner, struct rn_buf *out, unsigned field,
                      const struct rn_slice *slice)
{
    for (size_t i = 0; i < slice->arg_count; i++) {
        const struct rn_slice_arg *arg = &slice->args[i];
        struct rn_scan_value value;
        size_t opened;

        if (slice->kind == RN_KIND_SPAN && strcmp(arg->key, "form") == 0)
            continue;
        if (is_inline(slice, arg) && scan_whole(arg, &value)) {
            put_members(interner, out, field, &value, 0);
            continue;
        }
        opened = rn_proto_open(out, field);
        put_arg(interner, out, arg);
        rn_proto_close(out, opened);
    }
    if (slice->unfinished) {
        size_t opened = rn_proto_open(out, field);

        put_name(interner, out, "unfinished", strlen("unfinished"));
        rn_proto_varint(out, ANNOTATION_BOOL, 1);
        rn_proto_close(out, opened);
    }
}
