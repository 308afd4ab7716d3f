/* SPDX-License-Identifier: MIT */
/* Vectors of buffers, and messages. What render_message.c reads: a message's header, its address,
 * control data, the vector, and the content where all that was moved is there. */
#include "strace_private.h"

#define VECTOR_MAX   1024u
#define SOL_SOCKET_  1u
#define SCM_RIGHTS_  1u
#define CONTROL_ROOM 512u

struct vector {
    uint8_t *entries; /* of 16 bytes, or 8 */
    size_t count, width;
    uint8_t *bytes; /* of all buffers, as far as they were printed */
    size_t size;
    bool gap; /* a buffer was cut, and more of them follow */
};

/* Bytes of a buffer behind those before it. */
static bool gather(struct strace_call *c, struct vector *vector, const struct strace_string *string,
                   uint64_t length)
{
    if (vector->gap && string->size)
        return true;
    if ((size_t)(c->arena.end - (vector->bytes + vector->size)) < string->size)
        return false;
    memmove(vector->bytes + vector->size, string->data, string->size);
    vector->size += string->size;
    vector->gap = vector->gap || string->cut || string->size < length;
    c->arena.next = vector->bytes + vector->size;
    return true;
}

/* [{iov_base="x", iov_len=1}, ...] */
static bool scan_entries(struct strace_call *c, struct vector *vector)
{
    if (*c->p++ != '[')
        return false;
    if (strace_eat(&c->p, "]"))
        return true;
    do {
        struct strace_string string = {.data = NULL};
        uint8_t *entry = vector->entries + vector->count * 2 * vector->width;
        uint64_t base = 0, length;

        if (vector->count == VECTOR_MAX || !strace_eat(&c->p, "{iov_base="))
            return false;
        c->arena.next = vector->bytes + vector->size;
        if (!strace_scan_number(&c->p, &base) &&
            !strace_scan_string(&c->p, c->end, &c->arena, &string))
            return false;
        if (!strace_eat(&c->p, ", iov_len=") || !strace_scan_number(&c->p, &length) ||
            !strace_eat(&c->p, "}") || !gather(c, vector, &string, length))
            return false;
        memcpy(entry, &base, vector->width);
        memcpy(entry + vector->width, &length, vector->width);
        vector->count++;
    } while (strace_eat(&c->p, ", "));
    return strace_eat(&c->p, "]");
}

/* How many entries the text may hold. */
static size_t count_entries(const struct strace_call *c)
{
    const char *at = c->p;
    size_t count = 0;

    while (count < VECTOR_MAX &&
           (at = memmem(at, (size_t)(c->end - at), "{iov_base=", 10)) != NULL) {
        count++;
        at += 10;
    }
    return count;
}

static bool scan_vector(struct strace_call *c, size_t width, struct vector *vector)
{
    size_t count = count_entries(c);

    *vector = (struct vector){.width = width};
    vector->entries = strace_arena_take(&c->arena, count * 2 * width);
    vector->bytes = c->arena.next;
    return vector->entries && scan_entries(c, vector);
}

/* The bytes are judged when the result is known. */
static void attach_vector(struct strace_call *c, unsigned arg, const struct vector *vector,
                          const char *begin, const char *end)
{
    strace_attach(c, RN_ATT_STRUCT, arg, vector->entries, vector->count * 2 * vector->width);
    if (c->buffer_count == STRACE_BUFFERS_MAX)
        return;
    c->buffers[c->buffer_count++] =
        (struct strace_buffer){.arg = (uint8_t)arg,
                               .item = c->count,
                               .string = {vector->bytes, vector->size, vector->gap},
                               .moved = STRACE_MOVED_RESULT,
                               .begin = begin,
                               .end = end};
    strace_printed(c, arg, begin, end);
}

bool strace_vector(struct strace_call *c, unsigned arg)
{
    const char *begin = c->p;
    struct vector vector;

    if (!scan_vector(c, c->info->args[arg].bytes / 2u, &vector))
        return false;
    attach_vector(c, arg, &vector, begin, c->p);
    return true;
}

/* {cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[3]}: descriptors alone. */
static bool scan_control(struct strace_call *c, bool received, uint8_t *out, size_t room,
                         size_t *size)
{
    uint64_t length, level = SOL_SOCKET_ | (uint64_t)SCM_RIGHTS_ << 32, fd;
    size_t at = 16;

    if (!strace_eat(&c->p, "[{cmsg_len=") || !strace_scan_number(&c->p, &length) ||
        !strace_eat(&c->p, ", cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=["))
        return false;
    do {
        if (at + 4 > room || !strace_fd(c, received, &fd))
            return false;
        memcpy(out + at, &fd, 4);
        at += 4;
    } while (strace_eat(&c->p, ", "));
    memcpy(out, &length, 8);
    memcpy(out + 8, &level, 8);
    *size = at;
    return strace_eat(&c->p, "]}]") && length == at;
}

