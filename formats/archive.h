/* SPDX-License-Identifier: MIT */
/* The container: a POSIX pax tar, one member at a time, through libarchive. It knows names and
 * bytes, not events.
 *
 * An archive that is being recorded is a directory `OUT.part` that holds
 *   archive   the growing tar: whole members only, no end-of-archive blocks
 *   rings     the capture rings (ring_file.h)
 *   seg.N     with --last only: members of segment N, appended to `archive` when sealing
 * Sealing appends index.json and the end blocks, renames `archive` to OUT and removes the
 * directory. */
#ifndef RN_ARCHIVE_H
#define RN_ARCHIVE_H

#include "buf.h"
#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RN_MEMBER_MANIFEST "manifest.json"
#define RN_MEMBER_INDEX    "index.json"
#define RN_MEMBER_EVENTS   "events/" /* then %06u.rnc */
#define RN_MEMBER_ENV      "env/"
#define RN_MEMBER_SOURCES  "sources/" /* then K/events/%06u.rnc, K/env/...: of a merged recording */
#define RN_MEMBER_MAX      (64u << 20) /* bytes of one member; larger ones are refused */
#define RN_PART_SUFFIX     ".part"
#define RN_PART_ARCHIVE    "archive"
#define RN_PART_RINGS      "rings"
#define RN_PART_SEGMENT    "seg." /* then a decimal number */

/* Appends whole members to a descriptor: each member is one write, and a write that fails is taken
 * back (ftruncate) where the descriptor is a regular file. Does not own the descriptor, which must
 * stand where the next member goes; `offset` is what that place is called in
 * rn_archive_writer_offset (bytes that are in the archive already). */
struct rn_archive_writer;
RN_MUST_CHECK enum rn_status rn_archive_writer_new(int fd, const char *name, uint64_t offset,
                                                   struct rn_archive_writer **out,
                                                   struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_archive_writer_add(struct rn_archive_writer *writer,
                                                   const char *member, const void *data,
                                                   size_t size, int64_t mtime_s,
                                                   struct rn_error *err);
/* The end-of-archive blocks. */
RN_MUST_CHECK enum rn_status rn_archive_writer_finish(struct rn_archive_writer *writer,
                                                      struct rn_error *err);
uint64_t rn_archive_writer_offset(const struct rn_archive_writer *writer);
/* Take back everything behind `offset` (a former rn_archive_writer_offset). Regular files only
 * (RN_E_USAGE else). */
RN_MUST_CHECK enum rn_status rn_archive_writer_cut(struct rn_archive_writer *writer,
                                                   uint64_t offset, struct rn_error *err);
void rn_archive_writer_free(struct rn_archive_writer *writer);

struct rn_archive_member {
    char name[256];
    uint64_t offset;      /* of the tar header in the file (or since the start of the pipe) */
    uint64_t data_offset; /* of the data */
    uint64_t end;         /* behind the data and its padding: where the next header goes */
    uint64_t size;
};

/* Reads member by member from a descriptor that need not be seekable. Does not own it. */
struct rn_archive_reader;
RN_MUST_CHECK enum rn_status rn_archive_reader_new(int fd, const char *name,
                                                   struct rn_archive_reader **out,
                                                   struct rn_error *err);
/* RN_EOF at the end-of-archive blocks or the end of the file at a member boundary. Damage gives
 * RN_E_FORMAT with its offset; the next call then looks for the next header that is whole. A file
 * that ends inside a header does too, and sets rn_archive_reader_cut. */
RN_MUST_CHECK enum rn_status rn_archive_reader_next(struct rn_archive_reader *reader,
                                                    struct rn_archive_member *member,
                                                    struct rn_error *err);
/* Data of the member that next just gave, all of it; replaces what was in `out`. RN_E_LIMIT over
 * `limit` bytes. Where the file ends too early: RN_E_FORMAT with the offset of the member, and
 * rn_archive_reader_cut. */
RN_MUST_CHECK enum rn_status rn_archive_reader_data(struct rn_archive_reader *reader,
                                                    uint64_t limit, struct rn_buf *out,
                                                    struct rn_error *err);
/* Go to a member whose header offset is known; seekable descriptors only (RN_E_USAGE else). */
RN_MUST_CHECK enum rn_status rn_archive_reader_seek(struct rn_archive_reader *reader,
                                                    uint64_t offset, struct rn_error *err);
bool rn_archive_reader_saw_end(const struct rn_archive_reader *reader); /* end blocks were there */
bool rn_archive_reader_cut(const struct rn_archive_reader *reader);     /* ended inside a member */
void rn_archive_reader_free(struct rn_archive_reader *reader);

/* Offset of the header of `member`, where it is the last member of a regular file and text (what
 * index.json is), with the end blocks behind it. False where it is not. Reads from the end; leaves
 * the file position alone. */
bool rn_archive_find_last(int fd, const char *member, uint64_t *offset);

/* The N of a member events/N.rnc; false for any other name. */
bool rn_archive_event_number(const char *name, uint32_t *number);

#endif
