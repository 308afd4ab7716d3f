/* SPDX-License-Identifier: MIT */
#include "part.h"

#include "archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *rn_part_file(const char *part, const char *name)
{
    char *path;

    return asprintf(&path, "%s/%s", part, name) < 0 ? NULL : path;
}

enum rn_status rn_part_open(const char *path, int flags, int *fd, struct rn_error *err)
{
    bool writes = (flags & O_ACCMODE) != O_RDONLY;
    struct stat info;

    *fd = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (*fd < 0 && errno != ELOOP && errno != ENXIO) {
        rn_fail(err, RN_E_SYSTEM, flags & O_CREAT ? "cannot create" : "cannot open");
        rn_fail_in(err, path);
        return RN_E_SYSTEM;
    }
    if (*fd >= 0 && fstat(*fd, &info) == 0 && S_ISREG(info.st_mode) &&
        !(writes && info.st_nlink > 1))
        return RN_OK;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    rn_fail(err, RN_E_USAGE, "is a link or no regular file, and no recorder has put it there");
    rn_fail_in(err, path);
    return RN_E_USAGE;
}

static bool segment_number(const char *name, unsigned long long *number)
{
    size_t prefix = strlen(RN_PART_SEGMENT);
    char *end;

    if (strncmp(name, RN_PART_SEGMENT, prefix) != 0 || name[prefix] < '0' || name[prefix] > '9')
        return false;
    errno = 0;
    *number = strtoull(name + prefix, &end, 10);
    return errno == 0 && *end == '\0';
}

static int by_number(const void *a, const void *b)
{
    unsigned long long number_a = 0, number_b = 0;

    segment_number(strrchr(*(char *const *)a, '/') + 1, &number_a);
    segment_number(strrchr(*(char *const *)b, '/') + 1, &number_b);
    return (number_a > number_b) - (number_a < number_b);
}

void rn_part_free_segments(char **paths)
{
    for (char **path = paths; path && *path; path++)
        free(*path);
    free(paths);
}

static bool append_path(char ***paths, size_t count, char *path)
{
    char **more = path ? realloc(*paths, (count + 2) * sizeof *more) : NULL;

    if (!more) {
        free(path);
        return false;
    }
    *paths = more;
    more[count] = path;
    more[count + 1] = NULL;
    return true;
}

enum rn_status rn_part_segments(const char *part, char ***out, struct rn_error *err)
{
    DIR *directory = opendir(part);
    char **paths = calloc(1, sizeof *paths);
    enum rn_status status = paths ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory for a list");
    unsigned long long number;
    struct dirent *entry;
    size_t count = 0;

    if (!directory) {
        rn_fail(err, RN_E_SYSTEM, "cannot open");
        rn_fail_in(err, part);
        status = RN_E_SYSTEM;
    }
    while (status == RN_OK && (entry = readdir(directory)))
        if (segment_number(entry->d_name, &number) &&
            !append_path(&paths, count++, rn_part_file(part, entry->d_name)))
            status = rn_fail(err, RN_E_NOMEM, "no memory for a list");
    if (directory)
        closedir(directory);
    if (status != RN_OK) {
        rn_part_free_segments(paths);
        return status;
    }
    qsort(paths, count, sizeof *paths, by_number);
    *out = paths;
    return RN_OK;
}

static void remove_file(const char *part, const char *name)
{
    char *path = rn_part_file(part, name);

    if (path)
        unlink(path);
    free(path);
}

static void remove_segments(const char *part)
{
    char **paths;

    if (rn_part_segments(part, &paths, NULL) != RN_OK)
        return;
    for (char **path = paths; *path; path++)
        unlink(*path);
    rn_part_free_segments(paths);
}

void rn_part_empty(const char *part)
{
    remove_segments(part);
    remove_file(part, RN_PART_RINGS);
}

void rn_part_remove(const char *part)
{
    rn_part_empty(part);
    remove_file(part, RN_PART_ARCHIVE);
    rmdir(part);
}
