/* SPDX-License-Identifier: MIT */
/* What a recording holds, from its manifest, its index and, unless that suffices, its events. */
#include "cli_info.h"

#include "libanalysis/clock.h"
#include "libanalysis/device_clock.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static uint64_t hash(uint64_t number)
{
    number *= 0x9e3779b97f4a7c15u;
    return number ^ (number >> 32);
}

static bool set_grow(struct cli_info_number_set *set)
{
    struct cli_info_number_set bigger = {.capacity = set->capacity ? set->capacity * 2 : 64};
    bigger.slots = calloc(bigger.capacity, sizeof(*bigger.slots));
    if (!bigger.slots)
        return false;
    for (size_t i = 0; i < set->capacity; i++) {
        size_t at = hash(set->slots[i]) & (bigger.capacity - 1);
        if (!set->slots[i])
            continue;
        while (bigger.slots[at])
            at = (at + 1) & (bigger.capacity - 1);
        bigger.slots[at] = set->slots[i];
    }
    bigger.count = set->count;
    free(set->slots);
    *set = bigger;
    return true;
}

/* True where the number is new. Without memory a number is taken for known. */
static bool set_add(struct cli_info_number_set *set, uint64_t number)
{
    if (!number || (set->count >= set->capacity / 2 && !set_grow(set)))
        return false;
    size_t at = hash(number) & (set->capacity - 1);
    for (; set->slots[at]; at = (at + 1) & (set->capacity - 1))
        if (set->slots[at] == number)
            return false;
    set->slots[at] = number;
    set->count++;
    return true;
}

static void add_count(uint64_t *sum, uint64_t count)
{
    if (__builtin_add_overflow(*sum, count, sum))
        *sum = UINT64_MAX;
}

static void note_stream(struct cli_info *info, const struct rn_stream *stream)
{
    uint64_t type = stream->type < CLI_INFO_STREAM_TYPES ? stream->type : RN_STREAM_SOURCE;
    if (!set_add(&info->streams, stream->id))
        return;
    info->stream_types[type]++;
    if (type == RN_STREAM_THREAD)
        set_add(&info->processes, stream->pid);
}

static void note_loss(struct cli_info *info, const struct rn_loss *loss)
{
    if (loss->count == 0)
        info->lost = UINT64_MAX;
    else
        add_count(&info->lost, loss->count);
}

/* What the process is that was attached to. */
static void note_process(struct cli_info *info, const struct rn_event *event)
{
    const struct rn_attachment *exe = rn_event_attachment(event, RN_ATT_EXE, RN_ARG_ANY);
    bool is_it = event->u.process.op == RN_PROCESS_ATTACH &&
                 event->u.process.pid == info->manifest->attached_pid;
    if (is_it && exe && !info->attached_exe)
        info->attached_exe = strndup((const char *)exe->data, exe->size);
}

static bool note_row(struct cli_info *info, struct rn_clock *clock, const struct rn_event *event,
                     struct rn_error *err)
{
    switch (event->kind) {
    case RN_KIND_DEVICE_CLOCK:
        if (!info->clocks && !(info->clocks = rn_device_clocks_new())) {
            rn_fail(err, RN_E_NOMEM, "no memory for the clocks of devices");
            return false;
        }
        return rn_device_clocks_add(info->clocks, event, err) == RN_OK;
    case RN_KIND_STREAM:
        note_stream(info, &event->u.stream_info);
        break;
    case RN_KIND_CLOCK:
        rn_clock_add(clock, &event->u.clock);
        break;
    case RN_KIND_LOSS:
        if (event->flags & RN_EVENT_SNAPSHOT)
            break;
        note_loss(info, &event->u.loss);
        cli_info_note_remark(info, event);
        break;
    case RN_KIND_PROCESS:
        note_process(info, event);
        break;
    case RN_KIND_NOTICE:
        cli_info_note_remark(info, event);
        break;
    default:
        break;
    }
    return true;
}

/* Rows of the batch that are events and not snapshots. */
static bool count_rows(struct cli_info *info, struct rn_batch *batch, struct rn_error *err)
{
    const uint64_t *flags = rn_batch_column(batch, RN_COLUMN_FLAGS, err);
    if (!flags)
        return false;
    for (uint32_t row = 0; row < batch->rows; row++) {
        info->counts[batch->kind] += !(flags[row] & RN_EVENT_SNAPSHOT);
        info->traced += batch->kind == RN_KIND_SYSCALL && flags[row] & RN_EVENT_TRACED;
    }
    return true;
}

static bool note_commit(struct cli_info *info, struct rn_batch *batch, struct rn_error *err)
{
    const uint64_t *flags = rn_batch_column(batch, RN_COLUMN_FLAGS, err);
    if (!flags)
        return false;
    info->inflight = 0;
    info->members++;
    info->segments += batch->rows && (flags[0] & RN_EVENT_SNAPSHOT);
    return true;
}

static bool is_read_row_by_row(const struct cli_info *info, uint8_t kind)
{
    if (kind == RN_KIND_PROCESS)
        return info->manifest->attached_pid && !info->attached_exe;
    return kind == RN_KIND_STREAM || kind == RN_KIND_CLOCK || kind == RN_KIND_LOSS ||
           kind == RN_KIND_NOTICE || kind == RN_KIND_DEVICE_CLOCK;
}

