/* SPDX-License-Identifier: MIT */
/* The site finder: a whole ELF file, or, where the first byte is odd, a text in a file around it
 * whose functions begin where the following bytes say. */
#include "capture/patch.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define HEADERS   4096u
#define TABLE     0x200u
#define FDES      0x400u
#define FUNCTIONS 8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put32(uint8_t *at, uint64_t value)
{
    const uint32_t low = (uint32_t)value;

    memcpy(at, &low, sizeof(low));
}

static void write_functions(uint8_t *image, const uint8_t *starts)
{
    memcpy(image + TABLE, "\x01\x1b\x03\x3b", 4);
    put32(image + TABLE + 8, FUNCTIONS);
    for (uint64_t i = 0; i < FUNCTIONS; i++) {
        uint64_t fde = FDES + 16 * i, start = HEADERS + starts[2 * i];

        put32(image + TABLE + 12 + 8 * i, start - TABLE);
        put32(image + TABLE + 16 + 8 * i, fde - TABLE);
        put32(image + fde + 8, start - (fde + 8));
        put32(image + fde + 12, starts[2 * i + 1]);
    }
}

static uint8_t *wrap(const uint8_t *starts, const uint8_t *text, size_t size)
{
    const Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB},
        .e_type = ET_DYN,
        .e_machine = EM_X86_64,
        .e_entry = HEADERS,
        .e_phoff = sizeof(header),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 3};
    const Elf64_Phdr headers[] = {
        {.p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = HEADERS, .p_memsz = HEADERS},
        {.p_type = PT_LOAD,
         .p_flags = PF_R | PF_X,
         .p_offset = HEADERS,
         .p_vaddr = HEADERS,
         .p_filesz = size,
         .p_memsz = size},
        {.p_type = PT_GNU_EH_FRAME, .p_offset = TABLE, .p_vaddr = TABLE, .p_filesz = FDES - TABLE}};
    uint8_t *image = calloc(1, HEADERS + size);

    if (!image)
        abort();
    memcpy(image, &header, sizeof(header));
    memcpy(image + sizeof(header), headers, sizeof(headers));
    write_functions(image, starts);
    memcpy(image + HEADERS, text, size);
    return image;
}

static void check_sites(const struct rn_sites *sites)
{
    uint64_t after = sites->text_address;

    for (size_t i = 0; i < sites->count; i++) {
        const struct rn_site *site = &sites->sites[i];

        if (site->address < after || site->return_point != site->address + site->length ||
            site->return_point > sites->text_address + sites->text_size)
            abort();
        after = site->return_point;
    }
}

/* Bytes outside the sites stay as they are, and every site's last two are a syscall. */
static void check_text(const uint8_t *image, size_t size, const struct rn_sites *sites)
{
    struct rn_patched patched;
    uint64_t at = 0;

    if (sites->text_size == 0)
        return;
    if (rn_patch_build(image, size, sites, -0x10000000, 0x1000, &patched, NULL) != RN_OK)
        abort();
    for (size_t i = 0; i <= sites->count; i++) {
        uint64_t end = i < sites->count ? sites->sites[i].address - sites->text_address
                                        : size - sites->text_offset;

        if (end > patched.text.size)
            end = patched.text.size;
        if (memcmp(patched.text.data + at, image + sites->text_offset + at, end - at) != 0)
            abort();
        if (i == sites->count)
            break;
        at = sites->sites[i].return_point - sites->text_address;
        if (memcmp(patched.text.data + at - 2, "\x0f\x05", 2) != 0)
            abort();
    }
    rn_patched_clear(&patched);
}

static void try_image(const uint8_t *image, size_t size)
{
    struct rn_sites sites;

    if (rn_sites_find(image, size, &sites, NULL) == RN_OK) {
        check_sites(&sites);
        check_text(image, size, &sites);
    }
    rn_sites_clear(&sites);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1 + 2 * FUNCTIONS && data[0] % 2) {
        size_t text_size = size - (1 + 2 * FUNCTIONS);
        uint8_t *image = wrap(data + 1, data + 1 + 2 * FUNCTIONS, text_size);

        try_image(image, HEADERS + text_size);
        free(image);
    } else {
        try_image(data, size);
    }
    return 0;
}
