/* SPDX-License-Identifier: MIT */
/* Which file a descriptor stands for, followed through the calls that open, copy and close. */
#include "formats/syscall_table.h"
#include "trace_model.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/un.h>

#define NAME_MAX_LENGTH 4096u
#define NO_ARG          6u

enum effect {
    EFFECT_OPEN, /* returns a descriptor for a path */
    EFFECT_NEW,  /* returns descriptors of another kind */
    EFFECT_DUP,
    EFFECT_CLOSE,
    EFFECT_CLOSE_RANGE,
    EFFECT_FCNTL,
    EFFECT_CONNECT,
    EFFECT_CHDIR,
    EFFECT_FCHDIR,
};

struct call_effect {
    const char *call;
    uint8_t effect;    /* enum effect */
    uint8_t dirfd_arg; /* EFFECT_OPEN: the directory that the path starts from */
    uint8_t flags_arg; /* where close-on-exec is asked for */
    uint32_t cloexec;  /* by this bit */
    const char *label; /* EFFECT_NEW: name of the descriptor; NULL: after its identity */
};

/* SOCK_CLOEXEC, EPOLL_CLOEXEC, TFD_CLOEXEC and their like are all O_CLOEXEC. */
static const struct call_effect call_effects[] = {
    {"open", EFFECT_OPEN, NO_ARG, 1, O_CLOEXEC, NULL},
    {"openat", EFFECT_OPEN, 0, 2, O_CLOEXEC, NULL},
    {"openat2", EFFECT_OPEN, 0, NO_ARG, 0, NULL},
    {"creat", EFFECT_OPEN, NO_ARG, NO_ARG, 0, NULL},
    {"open_by_handle_at", EFFECT_NEW, NO_ARG, 2, O_CLOEXEC, NULL},
    {"pipe", EFFECT_NEW, NO_ARG, NO_ARG, 0, NULL},
    {"pipe2", EFFECT_NEW, NO_ARG, 1, O_CLOEXEC, NULL},
    {"socket", EFFECT_NEW, NO_ARG, 1, O_CLOEXEC, NULL},
    {"socketpair", EFFECT_NEW, NO_ARG, 1, O_CLOEXEC, NULL},
    {"accept", EFFECT_NEW, NO_ARG, NO_ARG, 0, NULL},
    {"accept4", EFFECT_NEW, NO_ARG, 3, O_CLOEXEC, NULL},
    {"recvmsg", EFFECT_NEW, NO_ARG, 2, 0x40000000 /* MSG_CMSG_CLOEXEC */, NULL},
    {"epoll_create", EFFECT_NEW, NO_ARG, NO_ARG, 0, "anon_inode:[eventpoll]"},
    {"epoll_create1", EFFECT_NEW, NO_ARG, 0, O_CLOEXEC, "anon_inode:[eventpoll]"},
    {"eventfd", EFFECT_NEW, NO_ARG, NO_ARG, 0, "anon_inode:[eventfd]"},
    {"eventfd2", EFFECT_NEW, NO_ARG, 1, O_CLOEXEC, "anon_inode:[eventfd]"},
    {"signalfd", EFFECT_NEW, NO_ARG, NO_ARG, 0, "anon_inode:[signalfd]"},
    {"signalfd4", EFFECT_NEW, NO_ARG, 3, O_CLOEXEC, "anon_inode:[signalfd]"},
    {"timerfd_create", EFFECT_NEW, NO_ARG, 1, O_CLOEXEC, "anon_inode:[timerfd]"},
    {"inotify_init", EFFECT_NEW, NO_ARG, NO_ARG, 0, "anon_inode:inotify"},
    {"inotify_init1", EFFECT_NEW, NO_ARG, 0, O_CLOEXEC, "anon_inode:inotify"},
    {"memfd_create", EFFECT_NEW, NO_ARG, 1, MFD_CLOEXEC, "/memfd:"},
    {"pidfd_open", EFFECT_NEW, NO_ARG, NO_ARG, 0, "anon_inode:[pidfd]"},
    {"pidfd_getfd", EFFECT_NEW, NO_ARG, NO_ARG, 0, NULL},
    {"io_uring_setup", EFFECT_NEW, NO_ARG, NO_ARG, 0, "anon_inode:[io_uring]"},
    {"userfaultfd", EFFECT_NEW, NO_ARG, 0, O_CLOEXEC, "anon_inode:[userfaultfd]"},
    {"perf_event_open", EFFECT_NEW, NO_ARG, 4, 8 /* PERF_FLAG_FD_CLOEXEC */,
     "anon_inode:[perf_event]"},
    {"dup", EFFECT_DUP, NO_ARG, NO_ARG, 0, NULL},
    {"dup2", EFFECT_DUP, NO_ARG, NO_ARG, 0, NULL},
    {"dup3", EFFECT_DUP, NO_ARG, 2, O_CLOEXEC, NULL},
    {"close", EFFECT_CLOSE, NO_ARG, NO_ARG, 0, NULL},
    {"close_range", EFFECT_CLOSE_RANGE, NO_ARG, NO_ARG, 0, NULL},
    {"fcntl", EFFECT_FCNTL, NO_ARG, NO_ARG, 0, NULL},
    {"fcntl64", EFFECT_FCNTL, NO_ARG, NO_ARG, 0, NULL},
    {"connect", EFFECT_CONNECT, NO_ARG, NO_ARG, 0, NULL},
    {"chdir", EFFECT_CHDIR, NO_ARG, NO_ARG, 0, NULL},
    {"fchdir", EFFECT_FCHDIR, NO_ARG, NO_ARG, 0, NULL},
};
#define EFFECT_COUNT (sizeof call_effects / sizeof call_effects[0])

