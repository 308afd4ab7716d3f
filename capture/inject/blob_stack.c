/* SPDX-License-Identifier: MIT */
/* What is kept of the program's stack. Nothing here is read outside of the mapping that the engine
 * has seen around the stack pointer, so neither a frame pointer that is none nor the end of a small
 * stack makes a fault; where the mapping has gone meanwhile, that is a bad pointer like any other.
 */
#include "blob_parts.h"

#define FRAME_BYTES 16u /* the frame pointer before, the return address */

static const struct rn_stack_range *find_range(const struct rn_thread_area *area)
{
    for (unsigned i = 0; i < RN_STACK_RANGES; i++)
        if (area->regs.rsp - area->stacks[i].begin < area->stacks[i].end - area->stacks[i].begin)
            return &area->stacks[i];
    return 0;
}

int rn_blob_stack_known(const struct rn_thread_area *area)
{
    return find_range(area) != 0;
}

/* Frames lie one above the other: a chain cannot be circular. */
static void attach_frames(struct rn_thread_area *area, uint64_t end)
{
    uint8_t *bytes = rn_blob_attach(area, RN_ATT_STACK, RN_ARG_NONE, 0);
    uint64_t *addresses = (uint64_t *)bytes;
    uint64_t lowest = area->regs.rsp, frame = area->regs.rbp;
    uint32_t count = 1;

    if (end - lowest < 8)
        return;
    addresses[0] = *(const uint64_t *)lowest;
    while (frame >= lowest && frame < end && end - frame >= FRAME_BYTES && frame % 8 == 0) {
        const uint64_t *words = (const uint64_t *)frame;

        if (words[1] == 0)
            break;
        if (count == CONFIG->stack_frames) {
            rn_blob_attachment_of(bytes)->flags = RN_ATT_CUT;
            break;
        }
        addresses[count++] = words[1];
        lowest = frame + FRAME_BYTES;
        frame = words[0];
    }
    rn_blob_attached(area, bytes, count * 8);
}

static void attach_dump(struct rn_thread_area *area, uint64_t site, uint64_t end)
{
    const struct rn_area_regs *regs = &area->regs;
    uint8_t *bytes = rn_blob_attach(area, RN_ATT_STACK_DUMP, RN_ARG_NONE, 0);
    struct rn_stack_registers *registers = (struct rn_stack_registers *)bytes;
    uint64_t size = end - regs->rsp;

    if (size > CONFIG->stack_bytes) {
        size = CONFIG->stack_bytes;
        rn_blob_attachment_of(bytes)->flags = RN_ATT_CUT;
    }
    registers->rip = site;
    registers->rsp = regs->rsp;
    registers->rbp = regs->rbp;
    registers->rbx = regs->rbx;
    registers->r12 = regs->r12;
    registers->r13 = regs->r13;
    registers->r14 = regs->r14;
    registers->r15 = regs->r15;
    copy(bytes + sizeof(*registers), (const uint8_t *)regs->rsp, size);
    rn_blob_attached(area, bytes, (uint32_t)(sizeof(*registers) + size));
}

void rn_blob_attach_stack(struct rn_thread_area *area, uint64_t site)
{
    const struct rn_stack_range *range = find_range(area);

    if (!range)
        return;
    if (CONFIG->stack_frames)
        attach_frames(area, range->end);
    else
        attach_dump(area, site, range->end);
}
