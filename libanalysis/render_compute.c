/* SPDX-License-Identifier: MIT */
/* What devices and compute blocks did, as text. */
#include "render_private.h"

#include "formats/value_name.h"

#include <inttypes.h>

#define NS_PER_S UINT64_C(1000000000)

static const char *const reasons[] = {"below threshold", "called too often", "ring was full"};

/* Of calls of a device's API it need not have been often: those that only ask are always counted. */
static const char *reason_of(const struct rn_aggregate *sum)
{
    if (sum->of == RN_KIND_API && sum->reason == RN_AGGREGATE_HOT)
        return "only counted";
    return sum->reason < sizeof(reasons) / sizeof(reasons[0]) ? reasons[sum->reason] : "unknown";
}

void rn_render_ticks(struct rn_trace *trace, uint64_t ticks, struct rn_buf *out)
{
    uint64_t ns = rn_clock_duration(rn_trace_clock(trace), ticks);

    rn_buf_printf(out, "<%" PRIu64 ".%09" PRIu64 ">", ns / NS_PER_S, ns % NS_PER_S);
}

static void add_count(struct rn_buf *out, const char *name, uint64_t value)
{
    if (value)
        rn_buf_printf(out, " %s=%" PRIu64, name, value);
}

/* "1024", "(64, 64)": trailing ones are left out. 0: the driver chose, and did not tell. */
static void add_extent(struct rn_buf *out, const uint64_t *extent)
{
    if (extent[0] == 0)
        rn_buf_byte(out, '?');
    else if (extent[1] <= 1 && extent[2] <= 1)
        rn_buf_printf(out, "%" PRIu64, extent[0]);
    else if (extent[2] <= 1)
        rn_buf_printf(out, "(%" PRIu64 ", %" PRIu64 ")", extent[0], extent[1]);
    else
        rn_buf_printf(out, "(%" PRIu64 ", %" PRIu64 ", %" PRIu64 ")", extent[0], extent[1],
                      extent[2]);
}

/* How long it lay in the queue, and on the device before it began, where that is known. */
static void add_delays(struct rn_trace *trace, uint64_t queued, uint64_t submitted, uint64_t start,
                       struct rn_buf *out)
{
    if (queued && queued <= submitted) {
        rn_buf_text(out, " in-queue=");
        rn_render_ticks(trace, submitted - queued, out);
    }
    if (submitted && submitted <= start) {
        rn_buf_text(out, " to-start=");
        rn_render_ticks(trace, start - submitted, out);
    }
}

static void add_kernel(struct rn_trace *trace, const struct rn_event *event, struct rn_buf *out)
{
    const struct rn_kernel *kernel = &event->u.kernel;

    rn_render_attached(out, event, RN_ATT_NAME, "?");
    rn_buf_text(out, "<<<");
    add_extent(out, kernel->grid);
    rn_buf_text(out, ", ");
    add_extent(out, kernel->group);
    if (kernel->shared_bytes)
        rn_buf_printf(out, ", %" PRIu64, kernel->shared_bytes);
    rn_buf_printf(out, ">>> %s device=%" PRIu64 " queue=%" PRIu64,
                  rn_value_name(RN_VALUE_API, kernel->api), kernel->device, kernel->queue);
    add_count(out, "correlation", kernel->correlation);
    add_count(out, "graph", kernel->graph);
    add_delays(trace, kernel->queued, kernel->submitted, event->start, out);
}

/* bytes a nanosecond are gigabytes a second. */
static void add_bandwidth(struct rn_trace *trace, const struct rn_event *event, struct rn_buf *out)
{
    uint64_t ns = rn_clock_duration(rn_trace_clock(trace), event->duration);

    if (ns)
        rn_buf_printf(out, " %.3gGB/s", (double)event->u.transfer.bytes / (double)ns);
}

static void add_transfer(struct rn_trace *trace, const struct rn_event *event, struct rn_buf *out)
{
    const struct rn_transfer *transfer = &event->u.transfer;

    rn_render_attached(out, event, RN_ATT_NAME, "?");
    rn_buf_printf(out, " %s bytes=%" PRIu64 " %s device=%" PRIu64,
                  rn_value_name(RN_VALUE_DIRECTION, transfer->direction), transfer->bytes,
                  rn_value_name(RN_VALUE_API, transfer->api), transfer->device);
    if (transfer->direction == RN_DIRECTION_PEER)
        rn_buf_printf(out, " peer=%" PRIu64, transfer->peer);
    rn_buf_printf(out, " queue=%" PRIu64, transfer->queue);
    add_count(out, "correlation", transfer->correlation);
    add_count(out, "graph", transfer->graph);
    add_delays(trace, transfer->queued, transfer->submitted, event->start, out);
    add_bandwidth(trace, event, out);
}

