/* SPDX-License-Identifier: MIT */
/* Pictures of made-up recordings: which rows, marks, lanes, bins and arrows they are of. */
#include "device_fixture.h"

#include "libanalysis/plot.h"
#include "libanalysis/plot_spacetime.h"
#include "libanalysis/plot_timeline.h"

#include <math.h>

static struct rn_plot *draw(enum rn_plot_type type)
{
    struct rn_plot *plot = rn_plot_new(&(struct rn_plot_options){.type = type});
    struct rn_reader *reader = open_reader(path);

    assert_non_null(plot);
    assert_ok(rn_plot_read(plot, reader, &err));
    rn_reader_free(reader);
    assert_ok(rn_plot_finish(&plot, 1, &err));
    return plot;
}

static const struct rn_plot_table *table_of(const struct rn_plot *plot, const char *name)
{
    const struct rn_plot_picture *picture = rn_plot_picture(plot);

    for (unsigned i = 0; i < picture->table_count; i++)
        if (strcmp(picture->tables[i].name, name) == 0)
            return &picture->tables[i];
    fail_msg("there is no table %s", name);
    return NULL;
}

static union rn_plot_cell cell(const struct rn_plot_table *table, size_t row, const char *column)
{
    assert_true(row < table->rows);
    for (unsigned i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, column) == 0)
            return table->cells[row * table->column_count + i];
    fail_msg("there is no column %s", column);
    return (union rn_plot_cell){.number = NAN};
}

static void add_call(struct rn_writer *writer, uint32_t stream, uint64_t start, uint64_t duration)
{
    struct rn_event event = {.kind = RN_KIND_SYSCALL,
                             .stream = stream,
                             .start = 1000 + start,
                             .duration = duration,
                             .u.syscall = {.nr = 0, .ret = 1}};

    assert_ok(rn_writer_add(writer, &event, &err));
}

/* Two kernels that overlap and one behind the first, each launched by a call. */
static void lanes_and_launches(void **state)
{
    struct rn_writer *writer = new_device_recording();
    uint32_t queue = add_queue(writer, 100, 1, "queue 1");
    const struct rn_plot_table *marks, *arrows, *rows;
    double lanes[3];
    struct rn_plot *plot;

    (void)state;
    add_api(writer, "launch", 100000, 110000, 7, queue);
    add_api(writer, "launch", 120000, 130000, 8, queue);
    add_api(writer, "launch", 140000, 150000, 9, queue);
    add_call(writer, THREAD, 145000, 1000);
    add_kernel(writer, queue, "a", 200000, 500000, 7);
    add_kernel(writer, queue, "b", 300000, 700000, 8);
    add_kernel(writer, queue, "c", 500000, 600000, 9);
    seal(writer);
    plot = draw(RN_PLOT_TIMELINE);
    rows = table_of(plot, "rows");
    marks = table_of(plot, "marks");
    arrows = table_of(plot, "arrows");
    assert_int_equal(rows->rows, 2);
    assert_int_equal(marks->rows, 7);
    for (size_t i = 0, found = 0; i < marks->rows; i++) {
        const char *name = cell(marks, i, "name").text;

        assert_true(cell(marks, i, "share").number == 1 && cell(marks, i, "events").number == 1);
        if (cell(marks, i, "row").number == 2) {
            assert_in_range(found++, 0, 2);
            lanes[name[0] - 'a'] = cell(marks, i, "y_low").number;
        }
    }
    assert_true(lanes[0] == lanes[2] && lanes[1] > lanes[0]);
    assert_int_equal(arrows->rows, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(cell(arrows, i, "what").text, "launch");
        assert_true(cell(arrows, i, "from_ns").number < cell(arrows, i, "to_ns").number);
    }
    assert_int_equal(cell(arrows, 0, "from_ns").number, 100000);
    assert_int_equal(cell(arrows, 0, "to_ns").number, 200000);
    rn_plot_free(plot);
}

