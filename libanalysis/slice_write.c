/* SPDX-License-Identifier: MIT */
/* What was collected, in order, on its tracks and lanes, to a format. */
#include "slice_private.h"

#include <stdlib.h>

struct writing {
    struct rn_slice_maker *maker;
    struct rn_slice_writer *writer;
    struct rn_slice_arg args[RN_SLICE_ARGS_MAX];
};

static enum rn_status tell_track(struct writing *writing, uint64_t id, struct rn_error *err)
{
    struct slice_track *track = writing->maker->tracks[id];
    enum rn_status status = RN_OK;

    if (track->told)
        return RN_OK;
    track->told = true;
    if (track->row.parent)
        status = tell_track(writing, track->row.parent, err);
    if (status == RN_OK)
        status = writing->writer->format->track(writing->writer, &track->row, err);
    return status;
}

static enum rn_status lane_add(struct writing *writing, struct slice_track *track, uint64_t *id,
                               struct rn_error *err)
{
    if (track->lane_count == track->lane_capacity) {
        unsigned capacity = track->lane_capacity ? 2 * track->lane_capacity : 4;
        struct slice_lane *lanes = reallocarray(track->lanes, capacity, sizeof *lanes);

        if (!lanes)
            return rn_fail(err, RN_E_NOMEM, "no memory for a lane");
        track->lanes = lanes;
        track->lane_capacity = capacity;
    }
    /* The first lane of a queue is the queue's own track. */
    if (track->row.type == RN_TRACK_QUEUE && track->lane_count == 0)
        *id = track->row.id;
    else
        *id = rn_slice_lane_new(writing->maker, track->row.id, track->lane_count, err);
    if (!*id)
        return err->status;
    track->lanes[track->lane_count++] = (struct slice_lane){*id, 0};
    return RN_OK;
}

/* The first lane that is free; 0 where there are too many. */
static enum rn_status lane_for(struct writing *writing, struct slice_track *track,
                               const struct slice_piece *piece, uint64_t *id, struct rn_error *err)
{
    enum rn_status status = RN_OK;
    unsigned i = 0;

    while (i < track->lane_count && track->lanes[i].end > piece->start_ns)
        i++;
    if (i == SLICE_LANES) {
        *id = 0;
        return RN_OK;
    }
    if (i == track->lane_count)
        status = lane_add(writing, track, id, err);
    if (status != RN_OK)
        return status;
    *id = track->lanes[i].id;
    track->lanes[i].end = piece->start_ns + piece->duration_ns;
    return RN_OK;
}

/* Does it nest in what has begun on the track and not ended? Then it is entered there. */
static bool nests(struct slice_track *track, const struct slice_piece *piece)
{
    uint64_t end = piece->start_ns + piece->duration_ns;

    if (!track->open && !(track->open = calloc(SLICE_DEPTH, sizeof *track->open)))
        return false;
    while (track->open_count && track->open[track->open_count - 1] <= piece->start_ns)
        track->open_count--;
    if (track->open_count == SLICE_DEPTH ||
        (track->open_count && track->open[track->open_count - 1] < end))
        return false;
    track->open[track->open_count++] = end;
    return true;
}

static enum rn_status place(struct writing *writing, struct slice_piece *piece,
                            struct rn_error *err)
{
    struct slice_track *track = writing->maker->tracks[piece->track];
    enum rn_status status;
    uint64_t id;

    if (piece->flags & (SLICE_INSTANT | SLICE_COUNTER))
        return RN_OK;
    if (!(piece->flags & SLICE_ALONE) && nests(track, piece))
        return RN_OK;
    status = lane_for(writing, track, piece, &id, err);
    if (status != RN_OK)
        return status;
    if (id) {
        piece->track = id;
    } else {
        writing->maker->crowded++;
        piece->flags |= SLICE_INSTANT;
    }
    return RN_OK;
}

/* Pieces are what this program wrote. */
static size_t unpack_args(struct writing *writing, const struct slice_piece *piece,
                          const uint8_t *at)
{
    size_t count = 0;

    for (unsigned i = 0; i < piece->arg_count && count < RN_SLICE_ARGS_MAX; i++) {
        struct rn_slice_arg *arg = &writing->args[count++];
        struct slice_arg_head head;

        memcpy(&head, at, sizeof head);
        at += sizeof head;
        arg->key = rn_slice_key(piece->kind, head.key);
        arg->type = head.type;
        if (arg->type == RN_SLICE_TEXT || arg->type == RN_SLICE_JSON) {
            arg->u.text.data = (const char *)at;
            arg->u.text.size = head.size;
        } else {
            arg->u.number = head.number;
        }
        at += head.size;
    }
    return count;
}

static enum rn_status write_slice(struct writing *writing, const struct slice_piece *piece,
                                  const uint8_t *texts, struct rn_error *err)
{
    struct rn_slice slice = {
        .track = piece->track,
        .start_ns = piece->start_ns,
        .duration_ns = piece->flags & SLICE_INSTANT ? 0 : piece->duration_ns,
        .instant = piece->flags & SLICE_INSTANT,
        .unfinished = piece->flags & SLICE_UNFINISHED,
        .kind = piece->kind,
        .name = (const char *)texts,
        .category = (const char *)texts + piece->name_size,
        .args = writing->args,
        .flow_out = piece->flow_out,
        .flow_in = piece->flow_in,
        .stream = piece->stream,
        .ordinal = piece->ordinal,
    };

    slice.arg_count = unpack_args(writing, piece, texts + piece->name_size + piece->category_size);
    return writing->writer->format->slice(writing->writer, &slice, err);
}

static enum rn_status write_piece(struct writing *writing, const uint8_t *bytes,
                                  struct rn_error *err)
{
    struct slice_piece piece;
    enum rn_status status;
    double value;

    memcpy(&piece, bytes, sizeof piece);
    status = place(writing, &piece, err);
    if (status == RN_OK)
        status = tell_track(writing, piece.track, err);
    if (status != RN_OK)
        return status;
    if (!(piece.flags & SLICE_COUNTER))
        return write_slice(writing, &piece, bytes + sizeof piece, err);
    memcpy(&value, &piece.counter, sizeof value);
    return writing->writer->format->counter(writing->writer, piece.track, piece.start_ns, value,
                                            err);
}

enum rn_status rn_slice_maker_write(struct rn_slice_maker *maker, struct rn_slice_writer *writer,
                                    struct rn_error *err)
{
    struct writing writing = {.maker = maker, .writer = writer};
    enum rn_status status = RN_OK;
    const uint8_t *bytes;
    size_t size;

    while (status == RN_OK &&
           (status = rn_spill_sort_next(maker->sort, &bytes, &size, err)) == RN_OK) {
        status = write_piece(&writing, bytes, err);
        if (status == RN_OK && writer->out->failed)
            status = rn_fail(err, RN_E_NOMEM, "no memory for the output");
        if (status == RN_OK && writer->flush && !writer->flush(writer->flush_context, writer->out))
            status = RN_E_SYSTEM;
    }
    return status == RN_EOF ? RN_OK : status;
}
