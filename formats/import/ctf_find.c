/* SPDX-License-Identifier: MIT */
#include "ctf_find.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a packet of metadata, in either byte order; the CTF 1.8 specification, 7.1. */
#define MAGIC 0x75D11D57u

struct search {
    bool (*function)(void *, const char *);
    void *context;
    size_t count;
    bool stop;
};

/* Plain text begins with a comment that names the version. */
static bool is_metadata(const char *head, size_t size)
{
    uint32_t magic;
    if (size < sizeof(magic))
        return false;
    memcpy(&magic, head, sizeof(magic));
    return magic == MAGIC || magic == __builtin_bswap32(MAGIC) || strstr(head, "CTF 1.8");
}

static bool is_trace(const char *path)
{
    char name[4096], head[257];
    if (snprintf(name, sizeof(name), "%s/metadata", path) >= (int)sizeof(name))
        return false;
    struct stat info;
    /* Not open() at first: a FIFO would wait. */
    if (stat(name, &info) < 0 || !S_ISREG(info.st_mode))
        return false;
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    ssize_t size = read(fd, head, sizeof(head) - 1);
    close(fd);
    if (size < 0)
        size = 0;
    head[size] = 0;
    return is_metadata(head, (size_t)size);
}

static int is_inner(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Directories above a trace hold directories alone: what has other files is no tree of traces, but
 * a directory where one happens to lie. */
static bool holds_files(const char *path, struct dirent *const *entries, int count)
{
    for (int i = 0; i < count; i++) {
        char name[4096];
        struct stat info;
        if (snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name) >= (int)sizeof(name) ||
            (stat(name, &info) == 0 && !S_ISDIR(info.st_mode)))
            return true;
    }
    return false;
}

static void search_in(struct search *search, const char *path, unsigned depth)
{
    struct dirent **entries;
    if (is_trace(path)) {
        search->count++;
        search->stop =
            !search->function(search->context, path) || search->count == RN_CTF_TRACES_MAX;
    }
    if (search->stop || depth == RN_CTF_DEPTH_MAX)
        return;
    int count = scandir(path, &entries, is_inner, alphasort);
    bool others = count > 0 && holds_files(path, entries, count);
    for (int i = 0; i < count; i++) {
        char *inner = NULL;
        if (!search->stop && !others && asprintf(&inner, "%s/%s", path, entries[i]->d_name) >= 0) {
            search_in(search, inner, depth + 1);
            free(inner);
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

size_t rn_ctf_find(const char *path, bool (*function)(void *context, const char *path),
                   void *context)
{
    struct search search = {.function = function, .context = context};
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        search_in(&search, path, 0);
    return search.count;
}
