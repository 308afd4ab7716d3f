/* SPDX-License-Identifier: MIT */
/* What is stored with a system call: the bytes its arguments point to, as the table of system calls
 * describes them, fingerprints of the bytes it moved, identities of the descriptors it gave out. */
#ifndef RN_SYSCALL_CAPTURE_H
#define RN_SYSCALL_CAPTURE_H

#include "call_buffer.h"
#include "tracee_memory.h"

#include "formats/event.h"
#include "formats/syscall_table.h"

/* Bytes read from a program in one go. */
#define RN_CAPTURE_SCRATCH (256u << 10)
/* A longer transfer gets no fingerprint: its prefix CRCs would not fit into a record. */
#define RN_CAPTURE_CONTENT_MAX (512ull << 20)
/* Longest string, argv and struct that are stored. */
#define RN_CAPTURE_STRING_MAX 4096u
#define RN_CAPTURE_ARGV_MAX   32768u
#define RN_CAPTURE_STRUCT_MAX 65536u
#define RN_CAPTURE_HEAD_MAX   (1u << 20)
#define RN_CAPTURE_IOV_MAX    1024u

/* Calls that mean more to the recorder than their arguments. */
enum rn_call_role {
    RN_ROLE_NONE = 0,
    RN_ROLE_FORK,
    RN_ROLE_VFORK,
    RN_ROLE_CLONE,
    RN_ROLE_CLONE3,
    RN_ROLE_EXEC,
    RN_ROLE_MMAP,
    RN_ROLE_MMAP2, /* offset in pages */
    RN_ROLE_MUNMAP,
    RN_ROLE_PRCTL,
    RN_ROLE_ARCH_PRCTL,
    RN_ROLE_SECCOMP,
    RN_ROLE_IO_URING,
    RN_ROLE_LIMIT,
    RN_ROLE_SIGNAL_ACTION,
    RN_ROLE_SIGNAL_MASK, /* calls that change the thread's */
    RN_ROLE_SIGRETURN,
    RN_ROLE_NAMESPACE, /* process numbers may mean something else from now on */
    RN_ROLE_EXIT,
    RN_ROLE_SENDFILE,
    RN_ROLE_COPY, /* splice, copy_file_range: source and its offset are the first two arguments */
};

/* Shared by all threads of a recording: one call is looked at at a time. */
struct rn_capture {
    uint64_t content_head; /* bytes kept of each transfer */
    bool content_none;
    uint8_t roles[RN_ABI_COUNT][1024];
    uint8_t scratch[RN_CAPTURE_SCRATCH];
    struct rn_memory_span spans[RN_CAPTURE_IOV_MAX];
};

/* NULL: no memory. */
struct rn_capture *rn_capture_new(uint64_t content_head, bool content_none);
enum rn_call_role rn_capture_role(const struct rn_capture *capture, const struct rn_syscall *call);

/* A system call of a thread, from its begin to its end. */
struct rn_call {
    struct rn_syscall syscall;
    const struct rn_syscall_info *info; /* NULL: unknown number */
    uint64_t start;
    uint64_t return_point; /* where the thread goes on, patched or not */
    bool active;
    bool selected;          /* it is recorded */
    uint32_t name_room;     /* recvmsg: bytes the program has for the sender's address */
    uint64_t source_offset; /* in-kernel transfers: of the source before the call */
    bool has_source_offset;
    struct rn_call_buffer buffer;
};

/* Where the thread is, for reading from it. */
struct rn_call_place {
    struct rn_memory *memory;
    pid_t tid;
};

/* Collect what is there before the call runs, and after it has returned syscall.ret. */
void rn_capture_entry(struct rn_capture *capture, const struct rn_call_place *place,
                      struct rn_call *call);
void rn_capture_exit(struct rn_capture *capture, const struct rn_call_place *place,
                     struct rn_call *call);

/* The parts, one file each. Argument `arg` is what the attachment belongs to. */

/* Pointers and longs have 4 bytes there. */
static inline bool rn_abi_is_32bit(uint64_t abi)
{
    return abi == RN_ABI_I386 || abi == RN_ABI_X32;
}

/* capture_content.c: a fingerprint of `length` bytes that lie in the spans, in order. */
void rn_capture_content(struct rn_capture *capture, const struct rn_call_place *place,
                        struct rn_call_buffer *buffer, uint8_t arg,
                        const struct rn_memory_span *spans, size_t count, uint64_t length);
/* The same for bytes that are here. */
void rn_capture_content_bytes(struct rn_capture *capture, struct rn_call_buffer *buffer,
                              uint8_t arg, const uint8_t *bytes, uint64_t length);
/* The same for part of a file that the program has open. Nothing is stored where that is no regular
 * file or cannot be read. */
void rn_capture_content_file(struct rn_capture *capture, const struct rn_call_place *place,
                             struct rn_call_buffer *buffer, uint8_t arg, int fd, uint64_t offset,
                             uint64_t length);

/* capture_iovec.c: the array as RN_ATT_STRUCT; and its content, once the call has moved `length`
 * bytes. */
void rn_capture_iovec(struct rn_capture *capture, const struct rn_call_place *place,
                      struct rn_call_buffer *buffer, uint8_t arg, uint64_t abi, uint64_t address,
                      uint64_t count);
void rn_capture_iovec_content(struct rn_capture *capture, const struct rn_call_place *place,
                              struct rn_call_buffer *buffer, uint8_t arg, uint64_t abi,
                              uint64_t length);
/* Parse `count` elements at `bytes` into capture->spans; returns the sum of their lengths. */
uint64_t rn_capture_iovec_parse(struct rn_capture *capture, uint64_t abi, const uint8_t *bytes,
                                size_t count);
size_t rn_iovec_size(uint64_t abi);

/* capture_message.c */
void rn_capture_message_entry(struct rn_capture *capture, const struct rn_call_place *place,
                              struct rn_call *call, uint8_t arg);
void rn_capture_message_exit(struct rn_capture *capture, const struct rn_call_place *place,
                             struct rn_call *call, uint8_t arg);
void rn_capture_messages_exit(struct rn_capture *capture, const struct rn_call_place *place,
                              struct rn_call *call, uint8_t arg);

/* capture_sockaddr.c */
void rn_capture_sockaddr(const struct rn_call_place *place, struct rn_call_buffer *buffer,
                         uint8_t arg, uint64_t address, uint64_t length, uint64_t room);
void rn_capture_sockaddr_out(const struct rn_call_place *place, struct rn_call *call, uint8_t arg);

/* capture_dirents.c */
void rn_capture_dirents(struct rn_capture *capture, const struct rn_call_place *place,
                        struct rn_call *call, uint8_t arg);

/* capture_transfer.c: sendfile, splice, copy_file_range */
void rn_capture_transfer_entry(enum rn_call_role role, const struct rn_call_place *place,
                               struct rn_call *call);
void rn_capture_transfer_exit(struct rn_capture *capture, enum rn_call_role role,
                              const struct rn_call_place *place, struct rn_call *call);

/* Identity of a descriptor as RN_ATT_FD. */
void rn_capture_fd(const struct rn_call_place *place, struct rn_call_buffer *buffer, uint8_t arg,
                   int fd);

#endif
