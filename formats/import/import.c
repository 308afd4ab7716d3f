/* SPDX-License-Identifier: MIT */
#include "formats/archive.h"
#include "formats/part.h"
#include "formats/record_encode.h"
#include "formats/ring_file.h"
#include "import_private.h"

#include <stdlib.h>
#include <string.h>

static bool copy_options(struct rn_import *import, const struct rn_import_options *options)
{
    import->options = *options;
    import->path = strdup(options->path);
    import->creator = strdup(options->creator);
    import->tool = strdup(options->tool);
    import->name = strdup(options->name);
    return import->path && import->creator && import->tool && import->name;
}

enum rn_status rn_import_new(const struct rn_import_options *options, struct rn_import **out,
                             struct rn_error *err)
{
    struct rn_import *import = calloc(1, sizeof *import);

    *out = NULL;
    if (!import || !copy_options(import, options) || !rn_import_make_streams(import)) {
        rn_import_free(import);
        return rn_fail(err, RN_E_NOMEM, "no memory for an import");
    }
    import->earliest = UINT64_MAX;
    import->account.notes = import->notes;
    rn_manifest_init(&import->manifest);
    *out = import;
    return RN_OK;
}

void rn_import_free(struct rn_import *import)
{
    if (!import)
        return;
    if (import->writer)
        rn_writer_discard(import->writer);
    rn_writer_free(import->writer);
    rn_spill_sort_free(import->sort);
    rn_import_free_streams(import);
    rn_manifest_clear(&import->manifest);
    for (size_t i = 0; i < import->notice_count; i++)
        free(import->notices[i]);
    free(import->path);
    free(import->creator);
    free(import->tool);
    free(import->name);
    free(import);
}

static bool copy_text(char **to, const char *text)
{
    free(*to);
    *to = text ? strdup(text) : NULL;
    return !text || *to;
}

static bool copy_argv(struct rn_manifest *manifest, const char *const *argv)
{
    size_t count = 0;

    while (argv && argv[count])
        count++;
    if (!argv)
        return true;
    manifest->argv = calloc(count + 1, sizeof(char *));
    for (size_t i = 0; manifest->argv && i < count; i++)
        if (!(manifest->argv[i] = strdup(argv[i])))
            return false;
    return manifest->argv;
}

enum rn_status rn_import_facts(struct rn_import *import, const struct rn_import_facts *facts,
                               struct rn_error *err)
{
    struct rn_manifest *manifest = &import->manifest;

    if (import->told || import->writer)
        return rn_fail(err, RN_E_USAGE, "facts of an import are stated once, before its events");
    import->told = true;
    import->clock = facts->clock;
    import->realtime_of_zero = facts->realtime_of_zero;
    manifest->abi = facts->abi;
    manifest->content_head = facts->content_head;
    if (facts->disorder)
        import->sort = rn_spill_sort_new(RN_IMPORT_SORT_BYTES);
    if ((facts->disorder && !import->sort) || !copy_text(&manifest->host, facts->host) ||
        !copy_text(&manifest->os, facts->os) || !copy_text(&manifest->cwd, facts->cwd) ||
        !copy_text(&manifest->trace_parent, facts->trace_parent) ||
        !copy_argv(manifest, facts->argv))
        return rn_fail(err, RN_E_NOMEM, "no memory for an import");
    return RN_OK;
}

enum rn_status rn_import_realtime(struct rn_import *import, int64_t realtime_of_zero,
                                  struct rn_error *err)
{
    if (!import->sort)
        return rn_fail(err, RN_E_USAGE, "the time of an import is stated before its events");
    import->realtime_of_zero = realtime_of_zero;
    return RN_OK;
}

static uint64_t ticks_of(const struct rn_import *import, uint64_t ns)
{
    return ns - import->base + RN_IMPORT_START;
}

static void place_in_time(struct rn_import *import)
{
    struct rn_clock_point *start = &import->manifest.start;

    import->manifest.tick_unit = RN_TICK_NS;
    start->ticks = RN_IMPORT_START;
    if (import->clock == RN_IMPORT_REALTIME)
        start->realtime_ns = import->base;
    else if (import->realtime_of_zero)
        start->realtime_ns = (uint64_t)import->realtime_of_zero + import->base;
    start->monotonic_ns = import->clock == RN_IMPORT_MONOTONIC ? import->base : RN_IMPORT_START;
}

