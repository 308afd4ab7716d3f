/* SPDX-License-Identifier: MIT */
/* What the files of the ptrace engine share. */
#ifndef RN_PTRACE_ENGINE_H
#define RN_PTRACE_ENGINE_H

#include "build_id.h"
#include "engine.h"
#include "stay.h"
#include "process_facts.h"
#include "side_thread.h"
#include "tracee.h"

#include <signal.h>

struct rn_inline;

/* What the kernel mapped executable when a program began: itself and its interpreter. */
#define RN_EXEC_MODULES 2u
struct rn_exec_module {
    struct rn_module module;
    char path[4096];
};
struct rn_exec_image {
    uint64_t vdso;
    size_t count;
    struct rn_exec_module modules[RN_EXEC_MODULES];
};

/* How far the events of a new program have come. */
enum rn_exec_told { RN_EXEC_NOTHING, RN_EXEC_LOOKED, RN_EXEC_TOLD };

/* What wait() told. */
struct rn_stop {
    pid_t tid;
    int status;
    uint64_t time; /* when */
};

struct rn_stop_queue {
    struct rn_stop *stops;
    size_t count, capacity;
};

struct rn_ptrace {
    struct rn_session *session;
    struct rn_inline *inline_state; /* NULL: every system call is traced */
    const struct rn_engine_options *options;
    struct rn_tracees tracees;
    struct rn_stop_queue queue;
    unsigned lone_stops; /* so many waits in a row found one stop */
    long pace;        /* ns between looks at the rings of libraries in the program; 0: none */
    unsigned keep_up; /* not 0: rings fill quickly; ends after as many vain looks */
    struct rn_capture *capture;
    struct rn_build_ids *build_ids;
    char **env_names; /* variables whose values are stored, NULL-terminated; the names are not owned */
    uint64_t now;     /* when the stop that is being handled was seen */
    pid_t launched;   /* 0 where attached */
    int launched_status;
    bool launched_ended;
    unsigned asked_to_end; /* so many signals came after that */
    bool exec_seen;
    unsigned obstacles; /* programs of which is told that no library can be loaded into them */
    bool letting_go;   /* each tracee is detached at its next stop */
    bool namespaces;   /* numbers of processes may differ between the program and here */
    bool snapshotting; /* events restate what is alive */
    /* As they were when the recorder started: the program gets them back. */
    sigset_t program_mask;
    struct sigaction program_alarm;
    /* The first failure: nothing is recorded any more, the program goes on alone. */
    enum rn_status status;
    struct rn_error err;
    struct rn_exec_image new_image; /* of the modules that were read last */
    struct rn_buf modules, descriptors;
    struct rn_process_facts facts;
    struct rn_stay stay;
    struct rn_side_thread *side_thread; /* reads the descriptors of a new program; NULL: this one does */
    pid_t exec_pid;                     /* of the program that was executed last */
    enum rn_exec_told exec_told; /* of it */
    char path[4096];
};

/* ptrace_engine.c */
void rn_ptrace_emit(struct rn_ptrace *engine, const struct rn_event *event);
void rn_ptrace_fail(struct rn_ptrace *engine, enum rn_status status); /* err is filled */
/* The notice "process PID WHAT". */
void rn_ptrace_blind_spot(struct rn_ptrace *engine, int pid, const char *what);
/* Make room in the ring of a stopped thread, if it has too little. */
void rn_ptrace_relieve(struct rn_ptrace *engine, const struct rn_ring_slot *slot);
/* Wait for stops and handle them. False when no tracee is left. */
bool rn_ptrace_step(struct rn_ptrace *engine);
void rn_ptrace_let_go(struct rn_ptrace *engine);

/* ptrace_start.c */
enum rn_status rn_ptrace_launch(struct rn_ptrace *engine, struct rn_error *err);
enum rn_status rn_ptrace_attach(struct rn_ptrace *engine, struct rn_error *err);

