/* SPDX-License-Identifier: MIT */
/* Who ran where, and which processes came and went. */
#include "formats/escape.h"
#include "formats/syscall_table.h"
#include "perf_model_private.h"

#include <stdio.h>
#include <string.h>

#define THREAD_BIT 0x10000u /* CLONE_THREAD */

/* ---- on a CPU ---- */

static enum rn_status end_stretch(struct rn_perf_model *model, struct perf_cpu *cpu, uint64_t end,
                                  uint32_t flags, const struct rn_perf_text *state,
                                  struct rn_error *err)
{
    struct rn_attachment attachments[3];
    struct rn_event event = {.kind = RN_KIND_SPAN,
                             .flags = flags,
                             .stream = cpu->stream,
                             .start = cpu->since,
                             .duration = end > cpu->since ? end - cpu->since : 0,
                             .u.span.form = RN_SPAN_NESTED,
                             .attachment_count = 3,
                             .attachments = attachments};

    rn_buf_clear(&model->text);
    rn_buf_printf(&model->text, "{\"tid\":%lld", (long long)cpu->tid);
    if (state && state->size) {
        rn_buf_text(&model->text, ",\"left_as\":");
        rn_escape_json(&model->text, (const uint8_t *)state->data, state->size);
    }
    rn_buf_byte(&model->text, '}');
    if (model->text.failed)
        return rn_fail(err, RN_E_NOMEM, "no memory for the text of an event");
    attachments[0] = rn_import_attachment(RN_ATT_NAME, cpu->name, strlen(cpu->name));
    attachments[1] = rn_import_attachment(RN_ATT_CATEGORY, "on-cpu", 6);
    attachments[2] = rn_import_attachment(RN_ATT_TEXT, model->text.data, model->text.size);
    cpu->running = false;
    return rn_import_add(model->import, &event, err);
}

static enum rn_status cpu_of(struct rn_perf_model *model, int64_t number, struct perf_cpu **cpu,
                             struct rn_error *err)
{
    char name[32];

    *cpu = &model->cpus[number];
    if ((*cpu)->stream)
        return RN_OK;
    snprintf(name, sizeof name, "CPU %lld", (long long)number);
    return rn_import_track(model->import, 0, (uint64_t)number, name, &(*cpu)->stream, err);
}

enum rn_status perf_on_switch(struct rn_perf_model *model, const struct rn_perf_sample *sample,
                              struct perf_thread *thread, struct rn_error *err)
{
    struct rn_perf_text field, state = {NULL, 0}, name = {"", 0};
    uint64_t next, previous;
    struct perf_cpu *cpu;
    enum rn_status status;

    if (sample->cpu < 0)
        return perf_on_other(model, sample, thread, err);
    if (sample->cpu >= RN_PERF_CPUS)
        return perf_wrong(model, "a CPU whose number makes no sense");
    if (!rn_perf_field(sample, "next_pid", &field) || !rn_perf_number(&field, &next) ||
        next > INT32_MAX || !rn_perf_field(sample, "prev_pid", &field) ||
        !rn_perf_number(&field, &previous))
        return perf_wrong(model, "a switch to nobody knows whom");
    (void)rn_perf_field(sample, "prev_state", &state);
    (void)rn_perf_field_until(sample, "next_comm", " next_pid=", &name);
    status = cpu_of(model, sample->cpu, &cpu, err);
    if (status == RN_OK && cpu->running)
        status = end_stretch(model, cpu, sample->ns, 0, &state, err);
    else
        model->switches_alone += !cpu->running && previous != 0 && !cpu->since;
    cpu->since = sample->ns;
    cpu->running = next != 0;
    cpu->tid = (int64_t)next;
    perf_name_set(cpu->name, &name);
    return status;
}

enum rn_status perf_cpus_finish(struct rn_perf_model *model, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (unsigned i = 0; i < RN_PERF_CPUS && status == RN_OK; i++)
        if (model->cpus[i].running)
            status =
                end_stretch(model, &model->cpus[i], model->last, RN_EVENT_UNFINISHED, NULL, err);
    return status;
}

/* ---- processes ---- */

