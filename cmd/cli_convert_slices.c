/* SPDX-License-Identifier: MIT */
/* A recording as slices, to a file. */
#include "cli_convert.h"
#include "cli_source.h"

#include "libanalysis/slice_maker.h"

struct job {
    const struct cli_convert *convert;
    struct cli_source source;
    struct rn_slice_maker *maker;
    struct rn_slice_writer writer;
    struct cli_output *output;
    struct rn_buf out;
    struct cli_convert_notes notes;
    uint64_t lost;
};

static void count_losses(struct job *job, const struct rn_event *event)
{
    if (event->kind != RN_KIND_LOSS)
        return;
    if (event->u.loss.count == 0 || job->lost == UINT64_MAX)
        job->lost = UINT64_MAX;
    else
        job->lost += event->u.loss.count;
}

/* RN_E_FORMAT from the source is damage that was told, and skipped. */
static enum rn_status collect(struct job *job, struct rn_error *err)
{
    struct rn_event event;
    enum rn_status status;

    while ((status = cli_source_next(&job->source, &event)) != RN_EOF) {
        if (status == RN_E_FORMAT)
            continue;
        if (status != RN_OK)
            return status;
        count_losses(job, &event);
        if (cli_source_selects(&job->source, job->convert->filter, &event))
            status = rn_slice_maker_add(job->maker, job->source.trace, &event, err);
        if (status != RN_OK)
            return status;
        status = cli_source_feed(&job->source, &event);
        if (status != RN_OK && status != RN_E_FORMAT)
            return status;
        status = rn_slice_maker_follow(job->maker, job->source.trace, &event, err);
        if (status != RN_OK)
            return status;
    }
    return RN_OK;
}

static bool flush(void *context, struct rn_buf *out)
{
    struct job *job = context;

    return cli_output_flush_some(job->output, out);
}

static enum rn_status write_all(struct job *job, struct rn_error *err)
{
    const struct rn_slice_format *format = job->writer.format;
    const struct rn_slice_facts facts = {.manifest = rn_reader_manifest(job->source.reader),
                                         .creator = "rn-convert " RN_VERSION,
                                         .lost = job->lost};
    enum rn_status status = format->begin(&job->writer, &facts, err);

    if (status == RN_OK && format->clock)
        status = format->clock(&job->writer, &facts.manifest->start, err);
    if (status == RN_OK)
        status = rn_slice_maker_write(job->maker, &job->writer, err);
    if (status == RN_OK)
        status = format->end(&job->writer, err);
    if (format->free_state)
        format->free_state(&job->writer);
    return status;
}

static int finish(struct job *job, enum rn_status status, struct rn_error *err)
{
    const char *name = job->source.reader ? rn_reader_name(job->source.reader) : "";
    bool whole = job->source.damage == 0;

    if (status != RN_OK && err->status == RN_OK && job->output) {
        /* It could not be written, which closing tells. */
        cli_output_close(job->output, NULL);
        return RN_EXIT_TROUBLE;
    }
    if (status != RN_OK) {
        if (err->status != RN_OK)
            cli_error(err);
        cli_output_abandon(job->output);
        return RN_EXIT_TROUBLE;
    }
    if (!cli_output_close(job->output, &job->out))
        return RN_EXIT_TROUBLE;
    rn_slice_maker_notes(job->maker, cli_convert_note, &job->notes);
    cli_convert_tell_notes(&job->notes, name);
    cli_source_warn(&job->source);
    return whole ? RN_EXIT_OK : RN_EXIT_TROUBLE;
}

int cli_convert_slices(const struct cli_convert *convert, const struct rn_slice_format *format,
                       const char *path)
{
    struct job job = {.convert = convert};
    struct rn_error err = RN_ERROR_INIT;
    enum rn_status status = RN_E_SYSTEM;
    int result = RN_EXIT_TROUBLE;

    job.writer = (struct rn_slice_writer){.format = format,
                                          .out = &job.out,
                                          .note = cli_convert_note,
                                          .note_context = &job.notes,
                                          .flush = flush,
                                          .flush_context = &job};
    job.maker = rn_slice_maker_new();
    if (!job.maker) {
        cli_fail("out of memory");
    } else if (cli_source_open(&job.source, path, convert->filter)) {
        status = collect(&job, &err);
        job.output = status == RN_OK ? cli_output_open(convert->output_path) : NULL;
        if (status == RN_OK && job.output)
            status = write_all(&job, &err);
        if (job.output || status != RN_OK)
            result = finish(&job, status, &err);
    }
    cli_source_close(&job.source);
    rn_slice_maker_free(job.maker);
    rn_buf_free(&job.out);
    return result;
}
