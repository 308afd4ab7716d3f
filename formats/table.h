/* SPDX-License-Identifier: MIT */
/* The string and content tables of a segment. Events refer to entries by number; a segment begins
 * with empty tables, and chunks STRINGS and CONTENTS add entries before they are first referred to.
 * The tables hold byte strings of any kind: paths, raw structs, names. */
#ifndef RN_TABLE_H
#define RN_TABLE_H

#include "buf.h"
#include "event.h"
#include "status.h"

#include <stdint.h>

/* A writer begins a new segment once its tables hold this much; a reader refuses
 * RN_TABLE_MAX_BYTES. */
#define RN_TABLE_SEGMENT_BYTES (1u << 20)
#define RN_TABLE_MAX_BYTES     (64u << 20)

struct rn_string_table;
struct rn_string_table *rn_string_table_new(void);
void rn_string_table_free(struct rn_string_table *table);
void rn_string_table_reset(struct rn_string_table *table);

/* The number of these bytes, added if they are new. */
RN_MUST_CHECK enum rn_status rn_string_table_intern(struct rn_string_table *table,
                                                    const uint8_t *data, uint32_t size,
                                                    uint64_t *number, struct rn_error *err);
/* Add an entry without looking for an equal one (reading). */
RN_MUST_CHECK enum rn_status rn_string_table_add(struct rn_string_table *table, const uint8_t *data,
                                                 uint32_t size, struct rn_error *err);
uint64_t rn_string_table_count(const struct rn_string_table *table);
uint64_t rn_string_table_bytes(const struct rn_string_table *table); /* memory held by entries */
/* Borrow entry `number`; false if there is none. Valid until the next add, intern or reset. */
bool rn_string_table_get(const struct rn_string_table *table, uint64_t number, const uint8_t **data,
                         uint32_t *size);

struct rn_content_table;
struct rn_content_table *rn_content_table_new(void);
void rn_content_table_free(struct rn_content_table *table);
void rn_content_table_reset(struct rn_content_table *table);
RN_MUST_CHECK enum rn_status rn_content_table_intern(struct rn_content_table *table,
                                                     const struct rn_content *content,
                                                     uint64_t *number, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_content_table_add(struct rn_content_table *table,
                                                  const struct rn_content *content,
                                                  struct rn_error *err);
uint64_t rn_content_table_count(const struct rn_content_table *table);
uint64_t rn_content_table_bytes(const struct rn_content_table *table);
bool rn_content_table_get(const struct rn_content_table *table, uint64_t number,
                          struct rn_content *content);

#endif
