/* SPDX-License-Identifier: MIT */
/* What ctf_write.c writes and ctf_import_own.c reads, beside system calls in the way of LTTng.
 *
 * Every event has the contexts `pid`, `tid` and `rn_stream`, the number of its stream. Before the
 * first event of a stream comes rn_stream: the fields of struct rn_stream by their names in
 * event_schema.h, and `name`. Any other kind of event is rn_KIND at its begin: `duration` (ns),
 * `rn_flags`, the fields of the kind by their names (moments: ns since 1970, or 0), `name` and
 * `text` (attachments RN_ATT_NAME and RN_ATT_TEXT), and `rn_attachments`, the others.
 *
 * A system call is syscall_entry_NAME (compat_syscall_entry_NAME for i386) with its arguments by
 * name, texts as such with their address beside them (`pathname`, `pathname_ptr`); and
 * syscall_exit_NAME with `ret`, `rn_flags`, `rn_site`, `rn_abi`, `rn_nr`, `rn_attachments`; where
 * it had not returned, rn_unfinished with the same.
 *
 * rn_attachments, all little-endian: type (1 byte), argument (1), flags (2), size (4), bytes. Those
 * of RN_ATT_CONTENT: length (8), crc (8), number of prefix CRCs (4), length of the head (4), the
 * CRCs (8 each), the head. */
#ifndef RN_CTF_OWN_H
#define RN_CTF_OWN_H

#include "buf.h"
#include "event.h"

#define RN_CTF_TRACER "renacer" /* env.tracer_name */

void rn_ctf_attachment_encode(struct rn_buf *out, const struct rn_attachment *attachment);
/* As many as there is room and sense for. Heads and bytes point into `data`; CRCs into *crcs, which
 * is emptied first. Returns their number. */
unsigned rn_ctf_attachments_decode(const uint8_t *data, size_t size,
                                   struct rn_attachment *attachments, unsigned room,
                                   struct rn_buf *crcs);

#endif
