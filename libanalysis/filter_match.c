/* SPDX-License-Identifier: MIT */
#include "filter_set.h"

#include "formats/syscall_table.h"

#include <stdlib.h>
#include <string.h>

/* Events of these kinds may be in aggregates. */
#define COUNTED                                                                                    \
    (1ull << RN_KIND_SYSCALL | 1ull << RN_KIND_KERNEL | 1ull << RN_KIND_BLOCK |                    \
     1ull << RN_KIND_TRANSFER | 1ull << RN_KIND_API | 1ull << RN_KIND_DECISION)

void rn_filter_set_fill(struct rn_filter_set *set, bool selected)
{
    memset(set->syscalls, selected ? 0xff : 0, sizeof set->syscalls);
    memset(set->signals, selected ? 0xff : 0, sizeof set->signals);
    set->syscalls_beyond = selected;
    set->kinds = selected ? UINT64_MAX : 0;
    set->rule_count = 0;
}

void rn_filter_set_begin(struct rn_filter_set *set, bool negated)
{
    if (!set->begun)
        rn_filter_set_fill(set, negated);
    set->begun = true;
}

struct rn_filter *rn_filter_new(void)
{
    struct rn_filter *filter = calloc(1, sizeof *filter);

    if (!filter)
        return NULL;
    rn_filter_set_fill(&filter->set, true);
    filter->set.status = RN_STATUS_ALL;
    filter->to_ns = UINT64_MAX;
    return filter;
}

void rn_filter_free(struct rn_filter *filter)
{
    if (!filter)
        return;
    free(filter->pids.ids);
    free(filter->tids.ids);
    free(filter);
}

static enum rn_status list_add(struct rn_id_list *list, uint64_t id, struct rn_error *err)
{
    uint64_t *ids = reallocarray(list->ids, list->count + 1, sizeof *ids);

    if (!ids)
        return rn_fail(err, RN_E_NOMEM, "no memory for a filter");
    ids[list->count++] = id;
    list->ids = ids;
    return RN_OK;
}

enum rn_status rn_filter_add_pid(struct rn_filter *filter, uint64_t pid, struct rn_error *err)
{
    return list_add(&filter->pids, pid, err);
}

enum rn_status rn_filter_add_tid(struct rn_filter *filter, uint64_t tid, struct rn_error *err)
{
    return list_add(&filter->tids, tid, err);
}

void rn_filter_set_time(struct rn_filter *filter, uint64_t from_ns, uint64_t to_ns)
{
    filter->has_time = true;
    filter->from_ns = from_ns;
    filter->to_ns = to_ns;
}

void rn_filter_set_overlapping(struct rn_filter *filter)
{
    filter->overlapping = true;
}

bool rn_filter_overlapping(const struct rn_filter *filter)
{
    return filter->overlapping;
}

void rn_filter_set_min_duration(struct rn_filter *filter, uint64_t duration_ns)
{
    filter->min_duration_ns = duration_ns;
}

bool rn_filter_time(const struct rn_filter *filter, uint64_t *from_ns, uint64_t *to_ns)
{
    *from_ns = filter->from_ns;
    *to_ns = filter->to_ns;
    return filter->has_time;
}

bool rn_filter_by_thread(const struct rn_filter *filter)
{
    return filter->pids.count || filter->tids.count;
}

bool rn_filter_is_empty(const struct rn_filter *filter)
{
    return !filter->set.begun && !filter->set.status_given && !filter->has_time &&
           !filter->min_duration_ns && !rn_filter_by_thread(filter);
}

void rn_filter_syscalls(const struct rn_filter *filter, enum rn_abi abi,
                        uint64_t bitmap[RN_FILTER_MAX_NR / 64])
{
    memcpy(bitmap, filter->set.syscalls[abi], sizeof filter->set.syscalls[abi]);
}

static bool any_bit(const uint64_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (words[i])
            return true;
    }
    return false;
}

uint64_t rn_filter_kinds(const struct rn_filter *filter)
{
    const struct rn_filter_set *set = &filter->set;
    uint64_t kinds = 0;

    for (unsigned kind = 0; kind < RN_KIND_STREAM; kind++) {
        if (RN_KIND_IS_EVENT(kind))
            kinds |= set->kinds & (1ull << kind);
    }
    kinds |= rn_filter_rules_kinds(set);
    kinds &= ~(1ull << RN_KIND_SYSCALL | 1ull << RN_KIND_SIGNAL);
    if (any_bit(set->signals, 2))
        kinds |= 1ull << RN_KIND_SIGNAL;
    if (!(set->status & RN_STATUS_SUCCESSFUL))
        kinds &= 1ull << RN_KIND_API;
    if (set->syscalls_beyond || any_bit(&set->syscalls[0][0], sizeof set->syscalls / 8))
        kinds |= 1ull << RN_KIND_SYSCALL;
    if (set->status & RN_STATUS_SUCCESSFUL && kinds & COUNTED)
        kinds |= 1ull << RN_KIND_AGGREGATE;
    return kinds;
}

