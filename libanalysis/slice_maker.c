/* SPDX-License-Identifier: MIT */
#include "slice_maker.h"

#include "causal_edge.h"
#include "slice_private.h"

#include "formats/fnv.h"

#include <stdlib.h>

struct rn_slice_maker *rn_slice_maker_new(void)
{
    struct rn_slice_maker *maker = calloc(1, sizeof *maker);

    if (maker && !(maker->sort = rn_spill_sort_new(RN_SLICE_BUDGET))) {
        free(maker);
        return NULL;
    }
    return maker;
}

void rn_slice_maker_free(struct rn_slice_maker *maker)
{
    if (!maker)
        return;
    rn_slice_tracks_free(maker);
    rn_spill_sort_free(maker->sort);
    rn_buf_free(&maker->text);
    free(maker);
}

void rn_slice_maker_notes(const struct rn_slice_maker *maker, rn_slice_note_fn *note, void *context)
{
    if (maker->descriptors)
        note(context, "statements about descriptors and contents that are left out",
             maker->descriptors);
    if (maker->crowded)
        note(context, "slices that are drawn as moments, as too many are at once on their track",
             maker->crowded);
}

/* How a kind is drawn. */
static const struct drawing {
    const char *category;
    uint8_t flags; /* SLICE_... */
    bool drawn;
} drawings[RN_KIND_STREAM] = {
    [RN_KIND_SYSCALL] = {"syscall", 0, true},
    [RN_KIND_PROCESS] = {"process", SLICE_INSTANT, true},
    [RN_KIND_SIGNAL] = {"signal", SLICE_INSTANT, true},
    [RN_KIND_MODULE] = {"module", SLICE_INSTANT, true},
    [RN_KIND_KERNEL] = {"kernel", SLICE_ALONE, true},
    [RN_KIND_BLOCK] = {"block", 0, true},
    [RN_KIND_NOTICE] = {"notice", SLICE_INSTANT, true},
    [RN_KIND_LOSS] = {"loss", SLICE_INSTANT, true},
    [RN_KIND_API] = {"api", 0, true},
    [RN_KIND_TRANSFER] = {"transfer", SLICE_ALONE, true},
    [RN_KIND_DECISION] = {"decision", SLICE_INSTANT, true},
    [RN_KIND_AGGREGATE] = {"aggregate", SLICE_ALONE, true},
    [RN_KIND_SPAN] = {"span", 0, true},
    [RN_KIND_COUNTER] = {"counter", SLICE_COUNTER, true},
};

static uint64_t launch_arrow(const struct rn_thread_info *thread, uint64_t api,
                             uint64_t correlation)
{
    uint64_t parts[3] = {thread->process ? thread->process->serial : 0, api, correlation};

    return correlation ? rn_fnv(RN_FNV_BEGIN, parts, sizeof parts) | 1 : 0;
}

static void add_arrows(struct slice_piece *piece, struct rn_trace *trace,
                       const struct rn_event *event)
{
    const struct rn_thread_info *thread = rn_trace_thread(trace, event->stream);

    if (event->kind == RN_KIND_API && event->u.api.layer != RN_CUDA_WAIT)
        piece->flow_out = launch_arrow(thread, event->u.api.api, event->u.api.correlation);
    else if (event->kind == RN_KIND_KERNEL)
        piece->flow_in = launch_arrow(thread, event->u.kernel.api, event->u.kernel.correlation);
    else if (event->kind == RN_KIND_TRANSFER)
        piece->flow_in = launch_arrow(thread, event->u.transfer.api, event->u.transfer.correlation);
}

static void set_form(struct slice_piece *piece, const struct rn_event *event)
{
    const struct drawing *drawing = &drawings[event->kind];

    piece->kind = event->kind;
    piece->flags = drawing->flags;
    if (event->flags & RN_EVENT_UNFINISHED)
        piece->flags |= SLICE_UNFINISHED;
    if (event->kind == RN_KIND_SPAN && event->u.span.form == RN_SPAN_ASYNC)
        piece->flags |= SLICE_ALONE;
    if (event->kind == RN_KIND_SPAN && event->u.span.form == RN_SPAN_INSTANT)
        piece->flags |= SLICE_INSTANT;
    if (event->kind == RN_KIND_COUNTER)
        piece->counter = event->u.counter.value;
    piece->stream = event->stream;
    piece->ordinal = event->ordinal;
}

/* The begin of a piece, whose head is filled in by the end. */
static void put_texts(struct rn_buf *out, struct slice_piece *piece, const struct rn_event *event)
{
    const struct rn_attachment *category = rn_event_attachment(event, RN_ATT_CATEGORY, RN_ARG_ANY);
    size_t begin = out->size;

    rn_slice_name(out, event);
    rn_buf_byte(out, 0);
    piece->name_size = (uint32_t)(out->size - begin);
    begin = out->size;
    if (category && event->kind == RN_KIND_SPAN)
        rn_buf_append(out, category->data, category->size);
    else
        rn_buf_text(out, drawings[event->kind].category);
    rn_buf_byte(out, 0);
    piece->category_size = (uint32_t)(out->size - begin);
}

/* Of those that begin together, the longest comes first: it holds the others. */
static enum rn_status put_piece(struct rn_slice_maker *maker, struct rn_buf *out, size_t begin,
                                const struct slice_piece *piece, struct rn_error *err)
{
    if (!out->failed)
        memcpy(out->data + begin, piece, sizeof *piece);
    return rn_spill_sort_add(maker->sort, piece->start_ns, ~piece->duration_ns, err);
}

