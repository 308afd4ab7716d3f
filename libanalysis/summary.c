/* SPDX-License-Identifier: MIT */
#include "summary_groups.h"

#include "formats/event_schema.h"
#include "formats/syscall_table.h"
#include "formats/value_name.h"

#include <stdlib.h>
#include <string.h>

#define WORD(index) (RN_COLUMN_WORD + (index))

struct rn_summary *rn_summary_new(const struct rn_summary_options *options)
{
    struct rn_summary *summary = calloc(1, sizeof *summary);

    if (!summary)
        return NULL;
    summary->options = *options;
    if (summary->options.worst > RN_SUMMARY_MAX_WORST)
        summary->options.worst = RN_SUMMARY_MAX_WORST;
    summary->selective = options->filter && !rn_filter_is_empty(options->filter);
    summary->kinds = options->filter ? rn_filter_kinds(options->filter) : UINT64_MAX;
    return summary;
}

static void group_free(struct rn_summary_group *group)
{
    if (!group)
        return;
    free((char *)group->name);
    free(group->operation);
    free(group->isa);
    rn_histogram_free(group->durations);
    rn_series_free(group->series);
    free(group);
}

void rn_summary_free(struct rn_summary *summary)
{
    if (!summary)
        return;
    for (size_t i = 0; i < summary->group_count; i++)
        group_free(summary->groups[i]);
    group_free(summary->whole);
    free(summary->groups);
    rn_id_map_free(&summary->by_key);
    rn_trace_free(summary->trace);
    free(summary);
}

struct rn_summary_group *const *rn_summary_groups(const struct rn_summary *summary, size_t *count)
{
    *count = summary->group_count;
    return summary->groups;
}

const struct rn_summary_group *rn_summary_whole(const struct rn_summary *summary)
{
    return summary->whole;
}

const struct rn_summary_totals *rn_summary_totals(const struct rn_summary *summary)
{
    return &summary->totals;
}

/* The columns that every row of a batch needs. */
struct rows {
    struct rn_batch *batch;
    const uint64_t *stream, *duration, *flags;
    const uint64_t *start, *ordinal; /* NULL until asked for */
    struct rn_clock_scale scale;
};

static bool rows_open(struct rows *rows, struct rn_summary *summary, struct rn_batch *batch,
                      struct rn_error *err)
{
    *rows = (struct rows){
        .batch = batch,
        .stream = rn_batch_column(batch, RN_COLUMN_STREAM, err),
        .duration = rn_batch_column(batch, RN_COLUMN_DURATION, err),
        .flags = rn_batch_column(batch, RN_COLUMN_FLAGS, err),
        .scale = rn_clock_scale(rn_trace_clock(summary->trace)),
    };
    if (!rows->stream || !rows->duration || !rows->flags)
        return false;
    if (!summary->selective && !summary->options.series)
        return true;
    rows->start = rn_batch_column(batch, RN_COLUMN_START, err);
    return rows->start;
}

static const struct rn_summary_stream *stream_entry(struct rn_summary *summary, uint64_t stream)
{
    struct rn_summary_stream *entry = &summary->cache[stream % RN_SUMMARY_CACHE];
    const struct rn_thread_info *thread;
    enum rn_summary_by by = summary->options.by;

    if (entry->valid && entry->stream == stream)
        return entry;
    thread = rn_trace_thread(summary->trace, stream);
    *entry = (struct rn_summary_stream){.stream = stream, .valid = true, .selected = true};
    if (summary->selective)
        entry->selected = rn_filter_match_thread(summary->options.filter, thread->pid, thread->tid);
    if (entry->selected && (by == RN_BY_PROCESS || by == RN_BY_THREAD))
        entry->group = rn_summary_stream_group(summary, RN_KIND_SYSCALL, stream);
    return entry;
}

/* Is the place of a row - thread, time, duration - selected? */
static bool place_selected(struct rn_summary *summary, const struct rows *rows, uint32_t row,
                           uint64_t duration_ns)
{
    const struct rn_filter *filter = summary->options.filter;
    uint64_t from, to, since;

    if (!summary->selective)
        return true;
    if (!stream_entry(summary, rows->stream[row])->selected)
        return false;
    if (rows->flags[row] & RN_EVENT_UNFINISHED)
        duration_ns = UINT64_MAX;
    if (!rn_filter_time(filter, &from, &to))
        return rn_filter_match_duration(filter, duration_ns);
    since = rn_clock_since_start(rn_trace_clock(summary->trace), rows->start[row]);
    return rn_filter_match_duration(filter, duration_ns) && since >= from &&
           (since < to || to == UINT64_MAX);
}

