/* SPDX-License-Identifier: MIT */
#include "inline_private.h"

#include "inline_recipes.h"

#include <cpuid.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STUBS_AT_ONCE 8u /* calls of one script */

#define VDSO_BYTES 4096u /* the first page is sure to be there, and has calls to fall back on */

/* Offset of a `syscall` instruction in the vDSO, which is the same in all processes. */
static bool find_vdso_call(uint64_t *offset)
{
    const uint8_t *vdso = (const uint8_t *)(uintptr_t)getauxval(AT_SYSINFO_EHDR);

    for (uint64_t i = 64; vdso && i + 1 < VDSO_BYTES; i++) {
        if (vdso[i] == 0x0f && vdso[i + 1] == 0x05) {
            *offset = i;
            return true;
        }
    }
    return false;
}

static bool has_tracing_filters(void)
{
    uint32_t action = SECCOMP_RET_TRACE;

    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

const char *rn_inline_obstacle(const struct rn_engine_options *options)
{
    uint64_t offset;

    if (!options->argv)
        return "a running process that is attached to keeps its code as it is";
    if (!options->content_none && options->content_head > RN_INLINE_HEAD_MAX)
        return "more than 4096 bytes of each transfer are to be kept";
    if (!rn_session_clock_has_tsc())
        return "this machine has no TSC that the kernel relies on";
    if (!find_vdso_call(&offset))
        return "this kernel gives programs no vDSO";
    if (!has_tracing_filters())
        return "this kernel, or the sandbox that this runs in, has no seccomp filters";
    return NULL;
}

static bool has_pclmul(void)
{
    unsigned a, b, c, d;

    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_PCLMUL);
}

/* With the registers that it needs under the kernel's care: XCR0. */
static bool has_wide(void)
{
    const unsigned avx512_state = 0xe6;
    unsigned a, b, c, d, low, high;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
        return false;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & avx512_state) != avx512_state || !__get_cpuid_count(7, 0, &a, &b, &c, &d) ||
        !(b & bit_AVX512F) || !(c & bit_VPCLMULQDQ))
        return false;
    /* XGETBV with ecx 1, which tells what is in use. */
    return __get_cpuid_count(0xd, 1, &a, &b, &c, &d) && (a & 4);
}

static void make_config(const struct rn_ptrace *engine, struct rn_blob_config *config)
{
    const struct rn_blob_symbols *symbols = &rn_blob_symbols;

    config->entry[RN_ENTRY_MOV] = symbols->fast_mov;
    config->entry[RN_ENTRY_CMP64_0] = symbols->fast_cmp64_0;
    config->entry[RN_ENTRY_CMP64_1] = symbols->fast_cmp64_1;
    config->entry[RN_ENTRY_CMP32_0] = symbols->fast_cmp32_0;
    config->entry[RN_ENTRY_CMP32_1] = symbols->fast_cmp32_1;
    config->tick_shift = rn_session_clock_of(engine->session)->shift;
    config->has_pclmul = has_pclmul();
    config->has_wide = config->has_pclmul && has_wide();
    config->content_on = !engine->options->content_none;
    config->content_head = engine->options->content_head;
    if (engine->options->stack == RN_STACK_MODE_FRAME)
        config->stack_frames = RN_STACK_FRAMES_MAX;
    else if (engine->options->stack == RN_STACK_MODE_DUMP)
        config->stack_bytes = engine->options->stack_bytes;
    config->stack_room = rn_stack_room(engine->options->stack, engine->options->stack_bytes);
    rn_inline_recipes(config, engine->options->selected[RN_ABI_X86_64]);
}

/* What all images have in common: each maps it, and has pages of its own only where something is
 * written. */
