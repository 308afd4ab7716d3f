/* SPDX-License-Identifier: MIT */
/* What the files of the inline engine share. */
#ifndef RN_INLINE_PRIVATE_H
#define RN_INLINE_PRIVATE_H

#include "inline.h"
#include "patch_cache.h"

#include "inject/blob_image.h"
#include "inject/blob_layout.h"

/* A file whose text was replaced, in one address space. */
struct rn_inline_module {
    uint64_t bias; /* address in the process - virtual address in the file */
    uint64_t text, text_size;
    uint64_t stubs, stubs_size;
    struct rn_sites sites; /* a copy of its own */
};

struct rn_inline_image {
    unsigned users; /* processes that share the address space */
    bool slow;      /* the injected code leaves all calls to the engine */
    struct rn_inline_module *modules;
    size_t count, capacity;
};

/* Heads are copied into records of bounded size. */
#define RN_INLINE_HEAD_MAX 4096u

struct rn_inline {
    struct rn_patch_cache *cache;
    struct rn_blob_config config; /* of a fresh image */
    uint64_t vdso_syscall;        /* offset of a syscall instruction in the vDSO */
    char rings_path[4096];        /* as the program opens it */
    int code; /* memory file of RN_BLOB_SIZE bytes: the injected code and its configuration */
    char code_path[64];
};

/* inline_remote.c: make a stopped thread run code of ours. Signals are held off meanwhile. */
typedef void rn_remote_fn(void *context);
struct rn_remote {
    struct rn_tracee *tracee;
    struct user_regs_struct saved;
    uint64_t signal_mask;
    int pending_signal; /* one that could not be held off */
    int ended_status;   /* of wait, where the thread is gone */
    rn_remote_fn *meanwhile;
    void *context;
    bool near; /* kept on the recorder's CPU */
};
bool rn_remote_begin(struct rn_remote *remote, struct rn_tracee *tracee);
/* To be done while the thread does what comes next, and before that is waited for: work that the
 * thread does not change. A stop takes its time. */
void rn_remote_meanwhile(struct rn_remote *remote, rn_remote_fn *function, void *context);
/* Continue until the filter stops the thread at a system call; *regs are then its registers. */
bool rn_remote_until_call(struct rn_remote *remote, struct user_regs_struct *regs);
/* At such a stop: make this call instead; its result. */
bool rn_remote_call(struct rn_remote *remote, struct user_regs_struct *regs, uint64_t nr,
                    const uint64_t args[6], uint64_t *result);
/* Run a script that lies at `address`. The image must have the injected code. */
bool rn_remote_script(struct rn_remote *remote, uint64_t address, size_t count);
/* Go on from this stop with these registers; a system call at which it is stopped is not made. */
bool rn_remote_end(struct rn_remote *remote, struct user_regs_struct *regs);

/* Scripts of a thread that has an area lie in it, below the private stack's end. */
#define RN_AREA_SCRIPT 4096u

/* inline_faults.c: a new program begins. */
void rn_inline_faults_exec(struct rn_tracee_process *process);
/* A signal is delivered to the program. */
void rn_inline_note_delivery(struct rn_tracee *tracee, int signo);
/* The injected code faulted: go on with these registers as if that had not happened. *status: what
 * wait said where the tracee is gone, else 0. */
void rn_inline_fault_undo(struct rn_tracee *tracee, int signo, struct user_regs_struct *regs,
                          int *status);

/* A stack that was known may not be there any more. */
void rn_inline_forget_stacks(struct rn_tracee *tracee);

/* inline_memory.c */
bool rn_inline_write(pid_t tid, uint64_t address, const void *bytes, size_t size);
/* The same for several writes: the memory of a process as an open file, -1 on failure. It is that of
 * the image that the process has at the open. */
int rn_inline_memory_open(pid_t tid);
bool rn_inline_memory_write(int memory, uint64_t address, const void *bytes, size_t size);
bool rn_inline_read(pid_t tid, uint64_t address, void *bytes, size_t size);

/* inline_modules.c */
struct rn_module_plan {
    struct rn_patch_entry *entry; /* borrowed from the cache until its next use */
    uint64_t bias;
    uint64_t stubs;      /* address */
    uint64_t stubs_size;
    char path[64];       /* of the patched text and its stubs, as the program opens it */
};
/* What would be laid over the mapping [address, address + length) of the file open as fd here, whose
 * bytes from file_offset on are there. False: nothing. */
bool rn_inline_plan(struct rn_inline *state, int fd, uint64_t address, uint64_t length,
                    uint64_t file_offset, struct rn_module_plan *plan);
/* The calls that lay it over; the path must be at path_address in the program. Returns how many. */
#define RN_PLAN_CALLS 4u
size_t rn_inline_plan_calls(const struct rn_module_plan *plan, uint64_t path_address,
                            struct rn_script_call calls[RN_PLAN_CALLS], size_t first);
bool rn_inline_plan_done(const struct rn_module_plan *plan,
                         const struct rn_script_call calls[RN_PLAN_CALLS],
                         struct rn_inline_image *image);
const struct rn_site *rn_inline_find_site(const struct rn_inline_image *image,
                                          uint64_t return_point);
const struct rn_site *rn_inline_find_stub(const struct rn_inline_image *image, uint64_t address,
                                          uint64_t *return_point, uint64_t *offset);
/* Tell the injected code which ranges it must not let the program change by itself. */
void rn_inline_write_ranges(int memory, const struct rn_inline_image *image);

/* inline_engine.c: the thread will not tell of the call that it has made, which returned `ret`. If it
 * mapped code, that is stated; its text stays as it is. */
void rn_inline_note_mapped(struct rn_ptrace *engine, struct rn_tracee *tracee, uint64_t ret);

/* inline_signals.c: a child that was made by the injected code goes on in its program. */
void rn_inline_leave_blob(const struct rn_tracee *child, struct user_regs_struct *regs);

/* inline_late.c: a thread that has ended, or will not go on where it is: a record that waits is
 * committed, however far the thread had come with it. */
void rn_inline_settle_now(struct rn_ptrace *engine, const struct rn_tracee *tracee);
/* A child was made; do the two share memory or descriptors while both run? */
void rn_inline_note_alone(const struct rn_tracee *parent, const struct rn_tracee *child,
                          uint64_t clone_flags);

/* inline_threads.c */
bool rn_inline_thread_start(struct rn_ptrace *engine, struct rn_tracee *tracee);
/* The notice "process PID WHY: it is recorded by ptrace alone". */
void rn_inline_note(struct rn_ptrace *engine, const struct rn_tracee *tracee, const char *why);
/* Flags as after the displaced compare of the site with that return point; false: it has none. */
bool rn_inline_compare(const struct rn_inline_image *image, uint64_t return_point, uint64_t value,
                       struct user_regs_struct *regs);
struct rn_inline_image *rn_inline_image_new(void);
struct rn_inline_image *rn_inline_image_copy(const struct rn_inline_image *image);

#endif
