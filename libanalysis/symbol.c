/* SPDX-License-Identifier: MIT */
#include "symbol.h"
#include "symbol_file.h"

#include "formats/id_map.h"

#include <stdlib.h>
#include <string.h>

/* An address in a file is one key: 22 bits of module, 42 of offset. */
#define OFFSET_BITS 42u

struct known {
    struct rn_symbol symbol;
    bool asked;       /* `symbol` is filled */
    bool mapped;      /* the maps were asked for it */
    bool asked_calls; /* `call_ends` is */
    bool call_ends;
};

/* By module: opened when first asked. */
struct opened {
    struct rn_symbol_file *file; /* NULL: not yet, or no memory */
    bool tried;
};

struct rn_symbols {
    uint64_t recorded_ns;
    const struct rn_debug_source *source; /* NULL: none */
    const struct rn_source_maps *maps;    /* NULL: none */
    struct rn_code_modules modules;
    struct opened *files; /* as many as there is room for modules */
    size_t file_count;
    struct rn_id_map known; /* struct known by module and offset */
};

const char *rn_symbol_state_text(enum rn_symbol_state state)
{
    static const char *const texts[] = {
        [RN_SYMBOL_FOUND] = "found",
        [RN_SYMBOL_NO_FILE] = "the file is not there",
        [RN_SYMBOL_OTHER_FILE] = "the file is another one than when it was recorded",
        [RN_SYMBOL_NO_BUILD_ID] = "the file has no build-id",
        [RN_SYMBOL_DAMAGED] = "the file makes no sense",
        [RN_SYMBOL_NONE] = "no name is known there",
        [RN_SYMBOL_OTHER_FETCHED] = "what debuginfod has is another file"};

    return (unsigned)state < sizeof texts / sizeof texts[0] ? texts[state] : "?";
}

struct rn_symbols *rn_symbols_new(uint64_t recorded_ns)
{
    struct rn_symbols *symbols = calloc(1, sizeof *symbols);

    if (symbols)
        symbols->recorded_ns = recorded_ns;
    return symbols;
}

void rn_symbols_fetch(struct rn_symbols *symbols, const struct rn_debug_source *source)
{
    symbols->source = source;
}

void rn_symbols_map(struct rn_symbols *symbols, const struct rn_source_maps *maps)
{
    symbols->maps = maps;
}

static void free_generated(const struct rn_symbol_generated *generated)
{
    if (!generated)
        return;
    free((char *)generated->function);
    free((char *)generated->file);
    free((struct rn_symbol_generated *)generated);
}

void rn_symbol_clear(struct rn_symbol *symbol)
{
    for (uint32_t i = 0; i < symbol->count; i++) {
        free((char *)symbol->frames[i].function);
        free((char *)symbol->frames[i].file);
        free_generated(symbol->frames[i].generated);
    }
    free((struct rn_symbol_frame *)symbol->frames);
    *symbol = (struct rn_symbol){0};
}

void rn_symbols_free(struct rn_symbols *symbols)
{
    if (!symbols)
        return;
    for (size_t i = 0; i < symbols->known.capacity; i++) {
        struct known *known = symbols->known.slots[i].value;

        if (known)
            rn_symbol_clear(&known->symbol);
        free(known);
    }
    for (size_t i = 0; i < symbols->file_count; i++)
        rn_symbol_file_free(symbols->files[i].file);
    free(symbols->files);
    rn_code_modules_free(&symbols->modules);
    rn_id_map_free(&symbols->known);
    free(symbols);
}

/* ---- addresses ---- */

/* NULL: no memory, or no offset that a file has. */
static struct known *known_at(struct rn_symbols *symbols, const struct rn_code_module *module,
                              uint64_t offset)
{
    uint64_t key;
    struct known *known;

    if (!module || offset >> OFFSET_BITS)
        return NULL;
    key = (uint64_t)module->id << OFFSET_BITS | offset;
    known = rn_id_map_get(&symbols->known, key);
    if (known)
        return known;
    known = calloc(1, sizeof *known);
    if (known && !rn_id_map_set(&symbols->known, key, known)) {
        free(known);
        known = NULL;
    }
    return known;
}

