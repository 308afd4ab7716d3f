/* SPDX-License-Identifier: MIT */
/* What system calls do to descriptors, and which of them are causes or effects. */
#include "edge_model.h"

#include "formats/syscall_table.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define TYPE_MASK 0xfu

/* One call at a time, with what all handlers need. */
struct calling {
    struct rn_edge_finder *finder;
    struct edge_stream *stream;
    struct edge_process *process;
    const struct rn_event *event;
    const struct rn_syscall *call;
    const struct rn_edge_end *who;
};

static uint32_t argument(const struct calling *calling, unsigned number)
{
    return (uint32_t)calling->call->args[number];
}

static struct edge_object *object_at(const struct calling *calling, unsigned number)
{
    return edge_table_get(calling->process, argument(calling, number));
}

static bool identity_at(const struct calling *calling, unsigned index,
                        struct rn_fd_identity *identity)
{
    for (uint32_t i = 0; i < calling->event->attachment_count; i++) {
        const struct rn_attachment *found = &calling->event->attachments[i];

        if (found->type != RN_ATT_FD || found->size < sizeof *identity || index-- != 0)
            continue;
        memcpy(identity, found->data, sizeof *identity);
        return true;
    }
    return false;
}

static uint64_t host_of(const struct calling *calling)
{
    return edge_host_of(calling->finder, calling->event->source);
}

static void push(const struct calling *calling, struct edge_op op)
{
    op.who = *calling->who;
    op.process = calling->process ? calling->process->key : 0;
    if (op.object)
        op.object->holders++;
    edge_push(calling->finder, &op);
}

/* ---- bytes ---- */

static bool carries_stream(const struct edge_object *object)
{
    return object && (object->kind == OBJECT_PIPE ||
                      (object->kind == OBJECT_SOCKET && object->stream));
}

static void move_bytes(const struct calling *calling, struct edge_object *object,
                       enum op_class what, bool weak)
{
    struct flow_piece *piece =
        edge_piece_new(calling->finder, calling->event, calling->who, calling->call->ret);

    if (!piece) {
        edge_flow_break(calling->finder, &object->in);
        return;
    }
    piece->weak = weak;
    if (weak)
        piece->crc_known = false, piece->head_length = 0;
    if (what == OP_READ && rn_event_attachment(calling->event, RN_ATT_FD, RN_ARG_ANY))
        piece->mechanism = RN_EDGE_RIGHTS;
    if (what == OP_READ)
        object->in.open_reads++;
    else if (object->kind == OBJECT_PIPE)
        object->in.open_writes++;
    push(calling, (struct edge_op){.what = what, .object = object, .piece = piece});
}

static void event_counter(const struct calling *calling, struct edge_object *object,
                          enum op_class what)
{
    const struct rn_attachment *content =
        rn_event_attachment(calling->event, RN_ATT_CONTENT, RN_ARG_ANY);
    uint64_t value = 0;

    if (content && content->content.head_len >= sizeof value)
        memcpy(&value, content->content.head, sizeof value);
    push(calling, (struct edge_op){.what = what, .object = object, .value = value});
}

static void feed_read(const struct calling *calling)
{
    struct edge_object *object = object_at(calling, 0);

    if (object && object->kind == OBJECT_EVENTFD)
        event_counter(calling, object, OP_GET);
    else if (carries_stream(object) && calling->call->ret)
        move_bytes(calling, object, OP_READ, false);
}

static void feed_write(const struct calling *calling)
{
    struct edge_object *object = object_at(calling, 0);

    if (object && object->kind == OBJECT_EVENTFD)
        event_counter(calling, object, OP_POST);
    else if (carries_stream(object) && calling->call->ret)
        move_bytes(calling, object, OP_WRITE, false);
}

static void take_rights(const struct calling *calling)
{
    struct rn_fd_identity identity;

    for (unsigned i = 0; identity_at(calling, i, &identity); i++) {
        struct edge_object *object =
            edge_object_find(calling->finder, host_of(calling), &identity);

        if (object)
            object->holders++;
        edge_table_set(calling->finder, calling->process, identity.fd, object);
    }
}