void rn_import_making(const struct rn_import *import, bool begins)
{
    if (import->options.on_making)
        import->options.on_making(import->options.context, begins);
}

void rn_import_made(const struct rn_import *import, const char *path, bool tree)
{
    if (import->options.on_made)
        import->options.on_made(import->options.context, path, tree);
}

/* The directory may have been there, with things in it that are none of a recording. */
static void tell_part(const struct rn_import *import)
{
    const char *part = rn_writer_part(import->writer);
    char *archive = part ? rn_part_file(part, RN_PART_ARCHIVE) : NULL;

    if (!archive)
        return;
    rn_import_made(import, archive, false);
    rn_import_made(import, part, false);
    free(archive);
}

/* The time of `first` becomes the begin of the recording. */
static enum rn_status begin(struct rn_import *import, uint64_t first, struct rn_error *err)
{
    enum rn_status status;

    import->base = first;
    place_in_time(import);
    if (!copy_text(&import->manifest.creator, import->creator) ||
        !copy_text(&import->manifest.engine, import->tool))
        return rn_fail(err, RN_E_NOMEM, "no memory for an import");
    rn_import_making(import, true);
    status = rn_writer_new(import->path, &import->manifest, NULL, &import->writer, err);
    if (status == RN_OK)
        tell_part(import);
    rn_import_making(import, false);
    if (status == RN_OK)
        status = rn_import_write_streams(import, err);
    return status;
}

/* A segment begins: it must decode by itself. */
static enum rn_status restate(struct rn_import *import, struct rn_error *err)
{
    /* Those of the import are of the event that is about to be written. */
    struct rn_attachment attachments[RN_RECORD_MAX_ATTACHMENTS];
    enum rn_status status = RN_OK;

    for (uint32_t i = 1; i <= import->written && status == RN_OK; i++) {
        const struct rn_buf *image = &import->streams[i]->image;
        struct rn_event event;
        size_t used;

        if (image->size == 0)
            continue;
        status = rn_record_decode(image->data, image->size, &event, attachments, &used, err);
        event.start = import->latest ? ticks_of(import, import->latest) : RN_IMPORT_START;
        if (status == RN_OK)
            status = rn_writer_add(import->writer, &event, err);
    }
    return status;
}

static void shift(const struct rn_import *import, uint64_t *moment)
{
    if (*moment)
        *moment = ticks_of(import, *moment);
}

static enum rn_status write_event(struct rn_import *import, const struct rn_event *event,
                                  struct rn_error *err)
{
    struct rn_event placed = *event;
    enum rn_status status = rn_import_write_streams(import, err);

    if (status == RN_OK && rn_writer_commit_due(import->writer)) {
        status = rn_writer_commit(import->writer, NULL, err);
        if (status == RN_OK && import->images && rn_writer_segment_due(import->writer))
            status = restate(import, err);
    }
    placed.start = ticks_of(import, event->start);
    if (event->kind == RN_KIND_KERNEL) {
        shift(import, &placed.u.kernel.queued);
        shift(import, &placed.u.kernel.submitted);
    } else if (event->kind == RN_KIND_TRANSFER) {
        shift(import, &placed.u.transfer.queued);
        shift(import, &placed.u.transfer.submitted);
    } else if (event->kind == RN_KIND_PROCESS && status == RN_OK) {
        status = rn_import_keep_image(import, &placed, err);
    }
    return status == RN_OK ? rn_writer_add(import->writer, &placed, err) : status;
}

static enum rn_status sort_event(struct rn_import *import, uint64_t end,
                                 const struct rn_event *event, struct rn_error *err)
{
    struct rn_buf *record = rn_spill_sort_begin(import->sort, err);
    enum rn_status status;

    if (!record)
        return err->status;
    status = rn_record_encode(event, record, err);
    return status == RN_OK ? rn_spill_sort_add(import->sort, end, 0, err) : status;
}

