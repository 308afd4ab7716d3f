/* SPDX-License-Identifier: MIT */
#include "ctf_frame.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

struct cursor {
    const uint8_t *at;
    size_t left;
    bool bad;
};

static const uint8_t *take(struct cursor *cursor, size_t size)
{
    static const uint8_t zero[8];
    if (cursor->left < size) {
        cursor->bad = true;
        cursor->left = 0;
        return size <= sizeof(zero) ? zero : NULL;
    }
    const uint8_t *at = cursor->at;
    cursor->at += size;
    cursor->left -= size;
    return at;
}

static uint32_t take_u32(struct cursor *cursor)
{
    uint32_t value;
    memcpy(&value, take(cursor, sizeof(value)), sizeof(value));
    return le32toh(value);
}

static uint64_t take_u64(struct cursor *cursor)
{
    uint64_t value;
    memcpy(&value, take(cursor, sizeof(value)), sizeof(value));
    return le64toh(value);
}

/* A text and its NUL. */
static const char *take_text(struct cursor *cursor)
{
    const uint8_t *end = cursor->left ? memchr(cursor->at, 0, cursor->left) : NULL;
    if (!end) {
        cursor->bad = true;
        return "";
    }
    return (const char *)take(cursor, (size_t)(end - cursor->at) + 1);
}

void rn_ctf_frames_clear(struct rn_ctf_frames *frames)
{
    for (size_t i = 0; i < frames->name_count; i++)
        free(frames->names[i]);
    for (size_t i = 0; i < frames->class_count; i++) {
        free(frames->classes[i]->data);
        free(frames->classes[i]);
    }
    free(frames->names);
    free(frames->classes);
    memset(frames, 0, sizeof(*frames));
}

static enum rn_status damaged(struct rn_error *err)
{
    return rn_fail(err, RN_E_FORMAT, "what was decoded of the trace makes no sense");
}

/* Room for one more pointer. */
static bool grow(void *array, size_t count, size_t *room)
{
    void **old;
    if (count < *room)
        return true;
    size_t more = *room ? *room * 2 : 64;
    memcpy(&old, array, sizeof(old));
    void **larger = realloc(old, more * sizeof(*larger));
    if (!larger)
        return false;
    memcpy(array, &larger, sizeof(larger));
    *room = more;
    return true;
}

static enum rn_status add_name(struct rn_ctf_frames *frames, const uint8_t *data, size_t size,
                               struct rn_error *err)
{
    if (frames->name_count == RN_CTF_NAMES_MAX)
        return rn_fail(err, RN_E_LIMIT, "more than %u names of fields", RN_CTF_NAMES_MAX);
    char *name = grow(&frames->names, frames->name_count, &frames->name_room)
                     ? strndup((const char *)data, size)
                     : NULL;
    if (!name)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    frames->names[frames->name_count++] = name;
    return RN_OK;
}

static enum rn_status add_class(struct rn_ctf_frames *frames, const uint8_t *data, size_t size,
                                struct rn_error *err)
{
    struct cursor cursor = {data, size, false};
    const char *domain = take_text(&cursor);
    if (cursor.bad || memchr(cursor.at, 0, cursor.left))
        return damaged(err);
    if (frames->class_count == RN_CTF_CLASSES_MAX)
        return rn_fail(err, RN_E_LIMIT, "more than %u classes of events", RN_CTF_CLASSES_MAX);
    struct rn_ctf_class *class = NULL;
    if (grow(&frames->classes, frames->class_count, &frames->class_room))
        class = calloc(1, sizeof(*class) + size + 1);
    if (!class)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    char *text = (char *)(class + 1);
    memcpy(text, data, size);
    class->domain = text;
    class->name = text + strlen(domain) + 1;
    class->number = (uint32_t)frames->class_count;
    frames->classes[frames->class_count++] = class;
    return RN_OK;
}

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

static enum rn_status decode_trace(const uint8_t *data, size_t size, struct rn_ctf_message *message,
                                   struct rn_error *err)
{
    struct cursor cursor = {data, size, false};
    uint8_t flags = *take(&cursor, 1);
    message->type = RN_CTF_TRACE;
    message->has_clock = flags & 1;
    message->realtime = flags & 2;
    message->domain = or_null(take_text(&cursor));
    message->tracer = or_null(take_text(&cursor));
    message->host = or_null(take_text(&cursor));
    message->tracer_version = or_null(take_text(&cursor));
    return cursor.bad ? damaged(err) : RN_OK;
}

