/* SPDX-License-Identifier: MIT */
#include "ptrace_engine.h"

#include "proc_snapshot.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct rn_attachment attachment(uint8_t type, const void *bytes, size_t size)
{
    return (struct rn_attachment){
        .type = type, .arg = RN_ARG_NONE, .size = (uint32_t)size, .data = bytes};
}

/* The arguments as NUL-terminated strings: of a program that has not been executed yet from the
 * options, else from the process itself. */
static struct rn_attachment argv_attachment(struct rn_ptrace *engine, pid_t pid, bool before_exec)
{
    size_t size = 0;
    bool cut = false;
    struct rn_attachment result;

    if (!before_exec) {
        size = rn_proc_read(pid, "cmdline", engine->text, RN_CAPTURE_ARGV_MAX + 1);
        cut = size == RN_CAPTURE_ARGV_MAX;
    }
    for (size_t i = 0; before_exec && engine->options->argv[i] && !cut; i++) {
        size_t length = strlen(engine->options->argv[i]) + 1;

        cut = length > RN_CAPTURE_ARGV_MAX - size;
        if (cut)
            break;
        memcpy(engine->text + size, engine->options->argv[i], length);
        size += length;
    }
    result = attachment(RN_ATT_ARGV, engine->text, size);
    result.flags = cut ? RN_ATT_CUT : 0;
    return result;
}

static void fill_process(struct rn_process *process, pid_t pid)
{
    struct rn_proc_status status;

    process->pid = (uint64_t)pid;
    process->abi = rn_proc_abi(pid);
    process->pgid = (uint64_t)getpgid(pid);
    process->sid = (uint64_t)getsid(pid);
    if (!rn_proc_status(pid, &status))
        return;
    process->parent_pid = (uint64_t)status.ppid;
    process->uid = status.uid;
    process->euid = status.euid;
    process->gid = status.gid;
    process->egid = status.egid;
    process->umask = status.umask;
}

void rn_ptrace_process_facts(struct rn_ptrace *engine, struct rn_tracee *tracee,
                             enum rn_process_op op)
{
    pid_t pid = tracee->process->pid;
    bool before_exec = op == RN_PROCESS_START;
    struct rn_attachment items[6];
    uint64_t limits[2 * RN_PROC_LIMITS];
    uint32_t count = 0;
    struct rn_event event = {.kind = RN_KIND_PROCESS,
                             .stream = (uint32_t)tracee->stream,
                             .start = engine->now,
                             .attachments = items};

    event.u.process.op = op;
    event.u.process.tid = (uint64_t)tracee->tid;
    fill_process(&event.u.process, pid);
    items[count++] = argv_attachment(engine, pid, before_exec);
    if (!before_exec)
        items[count++] = attachment(RN_ATT_EXE, engine->path,
                                    rn_proc_link(pid, "exe", engine->path, sizeof(engine->path)));
    items[count++] = attachment(RN_ATT_CWD, engine->cwd,
                                rn_proc_link(pid, "cwd", engine->cwd, sizeof(engine->cwd)));
    items[count++] = attachment(RN_ATT_ROOT, engine->root,
                                rn_proc_link(pid, "root", engine->root, sizeof(engine->root)));
    items[count] = attachment(
        RN_ATT_ENV, engine->env,
        rn_proc_environ(pid, engine->env_names, engine->env, sizeof(engine->env)));
    count += items[count].size > 0;
    if (rn_proc_limits(pid, limits))
        items[count++] = attachment(RN_ATT_LIMITS, limits, sizeof(limits));
    event.attachment_count = count;
    rn_ptrace_emit(engine, &event);
}

struct visit {
    struct rn_ptrace *engine;
    struct rn_tracee *tracee;
    struct rn_exec_image *image; /* where modules are noted; NULL: nowhere */
};

static void emit_descriptor(void *context, const struct rn_descriptor *descriptor,
                            const char *path, size_t length)
{
    struct visit *visit = context;
    struct rn_attachment item = attachment(RN_ATT_PATH, path, length);
    struct rn_event event = {.kind = RN_KIND_DESCRIPTOR,
                             .stream = (uint32_t)visit->tracee->stream,
                             .start = visit->engine->now,
                             .u.descriptor = *descriptor,
                             .attachment_count = 1,
                             .attachments = &item};

    rn_ptrace_emit(visit->engine, &event);
}

void rn_ptrace_descriptors(struct rn_ptrace *engine, const struct rn_tracee *tracee)
{
    struct visit visit = {engine, (struct rn_tracee *)tracee, NULL};

    rn_proc_descriptors(tracee->process->pid, emit_descriptor, &visit);
}

static void emit_module(struct rn_ptrace *engine, const struct rn_tracee *tracee,
                        const struct rn_module *module, const char *path,
                        const struct rn_build_id *build_id)
{
    struct rn_attachment items[2] = {attachment(RN_ATT_PATH, path, strlen(path))};
    struct rn_event event = {.kind = RN_KIND_MODULE,
                             .stream = (uint32_t)tracee->stream,
                             .start = engine->now,
                             .u.module = *module,
                             .attachment_count = 1,
                             .attachments = items};

    if (build_id)
        items[event.attachment_count++] =
            attachment(RN_ATT_BUILD_ID, build_id->bytes, build_id->size);
    rn_ptrace_emit(engine, &event);
}

