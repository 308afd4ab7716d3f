/* SPDX-License-Identifier: MIT */
#include "ptrace_engine.h"

#include "hand_over.h"
#include "inline.h"
#include "proc_snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <unistd.h>

#define X32_BIT              0x40000000u
#define RN_ARCH_SET_GS       0x1001 /* of asm/prctl.h, which other architectures do not have */
#define RN_ARCH_SHSTK_ENABLE 0x5001
#define VSYSCALL_PAGE        0xffffffffff600000ull

/* The ABI of a call: a 64-bit program can make 32-bit calls and the other way round. */
static bool find_abi(uint32_t arch, uint64_t *nr, uint64_t *abi)
{
    switch (arch) {
    case AUDIT_ARCH_X86_64:
        *abi = RN_ABI_X86_64;
        if (*nr != UINT64_MAX && *nr & X32_BIT) {
            *nr &= ~(uint64_t)X32_BIT;
            *abi = RN_ABI_X32;
        }
        return true;
    case AUDIT_ARCH_I386:
        *abi = RN_ABI_I386;
        return true;
    case AUDIT_ARCH_AARCH64:
        *abi = RN_ABI_AARCH64;
        return true;
    default:
        return false;
    }
}

static bool is_selected(const struct rn_ptrace *engine, const struct rn_syscall *call)
{
    /* The last bit stands for all numbers behind it. */
    uint64_t nr = call->nr < 1024 ? call->nr : 1023;

    return engine->options->selected[call->abi][nr / 64] >> (nr % 64) & 1;
}

static void set_inflight(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    struct rn_event event = {.kind = RN_KIND_INFLIGHT,
                             .flags = engine->inline_state ? RN_EVENT_TRACED : 0,
                             .stream = (uint32_t)tracee->stream,
                             .start = tracee->call.start,
                             .u.syscall = tracee->call.syscall};

    if (tracee->slot)
        rn_ring_set_inflight(tracee->slot, &event);
    else
        rn_session_count_unseen_call(engine->session);
}

/* Registers beyond the arguments mean nothing and do not compress. */
static void drop_leftovers(struct rn_call *call)
{
    for (unsigned i = call->info ? call->info->arg_count : 6; i < 6; i++)
        call->syscall.args[i] = 0;
}

/* The kernel answers such calls when their page is executed: they begin at a filter's stop and have
 * no end that could be seen. */
static bool is_vsyscall(struct rn_ptrace *engine, struct rn_tracee *tracee,
                        const struct __ptrace_syscall_info *stop)
{
    struct rn_tracee_process *process = tracee->process;

    if ((stop->instruction_pointer & ~0xfffull) != VSYSCALL_PAGE)
        return false;
    if (!process->vsyscall_noted)
        rn_ptrace_blind_spot(engine, (int)process->pid,
                             "uses the vsyscall page: these calls are not recorded");
    process->vsyscall_noted = true;
    return true;
}

/* Where the result is known already, the thread need not stop at the end. */
static void end_early(struct rn_ptrace *engine, struct rn_tracee *tracee, enum rn_call_role role,
                      uint64_t stack)
{
    const struct rn_call *call = &tracee->call;
    uint64_t value;

    if (role != RN_ROLE_SIGRETURN || call->syscall.abi != RN_ABI_X86_64 ||
        !rn_inline_sigreturn(tracee, stack, &value))
        return;
    engine->now = call->start;
    rn_ptrace_end_call(engine, tracee, value, 0);
}

static void keep_stack(struct rn_ptrace *engine, struct rn_tracee *tracee,
                       const struct rn_stack_registers *registers, unsigned word)
{
    const struct rn_engine_options *options = engine->options;
    struct rn_call_place place = {&tracee->memory, tracee->tid};
    const struct rn_stack_range *range =
        rn_stack_range_find(&tracee->stacks, tracee->tid, registers->rsp);

    if (range)
        rn_capture_stack(options->stack, options->stack_bytes, &place, registers, range, word,
                         &tracee->call.buffer);
}

/* Of a thread that is about to make a call. */
static void look_at_stack(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    struct rn_stack_registers registers = {.rip = tracee->call.syscall.site};
    unsigned word;

    if (!rn_stack_registers_read(tracee->tid, &registers, &word))
        return;
    keep_stack(engine, tracee, &registers, word);
    rn_inline_note_stacks(tracee);
}

