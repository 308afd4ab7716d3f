/* SPDX-License-Identifier: MIT */
#include "formats/escape.h"
#include "perf_model_private.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 16384u

struct rn_perf_model *rn_perf_model_new(struct rn_import *import, enum rn_abi abi)
{
    struct rn_perf_model *model = calloc(1, sizeof *model);

    if (!model)
        return NULL;
    model->import = import;
    model->abi = abi;
    model->buckets = calloc(BUCKETS, sizeof(struct perf_thread *));
    model->cpus = calloc(RN_PERF_CPUS, sizeof *model->cpus);
    if (model->buckets && model->cpus)
        return model;
    rn_perf_model_free(model);
    return NULL;
}

void rn_perf_model_free(struct rn_perf_model *model)
{
    if (!model)
        return;
    for (unsigned i = 0; model->buckets && i < BUCKETS; i++)
        while (model->buckets[i]) {
            struct perf_thread *thread = model->buckets[i];

            model->buckets[i] = thread->next;
            free(thread->files);
            free(thread->call);
            free(thread);
        }
    free(model->buckets);
    free(model->cpus);
    perf_files_free(model);
    rn_buf_free(&model->text);
    free(model);
}

enum rn_status perf_wrong(struct rn_perf_model *model, const char *what)
{
    model->wrong = what;
    return RN_OK;
}

void perf_name_set(char *to, const struct rn_perf_text *name)
{
    size_t size = name->size < PERF_NAME - 1 ? name->size : PERF_NAME - 1;

    memcpy(to, name->data, size);
    to[size] = '\0';
}

/* ---- threads ---- */

/* Numbers may have any step: mixed by splitmix64's finisher (S. Vigna). */
static struct perf_thread **bucket_of(struct rn_perf_model *model, int64_t tid)
{
    uint64_t mix = (uint64_t)tid;

    mix = (mix ^ mix >> 30) * 0xbf58476d1ce4e5b9u;
    mix = (mix ^ mix >> 27) * 0x94d049bb133111ebu;
    return &model->buckets[(mix ^ mix >> 31) % BUCKETS];
}

struct perf_thread *perf_thread_find(struct rn_perf_model *model, int64_t tid)
{
    struct perf_thread *thread = *bucket_of(model, tid);

    while (thread && thread->tid != tid)
        thread = thread->next;
    return thread;
}

struct perf_thread *perf_thread_make(struct rn_perf_model *model, int64_t tid)
{
    struct perf_thread *thread = perf_thread_find(model, tid), **bucket;

    if (thread)
        return thread;
    thread = calloc(1, sizeof *thread);
    if (!thread)
        return NULL;
    thread->tid = tid;
    bucket = bucket_of(model, tid);
    thread->next = *bucket;
    *bucket = thread;
    return thread;
}

static enum rn_status rename_thread(struct rn_perf_model *model, struct perf_thread *thread,
                                    const struct rn_perf_sample *sample, struct rn_error *err)
{
    struct rn_attachment name =
        rn_import_attachment(RN_ATT_NAME, sample->comm.data, sample->comm.size);
    struct rn_event event = {
        .kind = RN_KIND_PROCESS,
        .stream = thread->stream,
        .start = sample->ns,
        .u.process = {.op = RN_PROCESS_NAME,
                      .pid = thread->pid ? thread->pid : (uint64_t)thread->tid,
                      .tid = (uint64_t)thread->tid},
        .attachment_count = 1,
        .attachments = &name,
    };

    perf_name_set(thread->name, &sample->comm);
    return rn_import_add(model->import, &event, err);
}

/* The first event of a thread: a stream for it. */
static enum rn_status introduce(struct rn_perf_model *model, struct perf_thread *thread,
                                const struct rn_perf_sample *sample, struct rn_error *err)
{
    if (sample->pid)
        thread->pid = sample->pid;
    perf_name_set(thread->name, &sample->comm);
    if (thread->tid < 0)
        return rn_import_track(model->import, 0, RN_PERF_CPUS, "threads that perf did not know",
                               &thread->stream, err);
    model->unknown_pids += !thread->pid && thread->tid != 0;
    return rn_import_thread(model->import, thread->pid, (uint64_t)thread->tid,
                            *thread->name ? thread->name : NULL, &thread->stream, err);
}

enum rn_status perf_thread_of(struct rn_perf_model *model, const struct rn_perf_sample *sample,
                              struct perf_thread **thread, struct rn_error *err)
{
    struct perf_thread *found = perf_thread_make(model, sample->tid);
    enum rn_status status = RN_OK;

    *thread = found;
    if (!found)
        return rn_fail(err, RN_E_NOMEM, "no memory for a thread");
    if (found->making.open)
        status = perf_announce(model, found, sample->pid, err);
    if (!found->stream && status == RN_OK)
        return introduce(model, found, sample, err);
    if (status != RN_OK || sample->comm.size == 0 || found->tid <= 0 || found->dead ||
        rn_perf_text_is(&sample->comm, found->name))
        return status;
    return rename_thread(model, found, sample, err);
}

