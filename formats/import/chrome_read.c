/* SPDX-License-Identifier: MIT */
#include "chrome_private.h"
#include "import_formats.h"

#include <stdlib.h>
#include <string.h>

#define EVENT_MAX (8u << 20)  /* bytes of one event */
#define VALUE_MAX (64u << 10) /* of a value beside the events that is looked at */

/* The part of the input that is looked at: window.data[at] is input byte `offset` + at. */
struct source {
    struct rn_input *input;
    struct rn_import *import;
    struct rn_buf window;
    size_t at;
    uint64_t offset;
    bool ended;
    bool cut; /* it was said that the file ends too early */
    struct rn_chrome *chrome;
};

static size_t left_of(const struct source *source)
{
    return source->window.size - source->at;
}

static char here(const struct source *source)
{
    return (char)source->window.data[source->at];
}

static uint64_t place_of(const struct source *source, const char *at)
{
    return source->offset + (uint64_t)(at - (const char *)source->window.data);
}

static struct rn_scan_text text_of(const struct source *source)
{
    const char *data = (const char *)source->window.data;

    return (struct rn_scan_text){.at = data + source->at, .end = data + source->window.size};
}

/* Have `wanted` bytes from source->at on, or all there are. */
static enum rn_status have(struct source *source, size_t wanted, struct rn_error *err)
{
    while (left_of(source) < wanted && !source->ended) {
        const uint8_t *data;
        size_t size;
        enum rn_status status = rn_input_next(source->input, &data, &size, err);

        if (status == RN_EOF) {
            source->ended = true;
            break;
        }
        if (status != RN_OK)
            return status;
        if (source->at) {
            memmove(source->window.data, source->window.data + source->at, left_of(source));
            source->offset += source->at;
            source->window.size -= source->at;
            source->at = 0;
        }
        rn_buf_append(&source->window, data, size);
        if (source->window.failed)
            return rn_fail(err, RN_E_NOMEM, "no memory to read a trace");
    }
    return RN_OK;
}

/* Twice as much as there is: what is looked at again from its begin costs no more than twice. */
static enum rn_status have_more(struct source *source, struct rn_error *err)
{
    return have(source, 2 * left_of(source) + 1, err);
}

static enum rn_status problem(struct source *source, uint64_t place, const char *what,
                              struct rn_error *err)
{
    return rn_import_problem(source->import, 0, place, err, "%s", what);
}

/* To the next byte that is no blank; with `commas`, no comma either. */
static enum rn_status skip_space(struct source *source, bool commas, struct rn_error *err)
{
    for (;;) {
        while (left_of(source) &&
               (strchr(" \t\r\n", here(source)) || (commas && here(source) == ',')) && here(source))
            source->at++;
        if (left_of(source) || source->ended)
            return RN_OK;
        enum rn_status status = have(source, 1, err);
        if (status != RN_OK)
            return status;
    }
}

/* The event at source->at, which stays there: behind it is `next`. *why: it is none. */
static enum rn_status parse_event(struct source *source, struct rn_chrome_event *event,
                                  size_t *next, const char **why, uint64_t *place,
                                  struct rn_error *err)
{
    for (;;) {
        struct rn_scan_text text = text_of(source);
        enum rn_chrome_parse result = rn_chrome_event_parse(&text, event);
        enum rn_status status;

        *why = NULL;
        *next = (size_t)(text.at - (const char *)source->window.data);
        *place = result == RN_CHROME_BAD ? place_of(source, text.at) : source->offset + source->at;
        if (result == RN_CHROME_EVENT)
            return RN_OK;
        if (result == RN_CHROME_BAD)
            *why = text.why;
        else if (left_of(source) > EVENT_MAX)
            *why = "an event is longer than 8 MiB, or its end is missing";
        else if (source->ended)
            *why = "the file ends within an event";
        if (*why)
            return RN_OK;
        status = have_more(source, err);
        if (status != RN_OK)
            return status;
    }
}

/* What began at source->at is no event: to the next place where one is. */
static enum rn_status resume(struct source *source, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    source->at += left_of(source) != 0;
    while (status == RN_OK) {
        uint8_t *brace = memchr(source->window.data + source->at, '{', left_of(source));
        struct rn_chrome_event event;
        const char *why;
        uint64_t place;
        size_t next;

        source->at = brace ? (size_t)(brace - source->window.data) : source->window.size;
        if (!brace && source->ended) {
            source->cut = true; /* what was left out reaches to the end */
            break;
        }
        status =
            brace ? parse_event(source, &event, &next, &why, &place, err) : have(source, 1, err);
        if (status == RN_OK && brace && !why && event.phase)
            break;
        source->at += brace != NULL;
    }
    return status;
}

static enum rn_status one_event(struct source *source, struct rn_error *err)
{
    struct rn_chrome_event event;
    const char *why = "an event was expected here";
    uint64_t place = source->offset + source->at;
    enum rn_status status = RN_OK;
    size_t next = source->at;