/* What a row has too many of is binned: half of the time it did this, half of it nothing. */
static void many_marks(void **state)
{
    enum { CALLS = 50000 };
    struct rn_writer *writer = new_device_recording();
    const struct rn_plot_table *marks, *rows;
    size_t binned = 0, single = 0;
    struct rn_plot *plot;

    (void)state;
    for (uint64_t i = 0; i < CALLS; i++)
        add_call(writer, THREAD, i * 1000, 500);
    add_api(writer, "launch", 10000000, 20000000, 7, 0);
    seal(writer);
    plot = draw(RN_PLOT_TIMELINE);
    rows = table_of(plot, "rows");
    marks = table_of(plot, "marks");
    assert_int_equal(cell(rows, 0, "binned").number, 1);
    assert_int_equal(cell(rows, 0, "events").number, CALLS + 1);
    for (size_t i = 0; i < marks->rows; i++) {
        if (cell(marks, i, "events").number > 0) {
            single++;
            assert_string_equal(cell(marks, i, "name").text, "launch");
            continue;
        }
        binned++;
        assert_true(fabs(cell(marks, i, "share").number - 0.5) < 0.02);
    }
    assert_int_equal(single, 1);
    assert_in_range(binned, 1, 512);
    assert_non_null(strstr(rn_plot_picture(plot)->note, "heights are shares"));
    rn_plot_free(plot);
}

/* More threads than can be kept apart: the busiest have rows, all others share one. */
static void many_rows(void **state)
{
    enum { THREADS = 1500 };
    struct rn_writer *writer = new_device_recording();
    const struct rn_plot_table *rows, *marks;
    double events = 0;
    struct rn_plot *plot;

    (void)state;
    for (uint64_t i = 0; i < THREADS; i++) {
        struct rn_stream stream = {.type = RN_STREAM_THREAD, .pid = 100, .tid = 1000 + i};
        uint64_t id;

        assert_ok(rn_writer_add_stream(writer, &stream, "worker", &id, &err));
        for (uint64_t k = 0; k < (i % 50 ? 2 : 10); k++)
            add_call(writer, (uint32_t)id, 1000 * i + k, 100);
    }
    seal(writer);
    plot = draw(RN_PLOT_TIMELINE);
    rows = table_of(plot, "rows");
    marks = table_of(plot, "marks");
    assert_int_equal(rows->rows, TIMELINE_ROWS);
    for (size_t i = 0; i < rows->rows; i++) {
        events += cell(rows, i, "events").number;
        assert_true(i == 0 || cell(rows, i, "y_low").number >= cell(rows, i - 1, "y_high").number);
        assert_true(i + 1 == rows->rows || i == 0 ||
                    cell(rows, i, "tid").number > cell(rows, i - 1, "tid").number);
    }
    assert_true(events == 1470 * 2 + 30 * 10);
    assert_string_equal(cell(rows, rows->rows - 1, "name").text, "1461 others");
    assert_true(marks->rows < 2000);
    for (size_t i = 0; i < marks->rows; i++)
        assert_true(cell(marks, i, "share").number <= 1);
    rn_plot_free(plot);
}

static void losses(void **state)
{
    struct rn_writer *writer = new_device_recording();
    struct rn_event loss = {.kind = RN_KIND_LOSS, .start = 2000, .u.loss = {.count = 42}};
    struct rn_plot *plot;

    (void)state;
    add_call(writer, THREAD, 100, 5);
    assert_ok(rn_writer_add(writer, &loss, &err));
    seal(writer);
    plot = draw(RN_PLOT_THROUGHPUT);
    assert_string_equal(rn_plot_picture(plot)->loss, "42 events lost");
    assert_string_equal(rn_plot_picture(plot)->source, "t.rna");
    assert_int_equal(rn_plot_picture(plot)->events, 1);
    rn_plot_free(plot);
}

/* Two processes that answer each other very often: few arrows, that stand for all. */
static void many_edges(void **state)
{
    enum { EDGES = 60000 };
    struct rn_writer *writer = new_device_recording();
    struct rn_stream stream = {.type = RN_STREAM_THREAD, .pid = 200, .tid = 200};
    const struct rn_plot_table *edges;
    struct rn_plot *plot;
    double count = 0;
    uint64_t other;

    (void)state;
    assert_ok(rn_writer_add_stream(writer, &stream, "other", &other, &err));
    for (uint64_t i = 0; i < EDGES; i++) {
        uint32_t from = i % 2 ? (uint32_t)other : THREAD, to = i % 2 ? THREAD : (uint32_t)other;
        struct rn_event edge = {.kind = RN_KIND_EDGE,
                                .start = 1000 + i * 1000 + 500,
                                .u.edge = {.from_stream = from,
                                           .from_ordinal = i / 2,
                                           .to_stream = to,
                                           .to_ordinal = i / 2,
                                           .mechanism = RN_EDGE_PIPE,
                                           .certainty = RN_EDGE_PROVEN,
                                           .from_start = 1000 + i * 1000,
                                           .to_end = 1000 + i * 1000 + 500,
                                           .bytes = 10}};

        assert_ok(rn_writer_add(writer, &edge, &err));
        add_call(writer, from, i * 1000, 100);
        add_call(writer, to, i * 1000 + 400, 100);
    }
    seal(writer);
    plot = draw(RN_PLOT_SPACETIME);
    edges = table_of(plot, "edges");
    assert_int_equal(table_of(plot, "rows")->rows, 2);
    assert_in_range(edges->rows, 50, SPACETIME_ARROWS);
    for (size_t i = 0; i < edges->rows; i++) {
        count += cell(edges, i, "edges").number;
        assert_true(cell(edges, i, "bytes").number == 10 * cell(edges, i, "edges").number);
        assert_true(cell(edges, i, "from_row").number != cell(edges, i, "to_row").number);
        assert_true(cell(edges, i, "from_ns").number < cell(edges, i, "to_ns").number);
    }
    assert_true(count == EDGES);
    assert_int_equal(cell(edges, 0, "from_ns").number, 0);
    assert_int_equal(cell(edges, 1, "from_ns").number, 1000);
    rn_plot_free(plot);
}

