/* SPDX-License-Identifier: MIT */
#include "chrome_fixture.h"

/* Nanoseconds since the first event. */
static uint64_t since_first(const struct rn_event *event)
{
    return event->start - ((uint64_t)1 << 47);
}

static void kineto_becomes_kernels(void **state)
{
    struct rn_reader *reader = read_back(
        "{\"schemaVersion\":1,\"baseTimeNanoseconds\":1743521598000000000,\"traceEvents\":[\n"
        "{\"ph\":\"X\",\"cat\":\"cuda_runtime\",\"name\":\"cudaLaunchKernel\",\"pid\":10,"
        "\"tid\":11,\"ts\":100.001,\"dur\":5.5,\"args\":{\"External id\":4,\"cbid\":211,"
        "\"correlation\":42}},\n"
        "{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"gemm\",\"pid\":0,\"tid\":7,\"ts\":107.25,"
        "\"dur\":2.208,\"args\":{\"External id\":4,\"queued\":0,\"device\":0,\"context\":1,"
        "\"stream\":7,\"correlation\":42,\"registers per thread\":18,\"shared memory\":512,"
        "\"warps per SM\":NaN,\"grid\":[8,2,1],\"block\":[64,1,1]}},\n"
        "{\"ph\":\"X\",\"cat\":\"gpu_memcpy\",\"name\":\"Memcpy DtoH (Device -> Pageable)\","
        "\"pid\":0,\"tid\":7,\"ts\":110,\"dur\":1,\"args\":{\"device\":0,\"context\":1,"
        "\"stream\":7,\"correlation\":43,\"bytes\":1000}},\n"
        "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":0,\"tid\":7,\"args\":{\"name\":\"stream "
        "7\"}}]}");
    struct rn_event event = next_of(reader, RN_KIND_API);
    const struct rn_kernel *kernel;

    (void)state;
    assert_int_equal(since_first(&event), 0);
    assert_int_equal(event.duration, 5500);
    assert_int_equal(event.u.api.correlation, 42);
    assert_int_equal(event.u.api.api, RN_API_CUDA);
    assert_attached(&event, RN_ATT_NAME, "cudaLaunchKernel");
    assert_attached(&event, RN_ATT_TEXT, "{\"External id\":4,\"cbid\":211}");
    assert_true(rn_reader_manifest(reader)->start.realtime_ns == 1743521598000100001);
    event = next_of(reader, RN_KIND_KERNEL);
    kernel = &event.u.kernel;
    assert_int_equal(since_first(&event), 7249);
    assert_int_equal(event.duration, 2208);
    assert_int_equal(kernel->queue, 7);
    assert_int_equal(kernel->correlation, 42);
    assert_int_equal(kernel->registers, 18);
    assert_int_equal(kernel->shared_bytes, 512);
    assert_int_equal(kernel->grid[0] * 100 + kernel->grid[1] * 10 + kernel->grid[2], 821);
    assert_int_equal(kernel->group[0], 64);
    assert_attached(&event, RN_ATT_TEXT, "{\"External id\":4,\"warps per SM\":\"NaN\"}");
    assert_int_equal(noted("NaN"), 1);
    event = next_of(reader, RN_KIND_TRANSFER);
    assert_int_equal(event.u.transfer.direction, RN_DIRECTION_FROM_DEVICE);
    assert_int_equal(event.u.transfer.bytes, 1000);
    done(reader);
}

/* Where a correlation is missing, launch and kernel have the id of what they are of. */
static void external_ids(void **state)
{
    struct rn_reader *reader =
        read_back("[{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"k\",\"pid\":1,\"tid\":7,\"ts\":1,"
                  "\"dur\":1,\"args\":{\"External id\":1619}}]");
    struct rn_event event = next_of(reader, RN_KIND_KERNEL);

    (void)state;
    assert_int_equal(event.u.kernel.correlation, 1619);
    assert_int_equal(event.u.kernel.queue, 7);
    done(reader);
}

