/* SPDX-License-Identifier: MIT */
/* Records of CUPTI's become events: by hand what is in them, by chance what should not be. The
 * functions of CUPTI are stand-ins. */
#include "capture/inject/cupti_inject.h"
#include "capture/ring.h"

#include "formats/manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define RING_BYTES 65536u

static struct rn_ring_area *area;
static struct rn_ring_slot *slot;
static struct rn_error err;
static uint64_t present_time = 1000000;

static uint32_t fake_timestamp(uint64_t *time)
{
    *time = present_time;
    return RN_CUPTI_SUCCESS;
}

static uint32_t fake_name(uint32_t domain, uint32_t function, const char **name)
{
    *name = domain == RN_CUPTI_DOMAIN_RUNTIME ? "cudaLaunchKernel_v7000" : "cuCtxGetCurrent";
    return function < 500 ? RN_CUPTI_SUCCESS : RN_CUPTI_NOT_INITIALIZED;
}

static int open_rings(void **state)
{
    static const uint8_t uuid[16] = {7};
    static char path[] = "/tmp/test_cupti_XXXXXX";
    struct rn_ring_producers *told;
    bool in_memory;

    (void)state;
    close(mkstemp(path));
    unlink(path);
    if (rn_ring_area_new(path, uuid, 8u << 20, 8u << 20, &area, &in_memory, &err) != RN_OK)
        return -1;
    told = &rn_ring_area_header(area)->producers;
    told->limit = 8u << 20;
    told->tick_unit = RN_TICK_NS;
    told->tick_rate = 1000000000;
    slot = rn_ring_take(area, RING_BYTES, RN_RING_CELL_LEAD);
    slot->taken = RN_RING_OFFERED;
    slot->cells = RN_RING_CELLS;
    told->offers[0] = (uint32_t)rn_ring_slot_number(area, slot) + 1;
    setenv("RN_RINGS", path, 1);
    if (!rn_producer_open())
        return -1;
    unlink(path);
    rn_cupti.call.get_timestamp = fake_timestamp;
    rn_cupti.call.get_callback_name = fake_name;
    rn_cupti.version = RN_CUPTI_VERSION_13_0;
    rn_cupti.pid = (uint32_t)getpid();
    return 0;
}

static int close_rings(void **state)
{
    (void)state;
    rn_ring_area_free(area);
    return 0;
}

/* The next event that is no reading of a clock, consumed. */
static bool take(struct rn_event *event)
{
    static struct rn_attachment attachments[RN_RECORD_MAX_ATTACHMENTS];
    static uint8_t copy[8192];
    uint64_t position = slot->tail;
    const uint8_t *bytes;
    size_t size, used;

    do {
        if (rn_ring_next(area, slot, rn_ring_head(slot), &position, &bytes, &size, &err) != RN_OK)
            return false;
        assert_in_range(size, 1, sizeof(copy));
        memcpy(copy, bytes, size);
        assert_int_equal(rn_record_decode(copy, size, event, attachments, &used, &err), RN_OK);
        rn_ring_consume(slot, position);
    } while (event->kind == RN_KIND_DEVICE_CLOCK);
    return true;
}

static void decode(const void *record, size_t size)
{
    struct rn_cupti_pages pages = {.count = 0};

    rn_cupti_decode(record, size, &pages);
}

static void expect_name(const struct rn_event *event, const char *name)
{
    const struct rn_attachment *found = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);

    assert_non_null(found);
    assert_int_equal(found->size, strlen(name));
    assert_memory_equal(found->data, name, found->size);
}

static struct rn_cupti_kernel a_kernel(void)
{
    return (struct rn_cupti_kernel){.kind = RN_CUPTI_CONCURRENT_KERNEL,
                                    .start = 5000,
                                    .end = 8000,
                                    .device = 1,
                                    .context = 2,
                                    .stream = 13,
                                    .grid = {4, 5, 6},
                                    .block = {7, 8, 9},
                                    .static_shared = 100,
                                    .dynamic_shared = 28,
                                    .correlation = 77,
                                    .name = "a_kernel",
                                    .graph_node = 11,
                                    .graph = 12};
}

static void a_kernel_becomes_an_event(void **state)
{
    struct rn_cupti_kernel kernel = a_kernel();
    struct rn_event event;

    (void)state;
    decode(&kernel, sizeof(kernel));
    assert_true(take(&event));
    assert_int_equal(event.kind, RN_KIND_KERNEL);
    assert_int_equal(event.flags, RN_EVENT_DEVICE_TIME);
    assert_int_equal(event.start, rn_producer_ticks(rn_cupti_clock(), 5000));
    assert_int_equal(event.duration, 3000);
    assert_int_equal(event.u.kernel.grid[2], 6);
    assert_int_equal(event.u.kernel.group[0], 7);
    assert_int_equal(event.u.kernel.shared_bytes, 128);
    assert_int_equal(event.u.kernel.graph_node, 11);
    assert_int_equal(event.u.kernel.graph, 12);
    expect_name(&event, "a_kernel");
}

