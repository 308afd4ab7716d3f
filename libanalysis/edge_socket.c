/* SPDX-License-Identifier: MIT */
/* Which connected socket is which accepted one.
 *
 * Certain where both ends are known by their addresses: the acceptor is told the address of the
 * other end, and that one's is known if it was bound or asked for. Else those are paired that began
 * first; then only fingerprints can tell that it is so. */
#include "edge_model.h"

#include "formats/fnv.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define PENDING_MAX 65536u
#define TRIES_MAX   4096u
#define UNSENT_MAX  65536u /* calls */

static uint64_t hash_bytes(const uint8_t *bytes, size_t size)
{
    return rn_fnv(RN_FNV_BEGIN, bytes, size) | 1;
}

bool edge_address_of(const struct rn_event *event, struct edge_address *address)
{
    const struct rn_attachment *found = rn_event_attachment(event, RN_ATT_SOCKADDR, RN_ARG_ANY);
    uint16_t family;

    *address = (struct edge_address){.family = 0};
    if (!found || !found->data || found->size < sizeof family)
        return false;
    memcpy(&family, found->data, sizeof family);
    if (family == AF_INET && found->size >= 8) {
        memcpy(address->bytes, found->data + 2, 6);
    } else if (family == AF_INET6 && found->size >= 24) {
        memcpy(address->bytes, found->data + 2, 2);
        memcpy(address->bytes + 2, found->data + 8, 16);
    } else if (family == AF_UNIX && found->size > sizeof family) {
        size_t length = found->size - sizeof family;

        if (found->data[2]) /* else abstract: all bytes count */
            length = strnlen((const char *)found->data + 2, length);
        address->path_hash = hash_bytes(found->data + 2, length);
    } else {
        return false;
    }
    address->family = family;
    return true;
}

