/* SPDX-License-Identifier: MIT */
/* Rows into a data set of Avro files. The files are written in a hidden directory of the data set
 * and get their names at the end, when all are whole. */
#include "avro_private.h"

#include <avro.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_NS      86400000000000u
#define BLOCK_BYTES 65536u
#define PARTS_MAX   40u
#define FILES_MAX   65536u
#define CODEC       "snappy"

/* A file that rows go to. */
struct part {
    avro_file_writer_t writer; /* NULL: unused */
    FILE *file;
    const struct rn_row_table *table;
    uint64_t day;
    uint32_t source;
    uint64_t used; /* when: a count of rows */
};

struct rn_row_writer {
    struct rn_row_target target;
    char uuid[RN_AVRO_UUID_TEXT];
    int root;
    char *work; /* the hidden directory, NULL not made */
    int work_fd;
    avro_schema_t schemas[RN_ROW_MAX_TABLES];
    struct part parts[PARTS_MAX];
    struct part *last[RN_ROW_MAX_TABLES];
    struct rn_buf names; /* of files that were begun, each with its NUL */
    uint64_t files, rows;
    struct rn_buf encoded, scratch;
};

static enum rn_status avro_fail(const char *what, struct rn_error *err)
{
    return rn_fail(err, errno ? RN_E_SYSTEM : RN_E_FORMAT, "%s: %s", what, avro_strerror());
}

static const char *host_of(const struct rn_row_writer *writer, uint32_t source)
{
    const struct rn_manifest *manifest = writer->target.manifest;

    if (!(writer->target.partition & RN_ROW_BY_HOST))
        return NULL;
    if (source && source <= manifest->source_count)
        manifest = manifest->sources[source - 1].manifest;
    return manifest->host ? manifest->host : "";
}

static enum rn_status make_schema(struct rn_row_writer *writer, const struct rn_row_table *table,
                                  struct rn_error *err)
{
    struct rn_buf *text = &writer->scratch;

    if (writer->schemas[table->number])
        return RN_OK;
    rn_buf_clear(text);
    rn_avro_schema(table, text);
    if (text->failed)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    errno = 0;
    if (avro_schema_from_json_length((const char *)text->data, text->size,
                                     &writer->schemas[table->number]) != 0)
        return avro_fail("a schema is not valid", err);
    return RN_OK;
}

static void number_name(uint64_t number, char *name, size_t size)
{
    snprintf(name, size, "%llu", (unsigned long long)number);
}

static enum rn_status open_part(struct rn_row_writer *writer, struct part *part,
                                struct rn_error *err)
{
    enum rn_status status = make_schema(writer, part->table, err);
    char name[32];
    int fd;

    if (status != RN_OK)
        return status;
    if (writer->files == FILES_MAX)
        return rn_fail(err, RN_E_LIMIT, "the recording would become more than %u files", FILES_MAX);
    number_name(writer->files, name, sizeof name);
    fd = openat(writer->work_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    part->file = fd < 0 ? NULL : fdopen(fd, "w+");
    if (!part->file) {
        if (fd >= 0)
            close(fd);
        return rn_fail(err, RN_E_SYSTEM, "cannot make a file");
    }
    errno = 0;
    if (avro_file_writer_create_with_codec_fp(part->file, name, 0,
                                              writer->schemas[part->table->number], &part->writer,
                                              CODEC, BLOCK_BYTES) != 0) {
        avro_fail("cannot begin a file", err);
        fclose(part->file);
        part->writer = NULL;
        return err ? err->status : RN_E_FORMAT;
    }
    rn_avro_path(part->table->name, part->day, host_of(writer, part->source), writer->uuid,
                 writer->files, &writer->names);
    writer->files++;
    return writer->names.failed ? rn_fail(err, RN_E_NOMEM, "out of memory") : RN_OK;
}

static enum rn_status close_part(struct rn_row_writer *writer, struct part *part,
                                 struct rn_error *err)
{
    enum rn_status status = RN_OK;

    if (!part->writer)
        return RN_OK;
    errno = 0;
    if (avro_file_writer_close(part->writer) != 0)
        status = avro_fail("cannot write", err);
    if (fclose(part->file) != 0 && status == RN_OK)
        status = rn_fail(err, RN_E_SYSTEM, "cannot write");
    part->writer = NULL;
    if (writer->last[part->table->number] == part)
        writer->last[part->table->number] = NULL;
    return status;
}

/* One that is unused, or the one that was used longest ago. */
static enum rn_status free_part(struct rn_row_writer *writer, struct part **out,
                                struct rn_error *err)
{
    struct part *oldest = &writer->parts[0];

    for (size_t i = 0; i < PARTS_MAX && oldest->writer; i++) {
        struct part *part = &writer->parts[i];

        if (!part->writer || part->used < oldest->used)
            oldest = part;
    }
    *out = oldest;
    return close_part(writer, oldest, err);
}

static bool fits(const struct rn_row_writer *writer, const struct part *part,
                 const struct rn_row *row, uint64_t day)
{
    const char *host, *of_part;

    if (!part->writer || part->table != row->table || part->day != day)
        return false;
    if (part->source == row->source)
        return true;
    host = host_of(writer, row->source);
    of_part = host_of(writer, part->source);
    return !host || strcmp(host, of_part) == 0;
}

static enum rn_status find_part(struct rn_row_writer *writer, const struct rn_row *row,
                                struct part **out, struct rn_error *err)
{
    uint64_t day = RN_AVRO_NO_DAY;
    struct part *part = writer->last[row->table->number];
    enum rn_status status;

