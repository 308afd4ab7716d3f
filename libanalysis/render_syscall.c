/* SPDX-License-Identifier: MIT */
/* A system call as strace prints it. */
#include "render_private.h"

#include <string.h>

#define O_CREAT_BIT      0100u
#define O_TMPFILE_BIT    020000000u
#define FILE_TYPE_MASK   0170000u
#define FILE_TYPE_CHAR   0020000u
#define FILE_TYPE_BLOCK  0060000u
#define MREMAP_ADDRESS   0x6u /* MREMAP_FIXED, MREMAP_DONTUNMAP */
#define ERRNO_OF_TRACERS 512u
#define CLONE_PARENT_TID 0x101000u /* CLONE_PARENT_SETTID, CLONE_PIDFD */
#define CLONE_TLS        0x80000u
#define CLONE_CHILD_TID  0x1200000u /* CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID */

void rn_call_view_init(struct rn_call_view *view, struct rn_trace *trace,
                       const struct rn_event *event)
{
    *view = (struct rn_call_view){
        .event = event,
        .call = &event->u.syscall,
        .info = rn_syscall_info_for(&event->u.syscall),
        .trace = trace,
    };
}

static bool is_device(uint64_t mode)
{
    return (mode & FILE_TYPE_MASK) == FILE_TYPE_CHAR || (mode & FILE_TYPE_MASK) == FILE_TYPE_BLOCK;
}

/* The arguments from the mode of open(2), the address of mremap(2) or the device of mknod(2) on
 * mean nothing without what the argument before them says. */
static unsigned meaningful_arguments(const struct rn_call_view *view)
{
    for (unsigned arg = 1; arg < view->info->arg_count; arg++) {
        uint8_t xlat = view->info->args[arg - 1].xlat;
        uint64_t flags = view->call->args[arg - 1];
        bool open = xlat == RN_XLAT_OPEN || xlat == RN_XLAT_OPEN_AARCH64;

        if (open && view->info->args[arg].type == RN_TYPE_MODE &&
            !(flags & (O_CREAT_BIT | O_TMPFILE_BIT)))
            return arg;
        if (xlat == RN_XLAT_MREMAP && !(flags & MREMAP_ADDRESS))
            return arg;
        if (view->info->args[arg].type == RN_TYPE_DEVICE && arg + 1u == view->info->arg_count &&
            !is_device(flags))
            return arg;
    }
    return view->info->arg_count;
}

static void add_unknown_arguments(struct rn_sink *sink, const struct rn_syscall *call)
{
    static const char *const names[] = {"arg0", "arg1", "arg2", "arg3", "arg4", "arg5"};

    for (unsigned arg = 0; arg < 6; arg++) {
        if (sink->json)
            rn_sink_name(sink, names[arg]);
        rn_sink_hex(sink, call->args[arg]);
    }
}

/* clone(2): named, in strace's order, and only what its flags give a meaning. */
static void add_clone_arguments(struct rn_sink *sink, const struct rn_call_view *view)
{
    const struct rn_syscall_info *info = view->info;
    const uint64_t *args = view->call->args;

    rn_sink_name(sink, "child_stack");
    rn_render_argument(sink, view, 1);
    rn_sink_name(sink, "flags");
    rn_render_argument(sink, view, 0);
    for (unsigned arg = 2; arg < info->arg_count; arg++) {
        const char *name = info->args[arg].name;
        bool tls = strcmp(name, "tls") == 0;
        bool parent = arg == 2;
        uint64_t needs = tls ? CLONE_TLS : parent ? CLONE_PARENT_TID : CLONE_CHILD_TID;

        if (!(args[0] & needs))
            continue;
        rn_sink_name(sink, !tls && !parent ? "child_tidptr" : name);
        rn_render_argument(sink, view, arg);
    }
}

