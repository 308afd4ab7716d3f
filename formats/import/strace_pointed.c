/* SPDX-License-Identifier: MIT */
/* Arguments that point to text, bytes, descriptors. What strace abbreviated is never made up. */
#include "strace_private.h"

#include "formats/crc64.h"

#define ADDRESS_ROOM 256u

struct rn_attachment *strace_attach(struct strace_call *c, uint8_t type, unsigned arg,
                                    const void *data, size_t size)
{
    struct rn_attachment *item;

    if (c->count == STRACE_ITEMS_MAX) {
        c->event.flags |= RN_EVENT_TRUNCATED;
        return NULL;
    }
    item = &c->items[c->count++];
    *item = (struct rn_attachment){.type = type,
                                   .arg = (uint8_t)arg,
                                   .flags = size > STRACE_ITEM_BYTES ? RN_ATT_CUT : 0,
                                   .data = data};
    item->size = size > STRACE_ITEM_BYTES ? STRACE_ITEM_BYTES : (uint32_t)size;
    return item;
}

void strace_printed(struct strace_call *c, unsigned arg, const char *begin, const char *end)
{
    strace_attach(c, RN_ATT_PRINTED, arg, begin, (size_t)(end - begin));
}

static bool scan_text(struct strace_call *c, unsigned arg, uint8_t type)
{
    struct strace_string string;
    struct rn_attachment *item;

    if (!strace_scan_string(&c->p, c->end, &c->arena, &string))
        return false;
    item = strace_attach(c, type, arg, string.data, string.size);
    if (item && string.cut)
        item->flags |= RN_ATT_CUT;
    return true;
}

/* ["ls", "-l"], the strings one behind the other with their NULs. What was cut is printed too. */
static bool scan_argv(struct strace_call *c, unsigned arg)
{
    const char *begin = c->p;
    uint8_t *out = c->arena.next, *at = out;
    struct rn_attachment *item;
    bool cut = false;

    if (*c->p++ != '[')
        return false;
    while (*c->p != ']') {
        struct strace_string string;
        uint8_t *end = c->arena.end;

        if (strace_eat(&c->p, "...")) {
            cut = true;
        } else {
            c->arena.next = at;
            if (!strace_scan_string(&c->p, c->end, &c->arena, &string) ||
                string.size >= (size_t)(end - at))
                return false;
            cut = cut || string.cut;
            memmove(at, string.data, string.size);
            at += string.size;
            *at++ = '\0';
        }
        if (!strace_eat(&c->p, ", "))
            break;
    }
    if (*c->p++ != ']')
        return false;
    c->arena.next = at;
    item = strace_attach(c, RN_ATT_ARGV, arg, out, (size_t)(at - out));
    if (item && cut) {
        item->flags |= RN_ATT_CUT;
        strace_printed(c, arg, begin, c->p);
    }
    return true;
}

/* [3, 4] of pipe and socketpair. */
static bool scan_pair(struct strace_call *c, unsigned arg)
{
    uint64_t fd[2];
    uint8_t *bytes;

    if (!strace_eat(&c->p, "[") || !strace_fd(c, true, &fd[0]) || !strace_eat(&c->p, ", ") ||
        !strace_fd(c, true, &fd[1]) || !strace_eat(&c->p, "]"))
        return false;
    bytes = strace_arena_take(&c->arena, 8);
    if (!bytes)
        return false;
    memcpy(bytes, &fd[0], 4);
    memcpy(bytes + 4, &fd[1], 4);
    strace_attach(c, RN_ATT_STRUCT, arg, bytes, 8);
    return true;
}

static bool scan_address(struct strace_call *c, unsigned arg)
{
    uint8_t *bytes = strace_arena_take(&c->arena, ADDRESS_ROOM);
    size_t size;

    if (!bytes || !strace_sockaddr(c, bytes, ADDRESS_ROOM, &size))
        return false;
    strace_attach(c, RN_ATT_SOCKADDR, arg, bytes, size);
    return true;
}

/* Judged when the result is known: until then it stands as printed. */
static bool scan_buffer(struct strace_call *c, unsigned arg)
{
    struct strace_buffer *buffer = &c->buffers[c->buffer_count];

    if (c->buffer_count == STRACE_BUFFERS_MAX)
        return false;
    *buffer = (struct strace_buffer){
        .arg = (uint8_t)arg, .item = c->count, .begin = c->p, .moved = STRACE_MOVED_RESULT};
    if (!strace_scan_string(&c->p, c->end, &c->arena, &buffer->string))
        return false;
    buffer->end = c->p;
    strace_printed(c, arg, buffer->begin, buffer->end);
    c->buffer_count++;
    return true;
}

void strace_set_content(struct strace_call *c, struct rn_attachment *item, const uint8_t *data,
                        size_t size)
{
    size_t blocks = size ? (size - 1) / RN_CONTENT_BLOCK : 0;
    uint64_t *prefix = blocks ? (uint64_t *)(void *)strace_arena_take(&c->arena, blocks * 8) : NULL;
    uint32_t head = size > STRACE_ITEM_BYTES ? STRACE_ITEM_BYTES : (uint32_t)size;
    uint64_t crc = 0;

    if (blocks && !prefix)
        return;
    for (size_t i = 0; i < blocks; i++)
        prefix[i] = crc = rn_crc64(crc, data + i * RN_CONTENT_BLOCK, RN_CONTENT_BLOCK);
    crc = rn_crc64(crc, data + blocks * RN_CONTENT_BLOCK, size - blocks * RN_CONTENT_BLOCK);
    *item = (struct rn_attachment){.type = RN_ATT_CONTENT,
                                   .arg = item->arg,
                                   .content = {.length = size,
                                               .crc = crc,
                                               .prefix_crc = prefix,
                                               .blocks = (uint32_t)blocks,
                                               .head_len = head,
                                               .head = data}};
}