static void set_time(struct slice_piece *piece, const struct rn_clock *clock, uint64_t start,
                     uint64_t duration)
{
    uint64_t end = start + duration < start ? UINT64_MAX : start + duration;

    piece->start_ns = rn_clock_realtime(clock, start);
    /* Not the length in itself: what ends as another one begins must do so when rounded, too. */
    if (!(piece->flags & (SLICE_INSTANT | SLICE_COUNTER)))
        piece->duration_ns = rn_clock_realtime(clock, end) - piece->start_ns;
    if (piece->duration_ns > INT64_MAX)
        piece->duration_ns = 0;
}

static enum rn_status add_drawn(struct rn_slice_maker *maker, struct rn_trace *trace,
                                const struct rn_event *event, struct rn_error *err)
{
    struct slice_piece piece = {.track = 0};
    struct rn_buf *out;
    size_t begin;

    set_form(&piece, event);
    set_time(&piece, rn_trace_clock(trace), event->start, event->duration);
    piece.track = event->kind == RN_KIND_COUNTER
                      ? rn_slice_track_of_counter(maker, trace, event, err)
                      : rn_slice_track_of_stream(maker, trace, event->stream, err);
    out = piece.track ? rn_spill_sort_begin(maker->sort, err) : NULL;
    if (!out)
        return err->status;
    begin = out->size;
    rn_buf_append(out, &piece, sizeof piece);
    if (event->kind != RN_KIND_COUNTER) {
        add_arrows(&piece, trace, event);
        put_texts(out, &piece, event);
        piece.arg_count = rn_slice_args(out, trace, event);
    }
    return put_piece(maker, out, begin, &piece, err);
}

/* One end of an arrow that ties no slices by itself. */
static enum rn_status add_point(struct rn_slice_maker *maker, struct rn_trace *trace,
                                struct slice_piece *piece, uint64_t stream, uint64_t ticks,
                                const char *name, size_t name_size, const char *category,
                                struct rn_error *err)
{
    struct rn_buf *out;
    size_t begin;

    piece->flags = SLICE_INSTANT;
    set_time(piece, rn_trace_clock(trace), ticks, 0);
    piece->track = rn_slice_track_of_stream(maker, trace, stream, err);
    out = piece->track ? rn_spill_sort_begin(maker->sort, err) : NULL;
    if (!out)
        return err->status;
    begin = out->size;
    piece->name_size = (uint32_t)name_size + 1;
    piece->category_size = (uint32_t)strlen(category) + 1;
    rn_buf_append(out, piece, sizeof *piece);
    rn_buf_append(out, name, name_size);
    rn_buf_byte(out, 0);
    rn_buf_append(out, category, piece->category_size);
    return put_piece(maker, out, begin, piece, err);
}

static enum rn_status add_edge(struct rn_slice_maker *maker, struct rn_trace *trace,
                               const struct rn_event *event, struct rn_error *err)
{
    const struct rn_edge *edge = &event->u.edge;
    const char *name = rn_edge_mechanism_name(edge->mechanism);
    struct slice_piece from = {
        .kind = RN_KIND_EDGE, .stream = edge->from_stream, .ordinal = edge->from_ordinal};
    struct slice_piece to = {
        .kind = RN_KIND_EDGE, .stream = edge->to_stream, .ordinal = edge->to_ordinal};
    enum rn_status status;

    if (edge->mechanism == RN_EDGE_STAMP)
        return RN_OK;
    from.flow_out = to.flow_in = ++maker->next_arrow << 1;
    status = add_point(maker, trace, &from, edge->from_stream, edge->from_start, name, strlen(name),
                       "edge", err);
    if (status == RN_OK)
        status = add_point(maker, trace, &to, edge->to_stream, edge->to_end, name, strlen(name),
                           "edge", err);
    return status;
}

static enum rn_status add_flow(struct rn_slice_maker *maker, struct rn_trace *trace,
                               const struct rn_event *event, struct rn_error *err)
{
    const struct rn_attachment *name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    struct slice_piece piece = {
        .kind = RN_KIND_FLOW, .stream = event->stream, .ordinal = event->ordinal};
    uint64_t arrow = rn_fnv(RN_FNV_BEGIN, &event->u.flow.id, sizeof event->u.flow.id);

    if (name)
        arrow = rn_fnv(arrow, name->data, name->size);
    if (event->u.flow.phase != RN_FLOW_END)
        piece.flow_out = arrow | 1;
    if (event->u.flow.phase != RN_FLOW_BEGIN)
        piece.flow_in = arrow | 1;
    return add_point(maker, trace, &piece, event->stream, event->start,
                     name ? (const char *)name->data : "flow", name ? name->size : 4, "flow", err);
}

enum rn_status rn_slice_maker_add(struct rn_slice_maker *maker, struct rn_trace *trace,
                                  const struct rn_event *event, struct rn_error *err)
{
    if (!RN_KIND_IS_EVENT(event->kind) || event->flags & RN_EVENT_SNAPSHOT)
        return RN_OK;
    if (event->kind == RN_KIND_EDGE)
        return add_edge(maker, trace, event, err);
    if (event->kind == RN_KIND_FLOW)
        return add_flow(maker, trace, event, err);
    if (drawings[event->kind].drawn)
        return add_drawn(maker, trace, event, err);
    maker->descriptors++;
    return RN_OK;
}

enum rn_status rn_slice_maker_follow(struct rn_slice_maker *maker, struct rn_trace *trace,
                                     const struct rn_event *event, struct rn_error *err)
{
    if (event->kind == RN_KIND_STREAM)
        return rn_slice_tracks_rename(maker, trace, event->u.stream_info.id, err);
    if (event->kind == RN_KIND_PROCESS)
        return rn_slice_tracks_rename(maker, trace, event->stream, err);
    return RN_OK;
}
