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

/* They do no more than they say: no branch, no trap, no stack. */
static bool is_plain(ZydisMnemonic mnemonic)
{
    static const ZydisMnemonic plain[] = {
        ZYDIS_MNEMONIC_MOV,    ZYDIS_MNEMONIC_MOVSXD, ZYDIS_MNEMONIC_MOVZX,  ZYDIS_MNEMONIC_MOVSX,
        ZYDIS_MNEMONIC_LEA,    ZYDIS_MNEMONIC_XOR,    ZYDIS_MNEMONIC_OR,     ZYDIS_MNEMONIC_AND,
        ZYDIS_MNEMONIC_ADD,    ZYDIS_MNEMONIC_SUB,    ZYDIS_MNEMONIC_TEST,   ZYDIS_MNEMONIC_CMP,
        ZYDIS_MNEMONIC_NOP, /* stores of vector registers: */
        ZYDIS_MNEMONIC_MOVUPS, ZYDIS_MNEMONIC_MOVAPS, ZYDIS_MNEMONIC_MOVDQU, ZYDIS_MNEMONIC_MOVDQA};

    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        if (plain[i] == mnemonic)
            return true;
    return false;
}

/* False: relative to the instruction, or no general register. */
static bool add_register(ZydisRegister reg, uint32_t *set)
{
    ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);

    if (reg == ZYDIS_REGISTER_NONE || ZydisRegisterGetClass(reg) == ZYDIS_REGCLASS_FLAGS)
        return true;
    if (whole < ZYDIS_REGISTER_RAX || whole > ZYDIS_REGISTER_R15)
        return false;
    *set |= 1u << (whole - ZYDIS_REGISTER_RAX);
    return true;
}

static bool add_operand(const ZydisDecodedOperand *operand, struct rn_patch_effect *effect)
{
    bool reads = operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ;
    bool writes = operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;

    switch (operand->type) {
    case ZYDIS_OPERAND_TYPE_IMMEDIATE:
        return true;
    case ZYDIS_OPERAND_TYPE_REGISTER:
        if (ZydisRegisterGetClass(operand->reg.value) == ZYDIS_REGCLASS_XMM)
            return !writes;
        return (!reads || add_register(operand->reg.value, &effect->reads)) &&
               (!writes || add_register(operand->reg.value, &effect->writes));
    case ZYDIS_OPERAND_TYPE_MEMORY:
        effect->stores |= writes;
        effect->loads |= reads;
        return add_register(operand->mem.base, &effect->reads) &&
               add_register(operand->mem.index, &effect->reads);
    default:
        return false;
    }
}

/* xor of a register with itself sets it to 0, whatever it was. */
static bool is_zeroing(const ZydisDecodedInstruction *instruction,
                       const ZydisDecodedOperand *operands)
{
    return instruction->mnemonic == ZYDIS_MNEMONIC_XOR &&
           operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
           operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
           operands[0].reg.value == operands[1].reg.value;
}

#define STACK_POINTER (1u << (ZYDIS_REGISTER_RSP - ZYDIS_REGISTER_RAX))

struct rn_patch_effect rn_patch_decode_effect(const uint8_t *code, size_t size)
{
    struct rn_patch_effect effect = {.movable = false};
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecodedInstruction instruction;
    ZydisDecoder decoder;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, size, &instruction, operands)) ||
        !is_plain(instruction.mnemonic) || instruction.attributes & ZYDIS_ATTRIB_HAS_LOCK)
        return effect;
    effect.movable = true;
    for (unsigned i = 0; i < instruction.operand_count; i++)
        effect.movable = effect.movable && add_operand(&operands[i], &effect);
    if (is_zeroing(&instruction, operands))
        effect.reads = 0;
    effect.movable = effect.movable && !(effect.writes & STACK_POINTER);
    return effect;
}