struct header {
    const char *begin; /* of the vector, as printed */
    uint8_t *bytes, *address, *control;
    size_t address_size, control_size;
};

/* msg_name=..., msg_namelen=110 => 0, msg_iov=[...], msg_iovlen=2 */
static bool scan_front(struct strace_call *c, struct header *header, struct vector *vector)
{
    uint64_t name = 0, length, count;

    if (!strace_eat(&c->p, "{msg_name="))
        return false;
    if (!strace_scan_number(&c->p, &name)) {
        header->address = strace_arena_take(&c->arena, 256);
        if (!header->address || !strace_sockaddr(c, header->address, 256, &header->address_size))
            return false;
    }
    if (!strace_eat(&c->p, ", msg_namelen=") || !strace_scan_number(&c->p, &length) ||
        (strace_eat(&c->p, " => ") && !strace_scan_number(&c->p, &length)) ||
        !strace_eat(&c->p, ", msg_iov=") || !scan_vector(c, 8, vector) ||
        !strace_eat(&c->p, ", msg_iovlen=") || !strace_scan_number(&c->p, &count))
        return false;
    memcpy(header->bytes, &name, 8);
    memcpy(header->bytes + 8, &length, 4);
    memcpy(header->bytes + 24, &count, 8);
    return true;
}

/* , msg_control=[...], msg_controllen=24, msg_flags=0} */
static bool scan_back(struct strace_call *c, bool received, struct header *header)
{
    uint64_t length, flags;

    if (strace_eat(&c->p, ", msg_control=")) {
        header->control = strace_arena_take(&c->arena, CONTROL_ROOM);
        if (!header->control ||
            !scan_control(c, received, header->control, CONTROL_ROOM, &header->control_size))
            return false;
    }
    if (!strace_eat(&c->p, ", msg_controllen=") || !strace_scan_number(&c->p, &length) ||
        !strace_eat(&c->p, ", msg_flags=") || !strace_flags(c, RN_XLAT_MSG_FLAGS, &flags) ||
        !strace_eat(&c->p, "}"))
        return false;
    memcpy(header->bytes + 40, &length, 8);
    memcpy(header->bytes + 48, &flags, 4);
    return true;
}

static bool scan_message(struct strace_call *c, unsigned arg, bool received)
{
    const char *begin = c->p;
    struct header header = {.bytes = strace_arena_take(&c->arena, 56)};
    struct vector vector;

    if (!header.bytes || !scan_front(c, &header, &vector) || !scan_back(c, received, &header))
        return false;
    strace_attach(c, RN_ATT_STRUCT, arg, header.bytes, 56);
    if (header.address)
        strace_attach(c, RN_ATT_SOCKADDR, arg, header.address, header.address_size);
    if (header.control_size)
        strace_attach(c, RN_ATT_CONTROL, arg, header.control, header.control_size);
    attach_vector(c, arg, &vector, begin, c->p);
    return true;
}

bool strace_message(struct strace_call *c, unsigned arg)
{
    const struct rn_arg *info = &c->info->args[arg];

    return info->bytes == 56 && scan_message(c, arg, info->type == RN_TYPE_MSGHDR_OUT);
}

/* [{msg_hdr={...}, msg_len=39}, ...]. What is kept as printed is all of it, for each of them. */
bool strace_messages(struct strace_call *c, unsigned arg)
{
    const struct rn_arg *info = &c->info->args[arg];
    bool received = info->type == RN_TYPE_MMSGHDR_OUT;
    uint32_t first = c->buffer_count;
    const char *begin = c->p;

    if (info->bytes != 64 || !strace_eat(&c->p, "["))
        return false;
    do {
        uint32_t at = c->buffer_count;
        uint64_t length;

        if (at == STRACE_BUFFERS_MAX || !strace_eat(&c->p, "{msg_hdr=") ||
            !scan_message(c, arg, received) || !strace_eat(&c->p, ", msg_len=") ||
            !strace_scan_number(&c->p, &length) || !strace_eat(&c->p, "}") ||
            c->buffers[at].item >= c->count)
            return false;
        c->buffers[at].moved = length;
    } while (strace_eat(&c->p, ", "));
    if (!strace_eat(&c->p, "]"))
        return false;
    for (uint32_t i = first; i < c->buffer_count; i++) {
        struct strace_buffer *buffer = &c->buffers[i];

        buffer->begin = begin;
        buffer->end = c->p;
        c->items[buffer->item].data = (const uint8_t *)begin;
        c->items[buffer->item].size = (uint32_t)(c->p - begin);
    }
    return true;
}
