/* SPDX-License-Identifier: MIT */
#include "libanalysis/span_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STREAMS 64u
#define EVENTS  2000u

static struct rn_span_ids ids_of(uint8_t byte)
{
    uint8_t uuid[16];
    struct rn_span_ids ids;

    memset(uuid, byte, sizeof uuid);
    rn_span_ids_init(&ids, uuid);
    return ids;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void ids_are_different(void **state)
{
    struct rn_span_ids ids = ids_of(1);
    uint64_t *all = calloc(STREAMS * EVENTS, sizeof *all);

    (void)state;
    assert_non_null(all);
    for (uint64_t i = 0; i < STREAMS * EVENTS; i++)
        all[i] = rn_span_id_event(&ids, i / EVENTS, i % EVENTS);
    qsort(all, STREAMS * EVENTS, sizeof *all, compare);
    assert_true(all[0] != 0);
    for (size_t i = 1; i < STREAMS * EVENTS; i++)
        assert_true(all[i] != all[i - 1]);
    free(all);
}

/* Written down once: exports of before and after a change of the program must agree. */
static void ids_stay_what_they_are(void **state)
{
    struct rn_span_ids ids = ids_of(0x5a);
    uint8_t trace[16];

    (void)state;
    rn_span_id_trace(&ids, RN_SPAN_ROOT, 0, trace);
    assert_true(rn_span_id_event(&ids, 1, 0) == UINT64_C(0x9c8ef879abb91026));
    assert_true(rn_span_id_structure(&ids, RN_SPAN_THREAD, 1, 0) == UINT64_C(0x21edfde827f40bea));
    assert_true(trace[0] == 0x15);
    assert_true(rn_span_id_structure(&ids, RN_SPAN_GIVEN, 0, 0) == UINT64_C(0xfd6cc2b60c261ac4));
}

static void recordings_and_parts_differ(void **state)
{
    struct rn_span_ids one = ids_of(1), two = ids_of(2);
    uint8_t a[16], b[16], c[16], d[16];

    (void)state;
    assert_true(rn_span_id_event(&one, 1, 1) != rn_span_id_event(&two, 1, 1));
    assert_true(rn_span_id_structure(&one, RN_SPAN_ROOT, 0, 1) !=
                rn_span_id_structure(&one, RN_SPAN_ROOT, 1, 0));
    rn_span_id_trace(&one, RN_SPAN_ROOT, 0, a);
    rn_span_id_trace(&one, RN_SPAN_ROOT, 1, b);
    rn_span_id_trace(&one, RN_SPAN_INDEX, 0, c);
    rn_span_id_trace(&two, RN_SPAN_ROOT, 0, d);
    assert_memory_not_equal(a, b, 16);
    assert_memory_not_equal(a, c, 16);
    assert_memory_not_equal(a, d, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_different),
        cmocka_unit_test(ids_stay_what_they_are),
        cmocka_unit_test(recordings_and_parts_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