bool rn_filter_match_syscall(const struct rn_filter *filter, uint64_t abi, uint64_t nr,
                             uint64_t ret, bool unfinished)
{
    const struct rn_filter_set *set = &filter->set;
    unsigned status = RN_STATUS_SUCCESSFUL;

    if (unfinished)
        status = RN_STATUS_UNFINISHED;
    else if (rn_syscall_failed(&(struct rn_syscall){.ret = ret}))
        status = RN_STATUS_FAILED;
    if (!(set->status & status))
        return false;
    if (abi >= RN_ABI_COUNT || nr >= RN_FILTER_MAX_NR)
        return set->syscalls_beyond;
    return set->syscalls[abi][nr / 64] >> (nr % 64) & 1;
}

/* Of what an aggregate counts, only the kind and, of system calls, the name are known. */
static bool match_aggregate(const struct rn_filter *filter, const struct rn_event *event)
{
    const struct rn_attachment *name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    uint64_t of = event->u.aggregate.of, abi, nr;

    if (filter->set.kinds >> RN_KIND_AGGREGATE & 1)
        return true;
    if (RN_KIND_IS_EVENT(of) && RN_FILTER_RULE_KINDS >> of & 1)
        return rn_filter_rules_match_aggregate(&filter->set, event);
    if (of != RN_KIND_SYSCALL)
        return RN_KIND_IS_EVENT(of) && (filter->set.kinds >> of & 1);
    return name && rn_syscall_find((const char *)name->data, name->size, &abi, &nr) &&
           rn_filter_match_syscall(filter, abi, nr, 0, false);
}

/* Every result but 0 is a failure; an unfinished call has none. */
static bool match_api(const struct rn_filter_set *set, const struct rn_event *event)
{
    unsigned status = event->flags & RN_EVENT_UNFINISHED ? RN_STATUS_UNFINISHED
                      : event->u.api.result              ? RN_STATUS_FAILED
                                                         : RN_STATUS_SUCCESSFUL;

    return set->status & status && rn_filter_rules_match(set, event);
}

static bool match_signal(const struct rn_filter_set *set, uint64_t signo)
{
    return signo < 128 && (set->signals[signo / 64] >> (signo % 64) & 1);
}

bool rn_filter_match(const struct rn_filter *filter, const struct rn_event *event)
{
    const struct rn_filter_set *set = &filter->set;
    const struct rn_syscall *call = &event->u.syscall;

    if (event->kind == RN_KIND_SYSCALL)
        return rn_filter_match_syscall(filter, call->abi, call->nr, call->ret,
                                       event->flags & RN_EVENT_UNFINISHED);
    if (event->kind == RN_KIND_INFLIGHT)
        return rn_filter_match_syscall(filter, call->abi, call->nr, 0, true);
    if (event->kind == RN_KIND_API)
        return match_api(set, event);
    if (!RN_KIND_IS_EVENT(event->kind) || !(set->status & RN_STATUS_SUCCESSFUL))
        return false;
    if (event->kind == RN_KIND_SIGNAL)
        return match_signal(set, event->u.signal.signo);
    if (event->kind == RN_KIND_AGGREGATE)
        return match_aggregate(filter, event);
    if (RN_FILTER_RULE_KINDS >> event->kind & 1)
        return rn_filter_rules_match(set, event);
    return set->kinds >> event->kind & 1;
}

static bool in_list(const struct rn_id_list *list, uint64_t id)
{
    if (!list->count)
        return true;
    for (size_t i = 0; i < list->count; i++) {
        if (list->ids[i] == id)
            return true;
    }
    return false;
}

bool rn_filter_match_thread(const struct rn_filter *filter, uint64_t pid, uint64_t tid)
{
    return in_list(&filter->pids, pid) && in_list(&filter->tids, tid);
}

bool rn_filter_match_duration(const struct rn_filter *filter, uint64_t duration_ns)
{
    return duration_ns >= filter->min_duration_ns;
}

bool rn_filter_match_time(const struct rn_filter *filter, uint64_t since_start_ns,
                          uint64_t duration_ns)
{
    bool later = since_start_ns >= filter->from_ns;

    if (!later && filter->overlapping)
        later = duration_ns > filter->from_ns - since_start_ns;
    return later && (since_start_ns < filter->to_ns || filter->to_ns == UINT64_MAX);
}

bool rn_filter_match_place(const struct rn_filter *filter, uint64_t pid, uint64_t tid,
                           uint64_t since_start_ns, uint64_t duration_ns)
{
    return rn_filter_match_time(filter, since_start_ns, duration_ns) &&
           rn_filter_match_duration(filter, duration_ns) &&
           rn_filter_match_thread(filter, pid, tid);
}