/* 1,000 kernels that were counted in a second, of some 100 ns each. */
static void counted(void **state)
{
    uint64_t histogram[2] = {7, 1000};
    struct rn_attachment attachment = {.type = RN_ATT_HISTOGRAM,
                                       .arg = RN_ARG_NONE,
                                       .size = sizeof histogram,
                                       .data = (const uint8_t *)histogram};
    struct rn_event event = {
        .kind = RN_KIND_AGGREGATE,
        .stream = THREAD,
        .start = 1000,
        .duration = 1000000000,
        .u.aggregate = {.of = RN_KIND_KERNEL, .count = 1000, .sum = 100000, .min = 64, .max = 127},
        .attachments = &attachment,
        .attachment_count = 1};
    struct rn_writer *writer = new_device_recording();
    const struct rn_plot_table *table;
    struct rn_plot *plot;
    double sum = 0;

    (void)state;
    assert_ok(rn_writer_add(writer, &event, &err));
    seal(writer);
    plot = draw(RN_PLOT_THROUGHPUT);
    assert_int_equal(rn_plot_picture(plot)->events, 1000);
    table = table_of(plot, "events");
    for (size_t i = 0; i < table->rows; i++)
        sum += cell(table, i, "high_per_s").number *
               (cell(table, i, "to_ns").number - cell(table, i, "from_ns").number) / 1e9;
    assert_true(fabs(sum - 1000) < 0.01);
    rn_plot_free(plot);

    plot = draw(RN_PLOT_HEATMAP);
    table = table_of(plot, "cells");
    sum = 0;
    for (size_t i = 0; i < table->rows; i++) {
        sum += cell(table, i, "events").number;
        assert_true(cell(table, i, "low_ns").number <= 96 && cell(table, i, "high_ns").number > 96);
    }
    assert_true(fabs(sum - 1000) < 0.01);
    rn_plot_free(plot);

    plot = draw(RN_PLOT_TIMELINE);
    table = table_of(plot, "marks");
    sum = 0;
    for (size_t i = 0; i < table->rows; i++)
        sum += cell(table, i, "share").number *
               (cell(table, i, "to_ns").number - cell(table, i, "from_ns").number);
    assert_true(fabs(sum - 100000) < 1);
    rn_plot_free(plot);
}

/* Where nothing can be drawn the reason is told. */
static void nothing(void **state)
{
    struct rn_writer *writer = new_device_recording();

    (void)state;
    add_call(writer, THREAD, 100, 5);
    seal(writer);
    for (unsigned type = 0; type < RN_PLOT_TYPES; type++) {
        struct rn_plot *plot = rn_plot_new(&(struct rn_plot_options){.type = type});
        struct rn_reader *reader = open_reader(path);
        bool drawn = type != RN_PLOT_BANDWIDTH && type != RN_PLOT_SPACETIME;

        assert_non_null(plot);
        assert_int_equal(rn_plot_type_from_name(rn_plot_type_name(type)), type);
        if (type == RN_PLOT_MODELS) {
            assert_status(rn_plot_read(plot, reader, &err), RN_E_USAGE);
        } else {
            assert_ok(rn_plot_read(plot, reader, &err));
            assert_status(rn_plot_finish(&plot, 1, &err), drawn ? RN_OK : RN_E_USAGE);
        }
        rn_reader_free(reader);
        rn_plot_free(plot);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lanes_and_launches, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(many_marks, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(many_rows, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(losses, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(many_edges, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(counted, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(nothing, make_directory, remove_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
