/* SPDX-License-Identifier: MIT */
/* The stretches of an image, in order. Blocks of a few hundred, so that to put one among very many,
 * or to take some out, moves few: finding a place costs O(log n), a change O(1) and the blocks
 * behind a block that comes or goes. Not thread-safe. */
#ifndef RN_CRC_IMAGE_EXTENTS_H
#define RN_CRC_IMAGE_EXTENTS_H

#include "crc_image.h"

/* Where a stretch is; valid until one is put in or taken out before it. */
struct extents_place {
    size_t block, index;
};

void extents_free(struct rn_extents *extents);

/* NULL: behind the last one. Borrowed until one is put in or taken out. */
struct rn_extent *extents_at(const struct rn_extents *extents, struct extents_place place);
struct rn_extent *extents_last(const struct rn_extents *extents); /* NULL: there is none */
struct extents_place extents_next(const struct rn_extents *extents, struct extents_place place);
/* The first one that ends behind `offset`. */
struct extents_place extents_find(const struct rn_extents *extents, uint64_t offset);
struct extents_place extents_end(const struct rn_extents *extents);

/* Before what is at `place`. False: no memory, and nothing has changed. */
bool extents_insert(struct rn_extents *extents, struct extents_place place,
                    const struct rn_extent *extent);
/* Those from `from` up to `to`. */
void extents_remove(struct rn_extents *extents, struct extents_place from, struct extents_place to);

/* To go through all, and keep fewer: what is kept is written to `to`, from the first place on and
 * no further than was read; in the end the rest is cut. */
struct rn_extent *extents_keep(struct rn_extents *extents, struct extents_place *to,
                               const struct rn_extent *extent);
void extents_cut(struct rn_extents *extents, struct extents_place to);

#endif
