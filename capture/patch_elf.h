/* SPDX-License-Identifier: MIT */
/* What the search for sites needs to know of an ELF file: its executable segments and the
 * functions that its unwind table lists. Nothing in the file is trusted. */
#ifndef RN_PATCH_ELF_H
#define RN_PATCH_ELF_H

#include "formats/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rn_patch_elf {
    const uint8_t *image; /* borrowed */
    size_t size;
    uint64_t entry;
    uint64_t headers; /* file offset of the program headers, all of them inside the file */
    size_t header_count;
    /* Search table of .eh_frame_hdr: pairs of int32, relative to its own address. */
    const uint8_t *functions;
    size_t function_count;
    uint64_t functions_address;
    /* The symbol table, whole or what the dynamic linker has of it; NULL where it is too large. */
    const uint8_t *symbols;
    size_t symbol_count;
};

/* Code of one segment: `size` bytes at `bytes` that a process sees at `address`. */
struct rn_patch_code {
    const uint8_t *bytes;
    size_t size;
    uint64_t address;
    uint64_t offset; /* in the file */
};

struct rn_patch_range {
    uint64_t start, end;
};

/* RN_E_FORMAT for anything but a 64-bit x86 executable or shared library. */
RN_MUST_CHECK enum rn_status rn_patch_elf_open(struct rn_patch_elf *elf, const uint8_t *image,
                                               size_t size, struct rn_error *err);

/* Program header number `index`: an executable segment that is not also written to? */
bool rn_patch_elf_code(const struct rn_patch_elf *elf, size_t index, struct rn_patch_code *code);

/* The last start of a function at or before `address`, whatever the function's size. */
bool rn_patch_elf_start(const struct rn_patch_elf *elf, uint64_t address, uint64_t *start);

/* Program header number `index`: the bytes of the file, if any, that the functions here and the
 * search for sites look at; clipped to the file. */
bool rn_patch_elf_needed(const struct rn_patch_elf *elf, size_t index,
                         struct rn_patch_range *in_file);

/* The bytes of the file that section headers take, where they are of a sensible size. */
bool rn_patch_elf_sections(const uint8_t *image, size_t size, struct rn_patch_range *in_file);

/* The function that holds `address`, by the symbol table; or *range, cut to what lies between the
 * functions that the table has. Looks at all symbols. */
void rn_patch_elf_symbol(const struct rn_patch_elf *elf, uint64_t address,
                         struct rn_patch_range *range);

/* The function that holds `address`, by the unwind table. */
bool rn_patch_elf_function(const struct rn_patch_elf *elf, uint64_t address,
                           struct rn_patch_range *function);

#endif
