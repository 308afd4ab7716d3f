/* SPDX-License-Identifier: MIT */
/* What is known about each system call: name, number per ABI, classes, and the type of every
 * argument. One table for capture (what an argument points to and must be stored), for printing,
 * for selection by name and class, and for comparison. Made at build time from
 * formats/syscalls.def and formats/syscall_numbers_<abi>.def. */
#ifndef RN_SYSCALL_TABLE_H
#define RN_SYSCALL_TABLE_H

#include "event.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Classes, as strace's %class. */
#define RN_CLASS_FILE    0x0001u /* takes a file name */
#define RN_CLASS_NETWORK 0x0002u
#define RN_CLASS_PROCESS 0x0004u
#define RN_CLASS_MEMORY  0x0008u
#define RN_CLASS_IPC     0x0010u
#define RN_CLASS_DESC    0x0020u /* takes or returns a descriptor */
#define RN_CLASS_SIGNAL  0x0040u
#define RN_CLASS_CREDS   0x0080u
#define RN_CLASS_CLOCK   0x0100u
#define RN_CLASS_STAT    0x0200u /* the stat family */
#define RN_CLASS_PURE    0x0400u /* always succeeds, no arguments */

enum rn_arg_type {
    RN_TYPE_NONE = 0,
    /* Values: printing only. */
    RN_TYPE_INT,      /* signed 32-bit */
    RN_TYPE_LONG,     /* signed 64-bit */
    RN_TYPE_UNSIGNED, /* 64-bit */
    RN_TYPE_HEX,
    RN_TYPE_POINTER,
    RN_TYPE_SIZE,
    RN_TYPE_OFFSET, /* signed 64-bit file offset */
    RN_TYPE_FD,
    RN_TYPE_DIRFD, /* AT_FDCWD or descriptor */
    RN_TYPE_PID,
    RN_TYPE_ID, /* uid or gid, -1 as such */
    RN_TYPE_SIGNAL,
    RN_TYPE_MODE,  /* octal */
    RN_TYPE_FLAGS, /* bits of table `xlat` */
    RN_TYPE_ENUM,  /* one value of table `xlat` */
    RN_TYPE_IOCTL, /* ioctl request */
    RN_TYPE_DEVICE,
    RN_TYPE_CLOCKID,
    RN_TYPE_UINT, /* unsigned 32-bit */
    /* Pointers whose target is captured. "in": read at entry; "out": read after success. */
    RN_TYPE_PATH = 32,  /* in: RN_ATT_PATH */
    RN_TYPE_STRING,     /* in: RN_ATT_STRING */
    RN_TYPE_STRING_OUT, /* out: RN_ATT_STRING of `ret` bytes (readlink, getcwd without its NUL) */
    RN_TYPE_BUFFER_IN,  /* RN_ATT_CONTENT of the bytes moved (size_arg: RN_ARG_RETURN or an arg) */
    RN_TYPE_BUFFER_OUT,
    RN_TYPE_IOVEC_IN, /* size_arg: element count. RN_ATT_STRUCT of the array + RN_ATT_CONTENT */
    RN_TYPE_IOVEC_OUT,
    RN_TYPE_SOCKADDR_IN,  /* size_arg: length. RN_ATT_SOCKADDR */
    RN_TYPE_SOCKADDR_OUT, /* size_arg: pointer to length */
    RN_TYPE_MSGHDR_IN,    /* STRUCT (msghdr), SOCKADDR, STRUCT flagged..., CONTROL, CONTENT */
    RN_TYPE_MSGHDR_OUT,
    RN_TYPE_MMSGHDR_IN, /* size_arg: count; per message as MSGHDR, in order */
    RN_TYPE_MMSGHDR_OUT,
    RN_TYPE_STRUCT_IN,    /* RN_ATT_STRUCT; bytes: `bytes`, times argument size_arg if it has one */
    RN_TYPE_STRUCT_OUT,   /* size_arg may be RN_ARG_RETURN */
    RN_TYPE_STRUCT_INOUT, /* read before (RN_ATT_ENTRY) and after */
    RN_TYPE_FDPAIR_OUT,   /* RN_ATT_STRUCT of 8 bytes and two RN_ATT_FD */
    RN_TYPE_ARGV,         /* in: RN_ATT_ARGV */
    RN_TYPE_DIRENTS_OUT,  /* RN_ATT_CONTENT over d_type byte, name and NUL of each entry */
};

