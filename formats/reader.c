/* SPDX-License-Identifier: MIT */
#include "reader_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANIFEST_MAX (16u << 20)

static bool ends_with(const char *text, size_t size, const char *end)
{
    size_t end_size = strlen(end);

    return size > end_size && memcmp(text + size - end_size, end, end_size) == 0;
}

/* The directory of an unsealed recording, from its own path or that of the archive in it. */
static char *part_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct stat st;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return strdup(path);
    if (slash && strcmp(slash + 1, RN_PART_ARCHIVE) == 0 &&
        ends_with(path, (size_t)(slash - path), RN_PART_SUFFIX))
        return strndup(path, (size_t)(slash - path));
    return NULL;
}

static enum rn_status cannot_open(const char *path, struct rn_error *err)
{
    int cause = errno;
    struct stat st;
    char *part;

    if (asprintf(&part, "%s" RN_PART_SUFFIX, path) < 0)
        return rn_fail(err, RN_E_NOMEM, "no memory for a reader");
    if (cause == ENOENT && stat(part, &st) == 0 && S_ISDIR(st.st_mode)) {
        rn_fail(err, RN_E_USAGE,
                "this recording was not sealed: read %s, or seal it with 'rn-info --seal %s'", part,
                part);
        rn_fail_in(err, path);
        free(part);
        return RN_E_USAGE;
    }
    free(part);
    errno = cause;
    rn_fail(err, RN_E_SYSTEM, "cannot open");
    rn_fail_in(err, path);
    return RN_E_SYSTEM;
}

/* A recorder holds the lock of its archive. */
static bool is_live(int fd)
{
    if (flock(fd, LOCK_SH | LOCK_NB) != 0)
        return errno == EWOULDBLOCK;
    flock(fd, LOCK_UN);
    return false;
}

static enum rn_status open_part(struct rn_reader *reader, struct rn_error *err)
{
    enum rn_status status = rn_part_open(reader->name, O_RDONLY, &reader->fd, err);

    if (status == RN_E_SYSTEM && errno == ENOENT) {
        rn_fail(err, RN_E_USAGE, "is a directory, and not one that a recorder writes to");
        rn_fail_in(err, reader->part);
        return RN_E_USAGE;
    }
    if (status != RN_OK)
        return status;
    reader->owns_fd = true;
    reader->live = is_live(reader->fd);
    return RN_OK;
}

static enum rn_status open_file(struct rn_reader *reader, const char *path, struct rn_error *err)
{
    if (strcmp(path, "-") == 0) {
        reader->fd = STDIN_FILENO;
        reader->name = strdup("standard input");
        return reader->name ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory for a reader");
    }
    reader->part = part_of(path);
    reader->name = reader->part ? rn_part_file(reader->part, RN_PART_ARCHIVE) : strdup(path);
    if (!reader->name)
        return rn_fail(err, RN_E_NOMEM, "no memory for a reader");
    if (reader->part)
        return open_part(reader, err);
    reader->fd = open(reader->name, O_RDONLY | O_CLOEXEC);
    if (reader->fd < 0)
        return cannot_open(reader->name, err);
    reader->owns_fd = true;
    return RN_OK;
}

static enum rn_status not_an_archive(struct rn_reader *reader, struct rn_error *err)
{
    rn_fail(err, RN_E_FORMAT, "not a Renacer archive: its first member is not " RN_MEMBER_MANIFEST);
    rn_fail_in(err, reader->name);
    return RN_E_FORMAT;
}

static enum rn_status read_manifest(struct rn_reader *reader, struct rn_error *err)
{
    struct rn_error cause = RN_ERROR_INIT;
    struct rn_archive_member member;
    enum rn_status status = rn_archive_reader_next(reader->archive, &member, &cause);

    if (status == RN_E_SYSTEM || status == RN_E_NOMEM) {
        if (err)
            *err = cause;
        return status;
    }
    if (status == RN_EOF && !rn_archive_reader_saw_end(reader->archive)) {
        rn_fail(err, RN_E_FORMAT, "is empty: there is no recording in it");
        return rn_fail_in(err, reader->name);
    }
    if (status != RN_OK || strcmp(member.name, RN_MEMBER_MANIFEST) != 0)
        return not_an_archive(reader, err);
    status = rn_archive_reader_data(reader->archive, MANIFEST_MAX, &reader->member, err);
    if (status == RN_OK)
        status =
            rn_manifest_from_json(reader->member.data, reader->member.size, &reader->manifest, err);
    if (status != RN_OK)
        rn_fail_at(err, reader->name, member.offset);
    reader->archive_end = member.end;
    rn_buf_clear(&reader->member);
    return status;
}

static enum rn_status make_tables(struct rn_reader *reader, struct rn_error *err)
{
    if (!reader->shares_decoder)
        reader->decoder = rn_column_decoder_new();
    reader->strings = rn_string_table_new();
    reader->contents = rn_content_table_new();
    if (reader->decoder && reader->strings && reader->contents)
        return RN_OK;
    return rn_fail(err, RN_E_NOMEM, "no memory for a reader");
}

