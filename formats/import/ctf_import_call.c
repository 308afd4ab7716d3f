/* SPDX-License-Identifier: MIT */
/* System calls of a CTF trace: a begin with the arguments that go in, an end with the result and
 * what came out, of one thread each. */
#include "ctf_import_private.h"

#include "ctf_value.h"
#include "formats/escape.h"
#include "formats/syscall_table.h"

#include <stdlib.h>
#include <string.h>

#define ARG_OTHER 7 /* a field that is no argument that is known */
#define ARG_SKIP  8 /* a context, or a sequence's length */

struct ctf_call_class {
    bool known; /* its number is */
    bool raw;   /* perf's raw_syscalls: number in "id", arguments in "args" */
    bool perf;  /* the others of perf */
    bool any;   /* exit_syscall: of whatever call is open; syscall_entry_unknown: number in "id" */
    uint64_t abi, nr;
    const struct rn_syscall_info *info;
    char name[CTF_NAME_MAX];
    size_t field_count; /* that `args` is of; 0: not made yet */
    uint8_t args[RN_CTF_FIELDS_MAX];
};

/* Of "compat_syscall_entry_openat" what is behind the prefix; NULL: not that prefix. */
static const char *behind(const char *name, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncmp(name, prefix, length) ? NULL : name + length;
}

enum ctf_role rn_ctf_call_role(struct rn_ctf_class *class)
{
    static const struct {
        const char *prefix;
        enum ctf_role role;
        uint8_t abi;
    } prefixes[] = {
        {"syscall_entry_", CTF_ROLE_CALL_BEGINS, RN_ABI_X86_64},
        {"syscall_exit_", CTF_ROLE_CALL_ENDS, RN_ABI_X86_64},
        {"compat_syscall_entry_", CTF_ROLE_CALL_BEGINS, RN_ABI_I386},
        {"compat_syscall_exit_", CTF_ROLE_CALL_ENDS, RN_ABI_I386},
        {"exit_syscall", CTF_ROLE_CALL_ENDS, RN_ABI_X86_64},             /* LTTng before 2.6 */
        {"raw_syscalls:sys_enter", CTF_ROLE_CALL_BEGINS, RN_ABI_X86_64}, /* perf */
        {"raw_syscalls:sys_exit", CTF_ROLE_CALL_ENDS, RN_ABI_X86_64},
        {"syscalls:sys_enter_", CTF_ROLE_CALL_BEGINS, RN_ABI_X86_64},
        {"syscalls:sys_exit_", CTF_ROLE_CALL_ENDS, RN_ABI_X86_64},
        {"compat_sys_", CTF_ROLE_CALL_BEGINS, RN_ABI_I386},
        {"sys_", CTF_ROLE_CALL_BEGINS, RN_ABI_X86_64},
    };
    const size_t count = sizeof(prefixes) / sizeof(prefixes[0]);
    size_t i = 0;
    while (i < count && !behind(class->name, prefixes[i].prefix))
        i++;
    if (i == count)
        return 0;
    struct ctf_call_class *call = calloc(1, sizeof(*call));
    if (!call)
        return 0;
    const char *name = behind(class->name, prefixes[i].prefix);
    call->raw = !strncmp(class->name, "raw_", 4);
    call->perf = !strncmp(class->name, "syscalls:", 9);
    int nr = rn_syscall_number(prefixes[i].abi, name, strlen(name));
    call->abi = prefixes[i].abi;
    call->any = !*name || !strcmp(name, "unknown");
    call->known = nr >= 0;
    call->nr = nr >= 0 ? (uint64_t)nr : 0;
    call->info = nr >= 0 ? rn_syscall_info(call->abi, call->nr) : NULL;
    strncpy(call->name, name, sizeof(call->name) - 1);
    class->data = call;
    return prefixes[i].role;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return tail >= 3 && length > tail && !strcmp(text + length - tail, end);
}

/* The kernel's own names, where the manual pages' are others that do not end alike. */
static bool is_alias(const char *field, const char *arg)
{
    static const char *const aliases[][2] = {
        {"dfd", "dirfd"},       {"filename", "pathname"},
        {"filename", "path"},   {"name", "pathname"},
        {"pathname", "path"},   {"olddfd", "olddirfd"},
        {"newdfd", "newdirfd"}, {"oldname", "oldpath"},
        {"newname", "newpath"}, {"ufds", "fds"},
        {"upid", "pid"},        {"stat_addr", "wstatus"},
        {"ru", "rusage"},       {"fildes", "pipefd"},
        {"fildes", "oldfd"},    {"timeout_msecs", "timeout"},
        {"origin", "whence"},   {"error_code", "status"},
    };
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
        if (!strcmp(field, aliases[i][0]) && !strcmp(arg, aliases[i][1]))
            return true;
    return false;
}

