/* SPDX-License-Identifier: MIT */
#include "slow_io.h"

#include "formats/id_map.h"
#include "formats/syscall_table.h"
#include "saturating.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES_BITS 4u

struct rn_slow_io {
    uint64_t limit_ns;
    struct rn_call_rules *rules;
    struct rn_slow_group *groups[RN_SLOW_GROUPS];
    size_t count;
    struct rn_id_map by_key; /* the same, by call and class */
    bool overflowed;
    const struct rn_slow_group **sorted;
    const struct rn_slow_call **calls;
};

_Static_assert(RN_CALL_CLASSES <= 1u << CLASSES_BITS, "a class fits into a key");

struct rn_slow_io *rn_slow_io_new(uint64_t limit_ns)
{
    struct rn_slow_io *slow = calloc(1, sizeof *slow);

    if (!slow)
        return NULL;
    slow->limit_ns = limit_ns;
    slow->rules = rn_call_rules_new();
    if (slow->rules)
        return slow;
    free(slow);
    return NULL;
}

static void group_free(struct rn_slow_group *group)
{
    for (size_t i = 0; i < group->kept_count; i++)
        free(group->kept[i].what);
    rn_histogram_free(group->durations);
    free(group->name);
    free(group);
}

void rn_slow_io_free(struct rn_slow_io *slow)
{
    if (!slow)
        return;
    for (size_t i = 0; i < slow->count; i++)
        group_free(slow->groups[i]);
    free(slow->sorted);
    free(slow->calls);
    rn_id_map_free(&slow->by_key);
    rn_call_rules_free(slow->rules);
    free(slow);
}

static char *name_of(const struct rn_syscall *call)
{
    const struct rn_syscall_info *info = rn_syscall_info(call->abi, call->nr);
    char *name;

    if (call->abi == RN_ABI_X86_64)
        return strdup(info ? info->name : "?");
    return asprintf(&name, "%s@%s", info ? info->name : "?", rn_abi_name(call->abi)) < 0 ? NULL
                                                                                         : name;
}

/* NULL without memory, or where there are too many: then *full. */
static struct rn_slow_group *group_of(struct rn_slow_io *slow, const struct rn_syscall *call,
                                      enum rn_call_class class, bool *full)
{
    uint64_t key = (call->nr << 8 | (call->abi & 15) << CLASSES_BITS | (uint64_t) class) + 1;
    struct rn_slow_group *group = rn_id_map_get(&slow->by_key, key);

    *full = !group && slow->count == RN_SLOW_GROUPS;
    if (group || *full)
        return group;
    group = calloc(1, sizeof *group);
    if (!group)
        return NULL;
    group->class = class;
    group->name = name_of(call);
    group->durations = rn_histogram_new();
    if (!group->name || !group->durations || !rn_id_map_set(&slow->by_key, key, group)) {
        group_free(group);
        return NULL;
    }
    slow->groups[slow->count++] = group;
    return group;
}

/* ---- the longest calls: a heap with the shortest of them at its top ---- */

static void swap(struct rn_slow_call *a, struct rn_slow_call *b)
{
    struct rn_slow_call kept = *a;

    *a = *b;
    *b = kept;
}

static void sift_down(struct rn_slow_group *group)
{
    struct rn_slow_call *kept = group->kept;

    for (size_t at = 0;;) {
        size_t least = at, left = 2 * at + 1;

        for (size_t child = left; child < left + 2 && child < group->kept_count; child++) {
            if (kept[child].duration_ns < kept[least].duration_ns)
                least = child;
        }
        if (least == at)
            return;
        swap(&kept[at], &kept[least]);
        at = least;
    }
}

static void sift_up(struct rn_slow_group *group)
{
    struct rn_slow_call *kept = group->kept;

    for (size_t at = group->kept_count - 1; at; at = (at - 1) / 2) {
        if (kept[(at - 1) / 2].duration_ns <= kept[at].duration_ns)
            return;
        swap(&kept[(at - 1) / 2], &kept[at]);
    }
}

/* A path that the call was given, else what its descriptor stands for. */
static char *what_of(const struct rn_event *event, const char *descriptor)
{
    const struct rn_attachment *path = rn_event_attachment(event, RN_ATT_PATH, RN_ARG_ANY);

    if (path && path->data)
        return strndup((const char *)path->data, path->size);
    return descriptor ? strdup(descriptor) : NULL;
}

static bool keep(struct rn_slow_group *group, struct rn_trace *trace, uint64_t recording,
                 const struct rn_event *event, const char *descriptor, uint64_t duration_ns)
{
    const struct rn_thread_info *thread = rn_trace_thread(trace, event->stream);
    struct rn_slow_call call = {
        .recording = recording,
        .stream = event->stream,
        .ordinal = event->ordinal,
        .pid = thread->pid,
        .tid = thread->tid,
        .start_ns = rn_clock_since_start(rn_trace_clock(trace), event->start),
        .duration_ns = duration_ns,
        .unfinished = event->flags & RN_EVENT_UNFINISHED,
        .what = what_of(event, descriptor),
        .group = group,
    };

    if (!call.what && (descriptor || rn_event_attachment(event, RN_ATT_PATH, RN_ARG_ANY)))
        return false;
    if (group->kept_count < RN_SLOW_KEPT) {
        group->kept[group->kept_count++] = call;
        sift_up(group);
    } else {
        free(group->kept[0].what);
        group->kept[0] = call;
        sift_down(group);
    }
    return true;
}