static bool note_batch(struct cli_info *info, struct rn_clock *clock, struct rn_batch *batch,
                       struct rn_error *err)
{
    if (batch->kind == RN_KIND_COMMIT)
        return note_commit(info, batch, err);
    if (batch->kind == RN_KIND_INFLIGHT)
        info->inflight += batch->rows;
    if (RN_KIND_IS_EVENT(batch->kind) && !count_rows(info, batch, err))
        return false;
    for (uint32_t row = 0; is_read_row_by_row(info, batch->kind) && row < batch->rows; row++) {
        struct rn_event event;
        if (rn_batch_event(batch, row, &event, err) != RN_OK ||
            !note_row(info, clock, &event, err))
            return false;
    }
    return true;
}

/* The first damaged place is told in full. */
static void note_damage(struct cli_info *info, const struct rn_error *err)
{
    if (info->damage++ == 0)
        cli_error(err);
}

static bool scan(struct cli_info *info)
{
    struct rn_clock clock;
    struct rn_batch batch;
    struct rn_error err = RN_ERROR_INIT;
    enum rn_status status;
    uint64_t last = info->manifest->start.ticks;
    rn_clock_init(&clock, info->manifest);
    while ((status = rn_reader_next(info->reader, &batch, &err)) != RN_EOF) {
        if (status == RN_OK && !note_batch(info, &clock, &batch, &err))
            status = err.status;
        if (status != RN_OK)
            note_damage(info, &err);
        if (status == RN_E_SYSTEM || status == RN_E_NOMEM)
            return false;
        if (status == RN_OK && RN_KIND_IS_EVENT(batch.kind) && batch.last > last)
            last = batch.last;
    }
    uint64_t end = rn_clock_monotonic(&clock, last);
    if (end > info->manifest->start.monotonic_ns)
        info->duration_ns = end - info->manifest->start.monotonic_ns;
    info->tick_ns = clock.ns_per_tick;
    info->scanned = true;
    info->index = rn_reader_index(info->reader);
    return true;
}

/* What the index says goes before what was counted: damage may have kept rows from being read. */
static void take_index(struct cli_info *info)
{
    const struct rn_index *index = info->index;
    uint64_t start = info->manifest->start.monotonic_ns;
    if (index && index->end.monotonic_ns > start)
        info->duration_ns = index->end.monotonic_ns - start;
    if (index && !info->scanned) {
        memcpy(info->counts, index->counts, sizeof(info->counts));
        info->lost = index->lost;
        info->members = index->member_count;
        for (size_t i = 0; i < index->member_count; i++)
            info->segments += index->members[i].segment_start;
    }
    for (unsigned kind = 0; kind < RN_KIND_LIMIT; kind++)
        if (RN_KIND_IS_EVENT(kind))
            add_count(&info->events, info->counts[kind]);
}

/* Of a part directory: what will be in the archive; the rings are preallocated and do not count. */
static void find_size(struct cli_info *info, const char *path)
{
    struct stat st;
    if (!strcmp(path, "-") || stat(path, &st) < 0)
        return;
    if (S_ISREG(st.st_mode)) {
        info->size = (uint64_t)st.st_size;
        info->has_size = true;
        return;
    }
    DIR *directory = opendir(path);
    if (!directory)
        return;
    info->is_part = true;
    for (struct dirent *entry; (entry = readdir(directory));)
        if ((!strcmp(entry->d_name, "archive") || !strncmp(entry->d_name, "seg.", 4)) &&
            fstatat(dirfd(directory), entry->d_name, &st, 0) == 0)
            add_count(&info->size, (uint64_t)st.st_size);
    closedir(directory);
    info->has_size = true;
}

bool cli_info_read(struct cli_info *info, const char *path, bool brief)
{
    struct rn_error err = RN_ERROR_INIT;
    memset(info, 0, sizeof(*info));
    if (rn_reader_open(path, &info->reader, &err) != RN_OK) {
        cli_error(&err);
        return false;
    }
    info->name = strcmp(path, "-") ? path : rn_reader_name(info->reader);
    info->manifest = rn_reader_manifest(info->reader);
    info->index = rn_reader_index(info->reader);
    if (!(brief && info->index) && !scan(info))
        return false;
    take_index(info);
    find_size(info, path);
    info->sealed = rn_reader_sealed(info->reader);
    info->live = rn_reader_live(info->reader);
    info->incomplete = rn_reader_incomplete(info->reader);
    info->skipped = rn_reader_skipped(info->reader);
    return true;
}

bool cli_info_has_engines(const struct cli_info *info)
{
    return info->scanned && info->manifest->engine && !strcmp(info->manifest->engine, "inline");
}

void cli_info_clear(struct cli_info *info)
{
    for (size_t i = 0; i < info->remark_count; i++)
        free(info->remarks[i].text);
    free(info->attached_exe);
    rn_device_clocks_free(info->clocks);
    free(info->streams.slots);
    free(info->processes.slots);
    rn_reader_free(info->reader);
}
