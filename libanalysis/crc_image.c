/* SPDX-License-Identifier: MIT */
#include "crc_image.h"

#include "crc_image_extents.h"
#include "formats/crc64.h"

#include <string.h>

void rn_image_init(struct rn_image *image, uint64_t keep)
{
    memset(image, 0, sizeof *image);
    image->grain = 1;
    image->keep = keep;
}

void rn_image_free(struct rn_image *image)
{
    extents_free(&image->extents);
    rn_buf_free(&image->bytes);
    memset(image, 0, sizeof *image);
}

static void note_change(struct rn_image *image, uint64_t offset, uint64_t length, uint64_t crc)
{
    uint64_t value = image->history ^ (offset * 0x9e3779b97f4a7c15ull) ^ crc;

    value = (value ^ (value >> 30) ^ length) * 0xbf58476d1ce4e5b9ull;
    image->history = value ^ (value >> 29);
}

static uint64_t extent_end(const struct rn_extent *extent)
{
    return extent->offset + extent->length;
}

/* CRC of what `crc` is of, followed by `length` bytes whose own CRC is still to be added. */
static uint64_t shifted(struct rn_image *image, uint64_t crc, uint64_t length)
{
    if (image->power_length != length) {
        image->power_length = length;
        image->power = rn_crc64_power(length);
    }
    return rn_crc64_multiply(crc, image->power);
}

static void join(struct rn_image *image, struct rn_extent *into, const struct rn_extent *next)
{
    into->known = into->known && next->known;
    into->crc = into->known ? shifted(image, into->crc, next->length) ^ next->crc : 0;
    into->length += next->length;
}

static bool same_grain(const struct rn_image *image, const struct rn_extent *first, uint64_t end)
{
    return first->offset / image->grain == (end - 1) / image->grain;
}

/* Twice the grain: neighbours that now lie in one are joined. */
static void coarsen(struct rn_image *image)
{
    struct rn_extents *extents = &image->extents;
    struct extents_place from = {0}, to = {0};
    struct rn_extent *last = NULL, *next;

    image->grain *= 2;
    for (; (next = extents_at(extents, from)); from = extents_next(extents, from)) {
        if (last && last->known == next->known && extent_end(last) == next->offset &&
            same_grain(image, last, extent_end(next)))
            join(image, last, next);
        else
            last = extents_keep(extents, &to, next);
    }
    if (last)
        extents_cut(extents, to);
}

static bool put_in(struct rn_image *image, struct extents_place at, const struct rn_extent *piece)
{
    bool fine = extents_insert(&image->extents, at, piece);

    image->failed |= !fine;
    return fine;
}

static size_t most_extents(const struct rn_image *image)
{
    return image->grain < RN_CONTENT_BLOCK ? RN_IMAGE_FINE_EXTENTS : RN_IMAGE_MAX_EXTENTS;
}

/* Behind the last one. */
static void push(struct rn_image *image, const struct rn_extent *piece)
{
    struct rn_extent *last = extents_last(&image->extents);

    if (last && last->known == piece->known && extent_end(last) == piece->offset &&
        same_grain(image, last, extent_end(piece))) {
        join(image, last, piece);
        return;
    }
    while (image->extents.count >= most_extents(image) && image->grain <= UINT64_MAX / 4)
        coarsen(image);
    (void)put_in(image, extents_end(&image->extents), piece);
}

/* The CRC of the first `length` bytes of a transfer, which is one that its prefixes tell. */
static uint64_t prefix_crc(const struct rn_content *content, uint64_t length)
{
    if (length == 0)
        return 0;
    return length == content->length ? content->crc
                                     : content->prefix_crc[length / RN_CONTENT_BLOCK - 1];
}

/* Where the next piece of a transfer may end: at the end of a grain if that can be told, so that
 * images of the same bytes are cut alike. */
static uint64_t piece_end(const struct rn_image *image, const struct rn_content *content,
                          uint64_t offset, uint64_t done)
{
    uint64_t grain = image->grain > RN_CONTENT_BLOCK ? image->grain : RN_CONTENT_BLOCK;
    uint64_t step = grain - (offset + done) % grain;
    uint64_t blocks = step / RN_CONTENT_BLOCK ? step / RN_CONTENT_BLOCK : 1;
    uint64_t end = (done / RN_CONTENT_BLOCK + blocks) * RN_CONTENT_BLOCK;

    return end / RN_CONTENT_BLOCK <= content->blocks ? end : content->length;
}

/* Put a stretch into the list where it belongs; what is at its place has been cut out. */
static void insert(struct rn_image *image, const struct rn_extent *piece)
{
    const struct rn_extent *last = extents_last(&image->extents);

    if (!last || extent_end(last) <= piece->offset) {
        push(image, piece);
        return;
    }
    while (image->extents.count >= 2 * most_extents(image) && image->grain <= UINT64_MAX / 4)
        coarsen(image);
    (void)put_in(image, extents_find(&image->extents, piece->offset), piece);
}

/* What is left of a stretch that is cut is no longer known. */
static struct rn_extent part_of(const struct rn_extent *extent, uint64_t offset, uint64_t end)
{
    return (struct rn_extent){.offset = offset, .length = end - offset, .place = extent->place};
}

