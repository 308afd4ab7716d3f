/* SPDX-License-Identifier: MIT */
#include "event_sort.h"

#include "record.h"
#include "record_encode.h"
#include "ring_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define RUNS_MAX      256u
#define RUN_BUFFER    (64u << 10)
#define ITEM_BYTES    sizeof(struct item)
#define HEADER_BYTES  sizeof(uint64_t) /* the number before each record in a file */
#define RECORDS_START (1u << 20)

struct item {
    uint64_t key;
    uint64_t offset; /* of the record; grows with the order of adding */
};

/* A sorted file, or what is in memory, being read. */
struct run {
    int fd;                  /* -1: in memory */
    uint64_t position, size; /* bytes of the file read so far, and all of them */
    uint8_t *buffer;
    size_t capacity, at, filled;
    uint64_t key; /* of the record that is next */

    bool ended;
};

struct rn_event_sort {
    size_t budget;
    struct rn_buf records;
    struct item *items;
    size_t count, capacity, next;  /* next: to be handed out, of those in memory */
    struct run runs[RUNS_MAX + 1]; /* one more for what is in memory */
    size_t run_count;
    size_t heap[RUNS_MAX + 1], heap_count;
    bool reading;
    size_t used; /* bytes of the record handed out last, of runs[heap[0]] */
    struct rn_attachment attachments[RN_RECORD_MAX_ATTACHMENTS];
};

struct rn_event_sort *rn_event_sort_new(size_t budget)
{
    struct rn_event_sort *sort = calloc(1, sizeof *sort);

    if (sort)
        sort->budget = budget;
    return sort;
}

void rn_event_sort_free(struct rn_event_sort *sort)
{
    if (!sort)
        return;
    for (size_t i = 0; i < sort->run_count; i++) {
        if (sort->runs[i].fd >= 0)
            close(sort->runs[i].fd);
        free(sort->runs[i].buffer);
    }
    rn_buf_free(&sort->records);
    free(sort->items);
    free(sort);
}

