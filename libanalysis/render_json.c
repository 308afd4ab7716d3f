/* SPDX-License-Identifier: MIT */
/* One event as a JSON object. */
#include "render_private.h"

#include "formats/event_schema.h"
#include "formats/value_name.h"

#include <string.h>

/* A key and its comma in one go: these are written for every event. */
#define ADD(out, literal) rn_buf_append(out, literal, sizeof(literal) - 1)

static void add_number(struct rn_sink *sink, const char *name, uint64_t value)
{
    rn_sink_name(sink, name);
    rn_sink_unsigned(sink, value);
}

static void add_head(struct rn_sink *sink, struct rn_trace *trace, const struct rn_event *event,
                     const char *kind)
{
    const struct rn_thread_info *thread = rn_trace_thread(trace, event->stream);
    const struct rn_clock *clock = rn_trace_clock(trace);
    struct rn_buf *out = sink->out;

    ADD(out, "{\"kind\":\"");
    rn_buf_text(out, kind);
    ADD(out, "\",\"stream\":");
    rn_buf_decimal(out, event->stream);
    if (!(event->flags & (RN_EVENT_SNAPSHOT | RN_EVENT_UNFINISHED)) || event->ordinal) {
        ADD(out, ",\"ordinal\":");
        rn_buf_decimal(out, event->ordinal);
    }
    if (thread->type == RN_STREAM_THREAD) {
        ADD(out, ",\"pid\":");
        rn_buf_decimal(out, thread->pid);
        ADD(out, ",\"tid\":");
        rn_buf_decimal(out, thread->tid);
    }
    if (thread->type == RN_STREAM_QUEUE) {
        ADD(out, ",\"pid\":");
        rn_buf_decimal(out, thread->pid);
        ADD(out, ",\"queue_name\":");
        sink->separate = false;
        rn_sink_path(sink, (const uint8_t *)thread->name, strlen(thread->name), false);
    }
    ADD(out, ",\"start_ns\":\"");
    rn_buf_decimal(out, rn_clock_realtime(clock, event->start));
    ADD(out, "\",\"since_start_ns\":");
    sink->separate = false;
    rn_sink_unsigned(sink, rn_clock_since_start(clock, event->start));
    ADD(out, ",\"duration_ns\":");
    sink->separate = false;
    rn_sink_unsigned(sink, rn_clock_duration(clock, event->duration));
}

static void add_flags(struct rn_sink *sink, uint32_t flags)
{
    static const char *const names[] = {"unfinished", "snapshot",    "traced",       "truncated",
                                        "fault",      "device_time", "device_queued"};

    if (!flags)
        return;
    rn_sink_name(sink, "flags");
    rn_sink_open(sink, '[');
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (flags >> i & 1)
            rn_sink_symbol(sink, names[i]);
    rn_sink_close(sink, ']');
}

static void add_error(struct rn_sink *sink, uint64_t error)
{
    const char *name = rn_errno_name((int)error);

    rn_sink_field(sink, "ret", -1);
    rn_sink_name(sink, "errno");
    if (name)
        rn_sink_symbol(sink, name);
    else
        rn_sink_unsigned(sink, error);
}

static void add_result(struct rn_sink *sink, const struct rn_call_view *view)
{
    uint64_t ret = view->call->ret;

    if (view->event->flags & RN_EVENT_UNFINISHED)
        return;
    if (rn_syscall_failed(view->call)) {
        add_error(sink, -ret);
        return;
    }
    rn_sink_name(sink, "ret");
    switch (view->info ? view->info->return_type : RN_RETURN_HEX) {
    case RN_RETURN_POINTER:
    case RN_RETURN_HEX:
        rn_sink_hex(sink, ret);
        break;
    case RN_RETURN_OCTAL:
        rn_sink_octal(sink, ret);
        break;
    default:
        rn_sink_signed(sink, (int64_t)ret);
    }
}