static int arg_of(const struct rn_syscall_info *info, unsigned taken, const char *field)
{
    if (!info) /* as ctf_write.c calls them then */
        return !strncmp(field, "arg", 3) && field[3] >= '0' && field[3] < '6' && !field[4]
                   ? field[3] - '0'
                   : -1;
    for (int pass = 0; pass < 3; pass++)
        for (int i = 0; i < info->arg_count; i++) {
            const char *arg = info->args[i].name;
            if (taken >> i & 1)
                continue;
            if (pass == 0   ? !strcmp(field, arg)
                : pass == 1 ? is_alias(field, arg)
                            : ends_with(field, arg))
                return i;
        }
    return -1;
}

/* What ctf_write.c adds to the end of a call, for ctf_import_own.c; and perf to everything. */
static bool is_extra(const char *name, bool begins)
{
    static const char *const begin[] = {"perf_", "common_", "_syscall_nr", "__syscall_nr"};
    for (size_t i = 0; i < sizeof(begin) / sizeof(begin[0]); i++)
        if (!strncmp(name, begin[i], strlen(begin[i])))
            return true;
    return !begins &&
           (!strcmp(name, "ret") || !strncmp(name, "rn_", 3) || !strncmp(name, "_rn_", 4));
}

/* Of a text, where it lay in the program: "pathname_ptr". */
static int address_of(const struct rn_syscall_info *info, const char *field)
{
    size_t length = strlen(field);
    if (length < 5 || strcmp(field + length - 4, "_ptr") != 0)
        return -1;
    for (int i = 0; i < info->arg_count; i++)
        if (strlen(info->args[i].name) == length - 4 &&
            !strncmp(field, info->args[i].name, length - 4))
            return i;
    return -1;
}

/* Fields that no name says anything of stand between those that are known, in the order of the
 * arguments: where as many are left on both sides, they are the same; else one that follows an
 * argument directly is the next one. */
static void place_rest(struct ctf_call_class *call, unsigned taken, size_t count)
{
    unsigned fields_left = 0, args_left = 0;
    int last = -1;
    for (size_t i = 0; i < count; i++)
        fields_left += call->args[i] == ARG_OTHER;
    for (int i = 0; i < call->info->arg_count; i++)
        args_left += !(taken >> i & 1);
    for (size_t i = 0; i < count; i++) {
        if (call->args[i] < call->info->arg_count)
            last = call->args[i];
        if (call->args[i] != ARG_OTHER)
            continue;
        int next = last + 1;
        while (fields_left == args_left && next < call->info->arg_count && taken >> next & 1)
            next++;
        if (next >= call->info->arg_count || taken >> next & 1)
            continue;
        call->args[i] = (uint8_t)next;
        taken |= 1u << next;
        last = next;
    }
}

/* Which argument each field is; `taken`: those that are known from the call's begin. */
static void map_fields(struct ctf_call_class *call, const struct rn_ctf_message *message,
                       unsigned taken, bool begins)
{
    call->field_count = message->field_count;
    for (size_t i = 0; i < message->field_count; i++) {
        const struct rn_ctf_field *field = &message->fields[i];
        int arg = field->scope == RN_CTF_PAYLOAD ? -1 : ARG_SKIP;
        if (is_extra(field->name, begins))
            arg = ARG_SKIP;
        if (arg < 0)
            arg = arg_of(call->info, taken, field->name);
        if (arg < 0 && call->info)
            arg = address_of(call->info, field->name);
        call->args[i] = (uint8_t)(arg < 0 ? ARG_OTHER : arg);
        if (arg >= 0 && arg < 6)
            taken |= 1u << arg;
    }
    if (call->info && begins)
        place_rest(call, taken, message->field_count);
}

static void attach(struct ctf_thread *thread, uint8_t type, uint8_t arg, const char *data,
                   size_t size)
{
    struct rn_attachment *attachments = thread->call.attachments;
    if (thread->call.attachment_count == sizeof(thread->call.attachments) / sizeof(*attachments))
        return;
    /* `data` is where it lies in the bytes until they do not move any more: see end_call. */
    attachments[thread->call.attachment_count++] =
        (struct rn_attachment){.type = type, .arg = arg, .size = (uint32_t)size};
    rn_buf_append(&thread->call.bytes, data, size);
}

