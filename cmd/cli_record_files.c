/* SPDX-License-Identifier: MIT */
/* The content of a file cannot always be composed from what was written into it: it was written
 * through a mapping, overwritten in part, or there before. Then it is read when the program has
 * ended. Calls that can lead to that are looked for while they are recorded. Only where there may
 * have been one is the recording read: once to be sure, and then by the model. */
#include "cli.h"
#include "cli_record.h"

#include "formats/archive.h"
#include "formats/crc64.h"
#include "formats/syscall_table.h"
#include "libanalysis/effect.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* One event states so much of a file; and so much is read of all files together. */
enum { PIECE = 32 << 20, BUFFER = 1 << 20 };
static const uint64_t total_max = 64ull << 30;

/* ---- reading the files ---- */

struct collection {
    struct rn_session *session;
    uint8_t *buffer;
    uint64_t *prefix;
    uint64_t total;
    char **paths;
    size_t count, capacity;
};

static void note_path(void *context, const char *path)
{
    struct collection *all = context;

    if (all->count == all->capacity) {
        size_t capacity = all->capacity ? 2 * all->capacity : 16;
        char **paths = realloc(all->paths, capacity * sizeof(*paths));

        if (!paths)
            return;
        all->paths = paths;
        all->capacity = capacity;
    }
    all->paths[all->count] = strdup(path);
    all->count += all->paths[all->count] != NULL;
}

/* The next `size` bytes of the file: their fingerprint. */
static bool read_piece(struct collection *all, int fd, uint64_t offset, uint64_t size,
                       struct rn_content *content)
{
    uint64_t done = 0;

    *content = (struct rn_content){.length = size,
                                   .prefix_crc = all->prefix,
                                   .blocks = size ? (uint32_t)((size - 1) / RN_CONTENT_BLOCK) : 0};
    while (done < size) {
        uint64_t wanted = size - done < BUFFER ? size - done : BUFFER;
        ssize_t got = pread(fd, all->buffer, wanted, (off_t)(offset + done));

        if (got < (ssize_t)wanted)
            return false;
        for (uint64_t at = 0; at < wanted; at += RN_CONTENT_BLOCK) {
            uint64_t block = wanted - at < RN_CONTENT_BLOCK ? wanted - at : RN_CONTENT_BLOCK;

            content->crc = rn_crc64(content->crc, all->buffer + at, block);
            done += block;
            if (done < size)
                all->prefix[done / RN_CONTENT_BLOCK - 1] = content->crc;
        }
    }
    return true;
}

static bool state_piece(struct collection *all, const char *path, const struct stat *info,
                        uint64_t offset, const struct rn_content *content)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_attachment items[2] = {
        {.type = RN_ATT_PATH,
         .arg = RN_ARG_NONE,
         .size = (uint32_t)strlen(path),
         .data = (const uint8_t *)path},
        {.type = RN_ATT_CONTENT, .arg = RN_ARG_NONE, .content = *content}};
    struct rn_event event = {.kind = RN_KIND_DESCRIPTOR,
                             .start = rn_session_now(all->session),
                             .attachment_count = 2,
                             .attachments = items,
                             .u.descriptor = {.fd = UINT64_MAX,
                                              .mode = info->st_mode,
                                              .device = info->st_dev,
                                              .inode = info->st_ino,
                                              .offset = offset}};

    return rn_session_emit(all->session, &event, &err) == RN_OK;
}

static void read_file(struct collection *all, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);
    struct rn_content content;
    struct stat info;
    uint64_t offset = 0;
    bool fine = fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode);

    if (fine && (uint64_t)info.st_size > total_max - all->total)
        fine = false;
    while (fine && (offset == 0 || offset < (uint64_t)info.st_size)) {
        uint64_t left = (uint64_t)info.st_size - offset;
        uint64_t size = left < PIECE ? left : PIECE;

        fine = read_piece(all, fd, offset, size, &content) &&
               state_piece(all, path, &info, offset, &content);
        all->total += size;
        offset += size;
        if (size == 0)
            break;
    }
    if (fd >= 0)
        close(fd);
}

static void read_files(struct collection *all)
{
    all->buffer = malloc(BUFFER);
    all->prefix = malloc(PIECE / RN_CONTENT_BLOCK * sizeof(*all->prefix));
    for (size_t i = 0; i < all->count; i++) {
        if (all->buffer && all->prefix)
            read_file(all, all->paths[i]);
        free(all->paths[i]);
    }
    free(all->paths);
    free(all->buffer);
    free(all->prefix);
}

/* Which they are, by the same model that will compare them. */
static void find_files(struct collection *all, const char *part)
{
    struct rn_effects_options options = {.keep = 0};
    struct rn_error err = RN_ERROR_INIT;
    struct rn_reader *reader = NULL;
    struct rn_effects *effects = NULL;
    struct rn_event event;
    enum rn_status status = rn_reader_open(part, &reader, &err);

    if (status == RN_OK)
        effects = rn_effects_new(rn_reader_manifest(reader), &options);
    while (effects && (status = rn_reader_next_event(reader, &event, &err)) == RN_OK) {
        if (rn_effects_feed(effects, &event, &err) != RN_OK)
            break;
    }
    if (effects && status == RN_EOF)
        rn_effects_open_files(effects, note_path, all);
    rn_effects_free(effects);
    rn_reader_free(reader);
}

static bool need_files(const char *part)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_reader *reader = NULL;
    bool need = rn_reader_open(part, &reader, &err) == RN_OK && rn_effects_need_files(reader);

    rn_reader_free(reader);
    return need;
}

static void see_call(void *context, uint32_t stream, const struct rn_syscall *call,
                     const uint8_t *record, size_t size)
{
    rn_effects_watch_call(context, stream, call, record, size);
}

struct rn_effects_watch *cli_record_watch(struct rn_session *session)
{
    struct rn_effects_watch *watch = rn_effects_watch_new();

    if (watch)
        rn_session_on_call(session, rn_effects_watch_wanted(watch), RN_EFFECTS_WATCHED, see_call,
                           watch);
    return watch;
}

/* All that was recorded has been shown. */
static bool is_clear(struct rn_session *session, struct rn_effects_watch *watch)
{
    bool clear = watch && !rn_effects_watch_found(watch);

    rn_session_on_call(session, NULL, 0, NULL, NULL);
    rn_effects_watch_free(watch);
    return clear;
}

void cli_record_files(struct rn_session *session, const char *output,
                      struct rn_effects_watch *watch)
{
    struct collection all = {.session = session};
    struct rn_error err = RN_ERROR_INIT;
    char part[4096];
    bool flushed = rn_session_flush(session, &err) == RN_OK;

    if (is_clear(session, watch) || !flushed || strcmp(output, "-") == 0 ||
        snprintf(part, sizeof(part), "%s" RN_PART_SUFFIX, output) >= (int)sizeof(part))
        return;
    /* A recording without these is none the worse for other purposes. */
    if (rn_session_calls(session) > CLI_RECORD_FILES_MAX || !need_files(part))
        return;
    find_files(&all, part);
    read_files(&all);
}