    source->chrome->offset = place;
    if (here(source) == '{')
        status = parse_event(source, &event, &next, &why, &place, err);
    if (status != RN_OK)
        return status;
    if (why) {
        status = problem(source, place, why, err);
        return status == RN_OK ? resume(source, err) : status;
    }
    status = rn_chrome_add(source->chrome, &event, err);
    source->at = next;
    return status;
}

static enum rn_status ends_early(struct source *source, const char *what, struct rn_error *err)
{
    if (source->cut)
        return RN_OK;
    source->cut = true;
    return problem(source, source->offset + source->at, what, err);
}

enum list {
    LIST_ALONE,   /* all of the file; it may lack its end: whoever writes one need not come to it */
    LIST_MEMBER,  /* traceEvents */
    LIST_RESUMED, /* events behind damage, perhaps in no list */
};

/* source->at is behind the '['. */
static enum rn_status read_events(struct source *source, enum list list, struct rn_error *err)
{
    enum rn_status status;

    while ((status = skip_space(source, true, err)) == RN_OK) {
        if (!left_of(source))
            return list == LIST_ALONE ? RN_OK
                                      : ends_early(source, "the file ends within traceEvents", err);
        if (here(source) == ']') {
            source->at++;
            return RN_OK;
        }
        if (list == LIST_RESUMED && here(source) == '}')
            return RN_OK;
        status = one_event(source, err);
        if (status != RN_OK)
            break;
    }
    return status;
}

/* Over a value of any size. */
static enum rn_status skip_value(struct source *source, struct rn_error *err)
{
    bool quoted = false, escaped = false;
    enum rn_status status = RN_OK;
    uint64_t depth = 0;

    for (;; source->at++) {
        if (!left_of(source) && (status = have(source, 1, err)) != RN_OK)
            return status;
        if (!left_of(source))
            return RN_OK;
        char c = here(source);

        if (quoted) {
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if (depth == 0 && strchr(",}]", c) && c) {
            return RN_OK;
        } else {
            quoted = c == '"';
            depth += c == '{' || c == '[';
            depth -= c == '}' || c == ']';
        }
    }
}

/* otherData is where the format has place for what whoever writes it wants to say. */
static void take_other_data(struct rn_chrome *chrome, const struct rn_scan_value *value)
{
    struct rn_scan_text text = rn_scan_inside(value);
    struct rn_scan_value key, item;

    while (value->type == RN_JSON_OBJECT && rn_scan_member(&text, &key, &item) == 1) {
        char **to = rn_scan_is(&key, "host") ? &chrome->host
                    : rn_scan_is(&key, "os") ? &chrome->os
                                             : NULL;

        if (rn_scan_is(&key, "creator"))
            chrome->own = item.size > 3 && memcmp(item.data, "rn-", 3) == 0;
        if (to && item.type == RN_JSON_STRING) {
            free(*to);
            *to = strndup(item.data, item.size);
        }
    }
}

static void take_value(struct rn_chrome *chrome, const struct rn_scan_value *key,
                       const struct rn_scan_value *value)
{
    int64_t number;

    if (rn_scan_is(key, "baseTimeNanoseconds") && rn_scan_decimal(value, 0, &number)) {
        chrome->has_base = true;
        chrome->realtime_of_zero = number;
    } else if (rn_scan_is(key, "beginningOfTime") && rn_scan_decimal(value, 3, &number)) {
        chrome->has_base = true;
        chrome->realtime_of_zero = number;
    } else if (rn_scan_is(key, "otherData")) {
        take_other_data(chrome, value);
    } else if (!rn_scan_is(key, "displayTimeUnit") && !rn_scan_is(key, "schemaVersion")) {
        rn_import_note(chrome->import, "values beside the list of events", 1);
    }
}

/* A value beside the events: looked at where it is short. */
static enum rn_status read_value(struct source *source, const struct rn_scan_value *key,
                                 struct rn_error *err)
{
    size_t key_at = (size_t)(key->data - (const char *)source->window.data);
    size_t value_at = source->at - key_at; /* behind the begin of the key, which may move */
    struct rn_scan_value moved = *key, value;
    struct rn_scan_text text;
    enum rn_status status;

    source->at = key_at;
    status = have(source, VALUE_MAX, err);
    moved.data = (const char *)source->window.data + source->at;
    source->at += value_at;
    if (status != RN_OK)
        return status;
    text = text_of(source);
    if (rn_scan_value(&text, &value)) {
        take_value(source->chrome, &moved, &value);
        source->at = (size_t)(text.at - (const char *)source->window.data);
        return RN_OK;
    }
    rn_import_note(source->import, "values beside the list of events", 1);
    return skip_value(source, err);
}

/* A key and its colon; source->at is at the value then. *why: there is none. */
static enum rn_status read_key(struct source *source, struct rn_scan_value *key, const char **why,
                               struct rn_error *err)
{
    struct rn_scan_text text;
    enum rn_status status = have(source, VALUE_MAX, err);

