/* SPDX-License-Identifier: MIT */
#include "effect_model.h"

#include "formats/crc64.h"
#include "formats/syscall_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rn_effects *rn_effects_new(const struct rn_manifest *manifest,
                                  const struct rn_effects_options *options)
{
    struct rn_effects *effects = calloc(1, sizeof *effects);

    if (!effects)
        return NULL;
    effects->options = *options;
    rn_clock_init(&effects->clock, manifest);
    effects->summary.scrubbed = manifest->scrubbed != NULL;
    if (manifest->scrub_key)
        snprintf(effects->summary.scrub_key, sizeof effects->summary.scrub_key, "%s",
                 manifest->scrub_key);
    effects->summary.start_realtime_ns = manifest->start.realtime_ns;
    if (manifest->selection) {
        effects->summary.lacks_events = true;
        snprintf(effects->summary.lacks, sizeof effects->summary.lacks,
                 "only some system calls were recorded (-e)");
    }
    effect_calls_init(effects);
    return effects;
}

static void free_connections(struct rn_effects *effects)
{
    for (size_t i = 0; i < effects->connection_count; i++) {
        struct rn_image *sent = (struct rn_image *)effects->connections[i].sent;
        struct rn_image *received = (struct rn_image *)effects->connections[i].received;

        if (sent)
            rn_image_free(sent);
        if (received)
            rn_image_free(received);
        free(sent);
        free(received);
    }
    free(effects->connections);
}

void rn_effects_free(struct rn_effects *effects)
{
    if (!effects)
        return;
    effects->closing = true;
    effect_late_free(effects);
    effect_processes_free(effects);
    effect_nodes_free(effects);
    effect_objects_free(effects);
    rn_id_map_free(&effects->ports);
    rn_id_map_free(&effects->addresses);
    for (size_t i = 0; i < effects->slot_count; i++)
        rn_image_free(&effects->slots[i].image);
    free_connections(effects);
    free(effects->effects);
    free(effects->inputs);
    for (size_t i = 0; i < effects->text_count; i++)
        free(effects->texts[i]);
    free(effects->texts);
    rn_buf_free(&effects->digests);
    rn_buf_free(&effects->scratch);
    free(effects->first_cwd);
    free(effects);
}

/* ---- one system call ---- */

static bool apply_place(struct effect_call *call, enum effect_op op)
{
    struct effect_place_of_process *fs = call->process->fs;
    const struct effect_fd *fd;
    char *path = NULL;

    if (call->failed || !fs)
        return false;
    if (op == OP_UMASK) {
        fs->umask = (uint32_t)call->syscall->args[0] & 0777;
        return false;
    }
    if (op == OP_CHDIR) {
        path = effect_path(call, -100, rn_event_attachment(call->event, RN_ATT_PATH, 0));
    } else {
        fd = effect_fd(call->process, (uint32_t)call->syscall->args[0]);
        if (fd && fd->open->object && fd->open->object->origin)
            path = strdup(fd->open->object->origin);
    }
    free(fs->cwd);
    fs->cwd = path;
    return false;
}

static bool apply_descriptor(struct effect_call *call, enum effect_op op)
{
    const uint64_t *args = call->syscall->args;
    struct effect_process *process = call->process;
    uint32_t number = (uint32_t)args[0], command = (uint32_t)args[1];
    const struct effect_fd *fd = effect_fd(process, number);

    if (op == OP_CLOSE) {
        effect_fd_close(call->effects, process, number, number);
    } else if (call->failed) {
        return false;
    } else if (op == OP_CLOSE_RANGE) {
        if (args[2] & 4) /* CLOSE_RANGE_CLOEXEC */
            effect_fd_mark(call->effects, process, number, (uint32_t)args[1], true);
        else
            effect_fd_close(call->effects, process, number, (uint32_t)args[1]);
    } else if (op == OP_DUP || command == 0 /* F_DUPFD */ || command == 1030 /* _CLOEXEC */) {
        bool close_on_exec = op == OP_DUP ? args[2] & 02000000 : command == 1030;

        if (fd && call->syscall->ret != number)
            effect_fd_set(call->effects, process, call->syscall->ret, fd->open, close_on_exec,
                          fd->slot);
    } else if (command == 2 /* F_SETFD */) {
        effect_fd_mark(call->effects, process, number, number, args[2] & 1);
    } else if (command == 4 /* F_SETFL */ && fd) {
        uint32_t changes = 02000; /* O_APPEND is what matters here */

        fd->open->flags = (fd->open->flags & ~changes) | ((uint32_t)args[2] & changes);
    }
    return false;
}

