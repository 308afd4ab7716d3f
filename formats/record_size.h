/* SPDX-License-Identifier: MIT */
/* How large an event is as a record (record.h); for those who write one. */
#ifndef RN_RECORD_SIZE_H
#define RN_RECORD_SIZE_H

#include "event.h"
#include "event_schema.h"
#include "record.h"

static inline uint64_t rn_record_padded(uint64_t size)
{
    return (size + 7) & ~7ull;
}

/* Without its header and what it is padded with. */
static inline uint64_t rn_record_attachment_bytes(const struct rn_attachment *attachment)
{
    if (attachment->type != RN_ATT_CONTENT)
        return attachment->size;
    return sizeof(struct rn_record_content) + attachment->content.blocks * sizeof(uint64_t) +
           attachment->content.head_len;
}

/* Words of the payload that are needed: zeros at the end are left out. */
static inline uint8_t rn_record_words(const struct rn_event *event)
{
    const struct rn_schema *schema = rn_schema_get(event->kind);
    uint8_t words = schema ? schema->words : 0;

    while (words > 0 && event->u.words[words - 1] == 0)
        words--;
    return words;
}

#endif