static bool make_room(struct rn_symbols *symbols)
{
    size_t count = symbols->modules.capacity;
    struct opened *larger;

    if (count == symbols->file_count)
        return true;
    larger = realloc(symbols->files, count * sizeof *larger);
    if (!larger)
        return false;
    memset(larger + symbols->file_count, 0, (count - symbols->file_count) * sizeof *larger);
    symbols->files = larger;
    symbols->file_count = count;
    return true;
}

static struct rn_symbol_file *file_of(struct rn_symbols *symbols,
                                      const struct rn_code_module *module)
{
    struct opened *opened;

    if (!make_room(symbols))
        return NULL;
    opened = &symbols->files[module->id - 1];
    if (!opened->tried)
        opened->file = rn_symbol_file_new(module, symbols->recorded_ns, symbols->source);
    opened->tried = true;
    return opened->file;
}

/* The own one for a recording's. */
static struct rn_code_module *own_module(struct rn_symbols *symbols,
                                         const struct rn_code_module *module)
{
    struct rn_code_module *own =
        rn_code_modules_get(&symbols->modules, module->path, strlen(module->path), module->build_id,
                            module->build_id_size);

    if (own) {
        own->device = module->device;
        own->inode = module->inode;
    }
    return own;
}

/* ---- source maps ---- */

/* False: no memory. */
static bool map_frame(const struct rn_source_maps *maps, struct rn_symbol_frame *frame)
{
    struct rn_symbol_generated *generated;
    struct rn_source_place place;
    char *function, *file;

    if (!rn_source_maps_find(maps, frame->file, frame->line, frame->function, &place))
        return true;
    generated = malloc(sizeof *generated);
    function = strdup(place.function ? place.function : frame->function);
    file = place.file ? strdup(place.file) : NULL;
    if (!generated || !function || (place.file && !file)) {
        free(generated);
        free(function);
        free(file);
        return false;
    }
    *generated = (struct rn_symbol_generated){frame->function, frame->file, frame->line,
                                              place.language, place.context};
    frame->generated = generated;
    frame->function = function;
    frame->file = file;
    frame->line = place.line;
    return true;
}

static const struct rn_symbol *mapped(const struct rn_symbols *symbols, struct known *known)
{
    struct rn_symbol_frame *frames = (struct rn_symbol_frame *)known->symbol.frames;

    if (!symbols->maps || known->mapped)
        return &known->symbol;
    known->mapped = true;
    for (uint32_t i = 0; i < known->symbol.count; i++)
        if (!map_frame(symbols->maps, &frames[i]))
            return NULL;
    return &known->symbol;
}

/* ---- asking ---- */

const struct rn_symbol *rn_symbols_find(struct rn_symbols *symbols,
                                        const struct rn_code_module *module, uint64_t offset)
{
    static const struct rn_symbol nowhere = {.state = RN_SYMBOL_DAMAGED};
    struct rn_code_module *own = own_module(symbols, module);
    struct known *known = known_at(symbols, own, offset);
    struct rn_symbol_file *file;

    if (!known)
        return own && offset >> OFFSET_BITS ? &nowhere : NULL;
    if (known->asked)
        return mapped(symbols, known);
    file = file_of(symbols, own);
    known->asked = true;
    if (!file)
        known->symbol.state = RN_SYMBOL_NO_FILE;
    else if (!rn_symbol_file_find(file, offset, &known->symbol))
        return NULL;
    return mapped(symbols, known);
}

bool rn_symbols_call_ends(struct rn_symbols *symbols, const struct rn_code_module *module,
                          uint64_t offset)
{
    struct rn_code_module *own = own_module(symbols, module);
    struct known *known = known_at(symbols, own, offset);
    struct rn_symbol_file *file;

    if (!known)
        return false;
    if (!known->asked_calls) {
        file = file_of(symbols, own);
        known->call_ends = file && rn_symbol_file_call_ends(file, offset);
        known->asked_calls = true;
    }
    return known->call_ends;
}