    if (writer->target.partition & RN_ROW_BY_DAY)
        day = row->start_ns / DAY_NS;
    for (size_t i = 0; i < PARTS_MAX && !(part && fits(writer, part, row, day)); i++)
        part = fits(writer, &writer->parts[i], row, day) ? &writer->parts[i] : NULL;
    if (!part) {
        status = free_part(writer, &part, err);
        if (status != RN_OK)
            return status;
        *part = (struct part){.table = row->table, .day = day, .source = row->source};
        status = open_part(writer, part, err);
        if (status != RN_OK)
            return status;
    }
    part->used = ++writer->rows;
    writer->last[row->table->number] = part;
    *out = part;
    return RN_OK;
}

static enum rn_status data_set_row(struct rn_row_writer *writer, const struct rn_row *row,
                                   struct rn_error *err)
{
    struct part *part;
    enum rn_status status = find_part(writer, row, &part, err);

    if (status != RN_OK)
        return status;
    rn_buf_clear(&writer->encoded);
    rn_avro_encode(row, writer->uuid, &writer->encoded);
    if (writer->encoded.failed)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    errno = 0;
    if (avro_file_writer_append_encoded(part->writer, writer->encoded.data,
                                        (int64_t)writer->encoded.size) != 0)
        return avro_fail("cannot write", err);
    return RN_OK;
}

static enum rn_status make_work(struct rn_row_writer *writer, struct rn_error *err)
{
    const char *path = writer->target.path;
    size_t room = strlen(path) + sizeof(writer->uuid) + sizeof("/..XXXXXX");
    char *name = malloc(room);

    if (!name)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    snprintf(name, room, "%s/.%s.XXXXXX", path, writer->uuid);
    if (!mkdtemp(name)) {
        rn_fail(err, RN_E_SYSTEM, "cannot make a directory in it");
        free(name);
        return RN_E_SYSTEM;
    }
    writer->work = name;
    writer->work_fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return writer->work_fd < 0 ? rn_fail(err, RN_E_SYSTEM, "cannot open %s", name) : RN_OK;
}

static enum rn_status data_set_begin(const struct rn_row_target *target, struct rn_row_writer **out,
                                     struct rn_error *err)
{
    struct rn_row_writer *writer = calloc(1, sizeof *writer);

    *out = writer;
    if (!writer)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    writer->target = *target;
    writer->root = writer->work_fd = -1;
    rn_avro_uuid(target->manifest->uuid, writer->uuid);
    if (mkdir(target->path, 0777) < 0 && errno != EEXIST)
        return rn_fail(err, RN_E_SYSTEM, "cannot make the directory");
    writer->root = open(target->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (writer->root < 0)
        return rn_fail(err, RN_E_SYSTEM, "cannot open the directory");
    return make_work(writer, err);
}

static enum rn_status data_set_finish(struct rn_row_writer *writer, struct rn_error *err)
{
    enum rn_status status = RN_OK;
    uint64_t number = 0;

    for (size_t i = 0; i < PARTS_MAX && status == RN_OK; i++)
        status = close_part(writer, &writer->parts[i], err);
    for (size_t at = 0; at < writer->names.size && status == RN_OK; number++) {
        const char *path = (const char *)writer->names.data + at;
        char name[32];

        at += strlen(path) + 1;
        number_name(number, name, sizeof name);
        status = rn_avro_make_above(writer->root, path, err);
        if (status == RN_OK && renameat(writer->work_fd, name, writer->root, path) < 0)
            status = rn_fail(err, RN_E_SYSTEM, "cannot give a file the name %s", path);
    }
    if (status == RN_OK)
        status = rn_avro_replace_list(writer->root, writer->uuid, &writer->names, err);
    return status;
}

static void data_set_free(struct rn_row_writer *writer)
{
    if (!writer)
        return;
    for (size_t i = 0; i < PARTS_MAX; i++)
        if (close_part(writer, &writer->parts[i], NULL) != RN_OK)
            continue; /* its file is removed */
    for (uint64_t number = 0; number < writer->files && writer->work_fd >= 0; number++) {
        char name[32];

        number_name(number, name, sizeof name);
        unlinkat(writer->work_fd, name, 0); /* what has got its name is not there any more */
    }
    for (size_t i = 0; i < RN_ROW_MAX_TABLES; i++)
        if (writer->schemas[i])
            avro_schema_decref(writer->schemas[i]);
    if (writer->work_fd >= 0)
        close(writer->work_fd);
    if (writer->work)
        rmdir(writer->work);
    if (writer->root >= 0)
        close(writer->root);
    free(writer->work);
    rn_buf_free(&writer->names);
    rn_buf_free(&writer->encoded);
    rn_buf_free(&writer->scratch);
    free(writer);
}

const struct rn_row_format rn_avro_rows = {
    .begin = data_set_begin,
    .row = data_set_row,
    .finish = data_set_finish,
    .free = data_set_free,
};
