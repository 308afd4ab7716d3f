/* SPDX-License-Identifier: MIT */
/* What the files that write SQLite databases share. */
#ifndef RN_SQLITE_PRIVATE_H
#define RN_SQLITE_PRIVATE_H

#include "rows.h"

#include <sqlite3.h>

/* `db` may be NULL. */
enum rn_status rn_sqlite_fail(sqlite3 *db, int code, struct rn_error *err);

/* sqlite_views.c: what is run when all rows are there; NULL ends. */
extern const char *const rn_sqlite_at_end[];

#endif
