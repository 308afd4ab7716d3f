/* SPDX-License-Identifier: MIT */
/* OTLP as JSON: one TracesData (or request, or what the OpenTelemetry Collector's file exporter
 * writes) a line; or one document over many lines. opentelemetry-proto, "JSON Protobuf Encoding":
 * ids are hexadecimal, 64-bit integers may be strings, enumerations numbers; names may also be
 * written as in the .proto file, and enumerations by name, as protobuf's mapping has it. */
#include "formats/buf.h"
#include "import_formats.h"
#include "otlp_json_private.h"

#include <stdlib.h>
#include <string.h>

struct reading {
    struct rn_input *input;
    struct rn_import *import;
    struct rn_otlp_read *read;
    struct rn_otlp_pool pool;
    struct rn_json json;
    struct rn_buf document; /* of many lines, so far */
    uint64_t line;          /* where it began */
    unsigned depth;         /* of brackets that are open in it */
    bool in_string;
    uint64_t without; /* lines that hold no traces */
};

/* ---- what is in a line ---- */

/* An object or array that must be read after one that may stand behind it. */
struct later {
    char *at; /* NULL: there is none */
    unsigned depth;
};

static void put_off(struct rn_json *json, struct later *later)
{
    rn_json_peek(json);
    *later = (struct later){json->at, json->depth};
    rn_json_skip(json, NULL);
}

typedef enum rn_status read_fn(struct reading *reading, struct rn_error *err);

static enum rn_status read_later(struct reading *reading, const struct later *later, read_fn *read,
                                 struct rn_error *err)
{
    struct rn_json *json = &reading->json, here = *json;
    enum rn_status status;

    if (!later->at || json->wrong)
        return RN_OK;
    json->at = later->at;
    json->depth = later->depth;
    status = read(reading, err);
    if (json->wrong)
        return status;
    *json = here;
    return status;
}

static enum rn_status wrong_line(struct reading *reading, const char *at, const char *what,
                                 struct rn_error *err)
{
    return rn_import_problem(reading->import, reading->line, 0, err, "byte %zu: %s",
                             (size_t)(at - reading->json.begin), what);
}

static enum rn_status read_spans(struct reading *reading, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    if (rn_otlp_json_null(&reading->json))
        return RN_OK;
    for (bool more = rn_json_array(&reading->json);
         more && status == RN_OK && rn_json_element(&reading->json);) {
        struct rn_otlp_read_span span;
        const char *wrong;

        if (!rn_otlp_json_span(&reading->json, &reading->pool, &span))
            return RN_OK;
        wrong = reading->json.odd;
        if (!wrong) {
            reading->json.odd_at = reading->json.at;
            status = rn_otlp_read_add(reading->read, &span, &wrong, err);
        }
        if (status == RN_OK && wrong)
            status = wrong_line(reading, reading->json.odd_at, wrong, err);
    }
    return status;
}

static bool read_scope(struct rn_json *json, struct rn_otlp_text *name,
                       struct rn_otlp_text *version)
{
    struct rn_json_text key;

    if (rn_otlp_json_null(json))
        return true;
    for (bool more = rn_json_object(json); more && rn_json_member(json, &key);) {
        if (rn_json_is(&key, "name"))
            rn_otlp_json_text(json, name);
        else if (rn_json_is(&key, "version"))
            rn_otlp_json_text(json, version);
        else
            rn_json_skip(json, NULL);
    }
    return !json->wrong;
}

static enum rn_status read_scope_spans(struct reading *reading, struct rn_error *err)
{
    struct rn_otlp_text name = {"", 0}, version = {"", 0};
    struct rn_json *json = &reading->json;
    enum rn_status status = RN_OK;
    struct rn_json_text key;

