/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include "formats/export/slice_formats.h"

#define START (1700000000ull * 1000000000)
#define HOUR  (3600ull * 1000000000)

static struct rn_buf out;
static struct rn_slice_writer writer;
static char noted[256];

static void note(void *context, const char *what, uint64_t count)
{
    (void)context;
    snprintf(noted, sizeof noted, "%llu %s", (unsigned long long)count, what);
}

static void begin(void)
{
    struct rn_manifest manifest = test_manifest();
    const struct rn_slice_facts facts = {.manifest = &manifest, .creator = "rn-test 1.0"};

    noted[0] = '\0';
    out = (struct rn_buf)RN_BUF_INIT;
    manifest.start.realtime_ns = START;
    writer = (struct rn_slice_writer){.format = &rn_chrome_slices, .out = &out, .note = note};
    assert_ok(writer.format->begin(&writer, &facts, &err));
    rn_manifest_clear(&manifest);
}

static void track(enum rn_track_type type, uint64_t id, uint64_t parent, uint64_t tid,
                  const char *name)
{
    const struct rn_track row = {
        .id = id, .parent = parent, .type = type, .pid = 5, .tid = tid, .serial = 1, .name = name};

    assert_ok(writer.format->track(&writer, &row, &err));
}

/* All but the first line and the last. */
static const char *finish(void)
{
    static char text[4096];
    char *begin_of, *end;

    assert_ok(writer.format->end(&writer, &err));
    writer.format->free_state(&writer);
    rn_buf_byte(&out, 0);
    assert_true(out.size < sizeof text);
    memcpy(text, out.data, out.size);
    rn_buf_free(&out);
    begin_of = strstr(text, "\"traceEvents\":[\n");
    assert_non_null(begin_of);
    end = strstr(text, "\n]}\n");
    assert_non_null(end);
    *end = '\0';
    return begin_of + strlen("\"traceEvents\":[\n");
}

static void times_are_exact(void **state)
{
    static const uint64_t starts[] = {START, START + 1, START + 999, START + 1234567,
                                      START - START % HOUR - 1};
    const char *text;

    (void)state;
    begin();
    track(RN_TRACK_THREAD, 1, 0, 6, "t");
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        const struct rn_slice slice = {.track = 1,
                                       .start_ns = starts[i],
                                       .duration_ns = 1001 + i,
                                       .kind = RN_KIND_SPAN,
                                       .name = "s",
                                       .category = "span"};

        assert_ok(writer.format->slice(&writer, &slice, &err));
    }
    text = finish();
    /* 1700000000 s are 800 s behind a whole hour. */
    assert_non_null(strstr(text, "\"ts\":800000000.000,\"dur\":1.001,"));
    assert_non_null(strstr(text, "\"ts\":800000000.001,\"dur\":1.002,"));
    assert_non_null(strstr(text, "\"ts\":800000000.999,\"dur\":1.003,"));
    assert_non_null(strstr(text, "\"ts\":800001234.567,\"dur\":1.004,"));
    assert_non_null(strstr(text, "\"ts\":-0.001,\"dur\":1.005,"));
}

