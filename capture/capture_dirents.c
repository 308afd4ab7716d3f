/* SPDX-License-Identifier: MIT */
/* Directory entries are fingerprinted without inode numbers and positions, which differ from run to
 * run: the type byte, the name and its NUL of each. */
#include "syscall_capture.h"

#include <dirent.h>
#include <string.h>

struct layout {
    size_t length_at, name_at;
    bool type_is_last; /* the old call keeps the type in the last byte of the record */
    size_t type_at;
};

static struct layout layout_of(const struct rn_call *call)
{
    size_t word = rn_abi_is_32bit(call->syscall.abi) ? 4 : 8;

    if (strcmp(call->info->name, "getdents64") == 0)
        return (struct layout){.length_at = 16, .type_at = 18, .name_at = 19};
    return (struct layout){
        .length_at = 2 * word, .name_at = 2 * word + 2, .type_is_last = true};
}

/* Rewrite the records in place into what is fingerprinted, which is never longer. Returns its
 * length; 0 where the records make no sense. */
static size_t condense(uint8_t *bytes, size_t size, const struct layout *layout)
{
    size_t at = 0, out = 0;

    while (at + layout->name_at < size) {
        uint16_t length;
        uint8_t type;
        size_t name;

        memcpy(&length, bytes + at + layout->length_at, sizeof(length));
        if (length <= layout->name_at || length > size - at)
            return 0;
        type = bytes[at + (layout->type_is_last ? length - 1u : layout->type_at)];
        name = strnlen((const char *)bytes + at + layout->name_at, length - layout->name_at);
        memmove(bytes + out + 1, bytes + at + layout->name_at, name);
        bytes[out] = type;
        bytes[out + 1 + name] = '\0';
        out += name + 2;
        at += length;
    }
    return out;
}

void rn_capture_dirents(struct rn_capture *capture, const struct rn_call_place *place,
                        struct rn_call *call, uint8_t arg)
{
    struct layout layout = layout_of(call);
    uint64_t size = call->syscall.ret;

    if (size > RN_CAPTURE_SCRATCH) {
        call->buffer.flags |= RN_EVENT_TRUNCATED;
        return;
    }
    if (rn_memory_read(place->memory, call->syscall.args[arg], capture->scratch, size) < size) {
        call->buffer.flags |= RN_EVENT_FAULT;
        return;
    }
    size = condense(capture->scratch, size, &layout);
    rn_capture_content_bytes(capture, &call->buffer, arg, capture->scratch, size);
}