/* Take [offset, end) out. */
static void cut_out(struct rn_image *image, uint64_t offset, uint64_t end)
{
    struct rn_extents *extents = &image->extents;
    struct extents_place first = extents_find(extents, offset), last;
    struct rn_extent *extent = extents_at(extents, first);

    if (!extent || extent->offset >= end)
        return;
    if (extent->offset < offset) {
        struct rn_extent left = part_of(extent, extent->offset, offset), whole = *extent;

        first = extents_next(extents, first);
        if (extent_end(&whole) > end) {
            struct rn_extent right = part_of(&whole, end, extent_end(&whole));

            /* Before, as it may lie elsewhere afterwards, if not for lack of memory. */
            *extent = left;
            if (!put_in(image, first, &right))
                *extent = whole;
            return;
        }
        *extent = left;
    }
    for (last = first; (extent = extents_at(extents, last)) && extent_end(extent) <= end;)
        last = extents_next(extents, last);
    if (extent && extent->offset < end)
        *extent = part_of(extent, end, extent_end(extent));
    extents_remove(extents, first, last);
}

/* Bytes that are known themselves, not by their CRC alone. */
static void keep_bytes(struct rn_image *image, uint64_t offset, uint64_t length,
                       const struct rn_content *content)
{
    uint64_t have = content ? content->head_len : 0, room;

    if (image->keep == 0 || offset > image->bytes.size)
        return;
    if (have > length)
        have = length;
    room = image->keep - offset;
    if (offset >= image->keep)
        return;
    if (have > room)
        have = room;
    if (offset + have <= image->bytes.size) {
        if (have)
            memcpy(image->bytes.data + offset, content->head, have);
        /* The rest of the transfer is not known: nor is what stood there. */
        if (have < length && have < room && image->bytes.size > offset + have)
            image->bytes.size = offset + have;
        return;
    }
    image->bytes.size = offset;
    rn_buf_append(&image->bytes, content ? content->head : NULL, have);
}

static void write_known(struct rn_image *image, uint64_t offset, const struct rn_content *content,
                        const struct rn_place *place)
{
    uint64_t done = 0;

    while (done < content->length) {
        uint64_t end = piece_end(image, content, offset, done);
        uint64_t before = prefix_crc(content, done);
        struct rn_extent piece = {.offset = offset + done,
                                  .length = end - done,
                                  .crc = prefix_crc(content, end),
                                  .known = true,
                                  .place = *place};

        if (before)
            piece.crc ^= shifted(image, before, end - done);
        insert(image, &piece);
        done = end;
    }
}

/* Few bytes behind many: the table does it faster than composing, where they are here. */
static bool append_short(struct rn_image *image, uint64_t offset, const struct rn_content *content)
{
    struct rn_extent *last = extents_last(&image->extents);

    if (!last || !last->known || content->head_len != content->length ||
        extent_end(last) != offset || !same_grain(image, last, offset + content->length))
        return false;
    last->crc = rn_crc64(last->crc, content->head, content->length);
    last->length += content->length;
    return true;
}

void rn_image_write(struct rn_image *image, uint64_t offset, uint64_t length,
                    const struct rn_content *content, const struct rn_place *place)
{
    uint64_t end;

    image->moved += length;
    if (length == 0)
        return;
    if (__builtin_add_overflow(offset, length, &end)) {
        image->failed = true;
        return;
    }
    if (content && content->length != length)
        content = NULL;
    if (!content)
        image->unknown_moved += length;
    note_change(image, offset, length, content ? content->crc : 0);
    keep_bytes(image, offset, length, content);
    if (offset < image->length)
        cut_out(image, offset, end);
    if (!content) {
        struct rn_extent piece = {.offset = offset, .length = length, .place = *place};

        insert(image, &piece);
    } else if (!append_short(image, offset, content)) {
        write_known(image, offset, content, place);
    }
    if (end > image->length)
        image->length = end;
}

void rn_image_append(struct rn_image *image, uint64_t length, const struct rn_content *content,
                     const struct rn_place *place)
{
    rn_image_write(image, image->length, length, content, place);
}

void rn_image_truncate(struct rn_image *image, uint64_t length, const struct rn_place *place)
{
    note_change(image, length, 0, 1);
    if (length < image->length) {
        cut_out(image, length, image->length);
        if (image->bytes.size > length)
            image->bytes.size = (size_t)length;
        image->length = length;
    } else if (length > image->length) {
        rn_image_zero(image, image->length, length - image->length, place);
    }
}

void rn_image_zero(struct rn_image *image, uint64_t offset, uint64_t length,
                   const struct rn_place *place)
{
    struct rn_extent piece = {.offset = offset,
                              .length = length,
                              .crc = rn_crc64_zeros(length),
                              .known = true,
                              .place = *place};
    uint64_t end;

    if (length == 0)
        return;
    if (__builtin_add_overflow(offset, length, &end)) {
        image->failed = true;
        return;
    }
    note_change(image, offset, length, 2);
    if (offset < image->length)
        cut_out(image, offset, end);
    if (image->bytes.size > offset)
        image->bytes.size = (size_t)offset;
    insert(image, &piece);
    if (end > image->length)
        image->length = end;
}
