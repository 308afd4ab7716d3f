/* SPDX-License-Identifier: MIT */
/* A recording as the lines that rn-cat and rn-stat write of it. */
#include "cli_convert.h"
#include "cli_source.h"
#include "cli_stat.h"

#include "libanalysis/render.h"

#include <string.h>

typedef void render_fn(struct rn_trace *trace, const struct rn_event *event, struct rn_buf *out);

struct lines {
    const struct cli_convert *convert;
    struct cli_source source;
    struct cli_output *output;
    render_fn *render;
    struct rn_buf out;
    struct rn_buf inflight; /* calls that had not returned when the latest member was written */
};

/* A call in flight is restated in each member until it returns: only the last statement counts. */
static void put_event(struct lines *lines, const struct rn_event *event)
{
    struct rn_event shown = *event;
    bool in_flight = event->kind == RN_KIND_INFLIGHT;
    if (in_flight) {
        shown.kind = RN_KIND_SYSCALL;
        shown.flags |= RN_EVENT_UNFINISHED;
    } else {
        rn_buf_clear(&lines->inflight);
    }
    if (RN_KIND_IS_EVENT(shown.kind) && !(shown.flags & RN_EVENT_SNAPSHOT) &&
        cli_source_selects(&lines->source, lines->convert->filter, &shown))
        lines->render(lines->source.trace, &shown, in_flight ? &lines->inflight : &lines->out);
}

/* RN_EOF at the end, or where nothing can be written any more, which closing tells; else after a
 * message. */
static enum rn_status write_events(struct lines *lines)
{
    struct rn_event event;
    for (;;) {
        enum rn_status status = cli_source_next(&lines->source, &event);
        if (status == RN_OK) {
            put_event(lines, &event);
            status = cli_source_feed(&lines->source, &event);
        }
        if (status != RN_OK && status != RN_E_FORMAT)
            return status;
        if (!cli_output_flush_some(lines->output, &lines->out))
            return RN_EOF;
    }
}

static int write_lines(const struct cli_convert *convert, const char *path, render_fn *render,
                       void (*header)(struct rn_buf *out))
{
    struct lines lines = {.convert = convert, .render = render};
    enum rn_status status = RN_E_SYSTEM;
    bool written = false;
    if (cli_source_open(&lines.source, path, convert->filter) &&
        (lines.output = cli_output_open(convert->output_path))) {
        if (header)
            header(&lines.out);
        status = write_events(&lines);
        if (status == RN_EOF) {
            rn_buf_append(&lines.out, lines.inflight.data, lines.inflight.size);
            written = cli_output_close(lines.output, &lines.out);
            cli_source_warn(&lines.source);
        } else {
            cli_output_abandon(lines.output);
        }
    }
    bool whole = written && lines.source.damage == 0;
    rn_buf_free(&lines.out);
    rn_buf_free(&lines.inflight);
    cli_source_close(&lines.source);
    return whole ? RN_EXIT_OK : RN_EXIT_TROUBLE;
}

int cli_convert_jsonl(const struct cli_convert *convert, const char *path)
{
    return write_lines(convert, path, rn_render_json, NULL);
}

int cli_convert_csv(const struct cli_convert *convert, const char *path)
{
    return write_lines(convert, path, rn_render_csv, rn_render_csv_header);
}

static int write_table(const struct cli_convert *convert, const struct cli_stat_sums *sums)
{
    const struct cli_stat_order order = {.metric = STAT_TOTAL};
    struct cli_stat_table table;
    struct rn_buf out = RN_BUF_INIT;
    struct cli_output *output = NULL;
    bool made = cli_stat_sums_table(sums, &table, &order), written = false;
    if (!made)
        cli_fail("out of memory");
    else if (table.totals->recordings && (output = cli_output_open(convert->output_path)))
        cli_stat_folded(&table, &out);
    if (made && table.totals->recordings && out.size == 0)
        cli_warn("no system calls, whose stacks these are: the output is empty");
    if (output)
        written = cli_output_close(output, &out);
    cli_stat_table_free(&table);
    rn_buf_free(&out);
    return written ? RN_EXIT_OK : RN_EXIT_TROUBLE;
}

int cli_convert_folded(const struct cli_convert *convert, const char *path)
{
    const struct cli_stat_order order = {.metric = STAT_TOTAL};
    struct cli_stat_sums sums;
    struct rn_error err = RN_ERROR_INIT;
    if (!cli_stat_sums_make(&sums, STAT_BY_STACK, convert->filter, &order)) {
        cli_fail("out of memory");
        return RN_EXIT_TROUBLE;
    }
    bool whole = cli_stat_sums_read(&sums, convert->filter, path, &err);
    int status = write_table(convert, &sums);
    if (err.status != RN_OK)
        cli_error(&err);
    cli_stat_sums_free(&sums);
    return whole ? status : RN_EXIT_TROUBLE;
}
