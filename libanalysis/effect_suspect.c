/* SPDX-License-Identifier: MIT */
/* Was there any call after which the content of a file cannot be composed from what was written? By
 * columns, and in doubt yes: most recordings have none, and are done with soon. */
#include "effect_suspect.h"

#include "formats/event_schema.h"
#include "formats/syscall_table.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DESCRIPTORS 1024u
#define ANY_STREAM  UINT64_MAX

static const struct {
    const char *call;
    enum suspicion why;
} suspects[] = {
    {"pwrite64", ALWAYS},
    {"pwritev", ALWAYS},
    {"pwritev2", ALWAYS},
    {"ftruncate", ALWAYS},
    {"truncate", ALWAYS},
    {"fallocate", ALWAYS},
    {"splice", ALWAYS},
    {"copy_file_range", ALWAYS},
    {"sendfile", ALWAYS},
    {"rename", ALWAYS},
    {"renameat", ALWAYS},
    {"renameat2", ALWAYS},
    {"link", ALWAYS},
    {"linkat", ALWAYS},
    {"ioctl", ALWAYS},
    {"mmap", SHARED_WRITABLE},
    {"open", OPENED_AS_IT_WAS},
    {"openat", OPENED_AS_IT_WAS_AT},
    {"lseek", MOVED_ABOUT},
    {"dup", COPIES},
    {"dup2", COPIES},
    {"dup3", COPIES},
    {"fcntl", COPIES_BY_COMMAND},
    {"close", CLOSES},
    {"clone", MAKES_THREADS},
    {"clone3", MAKES_THREADS},
};

void effect_suspicions(uint8_t why[RN_EFFECTS_WATCHED])
{
    memset(why, 0, RN_EFFECTS_WATCHED);
    for (size_t i = 0; i < sizeof suspects / sizeof suspects[0]; i++) {
        int nr = rn_syscall_number(RN_ABI_X86_64, suspects[i].call, strlen(suspects[i].call));

        if (nr >= 0 && (unsigned)nr < RN_EFFECTS_WATCHED)
            why[nr] = (uint8_t)suspects[i].why;
    }
}

bool effect_maps_shared(const uint64_t args[6])
{
    return args[3] & MAP_SHARED && args[2] & PROT_WRITE && !(args[3] & MAP_ANONYMOUS);
}

bool effect_opens_to_write(uint64_t flags)
{
    return (flags & O_ACCMODE) != O_RDONLY;
}

bool effect_begins_empty(uint64_t flags)
{
    if (flags & O_APPEND)
        return false;
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
        return true;
    return (flags & O_ACCMODE) == O_WRONLY && flags & O_TRUNC;
}

bool effect_gives_file(const struct rn_event *event)
{
    const struct rn_attachment *given = rn_event_attachment(event, RN_ATT_FD, RN_ARG_ANY);
    struct rn_fd_identity identity;

    if (!given || given->size < sizeof identity)
        return true;
    memcpy(&identity, given->data, sizeof identity);
    return S_ISREG(identity.mode);
}

struct scan {
    uint8_t why[RN_EFFECTS_WATCHED]; /* enum suspicion */
    /* By number: the stream that has opened a descriptor of that number for writing, 0 none. Whose
     * table it is is not followed, so only the same stream's close takes it away. */
    uint64_t writer[DESCRIPTORS];
};

/* The columns of a batch of system calls. */
struct calls {
    struct rn_batch *batch;
    const uint64_t *stream, *nr, *abi, *ret, *args[4];
};

static bool get_calls(struct rn_batch *batch, struct calls *calls)
{
    bool all = true;

    calls->batch = batch;
    calls->stream = rn_batch_column(batch, RN_COLUMN_STREAM, NULL);
    calls->nr = rn_batch_column(batch, RN_COLUMN_WORD, NULL);
    calls->abi = rn_batch_column(batch, RN_COLUMN_WORD + 1, NULL);
    calls->ret = rn_batch_column(batch, RN_COLUMN_WORD + 2, NULL);
    for (unsigned i = 0; i < 4; i++) {
        calls->args[i] = rn_batch_column(batch, RN_COLUMN_WORD + 4 + i, NULL);
        all = all && calls->args[i];
    }
    return all && calls->stream && calls->nr && calls->abi && calls->ret;
}

