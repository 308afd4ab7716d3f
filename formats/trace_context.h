/* SPDX-License-Identifier: MIT */
/* W3C Trace Context, level 1 (Recommendation of 23 November 2021): traceparent says under which
 * span something happens, tracestate what vendors add to that. The environment variables
 * TRACEPARENT and TRACESTATE have the values of these HTTP headers. Texts are given with their size
 * and need no NUL. Thread-safe. */
#ifndef RN_TRACE_CONTEXT_H
#define RN_TRACE_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rn_trace_parent {
    uint8_t trace_id[16]; /* not all 0 */
    uint64_t span_id;     /* not 0 */
    uint8_t flags;        /* RN_TRACE_FLAG_..., and others that are not known */
};

#define RN_TRACE_FLAG_SAMPLED 0x01u
#define RN_TRACE_FLAG_RANDOM  0x02u /* of level 2: the trace id is random */

/* "VERSION-TRACE-SPAN-FLAGS" in lower-case hexadecimal digits; a version after 00 may have more
 * behind another dash, ff is none. False, and nothing changed, where it is anything else. */
bool rn_trace_parent_parse(const char *text, size_t size, struct rn_trace_parent *parent);

#define RN_TRACE_PARENT_SIZE 56u /* of the text, with its NUL */
/* Of version 00: flags that are not known are 0, as whoever makes a new span must have them. */
void rn_trace_parent_format(const struct rn_trace_parent *parent, char out[RN_TRACE_PARENT_SIZE]);

#define RN_TRACE_STATE_MEMBERS 32u
#define RN_TRACE_STATE_MAX     16384u /* bytes; the specification has no limit but that of members */
/* NULL: the text is a tracestate ("key=value,key=value", blanks and nothing between commas
 * allowed); else what is wrong with it, in a few words. */
const char *rn_trace_state_fault(const char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
