/* SPDX-License-Identifier: MIT */
/* Pipes and sockets: connections with the bytes of each direction, datagrams by address. */
#include "effect_model.h"

#include "formats/crc64.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define TYPE_MASK 0xfu

void effect_socket_free(struct effect_socket *socket)
{
    if (!socket)
        return;
    free(socket->local);
    free(socket->peer);
    free(socket);
}

/* ---- making them ---- */

static struct effect_object *new_socket(struct effect_call *call, int family, int type,
                                        const struct rn_fd_identity *identity)
{
    bool is_new;
    struct effect_object *object = effect_object_of(call->effects, identity, &is_new);

    if (!object)
        return NULL;
    if (!is_new) { /* the number of the inode is used again */
        effect_object_forget_inode(call->effects, object);
        object = effect_object_of(call->effects, identity, &is_new);
    }
    if (object && !object->socket)
        object->socket = calloc(1, sizeof *object->socket);
    if (!object || !object->socket) {
        call->effects->failed = true;
        return NULL;
    }
    object->kind = OBJECT_SOCKET;
    object->from_empty = true;
    object->socket->family = (uint16_t)family;
    object->socket->type = (uint16_t)type;
    object->socket->place = call->effects->place;
    return object;
}

static bool next_identity(const struct rn_event *event, unsigned index,
                          struct rn_fd_identity *identity)
{
    for (uint32_t i = 0; i < event->attachment_count; i++) {
        const struct rn_attachment *fd = &event->attachments[i];

        if (fd->type != RN_ATT_FD || fd->size < sizeof *identity || index-- != 0)
            continue;
        memcpy(identity, fd->data, sizeof *identity);
        return true;
    }
    return false;
}

static void hand_out(struct effect_call *call, struct effect_object *object, uint64_t fd,
                     uint32_t flags, bool close_on_exec)
{
    struct effect_open *open = object ? effect_open_new(call->effects, object, flags) : NULL;

    if (open)
        effect_fd_set(call->effects, call->process, fd, open, close_on_exec, -1);
}

static void make_pair(struct effect_call *call, bool sockets)
{
    bool close_on_exec = call->syscall->args[1] & O_CLOEXEC;
    struct rn_fd_identity identity;

    for (unsigned i = 0; i < 2 && next_identity(call->event, i, &identity); i++) {
        struct effect_object *object;
        bool is_new;

        if (sockets) {
            object = new_socket(call, (int)call->syscall->args[0],
                                (int)(call->syscall->args[1] & TYPE_MASK), &identity);
            if (object)
                object->socket->paired = true;
        } else {
            object = effect_object_of(call->effects, &identity, &is_new);
        }
        if (!object)
            return;
        object->internal = true;
        hand_out(call, object, identity.fd,
                 sockets ? O_RDWR
                 : i     ? O_WRONLY
                         : O_RDONLY,
                 close_on_exec);
    }
}

static void make_socket(struct effect_call *call)
{
    struct rn_fd_identity identity = {.fd = call->syscall->ret, .mode = S_IFSOCK};
    struct effect_object *object;

    if (!next_identity(call->event, 0, &identity))
        identity.inode = effect_mix(call->effects->place.ordinal ^
                                    ((uint64_t)call->effects->place.stream << 40));
    object = new_socket(call, (int)call->syscall->args[0],
                        (int)(call->syscall->args[1] & TYPE_MASK), &identity);
    hand_out(call, object, call->syscall->ret, O_RDWR, call->syscall->args[1] & SOCK_CLOEXEC);
}

static struct effect_object *socket_at(struct effect_call *call)
{
    const struct effect_fd *fd = effect_fd(call->process, (uint32_t)call->syscall->args[0]);

    return fd && fd->open->object && fd->open->object->socket ? fd->open->object : NULL;
}

static void accepted(struct effect_call *call)
{
    struct rn_fd_identity identity = {.fd = call->syscall->ret, .mode = S_IFSOCK};
    struct effect_object *listener = socket_at(call), *object;

    if (!next_identity(call->event, 0, &identity))
        identity.inode = effect_mix(call->effects->place.ordinal ^
                                    ((uint64_t)call->effects->place.stream << 40));
    object =
        new_socket(call, listener ? listener->socket->family : AF_INET, SOCK_STREAM, &identity);
    if (!object)
        return;
    object->socket->accepted = object->socket->connected = true;
    object->socket->thread = call->thread->stream;
    if (listener && listener->socket->local)
        object->socket->local = strdup(listener->socket->local);
    hand_out(call, object, call->syscall->ret, O_RDWR, call->syscall->args[3] & SOCK_CLOEXEC);
}

