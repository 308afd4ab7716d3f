/* SPDX-License-Identifier: MIT */
/* The reader's state, shared by reader*.c and part_seal.c alone. */
#ifndef RN_READER_PRIVATE_H
#define RN_READER_PRIVATE_H

#include "archive.h"
#include "chunk.h"
#include "member_encode.h"
#include "part.h"
#include "reader.h"
#include "ring_file.h"
#include "stream_map.h"
#include "table.h"

/* One chunk whose columns are unpacked on demand. Buffers are kept when it is used again. */
struct reader_chunk {
    struct rn_chunk_header header;
    uint64_t offset; /* in the file, for messages */
    struct rn_column_view views[RN_COLUMN_LIMIT];
    uint64_t present, decoded; /* bit c: column c */
    uint64_t *values[RN_COLUMN_LIMIT];
    uint32_t list_room;         /* values that the list columns have room for */
    uint32_t *first_attachment; /* of each row, and the total; valid if attachments_known */
    bool attachments_known, columns_known;
    const uint64_t *columns[RN_COLUMN_LIMIT]; /* for events; valid if columns_known */
    uint32_t row;                             /* next one to be handed out as an event */
};

/* Where the next member comes from. */
enum reader_stage { STAGE_ARCHIVE, STAGE_SEGMENTS, STAGE_RINGS, STAGE_END };

/* Called for each member that is not in the archive file (yet), before it is decoded; sets where
 * the index will say that it is. */
typedef enum rn_status reader_store_fn(void *context, uint32_t number, const struct rn_buf *data,
                                       uint64_t *offset, struct rn_error *err);

/* What an unsealed recording makes necessary to know. */
struct reader_recovery {
    struct rn_ring_remains *remains;
    struct rn_member_encoder *encoder;
    bool opened, begun, finished;
    struct rn_stream_map streams;
    struct rn_member_clocks clocks; /* until the encoder is made, which gets them */
    struct rn_commit committed[RN_RING_SLOTS];
    size_t committed_count;
    uint64_t latest;      /* greatest time seen, ticks */
    uint64_t stated_lost; /* total of the LOSS events, but for those dropped on request */
};

#define READER_GROUP_MAX 32u

struct rn_reader {
    char *name, *part;
    int fd;
    bool owns_fd, live, piped;
    struct rn_archive_reader *archive;
    struct rn_manifest manifest;

    enum reader_stage stage;
    char **segment_paths, **next_segment;
    struct rn_archive_reader *segment;
    int segment_fd;

    bool has_index_offset, index_tried, index_known;
    uint64_t index_offset;
    struct rn_index index, seen; /* index.json; what was read */
    bool saw_index;              /* index.json was met */

    struct rn_buf member;
    uint64_t member_offset, data_offset; /* for messages, and the index */
    uint64_t archive_end;                /* end of the last whole member of the archive file */
    size_t at;                           /* in the member */
    bool in_member, segment_start;
    uint32_t number; /* of the member */
    bool any_number;
    struct rn_index_member summary;
    bool need_segment; /* tables are not known: wait for a member that begins a segment */
    uint64_t segments; /* how many have begun */
    bool failed;       /* some error was returned */

    struct rn_column_decoder *decoder;
    struct rn_string_table *strings;
    struct rn_content_table *contents;
    struct reader_chunk *table;
    struct rn_buf bytes, crcs, prefixes;

    struct reader_chunk *group[READER_GROUP_MAX];
    unsigned group_count;
    struct reader_chunk *ahead; /* the chunk behind the group, if has_ahead */
    bool has_ahead;
    enum rn_status deferred; /* damage behind the group */
    struct rn_error deferred_error;
    struct rn_attachment attachments[RN_RECORD_MAX_ATTACHMENTS];

    uint64_t skipped_rows, skipped_bytes;
    bool incomplete;
    rn_member_fn *on_member;
    void *on_member_context;
    reader_store_fn *store;
    void *store_context;
    struct reader_recovery recovery;
};

/* reader_source.c: load the next member events/ into reader->member. RN_EOF after the last. */
RN_MUST_CHECK enum rn_status rn_reader_load_member(struct rn_reader *reader, struct rn_error *err);

/* reader_next.c: the next chunk that is handed out; tables and unknown kinds are dealt with. The
 * first one stays in the present member: RN_EOF at its end. */
RN_MUST_CHECK enum rn_status
rn_reader_member_chunk(struct rn_reader *reader, struct reader_chunk *chunk, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_reader_next_chunk(struct rn_reader *reader,
                                                  struct reader_chunk *chunk, struct rn_error *err);

/* reader_chunk.c */
struct reader_chunk *rn_reader_chunk_new(void);
void rn_reader_chunk_free(struct reader_chunk *chunk);
/* Parse the chunk at `at` of the member. RN_EOF at its end. */
RN_MUST_CHECK enum rn_status rn_reader_chunk_load(struct rn_reader *reader,
                                                  struct reader_chunk *chunk, size_t at,
                                                  struct rn_error *err);
const uint64_t *rn_reader_chunk_column(struct rn_reader *reader, struct reader_chunk *chunk,
                                       unsigned column, struct rn_error *err);
/* A byte column into out, replacing what was there. */
RN_MUST_CHECK enum rn_status rn_reader_chunk_bytes(struct rn_reader *reader,
                                                   struct reader_chunk *chunk, unsigned column,
                                                   struct rn_buf *out, struct rn_error *err);

/* reader_event.c */
RN_MUST_CHECK enum rn_status rn_reader_chunk_event(struct rn_reader *reader,
                                                   struct reader_chunk *chunk, uint32_t row,
                                                   struct rn_event *event, struct rn_error *err);

/* reader_tables.c */
RN_MUST_CHECK enum rn_status rn_reader_add_table(struct rn_reader *reader,
                                                 struct reader_chunk *chunk, struct rn_error *err);

/* reader_track.c: what is learnt from the chunks that are handed out. */
RN_MUST_CHECK enum rn_status rn_reader_track(struct rn_reader *reader, struct reader_chunk *chunk,
                                             struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_reader_end_member(struct rn_reader *reader, struct rn_error *err);

/* reader_recover.c: what the rings hold, as the bytes of a member. RN_EOF: nothing (more). */
RN_MUST_CHECK enum rn_status rn_reader_recover(struct rn_reader *reader, struct rn_buf *out,
                                               struct rn_error *err);
void rn_reader_recovery_clear(struct reader_recovery *recovery);

#endif