/* Calls by int $0x80 in 64-bit code: only a 64-bit program has an image. */
static void note_int80(struct rn_ptrace *engine, struct rn_tracee *tracee, uint64_t abi)
{
    struct rn_tracee_process *process = tracee->process;

    if (abi != RN_ABI_I386 || !process->image || process->int80_noted || engine->status != RN_OK)
        return;
    process->int80_noted = true;
    rn_ptrace_fail(engine, rn_session_notice(engine->session, RN_NOTICE_ENGINE,
                                             (uint64_t)process->pid, &engine->err,
                                             "process %d makes 32-bit calls (int $0x80): each of "
                                             "them stops it",
                                             (int)process->pid));
}

static void begin_call(struct rn_ptrace *engine, struct rn_tracee *tracee,
                       const struct __ptrace_syscall_info *stop)
{
    struct rn_call *call = &tracee->call;
    struct rn_call_place place = {&tracee->memory, tracee->tid};
    uint64_t nr = stop->entry.nr, abi;
    enum rn_call_role role;
    bool stack = engine->options->stack != RN_STACK_MODE_NONE && !tracee->before_exec;

    /* The same call may be seen twice: by its stop, and by the filter's. */
    if (call->active || !find_abi(stop->arch, &nr, &abi) || is_vsyscall(engine, tracee, stop))
        return;
    if (tracee->slot && rn_session_ring_size(engine->session, tracee->slot) > 0)
        rn_ptrace_relieve(engine, tracee->slot);
    call->return_point = stop->instruction_pointer;
    call->syscall = (struct rn_syscall){
        .nr = nr, .abi = abi, .site = rn_inline_site(tracee, stop->instruction_pointer)};
    for (int i = 0; i < 6; i++)
        call->syscall.args[i] =
            abi == RN_ABI_I386 ? (uint32_t)stop->entry.args[i] : stop->entry.args[i];
    note_int80(engine, tracee, abi);
    role = rn_capture_role(engine->capture, &call->syscall);
    if (tracee->before_exec && role != RN_ROLE_EXEC)
        return;
    tracee->before_exec = false;
    call->info = rn_syscall_info_for(&call->syscall);
    drop_leftovers(call);
    call->selected = is_selected(engine, &call->syscall) &&
                     !(role == RN_ROLE_EXIT && tracee->inline_thread.exit_recorded);
    rn_call_buffer_clear(&call->buffer);
    if (call->selected || role == RN_ROLE_CLONE3 || role == RN_ROLE_SIGNAL_ACTION)
        rn_capture_entry(engine->capture, &place, call);
    if (call->selected && stack)
        look_at_stack(engine, tracee);
    rn_inline_clone_begins(engine, tracee, role);
    if (role == RN_ROLE_LIMIT)
        rn_inline_limit_begins(tracee);
    call->active = true;
    /* Now, not when the stop was seen: the time until here is the recorder's. */
    call->start = rn_session_now(engine->session);
    if (call->selected)
        set_inflight(engine, tracee);
    end_early(engine, tracee, role, stop->stack_pointer);
}

/* What a call changed that later events need to be understood. */
static void follow_effect(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    const struct rn_syscall *call = &tracee->call.syscall;

    switch (rn_capture_role(engine->capture, call)) {
    case RN_ROLE_MMAP:
        rn_ptrace_mapped(engine, tracee, call, 1);
        break;
    case RN_ROLE_MMAP2:
        rn_ptrace_mapped(engine, tracee, call, 4096);
        break;
    case RN_ROLE_MUNMAP:
        rn_ptrace_unmapped(engine, tracee, call->args[0], call->args[1]);
        break;
    case RN_ROLE_PRCTL:
        if (call->args[0] == PR_SET_NAME)
            rn_ptrace_thread_name(engine, tracee);
        if (call->args[0] == PR_SET_SECCOMP)
            rn_inline_own_filter(engine, tracee);
        break;
    case RN_ROLE_SECCOMP:
        if (call->args[0] == SECCOMP_SET_MODE_FILTER || call->args[0] == SECCOMP_SET_MODE_STRICT)
            rn_inline_own_filter(engine, tracee);
        break;
    case RN_ROLE_ARCH_PRCTL:
        if (call->args[0] == RN_ARCH_SET_GS)
            rn_inline_give_up(engine, tracee, "uses %gs itself");
        if (call->args[0] == RN_ARCH_SHSTK_ENABLE)
            rn_inline_give_up(engine, tracee, "has a shadow stack");
        break;
    case RN_ROLE_CLONE:
        if (call->args[0] & CLONE_UNTRACED && !engine->inline_state)
            rn_ptrace_blind_spot(engine, (int)call->ret,
                                 "was made with CLONE_UNTRACED: it is not recorded");
        break;
    case RN_ROLE_SIGNAL_ACTION:
        rn_inline_note_action(tracee);
        break;
    case RN_ROLE_NAMESPACE:
        engine->namespaces = true;
        break;
    case RN_ROLE_IO_URING:
        rn_ptrace_blind_spot(engine, (int)tracee->process->pid,
                             "uses io_uring: what it submits through the ring is not seen");
        break;
    default:
        break;
    }
}

