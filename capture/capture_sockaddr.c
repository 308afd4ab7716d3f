/* SPDX-License-Identifier: MIT */
#include "syscall_capture.h"

#include <string.h>
#include <sys/socket.h>

/* `length` is what the program or the kernel says, `room` what the program's buffer holds. */
void rn_capture_sockaddr(const struct rn_call_place *place, struct rn_call_buffer *buffer,
                         uint8_t arg, uint64_t address, uint64_t length, uint64_t room)
{
    uint64_t size = (uint32_t)length;
    uint8_t *to;

    if (size > room)
        size = room;
    if (size > sizeof(struct sockaddr_storage))
        size = sizeof(struct sockaddr_storage);
    if (address == 0 || size == 0)
        return;
    to = rn_call_buffer_reserve(buffer, size);
    if (!to)
        return;
    if (rn_memory_read(place->memory, address, to, size) < size)
        buffer->flags |= RN_EVENT_FAULT;
    else
        rn_call_buffer_add(buffer, RN_ATT_SOCKADDR, arg, size < (uint32_t)length ? RN_ATT_CUT : 0,
                           size);
}

/* The length is behind a pointer: what it was before the call was captured then. */
void rn_capture_sockaddr_out(const struct rn_call_place *place, struct rn_call *call, uint8_t arg)
{
    uint8_t size_arg = call->info->args[arg].size_arg;
    uint64_t address = call->syscall.args[arg];
    uint32_t room = 0, length = 0, size;
    const uint8_t *before;

    if (size_arg >= 6 || address == 0 || call->syscall.args[size_arg] == 0)
        return;
    before = rn_call_buffer_find(&call->buffer, RN_ATT_STRUCT, size_arg, &size);
    if (!before || size < sizeof(room))
        return;
    memcpy(&room, before, sizeof(room));
    if (rn_memory_read(place->memory, call->syscall.args[size_arg], &length, sizeof(length)) <
        sizeof(length))
        call->buffer.flags |= RN_EVENT_FAULT;
    else
        rn_capture_sockaddr(place, &call->buffer, arg, address, length, room);
}