/* Registers hold what is smaller than they are without a sign. */
static uint64_t as_in_register(uint8_t type, uint64_t value)
{
    switch (type) {
    case RN_TYPE_INT:
    case RN_TYPE_FD:
    case RN_TYPE_DIRFD:
    case RN_TYPE_PID:
    case RN_TYPE_ID:
    case RN_TYPE_UINT:
        return (uint32_t)value;
    default:
        return value;
    }
}

static void take_argument(struct ctf_reading *r, struct ctf_thread *thread, uint8_t arg,
                          const struct rn_ctf_field *field, const struct rn_arg *type)
{
    if (field->type <= RN_CTF_HEX) {
        thread->call.call.args[arg] =
            as_in_register(type ? type->type : RN_TYPE_NONE, field->u.number);
    } else if (field->type == RN_CTF_STRING && (!thread->own || field->u.text.size)) {
        attach(thread, type && type->type == RN_TYPE_PATH ? RN_ATT_PATH : RN_ATT_STRING, arg,
               field->u.text.data, field->u.text.size);
    } else if (field->type != RN_CTF_STRING) {
        rn_buf_clear(&r->json);
        rn_ctf_json_field(&r->json, field);
        attach(thread, RN_ATT_PRINTED, arg, (const char *)r->json.data, r->json.size);
    }
    thread->call.set |= (uint8_t)(1u << arg);
}

/* The fields of the message at hand into the open call; what is no argument becomes JSON in
 * r->name. */
static void take_fields(struct ctf_reading *r, struct ctf_thread *thread,
                        struct ctf_call_class *class, bool begins)
{
    const struct rn_ctf_message *message = r->message;
    if (class->field_count != message->field_count)
        map_fields(class, message, thread->call.set, begins);
    rn_buf_clear(&r->name);
    for (size_t i = 0; i < message->field_count; i++) {
        const struct rn_ctf_field *field = &message->fields[i];
        uint8_t arg = class->args[i];
        if (arg < 6)
            take_argument(r, thread, arg, field, class->info ? &class->info->args[arg] : NULL);
        if (arg != ARG_OTHER)
            continue;
        rn_buf_text(&r->name, r->name.size ? "," : "{");
        rn_escape_json(&r->name, (const uint8_t *)field->name, strlen(field->name));
        rn_buf_byte(&r->name, ':');
        rn_ctf_json_field(&r->name, field);
    }
    if (r->name.size) {
        rn_buf_byte(&r->name, '}');
        attach(thread, RN_ATT_PRINTED, RN_ARG_RETURN, (const char *)r->name.data, r->name.size);
    }
}

/* "[\"0x3\",...]", as the array of perf's raw_syscalls:sys_enter is. */
static void take_raw(struct ctf_reading *r, struct ctf_thread *thread)
{
    const struct rn_ctf_field *args = rn_ctf_field_named(r->message, RN_CTF_PAYLOAD, "args");
    char text[256];
    if (!args || args->type != RN_CTF_JSON || args->u.text.size >= sizeof(text))
        return;
    memcpy(text, args->u.text.data, args->u.text.size);
    text[args->u.text.size] = 0;
    char *at = text;
    for (unsigned i = 0; i < 6 && *at; i++) {
        at += strcspn(at, "0123456789");
        thread->call.call.args[i] = strtoull(at, &at, 0);
    }
}

static enum rn_status begin_call(struct ctf_reading *r, struct ctf_thread *thread,
                                 struct ctf_call_class *class, struct rn_error *err)
{
    enum rn_status status = rn_ctf_thread_stream(r, thread, err);
    uint64_t value;
    thread->born = false;
    thread->call.open = true;
    thread->call.class = class;
    thread->call.start = r->ns;
    thread->call.set = 0;
    thread->call.attachment_count = 0;
    thread->call.call = (struct rn_syscall){.nr = class->nr, .abi = class->abi};
    rn_buf_clear(&thread->call.bytes);
    if ((class->any || class->raw) && rn_ctf_number(r, RN_CTF_PAYLOAD, "id", &value))
        thread->call.call.nr = value;
    if (class->raw)
        take_raw(r, thread);
    else
        take_fields(r, thread, class, true);
    return status;
}