static void directions(void **state)
{
    static const struct {
        const char *name;
        uint64_t direction;
    } cases[] = {
        {"Memcpy HtoD (Pinned -> Device)", RN_DIRECTION_TO_DEVICE},
        {"Memcpy DtoH (Device -> Pageable)", RN_DIRECTION_FROM_DEVICE},
        {"Memcpy DtoD (Device -> Device)", RN_DIRECTION_ON_DEVICE},
        {"Memcpy PtoP (Device -> Device)", RN_DIRECTION_PEER},
        {"Memcpy HtoH (Pageable -> Pageable)", RN_DIRECTION_ON_HOST},
        {"Memcpy AtoD (Array -> Device)", RN_DIRECTION_ON_DEVICE},
        {"Memset (Device)", RN_DIRECTION_FILL},
        {"Memcpy XtoY", RN_DIRECTION_UNKNOWN},
        {"Memcpy", RN_DIRECTION_UNKNOWN},
        {"", RN_DIRECTION_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rn_reader *reader;
        struct rn_event event;
        char text[256];

        snprintf(text, sizeof text,
                 "[{\"ph\":\"X\",\"cat\":\"gpu_memcpy\",\"name\":\"%s\",\"pid\":0,\"tid\":7,"
                 "\"ts\":1,\"dur\":1}]",
                 cases[i].name);
        reader = read_back(text);
        event = next_of(reader, RN_KIND_TRANSFER);
        assert_int_equal(event.u.transfer.direction, cases[i].direction);
        done(reader);
    }
}

/* Marks and waits are on the queue, also those that come before its first kernel; and what others
 * call a kernel is none. */
static void what_is_on_queues(void **state)
{
    struct rn_reader *reader = read_back(
        "[{\"ph\":\"X\",\"cat\":\"cpu_op\",\"name\":\"o\",\"pid\":10,\"tid\":11,\"ts\":1,\"dur\":1}"
        ","
        "{\"ph\":\"X\",\"cat\":\"gpu_user_annotation\",\"name\":\"m\",\"pid\":0,\"tid\":7,\"ts\":2,"
        "\"dur\":9},"
        "{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"k\",\"pid\":0,\"tid\":7,\"ts\":3,\"dur\":1,"
        "\"args\":{\"device\":0,\"stream\":7}},"
        "{\"ph\":\"X\",\"cat\":\"cuda_sync\",\"name\":\"Stream Sync\",\"pid\":0,\"tid\":7,\"ts\":4,"
        "\"dur\":1,\"args\":{\"device\":0,\"stream\":7,\"correlation\":5}},"
        "{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"schedule\",\"pid\":10,\"tid\":11,\"ts\":5,"
        "\"dur\":1,\"args\":{\"cpu\":1}}]");
    struct rn_event event = next_of(reader, RN_KIND_SPAN);
    uint32_t thread = event.stream, queue;

    (void)state;
    event = next_of(reader, RN_KIND_SPAN);
    assert_attached(&event, RN_ATT_NAME, "m");
    queue = event.stream;
    assert_int_not_equal(queue, thread);
    event = next_of(reader, RN_KIND_KERNEL);
    assert_int_equal(event.stream, queue);
    event = next_of(reader, RN_KIND_API);
    assert_int_equal(event.u.api.layer, RN_CUDA_WAIT);
    assert_int_equal(event.stream, queue);
    event = next_of(reader, RN_KIND_SPAN);
    assert_attached(&event, RN_ATT_CATEGORY, "kernel");
    assert_int_equal(event.stream, thread);
    done(reader);
}

static void begins_and_ends(void **state)
{
    struct rn_reader *reader = read_back(
        "[{\"ph\":\"B\",\"name\":\"outer\",\"pid\":1,\"tid\":2,\"ts\":1,\"args\":{\"a\":1}},"
        "{\"ph\":\"B\",\"name\":\"inner\",\"pid\":1,\"tid\":2,\"ts\":2},"
        "{\"ph\":\"E\",\"pid\":1,\"tid\":2,\"ts\":3},"
        "{\"ph\":\"E\",\"pid\":1,\"tid\":2,\"ts\":\"4\",\"args\":{\"b\":2}},"
        "{\"ph\":\"E\",\"pid\":1,\"tid\":2,\"ts\":5},"
        "{\"ph\":\"B\",\"name\":\"open\",\"pid\":1,\"tid\":3,\"ts\":6},"
        "{\"ph\":\"i\",\"name\":\"moment\",\"pid\":1,\"tid\":2,\"ts\":9}");
    struct rn_event event = next_of(reader, RN_KIND_SPAN);

    (void)state;
    assert_attached(&event, RN_ATT_NAME, "outer");
    assert_attached(&event, RN_ATT_TEXT, "{\"a\":1,\"b\":2}");
    assert_int_equal(event.duration, 3000);
    event = next_of(reader, RN_KIND_SPAN);
    assert_attached(&event, RN_ATT_NAME, "inner");
    assert_int_equal(event.duration, 1000);
    event = next_of(reader, RN_KIND_SPAN);
    assert_attached(&event, RN_ATT_NAME, "open");
    assert_true(event.flags & RN_EVENT_UNFINISHED);
    assert_int_equal(event.duration, 3000);
    event = next_of(reader, RN_KIND_SPAN);
    assert_attached(&event, RN_ATT_NAME, "moment");
    assert_int_equal(event.u.span.form, RN_SPAN_INSTANT);
    assert_int_equal(noted("(phase E) without a begin"), 1);
    assert_int_equal(noted("without an end"), 1);
    done(reader);
}

static void asynchronous_spans(void **state)
{
    struct rn_reader *reader = read_back(
        "[{\"ph\":\"b\",\"cat\":\"c\",\"name\":\"x\",\"id\":\"0x1\",\"pid\":1,\"tid\":1,\"ts\":1},"
        "{\"ph\":\"b\",\"cat\":\"c\",\"name\":\"x\",\"id\":\"0x2\",\"pid\":1,\"tid\":1,\"ts\":2},"
        /* another category: none of these */
        "{\"ph\":\"e\",\"cat\":\"d\",\"name\":\"x\",\"id\":\"0x1\",\"pid\":1,\"tid\":1,\"ts\":3},"
        "{\"ph\":\"e\",\"cat\":\"c\",\"name\":\"x\",\"id\":1,\"pid\":1,\"tid\":2,\"ts\":3},"
        "{\"ph\":\"e\",\"cat\":\"c\",\"name\":\"x\",\"id\":\"0x1\",\"pid\":1,\"tid\":2,\"ts\":4},"
        "{\"ph\":\"n\",\"cat\":\"c\",\"name\":\"y\",\"id\":\"0x2\",\"pid\":1,\"tid\":1,\"ts\":5},"
        /* the end comes first */
        "{\"ph\":\"e\",\"cat\":\"c\",\"name\":\"z\",\"id2\":{\"local\":\"0x9\"},\"pid\":1,"
        "\"tid\":1,\"ts\":8},"
        "{\"ph\":\"b\",\"cat\":\"c\",\"name\":\"z\",\"id2\":{\"local\":\"0x9\"},\"pid\":2,"
        "\"tid\":1,\"ts\":6},"
        "{\"ph\":\"b\",\"cat\":\"c\",\"name\":\"z\",\"id2\":{\"local\":\"0x9\"},\"pid\":1,"
        "\"tid\":1,\"ts\":7},"
        "{\"ph\":\"e\",\"cat\":\"c\",\"name\":\"x\",\"id\":\"0x2\",\"pid\":1,\"tid\":1,\"ts\":9}]");
    static const struct {
        const char *name;
        uint64_t id, start, duration;
    } wanted[] = {{"x", 1, 0, 3000},
                  {"x", 2, 1000, 7000},
                  {"y", 2, 4000, 0},
                  {"z", 9, 5000, 3000},
                  {"z", 9, 6000, 1000}};

    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        struct rn_event event = next_of(reader, RN_KIND_SPAN);

        assert_attached(&event, RN_ATT_NAME, wanted[i].name);
        assert_int_equal(event.u.span.id, wanted[i].id);
        assert_int_equal(since_first(&event), wanted[i].start);
        assert_int_equal(event.duration, wanted[i].duration);
        assert_int_equal(event.u.span.form, wanted[i].duration ? RN_SPAN_ASYNC : RN_SPAN_INSTANT);
    }
    assert_int_equal(noted("(phase e, F) without a begin"), 2);
    assert_int_equal(noted("without an end"), 1);
    done(reader);
}