/* ---- moments ---- */

static void put_text(struct rn_buf *out, const char *key, const struct rn_perf_text *text)
{
    rn_buf_text(out, out->size > 1 ? ",\"" : "\"");
    rn_buf_text(out, key);
    rn_buf_text(out, "\":");
    rn_escape_json(out, (const uint8_t *)text->data, text->size);
}

static void put_number(struct rn_buf *out, const char *key, uint64_t number)
{
    rn_buf_text(out, out->size > 1 ? ",\"" : "\"");
    rn_buf_text(out, key);
    rn_buf_text(out, "\":");
    rn_buf_decimal(out, number);
}

static void put_stack(struct rn_buf *out, const struct rn_perf_sample *sample)
{
    rn_buf_text(out, out->size > 1 ? ",\"stack\":[" : "\"stack\":[");
    for (size_t i = 0; i < sample->frame_count; i++) {
        const struct rn_perf_frame *frame = &sample->frames[i];

        if (i)
            rn_buf_byte(out, ',');
        if (frame->text.size)
            rn_escape_json(out, (const uint8_t *)frame->text.data, frame->text.size);
        else
            rn_buf_printf(out, "\"0x%llx\"", (unsigned long long)frame->address);
    }
    rn_buf_byte(out, ']');
}

/* What perf said of it, as a JSON object. */
static void describe(struct rn_perf_model *model, const struct rn_perf_sample *sample)
{
    struct rn_buf *out = &model->text;

    rn_buf_clear(out);
    rn_buf_byte(out, '{');
    if (sample->cpu >= 0)
        put_number(out, "cpu", (uint64_t)sample->cpu);
    if (sample->period)
        put_number(out, "period", sample->period);
    if (sample->text.size)
        put_text(out, "text", &sample->text);
    for (size_t i = 0; i < sample->field_count; i++) {
        if (i == 0)
            rn_buf_text(out, out->size > 1 ? ",\"fields\":{" : "\"fields\":{");
        else
            rn_buf_byte(out, ',');
        rn_escape_json(out, (const uint8_t *)sample->fields[i].key.data,
                       sample->fields[i].key.size);
        rn_buf_byte(out, ':');
        rn_escape_json(out, (const uint8_t *)sample->fields[i].value.data,
                       sample->fields[i].value.size);
    }
    if (sample->field_count)
        rn_buf_byte(out, '}');
    if (sample->frame_count)
        put_stack(out, sample);
    rn_buf_byte(out, '}');
}

/* An event that perf's JSON does not name goes by the function that it was in. */
static struct rn_perf_text name_of(struct rn_perf_model *model, const struct rn_perf_sample *sample)
{
    struct rn_perf_text name = sample->event;

    if (name.size)
        return name;
    model->unnamed++;
    if (sample->frame_count)
        name = sample->frames[0].text;
    return name.size ? name : (struct rn_perf_text){"sample", 6};
}

enum rn_status perf_on_other(struct rn_perf_model *model, const struct rn_perf_sample *sample,
                             struct perf_thread *thread, struct rn_error *err)
{
    struct rn_perf_text name = name_of(model, sample);
    const char *colon = memchr(name.data, ':', name.size);
    bool is_tracepoint = sample->event.size && colon && !sample->period;
    struct rn_attachment attachments[3];
    struct rn_event event = {.kind = RN_KIND_SPAN,
                             .stream = thread->stream,
                             .start = sample->ns,
                             .u.span.form = RN_SPAN_INSTANT,
                             .attachment_count = 3,
                             .attachments = attachments};

    describe(model, sample);
    if (model->text.failed)
        return rn_fail(err, RN_E_NOMEM, "no memory for the text of an event");
    /* A tracepoint is "SYSTEM:NAME". */
    if (is_tracepoint) {
        attachments[1] =
            rn_import_attachment(RN_ATT_CATEGORY, name.data, (size_t)(colon - name.data));
        name = (struct rn_perf_text){colon + 1, name.size - (size_t)(colon + 1 - name.data)};
    } else {
        attachments[1] = rn_import_attachment(RN_ATT_CATEGORY, "sample", 6);
    }
    attachments[0] = rn_import_attachment(RN_ATT_NAME, name.data, name.size);
    attachments[2] = rn_import_attachment(RN_ATT_TEXT, model->text.data, model->text.size);
    if (model->text.size <= 2 || model->text.size > UINT16_MAX) /* half an object is none */
        event.attachment_count = 2;
    return rn_import_add(model->import, &event, err);
}

/* ---- which is which ---- */

