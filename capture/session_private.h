/* SPDX-License-Identifier: MIT */
/* What the files of a session share: session.c begins and ends a recording, session_rings.c keeps
 * its rings, session_commit.c brings what they hold into the archive. */
#ifndef RN_SESSION_PRIVATE_H
#define RN_SESSION_PRIVATE_H

#include "env_facts.h"
#include "overhead.h"
#include "session.h"
#include "session_producers.h"
#include "side_thread.h"

#include "formats/buf.h"

#define RN_SESSION_STREAM_SLOTS 4096u

/* A slot with a ring, or a slot of a thread's call in flight. */
struct rn_session_slot {
    struct rn_ring_slot *slot;
    uint64_t drained; /* position: records before it are with the writer, or in the job */
    bool given_up;    /* by its thread: free as soon as what is in it is in the archive */
    bool producer;    /* of a library in the program */
    uint32_t stream;  /* of its thread, 0 until that is known */
    /* Positions from `drained` on where what a further thread wrote begins. */
    uint64_t *begins;
    size_t begin_count, begin_capacity;
};

/* What is to be committed, and how that went. */
struct rn_session_job {
    struct rn_session_part {
        struct rn_session_slot ring; /* as it was; begins is the job's */
        uint64_t end;                /* position: up to there */
    } parts[RN_RING_SLOTS];
    size_t count;
    struct rn_writer_commit_info info;
    bool under_way; /* handed to the thread, and not settled yet */
    enum rn_status status;
    struct rn_error err;
};

/* A stream that began or ended while a commit was under way. */
struct rn_session_stream_change {
    bool ends;
    struct rn_stream stream;
};

struct rn_session {
    struct rn_writer *writer;
    struct rn_session_clock clock;
    struct rn_ring_area *area;
    struct rn_ring_slot *ring; /* of all threads that have none of their own */
    uint64_t waiting;          /* records that were put into rings from here */
    char rings_path[4096];
    bool to_pipe;
    uint64_t last_commit_ns;
    int64_t realtime_offset; /* CLOCK_REALTIME - CLOCK_MONOTONIC at the last commit, ns */
    struct rn_clock_point start;
    uint64_t tick_rate;           /* ticks a second */
    struct rn_sampling *sampling; /* NULL: everything is stored */
    struct rn_overhead overhead;
    bool all_traced; /* the engine sees every system call by ptrace */
    rn_call_fn *call;
    void *call_context;
    const uint8_t *calls_wanted;
    size_t calls_count;
    rn_second_fn *second;
    void *second_context;
    rn_mapped_fn *mapped;
    void *mapped_context;
    uint64_t last_second; /* ticks */
    rn_snapshot_fn *snapshot;
    void *snapshot_context;
    bool snapshot_due;
    struct rn_env_facts *facts;
    struct rn_event inflight[RN_RING_SLOTS];
    struct rn_session_slot in_use[RN_RING_SLOTS];
    size_t in_use_count, given_up;
    uint64_t left; /* bytes that threads left in rings when they ended, and no job has */
    struct rn_session_job job;
    struct rn_side_thread *commit_thread; /* NULL: whoever asks for a commit does it */
    uint64_t last_stream;                 /* number of the last one */
    struct rn_buf stream_changes;         /* struct rn_session_stream_change */
    struct rn_session_producers producers;
    struct rn_writer_source sources[RN_RING_SLOTS];
    struct rn_ring_slot
        *by_stream[RN_SESSION_STREAM_SLOTS]; /* rings of threads; a slot says whose it is */
};

/* session_commit.c */
/* All that is in rings now is in the archive, or counted as lost, afterwards. */
RN_MUST_CHECK enum rn_status rn_session_commit(struct rn_session *session, struct rn_error *err);
/* Begin that, and wait only where there is no thread for it. Nothing where one is under way. */
RN_MUST_CHECK enum rn_status rn_session_begin_commit(struct rn_session *session,
                                                     struct rn_error *err);
/* Wait for the commit under way, if there is one; the second one only sees whether it is done. What
 * it failed with is returned here. */
RN_MUST_CHECK enum rn_status rn_session_settle(struct rn_session *session, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_session_settle_done(struct rn_session *session,
                                                    struct rn_error *err);
/* Hand what the rings hold to the writer, without a commit. */
RN_MUST_CHECK enum rn_status rn_session_drain(struct rn_session *session, struct rn_error *err);
rn_side_work rn_session_commit_work;
/* Nothing is chosen any more. No commit may be under way. */
void rn_session_forget_job(struct rn_session *session);

/* session.c */
/* Tell the writer of the streams that began or ended while it was at work. */
RN_MUST_CHECK enum rn_status rn_session_tell_streams(struct rn_session *session,
                                                     struct rn_error *err);
/* Before the first member of a segment: what is alive is stated again. */
RN_MUST_CHECK enum rn_status rn_session_restate(struct rn_session *session, struct rn_error *err);

/* A stream of a thread. */
RN_MUST_CHECK enum rn_status rn_session_new_stream(struct rn_session *session, uint64_t pid,
                                                   uint64_t tid, uint64_t parent, uint64_t *id,
                                                   struct rn_error *err);

/* session_queues.c: what libraries for devices announce and record. */
/* State the queues that were announced since. */
RN_MUST_CHECK enum rn_status rn_session_queues_resolve(struct rn_session *session,
                                                       struct rn_error *err);
/* An event from a library's ring, whose stream may be anything: give it its thread's, or the queue
 * that it names; *fit says whether such an event may come from there at all. */
RN_MUST_CHECK enum rn_status rn_session_queues_place(struct rn_session *session,
                                                     const struct rn_session_slot *ring,
                                                     struct rn_event *event, bool *fit,
                                                     struct rn_error *err);
/* The program has ended: what it had given to its devices, and never was reported. */
RN_MUST_CHECK enum rn_status rn_session_queues_finish(struct rn_session *session,
                                                      struct rn_error *err);

/* session_producers.c */
/* The stream and number of a thread of the program, as it is numbered there. NULL: not known.
 * Borrowed until a thread begins or ends. */
const struct rn_session_thread *rn_session_find_thread(const struct rn_session *session,
                                                       uint32_t pid, uint32_t tid);

/* The same of one of the last RN_SESSION_ENDED threads that have ended. */
const struct rn_session_thread *rn_session_find_ended(const struct rn_session *session,
                                                      uint32_t pid, uint32_t tid);

/* session_rings.c */
/* A ring for whoever takes it; NULL where there is no room. The entry is borrowed until the next
 * ring is taken or given back. */
struct rn_session_slot *rn_session_offer_ring(struct rn_session *session, uint64_t size,
                                              uint32_t lead);
RN_MUST_CHECK enum rn_status rn_session_open_rings(struct rn_session *session,
                                                   const uint8_t uuid[16], uint64_t bytes,
                                                   struct rn_error *err);
/* The ring that takes the events of a stream: its thread's own, or the common one. */
struct rn_ring_slot *rn_session_ring_of(const struct rn_session *session, uint32_t stream);
/* After a commit: rings of threads that have ended, and are empty now, are free. */
void rn_session_take_back(struct rn_session *session);

#endif
