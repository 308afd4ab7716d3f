/* SPDX-License-Identifier: MIT */
/* A recording read by batches, for pictures of single events. */
#include "plot_private.h"

#include "formats/event_schema.h"
#include "formats/syscall_table.h"
#include "select.h"

#define WORD(index) (RN_COLUMN_WORD + (index))

const struct plot_call *plot_call_of(struct rn_plot *plot, uint64_t abi, uint64_t nr)
{
    static const struct plot_call unknown = {.known = 1, .category = PLOT_OTHER_CALLS};
    struct plot_call *call;

    if (abi >= RN_ABI_COUNT || nr >= PLOT_CALL_NUMBERS)
        return &unknown;
    call = &plot->calls[abi][nr];
    if (!call->known)
        *call = (struct plot_call){.known = 1,
                                   .category = (uint8_t)plot_category_of_call(abi, nr),
                                   .moves = (uint8_t)plot_moves_bytes(abi, nr)};
    return call;
}

static enum plot_category category_of_kind(uint64_t kind)
{
    switch (kind) {
    case RN_KIND_API:
        return PLOT_API_CALLS;
    case RN_KIND_KERNEL:
        return PLOT_KERNELS;
    case RN_KIND_TRANSFER:
        return PLOT_TRANSFERS;
    case RN_KIND_BLOCK:
        return PLOT_BLOCKS;
    case RN_KIND_SPAN:
        return PLOT_SPANS;
    default:
        return PLOT_OTHER_CALLS;
    }
}

/* Counted system calls have a name. */
static enum plot_category category_of_counted(const struct rn_event *event)
{
    const struct rn_attachment *name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    const char *text = name && name->data ? (const char *)name->data : "";
    uint64_t abi, nr;

    if (event->u.aggregate.of == RN_KIND_SYSCALL &&
        rn_syscall_find(text, *text ? strnlen(text, name->size) : 0, &abi, &nr))
        return plot_category_of_call(abi, nr);
    return category_of_kind(event->u.aggregate.of);
}

enum plot_category plot_category_of(struct rn_plot *plot, const struct plot_sample *sample)
{
    if (sample->kind == RN_KIND_SYSCALL)
        return plot_call_of(plot, sample->abi, sample->nr)->category;
    return sample->kind == RN_KIND_AGGREGATE ? category_of_counted(sample->event)
                                             : category_of_kind(sample->kind);
}

static bool thread_selected(struct rn_plot *plot, uint64_t stream)
{
    struct plot_stream *entry = &plot->streams[stream % PLOT_STREAM_CACHE];
    const struct rn_thread_info *thread;

    if (entry->valid && entry->stream == stream)
        return entry->selected;
    thread = rn_trace_thread(plot->trace, stream);
    *entry = (struct plot_stream){
        .stream = stream,
        .valid = true,
        .selected = rn_filter_match_thread(plot->filter, thread->pid, thread->tid)};
    return entry->selected;
}

static bool time_selected(const struct rn_plot *plot, uint64_t since_ns, uint64_t duration_ns)
{
    uint64_t from, to;

    if (!rn_filter_match_duration(plot->filter, duration_ns))
        return false;
    return !rn_filter_time(plot->filter, &from, &to) ||
           rn_filter_match_time(plot->filter, since_ns, duration_ns);
}

/* What had begun before the time that is shown is shown from its begin on. */
static void cut_begin(const struct rn_plot *plot, struct plot_sample *sample)
{
    uint64_t from, to;

    if (plot->filter && rn_filter_time(plot->filter, &from, &to) && sample->start_ns < from)
        sample->start_ns = from;
    if (sample->end_ns < sample->start_ns) /* never finished */
        sample->end_ns = sample->start_ns;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Times beyond a century are nonsense of a damaged recording, and would make one bin of all else.
 */
#define LATEST_NS (UINT64_C(1) << 61)

static enum rn_status hand_over(struct rn_plot *plot, struct plot_sample *sample,
                                struct rn_error *err)
{
    cut_begin(plot, sample);
    if (sample->start_ns > LATEST_NS || sample->end_ns > LATEST_NS)
        return rn_fail(err, RN_E_FORMAT, "an event is more than 70 years from the others");
    if (!plot->any || sample->start_ns < plot->first_ns)
        plot->first_ns = sample->start_ns;
    if (sample->end_ns > plot->end_ns)
        plot->end_ns = sample->end_ns;
    plot->any = true;
    plot->picture.events =
        sum(plot->picture.events,
            sample->kind == RN_KIND_AGGREGATE ? sample->event->u.aggregate.count : 1);
    return plot->method->add(plot, sample, err);
}

static enum rn_status add_syscalls(struct rn_plot *plot, struct rn_batch *batch,
                                   struct rn_error *err)
{
    static const unsigned numbers[] = {RN_COLUMN_STREAM, RN_COLUMN_START, RN_COLUMN_DURATION,
                                       RN_COLUMN_FLAGS,  WORD(0),         WORD(1),
                                       WORD(2)};
    const uint64_t *column[sizeof numbers / sizeof numbers[0]];
    const struct rn_clock *clock = rn_trace_clock(plot->trace);
    struct rn_clock_scale scale = rn_clock_scale(clock);

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        column[i] = rn_batch_column(batch, numbers[i], err);
        if (!column[i])
            return err->status;
    }
    for (uint32_t row = 0; row < batch->rows; row++) {
        uint64_t duration_ns = rn_clock_scale_ns(scale, column[2][row]);
        bool unfinished = column[3][row] & RN_EVENT_UNFINISHED;
        struct plot_sample sample = {
            .kind = RN_KIND_SYSCALL,
            .stream = column[0][row],
            .start_ns = rn_clock_since_start(clock, column[1][row]),
            .nr = column[4][row],
            .abi = column[5][row],
            .ret = column[6][row],
        };
        enum rn_status status;

        sample.end_ns = sum(sample.start_ns, duration_ns);
        if (column[3][row] & RN_EVENT_SNAPSHOT)
            continue;
        if (plot->filter &&
            (!rn_filter_match_syscall(plot->filter, sample.abi, sample.nr, sample.ret,
                                      unfinished) ||
             !thread_selected(plot, sample.stream) ||
             !time_selected(plot, sample.start_ns, unfinished ? UINT64_MAX : duration_ns)))
            continue;
        status = hand_over(plot, &sample, err);
        if (status != RN_OK)
            return status;
    }
    return RN_OK;
}

