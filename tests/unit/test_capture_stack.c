/* SPDX-License-Identifier: MIT */
/* Stacks are built by hand, in this process, at the end of a mapping with a guard behind it. */
#include "capture/capture_stack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define STACK_BYTES 65536u
#define WORDS       (STACK_BYTES / 8)

static uint64_t *stack; /* WORDS words, then the guard */
static struct rn_memory memory;
static struct rn_call_place place;
static struct rn_call_buffer buffer;
static struct rn_stack_range range;

static int set_up(void **state)
{
    char *mapped =
        mmap(NULL, STACK_BYTES + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    if (mapped == MAP_FAILED || mprotect(mapped + STACK_BYTES, 4096, PROT_NONE) != 0)
        return -1;
    stack = (uint64_t *)(void *)mapped;
    memory = (struct rn_memory){.tid = getpid()};
    place = (struct rn_call_place){&memory, getpid()};
    range = (struct rn_stack_range){(uint64_t)(uintptr_t)stack,
                                    (uint64_t)(uintptr_t)stack + STACK_BYTES};
    rn_call_buffer_clear(&buffer);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rn_call_buffer_free(&buffer);
    return munmap(stack, STACK_BYTES + 4096);
}

static uint64_t address_of(size_t word)
{
    return (uint64_t)(uintptr_t)&stack[word];
}

/* A frame at that word: where the one before it is, and where it returns to. */
static void put_frame(size_t word, uint64_t next, uint64_t address)
{
    stack[word] = next;
    stack[word + 1] = address;
}

static const uint64_t *walk(size_t rsp, uint64_t rbp, size_t *count)
{
    struct rn_stack_registers registers = {.rsp = address_of(rsp), .rbp = rbp};

    rn_call_buffer_clear(&buffer);
    rn_capture_stack(RN_STACK_MODE_FRAME, 0, &place, &registers, &range, 8, &buffer);
    assert_int_equal(buffer.count, 1);
    assert_int_equal(buffer.items[0].type, RN_ATT_STACK);
    rn_call_buffer_finish(&buffer);
    *count = buffer.items[0].size / 8;
    return (const uint64_t *)(const void *)buffer.items[0].data;
}

static void a_chain_is_followed(void **state)
{
    size_t count;
    const uint64_t *words;

    (void)state;
    stack[10] = 77;
    put_frame(20, address_of(600), 100); /* on another page */
    put_frame(600, address_of(5000), 200);
    put_frame(5000, 0, 300);
    words = walk(10, address_of(20), &count);
    assert_int_equal(count, 4);
    assert_int_equal(words[0], 77);
    assert_int_equal(words[1], 100);
    assert_int_equal(words[2], 200);
    assert_int_equal(words[3], 300);
    assert_int_equal(buffer.items[0].flags, 0);
}

static void a_frame_across_pages_is_read(void **state)
{
    size_t count;

    (void)state;
    put_frame(511, 0, 55);
    assert_int_equal(walk(4, address_of(511), &count)[1], 55);
    assert_int_equal(count, 2);
}

static void chains_end_where_they_make_no_sense(void **state)
{
    uint64_t bad[] = {0,          1,         address_of(9), address_of(20) + 4, 0x8000000000000000u,
                      UINT64_MAX, range.end, range.end - 8, range.begin - 16,   range.end + 4096};
    size_t count;

    (void)state;
    put_frame(8, address_of(20), 1);
    put_frame(20, address_of(20), 2); /* circular */
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void)walk(10, bad[i], &count);
        assert_int_equal(count, 1);
    }
    (void)walk(10, address_of(20), &count);
    assert_int_equal(count, 2);
    put_frame(20, address_of(8), 2); /* downwards */
    (void)walk(4, address_of(20), &count);
    assert_int_equal(count, 2);
    put_frame(20, address_of(30), 0); /* where threads begin */
    (void)walk(4, address_of(20), &count);
    assert_int_equal(count, 1);
}

static void the_last_frame_may_touch_the_end(void **state)
{
    size_t count;

    (void)state;
    put_frame(WORDS - 2, 0, 9);
    assert_int_equal(walk(WORDS - 1 - 10, address_of(WORDS - 2), &count)[1], 9);
    stack[WORDS - 1] = 5;
    assert_int_equal(walk(WORDS - 1, 0, &count)[0], 5);
    assert_int_equal(count, 1);
}

static void long_chains_are_cut(void **state)
{
    size_t count;

    (void)state;
    for (size_t i = 0; i < 200; i++)
        put_frame(2 * i + 2, address_of(2 * i + 4), i + 1);
    put_frame(402, 0, 0);
    assert_int_equal(walk(0, address_of(2), &count)[RN_STACK_FRAMES_MAX - 1],
                     RN_STACK_FRAMES_MAX - 1);
    assert_int_equal(count, RN_STACK_FRAMES_MAX);
    assert_int_equal(buffer.items[0].flags, RN_ATT_CUT);
    put_frame(2 * RN_STACK_FRAMES_MAX, 0, 0); /* as many as there is room for */
    (void)walk(0, address_of(2), &count);
    assert_int_equal(count, RN_STACK_FRAMES_MAX);
    assert_int_equal(buffer.items[0].flags, 0);
}

