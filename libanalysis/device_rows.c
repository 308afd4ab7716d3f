/* SPDX-License-Identifier: MIT */
/* Rows of a recording - kernels, transfers, calls, aggregates - for the statistics of devices. */
#include "device_groups.h"

#include "formats/event_schema.h"
#include "formats/value_name.h"
#include "select.h"

#include <string.h>

#define WORD(index) (RN_COLUMN_WORD + (index))
/* Names of a segment that are kept apart without looking at them again. */
#define NAMES_MAX 65536u

/* The columns of a batch of runs or calls; those that its kind does not have are NULL. */
struct rows {
    struct rn_batch *batch;
    const uint64_t *stream, *start, *duration, *flags;
    const uint64_t *api, *device, *context, *queue, *correlation;
    const uint64_t *queued, *submitted, *direction, *bytes;
    struct rn_clock_scale scale;
};

struct column {
    size_t place; /* in struct rows */
    unsigned column;
};
#define COLUMN(field, number)                                                                      \
    {                                                                                              \
        offsetof(struct rows, field), (number)                                                     \
    }
#define EVERY_ROW                                                                                  \
    COLUMN(stream, RN_COLUMN_STREAM), COLUMN(start, RN_COLUMN_START),                              \
        COLUMN(duration, RN_COLUMN_DURATION), COLUMN(flags, RN_COLUMN_FLAGS)

static const struct column kernel_columns[] = {
    EVERY_ROW,
    COLUMN(api, WORD(0)),
    COLUMN(device, WORD(1)),
    COLUMN(context, WORD(2)),
    COLUMN(queue, WORD(3)),
    COLUMN(correlation, WORD(4)),
    COLUMN(queued, WORD(13)),
    COLUMN(submitted, WORD(14)),
};
static const struct column transfer_columns[] = {
    EVERY_ROW,
    COLUMN(api, WORD(0)),
    COLUMN(device, WORD(1)),
    COLUMN(context, WORD(2)),
    COLUMN(queue, WORD(3)),
    COLUMN(correlation, WORD(4)),
    COLUMN(direction, WORD(5)),
    COLUMN(bytes, WORD(6)),
    COLUMN(queued, WORD(8)),
    COLUMN(submitted, WORD(9)),
};
static const struct column call_columns[] = {
    EVERY_ROW,
    COLUMN(api, WORD(0)),
    COLUMN(correlation, WORD(3)),
    COLUMN(context, WORD(5)),
    COLUMN(queue, WORD(6)),
};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool rows_open(struct rows *rows, struct rn_device_stat *stat, struct rn_batch *batch,
                      const struct column *columns, size_t count, struct rn_error *err)
{
    *rows = (struct rows){.batch = batch, .scale = rn_clock_scale(rn_trace_clock(stat->trace))};
    for (size_t i = 0; i < count; i++) {
        const uint64_t *values = rn_batch_column(batch, columns[i].column, err);

        if (!values)
            return false;
        memcpy((char *)rows + columns[i].place, &values, sizeof values);
    }
    return true;
}

static struct device_stream *stream_of(struct rn_device_stat *stat, uint64_t stream)
{
    struct device_stream *entry = &stat->streams[stream % DEVICE_STREAMS];
    const struct rn_thread_info *thread;

    if (entry->valid && entry->stream == stream)
        return entry;
    thread = rn_trace_thread(stat->trace, stream);
    *entry = (struct device_stream){.stream = stream,
                                    .process = thread->process ? thread->process->serial : 0,
                                    .valid = true,
                                    .selected = true};
    if (stat->filter)
        entry->selected = rn_filter_match_thread(stat->filter, thread->pid, thread->tid);
    return entry;
}

