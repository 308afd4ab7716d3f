/* SPDX-License-Identifier: MIT */
#include "spill_sort.h"

#include "temporary.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define RUNS_MAX   256u
#define RUN_BUFFER (64u << 10)
#define WRITE_SIZE (1u << 20)

/* Before each piece in a file; its size is a multiple of 8, as are those of the padded pieces. */
struct header {
    uint64_t major, minor;
    uint64_t size; /* without the padding */
};

struct item {
    struct header header;
    uint64_t offset; /* in `pieces`; grows with the order of adding */
};

/* A sorted file, or what is in memory, being read. */
struct run {
    int fd;                  /* -1: in memory */
    uint64_t position, size; /* bytes of the file read so far, and all of them */
    uint8_t *buffer;
    size_t capacity, at, filled;
    struct header header; /* of the piece that is next */
    bool ended;
};

struct rn_spill_sort {
    size_t budget;
    struct rn_buf pieces;
    size_t begun; /* where the piece that is being made begins */
    struct item *items;
    size_t count, capacity, next;  /* next: to be handed out, of those in memory */
    struct run runs[RUNS_MAX + 1]; /* one more for what is in memory */
    size_t run_count;
    size_t heap[RUNS_MAX + 1], heap_count;
    bool reading;
};

static uint64_t padded(uint64_t size)
{
    return (size + 7) & ~7ull;
}

struct rn_spill_sort *rn_spill_sort_new(size_t budget)
{
    struct rn_spill_sort *sort = calloc(1, sizeof *sort);

    if (sort)
        sort->budget = budget;
    return sort;
}

static void close_runs(struct rn_spill_sort *sort)
{
    for (size_t i = 0; i < sort->run_count; i++) {
        if (sort->runs[i].fd >= 0)
            close(sort->runs[i].fd);
        free(sort->runs[i].buffer);
    }
    sort->run_count = 0;
}

void rn_spill_sort_free(struct rn_spill_sort *sort)
{
    if (!sort)
        return;
    close_runs(sort);
    rn_buf_free(&sort->pieces);
    free(sort->items);
    free(sort);
}

static int compare(const struct header *a, const struct header *b)
{
    if (a->major != b->major)
        return a->major < b->major ? -1 : 1;
    if (a->minor != b->minor)
        return a->minor < b->minor ? -1 : 1;
    return 0;
}

static int by_number(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
    int order = compare(&a->header, &b->header);

    return order ? order : a->offset < b->offset ? -1 : a->offset > b->offset;
}

static void sort_items(struct rn_spill_sort *sort)
{
    for (size_t i = 1; i < sort->count; i++) {
        if (compare(&sort->items[i - 1].header, &sort->items[i].header) > 0) {
            qsort(sort->items, sort->count, sizeof *sort->items, by_number);
            return;
        }
    }
}

static enum rn_status write_all(int fd, struct rn_buf *pending, struct rn_error *err)
{
    const uint8_t *data = pending->data;
    size_t size = pending->size;

    if (pending->failed)
        return rn_fail(err, RN_E_NOMEM, "no memory to sort");
    while (size) {
        ssize_t written = write(fd, data, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return rn_fail(err, RN_E_SYSTEM, "cannot write a temporary file (TMPDIR says where)");
        data += written;
        size -= (size_t)written;
    }
    rn_buf_clear(pending);
    return RN_OK;
}

static enum rn_status put_piece(struct run *run, struct rn_buf *pending,
                                const struct header *header, const uint8_t *bytes,
                                struct rn_error *err)
{
    static const uint8_t zeros[8];

    rn_buf_append(pending, header, sizeof *header);
    rn_buf_append(pending, bytes, header->size);
    rn_buf_append(pending, zeros, padded(header->size) - header->size);
    run->size += sizeof *header + padded(header->size);
    return pending->size < WRITE_SIZE && !pending->failed ? RN_OK
                                                          : write_all(run->fd, pending, err);
}

/* What is in memory becomes a run. */
static enum rn_status spill(struct rn_spill_sort *sort, struct rn_error *err)
{
    struct run *run = &sort->runs[sort->run_count];
    struct rn_buf pending = RN_BUF_INIT;
    enum rn_status status;

    *run = (struct run){.fd = -1};
    status = rn_temporary_file(&run->fd, err);
    if (status != RN_OK)
        return status;
    sort->run_count++;
    sort_items(sort);
    for (size_t i = 0; i < sort->count && status == RN_OK; i++)
        status = put_piece(run, &pending, &sort->items[i].header,
                           sort->pieces.data + sort->items[i].offset, err);
    if (status == RN_OK)
        status = write_all(run->fd, &pending, err);
    rn_buf_free(&pending);
    rn_buf_clear(&sort->pieces);
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
            return rn_fail(err, RN_E_NOMEM, "no memory to sort");
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
        if (got < 0)
            return rn_fail(err, RN_E_SYSTEM, "cannot read a temporary file back");
        if (got == 0)
            return rn_fail(err, RN_E_FORMAT, "a temporary file has become shorter");
        run->filled += (size_t)got;
        run->position += (uint64_t)got;
    }
    return RN_OK;
}

/* Learn the numbers of the next piece, and have it whole. */
static enum rn_status look(struct rn_spill_sort *sort, struct run *run, struct rn_error *err)
{
    enum rn_status status;

