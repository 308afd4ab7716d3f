/* SPDX-License-Identifier: MIT */
#include "device_groups.h"

#include "formats/crc64.h"
#include "formats/value_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t kinds[RN_DEVICE_TYPES] = {
    [RN_DEVICE_KERNELS] = RN_KIND_KERNEL,
    [RN_DEVICE_TRANSFERS] = RN_KIND_TRANSFER,
    [RN_DEVICE_QUEUES] = RN_KIND_NONE,
    [RN_DEVICE_DEVICES] = RN_KIND_NONE,
};

static void group_free(struct rn_device_group *group)
{
    if (!group)
        return;
    free((char *)group->common.name);
    rn_histogram_free(group->common.durations);
    for (size_t i = 0; i < RN_DELAYS; i++)
        rn_histogram_free(group->delays[i]);
    rn_device_track_clear(&group->track);
    group_free(group->counted);
    free(group);
}

static struct rn_device_group *group_new(struct rn_device_stat *stat, enum rn_device_type type,
                                         const char *name, size_t length)
{
    struct rn_device_group *group = calloc(1, sizeof *group);
    bool whole;

    if (!group)
        return NULL;
    group->type = type;
    group->track.pool = &stat->pool;
    group->common.kind = kinds[type];
    group->common.name = strndup(name, length);
    group->common.durations = rn_histogram_new();
    whole = group->common.name && group->common.durations;
    for (size_t i = 0; i < RN_DELAYS; i++) {
        group->delays[i] = rn_histogram_new();
        whole &= group->delays[i] != NULL;
    }
    if (whole)
        return group;
    group_free(group);
    return NULL;
}

static bool list_add(struct device_list *list, struct rn_device_group *group)
{
    struct rn_device_group **groups = reallocarray(list->groups, list->count + 1, sizeof *groups);

    if (!groups)
        return false;
    list->groups = groups;
    groups[list->count++] = group;
    return true;
}

static struct rn_device_group *group_add(struct rn_device_stat *stat, enum rn_device_type type,
                                         const char *name, size_t length)
{
    struct device_list *list = &stat->lists[type];
    struct rn_device_group *group;

    if (!list->total)
        list->total = group_new(stat, type, "total", 5);
    group = list->total ? group_new(stat, type, name, length) : NULL;
    if (group && list_add(list, group))
        return group;
    group_free(group);
    stat->no_memory = true;
    return NULL;
}

static struct rn_device_group *other_group(struct rn_device_stat *stat, enum rn_device_type type)
{
    struct device_list *list = &stat->lists[type];

    stat->totals.overflowed = true;
    if (!list->other)
        list->other = group_add(stat, type, "(other)", 7);
    return list->other;
}

/* *made: it is new, and to be filled in. A name tells groups apart where there are no numbers. */
static struct rn_device_group *group_get(struct rn_device_stat *stat, enum rn_device_type type,
                                         const uint64_t identity[3], const char *name,
                                         size_t length, bool *made)
{
    uint64_t words[4] = {type};
    uint64_t key;
    struct rn_device_group *group;

    if (identity)
        memcpy(words + 1, identity, 3 * sizeof words[0]);
    key = rn_crc64(0, words, sizeof words);
    if (!identity)
        key = rn_crc64(key, name, length);
    group = rn_id_map_get(&stat->by_key, key);
    *made = false;
    if (group)
        return group;
    if (stat->group_count >= RN_SUMMARY_MAX_GROUPS)
        return other_group(stat, type);
    group = group_add(stat, type, name, length);
    if (!group)
        return NULL;
    stat->group_count++;
    if (!rn_id_map_set(&stat->by_key, key, group))
        stat->no_memory = true;
    *made = true;
    return group;
}

struct rn_device_group *rn_device_named(struct rn_device_stat *stat, enum rn_device_type type,
                                        const char *name, size_t length)
{
    bool made;

    return group_get(stat, type, NULL, name, length, &made);
}

struct rn_device_group *rn_device_queue(struct rn_device_stat *stat, uint64_t stream)
{
    const struct rn_thread_info *thread = rn_trace_thread(stat->trace, stream);
    struct rn_device_group *group;
    bool made;

    group = group_get(stat, RN_DEVICE_QUEUES, (const uint64_t[3]){stat->recording, stream, 0},
                      thread->name, strlen(thread->name), &made);
    if (made) {
        group->common.recording = stat->recording;
        group->common.pid = thread->pid;
        group->common.tid = thread->tid;
        group->common.stream = stream;
    }
    return group;
}

struct rn_device_group *rn_device_counted(struct rn_device_stat *stat, uint64_t stream)
{
    struct rn_device_group *queue = rn_device_queue(stat, stream);

    if (queue && !queue->counted)
        queue->counted = group_new(stat, RN_DEVICE_QUEUES, "", 0);
    return queue ? queue->counted : NULL;
}

