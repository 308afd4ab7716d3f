/* SPDX-License-Identifier: MIT */
#include "inline_private.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

/* A ring is committed when it is three quarters full, and each commit has a price in the archive: so
 * the first threads get large ones. Later ones must share what there is. */
#define RING_BYTES       (2u << 20)
#define RING_BYTES_SMALL (128u << 10)

static struct rn_ring_slot *take_ring(struct rn_ptrace *engine, uint64_t stream)
{
    struct rn_ring_slot *slot = rn_session_take_ring(engine->session, stream, RING_BYTES,
                                                     RN_AREA_SIZE, &engine->err);

    return slot ? slot
                : rn_session_take_ring(engine->session, stream, RING_BYTES_SMALL, RN_AREA_SIZE,
                                       &engine->err);
}

struct rn_inline_image *rn_inline_image_new(void)
{
    struct rn_inline_image *image = calloc(1, sizeof(*image));

    if (image)
        image->users = 1;
    return image;
}

void rn_inline_image_release(struct rn_inline_image *image)
{
    if (!image || --image->users > 0)
        return;
    for (size_t i = 0; i < image->count; i++)
        rn_sites_clear(&image->modules[i].sites);
    free(image->modules);
    free(image);
}

struct rn_inline_image *rn_inline_image_copy(const struct rn_inline_image *image)
{
    struct rn_inline_image *copy = rn_inline_image_new();

    if (!copy)
        return NULL;
    copy->slow = image->slow;
    copy->modules = calloc(image->count ? image->count : 1, sizeof(*copy->modules));
    if (!copy->modules) {
        free(copy);
        return NULL;
    }
    copy->capacity = image->count ? image->count : 1;
    for (size_t i = 0; i < image->count; i++) {
        struct rn_inline_module *module = &copy->modules[i];

        *module = image->modules[i];
        module->sites.sites = calloc(module->sites.count, sizeof(*module->sites.sites));
        if (!module->sites.sites) {
            rn_inline_image_release(copy);
            return NULL;
        }
        memcpy(module->sites.sites, image->modules[i].sites.sites,
               module->sites.count * sizeof(*module->sites.sites));
        copy->count++;
    }
    return copy;
}

/* A fresh area for the thread, and its ring. A thread without one cannot use the injected code: its
 * whole address space gives it up. */
bool rn_inline_thread_start(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    struct rn_inline_thread *thread = &tracee->inline_thread;
    struct rn_ring_slot *slot = tracee->slot;
    struct rn_thread_area *area;

    if (!slot || rn_session_ring_size(engine->session, slot) == 0) {
        slot = take_ring(engine, tracee->stream);
        if (!slot)
            return false;
        if (tracee->slot)
            rn_session_release_slot(engine->session, tracee->slot);
        tracee->slot = slot;
    }
    area = rn_session_ring_lead(engine->session, slot);
    memset(area, 0, sizeof(*area));
    thread->area = area;
    thread->address = RN_ARENA_ADDRESS + slot->data_offset - slot->lead;
    area->self = thread->address;
    area->check = RN_AREA_MAGIC;
    area->slot = (struct rn_ring_slot *)(uintptr_t)(RN_ARENA_ADDRESS +
                                                    rn_session_slot_offset(engine->session, slot));
    area->data = (uint8_t *)(uintptr_t)(RN_ARENA_ADDRESS + slot->data_offset);
    area->notify = rn_session_ring_size(engine->session, slot) / 4 * 3;
    area->stream = (uint32_t)tracee->stream;
    area->alone = 1;
    return true;
}

void rn_inline_child(struct rn_ptrace *engine, const struct rn_tracee *parent,
                     struct rn_tracee *child, uint64_t clone_flags)
{
    struct rn_tracee_process *process = child->process;

