/* SPDX-License-Identifier: MIT */
#include "syscall_capture.h"

#include "proc_snapshot.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum rn_call_role role;
} roles[] = {
    {"fork", RN_ROLE_FORK},
    {"vfork", RN_ROLE_VFORK},
    {"clone", RN_ROLE_CLONE},
    {"clone3", RN_ROLE_CLONE3},
    {"execve", RN_ROLE_EXEC},
    {"execveat", RN_ROLE_EXEC},
    {"mmap", RN_ROLE_MMAP},
    {"mmap2", RN_ROLE_MMAP2},
    {"munmap", RN_ROLE_MUNMAP},
    {"prctl", RN_ROLE_PRCTL},
    {"arch_prctl", RN_ROLE_ARCH_PRCTL},
    {"seccomp", RN_ROLE_SECCOMP},
    {"io_uring_setup", RN_ROLE_IO_URING},
    {"getrlimit", RN_ROLE_LIMIT},
    {"setrlimit", RN_ROLE_LIMIT},
    {"prlimit64", RN_ROLE_LIMIT},
    {"rt_sigaction", RN_ROLE_SIGNAL_ACTION},
    {"rt_sigprocmask", RN_ROLE_SIGNAL_MASK},
    {"rt_sigreturn", RN_ROLE_SIGRETURN},
    {"unshare", RN_ROLE_NAMESPACE},
    {"setns", RN_ROLE_NAMESPACE},
    {"exit", RN_ROLE_EXIT},
    {"exit_group", RN_ROLE_EXIT},
    {"sendfile", RN_ROLE_SENDFILE},
    {"sendfile64", RN_ROLE_SENDFILE},
    {"splice", RN_ROLE_COPY},
    {"copy_file_range", RN_ROLE_COPY},
};

struct rn_capture *rn_capture_new(uint64_t content_head, bool content_none)
{
    struct rn_capture *capture = calloc(1, sizeof(*capture));

    if (!capture)
        return NULL;
    capture->content_head = content_head < RN_CAPTURE_HEAD_MAX ? content_head : RN_CAPTURE_HEAD_MAX;
    capture->content_none = content_none;
    for (unsigned abi = 0; abi < RN_ABI_COUNT; abi++) {
        for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
            int nr = rn_syscall_number((enum rn_abi)abi, roles[i].name, strlen(roles[i].name));

            if (nr >= 0 && nr < 1024)
                capture->roles[abi][nr] = (uint8_t)roles[i].role;
        }
    }
    return capture;
}

enum rn_call_role rn_capture_role(const struct rn_capture *capture, const struct rn_syscall *call)
{
    if (call->abi >= RN_ABI_COUNT || call->nr >= 1024)
        return RN_ROLE_NONE;
    return (enum rn_call_role)capture->roles[call->abi][call->nr];
}

static uint16_t cut_flag(bool whole)
{
    return (uint16_t)(whole ? 0 : RN_ATT_CUT);
}

static void capture_string(const struct rn_call_place *place, struct rn_call_buffer *buffer,
                           uint8_t type, uint8_t arg, uint64_t address)
{
    uint8_t *to = rn_call_buffer_reserve(buffer, RN_CAPTURE_STRING_MAX);
    size_t length;
    bool whole;

    if (!to || address == 0)
        return;
    if (!rn_memory_read_string(place->memory, address, (char *)to, RN_CAPTURE_STRING_MAX, &length,
                               &whole))
        buffer->flags |= RN_EVENT_FAULT;
    else
        rn_call_buffer_add(buffer, type, arg, cut_flag(whole), length);
}

/* Bytes of known length: of a struct, an array or a text that the kernel wrote. */
static void capture_bytes(const struct rn_call_place *place, struct rn_call_buffer *buffer,
                          uint8_t type, uint8_t arg, uint16_t flags, uint64_t address,
                          uint64_t size)
{
    uint8_t *to;
    size_t got;

    if (address == 0 || size == 0)
        return;
    if (size > RN_CAPTURE_STRUCT_MAX) {
        size = RN_CAPTURE_STRUCT_MAX;
        flags |= RN_ATT_CUT;
    }
    to = rn_call_buffer_reserve(buffer, size);
    if (!to)
        return;
    got = rn_memory_read(place->memory, address, to, size);
    if (got < size)
        buffer->flags |= RN_EVENT_FAULT;
    else
        rn_call_buffer_add(buffer, type, arg, flags, size);
}

/* Value of the argument that says how many: a negative or absurd one counts as none or as the most
 * that is stored; the result may be used for it too. */
static uint64_t size_value(const struct rn_call *call, uint8_t size_arg)
{
    if (size_arg == RN_ARG_RETURN)
        return rn_syscall_failed(&call->syscall) ? 0 : call->syscall.ret;
    return size_arg < 6 ? call->syscall.args[size_arg] : 1;
}