void rn_ptrace_end_call(struct rn_ptrace *engine, struct rn_tracee *tracee, uint64_t ret,
                        uint32_t flags)
{
    struct rn_call *call = &tracee->call;
    struct rn_event event = {.kind = RN_KIND_SYSCALL,
                             .stream = (uint32_t)tracee->stream,
                             .start = call->start,
                             .duration = engine->now > call->start ? engine->now - call->start : 0};

    if (!call->active)
        return;
    call->active = false;
    call->syscall.ret = ret;
    if (!call->selected)
        return;
    rn_call_buffer_finish(&call->buffer);
    event.flags = flags | call->buffer.flags;
    if (engine->inline_state)
        event.flags |= RN_EVENT_TRACED;
    event.u.syscall = call->syscall;
    event.attachment_count = call->buffer.count;
    event.attachments = call->buffer.items;
    rn_ptrace_emit(engine, &event);
    if (tracee->slot)
        rn_ring_clear_inflight(tracee->slot);
}

void rn_ptrace_whole_call(struct rn_ptrace *engine, struct rn_tracee *tracee,
                          const struct rn_syscall *syscall,
                          const struct rn_stack_registers *registers, uint64_t start, uint64_t ret,
                          uint32_t flags)
{
    struct rn_call *call = &tracee->call;
    struct rn_call_place place = {&tracee->memory, tracee->tid};

    call->syscall = *syscall;
    call->syscall.ret = ret;
    call->info = rn_syscall_info_for(syscall);
    drop_leftovers(call);
    call->selected = true;
    call->start = start;
    rn_call_buffer_clear(&call->buffer);
    rn_capture_entry(engine->capture, &place, call);
    if (engine->options->stack != RN_STACK_MODE_NONE)
        keep_stack(engine, tracee, registers, 8);
    if (!(flags & RN_EVENT_UNFINISHED))
        rn_capture_exit(engine->capture, &place, call);
    call->active = true;
    rn_ptrace_end_call(engine, tracee, ret, flags);
}

static void return_from_call(struct rn_ptrace *engine, struct rn_tracee *tracee,
                             const struct __ptrace_syscall_info *stop)
{
    struct rn_call *call = &tracee->call;
    struct rn_call_place place = {&tracee->memory, tracee->tid};
    enum rn_call_role role;

    if (!call->active)
        return;
    call->syscall.ret = (uint64_t)stop->exit.rval;
    if (rn_capture_role(engine->capture, &call->syscall) == RN_ROLE_LIMIT)
        rn_inline_limit_ends(tracee, rn_syscall_failed(&call->syscall));
    if (call->selected)
        rn_capture_exit(engine->capture, &place, call);
    rn_ptrace_end_call(engine, tracee, (uint64_t)stop->exit.rval, 0);
    role = rn_capture_role(engine->capture, &call->syscall);
    if (role == RN_ROLE_SIGNAL_MASK || role == RN_ROLE_SIGRETURN)
        rn_inline_note_mask(tracee); /* rt_sigreturn's result is the program's */
    if (!rn_syscall_failed(&call->syscall))
        follow_effect(engine, tracee);
}

void rn_ptrace_forked(struct rn_ptrace *engine, struct rn_tracee *parent, pid_t child,
                      uint64_t flags)
{
    struct rn_call *call = &parent->call;
    struct rn_call_place place = {&parent->memory, parent->tid};

    if (flags & CLONE_NEWPID)
        engine->namespaces = true;
    /* vfork goes on later, when its child has. */
    if (!engine->inline_state || engine->namespaces || parent->process->own_filter ||
        !call->active || flags & CLONE_VFORK)
        return;
    call->syscall.ret = (uint64_t)child;
    if (call->selected)
        rn_capture_exit(engine->capture, &place, call);
    rn_ptrace_end_call(engine, parent, (uint64_t)child, 0);
    rn_inline_clone_ended(parent);
    rn_inline_returned(parent, call->return_point, (uint64_t)child);
}

