/* SPDX-License-Identifier: MIT */
/* What descriptors stand for: pipes, sockets, eventfds and files, and the tables of processes. */
#include "edge_model.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FD_MAX (1u << 20)

uint64_t edge_host_of(const struct rn_edge_finder *finder, uint32_t source)
{
    const struct rn_manifest *manifest = finder->manifest;

    return source && source <= manifest->source_count ? manifest->sources[source - 1].host : 0;
}

static uint64_t object_key(uint64_t host, uint64_t device, uint64_t inode)
{
    uint64_t key = inode ^ (device << 40 | device >> 24);

    return (key ^ (host + 1) * 0x9e3779b97f4a7c15u) | 1;
}

struct edge_object *edge_object_new(struct rn_edge_finder *finder, enum object_kind kind)
{
    struct edge_object *object =
        edge_take_memory(finder, sizeof *object) ? calloc(1, sizeof *object) : NULL;

    if (!object) {
        finder->failed |= finder->memory < finder->memory_limit;
        return NULL;
    }
    object->holders = 1;
    object->kind = kind;
    edge_flow_init(&object->in, FLOW_BROKEN, kind == OBJECT_PIPE ? RN_EDGE_PIPE : RN_EDGE_SOCKET);
    return object;
}

struct edge_object *edge_object_find(struct rn_edge_finder *finder, uint64_t host,
                                     const struct rn_fd_identity *identity)
{
    struct edge_object *object =
        rn_id_map_get(&finder->objects, object_key(host, identity->device, identity->inode));

    if (!object || object->host != host || object->device != identity->device ||
        object->inode != identity->inode)
        return NULL;
    return object;
}

static void unmap(struct rn_edge_finder *finder, struct edge_object *object)
{
    if (!object->mapped)
        return;
    object->mapped = false;
    rn_id_map_remove(&finder->objects, object_key(object->host, object->device, object->inode));
    edge_object_drop(finder, object);
}

/* Another one of that number is gone: the number is being used again. */
void edge_object_map(struct rn_edge_finder *finder, struct edge_object *object, uint64_t host,
                     const struct rn_fd_identity *identity)
{
    uint64_t key = object_key(host, identity->device, identity->inode);
    struct edge_object *before = rn_id_map_get(&finder->objects, key);

    if (before)
        unmap(finder, before);
    object->host = host;
    object->device = identity->device;
    object->inode = identity->inode;
    if (!rn_id_map_set(&finder->objects, key, object)) {
        finder->failed = true;
        return;
    }
    object->mapped = true;
    object->holders++;
}

static void object_free(struct rn_edge_finder *finder, struct edge_object *object)
{
    edge_socket_forget(finder, object);
    edge_socket_unsend(finder, object);
    edge_flow_clear(finder, &object->in);
    finder->memory -= sizeof *object;
    free(object);
}

/* Both ends of a connection are there until both are closed. */
void edge_object_free_pair(struct rn_edge_finder *finder, struct edge_object *object)
{
    struct edge_object *peer = object->peer;

    object_free(finder, object);
    if (peer)
        object_free(finder, peer);
}

/* Where clocks differ, the other end of a connection may come up long after this one was closed. */
void edge_object_drop(struct rn_edge_finder *finder, struct edge_object *object)
{
    if (!object || --object->holders)
        return;
    object->gone = true;
    if ((object->pending && finder->many_hosts) || (object->peer && !object->peer->gone))
        return;
    edge_object_free_pair(finder, object);
}

/* At the end: those that are still known by their number. */
void edge_objects_free(struct rn_edge_finder *finder)
{
    for (size_t i = 0; i < finder->objects.capacity; i++) {
        struct edge_object *object = finder->objects.slots[i].value;

        if (!object)
            continue;
        object->mapped = false;
        edge_object_drop(finder, object);
    }
    rn_id_map_free(&finder->objects);
}

/* Pipes and sockets that nobody has open are gone, but for a peer that may still be read; files are
 * not. */
static void close_one(struct rn_edge_finder *finder, struct edge_object *object)
{
    bool last = object->holders == 1u + object->mapped;

    if (last && object->mapped && object->kind != OBJECT_FILE)
        unmap(finder, object);
    edge_object_drop(finder, object);
}

/* ---- tables ---- */

struct edge_object *edge_table_get(struct edge_process *process, uint64_t fd)
{
    const struct edge_table *table = process ? process->table : NULL;

    if (!table || fd >= table->size || table->slots[fd].stale)
        return NULL;
    return table->slots[fd].object;
}

static bool grow(struct rn_edge_finder *finder, struct edge_table *table, uint64_t fd)
{
    size_t size = table->size ? table->size : 16;
    struct edge_slot *slots;

    if (fd < table->size)
        return true;
    if (fd >= FD_MAX)
        return false;
    while (size <= fd)
        size *= 2;
    if (!edge_take_memory(finder, (size - table->size) * sizeof *slots))
        return false;
    slots = realloc(table->slots, size * sizeof *slots);
    if (!slots) {
        finder->failed = true;
        return false;
    }
    memset(slots + table->size, 0, (size - table->size) * sizeof *slots);
    table->slots = slots;
    table->size = size;
    return true;
}

