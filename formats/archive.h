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
#define RN_MEMBER_MAX      (64u << 20) /* bytes of one member; larger ones are refused */
#define RN_PART_SUFFIX     ".part"
#define RN_PART_ARCHIVE    "archive"
#define RN_PART_RINGS      "rings"

/* Appends whole members to a descriptor: each member is one write, and a write that fails is taken
 * back (ftruncate) where the descriptor is a regular file. Does not own the descriptor. */
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
void rn_archive_writer_free(struct rn_archive_writer *writer);

struct rn_archive_member {
    char name[256];
    uint64_t offset; /* of the tar header in the file (or since the start of the pipe) */
    uint64_t size;
};

/* Reads member by member from a descriptor that need not be seekable. Does not own it. */
struct rn_archive_reader;
RN_MUST_CHECK enum rn_status rn_archive_reader_new(int fd, const char *name,
                                                   struct rn_archive_reader **out,
                                                   struct rn_error *err);
/* RN_EOF at the end-of-archive blocks or the end of the file at a member boundary. A member whose
 * header is whole but whose data is cut gives RN_E_FORMAT with its offset. */
RN_MUST_CHECK enum rn_status rn_archive_reader_next(struct rn_archive_reader *reader,
                                                    struct rn_archive_member *member,
                                                    struct rn_error *err);
/* Data of the member that next just gave, all of it. */
RN_MUST_CHECK enum rn_status rn_archive_reader_data(struct rn_archive_reader *reader,
                                                    struct rn_buf *out, struct rn_error *err);
/* Go to a member whose header offset is known; seekable descriptors only (RN_E_USAGE else). */
RN_MUST_CHECK enum rn_status rn_archive_reader_seek(struct rn_archive_reader *reader,
                                                    uint64_t offset, struct rn_error *err);
bool rn_archive_reader_saw_end(const struct rn_archive_reader *reader); /* end blocks were there */
void rn_archive_reader_free(struct rn_archive_reader *reader);

#endif