/* The file that the call maps so that it can be executed; -1: none. What is no file is not opened:
 * somebody may notice. */
static int open_mapped_text(const struct rn_ptrace *engine, const struct rn_tracee *tracee,
                            const struct rn_syscall *call)
{
    struct stat about;
    char path[64];

    if (!tracee->process->image || call->abi != RN_ABI_X86_64 ||
        rn_capture_role(engine->capture, call) != RN_ROLE_MMAP || !(call->args[2] & PROT_EXEC) ||
        (call->args[3] & MAP_ANONYMOUS))
        return -1;
    snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)tracee->tid, (int)call->args[4]);
    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode))
        return -1;
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* Text that the program has just mapped can be replaced before any thread runs it. */
static void lay_over(struct rn_ptrace *engine, struct rn_tracee *tracee,
                     const struct rn_syscall *call, int *status)
{
    int fd = rn_syscall_failed(call) ? -1 : open_mapped_text(engine, tracee, call);

    if (fd < 0)
        return;
    rn_inline_mapped(engine, tracee, call->ret, call->args[1], call->args[5], fd, status);
    close(fd);
}

/* What the injected code tells of a mapping that it has made: the record of that is committed, so the
 * ring is free for what is stated now. */
static void follow_told(struct rn_ptrace *engine, struct rn_tracee *tracee,
                        const struct rn_syscall *call, int *status)
{
    rn_ptrace_mapped(engine, tracee, call, 1);
    lay_over(engine, tracee, call, status);
}

/* The mappings of a program with injected code have changed. False: the tracee is gone, *status is what
 * wait said. */
static bool follow_mappings(struct rn_ptrace *engine, struct rn_tracee *tracee, int *status)
{
    const struct rn_syscall *call = &tracee->call.syscall;
    enum rn_call_role role = rn_capture_role(engine->capture, call);

    *status = 0;
    if (!tracee->process->image || call->abi != RN_ABI_X86_64 || rn_syscall_failed(call))
        return true;
    if (role == RN_ROLE_MUNMAP)
        return rn_inline_unmapped(tracee, call->args[0], call->args[1], status);
    if (role == RN_ROLE_MMAP && call->args[3] & MAP_FIXED &&
        !rn_inline_unmapped(tracee, call->ret, call->args[1], status))
        return false;
    lay_over(engine, tracee, call, status);
    return *status == 0;
}

bool rn_ptrace_syscall_stop(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    struct __ptrace_syscall_info stop;
    struct rn_syscall told;
    int status = 0;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->tid, sizeof(stop), &stop) <= 0) {
        if (errno == EIO)
            rn_ptrace_fail(engine, rn_fail(&engine->err, RN_E_SYSTEM,
                                           "the kernel has no PTRACE_GET_SYSCALL_INFO: Linux 5.3 "
                                           "or later is needed"));
        return true;
    }
    if (rn_inline_tells(tracee, &stop, &told)) {
        follow_told(engine, tracee, &told, &status);
    } else if (rn_inline_makes_call(tracee, stop.instruction_pointer)) {
        /* One that was under way when the program got a filter, and all calls began to stop. */
        return true;
    } else if (stop.op == PTRACE_SYSCALL_INFO_ENTRY || stop.op == PTRACE_SYSCALL_INFO_SECCOMP) {
        if (rn_hand_over_is_asked(stop.entry.nr, stop.entry.args[0])) {
            rn_hand_over(engine, tracee);
            return false;
        }
        rn_inline_check_gs(engine, tracee);
        begin_call(engine, tracee, &stop);
    } else if (stop.op == PTRACE_SYSCALL_INFO_EXIT && tracee->call.active) {
        return_from_call(engine, tracee, &stop);
        rn_inline_clone_ended(tracee);
        rn_inline_returned(tracee, stop.instruction_pointer, (uint64_t)stop.exit.rval);
        (void)follow_mappings(engine, tracee, &status);
    }
    if (status != 0)
        rn_ptrace_handle(engine, tracee->tid, status);
    return status == 0;
}
