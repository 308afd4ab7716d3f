/* SPDX-License-Identifier: MIT */
/* The tree of spans where tests/otlp does not get: limits, many processes, hostile parents. */
#include "libanalysis/span_tree.h"

#include "formats/otlp_json.h"
#include "formats/otlp_readback.h"
#include "formats/syscall_table.h"

#include "otlp.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct rn_error err = RN_ERROR_INIT;

/* What was handed out. */
static struct {
    size_t traces, spans, most;
    uint64_t events, folded, bytes;
    struct rn_otlp_set set;
    unsigned roots; /* spans without a parent */
    unsigned groups;
    bool refuse;
    uint64_t asked, kernel_parent, kernel_link; /* ids of the call, and of what the kernel has */
} seen;

static void note_kernel(const Otlp__Span *span)
{
    if (strcmp(span->name, "clEnqueueNDRangeKernel") == 0)
        seen.asked = rn_otlp_id_load(span->span_id.data);
    if (strcmp(span->name, "saxpy") != 0)
        return;
    seen.kernel_parent = rn_otlp_id_load(span->parent_span_id.data);
    seen.kernel_link = span->n_links ? rn_otlp_id_load(span->links[0]->span_id.data) : 0;
}

static enum rn_status take(void *context, const struct rn_span_trace *trace, struct rn_error *error)
{
    (void)context;
    (void)error;
    if (seen.refuse)
        return RN_EOF;
    seen.traces++;
    seen.spans += trace->count;
    seen.most = trace->count > seen.most ? trace->count : seen.most;
    seen.groups += (unsigned)trace->group_count;
    for (size_t i = 0; i < trace->count; i++) {
        const uint8_t *bytes = trace->arena + trace->refs[i].offset;
        Otlp__Span *span = otlp__span__unpack(NULL, trace->refs[i].size, bytes);

        assert_non_null(span);
        assert_memory_equal(span->trace_id.data, trace->id, 16);
        assert_true(span->start_time_unix_nano <= span->end_time_unix_nano);
        seen.roots += span->parent_span_id.len == 0;
        seen.events += trace->refs[i].events;
        seen.folded += trace->refs[i].folded;
        rn_otlp_set_add(&seen.set, rn_otlp_id_load(span->span_id.data));
        seen.bytes += trace->refs[i].size;
        note_kernel(span);
        otlp__span__free_unpacked(span, NULL);
    }
    return RN_OK;
}

static struct rn_manifest manifest;
static struct rn_trace *trace;
static struct rn_span_tree *tree;

static int begin(void **state)
{
    static char *argv[] = {"/bin/demo", NULL};

    (void)state;
    memset(&seen, 0, sizeof seen);
    rn_manifest_init(&manifest);
    memset(manifest.uuid, 3, 16);
    manifest.argv = argv;
    manifest.start.realtime_ns = 1767225600000000000u;
    trace = rn_trace_new(&manifest);
    return trace ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    rn_span_tree_free(tree);
    rn_trace_free(trace);
    tree = NULL;
    manifest.argv = NULL;
    rn_manifest_clear(&manifest);
    return 0;
}

static void open_tree(uint64_t max_spans, uint64_t max_bytes, uint64_t fold_ns)
{
    struct rn_span_options options = {
        .max_spans = max_spans, .max_bytes = max_bytes, .fold_ns = fold_ns};

    tree = rn_span_tree_new(&options, &manifest, take, NULL);
    assert_non_null(tree);
}

static enum rn_status feed(struct rn_event *event)
{
    enum rn_status status = rn_span_tree_add(tree, trace, event, true, &err);

    assert_int_equal(rn_trace_feed(trace, event, &err), RN_OK);
    rn_span_tree_follow(tree, trace, event);
    return status;
}

static void add_stream(uint32_t id, uint64_t pid, uint64_t tid)
{
    struct rn_event event = {
        .kind = RN_KIND_STREAM,
        .stream = id,
        .u.stream_info = {.id = id, .type = RN_STREAM_THREAD, .pid = pid, .tid = tid}};

    assert_int_equal(feed(&event), RN_OK);
}

static void add_call(uint32_t stream, uint64_t ordinal, uint64_t start, uint64_t duration)
{
    struct rn_event event = {.kind = RN_KIND_SYSCALL,
                             .stream = stream,
                             .ordinal = ordinal,
                             .start = start,
                             .duration = duration,
                             .u.syscall = {.nr = 39}};

    assert_int_equal(feed(&event), RN_OK);
}