    child->inline_thread.untraced = parent->inline_thread.untraced;
    child->inline_thread.untraced_memory = parent->inline_thread.untraced_memory;
    child->inline_thread.untraced_abi = parent->inline_thread.untraced_abi;
    child->inline_thread.fresh = child->inline_thread.untraced;
    if (!parent->process->image)
        return;
    if (process != parent->process) {
        if (clone_flags & CLONE_VM) {
            process->image = parent->process->image;
            process->image->users++;
        } else {
            process->image = rn_inline_image_copy(parent->process->image);
        }
        if (!process->image) {
            rn_ptrace_fail(engine, rn_fail(&engine->err, RN_E_NOMEM, "no memory for a process"));
            return;
        }
    }
    if (parent->inline_thread.area) {
        child->inline_thread.return_point = parent->inline_thread.area->regs.rcx;
        child->inline_thread.flags = parent->inline_thread.area->flags;
    }
    if (!process->image->slow && !rn_inline_thread_start(engine, child))
        rn_inline_give_up(engine, child, "has more threads than there is room for rings");
    rn_inline_note_alone(parent, child, clone_flags);
    child->inline_thread.fresh = true;
}

bool rn_inline_makes_child(const struct rn_tracee *tracee)
{
    const struct rn_thread_area *area = tracee->inline_thread.area;

    if (!area || area->phase != RN_PHASE_BEFORE)
        return false;
    return area->regs.rax == SYS_fork || area->regs.rax == SYS_vfork ||
           area->regs.rax == SYS_clone || area->regs.rax == SYS_clone3;
}

bool rn_inline_clone_flags(const struct rn_tracee *parent, uint64_t *flags)
{
    const struct rn_thread_area *area = parent->inline_thread.area;
    uint64_t words[5]; /* of struct clone_args: flags first, exit_signal fifth */

    if (!area || area->phase != RN_PHASE_BEFORE)
        return false;
    if (area->regs.rax == SYS_clone)
        *flags = area->regs.rdi;
    else if (area->regs.rax == SYS_clone3 &&
             rn_inline_read(parent->tid, area->regs.rdi, words, sizeof(words)))
        *flags = words[0] | words[4];
    else
        return false;
    return true;
}

/* It returns from its parent's call, at its parent's site. */
void rn_inline_first_stop(struct rn_tracee *child)
{
    struct user_regs_struct regs;

    child->inline_thread.fresh = false;
    rn_inline_clone_ended(child);
    if (!child->process->image || ptrace(PTRACE_GETREGS, child->tid, NULL, &regs) != 0)
        return;
    if (child->inline_thread.area)
        regs.gs_base = child->inline_thread.address;
    rn_inline_leave_blob(child, &regs);
    rn_inline_note_mask(child);
    (void)rn_inline_compare(child->process->image, regs.rip, regs.rax, &regs);
    (void)ptrace(PTRACE_SETREGS, child->tid, NULL, &regs);
}

static void interrupt_thread(void *context, struct rn_tracee *tracee)
{
    if (tracee->process == context)
        (void)ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL);
}

void rn_inline_own_filter(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    if (!engine->inline_state || tracee->process->own_filter)
        return;
    rn_inline_give_up(engine, tracee, "has a seccomp filter of its own");
    tracee->process->own_filter = true;
    rn_tracee_each(&engine->tracees, interrupt_thread, tracee->process);
}

void rn_inline_note(struct rn_ptrace *engine, const struct rn_tracee *tracee, const char *why)
{
    if (engine->status == RN_OK)
        rn_ptrace_fail(engine, rn_session_notice(engine->session, RN_NOTICE_ENGINE,
                                                 (uint64_t)tracee->process->pid, &engine->err,
                                                 "process %d %s: it is recorded by ptrace alone",
                                                 (int)tracee->process->pid, why));
}