/* ptrace_stops.c */
void rn_ptrace_handle(struct rn_ptrace *engine, pid_t tid, int status);
void rn_ptrace_flush_signal(struct rn_ptrace *engine, struct rn_tracee *tracee, int exit_status);
void rn_ptrace_detach(struct rn_ptrace *engine, struct rn_tracee *tracee, int signo);

/* ptrace_calls.c */
/* False: the tracee ended meanwhile, and that has been handled; or it was let go. */
bool rn_ptrace_syscall_stop(struct rn_ptrace *engine, struct rn_tracee *tracee);
/* A call that was not traced and has returned: collect and record it. */
void rn_ptrace_whole_call(struct rn_ptrace *engine, struct rn_tracee *tracee,
                          const struct rn_syscall *syscall,
                          const struct rn_stack_registers *registers, uint64_t start, uint64_t ret,
                          uint32_t flags);
/* The call that is under way is done, or (RN_EVENT_UNFINISHED) will never be. */
void rn_ptrace_end_call(struct rn_ptrace *engine, struct rn_tracee *tracee, uint64_t ret,
                        uint32_t flags);

/* `child` was made by the call under way: where that needs no more to be known it ends here, and a
 * stop is saved. */
void rn_ptrace_forked(struct rn_ptrace *engine, struct rn_tracee *parent, pid_t child,
                      uint64_t flags);

/* ptrace_family.c: threads and processes come and go */
bool rn_ptrace_adopt(struct rn_ptrace *engine, struct rn_tracee *child,
                     struct rn_tracee_process *process, uint64_t parent_stream);
void rn_ptrace_new_child(struct rn_ptrace *engine, struct rn_tracee *parent, unsigned event);
bool rn_ptrace_exec(struct rn_ptrace *engine, struct rn_tracee *tracee); /* false: it ended */
/* Parts of that for the time while the new program makes calls for the engine; nothing where they
 * have been done. First: what those calls would change is read. Then: its events. */
rn_side_work rn_ptrace_exec_read; /* the descriptors; context: the engine */
void rn_ptrace_exec_look(struct rn_ptrace *engine);
void rn_ptrace_exec_tell(struct rn_ptrace *engine, struct rn_tracee *tracee);
void rn_ptrace_exit_begins(struct rn_ptrace *engine, struct rn_tracee *tracee);
void rn_ptrace_ended(struct rn_ptrace *engine, struct rn_tracee *tracee, int status);

/* process_events.c: what /proc says, as events. It is read and emitted at once, or in two steps. */
void rn_ptrace_process_facts(struct rn_ptrace *engine, const struct rn_tracee *tracee,
                             enum rn_process_op op);
void rn_ptrace_emit_facts(struct rn_ptrace *engine, const struct rn_tracee *tracee,
                          enum rn_process_op op); /* engine->facts */
void rn_ptrace_descriptors(struct rn_ptrace *engine, const struct rn_tracee *tracee);
void rn_ptrace_emit_descriptors(struct rn_ptrace *engine, const struct rn_tracee *tracee,
                                const struct rn_buf *list);
void rn_ptrace_modules(struct rn_ptrace *engine, struct rn_tracee *tracee);
void rn_ptrace_read_modules(struct rn_ptrace *engine, const struct rn_tracee *tracee);
void rn_ptrace_emit_modules(struct rn_ptrace *engine, struct rn_tracee *tracee);
/* `call` has mapped something: if that is a file, to run code from it, it is stated. */
void rn_ptrace_mapped(struct rn_ptrace *engine, struct rn_tracee *tracee,
                      const struct rn_syscall *call, uint64_t page_size);
void rn_ptrace_unmapped(struct rn_ptrace *engine, struct rn_tracee *tracee, uint64_t address,
                        uint64_t length);
void rn_ptrace_thread_name(struct rn_ptrace *engine, const struct rn_tracee *tracee);
rn_snapshot_fn rn_ptrace_snapshot; /* context: the engine */

#endif