    *why = NULL;
    if (status != RN_OK)
        return status;
    text = text_of(source);
    if (here(source) != '"' || !rn_scan_string(&text, key)) {
        *why = "a key was expected here";
        return RN_OK;
    }
    rn_scan_space(&text);
    if (text.at == text.end || *text.at != ':') {
        *why = "a colon was expected here";
        return RN_OK;
    }
    text.at++;
    rn_scan_space(&text);
    source->at = (size_t)(text.at - (const char *)source->window.data);
    if (!left_of(source))
        *why = "a value was expected here";
    return RN_OK;
}

/* source->at is behind the '{' of the file. */
static enum rn_status read_object(struct source *source, struct rn_error *err)
{
    enum rn_status status;

    while ((status = skip_space(source, true, err)) == RN_OK) {
        struct rn_scan_value key;
        const char *why;

        if (!left_of(source))
            return ends_early(source, "the file ends before its '}'", err);
        if (here(source) == '}') {
            source->at++;
            return RN_OK;
        }
        status = read_key(source, &key, &why, err);
        if (status == RN_OK && why) {
            /* Behind events that are damaged, say, the list seems to have ended. */
            status = problem(source, source->offset + source->at, why, err);
            if (status == RN_OK)
                status = resume(source, err);
            if (status == RN_OK)
                status = read_events(source, LIST_RESUMED, err);
        } else if (status == RN_OK && rn_scan_is(&key, "traceEvents") && here(source) == '[') {
            source->at++;
            status = read_events(source, LIST_MEMBER, err);
        } else if (status == RN_OK) {
            status = read_value(source, &key, err);
        }
        if (status != RN_OK)
            break;
    }
    return status;
}

static enum rn_status read_all(struct source *source, struct rn_error *err)
{
    enum rn_status status = have(source, 3, err);
    char first = '\0';

    if (status == RN_OK && left_of(source) >= 3 &&
        memcmp(source->window.data, "\xef\xbb\xbf", 3) == 0)
        source->at = 3;
    if (status == RN_OK)
        status = skip_space(source, false, err);
    if (status != RN_OK)
        return status;
    if (left_of(source))
        first = here(source);
    if (first != '{' && first != '[')
        return rn_fail(err, RN_E_FORMAT,
                       "no trace of Chrome's format: it begins with neither { nor [");
    source->at++;
    status = first == '[' ? read_events(source, LIST_ALONE, err) : read_object(source, err);
    if (status == RN_OK)
        status = skip_space(source, true, err);
    if (status == RN_OK && left_of(source))
        status =
            problem(source, source->offset + source->at, "something stands behind the trace", err);
    return status;
}

static enum rn_status read_chrome(struct rn_input *input, struct rn_import *import,
                                  struct rn_error *err)
{
    struct rn_chrome *chrome = calloc(1, sizeof *chrome);
    struct source source = {.input = input, .import = import, .chrome = chrome};
    enum rn_status status;

    if (!chrome)
        return rn_fail(err, RN_E_NOMEM, "no memory to read a trace");
    chrome->import = import;
    chrome->first = UINT64_MAX;
    status = read_all(&source, err);
    if (status == RN_OK)
        status = rn_chrome_end(chrome, err);
    rn_chrome_pair_free(chrome);
    rn_chrome_thread_free(chrome);
    rn_buf_free(&chrome->name);
    rn_buf_free(&chrome->cat);
    rn_buf_free(&chrome->args);
    rn_buf_free(&chrome->source);
    rn_buf_free(&source.window);
    free(chrome->host);
    free(chrome->os);
    free(chrome);
    return status;
}

static bool has(const uint8_t *head, size_t size, const char *text)
{
    return memmem(head, size, text, strlen(text)) != NULL;
}

/* An object that names its list of events, or a list of objects that have a phase. */
static int recognise(const uint8_t *head, size_t size)
{
    size_t at = size >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (at < size && head[at] && strchr(" \t\r\n", head[at]))
        at++;
    if (at == size)
        return 0;
    if (head[at] == '{' && has(head, size, "\"traceEvents\""))
        return 95;
    if (head[at] == '{' && has(head, size, "\"deviceProperties\"") &&
        has(head, size, "\"schemaVersion\""))
        return 80;
    return head[at] == '[' && has(head, size, "\"ph\"") ? 90 : 0;
}

const struct rn_import_format rn_chrome_import = {
    .name = "chrome",
    .text = "Trace Event Format (JSON): PyTorch's profiler, clang -ftime-trace, Node.js, Chrome",
    .recognise = recognise,
    .read = read_chrome,
};
