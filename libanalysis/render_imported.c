/* SPDX-License-Identifier: MIT */
/* Spans, counters and flows of traces that other tools made, as text. */
#include "render_private.h"

#include <inttypes.h>

static void add_span(struct rn_trace *trace, const struct rn_event *event, struct rn_buf *out)
{
    static const char *const states[] = {"", " ok", " error"};
    const struct rn_span *span = &event->u.span;

    rn_buf_text(out, span->form == RN_SPAN_INSTANT ? "*** instant " : "*** span ");
    if (rn_event_attachment(event, RN_ATT_CATEGORY, RN_ARG_ANY)) {
        rn_render_attached(out, event, RN_ATT_CATEGORY, "");
        rn_buf_text(out, "::");
    }
    rn_render_attached(out, event, RN_ATT_NAME, "?");
    if (rn_event_attachment(event, RN_ATT_TEXT, RN_ARG_ANY)) {
        rn_buf_byte(out, ' ');
        rn_render_attached(out, event, RN_ATT_TEXT, "");
    }
    if (span->status < sizeof states / sizeof states[0])
        rn_buf_text(out, states[span->status]);
    if (span->form != RN_SPAN_INSTANT) {
        rn_buf_byte(out, ' ');
        rn_render_ticks(trace, event->duration, out);
    }
    if (event->flags & RN_EVENT_UNFINISHED)
        rn_buf_text(out, " (end not known)");
}

static void add_counter(const struct rn_event *event, struct rn_buf *out)
{
    double value;

    memcpy(&value, &event->u.counter.value, sizeof value);
    rn_buf_text(out, "*** counter ");
    rn_render_attached(out, event, RN_ATT_NAME, "?");
    if (rn_event_attachment(event, RN_ATT_TEXT, RN_ARG_ANY)) {
        rn_buf_byte(out, ' ');
        rn_render_attached(out, event, RN_ATT_TEXT, "");
    }
    rn_buf_printf(out, " = %.15g", value);
}

static void add_flow(const struct rn_event *event, struct rn_buf *out)
{
    static const char *const phases[] = {"begins", "goes on", "ends"};
    uint64_t phase = event->u.flow.phase;

    rn_buf_text(out, "*** flow ");
    rn_render_attached(out, event, RN_ATT_NAME, "?");
    rn_buf_printf(out, " %s, id=0x%" PRIx64, phase <= RN_FLOW_END ? phases[phase] : "?",
                  event->u.flow.id);
}

bool rn_render_imported(struct rn_trace *trace, const struct rn_event *event, struct rn_buf *out)
{
    if (event->kind == RN_KIND_SPAN)
        add_span(trace, event, out);
    else if (event->kind == RN_KIND_COUNTER)
        add_counter(event, out);
    else if (event->kind == RN_KIND_FLOW)
        add_flow(event, out);
    else
        return false;
    rn_buf_text(out, " ***");
    return true;
}
