/* SPDX-License-Identifier: MIT */
#include "formats/crc64.h"
#include "libanalysis/crc_image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define FILE_MAX 60000u

/* A file as it is, and what the image makes of the same writes. */
struct pair {
    uint8_t bytes[FILE_MAX];
    size_t length;
    struct rn_image image;
};

static struct rn_place place = {.start = 1, .ordinal = 2, .stream = 3};

static struct rn_content fingerprint(const uint8_t *bytes, size_t size, uint64_t *prefix,
                                     uint32_t head)
{
    struct rn_content content = {.length = size, .prefix_crc = prefix, .head = bytes};

    content.blocks = size ? (uint32_t)((size - 1) / RN_CONTENT_BLOCK) : 0;
    for (uint32_t i = 0; i < content.blocks; i++)
        prefix[i] = rn_crc64(0, bytes, (i + 1) * (size_t)RN_CONTENT_BLOCK);
    content.crc = rn_crc64(0, bytes, size);
    content.head_len = head < size ? head : (uint32_t)size;
    return content;
}

static void pair_write(struct pair *pair, size_t offset, const uint8_t *bytes, size_t size,
                       uint32_t head)
{
    uint64_t prefix[FILE_MAX / RN_CONTENT_BLOCK + 1];
    struct rn_content content = fingerprint(bytes, size, prefix, head);

    rn_image_write(&pair->image, offset, size, &content, &place);
    memcpy(pair->bytes + offset, bytes, size);
    if (offset + size > pair->length)
        pair->length = offset + size;
}

static struct pair *new_pair(uint64_t keep)
{
    struct pair *pair = calloc(1, sizeof *pair);

    assert_non_null(pair);
    rn_image_init(&pair->image, keep);
    return pair;
}

static void free_pair(struct pair *pair)
{
    rn_image_free(&pair->image);
    free(pair);
}

static void fill(uint8_t *bytes, size_t size, unsigned seed)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)((seed = seed * 1103515245 + 12345) >> 16);
}

static void check(const struct pair *pair)
{
    uint64_t crc;

    assert_int_equal(pair->image.length, pair->length);
    assert_true(rn_image_crc(&pair->image, true, &crc));
    assert_true(crc == rn_crc64(0, pair->bytes, pair->length));
}

static void test_any_cut_is_equal(void **state)
{
    static const size_t cuts[] = {1, 7, 100, 4096, 5000, FILE_MAX};
    uint8_t bytes[FILE_MAX];
    struct rn_image_difference difference;
    struct pair *whole = new_pair(0);

    (void)state;
    fill(bytes, sizeof bytes, 1);
    pair_write(whole, 0, bytes, sizeof bytes, 32);
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        struct pair *pair = new_pair(0);

        for (size_t at = 0; at < sizeof bytes; at += cuts[i])
            pair_write(pair, at, bytes + at,
                       cuts[i] < sizeof bytes - at ? cuts[i] : sizeof bytes - at, 32);
        check(pair);
        assert_int_equal(rn_image_compare(&whole->image, &pair->image, true, false, &difference),
                         RN_IMAGE_EQUAL);
        assert_true(pair->image.extents.count <= RN_IMAGE_FINE_EXTENTS);
        free_pair(pair);
    }
    free_pair(whole);
}

static void test_order_of_writes(void **state)
{
    uint8_t bytes[8192];
    struct pair *pair = new_pair(0);

    (void)state;
    fill(bytes, sizeof bytes, 2);
    pair_write(pair, 8192, bytes, 8192, 0);
    pair_write(pair, 0, bytes, 4096, 0); /* a gap, which is zero */
    check(pair);
    pair_write(pair, 8192, bytes + 4096, 4096, 0); /* exactly over one piece of two */
    check(pair);
    free_pair(pair);
}

static void test_overwritten_in_part(void **state)
{
    uint8_t bytes[4096];
    struct pair *pair = new_pair(0);
    uint64_t crc;

    (void)state;
    fill(bytes, sizeof bytes, 3);
    pair_write(pair, 0, bytes, sizeof bytes, 0);
    pair_write(pair, 10, bytes, 5, 0);
    assert_false(rn_image_crc(&pair->image, true, &crc));
    pair_write(pair, 0, bytes, sizeof bytes, 0); /* all of it again */
    check(pair);
    free_pair(pair);
}

