/* SPDX-License-Identifier: MIT */
/* The layer's maps against a plain table, with handles that come and go. */
#include "capture/inject/vulkan_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define KEYS  300u
#define STEPS 200000u

static uint64_t random_state = 88172645463325252ull;

static uint64_t random_number(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* As handles are: addresses, some of which differ in their upper half alone. */
static uint64_t key_of(uint32_t number)
{
    return 0x7f0000001000ull + (uint64_t)(number % 100) * 64 + ((uint64_t)(number / 100) << 32);
}

static void test_random(void **state)
{
    struct rn_vulkan_map map = {0};
    uint64_t plain[KEYS] = {0}, there = 0;

    (void)state;
    for (uint32_t i = 0; i < STEPS; i++) {
        uint32_t number = (uint32_t)(random_number() % KEYS);

        if (random_number() % 2) {
            assert_int_equal(rn_vulkan_map_remove(&map, key_of(number)), plain[number]);
            there -= plain[number] != 0;
            plain[number] = 0;
        } else {
            assert_true(rn_vulkan_map_put(&map, key_of(number), i + 1));
            there += plain[number] == 0;
            plain[number] = i + 1;
        }
        number = (uint32_t)(random_number() % KEYS);
        assert_int_equal(rn_vulkan_map_get(&map, key_of(number)), plain[number]);
        assert_int_equal(map.used, there);
    }
    for (uint32_t number = 0; number < KEYS; number++)
        assert_int_equal(rn_vulkan_map_get(&map, key_of(number)), plain[number]);
    rn_vulkan_map_free(&map);
}

/* No litter: what is removed makes room. */
static void test_churn(void **state)
{
    struct rn_vulkan_map map = {0};

    (void)state;
    for (uint64_t i = 1; i < 100000; i++) {
        assert_true(rn_vulkan_map_put(&map, i * 64, i));
        if (i > 10)
            assert_int_equal(rn_vulkan_map_remove(&map, (i - 10) * 64), i - 10);
    }
    assert_true(map.size <= 64);
    rn_vulkan_map_free(&map);
}

static void test_empty(void **state)
{
    struct rn_vulkan_map map = {0};

    (void)state;
    assert_int_equal(rn_vulkan_map_get(&map, 5), 0);
    assert_int_equal(rn_vulkan_map_remove(&map, 5), 0);
    assert_false(rn_vulkan_map_put(&map, 0, 1));
    rn_vulkan_map_free(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_churn),
        cmocka_unit_test(test_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
