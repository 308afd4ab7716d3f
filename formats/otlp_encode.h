/* SPDX-License-Identifier: MIT */
/* Spans of OpenTelemetry as the bytes of OTLP (protobuf, opentelemetry-proto 1.x), written by hand:
 * about ten times as fast as building protobuf-c messages, and compared with them byte by byte in
 * tests/unit/test_otlp_encode.c.
 *
 * All texts must be valid UTF-8 (receivers refuse a whole request for one that is not):
 * rn_otlp_text_add makes it of anything. Lack of memory marks the buffer, see buf.h. */
#ifndef RN_OTLP_ENCODE_H
#define RN_OTLP_ENCODE_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed; not terminated. */
struct rn_otlp_text {
    const char *data;
    size_t size;
};
#define RN_OTLP_TEXT(literal)                                                                      \
    (struct rn_otlp_text)                                                                          \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

enum rn_otlp_type { RN_OTLP_STRING, RN_OTLP_INT, RN_OTLP_DOUBLE, RN_OTLP_BOOL, RN_OTLP_STRINGS };

struct rn_otlp_attribute {
    struct rn_otlp_text key;
    enum rn_otlp_type type;
    union {
        struct rn_otlp_text text; /* STRINGS: each with a NUL behind it */
        int64_t number;
        double real;
        bool flag;
    } value;
};

#define RN_OTLP_MAX_ATTRIBUTES 48u
struct rn_otlp_attributes {
    unsigned count;
    struct rn_otlp_attribute items[RN_OTLP_MAX_ATTRIBUTES]; /* what is more is not taken */
};

static inline struct rn_otlp_attribute *rn_otlp_attribute_new(struct rn_otlp_attributes *list,
                                                              struct rn_otlp_text key)
{
    static struct rn_otlp_attribute beyond;
    struct rn_otlp_attribute *item =
        list->count < RN_OTLP_MAX_ATTRIBUTES ? &list->items[list->count++] : &beyond;

    item->key = key;
    return item;
}

static inline void rn_otlp_add_text(struct rn_otlp_attributes *list, struct rn_otlp_text key,
                                    struct rn_otlp_text text)
{
    struct rn_otlp_attribute *item = rn_otlp_attribute_new(list, key);

    item->type = RN_OTLP_STRING;
    item->value.text = text;
}

static inline void rn_otlp_add_int(struct rn_otlp_attributes *list, struct rn_otlp_text key,
                                   int64_t number)
{
    struct rn_otlp_attribute *item = rn_otlp_attribute_new(list, key);

    item->type = RN_OTLP_INT;
    item->value.number = number;
}

enum rn_otlp_status_code { RN_OTLP_UNSET = 0, RN_OTLP_OK = 1, RN_OTLP_ERROR = 2 };

/* Ids are 64-bit numbers here and 8 bytes, the highest first, on the wire; 0 is none. */
struct rn_otlp_span {
    const uint8_t *trace_id; /* 16 bytes */
    uint64_t id, parent;
    uint64_t start_ns, end_ns; /* since the Epoch */
    struct rn_otlp_text trace_state;
    struct rn_otlp_text name;
    struct rn_otlp_text common; /* attributes, encoded by rn_otlp_attributes_encode: come first */
    const struct rn_otlp_attributes *attributes; /* NULL none */
    struct rn_otlp_text events, links;           /* encoded by the functions below */
    enum rn_otlp_status_code status;
    struct rn_otlp_text status_message;
};

/* Append one Span, without tag and length. Its kind is INTERNAL. */
void rn_otlp_span_encode(struct rn_buf *out, const struct rn_otlp_span *span);

/* Where ids lie in an encoded span, so that they can be changed later; the parent is there only
 * where it was not 0. */
#define RN_OTLP_TRACE_ID_OFFSET  2u
#define RN_OTLP_SPAN_ID_OFFSET   20u
#define RN_OTLP_PARENT_ID_OFFSET 30u
void rn_otlp_id_store(uint8_t *to, uint64_t id);
uint64_t rn_otlp_id_load(const uint8_t *from);

/* Append attributes of a span, an event of a span (complete fields), a link, and of a resource. */
void rn_otlp_attributes_encode(struct rn_buf *out, const struct rn_otlp_attributes *list);
void rn_otlp_event_encode(struct rn_buf *out, uint64_t time_ns, struct rn_otlp_text name,
                          const struct rn_otlp_attributes *list);
void rn_otlp_link_encode(struct rn_buf *out, const uint8_t trace_id[16], uint64_t span_id,
                         const struct rn_otlp_attributes *list);
void rn_otlp_resource_encode(struct rn_buf *out, const struct rn_otlp_attributes *list);
void rn_otlp_scope_encode(struct rn_buf *out, struct rn_otlp_text name,
                          struct rn_otlp_text version);

/* Append to `out` at most `limit` bytes (a UTF-8 character is not cut) of text that may be
 * anything: control characters and what is not UTF-8 become \xNN. *cut is set where there was more.
 * Receivers cut attributes behind 2048 bytes without a word. */
#define RN_OTLP_TEXT_LIMIT 2048u
void rn_otlp_text_add(struct rn_buf *out, const uint8_t *data, size_t size, size_t limit,
                      bool *cut);

#endif
