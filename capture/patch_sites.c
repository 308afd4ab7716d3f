/* SPDX-License-Identifier: MIT */
#include "patch.h"

#include "patch_branch.h"
#include "patch_cover.h"
#include "patch_elf.h"
#include "patch_moved.h"

#include <stdlib.h>
#include <string.h>

#define MOV_SIZE     5u
#define SYSCALL_SIZE 2u

/* Instructions that may be decoded for one file: some 50 ms. gcc's cc1, 20 MB, takes a quarter. */
#define DECODE_BUDGET 500000u

/* One segment that is being searched. */
struct search {
    struct rn_patch_cover cover;
    struct rn_site *sites;
    size_t count, capacity;
    size_t unpatched;
};

/* System calls that are left in place: rt_sigreturn is known by its bytes; execveat is always left to
 * the engine. */
bool rn_patch_number_stays(uint32_t number)
{
    static const uint16_t numbers[] = {15, 322};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (numbers[i] == number)
            return true;
    return false;
}

static uint32_t read_u32(const uint8_t *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof(value));
    return value;
}

/* mov $imm32, %eax directly before the syscall at `offset`? */
static bool mov_fits(const struct rn_patch_code *code, size_t offset, struct rn_site *site)
{
    if (offset < MOV_SIZE || code->bytes[offset - MOV_SIZE] != 0xb8)
        return false;
    *site = (struct rn_site){.address = code->address + offset - MOV_SIZE,
                             .return_point = code->address + offset + SYSCALL_SIZE,
                             .immediate = read_u32(code->bytes + offset - MOV_SIZE + 1),
                             .kind = RN_SITE_MOV,
                             .length = MOV_SIZE + SYSCALL_SIZE};
    return true;
}

/* The comparison with the range of error numbers directly behind the syscall at `offset`? */
static bool cmp_fits(const struct rn_patch_code *code, size_t offset, struct rn_site *site)
{
    const uint8_t *cmp = code->bytes + offset + SYSCALL_SIZE;
    size_t left = code->size - offset - SYSCALL_SIZE;
    bool wide = left >= 6 && cmp[0] == 0x48 && cmp[1] == 0x3d;
    uint32_t immediate;
    uint8_t length;

    if (!wide && !(left >= 5 && cmp[0] == 0x3d))
        return false;
    length = wide ? 8 : 7;
    immediate = read_u32(cmp + (wide ? 2 : 1));
    if (immediate != 0xfffff000u && immediate != 0xfffff001u)
        return false;
    *site = (struct rn_site){.address = code->address + offset,
                             .return_point = code->address + offset + length,
                             .immediate = immediate,
                             .kind = wide ? RN_SITE_CMP64 : RN_SITE_CMP32,
                             .length = length};
    return true;
}

static enum rn_status append(struct search *search, const struct rn_site *site,
                             struct rn_error *err)
{
    if (search->count == search->capacity) {
        size_t capacity = search->capacity ? search->capacity * 2 : 64;
        struct rn_site *sites = realloc(search->sites, capacity * sizeof(*sites));

        if (!sites)
            return rn_fail(err, RN_E_NOMEM, "no memory for %zu sites", capacity);
        search->sites = sites;
        search->capacity = capacity;
    }
    search->sites[search->count++] = *site;
    return RN_OK;
}

/* Sites found by true boundaries never overlap, nor does a function start in one. Where a lying
 * unwind table says otherwise, the boundaries are not certain. */
static enum rn_status add(struct search *search, const struct rn_site *site, struct rn_error *err)
{
    uint64_t start;

    if (search->count && search->sites[search->count - 1].return_point > site->address) {
        search->count--;
        search->unpatched += 2;
        return RN_OK;
    }
    if (search->count == RN_SITES_MAX ||
        (rn_patch_elf_start(search->cover.elf, site->return_point - 1, &start) &&
         start > site->address)) {
        search->unpatched++;
        return RN_OK;
    }
    return append(search, site, err);
}

/* The bytes 0f 05 at `offset`. */
static enum rn_status consider(struct search *search, size_t offset, struct rn_error *err)
{
    const struct rn_patch_code *code = &search->cover.code;
    struct rn_patch_instruction instruction;
    struct rn_site site;
    bool certain;