void rn_trace_effects_init(struct rn_trace *trace)
{
    for (size_t i = 0; i < EFFECT_COUNT; i++) {
        const char *call = call_effects[i].call;

        for (unsigned abi = 0; abi < RN_ABI_COUNT; abi++) {
            int nr = rn_syscall_number((enum rn_abi)abi, call, strlen(call));

            if (nr >= 0 && (unsigned)nr < RN_CALL_NUMBERS)
                trace->effects[abi][nr] = (uint8_t)(i + 1);
        }
    }
}

/* A path as passed, made absolute where the directory is known. Dots stay: only the kernel knows
 * what they led to. */
static struct rn_shared_name *path_name(struct rn_trace *trace, const char *directory,
                                        const struct rn_attachment *path)
{
    char joined[NAME_MAX_LENGTH];
    const char *text = (const char *)path->data;
    size_t length = path->size;
    int written;

    if (length >= 2 && text[0] == '.' && text[1] == '/') {
        text += 2;
        length -= 2;
    }
    if (!directory || (length && text[0] == '/') || length > NAME_MAX_LENGTH)
        return rn_shared_name_new(trace, text, length);
    written = snprintf(joined, sizeof joined, "%s%s%.*s", directory,
                       strcmp(directory, "/") == 0 ? "" : "/", (int)length, text);
    if (written < 0 || (size_t)written >= sizeof joined)
        return NULL;
    return rn_shared_name_new(trace, joined, (size_t)written);
}

static const char *directory_of(const struct rn_trace_process *process,
                                const struct call_effect *effect, const struct rn_syscall *call)
{
    int32_t dirfd = effect->dirfd_arg < NO_ARG ? (int32_t)call->args[effect->dirfd_arg] : AT_FDCWD;

    if (dirfd == AT_FDCWD)
        return process->cwd ? process->cwd->text : NULL;
    return dirfd >= 0 ? rn_fd_table_name(process->files, (uint64_t)dirfd) : NULL;
}

static struct rn_shared_name *opened_name(struct rn_trace *trace,
                                          const struct rn_trace_process *process,
                                          const struct call_effect *effect,
                                          const struct rn_event *event)
{
    const struct rn_attachment *path = rn_event_attachment(event, RN_ATT_PATH, RN_ARG_ANY);

    if (!path || !path->data)
        return NULL;
    return path_name(trace, directory_of(process, effect, &event->u.syscall), path);
}

/* As /proc/PID/fd shows it. */
static struct rn_shared_name *identity_name(struct rn_trace *trace,
                                            const struct rn_fd_identity *identity)
{
    const char *type = NULL;
    char text[64];
    int length;

    if (!identity)
        return NULL;
    if (S_ISSOCK(identity->mode))
        type = "socket";
    else if (S_ISFIFO(identity->mode))
        type = "pipe";
    if (!type)
        return NULL;
    length = snprintf(text, sizeof text, "%s:[%llu]", type, (unsigned long long)identity->inode);
    return rn_shared_name_new(trace, text, (size_t)length);
}