/* The groups of a queue and its device; the streams of most queues are of one device. */
static void find_queue(struct rn_device_stat *stat, struct device_stream *stream, uint64_t api,
                       uint64_t device)
{
    if (stream->on && stream->api == api && stream->device == device)
        return;
    stream->api = api;
    stream->device = device;
    stream->on = rn_device_device(stat, api, device);
    if (stat->by == RN_DEVICE_BY_QUEUE && !stream->queue)
        stream->queue = rn_device_queue(stat, stream->stream);
    if (stream->queue && !stream->queue->on) {
        stream->queue->api = api;
        stream->queue->device = device;
        stream->queue->on = stream->on;
    }
}

static uint64_t end_of(uint64_t start, uint64_t duration)
{
    return start > UINT64_MAX - duration ? UINT64_MAX : start + duration;
}

/* Attached name of a row; borrowed until the next one. */
static enum rn_status name_of(struct rn_batch *batch, uint32_t row, const char **name,
                              size_t *length, struct rn_error *err)
{
    struct rn_event event;
    enum rn_status status = rn_batch_event(batch, row, &event, err);
    const struct rn_attachment *attached;

    if (status != RN_OK)
        return status;
    attached = rn_event_attachment(&event, RN_ATT_NAME, RN_ARG_ANY);
    *name = attached && attached->data ? (const char *)attached->data : "?";
    *length = attached && attached->data ? strnlen(*name, attached->size) : 1;
    return RN_OK;
}

static enum rn_status find_kernel(struct rn_device_stat *stat, struct rn_batch *batch, uint32_t row,
                                  struct rn_device_group **group, struct rn_error *err)
{
    uint64_t number;
    enum rn_status status = rn_batch_text(batch, row, RN_ATT_NAME, &number, err);
    const char *name;
    size_t length;

    *group = status == RN_OK ? rn_id_map_get(&stat->names, number) : NULL;
    if (status != RN_OK || *group)
        return status;
    status = name_of(batch, row, &name, &length, err);
    if (status != RN_OK)
        return status;
    *group = rn_device_named(stat, RN_DEVICE_KERNELS, name, length);
    if (*group && stat->names.count < NAMES_MAX)
        (void)rn_id_map_set(&stat->names, number, *group);
    return RN_OK;
}

static struct rn_device_group *direction_group(struct rn_device_stat *stat, uint64_t direction)
{
    uint64_t number = direction <= RN_DIRECTION_FILL ? direction : RN_DIRECTION_UNKNOWN;
    struct rn_device_group **group = &stat->directions[number];
    const char *name = rn_value_name(RN_VALUE_DIRECTION, number);

    if (!*group)
        *group = rn_device_named(stat, RN_DEVICE_TRANSFERS, name, strlen(name));
    return *group;
}

static enum rn_status find_group(struct rn_device_stat *stat, const struct rows *rows, uint32_t row,
                                 const struct device_stream *stream, struct rn_device_group **group,
                                 struct rn_error *err)
{
    if (stat->by == RN_DEVICE_BY_QUEUE) {
        *group = stream->queue;
        return RN_OK;
    }
    if (rows->batch->kind == RN_KIND_KERNEL)
        return find_kernel(stat, rows->batch, row, group, err);
    *group = direction_group(stat, rows->direction[row]);
    return RN_OK;
}

static enum rn_status is_selected(struct rn_device_stat *stat, const struct rows *rows,
                                  uint32_t row, bool *selected, struct rn_error *err)
{
    struct rn_event event;
    enum rn_status status;

    *selected = !(rows->flags[row] & RN_EVENT_SNAPSHOT);
    if (!stat->filter || !*selected)
        return RN_OK;
    *selected = stream_of(stat, rows->stream[row])->selected;
    if (!*selected)
        return RN_OK;
    status = rn_batch_event(rows->batch, row, &event, err);
    if (status != RN_OK)
        return status;
    rn_trace_place(stat->trace, &event);
    *selected = rn_select(stat->trace, stat->filter, &event);
    return RN_OK;
}

/* The run with the device's own times as ticks of the recording; the payload words of kernels and
 * transfers lie differently. */