static void kernels_are_what_pytorch_writes(void **state)
{
    static const char rest[] = "{\"External id\": 4}";
    const uint64_t arrow = 0x1f;
    const struct rn_slice_arg call_args[] = {
        {.key = "api", .type = RN_SLICE_TEXT, .u.text = {"cuda", 4}},
        {.key = "correlation", .type = RN_SLICE_UNSIGNED, .u.number = 42},
    };
    const struct rn_slice_arg args[] = {
        {.key = "api", .type = RN_SLICE_TEXT, .u.text = {"cuda", 4}},
        {.key = "queue", .type = RN_SLICE_UNSIGNED, .u.number = 7},
        {.key = "correlation", .type = RN_SLICE_UNSIGNED, .u.number = 42},
        {.key = "grid_x", .type = RN_SLICE_UNSIGNED, .u.number = 8},
        {.key = "grid_y", .type = RN_SLICE_UNSIGNED, .u.number = 1},
        {.key = "registers", .type = RN_SLICE_UNSIGNED, .u.number = 18},
        {.key = "text", .type = RN_SLICE_TEXT, .u.text = {rest, sizeof rest - 1}},
    };
    const struct rn_slice call = {.track = 2,
                                  .start_ns = START,
                                  .duration_ns = 5,
                                  .kind = RN_KIND_API,
                                  .name = "cudaLaunchKernel",
                                  .category = "api",
                                  .args = call_args,
                                  .arg_count = 2,
                                  .flow_out = arrow};
    const struct rn_slice kernel = {.track = 3,
                                    .start_ns = START + 10,
                                    .duration_ns = 5,
                                    .kind = RN_KIND_KERNEL,
                                    .name = "gemm",
                                    .category = "kernel",
                                    .args = args,
                                    .arg_count = sizeof args / sizeof args[0],
                                    .flow_in = arrow};

    (void)state;
    begin();
    track(RN_TRACK_PROCESS, 1, 0, 0, "python");
    track(RN_TRACK_THREAD, 2, 1, 6, "main");
    track(RN_TRACK_QUEUE, 3, 1, 7, "stream 7");
    track(RN_TRACK_LANE, 4, 3, 7, "stream 7");
    assert_ok(writer.format->slice(&writer, &call, &err));
    assert_ok(writer.format->slice(&writer, &kernel, &err));
    assert_string_equal(
        finish(),
        "{\"ph\":\"M\",\"pid\":5,\"tid\":0,\"name\":\"process_name\",\"args\":{\"name\":"
        "\"python\"}},\n"
        "{\"ph\":\"M\",\"pid\":5,\"tid\":6,\"name\":\"thread_name\",\"args\":{\"name\":"
        "\"main\"}},\n"
        "{\"ph\":\"M\",\"pid\":5,\"tid\":8589934593,\"name\":\"thread_name\",\"args\":{\"name\":"
        "\"stream 7\",\"rn.queue\":7}},\n"
        "{\"ph\":\"M\",\"pid\":5,\"tid\":4294967298,\"name\":\"thread_name\",\"args\":{\"name\":"
        "\"stream 7 (2)\",\"rn.lane_of\":8589934593}},\n"
        "{\"ph\":\"X\",\"pid\":5,\"tid\":6,\"ts\":800000000.000,\"dur\":0.005,\"name\":"
        "\"cudaLaunchKernel\",\"cat\":\"cuda_runtime\",\"args\":{\"api\":\"cuda\","
        "\"correlation\":42}},\n"
        "{\"ph\":\"s\",\"pid\":5,\"tid\":6,\"ts\":800000000.000,\"id\":\"0x1f\",\"name\":"
        "\"launch\",\"cat\":\"launch\"},\n"
        "{\"ph\":\"X\",\"pid\":5,\"tid\":8589934593,\"ts\":800000000.010,\"dur\":0.005,\"name\":"
        "\"gemm\",\"cat\":\"kernel\",\"args\":{\"device\":0,\"context\":0,\"api\":\"cuda\","
        "\"stream\":7,\"correlation\":42,\"registers per thread\":18,\"External id\":4,"
        "\"grid\":[8,1,0]}},\n"
        "{\"ph\":\"f\",\"pid\":5,\"tid\":8589934593,\"ts\":800000000.010,\"id\":\"0x1f\","
        "\"name\":\"launch\",\"cat\":\"launch\",\"bp\":\"e\"}");
}

