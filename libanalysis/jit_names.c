/* SPDX-License-Identifier: MIT */
#include "jit_names_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- life ---- */

static bool is_this_boot(const struct rn_manifest *manifest)
{
    char id[64] = "";
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    bool read = file && fgets(id, sizeof id, file);

    if (file)
        fclose(file);
    id[strcspn(id, "\n")] = '\0';
    return read && manifest->boot_id && !manifest->scrubbed && !manifest->sources &&
           strcmp(id, manifest->boot_id) == 0;
}

struct rn_jit_names *rn_jit_names_new(struct rn_trace *trace, struct rn_reader *reader)
{
    struct rn_jit_names *names = calloc(1, sizeof *names);

    if (!names)
        return NULL;
    names->trace = trace;
    names->reader = reader;
    names->here = is_this_boot(rn_reader_manifest(reader));
    return names;
}

static void free_code(struct jit_code *code)
{
    for (size_t i = 0; i < code->named.capacity; i++) {
        struct jit_named *named = code->named.slots[i].value;

        if (named)
            free((char *)named->frame.function);
        free(named);
    }
    rn_id_map_free(&code->named);
    rn_perf_map_free(code->map);
    free(code->path);
    free(code);
}

void rn_jit_names_free(struct rn_jit_names *names)
{
    if (!names)
        return;
    for (struct jit_code *code = names->codes, *next; code; code = next) {
        next = code->next;
        free_code(code);
    }
    for (size_t i = 0; i < names->processes.capacity; i++)
        free(names->processes.slots[i].value);
    rn_id_map_free(&names->processes);
    rn_id_map_free(&names->carried);
    free(names);
}

struct jit_code *jit_code_new(struct rn_jit_names *names, uint64_t stream, const char *path,
                              size_t size)
{
    struct jit_code *code = calloc(1, sizeof *code);

    if (code && !(code->path = strndup(path, size))) {
        free(code);
        code = NULL;
    }
    if (!code)
        return NULL;
    code->stream = stream;
    code->wanted.path = code->path;
    code->next = names->codes;
    names->codes = code;
    return code;
}

/* ---- asking ---- */

static struct jit_named *named_new(struct jit_code *code, uint64_t address, const char *name)
{
    struct jit_named *named = calloc(1, sizeof *named);

    if (named)
        named->frame = (struct rn_symbol_frame){.function = strdup(name), .perf_map = true};
    if (!named || !named->frame.function || !rn_id_map_set(&code->named, address, named)) {
        if (named)
            free((char *)named->frame.function);
        free(named);
        return NULL;
    }
    named->symbol =
        (struct rn_symbol){.state = RN_SYMBOL_FOUND, .frames = &named->frame, .count = 1};
    return named;
}

static uint64_t end_of(struct rn_jit_names *names)
{
    const struct rn_index *index =
        rn_reader_sealed(names->reader) ? rn_reader_index(names->reader) : NULL;

    return index ? index->end.realtime_ns : 0;
}

/* No opening was recorded. */
static struct jit_code *guess(struct rn_jit_names *names, struct jit_process *process)
{
    char path[64];
    int length =
        snprintf(path, sizeof path, "/tmp/perf-%llu.map", (unsigned long long)process->pid);

    if (!names->here || !process->begun)
        return NULL;
    process->code = jit_code_new(names, process->stream, path, (size_t)length);
    if (process->code) {
        process->code->wanted.pid = process->pid;
        process->code->wanted.uid = process->uid;
        process->code->wanted.euid = process->euid;
        process->code->wanted.since_ns = process->since_ns;
    }
    return process->code;
}

static void load(struct rn_jit_names *names, struct jit_code *code)
{
    struct rn_perf_map *map;
    uint64_t size;
    const char *refused;

    code->wanted.until_ns = end_of(names);
    refused = rn_perf_map_load(&code->wanted, &map, &size);
    /* What was read once was its own. */
    if (!code->map || map) {
        rn_perf_map_free(code->map);
        code->map = map;
        code->size = size;
        code->refused = refused;
    }
    code->tried = true;
}

static bool has_grown(const struct jit_code *code)
{
    struct stat info;

    return code->map && lstat(code->path, &info) == 0 && S_ISREG(info.st_mode) &&
           (uint64_t)info.st_size > code->size + code->size / 8;
}