static bool make_code(struct rn_inline *state)
{
    state->code = memfd_create("renacer-code", MFD_CLOEXEC);
    snprintf(state->code_path, sizeof(state->code_path), "/proc/%d/fd/%d", (int)getpid(),
             state->code);
    return state->code >= 0 && ftruncate(state->code, RN_BLOB_SIZE) == 0 &&
           pwrite(state->code, rn_blob_image, rn_blob_image_size, 0) ==
               (ssize_t)rn_blob_image_size &&
           pwrite(state->code, &state->config, sizeof(state->config),
                  RN_BLOB_CONFIG - RN_BLOB_ADDRESS) == (ssize_t)sizeof(state->config);
}

struct rn_inline *rn_inline_new(const struct rn_ptrace *engine, struct rn_error *err)
{
    struct rn_inline *state = calloc(1, sizeof(*state));

    if (!state) {
        (void)rn_fail(err, RN_E_NOMEM, "no memory for the inline engine");
        return NULL;
    }
    state->code = -1;
    snprintf(state->rings_path, sizeof(state->rings_path), "%s",
             rn_session_rings_path(engine->session));
    (void)find_vdso_call(&state->vdso_syscall);
    state->cache = rn_patch_cache_new(NULL, true);
    if (!state->cache) {
        (void)rn_fail(err, RN_E_NOMEM, "no memory for the inline engine");
        free(state);
        return NULL;
    }
    make_config(engine, &state->config);
    if (make_code(state))
        return state;
    (void)rn_fail(err, RN_E_SYSTEM, "cannot make the memory file of the injected code");
    rn_inline_free(state);
    return NULL;
}

void rn_inline_free(struct rn_inline *state)
{
    if (!state)
        return;
    if (state->code >= 0)
        close(state->code);
    rn_patch_cache_free(state->cache);
    free(state);
}

static void write_ranges(pid_t tid, const struct rn_inline_image *image)
{
    int memory = rn_inline_memory_open(tid);

    if (memory < 0)
        return;
    rn_inline_write_ranges(memory, image);
    close(memory);
}

/* Lay patched text over what was mapped. False: the thread did not come to the script's end. */
static bool run_overlay(struct rn_remote *remote, const struct rn_module_plan *plan)
{
    const struct rn_inline_thread *thread = &remote->tracee->inline_thread;
    struct rn_inline_image *image = remote->tracee->process->image;
    struct rn_script_call calls[RN_PLAN_CALLS] = {{0}};
    uint8_t *script = (uint8_t *)thread->area + RN_AREA_SCRIPT;
    uint64_t address = thread->address + RN_AREA_SCRIPT;
    size_t count = rn_inline_plan_calls(plan, address + sizeof(calls), calls, 0);

    memcpy(script, calls, sizeof(calls));
    memcpy(script + sizeof(calls), plan->path, sizeof(plan->path));
    if (!rn_remote_script(remote, address, count))
        return false;
    memcpy(calls, script, sizeof(calls));
    if (rn_inline_plan_done(plan, calls, image))
        write_ranges(remote->tracee->tid, image);
    return true;
}

static bool can_lay_over(const struct rn_tracee *tracee)
{
    return tracee->process->image && !tracee->process->image->slow && tracee->inline_thread.area;
}

static bool overlaps(uint64_t begin, uint64_t size, uint64_t other, uint64_t other_size)
{
    return begin - other < other_size || other - begin < size;
}

/* Where the injected code and its rings are, or text with jumps to stubs: nothing is laid over that,
 * whatever the program has done, or says. */
static bool is_taken(const struct rn_inline_image *image, uint64_t address, uint64_t length)
{
    if (overlaps(address, length, RN_BLOB_ADDRESS, RN_BLOB_SIZE) ||
        overlaps(address, length, RN_ARENA_ADDRESS, RN_ARENA_MAX))
        return true;
    for (size_t i = 0; i < image->count; i++)
        if (overlaps(address, length, image->modules[i].text, image->modules[i].text_size) ||
            overlaps(address, length, image->modules[i].stubs, image->modules[i].stubs_size))
            return true;
    return false;
}