enum rn_status rn_reader_open(const char *path, struct rn_reader **out, struct rn_error *err)
{
    struct rn_reader *reader = calloc(1, sizeof *reader);
    enum rn_status status;

    *out = NULL;
    if (!reader)
        return rn_fail(err, RN_E_NOMEM, "no memory for a reader");
    reader->fd = reader->segment_fd = -1;
    reader->need_segment = true;
    status = make_tables(reader, err);
    if (status == RN_OK)
        status = open_file(reader, path, err);
    if (status == RN_OK) {
        reader->has_index_offset =
            rn_archive_find_last(reader->fd, RN_MEMBER_INDEX, &reader->index_offset);
        status = rn_archive_reader_new(reader->fd, reader->name, &reader->archive, err);
    }
    if (status == RN_OK)
        status = read_manifest(reader, err);
    if (status == RN_OK && reader->manifest.sources)
        status = rn_reader_merged_open(reader, err);
    if (status != RN_OK) {
        rn_reader_free(reader);
        return status;
    }
    *out = reader;
    return RN_OK;
}

void rn_reader_share(struct rn_reader *reader, const struct rn_reader *other)
{
    if (!reader->shares_decoder)
        rn_column_decoder_free(reader->decoder);
    reader->decoder = other->decoder;
    reader->shares_decoder = true;
}

struct rn_reader *rn_reader_part_reader(const struct rn_reader *whole, struct rn_error *err)
{
    struct rn_reader *reader = calloc(1, sizeof *reader);

    if (reader) {
        reader->fd = reader->segment_fd = -1;
        reader->need_segment = true;
        reader->name = strdup(whole->name);
        rn_reader_share(reader, whole);
    }
    if (reader && reader->name && make_tables(reader, err) == RN_OK)
        return reader;
    rn_reader_free(reader);
    rn_fail(err, RN_E_NOMEM, "no memory for a reader");
    return NULL;
}

void rn_reader_free(struct rn_reader *reader)
{
    if (!reader)
        return;
    rn_reader_merged_free(reader);
    for (unsigned i = 0; i < READER_GROUP_MAX; i++)
        rn_reader_chunk_free(reader->group[i]);
    rn_reader_chunk_free(reader->ahead);
    rn_reader_recovery_clear(&reader->recovery);
    rn_archive_reader_free(reader->segment);
    rn_archive_reader_free(reader->archive);
    rn_part_free_segments(reader->segment_paths);
    if (!reader->shares_decoder)
        rn_column_decoder_free(reader->decoder);
    rn_string_table_free(reader->strings);
    rn_content_table_free(reader->contents);
    rn_index_clear(&reader->index);
    rn_index_clear(&reader->seen);
    rn_manifest_clear(&reader->manifest);
    rn_buf_free(&reader->member);
    rn_buf_free(&reader->bytes);
    rn_buf_free(&reader->crcs);
    rn_buf_free(&reader->prefixes);
    if (reader->segment_fd >= 0)
        close(reader->segment_fd);
    if (reader->owns_fd)
        close(reader->fd);
    free(reader->part);
    free(reader->name);
    free(reader);
}

const struct rn_manifest *rn_reader_manifest(const struct rn_reader *reader)
{
    return &reader->manifest;
}

const char *rn_reader_name(const struct rn_reader *reader)
{
    return reader->name;
}

bool rn_reader_sealed(const struct rn_reader *reader)
{
    return reader->has_index_offset || reader->saw_index;
}

bool rn_reader_live(const struct rn_reader *reader)
{
    return reader->live;
}

uint64_t rn_reader_skipped(const struct rn_reader *reader)
{
    return reader->merged ? rn_reader_merged_skipped(reader, false) : reader->skipped_rows;
}

uint64_t rn_reader_skipped_bytes(const struct rn_reader *reader)
{
    return reader->merged ? rn_reader_merged_skipped(reader, true) : reader->skipped_bytes;
}

bool rn_reader_incomplete(const struct rn_reader *reader)
{
    return reader->incomplete;
}

void rn_reader_on_member(struct rn_reader *reader, rn_member_fn *function, void *context)
{
    reader->on_member = function;
    reader->on_member_context = context;
}

void rn_reader_on_events(struct rn_reader *reader, rn_events_fn *function, void *context)
{
    reader->on_events = function;
    reader->on_events_context = context;
}

enum rn_status rn_reader_each_batch(struct rn_reader *reader, rn_batch_fn *function, void *context,
                                    struct rn_error *first)
{
    enum rn_status result = RN_OK;

    for (;;) {
        struct rn_error err = RN_ERROR_INIT;
        struct rn_batch batch;
        enum rn_status status = rn_reader_next(reader, &batch, &err);

        if (status == RN_EOF)
            return result;
        if (status == RN_OK)
            status = function(context, &batch, &err);
        if (status != RN_OK && result == RN_OK) {
            result = status;
            *first = err;
        }
        /* After damage the reader goes on behind it. */
        if (status != RN_OK && status != RN_E_FORMAT)
            return result;
    }
}
