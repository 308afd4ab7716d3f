/* SPDX-License-Identifier: MIT */
#include "patch_decode.h"

#include <Zydis/Zydis.h>

bool rn_patch_decode_until(const uint8_t *code, size_t size, size_t target,
                           struct rn_patch_instruction *at, uint32_t *budget)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction instruction;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_MINIMAL, ZYAN_TRUE);
    while (at->end <= target) {
        size_t next = at->end;

        if (next >= size || *budget == 0)
            return false;
        --*budget;
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, code + next, size - next,
                                                        &instruction)))
            return false;
        *at = (struct rn_patch_instruction){.start = next, .end = next + instruction.length};
    }
    return at->start <= target;
}