static bool apply_new(struct effect_call *call, enum effect_op op)
{
    struct effect_object *object =
        call->failed ? NULL : effect_object_new(call->effects, OBJECT_OTHER);
    struct effect_open *open = object ? effect_open_new(call->effects, object, 2) : NULL;

    (void)op;
    if (open)
        effect_fd_set(call->effects, call->process, call->syscall->ret, open, false, -1);
    return false;
}

/* Arguments that are numbers or text; addresses say nothing. */
static const char *call_text(struct effect_call *call)
{
    const struct rn_syscall_info *info = rn_syscall_info_for(call->syscall);
    struct rn_buf *text = &call->effects->scratch;

    rn_buf_clear(text);
    for (uint8_t i = 0; info && i < info->arg_count; i++) {
        const struct rn_attachment *path = rn_event_attachment(call->event, RN_ATT_PATH, i);

        if (!path)
            path = rn_event_attachment(call->event, RN_ATT_STRING, i);
        rn_buf_text(text, i ? ", " : "");
        if (path && path->data)
            rn_buf_printf(text, "\"%.*s\"", (int)path->size, (const char *)path->data);
        else if (info->args[i].type >= RN_TYPE_PATH || info->args[i].type == RN_TYPE_POINTER)
            rn_buf_text(text, call->syscall->args[i] ? "address" : "NULL");
        else
            rn_buf_decimal_signed(text, (int32_t)call->syscall->args[i]);
    }
    rn_buf_byte(text, '\0');
    return text->failed ? "" : (const char *)text->data;
}

static bool apply_system(struct effect_call *call)
{
    const struct rn_syscall_info *info = rn_syscall_info(call->syscall->abi, call->syscall->nr);
    struct rn_effect *effect;

    if (call->failed)
        return false;
    effect = effect_add(call->effects, RN_EFFECT_CALL, info ? info->name : "?");
    if (!effect)
        return true;
    effect->place = call->effects->place;
    effect->target = effect_text(call->effects, "%s", call_text(call));
    if (info && strcmp(info->name, "io_uring_setup") == 0 && !call->effects->summary.blind_spot[0])
        snprintf(call->effects->summary.blind_spot, sizeof call->effects->summary.blind_spot,
                 "the program uses io_uring: what it submits there is not seen");
    return true;
}

/* To its own processes, or with signal 0, it is no effect. */
static bool apply_kill(struct effect_call *call)
{
    int64_t pid = (int32_t)call->syscall->args[0];
    const struct rn_syscall_info *info = rn_syscall_info(call->syscall->abi, call->syscall->nr);
    unsigned signal_arg = info && strstr(info->name, "tg") ? 2 : 1;
    struct rn_effect *effect;

    if (call->failed || pid <= 0 || call->syscall->args[signal_arg] == 0 ||
        rn_id_map_get(&call->effects->by_tid, (uint64_t)pid))
        return false;
    effect = effect_add(call->effects, RN_EFFECT_CALL, "kill");
    if (!effect)
        return true;
    effect->place = call->effects->place;
    effect->target = effect_text(call->effects, "process outside, signal %d",
                                 (int)call->syscall->args[signal_arg]);
    return true;
}

bool effect_apply(struct effect_call *call, enum effect_op op)
{
    if (op == OP_NONE)
        return false;
    if (op <= OP_CREAT || op == OP_ABSENT || op == OP_ABSENT_AT)
        return effect_apply_open(call, op);
    if (op <= OP_FCNTL)
        return apply_descriptor(call, op);
    if (op == OP_NEW_FD || op == OP_MEMFD)
        return apply_new(call, op);
    if (op <= OP_LISTEN || (op >= OP_SEND && op <= OP_RECVMMSG))
        return effect_apply_socket(call, op);
    if (op <= OP_FALLOCATE || op == OP_MMAP || op == OP_FSYNC || op == OP_IOCTL)
        return effect_apply_io(call, op);
    if (op <= OP_MKNODAT)
        return effect_apply_name(call, op);
    if (op <= OP_FREMOVEXATTR)
        return effect_apply_attribute(call, op);
    if (op <= OP_UMASK)
        return apply_place(call, op);
    if (op == OP_WAIT)
        effect_wait(call);
    if (op == OP_KILL)
        return apply_kill(call);
    return op == OP_SYSTEM && apply_system(call);
}

