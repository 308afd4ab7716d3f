/* SPDX-License-Identifier: MIT */
/* libFuzzer target: a table of symbols, and writing again what was understood of it. */
#include "libanalysis/symbol.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    rn_buf_free(&table);
    rn_symbols_free(symbols);
    rn_symbols_free(again);
    return 0;
}