static bool same_address(const struct edge_address *a, const struct edge_address *b)
{
    return a->family && a->family == b->family && a->path_hash == b->path_hash &&
           memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* "::ffff:1.2.3.4" is 1.2.3.4. */
static void unmap_address(struct edge_address *address)
{
    static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    uint8_t v4[4];

    if (address->family != AF_INET6 || memcmp(address->bytes + 2, prefix, sizeof prefix) != 0)
        return;
    memcpy(v4, address->bytes + 14, sizeof v4);
    memset(address->bytes + 2, 0, 16);
    memcpy(address->bytes + 2, v4, sizeof v4);
    address->family = AF_INET;
}

static bool is_any(const struct edge_address *address)
{
    for (unsigned i = 2; i < sizeof address->bytes; i++)
        if (address->bytes[i])
            return false;
    return true;
}

static bool has_port(const struct edge_address *address)
{
    return address->bytes[0] || address->bytes[1];
}

/* Could a connection to `to` have reached one that listens at `at`? */
static bool reaches(const struct edge_address *to, const struct edge_address *at)
{
    if (!to->family || !at->family)
        return false;
    if (to->family == AF_UNIX || at->family == AF_UNIX)
        return same_address(to, at);
    if (memcmp(to->bytes, at->bytes, 2) != 0)
        return false;
    return is_any(at) || is_any(to) || same_address(to, at);
}

void edge_socket_bind(struct edge_object *socket, const struct rn_event *event)
{
    struct edge_address address;

    if (!edge_address_of(event, &address))
        return;
    unmap_address(&address);
    socket->local = address;
}

/* getsockname: the port that the kernel chose. */
void edge_socket_name(struct edge_object *socket, const struct rn_event *event)
{
    struct edge_address address;

    if (!edge_address_of(event, &address) || (address.family != AF_UNIX && !has_port(&address)))
        return;
    unmap_address(&address);
    socket->local = address;
}

void edge_socket_unsend(struct rn_edge_finder *finder, struct edge_object *socket)
{
    while (socket->unsent.first) {
        struct flow_piece *piece = socket->unsent.first;

        socket->unsent.first = piece->next;
        edge_piece_free(finder, piece);
    }
    socket->unsent.end = &socket->unsent.first;
    socket->unsent_count = 0;
}

/* Nobody who is recorded may ever accept it. */
static void keep_unsent(struct rn_edge_finder *finder, struct edge_object *socket,
                        struct flow_piece *piece)
{
    if (socket->unsent_count >= UNSENT_MAX) {
        edge_socket_forget(finder, socket);
        edge_socket_unsend(finder, socket);
        socket->closed = true;
    }
    if (socket->closed) {
        edge_piece_free(finder, piece);
        return;
    }
    if (!socket->unsent.end)
        socket->unsent.end = &socket->unsent.first;
    piece->next = NULL;
    *socket->unsent.end = piece;
    socket->unsent.end = &piece->next;
    socket->unsent_count++;
}

void edge_socket_write(struct rn_edge_finder *finder, struct edge_object *socket,
                       struct flow_piece *piece)
{
    if (socket->peer)
        edge_flow_write(finder, &socket->peer->in, piece);
    else
        keep_unsent(finder, socket, piece);
}

static void send_unsent(struct rn_edge_finder *finder, struct edge_object *socket)
{
    struct flow_piece *piece = socket->unsent.first, *next;

    socket->unsent.first = NULL;
    socket->unsent.end = &socket->unsent.first;
    socket->unsent_count = 0;
    for (; piece; piece = next) {
        next = piece->next;
        edge_flow_write(finder, &socket->peer->in, piece);
    }
}

void edge_socket_pair(struct rn_edge_finder *finder, struct edge_object *a, struct edge_object *b,
                      enum flow_trust trust)
{
    a->peer = b;
    b->peer = a;
    a->in.other = &b->in;
    b->in.other = &a->in;
    if (a->in.trust == FLOW_TENTATIVE)
        a->in.trust = trust;
    if (b->in.trust == FLOW_TENTATIVE)
        b->in.trust = trust;
    send_unsent(finder, a);
    send_unsent(finder, b);
}

/* Ends of one connection have the port, or the path, in common. */
static struct edge_pending *list_of(struct edge_pending *lists, const struct edge_address *address)
{
    uint64_t key = address->path_hash ^ (uint64_t)(address->bytes[0] << 8 | address->bytes[1]);

    return &lists[(key ^ key >> 20) % EDGE_PENDING_LISTS];
}

static void take_out(struct rn_edge_finder *finder, struct edge_object *socket)
{
    struct edge_pending *list = socket->pending;

    if (!list)
        return;
    if (socket->previous_pending)
        socket->previous_pending->next_pending = socket->next_pending;
    else
        list->first = socket->next_pending;
    if (socket->next_pending)
        socket->next_pending->previous_pending = socket->previous_pending;
    else
        list->last = socket->previous_pending;
    socket->next_pending = socket->previous_pending = NULL;
    socket->pending = NULL;
    finder->pending_count--;
}

static void put_in(struct rn_edge_finder *finder, struct edge_pending *list,
                   struct edge_object *socket)
{
    if (finder->pending_count >= PENDING_MAX) {
        finder->forgotten++;
        return;
    }
    socket->previous_pending = list->last;
    if (list->last)
        list->last->next_pending = socket;
    else
        list->first = socket;
    list->last = socket;
    socket->pending = list;
    finder->pending_count++;
}

void edge_socket_forget(struct rn_edge_finder *finder, struct edge_object *socket)
{
    take_out(finder, socket);
}

static void free_gone(struct rn_edge_finder *finder, struct edge_pending *list)
{
    while (list->first) {
        struct edge_object *socket = list->first;

        take_out(finder, socket);
        if (socket->gone)
            edge_object_free_pair(finder, socket);
    }
}

void edge_pending_free(struct rn_edge_finder *finder)
{
    for (unsigned i = 0; i < EDGE_PENDING_LISTS; i++) {
        free_gone(finder, &finder->connecting[i]);
        free_gone(finder, &finder->accepted[i]);
    }
}

/* -1: not the two ends of one connection, 0: may be, 1: they are. */
static int match(const struct edge_object *connected, const struct edge_object *accepted)
{
    bool known = accepted->remote.family && accepted->remote.family != AF_UNIX;

    if (!reaches(&connected->remote, &accepted->local))
        return -1;
    if (connected->call.start > accepted->call.end && connected->host == accepted->host)
        return -1;
    if (!known || !connected->local.family || connected->local.family == AF_UNIX ||
        !has_port(&connected->local))
        return 0;
    if (memcmp(connected->local.bytes, accepted->remote.bytes, 2) != 0)
        return -1;
    return is_any(&connected->local) || same_address(&connected->local, &accepted->remote) ? 1 : -1;
}

/* The first that fits; one that is certain before others. */
static struct edge_object *find_other(const struct edge_pending *list,
                                      const struct edge_object *socket, bool accepts, bool *certain)
{
    struct edge_object *found = NULL, *other = list->first;

    for (unsigned tries = 0; other && tries < TRIES_MAX; other = other->next_pending, tries++) {
        int fits = accepts ? match(other, socket) : match(socket, other);

        if (fits < 0 || (found && fits == 0))
            continue;
        found = other;
        *certain = fits == 1;
        if (fits == 1)
            break;
    }
    return found;
}

static void join(struct rn_edge_finder *finder, struct edge_object *connected,
                 struct edge_object *accepted, bool certain)
{
    bool proven = certain && !edge_distrusts(finder, connected->call.source) &&
                  !edge_distrusts(finder, accepted->call.source);

    edge_socket_pair(finder, connected, accepted, certain ? FLOW_ANCHORED : FLOW_TENTATIVE);
    edge_emit(finder, &connected->call, &accepted->call, RN_EDGE_CONNECT, proven, 0);
    if (connected->gone && accepted->gone)
        edge_object_free_pair(finder, connected);
}

void edge_socket_connect(struct rn_edge_finder *finder, struct edge_object *socket,
                         const struct rn_event *event, const struct rn_edge_end *who)
{
    struct edge_object *other;
    bool certain = false;

    if (!socket->stream || socket->peer || socket->pending ||
        !edge_address_of(event, &socket->remote))
        return;
    unmap_address(&socket->remote);
    socket->call = *who;
    socket->in.trust = FLOW_TENTATIVE;
    other = find_other(list_of(finder->accepted, &socket->remote), socket, false, &certain);
    if (!other) {
        put_in(finder, list_of(finder->connecting, &socket->remote), socket);
        return;
    }
    take_out(finder, other);
    join(finder, socket, other, certain);
}

void edge_socket_accept(struct rn_edge_finder *finder, struct edge_object *listener,
                        struct edge_object *socket, const struct rn_event *event,
                        const struct rn_edge_end *who)
{
    struct edge_object *other;
    bool certain = false;

    socket->stream = true;
    socket->call = *who;
    socket->in.trust = FLOW_TENTATIVE;
    if (edge_address_of(event, &socket->remote))
        unmap_address(&socket->remote);
    if (!listener)
        return;
    socket->local = listener->local;
    other = find_other(list_of(finder->connecting, &socket->local), socket, true, &certain);
    if (!other) {
        put_in(finder, list_of(finder->accepted, &socket->local), socket);
        return;
    }
    take_out(finder, other);
    join(finder, other, socket, certain);
}