static enum rn_status add_process(struct rn_perf_model *model, const struct perf_thread *thread,
                                  const struct rn_process *process, uint64_t start,
                                  const struct rn_attachment *attachment, struct rn_error *err)
{
    struct rn_event event = {.kind = RN_KIND_PROCESS,
                             .stream = thread->stream,
                             .start = start,
                             .u.process = *process,
                             .attachment_count = attachment != NULL,
                             .attachments = attachment};

    event.u.process.pid = thread->pid ? thread->pid : (uint64_t)thread->tid;
    event.u.process.tid = (uint64_t)thread->tid;
    event.u.process.abi = model->abi;
    return rn_import_add(model->import, &event, err);
}

/* What it asked clone for says whether it made a thread or a process; clone3 has that in memory
 * which perf did not read. */
static uint64_t flags_asked(const struct rn_perf_model *model, const struct perf_thread *maker)
{
    const struct rn_syscall_info *info =
        maker->call && maker->call->open ? rn_syscall_info(model->abi, maker->call->call.nr) : NULL;

    if (!info)
        return 0;
    if (!strcmp(info->name, "clone"))
        return maker->call->call.args[0];
    if (!strcmp(info->name, "fork"))
        return 17; /* SIGCHLD */
    if (!strcmp(info->name, "vfork"))
        return 0x4000 | 0x100 | 17; /* CLONE_VFORK, CLONE_VM */
    return 0;
}

static void forget_dead(struct rn_perf_model *model, struct perf_thread *thread)
{
    perf_files_forget(model, thread);
    rn_import_end_thread(model->import, thread->pid ? thread->pid : (uint64_t)thread->tid,
                         (uint64_t)thread->tid);
    thread->stream = 0;
    thread->pid = 0;
    thread->dead = thread->forked = false;
    thread->making.open = false;
    thread->signal = 0;
    if (thread->call)
        thread->call->open = false;
}

enum rn_status perf_announce(struct rn_perf_model *model, struct perf_thread *thread, uint64_t pid,
                             struct rn_error *err)
{
    struct perf_making *making = &thread->making;
    uint64_t flags = making->flags, tid = (uint64_t)thread->tid;
    struct rn_event event = {.kind = RN_KIND_PROCESS,
                             .stream = making->stream,
                             .start = making->ns,
                             .u.process = {.op = RN_PROCESS_FORK,
                                           .pid = making->pid,
                                           .tid = making->tid,
                                           .child_tid = tid,
                                           .abi = model->abi}};
    enum rn_status status;

    making->open = false;
    model->unknown_pids += !pid;
    thread->pid = pid ? pid : tid;
    event.u.process.clone_flags = flags ? flags : thread->pid == tid ? 17 : THREAD_BIT;
    status = rn_import_child(model->import, making->stream, thread->pid, tid,
                             *thread->name ? thread->name : NULL, &thread->stream, err);
    event.u.process.child_stream = thread->stream;
    return status == RN_OK ? rn_import_add(model->import, &event, err) : status;
}

static enum rn_status make_child(struct rn_perf_model *model, struct perf_thread *maker,
                                 int64_t tid, uint64_t pid, const struct rn_perf_sample *sample,
                                 struct rn_error *err)
{
    struct perf_thread *child = perf_thread_make(model, tid);
    uint64_t flags = flags_asked(model, maker);
    uint64_t maker_pid = maker->pid ? maker->pid : (uint64_t)maker->tid;

    if (!child)
        return rn_fail(err, RN_E_NOMEM, "no memory for a thread");
    if (child->dead)
        forget_dead(model, child);
    if (child->forked)
        return RN_OK; /* perf has a record of its own beside the tracepoint */
    child->forked = true;
    memcpy(child->name, maker->name, sizeof child->name);
    child->making = (struct perf_making){.open = true,
                                         .stream = maker->stream,
                                         .pid = maker_pid,
                                         .tid = (uint64_t)maker->tid,
                                         .ns = sample->ns,
                                         .flags = flags};
    if (!pid && flags)
        pid = flags & THREAD_BIT ? maker_pid : (uint64_t)tid;
    /* Where the text tells processes, the child's own first event does. */
    if (!pid && sample->pid)
        return RN_OK;
    return perf_announce(model, child, pid, err);
}

static bool is_tid(uint64_t number)
{
    return number > 0 && number <= INT32_MAX;
}

