/* SPDX-License-Identifier: MIT */
/* What stood around the first difference: the calls of the thread that made it, and the lines of
 * the text that differs. */
#include "cli_diff.h"

#include "formats/escape.h"
#include "libanalysis/render.h"

#include <stdlib.h>
#include <string.h>

enum { STRING_LIMIT = 48, LINE_MAX_SHOWN = 200 };

void cli_diff_colour(const struct cli_diff *job, struct rn_buf *out, const char *code)
{
    if (job->colour)
        rn_buf_printf(out, "\033[%sm", code);
}

/* The last lines before the event, in a circle. */
struct lines {
    struct rn_buf *ring;
    size_t size, next;
};

static void remember(struct lines *lines, struct rn_render *render, struct rn_trace *trace,
                     const struct rn_event *event)
{
    struct rn_buf *line;

    if (lines->size == 0)
        return;
    line = &lines->ring[lines->next++ % lines->size];
    rn_buf_clear(line);
    rn_render_text(render, trace, event, line);
}

static void put_line(const struct cli_diff *job, struct rn_buf *out, char mark, bool is_it,
                     const struct rn_buf *line)
{
    if (line->size == 0)
        return;
    if (is_it)
        cli_diff_colour(job, out, mark == '-' ? "31" : "32");
    rn_buf_printf(out, "%c%c ", is_it ? mark : ' ', is_it ? '>' : ' ');
    rn_buf_append(out, line->data, line->size - 1);
    if (is_it)
        cli_diff_colour(job, out, "0");
    rn_buf_byte(out, '\n');
}

static void put_ring(const struct cli_diff *job, const struct lines *lines, char mark,
                     struct rn_buf *out)
{
    size_t first = lines->next > lines->size ? lines->next - lines->size : 0;

    for (size_t i = first; i < lines->next; i++)
        put_line(job, out, mark, false, &lines->ring[i % lines->size]);
}

/* Calls, exits and signals of one thread; other rows render to nothing. */
static bool is_shown(const struct rn_event *event, uint32_t stream)
{
    return event->stream == stream && !(event->flags & RN_EVENT_SNAPSHOT) &&
           (event->kind == RN_KIND_SYSCALL || event->kind == RN_KIND_SIGNAL ||
            event->kind == RN_KIND_PROCESS);
}

static void walk(const struct cli_diff *job, const struct cli_diff_side *side,
                 struct rn_reader *reader, struct rn_trace *trace, struct rn_render *render,
                 const struct rn_place *place, char mark, struct lines *lines, struct rn_buf *out)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_buf line = RN_BUF_INIT;
    struct rn_event event;
    unsigned behind = 0;
    bool found = false;

    while ((!found || behind < job->context) &&
           rn_reader_next_event(reader, &event, &err) == RN_OK) {
        bool is_it = !found && event.stream == place->stream && event.start == place->start &&
                     event.ordinal == place->ordinal && RN_KIND_IS_EVENT(event.kind);

        if (is_it)
            put_ring(job, lines, mark, out);
        if (!found && !is_it && is_shown(&event, place->stream))
            remember(lines, render, trace, &event);
        if (is_it || (found && is_shown(&event, place->stream))) {
            rn_buf_clear(&line);
            rn_render_text(render, trace, &event, &line);
            put_line(job, out, mark, is_it, &line);
            if (is_it)
                cli_diff_stack(job, side, place, false, out);
            behind += !is_it && line.size > 0;
        }
        found |= is_it;
        if (rn_trace_feed(trace, &event, &err) != RN_OK)
            break;
    }
    rn_buf_free(&line);
}

void cli_diff_context(const struct cli_diff *job, const struct cli_diff_side *side,
                      const struct rn_place *place, char mark, struct rn_buf *out)
{
    struct rn_render_options options = {
        .descriptors = true, .pid = true, .string_limit = STRING_LIMIT};
    struct rn_error err = RN_ERROR_INIT;
    struct rn_reader *reader = NULL;
    struct rn_trace *trace = NULL;
    struct rn_render *render = rn_render_new(&options);
    struct lines lines = {.size = job->context};

    lines.ring = calloc(lines.size + 1, sizeof(*lines.ring));
    if (strcmp(side->path, "-") != 0 && rn_reader_open(side->path, &reader, &err) == RN_OK &&
        rn_reader_seek(reader, place->start, &err) == RN_OK)
        trace = rn_trace_new(rn_reader_manifest(reader));
    if (trace && render && lines.ring)
        walk(job, side, reader, trace, render, place, mark, &lines, out);
    for (size_t i = 0; lines.ring && i < lines.size; i++)
        rn_buf_free(&lines.ring[i]);
    free(lines.ring);
    rn_trace_free(trace);
    rn_render_free(render);
    rn_reader_free(reader);
}

/* ---- lines of text ---- */

static bool is_text(const struct rn_buf *bytes)
{
    return bytes->size == 0 || !memchr(bytes->data, 0, bytes->size);
}

static void put_text_line(const struct cli_diff *job, const struct rn_buf *bytes, size_t begin,
                          char mark, struct rn_buf *out)
{
    const uint8_t *end;
    size_t length;

    if (begin >= bytes->size)
        return;
    end = memchr(bytes->data + begin, '\n', bytes->size - begin);
    length = end ? (size_t)(end - bytes->data) - begin : bytes->size - begin;
    cli_diff_colour(job, out, mark == '-' ? "31" : mark == '+' ? "32" : "0");
    rn_buf_byte(out, (uint8_t)mark);
    rn_escape_terminal(out, bytes->data + begin, length < LINE_MAX_SHOWN ? length : LINE_MAX_SHOWN);
    rn_buf_text(out, length < LINE_MAX_SHOWN ? "" : "...");
    cli_diff_colour(job, out, "0");
    rn_buf_byte(out, '\n');
    if (!end && length < LINE_MAX_SHOWN && mark != ' ')
        rn_buf_text(out, "\\ No newline at the end of what is kept\n");
}

static size_t line_begin(const struct rn_buf *bytes, size_t at)
{
    while (at > 0 && bytes->data[at - 1] != '\n')
        at--;
    return at;
}

void cli_diff_lines(const struct cli_diff *job, const struct rn_finding *finding,
                    struct rn_buf *out)
{
    const struct rn_buf *a, *b;
    size_t from = (size_t)finding->difference.from, begin, line = 1;

    if (!finding->has_difference || !finding->a || !finding->b || !finding->a->image ||
        !finding->b->image)
        return;
    a = &finding->a->image->bytes;
    b = &finding->b->image->bytes;
    if (finding->difference.from > a->size || finding->difference.from > b->size ||
        (from >= a->size && from >= b->size) || !is_text(a) || !is_text(b))
        return;
    begin = line_begin(a, from);
    for (size_t i = 0; i < begin; i++)
        line += a->data[i] == '\n';
    cli_diff_colour(job, out, "36");
    rn_buf_printf(out, "@@ line %zu, byte %zu @@", line, from);
    cli_diff_colour(job, out, "0");
    rn_buf_byte(out, '\n');
    if (begin > 0)
        put_text_line(job, a, line_begin(a, begin - 1), ' ', out);
    put_text_line(job, a, begin, '-', out);
    put_text_line(job, b, begin, '+', out);
}
