/* SPDX-License-Identifier: MIT */
/* Names by number: StringIds, which may be long, looked up when they are met; domains of NVTX and
 * metrics, which are few, in memory. */
#include "nsys_private.h"

#include <stdlib.h>
#include <string.h>

/* Looked up one by one: that is quick where `id` is the key, as the exporter makes it. */
static bool string_ids_have_key(sqlite3 *db)
{
    const char *type = NULL;
    int key = 0;

    return sqlite3_table_column_metadata(db, NULL, "StringIds", "id", &type, NULL, NULL, &key,
                                         NULL) == SQLITE_OK &&
           key == 1 && type && sqlite3_stricmp(type, "INTEGER") == 0;
}

enum rn_status rn_nsys_names_open(struct rn_nsys *nsys, struct rn_error *err)
{
    nsys->domains = calloc(RN_NSYS_NAMES, sizeof *nsys->domains);
    nsys->metrics = calloc(RN_NSYS_NAMES, sizeof *nsys->metrics);
    if (!nsys->domains || !nsys->metrics)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    if (!rn_nsys_has_table(nsys->db, "StringIds"))
        return RN_OK;
    if (!string_ids_have_key(nsys->db)) {
        rn_fail(err, RN_E_FORMAT,
                "the table StringIds has no primary key: export the report again with nsys "
                "export");
        return rn_fail_in(err, nsys->path);
    }
    if (sqlite3_prepare_v2(nsys->db, "SELECT value FROM StringIds WHERE id = ?1", -1, &nsys->string,
                           NULL) != SQLITE_OK)
        return rn_nsys_fail(nsys, "StringIds", err);
    return RN_OK;
}

static void free_names(struct rn_nsys_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i].text);
    free(names);
}

void rn_nsys_names_close(struct rn_nsys *nsys)
{
    sqlite3_finalize(nsys->string);
    for (size_t i = 0; i < RN_NSYS_STRINGS; i++)
        free(nsys->strings[i].text);
    free_names(nsys->domains, nsys->domain_count);
    free_names(nsys->metrics, nsys->metric_count);
}

const char *rn_nsys_string_of(struct rn_nsys *nsys, int64_t id)
{
    struct rn_nsys_string *string = &nsys->strings[(uint64_t)id % RN_NSYS_STRINGS];

    if (string->text && string->id == id)
        return string->text;
    free(string->text);
    string->text = NULL;
    if (!nsys->string)
        return NULL;
    sqlite3_bind_int64(nsys->string, 1, id);
    if (sqlite3_step(nsys->string) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(nsys->string, 0);

        string->text = text ? strndup(text, RN_NSYS_TEXT) : NULL;
        string->id = id;
    }
    sqlite3_reset(nsys->string);
    return string->text;
}

const char *rn_nsys_string(struct rn_nsys *nsys, sqlite3_stmt *row, int column)
{
    /* Some versions, and some who rewrite exports, have the text itself there. */
    if (sqlite3_column_type(row, column) == SQLITE_TEXT)
        return (const char *)sqlite3_column_text(row, column);
    return rn_nsys_is(row, column) ? rn_nsys_string_of(nsys, sqlite3_column_int64(row, column))
                                   : NULL;
}

enum rn_status rn_nsys_name_add(struct rn_nsys_name *names, size_t *count, uint64_t scope,
                                uint64_t id, const char *text, struct rn_error *err)
{
    if (!text || *count == RN_NSYS_NAMES)
        return RN_OK;
    names[*count] = (struct rn_nsys_name){scope, id, strndup(text, 256)};
    if (!names[*count].text)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    ++*count;
    return RN_OK;
}

const char *rn_nsys_name_find(const struct rn_nsys_name *names, size_t count, uint64_t scope,
                              uint64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (names[i].id == id && names[i].scope == scope)
            return names[i].text;
    return NULL;
}
