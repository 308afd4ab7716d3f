/* SPDX-License-Identifier: MIT */
/* Rows into an SQLite database. One transaction without a journal: the file appears under its name
 * only when it is whole, so there is nothing to roll back. Indexes and views are made at the end.
 */
#include "sqlite_private.h"

#include "formats/escape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of our own: what file(1) and readers can tell the database by. */
#define APPLICATION_ID 0x524e4131 /* "RNA1" */
#define SCHEMA_VERSION 1
#define CACHE_KIB      32768

struct rn_row_writer {
    sqlite3 *db;
    const struct rn_row_table *const *tables;
    size_t table_count;
    sqlite3_stmt *inserts[RN_ROW_MAX_TABLES];
    /* What is bound to each: NULLs and numbers that are the same again are not bound again. */
    struct rn_row_value bound[RN_ROW_MAX_TABLES][RN_ROW_MAX_COLUMNS];
    struct rn_buf sql;
};

enum rn_status rn_sqlite_fail(sqlite3 *db, int code, struct rn_error *err)
{
    const char *text = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);

    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    case SQLITE_FULL:
        return rn_fail(err, RN_E_LIMIT, "the database cannot be written: %s", text);
    default:
        return rn_fail(err, RN_E_FORMAT, "the database cannot be written: %s", text);
    }
}

static enum rn_status run(struct rn_row_writer *writer, const char *sql, struct rn_error *err)
{
    int code = sqlite3_exec(writer->db, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? RN_OK : rn_sqlite_fail(writer->db, code, err);
}

static enum rn_status run_buf(struct rn_row_writer *writer, struct rn_error *err)
{
    rn_buf_byte(&writer->sql, 0);
    if (writer->sql.failed)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    return run(writer, (const char *)writer->sql.data, err);
}

static const char *type_name(uint8_t type)
{
    return type == RN_ROW_INTEGER ? "INTEGER" : type == RN_ROW_REAL ? "REAL" : "TEXT";
}

/* `.schema` shows comments: the names are our own, and free of what would end one. */
static enum rn_status create_table(struct rn_row_writer *writer, const struct rn_row_table *table,
                                   struct rn_error *err)
{
    struct rn_buf *sql = &writer->sql;

    rn_buf_clear(sql);
    rn_buf_printf(sql, "CREATE TABLE \"%s\" ( -- %s\n", table->name, table->text);
    for (unsigned i = 0; i < table->column_count; i++) {
        const struct rn_row_column *column = &table->columns[i];

        rn_buf_printf(sql, "    \"%s\" %s%s%s", column->name, type_name(column->type),
                      column->nullable ? "" : " NOT NULL", i + 1 < table->column_count ? "," : "");
        rn_buf_printf(sql, column->text ? " -- %s\n" : "\n", column->text);
    }
    rn_buf_text(sql, ")");
    return run_buf(writer, err);
}

static enum rn_status prepare_insert(struct rn_row_writer *writer, const struct rn_row_table *table,
                                     struct rn_error *err)
{
    struct rn_buf *sql = &writer->sql;
    int code;

    rn_buf_clear(sql);
    rn_buf_printf(sql, "INSERT INTO \"%s\" VALUES (", table->name);
    for (unsigned i = 0; i < table->column_count; i++)
        rn_buf_text(sql, i ? ",?" : "?");
    rn_buf_text(sql, ")");
    if (sql->failed)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    code = sqlite3_prepare_v3(writer->db, (const char *)sql->data, (int)sql->size,
                              SQLITE_PREPARE_PERSISTENT, &writer->inserts[table->number], NULL);
    return code == SQLITE_OK ? RN_OK : rn_sqlite_fail(writer->db, code, err);
}

static enum rn_status create_tables(struct rn_row_writer *writer, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (size_t i = 0; i < writer->table_count && status == RN_OK; i++) {
        status = create_table(writer, writer->tables[i], err);
        if (status == RN_OK)
            status = prepare_insert(writer, writer->tables[i], err);
    }
    return status;
}

static enum rn_status set_up(struct rn_row_writer *writer, struct rn_error *err)
{
    struct rn_buf *sql = &writer->sql;

