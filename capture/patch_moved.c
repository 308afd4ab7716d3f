/* SPDX-License-Identifier: MIT */
#include "patch_moved.h"

#include <string.h>

#define SYSCALL_SIZE 2u

/* Where a jump through a table may come from, if the function is not known. */
#define NEIGHBOURHOOD 4096u

/* jmp *register, jmp *(memory), jmp *table(,index,8): how a switch or a computed goto is done. Not
 * jmp
 * *(%rip), with which functions of other libraries are reached, and not jmp *distance(register),
 * with which those that an object points to are. Bytes inside of other instructions count, too: too
 * many are better than one too few. */
static bool has_table_jump(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i + 1 < size; i++) {
        uint8_t form = bytes[i + 1] & 0xf8;

        if (bytes[i] == 0xff && (form == 0xe0 || (form == 0x20 && bytes[i + 1] != 0x25)))
            return true;
    }
    return false;
}

/* From where in the code a table may lead there: the function, as far as that is known. */
static bool may_be_jumped_into(const struct rn_patch_cover *cover, size_t offset)
{
    const struct rn_patch_code *code = &cover->code;
    uint64_t address = code->address + offset, end = code->address + code->size;
    struct rn_patch_range function = {address - NEIGHBOURHOOD, address + NEIGHBOURHOOD}, known;

    if (offset < NEIGHBOURHOOD)
        function.start = code->address;
    if (rn_patch_elf_function(cover->elf, address, &known))
        function = known;
    else
        rn_patch_elf_symbol(cover->elf, address, &function);
    if (function.start < code->address)
        function.start = code->address;
    if (function.end > end)
        function.end = end;
    return has_table_jump(code->bytes + (function.start - code->address),
                          (size_t)(function.end - function.start));
}

/* The instructions before the call, from the last one backwards. */
struct moved {
    size_t start; /* of the first of them */
    unsigned count;
    bool stores;
    bool loads;
    uint32_t reads, writes;
};

static bool add_instruction(struct rn_patch_cover *cover, struct moved *moved)
{
    struct rn_patch_instruction instruction;
    struct rn_patch_effect effect;

    if (moved->start == 0 || !rn_patch_cover(cover, moved->start - 1, &instruction) ||
        instruction.end != moved->start)
        return false;
    effect = rn_patch_decode_effect(cover->code.bytes + instruction.start,
                                    instruction.end - instruction.start);
    moved->start = instruction.start;
    moved->count++;
    moved->stores |= effect.stores;
    moved->loads |= effect.loads;
    moved->reads |= effect.reads;
    moved->writes |= effect.writes;
    return effect.movable;
}

/* mov $number, %eax or %rax, of a call that must stay where it is. */
static bool is_call_that_stays(const uint8_t *bytes, size_t size)
{
    uint32_t number;

    if (!(size == 5 && bytes[0] == 0xb8) &&
        !(size == 7 && memcmp(bytes, (const uint8_t[]){0x48, 0xc7, 0xc0}, 3) == 0))
        return false;
    memcpy(&number, bytes + size - sizeof(number), sizeof(number));
    return rn_patch_number_stays(number);
}

/* Is it mov $number, %eax of arch_prctl that stands before them? */
static bool sets_thread_pointer(struct rn_patch_cover *cover, const struct moved *moved)
{
    static const uint8_t arch_prctl[] = {0xb8, 158, 0, 0, 0};
    struct rn_patch_instruction before;

    return moved->start >= sizeof(arch_prctl) && rn_patch_cover(cover, moved->start - 1, &before) &&
           before.end == moved->start && before.end - before.start == sizeof(arch_prctl) &&
           memcmp(cover->code.bytes + before.start, arch_prctl, sizeof(arch_prctl)) == 0;
}

/* Can all of them be begun anew after a signal? Their registers are the same then. Memory is what a
 * handler may have changed meanwhile; but not that of a thread block that is about to be used for
 * the first time. */
static bool can_be_repeated(struct rn_patch_cover *cover, const struct moved *moved)
{
    if (moved->reads & moved->writes)
        return false;
    return !moved->stores || (!moved->loads && sets_thread_pointer(cover, moved));
}

bool rn_patch_moved_fits(struct rn_patch_cover *cover, size_t offset, struct rn_site *site)
{
    const struct rn_patch_code *code = &cover->code;
    struct moved moved = {.start = offset};

    while (offset - moved.start < RN_SITE_MOVED_MIN)
        if (!add_instruction(cover, &moved))
            return false;
    if (offset - moved.start > RN_SITE_MOVED_MAX)
        return false;
    if (moved.count > 1 && (!can_be_repeated(cover, &moved) || may_be_jumped_into(cover, offset)))
        return false;
    if (moved.count == 1 && is_call_that_stays(code->bytes + moved.start, offset - moved.start))
        return false;
    *site = (struct rn_site){.address = code->address + moved.start,
                             .return_point = code->address + offset + SYSCALL_SIZE,
                             .kind = RN_SITE_MOVED,
                             .length = (uint8_t)(offset - moved.start + SYSCALL_SIZE)};
    memcpy(site->moved, code->bytes + moved.start, offset - moved.start);
    return true;
}
