/* SPDX-License-Identifier: MIT */
#include "run_times.h"

#include "clock.h"
#include "saturating.h"

struct reading {
    struct rn_run_times *times;
    struct rn_clock clock;
    uint64_t first, last; /* ticks; of processes' ends, where one ended */
    bool any, ended;
};

static void take_process(struct reading *reading, const struct rn_event *event)
{
    if (event->u.process.op != RN_PROCESS_EXIT || (event->flags & RN_EVENT_SNAPSHOT))
        return;
    reading->times->user_ns = rn_add_saturating(reading->times->user_ns, event->u.process.user_ns);
    reading->times->system_ns =
        rn_add_saturating(reading->times->system_ns, event->u.process.system_ns);
    reading->times->cpu_known = true;
    if (!reading->ended || event->start > reading->last)
        reading->last = event->start;
    reading->ended = true;
}

static enum rn_status take_batch(struct reading *reading, struct rn_batch *batch,
                                 struct rn_error *err)
{
    enum rn_status status = RN_OK;

    if (batch->kind == RN_KIND_SYSCALL || batch->kind == RN_KIND_PROCESS) {
        if (!reading->any || batch->first < reading->first)
            reading->first = batch->first;
        if (!reading->ended && (!reading->any || batch->last > reading->last))
            reading->last = batch->last;
        reading->any = true;
    }
    if (batch->kind != RN_KIND_PROCESS && batch->kind != RN_KIND_CLOCK)
        return RN_OK;
    for (uint32_t row = 0; row < batch->rows && status == RN_OK; row++) {
        struct rn_event event;

        status = rn_batch_event(batch, row, &event, err);
        if (status != RN_OK)
            continue;
        if (batch->kind == RN_KIND_CLOCK)
            rn_clock_add(&reading->clock, &event.u.clock);
        else
            take_process(reading, &event);
    }
    return status;
}

enum rn_status rn_run_times_read(struct rn_reader *reader, struct rn_run_times *times,
                                 struct rn_error *err)
{
    struct reading reading = {.times = times};
    enum rn_status result = RN_OK, status;

    *times = (struct rn_run_times){.wall_ns = 0};
    rn_clock_init(&reading.clock, rn_reader_manifest(reader));
    do {
        struct rn_error failure = RN_ERROR_INIT;
        struct rn_batch batch;

        status = rn_reader_next(reader, &batch, &failure);
        if (status == RN_OK)
            status = take_batch(&reading, &batch, &failure);
        if (status != RN_OK && status != RN_EOF && result == RN_OK) {
            result = status;
            *err = failure;
        }
    } while (status == RN_OK || status == RN_E_FORMAT);
    if (reading.any && reading.last > reading.first)
        times->wall_ns = rn_clock_duration(&reading.clock, reading.last - reading.first);
    return result;
}