struct rn_device_group *rn_device_device(struct rn_device_stat *stat, uint64_t api, uint64_t device)
{
    struct rn_device_group *group;
    char name[64];
    bool made;

    snprintf(name, sizeof name, "%s device %" PRIu64, rn_value_name(RN_VALUE_API, api), device);
    group = group_get(stat, RN_DEVICE_DEVICES, (const uint64_t[3]){stat->recording, api, device},
                      name, strlen(name), &made);
    if (made) {
        group->common.recording = stat->recording;
        group->api = api;
        group->device = device;
    }
    return group;
}

void rn_device_groups_free(struct rn_device_stat *stat)
{
    for (size_t type = 0; type < RN_DEVICE_TYPES; type++) {
        struct device_list *list = &stat->lists[type];

        for (size_t i = 0; i < list->count; i++)
            group_free(list->groups[i]);
        group_free(list->total);
        free(list->groups);
    }
    rn_id_map_free(&stat->by_key);
}

static uint64_t sum_of(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void settle(struct rn_device_group *group, const struct rn_clock *clock)
{
    struct rn_device_track *track = &group->track;
    double self = group->type == RN_DEVICE_DEVICES ? (double)track->busy : group->self;

    group->busy_ns = sum_of(group->busy_ns, rn_clock_duration(clock, track->busy));
    group->span_ns = sum_of(group->span_ns, rn_clock_duration(clock, track->last - track->first));
    group->self_ns =
        sum_of(group->self_ns,
               rn_clock_duration(clock, self < 0x1p63 ? (uint64_t)(self + 0.5) : UINT64_MAX));
    if (track->peak > group->peak)
        group->peak = track->peak;
    group->crowded |= track->crowded;
    group->late = sum_of(group->late, track->late);
    group->self = 0;
    rn_device_track_clear(track);
}

static void merge(struct rn_device_group *total, const struct rn_device_group *group)
{
    rn_histogram_merge(total->common.durations, group->common.durations);
    for (size_t i = 0; i < RN_DELAYS; i++)
        rn_histogram_merge(total->delays[i], group->delays[i]);
    total->common.unfinished += group->common.unfinished;
    total->kernels = sum_of(total->kernels, group->kernels);
    total->transfers = sum_of(total->transfers, group->transfers);
    total->common.counted = sum_of(total->common.counted, group->common.counted);
    total->counted_ns = sum_of(total->counted_ns, group->counted_ns);
    total->bytes = sum_of(total->bytes, group->bytes);
    total->transfer_ns = sum_of(total->transfer_ns, group->transfer_ns);
    total->self_ns = sum_of(total->self_ns, group->self_ns);
    total->untied += group->untied;
    total->early += group->early;
    total->disorder += group->disorder;
    total->found += group->found;
    total->unwaited += group->unwaited;
}

/* Its track has been fed; the rest is that of all groups. */
static bool make_total(struct rn_device_stat *stat, enum rn_device_type type,
                       const struct rn_clock *clock)
{
    struct device_list *list = &stat->lists[type];
    struct rn_device_group *total = group_new(stat, type, "total", 5), *before = list->total;

    if (!total)
        return false;
    settle(before, clock);
    total->busy_ns = before->busy_ns;
    total->span_ns = before->span_ns;
    total->peak = before->peak;
    total->crowded = before->crowded;
    total->late = before->late;
    for (size_t i = 0; i < list->count; i++)
        merge(total, list->groups[i]);
    group_free(before);
    list->total = total;
    return true;
}

/* What was counted belongs to the device that the recorded runs of the queue are of. */
static void spread_counted(struct rn_device_group *queue)
{
    if (!queue->counted)
        return;
    merge(queue, queue->counted);
    if (queue->on)
        merge(queue->on, queue->counted);
    group_free(queue->counted);
    queue->counted = NULL;
}

void rn_device_groups_settle(struct rn_device_stat *stat)
{
    const struct rn_clock *clock = rn_trace_clock(stat->trace);

    /* Devices hand out shares: all are there before they are taken. */
    for (size_t type = 0; type < RN_DEVICE_TYPES; type++) {
        struct device_list *list = &stat->lists[type];

        for (size_t i = 0; i < list->count; i++)
            rn_device_track_finish(&list->groups[i]->track);
        if (list->total)
            rn_device_track_finish(&list->total->track);
    }
    for (size_t type = 0; type < RN_DEVICE_TYPES; type++) {
        struct device_list *list = &stat->lists[type];

        for (size_t i = 0; i < list->count; i++) {
            settle(list->groups[i], clock);
            spread_counted(list->groups[i]);
        }
        if (list->total && !make_total(stat, (enum rn_device_type)type, clock))
            stat->no_memory = true;
    }
}
