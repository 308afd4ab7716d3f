/* SPDX-License-Identifier: MIT */
/* One file of code with its debug information, through libdw. */
#ifndef RN_SYMBOL_FILE_H
#define RN_SYMBOL_FILE_H

#include "debug_source.h"
#include "symbol.h"

struct rn_symbol_file;

/* recorded_ns: as with rn_symbols_new. `source`: NULL none; used during the call. Never NULL but
 * for want of memory: a file that cannot be used says why for every address. */
struct rn_symbol_file *rn_symbol_file_new(const struct rn_code_module *module, uint64_t recorded_ns,
                                          const struct rn_debug_source *source);
void rn_symbol_file_free(struct rn_symbol_file *file); /* accepts NULL */

/* Fill a symbol; its frames and their texts are malloc'ed, for rn_symbol_clear. False: no memory.
 */
bool rn_symbol_file_find(struct rn_symbol_file *file, uint64_t offset, struct rn_symbol *symbol);
bool rn_symbol_file_call_ends(const struct rn_symbol_file *file, uint64_t offset);

/* symbol.c */
void rn_symbol_clear(struct rn_symbol *symbol);
/* symbol_name.c: a name as the language writes it, malloc'ed; NULL: no memory. */
char *rn_symbol_demangle(const char *name);
/* By what a function is called, and where its source and its file of code lie. */
bool rn_symbol_is_library(const char *module, const char *function, const char *source);

#endif
