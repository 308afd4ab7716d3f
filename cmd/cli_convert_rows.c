/* SPDX-License-Identifier: MIT */
/* A recording as rows of tables, to a database or a data set. */
#include "cli_convert_rows.h"
#include "cli_remove.h"
#include "cli_source.h"

#include "libanalysis/row_maker.h"

#include <string.h>
#include <sys/stat.h>

struct job {
    const struct cli_convert *convert;
    struct cli_source source;
    struct rn_row_maker *maker;
    const struct rn_row_format *format;
    struct rn_row_writer *writer;
    uint64_t rows;
    uint64_t attachments[RN_ATT_COUNT]; /* of what was written, by type */
};

static enum rn_status write_row(struct job *job, const struct rn_event *event, struct rn_error *err)
{
    struct rn_row row;
    enum rn_status status = rn_row_maker_event(job->maker, event, &row, err);

    if (status != RN_OK)
        return status == RN_EOF ? RN_OK : status;
    job->rows++;
    for (uint32_t i = 0; i < event->attachment_count; i++)
        if (event->attachments[i].type < RN_ATT_COUNT)
            job->attachments[event->attachments[i].type]++;
    return job->format->row(job->writer, &row, err);
}

/* A stream is known once it is fed; of anything else that counts which was so before it. What was
 * damaged is told, and skipped. */
static enum rn_status take_event(struct job *job, const struct rn_event *event,
                                 struct rn_error *err)
{
    bool stream = event->kind == RN_KIND_STREAM;
    enum rn_status status = RN_OK;

    if (!stream && (!RN_KIND_IS_EVENT(event->kind) ||
                    cli_source_selects(&job->source, job->convert->filter, event)))
        status = write_row(job, event, err);
    if (status != RN_OK)
        return status;
    status = cli_source_feed(&job->source, event);
    if (status == RN_E_FORMAT)
        status = RN_OK;
    return stream && status == RN_OK ? write_row(job, event, err) : status;
}

static enum rn_status write_events(struct job *job, struct rn_error *err)
{
    struct rn_event event;
    enum rn_status status;

    while ((status = cli_source_next(&job->source, &event)) != RN_EOF) {
        if (status == RN_OK)
            status = take_event(job, &event, err);
        if (cli_remove_is_asked())
            return RN_E_SYSTEM;
        if (status != RN_OK && status != RN_E_FORMAT)
            return status;
        if (err->status != RN_OK)
            return err->status;
    }
    return RN_OK;
}

static enum rn_status write_recording(struct job *job, struct rn_error *err)
{
    bool complete = !job->source.damage && !rn_reader_incomplete(job->source.reader);
    enum rn_status status = RN_OK;
    struct rn_row row;

    for (size_t i = 0; status == RN_OK; i++) {
        status = rn_row_maker_recording(job->maker, i, complete, &row, err);
        if (status == RN_OK)
            status = job->format->row(job->writer, &row, err);
    }
    return status == RN_EOF ? RN_OK : status;
}

static enum rn_status begin(struct job *job, struct rn_row_target *target, struct rn_error *err)
{
    enum rn_status status;

    target->manifest = rn_reader_manifest(job->source.reader);
    status = rn_row_maker_new(target->manifest, job->source.trace, "rn-convert " RN_VERSION,
                              &job->maker, err);
    if (status != RN_OK)
        return status;
    target->tables = rn_row_maker_tables(job->maker, &target->table_count);
    return job->format->begin(target, &job->writer, err);
}

/* False after a message. */
static bool write_all(struct job *job, struct rn_row_target *target)
{
    struct rn_error err = RN_ERROR_INIT;
    enum rn_status status = begin(job, target, &err);

    if (status == RN_OK)
        status = write_events(job, &err);
    if (status == RN_OK)
        status = write_recording(job, &err);
    if (status == RN_OK)
        status = job->format->finish(job->writer, &err);
    job->format->free(job->writer);
    rn_row_maker_free(job->maker);
    if (status != RN_OK && err.status != RN_OK) {
        rn_fail_in(&err, job->convert->output_path);
        cli_error(&err);
    }
    return status == RN_OK;
}

