/* SPDX-License-Identifier: MIT */
/* What system calls do to descriptors, and which of them are causes or effects. */
#include "edge_calling.h"

#include "formats/syscall_table.h"

#include <linux/close_range.h>
#include <string.h>
#include <sys/socket.h>

#define TYPE_MASK 0xfu

bool edge_identity_at(const struct calling *calling, unsigned index,
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

/* ---- bytes ---- */

static bool carries_stream(const struct edge_object *object)
{
    return object &&
           (object->kind == OBJECT_PIPE || (object->kind == OBJECT_SOCKET && object->stream));
}

static void move_bytes(const struct calling *calling, struct edge_object *object,
                       enum op_class what, bool weak)
{
    struct flow_piece *piece =
        edge_piece_new(calling->finder, calling->event, calling->who, calling->call->ret);

    if (!piece) { /* there is no memory for more */
        edge_flow_break(calling->finder, &object->in);
        if (object->peer)
            edge_flow_break(calling->finder, &object->peer->in);
        object->closed = true;
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
    edge_calling_push(calling, (struct edge_op){.what = what, .object = object, .piece = piece});
}

static void event_counter(const struct calling *calling, struct edge_object *object,
                          enum op_class what)
{
    const struct rn_attachment *content =
        rn_event_attachment(calling->event, RN_ATT_CONTENT, RN_ARG_ANY);
    uint64_t value = 0;

    if (content && content->content.head_len >= sizeof value)
        memcpy(&value, content->content.head, sizeof value);
    edge_calling_push(calling, (struct edge_op){.what = what, .object = object, .value = value});
}

static void feed_read(const struct calling *calling)
{
    struct edge_object *object = edge_object_at(calling, 0);

    if (object && object->kind == OBJECT_EVENTFD)
        event_counter(calling, object, OP_GET);
    else if (carries_stream(object) && calling->call->ret)
        move_bytes(calling, object, OP_READ, false);
    else if (object && object->kind == OBJECT_SOCKET && calling->call->ret)
        edge_feed_datagram(calling, object, OP_TAKE);
}

static void feed_write(const struct calling *calling)
{
    struct edge_object *object = edge_object_at(calling, 0);

    if (object && object->kind == OBJECT_EVENTFD)
        event_counter(calling, object, OP_POST);
    else if (carries_stream(object) && calling->call->ret)
        move_bytes(calling, object, OP_WRITE, false);
    else if (object && object->kind == OBJECT_SOCKET && calling->call->ret)
        edge_feed_datagram(calling, object, OP_SEND);
}

static void take_rights(const struct calling *calling)
{
    struct rn_fd_identity identity;

    for (unsigned i = 0; edge_identity_at(calling, i, &identity); i++) {
        struct edge_object *object =
            edge_object_find(calling->finder, edge_calling_host(calling), &identity);

        if (object)
            object->holders++;
        edge_table_set(calling->finder, calling->process, identity.fd, object);
    }
}

static void feed_receive(const struct calling *calling)
{
    bool message = rn_event_attachment(calling->event, RN_ATT_FD, RN_ARG_ANY) != NULL;
    /* recvfrom has its flags in argument 3, recvmsg in 2. */
    uint32_t flags = edge_argument(calling, message ? 2 : 3);
    struct edge_object *object = edge_object_at(calling, 0);

    if (message)
        take_rights(calling);
    if (object && (flags & MSG_OOB))
        edge_flow_break(calling->finder, &object->in);
    if (!(flags & MSG_PEEK))
        feed_read(calling);
}

static void feed_receive_message(const struct calling *calling)
{
    struct edge_object *object = edge_object_at(calling, 0);
    uint32_t flags = edge_argument(calling, 2);

    take_rights(calling);
    if (object && (flags & MSG_OOB))
        edge_flow_break(calling->finder, &object->in);
    if (!(flags & MSG_PEEK))
        feed_read(calling);
}

/* Several messages in a call: how many bytes they were is not told. */
static void feed_many(const struct calling *calling)
{
    struct edge_object *object = edge_object_at(calling, 0);

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
    struct edge_object *from = edge_object_at(calling, 0), *to = edge_object_at(calling, 2);

    if (calling->call->ret == 0)
        return;
    if (carries_stream(from))
        move_bytes(calling, from, OP_READ, true);
    if (carries_stream(to))
        move_bytes(calling, to, OP_WRITE, false);
}

static void feed_tee(const struct calling *calling)
{
    struct edge_object *to = edge_object_at(calling, 1);

    if (carries_stream(to) && calling->call->ret)
        move_bytes(calling, to, OP_WRITE, true);
}

/* ---- descriptors ---- */

struct edge_object *edge_hand_out(const struct calling *calling, enum object_kind kind,
                                  const struct rn_fd_identity *identity)
{
    struct edge_object *object = edge_object_new(calling->finder, kind);

    if (!object)
        return NULL;
    object->host = edge_calling_host(calling);
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

    if (!edge_identity_at(calling, 0, &ends[0]) || !edge_identity_at(calling, 1, &ends[1]))
        return;
    object = edge_hand_out(calling, OBJECT_PIPE, &ends[0]);
    if (!object)
        return;
    edge_flow_init(&object->in, trust_of(calling), RN_EDGE_PIPE);
    object->holders++;
    edge_table_set(calling->finder, calling->process, ends[1].fd, object);
}

static void feed_socket(const struct calling *calling)
{
    struct rn_fd_identity identity = {.fd = calling->call->ret};
    uint32_t family = edge_argument(calling, 0);
    struct edge_object *object;

    edge_identity_at(calling, 0, &identity);
    object = edge_hand_out(calling, OBJECT_SOCKET, &identity);
    if (object)
        object->stream = (edge_argument(calling, 1) & TYPE_MASK) == SOCK_STREAM &&
                         (family == AF_UNIX || family == AF_INET || family == AF_INET6);
}

static void feed_socketpair(const struct calling *calling)
{
    struct rn_fd_identity ends[2];
    struct edge_object *a, *b;

    if (!edge_identity_at(calling, 0, &ends[0]) || !edge_identity_at(calling, 1, &ends[1]))
        return;
    a = edge_hand_out(calling, OBJECT_SOCKET, &ends[0]);
    b = edge_hand_out(calling, OBJECT_SOCKET, &ends[1]);
    if (!a || !b)
        return;
    a->stream = b->stream = (edge_argument(calling, 1) & TYPE_MASK) == SOCK_STREAM;
    a->in.trust = b->in.trust = trust_of(calling);
    edge_socket_pair(calling->finder, a, b, a->in.trust);
}

static void feed_accept(const struct calling *calling)
{
    struct edge_object *listener = edge_object_at(calling, 0);
    struct rn_fd_identity identity = {.fd = calling->call->ret};
    struct edge_object *object;

    if (listener && listener->kind == OBJECT_SOCKET && !listener->stream)
        return;
    edge_identity_at(calling, 0, &identity);
    object = edge_hand_out(calling, OBJECT_SOCKET, &identity);
    if (object)
        edge_socket_accept(calling->finder, listener, object, calling->event, calling->who);
}

static void feed_connect(const struct calling *calling)
{
    struct edge_object *object = edge_object_at(calling, 0);

    if (object && object->kind == OBJECT_SOCKET &&
        (!rn_syscall_failed(calling->call) || (int64_t)calling->call->ret == -115))
        edge_socket_connect(calling->finder, object, calling->event, calling->who);
}

static void feed_bind(const struct calling *calling)
{
    struct edge_object *object = edge_object_at(calling, 0);

    if (object && object->kind == OBJECT_SOCKET)
        edge_socket_bind(object, calling->event);
}

static void feed_name(const struct calling *calling)
{
    struct edge_object *object = edge_object_at(calling, 0);

    if (object && object->kind == OBJECT_SOCKET)
        edge_socket_name(object, calling->event);
}

static void feed_close(const struct calling *calling)
{
    edge_table_set(calling->finder, calling->process, edge_argument(calling, 0), NULL);
}

static void feed_close_range(const struct calling *calling)
{
    const struct edge_table *table = calling->process->table;
    uint64_t last = edge_argument(calling, 1);

    if (edge_argument(calling, 2) & CLOSE_RANGE_CLOEXEC)
        return;
    for (uint64_t fd = edge_argument(calling, 0); table && fd < table->size && fd <= last; fd++)
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

void edge_feed_dup(const struct calling *calling)
{
    duplicate(calling, edge_argument(calling, 0), calling->call->ret);
}

static void feed_eventfd(const struct calling *calling)
{
    struct rn_fd_identity identity = {.fd = calling->call->ret};

    edge_hand_out(calling, OBJECT_EVENTFD, &identity);
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
    {edge_feed_open, "open openat openat2 creat", false},
    {edge_feed_rename, "rename link", false},
    {edge_feed_renameat, "renameat renameat2 linkat", false},
    {feed_close, "close", true},
    {feed_close_range, "close_range", false},
    {edge_feed_dup, "dup dup2 dup3", false},
    {edge_feed_fcntl, "fcntl fcntl64", false},
    {feed_eventfd, "eventfd eventfd2", false},
    {edge_feed_flock, "flock", false},
    {edge_feed_wait, "wait4 waitpid", false},
    {edge_feed_waitid, "waitid", false},
    {edge_feed_exit, "exit_group", true},
    {edge_feed_kill, "kill rt_sigqueueinfo", false},
    {edge_feed_tgkill, "tgkill rt_tgsigqueueinfo", false},
    {edge_feed_futex, "futex futex_time64", false},
    {feed_uring, "io_uring_setup", false},
    {take_rights,
     "pidfd_getfd epoll_create epoll_create1 signalfd signalfd4 timerfd_create "
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
    if ((event->flags & RN_EVENT_UNFINISHED) && handler->feed != edge_feed_exit) {
        if (handler->feed == feed_read || handler->feed == feed_write)
            feed_many(&calling);
        return;
    }
    if (handler->also_failed || !rn_syscall_failed(call))
        handler->feed(&calling);
}
