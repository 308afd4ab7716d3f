/* SPDX-License-Identifier: MIT */
/* What `perf data convert --to-json` writes: one object, with "headers", and "samples", which are
 * read one by one. */
#include "formats/buf.h"
#include "import_formats.h"
#include "json_cursor.h"
#include "perf_model.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLE_MAX (1u << 20)
#define ARGUMENTS  64u

enum phase { BEFORE, IN_DOCUMENT, IN_SAMPLES, BEHIND };

struct document {
    struct rn_input *input;
    struct rn_import *import;
    struct rn_perf_model *model; /* NULL: before the first sample */
    struct rn_perf_sample sample;
    enum phase phase;
    struct rn_buf rest; /* read and not used, from `at` on */
    size_t at;
    uint64_t offset; /* of the first byte of rest */
    bool last;       /* the input is at its end */
    /* Of the headers; borrowed from a copy of them. */
    struct rn_buf headers;
    uint64_t frames_left;
};

static struct rn_perf_text text_of(struct rn_json_text text)
{
    return (struct rn_perf_text){text.data, text.size};
}

/* ---- the headers ---- */

struct facts {
    char *host, *os, *arch;
    uint64_t clock_id, clock_time, real_time;
    const char *argv[ARGUMENTS];
    size_t argc;
};

/* A string as a C string: its closing quote is overwritten, which was read already. */
static char *terminated(struct rn_json_text text)
{
    text.data[text.size] = '\0';
    return text.data;
}

static void read_command(struct rn_json *json, struct facts *facts)
{
    struct rn_json_text text;
    bool own = false;

    for (bool more = rn_json_array(json); more && rn_json_element(json);)
        if (rn_json_string(json, &text)) {
            if (own && facts->argc + 1 < ARGUMENTS)
                facts->argv[facts->argc++] = terminated(text);
            own = own || rn_json_is(&text, "--");
        }
}

static void read_headers(struct rn_json *json, struct facts *facts)
{
    struct rn_json_text key, text;

    for (bool more = rn_json_object(json); more && rn_json_member(json, &key);) {
        if (rn_json_is(&key, "cmdline")) {
            read_command(json, facts);
            continue;
        }
        if (rn_json_peek(json) == '{' || rn_json_peek(json) == '[') {
            rn_json_skip(json, NULL);
            continue;
        }
        bool is_string = rn_json_peek(json) == '"';

        if (!rn_json_scalar(json, &text))
            return;
        if (rn_json_is(&key, "hostname") && is_string)
            facts->host = terminated(text);
        else if (rn_json_is(&key, "os-release") && is_string)
            facts->os = terminated(text);
        else if (rn_json_is(&key, "arch") && is_string)
            facts->arch = terminated(text);
        else if (rn_json_is(&key, "clockid"))
            (void)rn_json_unsigned(&text, &facts->clock_id);
        else if (rn_json_is(&key, "clock-time"))
            (void)rn_json_unsigned(&text, &facts->clock_time);
        else if (rn_json_is(&key, "real-time"))
            (void)rn_json_unsigned(&text, &facts->real_time);
    }
}

static enum rn_status begin(struct document *document, struct rn_error *err)
{
    struct facts facts = {.clock_id = 1};
    struct rn_import_facts told = {.clock = RN_IMPORT_MONOTONIC};
    struct rn_buf os = RN_BUF_INIT;
    struct rn_json json;
    enum rn_status status;

