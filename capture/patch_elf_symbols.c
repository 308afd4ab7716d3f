/* SPDX-License-Identifier: MIT */
#include "patch_elf_private.h"

#include <elf.h>
#include <string.h>

#define SECTIONS_MAX 4096u
#define SYMBOLS_MAX  16384u

bool rn_patch_elf_sections(const uint8_t *image, size_t size, struct rn_patch_range *in_file)
{
    Elf64_Ehdr header;
    uint64_t bytes;

    if (size < sizeof(header))
        return false;
    memcpy(&header, image, sizeof(header));
    bytes = header.e_shnum * sizeof(Elf64_Shdr);
    if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shnum == 0 ||
        header.e_shnum > SECTIONS_MAX || header.e_shoff > size || bytes > size - header.e_shoff)
        return false;
    *in_file = (struct rn_patch_range){header.e_shoff, header.e_shoff + bytes};
    return true;
}

/* The table that has all symbols is preferred. */
void rn_patch_elf_find_symbols(struct rn_patch_elf *elf)
{
    struct rn_patch_range sections;

    if (!rn_patch_elf_sections(elf->image, elf->size, &sections))
        return;
    for (uint64_t at = sections.start; at < sections.end; at += sizeof(Elf64_Shdr)) {
        Elf64_Shdr section;

        memcpy(&section, elf->image + at, sizeof(section));
        if ((section.sh_type != SHT_SYMTAB && (section.sh_type != SHT_DYNSYM || elf->symbols)) ||
            section.sh_size > SYMBOLS_MAX * sizeof(Elf64_Sym) || section.sh_offset > elf->size ||
            section.sh_size > elf->size - section.sh_offset)
            continue;
        elf->symbols = elf->image + section.sh_offset;
        elf->symbol_count = section.sh_size / sizeof(Elf64_Sym);
        if (section.sh_type == SHT_SYMTAB)
            return;
    }
}

/* Of a function, with its bytes. */
static bool read_function(const struct rn_patch_elf *elf, size_t index,
                          struct rn_patch_range *function)
{
    Elf64_Sym symbol;

    memcpy(&symbol, elf->symbols + index * sizeof(symbol), sizeof(symbol));
    if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF ||
        symbol.st_size == 0 || symbol.st_size > UINT64_MAX - symbol.st_value)
        return false;
    *function = (struct rn_patch_range){symbol.st_value, symbol.st_value + symbol.st_size};
    return true;
}

void rn_patch_elf_symbol(const struct rn_patch_elf *elf, uint64_t address,
                         struct rn_patch_range *range)
{
    for (size_t i = 0; i < elf->symbol_count; i++) {
        struct rn_patch_range function;

        if (!read_function(elf, i, &function))
            continue;
        if (address >= function.start && address < function.end) {
            *range = function;
            return;
        }
        if (function.end <= address && function.end > range->start)
            range->start = function.end;
        if (function.start > address && function.start < range->end)
            range->end = function.start;
    }
}
