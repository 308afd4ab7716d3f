/* SPDX-License-Identifier: MIT */
/* Tables, columns and rows of a recording: libanalysis/row_maker.h makes them of events, a file
 * formats/NAME_write.c each writes them to one kind of store.
 *
 * Numbers that have no sign in a recording and are 2^63 or more (addresses, mostly) are handed over
 * as the signed number of the same 64 bits. Not thread-safe. */
#ifndef RN_ROWS_H
#define RN_ROWS_H

#include "formats/manifest.h"
#include "formats/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rn_row_type {
    RN_ROW_NULL = 0, /* of a value alone */
    RN_ROW_INTEGER,
    RN_ROW_REAL,
    RN_ROW_TEXT, /* any bytes: paths need not be UTF-8 */
};

struct rn_row_column {
    const char *name;
    uint8_t type;     /* of its values that are not NULL */
    bool nullable;    /* else no value is NULL */
    const char *text; /* what it is; NULL where the name says it */
};

struct rn_row_table {
    const char *name, *text;
    unsigned number; /* its place among the tables, from 0 */
    unsigned column_count;
    const struct rn_row_column *columns;
};

#define RN_ROW_MAX_COLUMNS 48u
#define RN_ROW_MAX_TABLES  32u

struct rn_row_value {
    uint8_t type; /* RN_ROW_NULL or that of the column */
    union {
        int64_t integer;
        double real;
        struct {
            const uint8_t *data;
            size_t size;
        } text;
    } u;
};

/* Borrowed until the next row is made. */
struct rn_row {
    const struct rn_row_table *table;
    const struct rn_row_value *values; /* table->column_count of them */
    uint64_t start_ns;                 /* CLOCK_REALTIME of what it is about */
    uint32_t source; /* in a merged recording: 1 + index in manifest.sources, else 0 */
};

#define RN_ROW_BY_DAY  0x1u /* directories of one day each, by start_ns, in UTC */
#define RN_ROW_BY_HOST 0x2u

struct rn_row_target {
    const char
        *path; /* sqlite: an empty regular file; avro: a directory, made where it is missing */
    const struct rn_manifest *manifest;
    const struct rn_row_table *const *tables;
    size_t table_count;
    unsigned partition; /* sum of RN_ROW_BY_..., avro alone */
};

/* A store. All is borrowed until `free`, which leaves nothing behind but the file that was given,
 * where `finish` was not called or failed. */
struct rn_row_writer;
struct rn_row_format {
    enum rn_status (*begin)(const struct rn_row_target *target, struct rn_row_writer **out,
                            struct rn_error *err);
    enum rn_status (*row)(struct rn_row_writer *, const struct rn_row *, struct rn_error *);
    /* All is written, and appears under its name where that is the writer's business. */
    enum rn_status (*finish)(struct rn_row_writer *, struct rn_error *);
    void (*free)(struct rn_row_writer *); /* accepts NULL */
};

extern const struct rn_row_format rn_sqlite_rows; /* sqlite_write.c */
extern const struct rn_row_format rn_avro_rows;   /* avro_write.c */

#endif
