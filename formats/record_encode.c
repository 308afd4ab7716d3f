/* SPDX-License-Identifier: MIT */
#include "record_encode.h"

#include "record_size.h"

static void put_attachment(struct rn_buf *out, const struct rn_attachment *attachment)
{
    static const uint8_t zeros[8];
    uint64_t bytes = rn_record_attachment_bytes(attachment);
    struct rn_record_attachment header = {.type = attachment->type,
                                          .arg = attachment->arg,
                                          .flags = attachment->flags,
                                          .size = (uint32_t)bytes};

    rn_buf_append(out, &header, sizeof header);
    if (attachment->type == RN_ATT_CONTENT) {
        const struct rn_content *content = &attachment->content;
        struct rn_record_content fixed = {.length = content->length,
                                          .crc = content->crc,
                                          .blocks = content->blocks,
                                          .head_len = content->head_len};

        rn_buf_append(out, &fixed, sizeof fixed);
        rn_buf_append(out, content->prefix_crc, content->blocks * sizeof(uint64_t));
        rn_buf_append(out, content->head, content->head_len);
    } else {
        rn_buf_append(out, attachment->data, attachment->size);
    }
    rn_buf_append(out, zeros, rn_record_padded(bytes) - bytes);
}

static uint64_t record_bytes(const struct rn_event *event, uint8_t words)
{
    uint64_t size = sizeof(struct rn_record) + words * sizeof(uint64_t);

    for (uint32_t i = 0; i < event->attachment_count && size <= RN_RECORD_MAX; i++)
        size += sizeof(struct rn_record_attachment) +
                rn_record_padded(rn_record_attachment_bytes(&event->attachments[i]));
    return size;
}

enum rn_status rn_record_encode(const struct rn_event *event, struct rn_buf *out,
                                struct rn_error *err)
{
    uint8_t words = rn_record_words(event);
    uint64_t size = record_bytes(event, words);
    struct rn_record record = {.size = (uint32_t)size,
                               .kind = event->kind,
                               .fields = words,
                               .attachments = (uint8_t)event->attachment_count,
                               .stream = event->stream,
                               .flags = event->flags,
                               .start = event->start,
                               .duration = event->duration};

    if (size > RN_RECORD_MAX || event->attachment_count > RN_RECORD_MAX_ATTACHMENTS)
        return rn_fail(err, RN_E_LIMIT, "an event with %u attachments is larger than %u bytes",
                       event->attachment_count, RN_RECORD_MAX);
    rn_buf_append(out, &record, sizeof record);
    rn_buf_append(out, event->u.words, words * sizeof(uint64_t));
    for (uint32_t i = 0; i < event->attachment_count; i++)
        put_attachment(out, &event->attachments[i]);
    return out->failed ? rn_fail(err, RN_E_NOMEM, "no memory for an event") : RN_OK;
}