    if (mov_fits(code, offset, &site) && !rn_patch_number_stays(site.immediate) &&
        rn_patch_cover(&search->cover, offset - MOV_SIZE, &instruction) &&
        instruction.start == offset - MOV_SIZE && instruction.end == offset)
        return add(search, &site, err);
    certain = rn_patch_cover(&search->cover, offset, &instruction);
    if (certain && instruction.start != offset)
        return RN_OK;
    if (certain && cmp_fits(code, offset, &site))
        return add(search, &site, err);
    if (certain && rn_patch_moved_fits(&search->cover, offset, &site))
        return add(search, &site, err);
    search->unpatched++;
    return RN_OK;
}

static enum rn_status consider_all(struct search *search, struct rn_error *err)
{
    static const uint8_t syscall_bytes[SYSCALL_SIZE] = {0x0f, 0x05};
    const struct rn_patch_code *code = &search->cover.code;
    const uint8_t *at = code->bytes, *end = code->bytes + code->size;

    while ((at = memmem(at, (size_t)(end - at), syscall_bytes, SYSCALL_SIZE))) {
        enum rn_status status = consider(search, (size_t)(at - code->bytes), err);

        if (status != RN_OK)
            return status;
        at += SYSCALL_SIZE;
    }
    return RN_OK;
}

/* Branches may come from any segment of the file. */
static enum rn_status check_branches(struct search *search, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (size_t i = 0; status == RN_OK && i < search->cover.elf->header_count; i++) {
        struct rn_patch_cover cover = {.elf = search->cover.elf, .budget = search->cover.budget};

        if (!rn_patch_elf_code(cover.elf, i, &cover.code))
            continue;
        status = rn_patch_branch_check(&cover, search->sites, search->count, err);
        search->cover.budget = cover.budget;
    }
    return status;
}

static void remove_damaged(struct search *search)
{
    size_t kept = 0;

    for (size_t i = 0; i < search->count; i++)
        if (search->sites[i].kind)
            search->sites[kept++] = search->sites[i];
    search->unpatched += search->count - kept;
    search->count = kept;
}

static void keep_text(struct rn_sites *sites, const struct rn_patch_code *code)
{
    uint64_t into = code->address % RN_PATCH_PAGE;
    uint64_t size = code->size + into + RN_PATCH_PAGE - 1;

    sites->text_address = code->address - into;
    sites->text_offset = code->offset - into;
    sites->text_size = size - size % RN_PATCH_PAGE;
}

/* Search one segment; its sites are kept if no segment before it had any. */
static enum rn_status search_segment(struct search *search, struct rn_sites *sites,
                                     struct rn_error *err)
{
    enum rn_status status = consider_all(search, err);

    if (status == RN_OK)
        status = check_branches(search, err);
    if (status != RN_OK)
        return status;
    remove_damaged(search);
    if (sites->count == 0 && (search->count || sites->text_size == 0)) {
        keep_text(sites, &search->cover.code);
        free(sites->sites);
        sites->sites = search->sites;
        sites->count = search->count;
        search->sites = NULL;
        search->count = 0;
    }
    sites->unpatched += search->unpatched + search->count;
    return RN_OK;
}

enum rn_status rn_sites_find(const uint8_t *image, size_t size, struct rn_sites *sites,
                             struct rn_error *err)
{
    struct rn_patch_elf elf;
    uint32_t budget = DECODE_BUDGET;
    enum rn_status status;

    *sites = (struct rn_sites){.sites = NULL};
    status = rn_patch_elf_open(&elf, image, size, err);
    for (size_t i = 0; status == RN_OK && i < elf.header_count; i++) {
        struct search search = {.cover = {.elf = &elf, .budget = budget}};

        if (!rn_patch_elf_code(&elf, i, &search.cover.code) ||
            search.cover.code.size > RN_PATCH_TEXT_MAX)
            continue;
        status = search_segment(&search, sites, err);
        budget = search.cover.budget;
        free(search.sites);
    }
    if (status != RN_OK)
        rn_sites_clear(sites);
    return status;
}

void rn_sites_clear(struct rn_sites *sites)
{
    free(sites->sites);
    *sites = (struct rn_sites){.sites = NULL};
}
