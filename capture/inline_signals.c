/* SPDX-License-Identifier: MIT */
/* Where a thread is when a signal reaches it. Signal frames must show the program's own registers,
 * and the interrupted call must look as natively: not begun, interrupted, or done. */
#include "inline_private.h"

#include <cpuid.h>
#include <elf.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <ucontext.h>

/* Number of the extended state that holds zmm16-zmm31, and where the state says which of its parts
 * are in use (Intel's manual, volume 1, "XSAVE-supported features" and "Layout of the XSAVE area").
 */
#define HI16_ZMM  7
#define XSTATE_BV 512

static bool in_blob(uint64_t address)
{
    return address >= RN_BLOB_ADDRESS && address < RN_BLOB_ADDRESS + rn_blob_image_size;
}

bool rn_inline_makes_call(const struct rn_tracee *tracee, uint64_t instruction_pointer)
{
    return tracee->process->image && in_blob(instruction_pointer);
}

static void program_registers(const struct rn_thread_area *area, struct user_regs_struct *regs)
{
    regs->rdi = area->regs.rdi;
    regs->rsi = area->regs.rsi;
    regs->rdx = area->regs.rdx;
    regs->r10 = area->regs.r10;
    regs->r8 = area->regs.r8;
    regs->r9 = area->regs.r9;
    regs->rsp = area->regs.rsp;
    regs->rbx = area->regs.rbx;
    regs->rbp = area->regs.rbp;
    regs->r12 = area->regs.r12;
    regs->r13 = area->regs.r13;
    regs->r14 = area->regs.r14;
    regs->r15 = area->regs.r15;
    regs->rcx = area->regs.rcx;
}

/* lahf and seto put SF, ZF, AF, PF and CF into ah and OF into al. */
static void program_flags(uint64_t kept, struct user_regs_struct *regs)
{
    uint64_t flags = (kept >> 8) & 0xd5;

    if (kept & 1)
        flags |= 0x800;
    regs->eflags = (regs->eflags & ~0x8d5ull) | flags;
}

void rn_inline_leave_blob(const struct rn_tracee *child, struct user_regs_struct *regs)
{
    if (!in_blob(regs->rip))
        return;
    program_flags(child->inline_thread.flags, regs);
    regs->rip = child->inline_thread.return_point;
    regs->rcx = regs->rip;
    regs->r11 = regs->eflags;
}

/* Part `component` of the extended state lies there, in the format that ptrace gives. */
static size_t state_offset(unsigned component, size_t *size)
{
    unsigned a = 0, b = 0, c, d;

    (void)__get_cpuid_count(0xd, component, &a, &b, &c, &d);
    *size = a;
    return b;
}

static void program_wide_vectors(const struct rn_tracee *tracee)
{
    const struct rn_thread_area *area = tracee->inline_thread.area;
    static uint64_t state[2048];
    struct iovec whole = {state, sizeof(state)};
    size_t size, offset = state_offset(HI16_ZMM, &size);

    if (ptrace(PTRACE_GETREGSET, tracee->tid, NT_X86_XSTATE, &whole) != 0 ||
        size < sizeof(area->wide) || offset + size > whole.iov_len)
        return;
    memcpy((uint8_t *)state + offset, area->wide, sizeof(area->wide));
    state[XSTATE_BV / 8] |= 1u << HI16_ZMM;
    (void)ptrace(PTRACE_SETREGSET, tracee->tid, NT_X86_XSTATE, &whole);
}

/* A fingerprint was being computed. */
static void program_vectors(const struct rn_tracee *tracee)
{
    struct rn_thread_area *area = tracee->inline_thread.area;
    struct user_fpregs_struct vectors;

    if (area->vectors_saved & RN_VECTORS_WIDE)
        program_wide_vectors(tracee);
    if (!area->vectors_saved || ptrace(PTRACE_GETFPREGS, tracee->tid, NULL, &vectors) != 0)
        return;
    memcpy(vectors.xmm_space, area->vectors, sizeof(area->vectors));
    (void)ptrace(PTRACE_SETFPREGS, tracee->tid, NULL, &vectors);
    area->vectors_saved = 0;
}

/* Back to before the call: it is made once more, through the engine. */
static void take_back(struct rn_tracee *tracee, struct user_regs_struct *regs,
                      uint64_t return_point)
{
    regs->rip = return_point - 2;
    regs->rcx = return_point;
    regs->orig_rax = UINT64_MAX;
    if (tracee->slot)
        rn_ring_clear_inflight(tracee->slot);
    if (tracee->inline_thread.area) {
        tracee->inline_thread.exit_recorded =
            tracee->inline_thread.area->phase == RN_PHASE_BEFORE &&
            tracee->inline_thread.area->recording == RN_RECORD_COMMITTED;
        tracee->inline_thread.area->phase = RN_PHASE_OUT;
    }
}