static struct rn_shared_name *labelled_name(struct rn_trace *trace,
                                            const struct call_effect *effect,
                                            const struct rn_event *event)
{
    const struct rn_attachment *suffix = rn_event_attachment(event, RN_ATT_STRING, 0);
    char text[256];
    int length = snprintf(text, sizeof text, "%s", effect->label);

    /* memfd_create: the label is a prefix. */
    if (effect->label[0] == '/' && suffix && suffix->data)
        length =
            snprintf(text, sizeof text, "%s%.*s", effect->label,
                     (int)(suffix->size < 200 ? suffix->size : 200), (const char *)suffix->data);
    return rn_shared_name_new(trace, text, (size_t)length);
}

/* "127.0.0.1:80", "[::1]:80", "/run/x", "@abstract"; false where it says nothing. */
static bool address_text(const struct rn_attachment *attachment, char *out, size_t size)
{
    char host[INET6_ADDRSTRLEN];
    struct sockaddr_storage storage = {0};
    const struct sockaddr_in *in = (const void *)&storage;
    const struct sockaddr_in6 *in6 = (const void *)&storage;
    const struct sockaddr_un *un = (const void *)&storage;
    size_t length = attachment->size < sizeof storage ? attachment->size : sizeof storage;

    if (!attachment->data)
        return false;
    memcpy(&storage, attachment->data, length);
    if (storage.ss_family == AF_INET && length >= sizeof *in) {
        snprintf(out, size, "%s:%u", inet_ntop(AF_INET, &in->sin_addr, host, sizeof host),
                 ntohs(in->sin_port));
    } else if (storage.ss_family == AF_INET6 && length >= sizeof *in6 - sizeof in6->sin6_scope_id) {
        snprintf(out, size, "[%s]:%u", inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host),
                 ntohs(in6->sin6_port));
    } else if (storage.ss_family == AF_UNIX && length > sizeof un->sun_family) {
        bool abstract = !un->sun_path[0];

        snprintf(out, size, "%s%.*s", abstract ? "@" : "",
                 (int)(length - sizeof un->sun_family - abstract), un->sun_path + abstract);
    } else {
        return false;
    }
    return true;
}

/* "socket:[123]" becomes "socket:[123]->127.0.0.1:80". */
static void connect_name(struct rn_trace *trace, struct rn_fd_entry *entry,
                         const struct rn_attachment *address)
{
    char peer[160], text[256];
    const char *arrow;
    int own, length;

    if (!entry || !entry->name || !address || !address_text(address, peer, sizeof peer))
        return;
    arrow = strstr(entry->name->text, "->");
    own = (int)(arrow ? (size_t)(arrow - entry->name->text) : strnlen(entry->name->text, 64));
    length = snprintf(text, sizeof text, "%.*s->%s", own, entry->name->text, peer);
    rn_shared_name_drop(trace, entry->name);
    entry->name = rn_shared_name_new(trace, text, (size_t)length);
}

static bool asks_close_on_exec(const struct call_effect *effect, const struct rn_event *event)
{
    const struct rn_attachment *how;
    uint64_t flags = 0;

    if (effect->flags_arg < NO_ARG)
        return event->u.syscall.args[effect->flags_arg] & effect->cloexec;
    how = rn_event_attachment(event, RN_ATT_STRUCT, 2);
    if (effect->effect != EFFECT_OPEN || !how || !how->data || how->size < sizeof flags)
        return false;
    memcpy(&flags, how->data, sizeof flags); /* openat2's struct begins with them */
    return flags & O_CLOEXEC;
}

static struct rn_shared_name *new_name(struct rn_trace *trace,
                                       const struct rn_trace_process *process,
                                       const struct call_effect *effect,
                                       const struct rn_event *event,
                                       const struct rn_fd_identity *identity)
{
    if (effect->effect == EFFECT_OPEN)
        return opened_name(trace, process, effect, event);
    if (effect->label)
        return labelled_name(trace, effect, event);
    return identity_name(trace, identity);
}

static void set_new(struct rn_trace *trace, struct rn_trace_process *process,
                    const struct call_effect *effect, const struct rn_event *event, uint64_t fd,
                    const struct rn_fd_identity *identity)
{
    rn_fd_table_set(trace, process, fd, new_name(trace, process, effect, event, identity),
                    asks_close_on_exec(effect, event));
}

