/* SPDX-License-Identifier: MIT */
#include "clock_shift.h"

#include "formats/reader_join.h"

#include <stdlib.h>

void rn_clock_shifts_clear(struct rn_clock_shifts *shifts)
{
    free(shifts->list);
    *shifts = (struct rn_clock_shifts){.list = NULL};
}

/* How many are in force at that time. */
static size_t shifts_until(const struct rn_clock_shifts *shifts, uint64_t at)
{
    size_t count = shifts->count;

    while (count && shifts->list[count - 1].at > at)
        count--;
    return count;
}

static uint64_t shifted(const struct rn_clock_shifts *shifts, uint64_t at)
{
    size_t count = shifts_until(shifts, at);

    return count ? at + shifts->list[count - 1].sum : at;
}

bool rn_clock_shifts_message(const struct rn_clock_shifts *from, struct rn_clock_shifts *to,
                             uint64_t sent, uint64_t received)
{
    uint64_t left = shifted(from, sent), there = shifted(to, received), missing;
    size_t at = shifts_until(to, received);

    if (there >= left || to->count == RN_CLOCK_SHIFTS_MAX)
        return true;
    missing = left - there;
    if (to->count == to->room) {
        size_t room = to->room ? 2 * to->room : 8;
        struct rn_clock_shift *list = realloc(to->list, room * sizeof *list);

        if (!list)
            return false;
        to->list = list;
        to->room = room;
    }
    for (size_t i = to->count++; i > at; i--) {
        to->list[i] = to->list[i - 1];
        to->list[i].sum += missing;
    }
    to->list[at] = (struct rn_clock_shift){received, (at ? to->list[at - 1].sum : 0) + missing};
    return true;
}

/* The tick of the source at which the whole shows `merged`, or a little before. */
static uint64_t raw_at(const struct rn_manifest_source *source, uint64_t merged)
{
    uint64_t low = 0, high = UINT64_MAX;

    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;

        if (rn_clock_pieces_map(source, middle) <= merged)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void add_piece(struct rn_clock_piece *pieces, size_t *count, struct rn_clock_piece piece,
                      uint64_t sum)
{
    piece.merged += sum;
    piece.error_ns = piece.error_ns > UINT64_MAX - sum ? UINT64_MAX : piece.error_ns + sum;
    if (*count && pieces[*count - 1].raw == piece.raw)
        --*count;
    if (*count < RN_MANIFEST_MAX_PIECES)
        pieces[(*count)++] = piece;
}

enum rn_status rn_clock_shifts_apply(const struct rn_clock_shifts *shifts,
                                     struct rn_manifest_source *source, struct rn_error *err)
{
    size_t room = source->piece_count + shifts->count, count = 0, next = 0;
    struct rn_clock_piece *pieces;

    if (shifts->count == 0 || !source->pieces)
        return RN_OK;
    pieces = calloc(room, sizeof *pieces);
    if (!pieces)
        return rn_fail(err, RN_E_NOMEM, "no memory for the clocks of hosts");
    for (size_t i = 0; i < source->piece_count; i++) {
        const struct rn_clock_piece *piece = &source->pieces[i];
        bool last = i + 1 == source->piece_count;

        add_piece(pieces, &count, *piece, next ? shifts->list[next - 1].sum : 0);
        for (; next < shifts->count && (last || shifts->list[next].at < piece[1].merged); next++) {
            struct rn_clock_piece cut = *piece;

            cut.raw = raw_at(source, shifts->list[next].at);
            if (cut.raw < piece->raw)
                cut.raw = piece->raw;
            cut.merged = rn_clock_pieces_map(source, cut.raw);
            add_piece(pieces, &count, cut, shifts->list[next].sum);
        }
    }
    free(source->pieces);
    source->pieces = pieces;
    source->piece_count = count;
    return RN_OK;
}