    if (rn_otlp_json_null(json))
        return RN_OK;
    for (bool more = rn_json_array(json); more && status == RN_OK && rn_json_element(json);) {
        struct later spans = {NULL, 0};
        bool known = false;

        name.size = version.size = 0;
        rn_otlp_read_scope(reading->read, &name, &version);
        for (more = rn_json_object(json); more && status == RN_OK && rn_json_member(json, &key);) {
            if (rn_json_is(&key, "spans") && known) {
                status = read_spans(reading, err);
            } else if (rn_json_is(&key, "spans")) {
                put_off(json, &spans);
            } else if (rn_otlp_json_key(&key, "scope", "instrumentationLibrary")) {
                known = read_scope(json, &name, &version);
                rn_otlp_read_scope(reading->read, &name, &version);
            } else {
                rn_json_skip(json, NULL);
            }
        }
        if (status == RN_OK)
            status = read_later(reading, &spans, read_spans, err);
        more = true;
    }
    return status;
}

static bool read_resource(struct reading *reading, struct rn_otlp_facts *facts)
{
    struct rn_json *json = &reading->json;
    struct rn_json_text key;

    rn_otlp_pool_clear(&reading->pool);
    if (rn_otlp_json_null(json))
        return true;
    for (bool more = rn_json_object(json); more && rn_json_member(json, &key);) {
        if (rn_json_is(&key, "attributes"))
            rn_otlp_json_facts(json, &reading->pool);
        else
            rn_json_skip(json, NULL);
    }
    *facts = (struct rn_otlp_facts){reading->pool.facts, reading->pool.fact_count};
    return !json->wrong;
}

static enum rn_status read_resource_spans(struct reading *reading, struct rn_error *err)
{
    struct rn_json *json = &reading->json;
    enum rn_status status = RN_OK;
    struct rn_json_text key;

    if (rn_otlp_json_null(json))
        return RN_OK;
    for (bool more = rn_json_array(json); more && status == RN_OK && rn_json_element(json);) {
        struct rn_otlp_facts facts = {NULL, 0};
        struct later scopes = {NULL, 0};

        bool known = false;

        for (more = rn_json_object(json); more && status == RN_OK && rn_json_member(json, &key);) {
            bool is_scopes = rn_otlp_json_key(&key, "scopeSpans", "scope_spans") ||
                             rn_json_is(&key, "instrumentationLibrarySpans");

            if (is_scopes && known) {
                status = read_scope_spans(reading, err);
            } else if (is_scopes) {
                put_off(json, &scopes);
            } else if (rn_json_is(&key, "resource")) {
                json->odd = NULL;
                known = read_resource(reading, &facts);
                if (known && json->odd)
                    status = wrong_line(reading, json->odd_at, json->odd, err);
                if (known && status == RN_OK)
                    status = rn_otlp_read_resource(reading->read, &facts, err);
            } else {
                rn_json_skip(json, NULL);
            }
        }
        if (status == RN_OK && !known && !json->wrong)
            status = rn_otlp_read_resource(reading->read, &facts, err);
        if (status == RN_OK)
            status = read_later(reading, &scopes, read_scope_spans, err);
        more = true;
    }
    return status;
}

/* ---- lines ---- */

static enum rn_status read_document(struct reading *reading, char *data, size_t size,
                                    struct rn_error *err)
{
    struct rn_json *json = &reading->json;
    enum rn_status status = RN_OK;
    struct rn_json_text key;
    bool found = false;

    rn_json_begin(json, data, size);
    for (bool more = rn_json_object(json); more && status == RN_OK && rn_json_member(json, &key);) {
        if (!rn_otlp_json_key(&key, "resourceSpans", "resource_spans")) {
            rn_json_skip(json, NULL);
            continue;
        }
        found = true;
        status = read_resource_spans(reading, err);
    }
    if (status == RN_OK && !json->wrong && rn_json_peek(json))
        rn_json_fail(json, "something follows the traces");
    if (status == RN_OK && json->wrong)
        return wrong_line(reading, json->at, json->wrong, err);
    reading->without += !found;
    return status;
}

