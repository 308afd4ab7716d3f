/* SPDX-License-Identifier: MIT */
/* What the files that read exports of Nsight Systems share. Its schema is that of its user guide's
 * chapter "SQLite Schema Reference", whose tables are there when there is something to put into
 * them, and whose columns have come and gone: what is not there is NULL. */
#ifndef RN_NSYS_PRIVATE_H
#define RN_NSYS_PRIVATE_H

#include "formats/buf.h"
#include "import.h"

#include <sqlite3.h>

#define RN_NSYS_TEXT    16384u /* bytes of a text; longer ones are cut */
#define RN_NSYS_STRINGS 2048u  /* texts kept of StringIds */
/* Threads and processes of the machine that are known by name, and bytes of such a name. */
#define RN_NSYS_THREADS      (1u << 19)
#define RN_NSYS_PROCESSES    32768u
#define RN_NSYS_PROCESS_NAME 512u
#define RN_NSYS_CPUS         4096u
#define RN_NSYS_NAMES        1024u /* names of domains of NVTX, and of metrics */
#define RN_NSYS_COLUMNS      32u

/* Times in an export count from the begin of its session, and may be before it: by no more than
 * this. What the import is given counts from that much earlier. */
#define RN_NSYS_BEFORE_NS 3600000000000

struct rn_nsys_name {
    uint64_t scope, id; /* process and domain; type and metric */
    char *text;
};

struct rn_nsys_thread_row {
    uint64_t global;
    int64_t name; /* of StringIds */
};
struct rn_nsys_process_row {
    uint64_t pid;
    char *name;
    bool told; /* the recording knows it */
};

struct rn_nsys {
    const char *path;
    sqlite3 *db;
    struct rn_import *import;
    sqlite3_stmt *string; /* value of StringIds by id; NULL: no such table */
    struct rn_nsys_string {
        int64_t id;
        char *text; /* NULL: unused */
    } strings[RN_NSYS_STRINGS];
    struct rn_nsys_name *domains, *metrics; /* RN_NSYS_NAMES of each */
    size_t domain_count, metric_count;
    struct rn_nsys_cpu {
        uint64_t thread; /* 0: idle, or not known */
        uint64_t since;
    } * cpus;
    struct rn_buf threads, processes; /* of the structs above, sorted by their first field */
    uint64_t last_thread, last_pid;   /* met last; stream 0: none */
    uint32_t last_stream;
    uint64_t bytes;                    /* of the database */
    uint64_t stop;                     /* when the session ended, 0 not known */
    struct rn_buf *text;               /* of the event at hand */
    const struct rn_nsys_table *table; /* that is being read */
};

/* A table: its columns by number, in a fixed order, whatever the file has. */
struct rn_nsys_table {
    const char *name;
    const char *columns[RN_NSYS_COLUMNS]; /* NULL ends; "a|b": the first of both that is there */
    unsigned needed;                      /* of the first ones: all of them must be there */
    /* One row; statement's columns as above. */
    enum rn_status (*row)(struct rn_nsys *nsys, sqlite3_stmt *row, struct rn_error *err);
    const char *category; /* of its spans, where it says nothing else */
};

/* nsys_file.c: opened so that nothing in it runs or is changed. RN_E_FORMAT: no database. */
RN_MUST_CHECK enum rn_status rn_nsys_open(const char *path, sqlite3 **db, struct rn_error *err);
void rn_nsys_restrict(sqlite3 *db);
bool rn_nsys_has_table(sqlite3 *db, const char *name);
/* Call table->row for each row. RN_OK too where the table is not there, or lacks what is needed
 * (then with a note). */
RN_MUST_CHECK enum rn_status rn_nsys_each(struct rn_nsys *nsys, const struct rn_nsys_table *table,
                                          struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_nsys_fail(struct rn_nsys *nsys, const char *table,
                                          struct rn_error *err);
uint64_t rn_nsys_count(sqlite3 *db, const char *table);

/* A row's number column, and whether it has one. */
static inline bool rn_nsys_is(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_INTEGER;
}
static inline uint64_t rn_nsys_number(sqlite3_stmt *row, int column)
{
    return (uint64_t)sqlite3_column_int64(row, column); /* 0 for NULL */
}

/* nsys_names.c */
RN_MUST_CHECK enum rn_status rn_nsys_names_open(struct rn_nsys *nsys, struct rn_error *err);
void rn_nsys_names_close(struct rn_nsys *nsys);
/* Of StringIds; NULL none. Borrowed until the next call. */
const char *rn_nsys_string(struct rn_nsys *nsys, sqlite3_stmt *row, int column);
const char *rn_nsys_string_of(struct rn_nsys *nsys, int64_t id);
RN_MUST_CHECK enum rn_status rn_nsys_name_add(struct rn_nsys_name *names, size_t *count,
                                              uint64_t scope, uint64_t id, const char *text,
                                              struct rn_error *err);
const char *rn_nsys_name_find(const struct rn_nsys_name *names, size_t count, uint64_t scope,
                              uint64_t id);

/* nsys_threads.c */
RN_MUST_CHECK enum rn_status rn_nsys_threads_open(struct rn_nsys *nsys, struct rn_error *err);
void rn_nsys_threads_close(struct rn_nsys *nsys);
/* The stream of a thread of that number; and the process of a number: told of, where it has a name.
 */
RN_MUST_CHECK enum rn_status rn_nsys_thread(struct rn_nsys *nsys, uint64_t global, uint32_t *stream,
                                            struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_nsys_process(struct rn_nsys *nsys, uint64_t global,
                                             struct rn_error *err);

/* nsys_cuda.c: the tables with events, in the order in which they are read; NULL ends. */
extern const struct rn_nsys_table *const rn_nsys_cuda_tables[];
/* nsys_calls.c */
extern const struct rn_nsys_table *const rn_nsys_call_tables[];
/* nsys_spans.c */
extern const struct rn_nsys_table *const rn_nsys_span_tables[];
extern const struct rn_nsys_table rn_nsys_domain_table, rn_nsys_metric_table;

/* A thread or process as exports number it: from the top 8 bits of hardware, 8 of virtual machine,
 * 24 of process, 24 of thread. */
static inline uint64_t rn_nsys_pid(uint64_t global)
{
    return global >> 24 & 0xffffff;
}
static inline uint64_t rn_nsys_tid(uint64_t global)
{
    return global & 0xffffff;
}

/* Fill start and duration from columns 0 and 1. RN_EOF: the row makes no sense, and is left out. */
RN_MUST_CHECK enum rn_status rn_nsys_times(struct rn_nsys *nsys, sqlite3_stmt *row,
                                           const char *table, struct rn_event *event,
                                           struct rn_error *err);
/* Add it with up to four texts; those that are NULL are left out. */
RN_MUST_CHECK enum rn_status rn_nsys_add(struct rn_nsys *nsys, struct rn_event *event,
                                         const char *name, const char *category, const char *text,
                                         struct rn_error *err);
/* nsys_read.c: read it all. For rn_nsys_import and who has the database in memory. */
RN_MUST_CHECK enum rn_status rn_nsys_read_database(sqlite3 *db, const char *path,
                                                   struct rn_import *import, struct rn_error *err);

#endif