static void feed_new(struct rn_trace *trace, struct rn_trace_process *process,
                     const struct call_effect *effect, const struct rn_event *event)
{
    uint64_t fd = event->u.syscall.ret;
    bool identified = false;

    for (uint32_t i = 0; i < event->attachment_count; i++) {
        const struct rn_attachment *attachment = &event->attachments[i];
        struct rn_fd_identity identity;

        if (attachment->type != RN_ATT_FD || attachment->size < sizeof identity)
            continue;
        memcpy(&identity, attachment->data, sizeof identity);
        set_new(trace, process, effect, event, identity.fd, &identity);
        identified = true;
    }
    /* Calls that return no descriptor themselves are only known by the identities. */
    if (!identified && (effect->effect == EFFECT_OPEN || effect->label))
        set_new(trace, process, effect, event, fd, NULL);
    if (strncmp(effect->call, "accept", 6) == 0)
        connect_name(trace, rn_fd_table_entry(process->files, fd),
                     rn_event_attachment(event, RN_ATT_SOCKADDR, RN_ARG_ANY));
}

static void feed_dup(struct rn_trace *trace, struct rn_trace_process *process, uint64_t from,
                     uint64_t to, bool close_on_exec)
{
    const struct rn_fd_entry *entry = rn_fd_table_entry(process->files, from);

    if (from == to) /* dup2 of a descriptor to itself changes nothing */
        return;
    rn_fd_table_set(trace, process, to, entry ? rn_shared_name_hold(entry->name) : NULL,
                    close_on_exec);
}

static void feed_close_range(struct rn_trace *trace, const struct rn_trace_process *process,
                             const struct rn_syscall *call)
{
    const struct rn_fd_table *files = process->files;
    uint32_t first = (uint32_t)call->args[0], last = (uint32_t)call->args[1];

    for (uint64_t fd = first; files && fd < files->size && fd <= last; fd++) {
        if (call->args[2] & CLOSE_RANGE_CLOEXEC)
            files->entries[fd].close_on_exec = true;
        else
            rn_fd_entry_close(trace, &files->entries[fd]);
    }
}

static void feed_fcntl(struct rn_trace *trace, struct rn_trace_process *process,
                       const struct rn_syscall *call)
{
    uint32_t fd = (uint32_t)call->args[0];
    struct rn_fd_entry *entry = rn_fd_table_entry(process->files, fd);

    switch ((uint32_t)call->args[1]) {
    case F_DUPFD:
        feed_dup(trace, process, fd, call->ret, false);
        break;
    case F_DUPFD_CLOEXEC:
        feed_dup(trace, process, fd, call->ret, true);
        break;
    case F_SETFD:
        if (entry)
            entry->close_on_exec = call->args[2] & FD_CLOEXEC;
        break;
    default:
        break;
    }
}

static void set_cwd(struct rn_trace *trace, struct rn_trace_process *process,
                    struct rn_shared_name *name)
{
    rn_shared_name_drop(trace, process->cwd);
    process->cwd = name;
}

static void apply_effect(struct rn_trace *trace, struct rn_trace_process *process,
                         const struct call_effect *effect, const struct rn_event *event)
{
    const struct rn_syscall *call = &event->u.syscall;
    struct rn_fd_entry *first = rn_fd_table_entry(process->files, (uint32_t)call->args[0]);

    switch ((enum effect)effect->effect) {
    case EFFECT_OPEN:
    case EFFECT_NEW:
        feed_new(trace, process, effect, event);
        break;
    case EFFECT_DUP:
        feed_dup(trace, process, (uint32_t)call->args[0], call->ret,
                 asks_close_on_exec(effect, event));
        break;
    case EFFECT_CLOSE:
        rn_fd_entry_close(trace, first);
        break;
    case EFFECT_CLOSE_RANGE:
        feed_close_range(trace, process, call);
        break;
    case EFFECT_FCNTL:
        feed_fcntl(trace, process, call);
        break;
    case EFFECT_CONNECT:
        connect_name(trace, first, rn_event_attachment(event, RN_ATT_SOCKADDR, RN_ARG_ANY));
        break;
    case EFFECT_CHDIR:
        set_cwd(trace, process, opened_name(trace, process, effect, event));
        break;
    case EFFECT_FCHDIR:
        set_cwd(trace, process, first ? rn_shared_name_hold(first->name) : NULL);
        break;
    }
}

