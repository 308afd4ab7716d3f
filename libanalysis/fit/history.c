/* SPDX-License-Identifier: MIT */
#include "history_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define APPLICATION 0x524e4849 /* "RNHI" */
#define WAIT_MS     10000

static const char schema[] =
    "CREATE TABLE machine (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE,"
    " cpu_fingerprint TEXT NOT NULL, cpu TEXT NOT NULL, cpu_flags TEXT NOT NULL, gpu TEXT NOT NULL,"
    " gpu_driver TEXT NOT NULL);\n"
    "CREATE TABLE run (id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, digest TEXT NOT NULL,"
    " machine_id INTEGER NOT NULL REFERENCES machine, recorded_ns INTEGER NOT NULL,"
    " host TEXT NOT NULL, command TEXT NOT NULL, cpu_mhz REAL NOT NULL, gpu_mhz REAL NOT NULL,"
    " lost INTEGER NOT NULL, incomplete INTEGER NOT NULL, samples INTEGER NOT NULL,"
    " counted INTEGER NOT NULL);\n"
    "CREATE TABLE series (id INTEGER PRIMARY KEY, operation TEXT NOT NULL, backend TEXT NOT NULL,"
    " isa TEXT NOT NULL, residency TEXT NOT NULL, UNIQUE (operation, backend, isa, residency));\n"
    "CREATE TABLE sample (series_id INTEGER NOT NULL REFERENCES series, elements INTEGER NOT NULL,"
    " run_id INTEGER NOT NULL REFERENCES run, number INTEGER NOT NULL, start_ns INTEGER NOT NULL,"
    " duration_ns INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " PRIMARY KEY (series_id, elements, run_id, number)) WITHOUT ROWID;\n"
    "CREATE TABLE aggregate (id INTEGER PRIMARY KEY, series_id INTEGER NOT NULL REFERENCES series,"
    " run_id INTEGER NOT NULL REFERENCES run, start_ns INTEGER NOT NULL, reason INTEGER NOT NULL,"
    " size_bin INTEGER NOT NULL, count INTEGER NOT NULL, sum_ns INTEGER NOT NULL,"
    " min_ns INTEGER NOT NULL, max_ns INTEGER NOT NULL, elements INTEGER NOT NULL);\n"
    "CREATE TABLE bucket (aggregate_id INTEGER NOT NULL REFERENCES aggregate, from_ns REAL NOT "
    "NULL,"
    " to_ns REAL NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (aggregate_id, from_ns))"
    " WITHOUT ROWID;\n"
    "CREATE VIEW summary AS SELECT operation, backend, isa, residency, elements,"
    " COUNT(*) AS samples, COUNT(DISTINCT run_id) AS runs, MIN(duration_ns) AS min_ns,"
    " AVG(duration_ns) AS mean_ns, MAX(duration_ns) AS max_ns FROM sample JOIN series"
    " ON series.id = series_id GROUP BY series_id, elements;\n"
    "PRAGMA application_id = 1380862025;\n"
    "PRAGMA user_version = 1;\n";

enum rn_status history_fail(const struct rn_history *history, struct rn_error *err)
{
    int code = sqlite3_errcode(history->db);
    enum rn_status status = code == SQLITE_NOTADB || code == SQLITE_CORRUPT ? RN_E_FORMAT
                            : code == SQLITE_NOMEM                          ? RN_E_NOMEM
                                                                            : RN_E_USAGE;

    rn_fail(err, status, "history: %s", sqlite3_errmsg(history->db));
    return rn_fail_in(err, history->path);
}

enum rn_status history_execute(struct rn_history *history, const char *sql, struct rn_error *err)
{
    return sqlite3_exec(history->db, sql, NULL, NULL, NULL) == SQLITE_OK
               ? RN_OK
               : history_fail(history, err);
}

enum rn_status history_prepare(struct rn_history *history, const char *sql, sqlite3_stmt **out,
                               struct rn_error *err)
{
    return sqlite3_prepare_v2(history->db, sql, -1, out, NULL) == SQLITE_OK
               ? RN_OK
               : history_fail(history, err);
}

enum rn_status history_number(struct rn_history *history, const char *sql, int64_t *out,
                              struct rn_error *err)
{
    sqlite3_stmt *statement;
    enum rn_status status = history_prepare(history, sql, &statement, err);
    int step;

