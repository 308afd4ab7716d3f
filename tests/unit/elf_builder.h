/* SPDX-License-Identifier: MIT */
/* Small ELF files for the tests of capture/patch.h: the given text at address 0x1000, functions in
 * an unwind table. */
#ifndef RN_TEST_ELF_BUILDER_H
#define RN_TEST_ELF_BUILDER_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ELF_TEXT      0x1000u /* offset and address of the text, two pages at most */
#define ELF_TEXT_2    0x3000u /* of a second executable segment, one page */
#define ELF_SIZE      0x4000u
#define ELF_FUNCTIONS 0x200u /* .eh_frame_hdr, then .eh_frame */
#define ELF_FDE       0x400u
#define ELF_ENTRY     0x800000u /* far from everything */

enum { ELF_HEADER_TABLES, ELF_HEADER_TEXT, ELF_HEADER_FUNCTIONS, ELF_HEADER_TEXT_2, ELF_HEADERS };

struct elf_function {
    uint32_t start, size; /* in the text */
};

static inline void elf_put32(uint8_t *image, size_t offset, uint32_t value)
{
    memcpy(image + offset, &value, sizeof(value));
}

static inline Elf64_Phdr *elf_header(uint8_t *image, size_t index)
{
    return (Elf64_Phdr *)(void *)(image + sizeof(Elf64_Ehdr) + index * sizeof(Elf64_Phdr));
}

static inline void elf_add_functions(uint8_t *image, const struct elf_function *functions,
                                     size_t count)
{
    memcpy(image + ELF_FUNCTIONS, "\x01\x1b\x03\x3b", 4);
    elf_put32(image, ELF_FUNCTIONS + 8, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        size_t fde = ELF_FDE + 16 * i;
        size_t entry = ELF_FUNCTIONS + 12 + 8 * i;

        elf_put32(image, entry, ELF_TEXT + functions[i].start - ELF_FUNCTIONS);
        elf_put32(image, entry + 4, (uint32_t)fde - ELF_FUNCTIONS);
        elf_put32(image, fde, 12);
        elf_put32(image, fde + 8, (uint32_t)(ELF_TEXT + functions[i].start - (fde + 8)));
        elf_put32(image, fde + 12, functions[i].size);
    }
    *elf_header(image, ELF_HEADER_FUNCTIONS) = (Elf64_Phdr){.p_type = PT_GNU_EH_FRAME,
                                                            .p_offset = ELF_FUNCTIONS,
                                                            .p_vaddr = ELF_FUNCTIONS,
                                                            .p_filesz = 12 + 8 * count,
                                                            .p_memsz = 12 + 8 * count};
}

static inline void elf_set_load(uint8_t *image, size_t index, size_t place, size_t size,
                                uint32_t flags)
{
    *elf_header(image, index) = (Elf64_Phdr){.p_type = PT_LOAD,
                                             .p_flags = flags,
                                             .p_offset = place,
                                             .p_vaddr = place,
                                             .p_filesz = size,
                                             .p_memsz = size};
}

/* image: ELF_SIZE bytes, aligned as what malloc returns. Without functions there is no table. */
static inline void elf_build(uint8_t *image, const void *text, size_t text_size,
                             const struct elf_function *functions, size_t count)
{
    Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_DYN,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_entry = ELF_ENTRY,
        .e_phoff = sizeof(Elf64_Ehdr),
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = ELF_HEADERS};

    memset(image, 0, ELF_SIZE);
    memcpy(image, &header, sizeof(header));
    elf_set_load(image, ELF_HEADER_TABLES, 0, ELF_TEXT, PF_R);
    elf_set_load(image, ELF_HEADER_TEXT, ELF_TEXT, text_size, PF_R | PF_X);
    if (count)
        elf_add_functions(image, functions, count);
    memcpy(image + ELF_TEXT, text, text_size);
}

#endif