/* NULL, and *code the code that was asked. */
static const struct rn_perf_entry *entry_at(struct rn_jit_names *names, uint64_t stream,
                                            uint64_t address, struct jit_code **code)
{
    struct jit_process *process = jit_process_of(names, stream);
    const struct rn_perf_entry *entry = NULL;

    *code = process ? process->code : NULL;
    if (process && !*code)
        *code = guess(names, process);
    if (!*code)
        return NULL;
    if (!(*code)->tried)
        load(names, *code);
    if ((*code)->map)
        entry = rn_perf_map_find((*code)->map, address);
    if (!entry && has_grown(*code)) {
        load(names, *code);
        entry = rn_perf_map_find((*code)->map, address);
    }
    return entry;
}

static struct jit_named *carried_at(struct rn_jit_names *names, uint64_t stream, uint64_t address)
{
    const struct jit_process *process = jit_process_of(names, stream);
    const struct jit_code *code = process ? rn_id_map_get(&names->carried, process->stream) : NULL;

    return code ? rn_id_map_get(&code->named, address) : NULL;
}

const struct rn_symbol *rn_jit_names_find(struct rn_jit_names *names, uint64_t stream,
                                          uint64_t address, const char **reason)
{
    struct jit_named *named = carried_at(names, stream, address);
    const struct rn_perf_entry *entry;
    struct jit_code *code;

    *reason = NULL;
    if (named)
        return &named->symbol;
    entry = entry_at(names, stream, address, &code);
    if (entry) {
        named = rn_id_map_get(&code->named, address);
        if (!named)
            named = named_new(code, address, entry->name);
        return named ? &named->symbol : NULL;
    }
    /* Of a file that there need not be, nothing is to be told. */
    if (code && (code->wanted.identified || code->map))
        *reason = code->refused ? code->refused : "no line of its perf map is about it";
    return NULL;
}

bool rn_jit_names_returns(struct rn_jit_names *names, uint64_t stream, uint64_t address)
{
    const struct rn_perf_entry *entry;
    struct jit_code *code;

    if (address == 0)
        return false;
    if (carried_at(names, stream, address - 1))
        return true;
    entry = entry_at(names, stream, address - 1, &code);
    return entry && entry == rn_perf_map_find(code->map, address);
}

/* ---- tables ---- */

enum rn_status rn_jit_names_add(void *context, uint64_t stream, uint64_t address, const char *name,
                                struct rn_error *err)
{
    struct rn_jit_names *names = context;
    struct jit_code *code = rn_id_map_get(&names->carried, stream);

    if (!code) {
        code = jit_code_new(names, stream, "", 0);
        if (!code || !rn_id_map_set(&names->carried, stream, code))
            return rn_fail(err, RN_E_NOMEM, "no memory for symbols");
    }
    if (!rn_id_map_get(&code->named, address) && !named_new(code, address, name))
        return rn_fail(err, RN_E_NOMEM, "no memory for symbols");
    return RN_OK;
}

static int by_address(const void *left, const void *right)
{
    const struct rn_id_slot *a = left, *b = right;

    return a->id < b->id ? -1 : a->id > b->id;
}

static enum rn_status fill_code(const struct jit_code *code, struct rn_symbol_table *table,
                                struct rn_error *err)
{
    struct rn_id_slot *slots = calloc(code->named.count + 1, sizeof *slots);
    enum rn_status status = slots ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory for symbols");
    size_t count = 0;

    for (size_t i = 0; slots && i < code->named.capacity; i++)
        if (code->named.slots[i].value)
            slots[count++] = code->named.slots[i];
    if (count)
        qsort(slots, count, sizeof *slots, by_address);
    for (size_t i = 0; i < count && status == RN_OK; i++)
        status =
            rn_symbol_table_add_name(table, code->stream, slots[i].id,
                                     ((struct jit_named *)slots[i].value)->frame.function, err);
    free(slots);
    return status;
}

enum rn_status rn_jit_names_fill(const struct rn_jit_names *names, struct rn_symbol_table *table,
                                 struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (const struct jit_code *code = names->codes; code && status == RN_OK; code = code->next)
        status = fill_code(code, table, err);
    return status;
}