/* What the descriptors that the call gave out are. */
static void add_identities(struct rn_sink *sink, const struct rn_event *event)
{
    struct rn_fd_identity identity;
    bool any = false;

    for (uint32_t i = 0; i < event->attachment_count; i++) {
        const struct rn_attachment *attachment = &event->attachments[i];

        if (attachment->type != RN_ATT_FD || attachment->size < sizeof(identity))
            continue;
        memcpy(&identity, attachment->data, sizeof(identity));
        if (!any) {
            rn_sink_name(sink, "descriptors");
            rn_sink_open(sink, '[');
        }
        rn_sink_open(sink, '{');
        add_number(sink, "fd", identity.fd);
        add_number(sink, "device", identity.device);
        add_number(sink, "inode", identity.inode);
        add_number(sink, "rdev", identity.rdev);
        rn_sink_name(sink, "mode");
        rn_sink_octal(sink, identity.mode);
        rn_sink_close(sink, '}');
        any = true;
    }
    if (any)
        rn_sink_close(sink, ']');
}

/* Return addresses; or registers and the bytes from the stack pointer on. */
static void add_stack(struct rn_sink *sink, const struct rn_event *event)
{
    static const char *const registers[] = {"rip", "rsp", "rbp", "rbx", "r12", "r13", "r14", "r15"};
    const struct rn_attachment *frames = rn_event_attachment(event, RN_ATT_STACK, RN_ARG_ANY);
    const struct rn_attachment *dump = rn_event_attachment(event, RN_ATT_STACK_DUMP, RN_ARG_ANY);
    const size_t head = sizeof(struct rn_stack_registers);

    if (frames) {
        rn_sink_name(sink, "stack");
        rn_sink_open(sink, '[');
        for (size_t i = 0; i + 8 <= frames->size; i += 8)
            rn_sink_hex(sink, rn_bytes_get(rn_attachment_bytes(frames), i, 8));
        rn_sink_close(sink, ']');
    }
    if (dump && dump->size >= head) {
        rn_sink_name(sink, "stack_dump");
        rn_sink_open(sink, '{');
        for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
            rn_sink_name(sink, registers[i]);
            rn_sink_hex(sink, rn_bytes_get(rn_attachment_bytes(dump), 8 * i, 8));
        }
        rn_sink_name(sink, "bytes_hex");
        rn_sink_bytes(sink, dump->data + head, dump->size - head, false);
        rn_sink_close(sink, '}');
    }
}

void rn_render_arguments_json(struct rn_trace *trace, const struct rn_event *event,
                              struct rn_buf *out)
{
    struct rn_sink sink = {.out = out, .json = true};
    struct rn_call_view view;

    rn_call_view_init(&view, trace, event);
    rn_sink_open(&sink, '{');
    rn_render_arguments(&sink, &view);
    rn_sink_close(&sink, '}');
}

static void add_syscall(struct rn_sink *sink, struct rn_trace *trace, const struct rn_event *event)
{
    const struct rn_syscall *call = &event->u.syscall;
    struct rn_call_view view;

    rn_call_view_init(&view, trace, event);
    rn_sink_name(sink, "name");
    if (view.info)
        rn_sink_symbol(sink, view.info->name);
    else
        rn_sink_null(sink);
    add_number(sink, "nr", call->nr);
    rn_sink_name(sink, "abi");
    rn_sink_symbol(sink, rn_abi_name(call->abi));
    rn_sink_name(sink, "args");
    rn_sink_open(sink, '{');
    rn_render_arguments(sink, &view);
    rn_sink_close(sink, '}');
    add_result(sink, &view);
    add_identities(sink, event);
    if (call->site) {
        rn_sink_name(sink, "site");
        rn_sink_hex(sink, call->site);
    }
    add_stack(sink, event);
}

static const char *process_op(uint64_t op)
{
    static const char *const names[] = {NULL,          "start", "attach", "fork",   "exec",
                                        "thread_exit", "exit",  "name",   "detach", "stop"};

    return op < sizeof(names) / sizeof(names[0]) ? names[op] : NULL;
}

