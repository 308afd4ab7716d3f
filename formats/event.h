/* SPDX-License-Identifier: MIT */
/* The events of a trace: the kinds, what each carries, and what may be attached to it.
 *
 * An event belongs to a stream (a thread, a device queue, a decision file...) and has an ordinal in
 * it: (recording UUID, stream, ordinal) names it for ever. Times are in ticks of the recording's
 * clock (see clock in manifest.h); libanalysis/clock.h converts them.
 *
 * Every payload struct is made of uint64_t alone (signed quantities are stored as two's
 * complement), because the chunk codec, the ring and this header share one description of them:
 * the schema table in event_schema.c. A new field goes to the end of its struct. */
#ifndef RN_EVENT_H
#define RN_EVENT_H

#include "event_device.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rn_kind {
    RN_KIND_NONE = 0,
    RN_KIND_SYSCALL = 1,
    RN_KIND_PROCESS = 2,    /* start, attach, fork, exec, exit, name change */
    RN_KIND_SIGNAL = 3,     /* a signal delivered to a thread */
    RN_KIND_MODULE = 4,     /* code mapped or unmapped */
    RN_KIND_DESCRIPTOR = 5, /* one open descriptor, at start, exec or segment begin */
    RN_KIND_KERNEL = 6,     /* a kernel that ran on a device queue */
    RN_KIND_BLOCK = 7,      /* a compute block on a CPU thread */
    RN_KIND_NOTICE = 8,     /* something a reader must know */
    RN_KIND_LOSS = 9,       /* events that are not in the archive */
    RN_KIND_API = 10,       /* a call of a device's API: CUDA, OpenCL, Vulkan */
    RN_KIND_TRANSFER = 11,  /* bytes moved to, from or on a device */
    RN_KIND_DECISION = 12,  /* what a transpiler decided */
    RN_KIND_AGGREGATE = 13, /* many events of one operation, counted instead of recorded */
    RN_KIND_EDGE = 14,      /* one event came about through another one; written by a merge */
    RN_KIND_SPAN = 15,      /* of an imported trace: a stretch of time, or a moment, with a name */
    RN_KIND_COUNTER = 16,   /* of an imported trace: what a counter was at a moment */
    RN_KIND_FLOW = 17,      /* of an imported trace: an arrow begins, goes on or ends here */
    RN_KIND_OBJECT = 19,    /* content of a file or stream, by a keyed fingerprint; of rn-scrub */
    /* To 31: later kinds. From here on: housekeeping, not events of the program. */
    RN_KIND_STREAM = 32,       /* what a stream number stands for */
    RN_KIND_CLOCK = 33,        /* a calibration point */
    RN_KIND_COMMIT = 34,       /* begin of a member: segment flag, watermarks of the sources */
    RN_KIND_STRINGS = 35,      /* new entries of the segment's string table */
    RN_KIND_CONTENTS = 36,     /* new entries of the segment's content table */
    RN_KIND_INFLIGHT = 37,     /* system calls that had not returned at the commit */
    RN_KIND_DEVICE_CLOCK = 38, /* the clock of a device and those of the machine, read together */
    RN_KIND_LIMIT = 64,
};

#define RN_KIND_IS_EVENT(kind) ((kind) >= RN_KIND_SYSCALL && (kind) < RN_KIND_STREAM)

/* Event flags. */
#define RN_EVENT_UNFINISHED 0x01u /* the thread ended inside it: no result; duration until then */
#define RN_EVENT_SNAPSHOT   0x02u /* restates what was so before: not counted, has no ordinal */
#define RN_EVENT_TRACED     0x04u /* seen by ptrace (where an inline engine also records) */
#define RN_EVENT_TRUNCATED  0x08u /* not all attachments fit into the record */
#define RN_EVENT_FAULT      0x10u /* some argument pointed to memory that could not be read */
/* Of kernels and transfers on a queue whose stream has a clock: start and duration (DEVICE_TIME),
 * queued and submitted (DEVICE_QUEUED) are the device's own times, on the scale that struct
 * rn_device_clock tells; libanalysis/device_clock.h makes ticks of the recording of them. */
#define RN_EVENT_DEVICE_TIME   0x20u
#define RN_EVENT_DEVICE_QUEUED 0x40u