static enum rn_status add_events(struct rn_plot *plot, struct rn_batch *batch, struct rn_error *err)
{
    const struct rn_clock *clock = rn_trace_clock(plot->trace);
    struct rn_clock_scale scale = rn_clock_scale(clock);

    for (uint32_t row = 0; row < batch->rows; row++) {
        struct rn_event event;
        struct plot_sample sample;
        enum rn_status status = rn_batch_event(batch, row, &event, err);

        if (status != RN_OK)
            return status;
        rn_trace_place(plot->trace, &event);
        if (event.flags & RN_EVENT_SNAPSHOT ||
            (plot->filter && !rn_select(plot->trace, plot->filter, &event)))
            continue;
        sample = (struct plot_sample){.kind = event.kind,
                                      .stream = event.stream,
                                      .start_ns = rn_clock_since_start(clock, event.start),
                                      .event = &event};
        sample.end_ns = sum(sample.start_ns, rn_clock_scale_ns(scale, event.duration));
        status = hand_over(plot, &sample, err);
        if (status != RN_OK)
            return status;
    }
    return RN_OK;
}

static enum rn_status feed(struct rn_plot *plot, struct rn_batch *batch, struct rn_error *err)
{
    memset(plot->streams, 0, sizeof plot->streams);
    for (uint32_t row = 0; row < batch->rows; row++) {
        struct rn_event event;
        enum rn_status status = rn_batch_event(batch, row, &event, err);

        if (status == RN_OK)
            status = rn_trace_feed(plot->trace, &event, err);
        if (status != RN_OK)
            return status;
        if (plot->method->note && (batch->kind == RN_KIND_PROCESS || batch->kind == RN_KIND_STREAM))
            plot->method->note(plot, &event);
    }
    return RN_OK;
}

static enum rn_status add_losses(struct rn_plot *plot, struct rn_batch *batch, struct rn_error *err)
{
    for (uint32_t row = 0; row < batch->rows; row++) {
        struct rn_event event;
        enum rn_status status = rn_batch_event(batch, row, &event, err);

        if (status != RN_OK)
            return status;
        if (event.flags & RN_EVENT_SNAPSHOT)
            continue;
        plot->totals.lost = sum(plot->totals.lost, event.u.loss.count);
        plot->totals.lost_more |= event.u.loss.count == 0;
    }
    return RN_OK;
}

static enum rn_status note_edges(struct rn_plot *plot, struct rn_batch *batch, struct rn_error *err)
{
    for (uint32_t row = 0; plot->method == &plot_spacetime && row < batch->rows; row++) {
        struct rn_event event;
        enum rn_status status = rn_batch_event(batch, row, &event, err);

        if (status != RN_OK)
            return status;
        plot->method->note(plot, &event);
    }
    return RN_OK;
}

/* Does the time of the batch touch what is selected? */
static bool in_time(const struct rn_plot *plot, const struct rn_batch *batch)
{
    const struct rn_clock *clock = rn_trace_clock(plot->trace);
    uint64_t from, to;

    if (!plot->filter || !rn_filter_time(plot->filter, &from, &to))
        return true;
    return (rn_clock_since_start(clock, batch->last) >= from ||
            rn_filter_overlapping(plot->filter)) &&
           (rn_clock_since_start(clock, batch->first) < to || to == UINT64_MAX);
}

static enum rn_status add_batch(void *context, struct rn_batch *batch, struct rn_error *err)
{
    struct rn_plot *plot = context;
    enum rn_status status = RN_OK;

    switch (batch->kind) {
    case RN_KIND_COMMIT:
    case RN_KIND_STREAM:
    case RN_KIND_CLOCK:
    case RN_KIND_DEVICE_CLOCK:
        return feed(plot, batch, err);
    case RN_KIND_PROCESS:
        status = feed(plot, batch, err);
        break;
    case RN_KIND_LOSS:
        status = add_losses(plot, batch, err);
        break;
    case RN_KIND_EDGE:
        return note_edges(plot, batch, err);
    default:
        break;
    }
    if (status != RN_OK || !RN_KIND_IS_EVENT(batch->kind) ||
        !(plot->method->kinds >> batch->kind & 1) || !in_time(plot, batch))
        return status;
    if (plot->filter && !(rn_filter_kinds(plot->filter) >> batch->kind & 1))
        return RN_OK;
    return batch->kind == RN_KIND_SYSCALL ? add_syscalls(plot, batch, err)
                                          : add_events(plot, batch, err);
}

enum rn_status plot_read_samples(struct rn_plot *plot, struct rn_reader *reader,
                                 struct rn_error *err)
{
    enum rn_status result = rn_reader_each_batch(reader, add_batch, plot, err);

    plot->totals.skipped += rn_reader_skipped(reader);
    plot->totals.incomplete |= rn_reader_incomplete(reader);
    plot->totals.unsealed |= !rn_reader_sealed(reader);
    return result;
}
