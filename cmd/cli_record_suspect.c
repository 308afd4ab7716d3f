/* SPDX-License-Identifier: MIT */
/* Was there any call after which the content of a file cannot be composed from what was written? */
#include "cli_record.h"

#include "formats/event_schema.h"
#include "formats/reader.h"
#include "formats/syscall_table.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

bool cli_record_suspect(const char *part)
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
