/* SPDX-License-Identifier: MIT */
#include "patch_cover.h"

/* Without a known start, code is decoded from each of SWEEPS offsets in a row, the first one
 * SWEEP_DISTANCE before the target. Wrong starts fall into step after a few instructions. */
#define SWEEPS         16u
#define SWEEP_DISTANCE 96u
#define SWEEPS_NEEDED  (SWEEPS / 2)

#define ENTRY_SPAN 256u /* of the code at the entry point that is taken for one function */

static bool find_function(const struct rn_patch_cover *cover, uint64_t address,
                          struct rn_patch_range *function)
{
    uint64_t entry = cover->elf->entry;

    if (!rn_patch_elf_function(cover->elf, address, function)) {
        if (address < entry || address - entry >= ENTRY_SPAN)
            return false;
        *function = (struct rn_patch_range){.start = entry, .end = entry + ENTRY_SPAN};
    }
    return function->start >= cover->code.address;
}

static bool cover_from_start(struct rn_patch_cover *cover, size_t target,
                             struct rn_patch_instruction *instruction)
{
    struct rn_patch_range function;

    if (!find_function(cover, cover->code.address + target, &function))
        return false;
    if (function.start != cover->function.start || cover->at.start > target) {
        size_t start = (size_t)(function.start - cover->code.address);

        cover->function = function;
        cover->at = (struct rn_patch_instruction){.start = start, .end = start};
    }
    if (!rn_patch_decode_until(cover->code.bytes, cover->code.size, target, &cover->at,
                               &cover->budget))
        return false;
    *instruction = cover->at;
    return cover->code.address + cover->at.end <= function.end;
}

static bool cover_by_sweeps(struct rn_patch_cover *cover, size_t target,
                            struct rn_patch_instruction *instruction)
{
    unsigned agreed = 0;

    if (target < SWEEP_DISTANCE)
        return false;
    for (size_t i = 0; i < SWEEPS; i++) {
        size_t start = target - SWEEP_DISTANCE + i;
        struct rn_patch_instruction at = {.start = start, .end = start};

        if (!rn_patch_decode_until(cover->code.bytes, cover->code.size, target, &at,
                                   &cover->budget))
            continue;
        if (agreed && (at.start != instruction->start || at.end != instruction->end))
            return false;
        *instruction = at;
        agreed++;
    }
    return agreed >= SWEEPS_NEEDED;
}

bool rn_patch_cover(struct rn_patch_cover *cover, size_t target,
                    struct rn_patch_instruction *instruction)
{
    return cover_from_start(cover, target, instruction) ||
           cover_by_sweeps(cover, target, instruction);
}
