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

#endif