static void place_run(const struct rn_device_stat *stat, const struct rows *rows, uint32_t row,
                      struct rn_device_run *run)
{
    struct rn_event event = {.kind = run->kind,
                             .flags = (uint32_t)rows->flags[row],
                             .stream = (uint32_t)rows->stream[row],
                             .start = run->start,
                             .duration = rows->duration[row]};
    bool kernel = run->kind == RN_KIND_KERNEL;
    uint64_t *queued = kernel ? &event.u.kernel.queued : &event.u.transfer.queued;
    uint64_t *submitted = kernel ? &event.u.kernel.submitted : &event.u.transfer.submitted;

    *queued = run->queued;
    *submitted = run->submitted;
    rn_trace_place(stat->trace, &event);
    run->start = event.start;
    run->end = end_of(event.start, event.duration);
    run->queued = *queued;
    run->submitted = *submitted;
}

/* A call that returned only after the transfer that it asked for has waited for what was in the
 * queue before it, too. */
static void note_blocking(struct rn_device_stat *stat, const struct rn_device_run *run)
{
    struct rn_device_call call;

    if (!rn_device_tie_asked(stat->tie, run->owner, run->correlation, run->end, &call) ||
        call.end < run->end)
        return;
    call.queue = run->queue;
    call.context = run->context;
    rn_device_tie_note(stat->tie, &call, true);
}

static enum rn_status add_run(struct rn_device_stat *stat, const struct rows *rows, uint32_t row,
                              struct rn_error *err)
{
    struct device_stream *stream = stream_of(stat, rows->stream[row]);
    uint64_t bytes = rows->bytes ? rows->bytes[row] : 0;
    bool unfinished = rows->flags[row] & RN_EVENT_UNFINISHED;
    struct rn_device_run run = {
        .start = rows->start[row],
        .end = end_of(rows->start[row], rows->duration[row]),
        .queued = rows->queued[row],
        .submitted = rows->submitted[row],
        .owner = rn_device_owner(stream->process, rows->api[row]),
        .correlation = rows->correlation[row],
        .context = rows->context[row],
        .queue = rows->queue[row],
        .kind = rows->batch->kind,
    };
    enum rn_status status;
    uint64_t duration_ns;

    if (rows->flags[row] & (RN_EVENT_DEVICE_TIME | RN_EVENT_DEVICE_QUEUED))
        place_run(stat, rows, row, &run);
    duration_ns = rn_clock_scale_ns(rows->scale, run.end - run.start);
    find_queue(stat, stream, rows->api[row], rows->device[row]);
    status = find_group(stat, rows, row, stream, &run.group, err);
    run.device = stream->on;
    if (status != RN_OK)
        return status;
    if (!run.group || !run.device)
        return rn_fail(err, RN_E_NOMEM, "no memory for the groups of a summary");
    rn_device_count_run(run.group, run.kind, duration_ns, bytes, unfinished);
    rn_device_count_run(run.device, run.kind, duration_ns, bytes, unfinished);
    stat->totals.events[run.kind]++;
    if (run.kind == RN_KIND_TRANSFER)
        note_blocking(stat, &run);
    if (rn_device_order_add(&stat->order, &run, rn_device_place_run, stat))
        return RN_OK;
    return rn_fail(err, RN_E_NOMEM, "no memory for the order of kernels and transfers");
}

enum rn_status rn_device_add_runs(struct rn_device_stat *stat, struct rn_batch *batch,
                                  struct rn_error *err)
{
    bool kernels = batch->kind == RN_KIND_KERNEL;
    struct rows rows;

    if (!rows_open(&rows, stat, batch, kernels ? kernel_columns : transfer_columns,
                   kernels ? COUNT(kernel_columns) : COUNT(transfer_columns), err))
        return err->status;
    for (uint32_t row = 0; row < batch->rows; row++) {
        bool selected;
        enum rn_status status = is_selected(stat, &rows, row, &selected, err);

        if (status == RN_OK && selected)
            status = add_run(stat, &rows, row, err);
        if (status != RN_OK)
            return status;
    }
    return RN_OK;
}