static void feed_receive(const struct calling *calling)
{
    bool message = rn_event_attachment(calling->event, RN_ATT_FD, RN_ARG_ANY) != NULL;
    /* recvfrom has its flags in argument 3, recvmsg in 2. */
    uint32_t flags = argument(calling, message ? 2 : 3);
    struct edge_object *object = object_at(calling, 0);

    if (message)
        take_rights(calling);
    if (object && (flags & MSG_OOB))
        edge_flow_break(calling->finder, &object->in);
    if (!(flags & MSG_PEEK))
        feed_read(calling);
}

static void feed_receive_message(const struct calling *calling)
{
    struct edge_object *object = object_at(calling, 0);
    uint32_t flags = argument(calling, 2);

    take_rights(calling);
    if (object && (flags & MSG_OOB))
        edge_flow_break(calling->finder, &object->in);
    if (!(flags & MSG_PEEK))
        feed_read(calling);
}

/* Several messages in a call: how many bytes they were is not told. */
static void feed_many(const struct calling *calling)
{
    struct edge_object *object = object_at(calling, 0);

    if (!object)
        return;
    edge_flow_break(calling->finder, &object->in);
    if (object->peer)
        edge_flow_break(calling->finder, &object->peer->in);
    object->closed = true;
}

/* sendfile: from a file, so it is but a write. */
static void feed_sendfile(const struct calling *calling)
{
    feed_write(calling);
}

/* One call reads and writes: what goes through it is inferred, so that nothing can be before
 * itself. */
static void feed_splice(const struct calling *calling)
{
    struct edge_object *from = object_at(calling, 0), *to = object_at(calling, 2);

    if (calling->call->ret == 0)
        return;
    if (carries_stream(from))
        move_bytes(calling, from, OP_READ, true);
    if (carries_stream(to))
        move_bytes(calling, to, OP_WRITE, false);
}

static void feed_tee(const struct calling *calling)
{
    struct edge_object *to = object_at(calling, 1);

    if (carries_stream(to) && calling->call->ret)
        move_bytes(calling, to, OP_WRITE, true);
}

/* ---- descriptors ---- */

static struct edge_object *hand_out(const struct calling *calling, enum object_kind kind,
                                    const struct rn_fd_identity *identity)
{
    struct edge_object *object = edge_object_new(calling->finder, kind);

    if (!object)
        return NULL;
    object->host = host_of(calling);
    if (kind != OBJECT_EVENTFD && identity->inode)
        edge_object_map(calling->finder, object, object->host, identity);
    object->holders++;
    edge_table_set(calling->finder, calling->process, identity->fd, object);
    object->holders--; /* the table has it, or nobody */
    if (object->holders == 0) {
        object->holders = 1;
        edge_object_drop(calling->finder, object);
        return NULL;
    }
    return object;
}

static enum flow_trust trust_of(const struct calling *calling)
{
    return calling->process->opaque || edge_distrusts(calling->finder, calling->event->source)
               ? FLOW_BROKEN
               : FLOW_ANCHORED;
}

static void feed_pipe(const struct calling *calling)
{
    struct rn_fd_identity ends[2];
    struct edge_object *object;

    if (!identity_at(calling, 0, &ends[0]) || !identity_at(calling, 1, &ends[1]))
        return;
    object = hand_out(calling, OBJECT_PIPE, &ends[0]);
    if (!object)
        return;
    edge_flow_init(&object->in, trust_of(calling), RN_EDGE_PIPE);
    object->holders++;
    edge_table_set(calling->finder, calling->process, ends[1].fd, object);
}

static void feed_socket(const struct calling *calling)
{
    struct rn_fd_identity identity = {.fd = calling->call->ret};
    uint32_t family = argument(calling, 0);
    struct edge_object *object;

    identity_at(calling, 0, &identity);
    object = hand_out(calling, OBJECT_SOCKET, &identity);
    if (object)
        object->stream = (argument(calling, 1) & TYPE_MASK) == SOCK_STREAM &&
                         (family == AF_UNIX || family == AF_INET || family == AF_INET6);
}