/* What the event is called where its kind has names: "exec", "SIGCHLD", a kernel's function. */
static void add_name(struct rn_sink *sink, const struct rn_event *event)
{
    const struct rn_attachment *given = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    const char *name = NULL;

    if (event->kind == RN_KIND_PROCESS)
        name = process_op(event->u.process.op);
    else if (event->kind == RN_KIND_SIGNAL && event->u.signal.signo <= 64)
        name = rn_signal_name((unsigned)event->u.signal.signo);
    else if (event->kind == RN_KIND_MODULE)
        name = event->u.module.op == RN_MODULE_UNMAP ? "unmap" : "map";
    else if (!given)
        return;
    rn_sink_name(sink, "name");
    if (name)
        rn_sink_symbol(sink, name);
    else if (given)
        rn_sink_path(sink, given->data, given->size, false);
    else
        rn_sink_null(sink);
}

/* Enumerations as words, beside the numbers in `args`. */
static void add_device(struct rn_sink *sink, struct rn_trace *trace, const struct rn_event *event)
{
    const struct rn_transfer *transfer = &event->u.transfer;
    uint64_t ns = rn_clock_duration(rn_trace_clock(trace), event->duration);
    uint64_t api = event->kind == RN_KIND_API      ? event->u.api.api
                   : event->kind == RN_KIND_KERNEL ? event->u.kernel.api
                                                   : transfer->api;

    if (event->kind != RN_KIND_API && event->kind != RN_KIND_KERNEL &&
        event->kind != RN_KIND_TRANSFER)
        return;
    rn_sink_name(sink, "api");
    rn_sink_symbol(sink, rn_value_name(RN_VALUE_API, api));
    if (event->kind != RN_KIND_TRANSFER)
        return;
    rn_sink_name(sink, "direction");
    rn_sink_symbol(sink, rn_value_name(RN_VALUE_DIRECTION, transfer->direction));
    if (ns) {
        rn_sink_name(sink, "bytes_per_second");
        rn_sink_unsigned(sink, rn_bytes_per_second(transfer->bytes, ns));
    }
}

static void add_words(struct rn_sink *sink, struct rn_trace *trace, const struct rn_event *event,
                      const struct rn_schema *schema)
{
    for (unsigned i = 0; i < schema->words; i++)
        rn_render_field(sink, trace, &schema->fields[i], event->u.words[i]);
}

static void add_limits(struct rn_sink *sink, struct rn_bytes bytes)
{
    rn_sink_open(sink, '{');
    for (size_t i = 0; 16 * (i + 1) <= bytes.size && i < 16; i++) {
        const char *name = rn_xlat_name(RN_XLAT_RLIMIT, i);

        rn_sink_name(sink, name ? name : "?");
        rn_sink_open(sink, '[');
        rn_sink_unsigned(sink, rn_bytes_get(bytes, 16 * i, 8));
        rn_sink_unsigned(sink, rn_bytes_get(bytes, 16 * i + 8, 8));
        rn_sink_close(sink, ']');
    }
    rn_sink_close(sink, '}');
}

static const char *attachment_key(uint8_t type)
{
    static const char *const names[RN_ATT_COUNT] = {
        [RN_ATT_PATH] = "path",         [RN_ATT_STRING] = "string",
        [RN_ATT_ARGV] = "argv",         [RN_ATT_ENV] = "env",
        [RN_ATT_EXE] = "exe",           [RN_ATT_CWD] = "cwd",
        [RN_ATT_ROOT] = "root",         [RN_ATT_TEXT] = "text",
        [RN_ATT_BUILD_ID] = "build_id", [RN_ATT_LIMITS] = "limits",
        [RN_ATT_ISA] = "isa",           [RN_ATT_SOURCE] = "source",
        [RN_ATT_CATEGORY] = "category", [RN_ATT_INPUT] = "input",
        [RN_ATT_RESULT] = "result",     [RN_ATT_HISTOGRAM] = "histogram",
        [RN_ATT_DIGEST] = "digest",     [RN_ATT_GENERATED] = "generated_source",
    };

    return type < RN_ATT_COUNT ? names[type] : NULL;
}

