/* SPDX-License-Identifier: MIT */
/* Bytes that move inside the kernel: they can be read where they came from, if that is a regular
 * file. From a pipe or a socket they are gone: such a transfer carries no content. */
#include "syscall_capture.h"

#include "proc_snapshot.h"

#include <string.h>
#include <sys/stat.h>

struct source {
    uint8_t fd_arg, offset_arg;
};

static struct source source_of(enum rn_call_role role)
{
    if (role == RN_ROLE_SENDFILE)
        return (struct source){.fd_arg = 1, .offset_arg = 2};
    return (struct source){.fd_arg = 0, .offset_arg = 1};
}

void rn_capture_transfer_entry(enum rn_call_role role, const struct rn_call_place *place,
                               struct rn_call *call)
{
    struct source source = source_of(role);
    struct rn_descriptor descriptor;
    uint32_t size;
    const uint8_t *given = rn_call_buffer_find(&call->buffer, RN_ATT_STRUCT, source.offset_arg,
                                               &size);

    call->source_offset = 0;
    call->has_source_offset = given != NULL;
    if (given) {
        memcpy(&call->source_offset, given, size < 8 ? size : 8);
    } else if (rn_proc_descriptor(place->tid, (int)call->syscall.args[source.fd_arg],
                                  &descriptor) &&
               S_ISREG(descriptor.mode)) {
        call->source_offset = descriptor.offset;
        call->has_source_offset = true;
    }
}

void rn_capture_transfer_exit(struct rn_capture *capture, enum rn_call_role role,
                              const struct rn_call_place *place, struct rn_call *call)
{
    struct source source = source_of(role);

    if (call->has_source_offset)
        rn_capture_content_file(capture, place, &call->buffer, source.fd_arg,
                                (int)call->syscall.args[source.fd_arg], call->source_offset,
                                call->syscall.ret);
}
