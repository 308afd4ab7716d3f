/* SPDX-License-Identifier: MIT */
#include "ptrace_engine.h"

#include "proc_snapshot.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct rn_attachment attachment(uint8_t type, const void *bytes, size_t size)
{
    return (struct rn_attachment){
        .type = type, .arg = RN_ARG_NONE, .size = (uint32_t)size, .data = bytes};
}

/* The arguments of a program that has not been executed yet: from the options. */
static void take_arguments(const struct rn_ptrace *engine, struct rn_process_facts *facts)
{
    facts->argv_size = 0;
    facts->argv_cut = false;
    for (size_t i = 0; engine->options->argv[i]; i++) {
        size_t length = strlen(engine->options->argv[i]) + 1;

        facts->argv_cut = length > RN_CAPTURE_ARGV_MAX - facts->argv_size;
        if (facts->argv_cut)
            return;
        memcpy(facts->argv + facts->argv_size, engine->options->argv[i], length);
        facts->argv_size += length;
    }
}

void rn_ptrace_emit_facts(struct rn_ptrace *engine, const struct rn_tracee *tracee,
                          enum rn_process_op op)
{
    const struct rn_process_facts *facts = &engine->facts;
    struct rn_attachment items[7];
    uint32_t count = 0;
    struct rn_event event = {.kind = RN_KIND_PROCESS,
                             .stream = (uint32_t)tracee->stream,
                             .start = engine->now,
                             .u.process = facts->process,
                             .attachments = items};

    event.u.process.op = op;
    event.u.process.tid = (uint64_t)tracee->tid;
    /* The kernel names the thread after the name that was executed, which may be a link's. Of one
     * that is about to be started it is the recorder's still. */
    if (op != RN_PROCESS_START && facts->name[0])
        items[count++] = attachment(RN_ATT_NAME, facts->name, strlen(facts->name));
    items[count] = attachment(RN_ATT_ARGV, facts->argv, facts->argv_size);
    items[count++].flags = facts->argv_cut ? RN_ATT_CUT : 0;
    if (op != RN_PROCESS_START)
        items[count++] = attachment(RN_ATT_EXE, facts->exe, facts->exe_size);
    items[count++] = attachment(RN_ATT_CWD, facts->cwd, facts->cwd_size);
    items[count++] = attachment(RN_ATT_ROOT, facts->root, facts->root_size);
    if (facts->env_size > 0)
        items[count++] = attachment(RN_ATT_ENV, facts->env, facts->env_size);
    if (facts->has_limits)
        items[count++] = attachment(RN_ATT_LIMITS, facts->limits, sizeof(facts->limits));
    event.attachment_count = count;
    rn_ptrace_emit(engine, &event);
}

void rn_ptrace_process_facts(struct rn_ptrace *engine, const struct rn_tracee *tracee,
                             enum rn_process_op op)
{
    rn_process_facts_read(tracee->process->pid, engine->env_names, &engine->facts);
    if (op == RN_PROCESS_START)
        take_arguments(engine, &engine->facts);
    rn_ptrace_emit_facts(engine, tracee, op);
}

struct visit {
    struct rn_ptrace *engine;
    const struct rn_tracee *tracee;
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

void rn_ptrace_emit_descriptors(struct rn_ptrace *engine, const struct rn_tracee *tracee,
                                const struct rn_buf *list)
{
    struct visit visit = {engine, tracee};

    if (list->failed)
        rn_ptrace_fail(engine, rn_fail(&engine->err, RN_E_NOMEM, "no memory for descriptors"));
    rn_descriptor_list_each(list, emit_descriptor, &visit);
}

void rn_ptrace_descriptors(struct rn_ptrace *engine, const struct rn_tracee *tracee)
{
    rn_descriptor_list_read(tracee->process->pid, false, &engine->descriptors);
    rn_ptrace_emit_descriptors(engine, tracee, &engine->descriptors);
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
    rn_session_mapped(engine->session, (uint64_t)tracee->process->pid, path);
}

static void remember_code(struct rn_ptrace *engine, struct rn_tracee *tracee,
                          const struct rn_module *module)
{
    if (!rn_code_add(tracee->process, module->address, module->length))
        rn_ptrace_fail(engine, rn_fail(&engine->err, RN_E_NOMEM, "no memory for a module"));
}

/* In the list of modules before the path, which has a NUL. */
struct listed_module {
    struct rn_module module;
    size_t path_size;
};

static void list_module(void *context, const struct rn_module *module, const char *path)
{
    struct rn_ptrace *engine = context;
    struct rn_exec_image *image = &engine->new_image;
    struct listed_module listed = {*module, strlen(path) + 1};

    rn_buf_append(&engine->modules, &listed, sizeof(listed));
    rn_buf_append(&engine->modules, path, listed.path_size);
    if (image->count < RN_EXEC_MODULES) {
        struct rn_exec_module *kept = &image->modules[image->count++];

        kept->module = *module;
        snprintf(kept->path, sizeof(kept->path), "%s", path);
    }
}

void rn_ptrace_read_modules(struct rn_ptrace *engine, const struct rn_tracee *tracee)
{
    rn_buf_clear(&engine->modules);
    engine->new_image.count = 0;
    rn_proc_modules(tracee->process->pid, list_module, engine, &engine->new_image.vdso);
}

void rn_ptrace_emit_modules(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    const struct rn_buf *list = &engine->modules;
    struct listed_module listed;

    if (list->failed) {
        rn_ptrace_fail(engine, rn_fail(&engine->err, RN_E_NOMEM, "no memory for modules"));
        return;
    }
    for (size_t at = 0; at < list->size; at += listed.path_size) {
        const char *path = (const char *)list->data + at + sizeof(listed);

        memcpy(&listed, list->data + at, sizeof(listed));
        at += sizeof(listed);
        if (!engine->snapshotting)
            remember_code(engine, tracee, &listed.module);
        emit_module(engine, tracee, &listed.module, path,
                    rn_build_ids_get(engine->build_ids, tracee->process->pid, path,
                                     listed.module.inode));
    }
}

void rn_ptrace_modules(struct rn_ptrace *engine, struct rn_tracee *tracee)
{
    rn_ptrace_read_modules(engine, tracee);
    rn_ptrace_emit_modules(engine, tracee);
}

void rn_ptrace_mapped(struct rn_ptrace *engine, struct rn_tracee *tracee,
                      const struct rn_syscall *call, uint64_t page_size)
{
    struct rn_module module = {.op = RN_MODULE_MAP,
                               .pid = (uint64_t)tracee->process->pid,
                               .address = call->ret,
                               .length = (call->args[1] + 4095) & ~4095ull,
                               .file_offset = call->args[5] * page_size};
    int fd = (int)call->args[4];
    struct rn_fd_identity identity;
    char link[32];

    /* Injected code tells of calls in memory that the program can write. */
    if (!(call->args[2] & PROT_EXEC) || (call->args[3] & MAP_ANONYMOUS) ||
        rn_syscall_failed(call) || module.length < call->args[1] || module.length == 0 ||
        module.address > INT64_MAX - module.length ||
        !rn_proc_fd_identity(tracee->tid, fd, &identity) || !S_ISREG(identity.mode))
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
    rn_ptrace_modules(engine, tracee);
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