/* Brackets that are open at the end of a line. */
static void follow(struct reading *reading, const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char c = line[i];

        if (reading->in_string) {
            i += c == '\\';
            reading->in_string = c != '"';
        } else if (c == '"') {
            reading->in_string = true;
        } else if (c == '{' || c == '[') {
            reading->depth++;
        } else if ((c == '}' || c == ']') && reading->depth) {
            reading->depth--;
        }
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* A line that begins and ends as an object does is taken for one. Of a document over many lines,
 * only its last does that, and only if nothing is before its bracket. */
static bool is_whole(const char *line, size_t size)
{
    while (size && is_blank(line[size - 1]))
        size--;
    while (size && is_blank(*line)) {
        line++;
        size--;
    }
    return size > 1 && line[0] == '{' && line[size - 1] == '}';
}

static enum rn_status take_line(struct reading *reading, char *line, size_t size,
                                struct rn_error *err)
{
    enum rn_status status;

    if (!reading->document.size) {
        size_t blanks = 0;

        while (blanks < size && is_blank(line[blanks]))
            blanks++;
        if (blanks == size)
            return RN_OK;
        reading->line = rn_input_line_number(reading->input);
        if (is_whole(line, size))
            return read_document(reading, line, size, err);
        reading->depth = 0;
        reading->in_string = false;
    }
    rn_buf_append(&reading->document, line, size);
    rn_buf_byte(&reading->document, ' ');
    if (reading->document.failed)
        return rn_fail(err, RN_E_NOMEM, "no memory for a document");
    follow(reading, line, size);
    if (reading->depth && reading->document.size <= RN_INPUT_LINE_MAX)
        return RN_OK;
    status = reading->depth ? rn_import_problem(reading->import, reading->line, 0, err,
                                                "a document that is over 16 MiB long")
                            : read_document(reading, (char *)reading->document.data,
                                            reading->document.size, err);
    rn_buf_clear(&reading->document);
    return status;
}

static enum rn_status read_lines(struct reading *reading, struct rn_error *err)
{
    enum rn_status status;
    size_t size;
    char *line;

    do {
        status = rn_input_line(reading->input, &line, &size, err);
        if (status == RN_OK)
            status = take_line(reading, line, size, err);
        else if (status == RN_E_LIMIT)
            status = rn_import_problem(reading->import, rn_input_line_number(reading->input), 0,
                                       err, "the line is over 16 MiB long");
    } while (status == RN_OK);
    if (status == RN_EOF && reading->document.size)
        status = rn_import_problem(reading->import, reading->line, 0, err,
                                   "the document that begins here ends too soon");
    return status == RN_EOF ? RN_OK : status;
}

static enum rn_status read_json(struct rn_input *input, struct rn_import *import,
                                struct rn_error *err)
{
    struct reading reading = {.input = input, .import = import};
    enum rn_status status;

    reading.read = rn_otlp_read_new(import, &rn_otlp_json_form);
    if (!reading.read)
        return rn_fail(err, RN_E_NOMEM, "no memory to read spans");
    status = read_lines(&reading, err);
    rn_otlp_read_finish(reading.read);
    if (reading.without)
        rn_import_note(import, "lines without traces", reading.without);
    rn_otlp_read_free(reading.read);
    rn_otlp_pool_free(&reading.pool);
    rn_buf_free(&reading.document);
    return status;
}

static int recognise(const uint8_t *head, size_t size)
{
    size_t at = 0;

    while (at < size && (is_blank((char)head[at]) || head[at] == '\n'))
        at++;
    if (at == size || head[at] != '{')
        return 0;
    size = size < at + 4096 ? size : at + 4096;
    return memmem(head, size, "\"resourceSpans\"", 15) ||
                   memmem(head, size, "\"resource_spans\"", 16)
               ? 95
               : 0;
}

const struct rn_import_format rn_otlp_json_import = {
    .name = "otlp-json",
    .text = "OpenTelemetry traces in JSON, one request a line",
    .recognise = recognise,
    .read = read_json,
};
