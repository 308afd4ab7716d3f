/* SPDX-License-Identifier: MIT */
/* JSON values as manifest.json and index.json use them; private to manifest_*.c and index_*.c. */
#ifndef RN_MANIFEST_VALUE_H
#define RN_MANIFEST_VALUE_H

#include "buf.h"
#include "event.h"
#include "manifest.h"
#include "status.h"

#include <jansson.h>

/* Text that a program was given need not be UTF-8: a string where it is, else {"hex": "..."}. */
json_t *rn_json_text(const char *text); /* NULL: JSON null */
/* malloc'ed, NULL where the value is absent, null or of another type. */
char *rn_json_get_text(const json_t *value);

/* 64-bit numbers are decimal strings: a double cannot hold them. */
json_t *rn_json_u64(uint64_t number);
/* From a string or an integer; `fallback` where it is absent or neither. */
uint64_t rn_json_get_u64(const json_t *value, uint64_t fallback);

json_t *rn_json_clock(const struct rn_clock_point *point);
void rn_json_get_clock(const json_t *value, struct rn_clock_point *point);

/* Parse, or fail with line and cause; the root must be an object of that "format". */
RN_MUST_CHECK enum rn_status rn_json_parse(const uint8_t *json, size_t size, const char *format,
                                           json_t **root, struct rn_error *err);
/* Append with a final newline, as json_dumps would with those flags; takes the reference to root
 * (NULL: no memory). */
RN_MUST_CHECK enum rn_status rn_json_dump(json_t *root, size_t flags, struct rn_buf *out,
                                          struct rn_error *err);


/* The manifest as an object, NULL: no memory; and back. manifest_source.c: its sources. */
#define RN_FEATURE_MERGED "merged"
json_t *rn_manifest_object(const struct rn_manifest *manifest);
RN_MUST_CHECK enum rn_status rn_manifest_from_object(const json_t *root,
                                                     struct rn_manifest *manifest,
                                                     struct rn_error *err);
json_t *rn_manifest_sources_array(const struct rn_manifest *manifest);
RN_MUST_CHECK enum rn_status rn_manifest_get_sources(const json_t *array,
                                                     struct rn_manifest *manifest,
                                                     struct rn_error *err);

#endif
