/* SPDX-License-Identifier: MIT */
/* Which files of a data set are of which recording, so that another conversion of it replaces them
 * and looks at nothing else. */
#include "avro_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORY "_recordings"
#define LIST_MAX  (64u << 20) /* bytes; a longer one is not ours */

static enum rn_status read_list(int fd, struct rn_buf *list, struct rn_error *err)
{
    ssize_t count;

    do {
        uint8_t *room = rn_buf_reserve(list, 65536);
        if (!room)
            return rn_fail(err, RN_E_NOMEM, "out of memory");
        count = read(fd, room, 65536);
        if (count < 0 && errno != EINTR)
            return rn_fail(err, RN_E_SYSTEM, "cannot read the list of files in " DIRECTORY);
        list->size += count > 0 ? (size_t)count : 0;
        if (list->size > LIST_MAX)
            return rn_fail(err, RN_E_LIMIT, "the list of files in " DIRECTORY " is too long");
    } while (count != 0);
    return RN_OK;
}

/* Both are sorted by when they were made, so most are found at once where the last one was. */
static bool is_listed(const struct rn_buf *files, size_t *from, const char *path, size_t size)
{
    size_t at = *from;

    for (size_t looked = 0; looked < files->size;) {
        const char *file = (const char *)files->data + at;
        size_t length = strlen(file);

        looked += length + 1;
        at = at + length + 1 < files->size ? at + length + 1 : 0;
        if (length == size && memcmp(file, path, size) == 0) {
            *from = at;
            return true;
        }
    }
    return false;
}

static enum rn_status remove_others(int root, const char *uuid, const struct rn_buf *old,
                                    const struct rn_buf *files, struct rn_error *err)
{
    char path[1024];
    size_t from = 0;

    for (size_t at = 0; at < old->size;) {
        const char *line = (const char *)old->data + at;
        const char *end = memchr(line, '\n', old->size - at);
        size_t size = end ? (size_t)(end - line) : old->size - at;

        at += size + 1;
        if (size >= sizeof path || !rn_avro_path_is_own(line, size, uuid) ||
            is_listed(files, &from, line, size))
            continue;
        memcpy(path, line, size);
        path[size] = 0;
        if (unlinkat(root, path, 0) < 0 && errno != ENOENT)
            return rn_fail(err, RN_E_SYSTEM, "cannot remove %s, of an earlier conversion", path);
    }
    return RN_OK;
}

static enum rn_status write_list(int root, const char *name, const struct rn_buf *files,
                                 struct rn_error *err)
{
    char temporary[128];
    FILE *file;
    int fd;
    bool fine;

    snprintf(temporary, sizeof temporary, "%s.%ld", name, (long)getpid());
    fd = openat(root, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file) {
        if (fd >= 0)
            close(fd);
        return rn_fail(err, RN_E_SYSTEM, "cannot write %s", temporary);
    }
    for (size_t at = 0; at < files->size; at += strlen((const char *)files->data + at) + 1)
        fprintf(file, "%s\n", (const char *)files->data + at);
    fine = !ferror(file);
    if (fclose(file) != 0 || !fine || renameat(root, temporary, root, name) < 0) {
        rn_fail(err, RN_E_SYSTEM, "cannot write %s", name);
        unlinkat(root, temporary, 0);
        return RN_E_SYSTEM;
    }
    return RN_OK;
}

enum rn_status rn_avro_replace_list(int root, const char *uuid, const struct rn_buf *files,
                                    struct rn_error *err)
{
    struct rn_buf old = RN_BUF_INIT;
    enum rn_status status = RN_OK;
    char name[64];
    int fd;

    if (mkdirat(root, DIRECTORY, 0777) < 0 && errno != EEXIST)
        return rn_fail(err, RN_E_SYSTEM, "cannot make the directory " DIRECTORY);
    snprintf(name, sizeof name, DIRECTORY "/%s", uuid);
    fd = openat(root, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno != ENOENT)
        return rn_fail(err, RN_E_SYSTEM, "cannot read %s", name);
    if (fd >= 0) {
        status = read_list(fd, &old, err);
        close(fd);
    }
    if (status == RN_OK)
        status = remove_others(root, uuid, &old, files, err);
    if (status == RN_OK)
        status = write_list(root, name, files, err);
    rn_buf_free(&old);
    return status;
}