/* Content where every byte that was moved is there; and as printed, where that shows more. */
static void finish_buffer(struct strace_call *c, const struct strace_buffer *buffer)
{
    const struct rn_arg *arg = &c->info->args[buffer->arg];
    const struct strace_string *string = &buffer->string;
    bool buffers = arg->type == RN_TYPE_BUFFER_IN || arg->type == RN_TYPE_BUFFER_OUT;
    bool given = buffers && arg->size_arg < 6;
    uint64_t moved = given                                  ? c->args[arg->size_arg]
                     : buffer->moved == STRACE_MOVED_RESULT ? c->event.u.syscall.ret
                                                            : buffer->moved;

    if (!c->returned || c->failed || buffer->item >= c->count)
        return;
    if (moved > string->size || (moved < string->size && given))
        return;
    strace_set_content(c, &c->items[buffer->item], string->data, (size_t)moved);
    if (moved != string->size || string->cut || moved == 0)
        strace_printed(c, buffer->arg, buffer->begin, buffer->end);
}

void strace_finish_buffers(struct strace_call *c)
{
    for (uint32_t i = 0; i < c->buffer_count; i++)
        finish_buffer(c, &c->buffers[i]);
}

static bool scan_struct(struct strace_call *c, unsigned arg)
{
    struct rn_attachment bytes = {.data = NULL}, *item;

    if (!strace_struct(c, &c->info->args[arg], &bytes) || bytes.size == 0)
        return false;
    item = strace_attach(c, RN_ATT_STRUCT, arg, bytes.data, bytes.size);
    return item != NULL;
}

/* Read before and after: [128 => 16]; [0] => [100]; or the same. */
static bool scan_inout(struct strace_call *c, unsigned arg)
{
    const struct rn_arg *info = &c->info->args[arg];
    uint32_t first = c->count;
    struct rn_attachment *item;
    const char *at = c->p + 1;
    uint64_t value[2];

    if (info->struct_type == RN_STRUCT_INT && *c->p == '[' && strace_scan_number(&at, &value[0]) &&
        strace_eat(&at, " => ") && strace_scan_number(&at, &value[1]) && strace_eat(&at, "]")) {
        uint8_t *bytes = strace_arena_take(&c->arena, 16);

        if (!bytes)
            return false;
        memcpy(bytes, &value[0], 4);
        memcpy(bytes + 8, &value[1], 4);
        item = strace_attach(c, RN_ATT_STRUCT, arg, bytes, 4);
        if (item)
            item->flags = RN_ATT_ENTRY;
        strace_attach(c, RN_ATT_STRUCT, arg, bytes + 8, 4);
        c->p = at;
        return true;
    }
    if (!scan_struct(c, arg))
        return false;
    c->items[first].flags = RN_ATT_ENTRY;
    if (strace_eat(&c->p, " => "))
        return scan_struct(c, arg);
    /* What poll and select found stands behind the result. */
    if (info->struct_type != RN_STRUCT_POLLFD && info->struct_type != RN_STRUCT_FD_SET)
        strace_attach(c, RN_ATT_STRUCT, arg, c->items[first].data, c->items[first].size);
    return true;
}

bool strace_pointed(struct strace_call *c, unsigned arg)
{
    uint8_t type = c->info->args[arg].type;

    if (strace_scan_number(&c->p, &c->args[arg]))
        return true;
    switch (type) {
    case RN_TYPE_PATH:
        return scan_text(c, arg, RN_ATT_PATH);
    case RN_TYPE_STRING:
    case RN_TYPE_STRING_OUT:
        return scan_text(c, arg, RN_ATT_STRING);
    case RN_TYPE_BUFFER_IN:
    case RN_TYPE_BUFFER_OUT:
        return scan_buffer(c, arg);
    case RN_TYPE_ARGV:
        return scan_argv(c, arg);
    case RN_TYPE_FDPAIR_OUT:
        return scan_pair(c, arg);
    case RN_TYPE_SOCKADDR_IN:
    case RN_TYPE_SOCKADDR_OUT:
        return scan_address(c, arg);
    case RN_TYPE_IOVEC_IN:
    case RN_TYPE_IOVEC_OUT:
        return strace_vector(c, arg);
    case RN_TYPE_MSGHDR_IN:
    case RN_TYPE_MSGHDR_OUT:
        return strace_message(c, arg);
    case RN_TYPE_MMSGHDR_IN:
    case RN_TYPE_MMSGHDR_OUT:
        return strace_messages(c, arg);
    case RN_TYPE_STRUCT_IN:
    case RN_TYPE_STRUCT_OUT:
        return scan_struct(c, arg);
    case RN_TYPE_STRUCT_INOUT:
        return scan_inout(c, arg);
    default:
        return false;
    }
}