/* What every recording has of it (fingerprints) is told on request alone. */
static void tell_left_out(const struct job *job)
{
    static const struct {
        uint8_t type;
        bool always;
        const char *what;
    } left_out[] = {
        {RN_ATT_STACK, true, "stacks left out"},
        {RN_ATT_STACK_DUMP, true, "copies of stacks left out"},
        {RN_ATT_HISTOGRAM, true, "histograms left out"},
        {RN_ATT_CONTENT, false, "fingerprints of contents left out"},
    };
    struct cli_convert_notes notes = {.count = 0};

    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (job->attachments[left_out[i].type] && (left_out[i].always || cli_verbose))
            cli_convert_note(&notes, left_out[i].what, job->attachments[left_out[i].type]);
    cli_convert_tell_notes(&notes, rn_reader_name(job->source.reader));
}

static int finish(struct job *job, bool written)
{
    bool whole = job->source.damage == 0;

    if (written) {
        cli_source_warn(&job->source);
        tell_left_out(job);
    }
    if (written && cli_verbose)
        cli_warn("%s: %llu rows", rn_reader_name(job->source.reader),
                 (unsigned long long)job->rows);
    cli_source_close(&job->source);
    return written && whole ? RN_EXIT_OK : RN_EXIT_TROUBLE;
}

static bool is_file(int descriptor)
{
    struct stat st;

    return fstat(descriptor, &st) == 0 && S_ISREG(st.st_mode);
}

/* The name under which the output's file lies now is behind /proc/self/fd: SQLite writes it there.
 */
static bool write_database(struct job *job, struct cli_output *output)
{
    struct rn_row_target target = {0};
    char path[64];
    bool written;

    snprintf(path, sizeof path, "/proc/self/fd/%d", cli_output_descriptor(output));
    target.path = path;
    written = write_all(job, &target);
    if (written)
        return cli_output_close(output, NULL);
    cli_output_abandon(output);
    return false;
}

static int write_sqlite(const struct cli_convert *convert, const char *path)
{
    struct job job = {.convert = convert, .format = &rn_sqlite_rows};
    struct cli_output *output;
    bool written = false;

    if (strcmp(convert->output_path, "-") == 0) {
        cli_usage("a database cannot be written to a pipe: name a file with -o");
        return RN_EXIT_TROUBLE;
    }
    if (cli_source_open(&job.source, path, convert->filter)) {
        output = cli_output_open(convert->output_path);
        if (output && !is_file(cli_output_descriptor(output))) {
            cli_fail("%s: a database is a regular file, and this is none", convert->output_path);
            cli_output_abandon(output);
        } else if (output) {
            written = write_database(&job, output);
        }
    }
    return finish(&job, written);
}

/* False after a message. */
static bool parse_partition(const char *text, unsigned *partition)
{
    *partition = 0;
    if (!text)
        return true;
    for (const char *at = text; at;) {
        size_t length = strcspn(at, ",");
        if (length == 3 && strncmp(at, "day", 3) == 0) {
            *partition |= RN_ROW_BY_DAY;
        } else if (length == 4 && strncmp(at, "host", 4) == 0) {
            *partition |= RN_ROW_BY_HOST;
        } else {
            cli_usage("--partition is day, host or day,host, not '%s'", text);
            return false;
        }
        at = at[length] ? at + length + 1 : NULL;
    }
    return true;
}

static int write_avro(const struct cli_convert *convert, const char *path)
{
    struct job job = {.convert = convert, .format = &rn_avro_rows};
    struct rn_row_target target = {.path = convert->output_path};
    bool written = false;

    if (!parse_partition(convert->partition, &target.partition))
        return RN_EXIT_TROUBLE;
    if (strcmp(convert->output_path, "-") == 0) {
        cli_usage("a data set is a directory: name it with -o");
        return RN_EXIT_TROUBLE;
    }
    if (cli_source_open(&job.source, path, convert->filter)) {
        /* What a data set gets is renamed file by file, and taken back by whoever writes it. */
        cli_remove_defer();
        written = write_all(&job, &target);
        cli_remove_resume();
    }
    return finish(&job, written);
}

const struct cli_export_format cli_sqlite_export = {
    .name = "sqlite",
    .text = "SQLite database: tables, indexes, views; rn-sqlite(5)",
    .suffix = ".db",
    .write = write_sqlite,
};

const struct cli_export_format cli_avro_export = {
    .name = "avro",
    .suffix = ".avro",
    .text = "data set of Avro files, of many recordings; rn-avro(5)",
    .partitions = true,
    .write = write_avro,
};