static void test_length(void **state)
{
    uint8_t bytes[10000];
    struct pair *pair = new_pair(0);

    (void)state;
    fill(bytes, sizeof bytes, 4);
    pair_write(pair, 0, bytes, 4096, 0);
    pair_write(pair, 4096, bytes, 4096, 0);
    rn_image_truncate(&pair->image, 4096, &place);
    memset(pair->bytes + 4096, 0, 4096);
    pair->length = 4096;
    check(pair);
    rn_image_truncate(&pair->image, 10000, &place);
    pair->length = 10000;
    check(pair);
    rn_image_zero(&pair->image, 0, 4096, &place);
    memset(pair->bytes, 0, 4096);
    check(pair);
    rn_image_truncate(&pair->image, 0, &place);
    pair->length = 0;
    check(pair);
    free_pair(pair);
}

static void test_difference_is_found(void **state)
{
    uint8_t bytes[FILE_MAX];
    struct rn_image_difference difference;
    struct pair *a = new_pair(0), *b = new_pair(0);

    (void)state;
    fill(bytes, sizeof bytes, 5);
    pair_write(a, 0, bytes, sizeof bytes, 0);
    bytes[50000]++;
    pair_write(b, 0, bytes, 30000, 0);
    pair_write(b, 30000, bytes + 30000, 30000, 0);
    assert_int_equal(rn_image_compare(&a->image, &b->image, true, false, &difference),
                     RN_IMAGE_DIFFER);
    assert_true(difference.from <= 50000 && difference.to > 50000);
    assert_non_null(difference.a);
    assert_int_equal(difference.a->place.stream, 3);
    free_pair(a);
    free_pair(b);
}

/* With the bytes themselves the very byte is found; a shorter text that is a begin ends there. */
static void test_bytes_are_kept(void **state)
{
    struct rn_image_difference difference;
    struct pair *a = new_pair(100), *b = new_pair(100);

    (void)state;
    pair_write(a, 0, (const uint8_t *)"one\ntwo\n", 8, 32);
    pair_write(b, 0, (const uint8_t *)"one\n", 4, 32);
    assert_int_equal(rn_image_compare(&a->image, &b->image, true, false, &difference),
                     RN_IMAGE_DIFFER);
    assert_int_equal(difference.from, 4);
    assert_int_equal(rn_image_compare(&a->image, &b->image, true, true, &difference),
                     RN_IMAGE_EQUAL);
    pair_write(b, 4, (const uint8_t *)"tao\n", 4, 32);
    assert_int_equal(rn_image_compare(&a->image, &b->image, true, false, &difference),
                     RN_IMAGE_DIFFER);
    assert_int_equal(difference.from, 5);
    assert_true(difference.exact);
    free_pair(a);
    free_pair(b);
}

static void test_unseen_bytes(void **state)
{
    struct rn_image_difference difference;
    struct pair *a = new_pair(0), *b = new_pair(0);

    (void)state;
    pair_write(a, 0, (const uint8_t *)"abcd", 4, 32);
    rn_image_write(&b->image, 0, 4, NULL, &place);
    assert_int_equal(rn_image_compare(&a->image, &b->image, true, false, &difference),
                     RN_IMAGE_UNKNOWN);
    rn_image_write(&b->image, UINT64_MAX - 1, 4, NULL, &place); /* no file is so long */
    assert_true(b->image.failed);
    free_pair(a);
    free_pair(b);
}

/* Whatever is written where: what is said to be known is right. */
static void test_random_writes(void **state)
{
    uint8_t bytes[9000];
    uint64_t crc;
    unsigned seed = 6, known = 0;

    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        struct pair *pair = new_pair(5000);

        for (unsigned i = 0; i < 20; i++) {
            size_t size = 1 + (seed = seed * 1103515245 + 12345) / 65536 % sizeof bytes;
            size_t offset = (seed = seed * 1103515245 + 12345) / 65536 % 40000;

            if (round % 2) {
                size = (size / 4096 + 1) * 4096 < sizeof bytes ? (size / 4096 + 1) * 4096 : 4096;
                offset = offset / 4096 * 4096;
            }
            fill(bytes, size, seed);
            pair_write(pair, offset, bytes, size, i % 3 ? 32 : 9000);
        }
        assert_int_equal(pair->image.length, pair->length);
        if (rn_image_crc(&pair->image, true, &crc)) {
            known++;
            assert_true(crc == rn_crc64(0, pair->bytes, pair->length));
        }
        assert_memory_equal(pair->image.bytes.data ? pair->image.bytes.data : pair->bytes,
                            pair->bytes, pair->image.bytes.size);
        free_pair(pair);
    }
    assert_true(known >= 100); /* all of those on whole blocks */
}

