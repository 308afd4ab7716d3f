/* SPDX-License-Identifier: MIT */
/* What is kept of a thread's stack with a system call: the chain of frame pointers, or raw bytes.
 * Both engines keep the same: what lies in the mapping that the stack pointer points into, from the
 * stack pointer on. */
#ifndef RN_CAPTURE_STACK_H
#define RN_CAPTURE_STACK_H

#include "engine.h"
#include "syscall_capture.h"

#include "inject/blob_layout.h"

/* Mappings that a thread has had its stack in. Start with zeros; begin anew where memory may have
 * been unmapped. */
struct rn_stack_ranges {
    struct rn_stack_range known[RN_STACK_RANGES];
    unsigned next; /* the one that is replaced first */
};

/* The mapping that holds the stack pointer: a known one, or what /proc says. NULL: none that can be
 * read. Borrowed until the next call. */
const struct rn_stack_range *rn_stack_range_find(struct rn_stack_ranges *ranges, pid_t tid,
                                                 uint64_t stack_pointer);

/* Does this architecture know how? And: the registers of a stopped thread but rip; *word as below. */
bool rn_stack_can_be_kept(void);
bool rn_stack_registers_read(pid_t tid, struct rn_stack_registers *registers, unsigned *word);

/* What a record has to have room for. */
uint32_t rn_stack_room(enum rn_stack_mode mode, uint32_t bytes);

/* Add RN_ATT_STACK or RN_ATT_STACK_DUMP; nothing where the stack cannot be read. A frame is two
 * words of `word` bytes (8; 4 in 32-bit code): the frame pointer before, then the return address.
 * The chain ends where a frame is not aligned, not above the one before or not in the mapping, and
 * where a return address is 0. */
void rn_capture_stack(enum rn_stack_mode mode, uint32_t bytes, const struct rn_call_place *place,
                      const struct rn_stack_registers *registers,
                      const struct rn_stack_range *range, unsigned word,
                      struct rn_call_buffer *buffer);

#endif
