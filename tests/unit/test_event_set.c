/* SPDX-License-Identifier: MIT */
#include "libanalysis/event_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct rn_error err = RN_ERROR_INIT;

static void has_what_was_added(void **state)
{
    struct rn_event_set set = RN_EVENT_SET_INIT;

    (void)state;
    assert_false(rn_event_set_has(&set, 1, 1));
    for (uint64_t i = 0; i < 10000; i += 3)
        assert_int_equal(rn_event_set_add(&set, 1, i, &err), RN_OK);
    assert_int_equal(rn_event_set_add(&set, UINT32_MAX, RN_EVENT_SET_MAX_ORDINAL - 1, &err), RN_OK);
    assert_int_equal(rn_event_set_add(&set, UINT32_MAX, RN_EVENT_SET_MAX_ORDINAL - 1, &err), RN_OK);
    for (uint64_t i = 0; i < 10000; i++)
        assert_int_equal(rn_event_set_has(&set, 1, i), i % 3 == 0);
    assert_true(rn_event_set_has(&set, UINT32_MAX, RN_EVENT_SET_MAX_ORDINAL - 1));
    assert_false(rn_event_set_has(&set, 0, RN_EVENT_SET_MAX_ORDINAL - 1));
    assert_false(rn_event_set_has(&set, 2, 0));
    assert_int_equal(set.count, 3335);
    rn_event_set_free(&set);
    assert_false(rn_event_set_has(&set, 1, 3));
}

static void has_limits(void **state)
{
    struct rn_event_set set = RN_EVENT_SET_INIT;

    (void)state;
    assert_int_equal(rn_event_set_add(&set, 1, RN_EVENT_SET_MAX_ORDINAL, &err), RN_E_LIMIT);
    assert_int_equal(rn_event_set_add(&set, 1, UINT64_MAX, &err), RN_E_LIMIT);
    assert_false(rn_event_set_has(&set, 1, UINT64_MAX));
    rn_event_set_free(&set);
}

struct visit {
    uint32_t stream;
    uint64_t ordinal;
    unsigned count;
    bool stop;
};

static enum rn_status visit(void *context, uint32_t stream, uint64_t ordinal,
                            struct rn_error *error)
{
    struct visit *last = context;

    (void)error;
    if (last->count)
        assert_true(stream > last->stream || (stream == last->stream && ordinal > last->ordinal));
    last->stream = stream;
    last->ordinal = ordinal;
    last->count++;
    return last->stop ? RN_EOF : RN_OK;
}

static void is_visited_in_order(void **state)
{
    struct rn_event_set set = RN_EVENT_SET_INIT;
    struct visit last = {.count = 0};

    (void)state;
    assert_int_equal(rn_event_set_each(&set, visit, &last, &err), RN_OK);
    for (uint64_t i = 2000; i > 0; i--)
        assert_int_equal(rn_event_set_add(&set, (uint32_t)(i % 7), i * i, &err), RN_OK);
    assert_int_equal(rn_event_set_each(&set, visit, &last, &err), RN_OK);
    assert_int_equal(last.count, 2000);
    last = (struct visit){.stop = true};
    assert_int_equal(rn_event_set_each(&set, visit, &last, &err), RN_EOF);
    assert_int_equal(last.count, 1);
    rn_event_set_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_what_was_added),
        cmocka_unit_test(has_limits),
        cmocka_unit_test(is_visited_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
