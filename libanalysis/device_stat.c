/* SPDX-License-Identifier: MIT */
/* Reading a recording for the statistics of devices. */
#include "device_groups.h"

#include "summary_groups.h"

#include <stdlib.h>
#include <string.h>

struct rn_device_stat *rn_device_stat_new(enum rn_device_by by, const struct rn_filter *filter)
{
    struct rn_device_stat *stat = calloc(1, sizeof *stat);

    if (!stat)
        return NULL;
    stat->by = by;
    stat->filter = filter && !rn_filter_is_empty(filter) ? filter : NULL;
    stat->tie = rn_device_tie_new();
    if (stat->tie)
        return stat;
    free(stat);
    return NULL;
}

void rn_device_stat_free(struct rn_device_stat *stat)
{
    if (!stat)
        return;
    rn_device_groups_free(stat);
    rn_device_order_free(&stat->order);
    rn_device_tie_free(stat->tie);
    rn_trace_free(stat->trace);
    rn_id_map_free(&stat->names);
    rn_id_map_free(&stat->waits);
    free(stat);
}

struct rn_device_group *const *rn_device_stat_groups(const struct rn_device_stat *stat,
                                                     enum rn_device_type type, size_t *count)
{
    *count = stat->lists[type].count;
    return stat->lists[type].groups;
}

const struct rn_device_group *rn_device_stat_total(const struct rn_device_stat *stat,
                                                   enum rn_device_type type)
{
    return stat->lists[type].total;
}

const struct rn_summary_totals *rn_device_stat_totals(const struct rn_device_stat *stat)
{
    return &stat->totals;
}

/* Streams, processes and clock. What is kept near may have changed. */
static enum rn_status feed(struct rn_device_stat *stat, struct rn_batch *batch,
                           struct rn_error *err)
{
    for (size_t i = 0; i < DEVICE_STREAMS; i++)
        stat->streams[i].valid = false;
    for (uint32_t row = 0; row < batch->rows; row++) {
        struct rn_event event;
        enum rn_status status = rn_batch_event(batch, row, &event, err);

        if (status == RN_OK)
            status = rn_trace_feed(stat->trace, &event, err);
        if (status != RN_OK)
            return status;
        if (batch->kind == RN_KIND_COMMIT && row == 0 && event.flags & RN_EVENT_SNAPSHOT) {
            rn_id_map_free(&stat->names);
            rn_id_map_free(&stat->waits);
        }
    }
    return RN_OK;
}

static enum rn_status add_batch(void *context, struct rn_batch *batch, struct rn_error *err)
{
    struct rn_device_stat *stat = context;
    switch (batch->kind) {
    case RN_KIND_COMMIT:
    case RN_KIND_STREAM:
    case RN_KIND_CLOCK:
    case RN_KIND_DEVICE_CLOCK:
    case RN_KIND_PROCESS:
        return feed(stat, batch, err);
    case RN_KIND_KERNEL:
    case RN_KIND_TRANSFER:
        return rn_device_add_runs(stat, batch, err);
    case RN_KIND_API:
        return rn_device_note_calls(stat, batch, err);
    case RN_KIND_AGGREGATE:
        return rn_device_add_aggregates(stat, batch, err);
    case RN_KIND_LOSS:
        return rn_summary_add_losses(&stat->totals, batch, err);
    default:
        return RN_OK;
    }
}

static enum rn_status check_memory(const struct rn_device_stat *stat, struct rn_error *err)
{
    bool failed = stat->no_memory;

    for (size_t type = 0; type < RN_DEVICE_TYPES; type++) {
        const struct rn_device_group *total = stat->lists[type].total;

        failed |= total && rn_histogram_failed(total->common.durations);
        for (size_t i = 0; total && i < RN_DELAYS; i++)
            failed |= rn_histogram_failed(total->delays[i]);
    }
    return failed ? rn_fail(err, RN_E_NOMEM, "no memory for the groups of a summary") : RN_OK;
}

static bool begin_recording(struct rn_device_stat *stat, struct rn_reader *reader)
{
    rn_trace_free(stat->trace);
    stat->trace = rn_trace_new(rn_reader_manifest(reader));
    rn_device_tie_clear(stat->tie);
    rn_id_map_free(&stat->names);
    rn_id_map_free(&stat->waits);
    memset(stat->streams, 0, sizeof stat->streams);
    return stat->trace;
}

enum rn_status rn_device_stat_read(struct rn_device_stat *stat, struct rn_reader *reader,
                                   struct rn_error *err)
{
    enum rn_status status;

    if (!begin_recording(stat, reader))
        return rn_fail(err, RN_E_NOMEM, "no memory for the trace model");
    status = rn_reader_each_batch(reader, add_batch, stat, err);
    if (!rn_device_order_finish(&stat->order, rn_device_place_run, stat))
        stat->no_memory = true;
    rn_device_groups_settle(stat);
    stat->recording++;
    stat->totals.recordings++;
    stat->totals.skipped += rn_reader_skipped(reader);
    stat->totals.incomplete |= rn_reader_incomplete(reader);
    stat->totals.unsealed |= !rn_reader_sealed(reader);
    return status != RN_OK ? status : check_memory(stat, err);
}
