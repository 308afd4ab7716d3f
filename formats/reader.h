/* SPDX-License-Identifier: MIT */
/* Reading a recording, sealed or not, from a file, a part directory or a pipe, in batches of
 * columns or event by event. Memory is bounded by one member and one segment's tables, whatever the
 * length of the archive; of a merged recording by those of each source, and 256 MiB of members that
 * come before their source asks for them (next to none where rn-merge wrote it).
 *
 * Not thread-safe: one reader, one thread. Everything handed out is borrowed until the next call on
 * the same reader. */
#ifndef RN_READER_H
#define RN_READER_H

#include "event.h"
#include "event_schema.h"
#include "manifest.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct rn_reader;

/* `path`: an archive, a part directory, or "-" for standard input. Reads the manifest. */
RN_MUST_CHECK enum rn_status rn_reader_open(const char *path, struct rn_reader **out,
                                            struct rn_error *err);
void rn_reader_free(struct rn_reader *reader);

const struct rn_manifest *rn_reader_manifest(const struct rn_reader *reader);
const char *rn_reader_name(const struct rn_reader *reader); /* for messages */

/* The index of a sealed archive on a seekable file; NULL elsewhere, until rn_reader_next has
 * returned RN_EOF: then what was read (or index.json, where it came at the end of a pipe). */
const struct rn_index *rn_reader_index(struct rn_reader *reader);
bool rn_reader_sealed(const struct rn_reader *reader); /* as far as is known; final after RN_EOF */
bool rn_reader_live(const struct rn_reader *reader);   /* its recorder was running at the open */

/* A batch: rows of one kind, in order of start. Columns are unpacked when first asked for. */
struct rn_batch {
    uint8_t kind;
    uint32_t rows;
    uint32_t group;
    uint64_t first, last; /* ticks */
    struct rn_reader *reader;
    void *chunk; /* private */
};

/* Next batch of events or housekeeping rows (RN_KIND_STREAM, RN_KIND_CLOCK, RN_KIND_COMMIT,
 * RN_KIND_INFLIGHT, RN_KIND_DEVICE_CLOCK; tables are handled inside). Damage: RN_E_FORMAT with file
 * and offset; calling again goes on at the next member where that is possible, else RN_EOF. An
 * unknown kind is skipped and counted (rn_reader_skipped). */
RN_MUST_CHECK enum rn_status rn_reader_next(struct rn_reader *reader, struct rn_batch *batch,
                                            struct rn_error *err);

/* A column of the batch, batch->rows values; NULL with err filled on damage. A column that the
 * chunk does not have is all zero. */
const uint64_t *rn_batch_column(struct rn_batch *batch, unsigned column, struct rn_error *err);

/* One row as an event, with its attachments resolved. */
RN_MUST_CHECK enum rn_status rn_batch_event(struct rn_batch *batch, uint32_t row,
                                            struct rn_event *event, struct rn_error *err);

/* Number of the text that a row has attached, the first of that type: within a segment (up to the
 * next RN_KIND_COMMIT row with RN_EVENT_SNAPSHOT) the same text has the same number. UINT64_MAX
 * where there is none. Far cheaper than rn_batch_event. RN_ATT_CONTENT has none. */
RN_MUST_CHECK enum rn_status rn_batch_text(struct rn_batch *batch, uint32_t row, uint8_t type,
                                           uint64_t *number, struct rn_error *err);

/* Event by event in order of start within a member, all kinds merged, housekeeping rows included
 * (STREAM rows come before any event of the stream, and before the fork that made it; INFLIGHT rows
 * at the end of their member). Use
 * either this or rn_reader_next on a reader, not both. Same results as rn_reader_next. */
RN_MUST_CHECK enum rn_status rn_reader_next_event(struct rn_reader *reader, struct rn_event *event,
                                                  struct rn_error *err);

/* The next event is in a member that is not read yet: where it comes from a pipe, the call may wait
 * long for it. For rn_reader_next_event. */
bool rn_reader_may_wait(const struct rn_reader *reader);

/* Go to the last segment that begins at or before `ticks`, so that the next batch comes from there.
 * RN_OK without effect where the recording cannot be sought in (pipe, unsealed). */
RN_MUST_CHECK enum rn_status rn_reader_seek(struct rn_reader *reader, uint64_t ticks,
                                            struct rn_error *err);

/* All batches, behind damage, too: the first error is what is returned, and in *err. Stops where
 * something other than damage is wrong, with the reader or with what `function` returns. */
typedef enum rn_status rn_batch_fn(void *context, struct rn_batch *batch, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_reader_each_batch(struct rn_reader *reader, rn_batch_fn *function,
                                                  void *context, struct rn_error *err);

/* Of many readers that are used in turn by one thread: `reader` unpacks with what `other` does it
 * with, a megabyte less. `other` must be freed after it. Right after the open. */
void rn_reader_share(struct rn_reader *reader, const struct rn_reader *other);

/* Rows of unknown kinds that were skipped. */
uint64_t rn_reader_skipped(const struct rn_reader *reader);
/* Bytes of members events/ that could not be used: damaged, or in a segment whose tables are. */
uint64_t rn_reader_skipped_bytes(const struct rn_reader *reader);
/* True when part of the recording could not be read or never was written: the archive is cut, was
 * not sealed after a crash, or a member was damaged. */
bool rn_reader_incomplete(const struct rn_reader *reader);

/* Other members (env/...): called for each one met while reading events; NULL stops that. */
typedef void rn_member_fn(void *context, const char *name, const uint8_t *data, size_t size);
void rn_reader_on_member(struct rn_reader *reader, rn_member_fn *function, void *context);

/* The bytes of each member events/ as it is loaded, before its first row is handed out. */
typedef enum rn_status rn_events_fn(void *context, uint32_t number, const uint8_t *data,
                                    size_t size, struct rn_error *err);
void rn_reader_on_events(struct rn_reader *reader, rn_events_fn *function, void *context);

#ifdef __cplusplus
}
#endif
#endif