/* Columns for the few rows that are worth remembering. */
static bool rows_locate(struct rows *rows)
{
    struct rn_error err = RN_ERROR_INIT;

    if (!rows->start)
        rows->start = rn_batch_column(rows->batch, RN_COLUMN_START, &err);
    if (!rows->ordinal)
        rows->ordinal = rn_batch_column(rows->batch, RN_COLUMN_ORDINAL, &err);
    return rows->start && rows->ordinal;
}

/* Keeps `worst` in descending order; the last one gives way. */
static void remember(struct rn_summary *summary, struct rn_summary_group *group, struct rows *rows,
                     uint32_t row, uint64_t duration_ns)
{
    unsigned limit = summary->options.worst, i = group->worst_count;
    const struct rn_thread_info *thread;

    if (!rows_locate(rows))
        return;
    if (i == limit)
        i--;
    else
        group->worst_count++;
    for (; i > 0 && group->worst[i - 1].duration_ns < duration_ns; i--)
        group->worst[i] = group->worst[i - 1];
    thread = rn_trace_thread(summary->trace, rows->stream[row]);
    group->worst[i] = (struct rn_summary_event){
        .recording = summary->recording,
        .stream = rows->stream[row],
        .ordinal = rows->ordinal[row],
        .pid = thread->pid,
        .tid = thread->tid,
        .start_ns = rn_clock_since_start(rn_trace_clock(summary->trace), rows->start[row]),
        .duration_ns = duration_ns,
    };
}

static void count_row(struct rn_summary *summary, struct rn_summary_group *group, struct rows *rows,
                      uint32_t row, uint64_t duration_ns)
{
    unsigned limit = summary->options.worst;

    summary->totals.events[group->kind]++;
    rn_histogram_add(group->durations, duration_ns);
    if (rows->start)
        rn_summary_add_series(summary, group, rows->start[row], duration_ns);
    if (limit && (group->worst_count < limit || duration_ns > group->worst[limit - 1].duration_ns))
        remember(summary, group, rows, row, duration_ns);
}

/* exit never returns: that is no reason to remark on it. */
static bool should_return(uint64_t abi, uint64_t nr)
{
    const struct rn_syscall_info *info = rn_syscall_info(abi, nr);

    return !info || info->return_type != RN_RETURN_NONE;
}

static enum rn_status add_syscalls(struct rn_summary *summary, struct rn_batch *batch,
                                   struct rn_error *err)
{
    const uint64_t *nr = rn_batch_column(batch, WORD(0), err);
    const uint64_t *abi = nr ? rn_batch_column(batch, WORD(1), err) : NULL;
    const uint64_t *ret = abi ? rn_batch_column(batch, WORD(2), err) : NULL;
    enum rn_summary_by by = summary->options.by;
    struct rn_summary_group *group = NULL;
    struct rows rows;

    if (!ret || !rows_open(&rows, summary, batch, err))
        return err->status;
    if (by == RN_BY_KIND)
        group = rn_summary_named_group(summary, RN_KIND_SYSCALL, "syscall", 7);
    for (uint32_t row = 0; row < batch->rows; row++) {
        uint64_t duration_ns = rn_clock_scale_ns(rows.scale, rows.duration[row]);
        bool unfinished = rows.flags[row] & RN_EVENT_UNFINISHED;

        if (rows.flags[row] & RN_EVENT_SNAPSHOT)
            continue;
        if (summary->selective && (!rn_filter_match_syscall(summary->options.filter, abi[row],
                                                            nr[row], ret[row], unfinished) ||
                                   !place_selected(summary, &rows, row, duration_ns)))
            continue;
        if (by == RN_BY_SYSCALL)
            group = rn_summary_syscall_group(summary, abi[row], nr[row]);
        else if (by != RN_BY_KIND)
            group = stream_entry(summary, rows.stream[row])->group;
        if (!group)
            continue;
        group->unfinished += unfinished && should_return(abi[row], nr[row]);
        group->errors += !unfinished && rn_syscall_failed(&(struct rn_syscall){.ret = ret[row]});
        count_row(summary, group, &rows, row, duration_ns);
    }
    return RN_OK;
}

