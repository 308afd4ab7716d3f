/* SPDX-License-Identifier: MIT */
/* What descriptors stand for, as far as -y, -yy or the calls themselves tell it. */
#include "formats/name_hash.h"
#include "strace_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define KNOWN  1u /* in a slot: -y said what it is */
#define SOCKET 2u /* ... and it is one, whose name changes as it is bound and connected */

/* pipe:[123], TCP:[...], /dev/null<char 1:3>: the type, and what names the object. *length becomes
 * that of the path. An inode that is not told is 0. */
static void identify(const char *text, size_t *length, struct rn_fd_identity *what)
{
    char name[128];
    size_t size = *length < sizeof(name) - 1 ? *length : sizeof(name) - 1;
    const char *bracket;
    char *device, *after;
    unsigned numbers[2];

    memcpy(name, text, size);
    name[size] = '\0';
    bracket = strstr(name, ":[");
    if (name[0] != '/' && bracket) {
        what->mode = strncmp(name, "pipe:", 5) == 0          ? S_IFIFO
                     : strncmp(name, "anon_inode:", 11) == 0 ? 0
                                                             : S_IFSOCK;
        what->inode = strtoull(bracket + 2, &after, 10);
        if (!what->mode || *after == '.' || *after == ':')
            what->inode = 0;
        return;
    }
    device = strchr(name, '<');
    if (device && sscanf(device, "<char %u:%u>", &numbers[0], &numbers[1]) == 2)
        what->mode = S_IFCHR;
    else if (device && sscanf(device, "<block %u:%u>", &numbers[0], &numbers[1]) == 2)
        what->mode = S_IFBLK;
    if (what->mode) {
        what->rdev = makedev(numbers[0], numbers[1]);
        *length = (size_t)(device - name);
    } else if (strcmp(name, "/dev/null") == 0) {
        /* Documentation/admin-guide/devices.txt of Linux. */
        what->mode = S_IFCHR;
        what->rdev = makedev(1, 3);
    }
}

/* Objects without a name: one number is as good as another, but they must differ. */
static void number_object(struct strace_reader *reader, struct rn_fd_identity *what)
{
    if (what->inode == 0 && (what->mode == S_IFIFO || what->mode == S_IFSOCK))
        what->inode = ++reader->objects;
}

/* ---- what a call made ---- */

static void attach_identity(struct strace_call *c, const struct rn_fd_identity *what)
{
    uint8_t *bytes = strace_arena_take(&c->arena, sizeof(*what));

    if (!bytes)
        return;
    memcpy(bytes, what, sizeof(*what));
    strace_attach(c, RN_ATT_FD, RN_ARG_RETURN, bytes, sizeof(*what));
}

static const struct strace_named_fd *find_named(const struct strace_call *c, uint64_t fd)
{
    for (uint32_t i = 0; i < c->named_count; i++)
        if (c->named[i].result && c->named[i].fd == fd)
            return &c->named[i];
    return NULL;
}

/* Both ends of a pipe are one object; a pair of sockets is two. */
static void attach_pair(struct strace_call *c, unsigned arg)
{
    const struct rn_attachment *pair = NULL;
    struct rn_fd_identity what = {.mode = arg == 0 ? S_IFIFO : S_IFSOCK};

    for (uint32_t i = 0; i < c->count; i++)
        if (c->items[i].type == RN_ATT_STRUCT && c->items[i].arg == arg && c->items[i].size == 8)
            pair = &c->items[i];
    for (unsigned i = 0; pair && i < 2; i++) {
        const struct strace_named_fd *named;
        size_t length;
        uint32_t fd;

        memcpy(&fd, pair->data + 4 * i, 4);
        named = find_named(c, fd);
        if (arg != 0)
            what.inode = 0;
        if (named) {
            length = named->length;
            identify(named->name, &length, &what);
        }
        number_object(c->reader, &what);
        what.fd = fd;
        attach_identity(c, &what);
        pair = &c->items[pair - c->items];
    }
}

