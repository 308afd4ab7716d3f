/* SPDX-License-Identifier: MIT */
/* From events to the bytes of one member events/NNNNNN.rnc: pending events, the tables of the
 * segment, and the order of chunks. It knows nothing of files; the writer does, and the reader uses
 * it to hand out what the rings of an unsealed recording hold. */
#ifndef RN_MEMBER_ENCODE_H
#define RN_MEMBER_ENCODE_H

#include "chunk.h"
#include "member_clock.h"
#include "stream_map.h"
#include "table.h"
#include "writer.h"

#define RN_MEMBER_EVENTS_AIM 16384u     /* events a member is made of */
#define RN_MEMBER_BYTES_AIM  (8u << 20) /* or as much of what they carry */

/* One event that waits for the commit. */
struct pending_event {
    uint64_t start, duration, ordinal;
    uint32_t shape; /* index in the pool */
};

/* All else of it, which it may have in common with others of its stream; what is variable lies in
 * further pools. */
struct pending_shape {
    uint32_t stream, flags;
    uint32_t first_word, first_attachment; /* index in the pool */
    uint8_t kind, words, attachments;
    uint32_t interned; /* in which run of the encoder its attachments were */
    uint32_t chunk;    /* of the encoder: in which it has got a row */
    uint16_t row;      /* its first one there */
};

struct pending_attachment {
    uint64_t ref;         /* number in its table, once interned */
    size_t data;          /* offset in the pool: bytes, or prefix CRCs and head */
    uint32_t tag;         /* as in RN_COLUMN_ATT_TAG */
    uint32_t size;        /* of bytes */
    uint64_t length, crc; /* RN_ATT_CONTENT */
    uint32_t blocks, head_len;
};

/* Pending events in order: snapshots first, then by start, then as they came. */
struct pending_key {
    uint64_t start;
    uint32_t event, shape; /* index in the pool */
};

struct member_records;

struct rn_member_encoder {
    struct rn_stream_map *streams; /* the owner's */
    struct rn_column_encoder *columns;
    struct rn_string_table *strings;
    struct rn_content_table *contents;
    uint64_t strings_written, contents_written; /* entries that are in the segment already */
    struct rn_buf events, shapes, words, attachments, data;
    struct member_records *records; /* made when first needed */
    struct rn_buf order;            /* struct pending_key, then as much room to sort them */
    struct rn_member_clocks clocks;
    struct rn_buf stated;           /* uint32_t: streams to be written before the group */
    uint32_t group;
    uint32_t run, chunk;              /* + 1 with each member, each chunk of events */
    uint16_t like[RN_CHUNK_MAX_ROWS]; /* of the chunk being built, as in struct rn_chunk_rows */
    uint64_t *room;                   /* of all columns; made when first needed */
    uint64_t *rows[RN_COLUMN_LIMIT];  /* of the chunk being built; valid once asked for */
    uint64_t *tags, *refs;
};

struct rn_member_head {
    uint64_t segment;
    bool segment_start;
    uint64_t now;                             /* ticks: the commit's time */
    const struct rn_writer_commit_info *info; /* may be NULL */
};

/* What is in the member, for the index. */
struct rn_member_summary {
    uint64_t counts[RN_KIND_LIMIT]; /* without snapshots */
    uint64_t events, first, last;   /* first and last start; first is UINT64_MAX without events */
    uint64_t lost;                  /* total of the LOSS events */
};

RN_MUST_CHECK enum rn_status rn_member_encoder_new(int zstd_level, struct rn_stream_map *streams,
                                                   struct rn_member_encoder **out,
                                                   struct rn_error *err);
void rn_member_encoder_free(struct rn_member_encoder *encoder);

/* Copy an event. Its stream must be in the map (or 0). A reading of a device's clock is none: it has
 * no stream and no ordinal. */
RN_MUST_CHECK enum rn_status rn_member_add(struct rn_member_encoder *encoder,
                                           const struct rn_event *event, uint64_t ordinal,
                                           struct rn_error *err);
/* Add a raw record (formats/record.h) that is, but for its times, as one that rn_member_remember
 * was told of since the last rn_member_clear: that takes a fraction of the time. RN_EOF where there
 * is none. `size`: what the record says itself, at most what can be read; both functions look no
 * further. */
RN_MUST_CHECK enum rn_status rn_member_add_alike(struct rn_member_encoder *encoder,
                                                 const uint8_t *record, size_t size,
                                                 uint64_t ordinal, struct rn_error *err);
/* The event that was added last is what this record says. */
void rn_member_remember(struct rn_member_encoder *encoder, const uint8_t *record, size_t size);
uint64_t rn_member_pending(const struct rn_member_encoder *encoder);
uint64_t rn_member_pending_bytes(const struct rn_member_encoder *encoder);

/* Borrowed until the next event is added. */
static inline struct pending_event *rn_member_event(const struct rn_member_encoder *encoder,
                                                    size_t number)
{
    return (struct pending_event *)(void *)encoder->events.data + number;
}

static inline struct pending_shape *rn_member_shape(const struct rn_member_encoder *encoder,
                                                    size_t number)
{
    return (struct pending_shape *)(void *)encoder->shapes.data + number;
}

static inline const uint64_t *rn_member_words(const struct rn_member_encoder *encoder,
                                              const struct pending_shape *shape)
{
    return (const uint64_t *)(const void *)encoder->words.data + shape->first_word;
}

/* The pending events as the bytes of a member, in `out`; they stay pending. After a failure, or if
 * the bytes are not stored, the next member must begin a segment. */
RN_MUST_CHECK enum rn_status rn_member_encode(struct rn_member_encoder *encoder,
                                              const struct rn_member_head *head, struct rn_buf *out,
                                              struct rn_member_summary *summary,
                                              struct rn_error *err);
void rn_member_clear(struct rn_member_encoder *encoder); /* forget the pending events */

/* A sentence for each reason of a loss. */
const char *rn_loss_text(uint64_t reason);

/* Between the files of the encoder. */
/* Fill encoder->order. */
RN_MUST_CHECK enum rn_status rn_member_sort(struct rn_member_encoder *encoder,
                                            struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_member_intern(struct rn_member_encoder *encoder,
                                              struct pending_attachment *attachment,
                                              struct rn_error *err);
/* Column `column` of the chunk being built, RN_CHUNK_MAX_ROWS values; NULL: no memory. */
uint64_t *rn_member_rows(struct rn_member_encoder *encoder, unsigned column);
/* Encode the columns that `rows` names. */
RN_MUST_CHECK enum rn_status rn_member_put(struct rn_member_encoder *encoder,
                                           struct rn_chunk_rows *rows, struct rn_buf *out,
                                           struct rn_error *err);
/* New table entries since the last call, as STRINGS and CONTENTS chunks. */
RN_MUST_CHECK enum rn_status rn_member_put_tables(struct rn_member_encoder *encoder,
                                                  struct rn_buf *out, struct rn_error *err);
/* encoder->stated as STREAM chunks, after their names as STRINGS; empties it. */
RN_MUST_CHECK enum rn_status rn_member_put_streams(struct rn_member_encoder *encoder,
                                                   struct rn_buf *out, struct rn_error *err);

#endif