/* Fingerprint of what a thread did, without addresses, times and numbers of processes. */
static void add_to_sum(struct effect_call *call)
{
    const struct rn_syscall *syscall = call->syscall;
    uint64_t sum = effect_mix(syscall->nr + 1);

    if (call->failed || syscall->ret < 4096)
        sum ^= effect_mix(syscall->ret + 7);
    for (uint32_t i = 0; i < call->event->attachment_count; i++) {
        const struct rn_attachment *item = &call->event->attachments[i];

        if (item->type == RN_ATT_CONTENT)
            sum = effect_mix(sum ^ item->content.crc ^ item->content.length);
        else if (item->type == RN_ATT_PATH && item->data)
            sum = effect_mix(rn_crc64(sum, item->data, item->size));
    }
    call->thread->call_sum = effect_mix(call->thread->call_sum * 31 + sum);
}

static bool varies_by_itself(enum rn_rule rule)
{
    return rule == RN_RULE_PROCESSES || rule == RN_RULE_RANDOM || rule == RN_RULE_MEMORY ||
           rule == RN_RULE_TIME;
}

void effect_feed_call(struct rn_effects *effects, const struct rn_event *event)
{
    const struct rn_syscall *syscall = &event->u.syscall;
    struct effect_thread *thread = rn_id_map_get(&effects->threads, event->stream);
    struct effect_call call = {.effects = effects,
                               .thread = thread,
                               .process = thread ? thread->process : NULL,
                               .event = event,
                               .syscall = syscall};
    enum rn_rule rule = RN_RULE_NONE;
    enum effect_op op = OP_NONE;

    if (!call.process)
        return;
    if (syscall->abi < RN_ABI_COUNT && syscall->nr < EFFECT_CALL_NUMBERS) {
        rule = (enum rn_rule)effects->rules[syscall->abi][syscall->nr];
        op = (enum effect_op)effects->ops[syscall->abi][syscall->nr];
    }
    call.failed = rn_syscall_failed(syscall) || event->flags & RN_EVENT_UNFINISHED;
    effects->place = (struct rn_place){
        .start = event->start, .ordinal = event->ordinal, .stream = event->stream};
    effects->end = event->start + event->duration;
    if (!varies_by_itself(rule))
        add_to_sum(&call);
    if (op >= OP_READ && op <= OP_LLSEEK)
        effects->io_ticks += event->duration;
    call.rule = rule;
    if (op != OP_NONE && effect_apply(&call, op))
        return;
    if (rn_syscall_failed(syscall) && rule != RN_RULE_SYNCHRONISATION && rule != RN_RULE_WAITING)
        call.rule = RN_RULE_FAILED_CALLS;
    effects->summary.erased[call.rule]++;
}

/* ---- events ---- */

static void note_loss(struct rn_effects *effects, const struct rn_loss *loss)
{
    struct rn_effects_summary *summary = &effects->summary;

    summary->lacks_events = true;
    summary->lost += loss->count;
    if (!summary->lacks[0])
        snprintf(summary->lacks, sizeof summary->lacks, "events were lost while recording");
}

static void note_notice(struct rn_effects *effects, const struct rn_event *event)
{
    const struct rn_attachment *text = rn_event_attachment(event, RN_ATT_TEXT, RN_ARG_ANY);

    if (event->u.notice.code != RN_NOTICE_BLIND_SPOT || effects->summary.blind_spot[0] || !text ||
        !text->data)
        return;
    snprintf(effects->summary.blind_spot, sizeof effects->summary.blind_spot, "%.*s",
             (int)text->size, (const char *)text->data);
}

static void feed_system_call(struct rn_effects *effects, const struct rn_event *event)
{
    struct rn_effects_summary *summary = &effects->summary;

    if (event->flags & RN_EVENT_SNAPSHOT)
        return;
    summary->syscalls++;
    if (effects->root && (effects->root->started || effects->attached))
        effects->started = true;
    if (!effect_put_off(effects, event))
        effect_feed_call(effects, event);
}