/* ABI of a system call: which number table applies. */
enum rn_abi {
    RN_ABI_X86_64 = 0,
    RN_ABI_I386 = 1,
    RN_ABI_X32 = 2,
    RN_ABI_AARCH64 = 3,
    RN_ABI_COUNT
};

struct rn_syscall {
    uint64_t nr;
    uint64_t abi;  /* enum rn_abi */
    uint64_t ret;  /* as the kernel returned it: -errno on failure; 0 if RN_EVENT_UNFINISHED */
    uint64_t site; /* address after the syscall instruction; 0 unknown */
    uint64_t args[6];
};

enum rn_process_op {
    RN_PROCESS_START = 1,  /* first event of a launched program's process (before its exec) */
    RN_PROCESS_ATTACH = 2, /* first event of a process that was already running */
    RN_PROCESS_FORK = 3,   /* this thread made `child_stream`: process or thread, by clone_flags */
    RN_PROCESS_EXEC = 4,   /* a new image runs; attachments as below */
    RN_PROCESS_THREAD_EXIT = 5,
    RN_PROCESS_EXIT = 6, /* last thread gone: status and resource use are of the process */
    RN_PROCESS_NAME = 7, /* thread name changed: attachment RN_ATT_NAME */
    RN_PROCESS_DETACH = 8,
    RN_PROCESS_STOP = 9, /* the thread stops, until SIGCONT: `status` is the signal's number */
};

/* Attachments of START, ATTACH and EXEC: RN_ATT_EXE, RN_ATT_ARGV, RN_ATT_CWD, RN_ATT_ROOT,
 * RN_ATT_ENV (chosen variables, NUL-separated K=V), RN_ATT_LIMITS; of ATTACH and EXEC also
 * RN_ATT_NAME, of the thread. */
struct rn_process {
    uint64_t op;  /* enum rn_process_op */
    uint64_t pid; /* as the recorder's pid namespace sees it */
    uint64_t tid;
    uint64_t parent_pid;
    uint64_t child_stream; /* FORK */
    uint64_t child_tid;    /* FORK, as the recorder sees it */
    uint64_t clone_flags; /* FORK: CLONE_...; fork is SIGCHLD, vfork CLONE_VFORK|CLONE_VM|SIGCHLD */
    uint64_t status;      /* EXIT, THREAD_EXIT: as wait(2) gives it; STOP: signal */
    uint64_t user_ns;     /* EXIT: CPU time of the process without its children */
    uint64_t system_ns;
    uint64_t max_rss_bytes;
    uint64_t uid, euid, gid, egid; /* START, ATTACH, EXEC */
    uint64_t pgid, sid, umask;     /* START, ATTACH, EXEC */
    uint64_t abi;                  /* enum rn_abi of the image */
};

struct rn_signal {
    uint64_t signo;
    uint64_t code;       /* si_code, signed */
    uint64_t sender_pid; /* where the code has one */
    uint64_t sender_uid;
    uint64_t address; /* faults */
    uint64_t fatal;   /* 1: the process ended by it */
    /* SIGCHLD: the child's exit status, or the signal that ended, stopped or continued it; CPU
     * time. */
    uint64_t child_status, child_user_ns, child_system_ns;
};

enum rn_module_op { RN_MODULE_MAP = 1, RN_MODULE_UNMAP = 2 };

/* Attachments: RN_ATT_PATH, RN_ATT_BUILD_ID. Executable mappings of files only. */
struct rn_module {
    uint64_t op;
    uint64_t pid;
    uint64_t address, length, file_offset;
    uint64_t device, inode;
};

/* Attachment RN_ATT_PATH: what /proc/PID/fd/N links to. */
struct rn_descriptor {
    uint64_t pid;
    uint64_t fd;
    uint64_t mode; /* st_mode: type and permission */
    uint64_t device, inode, rdev;
    uint64_t offset;
    uint64_t flags; /* O_..., with O_CLOEXEC where it is set */
};

/* Attachments: RN_ATT_NAME (operation), RN_ATT_ISA (instruction set), RN_ATT_SOURCE (file:line). */
struct rn_block {
    uint64_t elements, bytes, flops;
    uint64_t backend;    /* enum rn_backend */
    uint64_t depth;      /* nesting, 0 outermost */
    uint64_t provenance; /* enum rn_provenance: how the instruction set is known */
};
enum rn_backend { RN_BACKEND_UNKNOWN = 0, RN_BACKEND_SCALAR, RN_BACKEND_SIMD, RN_BACKEND_GPU };
/* From what the program says to what was seen. "CPU_CAPABLE" is what the CPU could do, and must
 * never be shown as what ran. */