/* When the record in work at `head` began, as its ring says; 0 where that says nothing. The program
 * can write all of this: only the ring itself is read. */
static uint64_t begun_at(struct rn_ptrace *engine, const struct rn_tracee *tracee, uint64_t head)
{
    uint64_t size = rn_session_ring_size(engine->session, tracee->slot), at = head & (size - 1);
    struct rn_record record;

    if (size < sizeof(record) || size - at < sizeof(record))
        return 0;
    memcpy(&record, rn_session_ring_data(engine->session, tracee->slot) + at, sizeof(record));
    return record.start;
}

/* The call has returned `ret` and its record is not in the ring yet: record it from outside. */
static void finish_record(struct rn_ptrace *engine, struct rn_tracee *tracee, uint64_t ret,
                          uint32_t flags)
{
    const struct rn_thread_area *area = tracee->inline_thread.area;
    const struct rn_area_regs *regs = &area->regs;
    struct rn_syscall call = {
        .nr = regs->rax,
        .abi = RN_ABI_X86_64,
        .site = rn_inline_site(tracee, regs->rcx),
        .args = {regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, regs->r9},
    };
    struct rn_stack_registers registers = {call.site, regs->rsp, regs->rbp, regs->rbx,
                                           regs->r12, regs->r13, regs->r14, regs->r15};
    uint64_t start = begun_at(engine, tracee, area->head);

    rn_ring_clear_inflight(tracee->slot);
    rn_ptrace_whole_call(engine, tracee, &call, &registers, start, ret, flags);
}

/* At the return point, the displaced compare done. */
static void go_on(const struct rn_tracee *tracee, struct user_regs_struct *regs,
                  uint64_t return_point, uint64_t ret)
{
    regs->rip = return_point;
    regs->rax = ret;
    (void)rn_inline_compare(tracee->process->image, return_point, ret, regs);
}

/* Forward to the return point; the kernel may still decide to restart the call from the two bytes
 * before it, so rax and orig_rax stay as they are. */
static void finish(struct rn_ptrace *engine, struct rn_tracee *tracee,
                   struct user_regs_struct *regs, uint64_t ret, bool fault)
{
    struct rn_thread_area *area = tracee->inline_thread.area;

    if (area->recording == RN_RECORD_BEGUN && tracee->slot->head == area->head)
        finish_record(engine, tracee, ret, fault ? RN_EVENT_FAULT : 0);
    if (regs->rip < rn_blob_symbols.tell_return || regs->rip >= rn_blob_symbols.exit_range)
        rn_inline_note_mapped(engine, tracee, ret);
    program_registers(area, regs);
    program_flags(area->flags, regs);
    go_on(tracee, regs, area->regs.rcx, ret);
    area->phase = RN_PHASE_OUT;
}

static void fix_in_blob(struct rn_ptrace *engine, struct rn_tracee *tracee,
                        struct user_regs_struct *regs, bool fault)
{
    struct rn_thread_area *area = tracee->inline_thread.area;
    uint64_t rip = regs->rip;

    program_vectors(tracee);
    if (rip >= rn_blob_symbols.program_return && rip <= rn_blob_symbols.result_stored) {
        finish(engine, tracee, regs, regs->rax, false);
    } else if (area->phase == RN_PHASE_AFTER) {
        regs->orig_rax = UINT64_MAX;
        finish(engine, tracee, regs, area->result, fault);
    } else if (area->phase == RN_PHASE_BEFORE) {
        program_registers(area, regs);
        program_flags(area->flags, regs);
        regs->rax = area->regs.rax;
        take_back(tracee, regs, area->regs.rcx);
    } else if (rip >= rn_blob_symbols.exit_range && rip < rn_blob_symbols.traced_range) {
        regs->orig_rax = UINT64_MAX;
        go_on(tracee, regs, regs->rcx, area->result);
    } else {
        /* On the way in, before anything was saved, or out to the traced call. The check of %gs has
         * the return point in r11 for a moment. */
        bool swapped = !rn_inline_find_site(tracee->process->image, regs->rcx);

        take_back(tracee, regs, swapped ? regs->r11 : regs->rcx);
    }
}

static bool fix_in_stub(struct rn_tracee *tracee, struct user_regs_struct *regs)
{
    uint64_t return_point, offset;
    const struct rn_site *site =
        rn_inline_find_stub(tracee->process->image, regs->rip, &return_point, &offset);

    if (!site)
        return false;
    if (site->kind == RN_SITE_MOVED && offset < site->length - 2u) {
        /* What was moved has not been done, or not all of it: from its beginning again. */
        regs->rip = return_point - site->length;
        regs->orig_rax = UINT64_MAX;
        return true;
    }
    if (site->kind == RN_SITE_MOV)
        regs->rax = site->immediate;
    take_back(tracee, regs, return_point);
    return true;
}

