/* SPDX-License-Identifier: MIT */
/* A recording in the Common Trace Format. */
#include "cli_convert.h"
#include "cli_remove.h"
#include "cli_source.h"

#include "formats/event_schema.h"
#include "formats/export/ctf_write.h"

#include <string.h>

/* Ticks to ns since 1970, or ns. */
static void place(const struct rn_clock *clock, struct rn_event *event)
{
    const struct rn_schema *schema = rn_schema_get(event->kind);
    event->start = rn_clock_realtime(clock, event->start);
    event->duration = rn_clock_duration(clock, event->duration);
    event->flags &= ~(RN_EVENT_DEVICE_TIME | RN_EVENT_DEVICE_QUEUED);
    for (unsigned i = 0; i < schema->words; i++) {
        uint64_t *word = &event->u.words[i];
        if (schema->fields[i].unit == RN_FIELD_MOMENT && *word)
            *word = rn_clock_realtime(clock, *word);
        else if (schema->fields[i].unit == RN_FIELD_DURATION)
            *word = rn_clock_duration(clock, *word);
    }
}

static enum rn_status add(const struct cli_convert *convert, struct cli_source *source,
                          struct rn_ctf_writer *writer, const struct rn_event *event,
                          struct rn_error *err)
{
    struct rn_event placed = *event;
    bool is_stream = event->kind == RN_KIND_STREAM;
    if (!is_stream && (!RN_KIND_IS_EVENT(event->kind) || event->flags & RN_EVENT_SNAPSHOT ||
                       !cli_source_selects(source, convert->filter, event)))
        return RN_OK;
    if (is_stream)
        return rn_ctf_writer_add(writer, event, event->u.stream_info.pid, event->u.stream_info.tid,
                                 err);
    const struct rn_thread_info *thread = rn_trace_thread(source->trace, event->stream);
    place(rn_trace_clock(source->trace), &placed);
    return rn_ctf_writer_add(writer, &placed, thread->pid, thread->tid, err);
}

/* RN_E_FORMAT of the source is damage that was told, and skipped. RN_E_SYSTEM with nothing in err:
 * it was told, too. */
static enum rn_status write_events(const struct cli_convert *convert, struct cli_source *source,
                                   struct rn_ctf_writer *writer, struct rn_error *err)
{
    struct rn_event event;
    enum rn_status status;
    while ((status = cli_source_next(source, &event)) != RN_EOF) {
        if (status == RN_E_FORMAT)
            continue;
        if (status != RN_OK)
            return status;
        status = add(convert, source, writer, &event, err);
        if (status != RN_OK)
            return status;
        status = cli_source_feed(source, &event);
        if (status != RN_OK && status != RN_E_FORMAT)
            return status;
    }
    return rn_ctf_writer_finish(writer, err);
}

int cli_convert_ctf(const struct cli_convert *convert, const char *path)
{
    struct cli_source source;
    struct rn_ctf_writer *writer = NULL;
    struct rn_error err = RN_ERROR_INIT;
    struct cli_convert_notes notes = {.count = 0};
    enum rn_status status = RN_E_SYSTEM;
    bool whole = false;
    if (strcmp(convert->output_path, "-") == 0)
        return cli_usage("a CTF trace is a directory: name one with -o");
    if (cli_source_open(&source, path, convert->filter)) {
        cli_remove_defer();
        status = rn_ctf_writer_new(convert->output_path, rn_reader_manifest(source.reader),
                                   "rn-convert " RN_VERSION, &writer, &err);
        if (status == RN_OK)
            cli_remove_on_signal(rn_ctf_writer_directory(writer), CLI_REMOVE_TREE);
        cli_remove_resume();
        if (status == RN_OK) {
            status = write_events(convert, &source, writer, &err);
            rn_ctf_writer_notes(writer, cli_convert_note, &notes);
        }
        if (status == RN_OK) {
            cli_convert_tell_notes(&notes, rn_reader_name(source.reader));
            cli_source_warn(&source);
        } else if (err.status != RN_OK) {
            cli_error(&err);
        }
        whole = status == RN_OK && source.damage == 0;
    }
    if (writer)
        cli_remove_forget(rn_ctf_writer_directory(writer));
    rn_ctf_writer_free(writer);
    cli_source_close(&source);
    return whole ? RN_EXIT_OK : RN_EXIT_TROUBLE;
}