static perf_handler *handler_by_name(const struct rn_perf_text *event)
{
    static const struct {
        const char *name;
        perf_handler *handler;
    } names[] = {
        {"raw_syscalls:sys_enter", perf_on_raw_enter},
        {"raw_syscalls:sys_exit", perf_on_raw_exit},
        {"sched:sched_switch", perf_on_switch},
        {"sched:sched_process_fork", perf_on_fork},
        {"sched:sched_process_exec", perf_on_exec},
        {"sched:sched_process_exit", perf_on_process_exit},
        {"signal:signal_deliver", perf_on_signal},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (rn_perf_text_is(event, names[i].name))
            return names[i].handler;
    if (rn_perf_text_begins(event, "syscalls:sys_enter_"))
        return perf_on_enter;
    if (rn_perf_text_begins(event, "syscalls:sys_exit_"))
        return perf_on_exit;
    return perf_on_other;
}

/* perf's JSON names the fields of an event, but not the event. */
static perf_handler *handler_by_fields(const struct rn_perf_sample *sample)
{
    static const struct {
        const char *keys[2];
        perf_handler *handler;
    } fields[] = {
        {{"id", "args"}, perf_on_raw_enter},
        {{"id", "ret"}, perf_on_raw_exit},
        {{"__syscall_nr", "ret"}, perf_on_exit},
        {{"__syscall_nr", "__syscall_nr"}, perf_on_enter},
        {{"prev_pid", "next_pid"}, perf_on_switch},
        {{"child_pid", "child_comm"}, perf_on_fork},
        {{"filename", "old_pid"}, perf_on_exec},
        {{"group_dead", "pid"}, perf_on_process_exit},
        {{"sa_handler", "sig"}, perf_on_signal},
    };
    struct rn_perf_text ignored;

    for (size_t i = 0; sample->field_count && i < sizeof fields / sizeof fields[0]; i++)
        if (rn_perf_field(sample, fields[i].keys[0], &ignored) &&
            rn_perf_field(sample, fields[i].keys[1], &ignored))
            return fields[i].handler;
    return perf_on_other;
}

enum rn_status rn_perf_model_add(struct rn_perf_model *model, const struct rn_perf_sample *sample,
                                 const char **wrong, struct rn_error *err)
{
    struct perf_thread *thread;
    enum rn_status status;

    model->wrong = NULL;
    if (sample->ns > model->last)
        model->last = sample->ns;
    model->coarse += sample->coarse && sample->ns;
    if (rn_perf_text_begins(&sample->event, "PERF_RECORD_")) {
        status = perf_on_record(model, sample, err);
    } else {
        status = perf_thread_of(model, sample, &thread, err);
        if (status == RN_OK)
            status = (sample->event.size ? handler_by_name(&sample->event)
                                         : handler_by_fields(sample))(model, sample, thread, err);
    }
    *wrong = model->wrong;
    return status;
}

/* Not by rn_import_loss, which knows no time before the first event has ended. */
enum rn_status rn_perf_model_lost(struct rn_perf_model *model, uint64_t count, struct rn_error *err)
{
    static const char text[] = "perf says that it lost events here";
    struct rn_attachment attachment = rn_import_attachment(RN_ATT_TEXT, text, sizeof text - 1);
    struct rn_event event = {.kind = RN_KIND_LOSS,
                             .start = model->last,
                             .u.loss = {.count = count, .reason = RN_LOSS_RING_FULL},
                             .attachment_count = 1,
                             .attachments = &attachment};

    return rn_import_add(model->import, &event, err);
}

static void tell(struct rn_perf_model *model)
{
    const struct {
        const char *what;
        uint64_t count;
    } notes[] = {
        {"returns of system calls whose begin is not in the input", model->exits_alone},
        {"begins of system calls that another one followed", model->entries_alone},
        {"times in microseconds (perf script --ns prints nanoseconds)", model->coarse},
        {"threads whose process is not told (perf script -F +pid tells it)", model->unknown_pids},
        {"stretches on a CPU that had begun before", model->switches_alone},
        {"exits whose status is not told", model->no_status},
        {"records of perf's own, of mappings and the like", model->own_records},
        {"frames of the kernel in the call chains of system calls", model->kernel_frames},
        {"samples whose event perf did not name", model->unnamed},
    };

    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
        if (notes[i].count)
            rn_import_note(model->import, notes[i].what, notes[i].count);
}

enum rn_status rn_perf_model_finish(struct rn_perf_model *model, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (unsigned i = 0; i < BUCKETS; i++)
        for (struct perf_thread *thread = model->buckets[i]; thread && status == RN_OK;
             thread = thread->next) {
            status = perf_call_abandon(model, thread, err);
            if (thread->making.open && status == RN_OK)
                status = perf_announce(model, thread, 0, err);
        }
    if (status == RN_OK)
        status = perf_cpus_finish(model, err);
    tell(model);
    return status;
}

enum rn_abi rn_perf_abi(const char *arch, size_t size)
{
    if (size == 7 && !memcmp(arch, "aarch64", 7))
        return RN_ABI_AARCH64;
    if (size == 4 && arch[0] == 'i' && !memcmp(arch + 2, "86", 2))
        return RN_ABI_I386;
    return RN_ABI_X86_64;
}
