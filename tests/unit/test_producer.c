/* SPDX-License-Identifier: MIT */
/* The library that is loaded into programs, linked into this one, and the recorder's side of its
 * rings: what is recorded and counted comes out again. */
#include "producer_fixture.h"

#include "capture/inject/compute.h"

static const struct rn_simd_hooks *hooks;

static bool find_hooks(void)
{
    hooks = rn_simd_hook(RN_SIMD_ABI);
    return hooks;
}

static int open_for_blocks(void **state)
{
    (void)state;
    return open_rings(find_hooks);
}

static void run_block(struct rn_simd_site *site, uint64_t elements)
{
    struct rn_simd_block block = {
        .hooks = hooks, .site = site, .elements = elements, .bytes = 8 * elements, .flops = 2};

    hooks->begin(&block);
    hooks->end(&block);
}

static void expect_text(const struct rn_event *event, uint8_t type, const char *text)
{
    const struct rn_attachment *found = rn_event_attachment(event, type, RN_ARG_ANY);

    assert_non_null(found);
    assert_int_equal(found->size, strlen(text));
    assert_memory_equal(found->data, text, found->size);
}

static void a_block_is_recorded(void **state)
{
    static struct rn_simd_site outer = {"outer", NULL, "a.c", 7, RN_SIMD_SCALAR, 1, 0, NULL};
    static struct rn_simd_site inner = {"inner", "sve", "b.c", 12, RN_SIMD_VECTOR, 2, 0, NULL};
    struct rn_simd_block block = {.hooks = hooks, .site = &outer, .elements = 5};
    struct rn_event event;

    (void)state;
    hooks->begin(&block);
    run_block(&inner, 3);
    hooks->end(&block);
    assert_int_equal(slot->taken, RN_RING_TAKEN);
    assert_int_equal(slot->owner_pid, getpid());
    assert_true(take(slot, &event));
    assert_int_equal(event.kind, RN_KIND_BLOCK);
    assert_int_equal(event.u.block.elements, 3);
    assert_int_equal(event.u.block.bytes, 24);
    assert_int_equal(event.u.block.flops, 2);
    assert_int_equal(event.u.block.backend, RN_BACKEND_SIMD);
    assert_int_equal(event.u.block.provenance, RN_PROVENANCE_COMPILED);
    assert_int_equal(event.u.block.depth, 1);
    expect_text(&event, RN_ATT_NAME, "inner");
    expect_text(&event, RN_ATT_ISA, "sve");
    expect_text(&event, RN_ATT_SOURCE, "b.c:12");
    assert_true(take(slot, &event));
    assert_int_equal(event.u.block.depth, 0);
    assert_int_equal(event.u.block.provenance, RN_PROVENANCE_UNKNOWN);
    assert_null(rn_event_attachment(&event, RN_ATT_ISA, RN_ARG_ANY));
    expect_text(&event, RN_ATT_NAME, "outer");
    assert_false(take(slot, &event));
}

static void a_decision_is_recorded(void **state)
{
    static struct rn_simd_choice choice = {"codegen", "loop", "app.py", 258, 0, NULL};
    static char long_text[5000];
    struct rn_event event;

    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    hooks->decide(&choice, "input", long_text);
    assert_true(take(slot, &event));
    assert_int_equal(event.kind, RN_KIND_DECISION);
    /* FNV-1a of "codegen::loop::app.py::" and the bytes 2 1 0 0, computed elsewhere. */
    assert_true(event.u.decision.id == 0x992bf7b2eb4e0799ull);
    expect_text(&event, RN_ATT_CATEGORY, "codegen");
    expect_text(&event, RN_ATT_SOURCE, "app.py:258");
    expect_text(&event, RN_ATT_INPUT, "input");
    assert_int_equal(rn_event_attachment(&event, RN_ATT_RESULT, RN_ARG_ANY)->size, 4096);
    assert_int_equal(rn_event_attachment(&event, RN_ATT_RESULT, RN_ARG_ANY)->flags, RN_ATT_CUT);
}

/* Blocks of a name, in events and aggregates. */
static uint64_t count_all(struct rn_ring_slot *from, uint64_t *single)
{
    struct rn_event event;
    uint64_t count = 0;

    *single = 0;
    while (take(from, &event)) {
        *single += event.kind == RN_KIND_BLOCK;
        count += event.kind == RN_KIND_BLOCK       ? 1
                 : event.kind == RN_KIND_AGGREGATE ? event.u.aggregate.count
                                                   : 0;
    }
    return count;
}

