/* SPDX-License-Identifier: MIT */
#include "symbol_file_private.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEBUG_DIRECTORY "/usr/lib/debug"
#define CALL_BYTES      7u /* the longest call instruction without prefixes */

bool rn_symbols_read_files(void)
{
    return true;
}

/* ---- opening ---- */

static bool has_build_id(Elf *elf, const struct rn_code_module *module)
{
    size_t size = 0;
    const uint8_t *id = symbol_elf_build_id(elf, &size);

    return id && size == module->build_id_size && memcmp(id, module->build_id, size) == 0;
}

static bool is_before(const struct timespec *time, uint64_t ns)
{
    return time->tv_sec >= 0 &&
           (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_nsec <= ns;
}

static bool is_unchanged(const struct rn_code_module *module, uint64_t recorded_ns)
{
    struct stat info;

    return module->inode && stat(module->path, &info) == 0 && info.st_dev == module->device &&
           info.st_ino == module->inode && is_before(&info.st_mtim, recorded_ns) &&
           is_before(&info.st_ctim, recorded_ns);
}

static enum rn_symbol_state open_code(struct rn_symbol_file *file,
                                      const struct rn_code_module *module, uint64_t recorded_ns)
{
    size_t size = 0;

    if (module->path[0] != '/' || access(module->path, R_OK) != 0)
        return RN_SYMBOL_NO_FILE;
    if (module->build_id_size == 0 && !is_unchanged(module, recorded_ns))
        return RN_SYMBOL_NO_BUILD_ID;
    if (!symbol_elf_open(&file->code, module->path))
        return RN_SYMBOL_DAMAGED;
    if (module->build_id_size == 0)
        return symbol_elf_build_id(file->code.elf, &size) ? RN_SYMBOL_OTHER_FILE : RN_SYMBOL_FOUND;
    return has_build_id(file->code.elf, module) ? RN_SYMBOL_FOUND : RN_SYMBOL_OTHER_FILE;
}

/* A file that was found elsewhere, believed by its build-id alone. */
static bool fetch(struct symbol_elf *elf, const struct rn_code_module *module,
                  enum rn_debug_kind kind, const struct rn_debug_source *source, bool *refused)
{
    char *path =
        source && module->build_id_size ? source->find(source->context, module, kind) : NULL;
    bool fine = path && symbol_elf_open(elf, path);

    if (fine && !has_build_id(elf->elf, module)) {
        symbol_elf_close(elf);
        fine = false;
    }
    *refused = path && !fine;
    if (*refused && source->refused)
        source->refused(source->context, module, kind);
    free(path);
    return fine;
}

static enum rn_symbol_state open_or_fetch(struct rn_symbol_file *file,
                                          const struct rn_code_module *module, uint64_t recorded_ns,
                                          const struct rn_debug_source *source)
{
    enum rn_symbol_state state = open_code(file, module, recorded_ns);
    bool refused;

    if (state == RN_SYMBOL_FOUND || module->path[0] != '/')
        return state;
    symbol_elf_close(&file->code);
    if (fetch(&file->code, module, RN_DEBUG_EXECUTABLE, source, &refused))
        return RN_SYMBOL_FOUND;
    return refused ? RN_SYMBOL_OTHER_FETCHED : state;
}

static bool has_section(Elf *elf, const char *wanted)
{
    Elf_Scn *section = NULL;
    size_t names;

    if (elf_getshdrstrndx(elf, &names) != 0)
        return false;
    while ((section = elf_nextscn(elf, section))) {
        GElf_Shdr header;
        const char *name;

        if (gelf_getshdr(section, &header) && (name = elf_strptr(elf, names, header.sh_name)) &&
            strcmp(name, wanted) == 0 && header.sh_type != SHT_NOBITS)
            return true;
    }
    return false;
}

static bool open_debug(struct rn_symbol_file *file, const struct rn_code_module *module,
                       const char *path)
{
    if (!symbol_elf_open(&file->debug, path))
        return false;
    if (module->build_id_size == 0 || has_build_id(file->debug.elf, module))
        return true;
    symbol_elf_close(&file->debug);
    return false;
}

/* Where debuggers look: by build-id, then by name, beside the file and in a tree of its own. */
static void find_debug(struct rn_symbol_file *file, const struct rn_code_module *module)
{
    const char *slash = strrchr(module->path, '/');
    int length = (int)(slash - module->path);
    char path[PATH_MAX];

    if (module->build_id_size >= 2) {
        int at =
            snprintf(path, sizeof path, DEBUG_DIRECTORY "/.build-id/%02x/", module->build_id[0]);

        for (uint32_t i = 1; i < module->build_id_size; i++)
            at += snprintf(path + at, sizeof path - (size_t)at, "%02x", module->build_id[i]);
        snprintf(path + at, sizeof path - (size_t)at, ".debug");
        if (open_debug(file, module, path))
            return;
    }
    if (snprintf(path, sizeof path, "%s.debug", module->path) < (int)sizeof path &&
        open_debug(file, module, path))
        return;
    if (snprintf(path, sizeof path, "%.*s/.debug%s.debug", length, module->path, slash) <
            (int)sizeof path &&
        open_debug(file, module, path))
        return;
    if (snprintf(path, sizeof path, DEBUG_DIRECTORY "%s.debug", module->path) < (int)sizeof path)
        (void)open_debug(file, module, path);
}

/* Distributions move what debug files have in common into one more; libdw finds it where it is
 * installed. */
static void fetch_shared(struct rn_symbol_file *file, const struct rn_code_module *module,
                         const struct rn_debug_source *source)
{
    struct rn_code_module shared = {.path = module->path};
    const char *name;
    const void *id;
    ssize_t size;
    bool refused;

    if (!source || !file->dwarf || dwarf_getalt(file->dwarf))
        return;
    size = dwelf_dwarf_gnu_debugaltlink(file->dwarf, &name, &id);
    if (size <= 0 || (size_t)size > sizeof shared.build_id)
        return;
    shared.build_id_size = (uint32_t)size;
    memcpy(shared.build_id, id, (size_t)size);
    if (!fetch(&file->shared, &shared, RN_DEBUG_INFO, source, &refused))
        return;
    file->shared_dwarf = dwarf_begin_elf(file->shared.elf, DWARF_C_READ, NULL);
    if (file->shared_dwarf)
        dwarf_setalt(file->dwarf, file->shared_dwarf);
}

static void open_dwarf(struct rn_symbol_file *file, const struct rn_code_module *module,
                       const struct rn_debug_source *source)
{
    bool refused = false;
    bool own =
        has_section(file->code.elf, ".debug_info") || has_section(file->code.elf, ".zdebug_info");

    if (!own)
        find_debug(file, module);
    if (!own && !file->debug.elf)
        fetch(&file->debug, module, RN_DEBUG_INFO, source, &refused);
    file->nameless = refused ? RN_SYMBOL_OTHER_FETCHED : RN_SYMBOL_NONE;
    file->dwarf = dwarf_begin_elf(own || !file->debug.elf ? file->code.elf : file->debug.elf,
                                  DWARF_C_READ, NULL);
    fetch_shared(file, module, source);
    if (file->dwarf) {
        symbol_dwarf_index(file);
        file->debug_frame = dwarf_getcfi(file->dwarf);
    }
    file->eh_frame = dwarf_getcfi_elf(file->code.elf);
}

struct rn_symbol_file *rn_symbol_file_new(const struct rn_code_module *module, uint64_t recorded_ns,
                                          const struct rn_debug_source *source)
{
    struct rn_symbol_file *file = calloc(1, sizeof *file);

    if (!file)
        return NULL;
    file->code.fd = file->debug.fd = file->shared.fd = -1;
    file->path = strdup(module->path);
    file->state = open_or_fetch(file, module, recorded_ns, source);
    if (file->state == RN_SYMBOL_FOUND) {
        open_dwarf(file, module, source);
        if (!symbol_elf_functions(file)) {
            rn_symbol_file_free(file);
            return NULL;
        }
    }
    if (file->path)
        return file;
    rn_symbol_file_free(file);
    return NULL;
}

void rn_symbol_file_free(struct rn_symbol_file *file)
{
    if (!file)
        return;
    if (file->eh_frame)
        dwarf_cfi_end(file->eh_frame);
    if (file->dwarf)
        dwarf_end(file->dwarf);
    if (file->shared_dwarf)
        dwarf_end(file->shared_dwarf);
    symbol_elf_close(&file->shared);
    symbol_elf_close(&file->debug);
    symbol_elf_close(&file->code);
    free(file->entries);
    symbol_dwarf_free(file);
    free(file->path);
    free(file);
}

/* ---- asking ---- */

bool symbol_add_frame(struct rn_symbol *symbol, const char *function, const char *source,
                      uint32_t line)
{
    struct rn_symbol_frame *frames = (struct rn_symbol_frame *)symbol->frames, *frame;
    struct rn_symbol_frame *larger = realloc(frames, (symbol->count + 1) * sizeof *larger);

    if (!larger)
        return false;
    symbol->frames = larger;
    frame = &larger[symbol->count++];
    *frame = (struct rn_symbol_frame){.function = rn_symbol_demangle(function),
                                      .file = source ? strdup(source) : NULL,
                                      .line = line};
    return frame->function && (!source || frame->file);
}

static void mark_library(const char *path, struct rn_symbol *symbol)
{
    struct rn_symbol_frame *frames = (struct rn_symbol_frame *)symbol->frames;

    for (uint32_t i = 0; i < symbol->count; i++)
        frames[i].library = rn_symbol_is_library(path, frames[i].function, frames[i].file);
}

bool rn_symbol_file_find(struct rn_symbol_file *file, uint64_t offset, struct rn_symbol *symbol)
{
    const struct symbol_entry *entry;
    uint64_t address;
    bool fine;

    *symbol = (struct rn_symbol){.state = file->state};
    if (file->state != RN_SYMBOL_FOUND)
        return true;
    if (!symbol_elf_address(file->code.elf, offset, &address)) {
        symbol->state = RN_SYMBOL_DAMAGED;
        return true;
    }
    symbol_cfi_find(file, address, &symbol->row);
    fine = symbol_dwarf_find(file, address, symbol);
    entry = symbol->count ? NULL : symbol_elf_function(file, address);
    if (fine && entry)
        fine = symbol_add_frame(symbol, entry->name, NULL, 0);
    if (symbol->count == 0)
        symbol->state = file->nameless;
    mark_library(file->path, symbol);
    return fine;
}

/* e8 rel32, or ff /2 with any form of operand (Intel SDM, volume 2, CALL). */
bool rn_symbol_file_call_ends(const struct rn_symbol_file *file, uint64_t offset)
{
    const Elf_Data *data;
    const uint8_t *end;

    if (file->state != RN_SYMBOL_FOUND || offset < CALL_BYTES || offset > INT64_MAX)
        return false;
    data = elf_getdata_rawchunk(file->code.elf, (int64_t)(offset - CALL_BYTES), CALL_BYTES,
                                ELF_T_BYTE);
    if (!data)
        return false;
    end = (const uint8_t *)data->d_buf + CALL_BYTES;
    if (end[-5] == 0xe8)
        return true;
    for (unsigned length = 2; length <= CALL_BYTES; length++)
        if (end[-(int)length] == 0xff && (end[1 - (int)length] >> 3 & 7) == 2)
            return true;
    return false;
}
