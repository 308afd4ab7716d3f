/* SPDX-License-Identifier: MIT */
/* The state of reading a CTF trace into a recording, shared by ctf_import*.c alone. */
#ifndef RN_CTF_IMPORT_PRIVATE_H
#define RN_CTF_IMPORT_PRIVATE_H

#include "ctf_source.h"
#include "formats/id_map.h"
#include "formats/record.h"
#include "import.h"

#define CTF_CPUS_MAX  4096u
#define CTF_DEPTH_MAX 1024u /* of functions within each other that are told */
#define CTF_IMAGES    4096u /* mapped files that are known at once */
#define CTF_NAME_MAX  64u

/* What a class of events is, by its name: rn_ctf_class.role. 0: not looked at yet. */
enum ctf_role {
    CTF_ROLE_OTHER = 1,
    CTF_ROLE_CALL_BEGINS, /* syscall_entry_NAME, sys_NAME */
    CTF_ROLE_CALL_ENDS,   /* syscall_exit_NAME, exit_syscall */
    CTF_ROLE_SWITCH,
    CTF_ROLE_FORK,
    CTF_ROLE_EXEC,
    CTF_ROLE_EXIT,
    CTF_ROLE_STATE, /* a thread that was there when the tracing began */
    CTF_ROLE_FUNCTION_BEGINS,
    CTF_ROLE_FUNCTION_ENDS,
    CTF_ROLE_MAPPED,     /* a file with code, in a process */
    CTF_ROLE_OWN_STREAM, /* rn_...: written by ctf_write.c */
    CTF_ROLE_OWN_EVENT,
    CTF_ROLE_OWN_UNFINISHED, /* a call that had not returned */
};

struct ctf_thread {
    uint64_t pid, tid; /* pid 0: not known */
    uint32_t stream;   /* 0: none yet */
    bool ended;
    bool born; /* its maker's call returns in it, too, which never began there */
    bool own;  /* of a trace by ctf_write.c */
    char name[CTF_NAME_MAX];
    struct {
        bool open;
        const struct ctf_call_class *class;
        uint64_t start;
        struct rn_syscall call;
        uint8_t set; /* bit i: argument i is known */
        /* Attachments, as text in `bytes`. */
        struct rn_attachment attachments[8];
        unsigned attachment_count;
        struct rn_buf bytes;
    } call;
    struct ctf_frame_open {
        uint64_t address, call_site, start;
    } * frames;
    uint32_t depth;
};

struct ctf_process {
    uint64_t pid;
    uint64_t threads; /* alive, as far as they are known */
    uint32_t leader;  /* its stream; 0 none */
    bool leader_ended;
    uint64_t status; /* of exit_group, as wait(2) gives it */
};

struct ctf_cpu {
    bool known; /* who runs */
    uint64_t tid, since;
    uint32_t stream; /* of the track; 0 none yet */
    char name[CTF_NAME_MAX];
    struct rn_buf details; /* of the switch, JSON */
};

struct ctf_image {
    uint64_t pid, begin, end;
    char name[CTF_NAME_MAX];
};

struct ctf_reading {
    struct rn_import *import;
    struct rn_id_map threads, processes, streams; /* by tid, pid, number */
    struct ctf_cpu *cpus[CTF_CPUS_MAX];
    struct ctf_image *images;
    size_t image_count;
    uint64_t latest;
    bool told, own; /* rn_import_facts was called; of a trace by ctf_write.c */
    bool has_clock;
    bool lost_packets, lost_unknown; /* before the first event */
    uint64_t lost;
    bool raw; /* system calls are told by perf's raw_syscalls */
    /* Of the event at hand. */
    const struct rn_ctf_message *message;
    uint64_t ns;
    struct ctf_thread *thread; /* that was running; NULL not known */
    struct rn_buf json, name;
    struct rn_attachment attachments[RN_RECORD_MAX_ATTACHMENTS];
    struct rn_buf crcs;
};