/* NULL: none, or the call has not returned. */
static const struct call_effect *effect_of(const struct rn_trace *trace,
                                           const struct rn_event *event)
{
    const struct rn_syscall *call = &event->u.syscall;
    unsigned number = 0;

    if (call->abi < RN_ABI_COUNT && call->nr < RN_CALL_NUMBERS)
        number = trace->effects[call->abi][call->nr];
    if (!number || (event->flags & (RN_EVENT_UNFINISHED | RN_EVENT_SNAPSHOT)))
        return NULL;
    return &call_effects[number - 1];
}

static const struct rn_fd_identity *find_identity(const struct rn_event *event, int64_t fd,
                                                  struct rn_fd_identity *identity)
{
    for (uint32_t i = 0; i < event->attachment_count; i++) {
        const struct rn_attachment *attachment = &event->attachments[i];

        if (attachment->type != RN_ATT_FD || attachment->size < sizeof *identity)
            continue;
        memcpy(identity, attachment->data, sizeof *identity);
        if ((int64_t)identity->fd == fd)
            return identity;
    }
    return NULL;
}

static bool is_copy(const struct call_effect *effect, const struct rn_syscall *call)
{
    uint32_t command = (uint32_t)call->args[1];

    return effect->effect == EFFECT_DUP ||
           (effect->effect == EFFECT_FCNTL && (command == F_DUPFD || command == F_DUPFD_CLOEXEC));
}

bool rn_trace_given_descriptor(struct rn_trace *trace, const struct rn_event *event, int64_t fd,
                               struct rn_buf *out)
{
    const struct call_effect *effect = effect_of(trace, event);
    const struct rn_trace_thread *thread = rn_trace_find_thread(trace, event->stream);
    struct rn_fd_identity identity;
    struct rn_shared_name *name;

    if (!effect || !thread || !thread->process || fd < 0 || rn_syscall_failed(&event->u.syscall))
        return false;
    if (is_copy(effect, &event->u.syscall)) {
        const char *copied =
            rn_fd_table_name(thread->process->files, (uint32_t)event->u.syscall.args[0]);

        rn_buf_text(out, copied ? copied : "");
        return copied != NULL;
    }
    name =
        effect->effect == EFFECT_OPEN || effect->effect == EFFECT_NEW
            ? new_name(trace, thread->process, effect, event, find_identity(event, fd, &identity))
            : NULL;
    if (!name)
        return false;
    rn_buf_text(out, name->text);
    rn_shared_name_drop(trace, name);
    return true;
}

void rn_trace_feed_syscall(struct rn_trace *trace, const struct rn_event *event)
{
    const struct rn_syscall *call = &event->u.syscall;
    const struct call_effect *effect = effect_of(trace, event);
    const struct rn_trace_thread *thread;

    if (!effect)
        return;
    /* connect in the background fails with EINPROGRESS; close gives the descriptor up in any case
     * but EBADF, where nothing was there. */
    if (rn_syscall_failed(call) && effect->effect != EFFECT_CONNECT &&
        effect->effect != EFFECT_CLOSE)
        return;
    thread = rn_trace_find_thread(trace, event->stream);
    if (thread && thread->process)
        apply_effect(trace, thread->process, effect, event);
}

void rn_trace_feed_descriptor(struct rn_trace *trace, const struct rn_event *event)
{
    const struct rn_descriptor *row = &event->u.descriptor;
    struct rn_trace_process *process = 
        rn_id_map_get(&trace->pids, rn_trace_pid_key(event, row->pid));
    const struct rn_attachment *path = rn_event_attachment(event, RN_ATT_PATH, RN_ARG_ANY);
    const char *known;

    if (!process || !path || !path->data || row->fd == UINT64_MAX) /* a file's content */
        return;
    /* "socket:[1]" says less than the "socket:[1]->peer" that is known already. */
    known = rn_fd_table_name(process->files, row->fd);
    if (known && strncmp(known, (const char *)path->data, path->size) == 0 &&
        strncmp(known + strnlen(known, path->size), "->", 2) == 0)
        return;
    rn_fd_table_set(trace, process, row->fd,
                    rn_shared_name_new(trace, (const char *)path->data, path->size),
                    row->flags & O_CLOEXEC);
}
