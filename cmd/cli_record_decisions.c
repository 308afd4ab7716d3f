/* SPDX-License-Identifier: MIT */
#include "cli_record_decisions.h"

#include "cli.h"

#include "formats/decision_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 16, CHUNK = 1 << 20 };

struct source {
    const char *path;
    struct rn_decision_file *file;
    uint64_t offset;      /* read so far */
    uint64_t stream;      /* 0: none yet */
    uint64_t modified_ns; /* CLOCK_REALTIME: of decisions that do not say when */
    uint64_t count;
    bool done; /* nothing more is to be read: it is at its end, or damaged */
};

struct cli_decisions {
    struct source sources[FILES_MAX];
    size_t count;
    struct rn_session *session;
    uint8_t *chunk;
};

struct cli_decisions *cli_decisions_new(void)
{
    struct cli_decisions *decisions = calloc(1, sizeof(*decisions));

    if (decisions)
        decisions->chunk = malloc(CHUNK);
    if (decisions && decisions->chunk)
        return decisions;
    free(decisions);
    return NULL;
}

void cli_decisions_free(struct cli_decisions *decisions)
{
    if (!decisions)
        return;
    for (size_t i = 0; i < decisions->count; i++)
        rn_decision_file_free(decisions->sources[i].file);
    free(decisions->chunk);
    free(decisions);
}

bool cli_decisions_add(struct cli_decisions *decisions, const char *path)
{
    if (decisions->count == FILES_MAX)
        return false;
    decisions->sources[decisions->count++].path = path;
    return true;
}

static uint64_t start_of(const struct cli_decisions *decisions, const struct source *source,
                         const struct rn_decision_entry *entry)
{
    uint64_t us = entry->timestamp_us;

    if (!entry->has_time)
        return rn_session_ticks_at(decisions->session, source->modified_ns);
    if (us >= RN_DECISION_EPOCH_US)
        return rn_session_ticks_at(decisions->session,
                                   us < UINT64_MAX / 1000 ? us * 1000 : UINT64_MAX / 2);
    return rn_session_start(decisions->session) +
           (uint64_t)((double)us * (double)rn_session_tick_rate(decisions->session) / 1e6);
}

struct feeding {
    struct cli_decisions *decisions;
    struct source *source;
};

static enum rn_status emit(void *context, const struct rn_decision_entry *entry,
                           struct rn_error *err)
{
    struct feeding *feeding = context;
    struct source *source = feeding->source;
    struct rn_session *session = feeding->decisions->session;
    struct rn_attachment items[5];
    struct rn_event event = {.kind = RN_KIND_DECISION,
                             .start = start_of(feeding->decisions, source, entry),
                             .u.decision.id = entry->id,
                             .attachments = items};
    enum rn_status status = RN_OK;

    if (source->stream == 0)
        status = rn_session_add_source(session, source->path, &source->stream, err);
    if (status != RN_OK)
        return status;
    event.stream = (uint32_t)source->stream;
    rn_decision_attach(&event, items, RN_ATT_CATEGORY, &entry->category);
    rn_decision_attach(&event, items, RN_ATT_NAME, &entry->name);
    rn_decision_attach(&event, items, RN_ATT_SOURCE, &entry->source);
    rn_decision_attach(&event, items, RN_ATT_INPUT, &entry->input);
    rn_decision_attach(&event, items, RN_ATT_RESULT, &entry->result);
    source->count++;
    return rn_session_emit(session, &event, err);
}

/* Opened for each look: it may be replaced by its writer, and it is no descriptor of the
 * recorder's. */
static int open_source(struct source *source)
{
    struct stat st;
    int fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return -1;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    source->modified_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec;
    return fd;
}

static enum rn_status feed(struct cli_decisions *decisions, struct source *source, int fd,
                           bool last, struct rn_error *err)
{
    struct feeding feeding = {decisions, source};
    enum rn_status status = RN_OK;
    ssize_t got = 1;

    if (!source->file)
        source->file = rn_decision_file_new();
    if (!source->file)
        return rn_fail(err, RN_E_NOMEM, "no memory for a file of decisions");
    while (status == RN_OK && got > 0) {
        got = pread(fd, decisions->chunk, CHUNK, (off_t)source->offset);
        if (got < 0)
            return rn_fail(err, RN_E_SYSTEM, "cannot read");
        source->offset += (uint64_t)got;
        status = rn_decision_file_feed(source->file, decisions->chunk, (size_t)got,
                                       last && got == 0, emit, &feeding, err);
    }
    return status;
}

/* What is wrong is part of the recording, too. */
static void tell(struct cli_decisions *decisions, struct source *source, struct rn_error *err)
{
    struct rn_error ignored = RN_ERROR_INIT;
    char text[1200];

    source->done = true;
    (void)rn_fail_in(err, source->path);
    if (rn_session_notice(decisions->session, RN_NOTICE_BLIND_SPOT, source->count, &ignored,
                          "%s; %" PRIu64 " decisions before it were kept",
                          rn_error_text(err, text, sizeof(text)), source->count) != RN_OK)
        cli_error(&ignored);
    cli_error(err);
}

static void note_origin(struct cli_decisions *decisions, const struct source *source)
{
    const char *origin = source->file ? rn_decision_file_origin(source->file) : NULL;
    struct rn_error err = RN_ERROR_INIT;

    if (origin && rn_session_notice(decisions->session, RN_NOTICE_OTHER, 0, &err,
                                    "decisions of %s: %s", source->path, origin) != RN_OK)
        cli_error(&err);
}

static enum rn_status look(void *context, struct rn_session *session, struct rn_error *err)
{
    struct cli_decisions *decisions = context;

    (void)session;
    (void)err;
    for (size_t i = 0; i < decisions->count; i++) {
        struct source *source = &decisions->sources[i];
        struct rn_error failure = RN_ERROR_INIT;
        int fd = source->done ? -1 : open_source(source);

        if (fd < 0)
            continue;
        if (feed(decisions, source, fd, false, &failure) != RN_OK)
            tell(decisions, source, &failure);
        close(fd);
    }
    return RN_OK;
}

void cli_decisions_follow(struct cli_decisions *decisions, struct rn_session *session)
{
    if (!decisions)
        return;
    decisions->session = session;
    rn_session_on_second(session, look, decisions);
}

void cli_decisions_finish(struct cli_decisions *decisions, struct rn_session *session)
{
    for (size_t i = 0; decisions && i < decisions->count; i++) {
        struct source *source = &decisions->sources[i];
        struct rn_error err = RN_ERROR_INIT;
        enum rn_status status;
        int fd;

        if (source->done)
            continue;
        decisions->session = session;
        fd = open_source(source);
        status = fd < 0 ? rn_fail(&err, RN_E_SYSTEM, "cannot read the decisions")
                        : feed(decisions, source, fd, true, &err);
        if (fd >= 0)
            close(fd);
        if (status != RN_OK)
            tell(decisions, source, &err);
        else
            note_origin(decisions, source);
    }
}
