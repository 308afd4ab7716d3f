/* SPDX-License-Identifier: MIT */
/* System calls by where in the source they were made. */
#include "locator.h"
#include "select.h"
#include "summary_groups.h"

#include <stdio.h>
#include <string.h>

static bool is_selected(struct rn_summary *summary, const struct rn_event *event)
{
    const struct rn_filter *filter = summary->options.filter;

    return event->kind == RN_KIND_SYSCALL && !(event->flags & RN_EVENT_SNAPSHOT) &&
           (!filter || rn_select(summary->trace, filter, event));
}

static void add_line(const struct rn_symbol_frame *function, struct rn_buf *name)
{
    const char *slash = function->file ? strrchr(function->file, '/') : NULL;

    if (!function->file)
        return;
    rn_buf_printf(name, " (%s", slash ? slash + 1 : function->file);
    if (function->line)
        rn_buf_printf(name, ":%u", function->line);
    rn_buf_byte(name, ')');
}

static void name_of(const struct rn_summary *summary, const struct rn_call_stack *stack,
                    struct rn_buf *name)
{
    uint32_t frame = 0;
    const struct rn_symbol_frame *owner = rn_call_stack_owner(stack, &frame);
    const struct rn_code_module *module =
        stack->count ? stack->frames[owner ? frame : 0].module : NULL;

    if (summary->options.by == RN_BY_STACK)
        rn_render_stack_folded(stack, name);
    else if (summary->options.by == RN_BY_MODULE || !owner)
        rn_buf_printf(name, owner || summary->options.by == RN_BY_MODULE ? "%s" : "? (%s)",
                      module ? module->path : "unknown code");
    else
        rn_buf_text(name, owner->function);
    if (owner && summary->options.by == RN_BY_LINE)
        add_line(owner, name);
}

static void count(struct rn_summary *summary, const struct rn_event *event,
                  const struct rn_call_stack *stack, struct rn_buf *name)
{
    struct rn_summary_group *group;

    rn_buf_clear(name);
    name_of(summary, stack, name);
    summary->no_memory |= name->failed;
    if (name->failed)
        return;
    group = rn_summary_named_group(summary, RN_KIND_SYSCALL,
                                   name->size ? (const char *)name->data : "", name->size);
    if (!group)
        return;
    summary->totals.events[RN_KIND_SYSCALL]++;
    group->unfinished += (event->flags & RN_EVENT_UNFINISHED) != 0;
    group->errors += !(event->flags & RN_EVENT_UNFINISHED) && rn_syscall_failed(&event->u.syscall);
    rn_histogram_add(group->durations,
                     rn_clock_duration(rn_trace_clock(summary->trace), event->duration));
}

static enum rn_status add_event(struct rn_summary *summary, struct rn_locator *locator,
                                const struct rn_event *event, struct rn_buf *name,
                                struct rn_error *err)
{
    struct rn_call_stack stack;
    enum rn_status status = RN_OK;

    if (is_selected(summary, event)) {
        status = rn_locator_stack(locator, event, &stack, err);
        if (status == RN_OK)
            count(summary, event, &stack, name);
    } else if (event->kind == RN_KIND_LOSS && !(event->flags & RN_EVENT_SNAPSHOT)) {
        summary->totals.lost += event->u.loss.count;
        summary->totals.lost_more |= event->u.loss.count == 0;
    }
    if (status == RN_OK)
        status = rn_trace_feed(summary->trace, event, err);
    return status == RN_OK ? rn_locator_feed(locator, event, err) : status;
}

/* On damage what can be read is still added, and the first failure is returned. */
static enum rn_status add_all(struct rn_summary *summary, struct rn_reader *reader,
                              struct rn_locator *locator, struct rn_error *first)
{
    struct rn_buf name = RN_BUF_INIT;
    enum rn_status result = RN_OK, status;

    do {
        struct rn_error err = RN_ERROR_INIT;
        struct rn_event event;

        status = rn_reader_next_event(reader, &event, &err);
        if (status == RN_OK)
            status = add_event(summary, locator, &event, &name, &err);
        if (status != RN_OK && status != RN_EOF && result == RN_OK) {
            result = status;
            *first = err;
        }
    } while (status == RN_OK || status == RN_E_FORMAT);
    rn_buf_free(&name);
    return result;
}

enum rn_status rn_summary_read_source(struct rn_summary *summary, struct rn_reader *reader,
                                      struct rn_error *err)
{
    struct rn_locator *locator;
    enum rn_status status;

    status = rn_summary_begin(summary, reader, err);
    if (status != RN_OK)
        return status;
    locator = rn_locator_new(summary->trace, reader);
    if (!locator)
        return rn_fail(err, RN_E_NOMEM, "no memory for symbols");
    status = add_all(summary, reader, locator, err);
    if (status == RN_OK && rn_locator_damage(locator)) {
        *err = *rn_locator_damage(locator);
        status = err->status;
    }
    rn_locator_free(locator);
    return rn_summary_end(summary, reader, status, err);
}
