/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include "formats/import/import.h"
#include "libanalysis/clock.h"
#include "libanalysis/trace.h"

#define SECOND 1000000000ull
#define DAY    (1700000000ull * SECOND)

static unsigned problems;

static void on_problem(void *context, const struct rn_error *problem)
{
    (void)context;
    (void)problem;
    problems++;
}

static struct rn_import *new_import(bool keep_going, const struct rn_import_facts *facts)
{
    const struct rn_import_options options = {.path = path,
                                              .creator = "test 1.0",
                                              .tool = "tool",
                                              .name = "input.txt",
                                              .keep_going = keep_going,
                                              .on_problem = on_problem};
    struct rn_import *import;

    problems = 0;
    assert_ok(rn_import_new(&options, &import, &err));
    if (facts)
        assert_ok(rn_import_facts(import, facts, &err));
    return import;
}

static void add_span(struct rn_import *import, uint32_t stream, uint64_t start, uint64_t duration)
{
    struct rn_event event = {
        .kind = RN_KIND_SPAN, .stream = stream, .start = start, .duration = duration};

    assert_ok(rn_import_add(import, &event, &err));
}

static struct rn_reader *finish(struct rn_import *import)
{
    struct rn_reader *reader;

    assert_ok(rn_import_finish(import, &err));
    rn_import_free(import);
    assert_ok(rn_reader_open(path, &reader, &err));
    return reader;
}

static void threads_and_times(void **state)
{
    const struct rn_import_facts facts = {.clock = RN_IMPORT_REALTIME, .host = "there"};
    struct rn_import *import = new_import(false, &facts);
    struct rn_reader *reader;
    struct rn_clock clock;
    struct rn_event event;
    uint32_t one, two, again, queue, track;

    (void)state;
    assert_ok(rn_import_thread(import, 10, 10, "main", &one, &err));
    assert_ok(rn_import_thread(import, 10, 11, NULL, &two, &err));
    assert_ok(rn_import_thread(import, 10, 10, "other", &again, &err));
    assert_int_equal(one, again);
    assert_ok(rn_import_queue(import, 10, 0, 7, "stream 7", &queue, &err));
    assert_ok(rn_import_track(import, 0, 1, "track", &track, &err));
    assert_true(one != two && two != queue && queue != track);
    add_span(import, one, DAY, 5);
    add_span(import, two, DAY + 3, 100);
    /* It began before what came first. */
    add_span(import, queue, DAY - SECOND, 2 * SECOND);
    reader = finish(import);
    assert_string_equal(rn_reader_manifest(reader)->host, "there");
    assert_string_equal(rn_reader_manifest(reader)->engine, "tool");
    rn_clock_init(&clock, rn_reader_manifest(reader));
    event = next_of(reader, RN_KIND_SPAN);
    assert_int_equal(rn_clock_realtime(&clock, event.start), DAY - SECOND);
    assert_int_equal(event.stream, queue);
    event = next_of(reader, RN_KIND_SPAN);
    assert_int_equal(rn_clock_realtime(&clock, event.start), DAY);
    assert_int_equal(rn_clock_duration(&clock, event.duration), 5);
    rn_reader_free(reader);
}

static void disorder_is_sorted_by_ends(void **state)
{
    const struct rn_import_facts facts = {.clock = RN_IMPORT_REALTIME, .disorder = true};
    struct rn_import *import = new_import(false, &facts);
    struct rn_reader *reader;
    uint64_t last = 0;
    uint32_t stream;

    (void)state;
    assert_ok(rn_import_thread(import, 1, 1, NULL, &stream, &err));
    for (uint64_t i = 0; i < 50000; i++)
        add_span(import, stream, DAY + i * 30011 % 50000 * 10, 5);
    reader = finish(import);
    for (uint64_t i = 0; i < 50000; i++) {
        struct rn_event event = next_of(reader, RN_KIND_SPAN);

        assert_int_equal(event.ordinal, i);
        assert_true(event.start >= last);
        last = event.start;
    }
    rn_reader_free(reader);
}

static void a_pid_is_used_again(void **state)
{
    struct rn_import *import = new_import(false, NULL);
    uint32_t parent, first, second;

    (void)state;
    assert_ok(rn_import_thread(import, 5, 5, NULL, &parent, &err));
    assert_ok(rn_import_child(import, parent, 6, 6, NULL, &first, &err));
    assert_ok(rn_import_thread(import, 6, 6, NULL, &second, &err));
    assert_int_equal(first, second);
    add_span(import, first, 1, 1);
    rn_import_end_thread(import, 6, 6);
    assert_ok(rn_import_thread(import, 6, 6, NULL, &second, &err));
    assert_int_not_equal(first, second);
    /* It was met before its maker told of it. */
    assert_ok(rn_import_child(import, parent, 6, 6, NULL, &first, &err));
    assert_int_equal(first, second);
    /* And is made again, though nobody told of its end. */
    assert_ok(rn_import_child(import, parent, 6, 6, NULL, &second, &err));
    assert_int_not_equal(first, second);
    rn_import_free(import);
}