static void remember_code(struct rn_ptrace *engine, struct rn_tracee *tracee,
                          const struct rn_module *module)
{
    if (!rn_code_add(tracee->process, module->address, module->length))
        rn_ptrace_fail(engine, rn_fail(&engine->err, RN_E_NOMEM, "no memory for a module"));
}

static void visit_module(void *context, const struct rn_module *module, const char *path)
{
    struct visit *visit = context;

    if (!visit->engine->snapshotting)
        remember_code(visit->engine, visit->tracee, module);
    if (visit->image && visit->image->count < RN_EXEC_MODULES) {
        struct rn_exec_module *kept = &visit->image->modules[visit->image->count++];

        kept->module = *module;
        snprintf(kept->path, sizeof(kept->path), "%s", path);
    }
    emit_module(visit->engine, visit->tracee, module, path,
                rn_build_ids_get(visit->engine->build_ids, visit->tracee->process->pid, path,
                                 module->inode));
}

void rn_ptrace_modules(struct rn_ptrace *engine, struct rn_tracee *tracee,
                       struct rn_exec_image *image)
{
    struct visit visit = {engine, tracee, image};

    if (image)
        image->count = 0;
    rn_proc_modules(tracee->process->pid, visit_module, &visit, image ? &image->vdso : NULL);
}

void rn_ptrace_mapped(struct rn_ptrace *engine, struct rn_tracee *tracee, uint64_t page_size)
{
    const struct rn_syscall *call = &tracee->call.syscall;
    struct rn_module module = {.op = RN_MODULE_MAP,
                               .pid = (uint64_t)tracee->process->pid,
                               .address = call->ret,
                               .length = (call->args[1] + 4095) & ~4095ull,
                               .file_offset = call->args[5] * page_size};
    int fd = (int)call->args[4];
    struct rn_fd_identity identity;
    char link[32];

    if (!(call->args[2] & PROT_EXEC) || (call->args[3] & MAP_ANONYMOUS) ||
        !rn_proc_fd_identity(tracee->tid, fd, &identity))
        return;
    module.device = identity.device;
    module.inode = identity.inode;
    remember_code(engine, tracee, &module);
    snprintf(link, sizeof(link), "fd/%d", fd);
    rn_proc_link(tracee->tid, link, engine->path, sizeof(engine->path));
    emit_module(engine, tracee, &module, engine->path,
                rn_build_ids_get_fd(engine->build_ids, tracee->tid, fd));
}

void rn_ptrace_unmapped(struct rn_ptrace *engine, struct rn_tracee *tracee, uint64_t address,
                        uint64_t length)
{
    struct rn_code_range range;

    while (rn_code_take(tracee->process, address, length, &range)) {
        struct rn_event event = {.kind = RN_KIND_MODULE,
                                 .stream = (uint32_t)tracee->stream,
                                 .start = engine->now,
                                 .u.module = {.op = RN_MODULE_UNMAP,
                                              .pid = (uint64_t)tracee->process->pid,
                                              .address = range.address,
                                              .length = range.length}};

        rn_ptrace_emit(engine, &event);
    }
}

void rn_ptrace_thread_name(struct rn_ptrace *engine, const struct rn_tracee *tracee)
{
    char name[64];
    size_t length = rn_proc_read(tracee->tid, "comm", name, sizeof(name));
    struct rn_attachment item;
    struct rn_event event = {.kind = RN_KIND_PROCESS,
                             .stream = (uint32_t)tracee->stream,
                             .start = engine->now,
                             .attachment_count = 1,
                             .attachments = &item};

    if (length > 0 && name[length - 1] == '\n')
        length--;
    item = attachment(RN_ATT_NAME, name, length);
    event.u.process.op = RN_PROCESS_NAME;
    event.u.process.pid = (uint64_t)tracee->process->pid;
    event.u.process.tid = (uint64_t)tracee->tid;
    rn_ptrace_emit(engine, &event);
}

/* Not threads that are on their way out: they have nothing any more. */
static void snapshot_tracee(void *context, struct rn_tracee *tracee)
{
    struct rn_ptrace *engine = context;

    if (!tracee->process || tracee->exiting || tracee->before_exec)
        return;
    rn_ptrace_thread_name(engine, tracee);
    if (tracee->tid != tracee->process->pid)
        return;
    rn_ptrace_process_facts(engine, tracee, RN_PROCESS_ATTACH);
    rn_ptrace_modules(engine, tracee, NULL);
    rn_ptrace_descriptors(engine, tracee);
}

enum rn_status rn_ptrace_snapshot(void *context, struct rn_session *session, struct rn_error *err)
{
    struct rn_ptrace *engine = context;

    (void)session;
    engine->snapshotting = true;
    engine->now = rn_session_now(engine->session);
    rn_tracee_each(&engine->tracees, snapshot_tracee, engine);
    engine->snapshotting = false;
    if (engine->status != RN_OK && err)
        *err = engine->err;
    return engine->status;
}
