/* SPDX-License-Identifier: MIT */
/* The inline engine on machines that it was not written for: there is none. */
#include "capture_stack.h"
#include "inline.h"

#include "inline_filter.h"

const char *rn_inline_obstacle(const struct rn_engine_options *options)
{
    (void)options;
    return "there is no inline engine for this architecture";
}

struct rn_inline *rn_inline_new(const struct rn_ptrace *engine, struct rn_error *err)
{
    (void)engine;
    (void)rn_fail(err, RN_E_USAGE, "there is no inline engine for this architecture");
    return NULL;
}

enum rn_status rn_inline_filter_install(struct rn_error *err)
{
    return rn_fail(err, RN_E_USAGE, "there is no inline engine for this architecture");
}

uint64_t rn_inline_site(const struct rn_tracee *tracee, uint64_t instruction_pointer)
{
    (void)tracee;
    return instruction_pointer;
}

void rn_inline_free(struct rn_inline *state)
{
    (void)state;
}

bool rn_inline_exec(struct rn_ptrace *engine, struct rn_tracee *tracee, int *status)
{
    (void)engine;
    (void)tracee;
    (void)status;
    return true;
}

void rn_inline_image_release(struct rn_inline_image *image)
{
    (void)image;
}

void rn_inline_child(struct rn_ptrace *engine, const struct rn_tracee *parent,
                     struct rn_tracee *child, uint64_t clone_flags)
{
    (void)engine;
    (void)parent;
    (void)child;
    (void)clone_flags;
}

void rn_inline_first_stop(struct rn_tracee *child)
{
    (void)child;
}

void rn_inline_clone_begins(const struct rn_ptrace *engine, struct rn_tracee *tracee,
                            enum rn_call_role role)
{
    (void)engine;
    (void)tracee;
    (void)role;
}

void rn_inline_clone_ended(struct rn_tracee *tracee)
{
    (void)tracee;
}

bool rn_inline_makes_child(const struct rn_tracee *tracee)
{
    (void)tracee;
    return false;
}

bool rn_inline_clone_flags(const struct rn_tracee *parent, uint64_t *flags)
{
    (void)parent;
    (void)flags;
    return false;
}

void rn_inline_limit_exec(struct rn_tracee *tracee)
{
    (void)tracee;
}

void rn_inline_exec_done(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    (void)engine;
    (void)tracee;
}

void rn_inline_settle(struct rn_ptrace *engine, const struct rn_tracee *tracee)
{
    (void)engine;
    (void)tracee;
}

void rn_inline_exit_begins(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    (void)engine;
    (void)tracee;
}

bool rn_inline_mapped(struct rn_ptrace *engine, struct rn_tracee *tracee, uint64_t address,
                      uint64_t length, uint64_t file_offset, int fd, int *status)
{
    (void)engine;
    (void)tracee;
    (void)address;
    (void)length;
    (void)file_offset;
    (void)fd;
    (void)status;
    return true;
}

bool rn_inline_tells(const struct rn_tracee *tracee, const struct __ptrace_syscall_info *stop,
                     struct rn_syscall *call)
{
    (void)tracee;
    (void)stop;
    (void)call;
    return false;
}

bool rn_inline_unmapped(struct rn_tracee *tracee, uint64_t address, uint64_t length, int *status)
{
    (void)tracee;
    (void)address;
    (void)length;
    (void)status;
    return true;
}

void rn_inline_note_mask(struct rn_tracee *tracee)
{
    (void)tracee;
}

void rn_inline_note_action(struct rn_tracee *tracee)
{
    (void)tracee;
}

bool rn_inline_sigreturn(struct rn_tracee *tracee, uint64_t stack, uint64_t *value)
{
    (void)tracee;
    (void)stack;
    (void)value;
    return false;
}

void rn_inline_limit_begins(struct rn_tracee *tracee)
{
    (void)tracee;
}

void rn_inline_limit_ends(struct rn_tracee *tracee, bool failed)
{
    (void)tracee;
    (void)failed;
}

bool rn_inline_signal(struct rn_ptrace *engine, struct rn_tracee *tracee, int signo, int *status)
{
    (void)engine;
    (void)tracee;
    (void)signo;
    (void)status;
    return true;
}

bool rn_inline_writes(const struct rn_tracee *tracee)
{
    (void)tracee;
    return false;
}

void rn_inline_note_stacks(struct rn_tracee *tracee)
{
    (void)tracee;
}

bool rn_inline_makes_call(const struct rn_tracee *tracee, uint64_t instruction_pointer)
{
    (void)tracee;
    (void)instruction_pointer;
    return false;
}

void rn_inline_check_gs(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    (void)engine;
    (void)tracee;
}

void rn_inline_returned(struct rn_tracee *tracee, uint64_t instruction_pointer, uint64_t ret)
{
    (void)tracee;
    (void)instruction_pointer;
    (void)ret;
}

void rn_inline_restore(const struct rn_tracee *tracee)
{
    (void)tracee;
}

void rn_inline_give_up(struct rn_ptrace *engine, struct rn_tracee *tracee, const char *why)
{
    (void)engine;
    (void)tracee;
    (void)why;
}

void rn_inline_own_filter(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    (void)engine;
    (void)tracee;
}

bool rn_stack_can_be_kept(void)
{
    return false;
}

bool rn_stack_registers_read(pid_t tid, struct rn_stack_registers *registers, unsigned *word)
{
    (void)tid;
    (void)registers;
    (void)word;
    return false;
}
