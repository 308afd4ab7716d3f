/* SPDX-License-Identifier: MIT */
#include "blob_parts.h"

#include <stddef.h>

#define NR_NEWFSTAT 5

/* Begin an attachment; its bytes go to where the returned pointer points. */
uint8_t *rn_blob_attach(struct rn_thread_area *area, uint8_t type, uint8_t arg, uint16_t flags)
{
    uint8_t *at = area->data + (area->cursor & (area->slot->size - 1));
    struct rn_record_attachment *attachment = (struct rn_record_attachment *)at;

    attachment->type = type;
    attachment->arg = arg;
    attachment->flags = flags;
    return at + sizeof(*attachment);
}

/* End it: `size` bytes are there. */
void rn_blob_attached(struct rn_thread_area *area, uint8_t *bytes, uint32_t size)
{
    struct rn_record_attachment *attachment =
        (struct rn_record_attachment *)(bytes - sizeof(*attachment));
    uint32_t padded = (size + 7u) & ~7u;

    attachment->size = size;
    for (uint32_t i = size; i < padded; i++)
        bytes[i] = 0;
    area->cursor += sizeof(*attachment) + padded;
    record_of(area)->attachments++;
}

#define HAS_ZERO_BYTE(word) (((word)-0x0101010101010101ull) & ~(word)&0x8080808080808080ull)

/* Bytes up to the NUL, at most `max`. An aligned word never reaches into the next page, so reading
 * a whole one faults only where reading its first byte does. */
static uint32_t copy_string(uint8_t *to, const uint8_t *from, uint32_t max)
{
    uint32_t size = 0;

    while (((uint64_t)from + size) % 8 && size < max) {
        if (!(to[size] = from[size]))
            return size;
        size++;
    }
    while (size + 8 <= max) {
        uint64_t word = *(const unaligned_u64 *)(from + size);

        if (HAS_ZERO_BYTE(word))
            break;
        *(unaligned_u64 *)(to + size) = word;
        size += 8;
    }
    while (size < max && (to[size] = from[size]) != 0)
        size++;
    return size;
}

static void attach_string(struct rn_thread_area *area, unsigned arg, uint8_t type)
{
    const uint8_t *string = (const uint8_t *)argument(area, arg);
    uint32_t size;
    uint8_t *bytes;

    if (!string)
        return;
    bytes = rn_blob_attach(area, type, (uint8_t)arg, 0);
    size = copy_string(bytes, string, RN_BLOB_PATH_MAX);
    if (size == RN_BLOB_PATH_MAX)
        bytes[-(int)sizeof(struct rn_record_attachment) + 2] = RN_ATT_CUT;
    rn_blob_attached(area, bytes, size);
}

/* They have been measured, and fit; another thread may have changed them since. */
static void attach_argv(struct rn_thread_area *area, unsigned arg)
{
    const uint8_t *const *argv = (const uint8_t *const *)argument(area, arg);
    uint8_t *bytes = rn_blob_attach(area, RN_ATT_ARGV, (uint8_t)arg, 0);
    uint32_t used = 0;

    for (uint64_t i = 0; argv[i] && used < RN_BLOB_ARGV_MAX; i++) {
        used += copy_string(bytes + used, argv[i], RN_BLOB_ARGV_MAX - used);
        bytes[used++] = 0;
        if (used > RN_BLOB_ARGV_MAX)
            rn_blob_attachment_of(bytes)->flags = RN_ATT_CUT;
    }
    rn_blob_attached(area, bytes, used);
}

static void attach_bytes(struct rn_thread_area *area, unsigned arg, uint8_t type, uint16_t flags,
                         uint64_t size)
{
    const uint8_t *from = (const uint8_t *)argument(area, arg);
    uint8_t *bytes;

    if (!from || size == 0)
        return;
    if (size > RN_BLOB_STRUCT_MAX) {
        size = RN_BLOB_STRUCT_MAX;
        flags |= RN_ATT_CUT;
    }
    bytes = rn_blob_attach(area, type, (uint8_t)arg, flags);
    copy(bytes, from, size);
    rn_blob_attached(area, bytes, (uint32_t)size);
}

/* Size of the array an argument points to: `bytes` each, counted by another argument or by the
 * result. Counts that make no sense stay below the limit, so that they cannot overflow. */
static uint64_t struct_size(const struct rn_thread_area *area, unsigned i)
{
    const struct rn_recipe *recipe = area->recipe;
    uint64_t count = 1;

    if (recipe->op[i].size_arg == RN_ARG_RETURN)
        count = area->result;
    else if (recipe->op[i].size_arg != RN_ARG_NONE)
        count = argument(area, recipe->op[i].size_arg);
    if (recipe->op[i].size_arg < 6 && recipe->op[i].bytes > 1)
        count = (uint32_t)count;
    if (count > RN_BLOB_STRUCT_MAX)
        count = RN_BLOB_STRUCT_MAX + 1;
    return count * recipe->op[i].bytes;
}

