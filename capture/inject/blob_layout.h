/* SPDX-License-Identifier: MIT */
/* What the injected code and the inline engine share: where things lie in the traced program, the
 * state of one thread, and the recipes that tell the injected code what to do with each system
 * call. Used from C on both sides and, for the offsets, from assembly. */
#ifndef RN_BLOB_LAYOUT_H
#define RN_BLOB_LAYOUT_H

/* Fixed addresses, below 2 GiB so that 32-bit absolute operands reach them, and below the shadow
 * memory of AddressSanitizer (0x7fff8000). */
#define RN_BLOB_ADDRESS  0x70000000 /* code, then configuration */
#define RN_BLOB_CONFIG   0x70008000
#define RN_BLOB_SIZE     0x10000
#define RN_ARENA_ADDRESS 0x60000000 /* the ring file */
#define RN_ARENA_MAX     0x0ff00000

/* Entry pointers of the configuration, one a site kind; stubs jump through them. */
#define RN_ENTRY_MOV     0
#define RN_ENTRY_CMP64_0 1 /* cmp $-4096, %rax */
#define RN_ENTRY_CMP64_1 2 /* cmp $-4095, %rax */
#define RN_ENTRY_CMP32_0 3 /* cmp $-4096, %eax */
#define RN_ENTRY_CMP32_1 4
#define RN_ENTRY_COUNT   5

/* Where a thread is (rn_thread_area.phase). Before the system call the engine can take everything
 * back from `regs`; after it, it can finish the record from `regs` and `result`. */
#define RN_PHASE_OUT    0
#define RN_PHASE_BEFORE 1
#define RN_PHASE_AFTER  2

/* What rn_blob_before answers: leave the call to the engine, make it, it has been made. */
#define RN_BEFORE_TRACED 0
#define RN_BEFORE_CALL   1
#define RN_BEFORE_MADE   2

/* Offsets into struct rn_thread_area, checked against it in blob_record.c. */
#define RN_AREA_SELF   0
#define RN_AREA_PHASE  8
#define RN_AREA_KIND   12
#define RN_AREA_RESULT 16
#define RN_AREA_FLAGS  24
#define RN_AREA_RAX    32
#define RN_AREA_RDI    40
#define RN_AREA_RSI    48
#define RN_AREA_RDX    56
#define RN_AREA_R10    64
#define RN_AREA_R8     72
#define RN_AREA_R9     80
#define RN_AREA_RCX    88
#define RN_AREA_RSP    96
#define RN_AREA_RBX    104
#define RN_AREA_RBP    112
#define RN_AREA_R12    120
#define RN_AREA_R13    128
#define RN_AREA_R14    136
#define RN_AREA_R15    144
#define RN_AREA_CHECK  152
#define RN_AREA_SIZE   16384 /* with the private stack, which grows down from its end */

/* That %gs points to an area, and not to what the program has made it point to. */
#define RN_AREA_MAGIC 0x5a7e61ea

/* struct rn_script_call, for assembly. */
#define RN_SCRIPT_ARGS    8
#define RN_SCRIPT_RESULT  56
#define RN_SCRIPT_REPLACE 64
#define RN_SCRIPT_FROM    72
#define RN_SCRIPT_NEEDED  80
#define RN_SCRIPT_SIZE    88
#define RN_SCRIPT_NONE    6
/* Numbers of the calls by which the injected code speaks to the engine, which knows them by where
 * they are made: getpid(2), as filters of the program's, or around the recorder, would do away with
 * numbers that Linux has not. The first ends a script. The second tells of a mapping with code that
 * the thread has made, and recorded: `regs` and `result` of its area are those of the mmap. */
#define RN_SCRIPT_DONE 39
#define RN_TELL_MAPPED 39

#ifndef __ASSEMBLER__

#include <stdint.h>

/* Register values of the program at the patched site. */
struct rn_area_regs {
    uint64_t rax, rdi, rsi, rdx, r10, r8, r9;
    uint64_t rcx; /* the return point, not the program's rcx (a system call clobbers that) */
    uint64_t rsp, rbx, rbp, r12, r13, r14, r15;
};