enum rn_status perf_on_fork(struct rn_perf_model *model, const struct rn_perf_sample *sample,
                            struct perf_thread *thread, struct rn_error *err)
{
    struct rn_perf_text field;
    uint64_t tid;

    if (!rn_perf_field(sample, "child_pid", &field) || !rn_perf_number(&field, &tid) ||
        !is_tid(tid))
        return perf_wrong(model, "a fork whose child has no number");
    return make_child(model, thread, (int64_t)tid, 0, sample, err);
}

enum rn_status perf_on_exec(struct rn_perf_model *model, const struct rn_perf_sample *sample,
                            struct perf_thread *thread, struct rn_error *err)
{
    struct rn_process process = {.op = RN_PROCESS_EXEC};
    struct rn_perf_text path;
    struct rn_attachment exe;
    const char *slash;

    if (!rn_perf_field_until(sample, "filename", " pid=", &path))
        return perf_wrong(model, "an exec of no file");
    exe = rn_import_attachment(RN_ATT_EXE, path.data, path.size);
    slash = memrchr(path.data, '/', path.size);
    if (slash)
        path = (struct rn_perf_text){slash + 1, (size_t)(path.data + path.size - slash - 1)};
    perf_files_forget(model, thread);
    perf_name_set(thread->name, &path);
    thread->name[15] = '\0';
    return add_process(model, thread, &process, sample->ns, &exe, err);
}

/* The status is what it asked exit for, or the signal that was delivered last. */
static uint64_t exit_status(struct rn_perf_model *model, const struct perf_thread *thread)
{
    const struct perf_call *call = thread->call && thread->call->open ? thread->call : NULL;
    const struct rn_syscall_info *info = call ? rn_syscall_info(model->abi, call->call.nr) : NULL;

    if (info && (!strcmp(info->name, "exit_group") || !strcmp(info->name, "exit")))
        return (call->call.args[0] & 0xff) << 8;
    model->no_status += !thread->signal;
    return thread->signal;
}

static enum rn_status end_thread(struct rn_perf_model *model, struct perf_thread *thread,
                                 bool of_process, uint64_t start, struct rn_error *err)
{
    struct rn_process process = {.op = of_process ? RN_PROCESS_EXIT : RN_PROCESS_THREAD_EXIT};
    enum rn_status status;

    if (thread->dead)
        return RN_OK;
    thread->dead = true;
    process.status = exit_status(model, thread);
    status = perf_call_abandon(model, thread, err);
    return status == RN_OK ? add_process(model, thread, &process, start, NULL, err) : status;
}

enum rn_status perf_on_process_exit(struct rn_perf_model *model,
                                    const struct rn_perf_sample *sample, struct perf_thread *thread,
                                    struct rn_error *err)
{
    struct rn_perf_text last;
    bool of_process = !thread->pid || thread->pid == (uint64_t)thread->tid;

    if (rn_perf_field(sample, "group_dead", &last))
        of_process = rn_perf_text_is(&last, "true") || rn_perf_text_is(&last, "1");
    return end_thread(model, thread, of_process, sample->ns, err);
}

enum rn_status perf_on_signal(struct rn_perf_model *model, const struct rn_perf_sample *sample,
                              struct perf_thread *thread, struct rn_error *err)
{
    struct rn_event event = {.kind = RN_KIND_SIGNAL, .stream = thread->stream, .start = sample->ns};
    struct rn_perf_text field;

    if (!rn_perf_field(sample, "sig", &field) || !rn_perf_number(&field, &event.u.signal.signo) ||
        event.u.signal.signo > 64)
        return perf_wrong(model, "a signal without a number");
    if (rn_perf_field(sample, "code", &field))
        (void)rn_perf_number(&field, &event.u.signal.code);
    if (rn_perf_field(sample, "sa_handler", &field) && rn_perf_text_is(&field, "0"))
        thread->signal = event.u.signal.signo;
    return rn_import_add(model->import, &event, err);
}

/* ---- perf's own records ---- */

