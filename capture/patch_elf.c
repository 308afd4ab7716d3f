/* SPDX-License-Identifier: MIT */
#include "patch_elf_private.h"

#include "patch.h"

#include <elf.h>
#include <string.h>

#define HEADERS_MAX 256u

/* Encodings of pointers in .eh_frame_hdr (DW_EH_PE_*), the only ones that linkers write there. */
#define ENCODING_SIZE_MASK      0x0fu
#define ENCODING_UDATA4         0x03u
#define ENCODING_SDATA4         0x0bu
#define ENCODING_DATAREL_SDATA4 0x3bu

/* Of .eh_frame_hdr: version, three encodings, pointer to .eh_frame, number of functions. */
#define FUNCTIONS_HEADER 12u
#define FUNCTION_ENTRY   8u

/* The bytes [offset, offset + length) of the file; NULL where they are not all there. */
static const uint8_t *bytes_at(const struct rn_patch_elf *elf, uint64_t offset, uint64_t length)
{
    if (offset > elf->size || length > elf->size - offset)
        return NULL;
    return elf->image + offset;
}

static int32_t read_i32(const uint8_t *bytes)
{
    int32_t value;

    memcpy(&value, bytes, sizeof(value));
    return value;
}

static uint32_t read_u32(const uint8_t *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof(value));
    return value;
}

static Elf64_Phdr header_at(const struct rn_patch_elf *elf, size_t index)
{
    Elf64_Phdr header;

    memcpy(&header, elf->image + elf->headers + index * sizeof(header), sizeof(header));
    return header;
}

/* The bytes that a process finds at [address, address + length), if one segment holds them all. */
static const uint8_t *bytes_loaded_at(const struct rn_patch_elf *elf, uint64_t address,
                                      uint64_t length)
{
    for (size_t i = 0; i < elf->header_count; i++) {
        Elf64_Phdr header = header_at(elf, i);
        uint64_t into = address - header.p_vaddr;

        if (header.p_type != PT_LOAD || address < header.p_vaddr || into > header.p_filesz ||
            length > header.p_filesz - into)
            continue;
        if (header.p_offset > UINT64_MAX - into)
            return NULL;
        return bytes_at(elf, header.p_offset + into, length);
    }
    return NULL;
}

static void find_functions(struct rn_patch_elf *elf, const Elf64_Phdr *header)
{
    const uint8_t *table = bytes_at(elf, header->p_offset, header->p_filesz);
    uint64_t count;

    if (!table || header->p_filesz < FUNCTIONS_HEADER)
        return;
    if (table[0] != 1 || table[2] != ENCODING_UDATA4 || table[3] != ENCODING_DATAREL_SDATA4)
        return;
    if ((table[1] & ENCODING_SIZE_MASK) != ENCODING_UDATA4 &&
        (table[1] & ENCODING_SIZE_MASK) != ENCODING_SDATA4)
        return;
    count = read_u32(table + 8);
    if (count > (header->p_filesz - FUNCTIONS_HEADER) / FUNCTION_ENTRY)
        return;
    elf->functions = table + FUNCTIONS_HEADER;
    elf->function_count = count;
    elf->functions_address = header->p_vaddr;
}

/* The dynamic linker writes into such a text: a text laid over it would be of another state. */
static bool text_is_relocated(const struct rn_patch_elf *elf, const Elf64_Phdr *header)
{
    const uint8_t *dynamic = bytes_at(elf, header->p_offset, header->p_filesz);

    if (!dynamic)
        return false;
    for (uint64_t at = 0; header->p_filesz - at >= sizeof(Elf64_Dyn); at += sizeof(Elf64_Dyn)) {
        Elf64_Dyn entry;

        memcpy(&entry, dynamic + at, sizeof(entry));
        if (entry.d_tag == DT_NULL)
            break;
        if (entry.d_tag == DT_TEXTREL ||
            (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_TEXTREL)))
            return true;
    }
    return false;
}

static enum rn_status read_headers(struct rn_patch_elf *elf, struct rn_error *err)
{
    for (size_t i = 0; i < elf->header_count; i++) {
        Elf64_Phdr header = header_at(elf, i);

        if (header.p_type == PT_GNU_EH_FRAME)
            find_functions(elf, &header);
        if (header.p_type == PT_DYNAMIC && text_is_relocated(elf, &header))
            return rn_fail(err, RN_E_FORMAT, "the dynamic linker changes the text of this file");
    }
    return RN_OK;
}

enum rn_status rn_patch_elf_open(struct rn_patch_elf *elf, const uint8_t *image, size_t size,
                                 struct rn_error *err)
{
    Elf64_Ehdr header;