void rn_render_api_call(const struct rn_event *event, struct rn_buf *out, size_t line,
                        size_t column)
{
    const struct rn_api_call *call = &event->u.api;
    size_t length;

    rn_render_attached(out, event, RN_ATT_NAME, "?");
    rn_buf_byte(out, '(');
    rn_render_attached(out, event, RN_ATT_TEXT, "");
    rn_buf_byte(out, ')');
    for (length = out->size - line; length < column; length++)
        rn_buf_byte(out, ' ');
    if (event->flags & RN_EVENT_UNFINISHED)
        rn_buf_text(out, " = ?");
    else
        rn_buf_printf(out, " = %" PRId64, (int64_t)call->result);
    if (call->correlation)
        rn_buf_printf(out, " (correlation %" PRIu64 ")", call->correlation);
}

/* "app.py:5 (app.rs:12)" where it is in generated source. */
static void add_source(const struct rn_event *event, struct rn_buf *out)
{
    rn_render_attached(out, event, RN_ATT_SOURCE, "?");
    if (!rn_event_attachment(event, RN_ATT_GENERATED, RN_ARG_ANY))
        return;
    rn_buf_text(out, " (");
    rn_render_attached(out, event, RN_ATT_GENERATED, "?");
    rn_buf_byte(out, ')');
}

static void add_block(const struct rn_event *event, struct rn_buf *out)
{
    const struct rn_block *block = &event->u.block;

    rn_render_attached(out, event, RN_ATT_NAME, "?");
    rn_buf_printf(out, " backend=%s isa=", rn_value_name(RN_VALUE_BACKEND, block->backend));
    rn_render_attached(out, event, RN_ATT_ISA, "?");
    if (block->provenance)
        rn_buf_printf(out, " (%s)", rn_value_name(RN_VALUE_PROVENANCE, block->provenance));
    rn_buf_printf(out, " elements=%" PRIu64 " bytes=%" PRIu64, block->elements, block->bytes);
    add_count(out, "flops", block->flops);
    add_count(out, "depth", block->depth);
    if (rn_event_attachment(event, RN_ATT_GENERATED, RN_ARG_ANY)) {
        rn_buf_text(out, " at ");
        add_source(event, out);
    }
}

static void add_decision(const struct rn_event *event, struct rn_buf *out)
{
    rn_render_attached(out, event, RN_ATT_CATEGORY, "?");
    rn_buf_text(out, "::");
    rn_render_attached(out, event, RN_ATT_NAME, "?");
    rn_buf_text(out, " at ");
    add_source(event, out);
    rn_buf_text(out, " input=");
    rn_render_attached(out, event, RN_ATT_INPUT, "?");
    rn_buf_text(out, " result=");
    rn_render_attached(out, event, RN_ATT_RESULT, "?");
    rn_buf_printf(out, " id=0x%016" PRIx64, event->u.decision.id);
}

static void add_aggregate(struct rn_trace *trace, const struct rn_event *event, struct rn_buf *out)
{
    const struct rn_aggregate *sum = &event->u.aggregate;
    const char *kind = sum->of < RN_KIND_STREAM ? rn_kind_name((uint8_t)sum->of) : NULL;

    rn_buf_printf(out, "%" PRIu64 " %s events of ", sum->count, kind ? kind : "unknown");
    rn_render_attached(out, event, RN_ATT_NAME, "?");
    if (sum->backend)
        rn_buf_printf(out, " backend=%s", rn_value_name(RN_VALUE_BACKEND, sum->backend));
    if (sum->direction)
        rn_buf_printf(out, " %s", rn_value_name(RN_VALUE_DIRECTION, sum->direction));
    rn_buf_printf(out, " (%s)", reason_of(sum));
    add_count(out, "elements", sum->elements);
    add_count(out, "bytes", sum->bytes);
    rn_buf_text(out, " sum=");
    rn_render_ticks(trace, sum->sum, out);
    rn_buf_text(out, " min=");
    rn_render_ticks(trace, sum->min, out);
    rn_buf_text(out, " max=");
    rn_render_ticks(trace, sum->max, out);
}

bool rn_render_compute(struct rn_trace *trace, const struct rn_event *event, struct rn_buf *out)
{
    size_t begin = out->size;

    rn_buf_printf(out, "*** %s ", rn_kind_name(event->kind));
    switch (event->kind) {
    case RN_KIND_KERNEL:
        add_kernel(trace, event, out);
        break;
    case RN_KIND_TRANSFER:
        add_transfer(trace, event, out);
        break;
    case RN_KIND_BLOCK:
        add_block(event, out);
        break;
    case RN_KIND_DECISION:
        add_decision(event, out);
        break;
    case RN_KIND_AGGREGATE:
        add_aggregate(trace, event, out);
        break;
    default:
        out->size = begin;
        return false;
    }
    if (event->kind != RN_KIND_DECISION && event->kind != RN_KIND_AGGREGATE) {
        rn_buf_byte(out, ' ');
        rn_render_ticks(trace, event->duration, out);
        if (event->flags & RN_EVENT_UNFINISHED)
            rn_buf_text(out, " (end not known)");
    }
    rn_buf_text(out, " ***");
    return true;
}