static void feed_socketpair(const struct calling *calling)
{
    struct rn_fd_identity ends[2];
    struct edge_object *a, *b;

    if (!identity_at(calling, 0, &ends[0]) || !identity_at(calling, 1, &ends[1]))
        return;
    a = hand_out(calling, OBJECT_SOCKET, &ends[0]);
    b = hand_out(calling, OBJECT_SOCKET, &ends[1]);
    if (!a || !b)
        return;
    a->stream = b->stream = (argument(calling, 1) & TYPE_MASK) == SOCK_STREAM;
    a->in.trust = b->in.trust = trust_of(calling);
    edge_socket_pair(calling->finder, a, b, a->in.trust);
}

static void feed_accept(const struct calling *calling)
{
    struct edge_object *listener = object_at(calling, 0);
    struct rn_fd_identity identity = {.fd = calling->call->ret};
    struct edge_object *object;

    if (listener && listener->kind == OBJECT_SOCKET && !listener->stream)
        return;
    identity_at(calling, 0, &identity);
    object = hand_out(calling, OBJECT_SOCKET, &identity);
    if (object)
        edge_socket_accept(calling->finder, listener, object, calling->event, calling->who);
}

static void feed_connect(const struct calling *calling)
{
    struct edge_object *object = object_at(calling, 0);

    if (object && object->kind == OBJECT_SOCKET &&
        (!rn_syscall_failed(calling->call) || (int64_t)calling->call->ret == -115))
        edge_socket_connect(calling->finder, object, calling->event, calling->who);
}

static void feed_bind(const struct calling *calling)
{
    struct edge_object *object = object_at(calling, 0);

    if (object && object->kind == OBJECT_SOCKET)
        edge_socket_bind(object, calling->event);
}

static void feed_name(const struct calling *calling)
{
    struct edge_object *object = object_at(calling, 0);

    if (object && object->kind == OBJECT_SOCKET)
        edge_socket_name(object, calling->event);
}

static void feed_open(const struct calling *calling)
{
    const struct rn_attachment *path =
        rn_event_attachment(calling->event, RN_ATT_PATH, RN_ARG_ANY);
    struct rn_fd_identity identity;
    struct edge_object *object;
    uint64_t flags = path ? calling->call->args[path->arg + 1u < 6 ? path->arg + 1u : 5] : 0;
    bool makes = (flags & O_CREAT) && (flags & O_EXCL);

    if (!identity_at(calling, 0, &identity)) {
        edge_table_set(calling->finder, calling->process, calling->call->ret, NULL);
        return;
    }
    object = makes ? NULL : edge_object_find(calling->finder, host_of(calling), &identity);
    if (object) {
        object->holders++;
        edge_table_set(calling->finder, calling->process, identity.fd, object);
        if (object->has_made && object->made_process != calling->process->key)
            push(calling, (struct edge_op){.what = OP_OPEN, .object = object});
        return;
    }
    if (!S_ISREG(identity.mode) && !S_ISFIFO(identity.mode))
        edge_table_set(calling->finder, calling->process, identity.fd, NULL);
    else if ((object = hand_out(calling, S_ISFIFO(identity.mode) ? OBJECT_PIPE : OBJECT_FILE,
                                &identity)) == NULL)
        return;
    else if (object->kind == OBJECT_PIPE)
        object->in.trust = FLOW_TENTATIVE;
    else if (makes)
        push(calling, (struct edge_op){.what = OP_MAKE, .object = object});
}

static void feed_close(const struct calling *calling)
{
    edge_table_set(calling->finder, calling->process, argument(calling, 0), NULL);
}

static void feed_close_range(const struct calling *calling)
{
    const struct edge_table *table = calling->process->table;
    uint64_t last = argument(calling, 1);

    if (argument(calling, 2) & CLOSE_RANGE_CLOEXEC)
        return;
    for (uint64_t fd = argument(calling, 0); table && fd < table->size && fd <= last; fd++)
        edge_table_set(calling->finder, calling->process, fd, NULL);
}

static void duplicate(const struct calling *calling, uint64_t from, uint64_t to)
{
    struct edge_object *object = edge_table_get(calling->process, from);

    if (from == to)
        return;
    if (object)
        object->holders++;
    edge_table_set(calling->finder, calling->process, to, object);
}