/* recv with MSG_TRUNC returns more than there was room for. */
static void attach_buffer(struct rn_thread_area *area, unsigned arg, unsigned size_arg)
{
    struct iovec whole = {(const uint8_t *)argument(area, arg), area->result};

    if (size_arg < 6 && argument(area, size_arg) < whole.length)
        whole.length = argument(area, size_arg);
    if (whole.base || whole.length == 0)
        rn_blob_attach_content(area, arg, &whole, 1, whole.length);
}

/* getcwd counts the NUL, readlink writes none. */
static void attach_text(struct rn_thread_area *area, unsigned arg)
{
    const uint8_t *text = (const uint8_t *)argument(area, arg);
    uint64_t size = area->result;

    if (text && size && text[size - 1] == 0)
        size--;
    attach_bytes(area, arg, RN_ATT_STRING, 0, size);
}

/* Room for names is what the caller said; the kernel may have found a longer one. */
static void attach_sockaddr_out(struct rn_thread_area *area, unsigned arg, unsigned size_arg)
{
    const uint32_t *length = (const uint32_t *)argument(area, size_arg);

    if (length && *length <= area->name_room)
        attach_bytes(area, arg, RN_ATT_SOCKADDR, 0, *length);
    else if (length)
        attach_bytes(area, arg, RN_ATT_SOCKADDR, RN_ATT_CUT, area->name_room);
}

void rn_blob_attach_identity(struct rn_thread_area *area, uint64_t fd,
                             const struct rn_kernel_stat *stat)
{
    struct rn_fd_identity identity;
    uint8_t *bytes;

    identity.fd = fd;
    identity.device = stat->device;
    identity.inode = stat->inode;
    identity.rdev = stat->rdev;
    identity.mode = stat->mode;
    bytes = rn_blob_attach(area, RN_ATT_FD, RN_ARG_RETURN, 0);
    copy(bytes, (const uint8_t *)&identity, sizeof(identity));
    rn_blob_attached(area, bytes, sizeof(identity));
}

static void attach_new_descriptor(struct rn_thread_area *area)
{
    struct rn_kernel_stat stat;

    if (!CONFIG->quiet &&
        rn_blob_own_call(NR_NEWFSTAT, (long)area->result, (long)&stat, 0, 0) == 0)
        rn_blob_attach_identity(area, area->result, &stat);
}

void rn_blob_attach_before(struct rn_thread_area *area)
{
    const struct rn_recipe *recipe = area->recipe;

    for (unsigned i = 0; i < recipe->ops; i++) {
        unsigned arg = recipe->op[i].arg, size_arg = recipe->op[i].size_arg;

        switch (recipe->op[i].op) {
        case RN_OP_PATH:
            attach_string(area, arg, RN_ATT_PATH);
            break;
        case RN_OP_STRING:
            attach_string(area, arg, RN_ATT_STRING);
            break;
        case RN_OP_ARGV:
            attach_argv(area, arg);
            break;
        case RN_OP_STRUCT_IN:
            attach_bytes(area, arg, RN_ATT_STRUCT, 0, struct_size(area, i));
            break;
        case RN_OP_STRUCT_ENTRY:
            attach_bytes(area, arg, RN_ATT_STRUCT, RN_ATT_ENTRY, struct_size(area, i));
            break;
        case RN_OP_SOCKADDR_IN:
            attach_bytes(area, arg, RN_ATT_SOCKADDR, 0, argument(area, size_arg));
            break;
        case RN_OP_IOVEC_IN:
            attach_bytes(area, arg, RN_ATT_STRUCT, 0,
                         argument(area, size_arg) * sizeof(struct iovec));
            break;
        case RN_OP_SOCKADDR_OUT:
            area->name_room = argument(area, size_arg) ? *(uint32_t *)argument(area, size_arg) : 0;
            break;
        default:
            break;
        }
    }
}

void rn_blob_attach_after(struct rn_thread_area *area)
{
    const struct rn_recipe *recipe = area->recipe;

    for (unsigned i = 0; i < recipe->ops; i++) {
        unsigned arg = recipe->op[i].arg, size_arg = recipe->op[i].size_arg;

        switch (recipe->op[i].op) {
        case RN_OP_STRUCT_OUT:
            attach_bytes(area, arg, RN_ATT_STRUCT, 0, struct_size(area, i));
            break;
        case RN_OP_STRING_OUT:
            attach_text(area, arg);
            break;
        case RN_OP_SOCKADDR_OUT:
            attach_sockaddr_out(area, arg, size_arg);
            break;
        case RN_OP_BUFFER:
            attach_buffer(area, arg, size_arg);
            break;
        case RN_OP_IOVEC:
            rn_blob_attach_content(area, arg, (const struct iovec *)argument(area, arg),
                                   argument(area, size_arg), area->result);
            break;
        case RN_OP_DIRENTS:
            rn_blob_attach_dirents(area, arg);
            break;
        case RN_OP_FD:
            attach_new_descriptor(area);
            break;
        default:
            break;
        }
    }
}
