/* SPDX-License-Identifier: MIT */
#include "libanalysis/lamport.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint64_t stamp_of(struct rn_lamport *lamport, uint32_t stream, uint64_t ordinal,
                         uint32_t flags)
{
    struct rn_event event = {
        .kind = RN_KIND_SYSCALL, .stream = stream, .ordinal = ordinal, .flags = flags};
    uint64_t stamp = 99;

    assert_int_equal(rn_lamport_feed(lamport, &event, &stamp, NULL), RN_OK);
    return stamp;
}

static void state_stamp(struct rn_lamport *lamport, uint64_t stream, uint64_t ordinal,
                        uint64_t stamp, uint64_t certainty)
{
    struct rn_event event = {.kind = RN_KIND_EDGE};
    uint64_t none = 99;

    event.u.edge = (struct rn_edge){.to_stream = stream,
                                    .to_ordinal = ordinal,
                                    .mechanism = RN_EDGE_PIPE,
                                    .certainty = certainty,
                                    .lamport = stamp};
    assert_int_equal(rn_lamport_feed(lamport, &event, &none, NULL), RN_OK);
    assert_int_equal(none, 0);
}

static void test_counting(void **state)
{
    struct rn_lamport *lamport = rn_lamport_new();

    (void)state;
    assert_int_equal(stamp_of(lamport, 1, 7, 0), 1);
    assert_int_equal(stamp_of(lamport, 2, 0, 0), 1);
    assert_int_equal(stamp_of(lamport, 1, 3, 0), 2); /* ordinals need not be in order */
    assert_int_equal(stamp_of(lamport, 1, 0, RN_EVENT_SNAPSHOT), 0);
    assert_int_equal(stamp_of(lamport, 0, 0, 0), 1);
    rn_lamport_free(lamport);
}

static void test_edges_raise(void **state)
{
    struct rn_lamport *lamport = rn_lamport_new();

    (void)state;
    state_stamp(lamport, 1, 1, 40, RN_EDGE_PROVEN);
    state_stamp(lamport, 1, 1, 50, RN_EDGE_PROVEN);
    state_stamp(lamport, 1, 2, 3, RN_EDGE_PROVEN);
    state_stamp(lamport, 1, 3, 900, RN_EDGE_INFERRED);
    assert_int_equal(stamp_of(lamport, 1, 0, 0), 1);
    assert_int_equal(stamp_of(lamport, 1, 1, 0), 50);
    assert_int_equal(stamp_of(lamport, 1, 2, 0), 51);
    assert_int_equal(stamp_of(lamport, 1, 3, 0), 52);
    assert_int_equal(stamp_of(lamport, 2, 1, 0), 1);
    rn_lamport_free(lamport);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counting),
        cmocka_unit_test(test_edges_raise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