/* A call that this build has no number for. */
static enum rn_status add_as_span(struct ctf_reading *r, struct ctf_thread *thread, uint32_t flags,
                                  struct rn_error *err)
{
    rn_import_note(r->import, "system calls whose numbers are not known, kept as spans", 1);
    /* All that it has is JSON, of its begin and of its end: without the braces between these. */
    rn_buf_clear(&r->json);
    rn_buf_byte(&r->json, '{');
    for (size_t i = 0, at = 0; i < thread->call.attachment_count; i++) {
        const struct rn_attachment *attachment = &thread->call.attachments[i];
        if (attachment->arg == RN_ARG_RETURN && !thread->call.bytes.failed) {
            rn_buf_append(&r->json, thread->call.bytes.data + at + 1, attachment->size - 2);
            rn_buf_byte(&r->json, ',');
        }
        at += attachment->size;
    }
    if (!(flags & RN_EVENT_UNFINISHED)) {
        rn_buf_text(&r->json, "\"ret\":");
        rn_ctf_json_signed(&r->json, (int64_t)thread->call.call.ret);
    } else if (r->json.size > 1 && !r->json.failed) {
        r->json.size--;
    }
    rn_buf_byte(&r->json, '}');
    struct ctf_span span = {.stream = thread->stream,
                            .start = thread->call.start,
                            .end = r->ns,
                            .form = RN_SPAN_NESTED,
                            .flags = flags,
                            .name = thread->call.class->name,
                            .category = "syscall",
                            .json = &r->json};
    return rn_ctf_add_span(r, &span, err);
}

static enum rn_status add_call(struct ctf_reading *r, struct ctf_thread *thread, uint32_t flags,
                               struct rn_error *err)
{
    size_t at = 0;
    thread->call.open = false;
    if (thread->call.bytes.failed)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    if (!thread->call.class->known && !thread->call.class->any)
        return add_as_span(r, thread, flags, err);
    for (unsigned i = 0; i < thread->call.attachment_count; i++) {
        thread->call.attachments[i].data = thread->call.bytes.data + at;
        at += thread->call.attachments[i].size;
    }
    struct rn_event event = {.kind = RN_KIND_SYSCALL,
                             .stream = thread->stream,
                             .flags = flags,
                             .start = thread->call.start,
                             .duration = r->ns - thread->call.start,
                             .u.syscall = thread->call.call,
                             .attachment_count = thread->call.attachment_count,
                             .attachments = thread->call.attachments};
    if (thread->own)
        rn_ctf_own_complete(r, &event);
    return rn_ctf_add(r, &event, err);
}

enum rn_status rn_ctf_call_unfinished(struct ctf_reading *r, struct ctf_thread *thread,
                                      struct rn_error *err)
{
    if (!thread->call.open)
        return RN_OK;
    const struct rn_syscall_info *info =
        rn_syscall_info(thread->call.call.abi, thread->call.call.nr);
    const char *name = info ? info->name : "";
    if (!strcmp(name, "exit_group") || !strcmp(name, "exit")) {
        struct ctf_process *process = rn_ctf_process(r, thread->pid ? thread->pid : thread->tid);
        if (process && (name[4] || !process->status))
            process->status = (thread->call.call.args[0] & 0xff) << 8;
    }
    return add_call(r, thread, RN_EVENT_UNFINISHED, err);
}

static bool is_end_of(const struct ctf_thread *thread, const struct ctf_call_class *class)
{
    return thread->call.open && (class->any || !strcmp(thread->call.class->name, class->name));
}

enum rn_status rn_ctf_import_call(struct ctf_reading *r, enum ctf_role role, struct rn_error *err)
{
    struct ctf_call_class *class = r->message->class->data;
    struct ctf_thread *thread = r->thread;
    enum rn_status status = RN_OK;
    /* perf can record each call twice: what is raw has all of them. */
    r->raw |= class->raw;
    if (r->raw && class->perf) {
        rn_import_note(r->import, "begins and ends of system calls that are told as raw ones, too",
                       1);
        return RN_OK;
    }
    if (role == CTF_ROLE_CALL_BEGINS) {
        /* Its end was lost, or there is none: of exit, or of sigreturn. */
        status = rn_ctf_call_unfinished(r, thread, err);
        return status == RN_OK ? begin_call(r, thread, class, err) : status;
    }
    if (!is_end_of(thread, class)) {
        if (!thread->born)
            rn_import_note(r->import, "ends of system calls whose begin is not in the trace", 1);
        thread->born = false;
        return RN_OK;
    }
    rn_ctf_number(r, RN_CTF_PAYLOAD, "ret", &thread->call.call.ret);
    if ((class->any || class->raw) && !thread->own) /* nothing but the result */
        return add_call(r, thread, 0, err);
    take_fields(r, thread, class, false);
    return add_call(r, thread, 0, err);
}