/* A number of the event at hand; false: it has none of that name. */
bool rn_ctf_number(const struct ctf_reading *r, uint8_t scope, const char *name, uint64_t *value);
/* Its text, cut to CTF_NAME_MAX - 1 bytes; false: none. */
bool rn_ctf_name(const struct ctf_reading *r, uint8_t scope, const char *name,
                 char out[CTF_NAME_MAX]);

/* ctf_import_thread.c. NULL: no memory. */
struct ctf_thread *rn_ctf_thread(struct ctf_reading *r, uint64_t pid, uint64_t tid);
struct ctf_process *rn_ctf_process(struct ctf_reading *r, uint64_t pid);
RN_MUST_CHECK enum rn_status rn_ctf_thread_stream(struct ctf_reading *r, struct ctf_thread *thread,
                                                  struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_ctf_thread_rename(struct ctf_reading *r, struct ctf_thread *thread,
                                                  const char *name, struct rn_error *err);
/* Who runs, by the contexts or the CPU; fills r->thread. */
RN_MUST_CHECK enum rn_status rn_ctf_find_thread(struct ctf_reading *r, struct rn_error *err);
/* The stream of what happens at the event: of the thread, or of the CPU, or of the trace. */
RN_MUST_CHECK enum rn_status rn_ctf_event_stream(struct ctf_reading *r, uint32_t *stream,
                                                 struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_ctf_import_process(struct ctf_reading *r, enum ctf_role role,
                                                   struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_ctf_import_switch(struct ctf_reading *r, struct rn_error *err);
/* What had not ended when the trace did. */
RN_MUST_CHECK enum rn_status rn_ctf_import_open(struct ctf_reading *r, struct rn_error *err);
void rn_ctf_free_threads(struct ctf_reading *r);

/* ctf_import_call.c */
struct ctf_call_class;
/* 0: not about a system call that is known. */
enum ctf_role rn_ctf_call_role(struct rn_ctf_class *class);
RN_MUST_CHECK enum rn_status rn_ctf_import_call(struct ctf_reading *r, enum ctf_role role,
                                                struct rn_error *err);
RN_MUST_CHECK enum rn_status
rn_ctf_call_unfinished(struct ctf_reading *r, struct ctf_thread *thread, struct rn_error *err);

/* ctf_import_function.c */
RN_MUST_CHECK enum rn_status rn_ctf_import_function(struct ctf_reading *r, bool begins,
                                                    struct rn_error *err);
RN_MUST_CHECK enum rn_status
rn_ctf_functions_unfinished(struct ctf_reading *r, struct ctf_thread *thread, struct rn_error *err);
void rn_ctf_import_mapped(struct ctf_reading *r);

/* ctf_import_own.c */
enum ctf_role rn_ctf_own_role(struct rn_ctf_class *class);
RN_MUST_CHECK enum rn_status rn_ctf_import_own(struct ctf_reading *r, enum ctf_role role,
                                               struct rn_error *err);
/* The thread, queue or track that an event of ctf_write.c says it is on; NULL: it says none. */
/* What the event at hand, a call's end, says beyond what LTTng would, into `event`. */
void rn_ctf_own_complete(struct ctf_reading *r, struct rn_event *event);
struct ctf_thread *rn_ctf_own_thread(const struct ctf_reading *r);

/* As rn_import_add; what is larger than an event can be is counted and left out. */
RN_MUST_CHECK enum rn_status rn_ctf_add(struct ctf_reading *r, const struct rn_event *event,
                                        struct rn_error *err);

/* A span of an instant or stretch on a stream, with texts that may be empty. */
struct ctf_span {
    uint32_t stream;
    uint64_t start, end, form, id;
    uint32_t flags;
    const char *name, *category, *source;
    const struct rn_buf *json;
};
RN_MUST_CHECK enum rn_status rn_ctf_add_span(struct ctf_reading *r, const struct ctf_span *span,
                                             struct rn_error *err);
/* The payload, and contexts that say more than who it was, as one JSON object in r->json. */
void rn_ctf_details(struct ctf_reading *r);

#endif
