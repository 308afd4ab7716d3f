/* SPDX-License-Identifier: MIT */
/* This process ends with the trace, so what is allocated here once for each class stays. */
#include "ctf_read_private.h"
#include "formats/fnv.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_BYTES (64u << 10)

static bool fail(struct ctf_output *output, const char *why)
{
    if (!output->failure)
        output->failure = why;
    return false;
}

bool rn_ctf_output_flush(struct ctf_output *output)
{
    size_t done = 0;
    if (output->buf.failed)
        return fail(output, "out of memory");
    while (done < output->buf.size) {
        ssize_t count = write(output->fd, output->buf.data + done, output->buf.size - done);
        if (count < 0 && errno != EINTR)
            return fail(output, "nobody reads any more");
        if (count > 0)
            done += (size_t)count;
    }
    rn_buf_clear(&output->buf);
    return true;
}

/* Where the length of the frame that was begun last goes. */
static size_t frame_begin(struct ctf_output *output, uint8_t type)
{
    rn_buf_byte(&output->buf, type);
    rn_buf_u32(&output->buf, 0);
    return output->buf.size;
}

static void frame_end(struct ctf_output *output, size_t begin)
{
    if (output->buf.failed)
        return;
    size_t size = output->buf.size - begin;
    for (unsigned i = 0; i < 4; i++)
        output->buf.data[begin - 4 + i] = (uint8_t)(size >> 8 * i);
}

void rn_ctf_output_frame(struct ctf_output *output, uint8_t type, const char *text)
{
    size_t begin = frame_begin(output, type);
    rn_buf_text(&output->buf, text);
    frame_end(output, begin);
}

void rn_ctf_output_problem(struct ctf_output *output, uint8_t type, uint64_t offset,
                           const char *text)
{
    size_t begin = frame_begin(output, type);
    rn_buf_u64(&output->buf, offset);
    rn_buf_text(&output->buf, text);
    frame_end(output, begin);
}

/* Equal names get equal numbers as long as their hashes differ from those of all others, which
 * matters for the length of the list alone. */
static uint16_t number_name(struct ctf_output *output, const char *name)
{
    uint64_t hash = rn_fnv(RN_FNV_BEGIN, name, strlen(name));
    struct {
        uint16_t number;
        char text[];
    } *known = rn_id_map_get(&output->names, hash);
    if (known && !strcmp(known->text, name))
        return known->number;
    if (output->name_count == RN_CTF_NAMES_MAX) {
        fail(output, "too many names of fields");
        return 0;
    }
    size_t size = strlen(name) + 1;
    if (!known && (known = malloc(sizeof(*known) + size))) {
        known->number = (uint16_t)output->name_count;
        memcpy(known->text, name, size);
        if (!rn_id_map_set(&output->names, hash, known))
            free(known);
    }
    rn_ctf_output_frame(output, RN_CTF_FRAME_NAME, name);
    return (uint16_t)output->name_count++;
}

/* The members of a structure. Most are integers without labels, which have a short way. */
enum form { FORM_UNSIGNED, FORM_SIGNED, FORM_OTHER };
struct shape {
    uint64_t count;
    struct {
        uint16_t name;
        uint8_t type; /* enum rn_ctf_type, of an integer */
        uint8_t form; /* enum form */
    } members[];
};

static enum form form_of(const bt_field_class *class)
{
    switch (bt_field_class_get_type(class)) {
    case BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER:
        return FORM_UNSIGNED;
    case BT_FIELD_CLASS_TYPE_SIGNED_INTEGER:
        return FORM_SIGNED;
    default:
        return FORM_OTHER;
    }
}

static enum rn_ctf_type integer_type(const bt_field_class *class, enum form form)
{
    if (form != FORM_UNSIGNED)
        return RN_CTF_SIGNED;
    return bt_field_class_integer_get_preferred_display_base(class) ==
                   BT_FIELD_CLASS_INTEGER_PREFERRED_DISPLAY_BASE_HEXADECIMAL
               ? RN_CTF_HEX
               : RN_CTF_UNSIGNED;
}