/* The operations of futex(2) with a bit set use no address but the first. */
static bool is_gap(const struct rn_syscall_info *info, unsigned arg)
{
    return arg > 0 && info->args[arg].type == RN_TYPE_POINTER &&
           info->args[info->arg_count - 1].xlat == RN_XLAT_FUTEX_BITSET;
}

/* What another tool printed beyond the arguments that the table knows. Names of its own: some calls
 * have one that is called "arg5". */
static void add_more_arguments(struct rn_sink *sink, const struct rn_call_view *view,
                               unsigned count)
{
    static const char *const names[] = {"more0", "more1", "more2", "more3", "more4", "more5"};

    for (unsigned arg = count; arg < 6; arg++) {
        if (!rn_render_printed(view, arg))
            continue;
        if (sink->json)
            rn_sink_name(sink, names[arg]);
        rn_render_argument(sink, view, arg);
    }
}

void rn_render_arguments(struct rn_sink *sink, const struct rn_call_view *view)
{
    unsigned count;

    if (!view->info) {
        add_unknown_arguments(sink, view->call);
        return;
    }
    if (!sink->json && view->info->args[0].xlat == RN_XLAT_CLONE_FLAGS) {
        add_clone_arguments(sink, view);
        return;
    }
    count = meaningful_arguments(view);
    for (unsigned arg = 0; arg < count; arg++) {
        if (sink->json)
            rn_sink_name(sink, view->info->args[arg].name);
        else if (is_gap(view->info, arg))
            continue;
        rn_render_argument(sink, view, arg);
    }
    add_more_arguments(sink, view, count);
}

static void add_error(struct rn_buf *out, uint64_t error)
{
    const char *name = rn_errno_name((int)error), *text = rn_errno_text((int)error);

    rn_buf_text(out, error >= ERRNO_OF_TRACERS ? "? " : "-1 ");
    if (name)
        rn_buf_text(out, name);
    else
        rn_buf_printf(out, "errno %u", (unsigned)error);
    if (text)
        rn_buf_printf(out, " (%s)", text);
}

static bool all_empty(const struct rn_call_view *view)
{
    for (unsigned arg = 1; arg < 4; arg++)
        if (view->call->args[arg])
            return false;
    return true;
}

/* select(2): (in [3], out [4]), (Timeout) */
static void add_select_note(struct rn_sink *sink, const struct rn_call_view *view)
{
    static const char *const names[] = {"", "in ", "out ", "except "};
    bool any = false;

    for (uint32_t i = 0; i < view->event->attachment_count; i++) {
        const struct rn_attachment *set = &view->event->attachments[i];
        struct rn_bytes bytes = rn_attachment_bytes(set);

        if (set->type != RN_ATT_STRUCT || set->flags & RN_ATT_ENTRY || set->arg < 1 || set->arg > 3)
            continue;
        for (size_t at = 0; at < bytes.size; at++) {
            if (!bytes.data[at])
                continue;
            rn_sink_raw(sink, any ? ", " : " (");
            rn_sink_raw(sink, names[set->arg]);
            rn_render_fd_set(sink, view, bytes);
            any = true;
            break;
        }
    }
    if (any)
        rn_sink_raw(sink, ")");
}

static void add_poll_note(struct rn_sink *sink, const struct rn_call_view *view)
{
    for (uint32_t i = 0; i < view->event->attachment_count; i++) {
        const struct rn_attachment *fds = &view->event->attachments[i];

        if (fds->type != RN_ATT_STRUCT || fds->flags & RN_ATT_ENTRY || fds->arg != 0)
            continue;
        rn_sink_raw(sink, " (");
        rn_render_poll_ready(sink, view, rn_attachment_bytes(fds));
        rn_sink_raw(sink, ")");
        return;
    }
}

static void add_flags_note(struct rn_sink *sink, unsigned xlat, uint64_t value)
{
    rn_sink_raw(sink, " (flags ");
    rn_sink_flags(sink, xlat, value);
    rn_sink_raw(sink, ")");
}

