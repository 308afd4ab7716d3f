/* SPDX-License-Identifier: MIT */
/* The writer's state, shared by writer*.c alone. */
#ifndef RN_WRITER_PRIVATE_H
#define RN_WRITER_PRIVATE_H

#include "archive.h"
#include "member_encode.h"
#include "part.h"
#include "record.h"
#include "writer.h"

#define WRITER_LOSSES 64u

/* Events that are not in the archive and not stated as lost there yet. */
struct writer_loss {
    uint64_t kind, reason, count;
    uint64_t first, last; /* ticks */
};

/* One file seg.N of a flight recorder. */
struct writer_segment {
    uint64_t number, bytes;
    uint32_t first_member;
    struct rn_member_summary summary; /* of all its members */
};

struct rn_writer {
    char *path, *part; /* part: NULL with "-" */
    char *creator;
    int64_t mtime_s; /* of members: when the recording began */
    enum rn_tick_unit tick_unit;
    uint32_t tick_shift;
    struct rn_clock_point start;
    int fd;
    struct rn_archive_writer *archive;
    struct rn_writer_options options;

    struct rn_stream_map streams;
    uint32_t last_stream;
    struct rn_member_encoder *encoder;
    struct rn_buf member;
    struct rn_attachment attachments[RN_RECORD_MAX_ATTACHMENTS]; /* of a record */
    struct rn_index index;

    uint64_t segment;        /* number of the present one; 0 before the first */
    uint64_t segment_stored; /* bytes of it */
    bool segment_due;
    uint32_t next_member;
    uint32_t commits;
    uint64_t commit_end_ns; /* CLOCK_MONOTONIC: since when the writer idles */
    uint64_t latest;        /* greatest time seen, ticks */

    struct writer_loss losses[WRITER_LOSSES];
    unsigned loss_count;
    uint64_t lost;
    bool full;        /* max_size was reached */
    bool manual;      /* the caller commits */
    bool seal_failed; /* for lack of space: the pending events were kept once */

    int segment_fd; /* flight recorder */
    struct rn_archive_writer *segment_file;
    struct writer_segment *segments;
    size_t segment_count, forgotten; /* the oldest `forgotten` of them will be removed */
};

/* writer_part.c */
RN_MUST_CHECK enum rn_status rn_writer_open_part(struct rn_writer *writer, struct rn_error *err);

/* writer_loss.c */
void rn_writer_note_loss(struct rn_writer *writer, const struct writer_loss *loss);
/* The pending events will not be written: count them. */
void rn_writer_drop(struct rn_writer *writer, enum rn_loss_reason reason);
/* Noted losses become pending LOSS events. */
RN_MUST_CHECK enum rn_status rn_writer_state_losses(struct rn_writer *writer, struct rn_error *err);
/* writer_commit.c */
uint64_t rn_writer_now_ns(void); /* CLOCK_MONOTONIC */
/* As rn_writer_commit, but the pending events are kept if it fails. `force`: over max_size too. */
RN_MUST_CHECK enum rn_status rn_writer_try_commit(struct rn_writer *writer,
                                                  const struct rn_writer_commit_info *info,
                                                  bool force, struct rn_error *err);

/* writer_last.c: the flight recorder */
/* State the loss of the segments that have to go when another one begins. */
void rn_writer_forget_segments(struct rn_writer *writer);
void rn_writer_remove_forgotten(struct rn_writer *writer);
RN_MUST_CHECK enum rn_status rn_writer_begin_segment_file(struct rn_writer *writer, uint64_t number,
                                                          struct rn_error *err);
void rn_writer_close_segment_file(struct rn_writer *writer);
/* Append the members of the segment files to the archive, and remove them. */
RN_MUST_CHECK enum rn_status rn_writer_gather_segments(struct rn_writer *writer,
                                                       struct rn_error *err);

#endif
