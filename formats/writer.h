/* SPDX-License-Identifier: MIT */
/* Writing a recording: events in, archive out. Used by the recorder, by converters, and by any
 * program that links librn and has something to record.
 *
 * Not thread-safe: one writer, one thread. */
#ifndef RN_WRITER_H
#define RN_WRITER_H

#include "event.h"
#include "manifest.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct rn_writer;

#define RN_WRITER_NEXT UINT64_MAX

struct rn_writer_options {
    int zstd_level;         /* 0: 3, or 7 where manual commits leave time for it */
    uint64_t max_size;      /* bytes; 0 none. When reached, events are counted as lost */
    uint64_t keep_last;     /* bytes of the newest segments to keep; 0 all (flight recorder) */
    uint64_t segment_bytes; /* stored bytes after which a segment ends; 0: the default */
    bool manual_commit;     /* only rn_writer_commit commits, also if that is late */
    /* A recording is written again: events keep their ordinals (RN_WRITER_NEXT: the next one), and
     * a segment begins where rn_writer_begin_segment says so. Streams keep their numbers by
     * rn_writer_add_numbered. */
    bool copies;
};

/* Begin a recording at `path` ("-": standard output, no part directory). The manifest is copied.
 * An existing file at `path` is replaced only by a successful seal. Makes PATH.part; a stale one
 * that no running recorder holds (flock) and that contains no events is replaced, any other is
 * RN_E_USAGE with a line that says how to seal or remove it; so is one that another user made, or
 * in which links stand for the files. */
RN_MUST_CHECK enum rn_status rn_writer_new(const char *path, const struct rn_manifest *manifest,
                                           const struct rn_writer_options *options,
                                           struct rn_writer **out, struct rn_error *err);

/* Directory of the unsealed recording, NULL with "-". Borrowed. */
const char *rn_writer_part(const struct rn_writer *writer);

/* A new stream; *id is its number. It is written before the first event that needs it, and again
 * at the start of every segment in which it may still be used (until rn_writer_end_stream). */
RN_MUST_CHECK enum rn_status rn_writer_add_stream(struct rn_writer *writer,
                                                  const struct rn_stream *stream, const char *name,
                                                  uint64_t *id, struct rn_error *err);
/* The same for a stream that has its number, `stream->id`, already: from RN_STREAM_QUEUES on, or in
 * a copy. */
RN_MUST_CHECK enum rn_status rn_writer_add_numbered(struct rn_writer *writer,
                                                    const struct rn_stream *stream,
                                                    const char *name, struct rn_error *err);
void rn_writer_end_stream(struct rn_writer *writer, uint64_t id);

/* Add one event: everything it points to is copied. The writer gives the ordinal (event->ordinal
 * is ignored), in the order of calls per stream. Events of one commit may come in any order of
 * time. Readings of devices' clocks (RN_KIND_DEVICE_CLOCK) are added likewise, and have no
 * ordinal. Without explicit commits (no call of rn_writer_commit that names sources, and not
 * manual_commit) the writer commits by itself every 16384 events, or 8 MiB of
 * what they carry. Disk trouble does not fail this call: see rn_writer_commit. */
RN_MUST_CHECK enum rn_status rn_writer_add(struct rn_writer *writer, const struct rn_event *event,
                                           struct rn_error *err);

/* The same for a raw record, `size` bytes at a multiple of 8. One that is, but for its times, as
 * an earlier one of the same commit takes little more time than it takes to see that. RN_E_FORMAT
 * where it makes no sense. */
RN_MUST_CHECK enum rn_status rn_writer_add_record(struct rn_writer *writer, const uint8_t *bytes,
                                                  size_t size, struct rn_error *err);

/* The next event would make the writer commit by itself: a caller that restates something where a
 * segment begins commits now, and looks at rn_writer_segment_due. */
bool rn_writer_commit_due(const struct rn_writer *writer);

/* Number of events added since the last commit. */
uint64_t rn_writer_pending(const struct rn_writer *writer);

/* Where a source (a ring slot) stands: everything before `position` has been added. */
struct rn_writer_source {
    uint64_t source, generation, position;
};
struct rn_writer_commit_info {
    const struct rn_writer_source *sources;
    size_t source_count;
    const struct rn_event *inflight; /* kind RN_KIND_INFLIGHT, payload u.syscall */
    size_t inflight_count;
    struct rn_clock_point clock; /* read now; ticks 0: none */
};
/* Write what was added as one member. `info` may be NULL. On a full disk, or over max_size, the
 * events are dropped and counted (they appear as LOSS events once there is room, and in the ring
 * file header meanwhile), the archive stays whole, and RN_E_LIMIT resp. RN_E_SYSTEM is returned;
 * the writer can go on being used. */
RN_MUST_CHECK enum rn_status rn_writer_commit(struct rn_writer *writer,
                                              const struct rn_writer_commit_info *info,
                                              struct rn_error *err);
/* True when the next commit begins a segment: the caller should then add snapshot events (flag
 * RN_EVENT_SNAPSHOT) of descriptors, processes and modules that are still alive, first. */
bool rn_writer_segment_due(const struct rn_writer *writer);

/* With `copies`: the next commit begins a segment. */
void rn_writer_begin_segment(struct rn_writer *writer);

/* Events that had to be dropped so far. */
uint64_t rn_writer_lost(const struct rn_writer *writer);
/* State a loss that happened before the writer (in a ring, say). */
RN_MUST_CHECK enum rn_status rn_writer_add_loss(struct rn_writer *writer, uint8_t kind,
                                                uint64_t count, enum rn_loss_reason reason,
                                                const char *text, struct rn_error *err);

/* Add a file to the archive (env/uname...). */
RN_MUST_CHECK enum rn_status rn_writer_add_file(struct rn_writer *writer, const char *member,
                                                const void *data, size_t size,
                                                struct rn_error *err);
void rn_writer_set_status(struct rn_writer *writer, int wait_status);

/* Commit the rest, write the index, rename to the final name. After a failure the recording is
 * left unsealed and whole. Call rn_writer_free in any case. If the disk was full (RN_E_SYSTEM,
 * ENOSPC), it may be called again after room was made, by removing the ring file for example: the
 * first failure keeps the pending events, the second one counts them as lost. */
RN_MUST_CHECK enum rn_status rn_writer_seal(struct rn_writer *writer, struct rn_error *err);
/* Give up: remove the part directory (nothing was recorded yet: the program could not start). */
void rn_writer_discard(struct rn_writer *writer);
void rn_writer_free(struct rn_writer *writer); /* without seal: leaves the recording unsealed */

/* Seal the unsealed recording in directory `part` (what `rn-info --seal` does): what the rings
 * still hold is committed, a LOSS event says that the recorder was killed. Refused (RN_E_USAGE)
 * while a recorder holds it. *out_path is malloc'ed by this. */
RN_MUST_CHECK enum rn_status rn_part_seal(const char *part, char **out_path, struct rn_error *err);

#ifdef __cplusplus
}
#endif
#endif