void rn_render_result_note(struct rn_sink *sink, const struct rn_call_view *view)
{
    const struct rn_syscall_info *info = view->info;
    uint64_t ret = view->call->ret;
    bool poll = info->args[0].struct_type == RN_STRUCT_POLLFD;
    bool select = info->args[1].struct_type == RN_STRUCT_FD_SET;

    if ((poll || (select && !all_empty(view))) && ret == 0)
        rn_sink_raw(sink, " (Timeout)");
    else if (poll)
        add_poll_note(sink, view);
    else if (select)
        add_select_note(sink, view);
    else if (info->args[1].xlat == RN_XLAT_FCNTL_CMD && info->return_type == RN_RETURN_HEX &&
             view->call->args[1] == 3)
        add_flags_note(
            sink, view->call->abi == RN_ABI_AARCH64 ? RN_XLAT_OPEN_AARCH64 : RN_XLAT_OPEN, ret);
    else if (info->args[1].xlat == RN_XLAT_FCNTL_CMD && info->return_type == RN_RETURN_HEX && ret)
        add_flags_note(sink, RN_XLAT_FD_FLAGS, ret);
}

static void add_value(struct rn_sink *sink, const struct rn_call_view *view)
{
    uint64_t ret = view->call->ret;

    switch (view->info->return_type) {
    case RN_RETURN_NONE:
        rn_sink_raw(sink, "?");
        break;
    case RN_RETURN_POINTER:
        rn_sink_pointer(sink, ret);
        break;
    case RN_RETURN_HEX:
        rn_sink_hex(sink, ret);
        break;
    case RN_RETURN_OCTAL:
        rn_sink_octal(sink, ret);
        break;
    case RN_RETURN_FD:
        rn_render_new_fd(sink, view, ret);
        break;
    default:
        rn_sink_signed(sink, (int64_t)ret);
    }
    if (!rn_render_printed(view, RN_ARG_RETURN))
        rn_render_result_note(sink, view);
}

/* What another tool printed behind the result. */
static void add_printed_note(struct rn_sink *sink, const struct rn_call_view *view)
{
    const struct rn_attachment *printed = rn_render_printed(view, RN_ARG_RETURN);

    if (!printed)
        return;
    rn_buf_byte(sink->out, ' ');
    sink->separate = false;
    rn_sink_printed(sink, printed->data, printed->size);
}

static void add_result(struct rn_sink *sink, const struct rn_call_view *view)
{
    if (view->event->flags & RN_EVENT_UNFINISHED)
        rn_buf_byte(sink->out, '?');
    else if (rn_syscall_failed(view->call))
        add_error(sink->out, -view->call->ret);
    else if (view->info)
        add_value(sink, view);
    else
        rn_sink_hex(sink, view->call->ret);
    add_printed_note(sink, view);
}

static void pad(struct rn_buf *out, size_t line, size_t column)
{
    while (out->size - line < column && !out->failed)
        rn_buf_byte(out, ' ');
}

void rn_render_call(const struct rn_render_options *options, struct rn_trace *trace,
                    const struct rn_event *event, struct rn_buf *out, size_t line, size_t column)
{
    struct rn_sink sink = {.out = out, .string_limit = options->string_limit};
    struct rn_call_view view;

    rn_call_view_init(&view, trace, event);
    view.descriptors = options->descriptors;
    if (view.info)
        rn_buf_text(out, view.info->name);
    else
        rn_buf_printf(out, "syscall_%#llx", (unsigned long long)view.call->nr);
    rn_buf_byte(out, '(');
    rn_render_arguments(&sink, &view);
    rn_buf_byte(out, ')');
    pad(out, line, column);
    rn_buf_text(out, " = ");
    sink.separate = false;
    add_result(&sink, &view);
}

void rn_render_syscall(const struct rn_render_options *options, struct rn_trace *trace,
                       const struct rn_event *event, struct rn_buf *out)
{
    rn_render_call(options, trace, event, out, 0, 0);
}
