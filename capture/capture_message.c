/* SPDX-License-Identifier: MIT */
/* sendmsg, recvmsg and their plural forms: the header, the address, the vector of buffers, the
 * control data with the descriptors in it, and the content. */
#include "syscall_capture.h"

#include <string.h>
#include <sys/socket.h>

#define CONTROL_MAX 4096u

/* struct msghdr of either word size. */
struct header {
    uint64_t name, iov, iov_count, control, control_size;
    uint32_t name_size;
    size_t size; /* of the program's struct */
    uint8_t raw[56];
};

static uint64_t word(const uint8_t *bytes, size_t offset, size_t size)
{
    uint64_t value = 0;

    memcpy(&value, bytes + offset, size);
    return value;
}

static void parse_header(struct header *header, uint64_t abi)
{
    const uint8_t *raw = header->raw;
    size_t w = rn_abi_is_32bit(abi) ? 4 : 8;

    header->name = word(raw, 0, w);
    header->name_size = (uint32_t)word(raw, w, 4);
    header->iov = word(raw, 2 * w, w);
    header->iov_count = word(raw, 3 * w, w);
    header->control = word(raw, 4 * w, w);
    header->control_size = word(raw, 5 * w, w);
}

static bool read_header(const struct rn_call_place *place, struct rn_call *call, uint64_t address,
                        struct header *header)
{
    header->size = rn_abi_is_32bit(call->syscall.abi) ? 28 : 56;
    if (rn_memory_read(place->memory, address, header->raw, header->size) < header->size) {
        call->buffer.flags |= RN_EVENT_FAULT;
        return false;
    }
    parse_header(header, call->syscall.abi);
    return true;
}

/* Descriptors that came with the message: SCM_RIGHTS. */
static void capture_rights(const struct rn_call_place *place, struct rn_call *call, uint8_t arg,
                           const uint8_t *control, size_t size)
{
    size_t w = rn_abi_is_32bit(call->syscall.abi) ? 4 : 8;
    size_t fixed = w + 8; /* struct cmsghdr */
    size_t at = 0;

    while (size - at >= fixed) {
        uint64_t length = word(control, at, w);
        uint32_t level = (uint32_t)word(control, at + w, 4);
        uint32_t type = (uint32_t)word(control, at + w + 4, 4);

        if (length < fixed || length > size - at)
            return;
        if (level == SOL_SOCKET && type == SCM_RIGHTS) {
            for (size_t i = at + fixed; i + 4 <= at + length; i += 4)
                rn_capture_fd(place, &call->buffer, arg, (int)word(control, i, 4));
        }
        length = (length + w - 1) / w * w;
        at = length < size - at ? at + (size_t)length : size;
    }
}

static void capture_control(const struct rn_call_place *place, struct rn_call *call, uint8_t arg,
                            const struct header *header, bool received)
{
    uint8_t bytes[CONTROL_MAX];
    size_t size = header->control_size < CONTROL_MAX ? (size_t)header->control_size : CONTROL_MAX;

    if (header->control == 0 || size == 0)
        return;
    if (rn_memory_read(place->memory, header->control, bytes, size) < size) {
        call->buffer.flags |= RN_EVENT_FAULT;
        return;
    }
    rn_call_buffer_copy(&call->buffer, RN_ATT_CONTROL, arg,
                        size < header->control_size ? RN_ATT_CUT : 0, bytes, size);
    if (received)
        capture_rights(place, call, arg, bytes, size);
}

/* The vector as an attachment, and the content of `moved` bytes in it. */
static void capture_vector(struct rn_capture *capture, const struct rn_call_place *place,
                           struct rn_call *call, uint8_t arg, const struct header *header,
                           uint64_t moved)
{
    struct rn_call_buffer *buffer = &call->buffer;
    uint32_t before = buffer->count;
    size_t count;
    uint64_t room;

    rn_capture_iovec(capture, place, buffer, arg, call->syscall.abi, header->iov,
                     header->iov_count);
    if (buffer->count == before)
        return;
    count = buffer->items[before].size / rn_iovec_size(call->syscall.abi);
    room = rn_capture_iovec_parse(capture, call->syscall.abi,
                                  buffer->data + buffer->offsets[before], count);
    rn_capture_content(capture, place, buffer, arg, capture->spans, count,
                       moved < room ? moved : room);
}

static void capture_message(struct rn_capture *capture, const struct rn_call_place *place,
                            struct rn_call *call, uint8_t arg, const struct header *header,
                            uint64_t moved, bool received, uint32_t name_room)
{
    rn_call_buffer_copy(&call->buffer, RN_ATT_STRUCT, arg, 0, header->raw, header->size);
    rn_capture_sockaddr(place, &call->buffer, arg, header->name, header->name_size, name_room);
    capture_control(place, call, arg, header, received);
    capture_vector(capture, place, call, arg, header, moved);
}

/* Only the room for the sender's address is lost when the call returns: the kernel overwrites it
 * with the length the address would have needed. */
void rn_capture_message_entry(struct rn_capture *capture, const struct rn_call_place *place,
                              struct rn_call *call, uint8_t arg)
{
    struct header header;

    (void)capture;
    call->name_room = 0;
    if (call->info->args[arg].type == RN_TYPE_MSGHDR_OUT &&
        read_header(place, call, call->syscall.args[arg], &header))
        call->name_room = header.name_size;
}

void rn_capture_message_exit(struct rn_capture *capture, const struct rn_call_place *place,
                             struct rn_call *call, uint8_t arg)
{
    bool received = call->info->args[arg].type == RN_TYPE_MSGHDR_OUT;
    struct header header;

    if (read_header(place, call, call->syscall.args[arg], &header))
        capture_message(capture, place, call, arg, &header, call->syscall.ret, received,
                        received ? call->name_room : UINT32_MAX);
}

/* Each struct mmsghdr is a msghdr and the number of bytes that were moved. */
void rn_capture_messages_exit(struct rn_capture *capture, const struct rn_call_place *place,
                              struct rn_call *call, uint8_t arg)
{
    bool received = call->info->args[arg].type == RN_TYPE_MMSGHDR_OUT;
    size_t stride = rn_abi_is_32bit(call->syscall.abi) ? 32 : 64;
    uint64_t address = call->syscall.args[arg];
    struct header header;

    for (uint64_t i = 0; i < call->syscall.ret; i++, address += stride) {
        uint32_t moved;

        if (call->buffer.count == RN_RECORD_MAX_ATTACHMENTS) {
            call->buffer.flags |= RN_EVENT_TRUNCATED;
            return;
        }
        if (!read_header(place, call, address, &header))
            return;
        if (rn_memory_read(place->memory, address + header.size, &moved, sizeof(moved)) <
            sizeof(moved)) {
            call->buffer.flags |= RN_EVENT_FAULT;
            return;
        }
        capture_message(capture, place, call, arg, &header, moved, received,
                        sizeof(struct sockaddr_storage));
    }
}