/* [[below_ns, count], ...]: so many durations were less than that, and at least half of it. */
static void add_histogram(struct rn_sink *sink, struct rn_trace *trace, struct rn_bytes bytes)
{
    rn_sink_open(sink, '[');
    for (size_t at = 0; at + 16 <= bytes.size; at += 16) {
        uint64_t i = rn_bytes_get(bytes, at, 8);

        rn_sink_open(sink, '[');
        rn_sink_unsigned(
            sink, rn_clock_duration(rn_trace_clock(trace), i < 64 ? UINT64_C(1) << i : UINT64_MAX));
        rn_sink_unsigned(sink, rn_bytes_get(bytes, at + 8, 8));
        rn_sink_close(sink, ']');
    }
    rn_sink_close(sink, ']');
}

static void add_attachment(struct rn_sink *sink, struct rn_trace *trace,
                           const struct rn_attachment *attachment, const char *key)
{
    struct rn_bytes bytes = rn_attachment_bytes(attachment);

    rn_sink_name(sink, key);
    if (attachment->type == RN_ATT_ARGV || attachment->type == RN_ATT_ENV)
        rn_render_string_list(sink, bytes, attachment->flags & RN_ATT_CUT);
    else if (attachment->type == RN_ATT_BUILD_ID || attachment->type == RN_ATT_DIGEST)
        rn_sink_bytes(sink, bytes.data, bytes.size, false);
    else if (attachment->type == RN_ATT_LIMITS)
        add_limits(sink, bytes);
    else if (attachment->type == RN_ATT_HISTOGRAM)
        add_histogram(sink, trace, bytes);
    else
        rn_sink_path(sink, bytes.data, bytes.size, false);
}

/* The key of an attachment; NULL where it has none, or where the key would be there twice. */
static const char *unique_key(const struct rn_event *event, const struct rn_schema *schema,
                              const struct rn_attachment *attachment)
{
    const char *key = attachment_key(attachment->type);

    /* "name" says what happened. */
    if (attachment->type == RN_ATT_NAME && event->kind == RN_KIND_PROCESS)
        key = "thread_name";
    if (!key || rn_event_attachment(event, attachment->type, RN_ARG_ANY) != attachment)
        return NULL;
    for (unsigned i = 0; i < schema->words; i++)
        if (strcmp(schema->fields[i].name, key) == 0)
            return NULL;
    return key;
}

static void add_generic(struct rn_sink *sink, struct rn_trace *trace, const struct rn_event *event,
                        const struct rn_schema *schema)
{
    add_name(sink, event);
    add_device(sink, trace, event);
    rn_sink_name(sink, "args");
    rn_sink_open(sink, '{');
    add_words(sink, trace, event, schema);
    for (uint32_t i = 0; i < event->attachment_count; i++) {
        const struct rn_attachment *attachment = &event->attachments[i];
        const char *key = unique_key(event, schema, attachment);

        if (key)
            add_attachment(sink, trace, attachment, key);
    }
    rn_sink_close(sink, '}');
}

void rn_render_json(struct rn_trace *trace, const struct rn_event *event, struct rn_buf *out)
{
    const struct rn_schema *schema = rn_schema_get(event->kind);
    struct rn_sink sink = {.out = out, .json = true};

    if (!schema)
        return;
    add_head(&sink, trace, event, schema->name);
    if (event->kind == RN_KIND_SYSCALL)
        add_syscall(&sink, trace, event);
    else
        add_generic(&sink, trace, event, schema);
    add_flags(&sink, event->flags);
    ADD(out, "}\n");
}
