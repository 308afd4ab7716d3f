/* SPDX-License-Identifier: MIT */
/* Exports of Nsight Systems in SQLite (nsys export --type sqlite) to a recording. The tables are
 * read one after the other, as they lie: the import sorts. */
#include "import_formats.h"
#include "nsys_private.h"

#include "formats/buf.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is told of the recorded machine and session. */
struct facts {
    char *host, *os;
    uint64_t start_ns; /* of the session, CLOCK_REALTIME; 0 not known */
};

/* The first row's first column of a query; NULL or 0 where there is none, or no such table. */
static char *ask_text(sqlite3 *db, const char *table, const char *sql)
{
    sqlite3_stmt *ask;
    char *text = NULL;

    if (!rn_nsys_has_table(db, table) || sqlite3_prepare_v2(db, sql, -1, &ask, NULL) != SQLITE_OK)
        return NULL;
    if (sqlite3_step(ask) == SQLITE_ROW && sqlite3_column_type(ask, 0) == SQLITE_TEXT)
        text = strndup((const char *)sqlite3_column_text(ask, 0), 1024);
    sqlite3_finalize(ask);
    return text;
}

/* `table` NULL: the query needs none. */
static uint64_t ask_number(sqlite3 *db, const char *table, const char *sql)
{
    sqlite3_stmt *ask;
    uint64_t number = 0;

    if ((table && !rn_nsys_has_table(db, table)) ||
        sqlite3_prepare_v2(db, sql, -1, &ask, NULL) != SQLITE_OK)
        return 0;
    if (sqlite3_step(ask) == SQLITE_ROW && sqlite3_column_int64(ask, 0) > 0)
        number = rn_nsys_number(ask, 0);
    sqlite3_finalize(ask);
    return number;
}

static void ask_facts(struct rn_nsys *nsys, struct facts *facts)
{
    sqlite3 *db = nsys->db;

    facts->host = ask_text(db, "TARGET_INFO_SYSTEM_ENV",
                           "SELECT value FROM TARGET_INFO_SYSTEM_ENV WHERE name = 'Hostname'");
    facts->os = ask_text(db, "TARGET_INFO_SYSTEM_ENV",
                         "SELECT value FROM TARGET_INFO_SYSTEM_ENV WHERE name IN "
                         "('OperatingSystem', 'OS', 'Operating System', 'KernelVersion')");
    facts->start_ns = ask_number(db, "TARGET_INFO_SESSION_START_TIME",
                                 "SELECT utcEpochNs FROM TARGET_INFO_SESSION_START_TIME");
    nsys->stop = ask_number(db, "ANALYSIS_DETAILS", "SELECT stopTime FROM ANALYSIS_DETAILS");
    if (facts->start_ns > INT64_MAX - RN_NSYS_BEFORE_NS)
        facts->start_ns = 0;
}

static enum rn_status tell_facts(struct rn_nsys *nsys, const struct facts *facts,
                                 struct rn_error *err)
{
    const struct rn_import_facts told = {
        .clock = RN_IMPORT_RELATIVE,
        .disorder = true,
        .host = facts->host,
        .os = facts->os,
        .realtime_of_zero =
            facts->start_ns > RN_NSYS_BEFORE_NS ? (int64_t)facts->start_ns - RN_NSYS_BEFORE_NS : 0,
    };

    return rn_import_facts(nsys->import, &told, err);
}

/* Tables with events that a recording has no place for, or whose rows say what others do. */
static const struct {
    const char *table, *note;
} left_out[] = {
    {"CUDA_GPU_MEMORY_USAGE_EVENTS", "rows of CUDA_GPU_MEMORY_USAGE_EVENTS left out"},
    {"CUDA_UM_CPU_PAGE_FAULT_EVENTS", "rows of CUDA_UM_CPU_PAGE_FAULT_EVENTS left out"},
    {"CUDA_UM_GPU_PAGE_FAULT_EVENTS", "rows of CUDA_UM_GPU_PAGE_FAULT_EVENTS left out"},
    {"CUDA_CALLCHAINS", "rows of CUDA_CALLCHAINS left out"},
    {"OSRT_CALLCHAINS", "rows of OSRT_CALLCHAINS left out"},
    {"SAMPLING_CALLCHAINS", "rows of SAMPLING_CALLCHAINS left out"},
    {"CUPTI_ACTIVITY_KIND_CUDA_EVENT", "rows of CUPTI_ACTIVITY_KIND_CUDA_EVENT left out"},
    {"OPENACC_LAUNCH_EVENTS", "rows of OPENACC_LAUNCH_EVENTS left out"},
    {"OPENGL_WORKLOAD", "rows of OPENGL_WORKLOAD left out"},
    {"VULKAN_WORKLOAD", "rows of VULKAN_WORKLOAD left out"},
    {"DX12_API", "rows of DX12_API left out"},
    {"GPU_CONTEXT_SWITCH_EVENTS", "rows of GPU_CONTEXT_SWITCH_EVENTS left out"},
    {"FECS_EVENTS", "rows of FECS_EVENTS left out"},
    {"GENERIC_EVENTS", "rows of GENERIC_EVENTS left out"},
    {"NET_NIC_METRIC", "rows of NET_NIC_METRIC left out"},
    {"DIAGNOSTIC_EVENT", "rows of DIAGNOSTIC_EVENT left out"},
};

