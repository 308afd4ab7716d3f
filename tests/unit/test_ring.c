/* SPDX-License-Identifier: MIT */
#include "capture/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define RING_SIZE 65536u

static struct rn_error err;
static struct rn_ring_area *area;
static struct rn_ring_slot *ring;
static const uint8_t uuid[16] = {1, 2, 3};

static struct rn_ring_area *make_area(const char *path, uint64_t size, bool *in_memory)
{
    struct rn_ring_area *made;

    assert_int_equal(rn_ring_area_new(path, uuid, size, size, &made, in_memory, &err), RN_OK);
    return made;
}

static struct rn_ring_slot *take(uint64_t size)
{
    return rn_ring_take(area, size, 0);
}

static int set_up(void **state)
{
    bool in_memory;

    (void)state;
    area = make_area(NULL, 2 * RING_SIZE, &in_memory);
    ring = take(RING_SIZE);
    return ring == NULL || !in_memory;
}

static int tear_down(void **state)
{
    (void)state;
    rn_ring_area_free(area);
    return 0;
}

static struct rn_event call_event(uint64_t number)
{
    return (struct rn_event){.kind = RN_KIND_SYSCALL,
                             .flags = RN_EVENT_FAULT,
                             .stream = 7,
                             .start = 1000 + number,
                             .duration = 5,
                             .u.syscall = {.nr = number, .ret = 42}};
}

static struct rn_attachment borrowed[RN_RECORD_MAX_ATTACHMENTS];

/* The next record, decoded. */
static enum rn_status peek(uint64_t *position, struct rn_event *event)
{
    const uint8_t *bytes;
    size_t size;
    enum rn_status status = rn_ring_next(area, ring, rn_ring_head(ring), position, &bytes, &size, &err);

    return status == RN_OK ? rn_record_decode(bytes, size, event, borrowed, &size, &err) : status;
}

static void peek_expects(uint64_t *position, uint64_t number)
{
    struct rn_event event;

    assert_int_equal(peek(position, &event), RN_OK);
    assert_int_equal(event.kind, RN_KIND_SYSCALL);
    assert_int_equal(event.stream, 7);
    assert_int_equal(event.flags, RN_EVENT_FAULT);
    assert_int_equal(event.start, 1000 + number);
    assert_int_equal(event.duration, 5);
    assert_int_equal(event.u.syscall.nr, number);
    assert_int_equal(event.u.syscall.ret, 42);
    assert_int_equal(event.u.syscall.args[5], 0);
}

static void test_what_is_put_is_there(void **state)
{
    uint64_t position = ring->tail;
    struct rn_event event = call_event(3);

    (void)state;
    assert_int_equal(peek(&position, &event), RN_EOF);
    event = call_event(3);
    assert_true(rn_ring_put(area, ring, &event));
    /* Header and the three payload words up to ret: zeros at the end take no room. */
    assert_int_equal(rn_ring_used(ring), sizeof(struct rn_record) + 3 * 8);
    peek_expects(&position, 3);
    assert_int_equal(peek(&position, &event), RN_EOF);
    rn_ring_consume(ring, position);
    assert_int_equal(rn_ring_used(ring), 0);
}

/* More than the ring holds, in pieces that do not divide its size. */
static void test_wraps(void **state)
{
    uint64_t position = ring->tail, put = 0, got = 0;
    uint8_t path[301];
    struct rn_attachment attachment = {
        .type = RN_ATT_PATH, .arg = 1, .size = sizeof(path), .data = path};

    (void)state;
    while (got < 2000) {
        struct rn_event event = call_event(put);

        memset(path, (int)put, sizeof(path));
        event.attachments = &attachment;
        event.attachment_count = 1;
        if (put < 2000 && rn_ring_put(area, ring, &event)) {
            put++;
            continue;
        }
        assert_true(put - got > 100 || put == 2000);
        while (got < put) {
            assert_int_equal(peek(&position, &event), RN_OK);
            assert_int_equal(event.u.syscall.nr, got);
            assert_int_equal(event.attachment_count, 1);
            memset(path, (int)got, sizeof(path));
            assert_int_equal(event.attachments[0].size, sizeof(path));
            assert_memory_equal(event.attachments[0].data, path, sizeof(path));
            got++;
        }
        rn_ring_consume(ring, position);
    }
}

static void test_content_comes_back(void **state)
{
    uint64_t position = ring->tail;
    const uint64_t prefix[2] = {11, 22};
    struct rn_attachment attachment = {.type = RN_ATT_CONTENT,
                                       .arg = 1,
                                       .content = {.length = 9000,
                                                   .crc = 33,
                                                   .prefix_crc = prefix,
                                                   .blocks = 2,
                                                   .head_len = 3,
                                                   .head = (const uint8_t *)"abc"}};
    struct rn_event event = call_event(1);
    const struct rn_content *content;

    (void)state;
    event.attachments = &attachment;
    event.attachment_count = 1;
    assert_true(rn_ring_put(area, ring, &event));
    assert_int_equal(peek(&position, &event), RN_OK);
    content = &event.attachments[0].content;
    assert_int_equal(content->length, 9000);
    assert_int_equal(content->crc, 33);
    assert_int_equal(content->blocks, 2);
    assert_int_equal(content->prefix_crc[1], 22);
    assert_memory_equal(content->head, "abc", 3);
}

