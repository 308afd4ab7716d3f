/* SPDX-License-Identifier: MIT */
/* Inputs of a merge: each is looked at from begin to end before anything is written. */
#include "merge_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Numbers of streams, of one recording and of all: some 50 bytes are needed for each. */
#define STREAMS_MAX (1u << 24)

enum rn_status rn_merge_new(const struct rn_merge_options *options, struct rn_merge **out,
                            struct rn_error *err)
{
    struct rn_merge *merge;

    *out = NULL;
    if (!options->creator)
        return rn_fail(err, RN_E_USAGE, "a merged recording has a creator");
    merge = calloc(1, sizeof *merge);
    if (!merge)
        return rn_fail(err, RN_E_NOMEM, "no memory to merge");
    merge->options = *options;
    rn_manifest_init(&merge->manifest);
    merge->manifest.creator = strdup(options->creator);
    merge->manifest.engine = strdup("merge");
    if (!merge->manifest.creator || !merge->manifest.engine) {
        rn_merge_free(merge);
        return rn_fail(err, RN_E_NOMEM, "no memory to merge");
    }
    *out = merge;
    return RN_OK;
}

static void input_clear(struct merge_input *input)
{
    free(input->path);
    free(input->points);
    rn_buf_free(&input->symbols);
}

void rn_merge_free(struct rn_merge *merge)
{
    if (!merge)
        return;
    for (size_t i = 0; i < merge->count; i++)
        input_clear(&merge->inputs[i]);
    free(merge->inputs);
    free(merge->host_numbers);
    free(merge->hosts);
    rn_clock_sync_free(merge->sync);
    merge_symbols_free(merge->symbols);
    rn_manifest_clear(&merge->manifest);
    free(merge);
}

size_t rn_merge_count(const struct rn_merge *merge)
{
    return merge->count;
}

static enum rn_status refuse(struct rn_error *err, const char *path, const char *what)
{
    rn_fail(err, RN_E_USAGE, "%s", what);
    rn_fail_in(err, path);
    return RN_E_USAGE;
}

/* ---- from begin to end ---- */

static enum rn_status add_point(struct merge_input *input, const struct rn_clock_point *point,
                                struct rn_error *err)
{
    const struct rn_clock_point *last =
        input->point_count ? &input->points[input->point_count - 1] : NULL;

    if (last && (point->ticks <= last->ticks || point->monotonic_ns <= last->monotonic_ns))
        return RN_OK;
    if (input->point_count == input->point_room) {
        size_t room = input->point_room ? 2 * input->point_room : 16;
        struct rn_clock_point *points = realloc(input->points, room * sizeof *points);

        if (!points)
            return rn_fail(err, RN_E_NOMEM, "no memory for calibration points");
        input->points = points;
        input->point_room = room;
    }
    input->points[input->point_count++] = *point;
    return RN_OK;
}

static enum rn_status look_at_clock(struct merge_input *input, struct rn_batch *batch,
                                    struct rn_error *err)
{
    struct rn_event event;
    enum rn_status status = RN_OK;

    for (uint32_t i = 0; i < batch->rows && status == RN_OK; i++) {
        status = rn_batch_event(batch, i, &event, err);
        if (status == RN_OK)
            status = add_point(input, &event.u.clock, err);
    }
    return status;
}

/* Numbers of streams that rows name. */
static enum rn_status look_at_streams(struct merge_input *input, struct rn_batch *batch,
                                      unsigned column, struct rn_error *err)
{
    const uint64_t *values = rn_batch_column(batch, column, err);

    if (!values)
        return RN_E_FORMAT;
    for (uint32_t i = 0; i < batch->rows; i++) {
        bool queue = values[i] >= RN_STREAM_QUEUES;
        uint64_t number = values[i] - (queue ? RN_STREAM_QUEUES : 0);
        uint64_t *used = queue ? &input->queues : &input->streams;

        if (number >= STREAMS_MAX)
            return rn_fail(err, RN_E_FORMAT, "a stream of number %llu",
                           (unsigned long long)values[i]);
        if (number >= *used)
            *used = number + 1;
    }
    return RN_OK;
}

