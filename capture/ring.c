/* SPDX-License-Identifier: MIT */
#include "ring_private.h"

#include "formats/record_size.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Size of the record, and which attachments (bit i) are in it. */
static uint64_t plan_record(const struct rn_event *event, uint64_t limit, uint8_t words,
                            uint32_t *included)
{
    uint64_t size = sizeof(struct rn_record) + words * sizeof(uint64_t);

    *included = 0;
    for (uint32_t i = 0; i < event->attachment_count && i < RN_RECORD_MAX_ATTACHMENTS; i++) {
        uint64_t bytes = rn_record_attachment_bytes(&event->attachments[i]);

        if (bytes > limit)
            continue;
        bytes = sizeof(struct rn_record_attachment) + rn_record_padded(bytes);
        if (size + bytes > limit)
            continue;
        size += bytes;
        *included |= 1u << i;
    }
    return size;
}

struct cursor {
    uint8_t *data;
    uint64_t size, position;
};

void rn_ring_write(uint8_t *data, uint64_t ring, uint64_t position, const void *bytes,
                   uint64_t size)
{
    uint64_t at = position & (ring - 1);
    uint64_t first = size < ring - at ? size : ring - at;

    memcpy(data + at, bytes, first);
    memcpy(data, (const uint8_t *)bytes + first, size - first);
}

static void put_bytes(struct cursor *cursor, const void *bytes, uint64_t size)
{
    if (size == 0)
        return;
    rn_ring_write(cursor->data, cursor->size, cursor->position, bytes, size);
    cursor->position += size;
}

static void put_attachment(struct cursor *cursor, const struct rn_attachment *attachment)
{
    static const uint8_t zeros[8];
    uint64_t bytes = rn_record_attachment_bytes(attachment);
    struct rn_record_attachment header = {.type = attachment->type,
                                          .arg = attachment->arg,
                                          .flags = attachment->flags,
                                          .size = (uint32_t)bytes};

    put_bytes(cursor, &header, sizeof(header));
    if (attachment->type == RN_ATT_CONTENT) {
        const struct rn_content *content = &attachment->content;
        struct rn_record_content fixed = {.length = content->length,
                                          .crc = content->crc,
                                          .blocks = content->blocks,
                                          .head_len = content->head_len};

        put_bytes(cursor, &fixed, sizeof(fixed));
        put_bytes(cursor, content->prefix_crc, content->blocks * sizeof(uint64_t));
        put_bytes(cursor, content->head, content->head_len);
    } else {
        put_bytes(cursor, attachment->data, bytes);
    }
    put_bytes(cursor, zeros, rn_record_padded(bytes) - bytes);
}

bool rn_ring_put(struct rn_ring_area *area, struct rn_ring_slot *slot, const struct rn_event *event)
{
    uint64_t head = __atomic_load_n(&slot->head, __ATOMIC_RELAXED), ring = rn_ring_size(area, slot);
    uint64_t room = ring - (head - __atomic_load_n(&slot->tail, __ATOMIC_ACQUIRE));
    uint64_t limit = ring / 2 < RN_RECORD_MAX ? ring / 2 : RN_RECORD_MAX;
    uint8_t words = rn_record_words(event);
    uint32_t included;
    uint64_t size = plan_record(event, limit, words, &included);
    uint32_t count = (uint32_t)__builtin_popcount(included);
    struct rn_record record = {.size = (uint32_t)size,
                               .kind = event->kind,
                               .fields = words,
                               .attachments = (uint8_t)count,
                               .stream = event->stream,
                               .flags = event->flags,
                               .start = event->start,
                               .duration = event->duration};
    struct cursor cursor = {rn_ring_data(area, slot), ring, head};

    if (size > room)
        return false;
    if (count < event->attachment_count)
        record.flags |= RN_EVENT_TRUNCATED;
    put_bytes(&cursor, &record, sizeof(record));
    put_bytes(&cursor, event->u.words, words * sizeof(uint64_t));
    for (uint32_t i = 0; i < RN_RECORD_MAX_ATTACHMENTS; i++) {
        if (included >> i & 1)
            put_attachment(&cursor, &event->attachments[i]);
    }
    __atomic_store_n(&slot->head, head + size, __ATOMIC_RELEASE);
    return true;
}