static void a_full_ring_is_counted(void **state)
{
    static struct rn_simd_site site = {"full", "neon", "c.c", 1, RN_SIMD_VECTOR, 1, 0, NULL};
    uint64_t single, count;

    (void)state;
    for (unsigned i = 0; i < 3000; i++)
        run_block(&site, i % 7);
    assert_true(rn_ring_used(slot) <= RING_BYTES);
    count = count_all(slot, &single);
    assert_true(single > 100 && single < 1000);
    assert_true(rn_ring_harvest(area, slot));
    count += count_all(slot, &single);
    assert_int_equal(count, 3000);
    assert_true(rn_ring_harvest(area, slot));
    assert_int_equal(count_all(slot, &single), 0);
}

static void a_threshold_counts(void **state)
{
    static struct rn_simd_site site = {"short", "neon", "d.c", 1, RN_SIMD_VECTOR, 1, 0, NULL};
    struct rn_ring_producers *told = &rn_ring_area_header(area)->producers;
    const struct rn_attachment *histogram;
    struct rn_event event;

    (void)state;
    told->threshold = UINT64_MAX;
    run_block(&site, 4);
    run_block(&site, 5);
    run_block(&site, 9);
    told->threshold = 0;
    assert_false(take(slot, &event));
    assert_true(rn_ring_harvest(area, slot));
    for (uint64_t elements = 0; take(slot, &event); elements += event.u.aggregate.elements) {
        assert_int_equal(event.kind, RN_KIND_AGGREGATE);
        assert_int_equal(event.u.aggregate.of, RN_KIND_BLOCK);
        assert_int_equal(event.u.aggregate.reason, RN_AGGREGATE_THRESHOLD);
        assert_true(event.u.aggregate.size_bin == 3 || event.u.aggregate.size_bin == 4);
        assert_true(event.u.aggregate.min <= event.u.aggregate.max);
        assert_true(event.u.aggregate.sum >= event.u.aggregate.max);
        assert_int_equal(event.u.aggregate.bytes, 8 * event.u.aggregate.elements);
        expect_text(&event, RN_ATT_NAME, "short");
        histogram = rn_event_attachment(&event, RN_ATT_HISTOGRAM, RN_ARG_ANY);
        assert_non_null(histogram);
        assert_true(histogram->size > 0 && histogram->size % 16 == 0);
        assert_true(elements <= 18);
    }
}

/* What a sudden end between a record and the emptying of its cell leaves is not counted twice. */
static void a_cell_is_counted_once(void **state)
{
    struct rn_ring_cell *cells = (void *)(rn_ring_data(area, slot) - slot->lead);
    uint64_t single;

    (void)state;
    cells[5].count = 9;
    cells[5].moved = slot->head;
    assert_true(rn_ring_harvest(area, slot));
    assert_int_equal(count_all(slot, &single), 0);
    cells[5].count = 9;
    cells[5].moved = slot->head + 8;
    assert_true(rn_ring_harvest(area, slot));
    assert_int_equal(count_all(slot, &single), 9);
}

static void a_fork_has_its_own_ring(void **state)
{
    static struct rn_simd_site site = {"forked", NULL, "e.c", 1, RN_SIMD_SCALAR, 1, 0, NULL};
    struct rn_ring_slot *of_child;
    struct rn_event event;
    int status;
    pid_t pid;

    (void)state;
    /* qemu-user says yes to MADV_WIPEONFORK, and does nothing. */
    if (getenv("EMULATOR"))
        skip();
    of_child = offer();
    pid = fork();
    if (pid == 0) {
        run_block(&site, 1);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    run_block(&site, 2);
    assert_int_equal(of_child->owner_pid, pid);
    assert_true(take(of_child, &event));
    assert_int_equal(event.u.block.elements, 1);
    assert_true(take(slot, &event));
    assert_int_equal(event.u.block.elements, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_recorded),    cmocka_unit_test(a_decision_is_recorded),
        cmocka_unit_test(a_full_ring_is_counted), cmocka_unit_test(a_threshold_counts),
        cmocka_unit_test(a_cell_is_counted_once), cmocka_unit_test(a_fork_has_its_own_ring),
    };

    return cmocka_run_group_tests(tests, open_for_blocks, close_rings);
}
