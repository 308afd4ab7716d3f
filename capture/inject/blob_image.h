/* SPDX-License-Identifier: MIT */
/* The injected code as the engine sees it: bytes that belong at RN_BLOB_ADDRESS, and where in them
 * things are. Made at build time by scripts/gen_blob. */
#ifndef RN_BLOB_IMAGE_H
#define RN_BLOB_IMAGE_H

#include <stdint.h>

struct rn_blob_symbols {
    /* Addresses behind the two syscall instructions that the filter lets pass. */
    uint64_t own_return, program_return;
    /* Of the one that makes the program's call; and where the phase is about to say so. In
     * [program_return, result_stored] the call has been made and rax is its result. */
    uint64_t program_call, result_stored;
    /* Entries, one a site kind, and the one that leaves every call to the engine. */
    uint64_t fast_mov, fast_cmp64_0, fast_cmp64_1, fast_cmp32_0, fast_cmp32_1, slow;
    /* [before, exit): on the way in or out, see phase. [exit, traced): committed, only rax and flags
     * are not the program's. [traced, end): on the way to the traced call; registers are the
     * program's from `slow` on. */
    uint64_t before_range, exit_range, traced_range, end_range;
    /* Code that makes the calls of a script, where its calls return to (let pass by the filter), and
     * where its last call, RN_SCRIPT_DONE, would return to. */
    uint64_t bootstrap, script_return, script_end;
    /* Where RN_TELL_MAPPED returns to. */
    uint64_t tell_return;
};

extern const struct rn_blob_symbols rn_blob_symbols;
extern const unsigned char rn_blob_image[];
extern const unsigned int rn_blob_image_size;

#endif
