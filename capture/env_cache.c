/* SPDX-License-Identifier: MIT */
/* A cache file begins with a line that names the boot. */
#include "env_cache.h"

#include "proc_snapshot.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define BOOT_SIZE 64
#define FILE_MAX  (8u << 20)

static bool boot_line(char line[BOOT_SIZE])
{
    return rn_proc_read_path("/proc/sys/kernel/random/boot_id", line, BOOT_SIZE) > 1;
}

static bool directory_path(char *path)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    int length;

    if (cache && cache[0] == '/')
        length = snprintf(path, PATH_SIZE, "%s/renacer", cache);
    else if (home && home[0] == '/')
        length = snprintf(path, PATH_SIZE, "%s/.cache/renacer", home);
    else
        return false;
    return length < PATH_SIZE;
}

static bool file_path(char *path, const char *name)
{
    char directory[PATH_SIZE];

    return directory_path(directory) &&
           snprintf(path, PATH_SIZE, "%s/%s", directory, name) < PATH_SIZE;
}

bool rn_env_cache_read(const char *name, struct rn_buf *out)
{
    char path[PATH_SIZE], line[BOOT_SIZE];
    struct stat info;
    bool found = false;
    uint8_t *to;
    ssize_t got;
    int fd;

    if (!boot_line(line) || !file_path(path, name))
        return false;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= (off_t)FILE_MAX &&
        (to = rn_buf_reserve(out, (size_t)info.st_size))) {
        size_t prefix = strlen(line);

        got = read(fd, to, (size_t)info.st_size);
        found = got >= (ssize_t)prefix && memcmp(to, line, prefix) == 0;
        if (found) {
            memmove(to, to + prefix, (size_t)got - prefix);
            out->size += (size_t)got - prefix;
        }
    }
    close(fd);
    return found;
}

/* Every directory on the way that is missing, private to the user as the XDG specification asks. */
static void make_directories(const char *directory)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof(path), "%s", directory);
    for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(path, 0700);
        *at = '/';
    }
    mkdir(path, 0700);
}

static bool write_all(int fd, const void *data, size_t size)
{
    return size == 0 || write(fd, data, size) == (ssize_t)size;
}

void rn_env_cache_write(const char *name, const struct rn_buf *text)
{
    char directory[PATH_SIZE], path[PATH_SIZE], temporary[PATH_SIZE], line[BOOT_SIZE];
    bool written;
    int fd;

    if (!boot_line(line) || !directory_path(directory) || !file_path(path, name) ||
        snprintf(temporary, sizeof(temporary), "%s/%s.XXXXXX", directory, name) >= PATH_SIZE)
        return;
    make_directories(directory);
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return;
    written = write_all(fd, line, strlen(line)) && write_all(fd, text->data, text->size);
    if (close(fd) != 0 || !written || rename(temporary, path) != 0)
        unlink(temporary);
}
