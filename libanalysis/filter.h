/* SPDX-License-Identifier: MIT */
/* Selection: the -e expressions, and selection by kind, time, process and thread, the same when
 * recording and when reading. The grammar is in rn-filter(7).
 *
 *   expression := [ "trace=" ] term { "," term }
 *   term       := [ "!" ] ( syscall-name | [ "%" ] class | "/" regex "/" | "all" | "none" )
 *               | [ "!" ] "kind=" kind-name | "failed" | "!failed" | "signal=" name ...
 *
 * Terms work from left to right on a set that is empty at first, or full where the first term is a
 * negation: each adds to it or takes from it. Several -e are the same as one with commas. */
#ifndef RN_FILTER_H
#define RN_FILTER_H

#include "formats/event.h"
#include "formats/status.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rn_filter;

struct rn_filter *rn_filter_new(void); /* selects everything; NULL: no memory */
void rn_filter_free(struct rn_filter *filter);

/* Apply one -e argument. RN_E_USAGE names the term and its offset in the expression. Patterns are
 * POSIX extended regular expressions, at most 256 bytes, over system call names only: the set is
 * computed here, matching an event is a table look-up. */
RN_MUST_CHECK enum rn_status rn_filter_add(struct rn_filter *filter, const char *expression,
                                           struct rn_error *err);

/* Bitmap of the system calls of an ABI that are selected: bit nr of word nr / 64; for the recorder.
 * Numbers that the table does not know are selected unless names were given. */
#define RN_FILTER_MAX_NR 1024u
void rn_filter_syscalls(const struct rn_filter *filter, enum rn_abi abi,
                        uint64_t bitmap[RN_FILTER_MAX_NR / 64]);
/* Kinds that can match at all: bit `kind`. */
uint64_t rn_filter_kinds(const struct rn_filter *filter);

/* pid, tid: any of a list; empty list: all. Times: since the recording began, ns, [from, to). */
RN_MUST_CHECK enum rn_status rn_filter_add_pid(struct rn_filter *filter, uint64_t pid,
                                               struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_filter_add_tid(struct rn_filter *filter, uint64_t tid,
                                               struct rn_error *err);
void rn_filter_set_time(struct rn_filter *filter, uint64_t from_ns, uint64_t to_ns);
/* Only events that took at least this long. */
void rn_filter_set_min_duration(struct rn_filter *filter, uint64_t duration_ns);
bool rn_filter_time(const struct rn_filter *filter, uint64_t *from_ns, uint64_t *to_ns);
bool rn_filter_by_thread(const struct rn_filter *filter); /* a pid or tid was given */

/* Does the event match: kind, system call, result, signal? */
bool rn_filter_match(const struct rn_filter *filter, const struct rn_event *event);
/* ...and its time and thread? duration_ns UINT64_MAX: unfinished. */
bool rn_filter_match_place(const struct rn_filter *filter, uint64_t pid, uint64_t tid,
                           uint64_t since_start_ns, uint64_t duration_ns);

#ifdef __cplusplus
}
#endif
#endif
