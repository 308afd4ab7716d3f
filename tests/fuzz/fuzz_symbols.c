/* SPDX-License-Identifier: MIT */
/* libFuzzer target: a table of symbols, and writing again what was understood of it. */
#include "libanalysis/symbol.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum rn_status add_name(void *table, uint64_t stream, uint64_t address, const char *name,
                               struct rn_error *err)
{
    return rn_symbol_table_add_name(table, stream, address, name, err);
}

/* Names of made code: what was understood is understood again. */
static void try_names(const uint8_t *data, size_t size)
{
    struct rn_symbol_table *table = rn_symbol_table_new(), *again = rn_symbol_table_new();
    struct rn_error err = RN_ERROR_INIT;
    struct rn_buf out = RN_BUF_INIT;

    if (table && again && rn_symbol_names_read(data, size, add_name, table, &err) == RN_OK &&
        (rn_symbol_table_write(table, &out, &err) != RN_OK ||
         rn_symbol_names_read(out.data, out.size, add_name, again, &err) != RN_OK))
        abort();
    rn_buf_free(&out);
    rn_symbol_table_free(table);
    rn_symbol_table_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rn_symbols *symbols = rn_symbols_new(0), *again = rn_symbols_new(0);
    struct rn_error err = RN_ERROR_INIT;
    struct rn_buf table = RN_BUF_INIT;

    if (symbols && again && rn_symbols_add_table(symbols, data, size, &err) == RN_OK) {
        if (rn_symbols_table(symbols, &table, &err) != RN_OK ||
            rn_symbols_add_table(again, table.data, table.size, &err) != RN_OK)
            abort();
    } else if (symbols && again && !err.what[0]) {
        abort();
    }
    try_names(data, size);
    rn_buf_free(&table);
    rn_symbols_free(symbols);
    rn_symbols_free(again);
    return 0;
}
