/* SPDX-License-Identifier: MIT */
/* MessagePack: an array of maps, or maps one behind the other. The opening of the array is read
 * here, and then map by map, so that a file may be long, and may grow. What a map needs is measured
 * before the library is asked to take memory for it. */
#include "decision_codec.h"

#include <inttypes.h>
#include <msgpack.h>
#include <string.h>

struct walk {
    const uint8_t *data;
    size_t size, at;
    const char *wrong;
};

static uint64_t big_endian(const uint8_t *data, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | data[i];
    return value;
}

/* A length of `bytes` bytes behind the first one. False: it is not there. */
static bool take_length(struct walk *walk, size_t bytes, uint64_t *length)
{
    if (walk->size - walk->at < 1 + bytes)
        return false;
    *length = big_endian(walk->data + walk->at + 1, bytes);
    walk->at += 1 + bytes;
    return true;
}

static bool skip_bytes(struct walk *walk, uint64_t size)
{
    if (size > walk->size - walk->at)
        return false;
    walk->at += size;
    return true;
}

/* Of types 0xc0 to 0xdf: bytes of the length, and what the length counts. */
struct form {
    uint8_t length_bytes;
    uint8_t fixed; /* bytes that follow, besides */
    uint8_t items; /* the length counts so many items each; 0: bytes */
};
static const struct form forms[32] = {
    [0x04] = {1, 0, 0},  [0x05] = {2, 0, 0}, [0x06] = {4, 0, 0}, /* bin */
    [0x07] = {1, 1, 0},  [0x08] = {2, 1, 0}, [0x09] = {4, 1, 0}, /* ext */
    [0x0a] = {0, 4, 0},  [0x0b] = {0, 8, 0},                     /* float */
    [0x0c] = {0, 1, 0},  [0x0d] = {0, 2, 0}, [0x0e] = {0, 4, 0}, [0x0f] = {0, 8, 0},
    [0x10] = {0, 1, 0},  [0x11] = {0, 2, 0}, [0x12] = {0, 4, 0}, [0x13] = {0, 8, 0},
    [0x14] = {0, 2, 0},  [0x15] = {0, 3, 0}, [0x16] = {0, 5, 0}, [0x17] = {0, 9, 0}, /* fixext */
    [0x18] = {0, 17, 0}, [0x19] = {1, 0, 0}, [0x1a] = {2, 0, 0}, [0x1b] = {4, 0, 0}, /* str */
    [0x1c] = {2, 0, 1},  [0x1d] = {4, 0, 1},                                         /* array */
    [0x1e] = {2, 0, 2},  [0x1f] = {4, 0, 2},                                         /* map */
};

/* One value without what is in it, whose number of values is *items. False: it is not all there. */
static bool skip_value(struct walk *walk, uint64_t *items)
{
    const struct form *form;
    uint64_t length = 0;
    uint8_t first;

    *items = 0;
    if (walk->at == walk->size)
        return false;
    first = walk->data[walk->at];
    if (first < 0x80 || first >= 0xe0)
        return skip_bytes(walk, 1);
    if (first < 0xc0) {
        *items = first < 0x90 ? 2u * (first & 15u) : first < 0xa0 ? first & 15u : 0;
        return skip_bytes(walk, first < 0xa0 ? 1 : 1u + (first & 31u));
    }
    if (first == 0xc1) {
        walk->wrong = "a byte 0xc1, which MessagePack never uses";
        return false;
    }
    form = &forms[first - 0xc0];
    if (!take_length(walk, form->length_bytes, &length))
        return false;
    *items = length * form->items;
    return skip_bytes(walk, form->fixed + (form->items ? 0 : length));
}

/* Of one decision, all levels together. */
#define ELEMENTS_MAX (UINT64_C(1) << 20)

/* The extent of the value at `data`; false: it is not all there, or wrong says what is wrong. */
static bool measure(struct walk *walk)
{
    uint64_t left[RN_DECISION_DEPTH + 1] = {1}, items, elements = 0;
    unsigned depth = 0;

    for (;;) {
        while (left[depth] == 0) {
            if (depth-- == 0)
                return true;
        }
        left[depth]--;
        if (!skip_value(walk, &items))
            return false;
        if (items == 0)
            continue;
        if (depth == RN_DECISION_DEPTH) {
            walk->wrong = "nested too deep";
            return false;
        }
        /* msgpack-c takes some 24 bytes for each, which may be a byte here. */
        elements += items;
        if (items > ELEMENTS_MAX || elements > ELEMENTS_MAX) {
            walk->wrong = "more elements than a decision may have";
            return false;
        }
        left[++depth] = items;
    }
}