static struct rn_summary_group *group_of_event(struct rn_summary *summary,
                                               const struct rn_event *event)
{
    const struct rn_attachment *name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    const char *text = rn_kind_name(event->kind);

    if (summary->options.by == RN_BY_KIND)
        return rn_summary_named_group(summary, event->kind, text, strlen(text));
    if (summary->options.by == RN_BY_OPERATION)
        return event->kind == RN_KIND_BLOCK
                   ? rn_summary_operation_group(summary, event, event->u.block.backend)
                   : NULL;
    if (event->kind != RN_KIND_KERNEL && event->kind != RN_KIND_BLOCK &&
        event->kind != RN_KIND_API && event->kind != RN_KIND_TRANSFER &&
        (event->kind != RN_KIND_SPAN || event->u.span.form == RN_SPAN_INSTANT))
        return NULL;
    if (summary->options.by != RN_BY_SYSCALL)
        return rn_summary_stream_group(summary, event->kind, event->stream);
    if (event->kind == RN_KIND_TRANSFER) {
        text = rn_value_name(RN_VALUE_DIRECTION, event->u.transfer.direction);
        return rn_summary_named_group(summary, event->kind, text, strlen(text));
    }
    if (name && name->data)
        return rn_summary_named_group(summary, event->kind, (const char *)name->data,
                                      strnlen((const char *)name->data, name->size));
    return rn_summary_named_group(summary, event->kind, "?", 1);
}

/* Everything but system calls: fewer, and grouped by what is attached to them. */
static enum rn_status add_events(struct rn_summary *summary, struct rn_batch *batch,
                                 struct rn_error *err)
{
    struct rows rows;

    if (!rows_open(&rows, summary, batch, err))
        return err->status;
    for (uint32_t row = 0; row < batch->rows; row++) {
        uint64_t duration_ns = rn_clock_scale_ns(rows.scale, rows.duration[row]);
        struct rn_summary_group *group;
        struct rn_event event;
        enum rn_status status;

        if (rows.flags[row] & RN_EVENT_SNAPSHOT)
            continue;
        status = rn_batch_event(batch, row, &event, err);
        if (status != RN_OK)
            return status;
        if (event.flags & RN_EVENT_DEVICE_TIME) {
            rn_trace_place(summary->trace, &event);
            duration_ns = rn_clock_scale_ns(rows.scale, event.duration);
        }
        /* Of many events none is known to be longer than the shortest. */
        if (batch->kind == RN_KIND_AGGREGATE)
            duration_ns = rn_clock_scale_ns(rows.scale, event.u.aggregate.min);
        if (summary->selective && (!rn_filter_match(summary->options.filter, &event) ||
                                   !place_selected(summary, &rows, row, duration_ns)))
            continue;
        if (batch->kind == RN_KIND_AGGREGATE) {
            rn_summary_add_aggregate(summary, &event);
            continue;
        }
        group = group_of_event(summary, &event);
        if (group)
            group->errors += event.kind == RN_KIND_API && event.u.api.result != 0;
        if (group && summary->options.by == RN_BY_OPERATION)
            rn_summary_add_work(group, event.u.block.elements, event.u.block.bytes,
                                event.u.block.flops);
        if (group)
            count_row(summary, group, &rows, row, duration_ns);
        else
            summary->totals.events[batch->kind]++;
    }
    return RN_OK;
}

enum rn_status rn_summary_add_losses(struct rn_summary_totals *totals, struct rn_batch *batch,
                                     struct rn_error *err)
{
    const uint64_t *count = rn_batch_column(batch, WORD(1), err);
    const uint64_t *flags = count ? rn_batch_column(batch, RN_COLUMN_FLAGS, err) : NULL;

    if (!flags)
        return err->status;
    for (uint32_t row = 0; row < batch->rows; row++) {
        if (flags[row] & RN_EVENT_SNAPSHOT)
            continue;
        totals->lost_more |= count[row] == 0;
        if (__builtin_add_overflow(totals->lost, count[row], &totals->lost))
            totals->lost = UINT64_MAX;
    }
    return RN_OK;
}

