/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include "formats/import/nsys_private.h"

static sqlite3 *db;

static int open_memory(void **state)
{
    if (make_directory(state) != 0 || sqlite3_open(":memory:", &db) != SQLITE_OK)
        return -1;
    return sqlite3_exec(db,
                        "CREATE TABLE StringIds (id INTEGER PRIMARY KEY, value TEXT);"
                        "INSERT INTO StringIds VALUES (1, 'one'), (2049, 'far'), (-7, 'below');"
                        "CREATE TABLE OSRT_API (start INT, [end] INT, globalTid INT, nameId INT);"
                        "CREATE VIEW NVTX_EVENTS AS SELECT 1 AS start",
                        NULL, NULL, NULL) == SQLITE_OK
               ? 0
               : -1;
}

static int close_memory(void **state)
{
    sqlite3_close(db);
    return remove_directory(state);
}

static void run(const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static struct rn_import *new_import(bool keep_going)
{
    const struct rn_import_options options = {.path = path,
                                              .creator = "test 1.0",
                                              .tool = "nsys",
                                              .name = "input",
                                              .keep_going = keep_going};
    struct rn_import *import;

    assert_ok(rn_import_new(&options, &import, &err));
    return import;
}

static void tables(void **state)
{
    (void)state;
    assert_true(rn_nsys_has_table(db, "StringIds"));
    assert_true(rn_nsys_has_table(db, "stringids"));
    assert_false(rn_nsys_has_table(db, "NVTX_EVENTS")); /* a view */
    assert_false(rn_nsys_has_table(db, "KERNELS"));
    assert_int_equal(rn_nsys_count(db, "StringIds"), 3);
    assert_int_equal(rn_nsys_count(db, "NVTX_EVENTS"), 0);
}

static void names(void **state)
{
    static struct rn_nsys nsys;
    sqlite3_stmt *row;
    static const char *const texts[] = {"one", "far", "one", "below", NULL, NULL, "itself"};

    (void)state;
    nsys = (struct rn_nsys){.db = db, .path = "input"};
    assert_ok(rn_nsys_names_open(&nsys, &err));
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT 1, 2049, 1, -7, 5, NULL, 'itself'", -1, &row, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    for (int i = 0; i < 7; i++) { /* 1 and 2049 have the same place */
        const char *text = rn_nsys_string(&nsys, row, i);

        if (!texts[i])
            assert_null(text);
        else
            assert_string_equal(text, texts[i]);
    }
    sqlite3_finalize(row);
    rn_nsys_names_close(&nsys);
}

static void nothing_is_written(void **state)
{
    (void)state;
    rn_nsys_restrict(db);
    assert_int_not_equal(sqlite3_exec(db, "DELETE FROM StringIds", NULL, NULL, NULL), SQLITE_OK);
    assert_int_not_equal(sqlite3_exec(db, "SELECT * FROM NVTX_EVENTS", NULL, NULL, NULL),
                         SQLITE_OK);
}

static void rows_that_make_no_sense(void **state)
{
    struct rn_import *import = new_import(true);

    (void)state;
    run("INSERT INTO OSRT_API VALUES (10, 20, 1, 1), (20, 10, 1, 1), (NULL, 10, 1, 1),"
        "(-4000000000000, 10, 1, 1), (9223372036854775807, 9223372036854775807, 1, 1),"
        "('x', 'y', 1, 1), (30, NULL, 1, 1), (-1, 5, 1, 1)");
    assert_ok(rn_nsys_read_database(db, "input", import, &err));
    assert_int_equal(rn_import_account(import)->counts[RN_KIND_SPAN], 3);
    assert_int_equal(rn_import_account(import)->problems, 5);
    rn_import_free(import);
    import = new_import(false);
    assert_status(rn_nsys_read_database(db, "input", import, &err), RN_E_FORMAT);
    assert_non_null(strstr(err.what, "OSRT_API"));
    rn_import_free(import);
}

static void columns_that_are_not_there(void **state)
{
    struct rn_import *import = new_import(false);

    (void)state;
    run("CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INT, [end] INT);"
        "INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (5, 6);"
        "CREATE TABLE CUPTI_ACTIVITY_KIND_RUNTIME (start INT);"
        "INSERT INTO CUPTI_ACTIVITY_KIND_RUNTIME VALUES (5)");
    assert_ok(rn_nsys_read_database(db, "input", import, &err));
    assert_int_equal(rn_import_account(import)->counts[RN_KIND_KERNEL], 1);
    assert_int_equal(rn_import_account(import)->counts[RN_KIND_API], 0);
    assert_int_equal(rn_import_account(import)->note_count, 1);
    rn_import_free(import);
}

static void what_is_no_database(void **state)
{
    FILE *file = fopen(path, "w");
    sqlite3 *opened;

    (void)state;
    for (int i = 0; i < 1000; i++)
        fprintf(file, "SQLite format 3%c", 0);
    fclose(file);
    assert_status(rn_nsys_open(path, &opened, &err), RN_E_FORMAT);
    assert_null(opened);
    assert_string_equal(err.file, path);
    err = (struct rn_error)RN_ERROR_INIT;
    assert_status(rn_nsys_open("/nonexistent/x", &opened, &err), RN_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tables, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(names, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(nothing_is_written, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(rows_that_make_no_sense, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(columns_that_are_not_there, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(what_is_no_database, open_memory, close_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