static uint64_t unfinished;

static void finish(void)
{
    assert_int_equal(rn_span_tree_finish(tree, trace, &unfinished, &err), RN_OK);
}

static void nothing_is_no_trace(void **state)
{
    (void)state;
    open_tree(1000, 1 << 20, 0);
    finish();
    assert_int_equal(seen.traces, 0);
}

static void parts_stay_below_their_limits(void **state)
{
    (void)state;
    open_tree(100, 1 << 20, 0);
    add_stream(1, 10, 10);
    for (uint64_t i = 0; i < 5000; i++)
        add_call(1, i, 10 * i, 5);
    finish();
    assert_int_equal(seen.events, 5000);
    assert_in_range(seen.most, 90, 100);
    assert_int_equal(seen.roots, seen.traces); /* one root each */
    assert_true(seen.traces > 50);
}

/* An index of more parts than a page holds: 14 entries in a trace of 16 spans. */
static void the_index_has_pages(void **state)
{
    (void)state;
    open_tree(16, 131072, 0);
    add_stream(1, 10, 10);
    for (uint64_t i = 0; i < 1000; i++)
        add_call(1, i, 10 * i, 5);
    finish();
    assert_in_range(seen.most, 14, 16);
    assert_int_equal(seen.events, 1000);
    assert_int_equal(seen.roots, seen.traces);
    assert_true(seen.traces > rn_span_tree_parts(tree) + 5); /* the pages */
}

static void every_process_has_its_resource(void **state)
{
    (void)state;
    open_tree(10000, 4000000, 0);
    for (uint32_t i = 1; i <= 500; i++) {
        add_stream(i, 1000 + i, 1000 + i);
        add_call(i, 0, 100 * i, 5);
    }
    finish();
    assert_int_equal(seen.traces, 1);
    assert_int_equal(seen.roots, 1);
    assert_int_equal(seen.groups, 501); /* and what is of none */
    assert_int_equal(seen.spans, 1500); /* call, thread and process of each */
}

static void short_calls_are_counted(void **state)
{
    (void)state;
    open_tree(10000, 4000000, 10);
    add_stream(1, 10, 10);
    for (uint64_t i = 0; i < 100; i++)
        add_call(1, i, 100 * i, i % 20);
    finish();
    assert_int_equal(seen.folded, 50);
    assert_int_equal(seen.events, 50);
    assert_int_equal(seen.spans, 53); /* and the count, the thread, the process */
}

/* A damaged recording says that each of two processes made the other. */
static void no_process_is_its_own_ancestor(void **state)
{
    struct rn_event fork = {.kind = RN_KIND_PROCESS, .u.process = {.op = RN_PROCESS_FORK}};

    (void)state;
    open_tree(10000, 4000000, 0);
    add_stream(1, 10, 10);
    add_stream(2, 20, 20);
    fork.stream = 1;
    fork.u.process.child_stream = 2;
    assert_int_equal(feed(&fork), RN_OK);
    fork.stream = 2;
    fork.u.process.child_stream = 1;
    assert_int_equal(feed(&fork), RN_OK);
    add_call(1, 1, 5, 5);
    add_call(2, 1, 5, 5);
    finish();
    assert_int_equal(seen.traces, 1);
    assert_int_equal(seen.roots, 1);
}

static void what_was_not_handed_out_is_pending(void **state)
{
    struct rn_event notice = {.kind = RN_KIND_NOTICE};
    struct rn_otlp_tally tally;

    (void)state;
    open_tree(10000, 4000000, 3);
    add_stream(1, 10, 10);
    add_call(1, 0, 5, 5);
    add_call(1, 1, 15, 1);
    assert_int_equal(feed(&notice), RN_OK);
    tally = rn_span_tree_pending(tree);
    assert_int_equal(tally.events, 2);
    assert_int_equal(tally.folded, 1);
    seen.refuse = true;
    assert_int_equal(rn_span_tree_finish(tree, trace, &unfinished, &err), RN_EOF);
    tally = rn_span_tree_pending(tree); /* whoever got the trace answers for it */
    assert_int_equal(tally.events + tally.folded, 0);
}