    if (status != RN_OK)
        return status;
    step = sqlite3_step(statement);
    *out = step == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    if (step != SQLITE_ROW && step != SQLITE_DONE)
        status = history_fail(history, err);
    sqlite3_finalize(statement);
    return status;
}

/* What is there is this program's, and of a version that it knows. */
static enum rn_status check_version(struct rn_history *history, struct rn_error *err)
{
    int64_t application, version;
    enum rn_status status = history_number(history, "PRAGMA application_id", &application, err);

    if (status == RN_OK)
        status = history_number(history, "PRAGMA user_version", &version, err);
    if (status != RN_OK)
        return status;
    if (application != APPLICATION) {
        rn_fail(err, RN_E_FORMAT, "this is a database, but no history of rn-backend-fit");
        return rn_fail_in(err, history->path);
    }
    if (version == RN_HISTORY_VERSION)
        return RN_OK;
    rn_fail(err, RN_E_VERSION, "history of version %lld; this program knows version %d",
            (long long)version, RN_HISTORY_VERSION);
    return rn_fail_in(err, history->path);
}

/* Two programs may make it at the same time: whoever comes second finds it made. */
static enum rn_status make_schema(struct rn_history *history, bool writable, struct rn_error *err)
{
    int64_t tables;
    enum rn_status status = writable ? history_execute(history, "BEGIN IMMEDIATE", err) : RN_OK;

    if (status != RN_OK)
        return status;
    status = history_number(history, "SELECT COUNT(*) FROM sqlite_master", &tables, err);
    if (status == RN_OK && tables == 0 && writable)
        status = history_execute(history, schema, err);
    if (status == RN_OK)
        status = check_version(history, err);
    if (writable && status == RN_OK)
        status = history_execute(history, "COMMIT", err);
    else if (writable)
        (void)history_execute(history, "ROLLBACK", NULL);
    return status;
}

static enum rn_status cannot_open(const struct rn_history *history, bool creates,
                                  struct rn_error *err)
{
    int number = history->db ? sqlite3_system_errno(history->db) : 0;

    if (!number || sqlite3_errcode(history->db) != SQLITE_CANTOPEN)
        return history_fail(history, err);
    if (!creates && access(history->path, F_OK) != 0 && errno == ENOENT) {
        rn_fail(err, RN_E_USAGE, "there is no such history: give recordings, of which it is made");
    } else {
        errno = number;
        rn_fail(err, RN_E_SYSTEM, "cannot open the history");
    }
    return rn_fail_in(err, history->path);
}

enum rn_status rn_history_open(const char *path, bool writable, struct rn_history **out,
                               struct rn_error *err)
{
    struct rn_history *history = calloc(1, sizeof *history);
    int flags =
        !path || writable ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    enum rn_status status;

    *out = NULL;
    if (!history || !(history->path = strdup(path ? path : "history in memory"))) {
        free(history);
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    }
    if (sqlite3_open_v2(path ? path : ":memory:", &history->db, flags, NULL) != SQLITE_OK) {
        status = cannot_open(history, flags & SQLITE_OPEN_CREATE, err);
    } else {
        sqlite3_busy_timeout(history->db, WAIT_MS);
        /* A file that somebody else made is read: it may bring no code of its own. */
        sqlite3_db_config(history->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(history->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
        sqlite3_db_config(history->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        status = make_schema(history, !path || writable, err);
    }
    if (status == RN_OK)
        *out = history;
    else
        rn_history_free(history);
    return status;
}

void rn_history_free(struct rn_history *history)
{
    if (!history)
        return;
    sqlite3_close(history->db);
    free(history->path);
    free(history);
}

static const char *const backends[] = {"unknown", "scalar", "simd", "gpu"};
static const char *const residencies[] = {"unknown", "cold", "resident"};

const char *history_backend(uint8_t backend)
{
    return backends[backend < 4 ? backend : 0];
}

const char *history_residency(uint8_t residency)
{
    return residencies[residency < 3 ? residency : 0];
}

static uint8_t find_name(const char *const *names, uint8_t count, const char *name)
{
    for (uint8_t i = 0; i < count; i++)
        if (name && strcmp(names[i], name) == 0)
            return i;
    return 0;
}

uint8_t history_backend_from(const char *name)
{
    return find_name(backends, 4, name);
}

uint8_t history_residency_from(const char *name)
{
    return find_name(residencies, 3, name);
}