struct rn_ring_slot;
struct rn_recipe;

/* Mappings that the thread had its stack in when the engine last looked: they can be read. A call
 * with the stack pointer elsewhere is left to the engine, if stacks are wanted. */
#define RN_STACK_RANGES 16
struct rn_stack_range {
    uint64_t begin, end;
};

/* %gs points here. Written by the thread, and by the engine while the thread is stopped. */
struct rn_thread_area {
    uint64_t self;
    uint32_t phase; /* RN_PHASE_... */
    uint32_t kind;  /* RN_ENTRY_... of the site in use */
    uint64_t result;
    uint64_t flags; /* as lahf and seto leave them in ax */
    struct rn_area_regs regs;
    uint64_t check; /* RN_AREA_MAGIC */
    struct rn_ring_slot *slot; /* addresses as the traced program sees them */
    uint8_t *data;
    uint64_t notify; /* bytes in the ring from which on a call takes the traced way */
    uint32_t stream;
    uint32_t recording;   /* RN_RECORD_...: of this call */
    uint32_t name_room;   /* bytes the program has for an address that the call returns */
    uint32_t vectors_saved; /* RN_VECTORS_...: registers of the program that are here */
    uint32_t wide_used;     /* 1: the program has been seen to use zmm16-zmm31 */
    uint32_t alone;         /* 1: no other thread has these descriptors or runs in this memory */
    uint64_t head;        /* where the record in work begins */
    uint64_t cursor;      /* where its next byte goes */
    const struct rn_recipe *recipe; /* of the call in work */
    uint64_t fast, slow; /* calls that went either way */
    uint64_t blocked;       /* the program's signal mask, but for what a handler adds to it */
    uint64_t mask_argument; /* of the rt_sigprocmask in work */
    uint32_t late;             /* RN_LATE_...: of the record at `head`, of an open that has returned */
    uint32_t late_attachments; /* what it had when it was begun... */
    uint64_t late_cursor;      /* ...and up to where it went */
    uint64_t late_fd;
    uint8_t vectors[8 * 16]; /* xmm0-xmm7 while a fingerprint is computed */
    uint8_t wide[8 * 64];    /* zmm16-zmm23 */
    struct rn_stack_range stacks[RN_STACK_RANGES]; /* 0, 0: unused */
};

#define RN_RECORD_NONE      0u
#define RN_RECORD_BEGUN     1u
#define RN_RECORD_COMMITTED 2u /* before the call */

/* A record that waits to be told what was opened (blob_late.c); the thread is about that; it has been
 * told, and is to be committed. */
#define RN_LATE_NONE     0u
#define RN_LATE_BEGUN    1u
#define RN_LATE_SETTLING 2u
#define RN_LATE_TOLD     3u

#define RN_VECTORS_XMM  1u
#define RN_VECTORS_WIDE 2u

/* System calls that the engine has the program make, in one go. */
struct rn_script_call {
    uint64_t nr;
    uint64_t args[6];
    uint64_t result;
    uint64_t replace; /* this argument (RN_SCRIPT_NONE: none)... */
    uint64_t from;    /* ...is replaced by the result of that call of the script */
    uint64_t needed;  /* 1: the script ends where this call fails */
};

enum rn_recipe_mode {
    RN_RECIPE_TRACED = 0, /* leave it to the engine */
    RN_RECIPE_RECORD = 1,
    RN_RECIPE_PASS = 2, /* not selected: make the call, record nothing */
    RN_RECIPE_LAST = 3, /* it does not return: the record is committed before the call */
};