enum rn_status effect_status(const struct rn_effects *effects, struct rn_error *err)
{
    if (effects->tables_full)
        return rn_fail(err, RN_E_LIMIT, "tables of descriptors of more than %u MiB",
                       RN_EFFECTS_MAX_TABLE_BYTES >> 20);
    if (effects->over_limit)
        return rn_fail(err, RN_E_LIMIT, "more than %u objects or names", RN_EFFECTS_MAX_OBJECTS);
    return effects->failed ? rn_fail(err, RN_E_NOMEM, "no memory for the effects") : RN_OK;
}

enum rn_status rn_effects_feed(struct rn_effects *effects, const struct rn_event *event,
                               struct rn_error *err)
{
    if (effects->late_count && RN_KIND_IS_EVENT(event->kind))
        effect_catch_up(effects, event->start);
    if (RN_KIND_IS_EVENT(event->kind) && !(event->flags & RN_EVENT_SNAPSHOT) &&
        event->kind != RN_KIND_OBJECT)
        effects->summary.events++;
    switch (event->kind) {
    case RN_KIND_SYSCALL:
        feed_system_call(effects, event);
        break;
    case RN_KIND_PROCESS:
        effects->place = (struct rn_place){
            .start = event->start, .ordinal = event->ordinal, .stream = event->stream};
        effect_feed_process(effects, event);
        break;
    case RN_KIND_DESCRIPTOR:
        effect_feed_descriptor(effects, event);
        break;
    case RN_KIND_STREAM:
        effect_feed_stream(effects, event);
        break;
    case RN_KIND_CLOCK:
        rn_clock_add(&effects->clock, &event->u.clock);
        break;
    case RN_KIND_OBJECT:
        effect_feed_object(effects, event);
        break;
    case RN_KIND_LOSS:
        note_loss(effects, &event->u.loss);
        break;
    case RN_KIND_NOTICE:
        note_notice(effects, event);
        break;
    default:
        break;
    }
    return effect_status(effects, err);
}

static void note_missing(struct rn_effects_summary *summary, const char *why)
{
    summary->lacks_events = true;
    if (!summary->lacks[0])
        snprintf(summary->lacks, sizeof summary->lacks, "%.255s", why);
}

void rn_effects_note_missing(struct rn_effects *effects, const char *why)
{
    note_missing(&effects->summary, why);
}

enum rn_status rn_effects_read(struct rn_effects *effects, struct rn_reader *reader,
                               struct rn_error *err)
{
    struct rn_event event;
    enum rn_status status;

    while ((status = rn_reader_next_event(reader, &event, err)) != RN_EOF) {
        if (status == RN_OK)
            status = rn_effects_feed(effects, &event, err);
        else if (status == RN_E_FORMAT || status == RN_E_LIMIT || status == RN_E_VERSION)
            note_missing(&effects->summary, err ? err->what : "part of it is damaged");
        else
            return status;
        if (status == RN_E_NOMEM || (status == RN_E_LIMIT && effects->over_limit))
            return status;
    }
    if (!rn_reader_sealed(reader))
        note_missing(&effects->summary, "the recording was cut, or is not sealed");
    else if (rn_reader_incomplete(reader))
        note_missing(&effects->summary, "part of the recording could not be read");
    if (rn_reader_skipped(reader))
        note_missing(&effects->summary, "it holds events of kinds that this version does not know");
    effect_catch_up(effects, UINT64_MAX);
    return rn_effects_finish(effects, err);
}

const struct rn_effects_summary *rn_effects_summary(const struct rn_effects *effects)
{
    return &effects->summary;
}

const struct rn_effect *rn_effects_list(const struct rn_effects *effects, size_t *count)
{
    *count = effects->effect_count;
    return effects->effects;
}

const struct rn_effect *rn_effects_inputs(const struct rn_effects *effects, size_t *count)
{
    *count = effects->input_count;
    return effects->inputs;
}

bool rn_effects_has_pid(const struct rn_effects *effects, uint64_t pid)
{
    return rn_id_map_get(&effects->by_tid, pid) != NULL;
}

uint64_t rn_effects_since_start(const struct rn_effects *effects, const struct rn_place *place)
{
    return rn_clock_since_start(&effects->clock, place->start);
}

const struct rn_connection *rn_effects_connections(const struct rn_effects *effects, size_t *count)
{
    *count = effects->connection_count;
    return effects->connections;
}