static void anything_is_strict_json(void **state)
{
    static const char bad[] = "{\"a\": NaN, \"b\": \"\xff\"",
                      good[] = "{\"a\": NaN, \"b\":\"\xff\"}";
    const struct rn_slice_arg args[] = {
        {.key = "id", .type = RN_SLICE_HEX, .u.number = 0x10},
        {.key = "args", .type = RN_SLICE_JSON, .u.text = {good, sizeof good - 1}},
        {.key = "n", .type = RN_SLICE_SIGNED, .u.number = (uint64_t)-3},
        {.key = "u", .type = RN_SLICE_UNSIGNED, .u.number = UINT64_MAX},
    };
    const struct rn_slice_arg broken = {
        .key = "args", .type = RN_SLICE_JSON, .u.text = {bad, sizeof bad - 1}};
    struct rn_slice slice = {.track = 1,
                             .start_ns = START,
                             .instant = true,
                             .kind = RN_KIND_SPAN,
                             .name = "\xfe\n",
                             .category = "c\"",
                             .args = args,
                             .arg_count = 4};
    const char *text;

    (void)state;
    begin();
    track(RN_TRACK_OTHER, 1, 0, 9, "o");
    assert_ok(writer.format->slice(&writer, &slice, &err));
    assert_string_equal(noted, "1 bytes of names that are no UTF-8, written as \\xNN");
    slice.args = &broken;
    slice.arg_count = 1;
    slice.unfinished = true;
    assert_ok(writer.format->slice(&writer, &slice, &err));
    text = finish();
    assert_non_null(strstr(text, "\"rn.track\":9"));
    assert_non_null(strstr(text, "\"ph\":\"n\""));
    assert_non_null(strstr(text, "\"id\":\"0x10\",\"name\":\"\\\\xfe\\u000a\",\"cat\":\"c\\\"\","
                                 "\"args\":{\"a\":\"NaN\",\"b\":\"\\\\xff\",\"rn.n\":-3,\"rn.u\":"
                                 "\"18446744073709551615\"}}"));
    assert_non_null(strstr(text, "\"args\":{\"args\":\"{\\\"a\\\": NaN, \\\"b\\\": "
                                 "\\\"\\\\xff\\\"\",\"unfinished\":true}}"));
}

static void overlapping_spans_and_counters(void **state)
{
    const struct rn_slice_arg args[] = {
        {.key = "form", .type = RN_SLICE_UNSIGNED, .u.number = RN_SPAN_ASYNC},
        {.key = "parent", .type = RN_SLICE_HEX, .u.number = 3},
    };
    const struct rn_slice slice = {.track = 2,
                                   .start_ns = START,
                                   .duration_ns = 2000,
                                   .kind = RN_KIND_SPAN,
                                   .name = "s",
                                   .category = "span",
                                   .args = args,
                                   .arg_count = 2};
    static const char name[] = "mem [1f] free";
    const struct rn_track series = {.id = 4,
                                    .parent = 1,
                                    .type = RN_TRACK_COUNTER,
                                    .pid = 5,
                                    .number = 0x1f,
                                    .name = name,
                                    .series = name + strlen("mem [1f] ")};
    static const double values[] = {7, 0.1, -1e300, 0.0 / 0.0};
    const char *text;

    (void)state;
    begin();
    track(RN_TRACK_THREAD, 1, 0, 6, "t");
    track(RN_TRACK_LANE, 2, 1, 6, "t");
    track(RN_TRACK_COUNTER, 3, 1, 0, "mem used");
    assert_ok(writer.format->track(&writer, &series, &err));
    assert_ok(writer.format->slice(&writer, &slice, &err));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        assert_ok(writer.format->counter(&writer, 3, START + i, values[i], &err));
    assert_ok(writer.format->counter(&writer, 4, START, 1, &err));
    text = finish();
    assert_non_null(strstr(text, "\"id\":\"0x1f\",\"name\":\"mem\",\"args\":{\"free\":1}}"));
    assert_non_null(strstr(text, "{\"ph\":\"b\",\"pid\":5,\"tid\":4294967297,\"ts\":800000000.000,"
                                 "\"id\":\"#1\",\"name\":\"s\",\"args\":{\"rn.parent\":\"0x3\"}}"));
    assert_non_null(strstr(text, "{\"ph\":\"e\",\"pid\":5,\"tid\":4294967297,\"ts\":800000002.000,"
                                 "\"id\":\"#1\",\"name\":\"s\"}"));
    assert_non_null(strstr(text, "\"name\":\"mem used\",\"args\":{\"value\":7}}"));
    assert_non_null(strstr(text, "{\"value\":0.1}}"));
    assert_non_null(strstr(text, "{\"value\":-1e+300}}"));
    assert_non_null(strstr(text, "{\"value\":\"NaN\"}}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_exact),
        cmocka_unit_test(kernels_are_what_pytorch_writes),
        cmocka_unit_test(anything_is_strict_json),
        cmocka_unit_test(overlapping_spans_and_counters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
