/* SPDX-License-Identifier: MIT */
/* From events to the bytes of one member events/NNNNNN.rnc: pending events, the tables of the
 * segment, and the order of chunks. It knows nothing of files; the writer does, and the reader uses
 * it to hand out what the rings of an unsealed recording hold. */
#ifndef RN_MEMBER_ENCODE_H
#define RN_MEMBER_ENCODE_H

#include "chunk.h"
#include "stream_map.h"
#include "table.h"
#include "writer.h"

#define RN_MEMBER_EVENTS_AIM 16384u     /* events a member is made of */
#define RN_MEMBER_BYTES_AIM  (8u << 20) /* or as much of what they carry */

/* One event that waits for the commit; what is variable lies in the encoder's pools. */
struct pending_event {
    uint64_t start, duration, ordinal;
    uint32_t stream, flags;
    uint32_t first_word, first_attachment; /* index in the pool */
    uint8_t kind, words, attachments;
};

struct pending_attachment {
    uint64_t ref;         /* number in its table, once interned */
    size_t data;          /* offset in the pool: bytes, or prefix CRCs and head */
    uint32_t tag;         /* as in RN_COLUMN_ATT_TAG */
    uint32_t size;        /* of bytes */
    uint64_t length, crc; /* RN_ATT_CONTENT */
    uint32_t blocks, head_len;
};

struct rn_member_encoder {
    struct rn_stream_map *streams; /* the owner's */
    struct rn_column_encoder *columns;
    struct rn_string_table *strings;
    struct rn_content_table *contents;
    uint64_t strings_written, contents_written; /* entries that are in the segment already */
    struct rn_buf events, words, attachments, data;
    struct rn_buf order;  /* uint32_t: pending events in order of time */
    struct rn_buf stated; /* uint32_t: streams to be written before the group */
    uint32_t group;
    uint64_t *rows[RN_COLUMN_LIMIT]; /* of the chunk being built; allocated when first needed */
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

/* Copy an event. Its stream must be in the map (or 0). */
RN_MUST_CHECK enum rn_status rn_member_add(struct rn_member_encoder *encoder,
                                           const struct rn_event *event, uint64_t ordinal,
                                           struct rn_error *err);
uint64_t rn_member_pending(const struct rn_member_encoder *encoder);
uint64_t rn_member_pending_bytes(const struct rn_member_encoder *encoder);
const struct pending_event *rn_member_pending_event(const struct rn_member_encoder *encoder,
                                                    size_t number);
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
