/* SPDX-License-Identifier: MIT */
/* Where a command's output goes. A file appears under its name only when it is whole. */
#include "cli.h"
#include "cli_remove.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLUSH_BYTES = 64 << 10 };

struct cli_output {
    int fd;
    char *path;      /* final name; NULL: standard output */
    char *temporary; /* NULL where `fd` is written directly */
    int failure;     /* errno of the first write that failed */
};

static void output_free(struct cli_output *output)
{
    if (output->temporary)
        cli_remove_forget(output->temporary);
    free(output->temporary);
    free(output->path);
    free(output);
}

static mode_t default_mode(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static bool open_temporary(struct cli_output *output, mode_t mode)
{
    size_t room = strlen(output->path) + sizeof(".XXXXXX");
    output->temporary = malloc(room);
    if (!output->temporary)
        return false;
    snprintf(output->temporary, room, "%s.XXXXXX", output->path);
    cli_remove_defer();
    output->fd = mkostemp(output->temporary, O_CLOEXEC);
    if (output->fd >= 0)
        cli_remove_on_signal(output->temporary, CLI_REMOVE_ONE);
    cli_remove_resume();
    if (output->fd < 0) {
        free(output->temporary);
        output->temporary = NULL;
        return false;
    }
    return fchmod(output->fd, mode) == 0;
}

/* A name that exists keeps its mode, and its symbolic link; what is no regular file cannot be
 * replaced, so it is written. */
static bool open_named(struct cli_output *output, const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        if (errno != ENOENT)
            return false;
        output->path = strdup(path);
        return output->path && open_temporary(output, default_mode());
    }
    output->path = realpath(path, NULL);
    if (!output->path)
        return false;
    if (S_ISREG(st.st_mode))
        return access(path, W_OK) == 0 && open_temporary(output, st.st_mode & 07777);
    output->fd = open(path, O_WRONLY | O_CLOEXEC);
    return output->fd >= 0;
}

/* Begins as an archive does: the magic of a POSIX tar. */
static bool is_recording(const char *path)
{
    char head[262];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool is = fd >= 0 && pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
              memcmp(head + 257, "ustar", 5) == 0;
    if (fd >= 0)
        close(fd);
    return is;
}

struct cli_output *cli_output_open(const char *path)
{
    struct stat st;
    if (path && strcmp(path, "-") && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
        is_recording(path)) {
        cli_fail("%s: is a recording, or another tar: it is not replaced; name another output",
                 path);
        return NULL;
    }
    return cli_output_open_archive(path);
}

struct cli_output *cli_output_open_archive(const char *path)
{
    struct cli_output *output = calloc(1, sizeof(*output));
    if (!output) {
        cli_fail("out of memory");
        return NULL;
    }
    output->fd = STDOUT_FILENO;
    if (!path || !strcmp(path, "-") || open_named(output, path))
        return output;
    cli_fail("%s: cannot write: %s", path, strerror(errno));
    cli_output_abandon(output);
    return NULL;
}

bool cli_same_file(const char *a, const char *b)
{
    struct stat one, other;
    return strcmp(a, "-") && strcmp(b, "-") && stat(a, &one) == 0 && stat(b, &other) == 0 &&
           one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

bool cli_can_be_read_again(const char *path)
{
    struct stat info;
    return strcmp(path, "-") != 0 &&
           (stat(path, &info) != 0 || S_ISREG(info.st_mode) || S_ISDIR(info.st_mode));
}

int cli_output_descriptor(const struct cli_output *output)
{
    return output->fd;
}

bool cli_output_write(struct cli_output *output, struct rn_buf *buf)
{
    size_t done = 0;
    if (buf->failed && !output->failure)
        output->failure = ENOMEM;
    while (!output->failure && done < buf->size) {
        ssize_t count = write(output->fd, buf->data + done, buf->size - done);
        if (count >= 0)
            done += (size_t)count;
        else if (errno != EINTR)
            output->failure = errno;
    }
    rn_buf_clear(buf);
    return !output->failure;
}

bool cli_output_flush_some(struct cli_output *output, struct rn_buf *buf)
{
    return buf->size < FLUSH_BYTES && !buf->failed ? !output->failure
                                                   : cli_output_write(output, buf);
}

static void output_finish(struct cli_output *output)
{
    if (output->fd != STDOUT_FILENO) {
        if (close(output->fd) < 0 && !output->failure)
            output->failure = errno;
        output->fd = -1;
    }
    if (output->temporary && !output->failure && rename(output->temporary, output->path) < 0)
        output->failure = errno;
    if (output->temporary && output->failure)
        unlink(output->temporary);
}

bool cli_output_close(struct cli_output *output, struct rn_buf *buf)
{
    if (buf)
        cli_output_write(output, buf);
    output_finish(output);
    int failure = output->failure;
    /* Who closed the pipe has read enough and wants no message. */
    if (failure && failure != EPIPE)
        cli_fail("%s: cannot write: %s", output->path ? output->path : "standard output",
                 strerror(failure));
    output_free(output);
    return failure == 0;
}

void cli_output_abandon(struct cli_output *output)
{
    if (!output)
        return;
    if (output->fd > STDOUT_FILENO)
        close(output->fd);
    if (output->temporary)
        unlink(output->temporary);
    output_free(output);
}