/* Whether such an event has ticks: from 0, with the first event at RN_IMPORT_START, to INT64_MAX.
 * Where events are sorted, any may be the first. */
static bool has_ticks(const struct rn_import *import, uint64_t start, uint64_t end)
{
    uint64_t base = import->writer ? import->base : start;

    if (import->sort) {
        base = start < import->earliest ? start : import->earliest;
        end = end > import->latest ? end : import->latest;
    }
    return (start >= base || base - start <= RN_IMPORT_START) &&
           (end < base || end - base <= (uint64_t)INT64_MAX - RN_IMPORT_START);
}

enum rn_status rn_import_add(struct rn_import *import, const struct rn_event *event,
                             struct rn_error *err)
{
    uint64_t end = event->start + event->duration;
    enum rn_status status = RN_OK;

    if (end < event->start)
        return rn_import_problem(import, 0, RN_IMPORT_NO_PLACE, err,
                                 "an event ends after the end of time");
    if (event->stream > import->stream_count || !RN_KIND_IS_EVENT(event->kind))
        return rn_fail(err, RN_E_USAGE, "an event of an unknown stream or kind");
    if (!has_ticks(import, event->start, end))
        return rn_import_problem(import, 0, RN_IMPORT_NO_PLACE, err,
                                 "an event is more than 39 hours before the first one, or over "
                                 "200 years away");
    import->account.events++;
    import->account.counts[event->kind]++;
    if (event->start < import->earliest)
        import->earliest = event->start;
    if (end > import->latest)
        import->latest = end;
    if (import->sort)
        return sort_event(import, end, event, err);
    if (!import->writer)
        status = begin(import, event->start, err);
    return status == RN_OK ? write_event(import, event, err) : status;
}

static enum rn_status write_sorted(struct rn_import *import, struct rn_error *err)
{
    enum rn_status status = begin(import, import->earliest, err);
    const uint8_t *record;
    size_t size;

    while (status == RN_OK &&
           (status = rn_spill_sort_next(import->sort, &record, &size, err)) == RN_OK) {
        struct rn_event event;

        status = rn_record_decode(record, size, &event, import->attachments, &size, err);
        if (status == RN_OK)
            status = write_event(import, &event, err);
    }
    return status == RN_EOF ? RN_OK : status;
}

static enum rn_status write_notices(struct rn_import *import, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (size_t i = 0; i < import->notice_count && status == RN_OK; i++) {
        const char *text = import->notices[i] + 1;
        struct rn_attachment attachment = {.type = RN_ATT_TEXT,
                                           .arg = RN_ARG_NONE,
                                           .size = (uint32_t)strlen(text),
                                           .data = (const uint8_t *)text};
        struct rn_event event = {.kind = RN_KIND_NOTICE,
                                 .start = ticks_of(import, import->latest),
                                 .u.notice.code = (uint8_t)import->notices[i][0],
                                 .attachment_count = 1,
                                 .attachments = &attachment};

        status = rn_writer_add(import->writer, &event, err);
    }
    return status;
}

enum rn_status rn_import_finish(struct rn_import *import, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    if (import->account.events == 0) {
        rn_fail(err, RN_E_FORMAT, "has no events of %s", import->tool);
        return rn_fail_in(err, import->name);
    }
    if (import->sort)
        status = write_sorted(import, err);
    if (status == RN_OK)
        status = write_notices(import, err);
    if (status == RN_OK)
        status = rn_writer_seal(import->writer, err);
    if (status == RN_OK) {
        rn_writer_free(import->writer);
        import->writer = NULL;
    }
    return status;
}

enum rn_status rn_import_loss(struct rn_import *import, uint8_t kind, uint64_t count,
                              const char *text, struct rn_error *err)
{
    struct rn_attachment attachment = {.type = RN_ATT_TEXT,
                                       .arg = RN_ARG_NONE,
                                       .size = (uint32_t)strlen(text),
                                       .data = (const uint8_t *)text};
    struct rn_event event = {.kind = RN_KIND_LOSS,
                             .start = import->latest,
                             .u.loss = {.kind = kind, .count = count},
                             .attachment_count = 1,
                             .attachments = &attachment};

    return rn_import_add(import, &event, err);
}
