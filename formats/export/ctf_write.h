/* SPDX-License-Identifier: MIT */
/* A recording in the Common Trace Format 1.8 (https://diamon.org/ctf/): a directory with
 * `metadata`, in plain TSDL, and one file of events in order of time, in packets. What the events
 * are is in ctf_own.h: system calls as LTTng names them, and one event for each of any other kind.
 *
 * Events may come in any order. Memory: RN_CTF_WRITE_BUDGET, what is over that goes to files in
 * TMPDIR; a packet; besides some 64 bytes a stream. Not thread-safe. */
#ifndef RN_CTF_WRITE_H
#define RN_CTF_WRITE_H

#include "formats/event.h"
#include "formats/manifest.h"
#include "formats/status.h"

#define RN_CTF_WRITE_BUDGET (32u << 20)
#define RN_CTF_PACKET_BYTES (256u << 10) /* a packet ends with the event that goes beyond this */

struct rn_ctf_writer;

/* `path` must not be there, or be an empty directory; it comes to be in rn_ctf_writer_finish.
 * `manifest` is borrowed until then. */
RN_MUST_CHECK enum rn_status rn_ctf_writer_new(const char *path, const struct rn_manifest *manifest,
                                               const char *creator, struct rn_ctf_writer **out,
                                               struct rn_error *err);
/* Without finish, nothing is left. Accepts NULL. */
void rn_ctf_writer_free(struct rn_ctf_writer *writer);
/* Where it is written until it is finished: for whoever is interrupted. */
const char *rn_ctf_writer_directory(const struct rn_ctf_writer *writer);

/* An event, or a row of RN_KIND_STREAM, before the first event of the stream: the second time it is
 * nothing. Start, and fields that are moments: ns since 1970 (moments 0: not known). Durations: ns.
 * `pid` and `tid` of its stream. */
RN_MUST_CHECK enum rn_status rn_ctf_writer_add(struct rn_ctf_writer *writer,
                                               const struct rn_event *event, uint64_t pid,
                                               uint64_t tid, struct rn_error *err);

/* What cannot be carried; a constant text, and how many. */
typedef void rn_ctf_note_fn(void *context, const char *what, uint64_t count);
void rn_ctf_writer_notes(const struct rn_ctf_writer *writer, rn_ctf_note_fn *note, void *context);

RN_MUST_CHECK enum rn_status rn_ctf_writer_finish(struct rn_ctf_writer *writer,
                                                  struct rn_error *err);

#endif