static uint64_t struct_size(const struct rn_call *call, const struct rn_arg *info)
{
    uint64_t count = size_value(call, info->size_arg);

    /* Counts are int or unsigned int wherever elements are larger than a byte. */
    if (info->size_arg < 6 && info->bytes > 1)
        count = (uint32_t)count;
    if (count > RN_CAPTURE_STRUCT_MAX)
        count = RN_CAPTURE_STRUCT_MAX;
    return count * info->bytes;
}

/* select() reads and writes as many longs as it needs for nfds bits, and a program may own no more
 * than that. */
static uint64_t fd_set_size(const struct rn_call *call, uint64_t size)
{
    uint64_t nfds = (uint32_t)call->syscall.args[0];
    uint64_t needed = (nfds + 63) / 64 * 8;

    return needed < size ? needed : size;
}

static void capture_struct(const struct rn_call_place *place, struct rn_call *call, uint8_t arg,
                           uint16_t flags)
{
    const struct rn_arg *info = &call->info->args[arg];
    uint64_t size = struct_size(call, info);

    if (info->struct_type == RN_STRUCT_FD_SET)
        size = fd_set_size(call, size);
    capture_bytes(place, &call->buffer, RN_ATT_STRUCT, arg, flags, call->syscall.args[arg], size);
}

static uint64_t next_pointer(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;

    memcpy(&value, bytes, size);
    return value;
}

/* An array of strings that ends with NULL. */
static void capture_argv(struct rn_capture *capture, const struct rn_call_place *place,
                         struct rn_call *call, uint8_t arg)
{
    size_t pointer = rn_abi_is_32bit(call->syscall.abi) ? 4 : 8;
    uint8_t *to = rn_call_buffer_reserve(&call->buffer, RN_CAPTURE_ARGV_MAX);
    size_t pointers = rn_memory_read(place->memory, call->syscall.args[arg], capture->scratch,
                                     RN_CAPTURE_ARGV_MAX) /
                      pointer;
    size_t used = 0;
    bool whole = false;

    if (!to || call->syscall.args[arg] == 0)
        return;
    for (size_t i = 0; i < pointers && !whole && used < RN_CAPTURE_ARGV_MAX; i++) {
        uint64_t address = next_pointer(capture->scratch + i * pointer, pointer);
        size_t length;
        bool ended;

        whole = address == 0;
        if (whole)
            break;
        if (!rn_memory_read_string(place->memory, address, (char *)to + used,
                                   RN_CAPTURE_ARGV_MAX - used, &length, &ended) ||
            !ended)
            break;
        used += length;
        to[used++] = '\0';
    }
    rn_call_buffer_add(&call->buffer, RN_ATT_ARGV, arg, cut_flag(whole), used);
}

static void entry_argument(struct rn_capture *capture, const struct rn_call_place *place,
                           struct rn_call *call, uint8_t arg)
{
    const struct rn_arg *info = &call->info->args[arg];
    uint64_t value = call->syscall.args[arg];

    switch (info->type) {
    case RN_TYPE_PATH:
        capture_string(place, &call->buffer, RN_ATT_PATH, arg, value);
        break;
    case RN_TYPE_STRING:
        capture_string(place, &call->buffer, RN_ATT_STRING, arg, value);
        break;
    case RN_TYPE_STRUCT_IN:
        capture_struct(place, call, arg, 0);
        break;
    case RN_TYPE_STRUCT_INOUT:
        capture_struct(place, call, arg, RN_ATT_ENTRY);
        break;
    case RN_TYPE_SOCKADDR_IN:
        rn_capture_sockaddr(place, &call->buffer, arg, value, size_value(call, info->size_arg),
                            UINT64_MAX);
        break;
    case RN_TYPE_IOVEC_IN:
    case RN_TYPE_IOVEC_OUT:
        rn_capture_iovec(capture, place, &call->buffer, arg, call->syscall.abi, value,
                         size_value(call, info->size_arg));
        break;
    case RN_TYPE_MSGHDR_IN:
    case RN_TYPE_MSGHDR_OUT:
        rn_capture_message_entry(capture, place, call, arg);
        break;
    case RN_TYPE_ARGV:
        capture_argv(capture, place, call, arg);
        break;
    default:
        break;
    }
}

void rn_capture_entry(struct rn_capture *capture, const struct rn_call_place *place,
                      struct rn_call *call)
{
    enum rn_call_role role = rn_capture_role(capture, &call->syscall);

    if (!call->info)
        return;
    for (uint8_t arg = 0; arg < call->info->arg_count; arg++) {
        if (call->info->args[arg].type >= RN_TYPE_PATH)
            entry_argument(capture, place, call, arg);
    }
    if (role >= RN_ROLE_SENDFILE)
        rn_capture_transfer_entry(role, place, call);
}

/* Bytes a buffer argument moved. recv with MSG_TRUNC returns more than there was room for: the
 * buffer's own size follows it. */
