/* SPDX-License-Identifier: MIT */
#ifndef RN_HISTORY_PRIVATE_H
#define RN_HISTORY_PRIVATE_H

#include "history.h"

#include <sqlite3.h>

struct rn_history {
    sqlite3 *db;
    char *path;
};

/* The database's own last failure. */
enum rn_status history_fail(const struct rn_history *history, struct rn_error *err);
enum rn_status history_execute(struct rn_history *history, const char *sql, struct rn_error *err);
enum rn_status history_prepare(struct rn_history *history, const char *sql, sqlite3_stmt **out,
                               struct rn_error *err);
/* First column of the first row; 0 where there is none. */
enum rn_status history_number(struct rn_history *history, const char *sql, int64_t *out,
                              struct rn_error *err);

const char *history_backend(uint8_t backend); /* "scalar" */
const char *history_residency(uint8_t residency);
uint8_t history_backend_from(const char *name);
uint8_t history_residency_from(const char *name);

#endif