static bool connected(struct effect_call *call)
{
    struct effect_object *object = socket_at(call);
    struct effect_socket *socket = object ? object->socket : NULL;
    char *peer;

    if (!socket)
        return false;
    peer = effect_address(call->effects, rn_event_attachment(call->event, RN_ATT_SOCKADDR, 1));
    if (!peer)
        return false;
    free(socket->peer);
    socket->peer = peer;
    if (socket->type != SOCK_STREAM && socket->type != SOCK_SEQPACKET)
        return false; /* nothing is sent by that */
    if (call->failed && call->syscall->ret != (uint64_t)-EINPROGRESS) {
        /* Whoever has the address is asked even if he refuses; a file that is not there is not. */
        socket->refused = socket->family != AF_UNIX && call->syscall->ret != (uint64_t)-EISCONN;
        if (!socket->refused)
            return false;
    } else {
        socket->refused = false;
    }
    if (!socket->connected)
        socket->place = call->effects->place;
    socket->connected = true;
    socket->thread = call->thread->stream;
    return true;
}

static void bound(struct effect_call *call)
{
    struct effect_object *object = socket_at(call);
    char *local =
        effect_address(call->effects, rn_event_attachment(call->event, RN_ATT_SOCKADDR, 1));

    if (object) {
        free(object->socket->local);
        object->socket->local = local;
    } else {
        free(local);
    }
}

static bool listens(struct effect_call *call)
{
    struct effect_object *object = socket_at(call);
    struct rn_effect *effect;

    if (!object || object->socket->listening)
        return object != NULL;
    object->socket->listening = true;
    effect = effect_add(call->effects, RN_EFFECT_CALL, "listen");
    if (!effect)
        return true;
    effect->place = call->effects->place;
    effect->target = effect_text(call->effects, "%s",
                                 object->socket->local ? object->socket->local : "(any port)");
    return true;
}

/* ---- bytes ---- */

static void note_turn(struct effect_object *object, bool sends)
{
    struct effect_socket *socket = object->socket;

    if (socket->had_turn && socket->last_sent == sends)
        return;
    socket->had_turn = true;
    socket->last_sent = sends;
    socket->turns++;
    socket->turn_sum = effect_mix(socket->turn_sum ^ effect_mix(object->image.length + 1) ^
                                  effect_mix(~object->input.length));
}

/* All datagrams to one address are one object, whichever socket sent them. */
static struct effect_object *datagrams_to(struct rn_effects *effects, const char *address)
{
    uint64_t key = rn_crc64(0, address, strlen(address));
    struct effect_object *object;

    while ((object = rn_id_map_get(&effects->addresses, key)) &&
           strcmp(object->label, address) != 0)
        key++;
    if (object)
        return object;
    object = effect_object_new(effects, OBJECT_SOCKET);
    if (!object)
        return NULL;
    object->datagrams = true;
    object->inherited = true;
    object->from_empty = true;
    object->label = strdup(address);
    if (!object->label || !rn_id_map_set(&effects->addresses, key, object))
        effects->failed = true;
    return object->label ? object : NULL;
}

static bool send_datagram(struct effect_call *call, struct effect_object *object,
                          const char *address, uint64_t length, const struct rn_content *content)
{
    struct rn_effects *effects = call->effects;

    if (object->socket->family != AF_INET && object->socket->family != AF_INET6 &&
        object->socket->family != AF_UNIX) {
        effects->summary.erased[RN_RULE_QUERIES]++; /* netlink and its like */
        return true;
    }
    if (effect_is_name_lookup(address)) {
        effects->summary.erased[RN_RULE_NAME_LOOKUP]++;
        return true;
    }
    object = datagrams_to(effects, address);
    if (!object)
        return true;
    rn_image_append(&object->image, length, content, &effects->place);
    object->datagram_count++;
    object->boundary_sum = effect_mix(object->boundary_sum ^ effect_mix(length));
    effect_wrote(call, object, length, content);
    return true;
}

static bool send_bytes(struct effect_call *call, uint64_t length, const struct rn_content *content,
                       const struct rn_attachment *to)
{
    struct effect_object *object = socket_at(call);
    char *address;
    bool done;

    if (!object)
        return false;
    if (object->internal) {
        call->effects->summary.erased[RN_RULE_INTERNAL_PIPES]++;
        return true;
    }
    if (object->socket->type == SOCK_STREAM || object->socket->type == SOCK_SEQPACKET) {
        note_turn(object, true);
        rn_image_append(&object->image, length, content, &call->effects->place);
        effect_wrote(call, object, length, content);
        return true;
    }
    address = effect_address(call->effects, to);
    if (!address)
        address = strdup(object->socket->peer ? object->socket->peer : "(unknown)");
    done = address && send_datagram(call, object, address, length, content);
    free(address);
    return done;
}

static bool receive_bytes(struct effect_call *call, uint64_t length,
                          const struct rn_content *content)
{
    struct effect_object *object = socket_at(call);

    if (!object || object->internal || length == 0)
        return false;
    if (object->socket->type == SOCK_STREAM || object->socket->type == SOCK_SEQPACKET)
        note_turn(object, false);
    rn_image_append(&object->input, length, content, &call->effects->place);
    return false;
}

