/* SPDX-License-Identifier: MIT */
/* Selection: the -e expressions, and selection by kind, time, process and thread, the same when
 * recording and when reading. The page for users is rn-filter(7).
 *
 *   expression := list { "," list }
 *   list       := [ [ "!" ] qualifier "=" ] term { "," term }
 *   qualifier  := "trace" | "kind" | "signal" | "status" | "kernel" | "call" | "direction" | "api"
 *   term       := [ "!" ] item              a list without a qualifier is a trace= list
 *   item of trace=  : system call name | [ "%" ] class | "/" regex "/" | "all" | "none" | "failed"
 *   item of kind=   : kind name | "all" | "none"
 *   item of signal= : signal name, with or without SIG | number | "all" | "none"
 *   item of status= : "successful" | "failed" | "unfinished"
 *   item of kernel= : name of kernels, with * and ? | "all" | "none"
 *   item of call=   : name of calls of a device's API, with * and ? | "all" | "none"
 *   item of direction= : direction of transfers | "all" | "none"
 *   item of api=    : "cuda" | "opencl" | "vulkan" | "other" | "all" | "none"
 *
 * A qualifier holds up to the next one. There is one set of selected events. It is empty before the
 * first term, or full where that is a negation or a status, or where there is none. Terms work from
 * left to right, also over several expressions: each adds its events, or with "!" takes them away.
 * A "!" in front of a list or of its first term holds for the whole list, as in strace. "status="
 * (and its short form "failed") adds and takes nothing: it limits the system calls of the set to
 * those results, and the calls of a device's API; other events count as successful. "all" of
 * "kernel=", "call=" and "direction=" is all events of that kind, of "api=" all of the three.
 *
 * A bare word is a system call of the x86-64 table, a class, or a call of another table, in this
 * order; "%" asks for the class. */
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

/* Apply one -e argument. RN_E_USAGE names the term and its offset in the expression, and what was
 * probably meant. Patterns are POSIX extended regular expressions, at most 256 bytes, without
 * repetition counts and back-references, over system call names only: the set is computed here,
 * matching an event is a table look-up. After a failure the filter is as it was before. */
RN_MUST_CHECK enum rn_status rn_filter_add(struct rn_filter *filter, const char *expression,
                                           struct rn_error *err);

/* Bitmap of the system calls of an ABI that are selected: bit nr of word nr / 64; for the recorder.
 * Numbers that the table does not know are selected where the set began full or has "all"; so the
 * last bit, which no table has, holds for all greater numbers too. */
#define RN_FILTER_MAX_NR 1024u
void rn_filter_syscalls(const struct rn_filter *filter, enum rn_abi abi,
                        uint64_t bitmap[RN_FILTER_MAX_NR / 64]);
/* Kinds of events that can match at all: bit `kind`. */
uint64_t rn_filter_kinds(const struct rn_filter *filter);

/* One kind, as behind "kind=" in an expression, with or without '!'; RN_E_USAGE. */
RN_MUST_CHECK enum rn_status rn_filter_add_kind(struct rn_filter *filter, const char *kind,
                                                struct rn_error *err);

/* pid, tid: any of a list; empty list: all. Times: since the recording began, ns, [from, to). */
RN_MUST_CHECK enum rn_status rn_filter_add_pid(struct rn_filter *filter, uint64_t pid,
                                               struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_filter_add_tid(struct rn_filter *filter, uint64_t tid,
                                               struct rn_error *err);
void rn_filter_set_time(struct rn_filter *filter, uint64_t from_ns, uint64_t to_ns);
/* Of what goes on for a while, also what had begun before and was not over then: for pictures. */
void rn_filter_set_overlapping(struct rn_filter *filter);
bool rn_filter_overlapping(const struct rn_filter *filter);
/* Is it in that time? */
bool rn_filter_match_time(const struct rn_filter *filter, uint64_t since_start_ns,
                          uint64_t duration_ns);
/* Only events that took at least this long. */
void rn_filter_set_min_duration(struct rn_filter *filter, uint64_t duration_ns);
bool rn_filter_time(const struct rn_filter *filter, uint64_t *from_ns, uint64_t *to_ns);
bool rn_filter_by_thread(const struct rn_filter *filter); /* a pid or tid was given */
/* Nothing was given: every event matches. */
bool rn_filter_is_empty(const struct rn_filter *filter);

/* How many items with names, directions and APIs there can be, and how long they are, in bytes. */
#define RN_FILTER_MAX_RULES   64u
#define RN_FILTER_MAX_PATTERN 128u

/* Does the event match: kind, system call, result, signal, name? RN_KIND_INFLIGHT rows match as the
 * system calls that they are; other housekeeping rows never match. */
bool rn_filter_match(const struct rn_filter *filter, const struct rn_event *event);
bool rn_filter_match_syscall(const struct rn_filter *filter, uint64_t abi, uint64_t nr,
                             uint64_t ret, bool unfinished);
/* ...and its time and thread? duration_ns UINT64_MAX: unfinished, which is always long enough. */
bool rn_filter_match_thread(const struct rn_filter *filter, uint64_t pid, uint64_t tid);
bool rn_filter_match_duration(const struct rn_filter *filter, uint64_t duration_ns);
bool rn_filter_match_place(const struct rn_filter *filter, uint64_t pid, uint64_t tid,
                           uint64_t since_start_ns, uint64_t duration_ns);

#ifdef __cplusplus
}
#endif
#endif
