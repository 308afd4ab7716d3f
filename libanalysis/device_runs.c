/* SPDX-License-Identifier: MIT */
/* One kernel or transfer in the numbers of its groups. */
#include "device_groups.h"

#include "summary_groups.h"

static void add(uint64_t *sum, uint64_t more)
{
    *sum = *sum > UINT64_MAX - more ? UINT64_MAX : *sum + more;
}

void rn_device_count_run(struct rn_device_group *group, uint8_t kind, uint64_t duration_ns,
                         uint64_t bytes, bool unfinished)
{
    rn_histogram_add(group->common.durations, duration_ns);
    group->common.unfinished += unfinished;
    if (kind == RN_KIND_KERNEL) {
        group->kernels++;
        return;
    }
    group->transfers++;
    add(&group->bytes, bytes);
    add(&group->transfer_ns, duration_ns);
}

void rn_device_count_aggregate(struct rn_device_group *group, const struct rn_event *event,
                               const struct rn_clock *clock)
{
    const struct rn_aggregate *sum = &event->u.aggregate;
    uint64_t sum_ns = rn_clock_duration(clock, sum->sum);

    rn_summary_add_counted(group->common.durations, event, clock);
    add(&group->common.counted, sum->count);
    add(&group->counted_ns, sum_ns);
    if (sum->of == RN_KIND_KERNEL) {
        add(&group->kernels, sum->count);
        return;
    }
    add(&group->transfers, sum->count);
    add(&group->bytes, sum->bytes);
    add(&group->transfer_ns, sum_ns);
}

/* What is known of a run beside its interval; ns, computed once for all of its groups. */
struct facts {
    bool known[RN_DELAYS];
    uint64_t ns[RN_DELAYS];
    bool untied, early, disorder, found, unwaited;
};

static void set_delay(struct facts *facts, enum rn_device_delay delay, const struct rn_clock *clock,
                      uint64_t from, uint64_t to)
{
    facts->known[delay] = true;
    facts->ns[delay] = rn_clock_duration(clock, to - from);
}

static void find_queueing(struct facts *facts, const struct rn_clock *clock,
                          const struct rn_device_run *run)
{
    if (run->submitted > run->start || (run->submitted && run->queued > run->submitted)) {
        facts->disorder = true;
        return;
    }
    if (run->submitted)
        set_delay(facts, RN_DELAY_SUBMIT, clock, run->submitted, run->start);
    if (run->submitted && run->queued)
        set_delay(facts, RN_DELAY_QUEUE, clock, run->queued, run->submitted);
}

/* The call that asked waited itself where it returned after the end. */
static void find_calls(struct facts *facts, struct rn_device_stat *stat,
                       const struct rn_clock *clock, const struct rn_device_run *run)
{
    struct rn_device_call place = {.owner = run->owner,
                                   .correlation = run->correlation,
                                   .context = run->context,
                                   .queue = run->queue,
                                   .start = run->queued,
                                   .end = run->end};
    struct rn_device_call asked, wait;

    if (rn_device_tie_asked(stat->tie, run->owner, run->correlation, run->end, &asked)) {
        facts->early = asked.start > run->start;
        set_delay(facts, RN_DELAY_LAUNCH, clock, asked.start,
                  facts->early ? asked.start : run->start);
        place.start = asked.start;
        if (asked.end >= run->end) {
            set_delay(facts, RN_DELAY_WAKE, clock, run->end, asked.end);
            return;
        }
    } else {
        facts->untied = run->correlation != 0;
    }
    if (!rn_device_tie_waited(stat->tie, &place, &wait))
        facts->unwaited = true;
    else if (wait.start > run->end)
        facts->found = true;
    else
        set_delay(facts, RN_DELAY_WAKE, clock, run->end, wait.end);
}

static void add_facts(struct rn_device_group *group, const struct facts *facts)
{
    for (size_t i = 0; i < RN_DELAYS; i++) {
        if (facts->known[i])
            rn_histogram_add(group->delays[i], facts->ns[i]);
    }
    group->untied += facts->untied;
    group->early += facts->early;
    group->disorder += facts->disorder;
    group->found += facts->found;
    group->unwaited += facts->unwaited;
}

/* The device hands its time out to the groups. */
static void place(struct rn_device_stat *stat, struct rn_device_group *group,
                  const struct rn_device_run *run, const struct facts *facts, double *self)
{
    add_facts(group, facts);
    rn_device_track_add(&group->track, run->start, run->end, self);
    rn_device_track_add(&stat->lists[group->type].total->track, run->start, run->end, NULL);
}

void rn_device_place_run(void *context, const struct rn_device_run *run)
{
    struct rn_device_stat *stat = context;
    struct facts facts = {.untied = false};

    find_queueing(&facts, rn_trace_clock(stat->trace), run);
    find_calls(&facts, stat, rn_trace_clock(stat->trace), run);
    place(stat, run->group, run, &facts, NULL);
    place(stat, run->device, run, &facts, &run->group->self);
}
