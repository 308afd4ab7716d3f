/* SPDX-License-Identifier: MIT */
#include "symbol.h"
#include "symbol_file.h"

#include "id_map.h"

#include <stdlib.h>
#include <string.h>

/* An address in a file is one key: 22 bits of module, 42 of offset. */
#define OFFSET_BITS 42u

struct known {
    struct rn_symbol symbol;
    bool asked;       /* `symbol` is filled */
    bool asked_calls; /* `call_ends` is */
    bool call_ends;
};

struct module {
    char *path;
    uint8_t build_id[RN_CODE_BUILD_ID_MAX];
    uint32_t build_id_size;
    uint64_t device, inode;
    struct rn_symbol_file *file; /* opened when first asked */
    bool opened;
};

struct rn_symbols {
    struct rn_symbols_options options;
    struct module **modules; /* of every recording: by place + 1 */
    size_t module_count;
    struct rn_id_map places; /* place + 1, as a pointer, by identity of the module asked for */
    struct rn_id_map known;  /* struct known by module and offset */
};

const char *rn_symbol_state_text(enum rn_symbol_state state)
{
    static const char *const texts[RN_SYMBOL_STATES] = {
        [RN_SYMBOL_FOUND] = "found",
        [RN_SYMBOL_NO_FILE] = "the file is not there",
        [RN_SYMBOL_OTHER_FILE] = "the file is another one than when it was recorded",
        [RN_SYMBOL_NO_BUILD_ID] = "the file has no build-id",
        [RN_SYMBOL_DAMAGED] = "the file makes no sense",
        [RN_SYMBOL_NONE] = "no name is known there"};

    return (unsigned)state < RN_SYMBOL_STATES ? texts[state] : "?";
}

struct rn_symbols *rn_symbols_new(const struct rn_symbols_options *options)
{
    struct rn_symbols *symbols = calloc(1, sizeof *symbols);

    if (symbols)
        symbols->options = *options;
    return symbols;
}