static int by_key(const void *left, const void *right)
{
    const struct item *a = left, *b = right;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static void sort_items(struct rn_event_sort *sort)
{
    for (size_t i = 1; i < sort->count; i++) {
        if (sort->items[i - 1].key > sort->items[i].key) {
            qsort(sort->items, sort->count, ITEM_BYTES, by_key);
            return;
        }
    }
}

static int open_unlinked(struct rn_error *err)
{
    const char *directory = getenv("TMPDIR");
    char path[4096];
    int fd;

    if (!directory || !*directory)
        directory = "/tmp";
    fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    if ((size_t)snprintf(path, sizeof path, "%s/rn-sort.XXXXXX", directory) >= sizeof path) {
        rn_fail(err, RN_E_USAGE, "TMPDIR is too long");
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) {
        unlink(path);
    } else {
        rn_fail(err, RN_E_SYSTEM, "cannot make a temporary file (TMPDIR says where)");
        rn_fail_in(err, directory);
    }
    return fd;
}

static enum rn_status write_all(int fd, const uint8_t *data, size_t size, struct rn_error *err)
{
    while (size) {
        ssize_t written = write(fd, data, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return rn_fail(err, RN_E_SYSTEM, "cannot write a temporary file (TMPDIR says where)");
        data += written;
        size -= (size_t)written;
    }
    return RN_OK;
}

/* Through a buffer of the caller's: records of a run follow each other. */
static enum rn_status put_record(struct run *run, struct rn_buf *pending, uint64_t key,
                                 const uint8_t *record, size_t size, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    rn_buf_append(pending, &key, HEADER_BYTES);
    rn_buf_append(pending, record, size);
    if (pending->failed)
        return rn_fail(err, RN_E_NOMEM, "no memory to sort events");
    run->size += HEADER_BYTES + size;
    if (pending->size >= RECORDS_START) {
        status = write_all(run->fd, pending->data, pending->size, err);
        rn_buf_clear(pending);
    }
    return status;
}

static uint32_t record_size(const uint8_t *record)
{
    uint32_t size;

    memcpy(&size, record, sizeof size);
    return size;
}

/* What is in memory becomes a run. */
static enum rn_status spill(struct rn_event_sort *sort, struct run *run, struct rn_error *err)
{
    struct rn_buf pending = RN_BUF_INIT;
    enum rn_status status = RN_OK;

    *run = (struct run){.fd = open_unlinked(err)};
    if (run->fd < 0)
        return err ? err->status : RN_E_SYSTEM;
    sort_items(sort);
    for (size_t i = 0; i < sort->count && status == RN_OK; i++) {
        const uint8_t *record = sort->records.data + sort->items[i].offset;

        status = put_record(run, &pending, sort->items[i].key, record, record_size(record), err);
    }
    if (status == RN_OK)
        status = write_all(run->fd, pending.data, pending.size, err);
    rn_buf_free(&pending);
    rn_buf_clear(&sort->records);
    sort->count = 0;
    return status;
}

/* `size` bytes from run->at on are in the buffer. */
static enum rn_status have(struct run *run, size_t size, struct rn_error *err)
{
    size_t left = run->filled - run->at;

    if (left >= size)
        return RN_OK;
    if (size > run->capacity) {
        uint8_t *grown = realloc(run->buffer, size);

        if (!grown)
            return rn_fail(err, RN_E_NOMEM, "no memory to sort events");
        run->buffer = grown;
        run->capacity = size;
    }
    memmove(run->buffer, run->buffer + run->at, left);
    run->at = 0;
    run->filled = left;
    while (run->filled < size) {
        ssize_t got = pread(run->fd, run->buffer + run->filled, run->capacity - run->filled,
                            (off_t)run->position);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return rn_fail(err, RN_E_SYSTEM, "cannot read a temporary file back");
        run->filled += (size_t)got;
        run->position += (uint64_t)got;
    }
    return RN_OK;
}

/* Learn the key of the next record, and have it whole. */
static enum rn_status look(struct rn_event_sort *sort, struct run *run, struct rn_error *err)
{
    enum rn_status status;

    if (run->fd < 0) {
        run->ended = sort->next == sort->count;
        run->key = run->ended ? 0 : sort->items[sort->next].key;
        return RN_OK;
    }
    if (run->at == run->filled && run->position == run->size) {
        run->ended = true;
        return RN_OK;
    }
    status = have(run, HEADER_BYTES + sizeof(struct rn_record), err);
    if (status == RN_OK)
        status = have(run, HEADER_BYTES + record_size(run->buffer + run->at + HEADER_BYTES), err);
    if (status == RN_OK)
        memcpy(&run->key, run->buffer + run->at, HEADER_BYTES);
    return status;
}

static bool comes_before(const struct rn_event_sort *sort, size_t a, size_t b)
{
    const struct run *left = &sort->runs[a], *right = &sort->runs[b];

    return left->key != right->key ? left->key < right->key : a < b;
}

static void sift_down(struct rn_event_sort *sort, size_t at)
{
    for (;;) {
        size_t child = 2 * at + 1, kept = sort->heap[at];

        if (child >= sort->heap_count)
            return;
        if (child + 1 < sort->heap_count &&
            comes_before(sort, sort->heap[child + 1], sort->heap[child]))
            child++;
        if (!comes_before(sort, sort->heap[child], kept))
            return;
        sort->heap[at] = sort->heap[child];
        sort->heap[child] = kept;
        at = child;
    }
}

static enum rn_status begin_merge(struct rn_event_sort *sort, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    sort->heap_count = 0;
    for (size_t i = 0; i < sort->run_count && status == RN_OK; i++) {
        struct run *run = &sort->runs[i];

        if (run->fd >= 0) {
            run->buffer = malloc(RUN_BUFFER);
            run->capacity = RUN_BUFFER;
            if (!run->buffer)
                return rn_fail(err, RN_E_NOMEM, "no memory to sort events");
        }
        status = look(sort, run, err);
        if (status == RN_OK && !run->ended)
            sort->heap[sort->heap_count++] = i;
    }
    for (size_t i = sort->heap_count / 2; i-- > 0;)
        sift_down(sort, i);
    return status;
}

/* Behind the record that was handed out last. */
static enum rn_status step(struct rn_event_sort *sort, struct rn_error *err)
{
    struct run *run = &sort->runs[sort->heap[0]];
    enum rn_status status;

    if (run->fd < 0)
        sort->next++;
    else
        run->at += HEADER_BYTES + sort->used;
    status = look(sort, run, err);
    if (status == RN_OK && run->ended)
        sort->heap[0] = sort->heap[--sort->heap_count];
    if (status == RN_OK)
        sift_down(sort, 0);
    return status;
}

static const uint8_t *first_record(const struct rn_event_sort *sort)
{
    const struct run *run = &sort->runs[sort->heap[0]];

    if (run->fd < 0)
        return sort->records.data + sort->items[sort->next].offset;
    return run->buffer + run->at + HEADER_BYTES;
}

/* All runs become one. */
static enum rn_status merge_runs(struct rn_event_sort *sort, struct rn_error *err)
{
    struct run merged = {.fd = open_unlinked(err)};
    struct rn_buf pending = RN_BUF_INIT;
    enum rn_status status = merged.fd < 0 ? RN_E_SYSTEM : begin_merge(sort, err);

    while (status == RN_OK && sort->heap_count) {
        const uint8_t *record = first_record(sort);

        sort->used = record_size(record);
        status =
            put_record(&merged, &pending, sort->runs[sort->heap[0]].key, record, sort->used, err);
        if (status == RN_OK)
            status = step(sort, err);
    }
    if (status == RN_OK)
        status = write_all(merged.fd, pending.data, pending.size, err);
    rn_buf_free(&pending);
    if (status != RN_OK) {
        if (merged.fd >= 0)
            close(merged.fd);
        return status;
    }
    for (size_t i = 0; i < sort->run_count; i++) {
        close(sort->runs[i].fd);
        free(sort->runs[i].buffer);
    }
    sort->runs[0] = merged;
    sort->run_count = 1;
    return RN_OK;
}

static enum rn_status make_room(struct rn_event_sort *sort, struct rn_error *err)
{
    enum rn_status status;

    if (sort->records.size + sort->count * ITEM_BYTES >= sort->budget) {
        status = sort->run_count == RUNS_MAX ? merge_runs(sort, err) : RN_OK;
        if (status == RN_OK)
            status = spill(sort, &sort->runs[sort->run_count++], err);
        if (status != RN_OK)
            return status;
    }
    if (sort->count == sort->capacity) {
        size_t capacity = sort->capacity ? 2 * sort->capacity : 4096;
        struct item *items = reallocarray(sort->items, capacity, ITEM_BYTES);

        if (!items)
            return rn_fail(err, RN_E_NOMEM, "no memory to sort events");
        sort->items = items;
        sort->capacity = capacity;
    }
    return RN_OK;
}

enum rn_status rn_event_sort_add(struct rn_event_sort *sort, uint64_t key,
                                 const struct rn_event *event, struct rn_error *err)
{
    enum rn_status status = make_room(sort, err);
    struct item item = {key, sort->records.size};

    if (status == RN_OK)
        status = rn_record_encode(event, &sort->records, err);
    if (status != RN_OK)
        return status;
    sort->items[sort->count++] = item;
    return RN_OK;
}

static enum rn_status begin_reading(struct rn_event_sort *sort, struct rn_error *err)
{
    sort_items(sort);
    sort->runs[sort->run_count++] = (struct run){.fd = -1};
    sort->reading = true;
    return begin_merge(sort, err);
}

enum rn_status rn_event_sort_next(struct rn_event_sort *sort, struct rn_event *event,
                                  struct rn_error *err)
{
    enum rn_status status;
    const uint8_t *record;

    if (!sort->reading)
        status = begin_reading(sort, err);
    else
        status = sort->heap_count ? step(sort, err) : RN_OK;
    if (status != RN_OK)
        return status;
    if (!sort->heap_count)
        return RN_EOF;
    record = first_record(sort);
    /* In the file the number before a record keeps it at a multiple of 8. */
    return rn_record_decode(record, record_size(record), event, sort->attachments, &sort->used,
                            err);
}
