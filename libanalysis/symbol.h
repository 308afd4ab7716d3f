/* SPDX-License-Identifier: MIT */
/* Where in the source an address of a file of code is, and how to get from a function to its
 * caller: from the file itself, from its debug file, or from what a recording carries with it
 * (formats/symbol_table.h).
 *
 * A file is believed only if its build-id is the one that was recorded. Everything is asked for
 * once: answers are kept, some 200 bytes for each address that was asked for. Not thread-safe. */
#ifndef RN_SYMBOL_H
#define RN_SYMBOL_H

#include "code_map.h"
#include "debug_source.h"
#include "formats/symbol_table.h"
#include "source_place.h"

/* "the file is not there". */
const char *rn_symbol_state_text(enum rn_symbol_state state);

/* Are there files of code that this build can read? Else a recording tells what it carries with it.
 */
bool rn_symbols_read_files(void);

struct rn_symbols;

/* recorded_ns: when the recording began, ns of CLOCK_REALTIME; 0 unknown. A file without a build-id
 * is taken where it is the one of that device and inode, and was not changed since. NULL: no
 * memory. */
struct rn_symbols *rn_symbols_new(uint64_t recorded_ns);
void rn_symbols_free(struct rn_symbols *symbols); /* accepts NULL */

/* What is not on this machine is asked for there; before anything else is asked. Borrowed for as
 * long as `symbols`. */
void rn_symbols_fetch(struct rn_symbols *symbols, const struct rn_debug_source *source);

/* Names and places are told as in the original, where one of the maps is about them; before
 * anything else is asked. Borrowed for as long as `symbols`. */
void rn_symbols_map(struct rn_symbols *symbols, const struct rn_source_maps *maps);

/* A member "symbols/..." of a recording. RN_E_FORMAT where it makes no sense. */
RN_MUST_CHECK enum rn_status rn_symbols_add_table(struct rn_symbols *symbols, const uint8_t *data,
                                                  size_t size, struct rn_error *err);

/* What is at the offset of the file. For a return address ask for the byte before it. Valid as long
 * as `symbols`; NULL without memory. */
const struct rn_symbol *rn_symbols_find(struct rn_symbols *symbols,
                                        const struct rn_code_module *module, uint64_t offset);

/* Does an instruction that calls end at this offset? False also where that cannot be told. */
bool rn_symbols_call_ends(struct rn_symbols *symbols, const struct rn_code_module *module,
                          uint64_t offset);

/* All that was found so far, into a table, or as a member for a recording: rn_symbols_add_table
 * understands it. */
RN_MUST_CHECK enum rn_status rn_symbols_fill(const struct rn_symbols *symbols,
                                             struct rn_symbol_table *table, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_symbols_table(const struct rn_symbols *symbols, struct rn_buf *out,
                                              struct rn_error *err);

#endif
