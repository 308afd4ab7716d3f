/* SPDX-License-Identifier: MIT */
/* Shared by ctf_write*.c alone: classes of events and their bytes. */
#ifndef RN_CTF_WRITE_PRIVATE_H
#define RN_CTF_WRITE_PRIVATE_H

#include "ctf_write.h"
#include "formats/syscall_table.h"

/* Numbers of classes: kinds of events as they are (STREAM too), then these, then system calls. */
#define CTF_ID_UNFINISHED 63u
#define CTF_ID_UNKNOWN    64u /* a call without a name, and its end */
#define CTF_ID_CALLS      66u
#define CTF_CALL_NUMBERS  2048u /* an ABI */
#define CTF_IDS           (CTF_ID_CALLS + RN_ABI_COUNT * CTF_CALL_NUMBERS * 2)

/* Every event begins with its number, its time and the context: */
#define CTF_EVENT_TIME 4u  /* where the time is, in it */
#define CTF_EVENT_HEAD 24u /* bytes before the payload */

/* How an argument of a system call is written. */
enum ctf_argument { CTF_ARG_SIGNED, CTF_ARG_UNSIGNED, CTF_ARG_HEX, CTF_ARG_OCTAL, CTF_ARG_TEXT };
enum ctf_argument rn_ctf_argument_of(uint8_t type); /* enum rn_arg_type */

/* Number of the class of a call's begin; its end has one more. */
uint32_t rn_ctf_call_id(const struct rn_syscall *call);

/* Events as bytes, appended. All but calls: one; calls: the begin, and the end. */
void rn_ctf_encode_event(struct rn_buf *out, const struct rn_event *event, uint64_t pid,
                         uint64_t tid);
void rn_ctf_encode_begin(struct rn_buf *out, const struct rn_event *event, uint64_t pid,
                         uint64_t tid);
void rn_ctf_encode_end(struct rn_buf *out, const struct rn_event *event, uint64_t pid,
                       uint64_t tid);

struct ctf_metadata {
    const struct rn_manifest *manifest;
    const char *creator;
    uint64_t zero;       /* ns since 1970 of the clock's 0 */
    const uint8_t *used; /* CTF_IDS of them: is there an event of that class? */
};
void rn_ctf_write_metadata(struct rn_buf *out, const struct ctf_metadata *metadata);

#endif