static enum rn_status look_at_losses(struct merge_input *input, struct rn_batch *batch,
                                     struct rn_error *err)
{
    const uint64_t *reasons = rn_batch_column(batch, RN_COLUMN_WORD + 2, err);

    if (!reasons)
        return RN_E_FORMAT;
    for (uint32_t i = 0; i < batch->rows; i++)
        input->distrusted |= reasons[i] != RN_LOSS_LAST;
    return RN_OK;
}

static enum rn_status look_at_aggregates(struct merge_input *input, struct rn_batch *batch,
                                         struct rn_error *err)
{
    const uint64_t *kinds = rn_batch_column(batch, RN_COLUMN_WORD, err);

    if (!kinds)
        return RN_E_FORMAT;
    for (uint32_t i = 0; i < batch->rows; i++)
        input->distrusted |= kinds[i] == RN_KIND_SYSCALL;
    return RN_OK;
}

static enum rn_status look_at(struct merge_input *input, struct rn_batch *batch,
                              struct rn_error *err)
{
    enum rn_status status = RN_OK;

    if (RN_KIND_IS_EVENT(batch->kind) && batch->last > input->last)
        input->last = batch->last;
    switch (batch->kind) {
    case RN_KIND_CLOCK:
        return look_at_clock(input, batch, err);
    case RN_KIND_STREAM:
        return look_at_streams(input, batch, RN_COLUMN_WORD, err);
    case RN_KIND_PROCESS:
        status = look_at_streams(input, batch, RN_COLUMN_CHILD_STREAM, err);
        break;
    case RN_KIND_LOSS:
        status = look_at_losses(input, batch, err);
        break;
    case RN_KIND_AGGREGATE:
        status = look_at_aggregates(input, batch, err);
        break;
    default:
        break;
    }
    if (status == RN_OK && RN_KIND_IS_EVENT(batch->kind))
        status = look_at_streams(input, batch, RN_COLUMN_STREAM, err);
    return status;
}

static enum rn_status look_through(struct merge_input *input, struct rn_reader *reader,
                                   struct rn_error *err)
{
    const struct rn_index *index;
    struct rn_batch batch;
    enum rn_status status = add_point(input, &rn_reader_manifest(reader)->start, err);
    uint64_t events = 0;

    while (status == RN_OK && (status = rn_reader_next(reader, &batch, err)) == RN_OK)
        status = look_at(input, &batch, err);
    if (status != RN_EOF)
        return status;
    if (rn_reader_incomplete(reader))
        return refuse(err, input->path, "part of it is missing: see 'rn-info --verify'");
    index = rn_reader_index(reader);
    memcpy(input->counts, index->counts, sizeof input->counts);
    input->lost = index->lost;
    input->distrusted |= rn_reader_manifest(reader)->selection != NULL;
    for (unsigned kind = 0; kind < RN_KIND_LIMIT; kind++)
        events += index->counts[kind];
    if (events == 0)
        return refuse(err, input->path, "is empty: it holds no events");
    return index->end.ticks ? add_point(input, &index->end, err) : RN_OK;
}

/* ---- taking it in ---- */

static enum rn_status check_manifest(const struct rn_merge *merge, struct rn_reader *reader,
                                     const char *path, struct rn_error *err)
{
    const struct rn_manifest *manifest = rn_reader_manifest(reader);

    if (manifest->sources)
        return refuse(err, path, "is merged already: give the recordings that it was made of");
    if (rn_reader_live(reader))
        return refuse(err, path, "is still being recorded: merge it when it has ended");
    for (size_t i = 0; i < merge->count; i++)
        if (memcmp(merge->manifest.sources[i].manifest->uuid, manifest->uuid, 16) == 0) {
            rn_fail(err, RN_E_USAGE, "is the same recording as %.200s: give it once",
                    merge->inputs[i].path);
            rn_fail_in(err, path);
            return RN_E_USAGE;
        }
    if (merge->count == RN_MANIFEST_MAX_SOURCES)
        return refuse(err, path, "one recording too many: merge 4096 at most");
    return RN_OK;
}

static enum rn_status make_room(struct rn_merge *merge, struct rn_error *err)
{
    size_t count = merge->count;
    struct merge_input *inputs;
    struct rn_manifest_source *sources;