/* "(pid:tid):(pid:tid)" */
static bool parse_pairs(const struct rn_perf_text *text, uint64_t numbers[4])
{
    const char *at = text->data, *end = text->data + text->size;

    for (unsigned i = 0; i < 4; i++) {
        struct rn_perf_text number;

        while (at < end && (*at == '(' || *at == ':' || *at == ')'))
            at++;
        number.data = at;
        while (at < end && *at >= '0' && *at <= '9')
            at++;
        number.size = (size_t)(at - number.data);
        if (!rn_perf_number(&number, &numbers[i]) || numbers[i] > INT32_MAX)
            return false;
    }
    return true;
}

/* "exec: name:pid/tid": whose thread it is. */
static enum rn_status on_comm(struct rn_perf_model *model, const struct rn_perf_sample *sample,
                              struct rn_error *err)
{
    const char *text = sample->text.data, *end = text + sample->text.size;
    const char *colon = memrchr(text, ':', sample->text.size), *slash;
    struct rn_perf_text pid, tid;
    struct perf_thread *thread;
    uint64_t pid_number, tid_number;

    slash = colon ? memchr(colon, '/', (size_t)(end - colon)) : NULL;
    if (!slash)
        return perf_wrong(model, "a record of a name that makes no sense");
    pid = (struct rn_perf_text){colon + 1, (size_t)(slash - colon - 1)};
    tid = (struct rn_perf_text){slash + 1, (size_t)(end - slash - 1)};
    if (!rn_perf_number(&pid, &pid_number) || !rn_perf_number(&tid, &tid_number) ||
        !is_tid(tid_number) || !is_tid(pid_number))
        return perf_wrong(model, "a record of a name that makes no sense");
    thread = perf_thread_make(model, (int64_t)tid_number);
    if (!thread)
        return rn_fail(err, RN_E_NOMEM, "no memory for a thread");
    if (!thread->stream)
        thread->pid = pid_number;
    return RN_OK;
}

/* Those of time 0 tell of what was there before. */
static enum rn_status on_fork_or_exit(struct rn_perf_model *model,
                                      const struct rn_perf_sample *sample, bool is_exit,
                                      struct rn_error *err)
{
    struct rn_perf_sample maker = {.ns = sample->ns, .comm = sample->comm};
    struct perf_thread *thread;
    uint64_t numbers[4];
    enum rn_status status;

    if (!parse_pairs(&sample->text, numbers) || !is_tid(numbers[0]) || !is_tid(numbers[1]))
        return perf_wrong(model, "a record of a process that makes no sense");
    if (sample->ns == 0) {
        thread = perf_thread_make(model, (int64_t)numbers[1]);
        if (thread && !thread->stream)
            thread->pid = numbers[0];
        return thread ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory for a thread");
    }
    maker.pid = numbers[is_exit ? 0 : 2];
    maker.tid = (int64_t)numbers[is_exit ? 1 : 3];
    status = perf_thread_of(model, &maker, &thread, err);
    if (status != RN_OK)
        return status;
    if (is_exit)
        return end_thread(model, thread, numbers[0] == numbers[1], sample->ns, err);
    return make_child(model, thread, (int64_t)numbers[1], numbers[0], sample, err);
}

static enum rn_status on_lost(struct rn_perf_model *model, const struct rn_perf_sample *sample,
                              struct rn_error *err)
{
    const char *at = memmem(sample->text.data, sample->text.size, "lost ", 5);
    struct rn_perf_text number = {at ? at + 5 : "", 0};
    uint64_t count;

    while (at && number.data + number.size < sample->text.data + sample->text.size &&
           number.data[number.size] >= '0' && number.data[number.size] <= '9')
        number.size++;
    if (!rn_perf_number(&number, &count))
        count = 0;
    return rn_perf_model_lost(model, count, err);
}

enum rn_status perf_on_record(struct rn_perf_model *model, const struct rn_perf_sample *sample,
                              struct rn_error *err)
{
    if (rn_perf_text_is(&sample->event, "PERF_RECORD_COMM"))
        return on_comm(model, sample, err);
    if (rn_perf_text_is(&sample->event, "PERF_RECORD_FORK"))
        return on_fork_or_exit(model, sample, false, err);
    if (rn_perf_text_is(&sample->event, "PERF_RECORD_EXIT"))
        return on_fork_or_exit(model, sample, true, err);
    if (rn_perf_text_begins(&sample->event, "PERF_RECORD_LOST"))
        return on_lost(model, sample, err);
    model->own_records++;
    return RN_OK;
}