static void frames_of_32_bit_code_have_words_of_4_bytes(void **state)
{
    struct rn_stack_registers registers = {.rsp = 0, .rbp = 0};
    uint32_t *words = (uint32_t *)(void *)stack;
    const uint64_t *found;

    (void)state;
    words[1] = 0x11111111;
    words[5] = 0; /* would be above 4 GiB: the chain ends after this frame */
    words[6] = 0x80000001;
    registers.rsp = (uint64_t)(uintptr_t)&words[1];
    registers.rbp = (uint64_t)(uintptr_t)&words[5];
    rn_capture_stack(RN_STACK_MODE_FRAME, 0, &place, &registers, &range, 4, &buffer);
    rn_call_buffer_finish(&buffer);
    found = (const uint64_t *)(const void *)buffer.items[0].data;
    assert_int_equal(buffer.items[0].size, 16);
    assert_int_equal(found[0], 0x11111111);
    assert_int_equal(found[1], 0x80000001);
}

static const struct rn_attachment *dump(size_t rsp, uint32_t bytes)
{
    struct rn_stack_registers registers = {.rip = 1, .rsp = address_of(rsp), .rbp = 3, .r15 = 8};

    rn_call_buffer_clear(&buffer);
    rn_capture_stack(RN_STACK_MODE_DUMP, bytes, &place, &registers, &range, 8, &buffer);
    assert_int_equal(buffer.count, 1);
    assert_int_equal(buffer.items[0].type, RN_ATT_STACK_DUMP);
    rn_call_buffer_finish(&buffer);
    assert_memory_equal(buffer.items[0].data, &registers, sizeof(registers));
    return &buffer.items[0];
}

static void a_dump_has_registers_and_bytes(void **state)
{
    const size_t head = sizeof(struct rn_stack_registers);
    const struct rn_attachment *item;

    (void)state;
    for (size_t i = 0; i < WORDS; i++)
        stack[i] = i;
    item = dump(3, 8192);
    assert_int_equal(item->size, head + 8192);
    assert_int_equal(item->flags, RN_ATT_CUT);
    assert_memory_equal(item->data + head, &stack[3], 8192);
    item = dump(WORDS - 100, RN_STACK_DUMP_MAX);
    assert_int_equal(item->size, head + 800);
    assert_int_equal(item->flags, 0);
    assert_memory_equal(item->data + head, &stack[WORDS - 100], 800);
    item = dump(1, RN_STACK_DUMP_MAX);
    assert_int_equal(item->size, head + RN_STACK_DUMP_MAX);
}

static void what_is_gone_by_now_ends_a_dump(void **state)
{
    (void)state;
    assert_int_equal(mprotect((char *)stack + 12288, 4096, PROT_NONE), 0);
    assert_int_equal(dump(2, 32768)->size, sizeof(struct rn_stack_registers) + 12288 - 16);
    assert_int_equal(buffer.items[0].flags, RN_ATT_CUT);
}

static void stacks_are_found_and_remembered(void **state)
{
    struct rn_stack_ranges ranges = {.next = 0};
    const struct rn_stack_range *found;

    (void)state;
    found = rn_stack_range_find(&ranges, getpid(), address_of(5));
    assert_non_null(found);
    assert_int_equal(found->end, range.end);
    assert_true(found->begin <= address_of(5));
    assert_null(rn_stack_range_find(&ranges, getpid(), range.end + 8)); /* the guard */
    assert_null(rn_stack_range_find(&ranges, getpid(), 8));
    found = rn_stack_range_find(&ranges, getpid(), (uint64_t)(uintptr_t)&found);
    assert_non_null(found);
    assert_int_equal(ranges.next, 2);
    /* One that has grown down is known once. */
    ranges.known[0].begin = address_of(100);
    assert_true(rn_stack_range_find(&ranges, getpid(), address_of(5))->begin <= address_of(5));
    assert_int_equal(ranges.next, 2);
}

static void a_record_has_room_for_the_longest(void **state)
{
    const uint32_t head = sizeof(struct rn_record_attachment);

    (void)state;
    assert_int_equal(rn_stack_room(RN_STACK_MODE_NONE, 100), 0);
    assert_true(rn_stack_room(RN_STACK_MODE_FRAME, 0) >= head + 8 * RN_STACK_FRAMES_MAX);
    assert_true(rn_stack_room(RN_STACK_MODE_DUMP, 1001) >= head + 64 + 1008);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_chain_is_followed),
        TEST(a_frame_across_pages_is_read),
        TEST(chains_end_where_they_make_no_sense),
        TEST(the_last_frame_may_touch_the_end),
        TEST(long_chains_are_cut),
        TEST(frames_of_32_bit_code_have_words_of_4_bytes),
        TEST(a_dump_has_registers_and_bytes),
        TEST(what_is_gone_by_now_ends_a_dump),
        TEST(stacks_are_found_and_remembered),
        TEST(a_record_has_room_for_the_longest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
