/* SPDX-License-Identifier: MIT */
#include "syscall_capture.h"

#include <string.h>

size_t rn_iovec_size(uint64_t abi)
{
    return rn_abi_is_32bit(abi) ? 8 : 16;
}

void rn_capture_iovec(struct rn_capture *capture, const struct rn_call_place *place,
                      struct rn_call_buffer *buffer, uint8_t arg, uint64_t abi, uint64_t address,
                      uint64_t count)
{
    size_t size =
        (size_t)(count < RN_CAPTURE_IOV_MAX ? count : RN_CAPTURE_IOV_MAX) * rn_iovec_size(abi);
    uint8_t *to;

    (void)capture;
    if (address == 0 || size == 0)
        return;
    to = rn_call_buffer_reserve(buffer, size);
    if (!to)
        return;
    if (rn_memory_read(place->memory, address, to, size) < size)
        buffer->flags |= RN_EVENT_FAULT;
    else
        rn_call_buffer_add(buffer, RN_ATT_STRUCT, arg, count > RN_CAPTURE_IOV_MAX ? RN_ATT_CUT : 0,
                           size);
}

uint64_t rn_capture_iovec_parse(struct rn_capture *capture, uint64_t abi, const uint8_t *bytes,
                                size_t count)
{
    size_t half = rn_iovec_size(abi) / 2;
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++, bytes += 2 * half) {
        struct rn_memory_span span = {0, 0};

        memcpy(&span.address, bytes, half);
        memcpy(&span.size, bytes + half, half);
        /* No transfer is longer than this, so no sum of lengths can overflow either. */
        if (span.size > INT32_MAX)
            span.size = INT32_MAX;
        capture->spans[i] = span;
        sum += span.size;
    }
    return sum;
}

void rn_capture_iovec_content(struct rn_capture *capture, const struct rn_call_place *place,
                              struct rn_call_buffer *buffer, uint8_t arg, uint64_t abi,
                              uint64_t length)
{
    uint32_t size;
    const uint8_t *array = rn_call_buffer_find(buffer, RN_ATT_STRUCT, arg, &size);
    size_t count;
    uint64_t room;

    if (!array)
        return;
    count = size / rn_iovec_size(abi);
    room = rn_capture_iovec_parse(capture, abi, array, count);
    rn_capture_content(capture, place, buffer, arg, capture->spans, count,
                       length < room ? length : room);
}
