/* SPDX-License-Identifier: MIT */
/* One argument of a system call, by its type in the table. */
#include "render_private.h"

#include "formats/escape.h"

#include <string.h>

void rn_render_angle(struct rn_sink *sink, const char *name)
{
    if (!name)
        return;
    rn_buf_byte(sink->out, '<');
    rn_escape_terminal(sink->out, (const uint8_t *)name, strlen(name));
    rn_buf_byte(sink->out, '>');
}

void rn_render_fd(struct rn_sink *sink, const struct rn_call_view *view, uint64_t value)
{
    int32_t fd = (int32_t)value;

    rn_sink_signed(sink, fd);
    if (view->descriptors && fd >= 0)
        rn_render_angle(sink, rn_trace_descriptor(view->trace, view->event->stream, fd));
}

void rn_render_new_fd(struct rn_sink *sink, const struct rn_call_view *view, uint64_t value)
{
    struct rn_buf name = RN_BUF_INIT;
    int32_t fd = (int32_t)value;

    rn_sink_signed(sink, fd);
    if (!view->descriptors || fd < 0)
        return;
    if (rn_trace_given_descriptor(view->trace, view->event, fd, &name)) {
        rn_buf_byte(&name, '\0');
        rn_render_angle(sink, name.failed ? NULL : (const char *)name.data);
    }
    rn_buf_free(&name);
}

void rn_render_string_list(struct rn_sink *sink, struct rn_bytes bytes, bool more)
{
    size_t at = 0;

    rn_sink_open(sink, '[');
    while (at < bytes.size) {
        size_t length = strnlen((const char *)bytes.data + at, bytes.size - at);

        rn_sink_string(sink, bytes.data + at, length, false);
        at += length + 1;
    }
    if (more)
        rn_sink_symbol(sink, "...");
    rn_sink_close(sink, ']');
}

static void add_crc(struct rn_sink *sink, uint64_t crc)
{
    char digits[17];

    for (int i = 15; i >= 0; i--, crc >>= 4)
        digits[i] = "0123456789abcdef"[crc & 15];
    digits[16] = '\0';
    rn_sink_symbol(sink, digits);
}

void rn_render_content(struct rn_sink *sink, const struct rn_attachment *attachment)
{
    const struct rn_content *content = &attachment->content;

    if (!sink->json) {
        rn_sink_string(sink, content->head, content->head_len, content->length > content->head_len);
        return;
    }
    rn_sink_open(sink, '{');
    rn_sink_name(sink, "length");
    rn_sink_unsigned(sink, content->length);
    rn_sink_name(sink, "crc64");
    add_crc(sink, content->crc);
    rn_sink_name(sink, "head_hex");
    rn_sink_bytes(sink, content->head, content->head_len, false);
    rn_sink_close(sink, '}');
}

/* The attachment of an argument with or without RN_ATT_ENTRY. */
static const struct rn_attachment *find_struct(const struct rn_call_view *view, unsigned arg,
                                               bool entry)
{
    for (uint32_t i = 0; i < view->event->attachment_count; i++) {
        const struct rn_attachment *attachment = &view->event->attachments[i];

        if (attachment->type == RN_ATT_STRUCT && attachment->arg == arg &&
            ((attachment->flags & RN_ATT_ENTRY) != 0) == entry)
            return attachment;
    }
    return NULL;
}

/* An array with as many elements as the result says, which is none. */
static bool is_empty_array(const struct rn_call_view *view, unsigned arg)
{
    return view->info->args[arg].size_arg == RN_ARG_RETURN && view->call->ret == 0 &&
           view->call->args[arg] != 0 && !(view->event->flags & RN_EVENT_UNFINISHED);
}

static void add_struct(struct rn_sink *sink, const struct rn_call_view *view, unsigned arg,
                       const struct rn_attachment *attachment)
{
    if (!attachment && is_empty_array(view, arg)) {
        rn_sink_open(sink, '[');
        rn_sink_close(sink, ']');
        return;
    }
    if (!attachment ||
        !rn_render_struct(sink, view, &view->info->args[arg], rn_attachment_bytes(attachment)))
        rn_sink_pointer(sink, view->call->args[arg]);
}

