/* SPDX-License-Identifier: MIT */
#include "call_buffer.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 4096u
#define CAPACITY_KEPT  65536u

void rn_call_buffer_free(struct rn_call_buffer *buffer)
{
    free(buffer->data);
    buffer->data = NULL;
    buffer->capacity = 0;
}

void rn_call_buffer_clear(struct rn_call_buffer *buffer)
{
    if (buffer->capacity > CAPACITY_KEPT)
        rn_call_buffer_free(buffer);
    buffer->count = 0;
    buffer->flags = 0;
    buffer->used = 0;
}

static bool grow(struct rn_call_buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity ? buffer->capacity : CAPACITY_FIRST;
    uint8_t *data;

    while (capacity < needed)
        capacity *= 2;
    data = realloc(buffer->data, capacity);
    if (!data)
        return false;
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

uint8_t *rn_call_buffer_reserve(struct rn_call_buffer *buffer, size_t size)
{
    size_t start = (buffer->used + 7) & ~(size_t)7;

    if (buffer->count == RN_RECORD_MAX_ATTACHMENTS || size > RN_RECORD_MAX ||
        start + size > RN_RECORD_MAX ||
        (start + size > buffer->capacity && !grow(buffer, start + size))) {
        buffer->flags |= RN_EVENT_TRUNCATED;
        return NULL;
    }
    buffer->used = start;
    return buffer->data + start;
}

void rn_call_buffer_add(struct rn_call_buffer *buffer, uint8_t type, uint8_t arg, uint16_t flags,
                        size_t size)
{
    buffer->items[buffer->count] = (struct rn_attachment){
        .type = type, .arg = arg, .flags = flags, .size = (uint32_t)size};
    buffer->offsets[buffer->count++] = buffer->used;
    buffer->used += size;
}

void rn_call_buffer_add_content(struct rn_call_buffer *buffer, uint8_t arg, uint16_t flags,
                                const struct rn_content *content)
{
    buffer->items[buffer->count] = (struct rn_attachment){
        .type = RN_ATT_CONTENT, .arg = arg, .flags = flags, .content = *content};
    buffer->offsets[buffer->count++] = buffer->used;
    buffer->used += content->blocks * sizeof(uint64_t) + content->head_len;
}

void rn_call_buffer_copy(struct rn_call_buffer *buffer, uint8_t type, uint8_t arg, uint16_t flags,
                         const void *bytes, size_t size)
{
    uint8_t *to = rn_call_buffer_reserve(buffer, size);

    if (!to)
        return;
    memcpy(to, bytes, size);
    rn_call_buffer_add(buffer, type, arg, flags, size);
}

const uint8_t *rn_call_buffer_find(const struct rn_call_buffer *buffer, uint8_t type, uint8_t arg,
                                   uint32_t *size)
{
    for (uint32_t i = 0; i < buffer->count; i++) {
        if (buffer->items[i].type != type || buffer->items[i].arg != arg)
            continue;
        *size = buffer->items[i].size;
        return buffer->data + buffer->offsets[i];
    }
    return NULL;
}

void rn_call_buffer_finish(struct rn_call_buffer *buffer)
{
    for (uint32_t i = 0; i < buffer->count; i++) {
        struct rn_attachment *item = &buffer->items[i];
        const uint8_t *bytes = buffer->data + buffer->offsets[i];

        if (item->type == RN_ATT_CONTENT) {
            item->content.prefix_crc = (const uint64_t *)(const void *)bytes;
            item->content.head = bytes + item->content.blocks * sizeof(uint64_t);
        } else {
            item->data = bytes;
        }
    }
}