static void times_at_the_end_of_the_range(void **state)
{
    (void)state;
    open_tree(10000, 4000000, 0);
    add_stream(1, 10, 10);
    add_call(1, 0, UINT64_MAX, UINT64_MAX);
    add_call(1, 1, 0, UINT64_MAX);
    finish();
    assert_int_equal(seen.events, 2);
}

static void every_kind_is_taken(void **state)
{
    struct rn_otlp_set before;

    (void)state;
    open_tree(10000, 4000000, 0);
    add_stream(1, 10, 10);
    for (unsigned kind = RN_KIND_SYSCALL; kind < RN_KIND_STREAM; kind++) {
        struct rn_event event = {.kind = (uint8_t)kind, .stream = 1, .ordinal = kind};

        memset(event.u.words, 0xff, sizeof event.u);
        if (!rn_kind_name((uint8_t)kind))
            continue;
        assert_int_equal(rn_span_tree_add(tree, trace, &event, true, &err), RN_OK);
    }
    before = seen.set;
    finish();
    assert_true(seen.set.spans > before.spans);
    assert_int_equal(seen.roots, 1);
}

/* What is restated last, with nothing behind it, is under way. */
static void calls_under_way(void **state)
{
    uint8_t bytes[] = "/tmp/x";
    struct rn_attachment path = {.type = RN_ATT_PATH, .arg = 1, .size = 6, .data = bytes};
    struct rn_event call = {.kind = RN_KIND_INFLIGHT,
                            .stream = 1,
                            .start = 50,
                            .duration = 7,
                            .u.syscall = {.nr = 257},
                            .attachment_count = 1,
                            .attachments = &path};

    (void)state;
    open_tree(10000, 4000000, 1000);
    add_stream(1, 10, 10);
    assert_int_equal(feed(&call), RN_OK);
    add_call(1, 0, 5, 5000);
    assert_int_equal(feed(&call), RN_OK);
    call.stream = 2;
    assert_int_equal(feed(&call), RN_OK);
    memset(bytes, 'y', sizeof bytes);
    finish();
    assert_int_equal(unfinished, 2);
    assert_int_equal(seen.events, 3);
    assert_int_equal(seen.roots, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

static void add_of_device(uint8_t kind, uint32_t stream, const char *name, uint64_t start,
                          uint64_t duration)
{
    struct rn_attachment attachment = {.type = RN_ATT_NAME,
                                       .arg = RN_ARG_NONE,
                                       .size = (uint32_t)strlen(name),
                                       .data = (const uint8_t *)name};
    struct rn_event event = {.kind = kind,
                             .stream = stream,
                             .ordinal = start,
                             .start = start,
                             .duration = duration,
                             .attachment_count = 1,
                             .attachments = &attachment};

    if (kind == RN_KIND_KERNEL)
        event.u.kernel.correlation = 7;
    else
        event.u.api.correlation = 7;
    assert_int_equal(feed(&event), RN_OK);
}

/* A kernel belongs to the call that asked for it, not to the one that waited and has its number,
 * too; in another part it has a link to it. */
static void kernels_belong_to_who_asked(void **state)
{
    (void)state;
    for (uint64_t max_spans = 100; max_spans; max_spans = max_spans > 1 ? 1 : 0) {
        open_tree(max_spans, 1u << 20, 0);
        add_stream(1, 100, 100);
        add_of_device(RN_KIND_API, 1, "clEnqueueNDRangeKernel", 1000, 10);
        add_of_device(RN_KIND_API, 1, "clFinish", 1020, 500);
        add_of_device(RN_KIND_KERNEL, 1, "saxpy", 1100, 200);
        assert_int_equal(rn_span_tree_finish(tree, trace, &unfinished, &err), RN_OK);
        assert_true(seen.asked != 0);
        if (max_spans > 1)
            assert_int_equal(seen.kernel_parent, seen.asked);
        assert_int_equal(seen.kernel_link, max_spans > 1 ? 0 : seen.asked);
        rn_span_tree_free(tree);
        tree = NULL;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_no_trace),
        TEST(parts_stay_below_their_limits),
        TEST(the_index_has_pages),
        TEST(every_process_has_its_resource),
        TEST(short_calls_are_counted),
        TEST(no_process_is_its_own_ancestor),
        TEST(what_was_not_handed_out_is_pending),
        TEST(times_at_the_end_of_the_range),
        TEST(every_kind_is_taken),
        TEST(calls_under_way),
        TEST(kernels_belong_to_who_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
