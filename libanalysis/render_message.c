/* SPDX-License-Identifier: MIT */
/* Vectors of buffers, and messages. Their attachments follow each other per argument: for a message
 * its header, then address, control data, vector and content, as far as it has them. */
#include "render_private.h"

#define SOL_SOCKET_LEVEL 1u
#define SCM_RIGHTS_TYPE  1u

/* What belongs to one vector or message. */
struct message {
    struct rn_bytes header, vector, control, address;
    bool has_address, has_vector;
    const struct rn_attachment *content;
};

static void add_vector_text(struct rn_sink *sink, struct rn_bytes vector, size_t width,
                            const struct rn_content *content)
{
    uint64_t left = content ? content->length : 0;
    size_t shown = 0;

    rn_sink_open(sink, '[');
    for (size_t at = 0; at + 2 * width <= vector.size; at += 2 * width) {
        uint64_t length = rn_bytes_get(vector, at + width, width);
        uint64_t part = length < left ? length : left;

        rn_sink_open(sink, '{');
        rn_sink_name(sink, "iov_base");
        if (content) {
            size_t have = content->head_len - shown;

            if (have > part)
                have = (size_t)part;
            rn_sink_string(sink, content->head + shown, have, have < part);
            shown += have;
            left -= part;
        } else {
            rn_sink_pointer(sink, rn_bytes_get(vector, at, width));
        }
        rn_sink_name(sink, "iov_len");
        rn_sink_unsigned(sink, length);
        rn_sink_close(sink, '}');
    }
    rn_sink_close(sink, ']');
}

/* {"iov_len":[3,3],"content":{...}} */
static void add_vector_json(struct rn_sink *sink, struct rn_bytes vector, size_t width,
                            const struct rn_attachment *content)
{
    rn_sink_open(sink, '{');
    rn_sink_name(sink, "iov_len");
    rn_sink_open(sink, '[');
    for (size_t at = 0; at + 2 * width <= vector.size; at += 2 * width)
        rn_sink_unsigned(sink, rn_bytes_get(vector, at + width, width));
    rn_sink_close(sink, ']');
    if (content) {
        rn_sink_name(sink, "content");
        rn_render_content(sink, content);
    }
    rn_sink_close(sink, '}');
}

static void add_vector(struct rn_sink *sink, const struct message *message, size_t width)
{
    if (sink->json)
        add_vector_json(sink, message->vector, width, message->content);
    else
        add_vector_text(sink, message->vector, width,
                        message->content ? &message->content->content : NULL);
}

static void add_rights(struct rn_sink *sink, const struct rn_call_view *view,
                       struct rn_bytes descriptors)
{
    bool received = rn_event_attachment(view->event, RN_ATT_FD, RN_ARG_ANY);

    rn_sink_open(sink, '[');
    for (size_t at = 0; at + 4 <= descriptors.size; at += 4) {
        if (received)
            rn_render_new_fd(sink, view, rn_bytes_get(descriptors, at, 4));
        else
            rn_render_fd(sink, view, rn_bytes_get(descriptors, at, 4));
    }
    rn_sink_close(sink, ']');
}

static void add_control_message(struct rn_sink *sink, const struct rn_call_view *view,
                                struct rn_bytes bytes, size_t width)
{
    uint64_t level = rn_bytes_get(bytes, width, 4), type = rn_bytes_get(bytes, width + 4, 4);
    struct rn_bytes data = rn_bytes_slice(bytes, width + 8, bytes.size);

    rn_sink_open(sink, '{');
    rn_sink_name(sink, "cmsg_len");
    rn_sink_unsigned(sink, bytes.size);
    rn_sink_name(sink, "cmsg_level");
    rn_sink_enum(sink, RN_XLAT_SOCK_LEVEL, level);
    rn_sink_name(sink, "cmsg_type");
    rn_sink_enum(sink, level == SOL_SOCKET_LEVEL ? RN_XLAT_SCM : RN_XLAT_NONE, type);
    rn_sink_name(sink, "cmsg_data");
    if (level == SOL_SOCKET_LEVEL && type == SCM_RIGHTS_TYPE)
        add_rights(sink, view, data);
    else
        rn_sink_bytes(sink, data.data, data.size, false);
    rn_sink_close(sink, '}');
}

static void add_control(struct rn_sink *sink, const struct rn_call_view *view,
                        struct rn_bytes control, size_t width)
{
    size_t at = 0;

