/* SPDX-License-Identifier: MIT */
/* From a history into a fit. */
#include "history_private.h"

#include <stdlib.h>
#include <string.h>

static char *column_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);

    return strdup(text ? (const char *)text : "");
}

static uint64_t column_hex(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);

    return text ? strtoull((const char *)text, NULL, 16) : 0;
}

enum rn_status rn_history_machines(struct rn_history *history, struct rn_history_machine **out,
                                   size_t *count, struct rn_error *err)
{
    sqlite3_stmt *statement;
    enum rn_status status =
        history_prepare(history,
                        "SELECT machine.id, fingerprint, cpu_fingerprint, cpu, gpu, COUNT(*),"
                        " SUM(samples + counted) FROM machine JOIN run ON machine_id = machine.id"
                        " GROUP BY machine.id ORDER BY MAX(recorded_ns) DESC",
                        &statement, err);
    int step = SQLITE_DONE;

    *out = NULL;
    *count = 0;
    while (status == RN_OK && (step = sqlite3_step(statement)) == SQLITE_ROW) {
        struct rn_history_machine *grown = reallocarray(*out, *count + 1, sizeof **out);
        struct rn_history_machine *machine;

        if (!grown) {
            status = rn_fail(err, RN_E_NOMEM, "out of memory");
            break;
        }
        *out = grown;
        machine = &grown[(*count)++];
        *machine = (struct rn_history_machine){.id = sqlite3_column_int64(statement, 0),
                                               .fingerprint = column_hex(statement, 1),
                                               .cpu_fingerprint = column_hex(statement, 2),
                                               .cpu = column_text(statement, 3),
                                               .gpu = column_text(statement, 4)};
        machine->runs = (uint64_t)sqlite3_column_int64(statement, 5);
        machine->samples = (uint64_t)sqlite3_column_int64(statement, 6);
        if (!machine->cpu || !machine->gpu)
            status = rn_fail(err, RN_E_NOMEM, "out of memory");
    }
    if (status == RN_OK && step != SQLITE_DONE)
        status = history_fail(history, err);
    sqlite3_finalize(statement);
    if (status != RN_OK) {
        rn_history_machines_free(*out, *count);
        *out = NULL;
        *count = 0;
    }
    return status;
}

void rn_history_machines_free(struct rn_history_machine *machines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(machines[i].cpu);
        free(machines[i].gpu);
    }
    free(machines);
}

static enum rn_status fit_series(struct rn_fit *fit, sqlite3_stmt *statement, uint32_t *series,
                                 struct rn_error *err)
{
    const char *operation = (const char *)sqlite3_column_text(statement, 1);
    uint8_t backend = history_backend_from((const char *)sqlite3_column_text(statement, 2));
    const char *isa = (const char *)sqlite3_column_text(statement, 3);
    uint8_t residency = history_residency_from((const char *)sqlite3_column_text(statement, 4));

    return rn_fit_series(fit, operation ? operation : "?", backend, isa, residency, series, err);
}

static enum rn_status fill_samples(struct rn_history *history, sqlite3_stmt *samples,
                                   int64_t machine, int64_t row, struct rn_fit *fit,
                                   uint32_t series, struct rn_error *err)
{
    enum rn_status status = RN_OK;
    int step = SQLITE_DONE;

    sqlite3_bind_int64(samples, 1, row);
    sqlite3_bind_int64(samples, 2, machine);
    while (status == RN_OK && (step = sqlite3_step(samples)) == SQLITE_ROW)
        status = rn_fit_add(fit, series, (uint64_t)sqlite3_column_int64(samples, 1),
                            (uint64_t)sqlite3_column_int64(samples, 0),
                            (uint64_t)sqlite3_column_int64(samples, 2),
                            (uint64_t)sqlite3_column_int64(samples, 3), err);
    if (status == RN_OK && step != SQLITE_DONE)
        status = history_fail(history, err);
    sqlite3_reset(samples);
    return status;
}

static void read_aggregate(sqlite3_stmt *row, struct rn_fit_aggregate *sum)
{
    *sum = (struct rn_fit_aggregate){.reason = (uint64_t)sqlite3_column_int64(row, 2),
                                     .size_bin = (unsigned)sqlite3_column_int(row, 3),
                                     .count = (uint64_t)sqlite3_column_int64(row, 4),
                                     .sum_ns = (uint64_t)sqlite3_column_int64(row, 5),
                                     .min_ns = (uint64_t)sqlite3_column_int64(row, 6),
                                     .max_ns = (uint64_t)sqlite3_column_int64(row, 7),
                                     .elements = (uint64_t)sqlite3_column_int64(row, 8)};
}

