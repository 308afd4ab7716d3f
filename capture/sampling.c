/* SPDX-License-Identifier: MIT */
#include "sampling.h"

#include "formats/syscall_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELLS     1024u /* a power of two; half of them are used at most */
#define NAME_MAX  255u
#define BUCKETS   64u
#define CALLS_MAX 1024u

struct cell {
    bool used;
    uint32_t stream;
    uint64_t second, call; /* call: number and ABI, of system calls */
    uint64_t first, last;  /* ticks */
    struct rn_aggregate sum;
    uint64_t buckets[BUCKETS];
    uint32_t name_size;
    char name[NAME_MAX];
};

struct rn_sampling {
    struct rn_sampling_limits limits; /* ticks */
    uint64_t start, tick_rate;
    uint64_t io[RN_ABI_COUNT][CALLS_MAX / 64]; /* system calls that move data */
    size_t used;
    struct cell cells[CELLS];
};

static const char *const io_calls[] = {
    "read",     "write",   "pread64", "pwrite64",  "readv",           "writev",
    "preadv",   "pwritev", "preadv2", "pwritev2",  "sendto",          "recvfrom",
    "sendfile", "splice",  "fsync",   "fdatasync", "copy_file_range", "sync_file_range"};

static uint64_t ticks_of(const struct rn_sampling *sampling, uint64_t ns)
{
    return (uint64_t)((double)ns * (double)sampling->tick_rate / 1e9);
}

void rn_sampling_set(struct rn_sampling *sampling, const struct rn_sampling_limits *limits)
{
    sampling->limits =
        (struct rn_sampling_limits){.io_ns = ticks_of(sampling, limits->io_ns),
                                    .kernel_ns = ticks_of(sampling, limits->kernel_ns),
                                    .transfer_ns = ticks_of(sampling, limits->transfer_ns),
                                    .api_ns = ticks_of(sampling, limits->api_ns)};
}

struct rn_sampling *rn_sampling_new(const struct rn_sampling_limits *limits, uint64_t start,
                                    uint64_t tick_rate)
{
    struct rn_sampling *sampling = calloc(1, sizeof(*sampling));

    if (!sampling)
        return NULL;
    sampling->start = start;
    sampling->tick_rate = tick_rate ? tick_rate : 1;
    rn_sampling_set(sampling, limits);
    for (unsigned abi = 0; abi < RN_ABI_COUNT; abi++) {
        for (size_t i = 0; i < sizeof(io_calls) / sizeof(io_calls[0]); i++) {
            int nr = rn_syscall_number((enum rn_abi)abi, io_calls[i], strlen(io_calls[i]));

            if (nr >= 0 && nr < (int)CALLS_MAX)
                sampling->io[abi][nr / 64] |= 1ull << nr % 64;
        }
    }
    return sampling;
}

void rn_sampling_free(struct rn_sampling *sampling)
{
    free(sampling);
}

static bool is_short_call(const struct rn_sampling *sampling, const struct rn_event *event)
{
    const struct rn_syscall *call = &event->u.syscall;

    return event->duration < sampling->limits.io_ns && call->abi < RN_ABI_COUNT &&
           call->nr < CALLS_MAX && (sampling->io[call->abi][call->nr / 64] >> call->nr % 64 & 1) &&
           !rn_syscall_failed(call);
}

static bool is_short(const struct rn_sampling *sampling, const struct rn_event *event)
{
    if (event->flags & (RN_EVENT_UNFINISHED | RN_EVENT_SNAPSHOT))
        return false;
    switch (event->kind) {
    case RN_KIND_SYSCALL:
        return is_short_call(sampling, event);
    case RN_KIND_KERNEL:
        return event->duration < sampling->limits.kernel_ns;
    case RN_KIND_TRANSFER:
        return event->duration < sampling->limits.transfer_ns;
    case RN_KIND_API:
        return event->duration < sampling->limits.api_ns && event->u.api.result == 0 &&
               event->u.api.correlation == 0;
    default:
        return false;
    }
}

static uint64_t size_bin(uint64_t size)
{
    return size ? 64u - (uint64_t)__builtin_clzll(size) : 0;
}

/* What tells cells apart, and the name. */
static void describe(const struct rn_sampling *sampling, const struct rn_event *event,
                     struct cell *key)
{
    const struct rn_attachment *name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    const struct rn_syscall *call = &event->u.syscall;
    const struct rn_syscall_info *info;

