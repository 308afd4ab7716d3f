/* SPDX-License-Identifier: MIT */
/* Which instruction a byte of code belongs to. */
#ifndef RN_PATCH_COVER_H
#define RN_PATCH_COVER_H

#include "patch_decode.h"
#include "patch_elf.h"

struct rn_patch_cover {
    const struct rn_patch_elf *elf;
    struct rn_patch_code code;
    /* Where the last search ended: one that goes on in the same function starts there. */
    struct rn_patch_range function;
    struct rn_patch_instruction at;
    uint32_t budget; /* instructions that may still be decoded: hostile files end here */
};

/* The instruction that covers the byte at offset `target` of the code, if that is certain: decoded
 * from the start of the function, or, where no function is known, found alike from many starts. */
bool rn_patch_cover(struct rn_patch_cover *cover, size_t target,
                    struct rn_patch_instruction *instruction);

#endif
