/* SPDX-License-Identifier: MIT */
/* Symbols that the inputs carry with them (formats/symbol_table.h): one table of all, in which an
 * address of one file stands once, and streams have the merged recording's numbers. */
#include "merge_private.h"
#include "symbol.h"

#include <stdlib.h>
#include <string.h>

struct merge_symbols {
    struct rn_symbols *files;
    struct rn_symbol_table *table; /* so far the names of code that processes made themselves */
};

struct merge_symbols *merge_symbols_new(void)
{
    struct merge_symbols *symbols = calloc(1, sizeof *symbols);

    if (!symbols)
        return NULL;
    symbols->files = rn_symbols_new(0);
    symbols->table = rn_symbol_table_new();
    if (symbols->files && symbols->table)
        return symbols;
    merge_symbols_free(symbols);
    return NULL;
}

void merge_symbols_free(struct merge_symbols *symbols)
{
    if (!symbols)
        return;
    rn_symbols_free(symbols->files);
    rn_symbol_table_free(symbols->table);
    free(symbols);
}

void merge_symbols_keep(void *context, const char *name, const uint8_t *data, size_t size)
{
    struct rn_buf *member = context;

    if (strcmp(name, RN_MEMBER_SYMBOLS) != 0)
        return;
    rn_buf_clear(member);
    rn_buf_append(member, data, size);
}

struct numbering {
    struct rn_symbol_table *table; /* NULL: the names are looked at only */
    const struct rn_manifest_source *source;
};

static enum rn_status take_name(void *context, uint64_t stream, uint64_t address, const char *name,
                                struct rn_error *err)
{
    const struct numbering *numbering = context;
    const struct rn_manifest_source *source = numbering->source;

    if (stream >= source->streams - source->queues)
        return rn_fail(err, RN_E_FORMAT, "symbols of a stream that is not known");
    if (!numbering->table)
        return RN_OK;
    return rn_symbol_table_add_name(numbering->table, rn_manifest_source_stream(source, stream),
                                    address, name, err);
}

enum rn_status merge_symbols_check(const struct rn_buf *member,
                                   const struct rn_manifest_source *source, struct rn_error *err)
{
    struct numbering numbering = {.source = source};
    struct rn_symbols *files = rn_symbols_new(0);
    enum rn_status status =
        files && !member->failed ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory for symbols");

    if (status == RN_OK)
        status = rn_symbols_add_table(files, member->data, member->size, err);
    if (status == RN_OK)
        status = rn_symbol_names_read(member->data, member->size, take_name, &numbering, err);
    rn_symbols_free(files);
    return status;
}

enum rn_status merge_symbols_add(struct merge_symbols *symbols, const struct rn_buf *member,
                                 const struct rn_manifest_source *source, struct rn_error *err)
{
    struct numbering numbering = {symbols->table, source};
    enum rn_status status = rn_symbols_add_table(symbols->files, member->data, member->size, err);

    if (status != RN_OK)
        return status;
    return rn_symbol_names_read(member->data, member->size, take_name, &numbering, err);
}

enum rn_status merge_symbols_write(struct merge_symbols *symbols, struct rn_buf *out,
                                   struct rn_error *err)
{
    enum rn_status status = rn_symbols_fill(symbols->files, symbols->table, err);

    return status == RN_OK ? rn_symbol_table_write(symbols->table, out, err) : status;
}
