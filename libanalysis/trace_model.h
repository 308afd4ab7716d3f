/* SPDX-License-Identifier: MIT */
/* Inside the trace model: what trace.c, trace_process.c and trace_descriptors.c share. */
#ifndef RN_TRACE_MODEL_H
#define RN_TRACE_MODEL_H

#include "formats/id_map.h"
#include "trace.h"

/* A string with several holders: forked processes share the names of their descriptors. */
struct rn_shared_name {
    uint32_t holders;
    uint32_t length;
    char text[];
};

struct rn_fd_entry {
    struct rn_shared_name *name; /* NULL: not open, or not known */
    bool close_on_exec;
};

/* Shared after clone(CLONE_FILES), else one for each process. */
struct rn_fd_table {
    uint32_t holders;
    uint64_t size;
    struct rn_fd_entry *entries;
};

struct rn_trace_process {
    struct rn_process_info info;
    uint32_t holders; /* its threads, and the table of pids */
    struct rn_shared_name *exe, *name, *cwd;
    struct rn_fd_table *files; /* NULL until one is known */
    bool had_leader;           /* the thread whose tid is the pid has been seen */
};

struct rn_trace_thread {
    struct rn_thread_info info;
    struct rn_trace_process *process; /* held; NULL: none */
    struct rn_shared_name *name;
    uint64_t clock; /* of its device */
    bool ended;
};

/* Processes of two sources of a merged recording may have the same pid. */
static inline uint64_t rn_trace_pid_key(const struct rn_event *event, uint64_t pid)
{
    return pid | (uint64_t)event->source << 32;
}

#define RN_CALL_NUMBERS 1024u

struct rn_trace {
    struct rn_clock clock;
    struct rn_device_clocks *device_clocks; /* NULL: none was met */
    struct rn_id_map streams;               /* struct rn_trace_thread */
    struct rn_id_map pids; /* struct rn_trace_process, the one that has the pid now */
    uint64_t next_serial;
    uint64_t bytes; /* in names and descriptor tables */
    struct rn_thread_info unknown;
    uint8_t effects[RN_ABI_COUNT][RN_CALL_NUMBERS]; /* see trace_descriptors.c; 0: none */
};

/* NULL where there is no memory or the limit is reached: the name is then unknown. Text ends at a
 * NUL byte. */
struct rn_shared_name *rn_shared_name_new(struct rn_trace *trace, const char *text, size_t length);
struct rn_shared_name *rn_shared_name_hold(struct rn_shared_name *name);       /* accepts NULL */
void rn_shared_name_drop(struct rn_trace *trace, struct rn_shared_name *name); /* accepts NULL */

struct rn_trace_thread *rn_trace_find_thread(const struct rn_trace *trace, uint64_t stream);
void rn_trace_process_drop(struct rn_trace *trace, struct rn_trace_process *process);
void rn_trace_thread_free(struct rn_trace *trace, struct rn_trace_thread *thread);

/* trace_process.c: a STREAM row, a PROCESS event, and the end of what has ended. */
RN_MUST_CHECK enum rn_status
rn_trace_feed_stream(struct rn_trace *trace, const struct rn_event *event, struct rn_error *err);
void rn_trace_feed_process(struct rn_trace *trace, const struct rn_event *event);
void rn_trace_forget_ended(struct rn_trace *trace);

/* trace_descriptors.c. */
void rn_trace_effects_init(struct rn_trace *trace);
void rn_trace_feed_syscall(struct rn_trace *trace, const struct rn_event *event);
void rn_trace_feed_descriptor(struct rn_trace *trace, const struct rn_event *event);

/* fd_table.c. */
const char *rn_fd_table_name(const struct rn_fd_table *table, uint64_t fd); /* NULL unknown */
struct rn_fd_entry *rn_fd_table_entry(const struct rn_fd_table *table, uint64_t fd); /* or NULL */
/* Takes over the hold on `name`. A number that was in use has been closed before, whether or not
 * that was seen. */
void rn_fd_table_set(struct rn_trace *trace, struct rn_trace_process *process, uint64_t fd,
                     struct rn_shared_name *name, bool close_on_exec);
void rn_fd_entry_close(struct rn_trace *trace, struct rn_fd_entry *entry); /* accepts NULL */
/* What a forked child gets: the same table, or a copy. NULL accepted and returned. */
struct rn_fd_table *rn_fd_table_inherit(struct rn_trace *trace, struct rn_fd_table *table,
                                        bool shared);
void rn_fd_table_drop(struct rn_trace *trace, struct rn_fd_table *table); /* accepts NULL */
/* execve: a table of the process's own, without what is closed on exec. */
void rn_fd_table_exec(struct rn_trace *trace, struct rn_fd_table **table);

#endif