/* What a process runs is known wherever reading begins. */
static void images_are_restated(void **state)
{
    const struct rn_import_facts facts = {.clock = RN_IMPORT_REALTIME, .disorder = true};
    struct rn_import *import = new_import(false, &facts);
    const struct rn_attachment names[] = {
        {.type = RN_ATT_EXE, .arg = RN_ARG_NONE, .size = 8, .data = (const uint8_t *)"/bin/cat"},
        {.type = RN_ATT_NAME, .arg = RN_ARG_NONE, .size = 4, .data = (const uint8_t *)"main"}};
    struct rn_event start = {.kind = RN_KIND_PROCESS,
                             .start = DAY,
                             .u.process = {.op = RN_PROCESS_START, .pid = 9, .tid = 9},
                             .attachment_count = 2,
                             .attachments = names};
    struct rn_reader *reader;
    struct rn_event event;
    unsigned restated = 0;
    uint32_t stream;
    char name[64];

    (void)state;
    assert_ok(rn_import_thread(import, 9, 9, NULL, &stream, &err));
    start.stream = stream;
    assert_ok(rn_import_add(import, &start, &err));
    for (uint64_t i = 0; i < 700000; i++) {
        /* Something that does not compress, so that a segment fills. */
        uint64_t noise[6];
        struct rn_attachment text = {.type = RN_ATT_NAME, .arg = RN_ARG_NONE};
        struct rn_event span = {.kind = RN_KIND_SPAN,
                                .stream = stream,
                                .start = DAY + i,
                                .attachment_count = 1,
                                .attachments = &text};

        for (unsigned k = 0; k < 6; k++)
            noise[k] = (i + 1) * (k + 3) * 0x9e3779b97f4a7c15ull;
        memcpy(name, noise, sizeof noise);
        text.data = (const uint8_t *)name;
        text.size = sizeof noise;
        assert_ok(rn_import_add(import, &span, &err));
    }
    reader = finish(import);
    while (rn_reader_next_event(reader, &event, &err) == RN_OK) {
        /* The one before which that is done is whole. */
        if (event.kind == RN_KIND_SPAN)
            assert_non_null(rn_event_attachment(&event, RN_ATT_NAME, RN_ARG_ANY));
        restated += event.kind == RN_KIND_PROCESS && event.flags & RN_EVENT_SNAPSHOT &&
                    rn_event_attachment(&event, RN_ATT_EXE, RN_ARG_ANY) &&
                    rn_event_attachment(&event, RN_ATT_NAME, RN_ARG_ANY);
    }
    assert_true(restated > 0);
    rn_reader_free(reader);
}

static void what_is_malformed(void **state)
{
    struct rn_import *import = new_import(false, NULL);
    char text[600];

    (void)state;
    assert_status(rn_import_problem(import, 12, 0, &err, "no %s", "sense"), RN_E_FORMAT);
    assert_string_equal(rn_error_text(&err, text, sizeof text), "input.txt: line 12: no sense");
    err = (struct rn_error)RN_ERROR_INIT;
    assert_status(rn_import_problem(import, 0, 77, &err, "no sense"), RN_E_FORMAT);
    assert_string_equal(rn_error_text(&err, text, sizeof text), "input.txt: offset 77: no sense");
    err = (struct rn_error)RN_ERROR_INIT;
    rn_import_free(import);
    import = new_import(true, NULL);
    assert_ok(rn_import_problem(import, 12, 0, &err, "no sense"));
    assert_ok(rn_import_problem(import, 13, 0, &err, "no sense"));
    assert_int_equal(problems, 2);
    assert_int_equal(rn_import_account(import)->problems, 2);
    rn_import_note(import, "things", 2);
    rn_import_note(import, "other things", 1);
    rn_import_note(import, "things", 3);
    assert_int_equal(rn_import_account(import)->note_count, 2);
    assert_int_equal(rn_import_account(import)->notes[0].count, 5);
    /* Nothing came of it: nothing is left. */
    assert_status(rn_import_finish(import, &err), RN_E_FORMAT);
    err = (struct rn_error)RN_ERROR_INIT;
    rn_import_free(import);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_not_equal(access(part, F_OK), 0);
}

/* Given up half way: no part of an archive stays. */
static void nothing_is_left(void **state)
{
    struct rn_import *import = new_import(false, NULL);
    uint32_t stream;

    (void)state;
    assert_ok(rn_import_thread(import, 1, 1, NULL, &stream, &err));
    add_span(import, stream, 1, 1);
    rn_import_free(import);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_not_equal(access(part, F_OK), 0);
}

