/* SPDX-License-Identifier: MIT */
/* The text that `perf script` prints. A line begins an event; lines of its call chain begin with a
 * tab, and an empty one ends it. With --header, comments in front say where it is from. */
#include "formats/buf.h"
#include "import_formats.h"
#include "perf_model.h"

#include <stdlib.h>
#include <string.h>

#define ARGUMENTS   64u
#define FRAME_BYTES 4096u /* that are kept of a line of a call chain */
_Static_assert(FRAME_BYTES *RN_STACK_FRAMES_MAX <= 1u << 20, "what an event has of its chain");

struct script {
    struct rn_input *input;
    struct rn_import *import;
    struct rn_perf_model *model; /* NULL: before the first event */
    struct rn_perf_sample sample;
    /* The event at hand: its line, then those of its frames. */
    struct rn_buf lines;
    uint64_t line; /* 0: there is none */
    size_t line_size, frame_count;
    struct {
        size_t at, size;
    } frames[RN_STACK_FRAMES_MAX];
    uint64_t frames_left, frames_cut, strange_frames;
    /* Of the header. */
    char *host, *os, *arch, *command;
    bool monotonic;
    int64_t realtime_of_zero;
};

/* ---- the header ---- */

static void keep(char **to, const char *text)
{
    free(*to);
    *to = strdup(text);
}

/* "...= 1602684453.345 (TOD) = 12.345678901 (monotonic)" */
static void read_reference(struct script *script, const char *text)
{
    const char *equals = strchr(text, '=');
    char *end;
    double real, clock;

    if (!equals)
        return;
    real = strtod(equals + 1, &end);
    equals = strchr(end, '=');
    clock = equals ? strtod(equals + 1, NULL) : 0;
    if (equals && real > clock && real < 9e9 && clock >= 0)
        script->realtime_of_zero = (int64_t)((real - clock) * 1e9);
}

static void read_header(struct script *script, const char *line)
{
    const struct {
        const char *key;
        char **to;
    } keys[] = {{"# hostname : ", &script->host},
                {"# os release : ", &script->os},
                {"# arch : ", &script->arch},
                {"# cmdline : ", &script->command}};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (!strncmp(line, keys[i].key, strlen(keys[i].key)))
            keep(keys[i].to, line + strlen(keys[i].key));
    if (!strncmp(line, "# clockid: monotonic", 20))
        script->monotonic = true;
    if (!strncmp(line, "# reference time:", 17))
        read_reference(script, line);
}

/* What was run is behind perf's own "--"; blanks within an argument cannot be told any more. */
static void split_command(struct script *script, const char **argv)
{
    const char *separator = script->command ? strstr(script->command, " -- ") : NULL;
    size_t count = 0;
    char *save = NULL;

    if (separator)
        for (char *word = strtok_r(script->command + (separator - script->command) + 4, " ", &save);
             word && count + 1 < ARGUMENTS; word = strtok_r(NULL, " ", &save))
            argv[count++] = word;
    argv[count] = NULL;
}

static enum rn_status begin(struct script *script, struct rn_error *err)
{
    const char *argv[ARGUMENTS];
    enum rn_abi abi = script->arch ? rn_perf_abi(script->arch, strlen(script->arch)) : 0;
    struct rn_buf os = RN_BUF_INIT;
    struct rn_import_facts facts = {.clock = RN_IMPORT_MONOTONIC,
                                    .host = script->host,
                                    .abi = abi,
                                    .realtime_of_zero = script->realtime_of_zero};
    enum rn_status status;

    split_command(script, argv);
    facts.argv = argv[0] ? argv : NULL;
    if (script->os) {
        rn_buf_printf(&os, "Linux %s %s", script->os, script->arch ? script->arch : "");
        rn_buf_byte(&os, 0);
        facts.os = os.failed ? NULL : (const char *)os.data;
    }
    status = rn_import_facts(script->import, &facts, err);
    rn_buf_free(&os);
    script->model = rn_perf_model_new(script->import, abi);
    if (status == RN_OK && !script->model)
        return rn_fail(err, RN_E_NOMEM, "no memory to read what perf printed");
    return status;
}

/* ---- events ---- */

static enum rn_status flush(struct script *script, struct rn_error *err)
{
    const char *text = (const char *)script->lines.data, *wrong;
    struct rn_perf_sample *sample = &script->sample;
    enum rn_status status = RN_OK;
    uint64_t line = script->line;