static void read_buckets(sqlite3_stmt *buckets, int64_t id, struct rn_fit_aggregate *sum)
{
    sqlite3_bind_int64(buckets, 1, id);
    while (sqlite3_step(buckets) == SQLITE_ROW &&
           sum->buckets < sizeof sum->bucket / sizeof sum->bucket[0])
        sum->bucket[sum->buckets++] =
            (struct rn_fit_bucket){.from_ns = sqlite3_column_double(buckets, 0),
                                   .to_ns = sqlite3_column_double(buckets, 1),
                                   .count = (uint64_t)sqlite3_column_int64(buckets, 2)};
    sqlite3_reset(buckets);
}

static enum rn_status fill_aggregates(struct rn_history *history, sqlite3_stmt *rows,
                                      sqlite3_stmt *buckets, int64_t machine, int64_t row,
                                      struct rn_fit *fit, uint32_t series, struct rn_error *err)
{
    enum rn_status status = RN_OK;
    int step = SQLITE_DONE;

    sqlite3_bind_int64(rows, 1, row);
    sqlite3_bind_int64(rows, 2, machine);
    while (status == RN_OK && (step = sqlite3_step(rows)) == SQLITE_ROW) {
        struct rn_fit_aggregate sum;

        read_aggregate(rows, &sum);
        read_buckets(buckets, sqlite3_column_int64(rows, 0), &sum);
        status =
            rn_fit_add_aggregate(fit, series, (uint64_t)sqlite3_column_int64(rows, 1), &sum, err);
    }
    if (status == RN_OK && step != SQLITE_DONE)
        status = history_fail(history, err);
    sqlite3_reset(rows);
    return status;
}

enum { ALL_SERIES, SAMPLES, AGGREGATES, BUCKETS, QUERIES };

static const char *const queries[QUERIES] = {
    "SELECT id, operation, backend, isa, residency FROM series"
    " WHERE ?1 IS NULL OR operation = ?1 ORDER BY operation, backend, isa, residency",
    "SELECT elements, run_id, start_ns, duration_ns FROM sample WHERE series_id = ?1"
    " AND run_id IN (SELECT id FROM run WHERE machine_id = ?2)"
    " ORDER BY series_id, elements, run_id, number",
    "SELECT id, run_id, reason, size_bin, count, sum_ns, min_ns, max_ns, elements FROM aggregate"
    " WHERE series_id = ?1 AND run_id IN (SELECT id FROM run WHERE machine_id = ?2) ORDER BY id",
    "SELECT from_ns, to_ns, count FROM bucket WHERE aggregate_id = ?1 ORDER BY from_ns",
};

static enum rn_status fill_one(struct rn_history *history, sqlite3_stmt **query, int64_t machine,
                               struct rn_fit *fit, struct rn_error *err)
{
    int64_t row = sqlite3_column_int64(query[ALL_SERIES], 0);
    uint32_t series;
    enum rn_status status = fit_series(fit, query[ALL_SERIES], &series, err);

    if (status == RN_OK)
        status = fill_samples(history, query[SAMPLES], machine, row, fit, series, err);
    if (status == RN_OK)
        status = fill_aggregates(history, query[AGGREGATES], query[BUCKETS], machine, row, fit,
                                 series, err);
    return status;
}

enum rn_status rn_history_fill(struct rn_history *history, int64_t machine, const char *operation,
                               struct rn_fit *fit, struct rn_error *err)
{
    sqlite3_stmt *query[QUERIES] = {NULL};
    enum rn_status status = RN_OK;
    int step = SQLITE_DONE;

    for (int i = 0; i < QUERIES && status == RN_OK; i++)
        status = history_prepare(history, queries[i], &query[i], err);
    if (status == RN_OK && operation)
        sqlite3_bind_text(query[ALL_SERIES], 1, operation, -1, SQLITE_TRANSIENT);
    while (status == RN_OK && (step = sqlite3_step(query[ALL_SERIES])) == SQLITE_ROW)
        status = fill_one(history, query, machine, fit, err);
    if (status == RN_OK && step != SQLITE_DONE)
        status = history_fail(history, err);
    for (int i = 0; i < QUERIES; i++)
        sqlite3_finalize(query[i]);
    return status;
}
