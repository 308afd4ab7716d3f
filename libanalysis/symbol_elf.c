/* SPDX-License-Identifier: MIT */
#include "symbol_file_private.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool symbol_elf_open(struct symbol_elf *file, const char *path)
{
    struct stat info;

    elf_version(EV_CURRENT);
    file->elf = NULL;
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->fd >= 0 && fstat(file->fd, &info) == 0 && S_ISREG(info.st_mode))
        file->elf = elf_begin(file->fd, ELF_C_READ_MMAP, NULL);
    if (file->elf && elf_kind(file->elf) == ELF_K_ELF)
        return true;
    symbol_elf_close(file);
    return false;
}

void symbol_elf_close(struct symbol_elf *file)
{
    if (file->elf)
        elf_end(file->elf);
    if (file->fd >= 0)
        close(file->fd);
    file->elf = NULL;
    file->fd = -1;
}

static const uint8_t *build_id_in(Elf_Data *data, size_t *size)
{
    size_t at = 0, name, descriptor, next;
    GElf_Nhdr note;

    while (data && (next = gelf_getnote(data, at, &note, &name, &descriptor)) > 0) {
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            memcmp((const char *)data->d_buf + name, "GNU", 4) == 0) {
            *size = note.n_descsz;
            return (const uint8_t *)data->d_buf + descriptor;
        }
        at = next;
    }
    return NULL;
}

/* By segments in what was mapped; a debug file has sections alone. */
const uint8_t *symbol_elf_build_id(Elf *elf, size_t *size)
{
    const uint8_t *found = NULL;
    size_t count = 0;
    Elf_Scn *section = NULL;

    if (elf_getphdrnum(elf, &count) != 0)
        count = 0;
    for (size_t i = 0; i < count && !found; i++) {
        GElf_Phdr header;

        if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_NOTE)
            found = build_id_in(
                elf_getdata_rawchunk(elf, (int64_t)header.p_offset, header.p_filesz, ELF_T_NHDR),
                size);
    }
    while (!found && (section = elf_nextscn(elf, section))) {
        GElf_Shdr header;

        if (gelf_getshdr(section, &header) && header.sh_type == SHT_NOTE)
            found = build_id_in(elf_getdata(section, NULL), size);
    }
    return found;
}

bool symbol_elf_address(Elf *elf, uint64_t offset, uint64_t *address)
{
    size_t count = 0;

    if (elf_getphdrnum(elf, &count) != 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr header;

        if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_LOAD &&
            offset >= header.p_offset && offset - header.p_offset < header.p_filesz) {
            *address = offset - header.p_offset + header.p_vaddr;
            return true;
        }
    }
    return false;
}

/* ---- functions ---- */

static int by_address(const void *left, const void *right)
{
    const struct symbol_entry *a = left, *b = right;
    size_t underscores_a, underscores_b;

    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    /* Of several names the one of a size comes last, where it is found; of these the one that a
     * program writes, which is not __wait4. */
    if ((a->size == 0) != (b->size == 0))
        return a->size == 0 ? -1 : 1;
    underscores_a = strspn(a->name, "_");
    underscores_b = strspn(b->name, "_");
    if (underscores_a != underscores_b)
        return underscores_a > underscores_b ? -1 : 1;
    return strcmp(b->name, a->name);
}

static bool add_functions(struct rn_symbol_file *file, Elf *elf, Elf_Scn *section,
                          const GElf_Shdr *header)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t entry = gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
    size_t count = data && entry && header->sh_entsize == entry ? header->sh_size / entry : 0;

    if (count == 0 || count > INT32_MAX)
        return true;
    file->entries = malloc(count * sizeof *file->entries);
    if (!file->entries)
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *name;
        GElf_Sym symbol;

        if (!gelf_getsym(data, (int)i, &symbol) || symbol.st_shndx == SHN_UNDEF ||
            (GELF_ST_TYPE(symbol.st_info) != STT_FUNC &&
             GELF_ST_TYPE(symbol.st_info) != STT_GNU_IFUNC &&
             (GELF_ST_TYPE(symbol.st_info) != STT_NOTYPE || symbol.st_shndx >= SHN_LORESERVE)))
            continue;
        name = elf_strptr(elf, header->sh_link, symbol.st_name);
        if (name && *name)
            file->entries[file->entry_count++] =
                (struct symbol_entry){symbol.st_value, symbol.st_size, name};
    }
    qsort(file->entries, file->entry_count, sizeof *file->entries, by_address);
    return true;
}

static bool functions_of(struct rn_symbol_file *file, Elf *elf, uint32_t type)
{
    Elf_Scn *section = NULL;

    while (elf && (section = elf_nextscn(elf, section))) {
        GElf_Shdr header;

        if (gelf_getshdr(section, &header) && header.sh_type == type &&
            !add_functions(file, elf, section, &header))
            return false;
        if (file->entry_count)
            return true;
        free(file->entries);
        file->entries = NULL;
    }
    return true;
}

bool symbol_elf_functions(struct rn_symbol_file *file)
{
    bool fine = functions_of(file, file->code.elf, SHT_SYMTAB);

    if (fine && !file->entry_count)
        fine = functions_of(file, file->debug.elf, SHT_SYMTAB);
    if (fine && !file->entry_count)
        fine = functions_of(file, file->code.elf, SHT_DYNSYM);
    return fine;
}

/* A symbol without a size reaches to the next one. */
const struct symbol_entry *symbol_elf_function(const struct rn_symbol_file *file, uint64_t address)
{
    const struct symbol_entry *entry;
    size_t low = 0, high = file->entry_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (file->entries[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    entry = &file->entries[low - 1];
    return entry->size == 0 || address - entry->address < entry->size ? entry : NULL;
}