/* Conditions on the arguments, beyond the number. */
enum rn_recipe_check {
    RN_CHECK_NONE = 0,
    RN_CHECK_MMAP,     /* PROT_EXEC of files only, no MAP_FIXED over reserved ranges */
    RN_CHECK_MPROTECT, /* no PROT_EXEC, not over reserved ranges */
    RN_CHECK_RANGE,    /* munmap, madvise...: [arg0, arg0 + arg1) not over reserved ranges */
    RN_CHECK_RLIMIT,  /* not of RLIMIT_AS */
    RN_CHECK_PRLIMIT,
    RN_CHECK_SIGACTION, /* not of SIGSEGV and SIGBUS, which the injected code may cause */
    RN_CHECK_ARCH_PRCTL, /* ARCH_SET_FS and ARCH_GET_FS only */
    RN_CHECK_CLONE,      /* no CLONE_UNTRACED: a child must be traced */
    RN_CHECK_CLONE3,     /* the same, in the structure */
};

enum rn_recipe_op {
    RN_OP_NONE = 0,
    /* before the call */
    RN_OP_PATH,
    RN_OP_STRING,
    RN_OP_STRUCT_IN,    /* `bytes`, times the value of size_arg where it has one */
    RN_OP_STRUCT_ENTRY, /* the same, of one that is read again after the call */
    RN_OP_SOCKADDR_IN,  /* size_arg: its length */
    RN_OP_IOVEC_IN,     /* the array; size_arg: its elements */
    RN_OP_ARGV,         /* strings, up to a NULL */
    /* after it, if it did not fail */
    RN_OP_STRUCT_OUT,
    RN_OP_STRING_OUT, /* as many bytes as the call returned */
    RN_OP_SOCKADDR_OUT, /* size_arg: points to its length */
    RN_OP_BUFFER,     /* fingerprint of what the call moved; size_arg: room in the buffer */
    RN_OP_IOVEC,      /* the same over a vector; size_arg: its elements */
    RN_OP_DIRENTS,    /* the same over types and names of directory entries */
    RN_OP_FD,         /* identity of the descriptor it returned */
};

#define RN_RECIPE_OPS 4
struct rn_recipe {
    uint8_t mode;   /* enum rn_recipe_mode */
    uint8_t fields; /* 64-bit words of struct rn_syscall to be stored */
    uint8_t check;  /* enum rn_recipe_check */
    uint8_t ops;
    struct {
        uint8_t op; /* enum rn_recipe_op */
        uint8_t arg;
        uint8_t size_arg; /* RN_ARG_NONE: none */
        uint8_t bytes;    /* of a struct or element */
    } op[RN_RECIPE_OPS];
    /* Other recipes for certain values of one argument (fcntl, futex...). */
    uint8_t variants; /* entries from first_variant on */
    uint8_t select_arg;
    uint16_t first_variant;
    uint64_t select_mask;
};

#define RN_RECIPE_CALLS    512  /* numbers below this have a recipe of that number... */
#define RN_RECIPE_COUNT    600  /* ...and their variants come behind */
#define RN_RECIPE_VARIANTS 250
#define RN_MAX_RANGES      64
struct rn_blob_config {
    uint64_t entry[8]; /* RN_ENTRY_...: where a stub goes on */
    uint32_t tick_shift;
    uint32_t has_pclmul;
    uint32_t has_wide; /* AVX-512F and VPCLMULQDQ */
    uint32_t padding;
    uint64_t content_head; /* bytes */
    uint32_t stack_frames; /* return addresses that are kept of each stack... */
    uint32_t stack_bytes;  /* ...or bytes; 0: none */
    uint32_t stack_room;   /* bytes that this takes in a record; 0: no stacks */
    uint32_t unused;
    uint32_t content_on;   /* 0: no fingerprints at all */
    uint32_t quiet;        /* no calls of the injected code's own: the program has a filter */
    uint32_t range_count;  /* ranges that the program must not change on the fast way */
    struct {
        uint64_t begin, end;
    } range[RN_MAX_RANGES];
    struct rn_recipe recipe[RN_RECIPE_COUNT];
    struct {
        uint64_t value;
        uint64_t recipe;
    } variant[RN_RECIPE_VARIANTS];
};

#endif
#endif
