/* SPDX-License-Identifier: MIT */
#include "capture_stack.h"

#include <sys/ptrace.h>
#include <sys/user.h>

#define CODE_SEGMENT_64 0x33

bool rn_stack_can_be_kept(void)
{
    return true;
}

bool rn_stack_registers_read(pid_t tid, struct rn_stack_registers *registers, unsigned *word)
{
    struct user_regs_struct regs;

    if (ptrace(PTRACE_GETREGS, tid, NULL, &regs) != 0)
        return false;
    registers->rsp = regs.rsp;
    registers->rbp = regs.rbp;
    registers->rbx = regs.rbx;
    registers->r12 = regs.r12;
    registers->r13 = regs.r13;
    registers->r14 = regs.r14;
    registers->r15 = regs.r15;
    *word = regs.cs == CODE_SEGMENT_64 ? 8 : 4;
    return true;
}
