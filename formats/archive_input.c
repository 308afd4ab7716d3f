/* SPDX-License-Identifier: MIT */
/* libarchive knows the ways of packing; what is inside is one stream of bytes. Filters that would
 * run another program are left alone. */
#include "input.h"

#include "buf.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_SIZE (1u << 20)

struct rn_input {
    struct archive *archive;
    char *name;
    int fd;
    bool empty; /* a file of no bytes, which libarchive takes for none */
    int read_errno;
    bool some_read;
    const uint8_t *block; /* what libarchive has handed out, and was not used yet */
    size_t left;
    uint64_t offset; /* of `block` in what was unpacked */
    uint64_t handed; /* where what was handed out last began */
    uint64_t line_number;
    struct rn_buf line;
    char *bytes; /* what read(2) fills */
};

/* At first as much as somebody may want to peek at: a pipe gives it in small pieces. */
static la_ssize_t read_some(struct archive *archive, void *context, const void **data)
{
    struct rn_input *input = context;
    size_t wanted = input->some_read ? 1 : RN_INPUT_PEEK_MAX, have = 0;
    ssize_t size = 1;

    while (have < wanted && size > 0) {
        size = read(input->fd, input->bytes + have, READ_SIZE - have);
        if (size > 0)
            have += (size_t)size;
        else if (size < 0 && errno == EINTR)
            size = 1;
    }
    if (size < 0) {
        input->read_errno = errno;
        archive_set_error(archive, errno, "cannot read");
        return -1;
    }
    input->some_read |= have > 0;
    *data = input->bytes;
    return (la_ssize_t)have;
}

static enum rn_status fail_reading(struct rn_input *input, struct rn_error *err)
{
    const char *why = input->archive ? archive_error_string(input->archive) : NULL;

    if (input->read_errno) {
        errno = input->read_errno;
        rn_fail(err, RN_E_SYSTEM, "cannot read");
    } else {
        rn_fail(err, RN_E_FORMAT, "cannot be unpacked: %s", why ? why : "no memory");
    }
    return rn_fail_at(err, input->name, input->offset);
}

static bool prepare(struct archive *archive)
{
    return archive_read_support_format_raw(archive) == ARCHIVE_OK &&
           archive_read_support_filter_gzip(archive) == ARCHIVE_OK &&
           archive_read_support_filter_bzip2(archive) == ARCHIVE_OK &&
           archive_read_support_filter_xz(archive) == ARCHIVE_OK &&
           archive_read_support_filter_zstd(archive) == ARCHIVE_OK &&
           archive_read_support_filter_lz4(archive) == ARCHIVE_OK;
}

static enum rn_status open_archive(struct rn_input *input, struct rn_error *err)
{
    struct archive_entry *entry;

    input->archive = archive_read_new();
    input->bytes = malloc(READ_SIZE);
    if (!input->archive || !input->bytes)
        return rn_fail(err, RN_E_NOMEM, "no memory to read %s", input->name);
    if (!prepare(input->archive) ||
        archive_read_open(input->archive, input, NULL, read_some, NULL) != ARCHIVE_OK ||
        archive_read_next_header(input->archive, &entry) != ARCHIVE_OK) {
        if (input->some_read || input->read_errno)
            return fail_reading(input, err);
        input->empty = true;
    }
    return RN_OK;
}

enum rn_status rn_input_open(const char *path, struct rn_input **out, struct rn_error *err)
{
    bool standard = strcmp(path, "-") == 0;
    struct rn_input *input = calloc(1, sizeof *input);
    enum rn_status status = RN_OK;
    struct stat st;

    *out = NULL;
    if (!input || !(input->name = strdup(standard ? "standard input" : path))) {
        free(input);
        return rn_fail(err, RN_E_NOMEM, "no memory to read a file");
    }
    input->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (input->fd < 0 || fstat(input->fd, &st) != 0)
        status = rn_fail(err, RN_E_SYSTEM, "cannot open");
    else if (S_ISDIR(st.st_mode))
        status = rn_fail(err, RN_E_USAGE, "is a directory");
    else
        status = open_archive(input, err);
    if (status != RN_OK) {
        rn_fail_in(err, input->name);
        rn_input_free(input);
        return status;
    }
    *out = input;
    return RN_OK;
}