static void take_any(struct rn_buf *out, const msgpack_object *value);

static void take_string(struct rn_buf *out, const char *text, size_t size)
{
    rn_buf_byte(out, '"');
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"' || text[i] == '\\')
            rn_buf_printf(out, "\\%c", text[i]);
        else if ((uint8_t)text[i] < 0x20)
            rn_buf_printf(out, "\\u%04x", (unsigned)text[i]);
        else
            rn_buf_byte(out, (uint8_t)text[i]);
    }
    rn_buf_byte(out, '"');
}

static void take_array(struct rn_buf *out, const msgpack_object_array *array)
{
    rn_buf_byte(out, '[');
    for (uint32_t i = 0; i < array->size; i++) {
        if (i > 0)
            rn_buf_byte(out, ',');
        take_any(out, &array->ptr[i]);
    }
    rn_buf_byte(out, ']');
}

static void take_map(struct rn_buf *out, const msgpack_object_map *map)
{
    rn_buf_byte(out, '{');
    for (uint32_t i = 0; i < map->size; i++) {
        if (i > 0)
            rn_buf_byte(out, ',');
        take_any(out, &map->ptr[i].key);
        rn_buf_byte(out, ':');
        take_any(out, &map->ptr[i].val);
    }
    rn_buf_byte(out, '}');
}

/* As JSON; no deeper than measure() has allowed. */
static void take_any(struct rn_buf *out, const msgpack_object *value)
{
    switch (value->type) {
    case MSGPACK_OBJECT_BOOLEAN:
        rn_buf_text(out, value->via.boolean ? "true" : "false");
        return;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        rn_buf_decimal(out, value->via.u64);
        return;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        rn_buf_decimal_signed(out, value->via.i64);
        return;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        rn_buf_printf(out, "%.17g", value->via.f64);
        return;
    case MSGPACK_OBJECT_STR:
        take_string(out, value->via.str.ptr, value->via.str.size);
        return;
    case MSGPACK_OBJECT_BIN:
        take_string(out, value->via.bin.ptr, value->via.bin.size);
        return;
    case MSGPACK_OBJECT_ARRAY:
        take_array(out, &value->via.array);
        return;
    case MSGPACK_OBJECT_MAP:
        take_map(out, &value->via.map);
        return;
    default:
        rn_buf_text(out, "null");
    }
}

static const msgpack_object *member(const msgpack_object *map, const char *key)
{
    size_t length = strlen(key);

    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object *name = &map->via.map.ptr[i].key;

        if (name->type == MSGPACK_OBJECT_STR && name->via.str.size == length &&
            memcmp(name->via.str.ptr, key, length) == 0)
            return map->via.map.ptr[i].val.type == MSGPACK_OBJECT_NIL ? NULL
                                                                      : &map->via.map.ptr[i].val;
    }
    return NULL;
}

static bool is_string(const msgpack_object *value)
{
    return value && value->type == MSGPACK_OBJECT_STR;
}

static bool is_number(const msgpack_object *value)
{
    return value && value->type == MSGPACK_OBJECT_POSITIVE_INTEGER;
}

static void take_text(struct rn_buf *out, const msgpack_object *value)
{
    if (is_string(value))
        rn_buf_append(out, value->via.str.ptr, value->via.str.size);
    else if (value)
        take_any(out, value);
}

static const char *take_source(struct rn_buf *out, const msgpack_object *value)
{
    const msgpack_object *file, *line;

    if (!value || is_string(value)) {
        take_text(out, value);
        return NULL;
    }
    file = value->type == MSGPACK_OBJECT_MAP ? member(value, "file") : NULL;
    line = file ? member(value, "line") : NULL;
    if (!is_string(file) || !is_number(line))
        return "source_location is neither a string nor a map of file and line";
    take_text(out, file);
    rn_buf_printf(out, ":%" PRIu32, (uint32_t)line->via.u64);
    return NULL;
}

