/* SPDX-License-Identifier: MIT */
#include "cli_stat_slow.h"

#include "cli_stat_rows.h"

struct reading {
    const struct cli_stat_job *job;
    struct rn_slow_io *slow;
    uint64_t recording;
};

static enum rn_status take_row(void *context, struct cli_source *source,
                               const struct rn_event *event, struct rn_error *err)
{
    const struct reading *reading = context;

    if (event->kind != RN_KIND_SYSCALL || (event->flags & RN_EVENT_SNAPSHOT) ||
        !cli_source_selects(source, reading->job->filter, event))
        return RN_OK;
    return rn_slow_io_call(reading->slow, source->trace, reading->recording, event, err);
}

static void render_text(const void *slow, struct rn_buf *out)
{
    cli_slow_text(slow, out);
}

static void render_json(const void *slow, struct rn_buf *out)
{
    cli_slow_json(slow, out);
}

static void render_csv(const void *slow, struct rn_buf *out)
{
    cli_slow_csv(slow, out);
}

static bool print(const struct cli_stat_job *job, struct rn_slow_io *slow, struct cli_slow *shown)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_slow_result result;

    shown->result = &result;
    shown->job = job;
    if (rn_slow_io_result(slow, &result, &err) != RN_OK) {
        cli_error(&err);
        return false;
    }
    return cli_stat_print(job->output_path,
                          job->format == STAT_JSON  ? render_json
                          : job->format == STAT_CSV ? render_csv
                                                    : render_text,
                          shown);
}

int cli_stat_slow(const struct cli_stat_job *job, char **paths)
{
    struct reading reading = {.job = job, .slow = rn_slow_io_new(job->slow_ns)};
    struct cli_slow shown = {.recordings = 0};
    bool whole = true;

    if (!reading.slow) {
        cli_fail("out of memory");
        return RN_EXIT_TROUBLE;
    }
    for (; *paths; paths++, reading.recording++) {
        struct cli_source source;
        bool usable = false;

        if (cli_source_open(&source, *paths, job->filter)) {
            whole &= cli_stat_read_rows(&source, take_row, &reading, &usable);
            shown.recordings += usable;
            shown.lacks_events |= source.lacks_events || rn_reader_incomplete(source.reader);
            cli_source_warn(&source);
        } else {
            whole = false;
        }
        cli_source_close(&source);
    }
    if (shown.recordings)
        whole &= print(job, reading.slow, &shown);
    rn_slow_io_free(reading.slow);
    return whole && shown.recordings ? RN_EXIT_OK : RN_EXIT_TROUBLE;
}