bool rn_inline_mapped(struct rn_ptrace *engine, struct rn_tracee *tracee, uint64_t address,
                      uint64_t length, uint64_t file_offset, int fd, int *status)
{
    struct rn_module_plan plan;
    struct rn_remote remote;

    *status = 0;
    if (!can_lay_over(tracee) || is_taken(tracee->process->image, address, length) ||
        !rn_inline_plan(engine->inline_state, fd, address, length, file_offset, &plan) ||
        !rn_remote_begin(&remote, tracee))
        return true;
    (void)run_overlay(&remote, &plan);
    *status = remote.ended_status;
    if (*status == 0)
        (void)rn_remote_end(&remote, &remote.saved);
    return *status == 0;
}

/* The call that the injected code has made last, with that result, as its area has it. */
static void call_of_area(const struct rn_thread_area *area, uint64_t ret, struct rn_syscall *call)
{
    *call = (struct rn_syscall){.nr = area->regs.rax,
                                .abi = RN_ABI_X86_64,
                                .ret = ret,
                                .args = {area->regs.rdi, area->regs.rsi, area->regs.rdx,
                                         area->regs.r10, area->regs.r8, area->regs.r9}};
}

void rn_inline_note_mapped(struct rn_ptrace *engine, struct rn_tracee *tracee, uint64_t ret)
{
    struct rn_syscall call;

    call_of_area(tracee->inline_thread.area, ret, &call);
    if (call.nr == SYS_mmap)
        rn_ptrace_mapped(engine, tracee, &call, 1);
}

bool rn_inline_tells(const struct rn_tracee *tracee, const struct __ptrace_syscall_info *stop,
                     struct rn_syscall *call)
{
    const struct rn_thread_area *area = tracee->inline_thread.area;

    if (!tracee->process->image || !area || stop->op != PTRACE_SYSCALL_INFO_SECCOMP ||
        stop->instruction_pointer != rn_blob_symbols.tell_return ||
        stop->seccomp.nr != RN_TELL_MAPPED)
        return false;
    call_of_area(area, area->result, call);
    call->nr = SYS_mmap;
    return true;
}

/* Forget the modules whose text lies within the range; the calls that unmap their stubs. Text that
 * is gone only in part keeps its sites: the rest of it still has its jumps. */
static size_t take_off(struct rn_inline_image *image, uint64_t address, uint64_t length,
                       struct rn_script_call calls[STUBS_AT_ONCE])
{
    size_t count = 0;

    for (size_t i = 0; i < image->count && count < STUBS_AT_ONCE;) {
        struct rn_inline_module *module = &image->modules[i];

        if (module->text < address || module->text - address >= length ||
            module->text_size > length - (module->text - address)) {
            i++;
            continue;
        }
        calls[count++] = (struct rn_script_call){.nr = SYS_munmap,
                                                 .args = {module->stubs, module->stubs_size},
                                                 .replace = RN_SCRIPT_NONE};
        rn_sites_clear(&module->sites);
        *module = image->modules[--image->count];
    }
    return count;
}

/* Stubs that stayed would be in the way when the file is mapped at the same place again. */
bool rn_inline_unmapped(struct rn_tracee *tracee, uint64_t address, uint64_t length, int *status)
{
    struct rn_inline_thread *thread = &tracee->inline_thread;
    struct rn_script_call calls[STUBS_AT_ONCE];
    struct rn_remote remote;
    size_t count;

    *status = 0;
    if (!tracee->process->image)
        return true;
    while (*status == 0 && (count = take_off(tracee->process->image, address, length, calls)) > 0) {
        if (!thread->area || !rn_remote_begin(&remote, tracee))
            continue;
        memcpy((uint8_t *)thread->area + RN_AREA_SCRIPT, calls, count * sizeof(calls[0]));
        if (rn_remote_script(&remote, thread->address + RN_AREA_SCRIPT, count))
            write_ranges(tracee->tid, tracee->process->image);
        *status = remote.ended_status;
        if (*status == 0)
            (void)rn_remote_end(&remote, &remote.saved);
    }
    return *status == 0;
}
