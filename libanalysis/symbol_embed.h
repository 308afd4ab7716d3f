/* SPDX-License-Identifier: MIT */
/* A recording gets a table of the symbols that its calls need, so that it can be resolved where the
 * program is not. Not thread-safe. */
#ifndef RN_SYMBOL_EMBED_H
#define RN_SYMBOL_EMBED_H

#include "formats/buf.h"
#include "locator.h"

struct rn_symbol_embed_totals {
    uint64_t calls, frames;  /* that were looked at */
    uint64_t nameless;       /* of the frames */
    uint64_t made;           /* of these: of code that programs made, where there should be names */
    const char *made_reason; /* why there is none, of the last of them (static) */
};

/* Read all of it, and append the member RN_MEMBER_SYMBOLS to `table`. `options`: as rn_locator_use
 * takes them; NULL none. `unknown` (may be NULL) is
 * told at the end which files could not be used. Memory grows with the number of different
 * addresses. */
RN_MUST_CHECK enum rn_status
rn_symbol_table_make(struct rn_reader *reader, const struct rn_locator_options *options,
                     rn_locator_module_fn *unknown, void *context, struct rn_buf *table,
                     struct rn_symbol_embed_totals *totals, struct rn_error *err);

/* Write the recording again to `path`, with that table. */
RN_MUST_CHECK enum rn_status rn_symbol_table_embed(struct rn_reader *reader, const char *path,
                                                   const struct rn_buf *table,
                                                   struct rn_error *err);

#endif
