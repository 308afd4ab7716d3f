/* SPDX-License-Identifier: MIT */
/* The columns of a system call that are no plain field of it. */
#include "render_private.h"
#include "row_private.h"

#include <string.h>

#define STRING_LIMIT 256u /* bytes of strings in `args`; paths are never cut */
#define AT_CWD       ((int32_t)-100)

static void add_errno(struct rn_row_maker *maker, const struct rn_syscall *call,
                      struct rn_row_value *value)
{
    const char *name = rn_errno_name((int)-call->ret);
    struct rn_buf *buf;

    if (name) {
        rn_row_string(value, name);
        return;
    }
    buf = rn_row_buf(maker);
    rn_buf_decimal(buf, -call->ret);
    rn_row_text(value, buf->data, buf->size);
}

static void add_args(struct rn_row_maker *maker, const struct rn_call_view *view,
                     struct rn_row_value *value)
{
    struct rn_buf *buf = rn_row_buf(maker);
    struct rn_sink sink = {.out = buf, .string_limit = STRING_LIMIT};

    rn_render_arguments(&sink, view);
    rn_row_text(value, buf->data, buf->size);
}

static const struct rn_attachment *path_of(const struct rn_event *event, unsigned number)
{
    for (uint32_t i = 0; i < event->attachment_count; i++)
        if (event->attachments[i].type == RN_ATT_PATH && number-- == 0)
            return &event->attachments[i];
    return NULL;
}

static void add_path(const struct rn_event *event, unsigned number, struct rn_row_value *value)
{
    const struct rn_attachment *path = path_of(event, number);

    if (path)
        rn_row_text(value, path->data, path->size);
}

/* The argument that is the call's descriptor: the first one. */
static const struct rn_arg *descriptor_of(const struct rn_call_view *view, unsigned *arg)
{
    if (!view->info)
        return NULL;
    for (*arg = 0; *arg < view->info->arg_count; ++*arg) {
        uint8_t type = view->info->args[*arg].type;

        if (type == RN_TYPE_FD || type == RN_TYPE_DIRFD)
            return &view->info->args[*arg];
    }
    return NULL;
}

static void add_fd(const struct rn_call_view *view, struct rn_row_value *value)
{
    unsigned arg;

    if (descriptor_of(view, &arg) && (int32_t)view->call->args[arg] != AT_CWD)
        rn_row_integer(value, (uint64_t)(int64_t)(int32_t)view->call->args[arg]);
}

static void add_fd_path(struct rn_row_maker *maker, const struct rn_call_view *view,
                        struct rn_row_value *value)
{
    const struct rn_attachment *path = path_of(view->event, 0);
    unsigned arg;
    const struct rn_arg *descriptor = descriptor_of(view, &arg);
    int32_t fd = descriptor ? (int32_t)view->call->args[arg] : AT_CWD;
    bool absolute = path && path->size && path->data[0] == '/';

    if (fd != AT_CWD && !(absolute && descriptor->type == RN_TYPE_DIRFD))
        rn_row_string(value, rn_trace_descriptor(maker->trace, view->event->stream, fd));
    else if (fd == AT_CWD && path && path->size && !absolute)
        rn_row_string(value, rn_trace_directory(maker->trace, view->event->stream));
}

/* Which way bytes go through an argument: 1 into the call, 2 out of it, 0 neither. */
static int way_of(uint8_t type)
{
    switch (type) {
    case RN_TYPE_BUFFER_IN:
    case RN_TYPE_IOVEC_IN:
    case RN_TYPE_MSGHDR_IN:
    case RN_TYPE_MMSGHDR_IN:
        return 1;
    case RN_TYPE_BUFFER_OUT:
    case RN_TYPE_IOVEC_OUT:
    case RN_TYPE_MSGHDR_OUT:
    case RN_TYPE_MMSGHDR_OUT:
        return 2;
    default:
        return 0;
    }
}

/* Fingerprints say how much it was. Where the recording has none, the result says it, but for calls
 * of several messages, whose result counts those. */
static void add_bytes(const struct rn_call_view *view, int way, struct rn_row_value *value)
{
    const struct rn_event *event = view->event;
    uint64_t sum = 0;
    bool any = false, counts = false;

    if (!view->info || rn_syscall_failed(view->call) || event->flags & RN_EVENT_UNFINISHED)
        return;
    for (unsigned arg = 0; arg < view->info->arg_count; arg++) {
        uint8_t type = view->info->args[arg].type;

        if (way_of(type) != way)
            continue;
        counts |= type != RN_TYPE_MMSGHDR_IN && type != RN_TYPE_MMSGHDR_OUT;
        for (uint32_t i = 0; i < event->attachment_count; i++) {
            const struct rn_attachment *attachment = &event->attachments[i];

            if (attachment->type != RN_ATT_CONTENT || attachment->arg != arg)
                continue;
            sum += attachment->content.length;
            any = true;
        }
    }
    if (any || counts)
        rn_row_integer(value, any ? sum : view->call->ret);
}

static void fill(struct rn_row_maker *maker, const struct rn_call_view *view, uint8_t origin,
                 struct rn_row_value *value)
{
    const struct rn_event *event = view->event;
    bool unfinished = event->flags & RN_EVENT_UNFINISHED;
    bool failed = !unfinished && rn_syscall_failed(view->call);

    switch (origin) {
    case RN_ROW_FROM_CALL_NAME:
        rn_row_string(value, view->info ? view->info->name : NULL);
        break;
    case RN_ROW_FROM_CALL_RET:
        if (!unfinished)
            rn_row_integer(value, failed ? UINT64_MAX : view->call->ret);
        break;
    case RN_ROW_FROM_CALL_ERRNO:
        if (failed)
            add_errno(maker, view->call, value);
        break;
    case RN_ROW_FROM_CALL_ARGS:
        add_args(maker, view, value);
        break;
    case RN_ROW_FROM_CALL_PATH:
    case RN_ROW_FROM_CALL_PATH2:
        add_path(event, origin == RN_ROW_FROM_CALL_PATH2, value);
        break;
    case RN_ROW_FROM_CALL_FD:
        add_fd(view, value);
        break;
    case RN_ROW_FROM_CALL_FD_PATH:
        add_fd_path(maker, view, value);
        break;
    case RN_ROW_FROM_CALL_READ:
        add_bytes(view, 2, value);
        break;
    default:
        add_bytes(view, 1, value);
    }
}

void rn_row_call(struct rn_row_maker *maker, const struct rn_row_layout *layout,
                 const struct rn_event *event)
{
    struct rn_call_view view;

    rn_call_view_init(&view, maker->trace, event);
    for (unsigned i = 0; i < layout->table.column_count; i++)
        if (layout->sources[i].origin >= RN_ROW_FROM_CALL_NAME)
            fill(maker, &view, layout->sources[i].origin, &maker->values[i]);
}
