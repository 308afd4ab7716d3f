/* SPDX-License-Identifier: MIT */
/* Events that were counted instead of recorded go into the groups that they would be in. */
#include "summary_groups.h"

#include "formats/syscall_table.h"
#include "formats/value_name.h"

#include <string.h>

static struct rn_summary_group *group_of(struct rn_summary *summary, const struct rn_event *event)
{
    const struct rn_attachment *name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    uint8_t kind = (uint8_t)event->u.aggregate.of;
    const char *text = name && name->data ? (const char *)name->data : "?", *kind_name;
    size_t length = name && name->data ? strnlen(text, name->size) : 1;
    uint64_t abi, nr;

    switch (summary->options.by) {
    case RN_BY_KIND:
        kind_name = rn_kind_name(kind);
        return rn_summary_named_group(summary, kind, kind_name, strlen(kind_name));
    case RN_BY_PROCESS:
    case RN_BY_THREAD:
        return rn_summary_stream_group(summary, kind, event->stream);
    case RN_BY_OPERATION:
        return kind == RN_KIND_BLOCK
                   ? rn_summary_operation_group(summary, event, event->u.aggregate.backend)
                   : NULL;
    default:
        if (kind == RN_KIND_TRANSFER) {
            text = rn_value_name(RN_VALUE_DIRECTION, event->u.aggregate.direction);
            length = strlen(text);
        }
        if (kind == RN_KIND_SYSCALL && rn_syscall_find(text, length, &abi, &nr))
            return rn_summary_syscall_group(summary, abi, nr);
        return rn_summary_named_group(summary, kind, text, length);
    }
}

size_t rn_summary_take_histogram(const struct rn_event *event, const struct rn_clock *clock,
                                 uint64_t value[RN_SUMMARY_BUCKETS],
                                 uint64_t times[RN_SUMMARY_BUCKETS])
{
    const struct rn_attachment *histogram =
        rn_event_attachment(event, RN_ATT_HISTOGRAM, RN_ARG_ANY);
    size_t count = 0;

    for (size_t at = 0; histogram && at + 16 <= histogram->size && count < RN_SUMMARY_BUCKETS;
         at += 16) {
        uint64_t pair[2];

        memcpy(pair, histogram->data + at, sizeof pair);
        if (pair[0] >= RN_SUMMARY_BUCKETS || pair[1] > event->u.aggregate.count)
            continue;
        value[count] = rn_clock_duration(clock, pair[0] ? 3 * (UINT64_C(1) << pair[0]) / 4 : 0);
        times[count++] = pair[1];
    }
    return count;
}

void rn_summary_add_counted(struct rn_histogram *durations, const struct rn_event *event,
                            const struct rn_clock *clock)
{
    const struct rn_aggregate *sum = &event->u.aggregate;
    uint64_t value[RN_SUMMARY_BUCKETS], times[RN_SUMMARY_BUCKETS];
    size_t count = rn_summary_take_histogram(event, clock, value, times);

    rn_histogram_add_many(durations, sum->count, rn_clock_duration(clock, sum->sum),
                          rn_clock_duration(clock, sum->min), rn_clock_duration(clock, sum->max),
                          value, times, count);
}

void rn_summary_add_aggregate(struct rn_summary *summary, const struct rn_event *event)
{
    const struct rn_aggregate *sum = &event->u.aggregate;
    struct rn_summary_group *group;

    summary->totals.events[RN_KIND_AGGREGATE]++;
    if (!RN_KIND_IS_EVENT(sum->of) || !rn_kind_name((uint8_t)sum->of))
        return;
    summary->totals.events[sum->of] += sum->count;
    if (sum->of == RN_KIND_DECISION && summary->options.by != RN_BY_KIND)
        return;
    group = group_of(summary, event);
    if (!group)
        return;
    group->counted += sum->count;
    if (summary->options.by == RN_BY_OPERATION)
        rn_summary_add_work(group, sum->elements, sum->bytes, sum->flops);
    rn_summary_add_counted(group->durations, event, rn_trace_clock(summary->trace));
}
