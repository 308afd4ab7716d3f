/* SPDX-License-Identifier: MIT */
#include "select.h"

bool rn_select(struct rn_trace *trace, const struct rn_filter *filter, const struct rn_event *event)
{
    const struct rn_clock *clock = rn_trace_clock(trace);
    const struct rn_thread_info *thread;
    uint64_t shortest;

    if (!rn_filter_match(filter, event))
        return false;
    thread = rn_trace_thread(trace, event->stream);
    shortest = event->kind == RN_KIND_AGGREGATE ? event->u.aggregate.min : event->duration;
    return rn_filter_match_place(
        filter, thread->pid, thread->tid, rn_clock_since_start(clock, event->start),
        event->flags & RN_EVENT_UNFINISHED ? UINT64_MAX : rn_clock_duration(clock, shortest));
}