static struct edge_table *table_of(struct rn_edge_finder *finder, struct edge_process *process)
{
    if (!process->table && edge_take_memory(finder, sizeof *process->table)) {
        process->table = calloc(1, sizeof *process->table);
        if (process->table)
            process->table->holders = 1;
        else
            finder->failed = true;
    }
    return process->table;
}

/* Takes over the hold on `object`, which may be NULL: closed. */
void edge_table_set(struct rn_edge_finder *finder, struct edge_process *process, uint64_t fd,
                    struct edge_object *object)
{
    struct edge_table *table = process ? table_of(finder, process) : NULL;
    struct edge_object *before;

    if (!table || (fd >= table->size && (!object || !grow(finder, table, fd)))) {
        edge_object_drop(finder, object);
        return;
    }
    before = table->slots[fd].object;
    table->slots[fd] = (struct edge_slot){.object = object};
    if (before)
        close_one(finder, before);
}

void edge_table_drop(struct rn_edge_finder *finder, struct edge_table *table)
{
    if (!table || --table->holders)
        return;
    for (size_t i = 0; i < table->size; i++)
        if (table->slots[i].object)
            close_one(finder, table->slots[i].object);
    finder->memory -= sizeof *table + table->size * sizeof *table->slots;
    free(table->slots);
    free(table);
}

void edge_table_inherit(struct rn_edge_finder *finder, struct edge_process *from,
                        struct edge_process *to, bool shared)
{
    struct edge_table *table = from->table;

    if (!table || to->table == table)
        return;
    edge_table_drop(finder, to->table);
    to->table = NULL;
    if (shared) {
        table->holders++;
        to->table = table;
        return;
    }
    for (size_t i = table->size; i-- > 0;) {
        struct edge_object *object = table->slots[i].object;

        if (!object || table->slots[i].stale)
            continue;
        object->holders++;
        edge_table_set(finder, to, i, object);
    }
}

/* After an exec the descriptors that are still open are stated. */
void edge_table_make_stale(struct edge_process *process)
{
    for (size_t i = 0; process->table && i < process->table->size; i++)
        process->table->slots[i].stale = true;
}

void edge_table_break(struct rn_edge_finder *finder, struct edge_process *process)
{
    process->opaque = true;
    for (size_t i = 0; process->table && i < process->table->size; i++) {
        struct edge_object *object = process->table->slots[i].object;

        if (!object)
            continue;
        edge_flow_break(finder, &object->in);
        if (object->peer)
            edge_flow_break(finder, &object->peer->in);
    }
}

/* ---- DESCRIPTOR rows ---- */

/* A pipe that a program was started with: nobody in the recordings has used it before. */
static struct edge_object *object_met(struct rn_edge_finder *finder, uint64_t host,
                                      const struct rn_fd_identity *identity, bool from_start)
{
    bool is_pipe = S_ISFIFO(identity->mode), is_socket = S_ISSOCK(identity->mode);
    struct edge_object *object = edge_object_find(finder, host, identity);

    if (object) {
        object->holders++;
        return object;
    }
    object = edge_object_new(finder, is_pipe     ? OBJECT_PIPE
                                     : is_socket ? OBJECT_SOCKET
                                                 : OBJECT_FILE);
    if (!object)
        return NULL;
    if (is_pipe && from_start)
        object->in.trust = FLOW_TENTATIVE;
    edge_object_map(finder, object, host, identity);
    return object;
}

void edge_descriptor_row(struct rn_edge_finder *finder, struct edge_process *process,
                         const struct rn_event *event)
{
    const struct rn_descriptor *row = &event->u.descriptor;
    const struct rn_fd_identity identity = {.fd = row->fd,
                                            .device = row->device,
                                            .inode = row->inode,
                                            .rdev = row->rdev,
                                            .mode = row->mode};
    struct edge_table *table = process->table;
    struct edge_slot *slot = table && row->fd < table->size ? &table->slots[row->fd] : NULL;

    if (row->fd == UINT64_MAX)
        return;
    if (slot && slot->object &&
        (slot->object->kind == OBJECT_EVENTFD ||
         (slot->object->inode == row->inode && slot->object->device == row->device))) {
        slot->stale = false;
        return;
    }
    if (!S_ISFIFO(row->mode) && !S_ISSOCK(row->mode) && !S_ISREG(row->mode))
        return;
    edge_table_set(finder, process, row->fd,
                   object_met(finder, edge_host_of(finder, event->source), &identity,
                              !(event->flags & RN_EVENT_SNAPSHOT)));
}
