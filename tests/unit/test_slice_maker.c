/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include "libanalysis/slice_maker.h"

/* A format of the test: a line a thing, times since the begin of the recording. */
#define ZERO (1700000000ull * 1000000000)

static enum rn_status text_begin(struct rn_slice_writer *writer, const struct rn_slice_facts *facts,
                                 struct rn_error *error)
{
    (void)error;
    rn_buf_printf(writer->out, "begin %s\n", facts->creator);
    return RN_OK;
}

static enum rn_status text_track(struct rn_slice_writer *writer, const struct rn_track *track,
                                 struct rn_error *error)
{
    static const char *const types[] = {"process", "thread", "queue", "lane", "counter", "other"};

    (void)error;
    rn_buf_printf(writer->out, "track %llu<%llu %s %llu '%s'\n", (unsigned long long)track->id,
                  (unsigned long long)track->parent, types[track->type],
                  (unsigned long long)track->tid, track->name);
    return RN_OK;
}

static enum rn_status text_slice(struct rn_slice_writer *writer, const struct rn_slice *slice,
                                 struct rn_error *error)
{
    (void)error;
    rn_buf_printf(writer->out, "%llu: %llu+%llu %s%s/%s", (unsigned long long)slice->track,
                  (unsigned long long)(slice->start_ns - ZERO),
                  (unsigned long long)slice->duration_ns, slice->instant ? "!" : "", slice->name,
                  slice->category);
    for (size_t i = 0; i < slice->arg_count; i++) {
        const struct rn_slice_arg *arg = &slice->args[i];

        if (arg->type == RN_SLICE_TEXT || arg->type == RN_SLICE_JSON)
            rn_buf_printf(writer->out, " %s=%.*s", arg->key, (int)arg->u.text.size,
                          arg->u.text.data);
        else
            rn_buf_printf(writer->out, " %s=%lld", arg->key, (long long)arg->u.number);
    }
    if (slice->flow_out)
        rn_buf_printf(writer->out, " >%llx", (unsigned long long)slice->flow_out & 0xff);
    if (slice->flow_in)
        rn_buf_printf(writer->out, " <%llx", (unsigned long long)slice->flow_in & 0xff);
    rn_buf_text(writer->out, "\n");
    return RN_OK;
}

static enum rn_status text_counter(struct rn_slice_writer *writer, uint64_t track, uint64_t ns,
                                   double value, struct rn_error *error)
{
    (void)error;
    rn_buf_printf(writer->out, "%llu: %llu = %g\n", (unsigned long long)track,
                  (unsigned long long)(ns - ZERO), value);
    return RN_OK;
}

static enum rn_status text_end(struct rn_slice_writer *writer, struct rn_error *error)
{
    (void)error;
    rn_buf_text(writer->out, "end\n");
    return RN_OK;
}

static const struct rn_slice_format text_format = {.name = "text",
                                                   .begin = text_begin,
                                                   .track = text_track,
                                                   .slice = text_slice,
                                                   .counter = text_counter,
                                                   .end = text_end};

/* The recording at `path` as text, in static memory. */
static const char *drawn(void)
{
    static struct rn_buf out;
    struct rn_slice_writer writer = {.format = &text_format, .out = &out};
    struct rn_slice_maker *maker = rn_slice_maker_new();
    struct rn_reader *reader;
    struct rn_trace *trace;
    struct rn_event event;

    rn_buf_clear(&out);
    assert_ok(rn_reader_open(path, &reader, &err));
    trace = rn_trace_new(rn_reader_manifest(reader));
    while (rn_reader_next_event(reader, &event, &err) == RN_OK) {
        rn_trace_place(trace, &event);
        assert_ok(rn_slice_maker_add(maker, trace, &event, &err));
        assert_ok(rn_trace_feed(trace, &event, &err));
        assert_ok(rn_slice_maker_follow(maker, trace, &event, &err));
    }
    assert_ok(rn_slice_maker_write(maker, &writer, &err));
    rn_buf_byte(&out, 0);
    rn_trace_free(trace);
    rn_reader_free(reader);
    rn_slice_maker_free(maker);
    return (const char *)out.data;
}

static struct rn_writer *begin(void)
{
    return new_writer(path, NULL);
}

static void put(struct rn_writer *writer, uint8_t kind, uint32_t stream, uint64_t start,
                uint64_t duration, const char *name, void (*fill)(struct rn_event *))
{
    struct rn_attachment attachment = {.type = RN_ATT_NAME, .arg = RN_ARG_NONE};
    struct rn_event event = {
        .kind = kind, .stream = stream, .start = 1000 + start, .duration = duration};

    if (name) {
        attachment.data = (const uint8_t *)name;
        attachment.size = (uint32_t)strlen(name);
        event.attachments = &attachment;
        event.attachment_count = 1;
    }
    if (fill)
        fill(&event);
    assert_ok(rn_writer_add(writer, &event, &err));
}