/* What a version has not is not read, though something may lie there. */
static void older_versions_are_shorter(void **state)
{
    struct rn_cupti_kernel kernel = a_kernel();
    struct rn_event event;

    (void)state;
    rn_cupti.version = RN_CUPTI_VERSION_11_0;
    decode(&kernel, sizeof(kernel));
    rn_cupti.version = RN_CUPTI_VERSION_13_0;
    assert_true(take(&event));
    assert_int_equal(event.u.kernel.graph_node, 11);
    assert_int_equal(event.u.kernel.graph, 0);
    assert_int_equal(rn_cupti_unknown(), 0);
    decode(&kernel, offsetof(struct rn_cupti_kernel, graph_node));
    assert_false(take(&event));
    assert_int_equal(rn_cupti_unknown(), 1);
}

static void what_has_no_end_is_marked(void **state)
{
    struct rn_cupti_kernel kernel = a_kernel();
    uint64_t before = rn_cupti_incomplete();
    struct rn_event event;

    (void)state;
    kernel.end = 0;
    present_time = 9000;
    decode(&kernel, sizeof(kernel));
    assert_true(take(&event));
    assert_int_equal(event.flags, RN_EVENT_DEVICE_TIME | RN_EVENT_UNFINISHED);
    assert_int_equal(event.duration, 4000);
    kernel.start = 0;
    decode(&kernel, sizeof(kernel));
    assert_true(take(&event));
    assert_int_equal(event.start, rn_producer_ticks(rn_cupti_clock(), 9000));
    assert_int_equal(event.duration, 0);
    kernel.start = 8000;
    kernel.end = 7000;
    decode(&kernel, sizeof(kernel));
    assert_true(take(&event));
    assert_int_equal(event.duration, 0);
    assert_int_equal(rn_cupti_incomplete(), before + 3);
}

static void a_call_is_its_threads(void **state)
{
    struct rn_cupti_api call = {.kind = RN_CUPTI_RUNTIME,
                                .function = 211,
                                .start = 5000,
                                .end = 6000,
                                .thread = 4321,
                                .correlation = 9,
                                .result = 700};
    const struct rn_ring_file *file = rn_ring_area_header(area);
    uint32_t pid, tid;
    struct rn_event event;

    (void)state;
    decode(&call, sizeof(call));
    assert_true(take(&event));
    assert_int_equal(event.kind, RN_KIND_API);
    assert_int_equal(event.flags, 0);
    assert_int_equal(event.duration, 1000);
    assert_int_equal(event.u.api.layer, RN_CUDA_RUNTIME);
    assert_int_equal(event.u.api.result, 700);
    expect_name(&event, "cudaLaunchKernel");
    assert_true(rn_ring_queue_thread(file, event.stream - RN_STREAM_QUEUES, &pid, &tid));
    assert_int_equal(tid, 4321);
    /* That one only asks. */
    call.kind = RN_CUPTI_DRIVER;
    decode(&call, sizeof(call));
    assert_false(take(&event));
    /* That one has no name. */
    call.function = 1999;
    decode(&call, sizeof(call));
    assert_true(take(&event));
    expect_name(&event, "(driver function)");
}

static void text_that_is_not_there(void **state)
{
    long page = sysconf(_SC_PAGESIZE);
    char *pages = aligned_alloc((size_t)page, 2 * (size_t)page);
    char out[64];
    struct rn_cupti_pages known = {.count = 0};
    bool cut;

    (void)state;
    assert_int_equal(rn_cupti_copy_text(out, sizeof(out), NULL, &cut, &known), 0);
    assert_int_equal(rn_cupti_copy_text(out, sizeof(out), (const char *)16, &cut, &known), 0);
    assert_non_null(pages);
    memset(pages, 'x', 2 * (size_t)page);
    assert_int_equal(rn_cupti_copy_text(out, sizeof(out), pages + page - 10, &cut, &known), 64);
    assert_true(cut);
    memcpy(pages + page - 3, "abcdef", 7);
    assert_int_equal(rn_cupti_copy_text(out, sizeof(out), pages + page - 3, &cut, &known), 6);
    assert_false(cut);
    free(pages);
}

/* Whatever the bytes are: records that can be read again, and no harm. */
static void chance_does_no_harm(void **state)
{
    static const uint8_t kinds[] = {1, 2, 3, 4, 5, 8, 9, 10, 17, 22, 38};
    uint64_t words[40], x = 88172645463325252ull;
    struct rn_event event;

    (void)state;
    for (uint32_t i = 0; i < 20000; i++) {
        uint32_t kind = kinds[i % sizeof(kinds)];

        for (size_t w = 0; w < 40; w++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            words[w] = x >> 60 < 4 ? 0 : x;
        }
        memcpy(words, &kind, sizeof(kind));
        decode(words, i % 7 == 0 ? (size_t)(x % sizeof(words)) : sizeof(words));
        while (take(&event))
            assert_true(event.kind == RN_KIND_KERNEL || event.kind == RN_KIND_TRANSFER ||
                        event.kind == RN_KIND_API || event.kind == RN_KIND_NOTICE ||
                        event.kind == RN_KIND_AGGREGATE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_becomes_an_event), cmocka_unit_test(older_versions_are_shorter),
        cmocka_unit_test(what_has_no_end_is_marked), cmocka_unit_test(a_call_is_its_threads),
        cmocka_unit_test(text_that_is_not_there),    cmocka_unit_test(chance_does_no_harm),
    };

    return cmocka_run_group_tests(tests, open_rings, close_rings);
}
