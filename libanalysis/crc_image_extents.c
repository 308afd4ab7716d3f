/* SPDX-License-Identifier: MIT */
#include "crc_image_extents.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_ROOM 256u

void extents_free(struct rn_extents *extents)
{
    for (size_t i = 0; i < extents->block_count; i++)
        free(extents->blocks[i].extents);
    free(extents->blocks);
    memset(extents, 0, sizeof *extents);
}

struct rn_extent *extents_at(const struct rn_extents *extents, struct extents_place place)
{
    return place.block < extents->block_count ? &extents->blocks[place.block].extents[place.index]
                                              : NULL;
}

struct rn_extent *extents_last(const struct rn_extents *extents)
{
    const struct rn_extent_block *last;

    if (extents->count == 0)
        return NULL;
    last = &extents->blocks[extents->block_count - 1];
    return &last->extents[last->count - 1];
}

struct extents_place extents_end(const struct rn_extents *extents)
{
    return (struct extents_place){.block = extents->block_count};
}

struct extents_place extents_next(const struct rn_extents *extents, struct extents_place place)
{
    if (++place.index < extents->blocks[place.block].count)
        return place;
    return (struct extents_place){.block = place.block + 1};
}

static bool ends_behind(const struct rn_extent *extent, uint64_t offset)
{
    return extent->offset + extent->length > offset;
}

struct extents_place extents_find(const struct rn_extents *extents, uint64_t offset)
{
    size_t low = 0, high = extents->block_count;
    const struct rn_extent_block *block;
    struct extents_place place;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        block = &extents->blocks[middle];
        if (ends_behind(&block->extents[block->count - 1], offset))
            high = middle;
        else
            low = middle + 1;
    }
    place = (struct extents_place){.block = low};
    if (low == extents->block_count)
        return place;
    block = &extents->blocks[low];
    for (low = 0, high = block->count - 1; low < high;) {
        size_t middle = low + (high - low) / 2;

        if (ends_behind(&block->extents[middle], offset))
            high = middle;
        else
            low = middle + 1;
    }
    place.index = low;
    return place;
}

/* ---- blocks ---- */

/* Those from `first` up to `end` of the list. */
static void drop_blocks(struct rn_extents *extents, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        extents->count -= extents->blocks[i].count;
        free(extents->blocks[i].extents);
    }
    memmove(&extents->blocks[first], &extents->blocks[end],
            (extents->block_count - end) * sizeof *extents->blocks);
    extents->block_count -= end - first;
}

/* An empty one, with as much room. */
static bool add_block(struct rn_extents *extents, size_t at, uint32_t room)
{
    struct rn_extent_block block = {.room = room};

    if (extents->block_count == extents->block_room) {
        size_t more = extents->block_room ? 2 * extents->block_room : 1;
        struct rn_extent_block *blocks = realloc(extents->blocks, more * sizeof *blocks);

        if (!blocks)
            return false;
        extents->blocks = blocks;
        extents->block_room = more;
    }
    block.extents = malloc(room * sizeof *block.extents);
    if (!block.extents)
        return false;
    memmove(&extents->blocks[at + 1], &extents->blocks[at],
            (extents->block_count - at) * sizeof *extents->blocks);
    extents->blocks[at] = block;
    extents->block_count++;
    return true;
}

static bool enlarge(struct rn_extent_block *block)
{
    struct rn_extent *larger = realloc(block->extents, 2 * block->room * sizeof *larger);

    if (!larger)
        return false;
    block->extents = larger;
    block->room *= 2;
    return true;
}

/* Room for one more at `place`, which may come to lie in another block. */
static bool make_room(struct rn_extents *extents, struct extents_place *place)
{
    struct rn_extent_block *block;
    uint32_t half = BLOCK_ROOM / 2;

    if (extents->block_count == 0)
        return add_block(extents, 0, 4);
    if (place->block == extents->block_count) {
        place->block--;
        place->index = extents->blocks[place->block].count;
    }
    block = &extents->blocks[place->block];
    if (block->count < block->room)
        return true;
    if (block->room < BLOCK_ROOM)
        return enlarge(block);
    /* Who writes in order fills blocks. */
    if (place->index == block->count)
        half = BLOCK_ROOM;
    if (!add_block(extents, place->block + 1, BLOCK_ROOM))
        return false;
    block = &extents->blocks[place->block];
    memcpy(block[1].extents, &block->extents[half], (block->count - half) * sizeof *block->extents);
    block[1].count = block->count - half;
    block->count = half;
    if (place->index > half || half == BLOCK_ROOM) {
        place->block++;
        place->index -= half;
    }
    return true;
}

bool extents_insert(struct rn_extents *extents, struct extents_place place,
                    const struct rn_extent *extent)
{
    struct rn_extent_block *block;

    if (!make_room(extents, &place))
        return false;
    block = &extents->blocks[place.block];
    memmove(&block->extents[place.index + 1], &block->extents[place.index],
            (block->count - place.index) * sizeof *extent);
    block->extents[place.index] = *extent;
    block->count++;
    extents->count++;
    return true;
}

static void remove_within(struct rn_extents *extents, size_t at, size_t first, size_t end)
{
    struct rn_extent_block *block = &extents->blocks[at];

    memmove(&block->extents[first], &block->extents[end],
            (block->count - end) * sizeof *block->extents);
    block->count -= (uint32_t)(end - first);
    extents->count -= end - first;
}

void extents_remove(struct rn_extents *extents, struct extents_place from, struct extents_place to)
{
    if (from.block == extents->block_count)
        return;
    if (from.block == to.block) {
        remove_within(extents, from.block, from.index, to.index);
        return;
    }
    if (to.index)
        remove_within(extents, to.block, 0, to.index);
    if (from.index) {
        remove_within(extents, from.block, from.index, extents->blocks[from.block].count);
        from.block++;
    }
    drop_blocks(extents, from.block, to.block);
}

struct rn_extent *extents_keep(struct rn_extents *extents, struct extents_place *to,
                               const struct rn_extent *extent)
{
    struct rn_extent_block *block = &extents->blocks[to->block];
    struct rn_extent *kept;

    /* All before were filled to their room, so what is read next is not before this. */
    if (to->index == block->room) {
        extents->count += block->room - block->count;
        block->count = block->room;
        *to = (struct extents_place){.block = to->block + 1};
        block++;
    }
    kept = &block->extents[to->index++];
    *kept = *extent;
    return kept;
}

void extents_cut(struct rn_extents *extents, struct extents_place to)
{
    struct rn_extent_block *block = &extents->blocks[to.block];

    drop_blocks(extents, to.block + 1, extents->block_count);
    extents->count -= block->count - to.index;
    block->count = (uint32_t)to.index;
}