/* An inner one is recorded first, as it ends first; drawn it comes second. */
static void what_nests(void **state)
{
    struct rn_writer *writer = begin();

    (void)state;
    put(writer, RN_KIND_BLOCK, 1, 0, 10, "inner", NULL);
    put(writer, RN_KIND_BLOCK, 1, 0, 50, "outer", NULL);
    put(writer, RN_KIND_BLOCK, 1, 50, 10, "next", NULL);
    seal(writer);
    assert_string_equal(drawn(), "track 1<0 process 0 '?'\n"
                                 "track 2<1 thread 100 'main'\n"
                                 "2: 0+50 outer/block\n"
                                 "2: 0+10 inner/block\n"
                                 "2: 50+10 next/block\n");
}

/* Part of one and part of another: on a lane. */
static void what_overlaps(void **state)
{
    struct rn_writer *writer = begin();

    (void)state;
    put(writer, RN_KIND_BLOCK, 1, 0, 10, "one", NULL);
    put(writer, RN_KIND_BLOCK, 1, 5, 10, "two", NULL);
    put(writer, RN_KIND_BLOCK, 1, 7, 20, "three", NULL);
    put(writer, RN_KIND_BLOCK, 1, 15, 5, "four", NULL);
    seal(writer);
    assert_string_equal(drawn(), "track 1<0 process 0 '?'\n"
                                 "track 2<1 thread 100 'main'\n"
                                 "2: 0+10 one/block\n"
                                 "track 3<2 lane 100 'main'\n"
                                 "3: 5+10 two/block\n"
                                 "track 4<2 lane 100 'main'\n"
                                 "4: 7+20 three/block\n"
                                 "2: 15+5 four/block\n");
}

static void launched(struct rn_event *event)
{
    if (event->kind == RN_KIND_API)
        event->u.api.correlation = 7;
    else
        event->u.kernel.correlation = 7;
}

/* The first lane of a queue is the queue. */
static void kernels(void **state)
{
    struct rn_writer *writer = begin();
    struct rn_stream queue = {.type = RN_STREAM_QUEUE, .pid = 100, .tid = 3};
    const char *text;
    uint64_t id;

    (void)state;
    assert_ok(rn_writer_add_stream(writer, &queue, "queue", &id, &err));
    put(writer, RN_KIND_API, 1, 0, 5, "launch", launched);
    put(writer, RN_KIND_KERNEL, (uint32_t)id, 10, 10, "a", launched);
    put(writer, RN_KIND_KERNEL, (uint32_t)id, 15, 10, "b", NULL);
    put(writer, RN_KIND_KERNEL, (uint32_t)id, 20, 10, "c", NULL);
    seal(writer);
    text = drawn();
    assert_non_null(strstr(text, "track 3<1 queue 3 'queue'\n3: 10+10 a/kernel "
                                 "correlation=7 <"));
    assert_non_null(strstr(text, "track 4<3 lane 3 'queue'\n4: 15+10 b/kernel"));
    assert_non_null(strstr(text, "3: 20+10 c/kernel"));
    assert_memory_equal(strstr(text, " >") + 2, strstr(text, " <") + 2, 2);
}

static void a_call(struct rn_event *event)
{
    event->u.syscall.nr = 3;
    event->u.syscall.args[0] = 9;
    event->u.syscall.ret = (uint64_t)-9;
}

static void a_value(struct rn_event *event)
{
    double value = 2.5;

    memcpy(&event->u.counter.value, &value, sizeof value);
}

static void an_instant(struct rn_event *event)
{
    event->u.span.form = RN_SPAN_INSTANT;
}

static void from_1_to_2(struct rn_event *event)
{
    event->u.edge = (struct rn_edge){.from_stream = 1,
                                     .to_stream = 2,
                                     .mechanism = RN_EDGE_PIPE,
                                     .from_start = 1003,
                                     .to_end = 1008};
}

static void calls_counters_and_arrows(void **state)
{
    struct rn_writer *writer = begin();

    (void)state;
    put(writer, RN_KIND_SYSCALL, 1, 1, 2, NULL, a_call);
    put(writer, RN_KIND_COUNTER, 1, 2, 0, "load", a_value);
    put(writer, RN_KIND_SPAN, 1, 3, 0, "moment", an_instant);
    put(writer, RN_KIND_EDGE, 0, 8, 0, NULL, from_1_to_2);
    seal(writer);
    assert_string_equal(
        drawn(), "track 1<0 process 0 '?'\n"
                 "track 2<1 thread 100 'main'\n"
                 "2: 1+2 close/syscall args={\"fd\":9} nr=3 abi=x86_64 raw=9 ret=-1 errno=EBADF\n"
                 "track 3<2 counter 0 'load'\n"
                 "3: 2 = 2.5\n"
                 "2: 3+0 !moment/span form=2\n"
                 "2: 3+0 !pipe/edge >2\n"
                 "track 4<1 thread 101 '?'\n"
                 "4: 8+0 !pipe/edge <2\n");
}

/* More than memory is taken for. */
static void very_many(void **state)
{
    struct rn_writer *writer = begin();
    const char *text;
    unsigned lines = 0;

    (void)state;
    for (unsigned i = 0; i < 400000; i++)
        put(writer, RN_KIND_BLOCK, 1, 10 * i, 10, "block", NULL);
    seal(writer);
    text = drawn();
    for (const char *at = text; *at; at++)
        lines += at[0] == '\n' && at[1] != 't' && at[1];
    assert_int_equal(lines, 400000);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_nests), CASE(what_overlaps), CASE(kernels), CASE(calls_counters_and_arrows),
        CASE(very_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
