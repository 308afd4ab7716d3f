/* SPDX-License-Identifier: MIT */
/* What effect_suspect.c finds in a recording, looked for while it is made: then most recordings
 * need not be read at their end. Streams come one after another, not in the order of time, so
 * nothing may follow from which of two streams was first. */
#include "effect_suspect.h"

#include "formats/ring_file.h"
#include "formats/syscall_table.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define DESCRIPTORS 1024u
#define ENTRIES     4096u /* a power of 2 */

/* The descriptor that a stream has opened last under that number, and to read alone. */
struct own {
    uint32_t stream, fd;
    bool reads;
};

struct rn_effects_watch {
    uint8_t why[RN_EFFECTS_WATCHED]; /* enum suspicion */
    uint64_t clone3;                 /* its number */
    bool found, threads;
    uint8_t written[DESCRIPTORS];       /* by anyone: opened for writing, or a copy */
    uint8_t moved[DESCRIPTORS];         /* by anyone */
    uint8_t moved_unknown[DESCRIPTORS]; /* but those that the stream itself had opened to read */
    struct own own[ENTRIES];            /* by stream and number; the last one stays */
};

struct rn_effects_watch *rn_effects_watch_new(void)
{
    struct rn_effects_watch *watch = calloc(1, sizeof *watch);

    if (!watch)
        return NULL;
    effect_suspicions(watch->why);
    watch->clone3 = (uint64_t)rn_syscall_number(RN_ABI_X86_64, "clone3", strlen("clone3"));
    watch->written[STDOUT_FILENO] = watch->written[STDERR_FILENO] = 1;
    return watch;
}

void rn_effects_watch_free(struct rn_effects_watch *watch)
{
    free(watch);
}

const uint8_t *rn_effects_watch_wanted(const struct rn_effects_watch *watch)
{
    return watch->why;
}

static struct own *own_of(struct rn_effects_watch *watch, uint32_t stream, uint64_t fd)
{
    return &watch->own[(stream * 31 + fd) % ENTRIES];
}

static void note(struct rn_effects_watch *watch, uint32_t stream, uint64_t fd, bool reads)
{
    if (fd < DESCRIPTORS)
        *own_of(watch, stream, fd) =
            (struct own){.stream = stream, .fd = (uint32_t)fd, .reads = reads};
}

static void opened(struct rn_effects_watch *watch, uint32_t stream, const struct rn_syscall *call,
                   uint64_t flags, const uint8_t *record, size_t size)
{
    struct rn_attachment attachments[RN_RECORD_MAX_ATTACHMENTS];
    struct rn_error ignored = RN_ERROR_INIT;
    struct rn_event event;
    size_t used;

    note(watch, stream, call->ret, !effect_opens_to_write(flags));
    if (!effect_opens_to_write(flags))
        return;
    if (call->ret < DESCRIPTORS)
        watch->written[call->ret] = 1;
    else
        watch->found = true;
    if (!effect_begins_empty(flags) &&
        (rn_record_decode(record, size, &event, attachments, &used, &ignored) != RN_OK ||
         effect_gives_file(&event)))
        watch->found = true;
}

static void moved(struct rn_effects_watch *watch, uint32_t stream, uint64_t fd)
{
    const struct own *own = own_of(watch, stream, fd);

    if (fd >= DESCRIPTORS) {
        watch->found = true;
        return;
    }
    watch->moved[fd] = 1;
    if (own->stream != stream || own->fd != fd || !own->reads)
        watch->moved_unknown[fd] = 1;
}

/* Whose copy it is may not be known yet: in doubt, of one that is written. */
static void copied(struct rn_effects_watch *watch, uint32_t stream, const struct rn_syscall *call)
{
    const struct own *from = own_of(watch, stream, call->args[0]);
    bool reads = from->stream == stream && from->fd == call->args[0] && from->reads;

    note(watch, stream, call->ret, reads);
    if (!reads && call->ret < DESCRIPTORS)
        watch->written[call->ret] = 1;
}

void rn_effects_watch_call(struct rn_effects_watch *watch, uint32_t stream,
                           const struct rn_syscall *call, const uint8_t *record, size_t size)
{
    const uint64_t *args = call->args;

    if (call->ret >= (uint64_t)-4095 || watch->found)
        return;
    if (call->abi != RN_ABI_X86_64) {
        watch->found = true;
        return;
    }
    switch (call->nr < RN_EFFECTS_WATCHED ? (enum suspicion)watch->why[call->nr] : NEVER) {
    case ALWAYS:
        watch->found = true;
        break;
    case SHARED_WRITABLE:
        watch->found = effect_maps_shared(args);
        break;
    case OPENED_AS_IT_WAS:
        opened(watch, stream, call, args[1], record, size);
        break;
    case OPENED_AS_IT_WAS_AT:
        opened(watch, stream, call, args[2], record, size);
        break;
    case MOVED_ABOUT:
        if (args[2] == SEEK_SET)
            moved(watch, stream, args[0]);
        break;
    case COPIES_BY_COMMAND:
        if (args[1] == F_DUPFD || args[1] == F_DUPFD_CLOEXEC)
            copied(watch, stream, call);
        break;
    case COPIES:
        copied(watch, stream, call);
        break;
    case MAKES_THREADS: /* what clone3 makes is not among its arguments */
        watch->threads |= call->nr == watch->clone3 || args[0] & (CLONE_THREAD | CLONE_FILES);
        break;
    case CLOSES:
    case NEVER:
        break;
    }
}

bool rn_effects_watch_found(const struct rn_effects_watch *watch)
{
    const uint8_t *doubtful = watch->threads ? watch->moved : watch->moved_unknown;

    for (unsigned fd = 0; fd < DESCRIPTORS; fd++)
        if (doubtful[fd] && watch->written[fd])
            return true;
    return watch->found;
}