static void flows_and_counters(void **state)
{
    struct rn_reader *reader = read_back(
        "{\"traceEvents\":[{\"ph\":\"s\",\"cat\":\"c\",\"name\":\"f\",\"id\":5,\"pid\":1,"
        "\"tid\":1,\"ts\":1},"
        "{\"ph\":\"f\",\"bp\":\"e\",\"cat\":\"c\",\"name\":\"f\",\"id\":5,\"pid\":1,\"tid\":2,"
        "\"ts\":2},"
        "{\"ph\":\"C\",\"name\":\"mem\",\"pid\":1,\"ts\":3,\"args\":{\"used\":1.5,\"free\":\"2\","
        "\"why\":\"x\"}},"
        "{\"ph\":\"C\",\"name\":\"one\",\"pid\":1,\"ts\":4,\"args\":{\"value\":7}},{}],"
        "\"other\":[1,{\"a\":\"]\"}]}");
    struct rn_event event = next_of(reader, RN_KIND_FLOW);
    double value;

    (void)state;
    assert_int_equal(event.u.flow.id, 5);
    assert_int_equal(event.u.flow.phase, RN_FLOW_BEGIN);
    assert_attached(&event, RN_ATT_CATEGORY, "c");
    event = next_of(reader, RN_KIND_FLOW);
    assert_int_equal(event.u.flow.phase, RN_FLOW_END);
    event = next_of(reader, RN_KIND_COUNTER);
    memcpy(&value, &event.u.counter.value, sizeof value);
    assert_true(value == 1.5);
    assert_attached(&event, RN_ATT_TEXT, "used");
    event = next_of(reader, RN_KIND_COUNTER);
    assert_attached(&event, RN_ATT_TEXT, "free");
    event = next_of(reader, RN_KIND_COUNTER);
    assert_attached(&event, RN_ATT_NAME, "one");
    assert_attached(&event, RN_ATT_TEXT, NULL);
    assert_int_equal(noted("no numbers"), 1);
    assert_int_equal(noted("beside the list"), 1);
    done(reader);
}