static const char *take_id(const msgpack_object *value, struct rn_decision_entry *entry)
{
    if (is_number(value)) {
        entry->id = value->via.u64;
        return NULL;
    }
    if (!value || (is_string(value) &&
                   rn_decision_parse_id(value->via.str.ptr, value->via.str.size, &entry->id)))
        return NULL;
    return "decision_id is neither a number nor hexadecimal";
}

/* NULL, or what is wrong with it. */
static const char *take_map_entry(struct rn_decision_state *state, const msgpack_object *map,
                                  struct rn_decision_entry *entry)
{
    const msgpack_object *time, *category, *name, *id;
    const char *wrong;

    for (unsigned i = 0; i < 5; i++)
        rn_buf_clear(&state->texts[i]);
    if (map->type != MSGPACK_OBJECT_MAP)
        return "a decision is no map";
    time = member(map, "timestamp_us");
    category = member(map, "category");
    name = member(map, "name");
    id = member(map, "decision_id");
    if (!is_string(category))
        return "a decision whose category is no string";
    if (!is_string(name))
        return "a decision whose name is no string";
    if (time && !is_number(time))
        return "timestamp_us is no number of microseconds";
    wrong = take_source(&state->texts[RN_DECISION_SOURCE], member(map, "source_location"));
    if (!wrong)
        wrong = take_id(id, entry);
    if (wrong)
        return wrong;
    take_text(&state->texts[RN_DECISION_CATEGORY], category);
    take_text(&state->texts[RN_DECISION_NAME], name);
    take_text(&state->texts[RN_DECISION_INPUT], member(map, "input"));
    take_text(&state->texts[RN_DECISION_RESULT], member(map, "result"));
    entry->has_time = time != NULL;
    entry->timestamp_us = time ? time->via.u64 : 0;
    rn_decision_complete(state, id != NULL, entry);
    return NULL;
}

static enum rn_status read_map(struct rn_decision_state *state, const uint8_t *data, size_t size,
                               struct rn_decision_entry *entry, struct rn_error *err)
{
    msgpack_unpacked unpacked;
    const char *wrong = "what is there cannot be decoded";
    size_t offset = 0;

    msgpack_unpacked_init(&unpacked);
    if (msgpack_unpack_next(&unpacked, (const char *)data, size, &offset) == MSGPACK_UNPACK_SUCCESS)
        wrong = take_map_entry(state, &unpacked.data, entry);
    msgpack_unpacked_destroy(&unpacked);
    return wrong ? rn_decision_fail(err, RN_E_FORMAT, 0, wrong) : RN_OK;
}

static bool can_begin(uint8_t first)
{
    return (first >= 0x80 && first <= 0x9f) || (first >= 0xdc && first <= 0xdf);
}

/* The opening of the array. False: it is not all there. */
static bool begin(struct rn_decision_state *state, struct walk *walk)
{
    uint64_t items;

    state->stream = walk->data[0] < 0x90 || walk->data[0] >= 0xde;
    if (!state->stream && !skip_value(walk, &items))
        return false;
    state->remaining = state->stream ? UINT64_MAX : items;
    state->begun = true;
    return true;
}

enum rn_status rn_decision_msgpack_next(struct rn_decision_state *state, const uint8_t *data,
                                        size_t size, bool last, size_t *used, bool *has_entry,
                                        struct rn_decision_entry *entry, struct rn_error *err)
{
    struct walk walk = {.data = data, .size = size};
    size_t from;
    enum rn_status status;

    if (size == 0 && (!last || state->stream || !state->begun))
        return RN_EOF;
    if (!state->begun && !can_begin(data[0]))
        return rn_decision_fail(err, RN_E_FORMAT, 0, "neither an array nor a map begins so");
    if (!state->begun && !begin(state, &walk))
        return last ? rn_decision_fail(err, RN_E_FORMAT, 0, "the array is cut") : RN_EOF;
    *used = from = walk.at;
    if (state->remaining == 0) {
        state->begun = false;
        return RN_OK;
    }
    if (!measure(&walk)) {
        if (walk.wrong)
            return rn_decision_fail(err, RN_E_FORMAT, walk.at, walk.wrong);
        return last ? rn_decision_fail(err, RN_E_FORMAT, from, "a decision is cut") : RN_EOF;
    }
    status = read_map(state, data + from, walk.at - from, entry, err);
    if (status != RN_OK) {
        if (err)
            err->offset += from;
        return status;
    }
    state->remaining -= !state->stream;
    *used = walk.at;
    *has_entry = true;
    return RN_OK;
}
