/* SPDX-License-Identifier: MIT */
/* The checkpoint: a text file, one line a step, appended with one write each, so that it is right
 * up to its last whole line whenever the export is killed:
 *
 *     renacer-otlp-checkpoint 1
 *     begin NUMBER DIGEST
 *     undone NUMBER DIGEST
 *     done NUMBER DIGEST spans events folded (sent) spans events folded (rejected)
 */
#include "cli_otlp.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define HEADER      "renacer-otlp-checkpoint 1\n"
#define MAX_BATCHES (1u << 24)

struct past {
    uint64_t digest;
    enum cli_otlp_past state;
    struct cli_otlp_outcome outcome;
};

struct cli_otlp_checkpoint {
    const char *path; /* NULL: none is kept */
    int fd;
    struct past *batches; /* by number */
    size_t count;
};

static struct past *past_of(struct cli_otlp_checkpoint *checkpoint, uint64_t number)
{
    if (number >= MAX_BATCHES)
        return NULL;
    if (number >= checkpoint->count) {
        size_t larger = 2 * (size_t)number + 64;
        struct past *moved = reallocarray(checkpoint->batches, larger, sizeof *moved);

        if (!moved)
            return NULL;
        memset(moved + checkpoint->count, 0, (larger - checkpoint->count) * sizeof *moved);
        checkpoint->batches = moved;
        checkpoint->count = larger;
    }
    return &checkpoint->batches[number];
}

static bool read_line(struct cli_otlp_checkpoint *checkpoint, const char *line)
{
    struct cli_otlp_outcome o = {0};
    uint64_t number, digest;
    struct past *past;
    enum cli_otlp_past state = OTLP_DONE;
    int end = 0;

    if (sscanf(line, "begin %" SCNu64 " %" SCNx64 "%n", &number, &digest, &end) == 2)
        state = OTLP_IN_DOUBT;
    else if (sscanf(line, "undone %" SCNu64 " %" SCNx64 "%n", &number, &digest, &end) == 2)
        state = OTLP_NEW;
    else if (sscanf(line,
                    "done %" SCNu64 " %" SCNx64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
                    " %" SCNu64 " %" SCNu64 "%n",
                    &number, &digest, &o.sent.spans, &o.sent.events, &o.sent.folded,
                    &o.rejected.spans, &o.rejected.events, &o.rejected.folded, &end) != 8)
        return false;
    past = line[end] ? NULL : past_of(checkpoint, number);
    if (!past)
        return false;
    *past = (struct past){digest, state, o};
    return true;
}

/* A last line without its end is what a kill left: as if it had not been written. */
static bool read_lines(struct cli_otlp_checkpoint *checkpoint, FILE *file, off_t *good)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    bool valid = true;

    *good = 0;
    while (valid && (length = getline(&line, &room, file)) > 0 && line[length - 1] == '\n') {
        if (*good == 0) {
            valid = !strcmp(line, HEADER);
        } else {
            line[length - 1] = '\0';
            valid = read_line(checkpoint, line);
        }
        if (valid)
            *good += length;
    }
    free(line);
    return valid && !ferror(file);
}

static bool load(struct cli_otlp_checkpoint *checkpoint)
{
    int copy = dup(checkpoint->fd);
    FILE *file = copy < 0 ? NULL : fdopen(copy, "r");
    off_t good = 0;
    bool valid;

    if (!file) {
        if (copy >= 0)
            close(copy);
        cli_fail("%s: cannot be read: %s", checkpoint->path, strerror(errno));
        return false;
    }
    valid = read_lines(checkpoint, file, &good);
    fclose(file);
    if (!valid) {
        cli_fail("%s: is no checkpoint of rn-export-otlp; name another file", checkpoint->path);
        return false;
    }
    if (ftruncate(checkpoint->fd, good) < 0 || lseek(checkpoint->fd, good, SEEK_SET) < 0 ||
        (good == 0 && write(checkpoint->fd, HEADER, strlen(HEADER)) != (ssize_t)strlen(HEADER))) {
        cli_fail("%s: cannot be written: %s", checkpoint->path, strerror(errno));
        return false;
    }
    return true;
}

static bool open_file(struct cli_otlp_checkpoint *checkpoint)
{
    checkpoint->fd = open(checkpoint->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (checkpoint->fd < 0) {
        cli_fail("%s: cannot be opened: %s", checkpoint->path, strerror(errno));
        return false;
    }
    if (flock(checkpoint->fd, LOCK_EX | LOCK_NB) < 0) {
        cli_fail("%s: another export is using this checkpoint", checkpoint->path);
        return false;
    }
    return load(checkpoint);
}

struct cli_otlp_checkpoint *cli_otlp_checkpoint_open(const char *path)
{
    struct cli_otlp_checkpoint *checkpoint = calloc(1, sizeof *checkpoint);

    if (!checkpoint) {
        cli_fail("out of memory");
        return NULL;
    }
    checkpoint->path = path;
    checkpoint->fd = -1;
    if (!path || open_file(checkpoint))
        return checkpoint;
    cli_otlp_checkpoint_free(checkpoint);
    return NULL;
}

void cli_otlp_checkpoint_free(struct cli_otlp_checkpoint *checkpoint)
{
    if (!checkpoint)
        return;
    if (checkpoint->fd >= 0)
        close(checkpoint->fd);
    free(checkpoint->batches);
    free(checkpoint);
}

enum cli_otlp_past cli_otlp_checkpoint_past(const struct cli_otlp_checkpoint *checkpoint,
                                            uint64_t number, uint64_t digest,
                                            struct cli_otlp_outcome *outcome)
{
    const struct past *past = number < checkpoint->count ? &checkpoint->batches[number] : NULL;

    if (!past || past->state == OTLP_NEW)
        return OTLP_NEW;
    *outcome = past->outcome;
    return past->digest == digest ? past->state : OTLP_OTHER;
}

static bool append(struct cli_otlp_checkpoint *checkpoint, const char *line)
{
    size_t length = strlen(line);

    if (write(checkpoint->fd, line, length) == (ssize_t)length)
        return true;
    cli_fail("%s: cannot be written: %s", checkpoint->path, strerror(errno));
    return false;
}

static bool append_step(struct cli_otlp_checkpoint *checkpoint, const char *step, uint64_t number,
                        uint64_t digest)
{
    char line[96];

    if (!checkpoint->path)
        return true;
    snprintf(line, sizeof line, "%s %" PRIu64 " %" PRIx64 "\n", step, number, digest);
    return append(checkpoint, line);
}

bool cli_otlp_checkpoint_begin(struct cli_otlp_checkpoint *checkpoint, uint64_t number,
                               uint64_t digest)
{
    return append_step(checkpoint, "begin", number, digest);
}

bool cli_otlp_checkpoint_undone(struct cli_otlp_checkpoint *checkpoint, uint64_t number,
                                uint64_t digest)
{
    return append_step(checkpoint, "undone", number, digest);
}

bool cli_otlp_checkpoint_done(struct cli_otlp_checkpoint *checkpoint, uint64_t number,
                              uint64_t digest, const struct cli_otlp_outcome *o)
{
    char line[256];

    if (!checkpoint->path)
        return true;
    snprintf(line, sizeof line,
             "done %" PRIu64 " %" PRIx64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
             " %" PRIu64 "\n",
             number, digest, o->sent.spans, o->sent.events, o->sent.folded, o->rejected.spans,
             o->rejected.events, o->rejected.folded);
    return append(checkpoint, line);
}
