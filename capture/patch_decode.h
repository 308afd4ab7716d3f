/* SPDX-License-Identifier: MIT */
/* Instruction boundaries of x86-64 code. */
#ifndef RN_PATCH_DECODE_H
#define RN_PATCH_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An instruction, as offsets into the code. */
struct rn_patch_instruction {
    size_t start, end;
};

/* Decode one instruction after the other, the first one at at->end, until *at is the one that
 * covers the byte at `target` (which may be *at as given). false where something is no instruction
 * or *budget, which counts instructions down, is used up; *at is then the last good one. */
bool rn_patch_decode_until(const uint8_t *code, size_t size, size_t target,
                           struct rn_patch_instruction *at, uint32_t *budget);

/* What an instruction does, as far as it matters to whoever executes it elsewhere. */
struct rn_patch_effect {
    bool movable;           /* one of the few that are known to do the same at another address */
    bool stores;            /* writes memory */
    bool loads;             /* reads memory */
    uint32_t reads, writes; /* general registers: bit 0 rax, 1 rcx... 15 r15 */
};

/* The effect of the instruction at the beginning of the code; not movable where that is none. */
struct rn_patch_effect rn_patch_decode_effect(const uint8_t *code, size_t size);

#endif