void rn_inline_give_up(struct rn_ptrace *engine, struct rn_tracee *tracee, const char *why)
{
    struct rn_inline_image *image = tracee->process->image;
    uint32_t quiet = 1;
    uint64_t slow[8];

    if (!image || image->slow)
        return;
    for (size_t i = 0; i < 8; i++)
        slow[i] = rn_blob_symbols.slow;
    if (rn_inline_write(tracee->tid, RN_BLOB_CONFIG + offsetof(struct rn_blob_config, entry), slow,
                        sizeof(slow)) &&
        rn_inline_write(tracee->tid, RN_BLOB_CONFIG + offsetof(struct rn_blob_config, quiet),
                        &quiet, sizeof(quiet)))
        image->slow = true;
    rn_inline_note(engine, tracee, why);
}

void rn_inline_note_stacks(struct rn_tracee *tracee)
{
    struct rn_thread_area *area = tracee->inline_thread.area;

    if (area)
        memcpy(area->stacks, tracee->stacks.known, sizeof(area->stacks));
}

void rn_inline_forget_stacks(struct rn_tracee *tracee)
{
    memset(&tracee->stacks, 0, sizeof(tracee->stacks));
    rn_inline_note_stacks(tracee);
}

/* An instruction can change %gs without anybody seeing it. The injected code looks before it uses
 * it, and leaves the call to the engine. */
void rn_inline_check_gs(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    const struct rn_inline_thread *thread = &tracee->inline_thread;
    unsigned long base;

    if (!tracee->process->image || tracee->process->image->slow || !thread->area)
        return;
    errno = 0;
    base = (unsigned long)ptrace(PTRACE_PEEKUSER, tracee->tid,
                                 offsetof(struct user_regs_struct, gs_base), NULL);
    if (errno == 0 && base != thread->address)
        rn_inline_give_up(engine, tracee, "uses %gs itself");
}

uint64_t rn_inline_site(const struct rn_tracee *tracee, uint64_t instruction_pointer)
{
    const struct rn_site *site;

    if (!tracee->process->image)
        return instruction_pointer;
    site = rn_inline_find_site(tracee->process->image, instruction_pointer);
    if (!site || rn_site_ends_at_call(site))
        return instruction_pointer;
    /* The instruction was the first of the replaced bytes: two of them. */
    return instruction_pointer - site->length + 2;
}

/* Flags of `cmp $operand, %rax` (or %eax). */
static uint64_t compare_flags(uint64_t flags, uint64_t value, uint32_t operand, bool wide)
{
    uint64_t compared;

    if (wide)
        __asm__("cmp %2, %1\n\tpushfq\n\tpop %0"
                : "=r"(compared)
                : "r"(value), "r"((uint64_t)(int64_t)(int32_t)operand)
                : "cc");
    else
        __asm__("cmp %2, %1\n\tpushfq\n\tpop %0"
                : "=r"(compared)
                : "r"((uint32_t)value), "r"(operand)
                : "cc");
    return (flags & ~0x8d5ull) | (compared & 0x8d5);
}

bool rn_inline_compare(const struct rn_inline_image *image, uint64_t return_point, uint64_t value,
                       struct user_regs_struct *regs)
{
    const struct rn_site *site = rn_inline_find_site(image, return_point);

    if (!site || rn_site_ends_at_call(site))
        return false;
    regs->eflags = compare_flags(regs->eflags, value, site->immediate, site->kind == RN_SITE_CMP64);
    return true;
}

void rn_inline_returned(struct rn_tracee *tracee, uint64_t instruction_pointer, uint64_t ret)
{
    const struct rn_inline_image *image = tracee->process->image;
    struct user_regs_struct regs;
    const struct rn_site *site = image ? rn_inline_find_site(image, instruction_pointer) : NULL;

    if (!site || rn_site_ends_at_call(site) ||
        ptrace(PTRACE_GETREGS, tracee->tid, NULL, &regs) != 0)
        return;
    if (rn_inline_compare(image, instruction_pointer, ret, &regs))
        (void)ptrace(PTRACE_SETREGS, tracee->tid, NULL, &regs);
}
