/* SPDX-License-Identifier: MIT */
/* Clocks are compared with what can be reached in graphs that are made at random. */
#include "libanalysis/vector_order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STREAMS 5u
#define EACH    12u
#define NODES   (STREAMS * EACH)

static struct rn_error err = RN_ERROR_INIT;

static struct rn_vector_place place(unsigned node)
{
    return (struct rn_vector_place){node / EACH + 1, 3 * (node % EACH)};
}

static bool reach[NODES][NODES];

static void add_edge(struct rn_vector_order *order, unsigned from, unsigned to)
{
    struct rn_vector_place a = place(from), b = place(to);

    reach[from][to] = true;
    if (order)
        assert_int_equal(rn_vector_order_edge(order, &a, &b, &err), RN_OK);
}

static void close_reach(void)
{
    for (unsigned k = 0; k < NODES; k++)
        for (unsigned i = 0; i < NODES; i++)
            for (unsigned j = 0; j < NODES; j++)
                reach[i][j] |= reach[i][k] && reach[k][j];
}

static uint64_t count_of(const struct rn_vector_event *event, uint32_t stream)
{
    for (size_t i = 0; i < event->ticks; i++)
        if (event->clock[i].stream == stream)
            return event->clock[i].count;
    return 0;
}

/* Nodes get a random rank; edges go up. The order of a stream must fit, so ranks grow in it. */
static struct rn_vector_order *random_order(unsigned *seed)
{
    struct rn_vector_order *order = rn_vector_order_new();
    unsigned rank[NODES];
    char text[16];

    assert_non_null(order);
    memset(reach, 0, sizeof reach);
    for (unsigned i = 0; i < NODES; i++) {
        rank[i] = (unsigned)rand_r(seed) % 20 + (i % EACH ? rank[i - 1] + 1 : 0);
        if (i % EACH)
            reach[i - 1][i] = true;
    }
    for (unsigned i = NODES; i-- > 0;) {
        struct rn_vector_place at = place(i);

        snprintf(text, sizeof text, "%u", i);
        assert_int_equal(rn_vector_order_event(order, &at, (uint64_t)rand_r(seed) % 50, text,
                                               strlen(text), &err),
                         RN_OK);
    }
    for (unsigned i = 0; i < 60; i++) {
        unsigned a = (unsigned)rand_r(seed) % NODES, b = (unsigned)rand_r(seed) % NODES;

        if (rank[a] < rank[b])
            add_edge(order, a, b);
    }
    close_reach();
    return order;
}

static void clocks_tell_what_came_before(void **state)
{
    unsigned seed = 1;

    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        struct rn_vector_order *order = random_order(&seed);
        struct rn_vector_event event;
        bool seen[NODES] = {false};
        unsigned count = 0;

        while (rn_vector_order_next(order, &event, &err) == RN_OK) {
            unsigned node = (event.place.stream - 1) * EACH + (unsigned)event.place.ordinal / 3;
            char text[16] = "";

            memcpy(text, event.text, event.text_size);
            assert_int_equal(atoi(text), node);
            assert_int_equal(count_of(&event, event.place.stream), node % EACH + 1);
            for (unsigned other = 0; other < NODES; other++) {
                assert_true(!reach[other][node] || seen[other]);
                assert_int_equal(reach[other][node] || other == node,
                                 count_of(&event, other / EACH + 1) > other % EACH);
            }
            for (size_t i = 1; i < event.ticks; i++)
                assert_true(event.clock[i].stream > event.clock[i - 1].stream);
            seen[node] = true;
            count++;
        }
        assert_int_equal(count, NODES);
        rn_vector_order_free(order);
    }
}

static void a_circle_is_told(void **state)
{
    struct rn_vector_order *order = rn_vector_order_new();
    const struct rn_vector_place places[] = {{1, 0}, {1, 1}, {2, 0}, {2, 1}};
    struct rn_vector_event event;
    enum rn_status status;

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(rn_vector_order_event(order, &places[i], 0, "", 0, &err), RN_OK);
    assert_int_equal(rn_vector_order_edge(order, &places[1], &places[2], &err), RN_OK);
    assert_int_equal(rn_vector_order_edge(order, &places[3], &places[0], &err), RN_OK);
    while ((status = rn_vector_order_next(order, &event, &err)) == RN_OK)
        ;
    assert_int_equal(status, RN_E_FORMAT);
    rn_vector_order_free(order);
}

static void edges_to_nowhere(void **state)
{
    struct rn_vector_order *order = rn_vector_order_new();
    const struct rn_vector_place here = {1, 0}, nowhere = {1, 1};
    struct rn_vector_event event;

    (void)state;
    assert_int_equal(rn_vector_order_edge(order, &here, &nowhere, &err), RN_OK);
    assert_int_equal(rn_vector_order_edge(order, &here, &here, &err), RN_OK);
    assert_int_equal(rn_vector_order_event(order, &here, 0, "x", 1, &err), RN_OK);
    assert_int_equal(rn_vector_order_next(order, &event, &err), RN_OK);
    assert_int_equal(event.ticks, 1);
    assert_int_equal(rn_vector_order_next(order, &event, &err), RN_EOF);
    rn_vector_order_free(order);
    order = rn_vector_order_new();
    assert_int_equal(rn_vector_order_next(order, &event, &err), RN_EOF);
    rn_vector_order_free(order);
    rn_vector_order_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_tell_what_came_before),
        cmocka_unit_test(a_circle_is_told),
        cmocka_unit_test(edges_to_nowhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
