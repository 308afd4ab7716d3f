/* SPDX-License-Identifier: MIT */
#include "cache_files.h"

#include "formats/crc64.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define NAME_SIZE 32
#define CRC_SIZE  8u

static bool is_own(int fd, mode_t type, struct stat *info)
{
    return fstat(fd, info) == 0 && (info->st_mode & S_IFMT) == type && info->st_uid == geteuid() &&
           (info->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool usual_directory(char path[PATH_SIZE])
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

/* Every directory on the way that is missing, private to the user as the XDG specification asks. */
static void make_directories(char *path)
{
    for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(path, 0700);
        *at = '/';
    }
    mkdir(path, 0700);
}

int rn_cache_files_open(const char *directory)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    char path[PATH_SIZE];
    struct stat info;
    int fd;

    if (!directory && !usual_directory(path))
        return -1;
    if (directory && snprintf(path, sizeof(path), "%s", directory) >= PATH_SIZE)
        return -1;
    fd = open(path, flags);
    if (fd < 0 && errno == ENOENT) {
        make_directories(path);
        fd = open(path, flags);
    }
    if (fd >= 0 && !is_own(fd, S_IFDIR, &info)) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool checksum_fits(const uint8_t *bytes, size_t size)
{
    uint64_t stored;

    memcpy(&stored, bytes + size, sizeof(stored));
    return le64toh(stored) == rn_crc64(0, bytes, size);
}

bool rn_cache_file_read(int directory, const char *name, size_t limit, struct rn_buf *out)
{
    struct stat info;
    bool right = false;
    uint8_t *to;
    int fd;

    if (directory < 0)
        return false;
    fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    if (is_own(fd, S_IFREG, &info) && info.st_size >= (off_t)CRC_SIZE &&
        info.st_size <= (off_t)(limit + CRC_SIZE) &&
        (to = rn_buf_reserve(out, (size_t)info.st_size))) {
        size_t size = (size_t)info.st_size - CRC_SIZE;

        right = read(fd, to, (size_t)info.st_size) == info.st_size && checksum_fits(to, size);
        out->size += right ? size : 0;
    }
    close(fd);
    return right;
}

/* Two recorders may write one file. Whoever finds the other's temporary file removes it, so that
 * one left behind by a killed recorder does not stay; what that breaks, the checksum shows. */
void rn_cache_file_write(int directory, const char *name, struct rn_buf *content)
{
    char temporary[NAME_SIZE];
    bool written;
    int fd;

    if (!content->failed)
        rn_buf_u64(content, rn_crc64(0, content->data, content->size));
    if (directory < 0 || content->failed ||
        snprintf(temporary, sizeof(temporary), "%s.new", name) >= NAME_SIZE)
        return;
    fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        if (errno == EEXIST)
            unlinkat(directory, temporary, 0);
        return;
    }
    written = write(fd, content->data, content->size) == (ssize_t)content->size;
    if (close(fd) != 0 || !written || renameat(directory, temporary, directory, name) != 0)
        unlinkat(directory, temporary, 0);
}
