/* SPDX-License-Identifier: MIT */
/* The attachments of one system call while it is being recorded: some are read when it begins, some
 * when it has returned. The memory is kept from call to call. */
#ifndef RN_CALL_BUFFER_H
#define RN_CALL_BUFFER_H

#include "formats/event.h"
#include "formats/record.h"

struct rn_call_buffer {
    struct rn_attachment items[RN_RECORD_MAX_ATTACHMENTS];
    size_t offsets[RN_RECORD_MAX_ATTACHMENTS]; /* of each one's bytes in data */
    uint32_t count;
    uint32_t flags; /* RN_EVENT_FAULT, RN_EVENT_TRUNCATED */
    uint8_t *data;
    size_t used, capacity;
};

void rn_call_buffer_free(struct rn_call_buffer *buffer);
void rn_call_buffer_clear(struct rn_call_buffer *buffer); /* gives back what a large call took */

/* Room for `size` bytes, aligned to 8, valid until the next call; nothing is added yet. NULL where
 * the call already carries as much as a record holds: RN_EVENT_TRUNCATED is set then. */
uint8_t *rn_call_buffer_reserve(struct rn_call_buffer *buffer, size_t size);

/* Add an attachment of the first `size` bytes of what was just reserved. */
void rn_call_buffer_add(struct rn_call_buffer *buffer, uint8_t type, uint8_t arg, uint16_t flags,
                        size_t size);
/* Add a content whose prefix CRCs, then head, are what was just reserved. */
void rn_call_buffer_add_content(struct rn_call_buffer *buffer, uint8_t arg, uint16_t flags,
                                const struct rn_content *content);
void rn_call_buffer_copy(struct rn_call_buffer *buffer, uint8_t type, uint8_t arg, uint16_t flags,
                         const void *bytes, size_t size);

/* First bytes of an attachment that was added, NULL if there is none. Borrowed. */
const uint8_t *rn_call_buffer_find(const struct rn_call_buffer *buffer, uint8_t type, uint8_t arg,
                                   uint32_t *size);

/* Set the pointers of the items: they are valid until the next change. */
void rn_call_buffer_finish(struct rn_call_buffer *buffer);

#endif
