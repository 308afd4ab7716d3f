/* SPDX-License-Identifier: MIT */
#include "patch_image.h"

#include "patch.h"
#include "patch_elf.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Text is copied in whole pages. */
static enum rn_status read_range(int fd, struct rn_patch_image *image, struct rn_patch_range range,
                                 struct rn_error *err)
{
    uint64_t at = range.start - range.start % RN_PATCH_PAGE;
    uint64_t end = range.end;

    if (end % RN_PATCH_PAGE)
        end += RN_PATCH_PAGE - end % RN_PATCH_PAGE;
    if (end > image->size)
        end = image->size;
    while (at < end) {
        ssize_t got = pread(fd, image->bytes + at, end - at, (off_t)at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return rn_fail(err, RN_E_SYSTEM, "cannot read the program's text");
        if (got == 0)
            return rn_fail(err, RN_E_FORMAT, "the file was cut while it was read");
        at += (uint64_t)got;
    }
    return RN_OK;
}

static enum rn_status read_headers(int fd, struct rn_patch_image *image, struct rn_error *err)
{
    struct rn_patch_range range = {.end = sizeof(Elf64_Ehdr)};
    Elf64_Ehdr header;
    enum rn_status status = read_range(fd, image, range, err);

    if (status != RN_OK)
        return status;
    memcpy(&header, image->bytes, sizeof(header));
    if (header.e_phoff >= image->size)
        return RN_OK;
    range.start = header.e_phoff;
    range.end = header.e_phoff + header.e_phnum * sizeof(Elf64_Phdr);
    return read_range(fd, image, range, err);
}

static enum rn_status read_needed(int fd, struct rn_patch_image *image, struct rn_error *err)
{
    struct rn_patch_elf elf;
    struct rn_patch_range sections;
    enum rn_status status = read_headers(fd, image, err);

    if (status == RN_OK && rn_patch_elf_sections(image->bytes, image->size, &sections))
        status = read_range(fd, image, sections, err);
    if (status == RN_OK)
        status = rn_patch_elf_open(&elf, image->bytes, image->size, err);
    for (size_t i = 0; status == RN_OK && i < elf.header_count; i++) {
        struct rn_patch_range range;

        if (rn_patch_elf_needed(&elf, i, &range))
            status = read_range(fd, image, range, err);
    }
    if (status == RN_OK && elf.symbols) {
        sections.start = (uint64_t)(elf.symbols - image->bytes);
        sections.end = sections.start + elf.symbol_count * sizeof(Elf64_Sym);
        status = read_range(fd, image, sections, err);
    }
    return status;
}

enum rn_status rn_patch_image_load(int fd, struct rn_patch_image *image, struct rn_error *err)
{
    struct stat file;
    enum rn_status status;
    void *bytes;

    *image = (struct rn_patch_image){.bytes = NULL};
    if (fstat(fd, &file) != 0)
        return rn_fail(err, RN_E_SYSTEM, "cannot look at the program's file");
    if (!S_ISREG(file.st_mode) || (uint64_t)file.st_size < sizeof(Elf64_Ehdr))
        return rn_fail(err, RN_E_FORMAT, "not an ELF file");
    if ((uint64_t)file.st_size > RN_PATCH_IMAGE_MAX)
        return rn_fail(err, RN_E_LIMIT, "an ELF file of more than 4 GiB is not patched");
    bytes = mmap(NULL, (size_t)file.st_size, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (bytes == MAP_FAILED)
        return rn_fail(err, RN_E_NOMEM, "no memory for a program of %llu bytes",
                       (unsigned long long)file.st_size);
    *image = (struct rn_patch_image){.bytes = bytes, .size = (size_t)file.st_size};
    status = read_needed(fd, image, err);
    if (status != RN_OK)
        rn_patch_image_free(image);
    return status;
}

void rn_patch_image_free(struct rn_patch_image *image)
{
    if (image->bytes)
        munmap(image->bytes, image->size);
    *image = (struct rn_patch_image){.bytes = NULL};
}