/* What the thread's registers and mask will be lies in the frame; a stop is saved. */
bool rn_inline_sigreturn(struct rn_tracee *tracee, uint64_t stack, uint64_t *value)
{
    ucontext_t context; /* the C library's is longer than the kernel's, behind the mask */
    uint64_t mask;

    if (!tracee->inline_thread.area || tracee->process->own_filter ||
        !rn_inline_read(tracee->tid, stack, &context,
                        offsetof(ucontext_t, uc_sigmask) + sizeof(mask)))
        return false;
    *value = (uint64_t)context.uc_mcontext.gregs[REG_RAX];
    memcpy(&mask, &context.uc_sigmask, sizeof(mask));
    tracee->inline_thread.area->blocked =
        mask & ~(UINT64_C(1) << (SIGKILL - 1) | UINT64_C(1) << (SIGSTOP - 1));
    return true;
}

bool rn_inline_writes(const struct rn_tracee *tracee)
{
    const struct rn_thread_area *area = tracee->inline_thread.area;

    return area && area->phase != RN_PHASE_OUT;
}

void rn_inline_exit_begins(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    struct rn_thread_area *area = tracee->inline_thread.area;

    rn_inline_settle_now(engine, tracee);
    if (!area || area->phase == RN_PHASE_OUT)
        return;
    if (area->recording == RN_RECORD_BEGUN && tracee->slot->head == area->head) {
        if (area->phase == RN_PHASE_AFTER)
            finish_record(engine, tracee, area->result, 0);
        else if (tracee->slot->inflight_state == RN_INFLIGHT_IN_RING)
            finish_record(engine, tracee, 0, RN_EVENT_UNFINISHED);
    }
    area->phase = RN_PHASE_OUT;
}

void rn_inline_exec_done(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    struct rn_thread_area *area = tracee->inline_thread.area;
    struct rn_ring_slot *slot = tracee->slot;
    uint64_t head, end, at, size;
    struct rn_record record;
    uint8_t *bytes;

    if (!area || area->phase != RN_PHASE_BEFORE)
        return;
    area->phase = RN_PHASE_OUT;
    /* The program can write here: each value is read once, and nothing outside of the ring may
     * follow from it. What is wrong in the record is found when it is decoded. */
    head = __atomic_load_n(&area->head, __ATOMIC_RELAXED);
    end = __atomic_load_n(&area->cursor, __ATOMIC_RELAXED);
    size = rn_session_ring_size(engine->session, slot);
    at = head & (size - 1);
    if (area->recording != RN_RECORD_BEGUN || slot->head != head || size == 0 ||
        end - head < sizeof(record) || end - head > size - at)
        return;
    bytes = rn_session_ring_data(engine->session, slot) + at;
    memcpy(&record, bytes, sizeof(record));
    record.duration = engine->now > record.start ? engine->now - record.start : 0;
    record.size = (uint32_t)(end - head);
    memcpy(bytes, &record, sizeof(record));
    rn_ring_clear_inflight(slot);
    __atomic_store_n(&slot->head, end, __ATOMIC_RELEASE);
}

/* A fault inside the injected code comes from a pointer of the program. */
static bool is_own_fault(pid_t tid, int signo)
{
    siginfo_t info;

    return (signo == SIGSEGV || signo == SIGBUS) &&
           ptrace(PTRACE_GETSIGINFO, tid, NULL, &info) == 0 && info.si_code > 0;
}

bool rn_inline_signal(struct rn_ptrace *engine, struct rn_tracee *tracee, int signo, int *status)
{
    struct user_regs_struct regs;

    if (!tracee->process->image || ptrace(PTRACE_GETREGS, tracee->tid, NULL, &regs) != 0)
        return true;
    if (in_blob(regs.rip) && tracee->inline_thread.area) {
        bool fault = is_own_fault(tracee->tid, signo);

        rn_inline_settle_now(engine, tracee);
        fix_in_blob(engine, tracee, &regs, fault);
        if (fault) {
            rn_inline_forget_stacks(tracee);
            rn_inline_fault_undo(tracee, signo, &regs, status);
            return false;
        }
        rn_inline_note_mask(tracee); /* the call may have been the one that changes it */
    } else if (!fix_in_stub(tracee, &regs)) {
        rn_inline_note_delivery(tracee, signo);
        return true;
    }
    rn_inline_note_delivery(tracee, signo);
    (void)ptrace(PTRACE_SETREGS, tracee->tid, NULL, &regs);
    return true;
}