static bool decode_field(const struct rn_ctf_frames *frames, struct cursor *cursor,
                         struct rn_ctf_field *field)
{
    const uint8_t *head = take(cursor, 4);
    uint16_t name = (uint16_t)(head[1] | head[2] << 8);
    field->scope = head[0] & 0xf;
    field->type = head[0] >> 4;
    if (cursor->bad || name >= frames->name_count || field->scope > RN_CTF_PAYLOAD ||
        field->type > RN_CTF_JSON)
        return false;
    field->name = frames->names[name];
    field->label = NULL;
    if (head[3]) {
        field->label = (const char *)take(cursor, head[3] + 1u);
        if (!field->label || field->label[head[3]])
            return false;
    }
    if (field->type == RN_CTF_REAL) {
        uint64_t bits = take_u64(cursor);
        memcpy(&field->u.real, &bits, sizeof(bits));
    } else if (field->type < RN_CTF_REAL) {
        field->u.number = take_u64(cursor);
    } else {
        size_t size = take_u32(cursor);
        if (cursor->left < size)
            return false;
        field->u.text.data = (const char *)take(cursor, size);
        field->u.text.size = size;
    }
    return !cursor->bad;
}

static enum rn_status decode_event(struct rn_ctf_frames *frames, const uint8_t *data, size_t size,
                                   struct rn_ctf_message *message, struct rn_error *err)
{
    struct cursor cursor = {data, size, false};
    uint32_t class = take_u32(&cursor);
    message->type = RN_CTF_EVENT;
    message->cpu = take_u32(&cursor);
    message->has_time = *take(&cursor, 1);
    message->ns = (int64_t)take_u64(&cursor);
    message->fields = frames->fields;
    message->field_count = 0;
    if (cursor.bad || class >= frames->class_count)
        return damaged(err);
    message->class = frames->classes[class];
    while (cursor.left) {
        if (message->field_count == RN_CTF_FIELDS_MAX ||
            !decode_field(frames, &cursor, &frames->fields[message->field_count]))
            return damaged(err);
        message->field_count++;
    }
    return RN_OK;
}

static enum rn_status decode_lost(const uint8_t *data, size_t size, struct rn_ctf_message *message,
                                  struct rn_error *err)
{
    struct cursor cursor = {data, size, false};
    message->type = RN_CTF_LOST;
    message->packets = *take(&cursor, 1);
    message->count = take_u64(&cursor);
    return cursor.bad ? damaged(err) : RN_OK;
}

static void decode_problem(const uint8_t *data, size_t size, struct rn_ctf_message *message)
{
    struct cursor cursor = {data, size, false};
    message->type = RN_CTF_PROBLEM;
    message->offset = take_u64(&cursor);
    size_t length = cursor.left < sizeof(message->text) ? cursor.left : sizeof(message->text) - 1;
    memcpy(message->text, take(&cursor, length), length);
    message->text[length] = 0;
}

static enum rn_status decode_failure(const uint8_t *data, size_t size, struct rn_error *err)
{
    struct rn_ctf_message message;
    decode_problem(data, size, &message);
    rn_fail(err, RN_E_FORMAT, "%s", message.text);
    if (message.offset != RN_CTF_NO_OFFSET) {
        err->has_offset = true;
        err->offset = message.offset;
    }
    return RN_E_FORMAT;
}

enum rn_status rn_ctf_frame_decode(struct rn_ctf_frames *frames, uint8_t type, const uint8_t *data,
                                   size_t size, struct rn_ctf_message *message, bool *handed_out,
                                   struct rn_error *err)
{
    *handed_out = false;
    switch (type) {
    case RN_CTF_FRAME_NAME:
        return add_name(frames, data, size, err);
    case RN_CTF_FRAME_CLASS:
        return add_class(frames, data, size, err);
    case RN_CTF_FRAME_FAILED:
        return decode_failure(data, size, err);
    case RN_CTF_FRAME_END:
        return RN_EOF;
    default:
        break;
    }
    *handed_out = true;
    memset(message, 0, sizeof(*message));
    switch (type) {
    case RN_CTF_FRAME_TRACE:
        return decode_trace(data, size, message, err);
    case RN_CTF_FRAME_EVENT:
        return decode_event(frames, data, size, message, err);
    case RN_CTF_FRAME_LOST:
        return decode_lost(data, size, message, err);
    case RN_CTF_FRAME_PROBLEM:
        decode_problem(data, size, message);
        return RN_OK;
    default:
        return damaged(err);
    }
}
