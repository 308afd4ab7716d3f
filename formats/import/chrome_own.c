/* SPDX-License-Identifier: MIT */
#include "chrome_private.h"

#include "formats/escape.h"
#include "formats/event_schema.h"
#include "formats/syscall_table.h"
#include "formats/xlat.h"

#include <sched.h>
#include <stddef.h>
#include <string.h>

#define ATTACHMENTS_MAX 8u
#define TEXTS_SIZE      (64u << 10) /* bytes of what is attached to one event */

/* What goes back into an event; the attachments' data is in `texts`. */
struct own {
    struct rn_chrome *chrome;
    struct rn_event event;
    struct rn_attachment attachments[ATTACHMENTS_MAX];
    struct rn_buf *texts;
    bool known; /* the argument without which it is none of ours was there */
};

bool rn_chrome_own_member(struct rn_chrome *chrome, void *context, const struct rn_scan_value *key,
                          const struct rn_scan_value *value)
{
    static const struct {
        const char *key;
        size_t word;
    } words[] = {
        {"rn.id", offsetof(struct rn_span, id)},
        {"rn.parent", offsetof(struct rn_span, parent)},
        {"rn.trace_high", offsetof(struct rn_span, trace_high)},
        {"rn.trace_low", offsetof(struct rn_span, trace_low)},
        {"rn.role", offsetof(struct rn_span, role)},
        {"rn.status", offsetof(struct rn_span, status)},
    };
    char *span = (char *)&chrome->span;

    (void)context;
    if (rn_scan_is(key, "unfinished")) {
        chrome->flags |= value->type == RN_JSON_TRUE ? RN_EVENT_UNFINISHED : 0;
        return true;
    }
    if (rn_scan_is(key, "rn.source")) {
        rn_chrome_text(chrome, &chrome->source, value);
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (rn_scan_is(key, words[i].key))
            return rn_scan_u64(value, (uint64_t *)(void *)(span + words[i].word));
    return false;
}

static bool take_number(const struct rn_scan_value *value, uint64_t *out)
{
    int64_t number;

    if (rn_scan_u64(value, out))
        return true;
    if (!rn_scan_decimal(value, 0, &number))
        return false;
    *out = (uint64_t)number;
    return true;
}

/* Room for all is made first, as the texts must not move. */
static void attach(struct own *own, uint8_t type, uint8_t arg, const struct rn_scan_value *value)
{
    size_t before = own->texts->size;

    if (value->type != RN_JSON_STRING || own->event.attachment_count == ATTACHMENTS_MAX ||
        value->size > own->texts->capacity - before)
        return;
    rn_scan_unescape(own->texts, value);
    own->attachments[own->event.attachment_count++] =
        (struct rn_attachment){.type = type,
                               .arg = arg,
                               .size = (uint32_t)(own->texts->size - before),
                               .data = own->texts->data + before};
}

static uint64_t abi_of(const struct rn_scan_value *value)
{
    for (uint64_t abi = 0; abi < RN_ABI_COUNT; abi++)
        if (rn_scan_is(value, rn_abi_name(abi)))
            return abi;
    return RN_ABI_X86_64;
}

static uint64_t failure_of(const struct rn_scan_value *value)
{
    uint64_t number;

    if (rn_scan_u64(value, &number))
        return -number;
    for (int error = 1; error < 4096; error++) {
        const char *name = rn_errno_name(error);

        if (name && rn_scan_is(value, name))
            return (uint64_t)-error;
    }
    return (uint64_t)-1;
}

/* "3 7ffd1c000 400": the arguments as the kernel was given them. */
static void take_raw(struct own *own, const struct rn_scan_value *value)
{
    const char *at = value->data, *end = at + value->size;

    for (unsigned i = 0; i < 6 && at < end; i++) {
        uint64_t number = 0;

        for (; at < end && *at != ' '; at++) {
            int digit = rn_hex_digit(*at);

            if (digit < 0)
                return;
            number = number << 4 | (uint64_t)digit;
        }
        at++;
        own->event.u.syscall.args[i] = number;
    }
}

static void take_call_member(struct own *own, const struct rn_scan_value *key,
                             const struct rn_scan_value *value)
{
    struct rn_syscall *call = &own->event.u.syscall;

    if (rn_scan_is(key, "nr"))
        own->known = rn_scan_u64(value, &call->nr);
    else if (rn_scan_is(key, "abi"))
        call->abi = abi_of(value);
    else if (rn_scan_is(key, "ret") && !rn_syscall_failed(call))
        take_number(value, &call->ret);
    else if (rn_scan_is(key, "errno"))
        call->ret = failure_of(value);
    else if (rn_scan_is(key, "raw") && value->type == RN_JSON_STRING)
        take_raw(own, value);
}

/* Paths and strings, which are what "args" has in words; numbers are in "raw". */
static void take_call_texts(struct own *own, const struct rn_scan_value *args)
{
    const struct rn_syscall_info *info = rn_syscall_info_for(&own->event.u.syscall);
    struct rn_scan_text text = rn_scan_inside(args);
    struct rn_scan_value key, value;

    while (info && args->type == RN_JSON_OBJECT && rn_scan_member(&text, &key, &value) == 1) {
        for (uint8_t i = 0; i < info->arg_count; i++) {
            const struct rn_arg *arg = &info->args[i];

            if (!rn_scan_is(&key, arg->name))
                continue;
            if (arg->type == RN_TYPE_PATH)
                attach(own, RN_ATT_PATH, i, &value);
            else if (arg->type == RN_TYPE_STRING)
                attach(own, RN_ATT_STRING, i, &value);
        }
    }
}

static void take_call(struct own *own, const struct rn_scan_value *args)
{
    struct rn_scan_text text = rn_scan_inside(args);
    struct rn_scan_value key, value, words = {.type = RN_JSON_NONE};

    while (rn_scan_member(&text, &key, &value) == 1) {
        if (rn_scan_is(&key, "args"))
            words = value;
        else
            take_call_member(own, &key, &value);
    }
    take_call_texts(own, &words);
}

/* Kinds whose arguments are the fields of the schema, and what is attached. */
static void take_fields(struct own *own, const struct rn_scan_value *args)
{
    static const struct {
        const char *key;
        uint8_t type;
    } attached[] = {{"exe", RN_ATT_EXE}, {"cwd", RN_ATT_CWD}, {"path", RN_ATT_PATH}};
    const struct rn_schema *schema = rn_schema_get(own->event.kind);
    const char *mark = own->event.kind == RN_KIND_SIGNAL ? "signo" : "op";
    struct rn_scan_text text = rn_scan_inside(args);
    struct rn_scan_value key, value;

    while (rn_scan_member(&text, &key, &value) == 1) {
        own->known |= rn_scan_is(&key, mark);
        for (uint8_t i = 0; i < schema->words; i++)
            if (rn_scan_is(&key, schema->fields[i].name))
                take_number(&value, &own->event.u.words[i]);
        for (size_t i = 0; i < sizeof attached / sizeof attached[0]; i++)
            if (rn_scan_is(&key, attached[i].key))
                attach(own, attached[i].type, RN_ARG_NONE, &value);
    }
}

/* Streams are numbered anew. */
static enum rn_status set_child(struct own *own, struct rn_error *err)
{
    struct rn_process *fork = &own->event.u.process;
    uint64_t pid = fork->clone_flags & CLONE_THREAD ? fork->pid : fork->child_tid;
    uint32_t stream;
    enum rn_status status;

    fork->child_stream = 0;
    if (fork->op != RN_PROCESS_FORK || fork->child_tid == 0)
        return RN_OK;
    status = rn_import_thread(own->chrome->import, pid, fork->child_tid, NULL, &stream, err);
    fork->child_stream = stream;
    return status;
}

static enum rn_status add(struct own *own, const struct rn_chrome_event *event,
                          struct rn_error *err)
{
    struct rn_chrome *chrome = own->chrome;
    struct rn_chrome_thread *thread;
    enum rn_status status = rn_chrome_stream_of(chrome, event, &thread, err);

    if (status == RN_OK && own->event.kind == RN_KIND_PROCESS)
        status = set_child(own, err);
    if (status != RN_OK)
        return status;
    /* The name of a thread that was met, where it is not that of the image. */
    if (own->event.kind == RN_KIND_PROCESS && own->event.u.process.op == RN_PROCESS_ATTACH &&
        thread->name && own->event.attachment_count < ATTACHMENTS_MAX)
        own->attachments[own->event.attachment_count++] =
            (struct rn_attachment){.type = RN_ATT_NAME,
                                   .arg = RN_ARG_NONE,
                                   .size = (uint32_t)strlen(thread->name),
                                   .data = (const uint8_t *)thread->name};
    own->event.stream = thread->stream;
    own->event.attachments = own->attachments;
    if (own->event.kind == RN_KIND_PROCESS)
        status = rn_chrome_image_stated(chrome, thread->pid, err);
    if (status != RN_OK)
        return status;
    rn_chrome_seen(chrome, &own->event);
    return rn_import_add(chrome->import, &own->event, err);
}

enum rn_status rn_chrome_own(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                             uint64_t start, uint64_t duration, bool *taken, struct rn_error *err)
{
    static const uint8_t kinds[] = {RN_KIND_SYSCALL, RN_KIND_PROCESS, RN_KIND_SIGNAL,
                                    RN_KIND_MODULE};
    struct own own = {
        .chrome = chrome, .event = {.start = start, .duration = duration}, .texts = &chrome->args};

    *taken = false;
    for (size_t i = 0; i < sizeof kinds && !own.event.kind; i++)
        if (rn_scan_is(&event->cat, rn_kind_name(kinds[i])))
            own.event.kind = kinds[i];
    if (!chrome->own || !own.event.kind || event->args.type != RN_JSON_OBJECT)
        return RN_OK;
    rn_buf_clear(own.texts);
    if (!rn_buf_reserve(own.texts, TEXTS_SIZE))
        return rn_fail(err, RN_E_NOMEM, "no memory to read a trace");
    if (own.event.kind == RN_KIND_SYSCALL)
        take_call(&own, &event->args);
    else
        take_fields(&own, &event->args);
    if (!own.known)
        return RN_OK;
    *taken = true;
    if (rn_chrome_unfinished_said(chrome, event))
        own.event.flags |= RN_EVENT_UNFINISHED;
    return add(&own, event, err);
}
