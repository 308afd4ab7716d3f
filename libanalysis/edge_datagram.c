/* SPDX-License-Identifier: MIT */
/* Datagrams: one that is received is the oldest one that was sent to that place with the same
 * bytes, as far as is known, and was not received yet. They may be lost, doubled and overtake each
 * other, so that is inferred. */
#include "edge_calling.h"

#include "formats/fnv.h"

#include <string.h>
#include <sys/socket.h>

/* The port, or the name; 0 not known. Not the address: a socket may be bound to any. */
static uint64_t place_of(const struct edge_address *address)
{
    uint16_t port;

    if (address->family == AF_UNIX)
        return address->path_hash;
    if (address->family != AF_INET && address->family != AF_INET6)
        return 0;
    memcpy(&port, address->bytes, sizeof port);
    return port ? rn_fnv(RN_FNV_BEGIN, &port, sizeof port) | 1 : 0;
}

void edge_feed_datagram(const struct calling *calling, struct edge_object *socket,
                        enum op_class what)
{
    struct edge_address address = what == OP_SEND ? socket->remote : socket->local;
    struct flow_piece *piece;

    if (what == OP_SEND)
        edge_address_of(calling->event, &address);
    if (!address.family)
        address = what == OP_SEND ? socket->remote : socket->local;
    piece = edge_piece_new(calling->finder, calling->event, calling->who, calling->call->ret);
    if (piece)
        edge_calling_push(calling, (struct edge_op){.what = what,
                                                    .object = socket,
                                                    .piece = piece,
                                                    .value = place_of(&address)});
}

static void keep(struct rn_edge_finder *finder, struct edge_datagrams *ring, struct edge_op *op)
{
    struct edge_datagram *item = &ring->items[ring->next++ % EDGE_DATAGRAMS];

    edge_piece_free(finder, item->piece);
    *item = (struct edge_datagram){op->piece, op->value};
    op->piece = NULL;
}

static bool is_same(const struct edge_datagram *item, const struct edge_op *op)
{
    const struct flow_piece *one = item->piece, *other = op->piece;

    return one && one->crc_known && other->crc_known && one->end == other->end &&
           one->crc == other->crc && one->who.stream != other->who.stream &&
           (item->place == op->value || !item->place || !op->value);
}

/* The oldest one that can be it; NULL none. */
static struct edge_datagram *find(struct edge_datagrams *ring, const struct edge_op *op)
{
    for (unsigned i = 0; i < EDGE_DATAGRAMS; i++) {
        struct edge_datagram *item = &ring->items[(ring->next + i) % EDGE_DATAGRAMS];

        if (is_same(item, op))
            return item;
    }
    return NULL;
}

void edge_datagram_op(struct rn_edge_finder *finder, struct edge_op *op)
{
    bool sends = op->what == OP_SEND;
    struct edge_datagram *found = find(sends ? &finder->taken : &finder->sent, op);

    if (!found) {
        keep(finder, sends ? &finder->sent : &finder->taken, op);
        return;
    }
    /* One that was taken before this was sent was another one. */
    if (!sends)
        edge_emit(finder, &found->piece->who, &op->who, RN_EDGE_DATAGRAM, false, op->piece->end);
    else if (found->piece->who.end >= op->who.start || finder->many_hosts)
        edge_emit(finder, &op->who, &found->piece->who, RN_EDGE_DATAGRAM, false, op->piece->end);
    edge_piece_free(finder, found->piece);
    found->piece = NULL;
}

static void free_ring(struct rn_edge_finder *finder, struct edge_datagrams *ring)
{
    for (size_t i = 0; i < EDGE_DATAGRAMS; i++)
        edge_piece_free(finder, ring->items[i].piece);
}

void edge_datagrams_free(struct rn_edge_finder *finder)
{
    free_ring(finder, &finder->sent);
    free_ring(finder, &finder->taken);
}