static void texts(void **state)
{
    static const char text[] =
        "\xef\xbb\xbf [{\"name\":\"a\\u00e9\\ud83d\\ude00\",\"ph\":\"X\",\"pid\":1,\"tid\":1,"
        "\"ts\":1,\"dur\":1,\"dur\":2},"
        "{\"name\":\"\xff\xfe\",\"ph\":\"i\",\"pid\":1,\"tid\":1,\"ts\":2,"
        "\"args\":{\"x\":\"\xff\"}},"
        "{\"name\":\"\\ud800\",\"ph\":\"I\",\"pid\":1,\"tid\":1,\"ts\":3,\"tts\":1}]\n";
    struct rn_reader *reader = read_back(text);
    struct rn_event event = next_of(reader, RN_KIND_SPAN);

    (void)state;
    assert_attached(&event, RN_ATT_NAME, "\x61\xc3\xa9\xf0\x9f\x98\x80");
    /* Of a key that is there twice the last counts; its end comes with that of the next event. */
    assert_int_equal(event.duration, 2000);
    assert_int_equal(noted("twice"), 1);
    event = next_of(reader, RN_KIND_SPAN);
    assert_int_equal(noted("thread's own clock"), 1);
    event = next_of(reader, RN_KIND_SPAN);
    assert_int_equal(noted("surrogate"), 1);
    assert_int_equal(noted("no UTF-8"), 1);
    done(reader);
}

#define EVENT "{\"ph\":\"i\",\"name\":\"n\",\"pid\":1,\"tid\":1,\"ts\":1}"

