/* SPDX-License-Identifier: MIT */
#include "libanalysis/device_order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct out {
    uint64_t count, last, sum, backwards;
};

static void take(void *context, const struct rn_device_run *run)
{
    struct out *out = context;

    out->backwards += run->start < out->last;
    out->last = run->start;
    out->sum += run->correlation;
    out->count++;
}

static void add(struct rn_device_order *order, uint64_t start, struct out *out)
{
    struct rn_device_run run = {.start = start, .correlation = start};

    assert_true(rn_device_order_add(order, &run, take, out));
}

/* Two kinds, one behind the other, as a member has them; and in no order at all. */
static void sorted(void **state)
{
    struct rn_device_order order = {.runs = NULL};
    struct out out = {.count = 0};
    uint64_t random = 1, sum = 0;

    (void)state;
    for (uint64_t i = 0; i < 1000; i++)
        add(&order, 2 * i, &out);
    for (uint64_t i = 0; i < 1000; i++)
        add(&order, 2 * i + 1, &out);
    assert_int_equal(out.count, 0);
    assert_true(rn_device_order_finish(&order, take, &out));
    assert_int_equal(out.count, 2000);
    assert_int_equal(out.sum, 1999 * 1000);
    assert_int_equal(out.backwards, 0);
    out = (struct out){.count = 0};
    for (uint64_t i = 0; i < 5000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        sum += random >> 40;
        add(&order, random >> 40, &out);
    }
    assert_true(rn_device_order_finish(&order, take, &out));
    assert_int_equal(out.count, 5000);
    assert_int_equal(out.sum, sum);
    assert_int_equal(out.backwards, 0);
    rn_device_order_free(&order);
}

/* Nothing is lost at the bound; what is less late than that is in order. */
static void bounded(void **state)
{
    struct rn_device_order order = {.runs = NULL};
    struct out out = {.count = 0};
    uint64_t total = 5 * (uint64_t)RN_DEVICE_ORDER;

    (void)state;
    for (uint64_t i = 0; i < total; i++)
        add(&order, i % 2 ? i : i + RN_DEVICE_ORDER / 4, &out);
    assert_in_range(out.count, total - RN_DEVICE_ORDER, total);
    assert_true(order.capacity <= RN_DEVICE_ORDER);
    assert_int_equal(out.backwards, 0);
    add(&order, 0, &out);
    assert_true(rn_device_order_finish(&order, take, &out));
    assert_int_equal(out.count, total + 1);
    assert_int_equal(out.backwards, 1);
    rn_device_order_free(&order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sorted), cmocka_unit_test(bounded)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