/* How RN_ATT_STRUCT bytes are to be printed; see render_struct.c for what each looks like. */
enum rn_struct_type {
    RN_STRUCT_RAW = 0, /* as an address only */
    RN_STRUCT_INT,     /* array of int */
    RN_STRUCT_TIMESPEC,
    RN_STRUCT_TIMEVAL,
    RN_STRUCT_POLLFD,      /* array */
    RN_STRUCT_EPOLL_EVENT, /* array */
    RN_STRUCT_OPEN_HOW,
    RN_STRUCT_CLONE_ARGS,
    RN_STRUCT_SIGACTION,
    RN_STRUCT_SIGSET,
    RN_STRUCT_RLIMIT,
    RN_STRUCT_STAT,
    RN_STRUCT_FLOCK,
    RN_STRUCT_WAIT_STATUS, /* int */
    RN_STRUCT_OFFSET,      /* int64 */
    RN_STRUCT_IOVEC,
    RN_STRUCT_MSGHDR,
    RN_STRUCT_BYTES,         /* `bytes` is 1: size_arg is the length in bytes */
    RN_STRUCT_SIGINFO,       /* its first 32 bytes (28 on a 32-bit ABI) */
    RN_STRUCT_TIMESPEC_PAIR, /* access and modification time */
    RN_STRUCT_TIMEVAL_PAIR,
    RN_STRUCT_ITIMERSPEC,
    RN_STRUCT_ITIMERVAL,
    RN_STRUCT_STACK,  /* of sigaltstack */
    RN_STRUCT_FD_SET, /* of FD_SETSIZE bits; what lies behind a shorter set may be unreadable */
    RN_STRUCT_CPU_SET,
    RN_STRUCT_WINSIZE,
    RN_STRUCT_SEMBUF, /* array */
    RN_STRUCT_IO_URING_PARAMS,
};

enum rn_return_type {
    RN_RETURN_INT = 0,
    RN_RETURN_FD, /* RN_ATT_FD is taken on success */
    RN_RETURN_POINTER,
    RN_RETURN_HEX,
    RN_RETURN_PID,
    RN_RETURN_NONE, /* does not return (exit) */
    RN_RETURN_OCTAL,
};

struct rn_arg {
    const char *name;
    uint8_t type;        /* enum rn_arg_type */
    uint8_t size_arg;    /* 0-5, RN_ARG_RETURN, RN_ARG_NONE */
    uint8_t struct_type; /* enum rn_struct_type */
    uint8_t xlat;        /* enum rn_xlat_id (xlat.h), 0 none */
    uint16_t bytes;      /* size of the struct or of one element in the ABI at hand */
};

struct rn_syscall_info {
    const char *name;
    uint8_t arg_count;
    uint8_t return_type; /* enum rn_return_type */
    uint16_t classes;    /* RN_CLASS_... */
    struct rn_arg args[6];
    /* The infos right after this one that describe the call with certain operations (fcntl, futex,
     * ioctl...): such a one applies where (args[select_arg] & select_mask) is one of its values. */
    uint8_t variants;
    uint8_t select_arg, select_count;
    uint64_t select_mask;
    const uint64_t *select_values;
};

/* NULL where the number is not known (then six hexadecimal arguments are printed). x32 numbers go
 * with or without __X32_SYSCALL_BIT. */
const struct rn_syscall_info *rn_syscall_info(uint64_t abi, uint64_t nr);
/* The same for a call whose arguments are known: its variant, where it has one. This is what says
 * what to capture and how to print it; name and classes are those of rn_syscall_info. */
const struct rn_syscall_info *rn_syscall_info_for(const struct rn_syscall *call);
/* The number of a name in that ABI, -1 where it has none. */
int rn_syscall_number(enum rn_abi abi, const char *name, size_t length);
/* What is called "read", or "read@i386" where the ABI is not x86-64. False: nothing. */
bool rn_syscall_find(const char *label, size_t length, uint64_t *abi, uint64_t *nr);
/* Numbers of that ABI are below this. */
unsigned rn_syscall_limit(enum rn_abi abi);
/* Class bit of "file", "network"... ("%file" too); 0 for no class. Class names, for help texts:
 * NULL ends. */
uint16_t rn_syscall_class(const char *name, size_t length);
extern const char *const rn_syscall_class_names[];
const char *rn_abi_name(uint64_t abi);

#ifdef __cplusplus
}
#endif
#endif
