/* SPDX-License-Identifier: MIT */
/* A system call as a span: most spans are, so this is kept quick. */
#include "render_private.h"
#include "span_private.h"

#include <arpa/inet.h>

#define KEY(text) RN_OTLP_TEXT(text)

/* Bytes of strings in the arguments, as rn-cat shows them. */
#define STRING_LIMIT 32u
/* The recorder's numbers, whatever the host. */
enum { FAMILY_INET = 2, FAMILY_INET6 = 10 };

static struct rn_otlp_text since(const struct rn_buf *texts, size_t before)
{
    return texts->failed
               ? (struct rn_otlp_text){"", 0}
               : (struct rn_otlp_text){(const char *)texts->data + before, texts->size - before};
}

struct rn_otlp_text rn_span_syscall_name(struct rn_span_tree *tree, const struct rn_event *event)
{
    const struct rn_syscall *call = &event->u.syscall;
    const struct rn_syscall_info *info = rn_syscall_info(call->abi, call->nr);
    size_t before = tree->texts.size;

    if (info)
        return (struct rn_otlp_text){info->name, strlen(info->name)};
    rn_buf_printf(&tree->texts, "syscall_%#llx", (unsigned long long)call->nr);
    return since(&tree->texts, before);
}

/* Text of our own renderer is printable, but need not be UTF-8 where a path is not. */
static void add_arguments(struct rn_span_tree *tree, struct rn_otlp_attributes *list,
                          const struct rn_call_view *view, bool *cut)
{
    struct rn_sink sink = {.out = &tree->scratch, .string_limit = STRING_LIMIT};

    rn_buf_clear(&tree->scratch);
    rn_render_arguments(&sink, view);
    if (tree->scratch.size)
        rn_otlp_add_text(list, KEY("rn.syscall.args"),
                         rn_span_text(tree, tree->scratch.data, tree->scratch.size, cut));
}

static void add_descriptor(struct rn_span_tree *tree, struct rn_otlp_attributes *list,
                           const struct rn_call_view *view, bool *cut)
{
    const struct rn_syscall_info *info = view->info;
    const char *name;

    if (!info || !info->arg_count || info->args[0].type != RN_TYPE_FD)
        return;
    name = rn_trace_descriptor(view->trace, view->event->stream, (int32_t)view->call->args[0]);
    if (name)
        rn_otlp_add_text(list, KEY("rn.syscall.fd.path"),
                         rn_span_text(tree, (const uint8_t *)name, strlen(name), cut));
}

static void add_peer(struct rn_span_tree *tree, struct rn_otlp_attributes *list,
                     const struct rn_attachment *address)
{
    struct rn_bytes bytes = rn_attachment_bytes(address);
    uint64_t family = rn_bytes_get(bytes, 0, 2);
    size_t at = family == FAMILY_INET ? 4 : 8, size = family == FAMILY_INET ? 4 : 16;
    char text[INET6_ADDRSTRLEN];

    if ((family != FAMILY_INET && family != FAMILY_INET6) || bytes.size < at + size ||
        !inet_ntop(family == FAMILY_INET ? AF_INET : AF_INET6, bytes.data + at, text, sizeof text))
        return;
    bool cut = false;
    rn_otlp_add_text(list, KEY("network.peer.address"),
                     rn_span_text(tree, (const uint8_t *)text, strlen(text), &cut));
    rn_otlp_add_int(list, KEY("network.peer.port"), bytes.data[2] << 8 | bytes.data[3]);
}

static void add_attachments(struct rn_span_tree *tree, struct rn_otlp_attributes *list,
                            const struct rn_event *event, bool *cut)
{
    bool has_path = false;

    for (uint32_t i = 0; i < event->attachment_count; i++) {
        const struct rn_attachment *attachment = &event->attachments[i];

        if (attachment->type == RN_ATT_PATH && !has_path) {
            has_path = true;
            rn_otlp_add_text(list, KEY("rn.syscall.path"),
                             rn_span_text(tree, attachment->data, attachment->size, cut));
        } else if (attachment->type == RN_ATT_SOCKADDR) {
            add_peer(tree, list, attachment);
        }
    }
}

static void add_result(struct rn_otlp_attributes *list, const struct rn_call_view *view,
                       struct rn_otlp_span *span)
{
    const char *error;

    if (view->event->flags & RN_EVENT_UNFINISHED)
        return;
    if (!rn_syscall_failed(view->call)) {
        rn_otlp_add_int(list, KEY("rn.syscall.ret"), (int64_t)view->call->ret);
        return;
    }
    error = rn_errno_name((int)-view->call->ret);
    span->status = RN_OTLP_ERROR;
    if (!error) {
        rn_otlp_add_int(list, KEY("rn.syscall.errno"), (int64_t)-view->call->ret);
        error = "_OTHER"; /* the convention for what has no name */
    }
    rn_otlp_add_text(list, KEY("error.type"), (struct rn_otlp_text){error, strlen(error)});
}

void rn_span_add_syscall(struct rn_span_tree *tree, struct rn_trace *trace,
                         struct rn_otlp_attributes *list, const struct rn_event *event,
                         struct rn_otlp_span *span, bool *cut)
{
    const struct rn_syscall *call = &event->u.syscall;
    struct rn_call_view view;

    rn_call_view_init(&view, trace, event);
    add_arguments(tree, list, &view, cut);
    add_result(list, &view, span);
    add_attachments(tree, list, event, cut);
    add_descriptor(tree, list, &view, cut);
    if (tree->place)
        rn_span_add_source(tree, list, tree->place, cut);
    if (call->abi != tree->manifest->abi) {
        const char *abi = rn_abi_name(call->abi);

        rn_otlp_add_text(list, KEY("rn.syscall.abi"),
                         (struct rn_otlp_text){abi, abi ? strlen(abi) : 0});
    }
}
