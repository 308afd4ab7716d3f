/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include "formats/buf.h"
#include "formats/export/speedscope_write.h"

#define ZERO (1700000000ull * 1000000000)

static struct rn_buf out;
static uint64_t noted;

static void note(void *context, const char *what, uint64_t count)
{
    (void)context;
    (void)what;
    noted += count;
}

static struct rn_slice_writer begin(void)
{
    struct rn_slice_writer writer = {.format = &rn_speedscope_format, .out = &out, .note = note};
    const struct rn_slice_facts facts = {.creator = "test \"1\""};

    rn_buf_clear(&out);
    noted = 0;
    assert_ok(rn_speedscope_format.begin(&writer, &facts, &err));
    return writer;
}

static void track(struct rn_slice_writer *writer, uint64_t id, enum rn_track_type type,
                  const char *name)
{
    const struct rn_track track = {.id = id, .type = type, .pid = 4, .tid = id, .name = name};

    assert_ok(rn_speedscope_format.track(writer, &track, &err));
}

static void slice(struct rn_slice_writer *writer, uint64_t track, uint64_t start, uint64_t duration,
                  const char *name)
{
    const struct rn_slice slice = {
        .track = track, .start_ns = ZERO + start, .duration_ns = duration, .name = name};

    assert_ok(rn_speedscope_format.slice(writer, &slice, &err));
}

static void end(struct rn_slice_writer *writer, const char *wanted)
{
    assert_ok(rn_speedscope_format.end(writer, &err));
    rn_speedscope_format.free_state(writer);
    rn_buf_byte(&out, 0);
    assert_false(out.failed);
    const char *profiles = strstr((const char *)out.data, "\"profiles\"");
    assert_non_null(profiles);
    assert_string_equal(profiles, wanted);
    rn_buf_free(&out);
}

static void profiles_and_frames(void **state)
{
    struct rn_slice_writer writer = begin();

    (void)state;
    track(&writer, 1, RN_TRACK_PROCESS, "prog");
    track(&writer, 7, RN_TRACK_THREAD, "main");
    track(&writer, 9, RN_TRACK_QUEUE, "que\xff\"ue");
    /* In order of time, on two tracks; the inner one begins with the outer. */
    slice(&writer, 7, 5, 20, "outer");
    slice(&writer, 7, 5, 10, "inner");
    slice(&writer, 9, 6, 1, "k");
    slice(&writer, 7, 15, 20, "inner"); /* longer than what is around it: cut */
    slice(&writer, 7, 25, 0, "k");
    end(&writer, "\"profiles\":["
                 "\n{\"type\":\"evented\",\"name\":\"main (4/7)\",\"unit\":\"nanoseconds\","
                 "\"startValue\":0,\"endValue\":30,\"events\":["
                 "{\"type\":\"O\",\"at\":0,\"frame\":0},{\"type\":\"O\",\"at\":0,\"frame\":1},"
                 "{\"type\":\"C\",\"at\":10,\"frame\":1},{\"type\":\"O\",\"at\":10,\"frame\":1},"
                 "{\"type\":\"C\",\"at\":20,\"frame\":1},{\"type\":\"C\",\"at\":20,\"frame\":0},"
                 "{\"type\":\"O\",\"at\":20,\"frame\":2},{\"type\":\"C\",\"at\":20,\"frame\":2}]},"
                 "\n{\"type\":\"evented\",\"name\":\"que\\\\xff\\\"ue\",\"unit\":\"nanoseconds\","
                 "\"startValue\":0,\"endValue\":2,\"events\":["
                 "{\"type\":\"O\",\"at\":1,\"frame\":2},{\"type\":\"C\",\"at\":2,\"frame\":2}]}"
                 "\n],\"shared\":{\"frames\":["
                 "\n{\"name\":\"outer\"},\n{\"name\":\"inner\"},\n{\"name\":\"k\"}\n]}}\n");
    assert_int_equal(noted, 0);
}

static void what_has_no_place(void **state)
{
    struct rn_slice_writer writer = begin();
    const struct rn_slice moment = {
        .track = 7, .start_ns = ZERO, .instant = true, .name = "moment"};

    (void)state;
    track(&writer, 7, RN_TRACK_THREAD, "main");
    track(&writer, 8, RN_TRACK_COUNTER, "count");
    assert_ok(rn_speedscope_format.slice(&writer, &moment, &err));
    assert_ok(rn_speedscope_format.counter(&writer, 8, ZERO, 1.5, &err));
    /* There is nothing that takes time. */
    assert_status(rn_speedscope_format.end(&writer, &err), RN_E_FORMAT);
    slice(&writer, 7, 0, 1, "one");
    assert_ok(rn_speedscope_format.end(&writer, &err));
    assert_int_equal(noted, 2);
    rn_speedscope_format.free_state(&writer);
    rn_buf_free(&out);
    err = (struct rn_error)RN_ERROR_INIT;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profiles_and_frames),
        cmocka_unit_test(what_has_no_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
