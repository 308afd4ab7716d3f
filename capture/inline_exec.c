/* SPDX-License-Identifier: MIT */
/* A new program begins: the injected code, the rings and the patched text of what the kernel mapped
 * are put into it before its first instruction. */
#include "inline_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where a script and its strings lie below the stack pointer of a program that has not begun: the
 * stack's mapping reaches further down, and nothing is there yet. */
#define STACK_ROOM      20480u
#define STRING_BYTES    4096u
#define CODE_SEGMENT_64 0x33
#define CALLS_MAX       (6u + RN_EXEC_MODULES * RN_PLAN_CALLS)
/* Of the code, so much is enough to run the script that maps all of it. */
#define FIRST_BYTES 4096u

struct new_image {
    struct rn_ptrace *engine;
    struct rn_remote remote;
    int memory; /* of the program, open for writing */
    struct user_regs_struct regs;
    struct rn_inline_image *image;
    struct rn_script_call calls[CALLS_MAX];
    size_t call_count;
    char strings[STRING_BYTES];
    size_t string_bytes;
    uint64_t script, string_address;
    struct rn_module_plan plans[RN_EXEC_MODULES];
    size_t first_call[RN_EXEC_MODULES];
    size_t plan_count;
};

/* Why the program is left alone; NULL: it is not. A limit on address space would meet the rings
 * before it meets the program. A thread that is gone has no obstacle. */
