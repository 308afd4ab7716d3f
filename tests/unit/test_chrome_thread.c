/* SPDX-License-Identifier: MIT */
/* Processes and threads in the Trace Event Format. */
#include "chrome_fixture.h"

/* Names instead of numbers, as PyTorch's older profiler writes; times of 1970 and of today. */
static void processes_and_times(void **state)
{
    struct rn_reader *reader =
        read_back("[{\"ph\":\"X\",\"name\":\"a\",\"pid\":\"CPU functions\",\"tid\":1,\"ts\":238,"
                  "\"dur\":69,\"args\":{}}]");
    struct rn_event event = next_of(reader, RN_KIND_PROCESS);

    (void)state;
    assert_attached(&event, RN_ATT_EXE, "CPU functions");
    event = next_of(reader, RN_KIND_SPAN);
    assert_attached(&event, RN_ATT_TEXT, NULL);
    assert_true(rn_reader_manifest(reader)->start.realtime_ns == 238000);
    done(reader);
    reader = read_back("[{\"ph\":\"X\",\"name\":\"a\",\"pid\":1,\"tid\":1,"
                       "\"ts\":1664231912345678.9,\"dur\":1}]");
    assert_true(rn_reader_manifest(reader)->start.realtime_ns == 1664231912345678900);
    done(reader);
    /* What is told behind the events, as clang does. */
    reader = read_back("{\"traceEvents\":[{\"ph\":\"X\",\"name\":\"a\",\"pid\":1,\"tid\":1,"
                       "\"ts\":-2.5,\"dur\":1}],\"beginningOfTime\":1664231912345678}");
    assert_true(rn_reader_manifest(reader)->start.realtime_ns == 1664231912345675500);
    done(reader);
}

/* Each name is a process of its own, up to 4096 of them; the others are as the last one. */
static void many_named_processes(void **state)
{
    enum { KEPT = 4096, ALL = 4100 };
    uint32_t *streams = calloc(ALL, sizeof *streams);
    struct rn_buf text = RN_BUF_INIT;
    struct rn_reader *reader;

    (void)state;
    assert_non_null(streams);
    for (unsigned i = 0; i < 2 * ALL; i++)
        rn_buf_printf(&text,
                      "%s{\"ph\":\"i\",\"name\":\"n\",\"pid\":\"name %u\",\"tid\":1,"
                      "\"ts\":%u}",
                      i ? "," : "[", i % ALL, i);
    rn_buf_append(&text, "]", 2);
    assert_false(text.failed);
    reader = read_back((const char *)text.data);
    for (unsigned i = 0; i < 2 * ALL; i++) {
        struct rn_event event = next_of(reader, RN_KIND_SPAN);

        if (i < ALL)
            streams[i] = event.stream;
        assert_int_equal(event.stream, streams[i % ALL]);
        if (i > 0 && i < ALL)
            assert_int_equal(streams[i], streams[i - 1] + (i < KEPT));
    }
    assert_int_equal(noted("over 4096"), 2 * (ALL - KEPT));
    done(reader);
    rn_buf_free(&text);
    free(streams);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(processes_and_times),
        CASE(many_named_processes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
