/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include "formats/export/rows.h"
#include "libanalysis/row_maker.h"

#include <fcntl.h>
#include <sqlite3.h>

static const struct rn_manifest manifest = {.tick_unit = RN_TICK_NS};
static struct rn_trace *trace;
static struct rn_row_maker *maker;
static struct rn_row_writer *writer;

/* The tables that views are made of must be there: so these are the ones of recordings. */
static int begin(void **state)
{
    struct rn_row_target target = {.path = path, .manifest = &manifest};

    if (make_directory(state) != 0 || !(trace = rn_trace_new(&manifest)) ||
        rn_row_maker_new(&manifest, trace, "test", &maker, &err) != RN_OK)
        return -1;
    target.tables = rn_row_maker_tables(maker, &target.table_count);
    close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    return rn_sqlite_rows.begin(&target, &writer, &err) == RN_OK ? 0 : -1;
}

static int end(void **state)
{
    rn_sqlite_rows.free(writer);
    writer = NULL;
    rn_row_maker_free(maker);
    rn_trace_free(trace);
    return remove_directory(state);
}

static void add_text(const char *text, size_t size)
{
    const struct rn_attachment attachment = {
        .type = RN_ATT_TEXT, .size = (uint32_t)size, .data = (const uint8_t *)text};
    struct rn_event event = {
        .kind = RN_KIND_NOTICE, .attachments = &attachment, .attachment_count = 1};
    struct rn_row row;

    event.u.notice.value = UINT64_MAX;
    assert_ok(rn_row_maker_event(maker, &event, &row, &err));
    assert_ok(rn_sqlite_rows.row(writer, &row, &err));
}

static void texts_are_kept(void **state)
{
    static const char *const expected[] = {"text|666f6f", "text|",     "blob|ff",
                                           "blob|6100",   "text|c3a9", "text|1b5b6d"};
    sqlite3_stmt *rows;
    sqlite3 *db;

    (void)state;
    add_text("foo", 3);
    add_text("", 0);
    add_text("\xff", 1);
    add_text("a\0", 2);
    add_text("\xc3\xa9", 2);
    add_text("\x1b[m", 3);
    assert_ok(rn_sqlite_rows.finish(writer, &err));
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT typeof(text) || '|' || lower(hex(text)), value "
                                        "FROM notice ORDER BY rowid",
                                        -1, &rows, NULL),
                     SQLITE_OK);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_int_equal(sqlite3_step(rows), SQLITE_ROW);
        assert_string_equal(sqlite3_column_text(rows, 0), expected[i]);
        assert_int_equal(sqlite3_column_int64(rows, 1), -1);
    }
    assert_int_equal(sqlite3_step(rows), SQLITE_DONE);
    sqlite3_finalize(rows);
    sqlite3_close(db);
}

static void without_finish_nothing_is_there(void **state)
{
    sqlite3_stmt *count;
    sqlite3 *db;

    (void)state;
    add_text("foo", 3);
    rn_sqlite_rows.free(writer);
    writer = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, "SELECT count(*) FROM process", -1, &count, NULL) == SQLITE_OK)
        fail_msg("a table of the end is there");
    sqlite3_close(db);
}

static void a_place_that_is_none(void **state)
{
    struct rn_row_target target = {.path = "/nonexistent/x.db", .manifest = &manifest};
    struct rn_row_writer *other = NULL;

    (void)state;
    target.tables = rn_row_maker_tables(maker, &target.table_count);
    assert_int_not_equal(rn_sqlite_rows.begin(&target, &other, &err), RN_OK);
    rn_sqlite_rows.free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(texts_are_kept, begin, end),
        cmocka_unit_test_setup_teardown(without_finish_nothing_is_there, begin, end),
        cmocka_unit_test_setup_teardown(a_place_that_is_none, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