static const char *find_obstacle(pid_t tid)
{
    struct user_regs_struct regs;
    struct rlimit limit;

    if (ptrace(PTRACE_GETREGS, tid, NULL, &regs) == 0 && regs.cs != CODE_SEGMENT_64)
        return "is a 32-bit program";
    if (prlimit(tid, RLIMIT_AS, NULL, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        return "has a limit on its address space";
    return NULL;
}

static uint64_t add_string(struct new_image *new, const char *string)
{
    size_t size = strlen(string) + 1;
    uint64_t address = new->string_address + new->string_bytes;

    if (size > sizeof(new->strings) - new->string_bytes)
        return 0;
    memcpy(new->strings + new->string_bytes, string, size);
    new->string_bytes += size;
    return address;
}

/* A file, mapped at a fixed place. */
static void add_mapping(struct new_image *new, const char *path, uint64_t open_flags,
                        const uint64_t args[4])
{
    struct rn_script_call *call = &new->calls[new->call_count];
    uint64_t opened = new->call_count;

    call[0] = (struct rn_script_call){.nr = SYS_open,
                                      .args = {add_string(new, path), open_flags | O_CLOEXEC},
                                      .replace = RN_SCRIPT_NONE,
                                      .needed = true};
    call[1] = (struct rn_script_call){
        .nr = SYS_mmap, .replace = 4, .from = opened, .needed = true};
    memcpy(call[1].args, args, 4 * sizeof(args[0]));
    call[2] = (struct rn_script_call){.nr = SYS_close, .replace = 0, .from = opened};
    new->call_count += 3;
}

static void add_code_and_rings(struct new_image *new, const struct rn_inline *state)
{
    static const uint64_t code[4] = {RN_BLOB_ADDRESS, RN_BLOB_SIZE, PROT_READ | PROT_EXEC,
                                     MAP_PRIVATE | MAP_FIXED};
    static const uint64_t rings[4] = {RN_ARENA_ADDRESS, RN_ARENA_MAX, PROT_READ | PROT_WRITE,
                                      MAP_SHARED | MAP_FIXED_NOREPLACE};

    add_mapping(new, state->code_path, O_RDONLY, code);
    add_mapping(new, state->rings_path, O_RDWR, rings);
}

/* The name is the program's: under another root, or renamed since, it may be that of another file.
 */
static bool is_mapped_file(int fd, const struct rn_module *module)
{
    struct stat file;

    return fstat(fd, &file) == 0 && file.st_ino == module->inode;
}

static void add_module(struct new_image *new, struct rn_inline *state,
                       const struct rn_exec_module *mapped)
{
    const struct rn_module *module = &mapped->module;
    struct rn_module_plan *plan = &new->plans[new->plan_count];
    int fd = open(mapped->path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    if (is_mapped_file(fd, module) &&
        rn_inline_plan(state, fd, module->address, module->length, module->file_offset, plan)) {
        uint64_t string = add_string(new, plan->path);

        if (string) {
            new->first_call[new->plan_count++] = new->call_count;
            new->call_count +=
                rn_inline_plan_calls(plan, string, new->calls + new->call_count, new->call_count);
        }
    }
    close(fd);
}

static void plan_script(void *context)
{
    struct new_image *new = context;
    const struct rn_exec_image *image = &new->engine->new_image;

    add_code_and_rings(new, new->engine->inline_state);
    for (size_t i = 0; i < image->count; i++)
        add_module(new, new->engine->inline_state, &image->modules[i]);
}

static void look(void *context)
{
    struct new_image *new = context;

    rn_ptrace_exec_look(new->engine);
}

static void tell(void *context)
{
    struct new_image *new = context;

    rn_ptrace_exec_tell(new->engine, new->remote.tracee);
}

/* The only call instruction that is sure to be there is the vDSO's. Whatever call it is about to
 * make becomes ours. */
static bool map_blob(struct new_image *new)
{
    const struct rn_inline *state = new->engine->inline_state;
    const uint64_t args[6] = {RN_BLOB_ADDRESS,
                              RN_BLOB_SIZE,
                              PROT_READ | PROT_EXEC,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
                              UINT64_MAX,
                              0};
    uint64_t vdso = new->engine->new_image.vdso, result;

    if (!vdso)
        return false;
    new->regs = new->remote.saved;
    new->regs.rip = vdso + state->vdso_syscall;
    if (!new->engine->side_thread)
        rn_remote_meanwhile(&new->remote, look, new);
    if (!rn_remote_until_call(&new->remote, &new->regs))
        return false;
    rn_remote_meanwhile(&new->remote, plan_script, new);
    if (!rn_remote_call(&new->remote, &new->regs, SYS_mmap, args, &result))
        return false;
    return result == RN_BLOB_ADDRESS &&
           rn_inline_memory_write(new->memory, RN_BLOB_ADDRESS, rn_blob_image, FIRST_BYTES);
}

static bool run_script(struct new_image *new)
{
    pid_t tid = new->remote.tracee->tid;
    size_t bytes = new->call_count * sizeof(new->calls[0]);

    look(new); /* the script opens descriptors */
    rn_remote_meanwhile(&new->remote, tell, new);
    return rn_inline_memory_write(new->memory, new->script, new->calls, bytes) &&
           rn_inline_memory_write(new->memory, new->string_address, new->strings,
                                  new->string_bytes) &&
           rn_remote_script(&new->remote, new->script, new->call_count) &&
           rn_inline_read(tid, new->script, new->calls, bytes);
}

/* They are mapped last, and only if the code was. */
static bool rings_are_mapped(const struct new_image *new)
{
    return new->calls[4].result == RN_ARENA_ADDRESS;
}

static void note_modules(struct new_image *new)
{
    for (size_t i = 0; i < new->plan_count; i++)
        (void)rn_inline_plan_done(&new->plans[i], new->calls + new->first_call[i], new->image);
    rn_inline_write_ranges(new->memory, new->image);
}

/* The plan for a file borrows from the cache until its next use, but a script that lays over two
 * files is run as a whole: both were asked for before, so both stay. */
static bool inject(struct rn_ptrace *engine, struct new_image *new)
{
    struct rn_tracee *tracee = new->remote.tracee;

    new->script = (new->remote.saved.rsp - STACK_ROOM) & ~63ull;
    new->string_address = new->script + sizeof(new->calls);
    new->memory = rn_inline_memory_open(tracee->tid);
    if (new->memory < 0 || !map_blob(new))
        return false;
    new->image = rn_inline_image_new();
    if (!new->image || !run_script(new))
        return false;
    tracee->process->image = new->image;
    if (!rings_are_mapped(new) || !rn_inline_thread_start(engine, tracee)) {
        rn_inline_give_up(engine, tracee, "cannot map the capture rings");
        return true;
    }
    note_modules(new);
    return true;
}

bool rn_inline_exec(struct rn_ptrace *engine, struct rn_tracee *tracee, int *status)
{
    const char *obstacle;
    struct new_image *new;
    struct user_regs_struct regs;

    rn_inline_image_release(tracee->process->image);
    tracee->process->image = NULL;
    tracee->inline_thread.area = NULL;
    rn_inline_faults_exec(tracee->process);
    *status = 0;
    obstacle = find_obstacle(tracee->tid);
    if (obstacle)
        rn_inline_note(engine, tracee, obstacle);
    new = obstacle ? NULL : calloc(1, sizeof(*new));
    if (!new || !rn_remote_begin(&new->remote, tracee)) {
        free(new);
        return true;
    }
    new->engine = engine;
    new->memory = -1;
    if (!inject(engine, new)) {
        *status = new->remote.ended_status;
        if (!tracee->process->image)
            rn_inline_image_release(new->image);
        if (*status == 0)
            rn_inline_note(engine, tracee, "has no room for the injected code");
    }
    regs = new->remote.saved;
    regs.rax = 0;
    if (tracee->inline_thread.area) {
        tracee->inline_thread.area->blocked = new->remote.signal_mask;
        regs.gs_base = tracee->inline_thread.address;
    }
    if (*status == 0)
        (void)rn_remote_end(&new->remote, &regs);
    if (new->memory >= 0)
        close(new->memory);
    free(new);
    return *status == 0;
}
