/* SPDX-License-Identifier: MIT */
#include "summary_groups.h"

#include "formats/crc64.h"
#include "formats/syscall_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A group by what it is made from. Keys of different groups could only be equal by a collision of
 * 64-bit checksums. */
static uint64_t group_key(uint8_t kind, uint64_t recording, uint64_t number, const char *text,
                          size_t length)
{
    uint64_t words[3] = {kind, recording, number};

    return rn_crc64(rn_crc64(0, words, sizeof words), text, length);
}

static struct rn_summary_group *group_new(uint8_t kind, const char *name, size_t length)
{
    struct rn_summary_group *group = calloc(1, sizeof *group);

    if (!group)
        return NULL;
    group->kind = kind;
    group->name = strndup(name, length);
    group->durations = rn_histogram_new();
    if (group->name && group->durations)
        return group;
    free((char *)group->name);
    rn_histogram_free(group->durations);
    free(group);
    return NULL;
}

static struct rn_summary_group *group_add(struct rn_summary *summary, uint8_t kind,
                                          const char *name, size_t length)
{
    struct rn_summary_group **groups =
        reallocarray(summary->groups, summary->group_count + 1, sizeof *groups);
    struct rn_summary_group *group = NULL;

    if (groups) {
        summary->groups = groups;
        group = group_new(kind, name, length);
    }
    if (group)
        groups[summary->group_count++] = group;
    else
        summary->no_memory = true;
    return group;
}

static struct rn_summary_group *other_group(struct rn_summary *summary, uint8_t kind)
{
    static const char name[] = "(other)";

    summary->totals.overflowed = true;
    if (!summary->other[kind])
        summary->other[kind] = group_add(summary, kind, name, sizeof name - 1);
    return summary->other[kind];
}

static struct rn_summary_group *group_get(struct rn_summary *summary, uint64_t key, uint8_t kind,
                                          const char *name, size_t length)
{
    struct rn_summary_group *group = rn_id_map_get(&summary->by_key, key);

    if (group)
        return group;
    if (summary->group_count >= RN_SUMMARY_MAX_GROUPS)
        return other_group(summary, kind);
    group = group_add(summary, kind, name, length);
    if (group && !rn_id_map_set(&summary->by_key, key, group))
        summary->no_memory = true;
    return group;
}

struct rn_summary_group *rn_summary_named_group(struct rn_summary *summary, uint8_t kind,
                                                const char *name, size_t length)
{
    return group_get(summary, group_key(kind, 0, 0, name, length), kind, name, length);
}

/* Named as the text of rn-cat has it; calls of an ABI other than x86-64 carry its name, because
 * they would be taken for each other. */
static size_t call_name(char *out, size_t size, uint64_t abi, uint64_t nr)
{
    const struct rn_syscall_info *info = rn_syscall_info(abi, nr);
    char number[32];
    int length;

    snprintf(number, sizeof number, "syscall_0x%llx", (unsigned long long)nr);
    length =
        snprintf(out, size, "%s%s%s", info ? info->name : number, abi == RN_ABI_X86_64 ? "" : "@",
                 abi == RN_ABI_X86_64 ? "" : rn_abi_name(abi));
    return (size_t)length < size ? (size_t)length : size - 1;
}

struct rn_summary_group *rn_summary_syscall_group(struct rn_summary *summary, uint64_t abi,
                                                  uint64_t nr)
{
    bool direct = abi < RN_ABI_COUNT && nr < RN_SUMMARY_NUMBERS;
    struct rn_summary_group *group = direct ? summary->by_number[abi][nr] : NULL;
    char name[128];
    size_t length;

    if (group)
        return group;
    length = call_name(name, sizeof name, abi, nr);
    group = group_get(summary, group_key(RN_KIND_SYSCALL, abi, nr, NULL, 0), RN_KIND_SYSCALL, name,
                      length);
    if (!group)
        return NULL;
    if (group != summary->other[RN_KIND_SYSCALL]) {
        group->abi = abi;
        group->nr = nr;
    }
    if (direct)
        summary->by_number[abi][nr] = group;
    return group;
}

/* The number that stands for the process or thread of a stream, and its name. A stream of no
 * process (a device queue, a track) stands for itself. */
static uint64_t identity(const struct rn_summary *summary, const struct rn_thread_info *thread,
                         uint64_t stream, const char **name)
{
    bool by_process = summary->options.by == RN_BY_PROCESS && thread->process;

    *name = by_process ? thread->process->name : thread->name;
    return by_process ? thread->process->serial : stream + (1ull << 63);
}

struct rn_summary_group *rn_summary_stream_group(struct rn_summary *summary, uint8_t kind,
                                                 uint64_t stream)
{
    const struct rn_thread_info *thread = rn_trace_thread(summary->trace, stream);
    struct rn_summary_group *group;
    const char *name;
    uint64_t id = identity(summary, thread, stream, &name);

    group = group_get(summary, group_key(kind, summary->recording, id, NULL, 0), kind, name,
                      strlen(name));
    if (!group || group == summary->other[kind])
        return group;
    group->recording = summary->recording;
    group->pid = thread->pid;
    if (summary->options.by == RN_BY_THREAD) {
        group->tid = thread->tid;
        group->stream = stream;
    }
    return group;
}

void rn_summary_rename(struct rn_summary *summary, uint64_t stream)
{
    static const uint8_t kinds[] = {RN_KIND_SYSCALL, RN_KIND_KERNEL, RN_KIND_BLOCK, RN_KIND_API,
                                    RN_KIND_TRANSFER, RN_KIND_SPAN};
    const struct rn_thread_info *thread = rn_trace_thread(summary->trace, stream);
    const char *name;
    uint64_t id = identity(summary, thread, stream, &name);

    for (size_t i = 0; i < sizeof kinds; i++) {
        struct rn_summary_group *group =
            rn_id_map_get(&summary->by_key, group_key(kinds[i], summary->recording, id, NULL, 0));
        char *copy;

        if (!group || strcmp(group->name, name) == 0)
            continue;
        copy = strdup(name);
        if (!copy) {
            summary->no_memory = true;
            return;
        }
        free((char *)group->name);
        group->name = copy;
    }
}