static void damage_is_left_out(void **state)
{
    static const struct {
        const char *text;
        uint64_t events, problems;
        const char *what;
    } cases[] = {
        {"[" EVENT ",{\"ph\":\"i\",\"name\":\"x,\"pid\":1}," EVENT "]", 2, 1, "comma"},
        {"[" EVENT ",{\"ph\":\"i\",\"na" EVENT "," EVENT "]", 3, 1, "colon"},
        {"[" EVENT ",garbage," EVENT "]", 2, 1, "event was expected"},
        {"[" EVENT ",{\"ph\":\"i\",\"args\":{\"ph\":1}", 1, 1, "ends within an event"},
        {"[" EVENT ",{\"ph\":\"i\",\"name\":\"unended", 1, 1, "ends within an event"},
        {"{\"traceEvents\":[" EVENT, 1, 1, "ends within"},
        {"{\"traceEvents\":[" EVENT "]", 1, 1, "ends before"},
        {"{\"traceEvents\":[" EVENT ",{\"ph\":\"i\"", 1, 1, "ends within an event"},
        {"[" EVENT "] trailing", 1, 1, "stands behind"},
        {"{\"traceEvents\":[" EVENT "],\"a\":", 1, 1, "value was expected"},
        {"[" EVENT ",{\"ph\":\"i\",\"name\":\"n\"}]", 1, 1, "without ts"},
        {"[" EVENT ",{\"ph\":\"i\",\"ts\":NaN}]", 1, 1, "no number"},
        {"[" EVENT ",{\"ph\":\"i\",\"ts\":1e99}]", 1, 1, "no number"},
        {"[" EVENT ",{\"ts\":1}]", 1, 1, "without ph"},
        {"[" EVENT ",{\"ph\":\"i\",\"ts\":1,\"args\":{\"a\" 1}}]", 1, 1, "no JSON object"},
        {"[" EVENT ",{\"ph\":\"X\",\"ts\":1,\"dur\":\"long\"}]", 1, 1, "dur"},
        {"{\"traceEvents\":[" EVENT "],\"a\" 1," EVENT "}", 2, 1, "colon"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = cases[i].text;

        assert_status(convert(text, strlen(text), false), RN_E_FORMAT);
        assert_true(err.has_offset);
        rn_import_free(import);
        assert_ok(convert(text, strlen(text), true));
        if (account->events != cases[i].events || account->problems != cases[i].problems ||
            !strstr(problem_text, cases[i].what))
            fail_msg("%s: %llu events, %llu problems: %s", text,
                     (unsigned long long)account->events, (unsigned long long)account->problems,
                     problem_text);
        rn_import_free(import);
    }
    /* The place that is told is where it makes no sense. */
    assert_ok(convert("[" EVENT ",x]", strlen("[" EVENT ",x]"), true));
    assert_int_equal(problem_offset, strlen("[" EVENT ","));
    rn_import_free(import);
}

/* Events of any size, over the borders of what is read at once. */
static void long_events(void **state)
{
    size_t pad = 3000000, size = 0;
    char *text = malloc(4 * pad);

    (void)state;
    assert_non_null(text);
    size += (size_t)sprintf(text, "{\"skipped\":\"");
    memset(text + size, 'x', pad);
    size += pad;
    size += (size_t)sprintf(text + size,
                            "\",\"traceEvents\":[" EVENT ",{\"ph\":\"i\",\"ts\":1,\"name\":\"");
    memset(text + size, 'y', pad);
    size += pad;
    size += (size_t)sprintf(text + size, "\"}," EVENT "]}");
    assert_ok(convert(text, size, false));
    assert_int_equal(account->events, 3);
    assert_int_equal(noted("64 KiB"), 1);
    rn_import_free(import);
    free(text);
}

static void recognised_by_content(void **state)
{
    static const char *const yes[] = {"{\"traceEvents\":[", " [\n{\"name\":\"a\",\"ph\":\"X\"",
                                      "{\"schemaVersion\":1,\"deviceProperties\":[{"};
    static const char *const no[] = {"", " ", "{\"a\":1}", "[1,2]", "<xml>", "[{\"cmd\":\"x\"}]"};

    (void)state;
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        assert_int_not_equal(rn_chrome_import.recognise((const uint8_t *)yes[i], strlen(yes[i])),
                             0);
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        assert_int_equal(rn_chrome_import.recognise((const uint8_t *)no[i], strlen(no[i])), 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(kineto_becomes_kernels),
        CASE(external_ids),
        CASE(directions),
        CASE(what_is_on_queues),
        CASE(begins_and_ends),
        CASE(asynchronous_spans),
        CASE(flows_and_counters),
        CASE(texts),
        CASE(damage_is_left_out),
        CASE(long_events),
        CASE(recognised_by_content),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