    if (document->headers.size) {
        rn_json_begin(&json, (char *)document->headers.data, document->headers.size);
        read_headers(&json, &facts);
    }
    told.host = facts.host;
    told.argv = facts.argc ? facts.argv : NULL;
    told.abi = facts.arch ? rn_perf_abi(facts.arch, strlen(facts.arch)) : 0;
    if (facts.real_time > facts.clock_time && facts.real_time < INT64_MAX)
        told.realtime_of_zero = (int64_t)(facts.real_time - facts.clock_time);
    if (facts.os) {
        rn_buf_printf(&os, "Linux %s %s", facts.os, facts.arch ? facts.arch : "");
        rn_buf_byte(&os, 0);
        told.os = os.failed ? NULL : (const char *)os.data;
    }
    status = rn_import_facts(document->import, &told, err);
    rn_buf_free(&os);
    document->model = rn_perf_model_new(document->import, told.abi);
    if (status == RN_OK && !document->model)
        return rn_fail(err, RN_E_NOMEM, "no memory to read what perf wrote");
    return status;
}

/* ---- samples ---- */

static void read_frame(struct document *document, struct rn_json *json)
{
    struct rn_perf_sample *sample = &document->sample;
    struct rn_perf_frame frame = {.text = {"", 0}, .file = {"", 0}};
    struct rn_json_text key, text;

    for (bool more = rn_json_object(json); more && rn_json_member(json, &key);) {
        struct rn_perf_text value;

        if (!rn_json_scalar(json, &text))
            return;
        value = text_of(text);
        if (rn_json_is(&key, "ip"))
            (void)rn_perf_number(&value, &frame.address);
        else if (rn_json_is(&key, "symbol"))
            frame.text = value;
    }
    frame.kernel = frame.address >= UINT64_C(0xffff800000000000);
    if (json->wrong)
        return;
    if (sample->frame_count < RN_STACK_FRAMES_MAX)
        sample->frames[sample->frame_count++] = frame;
    else
        document->frames_left++;
}

static void read_member(struct document *document, struct rn_json *json,
                        const struct rn_json_text *key, uint64_t *seen)
{
    struct rn_perf_sample *sample = &document->sample;
    struct rn_json_text text;
    int64_t number = -1;

    if (rn_json_is(key, "callchain") && rn_json_peek(json) == '[') {
        for (bool more = rn_json_array(json); more && rn_json_element(json);)
            read_frame(document, json);
        return;
    }
    if (rn_json_peek(json) == '{' || rn_json_peek(json) == '[') {
        rn_json_skip(json, NULL);
        return;
    }
    if (!rn_json_scalar(json, &text))
        return;
    if (rn_json_is(key, "timestamp")) {
        if (rn_json_unsigned(&text, &sample->ns) && sample->ns < UINT64_MAX / 2)
            *seen |= 1;
    } else if (rn_json_is(key, "tid") && !(*seen & 2)) {
        if (rn_json_signed(&text, &sample->tid) && sample->tid <= INT32_MAX)
            *seen |= 2;
    } else if (rn_json_is(key, "pid") && !(*seen & 4)) {
        /* A tracepoint may have a field of that name, too; it comes later. */
        *seen |= 4;
        if (rn_json_signed(&text, &number) && number > 0 && number <= INT32_MAX)
            sample->pid = (uint64_t)number;
    } else if (rn_json_is(key, "cpu") && !(*seen & 8)) {
        *seen |= 8;
        if (rn_json_signed(&text, &number) && number <= INT32_MAX)
            sample->cpu = number;
    } else if (rn_json_is(key, "comm") && !(*seen & 16)) {
        *seen |= 16;
        sample->comm = text_of(text);
    } else if (rn_json_is(key, "event") && !sample->event.size) {
        sample->event = text_of(text);
    } else if (sample->field_count < RN_PERF_FIELDS) {
        sample->fields[sample->field_count].key = text_of(*key);
        sample->fields[sample->field_count++].value = text_of(text);
    }
}