enum rn_provenance {
    RN_PROVENANCE_UNKNOWN = 0,
    RN_PROVENANCE_DECLARED,     /* by whoever marked the block */
    RN_PROVENANCE_COMPILED,     /* the compiler's macros where the block was marked */
    RN_PROVENANCE_LIBRARY,      /* the library that ran it says so */
    RN_PROVENANCE_CPU_CAPABLE,  /* CPUID and XCR0 alone */
    RN_PROVENANCE_DISASSEMBLED, /* the instructions were looked at */
    RN_PROVENANCE_MEASURED,     /* by counters */
};

/* A point in time: no duration. Attachments: RN_ATT_CATEGORY ("optimization::inline"), RN_ATT_NAME,
 * RN_ATT_SOURCE (file:line), RN_ATT_INPUT, RN_ATT_RESULT (texts, or JSON). */
struct rn_decision {
    uint64_t id; /* FNV-1a 64 of "category::name::file::line", line as 4 little-endian bytes */
};

/* Events of one operation that began in one second and were counted instead of recorded: start is
 * where the first began, duration until the last ended. Attachments: RN_ATT_NAME (operation, system
 * call, kernel), RN_ATT_HISTOGRAM. */
struct rn_aggregate {
    uint64_t of;        /* enum rn_kind of what was counted */
    uint64_t reason;    /* enum rn_aggregate_reason */
    uint64_t backend;   /* enum rn_backend, of blocks */
    uint64_t direction; /* enum rn_direction, of transfers */
    uint64_t residency; /* enum rn_residency, of kernels and of blocks on a GPU */
    uint64_t size_bin;  /* events of 2^(size_bin-1) to 2^size_bin - 1 elements (bytes); 0: none */
    uint64_t count;
    uint64_t sum, min, max;   /* of the durations, ticks */
    uint64_t elements, bytes; /* sums */
    uint64_t flops;           /* sum, of blocks */
};
enum rn_aggregate_reason {
    RN_AGGREGATE_THRESHOLD = 0, /* shorter than --threshold */
    RN_AGGREGATE_HOT = 1,       /* called too often to be recorded one by one */
    RN_AGGREGATE_FULL = 2,      /* the recorder had not emptied the ring yet */
};
enum rn_residency {
    RN_RESIDENCY_UNKNOWN = 0,
    RN_RESIDENCY_COLD,     /* with the transfers that it needed */
    RN_RESIDENCY_RESIDENT, /* its data was on the device */
};

/* Attachment RN_ATT_TEXT: one sentence. */
struct rn_notice {
    uint64_t code; /* enum rn_notice_code */
    uint64_t value;
};
enum rn_notice_code {
    RN_NOTICE_OTHER = 0,
    RN_NOTICE_ENGINE = 1,      /* which engine records, or a fallback */
    RN_NOTICE_BLIND_SPOT = 2,  /* something this recording cannot see */
    RN_NOTICE_CLOCK = 3,       /* CLOCK_REALTIME was stepped */
    RN_NOTICE_INTERRUPTED = 4, /* the recorder or the program was stopped by force */
    RN_NOTICE_SAMPLING = 5,    /* an operation is counted from here on (value 1), or recorded (0) */
    RN_NOTICE_OVERHEAD = 6,    /* estimated cost of recording: value in parts per million of time */
};

/* Attachment RN_ATT_TEXT: one sentence. */
struct rn_loss {
    uint64_t kind;   /* enum rn_kind of what was lost, RN_KIND_NONE: various */
    uint64_t count;  /* events; 0: unknown */
    uint64_t reason; /* enum rn_loss_reason */
};
enum rn_loss_reason {
    RN_LOSS_OTHER = 0,
    RN_LOSS_RING_FULL = 1,
    RN_LOSS_DISK_FULL = 2,
    RN_LOSS_MAX_SIZE = 3, /* --max-size was reached */
    RN_LOSS_LAST = 4,     /* --last dropped old segments on request */
    RN_LOSS_KILLED = 5,   /* the recorder was killed: what it had not committed is gone */
    RN_LOSS_DAMAGED = 6,  /* part of the archive cannot be read */
};

