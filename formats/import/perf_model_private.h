/* SPDX-License-Identifier: MIT */
#ifndef RN_PERF_MODEL_PRIVATE_H
#define RN_PERF_MODEL_PRIVATE_H

#include "formats/buf.h"
#include "perf_model.h"

#define PERF_NAME 64u /* longest name of a thread, with its NUL */

struct perf_call {
    bool open;
    uint64_t start;
    struct rn_syscall call;
    uint32_t stack_count;
    uint64_t stack[RN_STACK_FRAMES_MAX];
};

/* Who made a thread. It may stay open until the thread's own first event tells its process. */
struct perf_making {
    bool open;
    uint32_t stream;
    uint64_t pid, tid, ns, flags;
};

struct perf_thread {
    struct perf_thread *next;
    int64_t tid;
    uint64_t pid;    /* 0 not known */
    uint32_t stream; /* 0 none yet */
    bool forked;     /* its making is in the recording */
    bool dead;
    uint64_t signal; /* the last one that was delivered with its default action */
    char name[PERF_NAME];
    struct perf_making making;
    /* Of a process: a bit for each file that its recording knows of. */
    uint8_t *files;
    struct perf_call *call; /* NULL until its first */
};

struct perf_cpu {
    uint32_t stream;
    bool running;
    int64_t tid;
    uint64_t since;
    char name[PERF_NAME];
};

/* How perf prints addresses of user code in call chains. */
enum perf_addresses { PERF_ADDRESSES_UNKNOWN, PERF_ADDRESSES_ABSOLUTE, PERF_ADDRESSES_IN_FILES };

struct rn_perf_model {
    struct rn_import *import;
    enum rn_abi abi;
    uint64_t last; /* the latest time */
    struct perf_thread **buckets;
    struct perf_cpu *cpus; /* RN_PERF_CPUS */
    struct rn_buf text;
    enum perf_addresses addresses;
    char **files; /* PERF_FILES */
    uint32_t file_count;
    const char *wrong;
    /* Counted, told at the end. */
    uint64_t exits_alone, entries_alone, coarse, unknown_pids, switches_alone, no_status,
        own_records, kernel_frames, unnamed;
};

/* The sample makes no sense. Returns RN_OK. */
enum rn_status perf_wrong(struct rn_perf_model *model, const char *what);

/* The thread with that number, which gets a stream; NULL with *status: no memory, or too many. */
struct perf_thread *perf_thread_find(struct rn_perf_model *model, int64_t tid);
struct perf_thread *perf_thread_make(struct rn_perf_model *model, int64_t tid);
enum rn_status perf_thread_of(struct rn_perf_model *model, const struct rn_perf_sample *sample,
                              struct perf_thread **thread, struct rn_error *err);
void perf_name_set(char *to, const struct rn_perf_text *name);

typedef enum rn_status perf_handler(struct rn_perf_model *model,
                                    const struct rn_perf_sample *sample, struct perf_thread *thread,
                                    struct rn_error *err);
perf_handler perf_on_raw_enter, perf_on_raw_exit, perf_on_enter, perf_on_exit;
perf_handler perf_on_switch, perf_on_fork, perf_on_exec, perf_on_process_exit, perf_on_signal;
perf_handler perf_on_other;

/* The thread gets its stream, and its maker the event; pid 0: it is still not known. */
enum rn_status perf_announce(struct rn_perf_model *model, struct perf_thread *thread, uint64_t pid,
                             struct rn_error *err);
/* Not of a thread: PERF_RECORD_... */
enum rn_status perf_on_record(struct rn_perf_model *model, const struct rn_perf_sample *sample,
                              struct rn_error *err);

/* The address of a frame of user code: where perf prints offsets in files, each file is made up to
 * lie at a place of its own, which the process's recording is told. */
#define PERF_FILES 4096u
enum rn_status perf_frame_address(struct rn_perf_model *model, struct perf_thread *thread,
                                  const struct rn_perf_sample *sample,
                                  const struct rn_perf_frame *frame, uint64_t *address,
                                  struct rn_error *err);
/* A new image runs in the process of the thread, or it is gone. */
void perf_files_forget(struct rn_perf_model *model, struct perf_thread *thread);
void perf_files_free(struct rn_perf_model *model);

enum rn_status perf_call_abandon(struct rn_perf_model *model, struct perf_thread *thread,
                                 struct rn_error *err);
enum rn_status perf_cpus_finish(struct rn_perf_model *model, struct rn_error *err);

#endif