static void note_left_out(struct rn_nsys *nsys)
{
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++) {
        uint64_t rows = rn_nsys_count(nsys->db, left_out[i].table);

        if (rows)
            rn_import_note(nsys->import, left_out[i].note, rows);
    }
}

static enum rn_status read_list(struct rn_nsys *nsys, const struct rn_nsys_table *const *tables,
                                struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (; *tables && status == RN_OK; tables++)
        status = rn_nsys_each(nsys, *tables, err);
    return status;
}

static enum rn_status read_tables(struct rn_nsys *nsys, struct rn_error *err)
{
    static const struct rn_nsys_table *const before[] = {&rn_nsys_domain_table,
                                                         &rn_nsys_metric_table, NULL};
    struct facts facts = {0};
    enum rn_status status;

    ask_facts(nsys, &facts);
    status = tell_facts(nsys, &facts, err);
    free(facts.host);
    free(facts.os);
    if (status == RN_OK)
        status = rn_nsys_threads_open(nsys, err);
    if (status == RN_OK)
        status = read_list(nsys, before, err);
    if (status == RN_OK)
        status = read_list(nsys, rn_nsys_cuda_tables, err);
    if (status == RN_OK)
        status = read_list(nsys, rn_nsys_call_tables, err);
    if (status == RN_OK)
        status = read_list(nsys, rn_nsys_span_tables, err);
    if (status == RN_OK)
        note_left_out(nsys);
    return status;
}

enum rn_status rn_nsys_read_database(sqlite3 *db, const char *path, struct rn_import *import,
                                     struct rn_error *err)
{
    struct rn_nsys *nsys = calloc(1, sizeof *nsys);
    struct rn_buf text = RN_BUF_INIT;
    enum rn_status status;

    if (!nsys || !(nsys->cpus = calloc(RN_NSYS_CPUS, sizeof *nsys->cpus))) {
        free(nsys);
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    }
    nsys->path = path;
    nsys->db = db;
    nsys->import = import;
    nsys->text = &text;
    nsys->bytes =
        ask_number(db, NULL, "PRAGMA page_count") * ask_number(db, NULL, "PRAGMA page_size");
    status = rn_nsys_names_open(nsys, err);
    if (status == RN_OK)
        status = read_tables(nsys, err);
    rn_nsys_threads_close(nsys);
    rn_nsys_names_close(nsys);
    rn_buf_free(&text);
    free(nsys->cpus);
    free(nsys);
    return status;
}

static enum rn_status read_path(const char *path, struct rn_import *import, struct rn_error *err)
{
    sqlite3 *db;
    enum rn_status status = rn_nsys_open(path, &db, err);

    if (status != RN_OK)
        return status;
    status = rn_nsys_read_database(db, path, import, err);
    sqlite3_close(db);
    return status;
}

/* Regular files alone: a pipe that was opened once cannot be opened again. */
static bool is_database(const char *path)
{
    char magic[16] = "";
    struct stat st;
    int fd;

    if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
        (fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0)
        return false;
    if (pread(fd, magic, sizeof magic, 0) != sizeof magic)
        magic[0] = 0;
    close(fd);
    return memcmp(magic, "SQLite format 3", sizeof magic) == 0;
}

/* An SQLite database with the exporter's tables. */
static int recognise_path(const char *path)
{
    static const char *const tables[] = {"StringIds",
                                         "META_DATA_EXPORT",
                                         "NVTX_EVENTS",
                                         "OSRT_API",
                                         "CUPTI_ACTIVITY_KIND_RUNTIME",
                                         "CUPTI_ACTIVITY_KIND_KERNEL"};
    struct rn_error err = RN_ERROR_INIT;
    unsigned found = 0;
    sqlite3 *db;

    if (!is_database(path) || rn_nsys_open(path, &db, &err) != RN_OK)
        return 0;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        found += rn_nsys_has_table(db, tables[i]);
    sqlite3_close(db);
    return found >= 2 ? 90 : 0;
}

const struct rn_import_format rn_nsys_import = {
    .name = "nsys",
    .text = "export of Nsight Systems (nsys export --type sqlite)",
    .recognise_path = recognise_path,
    .read_path = read_path,
};
