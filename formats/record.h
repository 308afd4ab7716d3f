/* SPDX-License-Identifier: MIT */
/* The raw record: what a capture source commits to a ring, and what a reader of an unsealed
 * recording finds there. Shared by the recorder, by code that runs inside the traced program and
 * by the ring reader; so it includes nothing but fixed-width types, and every change of layout
 * changes RN_RECORD_VERSION. All numbers are in the machine's byte order: a ring never leaves the
 * machine before it has been turned into chunks.
 *
 * A record is: struct rn_record, then `fields` words of 64 bits (the payload struct of the event's
 * kind, see event.h, cut after its last needed word), then `attachments` blocks, each a struct
 * rn_record_attachment followed by its bytes, padded with zeros to a multiple of 8. */
#ifndef RN_RECORD_H
#define RN_RECORD_H

#include <stdint.h>

#define RN_RECORD_VERSION 1u

/* No record is larger: a source cuts its attachments, and says so, to stay below. */
#define RN_RECORD_MAX (2u << 20)
#define RN_RECORD_MAX_ATTACHMENTS 32u

struct rn_record {
    uint32_t size;       /* bytes, this header included; a multiple of 8 */
    uint8_t kind;        /* enum rn_kind */
    uint8_t fields;      /* 64-bit words that follow the header; the rest of the payload is 0 */
    uint8_t attachments; /* blocks that follow the fields */
    uint8_t reserved;
    uint32_t stream; /* the stream this event belongs to */
    uint32_t flags;  /* RN_EVENT_... */
    uint64_t start;  /* ticks */
    uint64_t duration; /* ticks */
};

struct rn_record_attachment {
    uint8_t type;   /* enum rn_attachment_type */
    uint8_t arg;    /* which argument it belongs to: 0-5, RN_ARG_RETURN, RN_ARG_NONE */
    uint16_t flags; /* RN_ATT_... */
    uint32_t size;  /* bytes that follow, without padding */
};

/* The bytes of an attachment of type RN_ATT_CONTENT start with this; then the block CRCs (8 bytes
 * each, see struct rn_content), then the head. */
struct rn_record_content {
    uint64_t length;   /* bytes moved */
    uint64_t crc;      /* of all of them */
    uint32_t blocks;   /* prefix CRCs that follow */
    uint32_t head_len; /* bytes of the head that follow */
};

#endif