static void times_without_sense(void **state)
{
    struct rn_import *import = new_import(false, NULL);
    struct rn_event event = {.kind = RN_KIND_SPAN, .start = UINT64_MAX - 5, .duration = 10};
    uint32_t stream;

    (void)state;
    assert_ok(rn_import_thread(import, 1, 1, NULL, &stream, &err));
    event.stream = stream;
    assert_status(rn_import_add(import, &event, &err), RN_E_FORMAT);
    add_span(import, stream, 1ull << 62, 1);
    event.start = 1;
    event.duration = 1;
    assert_status(rn_import_add(import, &event, &err), RN_E_FORMAT);
    err = (struct rn_error)RN_ERROR_INIT;
    rn_import_free(import);
}

/* What cannot be placed is left out, and the rest is whole. */
static void too_early_is_left_out(void **state)
{
    struct rn_import *import = new_import(false, NULL);
    struct rn_event event = {.kind = RN_KIND_SPAN, .duration = 1};
    struct rn_reader *reader;
    char text[600];
    uint32_t stream;

    (void)state;
    assert_ok(rn_import_thread(import, 1, 1, NULL, &event.stream, &err));
    add_span(import, event.stream, DAY, 1);
    event.start = DAY - (1ull << 47) - 1;
    assert_status(rn_import_add(import, &event, &err), RN_E_FORMAT);
    assert_int_equal(strncmp(rn_error_text(&err, text, sizeof text), "input.txt: an event is", 22),
                     0);
    err = (struct rn_error)RN_ERROR_INIT;
    rn_import_free(import);
    import = new_import(true, NULL);
    assert_ok(rn_import_thread(import, 1, 1, NULL, &stream, &err));
    add_span(import, stream, DAY, 1);
    assert_ok(rn_import_add(import, &event, &err));
    event.start = UINT64_MAX;
    assert_ok(rn_import_add(import, &event, &err));
    event.start = UINT64_MAX - 1;
    assert_ok(rn_import_add(import, &event, &err));
    add_span(import, stream, DAY - (1ull << 47), 1);
    assert_int_equal(problems, 3);
    assert_int_equal(rn_import_account(import)->problems, 3);
    assert_int_equal(rn_import_account(import)->events, 2);
    assert_int_equal(rn_import_account(import)->counts[RN_KIND_SPAN], 2);
    reader = finish(import);
    assert_int_equal(next_of(reader, RN_KIND_SPAN).start, 0);
    assert_int_equal(next_of(reader, RN_KIND_SPAN).start, 1ull << 47);
    rn_reader_free(reader);
}

static void too_far_apart_to_sort(void **state)
{
    const struct rn_import_facts facts = {.clock = RN_IMPORT_REALTIME, .disorder = true};
    struct rn_import *import = new_import(true, &facts);
    struct rn_event event = {.kind = RN_KIND_SPAN, .start = UINT64_MAX - 1, .duration = 1};
    struct rn_reader *reader;

    (void)state;
    assert_ok(rn_import_thread(import, 1, 1, NULL, &event.stream, &err));
    add_span(import, event.stream, DAY, 1);
    assert_ok(rn_import_add(import, &event, &err));
    add_span(import, event.stream, DAY - (1ull << 50), 1);
    assert_int_equal(problems, 1);
    assert_int_equal(rn_import_account(import)->events, 2);
    reader = finish(import);
    assert_int_equal(next_of(reader, RN_KIND_SPAN).start, 1ull << 47);
    assert_int_equal(next_of(reader, RN_KIND_SPAN).start, (1ull << 47) + (1ull << 50));
    rn_reader_free(reader);
}

static void notices_and_losses(void **state)
{
    struct rn_import *import = new_import(false, NULL);
    struct rn_reader *reader;
    struct rn_event event;
    uint32_t stream;

    (void)state;
    assert_ok(rn_import_thread(import, 1, 1, NULL, &stream, &err));
    add_span(import, stream, SECOND, 1);
    assert_ok(rn_import_notice(import, RN_NOTICE_CLOCK, "no dates", &err));
    assert_ok(rn_import_notice(import, RN_NOTICE_CLOCK, "no dates", &err));
    assert_ok(rn_import_loss(import, RN_KIND_SYSCALL, 3, "lost there", &err));
    reader = finish(import);
    event = next_of(reader, RN_KIND_LOSS);
    assert_int_equal(event.u.loss.count, 3);
    event = next_of(reader, RN_KIND_NOTICE);
    assert_int_equal(event.u.notice.code, RN_NOTICE_CLOCK);
    while (rn_reader_next_event(reader, &event, &err) == RN_OK)
        assert_int_not_equal(event.kind, RN_KIND_NOTICE);
    rn_reader_free(reader);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(threads_and_times),     CASE(disorder_is_sorted_by_ends), CASE(a_pid_is_used_again),
        CASE(images_are_restated),   CASE(what_is_malformed),          CASE(nothing_is_left),
        CASE(times_without_sense),   CASE(notices_and_losses),         CASE(too_early_is_left_out),
        CASE(too_far_apart_to_sort),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