/* Streams, processes and clock: what the groups and times are made from. */
static enum rn_status feed(struct rn_summary *summary, struct rn_batch *batch, struct rn_error *err)
{
    memset(summary->cache, 0, sizeof summary->cache);
    for (uint32_t row = 0; row < batch->rows; row++) {
        struct rn_event event;
        enum rn_status status = rn_batch_event(batch, row, &event, err);

        if (status == RN_OK)
            status = rn_trace_feed(summary->trace, &event, err);
        if (status != RN_OK)
            return status;
        if (batch->kind == RN_KIND_PROCESS)
            rn_summary_rename(summary, event.stream);
    }
    return RN_OK;
}

/* Does the time range of the batch touch the selected one? */
static bool batch_in_time(const struct rn_summary *summary, const struct rn_batch *batch)
{
    const struct rn_clock *clock = rn_trace_clock(summary->trace);
    uint64_t from, to;

    if (!summary->selective || !rn_filter_time(summary->options.filter, &from, &to))
        return true;
    return rn_clock_since_start(clock, batch->last) >= from &&
           (rn_clock_since_start(clock, batch->first) < to || to == UINT64_MAX);
}

static enum rn_status add_batch(void *context, struct rn_batch *batch, struct rn_error *err)
{
    struct rn_summary *summary = context;
    enum rn_status status = RN_OK;

    switch (batch->kind) {
    case RN_KIND_COMMIT:
        summary->totals.in_flight -= summary->in_flight;
        summary->in_flight = 0;
        return feed(summary, batch, err);
    case RN_KIND_STREAM:
    case RN_KIND_CLOCK:
    case RN_KIND_DEVICE_CLOCK:
        return feed(summary, batch, err);
    case RN_KIND_INFLIGHT:
        summary->in_flight += batch->rows;
        summary->totals.in_flight += batch->rows;
        return RN_OK;
    case RN_KIND_PROCESS:
        status = feed(summary, batch, err);
        break;
    case RN_KIND_LOSS:
        status = rn_summary_add_losses(&summary->totals, batch, err);
        break;
    default:
        break;
    }
    if (status != RN_OK || !RN_KIND_IS_EVENT(batch->kind) || !(summary->kinds >> batch->kind & 1) ||
        !batch_in_time(summary, batch))
        return status;
    if (summary->options.by == RN_BY_OPERATION && batch->kind == RN_KIND_SYSCALL)
        return RN_OK;
    return batch->kind == RN_KIND_SYSCALL ? add_syscalls(summary, batch, err)
                                          : add_events(summary, batch, err);
}

static enum rn_status check_memory(const struct rn_summary *summary, struct rn_error *err)
{
    bool failed = summary->no_memory;

    for (size_t i = 0; i < summary->group_count; i++)
        failed |= rn_histogram_failed(summary->groups[i]->durations);
    return failed ? rn_fail(err, RN_E_NOMEM, "no memory for the groups of a summary") : RN_OK;
}

enum rn_status rn_summary_begin(struct rn_summary *summary, const struct rn_reader *reader,
                                struct rn_error *err)
{
    rn_trace_free(summary->trace);
    memset(summary->cache, 0, sizeof summary->cache);
    summary->in_flight = 0;
    summary->trace = rn_trace_new(rn_reader_manifest(reader));
    return summary->trace ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory for the trace model");
}

enum rn_status rn_summary_end(struct rn_summary *summary, struct rn_reader *reader,
                              enum rn_status status, struct rn_error *err)
{
    summary->recording++;
    summary->totals.recordings++;
    summary->totals.skipped += rn_reader_skipped(reader);
    summary->totals.incomplete |= rn_reader_incomplete(reader);
    summary->totals.unsealed |= !rn_reader_sealed(reader);
    return status != RN_OK ? status : check_memory(summary, err);
}

enum rn_status rn_summary_read(struct rn_summary *summary, struct rn_reader *reader,
                               struct rn_error *err)
{
    enum rn_status status = rn_summary_begin(summary, reader, err);

    if (status != RN_OK)
        return status;
    status = rn_reader_each_batch(reader, add_batch, summary, err);
    return rn_summary_end(summary, reader, status, err);
}
