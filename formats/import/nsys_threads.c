/* SPDX-License-Identifier: MIT */
/* Threads and processes. An export names all that ran on the machine: those with events alone
 * become streams of the recording, and are named when the first of these is met. */
#include "nsys_private.h"

#include <stdlib.h>
#include <string.h>

enum { THREAD_GLOBAL_TID, THREAD_NAME };

static enum rn_status take_thread(struct rn_nsys *nsys, sqlite3_stmt *row, struct rn_error *err)
{
    struct rn_nsys_thread_row entry = {rn_nsys_number(row, THREAD_GLOBAL_TID),
                                       sqlite3_column_int64(row, THREAD_NAME)};

    if (nsys->threads.size >= RN_NSYS_THREADS * sizeof entry)
        return RN_OK;
    rn_buf_append(&nsys->threads, &entry, sizeof entry);
    return nsys->threads.failed ? rn_fail(err, RN_E_NOMEM, "out of memory") : RN_OK;
}

enum { PROCESS_GLOBAL_PID, PROCESS_PID, PROCESS_NAME };

static enum rn_status take_process(struct rn_nsys *nsys, sqlite3_stmt *row, struct rn_error *err)
{
    const char *name = (const char *)sqlite3_column_text(row, PROCESS_NAME);
    struct rn_nsys_process_row entry = {
        .pid = rn_nsys_is(row, PROCESS_PID) ? rn_nsys_number(row, PROCESS_PID)
                                            : rn_nsys_pid(rn_nsys_number(row, PROCESS_GLOBAL_PID))};

    if (!entry.pid || !name || nsys->processes.size >= RN_NSYS_PROCESSES * sizeof entry)
        return RN_OK;
    entry.name = strndup(name, RN_NSYS_PROCESS_NAME);
    rn_buf_append(&nsys->processes, &entry, sizeof entry);
    if (entry.name && !nsys->processes.failed)
        return RN_OK;
    free(entry.name);
    return rn_fail(err, RN_E_NOMEM, "out of memory");
}

static const struct rn_nsys_table threads = {
    "ThreadNames", {"globalTid", "nameId"}, 2, take_thread, NULL};
static const struct rn_nsys_table processes = {
    "PROCESSES", {"globalPid", "pid", "name"}, 1, take_process, NULL};

/* Both begin with the number that they are found by. */
static int compare(const void *a, const void *b)
{
    uint64_t left, right;

    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    return (left > right) - (left < right);
}

enum rn_status rn_nsys_threads_open(struct rn_nsys *nsys, struct rn_error *err)
{
    enum rn_status status = rn_nsys_each(nsys, &threads, err);

    if (status == RN_OK)
        status = rn_nsys_each(nsys, &processes, err);
    if (nsys->threads.size)
        qsort(nsys->threads.data, nsys->threads.size / sizeof(struct rn_nsys_thread_row),
              sizeof(struct rn_nsys_thread_row), compare);
    if (nsys->processes.size)
        qsort(nsys->processes.data, nsys->processes.size / sizeof(struct rn_nsys_process_row),
              sizeof(struct rn_nsys_process_row), compare);
    return status;
}

void rn_nsys_threads_close(struct rn_nsys *nsys)
{
    for (size_t at = 0; at < nsys->processes.size; at += sizeof(struct rn_nsys_process_row)) {
        struct rn_nsys_process_row entry;

        memcpy(&entry, nsys->processes.data + at, sizeof entry);
        free(entry.name);
    }
    rn_buf_free(&nsys->threads);
    rn_buf_free(&nsys->processes);
}

static void *find(const struct rn_buf *entries, size_t size, uint64_t number)
{
    return entries->size ? bsearch(&number, entries->data, entries->size / size, size, compare)
                         : NULL;
}

/* A process counts as there when the session began, as far as is told. */
static enum rn_status add_process(struct rn_nsys *nsys, uint64_t pid, struct rn_error *err)
{
    struct rn_nsys_process_row *entry = find(&nsys->processes, sizeof *entry, pid);
    struct rn_attachment exe = {.type = RN_ATT_EXE, .arg = RN_ARG_NONE};
    struct rn_event event = {
        .kind = RN_KIND_PROCESS,
        .start = RN_NSYS_BEFORE_NS,
        .u.process = {.op = RN_PROCESS_ATTACH, .pid = pid, .tid = pid},
        .attachments = &exe,
        .attachment_count = 1,
    };
    enum rn_status status;

    if (!entry || entry->told)
        return RN_OK;
    entry->told = true;
    exe.data = (const uint8_t *)entry->name;
    exe.size = (uint32_t)strlen(entry->name);
    status = rn_nsys_thread(nsys, pid << 24 | pid, &event.stream, err);
    return status == RN_OK ? rn_import_add(nsys->import, &event, err) : status;
}

enum rn_status rn_nsys_process(struct rn_nsys *nsys, uint64_t global, struct rn_error *err)
{
    uint64_t pid = rn_nsys_pid(global);

    if (pid == nsys->last_pid)
        return RN_OK;
    nsys->last_pid = pid;
    return add_process(nsys, pid, err);
}

/* Rows of one thread often follow each other. */
enum rn_status rn_nsys_thread(struct rn_nsys *nsys, uint64_t global, uint32_t *stream,
                              struct rn_error *err)
{
    const struct rn_nsys_thread_row *entry;
    const char *name = NULL;
    enum rn_status status;

    if (nsys->last_stream && global == nsys->last_thread) {
        *stream = nsys->last_stream;
        return RN_OK;
    }
    status = rn_nsys_process(nsys, global, err);
    if (status != RN_OK)
        return status;
    entry = find(&nsys->threads, sizeof *entry, global);
    if (entry)
        name = rn_nsys_string_of(nsys, entry->name);
    status =
        rn_import_thread(nsys->import, rn_nsys_pid(global), rn_nsys_tid(global), name, stream, err);
    if (status == RN_OK) {
        nsys->last_thread = global;
        nsys->last_stream = *stream;
    }
    return status;
}
