/* SPDX-License-Identifier: MIT */
/* What an event is called, in a word. */
#include "formats/value_name.h"
#include "render.h"

#include "formats/syscall_table.h"
#include "formats/xlat.h"

static const char *fixed_name(const struct rn_event *event)
{
    const struct rn_syscall_info *info;

    switch (event->kind) {
    case RN_KIND_SYSCALL:
        info = rn_syscall_info(event->u.syscall.abi, event->u.syscall.nr);
        return info ? info->name : NULL;
    case RN_KIND_PROCESS:
        return rn_value_name(RN_VALUE_PROCESS_OP, event->u.process.op);
    case RN_KIND_SIGNAL:
        return event->u.signal.signo <= 64 ? rn_signal_name((unsigned)event->u.signal.signo) : NULL;
    case RN_KIND_MODULE:
        return rn_value_name(RN_VALUE_MODULE_OP, event->u.module.op);
    case RN_KIND_TRANSFER:
        return rn_value_name(RN_VALUE_DIRECTION, event->u.transfer.direction);
    default:
        return NULL;
    }
}

void rn_render_title(const struct rn_event *event, struct rn_buf *out)
{
    const struct rn_attachment *given = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    const char *fixed = fixed_name(event);

    if (given && given->size && (event->kind == RN_KIND_TRANSFER || !fixed))
        rn_buf_append(out, given->data, given->size);
    else if (fixed)
        rn_buf_text(out, fixed);
    else if (event->kind == RN_KIND_SYSCALL)
        rn_buf_printf(out, "syscall_%llu", (unsigned long long)event->u.syscall.nr);
    else
        rn_buf_text(out, rn_kind_name(event->kind));
}
