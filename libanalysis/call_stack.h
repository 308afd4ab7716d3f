/* SPDX-License-Identifier: MIT */
/* Where in the program a system call was made: from the stack that was recorded with it (a list of
 * return addresses, or registers and raw bytes), through what was mapped then, to functions and
 * lines. Raw bytes are unwound by call frame information, so that code without frame pointers does
 * not matter.
 *
 * A call without a recorded stack has one frame, where it was made; that is mostly in the C
 * library.
 *
 * Time: a few hundred nanoseconds a frame once its address is known; the stacks met last are kept.
 * Not thread-safe. */
#ifndef RN_CALL_STACK_H
#define RN_CALL_STACK_H

#include "code_map.h"
#include "jit_names.h"
#include "symbol.h"

#define RN_CALL_STACK_MAX 256u /* frames; what lies further out is cut off */

struct rn_stack_frame {
    uint64_t address;                    /* a return address, but that of the innermost one */
    const struct rn_code_module *module; /* NULL: no file is known to be mapped there */
    uint64_t offset;                     /* of `address` in the file of the module */
    const struct rn_symbol *symbol;      /* NULL: nothing is known of it */
    const char *reason;                  /* why not; NULL: no code is known to be mapped there */
};

struct rn_call_stack {
    const struct rn_stack_frame *frames; /* innermost first */
    uint32_t count;
    bool cut; /* there were more, or the way to them is not known */
};

struct rn_call_stacks;

/* All are borrowed for as long as the result. `names`: of code that programs made; NULL: none.
 * NULL: no memory. */
struct rn_call_stacks *rn_call_stacks_new(struct rn_trace *trace, struct rn_code_map *map,
                                          struct rn_symbols *symbols, struct rn_jit_names *names);
void rn_call_stacks_free(struct rn_call_stacks *stacks); /* accepts NULL */

/* The stack of a system call; before the event is fed to trace and map. Borrowed until the next
 * call. RN_E_NOMEM. */
RN_MUST_CHECK enum rn_status rn_call_stack_of(struct rn_call_stacks *stacks,
                                              const struct rn_event *event,
                                              struct rn_call_stack *stack, struct rn_error *err);

/* Whose call it is: the innermost function that is not of a language's own library; else the
 * innermost of all. *frame: its place in the stack. NULL: none has a name. */
const struct rn_symbol_frame *rn_call_stack_owner(const struct rn_call_stack *stack,
                                                  uint32_t *frame);

#endif
