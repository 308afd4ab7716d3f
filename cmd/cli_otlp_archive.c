/* SPDX-License-Identifier: MIT */
/* Archives into traces, and traces into batches for the sink. */
#include "cli_otlp.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct cli_otlp_export {
    const struct cli_otlp_options *options;
    struct cli_otlp_sink *sink;
    struct cli_otlp_account *account;
    struct rn_otlp_batch batch;
    struct rn_buf scope;
    struct cli_otlp_traces traces;
    bool stopped;
    struct cli_otlp_places *places; /* of the archive at hand; NULL: not asked for */
};

struct cli_otlp_export *cli_otlp_export_new(const struct cli_otlp_options *options,
                                            struct cli_otlp_sink *sink,
                                            struct cli_otlp_account *account)
{
    struct cli_otlp_export *export = calloc(1, sizeof *export);

    if (!export) {
        cli_fail("out of memory");
        return NULL;
    }
    export->options = options;
    export->sink = sink;
    export->account = account;
    rn_otlp_scope_encode(&export->scope, RN_OTLP_TEXT("renacer"), RN_OTLP_TEXT(RN_VERSION));
    rn_otlp_batch_init(&export->batch,
                       (struct rn_otlp_text){(const char *)export->scope.data, export->scope.size});
    return export;
}

void cli_otlp_export_free(struct cli_otlp_export *export)
{
    if (!export)
        return;
    rn_otlp_batch_free(&export->batch);
    rn_buf_free(&export->scope);
    free(export->traces.items);
    free(export);
}

const struct cli_otlp_traces *cli_otlp_export_traces(const struct cli_otlp_export *export)
{
    return &export->traces;
}

/* For reading back. */
static enum rn_status remember(struct cli_otlp_export *export, const struct rn_span_trace *trace,
                               struct rn_error *err)
{
    struct cli_otlp_traces *traces = &export->traces;
    struct cli_otlp_trace *item;

    if (!export->options->verify && !export->options->dry_run)
        return RN_OK;
    if (traces->count == traces->capacity) {
        size_t larger = traces->capacity ? 2 * traces->capacity : 64;
        struct cli_otlp_trace *moved = reallocarray(traces->items, larger, sizeof *moved);

        if (!moved)
            return rn_fail(err, RN_E_NOMEM, "no memory to remember what was sent");
        traces->items = moved;
        traces->capacity = larger;
    }
    item = &traces->items[traces->count++];
    memset(item, 0, sizeof *item);
    memcpy(item->id, trace->id, sizeof item->id);
    for (size_t i = 0; i < trace->count; i++)
        rn_otlp_set_add(&item->set, rn_otlp_id_load(trace->arena + trace->refs[i].offset +
                                                    RN_OTLP_SPAN_ID_OFFSET));
    return RN_OK;
}

static void note_times(struct cli_otlp_account *account, const struct rn_span_trace *trace)
{
    if (!account->first_ns || trace->first_ns < account->first_ns)
        account->first_ns = trace->first_ns;
    if (trace->last_ns > account->last_ns)
        account->last_ns = trace->last_ns;
}

static bool submit(struct cli_otlp_export *export)
{
    if (export->batch.count && !export->sink->submit(export->sink, &export->batch))
        export->stopped = true;
    return !export->stopped;
}

/* What is not handed on any more has failed. */
static void count_failed(struct cli_otlp_export *export, const struct rn_span_group *group,
                         const struct rn_otlp_ref *refs, size_t done)
{
    for (size_t i = done; i < group->count; i++)
        cli_otlp_tally_add(&export->account->failed,
                           (struct rn_otlp_tally){1, refs[i].events, refs[i].folded});
}

static enum rn_status add_group(struct cli_otlp_export *export, const struct rn_span_trace *trace,
                                const struct rn_span_group *group, struct rn_error *err)
{
    const struct rn_otlp_ref *refs = trace->refs + group->first;
    const struct cli_otlp_options *options = export->options;
    enum rn_status status = RN_OK;
    size_t done = 0;

    while (done < group->count && status == RN_OK && !export->stopped) {
        size_t fit =
            rn_otlp_batch_room(&export->batch, group->resource, refs + done, group->count - done,
                               options->batch_bytes, options->batch_spans);

        if (fit == 0) {
            submit(export);
            continue;
        }
        status =
            rn_otlp_batch_add(&export->batch, group->resource, trace->arena, refs + done, fit, err);
        if (status == RN_OK)
            done += fit;
    }
    count_failed(export, group, refs, done);
    return status;
}

static enum rn_status add_trace(void *context, const struct rn_span_trace *trace,
                                struct rn_error *err)
{
    struct cli_otlp_export *export = context;
    enum rn_status status = remember(export, trace, err);

    note_times(export->account, trace);
    export->batch.traces++;
    for (size_t i = 0; i < trace->group_count; i++) {
        enum rn_status added = add_group(export, trace, &trace->groups[i], err);

        if (status == RN_OK)
            status = added;
    }
    return status == RN_OK && export->stopped ? RN_EOF : status;
}