    *elf = (struct rn_patch_elf){.image = image, .size = size};
    if (size < sizeof(header) || memcmp(image, ELFMAG, SELFMAG) != 0)
        return rn_fail(err, RN_E_FORMAT, "not an ELF file");
    memcpy(&header, image, sizeof(header));
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
        header.e_machine != EM_X86_64 || (header.e_type != ET_EXEC && header.e_type != ET_DYN))
        return rn_fail(err, RN_E_FORMAT, "not a 64-bit x86 executable or shared library");
    if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > HEADERS_MAX ||
        !bytes_at(elf, header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr)))
        return rn_fail(err, RN_E_FORMAT, "damaged ELF program headers");
    elf->entry = header.e_entry;
    elf->headers = header.e_phoff;
    elf->header_count = header.e_phnum;
    rn_patch_elf_find_symbols(elf);
    return read_headers(elf, err);
}

bool rn_patch_elf_code(const struct rn_patch_elf *elf, size_t index, struct rn_patch_code *code)
{
    Elf64_Phdr header = header_at(elf, index);
    const uint8_t *bytes = bytes_at(elf, header.p_offset, header.p_filesz);

    if (header.p_type != PT_LOAD || !(header.p_flags & PF_X) || (header.p_flags & PF_W) || !bytes)
        return false;
    /* Whole pages of the file are mapped; what lies behind the bytes of the file would not be its
     * text. And no address may wrap around in what follows. */
    if (header.p_filesz == 0 || header.p_memsz != header.p_filesz ||
        header.p_vaddr % RN_PATCH_PAGE != header.p_offset % RN_PATCH_PAGE ||
        header.p_vaddr > INT64_MAX - header.p_filesz - RN_PATCH_PAGE)
        return false;
    *code = (struct rn_patch_code){.bytes = bytes,
                                   .size = header.p_filesz,
                                   .address = header.p_vaddr,
                                   .offset = header.p_offset};
    return true;
}

/* .eh_frame lies in the segment that .eh_frame_hdr lies in. */
static bool holds_functions(const struct rn_patch_elf *elf, const Elf64_Phdr *segment)
{
    for (size_t i = 0; i < elf->header_count; i++) {
        Elf64_Phdr header = header_at(elf, i);

        if (header.p_type == PT_GNU_EH_FRAME && header.p_offset >= segment->p_offset &&
            header.p_offset - segment->p_offset < segment->p_filesz)
            return true;
    }
    return false;
}

bool rn_patch_elf_needed(const struct rn_patch_elf *elf, size_t index,
                         struct rn_patch_range *in_file)
{
    Elf64_Phdr header = header_at(elf, index);
    uint64_t left;

    if (header.p_type != PT_DYNAMIC &&
        (header.p_type != PT_LOAD || (!(header.p_flags & PF_X) && !holds_functions(elf, &header))))
        return false;
    if (header.p_offset >= elf->size)
        return false;
    left = elf->size - header.p_offset;
    *in_file = (struct rn_patch_range){.start = header.p_offset,
                                       .end = header.p_offset +
                                              (header.p_filesz < left ? header.p_filesz : left)};
    return true;
}

static uint64_t relative(const struct rn_patch_elf *elf, const uint8_t *bytes)
{
    return elf->functions_address + (uint64_t)(int64_t)read_i32(bytes);
}

/* The last entry of the table that begins at or before `address`. */
static const uint8_t *find_entry(const struct rn_patch_elf *elf, uint64_t address)
{
    size_t low = 0, high = elf->function_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (relative(elf, elf->functions + middle * FUNCTION_ENTRY) <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? elf->functions + (low - 1) * FUNCTION_ENTRY : NULL;
}

bool rn_patch_elf_start(const struct rn_patch_elf *elf, uint64_t address, uint64_t *start)
{
    const uint8_t *entry = find_entry(elf, address);

    if (entry)
        *start = relative(elf, entry);
    return entry != NULL;
}

/* Of the FDE only the usual form is read (start relative to its own place, four bytes each, then
 * the size): that it gives the start that the table gives shows that it has this form. */
bool rn_patch_elf_function(const struct rn_patch_elf *elf, uint64_t address,
                           struct rn_patch_range *function)
{
    const uint8_t *entry = find_entry(elf, address);
    const uint8_t *fde;
    uint64_t start, fde_address;

    if (!entry)
        return false;
    start = relative(elf, entry);
    fde_address = relative(elf, entry + 4);
    fde = bytes_loaded_at(elf, fde_address, 16);
    if (!fde || fde_address + 8 + (uint64_t)(int64_t)read_i32(fde + 8) != start)
        return false;
    *function = (struct rn_patch_range){.start = start, .end = start + read_u32(fde + 12)};
    return address >= start && address < function->end;
}