enum rn_status rn_slow_io_call(struct rn_slow_io *slow, struct rn_trace *trace, uint64_t recording,
                               const struct rn_event *event, struct rn_error *err)
{
    uint64_t duration_ns = rn_clock_duration(rn_trace_clock(trace), event->duration);
    uint64_t least = slow->limit_ns ? slow->limit_ns : RN_SLOW_LEAST_NS;
    struct rn_slow_group *group;
    const char *descriptor;
    enum rn_call_class class = rn_call_class(slow->rules, trace, event, &descriptor);
    bool full;

    if (!rn_call_class_is_io(class))
        return RN_OK;
    group = group_of(slow, &event->u.syscall, class, &full);
    slow->overflowed |= full;
    if (full)
        return RN_OK;
    if (!group)
        return rn_fail(err, RN_E_NOMEM, "no memory for groups of slow calls");
    rn_histogram_add(group->durations, duration_ns);
    if (duration_ns < least)
        return RN_OK;
    group->slow++;
    group->slow_ns = rn_add_saturating(group->slow_ns, duration_ns);
    if ((group->kept_count < RN_SLOW_KEPT || duration_ns > group->kept[0].duration_ns) &&
        !keep(group, trace, recording, event, descriptor, duration_ns))
        return rn_fail(err, RN_E_NOMEM, "no memory for slow calls");
    return RN_OK;
}

/* ---- the result ---- */

/* What is usual for the group is known now: of those over the least limit some may not be slow. */
static void set_limit(const struct rn_slow_io *slow, struct rn_slow_group *group)
{
    double median = (double)rn_histogram_quantile(group->durations, 0.5);

    group->limit_ns = slow->limit_ns ? slow->limit_ns : RN_SLOW_LEAST_NS;
    if (slow->limit_ns || rn_histogram_count(group->durations) < RN_SLOW_USUAL ||
        RN_SLOW_TIMES * median <= (double)RN_SLOW_LEAST_NS)
        return;
    group->limit_ns =
        RN_SLOW_TIMES * median < 1.8e19 ? (uint64_t)(RN_SLOW_TIMES * median) : UINT64_MAX;
    group->estimated = group->slow > group->kept_count;
    group->slow = rn_histogram_above(group->durations, group->limit_ns);
    if (!group->estimated)
        group->slow = 0;
    group->slow_ns = 0;
    for (size_t i = 0; i < group->kept_count; i++) {
        if (group->kept[i].duration_ns < group->limit_ns)
            continue;
        group->slow += !group->estimated;
        group->slow_ns = rn_add_saturating(group->slow_ns, group->kept[i].duration_ns);
    }
}

static int by_slow_time(const void *a, const void *b)
{
    const struct rn_slow_group *x = *(const struct rn_slow_group *const *)a;
    const struct rn_slow_group *y = *(const struct rn_slow_group *const *)b;
    uint64_t first = rn_histogram_sum(x->durations), second = rn_histogram_sum(y->durations);

    if (x->slow_ns != y->slow_ns)
        return x->slow_ns > y->slow_ns ? -1 : 1;
    if (first != second)
        return first > second ? -1 : 1;
    if (x->class != y->class)
        return x->class < y->class ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int longest_first(const void *a, const void *b)
{
    const struct rn_slow_call *x = *(const struct rn_slow_call *const *)a;
    const struct rn_slow_call *y = *(const struct rn_slow_call *const *)b;

    if (x->duration_ns != y->duration_ns)
        return x->duration_ns > y->duration_ns ? -1 : 1;
    if (x->recording != y->recording)
        return x->recording < y->recording ? -1 : 1;
    if (x->stream != y->stream)
        return x->stream < y->stream ? -1 : 1;
    return x->ordinal < y->ordinal ? -1 : x->ordinal > y->ordinal;
}

enum rn_status rn_slow_io_result(struct rn_slow_io *slow, struct rn_slow_result *result,
                                 struct rn_error *err)
{
    bool failed = false;

    *result = (struct rn_slow_result){.group_count = slow->count, .overflowed = slow->overflowed};
    result->groups = slow->sorted = calloc(slow->count + 1, sizeof(*slow->sorted));
    result->calls = slow->calls = calloc(slow->count * RN_SLOW_KEPT + 1, sizeof(*slow->calls));
    if (!slow->sorted || !slow->calls)
        return rn_fail(err, RN_E_NOMEM, "no memory for slow calls");
    for (size_t i = 0; i < slow->count; i++) {
        struct rn_slow_group *group = slow->groups[i];

        failed |= rn_histogram_failed(group->durations);
        set_limit(slow, group);
        slow->sorted[i] = group;
        for (size_t k = 0; k < group->kept_count; k++) {
            if (group->kept[k].duration_ns >= group->limit_ns)
                slow->calls[result->call_count++] = &group->kept[k];
        }
    }
    if (failed)
        return rn_fail(err, RN_E_NOMEM, "no memory for groups of slow calls");
    qsort(slow->sorted, slow->count, sizeof(*slow->sorted), by_slow_time);
    qsort(slow->calls, result->call_count, sizeof(*slow->calls), longest_first);
    return RN_OK;
}