/* Ends now what ended then. The end of a recording is known from its index; without one its start
 * has to do. */
static int64_t rebase_shift(const struct cli_source *source)
{
    const struct rn_index *index = rn_reader_index(source->reader);
    const struct rn_manifest *manifest = rn_reader_manifest(source->reader);
    uint64_t end =
        index && index->end.realtime_ns ? index->end.realtime_ns : manifest->start.realtime_ns;
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec - end);
}

static bool is_counted(const struct rn_event *event)
{
    return RN_KIND_IS_EVENT(event->kind) && !(event->flags & RN_EVENT_SNAPSHOT);
}

/* An answer must not have to wait until more of a pipe has come. */
static bool keep_pace(struct cli_otlp_export *export, const struct cli_source *source, bool is_pipe)
{
    if (is_pipe && rn_reader_may_wait(source->reader) && !export->sink->drain(export->sink))
        export->stopped = true;
    return !export->stopped;
}

static enum rn_status add_event(struct cli_otlp_export *export, struct cli_source *source,
                                struct rn_span_tree *tree, const struct rn_event *event)
{
    struct rn_error err = RN_ERROR_INIT;
    bool selected = cli_source_selects(source, export->options->filter, event);
    const struct rn_event *placed = selected ? cli_otlp_place(export->places, tree, event) : event;
    enum rn_status status;

    if (is_counted(event)) {
        export->account->read++;
        export->account->filtered += !selected;
    }
    status = rn_span_tree_add(tree, source->trace, placed, selected, &err);
    if (status != RN_OK && status != RN_EOF)
        cli_error(&err);
    if (status == RN_OK) {
        status = cli_source_feed(source, event);
        rn_span_tree_follow(tree, source->trace, event);
        return status == RN_OK ? cli_otlp_places_feed(export->places, event) : status;
    }
    if (is_counted(event) && selected)
        export->account->failed.events++; /* the tree did not get to it */
    return status == RN_EOF ? RN_E_SYSTEM : status;
}

/* RN_EOF at the end, else what ended it. */
static enum rn_status read_all(struct cli_otlp_export *export, struct cli_source *source,
                               struct rn_span_tree *tree, bool is_pipe)
{
    enum rn_status status = RN_OK;
    struct rn_event event;

    while (status == RN_OK || status == RN_E_FORMAT) {
        if (!keep_pace(export, source, is_pipe))
            return RN_E_SYSTEM;
        status = cli_source_next(source, &event);
        if (status == RN_OK)
            status = add_event(export, source, tree, &event);
    }
    return status;
}

static bool is_pipe(const char *path)
{
    struct stat st;
    bool known = strcmp(path, "-") ? stat(path, &st) == 0 : fstat(0, &st) == 0;

    return known && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static enum rn_status export_source(struct cli_otlp_export *export, struct cli_source *source,
                                    struct rn_span_tree *tree, const char *path)
{
    struct rn_error err = RN_ERROR_INIT;
    enum rn_status status = read_all(export, source, tree, is_pipe(path)), finished;
    uint64_t unfinished;

    if (status == RN_EOF) {
        finished = rn_span_tree_finish(tree, source->trace, &unfinished, &err);
        export->account->read += unfinished;
        if (finished != RN_OK && finished != RN_EOF)
            cli_error(&err);
        if (finished != RN_OK)
            status = RN_E_SYSTEM;
        cli_source_warn(source);
    }
    cli_otlp_tally_add(&export->account->failed, rn_span_tree_pending(tree));
    return status;
}

bool cli_otlp_export_archive(struct cli_otlp_export *export, const char *path, bool *trouble)
{
    struct rn_span_options options = export->options->spans;
    struct rn_span_tree *tree = NULL;
    struct cli_source source;
    enum rn_status status = RN_E_FORMAT;

    options.resource = &export->options->resource;
    if (cli_source_open(&source, path, export->options->maps ? NULL : export->options->filter)) {
        if (export->options->rebase)
            options.shift_ns = rebase_shift(&source);
        tree = rn_span_tree_new(&options, rn_reader_manifest(source.reader), add_trace, export);
        if (export->options->maps)
            export->places = cli_otlp_places_new(export->options->maps, &source);
        if (!tree)
            cli_fail("out of memory");
        else if (export->places || !export->options->maps)
            status = export_source(export, &source, tree, path);
    }
    if (status != RN_EOF || source.damage)
        *trouble = true;
    rn_span_tree_free(tree);
    cli_otlp_places_free(export->places);
    export->places = NULL;
    cli_source_close(&source);
    return !export->stopped && (status == RN_EOF || status == RN_E_FORMAT);
}

bool cli_otlp_export_end(struct cli_otlp_export *export)
{
    if (!export->stopped)
        return submit(export);
    cli_otlp_tally_add(&export->account->failed, export->batch.tally);
    return false;
}