static enum rn_status read_sample(struct document *document, char *data, size_t size,
                                  uint64_t offset, struct rn_error *err)
{
    struct rn_perf_sample *sample = &document->sample;
    enum rn_status status = RN_OK;
    const char *wrong = NULL;
    struct rn_json_text key;
    struct rn_json json;
    uint64_t seen = 0;

    sample->ns = sample->pid = sample->period = 0;
    sample->tid = sample->cpu = -1;
    sample->comm = sample->event = sample->text = (struct rn_perf_text){"", 0};
    sample->field_count = sample->frame_count = 0;
    rn_json_begin(&json, data, size);
    for (bool more = rn_json_object(&json); more && rn_json_member(&json, &key);)
        read_member(document, &json, &key, &seen);
    if (json.wrong)
        return rn_import_problem(document->import, 0, offset + (uint64_t)(json.at - json.begin),
                                 err, "%s", json.wrong);
    if ((seen & 3) != 3)
        return rn_import_problem(document->import, 0, offset, err,
                                 "a sample without timestamp and tid");
    if (!document->model)
        status = begin(document, err);
    if (status == RN_OK)
        status = rn_perf_model_add(document->model, sample, &wrong, err);
    if (status == RN_OK && wrong)
        status = rn_import_problem(document->import, 0, offset, err, "%s", wrong);
    return status;
}

/* ---- the document ---- */

static enum rn_status wrong_at(struct document *document, const char *what, struct rn_error *err)
{
    rn_fail(err, RN_E_FORMAT, "%s", what);
    return rn_fail_at(err, rn_input_name(document->input), document->offset + document->at);
}

/* The next character that is no blank; 0: there is none yet. */
static char next_char(struct document *document, const char *blanks)
{
    while (document->at < document->rest.size && document->rest.data[document->at] &&
           strchr(blanks, document->rest.data[document->at]))
        document->at++;
    return document->at < document->rest.size ? (char)document->rest.data[document->at] : 0;
}

/* The whole value or member name at hand: its length. 0: its end is not there yet. */
static enum rn_status measure(struct document *document, size_t *length, struct rn_error *err)
{
    const char *data = (const char *)document->rest.data + document->at;
    size_t size = document->rest.size - document->at, at = 0;
    unsigned depth = 0;

    *length = 0;
    for (bool in_string = false; at < size; at++) {
        char c = data[at];

        if (in_string && c == '\\') {
            at++;
        } else if (c == '"') {
            in_string = !in_string;
        } else if (!in_string && (c == '{' || c == '[')) {
            if (++depth > RN_JSON_DEPTH)
                return wrong_at(document, "nested too deep", err);
            continue;
        } else if (!in_string && (c == '}' || c == ']')) {
            if (depth == 0 || --depth == 0) {
                *length = depth == 0 && (data[0] == '{' || data[0] == '[') ? at + 1 : at;
                return RN_OK;
            }
        } else if (!in_string && depth == 0 && (c == ',' || c == ':')) {
            *length = at;
            return RN_OK;
        }
        if (depth == 0 && !in_string && c == '"' && at > 0) {
            *length = at + 1;
            return RN_OK;
        }
    }
    if (size > SAMPLE_MAX)
        return wrong_at(document, "a sample is over 1 MiB long", err);
    return RN_OK;
}

/* A member of the document: its value, but for that of "samples". */
static enum rn_status take_member(struct document *document, bool *more, struct rn_error *err)
{
    size_t before = document->at, length;
    bool is_headers, is_samples;
    enum rn_status status = measure(document, &length, err);

    *more = false;
    if (status != RN_OK || length == 0)
        return status;
    is_headers = length == 9 && !memcmp(document->rest.data + document->at, "\"headers\"", 9);
    is_samples = length == 9 && !memcmp(document->rest.data + document->at, "\"samples\"", 9);
    document->at += length;
    if (next_char(document, " \t\r\n") != ':') {
        char found = next_char(document, " \t\r\n");

        document->at = before;
        return found ? wrong_at(document, "a colon was expected", err) : RN_OK;
    }
    document->at++;
    if (next_char(document, " \t\r\n") == '[' && is_samples) {
        document->at++;
        document->phase = IN_SAMPLES;
        *more = true;
        return RN_OK;
    }
    status = measure(document, &length, err);
    if (status == RN_OK && length && is_headers) {
        rn_buf_clear(&document->headers);
        rn_buf_append(&document->headers, document->rest.data + document->at, length);
    }
    *more = length > 0;
    document->at = length ? document->at + length : before;
    return status;
}