static bool gives_file(const struct calls *calls, uint32_t row)
{
    struct rn_event event;

    return rn_batch_event(calls->batch, row, &event, NULL) != RN_OK || effect_gives_file(&event);
}

static bool opened(struct scan *scan, const struct calls *calls, uint32_t row, uint64_t flags)
{
    uint64_t fd = calls->ret[row];

    if (!effect_opens_to_write(flags))
        return false;
    if (fd < DESCRIPTORS)
        scan->writer[fd] = calls->stream[row];
    if (effect_begins_empty(flags))
        return false;
    return gives_file(calls, row);
}

static bool is_writable(const struct scan *scan, uint64_t fd)
{
    return fd >= DESCRIPTORS || scan->writer[fd] != 0;
}

static void copied(struct scan *scan, const struct calls *calls, uint32_t row)
{
    if (is_writable(scan, calls->args[0][row]) && calls->ret[row] < DESCRIPTORS)
        scan->writer[calls->ret[row]] = calls->stream[row];
}

static void closed(struct scan *scan, const struct calls *calls, uint32_t row)
{
    uint64_t fd = calls->args[0][row];

    if (fd < DESCRIPTORS && scan->writer[fd] == calls->stream[row])
        scan->writer[fd] = 0;
}

static bool is_suspicious(struct scan *scan, const struct calls *calls, uint32_t row)
{
    const uint64_t *const *args = calls->args;
    uint64_t command = args[1][row];

    switch ((enum suspicion)scan->why[calls->nr[row]]) {
    case ALWAYS:
        return true;
    case SHARED_WRITABLE:
        return effect_maps_shared((const uint64_t[6]){0, 0, args[2][row], args[3][row]});
    case OPENED_AS_IT_WAS:
        return opened(scan, calls, row, args[1][row]);
    case OPENED_AS_IT_WAS_AT:
        return opened(scan, calls, row, args[2][row]);
    case MOVED_ABOUT: /* not where it only asks for the position or the length */
        return args[2][row] == SEEK_SET && is_writable(scan, args[0][row]);
    case COPIES_BY_COMMAND:
        if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
            copied(scan, calls, row);
        return false;
    case COPIES:
        copied(scan, calls, row);
        return false;
    case CLOSES:
        closed(scan, calls, row);
        return false;
    case MAKES_THREADS:
    case NEVER:
        break;
    }
    return false;
}

static bool scan_batch(struct scan *scan, struct rn_batch *batch)
{
    struct calls calls;

    if (!get_calls(batch, &calls))
        return false;
    for (uint32_t row = 0; row < batch->rows; row++) {
        if (calls.abi[row] != RN_ABI_X86_64) /* other numbers: not looked into */
            return true;
        if (calls.nr[row] < RN_EFFECTS_WATCHED && scan->why[calls.nr[row]] != NEVER &&
            calls.ret[row] < (uint64_t)-4095 && is_suspicious(scan, &calls, row))
            return true;
    }
    return false;
}

bool rn_effects_need_files(struct rn_reader *reader)
{
    struct scan scan = {.writer = {[STDOUT_FILENO] = ANY_STREAM, [STDERR_FILENO] = ANY_STREAM}};
    struct rn_error ignored = RN_ERROR_INIT;
    struct rn_batch batch;

    effect_suspicions(scan.why);
    while (rn_reader_next(reader, &batch, &ignored) == RN_OK)
        if (batch.kind == RN_KIND_SYSCALL && scan_batch(&scan, &batch))
            return true;
    return false;
}