void rn_symbol_clear(struct rn_symbol *symbol)
{
    for (uint32_t i = 0; i < symbol->count; i++) {
        free((char *)symbol->frames[i].function);
        free((char *)symbol->frames[i].file);
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
    for (size_t i = 0; i < symbols->module_count; i++) {
        rn_symbol_file_free(symbols->modules[i]->file);
        free(symbols->modules[i]->path);
        free(symbols->modules[i]);
    }
    free(symbols->modules);
    rn_id_map_free(&symbols->places);
    rn_id_map_free(&symbols->known);
    free(symbols);
}

/* ---- modules ---- */

static bool is_module(const struct module *module, const struct rn_symbol_place *place)
{
    return strcmp(module->path, place->path) == 0 &&
           module->build_id_size == place->build_id_size &&
           (place->build_id_size == 0 ||
            memcmp(module->build_id, place->build_id, place->build_id_size) == 0);
}

static uint64_t hash_of(const struct rn_symbol_place *place)
{
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

    for (const char *at = place->path; *at; at++)
        hash = (hash ^ (uint8_t)*at) * 0x100000001b3;
    for (uint32_t i = 0; i < place->build_id_size; i++)
        hash = (hash ^ place->build_id[i]) * 0x100000001b3;
    return hash;
}

static size_t add_module(struct rn_symbols *symbols, const struct rn_symbol_place *place,
                         uint64_t hash)
{
    struct module **larger, *module;

    if (symbols->module_count >= RN_CODE_MODULES_MAX || place->build_id_size > RN_CODE_BUILD_ID_MAX)
        return 0;
    larger = realloc(symbols->modules, (symbols->module_count + 1) * sizeof *larger);
    if (!larger)
        return 0;
    symbols->modules = larger;
    module = calloc(1, sizeof *module);
    if (!module || !(module->path = strdup(place->path)) ||
        !rn_id_map_set(&symbols->places, hash, (void *)(symbols->module_count + 1))) {
        if (module)
            free(module->path);
        free(module);
        return 0;
    }
    module->build_id_size = place->build_id_size;
    if (place->build_id_size)
        memcpy(module->build_id, place->build_id, place->build_id_size);
    larger[symbols->module_count] = module;
    return ++symbols->module_count;
}

/* Place in the list plus 1; 0: no memory. Of two that hash alike the later takes the next hash. */
static size_t module_of(struct rn_symbols *symbols, const struct rn_symbol_place *place)
{
    uint64_t hash = hash_of(place);
    size_t at;

    while ((at = (size_t)rn_id_map_get(&symbols->places, hash)) != 0) {
        if (is_module(symbols->modules[at - 1], place))
            return at;
        hash++;
    }
    return add_module(symbols, place, hash);
}

/* ---- addresses ---- */

static struct known *known_at(struct rn_symbols *symbols, size_t module, uint64_t offset)
{
    uint64_t key = (uint64_t)module << OFFSET_BITS | offset;
    struct known *known;

    if (module == 0 || offset >> OFFSET_BITS)
        return NULL;
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

static struct rn_symbol_file *file_of(struct rn_symbols *symbols, size_t at)
{
    struct module *module = symbols->modules[at - 1];
    struct rn_code_module code = {.path = module->path,
                                  .build_id_size = module->build_id_size,
                                  .device = module->device,
                                  .inode = module->inode};

    if (module->opened || symbols->options.embedded_only)
        return module->file;
    memcpy(code.build_id, module->build_id, module->build_id_size);
    module->file = rn_symbol_file_new(&code, symbols->options.recorded_ns);
    module->opened = true;
    return module->file;
}

static struct rn_symbol_place place_of(const struct rn_code_module *module)
{
    return (struct rn_symbol_place){
        .path = module->path, .build_id = module->build_id, .build_id_size = module->build_id_size};
}

const struct rn_symbol *rn_symbols_find(struct rn_symbols *symbols,
                                        const struct rn_code_module *module, uint64_t offset)
{
    static const struct rn_symbol nowhere = {.state = RN_SYMBOL_DAMAGED};
    const struct rn_symbol_place place = place_of(module);
    size_t at = module_of(symbols, &place);
    struct known *known = known_at(symbols, at, offset);
    struct rn_symbol_file *file;

    if (!known)
        return offset >> OFFSET_BITS ? &nowhere : NULL;
    if (known->asked)
        return &known->symbol;
    symbols->modules[at - 1]->device = module->device;
    symbols->modules[at - 1]->inode = module->inode;
    file = file_of(symbols, at);
    known->asked = true;
    if (!file)
        known->symbol.state = RN_SYMBOL_NO_FILE;
    else if (!rn_symbol_file_find(file, offset, &known->symbol))
        return NULL;
    return &known->symbol;
}

bool rn_symbols_call_ends(struct rn_symbols *symbols, const struct rn_code_module *module,
                          uint64_t offset)
{
    const struct rn_symbol_place place = place_of(module);
    size_t at = module_of(symbols, &place);
    struct known *known = known_at(symbols, at, offset);
    struct rn_symbol_file *file;

    if (!known)
        return false;
    if (!known->asked_calls) {
        file = file_of(symbols, at);
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
    struct known *known = known_at(symbols, module_of(symbols, place), place->offset);

    if (!known && place->offset >> OFFSET_BITS)
        return rn_fail(err, RN_E_FORMAT, "an address that makes no sense");
    if (!known)
        return rn_fail(err, RN_E_NOMEM, "no memory for symbols");
    rn_symbol_clear(&known->symbol);
    known->asked = known->asked_calls = true;
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

enum rn_status rn_symbols_table(const struct rn_symbols *symbols, struct rn_buf *out,
                                struct rn_error *err)
{
    struct rn_symbol_table *table = rn_symbol_table_new();
    struct rn_id_slot *slots = calloc(symbols->known.count + 1, sizeof *slots);
    enum rn_status status =
        table && slots ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory for symbols");
    size_t count = 0;

    for (size_t i = 0; status == RN_OK && i < symbols->known.capacity; i++)
        if (symbols->known.slots[i].value)
            slots[count++] = symbols->known.slots[i];
    if (count)
        qsort(slots, count, sizeof *slots, by_id);
    for (size_t i = 0; i < count && status == RN_OK; i++) {
        const struct module *module = symbols->modules[(slots[i].id >> OFFSET_BITS) - 1];
        const struct known *known = slots[i].value;
        const struct rn_symbol_place place = {module->path, module->build_id, module->build_id_size,
                                              slots[i].id & ((UINT64_C(1) << OFFSET_BITS) - 1)};

        /* Of some addresses it was asked only whether a call ends there. */
        static const struct rn_symbol nameless = {.state = RN_SYMBOL_NONE};

        status = rn_symbol_table_add(table, &place, known->asked ? &known->symbol : &nameless,
                                     known->call_ends, err);
    }
    if (status == RN_OK)
        status = rn_symbol_table_write(table, out, err);
    rn_symbol_table_free(table);
    free(slots);
    return status;
}
