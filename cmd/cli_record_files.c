/* SPDX-License-Identifier: MIT */
/* The content of a file cannot always be composed from what was written into it: it was written
 * through a mapping, overwritten in part, or there before. Then it is read when the program has
 * ended. Two passes over the recording: the first looks whether there was any call that can lead to
 * that, which is cheap and true of few programs. */
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

static const char *const suspects[] = {
    "pwrite64",  "pwritev",         "pwritev2", "ftruncate", "truncate",
    "fallocate", "copy_file_range", "splice",   "sendfile",  "rename",
    "renameat",  "renameat2",       "link",     "linkat",    "ioctl"};

struct scan {
    uint8_t interesting[1024]; /* 1: by its number, 2: mmap, 3: open, 4: openat, 5: lseek, 6: dup2,
                                  7: close */
    bool writable[1024];       /* numbers of descriptors that were opened for that by any process */
    bool found;
};

static void set_interest(struct scan *scan, const char *name, uint8_t how)
{
    int nr = rn_syscall_number(RN_ABI_X86_64, name, strlen(name));

    if (nr >= 0 && nr < 1024)
        scan->interesting[nr] = how;
}

/* A descriptor that can be written to, whose content does not begin anew, or that is moved about
 * in.
 */
static bool suspicious_flags(uint64_t flags)
{
    return (flags & O_ACCMODE) != O_RDONLY &&
           ((flags & O_ACCMODE) == O_RDWR || flags & O_APPEND || !(flags & O_TRUNC));
}

/* Devices and pipes have no content that stays. */
static bool opens_file(struct rn_batch *batch, uint32_t row)
{
    const struct rn_attachment *given;
    struct rn_fd_identity identity;
    struct rn_event event;

    if (rn_batch_event(batch, row, &event, NULL) != RN_OK)
        return true;
    given = rn_event_attachment(&event, RN_ATT_FD, RN_ARG_ANY);
    if (!given || given->size < sizeof(identity))
        return true;
    memcpy(&identity, given->data, sizeof(identity));
    return S_ISREG(identity.mode);
}

static bool suspicious_open(struct scan *scan, struct rn_batch *batch, uint32_t row, uint64_t flags,
                            uint64_t fd)
{
    if ((flags & O_ACCMODE) != O_RDONLY && fd < 1024)
        scan->writable[fd] = true;
    return suspicious_flags(flags) && opens_file(batch, row);
}

static void copy_descriptor(struct scan *scan, uint64_t from, uint64_t to)
{
    if (from < 1024 && to < 1024 && scan->writable[from])
        scan->writable[to] = true;
}

static bool suspicious(struct scan *scan, struct rn_batch *batch, uint8_t how,
                       const uint64_t *const *args, uint64_t ret, uint32_t row)
{
    switch (how) {
    case 1:
        return true;
    case 2:
        return args[3][row] & MAP_SHARED && args[2][row] & PROT_WRITE &&
               !(args[3][row] & MAP_ANONYMOUS);
    case 3:
        return suspicious_open(scan, batch, row, args[1][row], ret);
    case 4:
        return suspicious_open(scan, batch, row, args[2][row], ret);
    case 5: /* not where it only asks for the position or the length, or reads */
        return args[2][row] == SEEK_SET && (args[0][row] >= 1024 || scan->writable[args[0][row]]);
    case 6:
        copy_descriptor(scan, args[0][row], ret);
        return false;
    case 7: /* by any process, as it was opened: where two differ, a file is not read that might be
             */
        if (args[0][row] < 1024)
            scan->writable[args[0][row]] = false;
        return false;
    default:
        return false;
    }
}

static void scan_batch(struct scan *scan, struct rn_batch *batch)
{
    const uint64_t *nr = rn_batch_column(batch, RN_COLUMN_WORD, NULL);
    const uint64_t *ret = rn_batch_column(batch, RN_COLUMN_WORD + 2, NULL);
    const uint64_t *args[4];

    for (unsigned i = 0; i < 4; i++)
        args[i] = rn_batch_column(batch, RN_COLUMN_WORD + 4 + i, NULL);
    if (!nr || !ret || !args[0] || !args[1] || !args[2] || !args[3])
        return;
    for (uint32_t row = 0; row < batch->rows && !scan->found; row++) {
        uint8_t how = nr[row] < 1024 ? scan->interesting[nr[row]] : 0;

        if (how && ret[row] < (uint64_t)-4095)
            scan->found = suspicious(scan, batch, how, args, ret[row], row);
    }
}

/* True where a file may have to be read; false also where the recording is too long to look. */
static bool worth_it(const char *part)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_reader *reader = NULL;
    struct rn_batch batch;
    struct scan scan = {.found = false};
    uint64_t rows = 0;

    for (size_t i = 0; i < sizeof(suspects) / sizeof(suspects[0]); i++)
        set_interest(&scan, suspects[i], 1);
    set_interest(&scan, "mmap", 2);
    set_interest(&scan, "open", 3);
    set_interest(&scan, "openat", 4);
    set_interest(&scan, "lseek", 5);
    set_interest(&scan, "close", 7);
    set_interest(&scan, "dup", 6);
    set_interest(&scan, "dup2", 6);
    set_interest(&scan, "dup3", 6);
    set_interest(&scan, "fcntl", 6);
    scan.writable[1] = scan.writable[2] = true;
    if (rn_reader_open(part, &reader, &err) != RN_OK)
        return false;
    while (rows <= CLI_RECORD_FILES_MAX && rn_reader_next(reader, &batch, &err) == RN_OK) {
        rows += batch.rows;
        if (batch.kind == RN_KIND_SYSCALL && !scan.found)
            scan_batch(&scan, &batch);
    }
    rn_reader_free(reader);
    return scan.found && rows <= CLI_RECORD_FILES_MAX;
}

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

void cli_record_files(struct rn_session *session, const char *output)
{
    struct collection all = {.session = session};
    struct rn_error err = RN_ERROR_INIT;
    char part[4096];

    if (strcmp(output, "-") == 0 ||
        snprintf(part, sizeof(part), "%s" RN_PART_SUFFIX, output) >= (int)sizeof(part))
        return;
    /* A recording without these is none the worse for other purposes. */
    if (rn_session_flush(session, &err) != RN_OK || !worth_it(part))
        return;
    find_files(&all, part);
    read_files(&all);
}