/* The event `from` was begun before the event `to` ended, in every possible order of what happened.
 * An edge stands in stream 0 of a merged recording, before `to`: its start is that of `to`, without
 * duration. Streams are numbered as the recording at hand numbers them (see rn_manifest_source for
 * what (UUID, stream, ordinal) that is). */
struct rn_edge {
    uint64_t from_stream, from_ordinal;
    uint64_t to_stream, to_ordinal;
    uint64_t mechanism;  /* enum rn_edge_mechanism */
    uint64_t certainty;  /* enum rn_edge_certainty */
    uint64_t from_start; /* ticks, as corrected: when the cause began */
    uint64_t to_end;     /* ticks: when the effect had happened */
    uint64_t bytes;      /* that went from one to the other, where it is about bytes */
    uint64_t lamport;    /* stamp of `to`; 0 with inferred edges, which have no say in the order */
    uint64_t from_lamport; /* stamp of `from`; 0 likewise */
    uint64_t from_end;     /* ticks: when the cause had ended; 0 not known */
};
enum rn_edge_mechanism {
    RN_EDGE_STAMP = 0,   /* no edge: it only states the stamp of `to`; `from` is `to` */
    RN_EDGE_FORK = 1,    /* fork or clone: the child's first event */
    RN_EDGE_EXIT = 2,    /* exit: the return of the wait that reaped it */
    RN_EDGE_PIPE = 3,    /* bytes of a pipe or FIFO: written, read */
    RN_EDGE_SOCKET = 4,  /* bytes of a stream socket */
    RN_EDGE_CONNECT = 5, /* connect: the accept that took the connection */
    RN_EDGE_RIGHTS = 6,  /* a descriptor that was sent (SCM_RIGHTS): its reception */
    RN_EDGE_SIGNAL = 7,  /* kill and its like: the delivery */
    RN_EDGE_EVENTFD = 8,
    RN_EDGE_FUTEX = 9,       /* wake: the return of the wait */
    RN_EDGE_LOCK = 10,       /* unlock of a file: the lock that was granted then */
    RN_EDGE_FILE = 11,       /* a file was made or renamed: the open that found it */
    RN_EDGE_LAUNCH = 12,     /* API call: the kernel or transfer that it queued */
    RN_EDGE_COMPLETION = 13, /* kernel or transfer: the synchronising API call */
    RN_EDGE_DATAGRAM = 14,
    RN_EDGE_CONTEXT = 15, /* a trace context was handed on (TRACEPARENT) */
    RN_EDGE_MECHANISMS
};
enum rn_edge_certainty {
    RN_EDGE_INFERRED = 0, /* likely; nothing rests on it */
    RN_EDGE_PROVEN = 1,
};

/* What a file, a stream or a connection held at the end, or what was read from it, in a recording
 * whose single fingerprints were taken out. Attachment RN_ATT_DIGEST: HMAC-SHA256 of length and
 * CRC-64, both as 8 bytes, little-endian. The object is the one of that kind whose last event that
 * matters is at (stream, ordinal), see effect.h. */
struct rn_object {
    uint64_t of; /* enum rn_effect_kind */
    uint64_t place_stream, place_ordinal;
    uint64_t inode;  /* of a file; of a connection 1: what was received, 0: what was sent */
    uint64_t length; /* bytes */
    uint64_t key;    /* names the key */
    uint64_t flags;  /* RN_OBJECT_... */
};
#define RN_OBJECT_SCRIPT 0x1u /* it begins as a script does */

/* What another tool recorded that has no kind of its own here. Attachments: RN_ATT_NAME,
 * RN_ATT_CATEGORY, RN_ATT_SOURCE (file:line), RN_ATT_TEXT (arguments, attributes: a JSON object).
 */
struct rn_span {
    uint64_t form;                  /* enum rn_span_form */
    uint64_t id;                    /* as the tool numbers it; 0 none */
    uint64_t parent;                /* id of the span that it is part of; 0 none, or not told */
    uint64_t trace_high, trace_low; /* trace id of W3C Trace Context; 0 none */
    uint64_t role;                  /* SpanKind of OTLP; 0 not told */
    uint64_t status;                /* StatusCode of OTLP: 0 not told, 1 fine, 2 an error */
};
enum rn_span_form {
    RN_SPAN_NESTED = 0,  /* within what began before it on its stream, and has not ended */
    RN_SPAN_ASYNC = 1,   /* may overlap with others of its stream */
    RN_SPAN_INSTANT = 2, /* a moment: no duration */
};