void rn_ring_set_inflight(struct rn_ring_slot *slot, const struct rn_event *event)
{
    __atomic_store_n(&slot->inflight_state, RN_INFLIGHT_NONE, __ATOMIC_RELEASE);
    slot->inflight =
        (struct rn_record){.size = sizeof(slot->inflight) + sizeof(slot->inflight_call),
                           .kind = RN_KIND_INFLIGHT,
                           .fields = sizeof(slot->inflight_call) / sizeof(uint64_t),
                           .stream = event->stream,
                           .flags = event->flags,
                           .start = event->start};
    slot->inflight_call = event->u.syscall;
    __atomic_store_n(&slot->inflight_state, RN_INFLIGHT_VALID, __ATOMIC_RELEASE);
}

void rn_ring_clear_inflight(struct rn_ring_slot *slot)
{
    __atomic_store_n(&slot->inflight_state, RN_INFLIGHT_NONE, __ATOMIC_RELEASE);
}

/* The record at `position` in one piece. Records are multiples of 8 bytes in a ring whose size is
 * one, so the size word itself never wraps. */
static const uint8_t *record_bytes(struct rn_ring_area *area, const struct rn_ring_slot *slot,
                                   uint64_t position, uint64_t available, uint32_t *size)
{
    const uint8_t *data = rn_ring_data(area, slot);
    uint64_t ring = rn_ring_size(area, slot), at = position & (ring - 1);

    memcpy(size, data + at, sizeof(*size));
    if (*size < sizeof(struct rn_record) || *size > available || *size > ring ||
        *size > RN_RECORD_MAX || *size % 8 != 0)
        return NULL;
    if (at + *size <= ring)
        return data + at;
    if (!area->scratch)
        area->scratch = malloc(RN_RECORD_MAX);
    if (!area->scratch)
        return NULL;
    memcpy(area->scratch, data + at, ring - at);
    memcpy(area->scratch + (ring - at), data, *size - (ring - at));
    return area->scratch;
}

/* Go over padding at *position, which may be shorter than a record; false: it makes no sense. */
static bool skip_padding(struct rn_ring_area *area, const struct rn_ring_slot *slot, uint64_t end,
                         uint64_t *position)
{
    while (end - *position >= 8) {
        const uint8_t *at = rn_ring_data(area, slot) + (*position & (rn_ring_size(area, slot) - 1));
        uint32_t size;

        if (at[offsetof(struct rn_record, kind)] != RN_KIND_NONE)
            return true;
        memcpy(&size, at, sizeof(size));
        if (size < 8 || size % 8 != 0 || size > end - *position)
            return false;
        *position += size;
    }
    return end == *position;
}

enum rn_status rn_ring_next(struct rn_ring_area *area, struct rn_ring_slot *slot, uint64_t end,
                            uint64_t *position, const uint8_t **bytes, size_t *size,
                            struct rn_error *err)
{
    uint32_t record_size;

    if (end - *position > rn_ring_size(area, slot) || *position % 8 != 0 || end % 8 != 0)
        return rn_fail(err, RN_E_FORMAT, "capture ring has impossible positions");
    if (!skip_padding(area, slot, end, position))
        return rn_fail(err, RN_E_FORMAT, "capture ring holds impossible padding");
    if (end == *position)
        return RN_EOF;
    *bytes = record_bytes(area, slot, *position, end - *position, &record_size);
    if (!*bytes)
        return rn_fail(err, RN_E_FORMAT, "capture ring holds a record of impossible size");
    *size = record_size;
    *position += record_size;
    return RN_OK;
}

void rn_ring_consume(struct rn_ring_slot *slot, uint64_t position)
{
    __atomic_store_n(&slot->tail, position, __ATOMIC_RELEASE);
}

uint64_t rn_ring_head(const struct rn_ring_slot *slot)
{
    return __atomic_load_n(&slot->head, __ATOMIC_ACQUIRE);
}

uint64_t rn_ring_used(const struct rn_ring_slot *slot)
{
    return rn_ring_head(slot) - __atomic_load_n(&slot->tail, __ATOMIC_ACQUIRE);
}
