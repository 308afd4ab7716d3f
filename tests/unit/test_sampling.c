/* SPDX-License-Identifier: MIT */
#include "capture/sampling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define RATE 1000000000ull

struct out {
    unsigned events;
    uint64_t count, sum, bytes, seconds;
};

static enum rn_status collect(void *context, const struct rn_event *event, struct rn_error *err)
{
    const struct rn_attachment *histogram =
        rn_event_attachment(event, RN_ATT_HISTOGRAM, RN_ARG_ANY);
    struct out *out = context;
    uint64_t number = 0, pair[2];

    (void)err;
    assert_int_equal(event->kind, RN_KIND_AGGREGATE);
    for (uint32_t at = 0; at < histogram->size; at += sizeof(pair)) {
        memcpy(pair, histogram->data + at, sizeof(pair));
        number += pair[1];
    }
    assert_int_equal(number, event->u.aggregate.count);
    out->events++;
    out->count += event->u.aggregate.count;
    out->sum += event->u.aggregate.sum;
    out->bytes += event->u.aggregate.bytes;
    out->seconds |= 1ull << event->start / RATE;
    return RN_OK;
}

static struct rn_event call(uint64_t nr, uint64_t start, uint64_t duration, uint64_t ret)
{
    return (struct rn_event){.kind = RN_KIND_SYSCALL,
                             .stream = 3,
                             .start = start,
                             .duration = duration,
                             .u.syscall = {.nr = nr, .abi = RN_ABI_X86_64, .ret = ret}};
}

static bool takes(struct rn_sampling *sampling, struct rn_event event, struct out *out)
{
    struct rn_error err = RN_ERROR_INIT;
    bool taken;

    assert_int_equal(rn_sampling_take(sampling, &event, &taken, collect, out, &err), RN_OK);
    return taken;
}

static void only_what_is_short_and_moves_data(void **state)
{
    const struct rn_sampling_limits limits = {.io_ns = 1000};
    struct rn_sampling *sampling = rn_sampling_new(&limits, 0, RATE);
    struct rn_error err = RN_ERROR_INIT;
    struct out out = {0};
    struct rn_event cut = call(0, 5, 10, 0);

    (void)state;
    cut.flags = RN_EVENT_UNFINISHED;
    assert_true(takes(sampling, call(0, 100, 999, 64), &out)); /* read */
    assert_false(takes(sampling, call(0, 100, 1000, 64), &out));
    assert_false(takes(sampling, call(0, 100, 10, (uint64_t)-11), &out));
    assert_false(takes(sampling, call(2, 100, 10, 3), &out));  /* open */
    assert_false(takes(sampling, call(47, 100, 10, 3), &out)); /* recvmsg may bring descriptors */
    assert_false(takes(sampling, cut, &out));
    assert_false(takes(sampling, (struct rn_event){.kind = RN_KIND_BLOCK}, &out));
    assert_false(takes(sampling, (struct rn_event){.kind = RN_KIND_KERNEL, .duration = 1}, &out));
    assert_int_equal(rn_sampling_flush(sampling, collect, &out, &err), RN_OK);
    assert_int_equal(out.events, 1);
    assert_int_equal(out.bytes, 64);
    rn_sampling_free(sampling);
}

/* Calls that launches are tied to, and failures, are stored. */
static void short_calls_of_an_api(void **state)
{
    const struct rn_sampling_limits limits = {.api_ns = 1000};
    struct rn_sampling *sampling = rn_sampling_new(&limits, 0, RATE);
    struct rn_event event = {.kind = RN_KIND_API, .stream = 3, .duration = 999};
    struct rn_error err = RN_ERROR_INIT;
    struct out out = {.events = 0};

    (void)state;
    assert_true(takes(sampling, event, &out));
    event.u.api.correlation = 1;
    assert_false(takes(sampling, event, &out));
    event.u.api.correlation = 0;
    event.u.api.result = (uint64_t)-54;
    assert_false(takes(sampling, event, &out));
    event.u.api.result = 0;
    event.duration = 1000;
    assert_false(takes(sampling, event, &out));
    event.kind = RN_KIND_KERNEL;
    event.duration = 1;
    assert_false(takes(sampling, event, &out));
    assert_int_equal(rn_sampling_flush(sampling, collect, &out, &err), RN_OK);
    assert_int_equal(out.count, 1);
    rn_sampling_free(sampling);
}

static void every_event_is_in_one_cell(void **state)
{
    const struct rn_sampling_limits limits = {
        .io_ns = 1000, .kernel_ns = 2000, .transfer_ns = 3000};
    struct rn_sampling *sampling = rn_sampling_new(&limits, 0, RATE);
    struct rn_error err = RN_ERROR_INIT;
    struct out out = {0};
    uint64_t sum = 0;

    (void)state;
    for (unsigned i = 0; i < 50000; i++) {
        struct rn_event event = call(i % 2, i * 60000ull, i % 900, i % 5000);

        event.stream = i % 70;
        if (i % 3 == 0)
            event.kind = RN_KIND_KERNEL;
        sum += event.duration;
        assert_true(takes(sampling, event, &out));
    }
    assert_int_equal(rn_sampling_flush(sampling, collect, &out, &err), RN_OK);
    assert_int_equal(out.count, 50000);
    assert_int_equal(out.sum, sum);
    assert_int_equal(out.seconds, 7); /* 50000 * 60 us */
    assert_int_equal(rn_sampling_flush(sampling, collect, &out, &err), RN_OK);
    assert_int_equal(out.count, 50000);
    rn_sampling_free(sampling);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_short_and_moves_data),
        cmocka_unit_test(short_calls_of_an_api),
        cmocka_unit_test(every_event_is_in_one_cell),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
