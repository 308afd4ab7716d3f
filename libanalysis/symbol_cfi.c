/* SPDX-License-Identifier: MIT */
/* Rows of call frame information (DWARF 5, section 6.4) as libdw evaluates them, as far as they are
 * of the plain kind that compilers write for functions: the frame address is a register plus an
 * offset, registers lie at offsets from it. Others (of the procedure linkage table, by hand) are
 * not known. */
#include "symbol_file_private.h"

#include <dwarf.h>
#include <stdlib.h>

/* DWARF numbers on x86-64 (System V ABI, AMD64 supplement, figure 3.36). */
static const uint8_t dwarf_numbers[RN_UNWIND_REGISTERS] = {16, 7, 6, 3, 12, 13, 14, 15};

static int index_of(uint64_t number)
{
    for (int i = 0; i < RN_UNWIND_REGISTERS; i++)
        if (dwarf_numbers[i] == number)
            return i;
    return -1;
}

static bool fits(int64_t offset)
{
    return offset >= INT32_MIN && offset <= INT32_MAX;
}

static bool frame_address(Dwarf_Frame *frame, struct rn_unwind_row *row)
{
    Dwarf_Op *ops;
    int64_t offset;
    uint64_t number;
    size_t count;
    int index;

    if (dwarf_frame_cfa(frame, &ops, &count) != 0 || count != 1)
        return false;
    if (ops->atom >= DW_OP_breg0 && ops->atom <= DW_OP_breg31) {
        number = ops->atom - DW_OP_breg0;
        offset = (int64_t)ops->number;
    } else if (ops->atom == DW_OP_bregx) {
        number = ops->number;
        offset = (int64_t)ops->number2;
    } else {
        return false;
    }
    index = index_of(number);
    if (index <= RN_UNWIND_RIP || !fits(offset))
        return false;
    row->cfa_register = (uint8_t)index;
    row->cfa_offset = (int32_t)offset;
    return true;
}

/* False: the row is of no use. */
static bool saved_register(Dwarf_Frame *frame, unsigned index, struct rn_unwind_row *row)
{
    uint8_t bit = (uint8_t)(1u << index);
    Dwarf_Op memory[3], *ops;
    int64_t offset = 0;
    size_t count;

    if (index == RN_UNWIND_RSP) /* the frame address itself */
        return true;
    if (dwarf_frame_register(frame, dwarf_numbers[index], memory, &ops, &count) != 0)
        return false;
    /* Without operations: undefined, which ends the chain where it is the return address, or the
     * same (ops NULL). libdw calls rbx undefined where nothing is said of it; it is preserved. */
    if (count == 0) {
        row->last |= ops && index == RN_UNWIND_RIP;
        return ops || index != RN_UNWIND_RIP;
    }
    if (ops[0].atom == DW_OP_call_frame_cfa && count == 2 && ops[1].atom == DW_OP_plus_uconst)
        offset = (int64_t)ops[1].number;
    else if (ops[0].atom != DW_OP_call_frame_cfa || count != 1) {
        row->lost |= bit;
        return index != RN_UNWIND_RIP;
    }
    if (!fits(offset))
        return false;
    row->saved |= bit;
    row->offset[index] = (int32_t)offset;
    return true;
}

static bool row_of(Dwarf_CFI *cfi, uint64_t address, struct rn_unwind_row *row)
{
    Dwarf_Frame *frame = NULL;
    bool fine;

    *row = (struct rn_unwind_row){0};
    if (!cfi || dwarf_cfi_addrframe(cfi, address, &frame) != 0)
        return false;
    fine = frame_address(frame, row);
    for (unsigned i = 0; fine && i < RN_UNWIND_REGISTERS; i++)
        fine = saved_register(frame, i, row);
    free(frame);
    row->known = fine && (row->last || row->saved & 1u << RN_UNWIND_RIP);
    return row->known;
}

void symbol_cfi_find(struct rn_symbol_file *file, uint64_t address, struct rn_unwind_row *row)
{
    if (!row_of(file->eh_frame, address, row) && !row_of(file->debug_frame, address, row))
        *row = (struct rn_unwind_row){0};
}
