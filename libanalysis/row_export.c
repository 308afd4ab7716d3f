/* SPDX-License-Identifier: MIT */
/* A whole recording into a store of rows. */
#include "row_maker.h"

#include <string.h>

struct export
{
    struct rn_reader *reader;
    struct rn_trace *trace;
    struct rn_row_maker *maker;
    const struct rn_row_format *format;
    struct rn_row_writer *writer;
    struct rn_row_account *account;
};

/* RN_OK for damage, which is counted, and reading goes on. */
static enum rn_status excuse(struct export *export, enum rn_status status, struct rn_error *err)
{
    if (status != RN_E_FORMAT && status != RN_E_LIMIT && status != RN_E_VERSION)
        return status;
    if (export->account->damage++ == 0)
        export->account->first = *err;
    *err = (struct rn_error)RN_ERROR_INIT;
    return RN_OK;
}

static enum rn_status write_row(struct export *export, const struct rn_row *row,
                                struct rn_error *err)
{
    export->account->counts[row->table->number]++;
    return export->format->row(export->writer, row, err);
}

static enum rn_status write_event(struct export *export, const struct rn_event *event,
                                  struct rn_error *err)
{
    struct rn_row row;
    enum rn_status status = rn_row_maker_event(export->maker, event, &row, err);

    if (status == RN_OK) {
        export->account->rows++;
        status = write_row(export, &row, err);
    }
    return status == RN_EOF ? RN_OK : status;
}

/* A stream is known once it is fed; of anything else that counts which was so before it. */
static enum rn_status take_event(struct export *export, struct rn_event *event,
                                 struct rn_error *err)
{
    enum rn_status status = RN_OK;

    rn_trace_place(export->trace, event);
    if (event->kind != RN_KIND_STREAM)
        status = write_event(export, event, err);
    if (status == RN_OK)
        status = excuse(export, rn_trace_feed(export->trace, event, err), err);
    if (event->kind == RN_KIND_STREAM && status == RN_OK)
        status = write_event(export, event, err);
    return status;
}

static enum rn_status write_events(struct export *export, struct rn_error *err)
{
    struct rn_event event;
    enum rn_status status;

    for (;;) {
        status = rn_reader_next_event(export->reader, &event, err);
        if (status == RN_EOF)
            return RN_OK;
        if (status == RN_OK)
            status = take_event(export, &event, err);
        else
            status = excuse(export, status, err);
        if (status != RN_OK)
            return status;
    }
}

static enum rn_status write_recording(struct export *export, struct rn_error *err)
{
    bool complete = !export->account->damage && !rn_reader_incomplete(export->reader);
    enum rn_status status = RN_OK;
    struct rn_row row;

    for (size_t i = 0; status == RN_OK; i++) {
        status = rn_row_maker_recording(export->maker, i, complete, &row, err);
        if (status == RN_OK)
            status = write_row(export, &row, err);
    }
    return status == RN_EOF ? RN_OK : status;
}

static enum rn_status begin(struct export *export, const struct rn_rows_options *options,
                            struct rn_error *err)
{
    const struct rn_manifest *manifest = rn_reader_manifest(export->reader);
    const struct rn_row_table *const *tables;
    enum rn_status status;
    size_t count;

    export->trace = rn_trace_new(manifest);
    if (!export->trace)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    status = rn_row_maker_new(manifest, export->trace, options->creator, &export->maker, err);
    if (status != RN_OK)
        return status;
    tables = rn_row_maker_tables(export->maker, &count);
    return export->format->begin(options->path, manifest, tables, count, &export->writer, err);
}

enum rn_status rn_rows_export(struct rn_reader *reader, const struct rn_rows_options *options,
                              struct rn_row_account *account, struct rn_error *err)
{
    struct export export = {.reader = reader, .format = options->format, .account = account};
    enum rn_status status;

    memset(account, 0, sizeof *account);
    status = begin(&export, options, err);
    if (status == RN_OK)
        status = write_events(&export, err);
    if (status == RN_OK)
        status = write_recording(&export, err);
    if (status == RN_OK)
        status = export.format->finish(export.writer, err);
    export.format->free(export.writer);
    rn_row_maker_free(export.maker);
    rn_trace_free(export.trace);
    return status;
}