    *key = (struct cell){.stream = event->stream, .sum = {.of = event->kind}};
    if (event->start > sampling->start)
        key->second = (event->start - sampling->start) / sampling->tick_rate;
    if (event->kind == RN_KIND_SYSCALL) {
        info = rn_syscall_info(call->abi, call->nr);
        key->call = call->nr << 8 | call->abi;
        key->sum.bytes = call->ret;
        key->name_size =
            (uint32_t)snprintf(key->name, sizeof(key->name), "%s%s%s", info ? info->name : "?",
                               call->abi == RN_ABI_X86_64 ? "" : "@",
                               call->abi == RN_ABI_X86_64 ? "" : rn_abi_name(call->abi));
    } else if (name) {
        key->name_size = name->size < NAME_MAX ? name->size : NAME_MAX;
        memcpy(key->name, name->data, key->name_size);
    }
    if (event->kind == RN_KIND_TRANSFER) {
        key->sum.direction = event->u.transfer.direction;
        key->sum.bytes = event->u.transfer.bytes;
    }
    key->sum.size_bin = size_bin(key->sum.bytes);
}

static bool is_same(const struct cell *a, const struct cell *b)
{
    return a->used && a->stream == b->stream && a->second == b->second && a->call == b->call &&
           a->sum.of == b->sum.of && a->sum.direction == b->sum.direction &&
           a->sum.size_bin == b->sum.size_bin && a->name_size == b->name_size &&
           memcmp(a->name, b->name, a->name_size) == 0;
}

static uint64_t hash_of(const struct cell *key)
{
    uint64_t hash = key->stream * 31 + key->second + (key->call << 20) + (key->sum.of << 40) +
                    (key->sum.size_bin << 48);

    for (uint32_t i = 0; !key->call && i < key->name_size; i++)
        hash = hash * 31 + (uint8_t)key->name[i];
    return hash * 0x9e3779b97f4a7c15ull >> 40;
}

static void count(struct cell *cell, const struct cell *key, const struct rn_event *event)
{
    struct rn_aggregate *sum = &cell->sum;
    uint64_t end = event->start + event->duration, bucket = size_bin(event->duration);

    if (sum->count == 0 || event->start < cell->first)
        cell->first = event->start;
    if (end > cell->last)
        cell->last = end;
    if (sum->count == 0 || event->duration < sum->min)
        sum->min = event->duration;
    if (event->duration > sum->max)
        sum->max = event->duration;
    sum->count++;
    sum->sum += event->duration;
    sum->bytes += key->sum.bytes;
    cell->buckets[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
}

static enum rn_status hand_out(const struct cell *cell, rn_sampling_fn *function, void *context,
                               struct rn_error *err)
{
    uint64_t pairs[2 * BUCKETS];
    size_t size = 0;
    struct rn_attachment items[2] = {
        {.type = RN_ATT_NAME,
         .arg = RN_ARG_NONE,
         .size = cell->name_size,
         .data = (const uint8_t *)cell->name},
        {.type = RN_ATT_HISTOGRAM, .arg = RN_ARG_NONE, .data = (const uint8_t *)pairs}};
    struct rn_event event = {.kind = RN_KIND_AGGREGATE,
                             .stream = cell->stream,
                             .start = cell->first,
                             .duration = cell->last - cell->first,
                             .u.aggregate = cell->sum,
                             .attachment_count = 2,
                             .attachments = items};

    for (uint64_t i = 0; i < BUCKETS; i++) {
        if (!cell->buckets[i])
            continue;
        pairs[size++] = i;
        pairs[size++] = cell->buckets[i];
    }
    items[1].size = (uint32_t)(size * sizeof(pairs[0]));
    return function(context, &event, err);
}

enum rn_status rn_sampling_flush(struct rn_sampling *sampling, rn_sampling_fn *function,
                                 void *context, struct rn_error *err)
{
    for (size_t i = 0; sampling->used > 0 && i < CELLS; i++) {
        enum rn_status status;

        if (!sampling->cells[i].used)
            continue;
        status = hand_out(&sampling->cells[i], function, context, err);
        if (status != RN_OK)
            return status;
        sampling->cells[i].used = false;
        sampling->used--;
    }
    return RN_OK;
}

enum rn_status rn_sampling_take(struct rn_sampling *sampling, const struct rn_event *event,
                                bool *taken, rn_sampling_fn *function, void *context,
                                struct rn_error *err)
{
    struct cell key, *cell;
    enum rn_status status;

    *taken = is_short(sampling, event);
    if (!*taken)
        return RN_OK;
    describe(sampling, event, &key);
    if (sampling->used >= CELLS / 2) {
        status = rn_sampling_flush(sampling, function, context, err);
        if (status != RN_OK)
            return status;
    }
    for (uint64_t i = hash_of(&key);; i++) {
        cell = &sampling->cells[i % CELLS];
        if (!cell->used || is_same(cell, &key))
            break;
    }
    if (!cell->used) {
        *cell = key;
        cell->used = true;
        cell->sum.bytes = 0;
        sampling->used++;
    }
    count(cell, &key, event);
    return RN_OK;
}
