/* SPDX-License-Identifier: MIT */
/* Descriptors, and the open file descriptions that they share. */
#include "effect_model.h"

#include <stdlib.h>
#include <string.h>

/* No kernel hands out a greater number by default; a recording that names one is damaged. */
#define FD_LIMIT (1u << 20)

struct effect_open *effect_open_new(struct rn_effects *effects, struct effect_object *object,
                                    uint32_t flags)
{
    struct effect_open *open = calloc(1, sizeof *open);

    if (!open) {
        effects->failed = true;
        return NULL;
    }
    open->object = object;
    open->flags = flags;
    if (object)
        object->holders++;
    return open;
}

static void open_drop(struct rn_effects *effects, struct effect_open *open)
{
    struct effect_object *object;

    if (!open || --open->holders)
        return;
    object = open->object;
    free(open);
    if (!object || --object->holders)
        return;
    effect_object_gone(effects, object);
}

struct effect_fd *effect_fd(const struct effect_process *process, uint64_t fd)
{
    const struct effect_table *table = process ? process->files : NULL;

    if (!table || fd >= table->size || !table->fds[fd].open)
        return NULL;
    return &table->fds[fd];
}

void effect_fd_close(struct rn_effects *effects, struct effect_fd *fd)
{
    struct effect_open *open = fd ? fd->open : NULL;

    if (!open)
        return;
    *fd = (struct effect_fd){.slot = -1};
    open_drop(effects, open);
}

static bool table_reserve(struct rn_effects *effects, struct effect_table *table, uint64_t fd)
{
    uint64_t size = table->size ? table->size : 16;
    struct effect_fd *fds;

    while (size <= fd)
        size *= 2;
    if (size == table->size)
        return true;
    fds = realloc(table->fds, size * sizeof *fds);
    if (!fds) {
        effects->failed = true;
        return false;
    }
    memset(fds + table->size, 0, (size - table->size) * sizeof *fds);
    table->fds = fds;
    table->size = size;
    return true;
}

void effect_fd_set(struct rn_effects *effects, struct effect_process *process, uint64_t fd,
                   struct effect_open *open, bool close_on_exec, int slot)
{
    if (open)
        open->holders++;
    if (!process->files) {
        process->files = calloc(1, sizeof *process->files);
        if (process->files)
            process->files->holders = 1;
    }
    if (!process->files || fd >= FD_LIMIT || !table_reserve(effects, process->files, fd)) {
        open_drop(effects, open);
        return;
    }
    effect_fd_close(effects, &process->files->fds[fd]);
    process->files->fds[fd] =
        (struct effect_fd){.open = open, .close_on_exec = close_on_exec, .slot = (int8_t)slot};
}

void effect_table_drop(struct rn_effects *effects, struct effect_table *table)
{
    if (!table || --table->holders)
        return;
    for (uint64_t i = 0; i < table->size; i++)
        effect_fd_close(effects, &table->fds[i]);
    free(table->fds);
    free(table);
}

static struct effect_table *table_copy(struct rn_effects *effects, const struct effect_table *table)
{
    struct effect_table *copy = calloc(1, sizeof *copy);

    if (!copy || !table_reserve(effects, copy, table->size ? table->size - 1 : 0)) {
        effects->failed = true;
        free(copy);
        return NULL;
    }
    copy->holders = 1;
    for (uint64_t i = 0; i < table->size; i++) {
        copy->fds[i] = table->fds[i];
        if (copy->fds[i].open)
            copy->fds[i].open->holders++;
    }
    return copy;
}

struct effect_table *effect_table_inherit(struct rn_effects *effects, struct effect_table *table,
                                          bool shared)
{
    if (!table)
        return NULL;
    if (!shared)
        return table_copy(effects, table);
    table->holders++;
    return table;
}

void effect_table_exec(struct rn_effects *effects, struct effect_process *process)
{
    struct effect_table *table = process->files;

    if (!table)
        return;
    if (table->holders > 1) {
        process->files = table_copy(effects, table);
        effect_table_drop(effects, table);
        table = process->files;
    }
    for (uint64_t i = 0; table && i < table->size; i++) {
        if (table->fds[i].open && table->fds[i].close_on_exec)
            effect_fd_close(effects, &table->fds[i]);
    }
}