static const struct shape *shape_of(struct ctf_output *output, const bt_field_class *class)
{
    struct shape *shape = rn_id_map_get(&output->shapes, (uintptr_t) class);
    if (shape)
        return shape;
    uint64_t count = bt_field_class_structure_get_member_count(class);
    if (count > RN_CTF_FIELDS_MAX / 3)
        count = RN_CTF_FIELDS_MAX / 3; /* there are two contexts and the payload */
    shape = malloc(sizeof(*shape) + count * sizeof(shape->members[0]));
    if (!shape || !rn_id_map_set(&output->shapes, (uintptr_t) class, shape)) {
        free(shape);
        fail(output, "out of memory");
        return NULL;
    }
    shape->count = count;
    for (uint64_t i = 0; i < count; i++) {
        const bt_field_class_structure_member *member =
            bt_field_class_structure_borrow_member_by_index_const(class, i);
        const bt_field_class *of = bt_field_class_structure_member_borrow_field_class_const(member);
        enum form form = form_of(of);
        shape->members[i].name =
            number_name(output, bt_field_class_structure_member_get_name(member));
        shape->members[i].form = (uint8_t)form;
        shape->members[i].type = (uint8_t)integer_type(of, form);
    }
    return shape;
}

static const char *env_text(const bt_trace *trace, const char *name)
{
    const bt_value *value = bt_trace_borrow_environment_entry_value_by_name_const(trace, name);
    return value && bt_value_is_string(value) ? bt_value_string_get(value) : "";
}

static void env_number(struct rn_buf *out, const bt_trace *trace, const char *name)
{
    const bt_value *value = bt_trace_borrow_environment_entry_value_by_name_const(trace, name);
    if (value && bt_value_is_signed_integer(value))
        rn_buf_decimal_signed(out, bt_value_integer_signed_get(value));
    else if (value && bt_value_is_unsigned_integer(value))
        rn_buf_decimal(out, bt_value_integer_unsigned_get(value));
}

static void put_text(struct rn_buf *out, const char *text)
{
    rn_buf_append(out, text, strlen(text) + 1);
}

static const bt_clock_class *clock_of(const bt_stream *stream)
{
    return bt_stream_class_borrow_default_clock_class_const(bt_stream_borrow_class_const(stream));
}

static bool put_stream(struct ctf_output *output, const bt_message *message)
{
    const bt_stream *stream = bt_message_stream_beginning_borrow_stream_const(message);
    const bt_trace *trace = bt_stream_borrow_trace_const(stream);
    if (rn_id_map_get(&output->traces, (uintptr_t)trace))
        return true;
    if (!rn_id_map_set(&output->traces, (uintptr_t)trace, output))
        return fail(output, "out of memory");
    const bt_clock_class *clock = clock_of(stream);
    size_t begin = frame_begin(output, RN_CTF_FRAME_TRACE);
    rn_buf_byte(
        &output->buf,
        (uint8_t)((clock ? 1 : 0) | (clock && bt_clock_class_origin_is_unix_epoch(clock) ? 2 : 0)));
    put_text(&output->buf, env_text(trace, "domain"));
    put_text(&output->buf, env_text(trace, "tracer_name"));
    put_text(&output->buf, env_text(trace, "hostname"));
    env_number(&output->buf, trace, "tracer_major");
    rn_buf_byte(&output->buf, '.');
    env_number(&output->buf, trace, "tracer_minor");
    rn_buf_byte(&output->buf, 0);
    frame_end(output, begin);
    return true;
}

/* *number: of the class. */
static bool class_of(struct ctf_output *output, const bt_event *event, uint32_t *number)
{
    const bt_event_class *class = bt_event_borrow_class_const(event);
    uintptr_t known = (uintptr_t)rn_id_map_get(&output->classes, (uintptr_t) class);
    if (known) {
        *number = (uint32_t)(known - 1);
        return true;
    }
    *number = output->class_count;
    if (!rn_id_map_set(&output->classes, (uintptr_t) class, (void *)((uintptr_t)*number + 1)))
        return fail(output, "out of memory");
    output->class_count++;
    const bt_trace *trace = bt_stream_borrow_trace_const(bt_event_borrow_stream_const(event));
    const char *name = bt_event_class_get_name(class);
    size_t begin = frame_begin(output, RN_CTF_FRAME_CLASS);
    put_text(&output->buf, env_text(trace, "domain"));
    if (name)
        rn_buf_text(&output->buf, name);
    else
        rn_buf_printf(&output->buf, "event %llu", (unsigned long long)bt_event_class_get_id(class));
    frame_end(output, begin);
    return true;
}