static bool send_several(struct effect_call *call)
{
    const struct rn_content *content;
    unsigned index = 0;

    for (; (content = effect_content(call->event, index)); index++)
        send_bytes(call, content->length, content, NULL);
    return index > 0;
}

void effect_receive_descriptors(struct effect_call *call)
{
    struct rn_fd_identity identity;

    for (unsigned i = 0; next_identity(call->event, i, &identity); i++) {
        bool is_new;
        struct effect_object *object = effect_object_of(call->effects, &identity, &is_new);

        hand_out(call, object, identity.fd, O_RDWR, call->syscall->args[2] & MSG_CMSG_CLOEXEC);
    }
}

static const struct rn_content *only_content(const struct effect_call *call)
{
    return effect_content(call->event, 0);
}

bool effect_apply_socket(struct effect_call *call, enum effect_op op)
{
    if (op == OP_CONNECT)
        return connected(call);
    if (call->failed)
        return false;
    switch (op) {
    case OP_PIPE:
        make_pair(call, false);
        return false;
    case OP_SOCKETPAIR:
        make_pair(call, true);
        return false;
    case OP_SOCKET:
        make_socket(call);
        return false;
    case OP_ACCEPT:
        accepted(call);
        return true;
    case OP_BIND:
        bound(call);
        return false;
    case OP_LISTEN:
        return listens(call);
    case OP_SEND:
    case OP_SENDMSG:
        return send_bytes(call, call->syscall->ret, only_content(call),
                          rn_event_attachment(call->event, RN_ATT_SOCKADDR, RN_ARG_ANY));
    case OP_SENDMMSG:
        return send_several(call);
    case OP_RECVMSG:
        effect_receive_descriptors(call);
        return receive_bytes(call, call->syscall->ret, only_content(call));
    case OP_RECV:
        return receive_bytes(call, call->syscall->ret, only_content(call));
    default:
        return false;
    }
}

/* ---- the end of a connection ---- */

static struct rn_image *keep_image(struct rn_effects *effects, struct rn_image *image)
{
    struct rn_image *kept = malloc(sizeof *kept);

    if (!kept) {
        effects->failed = true;
        return NULL;
    }
    *kept = *image;
    rn_image_init(image, 0);
    return kept;
}

static struct rn_connection *add_connection(struct rn_effects *effects)
{
    size_t capacity = effects->connection_capacity ? effects->connection_capacity : 64;
    struct rn_connection *list;

    if (effects->connection_count >= RN_EFFECTS_MAX_OBJECTS) {
        effects->over_limit = true;
        return NULL;
    }
    if (effects->connection_count == effects->connection_capacity) {
        capacity += capacity / 2;
        list = realloc(effects->connections, capacity * sizeof *list);
        if (!list) {
            effects->failed = true;
            return NULL;
        }
        effects->connections = list;
        effects->connection_capacity = capacity;
    }
    return &effects->connections[effects->connection_count++];
}

static void describe(struct rn_effects *effects, struct effect_object *object, const char *name)
{
    const struct effect_socket *socket = object->socket;
    bool whole = effects->connection_count < RN_CONNECTIONS_WHOLE;
    struct rn_connection *connection = add_connection(effects);

    if (!connection)
        return;
    *connection = (struct rn_connection){
        .name = name,
        .place = object->dirty ? object->place : socket->place,
        .thread = socket->thread,
        .refused = socket->refused && object->image.length == 0,
        .turns = (uint32_t)socket->turns,
        .turn_sum = socket->turn_sum,
        .sent_length = object->image.length,
        .received_length = object->input.length,
    };
    connection->sent_known = rn_image_crc(&object->image, false, &connection->sent_crc);
    connection->received_known = rn_image_crc(&object->input, false, &connection->received_crc);
    if (whole) {
        connection->sent = keep_image(effects, &object->image);
        connection->received = keep_image(effects, &object->input);
    }
}

/* Hundreds of thousands of connections to one address share its name. */
static const char *name_of(struct rn_effects *effects, const char *how, const char *address)
{
    size_t length = strlen(how);

    for (size_t i = effects->text_count; i-- > 0 && i + 8 > effects->text_count;) {
        const char *text = effects->texts[i];

        if (strncmp(text, how, length) == 0 && text[length] == ' ' &&
            strcmp(text + length + 1, address) == 0)
            return text;
    }
    return effect_text(effects, "%s %s", how, address);
}

void effect_socket_closed(struct rn_effects *effects, struct effect_object *object)
{
    struct effect_socket *socket = object->socket;
    const char *address, *name;

    if (!socket || socket->recorded || object->internal || !socket->connected)
        return;
    socket->recorded = true;
    address = socket->accepted ? socket->local : socket->peer;
    if (!address)
        address = "(unknown)";
    if (effect_is_name_lookup(address)) {
        effects->summary.erased[RN_RULE_NAME_LOOKUP]++;
        return;
    }
    if (effects->closing)
        return;
    name = name_of(effects, socket->accepted ? "accepted on" : "to", address);
    if (name)
        describe(effects, object, name);
}
