/* SPDX-License-Identifier: MIT */
#include "trace_model.h"

#include <stdlib.h>
#include <string.h>

#define FD_MAX (1u << 20) /* greater numbers are not followed */

static struct rn_fd_table *table_new(struct rn_trace *trace)
{
    struct rn_fd_table *table = NULL;

    if (trace->bytes <= RN_TRACE_MAX_BYTES - sizeof *table)
        table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    trace->bytes += sizeof *table;
    table->holders = 1;
    return table;
}

static bool table_grow(struct rn_trace *trace, struct rn_fd_table *table, uint64_t fd)
{
    uint64_t size = table->size ? table->size : 16, more;
    struct rn_fd_entry *entries;

    if (fd >= FD_MAX)
        return false;
    while (size <= fd)
        size *= 2;
    more = (size - table->size) * sizeof *entries;
    if (more > RN_TRACE_MAX_BYTES - trace->bytes)
        return false;
    entries = realloc(table->entries, size * sizeof *entries);
    if (!entries)
        return false;
    memset(entries + table->size, 0, more);
    table->entries = entries;
    table->size = size;
    trace->bytes += more;
    return true;
}

const char *rn_fd_table_name(const struct rn_fd_table *table, uint64_t fd)
{
    if (!table || fd >= table->size || !table->entries[fd].name)
        return NULL;
    return table->entries[fd].name->text;
}

struct rn_fd_entry *rn_fd_table_entry(const struct rn_fd_table *table, uint64_t fd)
{
    return table && fd < table->size ? &table->entries[fd] : NULL;
}

void rn_fd_table_set(struct rn_trace *trace, struct rn_trace_process *process, uint64_t fd,
                     struct rn_shared_name *name, bool close_on_exec)
{
    struct rn_fd_entry *entry;

    if (!process->files)
        process->files = table_new(trace);
    if (!process->files || (fd >= process->files->size && !table_grow(trace, process->files, fd))) {
        rn_shared_name_drop(trace, name);
        return;
    }
    entry = &process->files->entries[fd];
    rn_shared_name_drop(trace, entry->name);
    *entry = (struct rn_fd_entry){name, close_on_exec};
}

void rn_fd_entry_close(struct rn_trace *trace, struct rn_fd_entry *entry)
{
    if (!entry)
        return;
    rn_shared_name_drop(trace, entry->name);
    *entry = (struct rn_fd_entry){NULL, false};
}

void rn_fd_table_drop(struct rn_trace *trace, struct rn_fd_table *table)
{
    if (!table || --table->holders)
        return;
    for (uint64_t fd = 0; fd < table->size; fd++)
        rn_shared_name_drop(trace, table->entries[fd].name);
    trace->bytes -= sizeof *table + table->size * sizeof *table->entries;
    free(table->entries);
    free(table);
}

struct rn_fd_table *rn_fd_table_inherit(struct rn_trace *trace, struct rn_fd_table *table,
                                        bool shared)
{
    struct rn_fd_table *copy;

    if (!table)
        return NULL;
    if (shared) {
        table->holders++;
        return table;
    }
    copy = table_new(trace);
    if (!copy || !table->size)
        return copy;
    if (!table_grow(trace, copy, table->size - 1)) {
        rn_fd_table_drop(trace, copy);
        return NULL;
    }
    for (uint64_t fd = 0; fd < table->size; fd++) {
        copy->entries[fd] = table->entries[fd];
        (void)rn_shared_name_hold(copy->entries[fd].name);
    }
    return copy;
}

void rn_fd_table_exec(struct rn_trace *trace, struct rn_fd_table **table)
{
    if (*table && (*table)->holders > 1) {
        struct rn_fd_table *own = rn_fd_table_inherit(trace, *table, false);

        rn_fd_table_drop(trace, *table);
        *table = own;
    }
    for (uint64_t fd = 0; *table && fd < (*table)->size; fd++) {
        if ((*table)->entries[fd].close_on_exec)
            rn_fd_entry_close(trace, &(*table)->entries[fd]);
    }
}