/* Attachments: RN_ATT_NAME (of the counter), RN_ATT_TEXT (which of its series, where it has
 * several), RN_ATT_CATEGORY. */
struct rn_counter {
    uint64_t value; /* the bits of an IEEE 754 double */
    uint64_t id;    /* of one of several counters of that name; 0 none */
};

/* Points of equal id (and name) belong together, in order of time. Attachments: RN_ATT_NAME,
 * RN_ATT_CATEGORY. */
struct rn_flow {
    uint64_t id;
    uint64_t phase; /* enum rn_flow_phase */
};
enum rn_flow_phase { RN_FLOW_BEGIN = 0, RN_FLOW_STEP = 1, RN_FLOW_END = 2 };

enum rn_stream_type {
    RN_STREAM_RECORDER = 0, /* stream 0: the recorder's own notices and losses */
    RN_STREAM_THREAD = 1,
    RN_STREAM_QUEUE = 2,  /* a device queue */
    RN_STREAM_SOURCE = 3, /* anything else: a decision file, an imported track */
};

/* Attachment RN_ATT_NAME. Streams are numbered from 1 in order of appearance, never reused; those
 * of device queues that a library in the program announced (ring_file.h) from RN_STREAM_QUEUES. */
#define RN_STREAM_QUEUES 0x80000000u
struct rn_stream {
    uint64_t id;
    uint64_t type;     /* enum rn_stream_type */
    uint64_t pid, tid; /* THREAD; QUEUE: pid of the owning process, tid the queue's number */
    uint64_t parent;   /* stream that created it; 0 unknown */
    uint64_t clock;    /* QUEUE: of the device, as in struct rn_device_clock; 0 none */
};

struct rn_clock_point {
    uint64_t ticks, monotonic_ns, realtime_ns;
    uint64_t error_ns; /* the three were read within this */
};

/* One row a source. Flags of the first row: RN_EVENT_SNAPSHOT where a segment begins. */
struct rn_commit {
    uint64_t segment;
    uint64_t source;     /* ring slot */
    uint64_t position;   /* bytes of that ring that are in the archive now */
    uint64_t generation; /* of the slot: it is reused when its thread is gone */
};

enum rn_attachment_type {
    RN_ATT_NONE = 0,
    RN_ATT_PATH = 1,     /* file name argument, as passed (no final NUL) */
    RN_ATT_STRING = 2,   /* other text argument */
    RN_ATT_CONTENT = 3,  /* fingerprint and head of the bytes moved: `content`, not `data` */
    RN_ATT_SOCKADDR = 4, /* struct sockaddr, as long as passed */
    RN_ATT_STRUCT = 5,   /* the struct (or array) an argument points to, raw, ABI's own layout */
    RN_ATT_FD = 6,       /* struct rn_fd_identity of a descriptor the call returned */
    RN_ATT_ARGV = 7,     /* NUL-terminated strings */
    RN_ATT_ENV = 8,
    RN_ATT_EXE = 9,
    RN_ATT_CWD = 10,
    RN_ATT_ROOT = 11,
    RN_ATT_NAME = 12,
    RN_ATT_TEXT = 13,
    RN_ATT_BUILD_ID = 14, /* raw bytes */
    RN_ATT_LIMITS = 15,   /* 16 pairs of u64: soft, hard, in order of RLIMIT_ number */
    RN_ATT_CONTROL = 16,  /* msg_control of a msghdr */
    RN_ATT_ISA = 17,
    RN_ATT_SOURCE = 18,
    RN_ATT_CATEGORY = 19,
    RN_ATT_INPUT = 20,
    RN_ATT_RESULT = 21,
    RN_ATT_HISTOGRAM = 22, /* pairs of u64: i, number of durations of 2^(i-1) to 2^i - 1 ticks */
    RN_ATT_STACK = 23, /* u64 each: the word that rsp points to (below a function without frame, as
                        * the C library's are, its return address; else anything), then the return
                        * addresses of the chain of frame pointers, innermost first */
    RN_ATT_STACK_DUMP = 24, /* struct rn_stack_registers, then the bytes from rsp on */
    RN_ATT_GENERATED = 25, /* of an event that is being shown: where RN_ATT_SOURCE, the original's, is in
                            * generated source. It is in no recording (libanalysis/source_place.h). */
    RN_ATT_DIGEST = 26,     /* raw bytes */
    /* Of system calls that another tool recorded: an argument, or with RN_ARG_RETURN what stands
     * behind the result, as that tool printed it. The number in args[] is 0 where it had none. Of a
     * signal: what is known of it, where that is more than its fields hold. */
    RN_ATT_PRINTED = 27,
    RN_ATT_COUNT,
};

