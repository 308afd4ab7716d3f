/* SPDX-License-Identifier: MIT */
/* Which inputs share a clock, and what the clock of the merged recording is. */
#include "merge_private.h"

#include <stdlib.h>
#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* One boot of one kernel has one CLOCK_MONOTONIC and one time stamp counter. */
static bool same_host(const struct rn_manifest *a, const struct rn_manifest *b)
{
    return same_text(a->boot_id, b->boot_id);
}

static bool same_ticks(const struct rn_manifest *a, const struct rn_manifest *b)
{
    return same_host(a, b) && a->tick_unit == b->tick_unit && a->tick_shift == b->tick_shift;
}

static enum rn_status find_hosts(struct rn_merge *merge, struct rn_error *err)
{
    struct rn_manifest_source *sources = merge->manifest.sources;

    merge->hosts = calloc(merge->count, sizeof *merge->hosts);
    merge->host_numbers = calloc(merge->count, sizeof *merge->host_numbers);
    if (!merge->hosts || !merge->host_numbers)
        return rn_fail(err, RN_E_NOMEM, "no memory to merge");
    for (size_t i = 0; i < merge->count; i++) {
        size_t first = 0;

        while (first < i && !same_host(sources[first].manifest, sources[i].manifest))
            first++;
        sources[i].host = (uint32_t)first;
        merge->host_numbers[i] =
            first < i ? merge->host_numbers[first] : (uint32_t)merge->host_count++;
        merge->hosts[merge->host_numbers[i]].sources++;
        if (first == i)
            merge->hosts[merge->host_numbers[i]].name = sources[i].manifest->host;
    }
    return RN_OK;
}

const struct rn_merge_host *rn_merge_hosts(const struct rn_merge *merge, size_t *count)
{
    *count = merge->host_count;
    return merge->hosts;
}

/* The clock of the source that began first, where it is that of all. */
static void take_clock(struct rn_merge *merge)
{
    const struct rn_manifest_source *sources = merge->manifest.sources;
    const struct rn_manifest *first = sources[0].manifest;

    merge->one_clock = true;
    for (size_t i = 1; i < merge->count; i++) {
        merge->one_clock &= same_ticks(sources[0].manifest, sources[i].manifest);
        if (sources[i].manifest->start.ticks < first->start.ticks)
            first = sources[i].manifest;
    }
    merge->manifest.tick_unit = first->tick_unit;
    merge->manifest.tick_shift = first->tick_shift;
    merge->manifest.tick_hz = first->tick_hz;
    merge->manifest.start = first->start;
}

static char *common_text(const struct rn_merge *merge, size_t offset)
{
    const char *first = NULL;

    for (size_t i = 0; i < merge->count; i++) {
        const char *text;

        memcpy(&text, (const char *)merge->manifest.sources[i].manifest + offset, sizeof text);
        if (i == 0)
            first = text;
        else if (!same_text(first, text))
            return NULL;
    }
    return first ? strdup(first) : NULL;
}

/* What all sources have in common is true of the whole. */
static void take_facts(struct rn_merge *merge)
{
    struct rn_manifest *manifest = &merge->manifest;

    free(manifest->host);
    free(manifest->os);
    free(manifest->boot_id);
    free(manifest->selection);
    manifest->host = common_text(merge, offsetof(struct rn_manifest, host));
    manifest->os = common_text(merge, offsetof(struct rn_manifest, os));
    manifest->boot_id = common_text(merge, offsetof(struct rn_manifest, boot_id));
    manifest->selection = common_text(merge, offsetof(struct rn_manifest, selection));
    manifest->content_head = UINT64_MAX;
    manifest->vdso = false;
    manifest->abi = manifest->sources[0].manifest->abi;
    for (size_t i = 0; i < merge->count; i++) {
        const struct rn_manifest *source = manifest->sources[i].manifest;

        manifest->vdso |= source->vdso;
        if (source->content_head < manifest->content_head)
            manifest->content_head = source->content_head;
    }
}

enum rn_status rn_merge_synchronise(struct rn_merge *merge, struct rn_error *err)
{
    enum rn_status status;

    if (merge->count == 0)
        return rn_fail(err, RN_E_USAGE, "there is nothing to merge");
    status = find_hosts(merge, err);
    if (status != RN_OK)
        return status;
    take_facts(merge);
    take_clock(merge);
    merge->synchronised = true;
    return merge->one_clock ? RN_OK : merge_clocks(merge, err);
}