static void test_too_large_is_cut(void **state)
{
    uint64_t position = ring->tail;
    uint8_t *large = calloc(1, RING_SIZE);
    struct rn_attachment attachments[2] = {
        {.type = RN_ATT_STRUCT, .arg = 0, .size = RING_SIZE, .data = large},
        {.type = RN_ATT_PATH, .arg = 1, .size = 4, .data = (const uint8_t *)"/tmp"}};
    struct rn_event event = call_event(1);

    (void)state;
    event.attachments = attachments;
    event.attachment_count = 2;
    assert_true(rn_ring_put(area, ring, &event));
    assert_int_equal(peek(&position, &event), RN_OK);
    assert_int_equal(event.flags, RN_EVENT_FAULT | RN_EVENT_TRUNCATED);
    assert_int_equal(event.attachment_count, 1);
    assert_int_equal(event.attachments[0].type, RN_ATT_PATH);
    free(large);
}

static void test_full(void **state)
{
    uint64_t position = ring->tail;
    struct rn_event event = call_event(1);
    uint64_t before;

    (void)state;
    while (rn_ring_put(area, ring, &event))
        ;
    before = rn_ring_used(ring);
    assert_true(before > RING_SIZE - 256 && before <= RING_SIZE);
    assert_false(rn_ring_put(area, ring, &event));
    assert_int_equal(rn_ring_used(ring), before);
    peek_expects(&position, 1);
    rn_ring_consume(ring, position);
    event = call_event(2);
    assert_true(rn_ring_put(area, ring, &event));
}

static void test_damage_is_refused(void **state)
{
    uint64_t position = ring->tail;
    struct rn_event event = call_event(1);
    uint8_t *data = (uint8_t *)rn_ring_area_header(area) + ring->data_offset;
    static const uint32_t sizes[] = {0, 8, 57, RING_SIZE, UINT32_MAX};
    uint32_t size;

    (void)state;
    assert_true(rn_ring_put(area, ring, &event));
    memcpy(&size, data, sizeof(size));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        memcpy(data, &sizes[i], sizeof(sizes[i]));
        assert_int_equal(peek(&position, &event), RN_E_FORMAT);
        assert_int_equal(position, ring->tail);
    }
    memcpy(data, &size, sizeof(size));
    ring->head = ring->tail + RING_SIZE + 8;
    assert_int_equal(peek(&position, &event), RN_E_FORMAT);
}

static void test_slots(void **state)
{
    struct rn_ring_slot *second = take(RING_SIZE);
    struct rn_ring_slot *slots[RN_RING_SLOTS];
    size_t count = 0;
    uint64_t generation;

    (void)state;
    assert_non_null(second);
    assert_true(second->data_offset >= ring->data_offset + RING_SIZE);
    assert_null(take(RING_SIZE));     /* no room for its data */
    assert_null(take(RING_SIZE - 1)); /* no power of two */
    while ((slots[count] = take(0)))
        count++;
    assert_int_equal(count, RN_RING_SLOTS - 2);
    generation = slots[9]->generation;
    rn_ring_release(area, slots[9]);
    assert_ptr_equal(take(0), slots[9]);
    assert_int_equal(slots[9]->generation, generation + 1);
    assert_int_equal(rn_ring_slot_number(area, ring), 0);
    /* The room of a slot that was given back is used again. */
    generation = ring->data_offset;
    rn_ring_release(area, ring);
    ring = take(RING_SIZE);
    assert_non_null(ring);
    assert_int_equal(ring->data_offset, generation);
}

static void test_inflight(void **state)
{
    struct rn_event event = call_event(6);

    (void)state;
    assert_int_equal(ring->inflight_state, RN_INFLIGHT_NONE);
    event.u.syscall.args[5] = 9;
    rn_ring_set_inflight(ring, &event);
    assert_int_equal(ring->inflight_state, RN_INFLIGHT_VALID);
    assert_int_equal(ring->inflight.kind, RN_KIND_INFLIGHT);
    assert_int_equal(ring->inflight.start, 1006);
    assert_int_equal(ring->inflight_call.args[5], 9);
    rn_ring_clear_inflight(ring);
    assert_int_equal(ring->inflight_state, RN_INFLIGHT_NONE);
}

/* A file of rings has all its blocks: a full disk cannot hit whoever writes into the mapping. */
static void test_file_is_preallocated(void **state)
{
    char path[] = "/tmp/rn-test-ring.XXXXXX";
    struct rn_ring_area *file_area;
    struct stat info;
    bool in_memory;

    (void)state;
    assert_int_not_equal(close(mkstemp(path)), -1);
    unlink(path);
    file_area = make_area(path, RING_SIZE, &in_memory);
    assert_false(in_memory);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, rn_ring_area_header(file_area)->file_size);
    assert_true(info.st_blocks * 512 >= info.st_size);
    assert_memory_equal(rn_ring_area_header(file_area)->uuid, uuid, 16);
    rn_ring_area_free(file_area);
    unlink(path);
    file_area = make_area("/nonexistent/rings", RING_SIZE, &in_memory);
    assert_true(in_memory);
    rn_ring_area_free(file_area);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_put_is_there),
        TEST(test_wraps),
        TEST(test_content_comes_back),
        TEST(test_too_large_is_cut),
        TEST(test_full),
        TEST(test_damage_is_refused),
        TEST(test_slots),
        TEST(test_inflight),
        TEST(test_file_is_preallocated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
