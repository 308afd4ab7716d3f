/* SPDX-License-Identifier: MIT */
#include "ctf_own.h"

#include <endian.h>

#define HEAD_BYTES    8u
#define CONTENT_BYTES 24u

void rn_ctf_attachment_encode(struct rn_buf *out, const struct rn_attachment *attachment)
{
    const struct rn_content *content = &attachment->content;
    bool is_content = attachment->type == RN_ATT_CONTENT;
    rn_buf_byte(out, attachment->type);
    rn_buf_byte(out, attachment->arg);
    rn_buf_u16(out, attachment->flags);
    if (!is_content) {
        rn_buf_u32(out, attachment->size);
        rn_buf_append(out, attachment->data, attachment->size);
        return;
    }
    rn_buf_u32(out, CONTENT_BYTES + content->blocks * 8 + content->head_len);
    rn_buf_u64(out, content->length);
    rn_buf_u64(out, content->crc);
    rn_buf_u32(out, content->blocks);
    rn_buf_u32(out, content->head_len);
    for (uint32_t i = 0; i < content->blocks; i++)
        rn_buf_u64(out, content->prefix_crc[i]);
    rn_buf_append(out, content->head, content->head_len);
}

static uint32_t get_u32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof(value));
    return le32toh(value);
}

static uint64_t get_u64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof(value));
    return le64toh(value);
}

static bool decode_content(const uint8_t *data, size_t size, struct rn_content *content,
                           struct rn_buf *crcs)
{
    if (size < CONTENT_BYTES)
        return false;
    content->length = get_u64(data);
    content->crc = get_u64(data + 8);
    content->blocks = get_u32(data + 16);
    content->head_len = get_u32(data + 20);
    size_t left = size - CONTENT_BYTES;
    if (content->blocks > left / 8 || left - content->blocks * 8ull != content->head_len ||
        content->head_len > content->length)
        return false;
    /* As event.h defines it. */
    if (content->blocks != (content->length ? (content->length - 1) / RN_CONTENT_BLOCK : 0))
        return false;
    content->head = data + size - content->head_len;
    for (uint32_t i = 0; i < content->blocks; i++) {
        uint64_t crc = get_u64(data + CONTENT_BYTES + 8ull * i);
        rn_buf_append(crcs, &crc, sizeof(crc));
    }
    return !crcs->failed;
}

unsigned rn_ctf_attachments_decode(const uint8_t *data, size_t size,
                                   struct rn_attachment *attachments, unsigned room,
                                   struct rn_buf *crcs)
{
    unsigned count = 0;
    size_t at = 0;
    rn_buf_clear(crcs);
    while (count < room && size - at >= HEAD_BYTES) {
        struct rn_attachment *attachment = &attachments[count];
        uint32_t length = get_u32(data + at + 4);
        *attachment = (struct rn_attachment){.type = data[at],
                                             .arg = data[at + 1],
                                             .flags = (uint16_t)(data[at + 2] | data[at + 3] << 8),
                                             .size = length,
                                             .data = data + at + HEAD_BYTES};
        if (length > size - at - HEAD_BYTES || attachment->type == RN_ATT_NONE ||
            attachment->type >= RN_ATT_COUNT)
            break;
        if (attachment->type == RN_ATT_CONTENT) {
            if (!decode_content(attachment->data, length, &attachment->content, crcs))
                break;
            attachment->size = 0;
            attachment->data = NULL;
        }
        at += HEAD_BYTES + length;
        count++;
    }
    /* Only now they do not move any more. */
    size_t place = 0;
    for (unsigned i = 0; i < count; i++)
        if (attachments[i].type == RN_ATT_CONTENT && attachments[i].content.blocks) {
            attachments[i].content.prefix_crc = (const uint64_t *)(const void *)crcs->data + place;
            place += attachments[i].content.blocks;
        }
    return count;
}
