/* SPDX-License-Identifier: MIT */
/* In place of symbol_file.c in a build without libdw: a recording is resolved by what it carries
 * with it alone. */
#include "symbol_file.h"

#include <stdlib.h>
#include <string.h>

struct rn_symbol_file {
    char nothing;
};

bool rn_symbols_read_files(void)
{
    return false;
}

struct rn_symbol_file *rn_symbol_file_new(const struct rn_code_module *module, uint64_t recorded_ns,
                                          const struct rn_debug_source *source)
{
    (void)source;
    (void)module;
    (void)recorded_ns;
    return calloc(1, sizeof(struct rn_symbol_file));
}

void rn_symbol_file_free(struct rn_symbol_file *file)
{
    free(file);
}

bool rn_symbol_file_find(struct rn_symbol_file *file, uint64_t offset, struct rn_symbol *symbol)
{
    (void)file;
    (void)offset;
    *symbol = (struct rn_symbol){.state = RN_SYMBOL_NO_FILE};
    return true;
}

bool rn_symbol_file_call_ends(const struct rn_symbol_file *file, uint64_t offset)
{
    (void)file;
    (void)offset;
    return false;
}
