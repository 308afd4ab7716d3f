/* SPDX-License-Identifier: MIT */
/* Two images side by side. Both are walked together; wherever stretches of both end at the same
 * offset, the CRCs since the last such place are compared. */
#include "crc_image.h"

#include "crc_image_extents.h"
#include "formats/crc64.h"

#include <string.h>

/* One image on its way: the stretches of it one after the other, gaps among them. */
struct walk {
    const struct rn_image *image;
    bool gaps_are_zero;
    struct extents_place at;
    uint64_t position; /* bytes before it are in `crc` */
    uint64_t crc;      /* since the last common place */
    bool known;
    const struct rn_extent *extent; /* first one since then */
};

static void add_piece(struct walk *walk, uint64_t length, uint64_t crc, bool known)
{
    walk->known = walk->known && known;
    if (walk->known)
        walk->crc = rn_crc64_combine(walk->crc, crc, length);
    walk->position += length;
}

/* Take in the next stretch; false at the end of the image. */
static bool step(struct walk *walk)
{
    const struct rn_image *image = walk->image;
    const struct rn_extent *next = extents_at(&image->extents, walk->at);

    if (next && next->offset == walk->position) {
        if (!walk->extent)
            walk->extent = next;
        walk->at = extents_next(&image->extents, walk->at);
        add_piece(walk, next->length, next->crc, next->known);
        return true;
    }
    if (next || walk->position < image->length) {
        uint64_t length = (next ? next->offset : image->length) - walk->position;

        add_piece(walk, length, walk->gaps_are_zero ? rn_crc64_zeros(length) : 0,
                  walk->gaps_are_zero);
        return true;
    }
    return false;
}

static void resume(struct walk *walk)
{
    walk->crc = 0;
    walk->known = true;
    walk->extent = NULL;
}

bool rn_image_crc(const struct rn_image *image, bool gaps_are_zero, uint64_t *crc)
{
    struct walk walk = {.image = image, .gaps_are_zero = gaps_are_zero, .known = true};

    while (step(&walk))
        ;
    *crc = walk.crc;
    return walk.known && !image->failed;
}

const struct rn_extent *rn_image_first(const struct rn_image *image)
{
    return extents_at(&image->extents, (struct extents_place){0});
}

static const struct rn_extent *extent_at(const struct rn_image *image, uint64_t offset)
{
    const struct rn_extent *extent =
        extents_at(&image->extents, extents_find(&image->extents, offset));

    return extent && extent->offset <= offset ? extent : NULL;
}

/* By the bytes themselves: the first that differs, where it is among them. */
static bool compare_bytes(const struct rn_image *a, const struct rn_image *b,
                          struct rn_image_difference *difference)
{
    size_t both = a->bytes.size < b->bytes.size ? a->bytes.size : b->bytes.size;
    size_t at = 0;

    while (at < both && a->bytes.data[at] == b->bytes.data[at])
        at++;
    if (at == both)
        return false;
    *difference = (struct rn_image_difference){
        .from = at, .to = at + 1, .exact = true, .a = extent_at(a, at), .b = extent_at(b, at)};
    return true;
}

static void note_difference(struct rn_image_difference *difference, const struct walk *a,
                            const struct walk *b, uint64_t from, uint64_t to)
{
    const struct rn_image *images[2] = {a->image, b->image};

    /* What was compared byte by byte is equal. */
    for (int i = 0; i < 2; i++) {
        const struct rn_image *other = images[!i];

        if (from < images[i]->bytes.size && from < other->bytes.size)
            from = images[i]->bytes.size < other->bytes.size ? images[i]->bytes.size
                                                             : other->bytes.size;
    }
    if (from > to)
        from = to;
    *difference = (struct rn_image_difference){.from = from,
                                               .to = to,
                                               .exact = to == from + 1,
                                               .a = extent_at(a->image, from),
                                               .b = extent_at(b->image, from)};
}

/* Both up to the next offset where stretches of both end; false where one ends before. */
static bool step_both(struct walk *a, struct walk *b)
{
    if (!step(a))
        return false;
    if (!step(b))
        return false;
    while (a->position != b->position) {
        if (!step(a->position < b->position ? a : b))
            return false;
    }
    return true;
}

static enum rn_image_relation ends(const struct walk *a, const struct walk *b, uint64_t common,
                                   bool unknown, bool prefix,
                                   struct rn_image_difference *difference)
{
    uint64_t shorter = a->image->length < b->image->length ? a->image->length : b->image->length;

    if (prefix && a->image->bytes.size >= shorter && b->image->bytes.size >= shorter)
        return RN_IMAGE_EQUAL; /* they have been compared byte by byte */
    if (a->image->length == b->image->length || prefix)
        return unknown || common < shorter ? RN_IMAGE_UNKNOWN : RN_IMAGE_EQUAL;
    note_difference(difference, a, b, common, shorter);
    if (difference->from == difference->to)
        difference->exact = true; /* one ends here */
    return RN_IMAGE_DIFFER;
}

enum rn_image_relation rn_image_compare(const struct rn_image *image_a,
                                        const struct rn_image *image_b, bool gaps_are_zero,
                                        bool prefix, struct rn_image_difference *difference)
{
    struct walk a = {.image = image_a, .gaps_are_zero = gaps_are_zero, .known = true};
    struct walk b = {.image = image_b, .gaps_are_zero = gaps_are_zero, .known = true};
    bool unknown = image_a->failed || image_b->failed;
    uint64_t common = 0;

    memset(difference, 0, sizeof *difference);
    if (compare_bytes(image_a, image_b, difference))
        return RN_IMAGE_DIFFER;
    while (step_both(&a, &b)) {
        if (!a.known || !b.known) {
            unknown = true;
        } else if (a.crc != b.crc) {
            note_difference(difference, &a, &b, common, a.position);
            return RN_IMAGE_DIFFER;
        }
        common = a.position;
        resume(&a);
        resume(&b);
    }
    return ends(&a, &b, common, unknown, prefix, difference);
}
