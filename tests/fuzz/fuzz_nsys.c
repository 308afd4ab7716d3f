/* SPDX-License-Identifier: MIT */
/* libFuzzer target: an SQLite database as an export of Nsight Systems. */
#include "formats/import/nsys_private.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_problem(void *context, const struct rn_error *err)
{
    (void)context;
    if (!err->what[0])
        abort();
}

/* Enough for any honest file of a fuzzer's size. */
static int stop(void *context)
{
    int *rounds = context;

    return ++*rounds > 200;
}

static sqlite3 *open_bytes(const uint8_t *data, size_t size, int *rounds)
{
    unsigned char *copy = sqlite3_malloc64(size);
    sqlite3 *db;

    if (!copy || sqlite3_open(":memory:", &db) != SQLITE_OK)
        abort();
    memcpy(copy, data, size);
    if (sqlite3_deserialize(db, "main", copy, (sqlite3_int64)size, (sqlite3_int64)size,
                            SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_READONLY) !=
        SQLITE_OK)
        abort();
    rn_nsys_restrict(db);
    sqlite3_progress_handler(db, 1000, stop, rounds);
    return db;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct rn_import_options options = {.path = "/nonexistent/fuzz.rna",
                                              .creator = "fuzz 1",
                                              .tool = "nsys",
                                              .name = "input",
                                              .keep_going = true,
                                              .on_problem = on_problem};
    struct rn_error err = RN_ERROR_INIT;
    struct rn_import *import;
    int rounds = 0;
    sqlite3 *db;

    if (size < 100 || rn_import_new(&options, &import, &err) != RN_OK)
        return 0;
    db = open_bytes(data, size, &rounds);
    if (rn_nsys_read_database(db, "input", import, &err) != RN_OK && !err.what[0])
        abort();
    sqlite3_close(db);
    rn_import_free(import); /* what it would write is of the writer's tests */
    return 0;
}
