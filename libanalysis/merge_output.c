/* SPDX-License-Identifier: MIT */
/* The merged archive: manifest, members of the sources, edges before them, index. */
#include "formats/symbol_table.h"
#include "merge_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Events of one member of edges; a chunk holds no more. */
#define EDGES_MAX RN_CHUNK_MAX_ROWS

struct merge_output {
    struct rn_merge *merge;
    struct rn_archive_writer *archive;
    struct rn_stream_map streams; /* stays empty: stream 0 needs no row */
    struct rn_member_encoder *encoder;
    struct rn_buf bytes;
    struct rn_index index;
    uint64_t next_ordinal;
    uint32_t next_member;
    int64_t time_s;
};

enum rn_status merge_output_file(struct merge_output *output, const char *member, const void *data,
                                 size_t size, struct rn_error *err)
{
    return rn_archive_writer_add(output->archive, member, data, size, output->time_s, err);
}

/* Before the events, so that who reads it from a pipe has them when they are needed. */
static enum rn_status put_symbols(struct merge_output *output, struct rn_error *err)
{
    enum rn_status status;

    rn_buf_clear(&output->bytes);
    status = merge_symbols_write(output->merge->symbols, &output->bytes, err);
    return status == RN_OK ? merge_output_file(output, RN_MEMBER_SYMBOLS, output->bytes.data,
                                               output->bytes.size, err)
                           : status;
}

enum rn_status merge_output_new(struct rn_merge *merge, int fd, const char *name,
                                struct merge_output **out, struct rn_error *err)
{
    struct merge_output *output = calloc(1, sizeof *output);
    enum rn_status status;

    *out = output;
    if (!output)
        return rn_fail(err, RN_E_NOMEM, "no memory to merge");
    output->merge = merge;
    output->time_s = (int64_t)(merge->manifest.start.realtime_ns / 1000000000u);
    status = rn_archive_writer_new(fd, name, 0, &output->archive, err);
    if (status == RN_OK)
        status = rn_member_encoder_new(3, &output->streams, &output->encoder, err);
    if (status == RN_OK)
        status = rn_manifest_to_json(&merge->manifest, &output->bytes, err);
    if (status == RN_OK)
        status = merge_output_file(output, RN_MEMBER_MANIFEST, output->bytes.data,
                                   output->bytes.size, err);
    return status == RN_OK && merge->symbols ? put_symbols(output, err) : status;
}

void merge_output_free(struct merge_output *output)
{
    if (!output)
        return;
    rn_member_encoder_free(output->encoder);
    rn_stream_map_free(&output->streams);
    rn_archive_writer_free(output->archive);
    rn_buf_free(&output->bytes);
    rn_index_clear(&output->index);
    free(output);
}

/* What is pending in the encoder, as a member that stands alone. */
static enum rn_status put_edges(struct merge_output *output, uint64_t now, struct rn_error *err)
{
    struct rn_member_head head = {
        .segment = output->next_member, .segment_start = true, .now = now};
    struct rn_member_summary summary;
    struct rn_index_member member = {.offset = rn_archive_writer_offset(output->archive),
                                     .number = output->next_member,
                                     .segment_start = true};
    char name[32];
    enum rn_status status;

    rn_buf_clear(&output->bytes);
    status = rn_member_encode(output->encoder, &head, &output->bytes, &summary, err);
    if (status != RN_OK)
        return status;
    rn_member_clear(output->encoder);
    snprintf(name, sizeof name, RN_MEMBER_EVENTS "%06u.rnc", output->next_member++);
    member.size = output->bytes.size;
    member.events = summary.events;
    member.first = summary.first;
    member.last = summary.last;
    output->index.counts[RN_KIND_EDGE] += summary.counts[RN_KIND_EDGE];
    status = merge_output_file(output, name, output->bytes.data, output->bytes.size, err);
    return status == RN_OK ? rn_index_add(&output->index, &member, err) : status;
}

enum rn_status merge_output_edges(struct merge_output *output, struct merge_rows *rows,
                                  uint64_t until, struct rn_error *err)
{
    struct merge_edge_row row = {.start = 0};
    enum rn_status status = RN_OK;

    while (status == RN_OK && rows->count && rows->heap[0].start <= until) {
        struct rn_event event = {.kind = RN_KIND_EDGE};

        merge_rows_pop(rows, &row);
        event.start = row.start;
        event.u.edge = row.edge;
        status = rn_member_add(output->encoder, &event, output->next_ordinal++, err);
        if (status == RN_OK && rn_member_pending(output->encoder) == EDGES_MAX)
            status = put_edges(output, row.start, err);
    }
    if (status == RN_OK && rn_member_pending(output->encoder))
        status = put_edges(output, row.start, err);
    return status;
}

enum rn_status merge_output_member(struct merge_output *output, const struct merge_member *member,
                                   struct rn_error *err)
{
    return merge_output_file(output, member->name, member->bytes.data, member->bytes.size, err);
}

static void sum_counts(struct merge_output *output)
{
    const struct rn_merge *merge = output->merge;

    for (size_t i = 0; i < merge->count; i++) {
        const struct merge_input *input = &merge->inputs[i];

        for (unsigned kind = 0; kind < RN_KIND_LIMIT; kind++)
            output->index.counts[kind] += input->counts[kind];
        output->index.lost = input->lost > UINT64_MAX - output->index.lost
                                 ? UINT64_MAX
                                 : output->index.lost + input->lost;
    }
}

/* The latest calibration point, where all clocks are one. */
static void set_end(struct merge_output *output)
{
    const struct rn_merge *merge = output->merge;
    struct rn_clock_point *end = &output->index.end;

    for (size_t i = 0; i < merge->count; i++) {
        const struct merge_input *input = &merge->inputs[i];
        const struct rn_clock_point *last =
            input->point_count ? &input->points[input->point_count - 1] : NULL;
        uint64_t ticks = rn_clock_pieces_map(&merge->manifest.sources[i], input->last);

        if (merge->one_clock && last && last->ticks > end->ticks)
            *end = *last;
        else if (!merge->one_clock && ticks > end->ticks)
            *end = (struct rn_clock_point){ticks, ticks, ticks, 0};
    }
}

enum rn_status merge_output_finish(struct merge_output *output, struct rn_error *err)
{
    enum rn_status status;

    sum_counts(output);
    set_end(output);
    output->index.sealed_by = strdup(output->merge->manifest.creator);
    if (!output->index.sealed_by)
        return rn_fail(err, RN_E_NOMEM, "no memory for an index");
    rn_buf_clear(&output->bytes);
    status = rn_index_to_json(&output->index, &output->bytes, err);
    if (status == RN_OK)
        status =
            merge_output_file(output, RN_MEMBER_INDEX, output->bytes.data, output->bytes.size, err);
    return status == RN_OK ? rn_archive_writer_finish(output->archive, err) : status;
}
