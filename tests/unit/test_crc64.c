/* SPDX-License-Identifier: MIT */
#include "formats/crc64.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <lzma.h>

#define SIZE 1100u

static uint8_t bytes[SIZE];

static int fill(void **state)
{
    uint32_t random = 12345;

    (void)state;
    for (unsigned i = 0; i < SIZE; i++) {
        random = random * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(random >> 24);
    }
    return 0;
}

static void known_value(void **state)
{
    (void)state;
    assert_true(rn_crc64(0, "123456789", 9) == 0x995dc9bbdf1939faull);
    assert_true(rn_crc64(0, NULL, 0) == 0);
}

static void two_steps(void **state)
{
    static const uint8_t zeros[SIZE];

    (void)state;
    for (unsigned at = 0; at <= SIZE; at += 13) {
        uint64_t a = rn_crc64(0, bytes, at), b = rn_crc64(0, bytes + at, SIZE - at);

        assert_true((rn_crc64_multiply(a, rn_crc64_power(SIZE - at)) ^ b) ==
                    rn_crc64(0, bytes, SIZE));
        assert_true(rn_crc64_zeros(at) == rn_crc64(0, zeros, at));
    }
}

static void agrees_with_liblzma(void **state)
{
    (void)state;
    for (unsigned begin = 0; begin < 9; begin++)
        for (unsigned size = 0; size + begin <= SIZE; size++)
            assert_true(rn_crc64(0, bytes + begin, size) == lzma_crc64(bytes + begin, size, 0));
}

static void goes_on_where_it_stopped(void **state)
{
    uint64_t whole = lzma_crc64(bytes, SIZE, 0);

    (void)state;
    for (unsigned cut = 0; cut <= SIZE; cut++)
        assert_true(rn_crc64(rn_crc64(0, bytes, cut), bytes + cut, SIZE - cut) == whole);
}

static void combines_at_any_boundary(void **state)
{
    uint64_t whole = lzma_crc64(bytes, SIZE, 0);

    (void)state;
    for (unsigned cut = 0; cut <= SIZE; cut++)
        assert_true(rn_crc64_combine(rn_crc64(0, bytes, cut), rn_crc64(0, bytes + cut, SIZE - cut),
                                     SIZE - cut) == whole);
}

/* (a||b)||c is a||(b||c), with b being 2^40 copies that nobody has to read. */
static void combines_long_lengths(void **state)
{
    uint64_t a = rn_crc64(0, bytes, 100), c = rn_crc64(0, bytes + 200, 300);
    uint64_t b = rn_crc64(0, bytes, SIZE), length = SIZE;

    (void)state;
    for (int i = 0; i < 40; i++, length *= 2)
        b = rn_crc64_combine(b, b, length);
    assert_true(rn_crc64_combine(rn_crc64_combine(a, b, length), c, 300) ==
                rn_crc64_combine(a, rn_crc64_combine(b, c, 300), length + 300));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_value),
        cmocka_unit_test(two_steps),
        cmocka_unit_test(agrees_with_liblzma),
        cmocka_unit_test(goes_on_where_it_stopped),
        cmocka_unit_test(combines_at_any_boundary),
        cmocka_unit_test(combines_long_lengths),
    };

    return cmocka_run_group_tests(tests, fill, NULL);
}
