/* SPDX-License-Identifier: MIT */
#include "ring_file.h"

#include "crc64.h"

#include <string.h>

#define WORDS_MAX (sizeof((struct rn_event *)0)->u.words / sizeof(uint64_t))

struct cursor {
    const uint8_t *at, *end;
};

static bool take(struct cursor *cursor, void *to, size_t size)
{
    if ((size_t)(cursor->end - cursor->at) < size)
        return false;
    memcpy(to, cursor->at, size);
    cursor->at += size;
    return true;
}

static enum rn_status check_header(const struct rn_record *record, size_t available,
                                   struct rn_error *err)
{
    if (record->size < sizeof *record || record->size > RN_RECORD_MAX || record->size % 8)
        return rn_fail(err, RN_E_FORMAT, "record of %u bytes", record->size);
    if (record->size > available)
        return rn_fail(err, RN_E_FORMAT, "record of %u bytes is cut after %zu", record->size,
                       available);
    if (record->kind == RN_KIND_NONE || record->kind >= RN_KIND_LIMIT)
        return rn_fail(err, RN_E_FORMAT, "record of unknown kind %u", record->kind);
    if (record->fields > WORDS_MAX || record->attachments > RN_RECORD_MAX_ATTACHMENTS)
        return rn_fail(err, RN_E_FORMAT, "record with %u fields and %u attachments", record->fields,
                       record->attachments);
    return RN_OK;
}

static enum rn_status decode_content(const uint8_t *bytes, uint32_t size,
                                     struct rn_content *content, struct rn_error *err)
{
    struct rn_record_content raw = {.length = 0};
    struct cursor cursor = {bytes, bytes + size};
    uint64_t blocks;

    if (!take(&cursor, &raw, sizeof raw))
        return rn_fail(err, RN_E_FORMAT, "content attachment of %u bytes is cut", size);
    blocks = raw.length ? (raw.length - 1) / RN_CONTENT_BLOCK : 0;
    if (raw.blocks != blocks || raw.head_len > raw.length ||
        (uint64_t)raw.blocks * 8 + raw.head_len != size - sizeof raw)
        return rn_fail(err, RN_E_FORMAT, "content attachment of %u bytes contradicts itself", size);
    *content = (struct rn_content){
        .length = raw.length,
        .crc = raw.crc,
        .prefix_crc = (const uint64_t *)(const void *)cursor.at,
        .blocks = raw.blocks,
        .head_len = raw.head_len,
        .head = cursor.at + (size_t)raw.blocks * 8,
    };
    /* Whole in its head: a source need not have computed the sum. */
    if (raw.head_len == raw.length)
        content->crc = rn_crc64(0, content->head, raw.head_len);
    return RN_OK;
}

static enum rn_status decode_attachment(struct cursor *cursor, struct rn_attachment *attachment,
                                        struct rn_error *err)
{
    struct rn_record_attachment raw = {.type = RN_ATT_NONE};
    uint64_t padded;

    if (!take(cursor, &raw, sizeof raw))
        return rn_fail(err, RN_E_FORMAT, "attachment of a record is cut");
    padded = ((uint64_t)raw.size + 7) / 8 * 8;
    if (padded > (size_t)(cursor->end - cursor->at))
        return rn_fail(err, RN_E_FORMAT, "attachment of %u bytes is longer than its record",
                       raw.size);
    if (raw.type == RN_ATT_NONE || raw.type >= RN_ATT_COUNT)
        return rn_fail(err, RN_E_FORMAT, "attachment of unknown type %u", raw.type);
    *attachment = (struct rn_attachment){.type = raw.type, .arg = raw.arg, .flags = raw.flags};
    if (raw.type == RN_ATT_CONTENT) {
        enum rn_status status = decode_content(cursor->at, raw.size, &attachment->content, err);

        if (status != RN_OK)
            return status;
    } else {
        attachment->size = raw.size;
        attachment->data = cursor->at;
    }
    cursor->at += padded;
    return RN_OK;
}

static void take_header(const struct rn_record *record, struct rn_attachment *attachments,
                        struct rn_event *event)
{
    *event = (struct rn_event){
        .kind = record->kind,
        .flags = record->flags,
        .stream = record->stream,
        .start = record->start,
        .duration = record->duration,
        .attachment_count = record->attachments,
        .attachments = attachments,
    };
    memset(&event->u, 0, sizeof event->u);
}

enum rn_status rn_record_decode(const uint8_t *bytes, size_t available, struct rn_event *event,
                                struct rn_attachment *attachments, size_t *used,
                                struct rn_error *err)
{
    struct rn_record record = {.size = 0};
    struct cursor cursor = {bytes, bytes + available};
    enum rn_status status;

    if ((uintptr_t)bytes % _Alignof(uint64_t))
        return rn_fail(err, RN_E_USAGE, "a record must lie at a multiple of 8");
    if (!take(&cursor, &record, sizeof record))
        return rn_fail(err, RN_E_FORMAT, "record header is cut");
    status = check_header(&record, available, err);
    if (status != RN_OK)
        return status;
    cursor.end = bytes + record.size;
    take_header(&record, attachments, event);
    if (!take(&cursor, event->u.words, record.fields * sizeof(uint64_t)))
        return rn_fail(err, RN_E_FORMAT, "fields of a record are cut");
    for (unsigned i = 0; i < record.attachments; i++) {
        status = decode_attachment(&cursor, &attachments[i], err);
        if (status != RN_OK)
            return status;
    }
    if (cursor.at != cursor.end)
        return rn_fail(err, RN_E_FORMAT, "record has %zu bytes too many",
                       (size_t)(cursor.end - cursor.at));
    *used = record.size;
    return RN_OK;
}