static uint32_t cpu_of(const bt_event *event)
{
    const bt_stream *stream = bt_event_borrow_stream_const(event);
    if (!bt_stream_class_supports_packets(bt_stream_borrow_class_const(stream)))
        return RN_CTF_NO_CPU;
    const bt_packet *packet = bt_event_borrow_packet_const(event);
    const bt_field *context = bt_packet_borrow_context_field_const(packet);
    const bt_field *cpu =
        context ? bt_field_structure_borrow_member_field_by_name_const(context, "cpu_id") : NULL;
    if (!cpu ||
        !bt_field_class_type_is(bt_field_get_class_type(cpu), BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER))
        return RN_CTF_NO_CPU;
    uint64_t value = bt_field_integer_unsigned_get_value(cpu);
    return value < RN_CTF_NO_CPU ? (uint32_t)value : RN_CTF_NO_CPU;
}

/* An array of integers of 8 bits? */
static bool is_bytes(const bt_field *field)
{
    const bt_field_class *element =
        bt_field_class_array_borrow_element_field_class_const(bt_field_borrow_class_const(field));
    return bt_field_class_get_type(element) == BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER &&
           bt_field_class_integer_get_field_value_range(element) == 8;
}

static void put_sized(struct rn_buf *out, const void *data, size_t size)
{
    if (size > RN_CTF_TEXT_MAX)
        size = RN_CTF_TEXT_MAX;
    rn_buf_u32(out, (uint32_t)size);
    rn_buf_append(out, data, size);
}

static void put_bytes(struct ctf_output *output, const bt_field *field)
{
    uint64_t count = bt_field_array_get_length(field);
    if (count > RN_CTF_TEXT_MAX)
        count = RN_CTF_TEXT_MAX;
    rn_buf_u32(&output->buf, (uint32_t)count);
    for (uint64_t i = 0; i < count; i++)
        rn_buf_byte(&output->buf,
                    (uint8_t)bt_field_integer_unsigned_get_value(
                        bt_field_array_borrow_element_field_by_index_const(field, i)));
}

static void put_head(struct rn_buf *out, uint8_t scope, enum rn_ctf_type type, uint16_t name,
                     const char *label)
{
    size_t length = label ? strlen(label) : 0;
    rn_buf_byte(out, (uint8_t)(scope | (unsigned)type << 4));
    rn_buf_u16(out, name);
    rn_buf_byte(out, (uint8_t)length);
    if (length)
        rn_buf_append(out, label, length + 1);
}

static void put_field(struct ctf_output *output, uint8_t scope, uint16_t name,
                      const bt_field *field)
{
    struct rn_buf *out = &output->buf;
    if (rn_ctf_is(field, BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER)) {
        put_head(out, scope, rn_ctf_is_hex(field) ? RN_CTF_HEX : RN_CTF_UNSIGNED, name,
                 rn_ctf_label(field));
        rn_buf_u64(out, bt_field_integer_unsigned_get_value(field));
    } else if (rn_ctf_is(field, BT_FIELD_CLASS_TYPE_SIGNED_INTEGER)) {
        put_head(out, scope, RN_CTF_SIGNED, name, rn_ctf_label(field));
        rn_buf_u64(out, (uint64_t)bt_field_integer_signed_get_value(field));
    } else if (rn_ctf_is(field, BT_FIELD_CLASS_TYPE_STRING)) {
        put_head(out, scope, RN_CTF_STRING, name, NULL);
        put_sized(out, bt_field_string_get_value(field), bt_field_string_get_length(field));
    } else if (rn_ctf_is(field, BT_FIELD_CLASS_TYPE_REAL)) {
        double value = rn_ctf_real(field);
        uint64_t bits;
        memcpy(&bits, &value, sizeof(bits));
        put_head(out, scope, RN_CTF_REAL, name, NULL);
        rn_buf_u64(out, bits);
    } else if (rn_ctf_is(field, BT_FIELD_CLASS_TYPE_ARRAY) && is_bytes(field)) {
        put_head(out, scope, RN_CTF_BYTES, name, NULL);
        put_bytes(output, field);
    } else {
        rn_buf_clear(&output->json);
        rn_ctf_json_value(&output->json, field, 0);
        put_head(out, scope, RN_CTF_JSON, name, NULL);
        /* Half a structure is none. */
        if (output->json.failed || output->json.size > RN_CTF_TEXT_MAX)
            put_sized(out, "null", 4);
        else
            put_sized(out, output->json.data, output->json.size);
    }
}