static void feed_dup(const struct calling *calling)
{
    duplicate(calling, argument(calling, 0), calling->call->ret);
}

static void feed_eventfd(const struct calling *calling)
{
    struct rn_fd_identity identity = {.fd = calling->call->ret};

    hand_out(calling, OBJECT_EVENTFD, &identity);
}

/* ---- locks ---- */

static void push_lock(const struct calling *calling, bool unlock, bool exclusive)
{
    struct edge_object *object = object_at(calling, 0);

    if (object && object->kind == OBJECT_FILE)
        push(calling, (struct edge_op){.what = unlock ? OP_UNLOCK : OP_LOCK,
                                       .object = object,
                                       .extra = exclusive});
}

static void feed_flock(const struct calling *calling)
{
    uint32_t how = argument(calling, 1);

    push_lock(calling, how & LOCK_UN, how & LOCK_EX);
}

static void feed_fcntl(const struct calling *calling)
{
    const struct rn_attachment *lock = rn_event_attachment(calling->event, RN_ATT_STRUCT, 2);
    uint32_t command = argument(calling, 1);
    int16_t type;

    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) {
        feed_dup(calling);
    } else if ((command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK ||
                command == F_OFD_SETLKW) &&
               lock && lock->size >= sizeof type) {
        memcpy(&type, lock->data, sizeof type);
        push_lock(calling, type == F_UNLCK, type == F_WRLCK);
    }
}

/* ---- processes, signals, futexes ---- */

static void feed_wait(const struct calling *calling)
{
    if (calling->call->ret)
        push(calling,
             (struct edge_op){.what = OP_WAIT,
                              .value = edge_process_key(calling->event->source,
                                                        calling->call->ret)});
}

static void feed_waitid(const struct calling *calling)
{
    const struct rn_attachment *info = rn_event_attachment(calling->event, RN_ATT_STRUCT, 2);
    /* si_pid stands behind three ints, at a multiple of the size of a pointer. */
    size_t at = calling->call->abi == RN_ABI_I386 ? 12 : 16;
    uint32_t pid;

    if (!info || info->size < at + sizeof pid)
        return;
    memcpy(&pid, info->data + at, sizeof pid);
    if (pid)
        push(calling, (struct edge_op){.what = (argument(calling, 3) & 0x01000000u)
                                                   ? OP_CHILD_SIGNAL /* WNOWAIT */
                                                   : OP_WAIT,
                                       .value = edge_process_key(calling->event->source, pid)});
}

static void feed_exit(const struct calling *calling)
{
    calling->process->exit_call = *calling->who;
    calling->process->has_exit_call = true;
}

static uint64_t signal_tag(uint64_t sender_pid, uint64_t signo)
{
    return sender_pid << 8 | (signo & 0xff);
}

static void send_signal(const struct calling *calling, uint64_t pid, uint64_t signo)
{
    uint64_t key = edge_process_key(calling->event->source, pid);
    uint64_t own = (calling->process->key - 1) & UINT32_MAX;

    if ((int32_t)pid > 0 && signo)
        edge_wake_add(calling->finder, &calling->finder->kills, key, calling->who, 1,
                      signal_tag(own, signo));
}

static void feed_kill(const struct calling *calling)
{
    send_signal(calling, calling->call->args[0], calling->call->args[1]);
}

static void feed_tgkill(const struct calling *calling)
{
    send_signal(calling, calling->call->args[0], calling->call->args[2]);
}

static uint64_t futex_key(const struct calling *calling, uint64_t address)
{
    return (calling->process->key * 0x9e3779b97f4a7c15u ^ address) | 1;
}

static void add_futex_wake(const struct calling *calling, uint64_t address, uint64_t extra)
{
    edge_wake_add(calling->finder, &calling->finder->futexes, futex_key(calling, address),
                  calling->who, calling->call->ret, extra);
}

