/* SPDX-License-Identifier: MIT */
/* The database as such. What it says of itself (schema, views, triggers, expressions) is of whoever
 * made the file: nothing of it is run, and nothing of the file is written. */
#include "nsys_private.h"

#include "formats/buf.h"

#include <stdio.h>
#include <string.h>

void rn_nsys_restrict(sqlite3 *db)
{
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 16 << 20);
    sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, 1 << 20);
    sqlite3_limit(db, SQLITE_LIMIT_COLUMN, 500);
    sqlite3_limit(db, SQLITE_LIMIT_EXPR_DEPTH, 50);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_exec(db,
                 "PRAGMA query_only = 1; PRAGMA cell_size_check = 1; PRAGMA mmap_size = 0; "
                 "PRAGMA cache_size = -16384",
                 NULL, NULL, NULL);
}

/* As a URI, since only that can say that nobody else writes the file: no lock, no journal. */
static bool make_uri(const char *path, struct rn_buf *uri)
{
    rn_buf_text(uri, "file:");
    for (; *path; path++) {
        if (strchr("%?#", *path) || (uint8_t)*path < 0x21 || (uint8_t)*path > 0x7e)
            rn_buf_printf(uri, "%%%02x", (uint8_t)*path);
        else
            rn_buf_byte(uri, (uint8_t)*path);
    }
    rn_buf_text(uri, "?mode=ro&immutable=1");
    rn_buf_byte(uri, 0);
    return !uri->failed;
}

enum rn_status rn_nsys_open(const char *path, sqlite3 **db, struct rn_error *err)
{
    struct rn_buf uri = RN_BUF_INIT;
    int code = SQLITE_NOMEM;

    *db = NULL;
    if (make_uri(path, &uri))
        code = sqlite3_open_v2((const char *)uri.data, db,
                               SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
    rn_buf_free(&uri);
    if (code == SQLITE_OK) {
        rn_nsys_restrict(*db);
        code = sqlite3_exec(*db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    }
    if (code == SQLITE_OK)
        return RN_OK;
    rn_fail(err, code == SQLITE_NOMEM ? RN_E_NOMEM : RN_E_FORMAT,
            "cannot be read as an SQLite database: %s", sqlite3_errstr(code));
    sqlite3_close(*db);
    *db = NULL;
    return rn_fail_in(err, path);
}

/* A table with rows of its own: no view, and nothing virtual. */
bool rn_nsys_has_table(sqlite3 *db, const char *name)
{
    sqlite3_stmt *look;
    bool has = false;

    if (sqlite3_prepare_v2(db,
                           "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 "
                           "AND name = ?1 COLLATE NOCASE",
                           -1, &look, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_text(look, 1, name, -1, SQLITE_STATIC);
    has = sqlite3_step(look) == SQLITE_ROW;
    sqlite3_finalize(look);
    return has;
}

enum rn_status rn_nsys_fail(struct rn_nsys *nsys, const char *table, struct rn_error *err)
{
    int code = sqlite3_errcode(nsys->db);

    if (code == SQLITE_NOMEM)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    rn_fail(err, RN_E_FORMAT, "table %s cannot be read: %s", table, sqlite3_errmsg(nsys->db));
    return rn_fail_in(err, nsys->path);
}

/* The one of the alternatives that the table has; NULL none. */
static const char *column_of(sqlite3_stmt *all, const char *alternatives)
{
    int count = sqlite3_column_count(all);

    for (const char *at = alternatives;;) {
        size_t length = strcspn(at, "|");

        for (int i = 0; i < count; i++) {
            const char *name = sqlite3_column_name(all, i);

            if (name && strlen(name) == length && sqlite3_strnicmp(name, at, (int)length) == 0)
                return name;
        }
        if (!at[length])
            return NULL;
        at += length + 1;
    }
}

/* SELECT of the columns that are wanted, NULL for those that are not there. False: one that is
 * needed is not. */
static bool make_select(const struct rn_nsys_table *table, sqlite3_stmt *all, struct rn_buf *sql)
{
    rn_buf_text(sql, "SELECT ");
    for (unsigned i = 0; i < RN_NSYS_COLUMNS && table->columns[i]; i++) {
        const char *column = column_of(all, table->columns[i]);

        if (!column && i < table->needed)
            return false;
        rn_buf_text(sql, i ? ",\"" : "\"");
        if (column)
            rn_buf_text(sql, column);
        else
            sql->size--;
        rn_buf_text(sql, column ? "\"" : "NULL");
    }
    rn_buf_printf(sql, " FROM \"%s\"", table->name);
    return true;
}

static enum rn_status each_row(struct rn_nsys *nsys, const struct rn_nsys_table *table,
                               sqlite3_stmt *rows, struct rn_error *err)
{
    enum rn_status status = RN_OK;
    uint64_t left = nsys->bytes;
    int code;

    nsys->table = table;

    /* A tree whose branches are the same pages again and again has more rows than the file has
     * bytes. */
    while (status == RN_OK && (code = sqlite3_step(rows)) != SQLITE_DONE) {
        if (code == SQLITE_ROW && left-- == 0) {
            rn_fail(err, RN_E_FORMAT, "table %s is damaged: it has more rows than fit",
                    table->name);
            return rn_fail_in(err, nsys->path);
        }
        if (code != SQLITE_ROW)
            return rn_nsys_fail(nsys, table->name, err);
        status = table->row(nsys, rows, err);
        if (status == RN_EOF)
            status = RN_OK;
    }
    return status;
}

enum rn_status rn_nsys_each(struct rn_nsys *nsys, const struct rn_nsys_table *table,
                            struct rn_error *err)
{
    struct rn_buf sql = RN_BUF_INIT;
    sqlite3_stmt *all = NULL, *rows = NULL;
    enum rn_status status = RN_OK;
    bool complete;

    if (!rn_nsys_has_table(nsys->db, table->name))
        return RN_OK;
    rn_buf_printf(&sql, "SELECT * FROM \"%s\"", table->name);
    if (sqlite3_prepare_v2(nsys->db, (const char *)sql.data, (int)sql.size, &all, NULL) !=
        SQLITE_OK) {
        status = rn_nsys_fail(nsys, table->name, err);
    } else {
        rn_buf_clear(&sql);
        complete = make_select(table, all, &sql);
        if (!complete)
            rn_import_note(nsys->import, "tables that lack columns which are needed", 1);
        else if (sqlite3_prepare_v2(nsys->db, (const char *)sql.data, (int)sql.size, &rows, NULL) !=
                 SQLITE_OK)
            status = rn_nsys_fail(nsys, table->name, err);
        else
            status = each_row(nsys, table, rows, err);
    }
    sqlite3_finalize(rows);
    sqlite3_finalize(all);
    rn_buf_free(&sql);
    return status;
}

uint64_t rn_nsys_count(sqlite3 *db, const char *table)
{
    char sql[128];
    sqlite3_stmt *count;
    uint64_t rows = 0;

    if (!rn_nsys_has_table(db, table))
        return 0;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM \"%s\"", table);
    if (sqlite3_prepare_v2(db, sql, -1, &count, NULL) != SQLITE_OK)
        return 0;
    if (sqlite3_step(count) == SQLITE_ROW)
        rows = rn_nsys_number(count, 0);
    sqlite3_finalize(count);
    return rows;
}