    rn_sink_open(sink, '[');
    while (control.size - at >= width + 8) {
        uint64_t length = rn_bytes_get(control, at, width);
        size_t step;

        if (length < width + 8 || length > control.size - at)
            break;
        add_control_message(sink, view, rn_bytes_slice(control, at, (size_t)length), width);
        step = ((size_t)length + width - 1) / width * width;
        at = step < control.size - at ? at + step : control.size;
    }
    rn_sink_close(sink, ']');
}

static void add_message(struct rn_sink *sink, const struct rn_call_view *view,
                        const struct message *message)
{
    struct rn_bytes header = message->header;
    size_t width = header.size == 28 ? 4 : 8;

    rn_sink_open(sink, '{');
    rn_sink_name(sink, "msg_name");
    if (message->has_address)
        rn_render_sockaddr(sink, message->address);
    else
        rn_sink_pointer(sink, rn_bytes_get(header, 0, width));
    rn_sink_field(sink, "msg_namelen", (int64_t)rn_bytes_get(header, width, 4));
    rn_sink_name(sink, "msg_iov");
    if (message->has_vector)
        add_vector(sink, message, width);
    else
        rn_sink_pointer(sink, rn_bytes_get(header, 2 * width, width));
    rn_sink_name(sink, "msg_iovlen");
    rn_sink_unsigned(sink, rn_bytes_get(header, 3 * width, width));
    if (message->control.size) {
        rn_sink_name(sink, "msg_control");
        add_control(sink, view, message->control, width);
    }
    rn_sink_name(sink, "msg_controllen");
    rn_sink_unsigned(sink, rn_bytes_get(header, 5 * width, width));
    rn_sink_name(sink, "msg_flags");
    rn_sink_flags(sink, RN_XLAT_MSG_FLAGS, rn_bytes_get(header, 6 * width, 4));
    rn_sink_close(sink, '}');
}

/* Collect what follows the header or vector at *index; *index is moved to the next of its kind. */
static bool next_message(const struct rn_call_view *view, unsigned arg, bool has_header,
                         uint32_t *index, struct message *message)
{
    const struct rn_event *event = view->event;
    bool any = false, header_seen = false;

    *message = (struct message){.content = NULL};
    for (; *index < event->attachment_count; (*index)++) {
        const struct rn_attachment *attachment = &event->attachments[*index];

        if (attachment->arg != arg)
            continue;
        if (attachment->type == RN_ATT_STRUCT && has_header && !header_seen) {
            message->header = rn_attachment_bytes(attachment);
            header_seen = true;
        } else if (attachment->type == RN_ATT_STRUCT && !message->has_vector) {
            message->vector = rn_attachment_bytes(attachment);
            message->has_vector = true;
        } else if (attachment->type == RN_ATT_STRUCT) {
            return true;
        } else if (attachment->type == RN_ATT_SOCKADDR) {
            message->address = rn_attachment_bytes(attachment);
            message->has_address = true;
        } else if (attachment->type == RN_ATT_CONTROL) {
            message->control = rn_attachment_bytes(attachment);
        } else if (attachment->type == RN_ATT_CONTENT) {
            message->content = attachment;
            (*index)++;
            return true;
        }
        any = true;
    }
    return any;
}

void rn_render_iovec(struct rn_sink *sink, const struct rn_call_view *view, unsigned arg)
{
    struct message message;
    uint32_t index = 0;

    if (next_message(view, arg, false, &index, &message) && message.has_vector)
        add_vector(sink, &message, view->info->args[arg].bytes / 2);
    else
        rn_sink_pointer(sink, view->call->args[arg]);
}

static void add_messages(struct rn_sink *sink, const struct rn_call_view *view, unsigned arg)
{
    struct message message;
    uint32_t index = 0;

    rn_sink_open(sink, '[');
    while (next_message(view, arg, true, &index, &message)) {
        rn_sink_open(sink, '{');
        rn_sink_name(sink, "msg_hdr");
        add_message(sink, view, &message);
        if (message.content) {
            rn_sink_name(sink, "msg_len");
            rn_sink_unsigned(sink, message.content->content.length);
        }
        rn_sink_close(sink, '}');
    }
    rn_sink_close(sink, ']');
}

void rn_render_messages(struct rn_sink *sink, const struct rn_call_view *view, unsigned arg)
{
    uint8_t type = view->info->args[arg].type;
    struct message message;
    uint32_t index = 0;

    if (!rn_event_attachment(view->event, RN_ATT_STRUCT, (uint8_t)arg))
        rn_sink_pointer(sink, view->call->args[arg]);
    else if (type == RN_TYPE_MMSGHDR_IN || type == RN_TYPE_MMSGHDR_OUT)
        add_messages(sink, view, arg);
    else if (next_message(view, arg, true, &index, &message))
        add_message(sink, view, &message);
}