/* So many stretches that they fill several blocks: as bytes would be, and in order. */
static void check_many(const struct rn_image *image, const uint8_t *bytes, size_t length)
{
    const struct rn_extents *extents = &image->extents;
    uint64_t crc, end = 0;
    size_t count = 0;

    assert_int_equal(image->length, length);
    for (size_t block = 0; block < extents->block_count; block++) {
        assert_true(extents->blocks[block].count > 0);
        assert_true(extents->blocks[block].count <= extents->blocks[block].room);
        for (size_t i = 0; i < extents->blocks[block].count; i++, count++) {
            const struct rn_extent *extent = &extents->blocks[block].extents[i];

            assert_true(extent->offset >= end && extent->length > 0);
            end = extent->offset + extent->length;
            if (extent->known)
                assert_true(extent->crc ==
                            rn_crc64(0, bytes + extent->offset, (size_t)extent->length));
        }
    }
    assert_int_equal(count, extents->count);
    assert_true(end <= length);
    if (rn_image_crc(image, true, &crc))
        assert_true(crc == rn_crc64(0, bytes, length));
}

static void write_here(struct rn_image *image, uint8_t *bytes, size_t offset, size_t size,
                       unsigned seed)
{
    struct rn_content content;

    fill(bytes + offset, size, seed);
    content = fingerprint(bytes + offset, size, NULL, 0);
    rn_image_write(image, offset, size, &content, &place);
}

enum { MANY = 300000, APART = 10, MANY_BYTES = MANY * APART };

/* With gaps between them, so that they stay apart. Where each had to be looked for, or all behind
 * had to be moved, this would take minutes. */
static void test_many_from_behind(void **state)
{
    uint8_t *bytes = calloc(1, MANY_BYTES);
    struct rn_image image;
    clock_t before = clock();

    (void)state;
    assert_non_null(bytes);
    rn_image_init(&image, 0);
    for (size_t i = MANY; i-- > 0;)
        write_here(&image, bytes, i * APART, 2, (unsigned)i);
    assert_int_equal(image.extents.count, MANY);
    check_many(&image, bytes, (MANY - 1) * APART + 2);
    assert_true((clock() - before) / CLOCKS_PER_SEC < 20);
    for (size_t i = 0; i < MANY; i += 2) /* others between them */
        write_here(&image, bytes, i * APART + 5, 3, (unsigned)i);
    check_many(&image, bytes, (MANY - 1) * APART + 2);
    write_here(&image, bytes, 1001, 4000, 9); /* and some are overwritten, two of them in part */
    check_many(&image, bytes, (MANY - 1) * APART + 2);
    rn_image_truncate(&image, 500001, &place);
    check_many(&image, bytes, 500001);
    rn_image_truncate(&image, 0, &place);
    check_many(&image, bytes, 0);
    assert_null(rn_image_first(&image));
    rn_image_free(&image);
    free(bytes);
}

/* Anywhere, over each other, zeros among them, and joined when they become too many. */
static void test_many_anywhere(void **state)
{
    enum { SPACE = 400000 };
    uint8_t *bytes = calloc(1, SPACE + 64);
    struct rn_image image;
    size_t length = 0;
    unsigned seed = 11;

    (void)state;
    assert_non_null(bytes);
    rn_image_init(&image, 0);
    for (unsigned i = 0; i < 60000; i++) {
        size_t offset = ((seed = seed * 1103515245 + 12345) >> 8) % SPACE;
        size_t size = 1 + (seed >> 16) % (i % 64 ? 12 : 64);

        if (i % 50 == 49) {
            memset(bytes + offset, 0, size);
            rn_image_zero(&image, offset, size, &place);
        } else {
            write_here(&image, bytes, offset, size, seed);
        }
        length = offset + size > length ? offset + size : length;
        if (i % 1000 == 0)
            check_many(&image, bytes, length);
        if (i % 20000 == 19999) {
            length = length / 2;
            memset(bytes + length, 0, SPACE + 64 - length);
            rn_image_truncate(&image, length, &place);
        }
    }
    check_many(&image, bytes, length);
    assert_true(image.grain > 1);
    rn_image_free(&image);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_cut_is_equal),    cmocka_unit_test(test_order_of_writes),
        cmocka_unit_test(test_overwritten_in_part), cmocka_unit_test(test_length),
        cmocka_unit_test(test_difference_is_found), cmocka_unit_test(test_bytes_are_kept),
        cmocka_unit_test(test_unseen_bytes),        cmocka_unit_test(test_random_writes),
        cmocka_unit_test(test_many_from_behind),    cmocka_unit_test(test_many_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
