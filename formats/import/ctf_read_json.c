/* SPDX-License-Identifier: MIT */
#include "ctf_read_private.h"
#include "ctf_value.h"
#include "formats/escape.h"

#include <string.h>

#define DEPTH_MAX 32u

bool rn_ctf_is(const bt_field *field, bt_field_class_type type)
{
    return bt_field_class_type_is(bt_field_get_class_type(field), type);
}

bool rn_ctf_is_hex(const bt_field *field)
{
    return bt_field_class_integer_get_preferred_display_base(bt_field_borrow_class_const(field)) ==
           BT_FIELD_CLASS_INTEGER_PREFERRED_DISPLAY_BASE_HEXADECIMAL;
}

const char *rn_ctf_label(const bt_field *field)
{
    bt_field_class_enumeration_mapping_label_array labels;
    uint64_t count = 0;
    bool ok = false;
    if (rn_ctf_is(field, BT_FIELD_CLASS_TYPE_UNSIGNED_ENUMERATION))
        ok = bt_field_enumeration_unsigned_get_mapping_labels(field, &labels, &count) ==
             BT_FIELD_ENUMERATION_GET_MAPPING_LABELS_STATUS_OK;
    else if (rn_ctf_is(field, BT_FIELD_CLASS_TYPE_SIGNED_ENUMERATION))
        ok = bt_field_enumeration_signed_get_mapping_labels(field, &labels, &count) ==
             BT_FIELD_ENUMERATION_GET_MAPPING_LABELS_STATUS_OK;
    if (!ok || !count || strlen(labels[0]) > RN_CTF_FIELD_LABEL_MAX)
        return NULL;
    return labels[0];
}

double rn_ctf_real(const bt_field *field)
{
    return rn_ctf_is(field, BT_FIELD_CLASS_TYPE_DOUBLE_PRECISION_REAL)
               ? bt_field_real_double_precision_get_value(field)
               : (double)bt_field_real_single_precision_get_value(field);
}

static void json_structure(struct rn_buf *out, const bt_field *field, unsigned depth)
{
    const bt_field_class *class = bt_field_borrow_class_const(field);
    uint64_t count = bt_field_class_structure_get_member_count(class);
    rn_buf_byte(out, '{');
    for (uint64_t i = 0; i < count && out->size < RN_CTF_TEXT_MAX; i++) {
        const char *name = bt_field_class_structure_member_get_name(
            bt_field_class_structure_borrow_member_by_index_const(class, i));
        if (i)
            rn_buf_byte(out, ',');
        rn_escape_json(out, (const uint8_t *)name, strlen(name));
        rn_buf_byte(out, ':');
        rn_ctf_json_value(out, bt_field_structure_borrow_member_field_by_index_const(field, i),
                          depth);
    }
    rn_buf_byte(out, '}');
}

static void json_array(struct rn_buf *out, const bt_field *field, unsigned depth)
{
    uint64_t count = bt_field_array_get_length(field);
    rn_buf_byte(out, '[');
    for (uint64_t i = 0; i < count && out->size < RN_CTF_TEXT_MAX; i++) {
        if (i)
            rn_buf_byte(out, ',');
        rn_ctf_json_value(out, bt_field_array_borrow_element_field_by_index_const(field, i), depth);
    }
    rn_buf_byte(out, ']');
}

static void json_scalar(struct rn_buf *out, const bt_field *field)
{
    const char *label = rn_ctf_label(field);
    if (label)
        rn_escape_json(out, (const uint8_t *)label, strlen(label));
    else if (rn_ctf_is(field, BT_FIELD_CLASS_TYPE_STRING))
        rn_escape_json(out, (const uint8_t *)bt_field_string_get_value(field),
                       bt_field_string_get_length(field));
    else if (rn_ctf_is(field, BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER) && rn_ctf_is_hex(field))
        rn_ctf_json_hex(out, bt_field_integer_unsigned_get_value(field));
    else if (rn_ctf_is(field, BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER))
        rn_ctf_json_unsigned(out, bt_field_integer_unsigned_get_value(field));
    else if (rn_ctf_is(field, BT_FIELD_CLASS_TYPE_SIGNED_INTEGER))
        rn_ctf_json_signed(out, bt_field_integer_signed_get_value(field));
    else if (rn_ctf_is(field, BT_FIELD_CLASS_TYPE_REAL))
        rn_ctf_json_real(out, rn_ctf_real(field));
    else if (rn_ctf_is(field, BT_FIELD_CLASS_TYPE_BOOL))
        rn_buf_text(out, bt_field_bool_get_value(field) ? "true" : "false");
    else if (rn_ctf_is(field, BT_FIELD_CLASS_TYPE_BIT_ARRAY))
        rn_ctf_json_hex(out, bt_field_bit_array_get_value_as_integer(field));
    else
        rn_buf_text(out, "null");
}

void rn_ctf_json_value(struct rn_buf *out, const bt_field *field, unsigned depth)
{
    if (!field || depth == DEPTH_MAX)
        rn_buf_text(out, "null");
    else if (rn_ctf_is(field, BT_FIELD_CLASS_TYPE_STRUCTURE))
        json_structure(out, field, depth + 1);
    else if (rn_ctf_is(field, BT_FIELD_CLASS_TYPE_ARRAY))
        json_array(out, field, depth + 1);
    else if (rn_ctf_is(field, BT_FIELD_CLASS_TYPE_VARIANT))
        rn_ctf_json_value(out, bt_field_variant_borrow_selected_option_field_const(field),
                          depth + 1);
    else if (rn_ctf_is(field, BT_FIELD_CLASS_TYPE_OPTION))
        rn_ctf_json_value(out, bt_field_option_borrow_field_const(field), depth + 1);
    else
        json_scalar(out, field);
}