/* An integer without a label: as put_head and the value, at once. */
static void put_integer(struct rn_buf *out, uint8_t scope, uint8_t type, uint16_t name,
                        uint64_t value)
{
    uint8_t *at = rn_buf_reserve(out, 12);
    if (!at)
        return;
    value = htole64(value);
    at[0] = (uint8_t)(scope | type << 4);
    at[1] = (uint8_t)name;
    at[2] = (uint8_t)(name >> 8);
    at[3] = 0;
    memcpy(at + 4, &value, sizeof(value));
    out->size += 12;
}

static void put_scope(struct ctf_output *output, uint8_t scope, const bt_field *structure,
                      const struct shape *shape)
{
    for (uint64_t i = 0; shape && i < shape->count; i++) {
        const bt_field *field = bt_field_structure_borrow_member_field_by_index_const(structure, i);
        uint16_t name = shape->members[i].name;
        uint8_t type = shape->members[i].type;
        if (shape->members[i].form == FORM_UNSIGNED)
            put_integer(&output->buf, scope, type, name,
                        bt_field_integer_unsigned_get_value(field));
        else if (shape->members[i].form == FORM_SIGNED)
            put_integer(&output->buf, scope, type, name,
                        (uint64_t)bt_field_integer_signed_get_value(field));
        else
            put_field(output, scope, name, field);
    }
}

static const struct shape *shape_or_none(struct ctf_output *output, const bt_field *structure)
{
    return structure ? shape_of(output, bt_field_borrow_class_const(structure)) : NULL;
}

static bool put_event(struct ctf_output *output, const bt_message *message)
{
    const bt_event *event = bt_message_event_borrow_event_const(message);
    const bt_field *common = bt_event_borrow_common_context_field_const(event);
    const bt_field *specific = bt_event_borrow_specific_context_field_const(event);
    const bt_field *payload = bt_event_borrow_payload_field_const(event);
    /* Names and classes have frames of their own, before that of the event. */
    const struct shape *common_shape = shape_or_none(output, common);
    const struct shape *specific_shape = shape_or_none(output, specific);
    const struct shape *payload_shape = shape_or_none(output, payload);
    uint32_t class;
    if (!class_of(output, event, &class) || output->failure)
        return false;
    int64_t ns = 0;
    bool has_time = clock_of(bt_event_borrow_stream_const(event)) &&
                    bt_clock_snapshot_get_ns_from_origin(
                        bt_message_event_borrow_default_clock_snapshot_const(message), &ns) ==
                        BT_CLOCK_SNAPSHOT_GET_NS_FROM_ORIGIN_STATUS_OK;
    size_t begin = frame_begin(output, RN_CTF_FRAME_EVENT);
    rn_buf_u32(&output->buf, class);
    rn_buf_u32(&output->buf, cpu_of(event));
    rn_buf_byte(&output->buf, has_time);
    rn_buf_u64(&output->buf, (uint64_t)ns);
    put_scope(output, RN_CTF_CONTEXT, common, common_shape);
    put_scope(output, RN_CTF_CONTEXT, specific, specific_shape);
    put_scope(output, RN_CTF_PAYLOAD, payload, payload_shape);
    frame_end(output, begin);
    return true;
}

static void put_lost(struct ctf_output *output, bool packets, bool known, uint64_t count)
{
    size_t begin = frame_begin(output, RN_CTF_FRAME_LOST);
    rn_buf_byte(&output->buf, packets);
    rn_buf_u64(&output->buf, known ? count : 0);
    frame_end(output, begin);
}

bool rn_ctf_output_message(struct ctf_output *output, const bt_message *message)
{
    uint64_t count = 0;
    bool known;
    switch (bt_message_get_type(message)) {
    case BT_MESSAGE_TYPE_STREAM_BEGINNING:
        put_stream(output, message);
        break;
    case BT_MESSAGE_TYPE_EVENT:
        put_event(output, message);
        break;
    case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
        known = bt_message_discarded_events_get_count(message, &count) ==
                BT_PROPERTY_AVAILABILITY_AVAILABLE;
        put_lost(output, false, known, count);
        break;
    case BT_MESSAGE_TYPE_DISCARDED_PACKETS:
        known = bt_message_discarded_packets_get_count(message, &count) ==
                BT_PROPERTY_AVAILABILITY_AVAILABLE;
        put_lost(output, true, known, count);
        break;
    default:
        break;
    }
    if (output->buf.size >= FLUSH_BYTES)
        rn_ctf_output_flush(output);
    return !output->failure;
}