static uint64_t moved_bytes(const struct rn_call *call, uint8_t arg)
{
    const struct rn_arg *info = &call->info->args[arg];
    uint64_t moved = size_value(call, info->size_arg);
    unsigned next = arg + 1u;

    if (info->size_arg == RN_ARG_RETURN && next < call->info->arg_count &&
        call->info->args[next].type == RN_TYPE_SIZE && call->syscall.args[next] < moved)
        moved = call->syscall.args[next];
    return moved;
}

static void capture_buffer(struct rn_capture *capture, const struct rn_call_place *place,
                           struct rn_call *call, uint8_t arg)
{
    struct rn_memory_span span = {call->syscall.args[arg], moved_bytes(call, arg)};

    if (span.address != 0 || span.size == 0)
        rn_capture_content(capture, place, &call->buffer, arg, &span, 1, span.size);
}

static void capture_pair(const struct rn_call_place *place, struct rn_call *call, uint8_t arg)
{
    int pair[2];

    if (rn_memory_read(place->memory, call->syscall.args[arg], pair, sizeof(pair)) < sizeof(pair)) {
        call->buffer.flags |= RN_EVENT_FAULT;
        return;
    }
    rn_call_buffer_copy(&call->buffer, RN_ATT_STRUCT, arg, 0, pair, sizeof(pair));
    rn_capture_fd(place, &call->buffer, arg, pair[0]);
    rn_capture_fd(place, &call->buffer, arg, pair[1]);
}

/* getcwd counts the NUL, readlink writes none. */
static void capture_text(const struct rn_call_place *place, struct rn_call *call, uint8_t arg)
{
    struct rn_call_buffer *buffer = &call->buffer;
    uint32_t before = buffer->count;

    capture_bytes(place, buffer, RN_ATT_STRING, arg, 0, call->syscall.args[arg],
                  size_value(call, call->info->args[arg].size_arg));
    if (buffer->count > before) {
        struct rn_attachment *item = &buffer->items[before];

        if (item->size > 0 && buffer->data[buffer->offsets[before] + item->size - 1] == '\0')
            item->size--;
    }
}

static void exit_argument(struct rn_capture *capture, const struct rn_call_place *place,
                          struct rn_call *call, uint8_t arg)
{
    uint64_t ret = call->syscall.ret;

    switch (call->info->args[arg].type) {
    case RN_TYPE_STRING_OUT:
        capture_text(place, call, arg);
        break;
    case RN_TYPE_BUFFER_IN:
    case RN_TYPE_BUFFER_OUT:
        capture_buffer(capture, place, call, arg);
        break;
    case RN_TYPE_IOVEC_IN:
    case RN_TYPE_IOVEC_OUT:
        rn_capture_iovec_content(capture, place, &call->buffer, arg, call->syscall.abi, ret);
        break;
    case RN_TYPE_SOCKADDR_OUT:
        rn_capture_sockaddr_out(place, call, arg);
        break;
    case RN_TYPE_MSGHDR_IN:
    case RN_TYPE_MSGHDR_OUT:
        rn_capture_message_exit(capture, place, call, arg);
        break;
    case RN_TYPE_MMSGHDR_IN:
    case RN_TYPE_MMSGHDR_OUT:
        rn_capture_messages_exit(capture, place, call, arg);
        break;
    case RN_TYPE_STRUCT_OUT:
    case RN_TYPE_STRUCT_INOUT:
        capture_struct(place, call, arg, 0);
        break;
    case RN_TYPE_FDPAIR_OUT:
        capture_pair(place, call, arg);
        break;
    case RN_TYPE_DIRENTS_OUT:
        rn_capture_dirents(capture, place, call, arg);
        break;
    default:
        break;
    }
}

void rn_capture_exit(struct rn_capture *capture, const struct rn_call_place *place,
                     struct rn_call *call)
{
    enum rn_call_role role = rn_capture_role(capture, &call->syscall);

    if (!call->info || rn_syscall_failed(&call->syscall))
        return;
    for (uint8_t arg = 0; arg < call->info->arg_count; arg++) {
        if (call->info->args[arg].type >= RN_TYPE_PATH)
            exit_argument(capture, place, call, arg);
    }
    if (call->info->return_type == RN_RETURN_FD)
        rn_capture_fd(place, &call->buffer, RN_ARG_RETURN, (int)call->syscall.ret);
    if (role >= RN_ROLE_SENDFILE)
        rn_capture_transfer_exit(capture, role, place, call);
}

void rn_capture_fd(const struct rn_call_place *place, struct rn_call_buffer *buffer, uint8_t arg,
                   int fd)
{
    struct rn_fd_identity identity;

    if (rn_proc_fd_identity(place->tid, fd, &identity))
        rn_call_buffer_copy(buffer, RN_ATT_FD, arg, 0, &identity, sizeof(identity));
}