    rn_buf_printf(sql,
                  "PRAGMA page_size = 16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
                  "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -%d; "
                  "PRAGMA application_id = %d; PRAGMA user_version = %d; BEGIN EXCLUSIVE",
                  CACHE_KIB, APPLICATION_ID, SCHEMA_VERSION);
    return run_buf(writer, err);
}

static enum rn_status sqlite_begin(const struct rn_row_target *target, struct rn_row_writer **out,
                                   struct rn_error *err)
{
    struct rn_row_writer *writer = calloc(1, sizeof *writer);
    enum rn_status status;
    int code;

    *out = writer;
    if (!writer)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    writer->tables = target->tables;
    writer->table_count = target->table_count;
    code = sqlite3_open_v2(target->path, &writer->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                           NULL);
    if (code != SQLITE_OK)
        return rn_sqlite_fail(writer->db, code, err);
    status = set_up(writer, err);
    return status == RN_OK ? create_tables(writer, err) : status;
}

/* Bytes that are no UTF-8, or have a NUL among them, are a BLOB: SQLite takes texts for what they
 * claim to be. */
static int bind_text(sqlite3_stmt *insert, int at, const struct rn_row_value *value)
{
    const uint8_t *data = value->u.text.data;
    size_t size = value->u.text.size;

    if (size == 0)
        return sqlite3_bind_text(insert, at, "", 0, SQLITE_STATIC);
    if (rn_text_valid(data, size))
        return sqlite3_bind_text64(insert, at, (const char *)data, size, SQLITE_STATIC,
                                   SQLITE_UTF8);
    return sqlite3_bind_blob64(insert, at, data, size, SQLITE_STATIC);
}

static int bind(sqlite3_stmt *insert, int at, const struct rn_row_value *value)
{
    switch (value->type) {
    case RN_ROW_INTEGER:
        return sqlite3_bind_int64(insert, at, value->u.integer);
    case RN_ROW_REAL:
        return sqlite3_bind_double(insert, at, value->u.real);
    case RN_ROW_TEXT:
        return bind_text(insert, at, value);
    default:
        return sqlite3_bind_null(insert, at);
    }
}

static bool is_bound(const struct rn_row_value *bound, const struct rn_row_value *value)
{
    if (value->type != bound->type)
        return false;
    return value->type == RN_ROW_NULL ||
           (value->type == RN_ROW_INTEGER && value->u.integer == bound->u.integer);
}

static enum rn_status sqlite_row(struct rn_row_writer *writer, const struct rn_row *row,
                                 struct rn_error *err)
{
    sqlite3_stmt *insert = writer->inserts[row->table->number];
    struct rn_row_value *bound = writer->bound[row->table->number];
    int code = SQLITE_OK;

    for (unsigned i = 0; i < row->table->column_count && code == SQLITE_OK; i++) {
        if (is_bound(&bound[i], &row->values[i]))
            continue;
        code = bind(insert, (int)i + 1, &row->values[i]);
        bound[i] = row->values[i];
    }
    if (code == SQLITE_OK)
        code = sqlite3_step(insert) == SQLITE_DONE ? SQLITE_OK : sqlite3_errcode(writer->db);
    if (code == SQLITE_OK)
        code = sqlite3_reset(insert);
    return code == SQLITE_OK ? RN_OK : rn_sqlite_fail(writer->db, code, err);
}

static void drop_statements(struct rn_row_writer *writer)
{
    for (size_t i = 0; i < RN_ROW_MAX_TABLES; i++) {
        sqlite3_finalize(writer->inserts[i]);
        writer->inserts[i] = NULL;
    }
}

static enum rn_status sqlite_finish(struct rn_row_writer *writer, struct rn_error *err)
{
    enum rn_status status = RN_OK;
    int code;

    drop_statements(writer);
    for (const char *const *sql = rn_sqlite_at_end; *sql && status == RN_OK; sql++)
        status = run(writer, *sql, err);
    if (status == RN_OK)
        status = run(writer, "COMMIT", err);
    if (status != RN_OK)
        return status;
    code = sqlite3_close(writer->db);
    writer->db = NULL;
    return code == SQLITE_OK ? RN_OK : rn_sqlite_fail(NULL, code, err);
}

static void sqlite_free(struct rn_row_writer *writer)
{
    if (!writer)
        return;
    drop_statements(writer);
    sqlite3_close(writer->db);
    rn_buf_free(&writer->sql);
    free(writer);
}

const struct rn_row_format rn_sqlite_rows = {
    .begin = sqlite_begin,
    .row = sqlite_row,
    .finish = sqlite_finish,
    .free = sqlite_free,
};
