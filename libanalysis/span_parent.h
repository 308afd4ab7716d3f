/* SPDX-License-Identifier: MIT */
/* The traceparent of W3C Trace Context (level 1): which span something happened under. */
#ifndef RN_SPAN_PARENT_H
#define RN_SPAN_PARENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "00-TRACE-SPAN-FLAGS"; false where it is none: then nothing is changed. */
bool rn_span_parent_parse(const char *text, size_t size, uint8_t trace_id[16], uint64_t *span_id);

#endif
