/* SPDX-License-Identifier: MIT */
#include "patch_branch.h"

#include <stdlib.h>
#include <string.h>

/* A branch of `size` bytes at `offset` of the code that goes to the address `target`. */
struct branch {
    size_t size;
    uint64_t target;
};

/* Which lines of LINE bytes of the address space hold sites: what rules out nearly all branches. */
struct site_map {
    uint8_t *lines;
    uint64_t first, count; /* lines */
};

#define LINE 64u

/* Bytes that a branch begins with, and the size of the branch. */
static const uint8_t branch_sizes[256] = {
    [0x70 ... 0x7f] = 2,             /* jcc rel8 */
    [0xe0 ... 0xe3] = 2, [0xeb] = 2, /* loop, jrcxz, jmp rel8 */
    [0xe8] = 5,          [0xe9] = 5, /* call, jmp rel32 */
    [0x0f] = 6,                      /* jcc rel32, with 80 to 8f */
    [0xc7] = 6,                      /* xbegin rel32, with f8 */
};

static bool second_byte_fits(const uint8_t *bytes)
{
    return (bytes[0] != 0x0f || (bytes[1] & 0xf0) == 0x80) &&
           (bytes[0] != 0xc7 || bytes[1] == 0xf8);
}

static bool read_branch(const struct rn_patch_code *code, size_t offset, struct branch *branch)
{
    const uint8_t *bytes = code->bytes + offset;
    size_t size = branch_sizes[bytes[0]];
    int64_t distance;

    if (size == 0 || size > code->size - offset || !second_byte_fits(bytes))
        return false;
    if (size == 2) {
        distance = (int8_t)bytes[1];
    } else {
        int32_t wide;

        memcpy(&wide, bytes + size - sizeof(wide), sizeof(wide));
        distance = wide;
    }
    *branch =
        (struct branch){.size = size, .target = code->address + offset + size + (uint64_t)distance};
    return true;
}

static enum rn_status build_map(struct site_map *map, const struct rn_site *sites, size_t count,
                                struct rn_error *err)
{
    map->first = sites[0].address / LINE;
    map->count = (sites[count - 1].return_point - 1) / LINE - map->first + 1;
    map->lines = calloc(map->count, 1);
    if (!map->lines)
        return rn_fail(err, RN_E_NOMEM, "no memory for a map of %zu sites", count);
    for (size_t i = 0; i < count; i++) {
        map->lines[sites[i].address / LINE - map->first] = 1;
        map->lines[(sites[i].return_point - 1) / LINE - map->first] = 1;
    }
    return RN_OK;
}

static bool map_has(const struct site_map *map, uint64_t target)
{
    uint64_t line = target / LINE - map->first;

    return line < map->count && map->lines[line];
}

/* The site that must not be jumped to at `target`. */
static struct rn_site *find_damaged(struct rn_site *sites, size_t count, uint64_t target)
{
    size_t low = 0, high = count;
    struct rn_site *site;
    uint64_t into;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (sites[middle].address <= target)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    site = &sites[low - 1];
    into = target - site->address;
    if (into == 0 || into >= site->length)
        return NULL;
    return rn_site_ends_at_call(site) && into == site->length - 2u ? NULL : site;
}

static bool is_prefix(uint8_t byte)
{
    static const uint8_t prefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65,
                                       0x66, 0x67, 0xf0, 0xf2, 0xf3};

    return (byte & 0xf0) == 0x40 || memchr(prefixes, byte, sizeof(prefixes));
}

/* An instruction stands there that ends elsewhere or has more than prefixes before `offset`. */
static bool is_another_instruction(struct rn_patch_cover *cover, size_t offset, size_t size)
{
    struct rn_patch_instruction instruction;

    if (!rn_patch_cover(cover, offset, &instruction))
        return false;
    for (size_t i = instruction.start; i < offset; i++)
        if (!is_prefix(cover->code.bytes[i]))
            return true;
    return instruction.end != offset + size;
}

enum rn_status rn_patch_branch_check(struct rn_patch_cover *cover, struct rn_site *sites,
                                     size_t count, struct rn_error *err)
{
    struct site_map map;

    if (count == 0)
        return RN_OK;
    if (build_map(&map, sites, count, err) != RN_OK)
        return RN_E_NOMEM;
    for (size_t offset = 0; offset < cover->code.size; offset++) {
        struct branch branch;
        struct rn_site *site;

        if (!read_branch(&cover->code, offset, &branch) || !map_has(&map, branch.target))
            continue;
        site = find_damaged(sites, count, branch.target);
        if (site && site->kind && !is_another_instruction(cover, offset, branch.size))
            site->kind = 0;
    }
    free(map.lines);
    return RN_OK;
}