static void feed_futex(const struct calling *calling)
{
    uint32_t op = argument(calling, 1);
    uint64_t address = calling->call->args[0];

    switch (op & (uint32_t)FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
        push(calling, (struct edge_op){.what = OP_FUTEX_WAIT,
                                       .value = futex_key(calling, address),
                                       .extra = op & FUTEX_PRIVATE_FLAG ? EDGE_WAKE_PRIVATE
                                                                        : EDGE_WAKE_SHARED});
        break;
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
        if (calling->call->ret)
            add_futex_wake(calling, address, EDGE_WAKE_PRIVATE);
        break;
    case FUTEX_WAKE_OP:
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
        if (calling->call->ret == 0)
            break;
        add_futex_wake(calling, address, EDGE_WAKE_MOVES);
        add_futex_wake(calling, calling->call->args[4], EDGE_WAKE_MOVES);
        break;
    default:
        break;
    }
}

static void feed_uring(const struct calling *calling)
{
    edge_table_break(calling->finder, calling->process);
}

static const struct handler {
    void (*feed)(const struct calling *calling);
    const char *calls; /* separated by spaces */
    bool also_failed;
} handlers[] = {
    {feed_read, "read readv", false},
    {feed_write, "write writev sendto sendmsg", false},
    {feed_receive, "recvfrom", false},
    {feed_receive_message, "recvmsg", false},
    {feed_many, "recvmmsg sendmmsg recvmmsg_time64", false},
    {feed_sendfile, "sendfile sendfile64", false},
    {feed_splice, "splice", false},
    {feed_tee, "tee", false},
    {feed_pipe, "pipe pipe2", false},
    {feed_socket, "socket", false},
    {feed_socketpair, "socketpair", false},
    {feed_accept, "accept accept4", false},
    {feed_connect, "connect", true},
    {feed_bind, "bind", false},
    {feed_name, "getsockname", false},
    {feed_open, "open openat openat2 creat", false},
    {feed_close, "close", true},
    {feed_close_range, "close_range", false},
    {feed_dup, "dup dup2 dup3", false},
    {feed_fcntl, "fcntl fcntl64", false},
    {feed_eventfd, "eventfd eventfd2", false},
    {feed_flock, "flock", false},
    {feed_wait, "wait4 waitpid", false},
    {feed_waitid, "waitid", false},
    {feed_exit, "exit_group", true},
    {feed_kill, "kill rt_sigqueueinfo", false},
    {feed_tgkill, "tgkill rt_tgsigqueueinfo", false},
    {feed_futex, "futex futex_time64", false},
    {feed_uring, "io_uring_setup", false},
    {take_rights, "pidfd_getfd epoll_create epoll_create1 signalfd signalfd4 timerfd_create "
                  "inotify_init inotify_init1 memfd_create pidfd_open userfaultfd "
                  "perf_event_open open_by_handle_at",
     false},
};

static void enter_calls(struct rn_edge_finder *finder, size_t number)
{
    const char *name = handlers[number].calls;

    while (*name) {
        size_t length = strcspn(name, " ");

        for (unsigned abi = 0; abi < RN_ABI_COUNT; abi++) {
            int nr = rn_syscall_number((enum rn_abi)abi, name, length);

            if (nr >= 0 && (unsigned)nr < EDGE_CALL_NUMBERS)
                finder->calls[abi][nr] = (uint8_t)(number + 1);
        }
        name += length;
        name += *name == ' ';
    }
}

void edge_calls_init(struct rn_edge_finder *finder)
{
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
        enter_calls(finder, i);
}

void edge_call(struct rn_edge_finder *finder, struct edge_stream *stream,
               const struct rn_event *event, const struct rn_edge_end *who)
{
    const struct rn_syscall *call = &event->u.syscall;
    struct calling calling = {.finder = finder,
                              .stream = stream,
                              .process = stream->process,
                              .event = event,
                              .call = call,
                              .who = who};
    const struct handler *handler;

    if (!stream->process || call->abi >= RN_ABI_COUNT || call->nr >= EDGE_CALL_NUMBERS ||
        !finder->calls[call->abi][call->nr])
        return;
    handler = &handlers[finder->calls[call->abi][call->nr] - 1];
    /* How many bytes went before the end is not known. */
    if ((event->flags & RN_EVENT_UNFINISHED) && handler->feed != feed_exit) {
        if (handler->feed == feed_read || handler->feed == feed_write)
            feed_many(&calling);
        return;
    }
    if (handler->also_failed || !rn_syscall_failed(call))
        handler->feed(&calling);
}
