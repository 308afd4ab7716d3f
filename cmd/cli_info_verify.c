/* SPDX-License-Identifier: MIT */
/* Reading a recording from begin to end for its own sake: is it whole, and what files about the
 * machine does it carry. */
#include "cli_info.h"

#include "formats/archive.h"
#include "formats/escape.h"

#include <string.h>

struct verify {
    struct rn_reader *reader;
    uint64_t counts[RN_KIND_LIMIT];
    uint64_t events, problems;
};

/* Reads on behind a damaged place. False where nothing more can be read. */
static bool verify_events(struct verify *verify)
{
    struct rn_event event;
    for (;;) {
        struct rn_error err = RN_ERROR_INIT;
        enum rn_status status = rn_reader_next_event(verify->reader, &event, &err);
        if (status == RN_EOF)
            return true;
        if (status != RN_OK) {
            cli_error(&err);
            verify->problems++;
            if (status == RN_E_SYSTEM || status == RN_E_NOMEM)
                return false;
        } else if (RN_KIND_IS_EVENT(event.kind) && !(event.flags & RN_EVENT_SNAPSHOT)) {
            verify->counts[event.kind]++;
            verify->events++;
        }
    }
}

static void compare_counts(struct verify *verify, const char *name)
{
    const struct rn_index *index = rn_reader_index(verify->reader);
    for (uint8_t kind = 1; index && kind < RN_KIND_LIMIT; kind++) {
        const char *kind_name = rn_kind_name(kind);
        if (!RN_KIND_IS_EVENT(kind) || !kind_name || verify->counts[kind] == index->counts[kind])
            continue;
        cli_fail("%s: the index says %llu %s events, but there are %llu", name,
                 (unsigned long long)index->counts[kind], kind_name,
                 (unsigned long long)verify->counts[kind]);
        verify->problems++;
    }
}

static void report(struct verify *verify, const char *name, struct rn_buf *out)
{
    bool sealed = rn_reader_sealed(verify->reader);
    if (sealed)
        compare_counts(verify, name);
    if (sealed && verify->problems == 0 && rn_reader_incomplete(verify->reader)) {
        cli_fail("%s: part of the recording could not be read", name);
        verify->problems++;
    }
    if (verify->problems || cli_quiet)
        return;
    rn_escape_terminal(out, (const uint8_t *)name, strlen(name));
    rn_buf_printf(out, ": %llu events are whole%s\n", (unsigned long long)verify->events,
                  sealed ? "" : "; the recording is not sealed");
}

bool cli_info_verify(const char *path, struct rn_buf *out)
{
    struct rn_error err = RN_ERROR_INIT;
    struct verify verify = {.problems = 0};
    if (rn_reader_open(path, &verify.reader, &err) != RN_OK) {
        cli_error(&err);
        return false;
    }
    if (verify_events(&verify))
        report(&verify, rn_reader_name(verify.reader), out);
    rn_reader_free(verify.reader);
    return verify.problems == 0;
}

struct environment {
    const char *name; /* NULL: all */
    struct rn_buf *out;
    bool found;
};

/* The files come from another machine: what could steer a terminal is escaped, the layout is
 * kept. */
static void show_layout(struct rn_buf *out, const uint8_t *data, size_t size)
{
    size_t begin = 0;
    for (size_t at = 0; at < size; at++) {
        if (data[at] != '\n' && data[at] != '\t')
            continue;
        rn_escape_terminal(out, data + begin, at - begin);
        rn_buf_byte(out, data[at]);
        begin = at + 1;
    }
    rn_escape_terminal(out, data + begin, size - begin);
    if (size && data[size - 1] != '\n')
        rn_buf_byte(out, '\n');
}

static void show_member(void *context, const char *name, const uint8_t *data, size_t size)
{
    struct environment *environment = context;
    size_t prefix = strlen(RN_MEMBER_ENV);
    if (strncmp(name, RN_MEMBER_ENV, prefix) != 0)
        return;
    name += prefix;
    if (environment->name && strcmp(name, environment->name) != 0)
        return;
    if (!environment->name) {
        rn_buf_text(environment->out, environment->found ? "\n==> " : "==> ");
        rn_escape_terminal(environment->out, (const uint8_t *)name, strlen(name));
        rn_buf_text(environment->out, " <==\n");
    }
    environment->found = true;
    show_layout(environment->out, data, size);
}

bool cli_info_environment(const char *path, const char *name, struct rn_buf *out)
{
    struct rn_error err = RN_ERROR_INIT;
    struct environment environment = {.name = name, .out = out};
    struct rn_reader *reader;
    struct rn_batch batch;
    enum rn_status status = rn_reader_open(path, &reader, &err);
    if (status != RN_OK) {
        cli_error(&err);
        return false;
    }
    rn_reader_on_member(reader, show_member, &environment);
    while ((status = rn_reader_next(reader, &batch, &err)) == RN_OK)
        ;
    if (status != RN_EOF)
        cli_error(&err);
    else if (name && !environment.found)
        cli_fail("%s: it has no file " RN_MEMBER_ENV "%s", rn_reader_name(reader), name);
    rn_reader_free(reader);
    return status == RN_EOF && (environment.found || !name);
}