/* ---- tables ---- */

static bool copy_symbol(const struct rn_symbol *from, struct rn_symbol *to)
{
    struct rn_symbol_frame *frames = calloc(from->count + 1, sizeof *frames);
    bool fine = frames != NULL;

    *to = *from;
    to->frames = frames;
    to->count = 0;
    for (uint32_t i = 0; fine && i < from->count; i++, to->count++) {
        frames[i] = from->frames[i];
        frames[i].generated = NULL;
        frames[i].function = strdup(from->frames[i].function);
        frames[i].file = from->frames[i].file ? strdup(from->frames[i].file) : NULL;
        fine = frames[i].function && (!from->frames[i].file || frames[i].file);
    }
    return fine;
}

static enum rn_status take(void *context, const struct rn_symbol_place *place,
                           const struct rn_symbol *symbol, bool call_ends, struct rn_error *err)
{
    struct rn_symbols *symbols = context;
    struct known *known =
        known_at(symbols,
                 rn_code_modules_get(&symbols->modules, place->path, strlen(place->path),
                                     place->build_id, place->build_id_size),
                 place->offset);

    if (!known && place->offset >> OFFSET_BITS)
        return rn_fail(err, RN_E_FORMAT, "an address that makes no sense");
    if (!known)
        return rn_fail(err, RN_E_NOMEM, "no memory for symbols");
    /* Another table may come from a machine where the file was not there. */
    if (known->asked && known->symbol.state == RN_SYMBOL_FOUND && symbol->state != RN_SYMBOL_FOUND)
        return RN_OK;
    rn_symbol_clear(&known->symbol);
    known->asked = known->asked_calls = true;
    known->mapped = false;
    known->call_ends = call_ends;
    return copy_symbol(symbol, &known->symbol) ? RN_OK
                                               : rn_fail(err, RN_E_NOMEM, "no memory for symbols");
}

enum rn_status rn_symbols_add_table(struct rn_symbols *symbols, const uint8_t *data, size_t size,
                                    struct rn_error *err)
{
    return rn_symbol_table_read(data, size, take, symbols, err);
}

static int by_id(const void *left, const void *right)
{
    const struct rn_id_slot *a = left, *b = right;

    return a->id < b->id ? -1 : a->id > b->id;
}

enum rn_status rn_symbols_fill(const struct rn_symbols *symbols, struct rn_symbol_table *table,
                               struct rn_error *err)
{
    struct rn_id_slot *slots = calloc(symbols->known.count + 1, sizeof *slots);
    enum rn_status status = slots ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory for symbols");
    size_t count = 0;

    for (size_t i = 0; status == RN_OK && i < symbols->known.capacity; i++)
        if (symbols->known.slots[i].value)
            slots[count++] = symbols->known.slots[i];
    if (count)
        qsort(slots, count, sizeof *slots, by_id);
    for (size_t i = 0; i < count && status == RN_OK; i++) {
        const struct rn_code_module *module =
            symbols->modules.list[(slots[i].id >> OFFSET_BITS) - 1];
        const struct known *known = slots[i].value;
        const struct rn_symbol_place place = {module->path, module->build_id, module->build_id_size,
                                              slots[i].id & ((UINT64_C(1) << OFFSET_BITS) - 1)};

        /* Of some addresses it was asked only whether a call ends there. */
        static const struct rn_symbol nameless = {.state = RN_SYMBOL_NONE};

        status = rn_symbol_table_add(table, &place, known->asked ? &known->symbol : &nameless,
                                     known->call_ends, err);
    }
    free(slots);
    return status;
}

enum rn_status rn_symbols_table(const struct rn_symbols *symbols, struct rn_buf *out,
                                struct rn_error *err)
{
    struct rn_symbol_table *table = rn_symbol_table_new();
    enum rn_status status = table ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory for symbols");

    if (status == RN_OK)
        status = rn_symbols_fill(symbols, table, err);
    if (status == RN_OK)
        status = rn_symbol_table_write(table, out, err);
    rn_symbol_table_free(table);
    return status;
}