static void attach_named(struct strace_call *c)
{
    for (uint32_t i = 0; i < c->named_count; i++) {
        struct rn_fd_identity what = {.fd = c->named[i].fd};
        size_t length = c->named[i].length;

        if (!c->named[i].result)
            continue;
        identify(c->named[i].name, &length, &what);
        if (what.mode && (what.inode || what.rdev))
            attach_identity(c, &what);
    }
}

/* open("/dev/null") */
static void attach_null(struct strace_call *c)
{
    struct rn_fd_identity what = {.fd = c->event.u.syscall.ret};
    size_t length = 9;

    for (uint32_t i = 0; i < c->count; i++)
        if (c->items[i].type == RN_ATT_PATH && c->items[i].size == length &&
            memcmp(c->items[i].data, "/dev/null", length) == 0) {
            identify("/dev/null", &length, &what);
            attach_identity(c, &what);
            return;
        }
}

void strace_identities(struct strace_call *c)
{
    uint8_t type = c->info ? c->info->return_type : RN_RETURN_INT;

    if (!c->returned || c->failed || !c->info)
        return;
    for (unsigned arg = 0; arg < c->info->arg_count; arg++)
        if (c->info->args[arg].type == RN_TYPE_FDPAIR_OUT) {
            attach_pair(c, arg);
            return;
        }
    if (c->named_count)
        attach_named(c);
    else if (type == RN_RETURN_FD && c->count && c->items[0].type == RN_ATT_PATH)
        attach_null(c);
}

/* ---- what was open before ---- */

static uint64_t *file_slot(struct strace_process *process, uint64_t fd)
{
    struct rn_buf *files = &process->files;

    if (fd >= STRACE_FILES_MAX)
        return NULL;
    while (files->size < (fd + 1) * 8 && !files->failed)
        rn_buf_u64(files, 0);
    return files->failed ? NULL : (uint64_t *)(void *)files->data + fd;
}

static enum rn_status add_descriptor(struct strace_call *c, const struct strace_named_fd *named,
                                     struct rn_fd_identity *what, size_t length)
{
    struct rn_attachment path = {.type = RN_ATT_PATH,
                                 .arg = RN_ARG_NONE,
                                 .size = (uint32_t)length,
                                 .data = (const uint8_t *)named->name};
    struct rn_event event = {.kind = RN_KIND_DESCRIPTOR,
                             .stream = c->thread->stream,
                             .start = c->event.start,
                             .attachment_count = 1,
                             .attachments = &path};

    number_object(c->reader, what);
    event.u.descriptor = (struct rn_descriptor){.pid = c->thread->process->pid,
                                                .fd = named->fd,
                                                .mode = what->mode,
                                                .inode = what->inode,
                                                .rdev = what->rdev,
                                                .flags = O_RDWR};
    return rn_import_add(c->reader->import, &event, c->reader->err);
}

enum rn_status strace_tell_descriptors(struct strace_call *c, bool results)
{
    enum rn_status status = RN_OK;

    for (uint32_t i = 0; i < c->named_count && status == RN_OK; i++) {
        const struct strace_named_fd *named = &c->named[i];
        uint64_t hash = rn_name_hash(named->name, named->length) & ~(uint64_t)(KNOWN | SOCKET);
        uint64_t *slot = file_slot(c->thread->process, named->fd);
        struct rn_fd_identity what = {.fd = named->fd};
        size_t length = named->length;

        if (!slot || named->result != results || (*slot & ~(uint64_t)(KNOWN | SOCKET)) == hash)
            continue;
        identify(named->name, &length, &what);
        hash |= KNOWN | (what.mode == S_IFSOCK ? SOCKET : 0);
        if (!results && !(hash & *slot & SOCKET))
            status = add_descriptor(c, named, &what, length);
        *slot = hash;
    }
    return status;
}