#define RN_ARG_RETURN 6u
#define RN_ARG_NONE   7u

/* Attachment flags. */
#define RN_ATT_CUT   0x1u /* there was more */
#define RN_ATT_ENTRY 0x2u /* read before the call (where a type is read both before and after) */

/* Identity of an open file, taken when a call returned the descriptor (bytes of RN_ATT_FD). */
struct rn_fd_identity {
    uint64_t fd;
    uint64_t device, inode, rdev;
    uint64_t mode; /* st_mode */
};

/* What an unwinder needs beside the stack: the registers that a call preserves, as they were when
 * the system call was made. rip is the call's `site`. */
struct rn_stack_registers {
    uint64_t rip, rsp, rbp, rbx, r12, r13, r14, r15;
};
#define RN_STACK_FRAMES_MAX 128u   /* words of RN_ATT_STACK */
#define RN_STACK_DUMP_MAX   32768u /* bytes of RN_ATT_STACK_DUMP, without the registers */

/* Fingerprint of the bytes that one call moved, in order, over all its buffers.
 * CRC-64/XZ (ECMA-182, reflected), see crc64.h. */
#define RN_CONTENT_BLOCK 4096u
struct rn_content {
    uint64_t length; /* bytes moved */
    uint64_t crc;    /* of all of them */
    /* CRC of the first (i+1) * RN_CONTENT_BLOCK bytes, for i in [0, blocks): one for each whole
     * block that ends before `length`; so blocks is (length - 1) / 4096, 0 for length 0. */
    const uint64_t *prefix_crc;
    uint32_t blocks;
    uint32_t head_len; /* first bytes of the transfer, as many as the recording keeps */
    const uint8_t *head;
};

struct rn_attachment {
    uint8_t type; /* enum rn_attachment_type */
    uint8_t arg;
    uint16_t flags;
    uint32_t size; /* bytes of data; 0 with RN_ATT_CONTENT */
    const uint8_t *data;
    struct rn_content content; /* with RN_ATT_CONTENT */
};

/* One event. Nothing in it is owned: what is pointed to belongs to whoever handed it out. */
struct rn_event {
    uint8_t kind;   /* enum rn_kind */
    uint32_t flags; /* RN_EVENT_... */
    uint32_t stream;
    uint32_t source;  /* in a merged recording: 1 + index in manifest.sources; 0 the merge itself */
    uint64_t ordinal; /* in its stream, from 0; given by the writer */
    uint64_t start;   /* ticks */
    uint64_t duration; /* ticks */
    union {
        struct rn_syscall syscall;
        struct rn_process process;
        struct rn_signal signal;
        struct rn_module module;
        struct rn_descriptor descriptor;
        struct rn_kernel kernel;
        struct rn_block block;
        struct rn_api_call api;
        struct rn_transfer transfer;
        struct rn_decision decision;
        struct rn_aggregate aggregate;
        struct rn_notice notice;
        struct rn_loss loss;
        struct rn_edge edge;
        struct rn_object object;
        struct rn_span span;
        struct rn_counter counter;
        struct rn_flow flow;
        struct rn_stream stream_info;
        struct rn_clock_point clock;
        struct rn_device_clock device_clock;
        struct rn_commit commit;
        uint64_t words[24];
    } u;
    uint32_t attachment_count;
    const struct rn_attachment *attachments;
};

/* First attachment of that type (and argument, unless arg is RN_ARG_ANY); NULL if none. */
#define RN_ARG_ANY 0xffu
const struct rn_attachment *rn_event_attachment(const struct rn_event *event, uint8_t type,
                                                uint8_t arg);

/* "syscall", "process"...; NULL for a number that is no kind of this build. And back: RN_KIND_NONE
 * for a name that is none. */
const char *rn_kind_name(uint8_t kind);
uint8_t rn_kind_from_name(const char *name, size_t length);

static inline bool rn_syscall_failed(const struct rn_syscall *call)
{
    return call->ret >= (uint64_t)-4095;
}

#ifdef __cplusplus
}
#endif
#endif
