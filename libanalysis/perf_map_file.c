/* SPDX-License-Identifier: MIT */
#include "perf_map_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Times of files are those of the last tick of the kernel's clock. */
#define SLACK_NS 100000000u
#define SECOND   1000000000u

static bool is_that_file(const struct rn_perf_map_wanted *wanted, const struct stat *info)
{
    return !wanted->identified || (info->st_dev == wanted->device && info->st_ino == wanted->inode);
}

static int open_plain(const char *path, struct stat *info)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd >= 0 && fstat(fd, info) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* While it runs, also where the process's own view of the file system is another one. */
static int open_map(const struct rn_perf_map_wanted *wanted, struct stat *info)
{
    char path[PATH_MAX];
    struct stat other;
    int fd = open_plain(wanted->path, info), inside = -1;

    if (!wanted->identified || (fd >= 0 && is_that_file(wanted, info)))
        return fd;
    if (snprintf(path, sizeof path, "/proc/%llu/root%s", (unsigned long long)wanted->pid,
                 wanted->path) < (int)sizeof path)
        inside = open_plain(path, &other);
    if (inside >= 0 && is_that_file(wanted, &other)) {
        *info = other;
        if (fd >= 0)
            close(fd);
        return inside;
    }
    if (inside >= 0)
        close(inside);
    return fd;
}

static bool read_text(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "re");
    size_t got = file ? fread(text, 1, size - 1, file) : 0;

    if (file)
        fclose(file);
    text[got] = '\0';
    return got > 0;
}

/* When that process began, ns of CLOCK_REALTIME: see proc_pid_stat(5), field 22. */
static bool process_begin(uint64_t pid, uint64_t *begin_ns)
{
    char path[64], stat[1024];
    const char *field;
    struct timespec since_boot, now;
    unsigned long long ticks;
    long a_second = sysconf(_SC_CLK_TCK);
    int64_t boot;

    snprintf(path, sizeof path, "/proc/%llu/stat", (unsigned long long)pid);
    if (!read_text(path, stat, sizeof stat) || !(field = strrchr(stat, ')')))
        return false;
    for (unsigned i = 2; i < 22 && field; i++)
        field = strchr(field + 1, ' ');
    if (!field || sscanf(field, "%llu", &ticks) != 1 || a_second <= 0 ||
        clock_gettime(CLOCK_BOOTTIME, &since_boot) != 0 || clock_gettime(CLOCK_REALTIME, &now) != 0)
        return false;
    boot = (now.tv_sec - since_boot.tv_sec) * (int64_t)SECOND + now.tv_nsec - since_boot.tv_nsec;
    *begin_ns = (uint64_t)boot + ticks / (unsigned long)a_second * SECOND +
                ticks % (unsigned long)a_second * (SECOND / (unsigned long)a_second);
    return true;
}

/* It was there when the recording ended, and is there still. */
static bool goes_on(const struct rn_perf_map_wanted *wanted)
{
    uint64_t begin;

    return process_begin(wanted->pid, &begin) && begin <= wanted->until_ns;
}

static const char *refuse(const struct rn_perf_map_wanted *wanted, const struct stat *info)
{
    uint64_t changed = (uint64_t)info->st_mtim.tv_sec * SECOND + (uint64_t)info->st_mtim.tv_nsec;

    if (!S_ISREG(info->st_mode))
        return "its perf map is no regular file";
    if (!is_that_file(wanted, info))
        return "its perf map is another file than the one it wrote";
    if (info->st_uid != wanted->uid && info->st_uid != wanted->euid && info->st_uid != geteuid())
        return "its perf map belongs to somebody else";
    if (info->st_mtim.tv_sec < 0 || changed + SLACK_NS < wanted->since_ns)
        return "its perf map is older than it";
    if (wanted->until_ns && changed > wanted->until_ns + SLACK_NS && !goes_on(wanted))
        return "its perf map was changed after the recording";
    if ((uint64_t)info->st_size > RN_PERF_MAP_BYTES_MAX)
        return "its perf map is too large";
    return NULL;
}

/* What is there of `size` bytes; it may be written to. */
static char *read_all(int fd, size_t size, size_t *got)
{
    char *text = malloc(size + 1);

    *got = 0;
    while (text && *got < size) {
        ssize_t part = read(fd, text + *got, size - *got);

        if (part <= 0)
            break;
        *got += (size_t)part;
    }
    return text;
}

const char *rn_perf_map_load(const struct rn_perf_map_wanted *wanted, struct rn_perf_map **map,
                             uint64_t *size)
{
    struct rn_error err = RN_ERROR_INIT;
    struct stat info;
    const char *reason;
    char *text = NULL;
    size_t got = 0;
    int fd = open_map(wanted, &info);

    *map = NULL;
    *size = 0;
    if (fd < 0)
        return "its perf map is not there, or cannot be read";
    reason = refuse(wanted, &info);
    if (!reason) {
        text = read_all(fd, (size_t)info.st_size, &got);
        if (!text || rn_perf_map_parse(text, got, map, &err) != RN_OK)
            reason = "there is no memory for its perf map";
        *size = got;
    }
    free(text);
    close(fd);
    return reason;
}