    script->line = 0;
    if (!line)
        return RN_OK;
    if (script->lines.failed)
        return rn_fail(err, RN_E_NOMEM, "no memory for a line");
    wrong = rn_perf_line_parse(text, script->line_size, sample);
    for (size_t i = 0; i < script->frame_count && !wrong; i++) {
        if (rn_perf_frame_parse(text + script->frames[i].at, script->frames[i].size,
                                &sample->frames[sample->frame_count]))
            sample->frame_count++;
        else
            script->strange_frames++;
    }
    if (!wrong && !script->model)
        status = begin(script, err);
    if (!wrong && status == RN_OK)
        status = rn_perf_model_add(script->model, sample, &wrong, err);
    if (status == RN_OK && wrong)
        status = rn_import_problem(script->import, line, 0, err, "%s", wrong);
    return status;
}

static void add_frame(struct script *script, const char *line, size_t size)
{
    if (script->frame_count == RN_STACK_FRAMES_MAX) {
        script->frames_left++;
        return;
    }
    if (size > FRAME_BYTES) {
        script->frames_cut++;
        size = FRAME_BYTES;
    }
    script->frames[script->frame_count].at = script->lines.size;
    script->frames[script->frame_count++].size = size;
    rn_buf_append(&script->lines, line, size);
}

/* What perf says between the events: "LOST 34 events!" */
static bool is_loss(const char *line, uint64_t *count)
{
    char *end;

    if (strncmp(line, "LOST ", 5) != 0)
        return false;
    *count = strtoull(line + 5, &end, 10);
    return !strncmp(end, " events", 7);
}

static enum rn_status take_line(struct script *script, char *line, size_t size,
                                struct rn_error *err)
{
    enum rn_status status;
    uint64_t lost;

    if (line[0] == '\t' && script->line) {
        add_frame(script, line, size);
        return RN_OK;
    }
    status = flush(script, err);
    if (status != RN_OK || size == 0)
        return status;
    if (line[0] == '#') {
        read_header(script, line);
        return RN_OK;
    }
    if (is_loss(line, &lost)) {
        if (!script->model)
            status = begin(script, err);
        return status == RN_OK ? rn_perf_model_lost(script->model, lost, err) : status;
    }
    rn_buf_clear(&script->lines);
    rn_buf_append(&script->lines, line, size);
    script->line_size = size;
    script->frame_count = 0;
    script->line = rn_input_line_number(script->input);
    return RN_OK;
}

static enum rn_status read_lines(struct script *script, struct rn_error *err)
{
    enum rn_status status;
    size_t size;
    char *line;

    for (;;) {
        status = rn_input_line(script->input, &line, &size, err);
        if (status == RN_E_LIMIT)
            status = rn_import_problem(script->import, rn_input_line_number(script->input), 0, err,
                                       "the line is too long");
        else if (status == RN_OK)
            status = take_line(script, line, size, err);
        else
            break;
        if (status != RN_OK)
            return status;
    }
    if (status == RN_EOF)
        status = flush(script, err);
    return status == RN_OK && script->model ? rn_perf_model_finish(script->model, err) : status;
}

static enum rn_status read_script(struct rn_input *input, struct rn_import *import,
                                  struct rn_error *err)
{
    struct script *script = calloc(1, sizeof *script);
    enum rn_status status;

    if (!script)
        return rn_fail(err, RN_E_NOMEM, "no memory to read what perf printed");
    script->input = input;
    script->import = import;
    status = read_lines(script, err);
    if (script->frames_left)
        rn_import_note(import, "frames beyond the innermost of a call chain", script->frames_left);
    if (script->frames_cut)
        rn_import_note(import, "lines of call chains that were cut to 4 KiB", script->frames_cut);
    if (script->strange_frames)
        rn_import_note(import, "lines of call chains without an address", script->strange_frames);
    rn_perf_model_free(script->model);
    rn_buf_free(&script->lines);
    free(script->host);
    free(script->os);
    free(script->arch);
    free(script->command);
    free(script);
    return status;
}

/* The first line that is neither a comment nor empty. */
static int recognise(const uint8_t *head, size_t size)
{
    struct rn_perf_sample *sample;
    const char *at = (const char *)head, *end = at + size;
    int sure = 0;

    while (at < end && (*at == '#' || *at == '\n')) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        if (end - at > 15 && !memcmp(at, "# captured on  ", 15))
            sure = 60;
        at = newline ? newline + 1 : end;
    }
    if (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        sample = malloc(sizeof *sample);
        if (sample && !rn_perf_line_parse(at, (size_t)((newline ? newline : end) - at), sample))
            sure += 80;
        free(sample);
    }
    return sure < 100 ? sure : 100;
}

const struct rn_import_format rn_perf_script_import = {
    .name = "perf-script",
    .text = "text of perf script: system calls, scheduling, samples",
    .recognise = recognise,
    .read = read_script,
};
