/* SPDX-License-Identifier: MIT */
/* The traced threads and their processes. */
#ifndef RN_TRACEE_H
#define RN_TRACEE_H

#include "capture_stack.h"
#include "syscall_capture.h"

#include "formats/ring_file.h"

struct rn_code_range {
    uint64_t address, length;
};

struct rn_inline_image;
struct rn_thread_area;

/* Of a thread that records by itself (inline.h). */
struct rn_inline_thread {
    struct rn_thread_area *area; /* as mapped here; NULL: it does not */
    uint64_t address;            /* in the program */
    bool fresh;                  /* made by another such thread, and not yet at its first stop */
    /* Of a fresh thread that was made by the injected code: where its parent's call returns to, and
     * the parent's flags as in a thread area. */
    uint64_t return_point, flags;
    bool exit_recorded;          /* before a signal took it back: it will be made once more */
    bool untraced;               /* CLONE_UNTRACED was taken away and must be put back... */
    uint64_t untraced_memory;    /* ...into the word there, 0: into the register... */
    uint64_t untraced_abi;       /* ...that a call of this ABI has for it */
};

/* struct sigaction of the kernel. */
struct rn_signal_action {
    uint64_t handler, flags, restorer, mask;
};

struct rn_tracee_process {
    pid_t pid;
    unsigned threads; /* tracees that refer to it */
    unsigned exiting; /* of them, those whose exit has begun */
    uint64_t stream;  /* of the leader */
    bool attached;    /* was running before: must outlive the recorder */
    uint64_t user_ns, system_ns, max_rss_bytes; /* at the last thread's exit */
    bool own_filter; /* it has a seccomp filter of its own, which may outrank the engine's */
    bool int80_noted;    /* a notice says that it makes 32-bit calls from 64-bit code */
    bool vsyscall_noted; /* a notice says that its vsyscalls are not seen */
    struct rn_inline_image *image; /* NULL: no code was injected */
    struct rn_signal_action fault_actions[2]; /* the program's, for SIGSEGV and SIGBUS */
    bool fault_actions_known;
    bool limit_raised; /* its RLIMIT_AS is larger than what it set (inline_limits.c) */
    struct rn_code_range *code; /* file mappings that are executable */
    size_t code_count, code_capacity;
};

/* A signal was delivered; whether it was the end of the program shows at the next stop. */
struct rn_pending_signal {
    bool valid;
    uint64_t time;
    struct rn_signal signal;
    int stop_signo; /* not 0: it stopped by this signal; told at the next stop, if not at once */
    uint64_t stop_time;
};

struct rn_tracee {
    pid_t tid;
    struct rn_tracee *next; /* in its hash chain */
    struct rn_tracee_process *process; /* NULL: an orphan, its parent has not told of it yet */
    uint64_t stream;
    struct rn_ring_slot *slot; /* NULL where none was free */
    struct rn_memory memory;
    struct rn_call call;
    struct rn_pending_signal signal;
    struct rn_stack_ranges stacks;
    struct rn_inline_thread inline_thread;
    int held_status;  /* of an orphan: the stop it waits in, 0 none yet */
    bool limit_passed; /* the kernel was given another RLIMIT_AS than the program's */
    bool exiting;     /* its PTRACE_EVENT_EXIT was seen */
    bool before_exec; /* a launched program before its exec: the recorder's own calls */
};

#define RN_TRACEE_BUCKETS 4096u
struct rn_tracees {
    struct rn_tracee *buckets[RN_TRACEE_BUCKETS];
    size_t count;
    size_t orphans;
};

struct rn_tracee *rn_tracee_find(const struct rn_tracees *tracees, pid_t tid);
struct rn_tracee *rn_tracee_add(struct rn_tracees *tracees, pid_t tid); /* NULL: no memory */
void rn_tracee_remove(struct rn_tracees *tracees, struct rn_tracee *tracee); /* frees it */

/* The process `pid` if one of its threads is traced. */
struct rn_tracee_process *rn_tracee_process_find(const struct rn_tracees *tracees, pid_t pid);
struct rn_tracee_process *rn_tracee_process_new(pid_t pid); /* NULL: no memory */
void rn_tracee_join(struct rn_tracees *tracees, struct rn_tracee *tracee,
                    struct rn_tracee_process *process);

/* Remember code mappings, to tell when one goes; as many as a process may have by default. False: no
 * memory. */
#define RN_CODE_RANGES 65536u
bool rn_code_add(struct rn_tracee_process *process, uint64_t address, uint64_t length);
/* Take out a range that overlaps [address, address + length); false when there is none (any more). */
bool rn_code_take(struct rn_tracee_process *process, uint64_t address, uint64_t length,
                  struct rn_code_range *taken);
bool rn_code_copy(struct rn_tracee_process *to, const struct rn_tracee_process *from);

/* Visit every tracee; the function must not add or remove any. */
typedef void rn_tracee_fn(void *context, struct rn_tracee *tracee);
void rn_tracee_each(const struct rn_tracees *tracees, rn_tracee_fn *function, void *context);

#endif