static const char does_wait[] = "waits", does_not[] = "does not";

static enum rn_status waits(struct rn_device_stat *stat, struct rn_batch *batch, uint32_t row,
                            bool *yes, struct rn_error *err)
{
    uint64_t number;
    enum rn_status status = rn_batch_text(batch, row, RN_ATT_NAME, &number, err);
    const char *known = status == RN_OK ? rn_id_map_get(&stat->waits, number) : NULL, *name;
    size_t length;

    *yes = known == does_wait;
    if (status != RN_OK || known)
        return status;
    status = name_of(batch, row, &name, &length, err);
    if (status != RN_OK)
        return status;
    *yes = rn_device_call_waits(name, length);
    if (stat->waits.count < NAMES_MAX)
        (void)rn_id_map_set(&stat->waits, number, (void *)(*yes ? does_wait : does_not));
    return RN_OK;
}

/* Whatever is selected: calls are what runs are tied to. */
enum rn_status rn_device_note_calls(struct rn_device_stat *stat, struct rn_batch *batch,
                                    struct rn_error *err)
{
    struct rows rows;

    if (!rows_open(&rows, stat, batch, call_columns, COUNT(call_columns), err))
        return err->status;
    for (uint32_t row = 0; row < batch->rows; row++) {
        uint64_t process = stream_of(stat, rows.stream[row])->process;
        struct rn_device_call call = {
            .owner = rn_device_owner(process, rows.api[row]),
            .correlation = rows.correlation[row],
            .context = rows.context[row],
            .queue = rows.queue[row],
            .start = rows.start[row],
            .end = end_of(rows.start[row], rows.duration[row]),
        };
        bool yes;
        enum rn_status status = waits(stat, batch, row, &yes, err);

        if (status != RN_OK)
            return status;
        rn_device_tie_note(stat->tie, &call, yes);
    }
    return RN_OK;
}

static struct rn_device_group *counted_group(struct rn_device_stat *stat,
                                             const struct rn_event *event)
{
    const struct rn_attachment *name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    const char *text = name && name->data ? (const char *)name->data : "?";
    size_t length = name && name->data ? strnlen(text, name->size) : 1;

    if (stat->by == RN_DEVICE_BY_QUEUE)
        return rn_device_counted(stat, event->stream);
    if (event->u.aggregate.of == RN_KIND_KERNEL)
        return rn_device_named(stat, RN_DEVICE_KERNELS, text, length);
    return direction_group(stat, event->u.aggregate.direction);
}

/* Of what was counted neither device nor correlation is known. */
enum rn_status rn_device_add_aggregates(struct rn_device_stat *stat, struct rn_batch *batch,
                                        struct rn_error *err)
{
    static const struct column columns[] = {EVERY_ROW};
    struct rows rows;

    if (!rows_open(&rows, stat, batch, columns, COUNT(columns), err))
        return err->status;
    for (uint32_t row = 0; row < batch->rows; row++) {
        struct rn_device_group *group;
        struct rn_event event;
        bool selected;
        enum rn_status status = is_selected(stat, &rows, row, &selected, err);

        if (status == RN_OK)
            status = rn_batch_event(batch, row, &event, err);
        if (status != RN_OK)
            return status;
        if (!selected ||
            (event.u.aggregate.of != RN_KIND_KERNEL && event.u.aggregate.of != RN_KIND_TRANSFER))
            continue;
        group = counted_group(stat, &event);
        if (!group)
            return rn_fail(err, RN_E_NOMEM, "no memory for the groups of a summary");
        stat->totals.events[RN_KIND_AGGREGATE]++;
        stat->totals.events[event.u.aggregate.of] += event.u.aggregate.count;
        rn_device_count_aggregate(group, &event, rn_trace_clock(stat->trace));
    }
    return RN_OK;
}
