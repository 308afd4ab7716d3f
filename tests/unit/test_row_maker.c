/* SPDX-License-Identifier: MIT */
#include "render_fixture.h"

#include "formats/event_schema.h"
#include "libanalysis/row_maker.h"

#include <ctype.h>
#include <fcntl.h>

static struct rn_error err;
static struct rn_row_maker *rows;

static const struct rn_manifest manifest = {
    .uuid = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
    .host = "here",
    .tick_unit = RN_TICK_NS,
    .start = {.ticks = 1000, .monotonic_ns = 1000, .realtime_ns = 1700000000000000000},
};

static int begin(void **state)
{
    if (setup(state) != 0)
        return -1;
    return rn_row_maker_new(&manifest, trace, "test 1.0", &rows, &err) == RN_OK ? 0 : -1;
}

static int end(void **state)
{
    rn_row_maker_free(rows);
    return teardown(state);
}

static const struct rn_row_value *value_of(const struct rn_row *row, const char *column)
{
    for (unsigned i = 0; i < row->table->column_count; i++)
        if (strcmp(row->table->columns[i].name, column) == 0)
            return &row->values[i];
    fail_msg("table %s has no column %s", row->table->name, column);
    return NULL;
}

static void assert_empty(const struct rn_row *row, const char *column)
{
    assert_int_equal(value_of(row, column)->type, RN_ROW_NULL);
}

static void assert_number(const struct rn_row *row, const char *column, int64_t number)
{
    const struct rn_row_value *value = value_of(row, column);

    assert_int_equal(value->type, RN_ROW_INTEGER);
    assert_int_equal(value->u.integer, number);
}

static void assert_text(const struct rn_row *row, const char *column, const char *text)
{
    const struct rn_row_value *value = value_of(row, column);

    assert_int_equal(value->type, RN_ROW_TEXT);
    assert_int_equal(value->u.text.size, strlen(text));
    assert_memory_equal(value->u.text.data, text, strlen(text));
}

static struct rn_row row_of(const struct rn_event *event)
{
    struct rn_row row;

    assert_int_equal(rn_row_maker_event(rows, event, &row, &err), RN_OK);
    return row;
}

static bool is_name(const char *name)
{
    if (!isalpha((unsigned char)*name))
        return false;
    while (*name && (isalnum((unsigned char)*name) || *name == '_'))
        name++;
    return !*name;
}

/* Names that every store takes, none twice; and what is not nullable never is NULL. */
static void tables_are_sound(void **state)
{
    size_t count;
    const struct rn_row_table *const *tables = rn_row_maker_tables(rows, &count);

    (void)state;
    assert_in_range(count, 15, RN_ROW_MAX_TABLES);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(tables[i]->number, i);
        assert_true(is_name(tables[i]->name));
        assert_in_range(tables[i]->column_count, 5, RN_ROW_MAX_COLUMNS - 1);
        for (unsigned c = 0; c < tables[i]->column_count; c++) {
            assert_true(is_name(tables[i]->columns[c].name));
            for (unsigned other = 0; other < c; other++)
                assert_string_not_equal(tables[i]->columns[c].name, tables[i]->columns[other].name);
        }
    }
}

static void every_kind_fills_what_must_be(void **state)
{
    (void)state;
    for (uint8_t kind = 1; kind < RN_KIND_STREAM; kind++) {
        struct rn_event event = {.kind = kind, .stream = 1, .start = 2000};
        struct rn_row row;

        if (!rn_schema_get(kind))
            continue;
        row = row_of(&event);
        for (unsigned c = 0; c < row.table->column_count; c++) {
            const struct rn_row_column *column = &row.table->columns[c];

            if (!column->nullable && row.values[c].type != column->type)
                fail_msg("%s.%s is of type %d", row.table->name, column->name, row.values[c].type);
        }
    }
}

static void calls(void **state)
{
    struct maker maker = call("openat", (uint64_t)-2, (uint64_t)AT_FDCWD, 0x1000, O_RDONLY, 0, 0);
    struct rn_attachment path = {
        .type = RN_ATT_PATH, .arg = 1, .size = 5, .data = (const uint8_t *)"a/b\xff\n"};
    struct rn_row row;

    (void)state;
    maker.event.ordinal = 9;
    maker.event.attachments = &path;
    maker.event.attachment_count = 1;
    row = row_of(&maker.event);
    assert_string_equal(row.table->name, "syscall");
    assert_text(&row, "name", "openat");
    assert_number(&row, "ret", -1);
    assert_text(&row, "errno", "ENOENT");
    assert_text(&row, "path", "a/b\xff\n");
    assert_number(&row, "ordinal", 9);
    assert_number(&row, "pid", 42);
    assert_number(&row, "tid", 43);
    assert_number(&row, "start_ns", 1700000000000001000);
    assert_number(&row, "since_start_ns", 1000);
    assert_number(&row, "arg0", AT_FDCWD);
    assert_empty(&row, "fd");
    assert_empty(&row, "path2");

    maker = call("read", 10, 3, 0x1000, 4096, 0, 0);
    row = row_of(&maker.event);
    assert_number(&row, "fd", 3);
    assert_number(&row, "bytes_read", 10);
    assert_empty(&row, "bytes_written");
    assert_empty(&row, "errno");

    maker.event.flags = RN_EVENT_UNFINISHED;
    maker.event.ordinal = 0;
    row = row_of(&maker.event);
    assert_empty(&row, "ret");
    assert_empty(&row, "bytes_read");
    assert_empty(&row, "ordinal");

    maker = call("read", 10, 3, 0x1000, 4096, 0, 0);
    maker.event.u.syscall.nr = 100000;
    maker.event.u.syscall.args[0] = UINT64_MAX;
    row = row_of(&maker.event);
    assert_empty(&row, "name");
    assert_number(&row, "nr", 100000);
    assert_number(&row, "arg0", -1);
}