void rn_input_free(struct rn_input *input)
{
    if (!input)
        return;
    if (input->archive)
        archive_read_free(input->archive);
    if (input->fd > STDIN_FILENO)
        close(input->fd);
    rn_buf_free(&input->line);
    free(input->bytes);
    free(input->name);
    free(input);
}

const char *rn_input_name(const struct rn_input *input)
{
    return input->name;
}

/* Have something in `block`. */
static enum rn_status load(struct rn_input *input, struct rn_error *err)
{
    const void *data;
    la_int64_t offset;
    int result = ARCHIVE_EOF;

    while (input->left == 0) {
        if (!input->empty)
            result = archive_read_data_block(input->archive, &data, &input->left, &offset);
        if (result == ARCHIVE_EOF) {
            input->left = 0;
            return RN_EOF;
        }
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
            input->left = 0;
            return fail_reading(input, err);
        }
        input->block = data;
    }
    return RN_OK;
}

static void use(struct rn_input *input, size_t size)
{
    input->block += size;
    input->left -= size;
    input->offset += size;
}

enum rn_status rn_input_peek(struct rn_input *input, const uint8_t **data, size_t *size,
                             struct rn_error *err)
{
    enum rn_status status = load(input, err);

    if (status == RN_OK) {
        *data = input->block;
        *size = input->left < RN_INPUT_PEEK_MAX ? input->left : RN_INPUT_PEEK_MAX;
    } else if (status == RN_EOF) {
        *data = (const uint8_t *)"";
        *size = 0;
        status = RN_OK;
    }
    return status;
}

enum rn_status rn_input_next(struct rn_input *input, const uint8_t **data, size_t *size,
                             struct rn_error *err)
{
    enum rn_status status = load(input, err);

    if (status != RN_OK)
        return status;
    *data = input->block;
    *size = input->left;
    input->handed = input->offset;
    use(input, input->left);
    return RN_OK;
}

static enum rn_status skip_line(struct rn_input *input, struct rn_error *err)
{
    enum rn_status status;

    while ((status = load(input, err)) == RN_OK) {
        const uint8_t *end = memchr(input->block, '\n', input->left);

        use(input, end ? (size_t)(end - input->block) + 1 : input->left);
        if (end)
            break;
    }
    if (status != RN_OK && status != RN_EOF)
        return status;
    rn_fail(err, RN_E_LIMIT, "line %llu is longer than %u bytes",
            (unsigned long long)input->line_number, RN_INPUT_LINE_MAX);
    return rn_fail_at(err, input->name, input->handed);
}

static enum rn_status end_line(struct rn_input *input, char **line, size_t *size,
                               struct rn_error *err)
{
    struct rn_buf *buf = &input->line;

    if (buf->size && buf->data[buf->size - 1] == '\r')
        buf->size--;
    *size = buf->size;
    rn_buf_byte(buf, 0);
    if (buf->failed)
        return rn_fail(err, RN_E_NOMEM, "no memory for a line");
    *line = (char *)buf->data;
    return RN_OK;
}

enum rn_status rn_input_line(struct rn_input *input, char **line, size_t *size,
                             struct rn_error *err)
{
    enum rn_status status;
    bool ended = false;

    rn_buf_clear(&input->line);
    input->handed = input->offset;
    input->line_number++;
    while (!ended && (status = load(input, err)) == RN_OK) {
        const uint8_t *end = memchr(input->block, '\n', input->left);
        size_t part = end ? (size_t)(end - input->block) : input->left;

        if (part > RN_INPUT_LINE_MAX - input->line.size)
            return skip_line(input, err);
        rn_buf_append(&input->line, input->block, part);
        use(input, part + (end != NULL));
        ended = end != NULL;
    }
    if (!ended && status != RN_EOF)
        return status;
    if (!ended && input->line.size == 0)
        return RN_EOF;
    return end_line(input, line, size, err);
}

uint64_t rn_input_offset(const struct rn_input *input)
{
    return input->handed;
}

uint64_t rn_input_line_number(const struct rn_input *input)
{
    return input->line_number;
}