    if (run->fd < 0) {
        run->ended = sort->next == sort->count;
        if (!run->ended)
            run->header = sort->items[sort->next].header;
        return RN_OK;
    }
    if (run->at == run->filled && run->position == run->size) {
        run->ended = true;
        return RN_OK;
    }
    status = have(run, sizeof run->header, err);
    if (status != RN_OK)
        return status;
    memcpy(&run->header, run->buffer + run->at, sizeof run->header);
    if (run->header.size > RN_SPILL_PIECE_MAX)
        return rn_fail(err, RN_E_FORMAT, "a temporary file has changed");
    return have(run, sizeof run->header + padded(run->header.size), err);
}

static bool comes_before(const struct rn_spill_sort *sort, size_t a, size_t b)
{
    int order = compare(&sort->runs[a].header, &sort->runs[b].header);

    return order ? order < 0 : a < b;
}

static void sift_down(struct rn_spill_sort *sort, size_t at)
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

static enum rn_status begin_merge(struct rn_spill_sort *sort, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    sort->heap_count = 0;
    for (size_t i = 0; i < sort->run_count && status == RN_OK; i++) {
        struct run *run = &sort->runs[i];

        if (run->fd >= 0) {
            run->buffer = malloc(RUN_BUFFER);
            run->capacity = RUN_BUFFER;
            if (!run->buffer)
                return rn_fail(err, RN_E_NOMEM, "no memory to sort");
        }
        status = look(sort, run, err);
        if (status == RN_OK && !run->ended)
            sort->heap[sort->heap_count++] = i;
    }
    for (size_t i = sort->heap_count / 2; i-- > 0;)
        sift_down(sort, i);
    return status;
}

/* Behind the piece that was handed out last. */
static enum rn_status step(struct rn_spill_sort *sort, struct rn_error *err)
{
    struct run *run = &sort->runs[sort->heap[0]];
    enum rn_status status;

    if (run->fd < 0)
        sort->next++;
    else
        run->at += sizeof run->header + padded(run->header.size);
    status = look(sort, run, err);
    if (status == RN_OK && run->ended)
        sort->heap[0] = sort->heap[--sort->heap_count];
    if (status == RN_OK)
        sift_down(sort, 0);
    return status;
}

static const uint8_t *first_piece(const struct rn_spill_sort *sort)
{
    const struct run *run = &sort->runs[sort->heap[0]];

    if (run->fd < 0)
        return sort->pieces.data + sort->items[sort->next].offset;
    return run->buffer + run->at + sizeof run->header;
}

/* All runs become one. */
static enum rn_status merge_runs(struct rn_spill_sort *sort, struct rn_error *err)
{
    struct run merged = {.fd = -1};
    struct rn_buf pending = RN_BUF_INIT;
    enum rn_status status = rn_temporary_file(&merged.fd, err);

    if (status == RN_OK)
        status = begin_merge(sort, err);
    while (status == RN_OK && sort->heap_count) {
        status =
            put_piece(&merged, &pending, &sort->runs[sort->heap[0]].header, first_piece(sort), err);
        if (status == RN_OK)
            status = step(sort, err);
    }
    if (status == RN_OK)
        status = write_all(merged.fd, &pending, err);
    rn_buf_free(&pending);
    if (status != RN_OK) {
        if (merged.fd >= 0)
            close(merged.fd);
        return status;
    }
    close_runs(sort);
    sort->runs[sort->run_count++] = merged;
    return RN_OK;
}

struct rn_buf *rn_spill_sort_begin(struct rn_spill_sort *sort, struct rn_error *err)
{
    if (sort->pieces.size + sort->count * sizeof *sort->items >= sort->budget) {
        enum rn_status status = sort->run_count == RUNS_MAX ? merge_runs(sort, err) : RN_OK;

        if (status == RN_OK)
            status = spill(sort, err);
        if (status != RN_OK)
            return NULL;
    }
    sort->begun = sort->pieces.size;
    return &sort->pieces;
}

enum rn_status rn_spill_sort_add(struct rn_spill_sort *sort, uint64_t major, uint64_t minor,
                                 struct rn_error *err)
{
    static const uint8_t zeros[8];
    size_t size = sort->pieces.size - sort->begun;

    if (sort->count == sort->capacity) {
        size_t capacity = sort->capacity ? 2 * sort->capacity : 4096;
        struct item *items = reallocarray(sort->items, capacity, sizeof *items);

        if (!items)
            return rn_fail(err, RN_E_NOMEM, "no memory to sort");
        sort->items = items;
        sort->capacity = capacity;
    }
    rn_buf_append(&sort->pieces, zeros, padded(size) - size);
    if (sort->pieces.failed)
        return rn_fail(err, RN_E_NOMEM, "no memory to sort");
    if (size > RN_SPILL_PIECE_MAX)
        return rn_fail(err, RN_E_LIMIT, "an event takes more than %u bytes", RN_SPILL_PIECE_MAX);
    sort->items[sort->count++] = (struct item){{major, minor, size}, sort->begun};
    return RN_OK;
}

static enum rn_status begin_reading(struct rn_spill_sort *sort, struct rn_error *err)
{
    sort_items(sort);
    sort->runs[sort->run_count++] = (struct run){.fd = -1};
    sort->reading = true;
    return begin_merge(sort, err);
}

enum rn_status rn_spill_sort_next(struct rn_spill_sort *sort, const uint8_t **bytes, size_t *size,
                                  struct rn_error *err)
{
    enum rn_status status = RN_OK;

    if (!sort->reading)
        status = begin_reading(sort, err);
    else if (sort->heap_count)
        status = step(sort, err);
    if (status != RN_OK)
        return status;
    if (!sort->heap_count)
        return RN_EOF;
    *bytes = first_piece(sort);
    *size = sort->runs[sort->heap[0]].header.size;
    return RN_OK;
}