/* [128 => 16], or [16] where the call left it as it was. */
static void add_changed_int(struct rn_sink *sink, const struct rn_attachment *entry,
                            const struct rn_attachment *exit)
{
    int64_t before = entry ? rn_bytes_signed(rn_attachment_bytes(entry), 0, 4) : 0;
    int64_t after = exit ? rn_bytes_signed(rn_attachment_bytes(exit), 0, 4) : before;

    rn_sink_open(sink, '[');
    if (entry && before != after) {
        rn_sink_signed(sink, before);
        rn_sink_raw(sink, " => ");
    }
    rn_sink_signed(sink, after);
    rn_sink_close(sink, ']');
}

static bool same_bytes(const struct rn_attachment *a, const struct rn_attachment *b)
{
    return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

static void add_inout_json(struct rn_sink *sink, const struct rn_call_view *view, unsigned arg,
                           const struct rn_attachment *entry, const struct rn_attachment *exit)
{
    rn_sink_open(sink, '{');
    rn_sink_name(sink, "entry");
    if (entry)
        add_struct(sink, view, arg, entry);
    else
        rn_sink_null(sink);
    rn_sink_name(sink, "exit");
    if (exit)
        add_struct(sink, view, arg, exit);
    else
        rn_sink_null(sink);
    rn_sink_close(sink, '}');
}

/* Text: sets of descriptors as they were asked for (the result says which are ready), else both
 * where they differ. */
static void add_inout(struct rn_sink *sink, const struct rn_call_view *view, unsigned arg)
{
    const struct rn_attachment *entry = find_struct(view, arg, true);
    const struct rn_attachment *exit = find_struct(view, arg, false);
    uint8_t type = view->info->args[arg].struct_type;

    if (!entry && !exit) {
        rn_sink_pointer(sink, view->call->args[arg]);
    } else if (sink->json) {
        add_inout_json(sink, view, arg, entry, exit);
    } else if (type == RN_STRUCT_INT) {
        add_changed_int(sink, entry, exit);
    } else if (type == RN_STRUCT_POLLFD || type == RN_STRUCT_FD_SET) {
        add_struct(sink, view, arg, entry ? entry : exit);
    } else if (type == RN_STRUCT_OFFSET && entry && exit && !same_bytes(entry, exit)) {
        add_struct(sink, view, arg, entry);
        rn_sink_raw(sink, " => ");
        add_struct(sink, view, arg, exit);
    } else {
        add_struct(sink, view, arg, exit ? exit : entry);
    }
}

static void add_buffer(struct rn_sink *sink, const struct rn_call_view *view, unsigned arg)
{
    const struct rn_attachment *content =
        rn_event_attachment(view->event, RN_ATT_CONTENT, (uint8_t)arg);

    /* Of what another tool recorded, the address is not known where the bytes are. */
    if (content && (view->call->args[arg] || content->content.length))
        rn_render_content(sink, content);
    else
        rn_sink_pointer(sink, view->call->args[arg]);
}

static void add_text(struct rn_sink *sink, const struct rn_call_view *view, unsigned arg,
                     uint8_t type)
{
    const struct rn_attachment *text = rn_event_attachment(view->event, type, (uint8_t)arg);

    if (!text)
        rn_sink_pointer(sink, view->call->args[arg]);
    else if (type == RN_ATT_STRING && view->info->args[arg].type == RN_TYPE_STRING)
        rn_sink_string(sink, text->data, text->size, text->flags & RN_ATT_CUT);
    else
        rn_sink_path(sink, text->data, text->size, text->flags & RN_ATT_CUT);
}

static void add_argv(struct rn_sink *sink, const struct rn_call_view *view, unsigned arg)
{
    const struct rn_attachment *argv = rn_event_attachment(view->event, RN_ATT_ARGV, (uint8_t)arg);

    if (argv)
        rn_render_string_list(sink, rn_attachment_bytes(argv), argv->flags & RN_ATT_CUT);
    else
        rn_sink_pointer(sink, view->call->args[arg]);
}

static void add_sockaddr(struct rn_sink *sink, const struct rn_call_view *view, unsigned arg)
{
    const struct rn_attachment *address =
        rn_event_attachment(view->event, RN_ATT_SOCKADDR, (uint8_t)arg);

    if (address)
        rn_render_sockaddr(sink, rn_attachment_bytes(address));
    else
        rn_sink_pointer(sink, view->call->args[arg]);
}

/* An address, and in JSON the fingerprint of the entries. */
static void add_entries(struct rn_sink *sink, const struct rn_call_view *view, unsigned arg)
{
    if (sink->json)
        add_buffer(sink, view, arg);
    else
        rn_sink_pointer(sink, view->call->args[arg]);
}

static void add_pair(struct rn_sink *sink, const struct rn_call_view *view, unsigned arg)
{
    const struct rn_attachment *pair = find_struct(view, arg, false);

    if (!pair) {
        rn_sink_pointer(sink, view->call->args[arg]);
        return;
    }
    rn_sink_open(sink, '[');
    rn_render_new_fd(sink, view, rn_bytes_get(rn_attachment_bytes(pair), 0, 4));
    rn_render_new_fd(sink, view, rn_bytes_get(rn_attachment_bytes(pair), 4, 4));
    rn_sink_close(sink, ']');
}

static void add_pointed(struct rn_sink *sink, const struct rn_call_view *view, unsigned arg)
{
    switch (view->info->args[arg].type) {
    case RN_TYPE_PATH:
        add_text(sink, view, arg, RN_ATT_PATH);
        break;
    case RN_TYPE_STRING:
    case RN_TYPE_STRING_OUT:
        add_text(sink, view, arg, RN_ATT_STRING);
        break;
    case RN_TYPE_BUFFER_IN:
    case RN_TYPE_BUFFER_OUT:
        add_buffer(sink, view, arg);
        break;
    case RN_TYPE_IOVEC_IN:
    case RN_TYPE_IOVEC_OUT:
        rn_render_iovec(sink, view, arg);
        break;
    case RN_TYPE_SOCKADDR_IN:
    case RN_TYPE_SOCKADDR_OUT:
        add_sockaddr(sink, view, arg);
        break;
    case RN_TYPE_MSGHDR_IN:
    case RN_TYPE_MSGHDR_OUT:
    case RN_TYPE_MMSGHDR_IN:
    case RN_TYPE_MMSGHDR_OUT:
        rn_render_messages(sink, view, arg);
        break;
    case RN_TYPE_STRUCT_IN:
    case RN_TYPE_STRUCT_OUT:
        add_struct(sink, view, arg, find_struct(view, arg, false));
        break;
    case RN_TYPE_STRUCT_INOUT:
        add_inout(sink, view, arg);
        break;
    case RN_TYPE_FDPAIR_OUT:
        add_pair(sink, view, arg);
        break;
    case RN_TYPE_ARGV:
        add_argv(sink, view, arg);
        break;
    case RN_TYPE_DIRENTS_OUT:
        add_entries(sink, view, arg);
        break;
    default:
        rn_sink_pointer(sink, view->call->args[arg]);
    }
}

const struct rn_attachment *rn_render_printed(const struct rn_call_view *view, unsigned arg)
{
    return rn_event_attachment(view->event, RN_ATT_PRINTED, (uint8_t)arg);
}

/* Text shows what was printed. JSON has it where there is nothing better: a number, bytes. */
static bool add_printed(struct rn_sink *sink, const struct rn_call_view *view, unsigned arg)
{
    const struct rn_attachment *printed = rn_render_printed(view, arg);

    if (!printed || (sink->json && view->call->args[arg]))
        return false;
    for (uint32_t i = 0; sink->json && i < view->event->attachment_count; i++)
        if (view->event->attachments[i].arg == arg &&
            view->event->attachments[i].type != RN_ATT_PRINTED)
            return false;
    rn_sink_printed(sink, printed->data, printed->size);
    return true;
}

void rn_render_argument(struct rn_sink *sink, const struct rn_call_view *view, unsigned arg)
{
    /* Another tool may have printed more of them than the table has. */
    static const struct rn_arg more = {.type = RN_TYPE_HEX};
    const struct rn_arg *info = arg < view->info->arg_count ? &view->info->args[arg] : &more;
    uint64_t value = view->call->args[arg];

    if (add_printed(sink, view, arg))
        return;
    if (!rn_render_value(sink, view, info, value))
        add_pointed(sink, view, arg);
}
