/* SPDX-License-Identifier: MIT */
#include "history_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct addition {
    struct rn_history *history;
    const struct rn_run *run;
    int64_t machine, id;
    int64_t *series; /* their rows */
};

static void uuid_text(const uint8_t uuid[16], char out[37])
{
    static const char digits[] = "0123456789abcdef";

    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = digits[uuid[i] >> 4];
        *out++ = digits[uuid[i] & 15];
    }
    *out = 0;
}

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT);
}

static void bind_hex(sqlite3_stmt *statement, int at, uint64_t value)
{
    char text[17];

    snprintf(text, sizeof text, "%016llx", (unsigned long long)value);
    bind_text(statement, at, text);
}

/* Counters beyond what SQLite's integers hold do not occur; a hostile file's are cut. */
static void bind_number(sqlite3_stmt *statement, int at, uint64_t value)
{
    sqlite3_bind_int64(statement, at, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

/* Run a statement that was bound; its first column, if it has a row, goes to *out. */
static enum rn_status run_once(struct rn_history *history, sqlite3_stmt *statement, int64_t *out,
                               struct rn_error *err)
{
    int step = sqlite3_step(statement);
    enum rn_status status = RN_OK;

    if (step == SQLITE_ROW && out)
        *out = sqlite3_column_int64(statement, 0);
    if (step != SQLITE_ROW && step != SQLITE_DONE)
        status = history_fail(history, err);
    sqlite3_finalize(statement);
    return status;
}

static enum rn_status add_machine(struct addition *addition, struct rn_error *err)
{
    const struct rn_machine *machine = &addition->run->machine;
    sqlite3_stmt *statement;
    enum rn_status status = history_prepare(
        addition->history,
        "INSERT OR IGNORE INTO machine (fingerprint, cpu_fingerprint, cpu, cpu_flags, gpu,"
        " gpu_driver) VALUES (?,?,?,?,?,?)",
        &statement, err);

    if (status != RN_OK)
        return status;
    bind_hex(statement, 1, machine->fingerprint);
    bind_hex(statement, 2, machine->cpu_fingerprint);
    bind_text(statement, 3, machine->cpu);
    bind_text(statement, 4, machine->cpu_flags);
    bind_text(statement, 5, machine->gpu);
    bind_text(statement, 6, machine->gpu_driver);
    status = run_once(addition->history, statement, NULL, err);
    if (status == RN_OK)
        status = history_prepare(addition->history, "SELECT id FROM machine WHERE fingerprint = ?",
                                 &statement, err);
    if (status != RN_OK)
        return status;
    bind_hex(statement, 1, machine->fingerprint);
    return run_once(addition->history, statement, &addition->machine, err);
}

static enum rn_status add_run(struct addition *addition, struct rn_error *err)
{
    const struct rn_run *run = addition->run;
    char uuid[37];
    sqlite3_stmt *statement;
    enum rn_status status = history_prepare(
        addition->history,
        "INSERT INTO run (uuid, digest, machine_id, recorded_ns, host, command, cpu_mhz, gpu_mhz,"
        " lost, incomplete, samples, counted) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
        &statement, err);

    if (status != RN_OK)
        return status;
    uuid_text(run->uuid, uuid);
    bind_text(statement, 1, uuid);
    bind_hex(statement, 2, run->digest);
    sqlite3_bind_int64(statement, 3, addition->machine);
    bind_number(statement, 4, run->recorded_ns);
    bind_text(statement, 5, run->host);
    bind_text(statement, 6, run->command);
    sqlite3_bind_double(statement, 7, run->machine.cpu_mhz);
    sqlite3_bind_double(statement, 8, run->machine.gpu_mhz);
    bind_number(statement, 9, run->lost);
    sqlite3_bind_int(statement, 10, run->incomplete);
    bind_number(statement, 11, run->sample_count);
    bind_number(statement, 12, run->aggregate_count);
    status = run_once(addition->history, statement, NULL, err);
    addition->id = sqlite3_last_insert_rowid(addition->history->db);
    return status;
}

static enum rn_status add_one_series(struct addition *addition, uint32_t number,
                                     struct rn_error *err)
{
    static const char *const sql[2] = {
        "INSERT OR IGNORE INTO series (operation, backend, isa, residency) VALUES (?,?,?,?)",
        "SELECT id FROM series WHERE operation = ? AND backend = ? AND isa = ? AND residency = ?"};
    const struct rn_run_series *series = &addition->run->series[number];

    for (int i = 0; i < 2; i++) {
        sqlite3_stmt *statement;
        enum rn_status status = history_prepare(addition->history, sql[i], &statement, err);

        if (status != RN_OK)
            return status;
        bind_text(statement, 1, series->operation);
        bind_text(statement, 2, history_backend(series->backend));
        bind_text(statement, 3, series->isa);
        bind_text(statement, 4, history_residency(series->residency));
        status = run_once(addition->history, statement, &addition->series[number], err);
        if (status != RN_OK)
            return status;
    }
    return RN_OK;
}

static enum rn_status add_samples(struct addition *addition, struct rn_error *err)
{
    const struct rn_run *run = addition->run;
    sqlite3_stmt *statement;
    enum rn_status status = history_prepare(
        addition->history,
        "INSERT INTO sample (series_id, elements, run_id, number, start_ns, duration_ns, bytes)"
        " VALUES (?,?,?,?,?,?,?)",
        &statement, err);

    if (status != RN_OK)
        return status;
    for (size_t i = 0; i < run->sample_count && status == RN_OK; i++) {
        const struct rn_run_sample *sample = &run->samples[i];

        sqlite3_bind_int64(statement, 1, addition->series[sample->series]);
        bind_number(statement, 2, sample->elements);
        sqlite3_bind_int64(statement, 3, addition->id);
        bind_number(statement, 4, i);
        bind_number(statement, 5, sample->start_ns);
        bind_number(statement, 6, sample->duration_ns);
        bind_number(statement, 7, sample->bytes);
        if (sqlite3_step(statement) != SQLITE_DONE)
            status = history_fail(addition->history, err);
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return status;
}

static enum rn_status add_buckets(struct addition *addition, sqlite3_stmt *statement,
                                  const struct rn_fit_aggregate *sum, struct rn_error *err)
{
    int64_t id = sqlite3_last_insert_rowid(addition->history->db);

    for (unsigned i = 0; i < sum->buckets; i++) {
        sqlite3_bind_int64(statement, 1, id);
        sqlite3_bind_double(statement, 2, sum->bucket[i].from_ns);
        sqlite3_bind_double(statement, 3, sum->bucket[i].to_ns);
        bind_number(statement, 4, sum->bucket[i].count);
        if (sqlite3_step(statement) != SQLITE_DONE)
            return history_fail(addition->history, err);
        sqlite3_reset(statement);
    }
    return RN_OK;
}

static void bind_aggregate(sqlite3_stmt *statement, const struct addition *addition,
                           const struct rn_run_aggregate *aggregate)
{
    const struct rn_fit_aggregate *sum = &aggregate->sum;

    sqlite3_bind_int64(statement, 1, addition->series[aggregate->series]);
    sqlite3_bind_int64(statement, 2, addition->id);
    bind_number(statement, 3, aggregate->start_ns);
    bind_number(statement, 4, sum->reason);
    bind_number(statement, 5, sum->size_bin);
    bind_number(statement, 6, sum->count);
    bind_number(statement, 7, sum->sum_ns);
    bind_number(statement, 8, sum->min_ns);
    bind_number(statement, 9, sum->max_ns);
    bind_number(statement, 10, sum->elements);
}

static enum rn_status add_aggregates(struct addition *addition, struct rn_error *err)
{
    const struct rn_run *run = addition->run;
    sqlite3_stmt *statement, *bucket = NULL;
    enum rn_status status = history_prepare(
        addition->history,
        "INSERT INTO aggregate (series_id, run_id, start_ns, reason, size_bin, count, sum_ns,"
        " min_ns, max_ns, elements) VALUES (?,?,?,?,?,?,?,?,?,?)",
        &statement, err);

    if (status != RN_OK)
        return status;
    status = history_prepare(
        addition->history,
        "INSERT INTO bucket (aggregate_id, from_ns, to_ns, count) VALUES (?,?,?,?)", &bucket, err);
    for (size_t i = 0; i < run->aggregate_count && status == RN_OK; i++) {
        bind_aggregate(statement, addition, &run->aggregates[i]);
        if (sqlite3_step(statement) != SQLITE_DONE)
            status = history_fail(addition->history, err);
        sqlite3_reset(statement);
        if (status == RN_OK)
            status = add_buckets(addition, bucket, &run->aggregates[i].sum, err);
    }
    sqlite3_finalize(statement);
    sqlite3_finalize(bucket);
    return status;
}

/* Rows of a run that another recording of the same takes the place of. */
static enum rn_status remove_run(struct addition *addition, int64_t id, struct rn_error *err)
{
    static const char *const sql[] = {
        "DELETE FROM bucket WHERE aggregate_id IN (SELECT id FROM aggregate WHERE run_id = ?)",
        "DELETE FROM aggregate WHERE run_id = ?", "DELETE FROM sample WHERE run_id = ?",
        "DELETE FROM run WHERE id = ?"};

    for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++) {
        sqlite3_stmt *statement;
        enum rn_status status = history_prepare(addition->history, sql[i], &statement, err);

        if (status != RN_OK)
            return status;
        sqlite3_bind_int64(statement, 1, id);
        status = run_once(addition->history, statement, NULL, err);
        if (status != RN_OK)
            return status;
    }
    return RN_OK;
}

/* The one that says more is kept. */
static enum rn_status look_up(struct addition *addition, enum rn_history_result *result,
                              struct rn_error *err)
{
    const struct rn_run *run = addition->run;
    uint64_t known = 0, more = run->sample_count + run->aggregate_count;
    char uuid[37];
    sqlite3_stmt *statement;
    enum rn_status status = history_prepare(
        addition->history, "SELECT id, samples + counted FROM run WHERE uuid = ?", &statement, err);
    int step;
    int64_t id = 0;

    if (status != RN_OK)
        return status;
    uuid_text(run->uuid, uuid);
    bind_text(statement, 1, uuid);
    step = sqlite3_step(statement);
    if (step == SQLITE_ROW) {
        id = sqlite3_column_int64(statement, 0);
        known = (uint64_t)sqlite3_column_int64(statement, 1);
        *result = more > known ? RN_HISTORY_REPLACED : RN_HISTORY_KNOWN;
    } else {
        *result = RN_HISTORY_ADDED;
        if (step != SQLITE_DONE)
            status = history_fail(addition->history, err);
    }
    sqlite3_finalize(statement);
    if (status == RN_OK && *result == RN_HISTORY_REPLACED)
        status = remove_run(addition, id, err);
    return status;
}

static enum rn_status add_all(struct addition *addition, struct rn_error *err)
{
    enum rn_status status = add_machine(addition, err);

    if (status == RN_OK)
        status = add_run(addition, err);
    for (uint32_t i = 0; i < addition->run->series_count && status == RN_OK; i++)
        status = add_one_series(addition, i, err);
    if (status == RN_OK)
        status = add_samples(addition, err);
    if (status == RN_OK)
        status = add_aggregates(addition, err);
    return status;
}

enum rn_status rn_history_add(struct rn_history *history, const struct rn_run *run,
                              enum rn_history_result *result, struct rn_error *err)
{
    struct addition addition = {.history = history, .run = run};
    enum rn_status status;

    addition.series = calloc(run->series_count + 1, sizeof *addition.series);
    if (!addition.series)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    status = history_execute(history, "BEGIN IMMEDIATE", err);
    if (status == RN_OK) {
        status = look_up(&addition, result, err);
        if (status == RN_OK && *result != RN_HISTORY_KNOWN)
            status = add_all(&addition, err);
        if (status == RN_OK)
            status = history_execute(history, "COMMIT", err);
        if (status != RN_OK)
            (void)history_execute(history, "ROLLBACK", NULL);
    }
    free(addition.series);
    return status;
}
