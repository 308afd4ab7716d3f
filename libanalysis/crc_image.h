/* SPDX-License-Identifier: MIT */
/* What is in a file, or went through a stream, as far as fingerprints tell: stretches of bytes with
 * their CRC-64, composed from the fingerprints of transfers (formats/crc64.h). Equal bytes give
 * equal images, however they were cut into transfers.
 *
 * Stretches are single transfers at first, so that a difference can be located; where these become
 * too many, neighbours in the same `grain` bytes are joined, and the grain doubles. Memory is
 * bounded by that and by the bytes that are kept, but for stretches with gaps between them, which
 * stay apart: some 60 bytes each. What is overwritten in part, and cannot be cut there, becomes
 * unknown.
 *
 * Appending costs O(1), writing elsewhere O(log stretches). Not thread-safe. */
#ifndef RN_CRC_IMAGE_H
#define RN_CRC_IMAGE_H

#include "formats/buf.h"
#include "formats/event.h"

#define RN_IMAGE_MAX_EXTENTS  65536u
#define RN_IMAGE_FINE_EXTENTS 1024u /* at most so many where the grain is less than a block */

/* The event that moved bytes: (stream, ordinal) names it, start (ticks) helps to find it. */
struct rn_place {
    uint64_t start, ordinal;
    uint32_t stream;
};

struct rn_extent {
    uint64_t offset, length;
    uint64_t crc; /* of these bytes; 0 where not known */
    bool known;
    struct rn_place place; /* of the first of its bytes */
};

/* Ascending, not overlapping; in blocks, none of which is empty (crc_image_extents.h). */
struct rn_extents {
    struct rn_extent_block {
        struct rn_extent *extents;
        uint32_t count, room;
    } * blocks;
    size_t block_count, block_room;
    size_t count; /* of stretches */
};

struct rn_image {
    struct rn_extents extents;
    uint64_t length; /* behind the last byte; a file may be longer where zeros follow */
    uint64_t grain;
    uint64_t moved, unknown_moved; /* bytes written or read in all; without fingerprint */
    bool failed;                   /* out of memory: all is unknown */
    uint64_t history; /* fingerprint of all changes in their order: equal ones make equal images */
    /* The first bytes themselves, up to `keep`, as far as they are known without a gap. */
    struct rn_buf bytes;
    uint64_t keep;
    uint64_t power_length, power; /* the last one used */
};

/* keep: bytes to keep at most; 0 none. */
void rn_image_init(struct rn_image *image, uint64_t keep);
void rn_image_free(struct rn_image *image);

/* `content` NULL: `length` bytes that nobody saw. */
void rn_image_write(struct rn_image *image, uint64_t offset, uint64_t length,
                    const struct rn_content *content, const struct rn_place *place);
/* Of a stream: behind all that was before. */
void rn_image_append(struct rn_image *image, uint64_t length, const struct rn_content *content,
                     const struct rn_place *place);
/* What is behind is gone; a longer length is filled with zeros. */
void rn_image_truncate(struct rn_image *image, uint64_t length, const struct rn_place *place);
/* Zeros over [offset, offset + length). */
void rn_image_zero(struct rn_image *image, uint64_t offset, uint64_t length,
                   const struct rn_place *place);

/* The first stretch; NULL: there is none. Borrowed until the image changes. */
const struct rn_extent *rn_image_first(const struct rn_image *image);

/* All bytes from 0 to `length` known, where gaps count as zeros if `gaps_are_zero`? Then *crc is
 * theirs. */
bool rn_image_crc(const struct rn_image *image, bool gaps_are_zero, uint64_t *crc);

/* Where two images differ: the interval [from, to) holds the first difference, as narrow as
 * fingerprints and kept bytes tell. */
struct rn_image_difference {
    uint64_t from, to;
    bool exact;                    /* the byte at `from` differs */
    const struct rn_extent *a, *b; /* what holds it; NULL: that image ends before */
};
enum rn_image_relation {
    RN_IMAGE_EQUAL,
    RN_IMAGE_DIFFER,
    RN_IMAGE_UNKNOWN, /* nothing known differs, but not all is known */
};
/* prefix: only what both have from the start is compared, so that a shorter image may equal the
 * begin of a longer one where that can be told. */
enum rn_image_relation rn_image_compare(const struct rn_image *a, const struct rn_image *b,
                                        bool gaps_are_zero, bool prefix,
                                        struct rn_image_difference *difference);

#endif
