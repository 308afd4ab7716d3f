/* SPDX-License-Identifier: MIT */
/* A cache file begins with a line that names the boot. */
#include "env_cache.h"

#include "cache_files.h"
#include "proc_snapshot.h"

#include <string.h>
#include <unistd.h>

#define BOOT_SIZE 64
#define FILE_MAX  (8u << 20)

static bool boot_line(char line[BOOT_SIZE])
{
    return rn_proc_read_path("/proc/sys/kernel/random/boot_id", line, BOOT_SIZE) > 1;
}

bool rn_env_cache_read(const char *name, struct rn_buf *out)
{
    struct rn_buf file = RN_BUF_INIT;
    char line[BOOT_SIZE];
    bool found = false;
    int directory;

    if (!boot_line(line))
        return false;
    directory = rn_cache_files_open(NULL);
    if (rn_cache_file_read(directory, name, FILE_MAX, &file)) {
        size_t prefix = strlen(line);

        found = file.size >= prefix && memcmp(file.data, line, prefix) == 0;
        if (found)
            rn_buf_append(out, file.data + prefix, file.size - prefix);
    }
    rn_buf_free(&file);
    if (directory >= 0)
        close(directory);
    return found;
}

void rn_env_cache_write(const char *name, const struct rn_buf *text)
{
    struct rn_buf file = RN_BUF_INIT;
    char line[BOOT_SIZE];
    int directory;

    if (!boot_line(line))
        return;
    directory = rn_cache_files_open(NULL);
    rn_buf_text(&file, line);
    rn_buf_append(&file, text->data, text->size);
    rn_cache_file_write(directory, name, &file);
    rn_buf_free(&file);
    if (directory >= 0)
        close(directory);
}