    if (count & (count - 1))
        return RN_OK;
    count = count ? 2 * count : 1;
    inputs = realloc(merge->inputs, count * sizeof *inputs);
    if (inputs)
        merge->inputs = inputs;
    sources = inputs ? realloc(merge->manifest.sources, count * sizeof *sources) : NULL;
    if (!sources)
        return rn_fail(err, RN_E_NOMEM, "no memory to merge");
    merge->manifest.sources = sources;
    return RN_OK;
}

static enum rn_status copy_manifest(const struct rn_manifest *from, struct rn_manifest **out,
                                    struct rn_error *err)
{
    struct rn_manifest *copy = calloc(1, sizeof *copy);
    enum rn_status status = copy ? rn_manifest_copy(from, copy, err)
                                 : rn_fail(err, RN_E_NOMEM, "no memory for a manifest");

    if (status != RN_OK && copy) {
        rn_manifest_clear(copy);
        free(copy);
        copy = NULL;
    }
    *out = copy;
    return status;
}

/* Before the input is in, so that it can still be refused. */
static enum rn_status check_symbols(struct rn_merge *merge, const struct merge_input *input,
                                    const struct rn_manifest_source *source, struct rn_error *err)
{
    enum rn_status status;

    if (input->symbols.size == 0 && !input->symbols.failed)
        return RN_OK;
    status = merge_symbols_check(&input->symbols, source, err);
    if (status != RN_OK) {
        rn_fail_in(err, input->path);
        return status;
    }
    if (!merge->symbols)
        merge->symbols = merge_symbols_new();
    return merge->symbols ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory for symbols");
}

static enum rn_status take_symbols(struct rn_merge *merge, struct merge_input *input,
                                   const struct rn_manifest_source *source, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    if (input->symbols.size)
        status = merge_symbols_add(merge->symbols, &input->symbols, source, err);
    rn_buf_free(&input->symbols);
    return status;
}

static enum rn_status take_in(struct rn_merge *merge, struct merge_input *input,
                              const struct rn_manifest *manifest, struct rn_error *err)
{
    const struct rn_manifest_source *last =
        merge->count ? &merge->manifest.sources[merge->count - 1] : NULL;
    uint64_t first = last ? (uint64_t)last->first_stream + last->streams : 1;
    struct rn_manifest_source source = {.first_stream = (uint32_t)first};
    enum rn_status status;

    if (first + input->streams + input->queues > STREAMS_MAX)
        return refuse(err, input->path, "has too many threads to be merged with the others");
    source.streams = (uint32_t)(input->streams + input->queues);
    source.queues = (uint32_t)input->queues;
    status = check_symbols(merge, input, &source, err);
    if (status == RN_OK)
        status = make_room(merge, err);
    if (status == RN_OK)
        status = take_symbols(merge, input, &source, err);
    if (status == RN_OK)
        status = copy_manifest(manifest, &source.manifest, err);
    if (status != RN_OK)
        return status;
    merge->manifest.sources[merge->count] = source;
    merge->inputs[merge->count++] = *input;
    merge->manifest.source_count = merge->count;
    return RN_OK;
}

enum rn_status rn_merge_add(struct rn_merge *merge, const char *path, struct rn_error *err)
{
    struct merge_input input = {.path = strdup(path), .streams = 1};
    struct rn_reader *reader = NULL;
    struct stat st;
    enum rn_status status = input.path ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory to merge");

    if (status == RN_OK && stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0)
        status = refuse(err, path, "is empty");
    if (status == RN_OK)
        status = rn_reader_open(path, &reader, err);

    if (status == RN_OK)
        status = check_manifest(merge, reader, path, err);
    if (status == RN_OK)
        rn_reader_on_member(reader, merge_symbols_keep, &input.symbols);
    if (status == RN_OK)
        status = look_through(&input, reader, err);
    if (status == RN_OK)
        status = take_in(merge, &input, rn_reader_manifest(reader), err);
    if (status != RN_OK)
        input_clear(&input);
    rn_reader_free(reader);
    return status;
}

void rn_merge_totals(const struct rn_merge *merge, struct rn_merge_totals *totals)
{
    *totals = merge->totals;
}