static void numbers_have_names(void **state)
{
    struct rn_event event = {.kind = RN_KIND_TRANSFER, .stream = 1, .start = 2000};
    double nan = 0.0 / 0.0, half = 0.5;
    struct rn_row row;

    (void)state;
    event.u.transfer = (struct rn_transfer){
        .api = RN_API_CUDA, .direction = RN_DIRECTION_PEER, .bytes = 7, .queued = 1500};
    row = row_of(&event);
    assert_text(&row, "direction", "peer");
    assert_text(&row, "api", "cuda");
    assert_number(&row, "bytes", 7);
    assert_number(&row, "queued_ns", 500);
    assert_empty(&row, "submitted_ns");

    event = (struct rn_event){.kind = RN_KIND_COUNTER, .stream = 1, .start = 2000};
    memcpy(&event.u.counter.value, &half, sizeof half);
    row = row_of(&event);
    assert_int_equal(value_of(&row, "value")->type, RN_ROW_REAL);
    assert_true(value_of(&row, "value")->u.real == 0.5);
    memcpy(&event.u.counter.value, &nan, sizeof nan);
    row = row_of(&event);
    assert_empty(&row, "value");

    event = (struct rn_event){.kind = RN_KIND_FLOW, .stream = 1, .u.flow.phase = 77};
    row = row_of(&event);
    assert_empty(&row, "phase");
}

static void lists_are_json(void **state)
{
    static const char argv[] = "a\"b\0\0c\xff";
    struct rn_attachment list = {.type = RN_ATT_ARGV,
                                 .arg = RN_ARG_NONE,
                                 .size = sizeof argv - 1,
                                 .data = (const uint8_t *)argv};
    struct rn_event event = {.kind = RN_KIND_PROCESS,
                             .stream = 1,
                             .attachments = &list,
                             .attachment_count = 1,
                             .u.process = {.op = RN_PROCESS_EXEC}};
    struct rn_row row;

    (void)state;
    row = row_of(&event);
    assert_text(&row, "op", "exec");
    assert_text(&row, "argv", "[\"a\\\"b\",\"\",[99,255]]");
}

static void what_is_restated_counts_once(void **state)
{
    struct rn_event segment = {.kind = RN_KIND_COMMIT, .flags = RN_EVENT_SNAPSHOT};
    struct rn_event open = {.kind = RN_KIND_DESCRIPTOR, .stream = 1, .flags = RN_EVENT_SNAPSHOT};
    struct rn_event stream = {.kind = RN_KIND_STREAM,
                              .u.stream_info = {.id = 1, .type = RN_STREAM_THREAD, .pid = 42}};
    struct rn_event queue = {
        .kind = RN_KIND_STREAM,
        .u.stream_info = {.id = RN_STREAM_QUEUES + 1, .type = RN_STREAM_QUEUE}};
    struct rn_event huge = {.kind = RN_KIND_STREAM, .u.stream_info = {.id = UINT64_MAX / 2}};
    struct rn_row row;

    (void)state;
    assert_int_equal(rn_row_maker_event(rows, &segment, &row, &err), RN_EOF);
    row = row_of(&open);
    assert_number(&row, "event_flags", RN_EVENT_SNAPSHOT);
    assert_empty(&row, "ordinal");
    row = row_of(&stream);
    assert_text(&row, "type", "thread");
    row = row_of(&queue);
    assert_int_equal(rn_row_maker_event(rows, &segment, &row, &err), RN_EOF);
    assert_int_equal(rn_row_maker_event(rows, &open, &row, &err), RN_EOF);
    assert_int_equal(rn_row_maker_event(rows, &stream, &row, &err), RN_EOF);
    assert_int_equal(rn_row_maker_event(rows, &queue, &row, &err), RN_EOF);
    assert_int_equal(rn_row_maker_event(rows, &huge, &row, &err), RN_EOF);
}

static void the_recording(void **state)
{
    struct rn_event loss = {
        .kind = RN_KIND_LOSS, .start = 5000, .duration = 7, .u.loss = {.count = 3}};
    struct rn_row row;

    (void)state;
    row_of(&loss);
    assert_int_equal(rn_row_maker_recording(rows, 0, true, &row, &err), RN_OK);
    assert_text(&row, "uuid", "01020304-0506-0708-090a-0b0c0d0e0f10");
    assert_text(&row, "hostname", "here");
    assert_text(&row, "clock", "ns");
    assert_text(&row, "exporter", "test 1.0");
    assert_empty(&row, "command");
    assert_number(&row, "events", 1);
    assert_number(&row, "lost", 3);
    assert_number(&row, "complete", 1);
    assert_number(&row, "end_ns", 1700000000000004007);
    loss.u.loss.count = 0;
    row_of(&loss);
    assert_int_equal(rn_row_maker_recording(rows, 0, false, &row, &err), RN_OK);
    assert_number(&row, "lost", -1);
    assert_int_equal(rn_row_maker_recording(rows, 1, true, &row, &err), RN_EOF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tables_are_sound, begin, end),
        cmocka_unit_test_setup_teardown(every_kind_fills_what_must_be, begin, end),
        cmocka_unit_test_setup_teardown(calls, begin, end),
        cmocka_unit_test_setup_teardown(numbers_have_names, begin, end),
        cmocka_unit_test_setup_teardown(lists_are_json, begin, end),
        cmocka_unit_test_setup_teardown(what_is_restated_counts_once, begin, end),
        cmocka_unit_test_setup_teardown(the_recording, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