/* One step; *more: something was used up. */
static enum rn_status step(struct document *document, bool *more, struct rn_error *err)
{
    bool in_samples = document->phase == IN_SAMPLES;
    char next = next_char(document, document->phase == BEFORE ? " \t\r\n" : " \t\r\n,");
    enum rn_status status;
    size_t length;

    *more = false;
    if (!next)
        return document->at < document->rest.size ? wrong_at(document, "a NUL byte", err) : RN_OK;
    if (document->phase == BEHIND)
        return wrong_at(document, "something follows the document", err);
    if ((document->phase == BEFORE && next == '{') ||
        (document->phase != BEFORE && next == (in_samples ? ']' : '}'))) {
        document->phase = document->phase == IN_DOCUMENT ? BEHIND : IN_DOCUMENT;
        document->at++;
        *more = true;
        return RN_OK;
    }
    if (document->phase == BEFORE || next != (in_samples ? '{' : '"'))
        return wrong_at(document, "something else than a member or a sample", err);
    if (document->phase == IN_DOCUMENT)
        return take_member(document, more, err);
    status = measure(document, &length, err);
    *more = length > 0;
    if (status != RN_OK || !length)
        return status;
    status = read_sample(document, (char *)document->rest.data + document->at, length,
                         document->offset + document->at, err);
    document->at += length;
    return status;
}

static enum rn_status take_piece(struct document *document, const uint8_t *data, size_t size,
                                 struct rn_error *err)
{
    enum rn_status status = RN_OK;
    bool more = true;

    rn_buf_append(&document->rest, data, size);
    if (document->rest.failed)
        return rn_fail(err, RN_E_NOMEM, "no memory to read what perf wrote");
    while (more && status == RN_OK)
        status = step(document, &more, err);
    memmove(document->rest.data, document->rest.data + document->at,
            document->rest.size - document->at);
    document->rest.size -= document->at;
    document->offset += document->at;
    document->at = 0;
    return status;
}

static enum rn_status read_document(struct document *document, struct rn_error *err)
{
    enum rn_status status = RN_OK;
    const uint8_t *data;
    size_t size;

    while (status == RN_OK) {
        status = rn_input_next(document->input, &data, &size, err);
        if (status == RN_OK)
            status = take_piece(document, data, size, err);
    }
    if (status != RN_EOF)
        return status;
    status = RN_OK;
    if (document->phase != BEHIND || document->rest.size)
        status = rn_import_problem(document->import, 0, document->offset, err,
                                   "the document ends too soon");
    return status == RN_OK && document->model ? rn_perf_model_finish(document->model, err) : status;
}

static enum rn_status read_json(struct rn_input *input, struct rn_import *import,
                                struct rn_error *err)
{
    struct document *document = calloc(1, sizeof *document);
    enum rn_status status;

    if (!document)
        return rn_fail(err, RN_E_NOMEM, "no memory to read what perf wrote");
    document->input = input;
    document->import = import;
    status = read_document(document, err);
    if (document->frames_left)
        rn_import_note(import, "frames beyond the innermost of a call chain",
                       document->frames_left);
    rn_perf_model_free(document->model);
    rn_buf_free(&document->rest);
    rn_buf_free(&document->headers);
    free(document);
    return status;
}

static int recognise(const uint8_t *head, size_t size)
{
    return size > 1 && memmem(head, size < 512 ? size : 512, "\"linux-perf-json-version\"", 25)
               ? 100
               : 0;
}

const struct rn_import_format rn_perf_json_import = {
    .name = "perf-json",
    .text = "JSON of perf data convert --to-json",
    .recognise = recognise,
    .read = read_json,
};
