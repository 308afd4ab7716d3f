/* SPDX-License-Identifier: MIT */
#include "cli_graph.h"

static const struct rn_render_options options = {
    .all = true, .descriptors = true, .string_limit = 32};

struct rn_render *cli_graph_render(void)
{
    return rn_render_new(&options);
}

/* What has no line of text has at least a name. */
static const char *plain_name(const struct rn_event *event)
{
    static const char *const operations[] = {NULL,          "start", "attach", "fork",   "exec",
                                             "thread exit", "exit",  "name",   "detach", "stop"};
    uint64_t op = event->u.process.op;

    if (event->kind == RN_KIND_PROCESS && op < sizeof(operations) / sizeof(operations[0]) &&
        operations[op])
        return operations[op];
    return rn_kind_name(event->kind) ? rn_kind_name(event->kind) : "event";
}

void cli_graph_label(struct rn_render *render, struct rn_trace *trace, const struct rn_event *event,
                     struct rn_buf *label)
{
    rn_buf_clear(label);
    if (event->kind == RN_KIND_SYSCALL)
        rn_render_syscall(&options, trace, event, label);
    else
        rn_render_text(render, trace, event, label);
    while (label->size && label->data[label->size - 1] == '\n')
        label->size--;
    if (!label->size)
        rn_buf_text(label, plain_name(event));
}
