/* SPDX-License-Identifier: MIT */
/* What the files that use libdw share. */
#ifndef RN_SYMBOL_FILE_PRIVATE_H
#define RN_SYMBOL_FILE_PRIVATE_H

#include "formats/id_map.h"
#include "symbol_file.h"

#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <gelf.h>

struct symbol_entry {
    uint64_t address, size;
    const char *name; /* in the file's own string table */
};

/* An opened ELF file. */
struct symbol_elf {
    int fd;
    Elf *elf;
};

/* Addresses [begin, end) that belong to an entry of the debug information. */
struct symbol_range {
    uint64_t begin, end;
    Dwarf_Off die;
};

/* Ascending by begin. */
struct symbol_ranges {
    struct symbol_range *list;
    size_t count, capacity;
};

struct rn_symbol_file {
    enum rn_symbol_state state;
    enum rn_symbol_state nameless; /* why nothing is named, where nothing is */
    char *path;
    struct symbol_elf code, debug; /* debug.elf NULL: none of its own */
    Dwarf *dwarf;                  /* NULL: no debug information */
    struct symbol_elf shared;      /* what dwz(1) moved into a file of its own, if it was fetched */
    Dwarf *shared_dwarf;
    Dwarf_CFI *eh_frame, *debug_frame;
    struct symbol_entry *entries; /* functions, ascending */
    size_t entry_count;
    struct symbol_ranges units;
    struct rn_id_map functions; /* struct symbol_ranges by unit (offset of its entry), when asked */
};

/* symbol_elf.c */
bool symbol_elf_open(struct symbol_elf *file, const char *path);
void symbol_elf_close(struct symbol_elf *file);
/* Of its notes; NULL none. */
const uint8_t *symbol_elf_build_id(Elf *elf, size_t *size);
/* Address in the file's own numbering, as symbols and debug information use it. */
bool symbol_elf_address(Elf *elf, uint64_t offset, uint64_t *address);
/* Functions of .symtab, else of .dynsym. False: no memory. */
bool symbol_elf_functions(struct rn_symbol_file *file);
const struct symbol_entry *symbol_elf_function(const struct rn_symbol_file *file, uint64_t address);

/* symbol_dwarf.c: frames and lines, appended to the symbol. False: no memory. */
void symbol_dwarf_index(struct rn_symbol_file *file);
void symbol_dwarf_free(struct rn_symbol_file *file);
bool symbol_dwarf_find(struct rn_symbol_file *file, uint64_t address, struct rn_symbol *symbol);

/* symbol_cfi.c */
void symbol_cfi_find(struct rn_symbol_file *file, uint64_t address, struct rn_unwind_row *row);

/* symbol_file.c: a frame more, its texts copied. False: no memory. */
bool symbol_add_frame(struct rn_symbol *symbol, const char *function, const char *source,
                      uint32_t line);

#endif
